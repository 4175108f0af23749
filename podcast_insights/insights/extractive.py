"""The extractive engine: no key, no network, no invented word.

It chooses passages of the episode that are central to it, specific, self-contained and
unlike each other, and shows them as they were said. Centrality is the degree centrality of
LexRank (Erkan and Radev 2004, doi:10.1613/jair.1523) over sentence embeddings; diversity is
maximal marginal relevance (Carbonell and Goldstein 1998, doi:10.1145/290941.291025).

What does not belong here: proof (`proof.py`), and any wording of our own.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.embeddings.sentences import ends_sentence
from podcast_insights.insights.engine import Candidate, EpisodeText, NothingToTellError, Passage
from podcast_insights.insights.language import (
    CLAIM_CUES,
    CONDITION,
    CONNECTING_STARTS,
    CONTENT_STOP_WORDS,
    CUT_SHORT,
    FIRST_PERSON,
    HEADLINE_CUTS,
    HOUSEKEEPING,
    NEGATION,
    OPEN_END,
    POINTING_STARTS,
    SUBORDINATE_START,
)

VERSION = "extractive-2"
MIN_WORDS = 22
MAX_WORDS = 70
MIN_VALUE = 0.5
"""Fewer insights rather than padding: what scores lower is small talk more often than not."""
MIN_HEADLINE_WORDS = 5
SHORT_HEADLINE_WORDS = 16
LONG_HEADLINE_WORDS = 26
SIMILAR = 0.5
"""Cosine above which two passages of an episode count as neighbours in the LexRank graph."""


@dataclass(frozen=True)
class Weights:
    """How much each part counts; the parts are between 0 and 1."""

    centrality: float = 0.8
    claim: float = 1.0
    specificity: float = 0.6
    self_contained: float = 1.0
    length: float = 0.4
    diversity: float = 0.6


@dataclass(frozen=True)
class Excerpt:
    """The usable part of a passage: its sentences less greetings, questions and loose ends."""

    sentences: tuple[str, ...]
    sentence_from: int
    sentence_to: int
    embedding: np.ndarray

    @property
    def text(self) -> str:
        """The sentences as one text."""
        return " ".join(self.sentences)

    @property
    def headlines(self) -> list[str]:
        """The sentences that can be headlines: short enough, and pointing at nothing before."""
        return [
            sentence
            for sentence in self.sentences
            if MIN_HEADLINE_WORDS <= len(headline_of(sentence).split()) <= LONG_HEADLINE_WORDS
            and not POINTING_STARTS.match(sentence)
            and not CONNECTING_STARTS.match(sentence)
            and not FIRST_PERSON.search(headline_of(sentence))
        ]


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
            NothingToTellError: nothing in the episode is self-contained enough to be shown.
        """
        usable = [p for p in episode.passages if not p.is_advertising]
        excerpts = [e for p in usable if (e := excerpt_of(p)) is not None and e.headlines]
        if not excerpts:
            raise NothingToTellError(
                "no passage is long and self-contained enough to be shown alone"
            )
        scores = self.scores(excerpts, usable)
        chosen = diverse(excerpts, scores, self.weights.diversity, limit)
        return [
            to_candidate(excerpts[index], float(scores[index]), topics_of(excerpts[index], usable))
            for index in chosen
            if scores[index] >= MIN_VALUE
        ]

    def scores(self, excerpts: Sequence[Excerpt], passages: Sequence[Passage]) -> np.ndarray:
        """Weighted mean of the parts for each excerpt, between 0 and 1."""
        parts = {
            "centrality": centrality(excerpts, passages),
            "claim": np.array([claim_strength(e.sentences) for e in excerpts]),
            "specificity": np.array([specificity(e.text) for e in excerpts]),
            "self_contained": np.array([self_containedness(e.sentences) for e in excerpts]),
            "length": np.array([length_fit(e.text) for e in excerpts]),
        }
        weights = {name: getattr(self.weights, name) for name in parts}
        total = sum(weights[name] * values for name, values in parts.items())
        return np.asarray(total / sum(weights.values()))


