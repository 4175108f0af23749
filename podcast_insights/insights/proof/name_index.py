"""Where names are looked up: transcript and metadata, in whatever spacing a name was written.

A name is there as a word, as words that were written apart ("open AI" for OpenAI, "A W S" for
AWS), with or without the s of a plural, or under an alias (`aliases.yaml`).

What does not belong here: what in an insight is a name (`names.py`).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

import yaml

from podcast_insights.insights.proof.glued import Glued
from podcast_insights.insights.proof.numbers import in_digits
from podcast_insights.insights.proof.ordinary import FUNCTION_WORDS, KNOWN_NAMES, bases, is_ordinary
from podcast_insights.insights.proof.tokens import letters_of, tokens_of

ALWAYS_CAPITAL = frozenset("i i'm i've i'd i'll ok mr mrs ms dr prof sir e.g. i.e.".split())
NAME_RUN = re.compile(
    r"(?<![\w'])[^\W\d_a-z][^\W\d_]{1,40}(?: (?:[A-Z]\. ?)?[^\W\d_a-z][^\W\d_]{1,40}){1,8}"
)
"""Words with a capital, side by side: Alex J. Moreno."""
HAS_CASE_SHARE = 0.005
"""A text with fewer capitals, as captions are, can't tell US from us."""
LONG_WORD = 4
"""Longer names are found with and without the s of a plural; Jobs is not job."""


@dataclass(frozen=True)
class Claimed:
    """A word of headline or body, with what is known of it from how it is written."""

    text: str
    start: int
    end: int
    is_opening: bool

    @property
    def bare(self) -> str:
        """Without a possessive."""
        return re.sub(r"'s?$", "", self.text) if "'" in self.text else self.text

    @property
    def low(self) -> str:
        """In lower case."""
        return self.text.casefold()

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital, "I" apart."""
        return self.text[:1].isupper() and self.low not in ALWAYS_CAPITAL

    @property
    def is_marked(self) -> bool:
        """Whether capitals or digits beyond its first letter make it a name by themselves."""
        bare = self.bare
        has_letter = any(c.isalpha() for c in bare)
        has_digit = any(c.isdigit() for c in bare) and any(c.isupper() for c in bare)
        parts = re.split(r"[-']", bare)
        has_inner = any(c.isupper() for part in parts for c in part[1:])
        return has_letter and (has_inner or has_digit)

    @property
    def is_acronym(self) -> bool:
        """Capitals only, with points or a plural s: AWS, U.S., GPUs."""
        letters = self.bare.replace(".", "")
        letters = letters.removesuffix("s") if letters[:-1].isupper() else letters
        return len(letters) > 1 and letters.isalpha() and letters.isupper()


@dataclass(frozen=True)
class Neighbours:
    """Names that stand side by side in a text, in lower case.

    Args:
        pairs: two in a row.
    """

    pairs: frozenset[tuple[str, str]]

    @cached_property
    def first(self) -> frozenset[str]:
        """Those that another name follows: Alex, of Alex Moreno."""
        return frozenset(first for first, _ in self.pairs)

    @cached_property
    def second(self) -> frozenset[str]:
        """Those that follow another name."""
        return frozenset(second for _, second in self.pairs)


def neighbours_in(text: str) -> Neighbours:
    """Names side by side, initials between them aside, ordinary words left out."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    pairs = set()
    for match in NAME_RUN.finditer(plain):
        words = [run_of(word) for word in match[0].split() if len(word.strip(".")) > 1]
        pairs |= {p for p in pairwise(words) if not any(is_ordinary(word) for word in p)}
    return Neighbours(frozenset(pairs))


