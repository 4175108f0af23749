"""The extractive engine: no key, no network, no invented word.

It chooses excerpts of the episode that tell what a part of it is about, specific,
self-contained and unlike each other, and shows them as they were said. The choice is greedy
over a submodular gain (Lin and Bilmes 2011, aclanthology.org/P11-1052): the excerpt's own
signals, what it adds of the episode, less its likeness to what is chosen already.

What does not belong here: proof (`proof/`), and any wording of our own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.insights.engine import Candidate, EpisodeText, NothingToTellError, Passage
from podcast_insights.insights.extractive.excerpts import Excerpt, excerpts_of, overlap
from podcast_insights.insights.extractive.kinds import kind_of
from podcast_insights.insights.extractive.language import foreign
from podcast_insights.insights.extractive.signals import Weights, headline_fit, names_in, signals
from podcast_insights.insights.extractive.wording import content_words, headline_of
from podcast_insights.insights.versions import EXTRACTIVE_MODEL, EXTRACTIVE_RULES

MIN_VALUE = 0.4
"""Fewer insights rather than padding: what scores lower is small talk more often than not."""
COVERAGE_SCALE = 10
"""Ten choices that share nothing and cover all would gain 1 each."""

SAME_WORDS = 0.9
"""Cosine above which an excerpt only repeats another one, as a chorus or a trailer does."""


POOL = 10
"""So many are chosen to tell of the episode together, and then put in order for readers."""
READ_FIRST = 4
"""So many must stand alone, where an episode has them; the others add what these leave out."""
NOT_ALONE = 0.6
"""Of its value is left to what seems to need the sentences before it."""
READING = Weights(
    theme=0.5,
    centrality=0.25,
    keywords=0.5,
    specificity=0.75,
    self_contained=1.5,
    claim=0.5,
    fluency=1.0,
    headline=1.5,
    length=0.25,
)
"""What the first insights of an episode must be: understood by who has not heard it."""


@dataclass(frozen=True)
class ExtractiveEngine:
    """Chooses passages; the same episode always gives the same candidates."""

    weights: Weights = Weights()
    reading: Weights = READING

    name: str = "extractive"
    model: str = EXTRACTIVE_MODEL
    prompt_version: str = EXTRACTIVE_RULES
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
        excerpts = excerpts_of(usable)
        if not excerpts:
            raise NothingToTellError(
                "no passage is long and self-contained enough to be shown alone"
            )
        parts = signals(excerpts, usable)
        scores = mean(parts, self.weights)
        worth = [i for i, score in enumerate(scores) if score >= MIN_VALUE]
        if not worth:
            raise NothingToTellError(
                f"no passage is worth {MIN_VALUE} of 1, the best one {float(scores.max()):.2f}"
            )
        values = mean(parts, self.reading)[worth]
        excerpts, scores = [excerpts[i] for i in worth], scores[worth]
        chosen = self.choose(excerpts, scores, usable, max(limit, POOL))
        for i, excerpt in enumerate(excerpts):
            values[i] *= 1.0 if excerpt.is_alone else NOT_ALONE
        best = sorted(chosen[:POOL], key=lambda i: -values[i]) + chosen[POOL:]
        names = names_in(usable)
        return [
            to_candidate(excerpts[i], float(values[i]), topics_of(excerpts[i], usable), names)
            for i in best[:limit]
        ]

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
        is_alone = np.array([e.is_alone for e in excerpts])
        chosen: list[int] = []
        while is_open.any() and len(chosen) < limit:
            added = np.maximum(covers - covered, 0.0).sum(axis=1) / whole
            gains = scores + self.weights.coverage * added - self.weights.diversity * nearest
            first = is_open & is_alone if len(chosen) < READ_FIRST else is_open
            best = int(np.argmax(np.where(first if first.any() else is_open, gains, -np.inf)))
            chosen.append(best)
            covered = np.maximum(covered, covers[best])
            nearest = np.maximum(nearest, likeness[best])
            for i in np.flatnonzero(is_open).tolist():
                is_repeat = likeness[i, best] > SAME_WORDS
                is_open[i] = not (is_repeat or overlap(excerpts[i], excerpts[best]))
        return chosen


def mean(parts: Mapping[str, np.ndarray], weights: Weights) -> np.ndarray:
    """Weighted mean of the signals for each excerpt, between 0 and 1."""
    shares = {name: getattr(weights, name) for name in parts}
    total = sum(shares[name] * values for name, values in parts.items())
    return np.asarray(total / sum(shares.values()))


def to_candidate(
    excerpt: Excerpt, value: float, topics: tuple[str, ...], names: frozenset[str]
) -> Candidate:
    """An excerpt as a candidate: its strongest sentence is both headline and quote."""
    claim = max(excerpt.claims, key=lambda sentence: headline_fit(sentence, names))
    headline = headline_of(claim)
    return Candidate(
        headline=headline,
        body=excerpt.text,
        quote=excerpt.claims[claim],
        value_score=round(min(max(value, 0.0), 1.0), 4),
        topics=topics,
        kind=kind_of(headline, excerpt.text),
    )


def topics_of(excerpt: Excerpt, passages: Sequence[Passage]) -> tuple[str, ...]:
    """Up to three words of the excerpt that the episode keeps coming back to."""
    everywhere = Counter(w for p in passages for w in set(content_words(p.text)))
    mine = dict.fromkeys(content_words(excerpt.text))
    ranked = sorted(mine, key=lambda word: (-everywhere[word], -len(word), word))
    return tuple(ranked[:3])
