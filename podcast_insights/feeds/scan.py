"""The daily scan: fetch what is needed, remember what was announced.

What does not belong here: HTTP itself (`net/`), the feed format (`parse.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from podcast_insights.cache import Cache
from podcast_insights.feeds.parse import Feed, FeedFormatError, Item, parse_feed
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.identity import short_hash
from podcast_insights.net.client import FetchError, SafeClient, redact
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow, end_of_day

FUTURE_TOLERANCE = timedelta(hours=24)
"""Publishers' clocks and time zones are wrong by hours; more than a day is another mistake."""


@dataclass(frozen=True)
class FeedScanner:
    """Scans subscriptions against the ledgers of fetches and announced items.

    Args:
        client_for: makes the HTTP client of a subscription (its private hosts differ).
        now: the clock.
        max_workers: feeds fetched at the same time.
    """

    warehouse: Warehouse
    cache: Cache
    client_for: Callable[[Subscription], SafeClient]
    now: Callable[[], datetime]
    max_workers: int = 8

    def scan(self, subscriptions: Sequence[Subscription], window: DateWindow) -> pl.DataFrame:
        """One row per enabled subscription and day of `window`.

        A day that has ended is answered by the first good fetch after its end, so a backfill
        of 365 days fetches each feed once, and a re-run none. A feed that can't be fetched
        gets its row with the reason and costs the others nothing.
        """
        enabled = [feed for feed in subscriptions if feed.is_enabled]
        fetches = self.known_fetches()
        wanted = [feed for feed in enabled if not covers(fetches.get(feed.feed_id, []), window)]
        for feed, fetch in self.fetch_all(wanted, fetches):
            fetches.setdefault(feed.feed_id, []).append(fetch)
        rows = [
            snapshot_row(feed, day, fetches[feed.feed_id])
            for day in window.days()
            for feed in enabled
        ]
        return self.warehouse.tables["feeds"].frame(rows)

    def known_fetches(self) -> dict[str, list["Fetch"]]:
        """All recorded fetches by feed, oldest first."""
        frame = self.warehouse.read("SELECT * FROM feed_fetches ORDER BY fetched_at")
        fetches: dict[str, list[Fetch]] = {}
        for row in frame.to_dicts():
            fetches.setdefault(row["feed_id"], []).append(Fetch(**row))
        return fetches

    def fetch_all(
        self, feeds: Sequence[Subscription], known: dict[str, list["Fetch"]]
    ) -> list[tuple[Subscription, "Fetch"]]:
        """Fetch feeds concurrently, then record fetches and items in one go."""
        if not feeds:
            return []
        with ThreadPoolExecutor(self.max_workers) as pool:
            done = list(pool.map(lambda f: self.fetch(f, known.get(f.feed_id, [])), feeds))
        self.record(zip(feeds, done, strict=True))
        return [(feed, fetched.fetch) for feed, fetched in zip(feeds, done, strict=True)]

    def fetch(self, feed: Subscription, known: Sequence["Fetch"]) -> "Fetched":
        """One conditional request; failures come back as a fetch with `error`."""
        started = self.now()
        last = next((f for f in reversed(known) if f.error is None), None)
        headers = conditional_headers(last)
        try:
            answer = self.client_for(feed).get(feed.url, headers)
            if answer.status == 304 and last is not None:
                return Fetched(last.again(started, http_status=304), None)
            parsed = parse_feed(answer.body)
        except (FetchError, FeedFormatError) as error:
            return Fetched(failed_fetch(feed, started, error, str(error)), None)
        except Exception as error:  # whatever it is, it must not cost the other feeds their row
            return Fetched(failed_fetch(feed, started, error, f"unexpected: {error!r}"), None)
        self.cache.write_bytes("feeds", answer.sha256, ".xml", answer.body)
        fetch = Fetch(
            feed_id=feed.feed_id,
            fetched_at=started,
            http_status=answer.status,
            etag=answer.headers.get("etag"),
            last_modified=answer.headers.get("last-modified"),
            content_sha256=answer.sha256,
            show_title=parsed.title,
            item_count=len(parsed.items),
        )
        return Fetched(fetch, parsed)

    def record(self, done: Iterable[tuple[Subscription, "Fetched"]]) -> None:
        """Write announced items and fetches to their ledgers.

        Items first: were we killed between the two, a recorded fetch would answer the next
        scan, and items that were not recorded would never be seen.
        """
        pairs = list(done)
        self.record_items(
            [
                row
                for feed, fetched in pairs
                if fetched.feed is not None
                for row in item_rows(feed, fetched.feed, fetched.fetch.fetched_at)
            ]
        )
        rows = [vars(fetched.fetch) for _, fetched in pairs]
        self.warehouse.merge("feed_fetches", self.warehouse.tables["feed_fetches"].frame(rows))

    def record_items(self, items: list[dict[str, object]]) -> None:
        """Write items to their ledger; known ones keep when they were first seen."""
        if not items:
            return
        ids = [row["item_id"] for row in items]
        known = self.warehouse.read(
            "SELECT item_id, first_seen_at, date_source, published_on FROM announced_items "
            "WHERE list_contains(?, item_id)",
            [ids],
        )
        seen = {row["item_id"]: row for row in known.to_dicts()}
        fresh = [keep_first_seen(row, seen.get(row["item_id"])) for row in items]
        table = self.warehouse.tables["announced_items"]
        self.warehouse.merge("announced_items", table.frame(fresh))


