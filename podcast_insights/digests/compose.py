"""Digests as rows: what is known of readers and insights, brought together.

What does not belong here: what a digest draws on (`candidates.py`), what a reader got before
(`memory.py`), the choosing itself (`ranking.py`), rendering, mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from podcast_insights.digests.candidates import Candidates, candidates_of
from podcast_insights.digests.memory import Memory
from podcast_insights.digests.model import digest_id
from podcast_insights.digests.ranking import Floors, choose
from podcast_insights.digests.readers import Reader
from podcast_insights.digests.rows import by_digest, digest_rows, selection_row
from podcast_insights.digests.scoring import Weights, Wishes, title_key
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow

Row = dict[str, Any]
SHOWS = "SELECT show_title FROM feeds WHERE snapshot_on = $day AND show_title IS NOT NULL"
SENT = """
SELECT digest_id FROM deliveries
WHERE status IN ('sent', 'sending') AND digest_on >= $start AND digest_on < $end
"""


@dataclass(frozen=True)
class Composed:
    """Rows of `daily_digests` and of `digest_selections`."""

    places: list[Row]
    selections: list[Row]


@dataclass(frozen=True)
class Composer:
    """Composes digests day by day, so that each day knows what the days before gave."""

    warehouse: Warehouse
    embedder: Embedder
    lookback_days: int
    weights: Weights = Weights()
    floors: Floors = Floors()

    def compose(self, readers: Sequence[Reader], window: DateWindow) -> Composed:
        """Rows for all readers and days of `window`.

        A digest that has been sent is kept as it was sent, also that of somebody who is no
        reader any more: what is in the inbox, what analysts see and what must not be given
        again stay the same, whatever is found later. What is found later is still young enough
        for the next digest.
        """
        memory = Memory.load(self.warehouse, self.embedder, readers, window, self.lookback_days)
        sent = self._sent(window)
        composed = Composed(
            places=[row for rows in sent.places.values() for row in rows],
            selections=[row for name in sent.places for row in sent.selections.get(name, ())],
        )
        for day in window.days():
            candidates = candidates_of(self.warehouse, self.embedder, day, self.lookback_days)
            by_id = {row["insight_id"]: row for row in candidates.rows}
            shows = self._shows(day)
            for reader in readers:
                name = digest_id(reader.id, day)
                if name in sent.places:
                    continue
                places, selection = self._chosen(reader, day, candidates, memory, shows)
                composed.places.extend(places)
                composed.selections.append(selection)
                memory.add(name, places, by_id)
        return composed

    def _chosen(
        self,
        reader: Reader,
        day: date,
        candidates: Candidates,
        memory: Memory,
        shows: frozenset[str],
    ) -> tuple[list[Row], Row]:
        """The places of one digest, and how they were chosen."""
        seen, seen_vectors = memory.seen(reader.id, day)
        wishes = Wishes(
            wanted=reader.insights,
            topics=reader.topics,
            topic_vectors=self.embedder.embed(list(reader.topics)),
            followed_shows=frozenset(map(title_key, reader.followed_shows)),
            seen=seen,
            seen_vectors=seen_vectors,
        )
        selection = choose(
            candidates.rows, wishes, day, self.lookback_days, self.weights, self.floors
        )
        return (
            digest_rows(reader, day, selection.choices, candidates.links),
            selection_row(reader, day, selection, candidates.rows, shows),
        )

    def _shows(self, day: date) -> frozenset[str]:
        """Titles of the subscribed shows as of a day; none where the feeds were not scanned."""
        return frozenset(map(title_key, self.warehouse.read(SHOWS, {"day": day})["show_title"]))

    def _sent(self, window: DateWindow) -> "Sent":
        """Rows of digests that were sent, or may have been."""
        bounds = {"start": window.start, "end": window.end}
        sent = self.warehouse.read(SENT, bounds)["digest_id"].to_list()
        kept = (
            by_digest(
                self.warehouse.read_window(table, window).filter(pl.col("digest_id").is_in(sent))
            )
            for table in ("daily_digests", "digest_selections")
        )
        return Sent(*kept)


@dataclass(frozen=True)
class Sent:
    """Rows of digests that stay as they were sent, by digest."""

    places: dict[str, list[Row]]
    selections: dict[str, list[Row]]
