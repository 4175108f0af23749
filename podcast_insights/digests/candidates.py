"""What a day's digests may draw on: its insights with who else tells them, and their links.

What does not belong here: what readers got before (`memory.py`), the choosing (`ranking.py`).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.digests.scoring import title_key
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.insights.related.same_idea import Telling, is_same_idea
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow

Row = dict[str, Any]
MIN_RELATED_SHOWN = 0.4
"""Cosine below which a related insight is no longer worth a reader's click."""

CANDIDATES = """
SELECT i.*, e.show_title, e.title AS episode_title, e.link AS episode_link,
  if(e.is_private, NULL, e.enclosure_url) AS enclosure_url
FROM insights i
JOIN episodes e USING (episode_id)
WHERE i.published_on >= $start AND i.published_on < $end
ORDER BY i.insight_id
"""
TELLERS = """
WITH mine AS (
  SELECT insight_id, related_insight_id, coalesce(folded_insight_ids, []) AS folded
  FROM related_insights
  WHERE published_on >= $start AND published_on < $end
    AND is_same_idea AND rank_on_day IS NOT NULL
),
tellers AS (
  SELECT insight_id, related_insight_id AS teller_id, false AS is_folded FROM mine
  UNION ALL
  SELECT insight_id, unnest(folded), true FROM mine
)
SELECT t.insight_id, t.teller_id, t.is_folded, o.show_title, n.headline, n.body, n.entities,
  round(array_cosine_similarity(i.embedding, n.embedding), 4) AS cosine
FROM tellers t
JOIN insights i ON i.insight_id = t.insight_id
JOIN episodes e ON e.episode_id = i.episode_id
JOIN insights n ON n.insight_id = t.teller_id
JOIN episodes o ON o.episode_id = n.episode_id
WHERE o.feed_id <> e.feed_id AND n.published_on <= i.published_on
ORDER BY t.insight_id, t.teller_id
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


@dataclass(frozen=True)
class Candidates:
    """The insights of a day and those just before it.

    Args:
        rows: of `insights`, with show and episode, `embedding` as an array of today's model,
            and `corroborating_shows` with `corroborating_ids`: other shows that told the same.
        links: rows of related insights that may be shown, by the insight they belong to.
    """

    rows: list[Row]
    links: dict[str, list[Row]]


def candidates_of(
    warehouse: Warehouse, embedder: Embedder, day: date, lookback_days: int
) -> Candidates:
    """All that a digest of `day` may draw on."""
    window = DateWindow.of_day(day).extended_back(lookback_days - 1)
    bounds = {"start": window.start, "end": window.end}
    with warehouse.transaction() as connection:
        found = connection.execute(CANDIDATES, bounds).pl()
        tellers = connection.execute(TELLERS, bounds).pl()
        links = connection.execute(LINKS, bounds | {"least": MIN_RELATED_SHOWN}).pl()
    vectors = vectors_of(found, embedder)
    rows = found.drop("embedding").to_dicts()
    by_insight = grouped(tellers, "insight_id")
    for row, vector in zip(rows, vectors, strict=True):
        told = [t for t in by_insight.get(row["insight_id"], ()) if tells_it_too(row, t)]
        titles = {title_key(t["show_title"]): t["show_title"] for t in told}
        row["embedding"] = vector
        row["corroborating_shows"] = sorted(titles.values())
        row["corroborating_ids"] = tuple(t["teller_id"] for t in told)
    return Candidates(rows, grouped(links, "source_id"))


def tells_it_too(row: Row, teller: Row) -> bool:
    """Whether another show's insight tells the same as this one.

    A show in two feeds is one show. Who is near was compared with the insight itself when it
    was related; who was folded with that one was compared with that one alone.
    """
    if title_key(row["show_title"]) == title_key(teller["show_title"]):
        return False
    return not teller["is_folded"] or is_same_idea(
        Telling.of(row), Telling.of(teller), teller["cosine"]
    )


def vectors_of(rows: pl.DataFrame, embedder: Embedder) -> np.ndarray:
    """A vector of today's embedding model for each row, by its `headline` and `body` if need be.

    An insight that was given may be gone since (another engine, another prompt), and older
    vectors may come from another model, whose cosines with ours mean nothing. What the reader
    has read stays read.
    """
    is_ours = rows.select(
        pl.col("embedding").is_not_null()
        & (pl.col("embedding_model").fill_null(embedder.model_name) == embedder.model_name)
    ).to_series()
    vectors = np.zeros((rows.height, DIMENSIONS), dtype=np.float32)
    ours = rows.filter(is_ours)["embedding"].cast(pl.Array(pl.Float32, DIMENSIONS))
    vectors[is_ours.to_numpy()] = ours.to_numpy().reshape(-1, DIMENSIONS)
    for place in np.flatnonzero(~is_ours.to_numpy()):
        # Alone, not with others: the last bits of a vector depend on its companions.
        text = f"{rows['headline'][int(place)]}. {rows['body'][int(place)]}"
        vectors[place] = embedder.embed([text])[0]
    return vectors


def grouped(rows: pl.DataFrame, key: str) -> dict[str, list[Row]]:
    """Rows by one of their columns, which is left out of them."""
    groups: dict[str, list[Row]] = {}
    for row in rows.to_dicts():
        groups.setdefault(row.pop(key), []).append(row)
    return groups
