"""What an item says in the podcast namespaces: Media RSS, iTunes, Podcasting 2.0.

Also the enclosures of RSS and Atom, because an episode's files come in all of these.
"""

from collections.abc import Iterator

from podcast_insights.feeds.model import Enclosure, EpisodeType, Person, TranscriptLink
from podcast_insights.feeds.reading.tree import Node
from podcast_insights.feeds.reading.values import (
    address,
    label,
    media_type,
    number,
    seconds,
    size,
    web_address,
)

Fields = dict[str, list[Node]]
"""The elements of an item or show by name, those further up first."""

EPISODE_TYPES: dict[str, EpisodeType] = {"full": "full", "trailer": "trailer", "bonus": "bonus"}
MAX_LISTED = 500
"""Enclosures, transcripts or persons of one item."""
TRUE = frozenset({"true", "yes", "1"})


def enclosures_of(item: Node) -> tuple[Enclosure, ...]:
    """All media files, in document order."""
    found: list[Enclosure] = []
    for node in item.descendants():
        reader = READERS.get(node.name)
        found.extend(reader(node) if reader else ())
        if len(found) >= MAX_LISTED:
            break
    return tuple(found[:MAX_LISTED])


def rss_enclosure(node: Node) -> Iterator[Enclosure]:
    """`<enclosure url>`; some write `href`, some write the address as text."""
    url = address(first_of(node, "url", "href", "uri") or node.text, node.base)
    if url:
        yield Enclosure(
            url=url,
            type=media_type(node.attributes.get("type")),
            size_bytes=size(node.attributes.get("length")),
        )


def atom_enclosure(node: Node) -> Iterator[Enclosure]:
    """`<link rel="enclosure" href>`."""
    if node.attributes.get("rel", "").strip().lower() == "enclosure":
        yield from rss_enclosure(node)


def media_content(node: Node) -> Iterator[Enclosure]:
    """`<media:content>`; where only its medium is known, the type is `audio/*` or the like."""
    url = address(first_of(node, "url", "href"), node.base)
    medium = (media_type(node.attributes.get("medium")) or "").rstrip("/")
    if url:
        yield Enclosure(
            url=url,
            type=media_type(node.attributes.get("type")) or (f"{medium}/*" if medium else None),
            size_bytes=size(node.attributes.get("filesize")),
            duration_s=seconds(node.attributes.get("duration")),
            source="media",
            is_default=is_true(node.attributes.get("isdefault")),
        )


def alternate_enclosure(node: Node) -> Iterator[Enclosure]:
    """`<podcast:alternateEnclosure>`: one file, offered at several addresses."""
    for source in node.children:
        url = address(first_of(source, "uri", "url"), source.base)
        if source.name == "podcast:source" and url:
            claimed = source.attributes.get("contenttype") or node.attributes.get("type")
            yield Enclosure(
                url=url,
                type=media_type(claimed),
                size_bytes=size(node.attributes.get("length")),
                source="alternate",
                is_default=is_true(node.attributes.get("default")),
            )


READERS = {
    "enclosure": rss_enclosure,
    "link": atom_enclosure,
    "media:content": media_content,
    "podcast:alternateenclosure": alternate_enclosure,
}


def transcripts_of(fields: Fields) -> tuple[TranscriptLink, ...]:
    """The publisher's transcripts; an address as the element's text counts too."""
    found = []
    for node in fields.get("podcast:transcript", ())[:MAX_LISTED]:
        url = web_address(first_of(node, "url", "href") or node.text, node.base)
        if url:
            language = label(node.attributes.get("language") or node.attributes.get("xml:lang"))
            rel = node.attributes.get("rel", "").strip().lower()
            found.append(
                TranscriptLink(
                    url=url,
                    type=media_type(node.attributes.get("type")),
                    language=language.lower() if language else None,
                    is_captions=rel == "captions",
                )
            )
    return tuple(found)


def chapters_url_of(fields: Fields) -> str | None:
    """Where the chapters are."""
    nodes = fields.get("podcast:chapters", ())
    urls = (web_address(first_of(node, "url", "href"), node.base) for node in nodes)
    return next((url for url in urls if url), None)


def persons_of(fields: Fields) -> tuple[Person, ...]:
    """Those named by `podcast:person`, or else the author."""
    found = []
    for node in fields.get("podcast:person", ())[:MAX_LISTED]:
        name = label(node.text) or label(node.attributes.get("name"))
        if name:
            role, group = label(node.attributes.get("role")), label(node.attributes.get("group"))
            found.append(
                Person(
                    name=name,
                    role=role.lower() if role else None,
                    group=group.lower() if group else None,
                    href=web_address(node.attributes.get("href"), node.base),
                )
            )
    return tuple(dict.fromkeys(found)) or authors_of(fields)


AUTHORS = ("itunes:author", "dc:creator", "author", "dc:author", "managingeditor")


def authors_of(fields: Fields) -> tuple[Person, ...]:
    """The author by the first element that names one; Atom allows several."""
    for element in AUTHORS:
        names = [name for node in fields.get(element, ()) if (name := author_name(node))]
        if names:
            return tuple(Person(name, role="author") for name in dict.fromkeys(names))
    return ()


def author_name(node: Node) -> str | None:
    """The name in an author element; RSS wants `mail@example.org (Name)` there."""
    parts = {child.name: child.text for child in node.children}
    text = parts.get("name") or parts.get("itunes:name") or node.text or parts.get("email")
    name = label(text)
    if name and "@" in name and name.endswith(")"):
        inner = name.partition("(")[2].rstrip(")").strip()
        return inner or name
    return name


def duration_of(fields: Fields, enclosures: tuple[Enclosure, ...]) -> float | None:
    """What iTunes' element says, or else Media RSS."""
    claimed = (seconds(node.text) for node in fields.get("itunes:duration", ()))
    said = next((value for value in claimed if value), None)
    return said or next((e.duration_s for e in enclosures if e.duration_s), None)


def season_of(fields: Fields) -> int | None:
    """`podcast:season` or `itunes:season`."""
    found = first_number(fields, "podcast:season", "itunes:season")
    return None if found is None else int(found)


def episode_of(fields: Fields) -> float | None:
    """`podcast:episode` or `itunes:episode`."""
    return first_number(fields, "podcast:episode", "itunes:episode")


def episode_type_of(fields: Fields) -> EpisodeType | None:
    """`itunes:episodeType`, if it is one of the three."""
    nodes = fields.get("itunes:episodetype", ())
    return next((EPISODE_TYPES.get(node.text.lower()) for node in nodes), None)


def first_number(fields: Fields, *names: str) -> float | None:
    """The first number that elements of these names hold."""
    values = (number(node.text) for name in names for node in fields.get(name, ()))
    return next((value for value in values if value is not None), None)


def first_of(node: Node, *names: str) -> str | None:
    """The first of these attributes that is not empty."""
    return next((value for name in names if (value := node.attributes.get(name))), None)


def is_true(text: str | None) -> bool:
    """Whether an attribute or element says yes."""
    return (text or "").strip().lower() in TRUE
