"""A server, a clock, and what scans leave behind: the world that tests of the feeds stage use."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.feeds.fetch import FeedFetcher
from podcast_insights.feeds.ledger import Ledger
from podcast_insights.feeds.private import credentials_of
from podcast_insights.feeds.records import ANNOUNCED_ITEMS, FEED_FETCHES, FEEDS, ITEM_CHANGES
from podcast_insights.feeds.scan import FeedScanner
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.net.client import Client, Limits, SafeClient
from podcast_insights.net.gates import HostGates
from podcast_insights.net.polite import PoliteClient
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.support.servers import Behaviour, Site

DAY = date(2025, 9, 8)
NOON = datetime(2025, 9, 8, 12, tzinfo=UTC)
NIGHT = datetime(2025, 9, 9, 0, 30, tzinfo=UTC)
TABLES = {table.name: table for table in (FEEDS, FEED_FETCHES, ANNOUNCED_ITEMS, ITEM_CHANGES)}

Row = dict[str, Any]


@dataclass
class World:
    """A server, a clock, and what the scans left behind."""

    host: Site
    warehouse: Warehouse
    cache: Cache
    now: datetime = NOON
    feeds: list[Subscription] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)
    pauses: list[float] = field(default_factory=list)
    limits: Limits = Limits(1_000_000)
    max_workers: int = 4

    def subscribe(self, path: str, behaviour: Behaviour | None = None, **fields: Any) -> str:  # noqa: ANN401
        """Serve a page, subscribe to it, and say its feed_id."""
        if behaviour:
            self.host.pages[path.split("?")[0]] = behaviour
        url = self.host.url(path) if path.startswith("/") else path
        feed = Subscription(url=url, **{"private_hosts": (self.host.host,), **fields})
        self.feeds.append(feed)
        return feed.feed_id

    def client(self, feed: Subscription, gates: HostGates | None = None) -> Client:
        """The client of a scan, whose pauses only are noted."""
        safe = SafeClient(
            self.limits,
            frozenset(feed.private_hosts),
            credentials_of(feed, self.environ),
            gates,
        )
        return PoliteClient(safe, sleep=self.pauses.append)

    def scan(self, *days: date, at: datetime | None = None) -> list[Row]:
        """Scan a range of days, at a certain time."""
        self.now = at or self.now
        gates = HostGates()
        fetcher = FeedFetcher(
            client_for=lambda feed: self.client(feed, gates),
            cache=self.cache,
            now=lambda: self.now,
            environ=self.environ,
        )
        scanner = FeedScanner(Ledger(self.warehouse), fetcher, self.max_workers)
        first, last = (days or (DAY,))[0], (days or (DAY,))[-1]
        window = DateWindow(first, last + timedelta(days=1))
        rows = FEEDS.conform(scanner.scan(self.feeds, window))
        return rows.sort("snapshot_on", "feed_url").to_dicts()

    def items(self) -> dict[str, Row]:
        """The ledger of items by title."""
        frame = self.warehouse.read("SELECT * FROM announced_items", table="announced_items")
        assert frame["title"].is_unique().all()
        return {row["title"]: row for row in frame.to_dicts()}

    def fetches(self) -> list[Row]:
        """The ledger of fetches, oldest first."""
        return self.warehouse.read("SELECT * FROM feed_fetches ORDER BY fetched_at").to_dicts()

    def changes(self) -> list[tuple[str, str | None, str | None]]:
        """The ledger of edits: column, before, after."""
        sql = "SELECT column_name, before, after FROM item_changes ORDER BY ALL"
        return self.warehouse.read(sql).rows()

    def everything(self) -> str:
        """All that is stored, as one text: what an analyst could find."""
        return "".join(str(self.warehouse.read(f"FROM {name}").to_dicts()) for name in TABLES)

    @property
    def requests(self) -> int:
        """How many requests the server has seen."""
        return len(self.host.requests)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.host.requests]


def column(rows: Any, name: str) -> list[Any]:  # noqa: ANN401
    """One column of some rows."""
    return [row[name] for row in rows]


def dated(moment: datetime) -> str:
    """A moment as feeds write it."""
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
