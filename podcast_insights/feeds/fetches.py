"""Visits to feeds as the ledger `feed_fetches` holds them, and what follows from them.

When a feed may be asked again, whether 304 can be believed, since when it fails, whether it is
dead, and how it stood when a day ended.

What does not belong here: making a visit (`fetch.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from podcast_insights.feeds.parse import READER_VERSION, FeedFormatError
from podcast_insights.feeds.subscriptions import MissingSecretError, Subscription
from podcast_insights.net.client import Answer, FetchError, redact
from podcast_insights.warehouse.windows import DateWindow, end_of_day

TRUST_IN_ETAGS = timedelta(days=7)
"""How long 304 is believed without having seen a body: some hosts say it for ever."""

DEAD_AFTER = timedelta(days=3)
"""How long a feed must have answered nothing but 404 to count as gone, like one HTTP 410."""

ASK_THE_DEAD_AFTER = timedelta(days=7)

MAX_WAIT = timedelta(days=7)
"""The longest `Retry-After` we follow; a host that names a year means something else."""


@dataclass(frozen=True)
class Fetch:
    """One visit to a feed, as recorded in the ledger `feed_fetches`."""

    feed_id: str
    fetched_at: datetime
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_sha256: str | None = None
    show_title: str | None = None
    item_count: int | None = None
    error: str | None = None
    failure: str | None = None
    retry_at: datetime | None = None
    moved_to: str | None = None
    full_at: datetime | None = None
    reader_version: int | None = None
    transferred_bytes: int | None = None
    repeated_item_count: int | None = None
    new_item_count: int | None = None
    edited_item_count: int | None = None
    archive_page_count: int | None = None
    archive_next: str | None = None
    archive_error: str | None = None
    archive_since_on: date | None = None
    notes: str | None = None
    language: str | None = None
    medium: str | None = None
    podcast_guid: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether it said what the feed announces."""
        return self.error is None

    @property
    def has_whole_archive(self) -> bool:
        """Whether all pages the feed pointed to have been read."""
        return self.archive_next is None and self.archive_error is None


def failed_fetch(
    feed: Subscription,
    known: Sequence[Fetch],
    started: datetime,
    error: FetchError | FeedFormatError | MissingSecretError,
) -> Fetch:
    """A fetch that gave nothing, with the kind of failure and the reason."""
    status = error.status if isinstance(error, FetchError) else None
    failure, retry_at = "missing_secret", None
    if isinstance(error, FeedFormatError):
        failure = error.reason
    elif isinstance(error, FetchError):
        failure = "gone" if is_gone(status, known, started) else error.kind
        if error.retry_after_s:
            retry_at = started + min(timedelta(seconds=error.retry_after_s), MAX_WAIT)
    return Fetch(
        feed_id=feed.feed_id,
        fetched_at=started,
        http_status=status,
        error=str(error),
        failure=failure,
        retry_at=retry_at,
    )


def is_gone(status: int | None, known: Sequence[Fetch], started: datetime) -> bool:
    """HTTP 410, or nothing but 404 for days."""
    if status == 410:
        return True
    if status != 404:
        return False
    first = started
    for fetch in reversed(known):
        if fetch.http_status not in (404, 410):
            break
        first = fetch.fetched_at
    return started - first >= DEAD_AFTER


def is_due(fetches: Sequence[Fetch], now: datetime) -> bool:
    """Whether a feed may be asked: not while it is dead, nor before its host wants to be."""
    if not fetches:
        return True
    last = fetches[-1]
    if last.failure == "gone":
        return now - last.fetched_at >= ASK_THE_DEAD_AFTER
    return last.retry_at is None or now >= last.retry_at


def conditional_headers(last: Fetch | None, now: datetime) -> dict[str, str]:
    """Ask only for what changed since the last good fetch, as long as that can be trusted."""
    if last is None or last.reader_version != READER_VERSION:
        return {}
    if last.full_at is None or now - last.full_at > TRUST_IN_ETAGS:
        return {}
    headers = {"if-none-match": last.etag, "if-modified-since": last.last_modified}
    return {name: value for name, value in headers.items() if value}


def is_unchanged(last: Fetch, answer: Answer) -> bool:
    """The same bytes as last time, read by the same reader."""
    return answer.sha256 == last.content_sha256 and last.reader_version == READER_VERSION


def covers(fetches: Sequence[Fetch], window: DateWindow) -> bool:
    """Whether a good fetch after the window's end answers all its days."""
    last = max(window.days())
    return any(f.is_good and f.fetched_at >= end_of_day(last) for f in fetches)


def snapshot_row(feed: Subscription, day: date, fetches: Sequence[Fetch]) -> dict[str, object]:
    """The state of a feed after `day`: the first good fetch after its end, else the latest."""
    after = [f for f in fetches if f.is_good and f.fetched_at >= end_of_day(day)]
    chosen = after[0] if after else fetches[-1]
    until = [f for f in fetches if f.fetched_at <= chosen.fetched_at]
    good = next((f for f in reversed(until) if f.is_good), None)
    bad = [f for f in until if good is None or f.fetched_at > good.fetched_at]
    status = "ok" if chosen.is_good else "dead" if chosen.failure == "gone" else "failed"
    return {
        "feed_id": feed.feed_id,
        "snapshot_on": day,
        "show_title": chosen.show_title or (good.show_title if good else None),
        "feed_url": feed.shown_url,
        "status": status,
        "first_failed_at": bad[0].fetched_at if bad else None,
        "last_ok_at": good.fetched_at if good else None,
        "moved_to": shown_move(chosen),
        **{name: getattr(chosen, name) for name in COPIED},
    }


COPIED = ("error", "failure", "fetched_at", "content_sha256", "item_count", "notes")


def shown_move(fetch: Fetch) -> str | None:
    """Where the feed has moved, without query: only the scan needs that."""
    return redact(fetch.moved_to) if fetch.moved_to else None
