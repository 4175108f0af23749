"""Where a quote stands in a transcript, and what was really said there.

A quote is found *exactly* if its normalized tokens stand in the transcript in one piece, and
*repaired* if its letters and digits do, where only spaces, hyphens, apostrophes and accents
between them differ: "e-mail" and "email". Nothing is ever looked for more loosely than that.
What is kept as the quote is not what was proposed but the transcript's own text, in whole
sentences: a "not" at the end or an "I don't think" at the start can't be cut off. Where a cut
between two sentences is none in truth (`runs_on`), both belong to the quote.

What does not belong here: whether a quote proves what is claimed (`prove.py`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from podcast_insights.embeddings.advertising import THRESHOLD, advertising_scores
from podcast_insights.embeddings.punctuation import (
    MAX_WORDS_PER_MARK,
    as_sentence,
    lacks_punctuation,
)
from podcast_insights.embeddings.sentences import (
    ENDING,
    MAX_ENDING_CHARS,
    Sentence,
    Word,
    cut,
    ends_sentence,
    timed_words,
)
from podcast_insights.insights.proof.glued import Glued
from podcast_insights.insights.proof.tokens import glued, letters_of, normalized_tokens
from podcast_insights.transcripts.records import Segment

WIDE_STOP = re.compile(r"(?<=[。！？｡])(?![。！？｡」』）”’\"')\]])|(?<=[。！？｡][」』）”’\"')\]])")
"""Sentence ends of scripts that put no space after them."""
TRAILING_OFF = re.compile(r"(?:\.\.+|…)[\"'”’)\]]*$")
BEFORE_NUMBERS = re.compile(r"(?<!\S)[A-Z][a-z]{1,3}\.$")
OPENING_MARKS = "\"'“‘«»„([¿¡-–—… "
MAX_RUN_ON_WORDS = 120
"""As many as a quote may have; what would run on further is cut off, and rejected for that."""
MIN_CAPITAL_SHARE = 0.5
"""Where fewer sentences begin with a capital, a small letter tells nothing of the one before."""


@dataclass(frozen=True)
class QuoteMatch:
    """Where a quote stands in the audio, and the transcript's own words there.

    Args:
        speaker: None too where two people speak: no name is better than a wrong one.
        method: `exact` or `repaired`.
        quote: verbatim text of the segments, in whole sentences.
        sentences: the same, one by one.
    """

    start_s: float
    end_s: float
    speaker: str | None
    method: str
    quote: str
    sentences: tuple[Sentence, ...] = field(default=(), repr=False, compare=False)


def wide_parts(word: str) -> list[str]:
    """A written word, cut after its full-width sentence ends."""
    return [part for part in WIDE_STOP.split(word) if part]


def has_end(sentence: str) -> bool:
    """Whether a sentence ends with a mark."""
    sentence = sentence[-MAX_ENDING_CHARS:]
    return bool(ENDING.search(sentence)) or sentence.rstrip("」』）”’\"')]")[-1:] in (*"。！？｡",)


def first_letter(sentence: str) -> str:
    """What a sentence begins with, quotation marks aside."""
    return sentence.lstrip(OPENING_MARKS)[:1]


@dataclass(frozen=True)
class Piece:
    """A written word in the transcript's text, or a part of one that ends a sentence."""

    start: int
    end: int
    start_s: float
    end_s: float
    speaker: str | None
    sentence: int


