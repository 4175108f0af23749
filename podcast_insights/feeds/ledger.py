"""What feeds announce, written down for good: new items, edits, and the fetches themselves.

An item keeps its id, its day and when it was first seen, whatever its publisher does to it
later. What a reader would notice of an edit (title, date, audio, transcript) is a row of
`item_changes`; tokens that rotate in addresses are not.

What does not belong here: which listing is which known item (`recognize.py`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from filelock import FileLock

from podcast_insights.feeds.documents import Document
from podcast_insights.feeds.enclosures import enclosure_key, is_web
from podcast_insights.feeds.evidence import Trait, folded
from podcast_insights.feeds.fetch import Fetched
from podcast_insights.feeds.fetches import Fetch
from podcast_insights.feeds.item_rows import (
    Row,
    differs,
    edits_of,
    item_row,
    kept,
    without_secrets,
)
from podcast_insights.feeds.model import Item
from podcast_insights.feeds.recognize import recognize
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.identity import short_hash
from podcast_insights.net.client import redact
from podcast_insights.net.secrets import Secrets
from podcast_insights.warehouse.database import Warehouse

WRONG_CLOCK = timedelta(hours=1)

FETCHES = """
SELECT feed_fetches.*
FROM feed_fetches LEFT JOIN (
  SELECT feed_id, max(fetched_at) AS good_at
  FROM feed_fetches WHERE error IS NULL AND fetched_at < ?
  GROUP BY feed_id
) USING (feed_id)
WHERE (good_at IS NULL OR fetched_at >= good_at) AND fetched_at <= ?
ORDER BY fetched_at
"""

STORED = """
SELECT * EXCLUDE (description), md5(description) AS description,
  (SELECT list(DISTINCT c.column_name) FROM item_changes c WHERE c.item_id = a.item_id) AS edits
FROM announced_items a
WHERE list_contains(?, feed_id)
"""
"""The show notes only as a hash: they are most of the ledger's bytes. And what was edited."""


@dataclass(frozen=True)
class Ledger:
    """The tables `announced_items`, `item_changes` and `feed_fetches`."""

    warehouse: Warehouse

    def fetches(self, since: date, until: datetime) -> dict[str, list[Fetch]]:
        """Recorded fetches by feed, oldest first: the last good one before `since` and later ones.

        Older ones decide nothing any more, nor do those of a clock that was ahead of `until`.
        """
        frame = self.warehouse.read(FETCHES, [since, until + WRONG_CLOCK])
        fetches: dict[str, list[Fetch]] = defaultdict(list)
        for row in frame.to_dicts():
            fetches[row["feed_id"]].append(Fetch(**row))
        return fetches

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other process scan meanwhile: two would find the same news and count it twice."""
        with FileLock(f"{self.warehouse.path}.scan.lock"):
            yield

    def record(
        self, visits: Sequence[tuple[Subscription, Fetched]], secrets: Mapping[str, Secrets]
    ) -> list[Fetch]:
        """Write visits with all they brought, in one transaction.

        Args:
            visits: each feed at most once.
            secrets: what must not be stored, by feed id; none for feeds not named.

        Returns:
            The fetches as recorded, with counts of new and edited items.
        """
        known = self.known_items([feed.feed_id for feed, fetched in visits if pages_of(fetched)])
        items: list[Row] = []
        changes: list[Row] = []
        fetches = []
        for feed, fetched in visits:
            before = known.get(feed.feed_id, [])
            news = compare(feed, fetched, before, secrets.get(feed.feed_id, Secrets(())))
            items += news.items
            changes += news.changes
            fetches.append(news.fetch)
        tables = self.warehouse.tables
        rows = {
            "announced_items": items,
            "item_changes": changes,
            "feed_fetches": [vars(fetch) for fetch in fetches],
        }
        self.warehouse.merge_all({name: tables[name].frame(found) for name, found in rows.items()})
        return fetches

    def known_items(self, feed_ids: Sequence[str]) -> dict[str, list[Row]]:
        """Recorded items by feed; of their show notes only the hash."""
        if not feed_ids:
            return {}
        found = self.warehouse.read(STORED, [list(feed_ids)])
        known: dict[str, list[Row]] = defaultdict(list)
        for row in found.to_dicts():
            known[row["feed_id"]].append(row)
        return known


@dataclass(frozen=True)
class News:
    """What a visit adds to the ledgers: rows that are new or differ, edits, the fetch."""

    items: list[Row]
    changes: list[Row]
    fetch: Fetch


def compare(feed: Subscription, fetched: Fetched, known: Sequence[Row], secrets: Secrets) -> News:
    """Hold what a visit brought against what is known of the feed."""
    documents = pages_of(fetched)
    if not documents:
        return News([], [], replace(fetched.fetch, new_item_count=0, edited_item_count=0))
    found = recognize(
        feed.feed_id,
        [items_of(document, feed, secrets) for document in documents],
        [trait_of(row) for row in known],
    )
    stored = {row["item_id"]: row for row in known}
    items, changes, fresh = [], [], 0
    seen_at = fetched.fetch.fetched_at
    for one in found:
        row = item_row(feed, documents[one.page], one, fetched.fetch)
        row = without_secrets(row, secrets) if feed.is_private else row
        before = stored.get(one.item_id)
        if before is None:
            fresh += 1
            items.append(row)
            continue
        edits = edits_of(before, row)
        row = kept(row, before, seen_at if edits else None)
        changes += [edit | {"item_id": one.item_id, "seen_at": seen_at} for edit in edits]
        if differs(row, before):
            items.append(row)
    edited = len({change["item_id"] for change in changes})
    fetch = replace(
        fetched.fetch,
        new_item_count=fresh,
        edited_item_count=edited,
        repeated_item_count=sum(one.repeated for one in found if one.page == 0)
        if fetched.main
        else fetched.fetch.repeated_item_count,
    )
    return News(items, changes, fetch)


def pages_of(fetched: Fetched) -> list[Document | None]:
    """The documents of a visit, the feed itself first (None if unchanged); empty if no news."""
    has_news = fetched.main or fetched.archive
    return [fetched.main, *fetched.archive] if has_news else []


def trait_of(row: Row) -> Trait:
    """What a row of the ledger tells of who the item is."""
    address = row["enclosure_url"] or row["link"]
    key = row["enclosure_key"] or (enclosure_key(address) if address else None)
    return Trait(
        name=row["item_id"],
        guid=row["guid"],
        key=key,
        title=folded(row["title"]),
        date=row["published_at"],
        size_bytes=row["enclosure_bytes"],
    ).told_by(lambda: str(row["description"]))


def items_of(document: Document | None, feed: Subscription, secrets: Secrets) -> list[Item]:
    """A document's items, those of a private feed with names as they are stored.

    Names are compared with the ledger's, so both must have been cleaned in the same way.
    """
    items = document.feed.items if document else ()
    return [concealed(item, secrets) if feed.is_private else item for item in items]


def concealed(item: Item, secrets: Secrets) -> Item:
    """An item whose GUID, title and link are without secrets; each GUID stays another."""
    guid = secrets.hide(item.guid) if item.guid else None
    if guid and is_web(guid) and redact(guid) != guid:
        guid = f"{redact(guid)}#{short_hash('guid', guid)}"
    link = secrets.hide(redact(item.link)) if item.link else None
    return replace(item, guid=guid, link=link, title=secrets.hide(item.title))
