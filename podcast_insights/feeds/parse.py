"""A feed's bytes as a show and its items: what the elements of RSS and Atom mean.

An element that is odd costs at most itself. What does not belong here: bytes and encodings
(`document.py`), markup (`markup.py`), which day an item belongs to, and whether it is new.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from podcast_insights.feeds.model import Feed, Item
from podcast_insights.feeds.reading.dates import parse_date
from podcast_insights.feeds.reading.document import (
    FeedFormatError,
    not_a_feed,
    open_document,
)
from podcast_insights.feeds.reading.markup import MarkupError, read_strictly
from podcast_insights.feeds.reading.mending import MendingReader
from podcast_insights.feeds.reading.podcasting import (
    Fields,
    chapters_url_of,
    duration_of,
    enclosures_of,
    episode_of,
    episode_type_of,
    is_true,
    persons_of,
    season_of,
    transcripts_of,
)
from podcast_insights.feeds.reading.tree import CONTAINERS, Node, TreeBuilder
from podcast_insights.feeds.reading.values import (
    MAX_RAW_CHARS,
    MAX_TEXT_CHARS,
    label,
    plain,
    storable,
    web_address,
)

__all__ = ["MAX_TEXT_CHARS", "Feed", "FeedFormatError", "Item", "parse_feed"]

READER_VERSION = 1
"""Moves when the same bytes give other items, so that feeds already fetched are read again."""

MAX_GUID_CHARS = 2_000
MAX_DATE_CHARS = 200
MAX_ALL_TEXT_CHARS = 20_000_000
"""Descriptions of one feed together; those that come after are cut to `MAX_LATE_CHARS`."""
MAX_LATE_CHARS = 200

TITLES = ("title", "itunes:title", "media:title", "dc:title", "dcterms:title")
NOTES = (
    *("content:encoded", "content", "fullitem", "xhtml:body", "body", "description", "summary"),
    *("itunes:summary", "media:description", "dc:description", "abstract", "itunes:subtitle"),
)
PUBLISHED = (
    *("pubdate", "published", "issued", "dcterms:issued", "dc:date", "dcterms:date", "date"),
    *("created", "dcterms:created", "dc:created", "dcterms:available", "itunes:pubdate"),
)
UPDATED = ("updated", "modified", "dcterms:modified", "lastbuilddate", "lastmod")

NOT_FEEDS = {
    "html": "a web page",
    "opml": "OPML, a list of feeds",
    "{": "JSON, no RSS or Atom element was found",
}


def parse_feed(content: bytes, *, url: str | None = None, content_type: str | None = None) -> Feed:
    """Read RSS or Atom.

    Args:
        content: as served; gzip'd bytes are unpacked.
        url: where it came from; relative addresses start there.
        content_type: as served; its charset is used where the document gives no better hint.

    Raises:
        FeedFormatError: not a feed, or refused because it would cost too much to read.
    """
    document = open_document(content, content_type)
    repairs = document.repairs
    reading = Reading(url)
    try:
        read_strictly(document, reading.builder)
    except MarkupError as error:
        repairs += (f"not well-formed: {error}",)
        reading = Reading(url)
        MendingReader(document, reading.builder).read()
    form = format_of(reading.builder)
    if form is None:
        raise not_a_feed(looks_like(content, reading.builder.root_name))
    return to_feed(reading, form, repairs)


class Reading:
    """One pass over a document: makes an item of each tree as soon as it is complete."""

    def __init__(self, url: str | None) -> None:
        """Relative addresses start at `url`."""
        self.builder = TreeBuilder(self.add, base=url)
        self._items: dict[int, Item] = {}
        self._chars = 0

    def add(self, position: int, node: Node) -> None:
        """Read one item."""
        limit = MAX_TEXT_CHARS if self._chars < MAX_ALL_TEXT_CHARS else MAX_LATE_CHARS
        item = to_item(node, limit)
        self._chars += len(item.description)
        self._items[position] = item

    @property
    def items(self) -> tuple[Item, ...]:
        """The items in the order in which they begin."""
        return tuple(item for _, item in sorted(self._items.items(), key=itemgetter(0)))


def to_item(node: Node, max_description: int) -> Item:
    """One item's elements in our words."""
    fields = node.by_name()
    enclosures = enclosures_of(node)
    published_text, published_at = moment_of(fields, PUBLISHED)
    updated_text, updated_at = moment_of(fields, UPDATED)
    return Item(
        guid=guid_of(node, fields),
        title=text_of(fields, TITLES) or "(untitled)",
        description=notes_of(fields, max_description),
        link=link_of(fields),
        published_text=published_text or updated_text,
        published_at=published_at or updated_at,
        updated_at=updated_at if updated_at != (published_at or updated_at) else None,
        enclosures=enclosures,
        duration_s=duration_of(fields, enclosures),
        transcripts=transcripts_of(fields),
        chapters_url=chapters_url_of(fields),
        persons=persons_of(fields),
        season=season_of(fields),
        episode=episode_of(fields),
        episode_type=episode_type_of(fields),
    )


