"""Feed documents in the cache: their bytes, and how they were served.

Without the address they came from, relative addresses in them mean nothing.
"""

from dataclasses import dataclass

from podcast_insights.cache import Cache
from podcast_insights.feeds.model import Feed
from podcast_insights.feeds.parse import FeedFormatError, parse_feed
from podcast_insights.net.client import Answer

KIND = "feeds"


@dataclass(frozen=True)
class Document:
    """A page that was read: its items, and the name of its bytes in the feed cache."""

    feed: Feed
    sha256: str


def read_document(cache: Cache, answer: Answer) -> Document:
    """Parse an answer, then keep its bytes.

    Raises:
        FeedFormatError: it is no feed, or is hostile; nothing was kept.
    """
    served = {"url": answer.url, "content_type": answer.headers.get("content-type")}
    parsed = parse_feed(answer.body, **served)
    cache.write_json(KIND, answer.sha256, served)
    cache.write_bytes(KIND, answer.sha256, ".xml", answer.body)
    return Document(parsed, answer.sha256)


def stored_feed(cache: Cache, sha256: str) -> Feed | None:
    """A document from the cache; None if it was pruned or can't be read any more."""
    content = cache.read_bytes(KIND, sha256, ".xml")
    if content is None:
        return None
    served = cache.read_json(KIND, sha256) or {}
    try:
        return parse_feed(content, url=served.get("url"), content_type=served.get("content_type"))
    except FeedFormatError:
        return None


def is_stored(cache: Cache, sha256: str) -> bool:
    """Whether the bytes are still there."""
    return cache.path(KIND, sha256, ".xml").exists()
