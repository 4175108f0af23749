"""What an insight is worth to one reader, in parts that are columns of `daily_digests`.

The score is a weighted sum of value, novelty, corroboration, topic fit, followed shows and
freshness, each between 0 and 1 before it is weighted.

What does not belong here: which insights then get the places (`ranking.py`).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from podcast_insights.insights.records import SAME_IDEA
from podcast_insights.insights.related.same_idea import Telling, is_same_idea

Row = dict[str, Any]

DIGITS = 4
"""Parts are rounded before they are added, so that the columns add up to the score exactly."""
MIN_TOPIC = 0.15
"""Cosine below which a topic and a text have nothing to do with each other."""
FULL_TOPIC = 0.45
"""Cosine from which a text is all about a topic. A tenth of the texts that fit a topic come that
far, and none of those that do not (docs/decisions/0013-ranking.md)."""


@dataclass(frozen=True)
class Weights:
    """How much each part counts."""

    value: float = 1.0
    novelty: float = 0.5
    corroboration: float = 0.4
    topic: float = 0.6
    followed: float = 0.3
    freshness: float = 0.5
    likeness: float = 0.8
    same_episode: float = 0.35
    same_show: float = 0.15


@dataclass(frozen=True)
class Wishes:
    """What is known of a reader when ranking.

    Args:
        topics: in the reader's words.
        topic_vectors: unit vectors, one for each topic.
        followed_shows: titles, as `title_key` makes them comparable.
        seen: insights the reader got before, or by mail since; never given again, nor told in
            other words.
        seen_vectors: unit vectors, one for each of `seen`.
    """

    wanted: int
    topics: tuple[str, ...]
    topic_vectors: np.ndarray
    followed_shows: frozenset[str]
    seen: tuple[Row, ...]
    seen_vectors: np.ndarray


@dataclass(frozen=True)
class Scored:
    """A candidate with the weighted parts of its score, as columns name them.

    Args:
        topic: the reader's topic it fits best, if it fits any.
        topic_likeness: its cosine to that topic.
        nearest_seen_id: the nearest of what the reader got before.
        told_by_id: what told the reader the same before; that makes it not worth a place.
    """

    row: Row
    parts: dict[str, float]
    topic: str | None
    topic_likeness: float | None
    nearest_seen_id: str | None
    told_by_id: str | None

    @property
    def relevance(self) -> float:
        """The sum of the parts: its score in an empty digest."""
        return round(sum(self.parts.values()), DIGITS)


def score_all(
    rows: Sequence[Row],
    vectors: np.ndarray,
    wishes: Wishes,
    day: date,
    lookback_days: int,
    weights: Weights,
) -> list[Scored]:
    """Every candidate with its parts, in the order of `rows`.

    Args:
        rows: of `insights`, with `show_title` and `corroborating_shows` joined on.
        vectors: their embeddings.
        wishes: the reader.
        day: the digest's day.
        lookback_days: how far back candidates reach; scales freshness.
        weights: how much each part counts.
    """
    fits = rounded(vectors @ wishes.topic_vectors.T)
    tellings = rounded(vectors @ wishes.seen_vectors.T)
    return [
        scored(
            row,
            fits[i],
            tellings[i],
            wishes,
            freshness=1.0 - (day - row["published_on"]).days / max(lookback_days, 1),
            weights=weights,
        )
        for i, row in enumerate(rows)
    ]


def scored(
    row: Row,
    fits: np.ndarray,
    tellings: np.ndarray,
    wishes: Wishes,
    freshness: float,
    weights: Weights,
) -> Scored:
    """One candidate, with its cosines to the reader's topics and to what the reader got."""
    topic = int(fits.argmax()) if fits.max(initial=0.0) >= MIN_TOPIC else None
    fit = 0.0 if topic is None else float(fits[topic])
    nearest = int(tellings.argmax()) if tellings.size else None
    told = 0.0 if nearest is None else float(tellings[nearest])
    parts = {
        "value": float(row["value_score"]),
        "novelty": 1.0 - min(max(told, 0.0), 1.0),
        "corroboration": min(len(row["corroborating_shows"]) / 2, 1.0),
        "topic": min(max(fit - MIN_TOPIC, 0.0) / (FULL_TOPIC - MIN_TOPIC), 1.0),
        "followed": float(title_key(row["show_title"]) in wishes.followed_shows),
        "freshness": freshness,
    }
    return Scored(
        row=row,
        parts={f"{n}_part": round(getattr(weights, n) * v, DIGITS) for n, v in parts.items()},
        topic=None if topic is None else wishes.topics[topic],
        topic_likeness=None if topic is None else fit,
        nearest_seen_id=None if nearest is None else str(wishes.seen[nearest]["insight_id"]),
        told_by_id=told_by(row, tellings, wishes.seen),
    )


def told_by(row: Row, tellings: np.ndarray, seen: Sequence[Row]) -> str | None:
    """The insight that told the reader the same before: itself, or the nearest that does."""
    name = str(row["insight_id"])
    if any(str(old["insight_id"]) == name for old in seen):
        return name
    for place in np.argsort(-tellings, kind="stable"):
        if tellings[place] < SAME_IDEA:
            break
        if tells_the_same(row, seen[place], float(tellings[place])):
            return str(seen[place]["insight_id"])
    return None


def tells_the_same(one: Row, other: Row, cosine: float) -> bool:
    """Whether two insights are one idea in other words; a contradiction is another idea."""
    is_own_show = title_key(one["show_title"]) == title_key(other["show_title"])
    return is_same_idea(Telling.of(one), Telling.of(other), cosine, is_own_show=is_own_show)


def rounded(numbers: np.ndarray) -> np.ndarray:
    """Rounded, so that an order does not hang on the last bit of a float."""
    return np.round(numbers.astype(np.float64), DIGITS)


def title_key(title: str) -> str:
    """A show's title as readers compare it: case, width and spaces aside."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())
