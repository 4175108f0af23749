"""What of an episode can be shown to a reader who has not heard it.

An excerpt begins with a sentence that needs nothing before it and ends where the speaker goes
on to something else. Greetings, questions, housekeeping and loose ends are in none.

What does not belong here: single sentences (`wording.py`), and which excerpts are worth a
reader's time (`signals.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from podcast_insights.insights.engine import Passage
from podcast_insights.insights.extractive.language import (
    CONNECTING_STARTS,
    HEADING,
    LEADS_OVER,
    POINTING_STARTS,
    SPEAKER,
)
from podcast_insights.insights.extractive.wording import (
    content_words,
    is_headline,
    is_hollow,
    is_loose,
    is_start,
    opened,
    split,
    stands_alone,
    tidy,
)

MIN_WORDS = 18
ENOUGH_WORDS = 28
MAX_WORDS = 64
STEM = 5
"""Letters that two words must share to be taken for one in other forms."""


@dataclass(frozen=True)
class Excerpt:
    """Sentences that can be shown alone, as they were said.

    Args:
        embedding: of the passage that holds most of it.
    """

    sentences: tuple[str, ...]
    sentence_from: int
    sentence_to: int
    embedding: np.ndarray
    start_s: float

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The sentences as readers see them."""
        first, *rest = (tidy(sentence) for sentence in self.sentences)
        return (opened(first), *rest)

    @cached_property
    def text(self) -> str:
        """What readers see, as one text."""
        return " ".join(self.shown)

    @cached_property
    def claims(self) -> dict[str, str]:
        """The sentences that can be headlines, each with the words that were said.

        They are short enough, point at nothing before, and were said without stumbling.
        """
        return self._related or self._headlines

    @property
    def is_alone(self) -> bool:
        """Whether nothing before it is needed, as far as words tell."""
        return is_start(self.shown[0]) and bool(self._related)

    @cached_property
    def _headlines(self) -> dict[str, str]:
        pairs = zip(map(opened, self.shown), self.sentences, strict=True)
        return {shown: said for shown, said in pairs if is_headline(shown)}

    @cached_property
    def _related(self) -> dict[str, str]:
        """Headlines of what the sentences before them are about, too, or of the first one."""
        found: dict[str, str] = {}
        topic = set[str]()
        for sentence in self.shown:
            claim, mine = opened(sentence), stems(sentence)
            is_about_it = not topic or bool(mine & topic)
            if claim in self._headlines and is_about_it and stands_alone(claim):
                found[claim] = self._headlines[claim]
            topic |= mine
        return found


def excerpts_of(passages: Sequence[Passage]) -> list[Excerpt]:
    """All excerpts of an episode, one at most for each sentence it can begin with."""
    said = Sentences.of(passages)
    found = (said.excerpt_from(first) for first in sorted(said.texts))
    return [excerpt for excerpt in found if excerpt is not None and excerpt.claims]


@dataclass(frozen=True)
class Sentences:
    """The sentences of an episode's passages, by their numbers.

    Args:
        joined: numbers of sentences that go on to the next one in the same turn.
        holders: for each sentence the passage that begins with it, or else one that has it.
    """

    texts: dict[int, str]
    joined: frozenset[int]
    holders: dict[int, Passage]

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> "Sentences":
        """Read back from passages; one cut by length has no sentences to choose from."""
        texts: dict[int, str] = {}
        joined: set[int] = set()
        holders: dict[int, Passage] = {}
        for passage in passages:
            parts = split(passage.text)
            numbers = range(passage.sentence_from, passage.sentence_to)
            if len(parts) != len(numbers):
                continue
            texts.update(zip(numbers, parts, strict=True))
            joined.update(numbers[:-1])
            for number in numbers:
                if number == passage.sentence_from or number not in holders:
                    holders[number] = passage
        return cls(texts, frozenset(joined), holders)

    def excerpt_from(self, first: int) -> Excerpt | None:
        """The excerpt that begins with a sentence, or None if none should."""
        last = self.end_from(first)
        kept = tuple(self.texts[number] for number in range(first, last))
        words = sum(len(sentence.split()) for sentence in kept)
        if not MIN_WORDS <= words <= MAX_WORDS or not is_balanced(" ".join(kept)):
            return None
        holder = self.holders[first]
        vector = np.array(holder.embedding, dtype=np.float32)
        return Excerpt(kept, first, last, vector, holder.start_s)

    def end_from(self, first: int) -> int:
        """The sentence after the last one that still says the same thing; `first` for nothing."""
        last, words, topic = first, 0, set[str]()
        ends = first
        while last in self.texts and (last == first or last - 1 in self.joined):
            shown = tidy(self.texts[last])
            size = len(shown.split())
            if (
                is_loose(shown)
                or words + size > MAX_WORDS
                or (last == first and POINTING_STARTS.match(shown))
            ):
                break
            mine = stems(shown)
            goes_on = POINTING_STARTS.match(shown) or CONNECTING_STARTS.match(shown) or mine & topic
            is_new = any(p.search(self.texts[last]) for p in (LEADS_OVER, HEADING, SPEAKER))
            if last > first and (is_new or (words >= ENOUGH_WORDS and not goes_on)):
                break
            last, words, topic = last + 1, words + size, topic | mine
            if not is_hollow(shown):
                ends = last
        return ends


def stems(text: str) -> set[str]:
    """The beginnings of its words that carry meaning."""
    return {word[:STEM] for word in content_words(text)}


def is_balanced(text: str) -> bool:
    """Whether each quotation that begins in it also ends in it."""
    return text.count('"') % 2 == 0 and text.count("“") == text.count("”")


def overlap(a: Excerpt, b: Excerpt) -> bool:
    """Whether two excerpts share a sentence."""
    return a.sentence_from < b.sentence_to and b.sentence_from < a.sentence_to
