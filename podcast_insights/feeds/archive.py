"""Reading the older pages of a feed (RFC 5005): how a backfill reaches old episodes.

The archive is read once, over several scans if it is long. After that a page is only looked at
where the feed has turned over completely since the last good fetch, so that items may lie in
between.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlsplit

from podcast_insights.feeds.documents import Document
from podcast_insights.feeds.model import Feed
from podcast_insights.feeds.parse import FeedFormatError
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.net.client import FetchError

MAX_PAGES = 200
"""Pages in one scan; the next scan goes on from there."""

BUDGET_S = 900.0

SECRET_NAME = re.compile(r"token|auth|key|sig|secret|pass|pwd|session|jwt|hash|user", re.IGNORECASE)
MAX_OPEN_VALUE_CHARS = 24
"""A longer value of a query parameter may well be a token under another name."""


@dataclass(frozen=True)
class Walk:
    """What reading an archive brought.

    Args:
        documents: pages in the order of the chain, the newest first.
        next_url: where to go on next time; None if the chain has ended.
        error: why it stopped early.
        since: the subscription's `since`, where that is why it stopped.
    """

    documents: tuple[Document, ...] = ()
    next_url: str | None = None
    error: str | None = None
    since: date | None = None


def walk(feed: Subscription, start: str | None, read: Callable[[str], Document]) -> Walk:
    """Read pages from `start` on.

    Args:
        feed: pages wholly from before its `since` end the walk.
        start: the first page; None for nothing to read.
        read: fetches and parses one page.
    """
    documents: list[Document] = []
    error, next_url, since = None, start, None
    seen: set[str] = set()
    end = time.monotonic() + BUDGET_S
    while next_url and len(documents) < MAX_PAGES and time.monotonic() < end:
        seen.add(next_url)
        try:
            page = read(next_url)
        except (FetchError, FeedFormatError) as failure:
            error = str(failure)
            break
        documents.append(page)
        next_url = older_page(page.feed)
        if next_url in seen:
            next_url = None
        if next_url and is_before(feed, page.feed):
            since = feed.since
            break
    if next_url and not is_storable(feed, next_url):
        next_url, error = None, error or "it goes on at an address that may hold a secret"
    return Walk(tuple(documents), next_url, error, since)


def older_page(feed: Feed) -> str | None:
    """Where older items are, if the document says so."""
    return feed.prev_archive_url or feed.next_url


def is_before(feed: Subscription, page: Feed) -> bool:
    """Whether all items of a page are older than the subscription's `since`."""
    if feed.since is None:
        return False
    days = [item.published_at.date() if item.published_at else None for item in page.items]
    return bool(days) and all(day is not None and day < feed.since for day in days)


def is_storable(feed: Subscription, url: str) -> bool:
    """Whether an address may lie in a table: it holds nothing that looks like a secret."""
    parts = urlsplit(url)
    if feed.is_private or "@" in parts.netloc:
        return False
    return not any(
        SECRET_NAME.search(name) or len(value) >= MAX_OPEN_VALUE_CHARS
        for name, value in parse_qsl(parts.query)
    )