def excerpt_of(passage: Passage) -> Excerpt | None:
    """Cut loose ends off a passage; None if too little is left."""
    sentences = split(passage.text)
    if len(sentences) != passage.sentence_to - passage.sentence_from:
        return None  # a text without punctuation, cut by length: no sentences to choose from
    first, last = 0, len(sentences)
    while first < last and (is_loose(sentences[first]) or POINTING_STARTS.match(sentences[first])):
        first += 1
    while last > first and is_loose(sentences[last - 1]):
        last -= 1
    kept = tuple(sentences[first:last])
    words = sum(len(sentence.split()) for sentence in kept)
    if any(is_loose(sentence) for sentence in kept) or not MIN_WORDS <= words <= MAX_WORDS:
        return None
    start = passage.sentence_from + first
    return Excerpt(kept, start, start + len(kept), np.array(passage.embedding, dtype=np.float32))


def split(text: str) -> list[str]:
    """Sentences of a passage, cut by the rule that made them."""
    sentences: list[list[str]] = [[]]
    for word in text.split():
        sentences[-1].append(word)
        if ends_sentence(word):
            sentences.append([])
    return [" ".join(words) for words in sentences if words]


def is_loose(sentence: str) -> bool:
    """A question, a greeting, housekeeping, or a fragment: nothing to show to a reader."""
    is_fragment = len(sentence.split()) < 4 or sentence[:1].islower()
    is_claim = bool(re.search(r"[.!…][\"'”’)\]]*$", sentence))
    return is_fragment or not is_claim or bool(HOUSEKEEPING.search(sentence))


def centrality(excerpts: Sequence[Excerpt], passages: Sequence[Passage]) -> np.ndarray:
    """Degree centrality: the share of the episode's other passages that are similar."""
    mine = np.stack([e.embedding for e in excerpts])
    others = np.array([p.embedding for p in passages], dtype=np.float32)
    similarity = mine @ others.T
    for row, excerpt in enumerate(excerpts):
        for column, passage in enumerate(passages):
            if passage.sentence_from < excerpt.sentence_to:
                if passage.sentence_to > excerpt.sentence_from:
                    similarity[row, column] = 0.0
    degree = similarity.mean(axis=1) + (similarity > SIMILAR).mean(axis=1)
    top = float(degree.max())
    return np.asarray(degree / top if top > 0 else degree)


def claim_strength(sentences: Sequence[str]) -> float:
    """How much the text argues: causes, consequences, comparisons, conditions."""
    found = sum(len(set(CLAIM_CUES.findall(sentence.lower()))) for sentence in sentences)
    return min(found / 3, 1.0)


def specificity(text: str) -> float:
    """Numbers, names and long words; small talk has none of them."""
    words = re.findall(r"[\w'%$€£-]+", text)
    numbers = sum(any(c.isdigit() for c in w) or w.lower() in NUMBERS for w in words)
    names = sum(w[:1].isupper() and w.lower() not in CONTENT_STOP_WORDS for w in words[1:])
    long_words = sum(len(w) >= 8 for w in words) / max(len(words), 1)
    return float(min(0.2 * numbers + 0.1 * names + 2 * long_words, 1.0))


def self_containedness(sentences: Sequence[str]) -> float:
    """1 for a text that needs nothing before it; less for what points or goes on backwards."""
    is_pointing = bool(POINTING_STARTS.match(sentences[0]))
    cost = 0.6 * is_pointing + 0.3 * bool(CONNECTING_STARTS.match(sentences[0]))
    words = [word.lower().strip(".,'") for sentence in sentences for word in sentence.split()]
    personal = sum(word in {"i", "i'm", "i've", "you", "we", "your", "my", "me"} for word in words)
    return max(1.0 - cost - 3 * personal / max(len(words), 1), 0.0)