@dataclass(frozen=True)
class TokenStream:
    """A transcript as normalized tokens that know their words, sentences and seconds.

    Words get their seconds from `embeddings.sentences.timed_words`, and from nowhere else: as
    they were heard where segments know it; else a segment's time is shared out by characters,
    which on read speech is within about a second of the truth.
    """

    segments: tuple[Segment, ...]

    @cached_property
    def _words(self) -> list[Word]:
        return timed_words(self.segments)

    @cached_property
    def text(self) -> str:
        """The segments' own words, joined by single spaces."""
        return " ".join(word.text for word in self._words)

    @cached_property
    def sentences(self) -> list[str]:
        """The text sentence by sentence, every word in one, nothing added."""
        bounds: dict[int, list[int]] = {}
        for piece in self._pieces:
            bounds.setdefault(piece.sentence, [piece.start, piece.end])[1] = piece.end
        return [self.text[start:end] for start, end in bounds.values()]

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """Those that the transcript names, in the order in which they speak."""
        return tuple(dict.fromkeys(s.speaker for s in self.segments if s.speaker))

    @cached_property
    def by_sentence(self) -> str:
        """What founds names and numbers: the text without advertising, sentence by sentence.

        A full stop stands between sentences, so that no number goes over one.
        """
        sentences = self.sentences
        heard = sentences if self._has_marks else [as_sentence(text) for text in sentences]
        scores = advertising_scores(heard)
        kept = (s for s, score in zip(sentences, scores, strict=True) if score < THRESHOLD)
        return "\n.\n".join(kept)

    @cached_property
    def tokens(self) -> list[str]:
        """All tokens in order."""
        return [token for token, _ in self._placed]

    @cached_property
    def _pieces(self) -> list[Piece]:
        """Words with the number of their sentence, as `to_sentences` cuts them."""
        words = self._words
        is_guessing = lacks_punctuation(words, sum(ends_sentence(word.text) for word in words))
        sizes = (len(sentence.text.split()) for sentence in cut(words, is_guessing=is_guessing))
        last_words, total = set(), 0
        for size in sizes:
            total += size
            last_words.add(total - 1)
        pieces: list[Piece] = []
        sentence = position = 0
        for number, word in enumerate(words):
            parts = [word.text] if word.text.isascii() else wide_parts(word.text)
            pace = (word.end_s - word.start_s) / len(word.text)
            at = 0
            for part in parts:
                begin, end = word.start_s + at * pace, word.start_s + (at + len(part)) * pace
                start = position + at
                pieces.append(Piece(start, start + len(part), begin, end, word.speaker, sentence))
                at += len(part)
                sentence += part is not parts[-1] or bool(WIDE_STOP.search(part))
            sentence += number in last_words and pieces[-1].sentence == sentence
            position += len(word.text) + 1
        return pieces

    @cached_property
    def _placed(self) -> list[tuple[str, int]]:
        """Tokens with the number of their piece."""
        return [
            (token, number)
            for number, piece in enumerate(self._pieces)
            for token in normalized_tokens(self.text[piece.start : piece.end])
        ]

    @cached_property
    def _joined(self) -> tuple[str, dict[int, int]]:
        offsets, position = {}, 1
        for index, token in enumerate(self.tokens):
            offsets[position] = index
            position += len(token) + 1
        return f" {' '.join(self.tokens)} ", offsets

    @cached_property
    def glued(self) -> Glued:
        """The tokens' letters as one run."""
        return Glued([letters_of(token) or token for token in self.tokens])

    @cached_property
    def _has_marks(self) -> bool:
        """Whether sentences end with marks here, so that one without has not ended."""
        marks = sum(has_end(sentence) for sentence in self.sentences)
        return marks * MAX_WORDS_PER_MARK >= len(self._words)

    @cached_property
    def _has_capitals(self) -> bool:
        """Whether sentences begin with capitals here."""
        capitals = sum(first_letter(sentence).isupper() for sentence in self.sentences)
        return capitals >= MIN_CAPITAL_SHARE * len(self.sentences)

    def _runs_on(self, number: int) -> bool:
        """Whether a sentence is not over where it was cut from the next one.

        An ellipsis is no end, nor is a change of speaker or a cut at 60 words without a mark,
        nor a full stop before a small letter ("no Ph.D. who knows this"), nor one between a short
        word and a number ("Jan. 1998").
        """
        if not (self._has_marks and 0 <= number < len(self.sentences) - 1):
            return False
        before, after = self.sentences[number], self.sentences[number + 1]
        if not has_end(before) or TRAILING_OFF.search(before[-MAX_ENDING_CHARS:]):
            return True
        opening = first_letter(after)
        return (opening.isdigit() and bool(BEFORE_NUMBERS.search(before[-MAX_ENDING_CHARS:]))) or (
            opening.islower() and self._has_capitals
        )

    def _whole(self, first: int, last: int) -> tuple[int, int]:
        """Numbers of the first and last sentence, with all that runs on into them."""
        words = sum(len(self.sentences[n].split()) for n in range(first, last + 1))
        while words <= MAX_RUN_ON_WORDS and self._runs_on(first - 1):
            first -= 1
            words += len(self.sentences[first].split())
        while words <= MAX_RUN_ON_WORDS and self._runs_on(last):
            last += 1
            words += len(self.sentences[last].split())
        return first, last

    @cached_property
    def _first_of_sentence(self) -> dict[int, int]:
        return {p.sentence: n for n, p in reversed(list(enumerate(self._pieces)))}

    def locate(self, quote: str) -> QuoteMatch | None:
        """The sentences of the first place where the quote stands in one piece, or None."""
        wanted = normalized_tokens(quote)
        if not wanted:
            return None
        found, method = self._exact(wanted), "exact"
        if found is None:
            letters = glued([letters_of(token) for token in wanted])
            found, method = next(self.glued.places(letters), None), "repaired"
        return self._match(*found, method) if found else None

    def _exact(self, wanted: Sequence[str]) -> tuple[int, int] | None:
        """Numbers of the first and the last token."""
        text, offsets = self._joined
        at = text.find(f" {' '.join(wanted)} ")
        if at < 0:
            return None
        first = offsets[at + 1]
        return first, first + len(wanted) - 1

    def _match(self, first: int, last: int, method: str) -> QuoteMatch:
        """The whole sentences around two tokens."""
        pieces = self._pieces
        opening, closing = self._whole(
            pieces[self._placed[first][1]].sentence, pieces[self._placed[last][1]].sentence
        )
        begin = self._first_of_sentence[opening]
        end = self._first_of_sentence.get(closing + 1, len(pieces))
        sentences = tuple(self._sentences(pieces[begin:end]))
        speakers = {sentence.speaker for sentence in sentences}
        return QuoteMatch(
            start_s=sentences[0].start_s,
            end_s=sentences[-1].end_s,
            speaker=speakers.pop() if len(speakers) == 1 else None,
            method=method,
            quote=self.text[pieces[begin].start : pieces[end - 1].end],
            sentences=sentences,
        )

    def _sentences(self, pieces: Sequence[Piece]) -> Iterator[Sentence]:
        """Pieces of whole sentences as sentences."""
        parts: dict[int, list[Piece]] = {}
        for piece in pieces:
            parts.setdefault(piece.sentence, []).append(piece)
        for part in parts.values():
            yield Sentence(
                text=self.text[part[0].start : part[-1].end],
                start_s=round(part[0].start_s, 3),
                end_s=round(part[-1].end_s, 3),
                speaker=part[0].speaker,
            )
