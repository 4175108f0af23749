"""Rows of `daily_digests`: what is known of readers and insights, brought together.

What does not belong here: the choosing itself (`ranking.py`), rendering, mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.digests.model import Digest, digest_id, from_rows
from podcast_insights.digests.ranking import Choice, Weights, Wishes, choose
from podcast_insights.digests.readers import Reader
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow

Row = dict[str, Any]
MEMORY_DAYS = 60
RELATED_SHOWN = 3
MIN_RELATED_SHOWN = 0.4
"""Cosine below which a related insight is no longer worth a reader's click."""

CANDIDATES = """
SELECT i.*, e.show_title, e.title AS episode_title, e.link AS episode_link,
  if(e.is_private, NULL, e.enclosure_url) AS enclosure_url,
  coalesce((
    SELECT list_sort(list(DISTINCT o.show_title))
    FROM related_insights r
    JOIN insights n ON n.insight_id = r.related_insight_id
    JOIN episodes o ON o.episode_id = n.episode_id
    WHERE r.insight_id = i.insight_id AND r.is_same_idea AND r.is_other_show
      AND n.published_on < $end
  ), []) AS corroborating_shows
FROM insights i JOIN episodes e USING (episode_id)
WHERE i.published_on >= $start AND i.published_on < $end
"""
LINKS = """
SELECT r.insight_id AS source_id, n.insight_id, n.headline, o.show_title,
  o.title AS episode_title, if(o.is_private, NULL, o.enclosure_url) AS enclosure_url,
  n.quote_start_s, r.similarity
FROM related_insights r
JOIN insights n ON n.insight_id = r.related_insight_id
JOIN episodes o ON o.episode_id = n.episode_id
WHERE r.published_on >= $start AND r.published_on < $end AND r.similarity >= $least
ORDER BY r.insight_id, r.rank
"""
SEEN = """
SELECT d.reader_id, d.digest_on, i.insight_id, i.embedding
FROM daily_digests d JOIN insights i USING (insight_id)
WHERE d.digest_on >= $start AND d.digest_on < $end
"""


@dataclass(frozen=True)
class Composer:
    """Composes digests day by day, so that each day knows what the days before gave."""

    warehouse: Warehouse
    embedder: Embedder
    lookback_days: int
    weights: Weights = Weights()

    def compose(self, readers: Sequence[Reader], window: DateWindow) -> list[Row]:
        """Rows for all readers and days of `window`.

        A digest that has been sent is kept as it was sent: what the reader has in the inbox
        and what analysts see stay the same, whatever is found later. What is found later is
        still young enough for the next digest.
        """
        seen = self._seen(window)
        sent = self._sent(window)
        rows: list[Row] = []
        for day in window.days():
            candidates, links = self._candidates(day)
            for reader in readers:
                name = digest_id(reader.id, day)
                if name in sent:
                    rows += sent[name]
                    seen += given(reader, day, sent[name], candidates)
                    continue
                wishes = self._wishes(reader, day, seen)
                choices = choose(candidates, wishes, day, self.lookback_days, self.weights)
                rows += [
                    digest_row(name, reader, day, rank, choice, links)
                    for rank, choice in enumerate(choices, start=1)
                ]
                chosen = [choice.candidate for choice in choices]
                seen += given(reader, day, chosen, candidates)
        return rows

    def _candidates(self, day: date) -> tuple[list[Row], dict[str, list[Row]]]:
        window = DateWindow.of_day(day).extended_back(self.lookback_days - 1)
        bounds = {"start": window.start, "end": window.end}
        with self.warehouse.transaction() as connection:
            candidates = connection.execute(CANDIDATES, bounds).pl().to_dicts()
            links = connection.execute(LINKS, bounds | {"least": MIN_RELATED_SHOWN}).pl()
        by_insight: dict[str, list[Row]] = {}
        for row in links.to_dicts():
            by_insight.setdefault(row.pop("source_id"), []).append(row)
        return candidates, by_insight

    def _seen(self, window: DateWindow) -> list[Row]:
        """What readers got in the 60 days before the window."""
        start = window.start - timedelta(days=MEMORY_DAYS)
        with self.warehouse.transaction() as connection:
            found = connection.execute(SEEN, {"start": start, "end": window.start}).pl()
        return found.to_dicts()

    def _sent(self, window: DateWindow) -> dict[str, list[Row]]:
        """Rows of digests that were sent, or may have been, by digest."""
        stored = self.warehouse.read_window("daily_digests", window)
        sent = self.warehouse.read(
            "SELECT digest_id FROM deliveries WHERE status IN ('sent', 'sending')"
        )
        kept = stored.filter(pl.col("digest_id").is_in(sent["digest_id"].to_list()))
        groups: dict[str, list[Row]] = {}
        for row in kept.to_dicts():
            groups.setdefault(row["digest_id"], []).append(row)
        return groups

    def _wishes(self, reader: Reader, day: date, seen: Sequence[Row]) -> Wishes:
        mine = [
            row
            for row in seen
            if row["reader_id"] == reader.id
            and day - timedelta(days=MEMORY_DAYS) <= row["digest_on"] < day
        ]
        return Wishes(
            wanted=reader.insights,
            topic_vectors=self.embedder.embed(list(reader.topics)),
            followed_shows=frozenset(reader.followed_shows),
            seen_vectors=np.array([row["embedding"] for row in mine], dtype=np.float32).reshape(
                -1, DIMENSIONS
            ),
            seen_ids=frozenset(row["insight_id"] for row in mine),
        )


