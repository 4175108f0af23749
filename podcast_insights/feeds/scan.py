"""The daily scan: visit what is needed, host by host, and remember what was announced.

What does not belong here: a single visit (`fetch.py`), and the ledgers (`ledger.py`).
"""

import contextlib
import queue
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, cast
from urllib.parse import urlsplit

import polars as pl

from podcast_insights.feeds.fetch import FeedFetcher, Fetched
from podcast_insights.feeds.fetches import Fetch, covers, is_due, snapshot_row
from podcast_insights.feeds.ledger import Ledger
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.warehouse.contracts import ContractError
from podcast_insights.warehouse.windows import DateWindow

SILENT = frozenset({"unreachable", "too_slow"})
MAX_SILENT = 3
"""Feeds in a row that a host leaves without an answer before the scan leaves the host alone."""

BATCH = 50
"""Visits recorded in one transaction; a killed scan loses no more than these."""

Visited = tuple[Subscription, Fetched]
T = TypeVar("T")


@dataclass(frozen=True)
class FeedScanner:
    """Scans subscriptions against the ledgers of fetches and announced items.

    Args:
        fetcher: makes the visits.
        max_workers: hosts asked at the same time; one host's feeds are asked one by one.
    """

    ledger: Ledger
    fetcher: FeedFetcher
    max_workers: int = 8

    def scan(self, subscriptions: Sequence[Subscription], window: DateWindow) -> pl.DataFrame:
        """One row per enabled subscription and day of `window`.

        A day that has ended is answered by the first good fetch after its end, so a backfill
        of 365 days fetches each feed once, and a re-run none. A feed that can't be fetched
        gets its row with the reason and costs the others nothing.
        """
        with self.ledger.alone():
            return self.scan_alone([f for f in subscriptions if f.is_enabled], window)

    def scan_alone(self, enabled: Sequence[Subscription], window: DateWindow) -> pl.DataFrame:
        """`scan`, while no other process does the same."""
        now = self.fetcher.now()
        fetches = self.ledger.fetches(since=window.start, until=now)
        wanted = [
            feed
            for feed in enabled
            if not covers(fetches.get(feed.feed_id, []), window)
            and is_due(fetches.get(feed.feed_id, []), now)
        ]
        for fetch in self.visit_all(wanted, fetches):
            fetches.setdefault(fetch.feed_id, []).append(fetch)
        rows = [
            snapshot_row(feed, day, fetches[feed.feed_id])
            for day in window.days()
            for feed in enabled
        ]
        return self.ledger.warehouse.tables["feeds"].frame(rows)

    def visit_all(
        self, feeds: Sequence[Subscription], known: Mapping[str, Sequence[Fetch]]
    ) -> Iterator[Fetch]:
        """Visit feeds, hosts at the same time, and record what comes while the rest goes on."""
        batch: list[Visited] = []
        for pair in self.visits(feeds, known):
            batch.append(pair)
            if len(batch) == BATCH:
                yield from self.record(batch)
                batch = []
        yield from self.record(batch)

    def record(self, batch: Sequence[Visited]) -> list[Fetch]:
        """Write visits to the ledgers."""
        if not batch:
            return []
        secrets = {feed.feed_id: self.fetcher.secrets_of(feed) for feed, _ in batch}
        try:
            return self.ledger.record(batch, secrets)
        except ContractError as error:  # what nobody thought of must not cost the others
            if len(batch) > 1:
                return [fetch for visited in batch for fetch in self.record([visited])]
            feed, fetched = batch[0]
            failed = Fetch(
                feed_id=feed.feed_id,
                fetched_at=fetched.fetch.fetched_at,
                error=f"unexpected: {error}"[:500],
                failure="unexpected",
            )
            return self.ledger.record([(feed, Fetched(failed))], secrets)

    def visits(
        self, feeds: Sequence[Subscription], known: Mapping[str, Sequence[Fetch]]
    ) -> Iterator[Visited]:
        """Visits as they end, in no particular order."""
        hosts: dict[str, list[Subscription]] = defaultdict(list)
        for feed in feeds:
            hosts[host_to_ask(feed, known.get(feed.feed_id, ()))].append(feed)
        done = Handover[Visited](size=BATCH)

        def ask(host: str) -> None:
            with done.errors_too():
                for visited in self.visits_to(host, hosts[host], known):
                    done.put(visited)

        with ThreadPoolExecutor(self.max_workers, "feeds") as pool:
            # The host with most feeds first: it takes longest.
            for host in sorted(hosts, key=lambda host: -len(hosts[host])):
                pool.submit(ask, host)
            try:
                for _ in feeds:
                    yield done.get()
            finally:
                done.close()
                pool.shutdown(wait=False, cancel_futures=True)

    def visits_to(
        self, host: str, feeds: Sequence[Subscription], known: Mapping[str, Sequence[Fetch]]
    ) -> Iterator[Visited]:
        """One host's feeds, one after another, for as long as it answers at all."""
        silent = 0
        for feed in feeds:
            if silent >= MAX_SILENT:
                yield feed, Fetched(left_alone(feed, host, self.fetcher.now()))
                continue
            fetched = self.fetcher.fetch(feed, known.get(feed.feed_id, ()))
            silent = silent + 1 if fetched.fetch.failure in SILENT else 0
            yield feed, fetched


class HandoverClosed(Exception):
    """Nobody takes anything any more."""


class Handover(Generic[T]):
    """Hands what threads make to the one that waits for it, their errors too.

    Bounded, so that parsed feeds don't pile up while the ledger is written.
    """

    def __init__(self, size: int) -> None:
        """Let at most `size` wait."""
        self._queue: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(size)
        self._is_closed = threading.Event()

    def put(self, value: T | None, error: BaseException | None = None) -> None:
        """Hand over, waiting for room.

        Raises:
            HandoverClosed: nobody waits any more.
        """
        while not self._is_closed.is_set():
            with contextlib.suppress(queue.Full):
                return self._queue.put((value, error), timeout=0.2)
        raise HandoverClosed

    def get(self) -> T:
        """Wait for the next; an error that came instead is raised here."""
        value, error = self._queue.get()
        if error is not None:
            raise error
        return cast(T, value)

    def close(self) -> None:
        """Let no thread wait for ever."""
        self._is_closed.set()

    @contextlib.contextmanager
    def errors_too(self) -> Iterator[None]:
        """Hand over what the block raises."""
        try:
            yield
        except HandoverClosed:
            return
        except BaseException as error:  # raised again where the scan waits
            with contextlib.suppress(HandoverClosed):
                self.put(None, error)


def host_to_ask(feed: Subscription, known: Sequence[Fetch]) -> str:
    """Host and port where the feed is asked for now."""
    moved_to = next((f.moved_to for f in reversed(known) if f.is_good), None)
    return urlsplit(moved_to or feed.url).netloc.rpartition("@")[2].lower()


def left_alone(feed: Subscription, host: str, at: datetime) -> Fetch:
    """A fetch that was not made, because the host answers nobody."""
    return Fetch(
        feed_id=feed.feed_id,
        fetched_at=at,
        error=f"{host.partition(':')[0]} gave no answer for {MAX_SILENT} feeds in a row, so this "
        "one was not asked; the next scan tries again",
        failure="unreachable",
    )
