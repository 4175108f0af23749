"""Which insights a reader gets: the best, no idea twice, and no place for what is not worth it.

What the reader has been told before and what is below the value floor of its engine are left
out. Choosing is greedy by maximal marginal relevance (Carbonell and Goldstein 1998,
doi:10.1145/290941.291025): every place taken makes what resembles it, or comes from the same
episode or show, cost more. It ends where the next place would cost more than it is worth, so
that a thin day gives a short digest. What was passed over is kept with its score and the reason.

What does not belong here: what an insight is worth (`scoring.py`), where the rows come from,
and how a digest looks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from podcast_insights.digests.scoring import (
    DIGITS,
    Row,
    Scored,
    Weights,
    Wishes,
    rounded,
    score_all,
    tells_the_same,
    title_key,
)
from podcast_insights.insights.records import SAME_IDEA

Reason = Literal["told_before", "low_value", "same_idea", "adds_too_little", "outscored"]


@dataclass(frozen=True)
class Floors:
    """What is not worth a place, however empty the day (docs/decisions/0013-ranking.md).

    Args:
        extractive: least value of a passage. Of 320 passages of three real shows 42 lie below
            it, and about three of some 36 that were read were worth a minute.
        llm: least value of a written insight. The prompt calls 0.3 true and thin, and 0.5 sound
            and useful.
        score: least score of a place, beside what the places above make it cost. At zero it
            adds as much as it repeats: that is the third or fourth of one episode.
    """

    extractive: float = 0.5
    llm: float = 0.4
    score: float = 0.0

    def value_of(self, engine: str) -> float:
        """The least value of an engine's insights; each has a scale of its own."""
        return self.llm if engine == "llm" else self.extractive


@dataclass(frozen=True)
class Choice:
    """One chosen insight; its score is its relevance less what the places above make it cost.

    Args:
        also_in: other shows that tell it.
        teller_ids: the insights that tell it too: of these days, and those it is corroborated by.
    """

    scored: Scored
    also_in: tuple[str, ...]
    teller_ids: frozenset[str]
    diversity_cost: float
    score: float


@dataclass(frozen=True)
class PassedOver:
    """A candidate that got no place.

    Args:
        diversity_cost, score: in the last round, in which the last place was given or refused.
            The score of what was outscored is never above that of the last place.
        instead_id: the insight that tells the same and was given, now or before.
    """

    scored: Scored
    reason: Reason
    diversity_cost: float
    score: float
    instead_id: str | None


@dataclass(frozen=True)
class Selection:
    """What became of all candidates; the best come first in both lists."""

    choices: list[Choice]
    passed_over: list[PassedOver]

    @property
    def counts(self) -> Counter[str]:
        """How many were passed over, by reason."""
        return Counter(passed.reason for passed in self.passed_over)


def choose(
    candidates: Sequence[Row],
    wishes: Wishes,
    day: date,
    lookback_days: int,
    weights: Weights,
    floors: Floors,
) -> Selection:
    """Pick up to `wishes.wanted` of the candidates, best first; fewer on a thin day.

    Args:
        candidates: rows of `insights` with `show_title` and `corroborating_shows` joined on.
        wishes: the reader.
        day: the digest's day.
        lookback_days: how far back candidates reach; scales freshness.
        weights: how much each part counts.
        floors: what is not worth a place.

    Returns:
        The choices in order, and all others with the reason. Of several insights that tell one
        idea only the best is taken, and the other shows are named in `also_in`.
    """
    rows = sorted(candidates, key=lambda row: str(row["insight_id"]))
    if not rows:
        return Selection([], [])
    vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
    board = Board(score_all(rows, vectors, wishes, day, lookback_days, weights), vectors, weights)
    for i, one in enumerate(board.candidates):
        if one.told_by_id is not None:
            board.close(i, "told_before", one.told_by_id)
        elif one.row["value_score"] < floors.value_of(one.row["engine"]):
            board.close(i, "low_value")
    while len(board.choices) < wishes.wanted and board.take_best(floors.score):
        pass
    return Selection(board.choices, board.passed_over(floors.score))


