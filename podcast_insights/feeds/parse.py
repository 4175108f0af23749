"""A feed's bytes as items.

Text leaves here as plain text: no markup survives, so nothing downstream has to think of it.

What does not belong here: which day an item belongs to, and whether it is new.
"""

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from podcast_insights.net.client import check_scheme

MAX_TEXT_CHARS = 20_000
MAX_ITEMS = 50_000


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
    import feedparser

    parsed = feedparser.parse(content, sanitize_html=False, resolve_relative_uris=False)
    if not parsed.version and not parsed.entries:
        raise FeedFormatError(f"not a feed: {looks_like(content)}")
    items = tuple(to_item(entry) for entry in parsed.entries[:MAX_ITEMS])
    return Feed(title=plain(parsed.feed.get("title")) or "(untitled)", items=items)


def to_item(entry: Any) -> Item:  # noqa: ANN401 - feedparser is untyped
    """One feedparser entry in our words."""
    enclosure: dict[str, Any] = next(
        (e for e in entry.get("enclosures", []) if web_address(e.get("href") or e.get("url"))),
        {},
    )
    transcript = entry.get("podcast_transcript") or {}
    person = entry.get("podcast_person")
    named = person if isinstance(person, str) else entry.get("author")
    return Item(
        guid=(entry.get("id") or "").strip() or None,
        title=plain(entry.get("title")) or "(untitled)",
        description=plain(body_of(entry)),
        link=web_address(entry.get("link")),
        published_at=published_at(entry),
        enclosure_url=web_address(enclosure.get("href") or enclosure.get("url")),
        enclosure_type=(enclosure.get("type") or "").strip().lower() or None,
        enclosure_bytes=size(enclosure.get("length")),
        duration_s=seconds(entry.get("itunes_duration")),
        transcript_url=web_address(transcript.get("url")),
        transcript_type=(transcript.get("type") or "").strip().lower() or None,
        persons=(plain(named),) if plain(named) else (),
    )


def body_of(entry: Any) -> str:  # noqa: ANN401 - feedparser is untyped
    """The longest of the places where show notes are put."""
    contents = [part.get("value", "") for part in entry.get("content", [])]
    return str(max([entry.get("summary", ""), *contents], key=len))


def plain(text: str | None) -> str:
    """Text without markup, entities resolved, white space folded, bounded in length."""
    import nh3

    spaced = re.sub(r"<(?=/?(p|br|li|div|h\d)\b)", " <", text or "", flags=re.IGNORECASE)
    stripped = nh3.clean(spaced[: 4 * MAX_TEXT_CHARS], tags=set())
    return re.sub(r"\s+", " ", html.unescape(stripped)).strip()[:MAX_TEXT_CHARS]


def web_address(url: str | None) -> str | None:
    """`url` if it is an http(s) address, else None; a feed may not name files or scripts."""
    try:
        check_scheme(url or "")
    except Exception:  # FetchError and urlsplit's ValueError alike: not an address for us
        return None
    return url.strip() if url else None


def published_at(entry: Any) -> datetime | None:  # noqa: ANN401 - feedparser is untyped
    """The item's date in UTC, where feedparser could make sense of it."""
    parsed = entry.get("published_parsed") or entry.get("updated_parsed")
    if not parsed:
        return None
    try:
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def seconds(text: str | None) -> float | None:
    """`itunes:duration`: seconds, MM:SS or HH:MM:SS."""
    parts = (text or "").strip().split(":")
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


def size(text: str | None) -> int | None:
    """An enclosure's claimed bytes; 0 and nonsense mean that nobody knows."""
    digits = (text or "").strip()
    return int(digits) if digits.isdecimal() and 0 < int(digits) < 2**53 else None


def looks_like(content: bytes) -> str:
    """What was served instead of a feed, for the error message."""
    start = content[:512].lstrip().lower()
    if not start:
        return "the answer was empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "no RSS or Atom element was found"
