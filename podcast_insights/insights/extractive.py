"""The extractive engine: no key, no network, no invented word.

It chooses excerpts of the episode that tell what a part of it is about, specific,
self-contained and unlike each other, and shows them as they were said. The choice is greedy
over a submodular gain (Lin and Bilmes 2011, aclanthology.org/P11-1052): the excerpt's own
signals, what it adds of the episode, less its likeness to what is chosen already.

What does not belong here: proof (`proof.py`), and any wording of our own.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.insights.engine import Candidate, EpisodeText, NothingToTellError, Passage
from podcast_insights.insights.excerpts import (
    Excerpt,
    distinct,
    excerpt_of,
    headline_of,
    overlap,
)
from podcast_insights.insights.language import foreign
from podcast_insights.insights.signals import (
    Weights,
    content_words,
    headline_fit,
    signals,
)

VERSION = "extractive-3"
MIN_VALUE = 0.4
"""Fewer insights rather than padding: what scores lower is small talk more often than not."""
COVERAGE_SCALE = 10
"""Ten choices that share nothing and cover all would gain 1 each."""

SAME_WORDS = 0.9
"""Cosine above which an excerpt only repeats another one, as a chorus or a trailer does."""


@dataclass(frozen=True)
class ExtractiveEngine:
    """Chooses passages; the same episode always gives the same candidates."""

    weights: Weights = Weights()

    name: str = "extractive"
    model: str = "passage ranking"
    prompt_version: str = VERSION
    max_workers: int = 1

    def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
        """The best passages as candidates, best first.

        Raises:
            NothingToTellError: not in English, or nothing in the episode is self-contained
                enough to be shown.
        """
        usable = [p for p in episode.passages if not p.is_advertising]
        reason = foreign([p.text for p in usable])
        if reason:
            raise NothingToTellError(reason)
        found = (excerpt_of(passage) for passage in usable)
        excerpts = distinct(e for e in found if e is not None and e.claims)
        if not excerpts:
            raise NothingToTellError(
                "no passage is long and self-contained enough to be shown alone"
            )
        scores = self.scores(excerpts, usable)
        worth = [i for i, score in enumerate(scores) if score >= MIN_VALUE]
        if not worth:
            raise NothingToTellError(
                f"no passage is worth {MIN_VALUE} of 1, the best one {float(scores.max()):.2f}"
            )
        excerpts, scores = [excerpts[i] for i in worth], scores[worth]
        chosen = self.choose(excerpts, scores, usable, limit)
        return [
            to_candidate(excerpts[i], float(scores[i]), topics_of(excerpts[i], usable))
            for i in chosen
        ]

    def scores(self, excerpts: Sequence[Excerpt], passages: Sequence[Passage]) -> np.ndarray:
        """Weighted mean of the signals for each excerpt, between 0 and 1."""
        parts = signals(excerpts, passages)
        weights = {name: getattr(self.weights, name) for name in parts}
        total = sum(weights[name] * values for name, values in parts.items())
        return np.asarray(total / sum(weights.values()))

    def choose(
        self,
        excerpts: Sequence[Excerpt],
        scores: np.ndarray,
        passages: Sequence[Passage],
        limit: int,
    ) -> list[int]:
        """Numbers of the chosen excerpts, best first; no two share a sentence."""
        mine = np.stack([e.embedding for e in excerpts])
        others = np.array([p.embedding for p in passages], dtype=np.float32)
        covers = np.clip(mine @ others.T, 0.0, 1.0)
        whole = max(float(covers.max(axis=0).sum()), 1e-9) / COVERAGE_SCALE
        likeness = mine @ mine.T
        covered, nearest = np.zeros(len(passages)), np.zeros(len(excerpts))
        is_open = np.ones(len(excerpts), dtype=bool)
        chosen: list[int] = []
        while is_open.any() and len(chosen) < limit:
            added = np.maximum(covers - covered, 0.0).sum(axis=1) / whole
            gains = scores + self.weights.coverage * added - self.weights.diversity * nearest
            best = int(np.argmax(np.where(is_open, gains, -np.inf)))
            chosen.append(best)
            covered = np.maximum(covered, covers[best])
            nearest = np.maximum(nearest, likeness[best])
            for i in np.flatnonzero(is_open).tolist():
                is_repeat = likeness[i, best] > SAME_WORDS
                is_open[i] = not (is_repeat or overlap(excerpts[i], excerpts[best]))
        return chosen


def to_candidate(excerpt: Excerpt, score: float, topics: tuple[str, ...]) -> Candidate:
    """An excerpt as a candidate: its strongest sentence is both headline and quote."""
    claim = max(excerpt.claims, key=headline_fit)
    return Candidate(
        headline=headline_of(claim),
        body=excerpt.text,
        quote=claim,
        value_score=round(min(max(score, 0.0), 1.0), 4),
        topics=topics,
    )


def topics_of(excerpt: Excerpt, passages: Sequence[Passage]) -> tuple[str, ...]:
    """Up to three words of the excerpt that the episode keeps coming back to."""
    everywhere = Counter(w for p in passages for w in set(content_words(p.text)))
    mine = dict.fromkeys(content_words(excerpt.text))
    ranked = sorted(mine, key=lambda word: (-everywhere[word], -len(word), word))
    return tuple(ranked[:3])
