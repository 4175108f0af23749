"""Names in an insight, and whether somebody said them.

What is a name, is decided by how it is written: a capital within a sentence, capitals or digits
inside a word, and a capital at the beginning of a sentence unless the word is an ordinary one.
A name is founded if transcript or metadata have it, or one of its aliases (`name_index.py`).

In German every noun has a capital, so that a capital says nothing. There, only words with
capitals or digits inside, acronyms, the words before "sagt" and its like, and pairs of unknown
capitalized words ("Elon Musk") are names. In languages other than English and German a word that
opens a sentence is a name only if it has capitals or digits inside: our lists of ordinary words
are English.

What does not belong here: numbers (`numbers.py`) and the lists of words (`ordinary.py`).
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from podcast_insights.insights.proof.hidden_names import SAYING, glued_names, small_names
from podcast_insights.insights.proof.name_index import Claimed, Names, aliases, run_of
from podcast_insights.insights.proof.number_words import TIME_PREFIXES
from podcast_insights.insights.proof.ordinary import (
    AFTER_HYPHEN,
    FUNCTION_WORDS,
    HYPHENATED,
    is_function_word,
    is_ordinary,
    is_participle,
    is_plural,
)

WORD = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:(?:['&-]|(?<=\d)[.,](?=\d))[^\W_]+)*")
OPENING = re.compile(r"[.!?:;…。！？]['\"”’»)\]]*\s+['\"“‘«(\[]*$|[\n—–]\s*['\"“‘«(\[]*$|^\W*$")
"""What stands before a word that opens a sentence, as far back as it is looked at."""
LOOK_BACK = 12
CAPITALIZED_NOUNS = ("de", "lb")
GERMAN_UNITS = frozenset(
    "prozent euro dollar million millionen milliarde milliarden billionen ende anfang mitte jahr "
    "jahre jahren tag tage tagen stunde stunden minuten meter kilometer grad herr frau".split()
)
GERMAN_PRONOUN = 3
"""Longest word that can stand before "sagt" and be no name: er, sie, man."""
STRESSED = FUNCTION_WORDS - frozenset("us it who am me in or on as at may will pa la".split())
"""Words that capitals only stress, NOT and MUST; the others are names when they have them."""
AMOUNT = re.compile(r"(?:\d[\d.,]*-)?\d[\d.,]*(?:K|M|B|T|Mn|Bn|Tn)")
"""3K and 10M are numbers (`numbers.py`)."""
MAX_ALIAS_WORDS = 6
MIN_NAME = 2
"""Letters of an entity: the T of "T-bast" is none."""
TITLE_SHARE = 0.8
MIN_TITLE_WORDS = 3
SMALL_WORD = 4
"""Words of up to so many letters may stand without a capital in a title: of, the, with."""


def claimed_words(text: str) -> list[Claimed]:
    """The words of a text, typography aside."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    found: list[Claimed] = []
    for match in WORD.finditer(plain):
        before = plain[max(0, match.start() - LOOK_BACK) : match.start()]
        is_opening = match.start() == 0 or bool(OPENING.search(before))
        found += parted(Claimed(match[0], match.start(), match.end(), is_opening))
    return found


def parted(word: Claimed) -> Iterator[Claimed]:
    """A compound as its parts, unless it is a name by itself: GPT-4, but AI-driven as AI."""
    has_digit = any(c.isdigit() for c in word.text)
    is_time = has_digit and word.text.split("-")[0].casefold() in TIME_PREFIXES
    if "-" not in word.text or (has_digit and not is_time):
        yield word
        return
    at = word.start
    parts = word.text.split("-")
    for number, part in enumerate(parts):
        is_first, is_last = number == 0, number == len(parts) - 1
        is_prefix = not is_last and part.casefold() in HYPHENATED and not part.isupper()
        is_prefix = is_prefix or (is_first and part == "E")
        if not (is_prefix or (is_last and part.casefold() in AFTER_HYPHEN)):
            yield Claimed(part, at, at + len(part), word.is_opening and is_first)
        at += len(part) + 1


def looks_like_title(words: Sequence[Claimed]) -> bool:
    """Whether every word has a capital because it stands in a title."""
    counted = [w for w in words if len(w.text) >= SMALL_WORD or w.is_capital]
    plain = [w for w in counted if not w.is_marked]
    return len(plain) >= MIN_TITLE_WORDS and (
        sum(w.text[:1].isupper() for w in counted) >= TITLE_SHARE * len(counted)
    )


def unfounded_names(
    text: str, names: Names, language: str, *, is_title: bool | None = None
) -> list[str]:
    """Names of a text that neither transcript nor metadata has.

    Args:
        text: headline, body or a label.
        names: what transcript and metadata have.
        language: of the text.
        is_title: capitals say nothing; None: by the look of the text.
    """
    words = claimed_words(text.title() if text.isupper() else text)
    known = aliased(words, names)
    title = looks_like_title(words) if is_title is None else is_title
    found = [
        word.text
        for number, word in enumerate(words)
        if number not in known
        and is_name(words, number, names, language, title=title)
        and not names.has(word)
        and not has_compound(words, number, names)
    ]
    if language not in CAPITALIZED_NOUNS:
        found += glued_names(words, known, names)
    if language == "en":
        found += small_names(words, known, names)
    return found