def length_fit(text: str) -> float:
    """1 between 30 and 60 words, falling off on both sides."""
    words = len(text.split())
    return 1.0 if 30 <= words <= 60 else max(0.0, 1.0 - min(abs(words - 30), abs(words - 60)) / 15)


def diverse(
    excerpts: Sequence[Excerpt], scores: np.ndarray, diversity: float, limit: int
) -> list[int]:
    """Maximal marginal relevance; excerpts that share a sentence exclude each other."""
    vectors = np.stack([e.embedding for e in excerpts])
    similarity = vectors @ vectors.T
    chosen: list[int] = []
    open_ = list(range(len(excerpts)))
    while open_ and len(chosen) < limit:
        gains = [
            scores[i] - diversity * max((similarity[i, j] for j in chosen), default=0.0)
            for i in open_
        ]
        best = open_[int(np.argmax(gains))]
        chosen.append(best)
        open_ = [i for i in open_ if not overlap(excerpts[i], excerpts[best])]
    return chosen


def overlap(a: Excerpt, b: Excerpt) -> bool:
    """Whether two excerpts share a sentence."""
    return a.sentence_from < b.sentence_to and b.sentence_from < a.sentence_to


def to_candidate(excerpt: Excerpt, score: float, topics: tuple[str, ...]) -> Candidate:
    """An excerpt as a candidate: its strongest sentence is both headline and quote."""
    claim = max(excerpt.headlines, key=headline_score)
    return Candidate(
        headline=headline_of(claim),
        body=excerpt.text,
        quote=claim,
        value_score=round(min(max(score, 0.0), 1.0), 4),
        topics=topics,
    )


def headline_score(sentence: str) -> float:
    """How well a sentence stands alone as a claim; of equals the first wins."""
    words = len(headline_of(sentence).split())
    size = 1.0 if 7 <= words <= 20 else 0.5
    return size + claim_strength([sentence]) + self_containedness([sentence])


def headline_of(sentence: str) -> str:
    """The sentence, cut at a clause boundary where what is left still says the same.

    Only reasons and consequences are cut off, never a condition, and no reason after a
    negation: "it does not rain because" is not "it does not rain".
    """
    text = sentence.strip().rstrip(".!…").strip()
    if len(text.split()) > SHORT_HEADLINE_WORDS:
        for cut in HEADLINE_CUTS.finditer(text):
            head, tail = text[: cut.start()].rstrip(" ,;:-"), text[cut.start() :]
            if 6 <= len(head.split()) <= LONG_HEADLINE_WORDS and says_the_same(head, tail):
                text = head
                break
    stub = CUT_SHORT.search(text)
    if stub and stub.start() and says_the_same(text[: stub.start()], stub[0]):
        text = text[: stub.start()]
    return text[:1].upper() + text[1:]


def says_the_same(head: str, tail: str) -> bool:
    """Whether a sentence cut to `head` claims what it claimed with its `tail`."""
    is_half = bool(OPEN_END.search(head) or (SUBORDINATE_START.match(head) and "," not in head))
    return not (is_half or NEGATION.search(head) or CONDITION.search(tail))


def topics_of(excerpt: Excerpt, passages: Sequence[Passage]) -> tuple[str, ...]:
    """Up to three words of the excerpt that the episode keeps coming back to."""
    everywhere = Counter(w for p in passages for w in set(content_words(p.text)))
    mine = dict.fromkeys(content_words(excerpt.text))
    ranked = sorted(mine, key=lambda word: (-everywhere[word], -len(word), word))
    return tuple(ranked[:3])


def content_words(text: str) -> list[str]:
    """Words of four letters or more that carry meaning."""
    words = re.findall(r"[a-z]{4,}", text.lower())
    return [word for word in words if word not in CONTENT_STOP_WORDS]


NUMBERS = frozenset(
    "two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty sixty "
    "seventy eighty ninety hundred thousand million billion percent half third quarter double "
    "twice triple".split()
)