def to_feed(reading: Reading, form: str, repairs: tuple[str, ...]) -> Feed:
    """What is said outside the items, wherever that is."""
    fields = show_fields(reading.builder.root)
    language = first_text(fields, ("language", "dc:language")) or reading.builder.language
    medium = label(first_text(fields, ("podcast:medium",)))
    return Feed(
        title=text_of(fields, TITLES) or "(untitled)",
        items=reading.items,
        format=form,
        link=link_of(fields),
        language=label(language),
        persons=persons_of(fields),
        guid=label(first_text(fields, ("podcast:guid",))),
        medium=medium.lower() if medium else None,
        new_feed_url=web_address(first_text(fields, ("itunes:new-feed-url", "newlocation"))),
        next_url=linked(fields, "next"),
        prev_archive_url=linked(fields, "prev-archive"),
        is_complete="fh:complete" in fields or is_true(first_text(fields, ("itunes:complete",))),
        repairs=repairs,
    )


def show_fields(root: Node) -> Fields:
    """The elements outside items, those further up first; containers give what they hold."""
    found: Fields = {}
    waiting = deque((child, True) for child in root.children)
    while waiting:
        node, is_root = waiting.popleft()
        if is_root or node.name in CONTAINERS:
            waiting.extend((child, False) for child in node.children)
        found.setdefault(node.name, []).append(node)
    return found


def linked(fields: Fields, rel: str) -> str | None:
    """Where the first link of this relation leads."""
    nodes = [n for n in fields.get("link", ()) if n.attributes.get("rel", "").lower() == rel]
    urls = (web_address(node.attributes.get("href"), node.base) for node in nodes)
    return next((url for url in urls if url), None)


def first_text(fields: Fields, names: Iterable[str]) -> str | None:
    """The first text that is not empty, by the order of the names."""
    texts = (node.text for name in names for node in fields.get(name, ()))
    return next((text for text in texts if text), None)


def text_of(fields: Fields, names: Iterable[str]) -> str | None:
    """The first plain text that is not empty."""
    nodes = (node for name in names for node in fields.get(name, ()))
    return next((text for node in nodes if (text := label(node.text))), None)


def notes_of(fields: Fields, limit: int) -> str:
    """The longest of the places where show notes are put."""
    texts = [node.text for name in NOTES for node in fields.get(name, ())]
    return plain(max(texts, key=len, default="")[:MAX_RAW_CHARS], limit)


def guid_of(node: Node, fields: Fields) -> str | None:
    """The GUID as announced, or RDF's and Dublin Core's identifiers."""
    found = (
        first_text(fields, ("guid", "id"))
        or node.attributes.get("about", "").strip()
        or first_text(fields, ("dc:identifier", "dcterms:identifier"))
    )
    return storable(found)[:MAX_GUID_CHARS] or None if found else None


def moment_of(fields: Fields, names: Iterable[str]) -> tuple[str | None, datetime | None]:
    """The first date that can be read, as written and in UTC; else the first as written."""
    texts = [t for name in names for node in fields.get(name, ()) if (t := node.text)]
    for text in texts:
        moment = parse_date(text)
        if moment:
            return plain(text, MAX_DATE_CHARS), moment
    return (plain(texts[0], MAX_DATE_CHARS), None) if texts else (None, None)


def link_of(fields: Fields) -> str | None:
    """The page of an item or show; a GUID that is a permalink counts where there is none."""
    for node in fields.get("link", ()):
        rel = node.attributes.get("rel", "alternate").strip().lower()
        found = web_address(node.attributes.get("href") or node.text, node.base)
        if found and rel == "alternate":
            return found
    for node in fields.get("guid", ()):
        if node.attributes.get("ispermalink", "true").strip().lower() != "false":
            return web_address(node.text, node.base)
    return None


def format_of(builder: TreeBuilder) -> str | None:
    """The format's name, or None if neither a feed's elements nor items were found."""
    seen = builder.seen
    for element, form in (("rss", "rss"), ("feed", "atom")):
        if element in seen:
            version = plain(seen[element].get("version", ""), 10)
            return f"{form} {version}".strip()
    if builder.root_name == "html" or not ("channel" in seen or builder.item_count):
        return None
    return "rdf" if "rdf:rdf" in seen else "rss"


def looks_like(content: bytes, root_name: str) -> str:
    """What was served instead of a feed, for the error message."""
    if content[:200].strip()[:1] in (b"{", b"["):
        return NOT_FEEDS["{"]
    shown = plain(root_name.replace("?:", ""), 40)
    return NOT_FEEDS.get(root_name) or f"no RSS or Atom element was found, it starts with <{shown}>"