def aliased(words: Sequence[Claimed], names: Names) -> set[int]:
    """Numbers of the words that are, or are part of, another name of something that was said."""
    found: set[int] = set()
    runs = [run_of(word.bare) for word in words]
    for first in range(len(words)):
        for last in range(first, min(first + MAX_ALIAS_WORDS, len(words))):
            others = aliases().get("".join(runs[first : last + 1]), ())
            if others and any(word.is_capital for word in words[first : last + 1]):
                found |= (
                    set(range(first, last + 1)) if any(map(names.has_phrase, others)) else set()
                )
    return found


def has_compound(words: Sequence[Claimed], number: int, names: Names) -> bool:
    """Whether a word and its neighbour are one word in the sources: "Chat GPT" as ChatGPT."""
    for first in (number - 1, number):
        pair = words[max(first, 0) : first + 2]
        if len(pair) == 2 and all(w.is_capital or w.is_marked for w in pair):
            run = run_of(pair[0].bare + pair[1].bare)
            if any(run in source.words for source in names.sources):
                return True
    return False


def is_name(
    words: Sequence[Claimed], number: int, names: Names, language: str, *, title: bool
) -> bool:
    """Whether a word claims to be a name, by how and where it is written."""
    word = words[number]
    if word.is_marked:
        return not (word.low in STRESSED or AMOUNT.fullmatch(word.text))
    if not word.is_capital:
        return False
    if language in CAPITALIZED_NOUNS:
        return is_german_name(words, number, names)
    if not (word.is_opening or title):
        return word.is_acronym or word.low not in FUNCTION_WORDS
    if language != "en" or is_function_word(word.low):
        return False
    if not title and is_forced(words, number):
        return not (is_ordinary(word.low) and names.has_stem(word.low))
    return not (is_ordinary(word.low) or names.has_stem(word.low))


def is_forced(words: Sequence[Claimed], number: int) -> bool:
    """Whether the next word, or a possessive, makes an opening word a name."""
    word = words[number]
    if is_participle(word.bare.casefold()):
        return False
    if word.bare != word.text:
        return not (word.text.endswith("s'") and is_plural(word.bare.casefold()))
    following = words[number + 1] if number + 1 < len(words) else None
    if following is None or following.start - word.end != 1:
        return False
    is_titled = following.is_capital and not following.is_marked and not following.is_acronym
    # "Skeptics say" are many; "Staples says" is one.
    is_many = is_plural(word.low) and not following.low.endswith("s")
    return is_titled or (following.low in SAYING and not is_many)


def is_german_name(words: Sequence[Claimed], number: int, names: Names) -> bool:
    """Before "sagt" and its like, or beside another capitalized word that nobody said either."""
    word = words[number]
    if number + 1 < len(words) and words[number + 1].low in SAYING:
        return len(word.text) > GERMAN_PRONOUN
    for first in (number - 1, number):
        pair = words[max(first, 0) : first + 2]
        is_pair = len(pair) == 2 and all(w.is_capital and not w.is_opening for w in pair)
        if is_pair and pair[1].start - pair[0].end == 1:
            if not any(w.low in GERMAN_UNITS or names.has(w) for w in pair):
                return True
    return False


def names_in(text: str, names: Names, language: str) -> Iterator[str]:
    """Founded names of a text as it spells them: acronyms, and runs of capitalized words."""
    words = claimed_words(text)
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    if looks_like_title(words) or language in CAPITALIZED_NOUNS:
        runs = [(n, n) for n, word in enumerate(words) if word.is_marked]
    else:
        runs = list(capital_runs(words, names))
    known = aliased(words, names)
    for first, last in runs:
        span = words[first : last + 1]
        if len(span) == 1 and (len(span[0].bare) < MIN_NAME or is_mere_opener(span[0], names)):
            continue
        if all(n in known or names.has(words[n]) for n in range(first, last + 1)):
            yield plain[span[0].start : span[-1].start + len(span[-1].bare)]


def is_mere_opener(word: Claimed, names: Names) -> bool:
    """Whether a word opens a sentence and was only ever said without a capital."""
    if not word.is_opening or word.is_marked or word.is_acronym:
        return False
    cased = {said for source in names.sources for said in source.cased_words if said[0].isupper()}
    return bool(cased) and word.bare.casefold() not in {said.casefold() for said in cased}


def is_forced_part(words: Sequence[Claimed], number: int, names: Names) -> bool:
    """Whether an ordinary opener is part of a name: "Federal Reserve", but not "Turn Windows"."""
    word = words[number]
    if not word.is_capital or is_function_word(word.low) or not is_forced(words, number):
        return False
    if word.bare != word.text or not words[number + 1].is_capital:
        return True
    pair = f"{word.text} {words[number + 1].bare}"
    return any(pair in source.text for source in names.sources)


def capital_runs(words: Sequence[Claimed], names: Names) -> Iterator[tuple[int, int]]:
    """First and last number of capitalized words in a row, ordinary openers apart."""
    first = None
    for number, word in enumerate(words):
        is_part = word.is_marked or (
            word.is_capital
            and not is_function_word(word.low)
            and not (word.is_opening and is_ordinary(word.low))
        )
        is_part = is_part or (word.is_opening and is_forced_part(words, number, names))
        before = words[number - 1]
        follows = word.start - before.end == 1 and before.bare == before.text
        if first is not None and not (is_part and follows and not word.is_opening):
            yield first, number - 1
            first = None
        if is_part and first is None:
            first = number
    if first is not None:
        yield first, len(words) - 1
