"""A feed's bytes as items.

Text leaves here as plain text: no markup survives, so nothing downstream has to think of it.

What does not belong here: which day an item belongs to, and whether it is new.
"""

import html
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from podcast_insights.net.client import FetchError, check_scheme

MAX_TEXT_CHARS = 20_000
MAX_ITEMS = 50_000
MAX_DIGITS = 15

CHARACTER_ENTITY = re.compile(rb'\s+(\w+)\s+"(&#\w+;)"')
"""The one kind of entity declaration that is honoured: a name for a character."""

OTHER_ENTITY = re.compile(rb"<\0*!\0*E\0*N\0*T\0*I\0*T\0*Y(?!%s\s*>)" % CHARACTER_ENTITY.pattern)
"""Any other declaration, in UTF-16 and UTF-32 too."""


NUMERIC_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]{1,12})|([0-9]{1,12}));?")

ITEM = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>/]")


class FeedFormatError(ValueError):
    """The bytes are not a feed."""


@dataclass(frozen=True)
class Item:
    """What a feed says about one item. Everything but the title may be missing."""

    guid: str | None
    title: str
    description: str
    link: str | None
    published_at: datetime | None
    enclosure_url: str | None
    enclosure_type: str | None
    enclosure_bytes: int | None
    duration_s: float | None
    transcript_url: str | None
    transcript_type: str | None
    persons: tuple[str, ...]


@dataclass(frozen=True)
class Feed:
    """A parsed feed."""

    title: str
    items: tuple[Item, ...]


def parse_feed(content: bytes) -> Feed:
    """Read RSS or Atom.

    Raises:
        FeedFormatError: not a feed, with what the bytes look like instead.
    """
    if sum(1 for _ in ITEM.finditer(content)) > MAX_ITEMS:
        raise FeedFormatError(f"not a feed for us: it has more than {MAX_ITEMS:,} items")
    try:
        parsed = read(content)
        title = plain(parsed.feed.get("title")) or "(untitled)"
        items = tuple(to_item(entry) for entry in parsed.entries[:MAX_ITEMS])
    except Exception as error:  # elements that feedparser does not expect break it in many ways
        raise FeedFormatError(f"not a feed: {type(error).__name__}: {error}") from error
    if not parsed.get("version") and not items:
        raise FeedFormatError(f"not a feed: {looks_like(content)}")
    return Feed(title=title, items=items)


def read(content: bytes) -> Any:  # noqa: ANN401 - feedparser is untyped
    """Run feedparser with three of its doors shut."""
    import feedparser
    import feedparser.sanitizer

    # It expands entities that it takes for safe without bound: 60 kB became 330 MB.
    feedparser.sanitizer.RE_SAFE_ENTITY_PATTERN = CHARACTER_ENTITY
    # Declarations after a comment escape it and reach expat, which expands a hundredfold.
    harmless = OTHER_ENTITY.sub(lambda match: match[0].replace(b"E", b"X"), content)
    harmless = NUMERIC_REFERENCE.sub(real_character, harmless)
    # As a stream: of bytes that name a file it would open that file.
    stream = io.BytesIO(harmless)
    return feedparser.parse(stream, sanitize_html=False, resolve_relative_uris=False)


def real_character(match: re.Match[bytes]) -> bytes:
    """A numeric reference as it is, or U+FFFD for a character that does not exist.

    One such reference in one title would make feedparser refuse the whole feed.
    """
    code = int(match[1], 16) if match[1] else int(match[2])
    return match[0] if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else b"&#xFFFD;"


def to_item(entry: Any) -> Item:  # noqa: ANN401 - feedparser is untyped
    """One feedparser entry in our words."""
    enclosures = [e for e in listed(entry, "enclosures") if address_of(e)]
    enclosure: dict[str, Any] = enclosures[0] if enclosures else {}
    transcript = entry.get("podcast_transcript")
    transcript = transcript if isinstance(transcript, dict) else {}
    named = plain(entry.get("podcast_person")) or plain(entry.get("author"))
    return Item(
        guid=text_of(entry.get("id")) or None,
        title=plain(entry.get("title")) or "(untitled)",
        description=plain(body_of(entry)),
        link=web_address(entry.get("link")),
        published_at=published_at(entry),
        enclosure_url=address_of(enclosure),
        enclosure_type=text_of(enclosure.get("type")).lower() or None,
        enclosure_bytes=size(enclosure.get("length")),
        duration_s=seconds(entry.get("itunes_duration")),
        transcript_url=web_address(transcript.get("url")),
        transcript_type=text_of(transcript.get("type")).lower() or None,
        persons=(named,) if named else (),
    )


def body_of(entry: Any) -> str:  # noqa: ANN401 - feedparser is untyped
    """The longest of the places where show notes are put."""
    contents = [text_of(part.get("value")) for part in listed(entry, "content")]
    return max([text_of(entry.get("summary")), *contents], key=len)


def listed(entry: Any, name: str) -> list[dict[str, Any]]:  # noqa: ANN401 - feedparser is untyped
    """The elements of one name, where feedparser made a list of them."""
    found = entry.get(name)
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def text_of(value: object) -> str:
    """`value` if it is text that can be stored.

    feedparser makes a dict of an unknown element with attributes, and a character that does
    not exist of `&#xD800;`.
    """
    text = value if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode().strip()


def plain(value: object) -> str:
    """Text without markup, entities resolved, white space folded, bounded in length."""
    import nh3

    text = text_of(value)
    spaced = re.sub(r"<(?=/?(p|br|li|div|h\d)\b)", " <", text, flags=re.IGNORECASE)
    stripped = nh3.clean(spaced[: 4 * MAX_TEXT_CHARS], tags=set())
    return re.sub(r"\s+", " ", html.unescape(stripped)).strip()[:MAX_TEXT_CHARS]


def address_of(enclosure: dict[str, Any]) -> str | None:
    """Where the audio lies, if that is an http(s) address."""
    return web_address(enclosure.get("href") or enclosure.get("url"))


def web_address(value: object) -> str | None:
    """`value` if it is an http(s) address, else None; a feed may not name files or scripts."""
    url = text_of(value)
    try:
        check_scheme(url)
    except FetchError:
        return None
    return url


def published_at(entry: Any) -> datetime | None:  # noqa: ANN401 - feedparser is untyped
    """The item's date in UTC, where feedparser could make sense of it."""
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    if not parsed:
        return None
    try:
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError, TypeError):  # an element of that very name is text
        return None


def seconds(value: object) -> float | None:
    """`itunes:duration`: seconds, MM:SS or HH:MM:SS."""
    parts = text_of(value).split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if len(numbers) > 3 or any(not 0 <= number < 1e6 for number in numbers):
        return None
    total = 0.0
    for number in numbers:
        total = total * 60 + number
    return total or None


def size(value: object) -> int | None:
    """An enclosure's claimed bytes; 0 and nonsense mean that nobody knows."""
    digits = text_of(value)
    return int(digits) or None if digits.isdecimal() and len(digits) <= MAX_DIGITS else None


def looks_like(content: bytes) -> str:
    """What was served instead of a feed, for the error message."""
    start = content[:512].lstrip().lower()
    if not start:
        return "the answer was empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "no RSS or Atom element was found"
