"""Digests as rows: what is known of readers and insights, brought together.

What does not belong here: the choosing itself (`ranking.py`), rendering, mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.digests.model import digest_id
from podcast_insights.digests.ranking import Floors, choose
from podcast_insights.digests.readers import Reader
from podcast_insights.digests.rows import by_digest, digest_row, selection_row
from podcast_insights.digests.scoring import Weights, Wishes, title_key
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow

Row = dict[str, Any]
MEMORY_DAYS = 60
MIN_RELATED_SHOWN = 0.4
"""Cosine below which a related insight is no longer worth a reader's click."""

CANDIDATES = """
WITH tellers AS (
  SELECT insight_id,
    unnest(list_prepend(related_insight_id, coalesce(folded_insight_ids, []))) AS teller_id
  FROM related_insights
  WHERE published_on >= $start AND published_on < $end
    AND is_same_idea AND rank_on_day IS NOT NULL
),
corroborated AS (
  SELECT t.insight_id, list_sort(list(DISTINCT o.show_title)) AS shows
  FROM tellers t
  JOIN insights i ON i.insight_id = t.insight_id
  JOIN episodes e ON e.episode_id = i.episode_id
  JOIN insights n ON n.insight_id = t.teller_id
  JOIN episodes o ON o.episode_id = n.episode_id
  WHERE o.feed_id <> e.feed_id AND n.published_on <= i.published_on
  GROUP BY ALL
)
SELECT i.*, e.show_title, e.title AS episode_title, e.link AS episode_link,
  if(e.is_private, NULL, e.enclosure_url) AS enclosure_url,
  coalesce(c.shows, []) AS corroborating_shows
FROM insights i
JOIN episodes e USING (episode_id)
LEFT JOIN corroborated c USING (insight_id)
WHERE i.published_on >= $start AND i.published_on < $end
"""
"""Only what was told up to an insight's own day corroborates it: a digest made again later, or in
a block of days, is the one that was made on its day."""
LINKS = """
SELECT r.insight_id AS source_id, n.insight_id, n.headline, o.show_title,
  o.title AS episode_title, if(o.is_private, NULL, o.enclosure_url) AS enclosure_url,
  n.quote_start_s, r.similarity
FROM related_insights r
JOIN insights n ON n.insight_id = r.related_insight_id
JOIN episodes o ON o.episode_id = n.episode_id
WHERE r.published_on >= $start AND r.published_on < $end AND r.similarity >= $least
  AND r.rank_on_day IS NOT NULL
ORDER BY r.insight_id, r.rank_on_day
"""
SEEN = """
SELECT d.reader_id, d.digest_on, d.insight_id, d.show_title, d.headline, d.body, i.entities,
  i.embedding, i.embedding_model
FROM daily_digests d LEFT JOIN insights i USING (insight_id)
WHERE d.digest_on >= $start AND d.digest_on < $end
ORDER BY d.digest_on, d.reader_id, d.rank
"""
SHOWS = "SELECT show_title FROM feeds WHERE snapshot_on = $day AND show_title IS NOT NULL"
REMEMBERED = ("reader_id", "digest_on", "insight_id", "show_title", "headline", "body")


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

        A digest that has been sent is kept as it was sent: what the reader has in the inbox
        and what analysts see stay the same, whatever is found later. What is found later is
        still young enough for the next digest.
        """
        seen = self._seen(window)
        sent = self._sent(window)
        composed = Composed([], [])
        for day in window.days():
            candidates, links = self._candidates(day)
            shows = self._shows(day)
            for reader in readers:
                name = digest_id(reader.id, day)
                if name in sent.places:
                    given = sent.places[name]
                    composed.selections.extend(sent.selections.get(name, ()))
                else:
                    wishes = self._wishes(reader, day, seen)
                    selection = choose(
                        candidates, wishes, day, self.lookback_days, self.weights, self.floors
                    )
                    given = [
                        digest_row(name, reader, day, rank, choice, links)
                        for rank, choice in enumerate(selection.choices, start=1)
                    ]
                    composed.selections.append(
                        selection_row(name, reader, day, selection, candidates, shows)
                    )
                composed.places.extend(given)
                seen += self._remembered(given, candidates)
        return composed

    def _candidates(self, day: date) -> tuple[list[Row], dict[str, list[Row]]]:
        window = DateWindow.of_day(day).extended_back(self.lookback_days - 1)
        bounds = {"start": window.start, "end": window.end}
        with self.warehouse.transaction() as connection:
            candidates = connection.execute(CANDIDATES, bounds).pl().to_dicts()
            links = connection.execute(LINKS, bounds | {"least": MIN_RELATED_SHOWN}).pl()
        by_insight: dict[str, list[Row]] = {}
        for row in links.to_dicts():
            by_insight.setdefault(row.pop("source_id"), []).append(row)
        return [self._comparable(row) for row in candidates], by_insight

    def _shows(self, day: date) -> frozenset[str]:
        """Titles of the subscribed shows as of a day; none where the feeds were not scanned."""
        return frozenset(map(title_key, self.warehouse.read(SHOWS, {"day": day})["show_title"]))

    def _seen(self, window: DateWindow) -> list[Row]:
        """What readers got in the 60 days before the window."""
        start = window.start - timedelta(days=MEMORY_DAYS)
        found = self.warehouse.read(SEEN, {"start": start, "end": window.start})
        return [self._comparable(row) for row in found.to_dicts()]

    def _comparable(self, row: Row) -> Row:
        """The row with a vector of today's embedding model.

        An insight that was given may be gone since (another engine, another prompt), and older
        vectors may come from another model, whose cosines with ours mean nothing. What the
        reader has read stays read.
        """
        is_ours = row["embedding_model"] in (None, self.embedder.model_name)
        if row["embedding"] is not None and is_ours:
            return row
        # Alone, not with others: the last bits of a vector depend on its companions.
        vector = self.embedder.embed([f"{row['headline']}. {row['body']}"])[0]
        return row | {"embedding": vector.tolist(), "embedding_model": self.embedder.model_name}

    def _remembered(self, given: Sequence[Row], candidates: Sequence[Row]) -> list[Row]:
        """What a digest gave its reader, in the shape of `SEEN`."""
        known = {row["insight_id"]: row for row in candidates}
        unknown = {"entities": None, "embedding": None, "embedding_model": None}
        return [
            self._comparable(
                {name: row[name] for name in REMEMBERED}
                | {name: known.get(row["insight_id"], unknown)[name] for name in unknown}
            )
            for row in given
        ]

    def _sent(self, window: DateWindow) -> "Sent":
        """Rows of digests that were sent, or may have been."""
        sent = self.warehouse.read(
            "SELECT digest_id FROM deliveries WHERE status IN ('sent', 'sending')"
        )["digest_id"].to_list()
        kept = (
            by_digest(
                self.warehouse.read_window(table, window).filter(pl.col("digest_id").is_in(sent))
            )
            for table in ("daily_digests", "digest_selections")
        )
        return Sent(*kept)

    def _wishes(self, reader: Reader, day: date, seen: Sequence[Row]) -> Wishes:
        mine = [
            row
            for row in seen
            if row["reader_id"] == reader.id
            and day - timedelta(days=MEMORY_DAYS) <= row["digest_on"] < day
        ]
        return Wishes(
            wanted=reader.insights,
            topics=reader.topics,
            topic_vectors=self.embedder.embed(list(reader.topics)),
            followed_shows=frozenset(map(title_key, reader.followed_shows)),
            seen=tuple(mine),
            seen_vectors=np.array([row["embedding"] for row in mine], dtype=np.float32).reshape(
                -1, DIMENSIONS
            ),
        )


@dataclass(frozen=True)
class Sent:
    """Rows of digests that stay as they were sent, by digest."""

    places: dict[str, list[Row]]
    selections: dict[str, list[Row]]
