"""Which links to make again when the insights of some days have changed, and storing them.

The rule: the links of an insight depend only on the insights stored up to `REFRESH_DAYS` after
its own day. So when the insights of a window change, the links of other days change where one
of the window's insights is nearer than the last idea of a list, or was in it, or is gone. Those
are found by comparing the window's vectors with all that could change, and only those are
related anew. Whatever order days are run in, the rows end up the same.

The warehouse is read page by page, each in a short transaction; nothing is open while computing.
A page is some whole days, because a day's insights are replaced as a whole.

What does not belong here: how an insight is related (`related.py`), how near a new one must be
(`floors.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import numpy as np
import polars as pl

from podcast_insights.insights.related.floors import Floors, reached
from podcast_insights.insights.related.neighbours import (
    Insights,
    date_of,
    day_number,
    joined,
    to_insights,
)
from podcast_insights.insights.related.relate import REFRESH_DAYS, TOP, Row, relate
from podcast_insights.insights.related.same_idea import Telling
from podcast_insights.warehouse.database import Warehouse, touch
from podcast_insights.warehouse.windows import DateWindow

PAGE_ROWS = 10_000
"""Insights read at once, except that a single day is never split: about 20 MB."""
BATCH = 4_096
"""Insights of other days related anew at once."""
TABLE = "related_insights"
Days = Sequence[tuple[date, int]]
"""Days that have insights, and how many."""

DAYS = "SELECT published_on, count(*)::BIGINT AS n FROM insights GROUP BY ALL ORDER BY 1"
PAGE = """
SELECT i.insight_id, coalesce(e.duplicate_of, i.episode_id) AS episode_id, e.feed_id,
  i.published_on, i.embedding_model, i.embedding
FROM insights i JOIN episodes e USING (episode_id)
WHERE i.published_on >= $first AND i.published_on <= $last
"""
WORDS = """
SELECT insight_id, headline, body, entities FROM insights SEMI JOIN wanted USING (insight_id)
"""
LAST_IDEAS = """
SELECT insight_id,
  max(similarity) FILTER (rank_on_day = $top) AS least_on_day,
  bool_or(is_other_show) FILTER (rank_on_day = $top) AS is_other_on_day,
  max(similarity) FILTER (rank = $top) AS least,
  bool_or(is_other_show) FILTER (rank = $top) AS is_other
