"""What each reader has got, so that nothing is given twice.

For a digest of one day that is what the reader's other digests of the 60 days before it gave,
and what was mailed to the reader for later days: a day may be run again after the next one was
sent. A digest whose mail failed gave nothing; one that was never to be mailed (no address, no
mail server) counts, since it is on the reader's page.

Of each insight words and vector are held once, whoever got it.

What does not belong here: the choosing (`ranking.py`); the ledger of mails (`delivery.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from podcast_insights.digests.candidates import vectors_of
from podcast_insights.digests.readers import Reader
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow

Row = dict[str, Any]
MEMORY_DAYS = 60

GIVEN = """
SELECT reader_id, digest_on, insight_id, bool_or(is_mailed) AS is_mailed
FROM (
  SELECT d.reader_id, d.digest_on, d.insight_id,
    coalesce(s.status IN ('sent', 'sending'), false) AS is_mailed
  FROM daily_digests d LEFT JOIN deliveries s USING (digest_id)
  WHERE s.status IS DISTINCT FROM 'failed'
    AND (d.digest_on < $window_start OR s.status IN ('sent', 'sending'))
  UNION ALL
  SELECT reader_id, digest_on, unnest(insight_ids), true
  FROM deliveries WHERE status IN ('sent', 'sending')
)
WHERE digest_on >= $start AND digest_on < $end AND list_contains($readers, reader_id)
GROUP BY ALL
"""
TOLD = """
WITH shown AS (
  SELECT insight_id, arg_max({show_title: show_title, headline: headline, body: body}, digest_on)
    AS words
  FROM daily_digests WHERE digest_on >= $start AND digest_on < $end GROUP BY ALL
)
SELECT g.insight_id, coalesce(s.words.show_title, e.show_title) AS show_title,
  coalesce(s.words.headline, i.headline) AS headline, coalesce(s.words.body, i.body) AS body,
  i.entities, i.embedding, i.embedding_model
FROM (SELECT DISTINCT insight_id FROM given) g
LEFT JOIN shown s USING (insight_id)
LEFT JOIN insights i USING (insight_id)
LEFT JOIN episodes e ON e.episode_id = i.episode_id
WHERE coalesce(s.words.show_title, e.show_title) IS NOT NULL
ORDER BY g.insight_id
"""
"""Words as they were shown. Of what has neither a digest's row nor its own, nothing is known, and
it can't be given either."""
FAILED = """
SELECT digest_id FROM deliveries
WHERE status = 'failed' AND digest_on >= $start AND digest_on < $end
"""


@dataclass
class Memory:
    """What readers got around a window of days.

    Args:
        reach_days: how far mails of later days count: as far as one insight, or one idea, could
            be given twice.
        failed: digests of the window whose mail failed.
        given: by reader, what was given: on which day, what, and whether it was mailed.
        tellings: words and show by insight.
        vectors: by insight.
    """

    reach_days: int
    failed: frozenset[str]
    given: dict[str, set[tuple[date, str, bool]]] = field(default_factory=dict)
    tellings: dict[str, Row] = field(default_factory=dict)
    vectors: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        warehouse: Warehouse,
        embedder: Embedder,
        readers: Sequence[Reader],
        window: DateWindow,
        lookback_days: int,
    ) -> "Memory":
        """From the digests before the window, and the ledger of mails before and after it."""
        reach = max(MEMORY_DAYS, lookback_days)
        bounds = {
            "start": window.start - timedelta(days=MEMORY_DAYS),
            "end": window.end + timedelta(days=reach),
        }
        who = {"window_start": window.start, "readers": [reader.id for reader in readers]}
        with warehouse.transaction() as connection:
            given = connection.execute(GIVEN, bounds | who).pl()
            connection.register("given", given)
            told = connection.execute(TOLD, bounds).pl()
            connection.unregister("given")
            failed = connection.execute(
                FAILED, {"start": window.start, "end": window.end}
            ).fetchall()
        memory = cls(reach, frozenset(name for (name,) in failed))
        memory.vectors = dict(zip(told["insight_id"], vectors_of(told, embedder), strict=True))
        tellings = told.drop("embedding", "embedding_model").to_dicts()
        memory.tellings = {row["insight_id"]: row for row in tellings}
        for reader_id, day, insight_id, is_mailed in given.iter_rows():
            if insight_id in memory.tellings:
                memory.given.setdefault(reader_id, set()).add((day, insight_id, is_mailed))
        return memory

    def seen(self, reader_id: str, day: date) -> tuple[tuple[Row, ...], np.ndarray]:
        """What the reader got, for a digest of `day`: words, and unit vectors; oldest first."""
        first = day - timedelta(days=MEMORY_DAYS)
        last = day + timedelta(days=self.reach_days)
        names = dict.fromkeys(
            insight_id
            for on, insight_id, is_mailed in sorted(self.given.get(reader_id, ()))
            if first <= on < day or (is_mailed and day < on <= last)
        )
        vectors = np.array([self.vectors[name] for name in names], dtype=np.float32)
        rows = tuple(self.tellings[name] for name in names)
        return rows, vectors.reshape(-1, DIMENSIONS)

    def add(self, digest_id: str, places: Sequence[Row], candidates: dict[str, Row]) -> None:
        """Remember a digest that was composed just now, unless its mail has failed so far."""
        if digest_id in self.failed:
            return
        for place in places:
            row = candidates[place["insight_id"]]
            self.tellings.setdefault(
                row["insight_id"],
                {name: row[name] for name in ("insight_id", *WORDS)},
            )
            self.vectors.setdefault(row["insight_id"], row["embedding"])
            given = self.given.setdefault(place["reader_id"], set())
            given.add((place["digest_on"], row["insight_id"], False))


WORDS = ("show_title", "headline", "body", "entities")
