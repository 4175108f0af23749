"""Related insights: what other episodes say about the same thing.

Nearest by embedding, exact, as one matrix product: a day's insights against everything up to
that day. One idea told by two shows is marked as such rather than hidden; that several shows
tell it is a signal.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from podcast_insights.insights.records import SAME_IDEA

MIN_SIMILARITY = 0.30
TOP = 10
CHUNK = 1024


@dataclass(frozen=True)
class Corpus:
    """Insights that can be related to: parallel arrays, one place per insight."""

    insight_ids: np.ndarray
    episode_ids: np.ndarray
    show_ids: np.ndarray
    published_on: np.ndarray
    vectors: np.ndarray


def to_corpus(insights: pl.DataFrame) -> Corpus:
    """A frame with insight_id, episode_id, feed_id, published_on, embedding as arrays."""
    ordered = insights.sort("insight_id")
    vectors = ordered["embedding"].to_numpy() if ordered.height else np.zeros((0, 384))
    return Corpus(
        insight_ids=ordered["insight_id"].to_numpy(),
        episode_ids=ordered["episode_id"].to_numpy(),
        show_ids=ordered["feed_id"].to_numpy(),
        published_on=ordered["published_on"].to_numpy().astype("datetime64[D]"),
        vectors=np.ascontiguousarray(np.vstack(list(vectors)) if len(vectors) else vectors)
        .astype(np.float32)
        .reshape(-1, 384),
    )


def relate(insights: pl.DataFrame, corpus: Corpus, top: int = TOP) -> list[dict[str, object]]:
    """Links from each of `insights` to its neighbours.

    Args:
        insights: the window's rows, with `feed_id` joined on.
        corpus: all insights up to the window's last day; each row is compared only with
            what was there on its own day, so that a block of days gives the same links as
            the days one by one.
        top: links per insight, at most.

    Returns:
        Rows of `related_insights`: other shows first, then nearest first; never the same
        episode.
    """
    mine = to_corpus(insights)
    rows: list[dict[str, object]] = []
    for start in range(0, len(mine.insight_ids), CHUNK):
        similarity = mine.vectors[start : start + CHUNK] @ corpus.vectors.T
        for offset, likeness in enumerate(similarity):
            rows += links_of(mine, start + offset, corpus, likeness, top)
    return rows


def links_of(
    mine: Corpus, index: int, corpus: Corpus, likeness: np.ndarray, top: int
) -> list[dict[str, object]]:
    """The links of one insight."""
    allowed = (
        (corpus.episode_ids != mine.episode_ids[index])
        & (corpus.published_on <= mine.published_on[index])
        & (likeness >= MIN_SIMILARITY)
    )
    places = np.flatnonzero(allowed)
    is_other = corpus.show_ids[places] != mine.show_ids[index]
    # Rounded, so that the order does not hang on the last bit of a float; ids break ties.
    rounded = np.round(likeness[places].astype(np.float64), 4)
    order = np.lexsort((corpus.insight_ids[places].astype(str), -rounded, ~is_other))[:top]
    day: date = mine.published_on[index].astype(object)
    return [
        {
            "insight_id": str(mine.insight_ids[index]),
            "related_insight_id": str(corpus.insight_ids[places[k]]),
            "published_on": day,
            "rank": rank,
            "similarity": float(rounded[k]),
            "is_other_show": bool(is_other[k]),
            "is_same_idea": bool(rounded[k] >= SAME_IDEA),
            "rank_on_day": rank,
            "folded_insight_ids": [],
        }
        for rank, k in enumerate(order, start=1)
    ]
