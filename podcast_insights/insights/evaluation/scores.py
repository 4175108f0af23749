"""How good insights are, by their distance to human points.

All are means over episodes, then over shows, so that a show with many episodes does not drown
the rest:

- coverage: for each human point, the best cosine similarity of any insight (nothing missed);
- precision: for each insight, the best similarity of any human point (no filler);
- redundancy: for each insight, the best similarity of another one of the episode (no repeats);
- grounded: the share of quotes that stand in the transcript word for word;
- words: mean length of an insight, headline and body.

An episode without insights counts as coverage 0. The judge is MiniLM, the embedding model of
the product. What does not belong here: running an engine (`run.py`).
"""

import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.insights.evaluation.gold import GoldEpisode

COLUMNS = ("coverage", "precision", "redundancy", "grounded", "words")
ALL_SHOWS = "all shows"

Judge = Callable[[Sequence[str]], np.ndarray]
"""Texts to unit vectors."""


@dataclass(frozen=True)
class Prediction:
    """An insight as it is judged: headline and body as one text, and its quote."""

    text: str
    quote: str
    start_s: float = 0.0


Predictions = Mapping[tuple[str, str], Sequence[Prediction]]
"""By show and episode, the best first."""


@dataclass(frozen=True)
class ShowScores:
    """One line of the table; a column without a value is None."""

    show: str
    values: Mapping[str, float | None]
    episodes: int


def score(
    gold: Iterable[GoldEpisode], predictions: Predictions, judge: Judge, top: int = 10
) -> list[ShowScores]:
    """A line for each show, and the last one over shows."""
    collected: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for episode in gold:
        insights = list(predictions.get(episode.key, ()))[:top]
        for column, values in score_episode(episode, insights, judge).items():
            collected[episode.show][column] += values
    lines = [
        ShowScores(show, {c: mean(columns[c]) for c in COLUMNS}, len(columns["coverage"]))
        for show, columns in sorted(collected.items())
    ]
    over = {c: mean([v for line in lines if (v := line.values[c]) is not None]) for c in COLUMNS}
    return [*lines, ShowScores(ALL_SHOWS, over, sum(line.episodes for line in lines))]


def score_episode(
    episode: GoldEpisode, insights: Sequence[Prediction], judge: Judge
) -> dict[str, list[float]]:
    """What one episode adds to each column of its show."""
    if not insights:
        return {"coverage": [0.0]}
    mine = judge([insight.text for insight in insights])
    similarity = judge(episode.points) @ mine.T
    found = {
        "coverage": [float(similarity.max(axis=1).mean())],
        "precision": [float(similarity.max(axis=0).mean())],
        "words": [float(len(insight.text.split())) for insight in insights],
    }
    if len(insights) > 1:
        own = mine @ mine.T
        np.fill_diagonal(own, -1.0)
        found["redundancy"] = [float(own.max(axis=1).mean())]
    said = f" {plain(' '.join(segment.text for segment in episode.segments()))} "
    found["grounded"] = [
        float(bool(insight.quote) and f" {plain(insight.quote)} " in said) for insight in insights
    ]
    return found


def plain(text: str) -> str:
    """Lower-case letters and digits only, by single spaces."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def mean(values: Sequence[float]) -> float | None:
    """The mean, or None of nothing."""
    return statistics.fmean(values) if values else None