class Board:
    """The places given so far, and what they make every candidate cost.

    Each round costs one product of the candidates with the vector that was taken, so that a
    thousand candidates and fifty places take milliseconds.
    """

    def __init__(self, candidates: list[Scored], vectors: np.ndarray, weights: Weights) -> None:
        self.candidates = candidates
        self.choices: list[Choice] = []
        self._vectors = vectors
        self._weights = weights
        self._relevance = np.array([one.relevance for one in candidates])
        self._episodes = np.array([str(one.row["episode_id"]) for one in candidates])
        self._shows = np.array([title_key(one.row["show_title"]) for one in candidates])
        self._nearest = np.zeros(len(candidates))
        self._companions = np.zeros(len(candidates))
        self._is_open = np.ones(len(candidates), dtype=bool)
        self._closed: dict[int, tuple[Reason, str | None]] = {}
        self._last_costs = np.zeros(len(candidates))

    def close(self, index: int, reason: Reason, instead_id: str | None = None) -> None:
        """Give this candidate no place any more."""
        self._is_open[index] = False
        self._closed[index] = (reason, instead_id)

    def take_best(self, least: float) -> bool:
        """Give the next place to the best that is open; False if nothing open is worth it."""
        if not self._is_open.any():
            return False
        self._last_costs = rounded(self._weights.likeness * self._nearest + self._companions)
        scores = rounded(self._relevance - self._last_costs)
        best = int(np.argmax(np.where(self._is_open, scores, -np.inf)))
        if scores[best] < least:
            return False
        self._is_open[best] = False
        likeness = rounded(self._vectors @ self._vectors[best])
        twins = self._twins(best, likeness)
        name = str(self.candidates[best].row["insight_id"])
        for i in twins:
            if self._is_open[i]:
                self.close(i, "same_idea", name)
        self.choices.append(
            Choice(
                scored=self.candidates[best],
                also_in=self._also_in(best, twins),
                teller_ids=frozenset(
                    (*(str(self.candidates[i].row["insight_id"]) for i in twins),)
                    + tuple(self.candidates[best].row.get("corroborating_ids", ()))
                ),
                diversity_cost=float(self._last_costs[best]),
                score=float(scores[best]),
            )
        )
        self._nearest = np.maximum(self._nearest, likeness)
        self._companions += self._weights.same_episode * (self._episodes == self._episodes[best])
        self._companions += self._weights.same_show * (self._shows == self._shows[best])
        return True

    def passed_over(self, least: float) -> list[PassedOver]:
        """All that got no place, the best first.

        What is still open was outscored where it was worth a place, and else adds too little.
        """
        chosen = {str(choice.scored.row["insight_id"]) for choice in self.choices}
        found = []
        for i, one in enumerate(self.candidates):
            if str(one.row["insight_id"]) in chosen:
                continue
            cost = float(self._last_costs[i])
            score = round(one.relevance - cost, DIGITS)
            left: Reason = "outscored" if score >= least else "adds_too_little"
            reason, instead_id = self._closed.get(i, (left, None))
            found.append(PassedOver(one, reason, cost, score, instead_id))
        return sorted(found, key=lambda p: (-p.score, str(p.scored.row["insight_id"])))

    def _twins(self, index: int, likeness: np.ndarray) -> list[int]:
        """The other candidates that tell the same idea."""
        row = self.candidates[index].row
        return [
            int(i)
            for i in np.flatnonzero(likeness >= SAME_IDEA)
            if i != index and tells_the_same(row, self.candidates[i].row, float(likeness[i]))
        ]

    def _also_in(self, index: int, twins: Sequence[int]) -> tuple[str, ...]:
        """The other shows that tell it, on these days or earlier ones; each title once."""
        row = self.candidates[index].row
        titles = [self.candidates[i].row["show_title"] for i in twins]
        by_key = {
            title_key(title): title for title in sorted((*titles, *row["corroborating_shows"]))
        }
        by_key.pop(self._shows[index], None)
        return tuple(sorted(by_key.values()))