@dataclass(frozen=True)
class NameIndex:
    """A text in which names can be looked up."""

    text: str
    language: str

    @cached_property
    def _cased(self) -> list[str]:
        """Tokens in their own case, without accents, apostrophes and possessives."""
        tokens = (re.sub(r"'s?$", "", t) if "'" in t else t for t in tokens_of(self.text))
        return [letters for token in tokens if (letters := letters_of(token))]

    @cached_property
    def _glued(self) -> Glued:
        return Glued([token.casefold() for token in self._cased])

    @cached_property
    def words(self) -> frozenset[str]:
        """The distinct tokens in lower case."""
        return frozenset(self._glued.parts)

    @cached_property
    def stems(self) -> frozenset[str]:
        """What the words may be forms of."""
        return frozenset(base for word in self.words for base in bases(word))

    @cached_property
    def cased_words(self) -> frozenset[str]:
        """The distinct tokens in their own case; empty for a text without capitals."""
        capitals = sum(token[:1].isupper() for token in self._cased)
        return frozenset(self._cased if capitals > HAS_CASE_SHARE * len(self._cased) else ())

    @cached_property
    def neighbours(self) -> Neighbours:
        """Which names stand side by side."""
        return neighbours_in(self.text)

    @cached_property
    def spelled(self) -> "NameIndex | None":
        """The same text with numbers in digits, or None where that changes nothing."""
        changed = in_digits(self.text, self.language)
        return NameIndex(changed, "") if changed != self.text else None

    def has(self, word: Claimed) -> bool:
        """Whether the text has a name, in one word or in several that are written apart."""
        return any(self._has_form(word, form) for form in forms_of(word))

    def _has_form(self, word: Claimed, form: str) -> bool:
        low = form.casefold()
        is_pronoun = word.is_acronym and low in FUNCTION_WORDS and self.cased_words
        if low in self.words and not (is_pronoun and form not in self.cased_words):
            return True
        if any(self._is_apart(word, first, last) for first, last in self._glued.places(low)):
            return True
        has_digit = any(c.isdigit() for c in form)
        return has_digit and self.spelled is not None and self.spelled.has(word)

    def _is_apart(self, word: Claimed, first: int, last: int) -> bool:
        """Whether tokens, read in one, are that name: "I ran" is not Iran."""
        if first == last:
            return False  # that would have been found as a word
        parts = self._cased[first : last + 1]
        if word.is_acronym:
            return all(len(part) == 1 for part in parts)
        return word.is_marked or " " in word.text or all(part[:1].isupper() for part in parts)

    def has_phrase(self, phrase: str) -> bool:
        """Whether the text has an alias, of one or several words."""
        words = tokens_of(phrase)
        if len(words) == 1 or phrase.replace(".", "").isupper():
            return self.has(Claimed(phrase, 0, len(phrase), is_opening=False))
        low = "".join(letters_of(word) for word in words).casefold()
        return any(last - first < 2 * len(words) for first, last in self._glued.places(low))


@dataclass(frozen=True)
class Names:
    """What transcript and metadata of an episode have of names."""

    sources: tuple[NameIndex, ...]

    def has(self, word: Claimed) -> bool:
        """Whether one of the sources has it."""
        return any(source.has(word) for source in self.sources)

    def has_phrase(self, phrase: str) -> bool:
        """Whether one of the sources has an alias."""
        return any(source.has_phrase(phrase) for source in self.sources)

    def are_glued(self, first: str, second: str) -> bool:
        """Whether two names that were said are put together to one that nobody said.

        Both stand in the sources, never side by side, and one of them has another neighbour:
        "Ann" and "Alex Moreno" give no Ann Moreno. "Sam" and "Altman", each said alone, do.
        """
        pair = run_of(first), run_of(second)
        if any(pair in s.neighbours.pairs or self._is_run(s, pair) for s in self.sources):
            return False
        return any(
            pair[0] in s.neighbours.first or pair[1] in s.neighbours.second for s in self.sources
        )

    def _is_run(self, source: NameIndex, pair: tuple[str, str]) -> bool:
        return source.has_phrase(" ".join(pair))

    def has_stem(self, low: str) -> bool:
        """Whether one of the sources has a form of an ordinary word."""
        return any(not bases(low).isdisjoint(source.stems) for source in self.sources)


@lru_cache(maxsize=32)
def index_of(text: str, language: str) -> NameIndex:
    """The index of a text; of a long one it is worth keeping for the next candidate.

    As many as sixteen episodes at a time need, each with its transcript and its metadata.
    """
    return NameIndex(text, language)


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """The other names of a thing by any of its names, as one run of lower-case letters."""
    text = Path(__file__).with_name("aliases.yaml").read_text("utf-8")
    groups: list[list[str]] = yaml.safe_load(text)
    found: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for name in group:
            key = run_of(name)
            found[key] = (*found.get(key, ()), *(other for other in group if other != name))
    return found


def run_of(phrase: str) -> str:
    """A name as one run of lower-case letters."""
    return "".join(letters_of(token) for token in tokens_of(phrase)).casefold()


def forms_of(word: Claimed) -> list[str]:
    """A name as runs of letters: as it is, and with and without the s of a plural."""
    whole = "".join(letters_of(token) for token in tokens_of(word.bare))
    if not whole or whole.casefold() in KNOWN_NAMES or len(whole) < 2:
        return [whole] if whole else []
    if word.is_acronym or len(whole) > LONG_WORD:
        return [whole, whole[:-1] if whole[-1] == "s" else f"{whole}s"]
    return [whole]
