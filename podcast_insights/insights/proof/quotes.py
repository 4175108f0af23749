"""Where a quote stands in a transcript, and what was really said there.

A quote is found *exactly* if its normalized tokens stand in the transcript in one piece, and
*repaired* if its letters and digits do, where only spaces, hyphens, apostrophes and accents
between them differ: "e-mail" and "email". Nothing is ever looked for more loosely than that.
What is kept as the quote is not what was proposed but the transcript's own text, in whole
sentences: a "not" at the end or an "I don't think" at the start can't be cut off.

What does not belong here: whether a quote proves what is claimed (`proof.py`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from podcast_insights.embeddings.punctuation import lacks_punctuation
from podcast_insights.embeddings.sentences import (
    Sentence,
    Word,
    cut,
    ends_sentence,
    timed_words,
)
from podcast_insights.insights.proof.tokens import glued, letters_of, normalized_tokens
from podcast_insights.transcripts.records import Segment

MAX_TRIES = 2_000
"""Places where the letters are the same but no word begins; more are in no real transcript."""
WIDE_STOP = re.compile(r"(?<=[。！？｡])(?![。！？｡」』）”’\"')\]])|(?<=[。！？｡][」』）”’\"')\]])")
"""Sentence ends of scripts that put no space after them."""


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


@dataclass(frozen=True)
class Glued:
    """Tokens as one run of letters that knows where each token begins and ends.

    Args:
        parts: the tokens' letters, none of them empty.
    """

    parts: Sequence[str]

    @cached_property
    def text(self) -> str:
        """The letters without spaces; two digits of different tokens keep one between them."""
        return glued(self.parts)

    @cached_property
    def _starts(self) -> dict[int, int]:
        """The number of the token that begins at a letter."""
        starts, position, before = {}, 0, ""
        for number, part in enumerate(self.parts):
            position += before[-1:].isdigit() and part[0].isdigit()
            starts[position] = number
            position += len(part)
            before = part
        return starts

    @cached_property
    def _ends(self) -> dict[int, int]:
        return {at + len(self.parts[number]): number for at, number in self._starts.items()}

    def places(self, letters: str) -> Iterator[tuple[int, int]]:
        """First and last token of the places where `letters` are whole tokens, in order."""
        at = -1
        for _ in range(MAX_TRIES):
            at = self.text.find(letters, at + 1) if letters else -1
            if at < 0:
                return
            first, last = self._starts.get(at), self._ends.get(at + len(letters))
            if first is not None and last is not None:
                yield first, last


def wide_parts(word: str) -> list[str]:
    """A written word, cut after its full-width sentence ends."""
    return [part for part in WIDE_STOP.split(word) if part]


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

    Words get their seconds from `embeddings.sentences.timed_words`, and from nowhere else:
    where segments carry no times of words, a segment's time is shared out by characters, which
    on read speech is within about a second of the truth.
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
        """The text with a full stop between sentences, so that no number goes over one."""
        return "\n.\n".join(self.sentences)

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
    def _glued(self) -> Glued:
        return Glued([letters_of(token) or token for token in self.tokens])

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
            found, method = next(self._glued.places(letters), None), "repaired"
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
        begin = self._first_of_sentence[pieces[self._placed[first][1]].sentence]
        after = pieces[self._placed[last][1]].sentence + 1
        end = self._first_of_sentence.get(after, len(pieces))
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
