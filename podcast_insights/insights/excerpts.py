"""What of a passage can be shown to a reader who has not heard the episode.

Greetings, questions, housekeeping and loose ends are cut off; a headline is a sentence of the
passage, or as much of it as claims the same. Nothing here is ever reworded.

What does not belong here: which excerpts are worth a reader's time (`signals.py`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.embeddings.sentences import ends_sentence
from podcast_insights.insights.engine import Passage
from podcast_insights.insights.language import (
    ANAPHORA,
    CONDITION,
    CONNECTING_STARTS,
    CUT_SHORT,
    FILLERS,
    HEADLINE_CUTS,
    HOUSEKEEPING,
    INTRODUCTION,
    NEGATION,
    NO_HEADLINE,
    OPEN_END,
    OPENERS,
    POINTING_STARTS,
    STUTTER,
    SUBORDINATE_START,
    TRANSITION,
)
from podcast_insights.insights.proof import MAX_HEADLINE_CHARS

MIN_WORDS = 22
MAX_WORDS = 70
MIN_HEADLINE_WORDS = 5
SHORT_HEADLINE_WORDS = 16
LONG_HEADLINE_WORDS = 28
NOUN_WITHIN = 4


@dataclass(frozen=True)
class Excerpt:
    """The usable part of a passage: its sentences less greetings, questions and loose ends."""

    sentences: tuple[str, ...]
    sentence_from: int
    sentence_to: int
    embedding: np.ndarray
    start_s: float

    @property
    def text(self) -> str:
        """The sentences as one text."""
        return " ".join(self.sentences)

    @property
    def claims(self) -> list[str]:
        """The sentences that can be headlines, less the words that only open them.

        They are short enough, point at nothing before, and were said without stumbling.
        """
        opened = (OPENERS.sub("", sentence) for sentence in self.sentences)
        return [sentence for sentence in opened if is_headline(sentence)]


def is_headline(sentence: str) -> bool:
    """Whether a sentence can stand over an excerpt."""
    headline = headline_of(sentence)
    is_alone = not any(
        pattern.match(headline) for pattern in (POINTING_STARTS, CONNECTING_STARTS, NO_HEADLINE)
    )
    is_clean = not any(pattern.search(headline) for pattern in (STUTTER, FILLERS, TRANSITION))
    is_sized = (
        len(headline) <= MAX_HEADLINE_CHARS
        and MIN_HEADLINE_WORDS <= len(headline.split()) <= LONG_HEADLINE_WORDS
    )
    return is_alone and is_clean and is_sized and not points_back(headline)


def points_back(headline: str) -> bool:
    """Whether it stands on something said before: a pronoun before any noun, or many of them."""
    found = [match.start() for match in ANAPHORA.finditer(headline)]
    return len(found) > 2 or any(len(headline[:at].split()) < NOUN_WITHIN for at in found)


def excerpt_of(passage: Passage) -> Excerpt | None:
    """The longest run of whole claims in a passage; None if too little is left."""
    sentences = split(passage.text)
    if len(sentences) != passage.sentence_to - passage.sentence_from:
        return None  # a text without punctuation, cut by length: no sentences to choose from
    first, last = longest_run(sentences)
    kept = tuple(sentences[first:last])
    if not MIN_WORDS <= sum(len(sentence.split()) for sentence in kept) <= MAX_WORDS:
        return None
    start = passage.sentence_from + first
    vector = np.array(passage.embedding, dtype=np.float32)
    return Excerpt(kept, start, start + len(kept), vector, passage.start_s)


def longest_run(sentences: Sequence[str]) -> tuple[int, int]:
    """Where most words in a row hang together: no loose sentence, no start that points back."""
    best, first, size, most = (0, 0), 0, 0, 0
    for index, sentence in enumerate(sentences):
        is_out = is_loose(sentence) or (size == 0 and POINTING_STARTS.match(sentence))
        if is_out:
            first, size = index + 1, 0
            continue
        size += len(sentence.split())
        if size > most:
            best, most = (first, index + 1), size
    return best


def distinct(excerpts: Iterable[Excerpt]) -> list[Excerpt]:
    """Each run of sentences once, in order; several passages can hold the same one."""
    return list({(e.sentence_from, e.sentence_to): e for e in excerpts}.values())


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
    is_fragment = len(re.findall(r"[^\W\d_]+", sentence)) < 4 or sentence[:1].islower()
    is_claim = bool(re.search(r"[.!…][\"'”’)\]]*$", sentence))
    return (
        is_fragment
        or not is_claim
        or bool(HOUSEKEEPING.search(sentence) or INTRODUCTION.search(sentence))
    )


def overlap(a: Excerpt, b: Excerpt) -> bool:
    """Whether two excerpts share a sentence."""
    return a.sentence_from < b.sentence_to and b.sentence_from < a.sentence_to


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
    is_aside = tail.startswith(", which ") and "," in tail[2:]
    is_half = is_aside or bool(
        OPEN_END.search(head) or (SUBORDINATE_START.match(head) and "," not in head)
    )
    return not (is_half or NEGATION.search(head) or CONDITION.search(tail))