FROM related_insights
WHERE published_on >= $first AND published_on <= $last AND folded_insight_ids IS NOT NULL
GROUP BY ALL
"""
"""The last idea of each full list. Rows of schema 1 folded nothing and count as not full."""
LINKED = """
WITH told AS (
  SELECT insight_id,
    unnest(list_prepend(related_insight_id, coalesce(folded_insight_ids, []))) AS teller_id
  FROM related_insights
  WHERE published_on >= $first AND NOT (published_on >= $start AND published_on < $end)
)
SELECT DISTINCT told.insight_id
FROM told LEFT JOIN insights i ON i.insight_id = told.teller_id
WHERE i.insight_id IS NULL OR (i.published_on >= $start AND i.published_on < $end)
"""
"""Insights of other days with links into the window, or to what is no longer there."""
STORED = """
SELECT r.* FROM related_insights r SEMI JOIN batch USING (insight_id)
WHERE r.published_on >= $first AND r.published_on <= $last
"""


@dataclass(frozen=True)
class Related:
    """What came of relating a window.

    Args:
        rows: the window's own rows, not stored yet.
        compared_with: insights they were compared with.
        refreshed_links: links of other days that were written, changed or removed.
        refreshed_days: the days these belong to.
    """

    rows: list[Row]
    compared_with: int
    refreshed_links: int = 0
    refreshed_days: frozenset[date] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Refresher:
    """Relates windows of days, and keeps the links of other days right."""

    warehouse: Warehouse
    reach_days: int = REFRESH_DAYS
    top: int = TOP
    page_rows: int = PAGE_ROWS

    def run(self, window: DateWindow) -> Related:
        """Make the rows of `window`, and store anew the rows of other days that it changes."""
        first = window.start - self.reach
        bounds = {"first": first, "start": window.start, "end": window.end}
        with self.warehouse.transaction() as connection:
            days = connection.execute(DAYS).fetchall()
            linked = {name for (name,) in connection.execute(LINKED, bounds).fetchall()}
        mine = self.read(window.start, last_day(window))
        rows: list[Row] = []
        links, touched = 0, frozenset[date]()
        for number, batch in enumerate(self.to_refresh(window, mine, linked, days)):
            # The first goes along with the window's own: one reading of the corpus less.
            queries = batch if number else joined([mine, batch])
            made = self.relate(queries, days)
            rows += [row for row in made if row["published_on"] in window]
            others = [row for row in made if row["published_on"] not in window]
            change = self.store(batch, others)
            links, touched = links + change[0], touched | change[1]
        compared = sum(n for day, n in days if day <= last_day(window) + self.reach)
        return Related(rows, compared, links, touched)

    @property
    def reach(self) -> timedelta:
        """How far later days count."""
        return timedelta(days=self.reach_days)

    def relate(self, queries: Insights, days: Days) -> list[Row]:
        """Rows of some insights, from what is stored now."""
        if not len(queries):
            return []
        last = date_of(queries.days.max()) + self.reach
        pages = list(pages_of(days, self.page_rows, last=last))
        return relate(
            queries,
            lambda: (self.read(*page) for page in pages),
            self.words,
            total=sum(n for day, n in days if day <= last),
            reach_days=self.reach_days,
            top=self.top,
        )

    def read(self, first: date, last: date) -> Insights:
        """The insights of some days."""
        return to_insights(self.warehouse.read(PAGE, {"first": first, "last": last}))

    def words(self, names: Iterable[str]) -> dict[str, Telling]:
        """The words of some insights, of those that are there."""
        wanted = pl.DataFrame({"insight_id": sorted(names)}, schema={"insight_id": pl.String})
        with self.warehouse.transaction() as connection:
            connection.register("wanted", wanted)
            rows = connection.execute(WORDS).pl()
            connection.unregister("wanted")
        return {row["insight_id"]: Telling.of(row) for row in rows.iter_rows(named=True)}

    def to_refresh(
        self, window: DateWindow, mine: Insights, linked: set[str], days: Days
    ) -> Iterator[Insights]:
        """Insights of other days whose links may change, in batches; at least one, maybe empty."""
        first = window.start - self.reach if linked or len(mine) else date.max
        start, stop = day_number(window.start), day_number(window.end)
        names = np.array(sorted(linked), dtype=str)
        batch = [mine.take(slice(0, 0))]
        for page in pages_of(days, self.page_rows, first=first):
            bounds = {"first": page[0], "last": page[1]}
            with self.warehouse.transaction() as connection:
                rows = connection.execute(PAGE, bounds).pl()
                last_ideas = connection.execute(LAST_IDEAS, bounds | {"top": self.top}).pl()
            insights = to_insights(rows)
            is_affected = np.isin(insights.ids.astype(str), names)
            limits = Floors.of(insights, last_ideas)
            is_affected |= reached(mine, insights, limits, self.reach_days)
            is_affected &= (insights.days < start) | (insights.days >= stop)
            batch.append(insights.take(np.flatnonzero(is_affected)))
            if sum(map(len, batch)) >= BATCH:
                yield joined(batch)
                batch = [mine.take(slice(0, 0))]
        yield joined(batch)

    def store(self, batch: Insights, rows: list[Row]) -> tuple[int, frozenset[date]]:
        """Replace the rows of the insights in `batch` where they differ, in one transaction."""
        if not len(batch):
            return 0, frozenset()
        table = self.warehouse.tables[TABLE]
        fresh = by_insight(table.conform(table.frame(rows)))
        names = pl.DataFrame({"insight_id": batch.ids.astype(str)})
        bounds = {"first": date_of(batch.days.min()), "last": date_of(batch.days.max())}
        with self.warehouse.transaction() as connection:
            connection.register("batch", names)
            # As they are, not by their contract: rows from before a rule are just made again.
            stored = by_insight(connection.execute(STORED, bounds).pl())
            connection.unregister("batch")
            changed = [name for name in names["insight_id"] if fresh.get(name) != stored.get(name)]
            if not changed:
                return 0, frozenset()
            replace(connection, changed, table.frame(rows))
            touch(connection)
        return difference(changed, stored, fresh)


def replace(connection: duckdb.DuckDBPyConnection, names: list[str], rows: pl.DataFrame) -> None:
    """Replace the rows of some insights."""
    connection.register("changed", pl.DataFrame({"insight_id": names}))
    connection.register("fresh", rows)
    connection.execute(
        "DELETE FROM related_insights WHERE insight_id IN (SELECT insight_id FROM changed)"
    )
    connection.execute(
        "INSERT INTO related_insights BY NAME SELECT f.* FROM fresh f SEMI JOIN changed "
        "USING (insight_id)"
    )
    connection.unregister("changed")
    connection.unregister("fresh")


def by_insight(rows: pl.DataFrame) -> dict[str, dict[str, Row]]:
    """Rows by insight and by the one it is related to."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows.to_dicts():
        found.setdefault(row["insight_id"], {})[row["related_insight_id"]] = row
    return found


def difference(
    names: list[str], stored: dict[str, dict[str, Row]], fresh: dict[str, dict[str, Row]]
) -> tuple[int, frozenset[date]]:
    """How many links differ, and on which days."""
    links, days = 0, set()
    for name in names:
        before, after = stored.get(name, {}), fresh.get(name, {})
        differing = [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]
        links += len(differing)
        days |= {(after.get(k) or before[k])["published_on"] for k in differing}
    return links, frozenset(days)


def pages_of(
    days: Days, page_rows: int, first: date = date.min, last: date = date.max
) -> Iterator[tuple[date, date]]:
    """First and last day of runs of days that have about `page_rows` insights together."""
    begin: date | None = None
    count, before = 0, first
    for day, n in days:
        if not first <= day <= last:
            continue
        if begin and count + n > page_rows:
            yield begin, before
            begin, count = None, 0
        begin, count, before = begin or day, count + n, day
    if begin:
        yield begin, before


def last_day(window: DateWindow) -> date:
    """The last day of a window."""
    return window.end - timedelta(days=1)
