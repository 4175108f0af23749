"""Engines that any engine has to beat: the first passages, random ones, and TF-IDF LexRank.

They stand behind the same interface, so that they are judged by the same code. They are for
`podcast-insights evaluate` only: no setting turns them on for readers.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.identity import short_hash
from podcast_insights.insights.engine import Candidate, EpisodeText, NothingToTellError, Passage
from podcast_insights.insights.proof.prove import normalized_tokens

HEADLINE_WORDS = 12
LEXRANK_SIMILARITY = 0.1
DAMPING = 0.85
BASELINES = ("random", "lexrank", "first")


@dataclass(frozen=True)
class Baseline:
    """Takes whole passages in an order that knows nothing of insights."""

    model: str
    name: str = "baseline"
    prompt_version: str = "1"
    max_workers: int = 1

    def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
        """At most `limit` passages that share no sentence.

        Raises:
            NothingToTellError: the episode has no passage.
        """
        passages = [p for p in episode.passages if 5 <= len(normalized_tokens(p.text)) <= 120]
        if not passages:
            raise NothingToTellError("the episode has no passage")
        chosen: list[Passage] = []
        for index in self.order(episode.episode_id, passages):
            passage = passages[index]
            if len(chosen) < limit and not any(overlap(passage, other) for other in chosen):
                chosen.append(passage)
        return [to_candidate(passage) for passage in chosen]

    def order(self, episode_id: str, passages: Sequence[Passage]) -> list[int]:
        """Passages by their number, the best first."""
        if self.model == "first":
            return list(range(len(passages)))
        if self.model == "random":
            seed = int(short_hash("random passages", episode_id), 16)
            return [int(i) for i in np.random.default_rng(seed).permutation(len(passages))]
        ranks = lexrank([passage.text for passage in passages])
        return [int(i) for i in np.argsort(-ranks, kind="stable")]


def overlap(a: Passage, b: Passage) -> bool:
    """Whether two passages share a sentence."""
    return a.sentence_from < b.sentence_to and b.sentence_from < a.sentence_to


def to_candidate(passage: Passage) -> Candidate:
    """A passage as headline and body, no word twice: its first words are the headline."""
    words = passage.text.split()
    head, rest = words[:HEADLINE_WORDS], words[HEADLINE_WORDS:]
    return Candidate(
        headline=" ".join(head), body=" ".join(rest or head), quote=passage.text, value_score=0.5
    )


def lexrank(texts: Sequence[str]) -> np.ndarray:
    """LexRank (Erkan and Radev 2004): power iteration over the graph of TF-IDF cosines."""
    counts = [Counter(normalized_tokens(text)) for text in texts]
    documents = Counter(word for count in counts for word in count)
    columns = {word: column for column, word in enumerate(documents)}
    matrix = np.zeros((len(texts), len(columns)), dtype=np.float32)
    for row, count in enumerate(counts):
        for word, times in count.items():
            matrix[row, columns[word]] = times * math.log(len(texts) / documents[word])
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(norms > 0, norms, 1.0)
    links = (matrix @ matrix.T > LEXRANK_SIMILARITY).astype(np.float32)
    links += np.eye(len(texts), dtype=np.float32) * (links.sum(axis=1, keepdims=True) == 0)
    links /= links.sum(axis=1, keepdims=True)
    ranks = np.full(len(texts), 1 / len(texts), dtype=np.float32)
    for _ in range(50):
        ranks = (1 - DAMPING) / len(texts) + DAMPING * (links.T @ ranks)
    return ranks
