"""Which insights a reader gets: scored in parts, then chosen for diversity.

The score of an insight is a weighted sum of value, novelty, corroboration, topic fit,
followed shows and freshness, each between 0 and 1. Choosing is greedy by maximal marginal
relevance (Carbonell and Goldstein 1998, doi:10.1145/290941.291025): every place taken makes
what resembles it, or comes from the same episode or show, cost more. All parts are columns
of `daily_digests`, so that anyone can see why something was chosen.

What does not belong here: where the rows come from, and how a digest looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from podcast_insights.insights.records import SAME_IDEA

Row = dict[str, Any]


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
        topic_vectors: unit vectors, shape (topics, 384).
        seen_vectors: unit vectors of what the reader got before, shape (n, 384).
        seen_ids: insights the reader got before; never given again.
    """

    wanted: int
    topic_vectors: np.ndarray
    followed_shows: frozenset[str]
    seen_vectors: np.ndarray
    seen_ids: frozenset[str]


@dataclass(frozen=True)
class Choice:
    """One chosen insight with the parts of its score, as columns of `daily_digests`."""

    candidate: Row
    also_in: tuple[str, ...]
    parts: dict[str, float]


MIN_TOPIC = 0.15
"""Cosine below which a topic and a text have nothing to do with each other."""


def choose(
    candidates: Sequence[Row], wishes: Wishes, day: date, lookback_days: int, weights: Weights
) -> list[Choice]:
    """Pick up to `wishes.wanted` of the candidates, best first; fewer on a thin day.

    Args:
        candidates: rows of `insights` with `show_title` and `corroborating_shows` joined on.
        wishes: the reader.
        day: the digest's day.
        lookback_days: how far back candidates reach; scales freshness.
        weights: how much each part counts.

    Returns:
        Choices in order. Of several insights that tell one idea only the best is taken, and
        the other shows are named in `also_in`.
    """
    fresh = sorted(
        (c for c in candidates if c["insight_id"] not in wishes.seen_ids),
        key=lambda c: str(c["insight_id"]),
    )
    if not fresh:
        return []
    vectors = np.array([c["embedding"] for c in fresh], dtype=np.float32)
    parts = [
        part_scores(c, v, wishes, day, lookback_days) for c, v in zip(fresh, vectors, strict=True)
    ]
    relevance = np.array(
        [sum(getattr(weights, name) * value for name, value in p.items()) for p in parts]
    )
    likeness = np.round((vectors @ vectors.T).astype(np.float64), 4)
    taken: list[int] = []
    costs: list[float] = []
    while len(taken) < wishes.wanted:
        open_ = [
            i
            for i in range(len(fresh))
            if i not in taken and all(likeness[i, j] < SAME_IDEA for j in taken)
        ]
        if not open_:
            break
        cost = [diversity_cost(i, taken, fresh, likeness, weights) for i in open_]
        best = int(np.argmax([relevance[i] - c for i, c in zip(open_, cost, strict=True)]))
        taken.append(open_[best])
        costs.append(cost[best])
    return [
        to_choice(fresh, i, likeness, parts[i], float(relevance[i]), cost, weights)
        for i, cost in zip(taken, costs, strict=True)
    ]


def part_scores(
    candidate: Row, vector: np.ndarray, wishes: Wishes, day: date, lookback_days: int
) -> dict[str, float]:
    """The parts of a candidate's score, unweighted, each between 0 and 1."""
    nearest_seen = float((wishes.seen_vectors @ vector).max(initial=0.0))
    topic = float((wishes.topic_vectors @ vector).max(initial=0.0))
    age_days = (day - candidate["published_on"]).days
    return {
        "value": float(candidate["value_score"]),
        "novelty": round(1.0 - max(nearest_seen, 0.0), 4),
        "corroboration": min(len(candidate["corroborating_shows"]) / 2, 1.0),
        "topic": round(max(topic - MIN_TOPIC, 0.0) / (1 - MIN_TOPIC), 4),
        "followed": float(candidate["show_title"] in wishes.followed_shows),
        "freshness": round(1.0 - age_days / max(lookback_days, 1), 4),
    }


def diversity_cost(
    index: int, taken: Sequence[int], rows: Sequence[Row], likeness: np.ndarray, weights: Weights
) -> float:
    """What the places already taken make this one cost."""
    if not taken:
        return 0.0
    same_episode = sum(rows[index]["episode_id"] == rows[j]["episode_id"] for j in taken)
    same_show = sum(rows[index]["show_title"] == rows[j]["show_title"] for j in taken)
    nearest = max(float(likeness[index, j]) for j in taken)
    return float(
        weights.likeness * max(nearest, 0.0)
        + weights.same_episode * same_episode
        + weights.same_show * same_show
    )


def to_choice(
    rows: Sequence[Row],
    index: int,
    likeness: np.ndarray,
    parts: dict[str, float],
    relevance: float,
    cost: float,
    weights: Weights,
) -> Choice:
    """A taken place with weighted parts and the other shows that tell the same."""
    row = rows[index]
    twins = {
        str(rows[j]["show_title"])
        for j in range(len(rows))
        if likeness[index, j] >= SAME_IDEA and rows[j]["show_title"] != row["show_title"]
    }
    columns = {f"{n}_part": round(getattr(weights, n) * v, 4) for n, v in parts.items()}
    columns |= {"diversity_cost": round(cost, 4), "score": round(relevance - cost, 4)}
    also_in = tuple(sorted(twins | set(row["corroborating_shows"])))
    return Choice(row, also_in, columns)