@dataclass(frozen=True)
class Fetch:
    """One request to a feed, as recorded in the ledger."""

    feed_id: str
    fetched_at: datetime
    http_status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    content_sha256: str | None = None
    show_title: str | None = None
    item_count: int | None = None
    error: str | None = None

    def again(self, fetched_at: datetime, http_status: int) -> "Fetch":
        """The same content, confirmed by a later request."""
        return Fetch(**{**vars(self), "fetched_at": fetched_at, "http_status": http_status})


@dataclass(frozen=True)
class Fetched:
    """A recorded fetch and, where new bytes came, the feed in them."""

    fetch: Fetch
    feed: Feed | None


def failed_fetch(feed: Subscription, started: datetime, error: Exception, message: str) -> Fetch:
    """A fetch that gave nothing, with the reason."""
    status = getattr(error, "status", None)
    return Fetch(feed_id=feed.feed_id, fetched_at=started, http_status=status, error=message)


def covers(fetches: Sequence[Fetch], window: DateWindow) -> bool:
    """Whether a good fetch after the window's end answers all its days."""
    last = max(window.days())
    return any(f.error is None and f.fetched_at >= end_of_day(last) for f in fetches)


def snapshot_row(feed: Subscription, day: date, fetches: Sequence[Fetch]) -> dict[str, object]:
    """The state of a feed after `day`: the first good fetch after its end, else the latest."""
    after = [f for f in fetches if f.error is None and f.fetched_at >= end_of_day(day)]
    chosen = after[0] if after else fetches[-1]
    return {
        "feed_id": feed.feed_id,
        "snapshot_on": day,
        "show_title": chosen.show_title,
        "feed_url": redact(feed.url),
        "status": "failed" if chosen.error else "ok",
        "error": chosen.error,
        "fetched_at": chosen.fetched_at,
        "content_sha256": chosen.content_sha256,
        "item_count": chosen.item_count,
    }


def conditional_headers(last: Fetch | None) -> dict[str, str]:
    """Ask only for what changed since the last good fetch."""
    headers = {}
    if last and last.etag:
        headers["if-none-match"] = last.etag
    if last and last.last_modified:
        headers["if-modified-since"] = last.last_modified
    # Other characters can't be sent back.
    return {name: value for name, value in headers.items() if value.isascii()}


def item_rows(feed: Subscription, parsed: Feed, fetched_at: datetime) -> list[dict[str, object]]:
    """Ledger rows of a feed's items; of two with one identity the first counts."""
    guids = Counter(item.guid for item in parsed.items)
    rows: dict[str, dict[str, object]] = {}
    for item in parsed.items:
        day, source = day_of(item.published_at, fetched_at)
        if feed.since and day < feed.since:
            continue
        row = item_row(feed, parsed.title, item, is_guid_repeated=guids[item.guid] > 1)
        row |= {"published_on": day, "date_source": source, "first_seen_at": fetched_at}
        rows.setdefault(str(row["item_id"]), row)
    return list(rows.values())


def item_row(
    feed: Subscription, show_title: str, item: Item, *, is_guid_repeated: bool
) -> dict[str, object]:
    """What the item itself says, with its identity.

    The GUID is the identity unless it is missing or used by several items of the feed; then
    the enclosure's address without its query (tokens rotate) and the title are.
    """
    path = (item.enclosure_url or item.link or "").split("?")[0]
    keys = (item.guid,) if item.guid and not is_guid_repeated else (path, item.title)
    return {
        "item_id": short_hash("item", feed.feed_id, *keys),
        "feed_id": feed.feed_id,
        "show_title": show_title,
        "title": item.title,
        "description": item.description,
        "guid": item.guid,
        "link": item.link,
        "published_at": item.published_at,
        "enclosure_url": item.enclosure_url,
        "enclosure_type": item.enclosure_type,
        "enclosure_bytes": item.enclosure_bytes,
        "duration_s": item.duration_s,
        "transcript_url": item.transcript_url,
        "transcript_type": item.transcript_type,
        "persons": list(item.persons),
    }


def day_of(published_at: datetime | None, fetched_at: datetime) -> tuple[date, str]:
    """The UTC day an item belongs to, and where that comes from."""
    if published_at is None or published_at > fetched_at + FUTURE_TOLERANCE:
        return fetched_at.astimezone(UTC).date(), "first_seen"
    return published_at.astimezone(UTC).date(), "feed"


def keep_first_seen(row: dict[str, object], known: dict[str, object] | None) -> dict[str, object]:
    """An item seen before keeps its day, whatever date its publisher gives it later.

    Two days would otherwise hold one episode, and every join on it would double its rows.
    The edited date itself is in `published_at`.
    """
    if known is None:
        return row
    return row | {name: known[name] for name in ("first_seen_at", "published_on", "date_source")}