def given(reader: Reader, day: date, rows: Sequence[Row], candidates: Sequence[Row]) -> list[Row]:
    """What a digest gave its reader, in the shape of `SEEN`."""
    ids = {row["insight_id"] for row in rows}
    return [
        {
            "reader_id": reader.id,
            "digest_on": day,
            "insight_id": candidate["insight_id"],
            "embedding": candidate["embedding"],
        }
        for candidate in candidates
        if candidate["insight_id"] in ids
    ]


def digest_row(
    name: str, reader: Reader, day: date, rank: int, choice: Choice, links: dict[str, list[Row]]
) -> Row:
    """One place of a digest as a row."""
    insight = choice.candidate
    related = [link for link in links.get(insight["insight_id"], [])][:RELATED_SHOWN]
    return {
        "digest_id": name,
        "rank": rank,
        "digest_on": day,
        "reader_id": reader.id,
        "audio_url": at_second(insight["enclosure_url"], insight["quote_start_s"]),
        "also_in": list(choice.also_in),
        "related": [
            {
                "insight_id": link["insight_id"],
                "headline": link["headline"],
                "show_title": link["show_title"],
                "episode_title": link["episode_title"],
                "audio_url": at_second(link["enclosure_url"], link["quote_start_s"]),
                "similarity": link["similarity"],
            }
            for link in related
        ],
        **choice.parts,
        **{column: insight[column] for column in COPIED},
    }


COPIED = (
    "insight_id",
    "episode_id",
    "headline",
    "body",
    "quote",
    "quote_start_s",
    "speaker",
    "show_title",
    "episode_title",
    "episode_link",
    "published_on",
    "engine",
)


def at_second(url: str | None, second: float) -> str | None:
    """The audio's address with a media fragment (W3C Media Fragments URI 1.0) for the second."""
    return f"{url.split('#')[0]}#t={int(second)}" if url else None


def digests_of(
    readers: Sequence[Reader], days: Sequence[date], rows: pl.DataFrame
) -> list[tuple[Reader, Digest]]:
    """Digests as values, one for each reader and day, also where there was nothing to tell."""
    grouped: dict[str, list[Row]] = {}
    for row in rows.to_dicts():
        grouped.setdefault(row["digest_id"], []).append(row)
    return [
        (
            reader,
            from_rows(
                reader.id,
                reader.name,
                reader.insights,
                day,
                grouped.get(digest_id(reader.id, day), []),
            ),
        )
        for day in days
        for reader in readers
    ]
