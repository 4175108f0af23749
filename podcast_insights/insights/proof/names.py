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

from podcast_insights.insights.proof.name_index import Claimed, Names, aliases, run_of
from podcast_insights.insights.proof.number_words import TIME_PREFIXES
from podcast_insights.insights.proof.ordinary import FUNCTION_WORDS, is_function_word, is_ordinary

WORD = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:(?:['&-]|(?<=\d)[.,](?=\d))[^\W_]+)*")
OPENING = re.compile(r"[.!?:;…。！？]['\"”’»)\]]*\s+['\"“‘«(\[]*$|[\n—–]\s*['\"“‘«(\[]*$|^\W*$")
"""What stands before a word that opens a sentence, as far back as it is looked at."""
LOOK_BACK = 12
SAYING = frozenset(
    """
    say says said saying argue argues argued think thinks thought believe believes believed claim
    claims claimed warn warns warned predict predicts predicted explain explains explained note
    notes noted suggest suggests suggested expect expects expected recommend recommends recommended
    describe describes described tell tells told hope hopes hoped admit admits admitted insist
    insists insisted add adds added recall recalls recalled doubt doubts doubted estimate estimates
    estimated reckon reckons reckoned worry worries worried
    sagt sagte meint meinte glaubt glaubte erklärt erklärte warnt warnte denkt dachte schätzt
    erwartet behauptet findet betont rät
    """.split()
)
CAPITALIZED_NOUNS = ("de", "lb")
GERMAN_UNITS = frozenset(
    "prozent euro dollar million millionen milliarde milliarden billionen ende anfang mitte jahr "
    "jahre jahren tag tage tagen stunde stunden minuten meter kilometer grad herr frau".split()
)
GERMAN_PRONOUN = 3
"""Longest word that can stand before "sagt" and be no name: er, sie, man."""
STRESSED = FUNCTION_WORDS - frozenset("us it who am me in or on as at may will pa la".split())
"""Words that capitals only stress, NOT and MUST; the others are names when they have them."""
MAX_ALIAS_WORDS = 6
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
    for number, part in enumerate(word.text.split("-")):
        yield Claimed(part, at, at + len(part), word.is_opening and number == 0)
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
    return [
        word.text
        for number, word in enumerate(words)
        if number not in known
        and is_name(words, number, names, language, title=title)
        and not names.has(word)
        and not has_compound(words, number, names)
    ]


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
        return word.low not in STRESSED
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
    if word.bare != word.text:
        return True
    following = words[number + 1] if number + 1 < len(words) else None
    if following is None or following.start - word.end != 1:
        return False
    is_titled = following.is_capital and not following.is_marked and not following.is_acronym
    return is_titled or following.low in SAYING


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
        runs = list(capital_runs(words))
    known = aliased(words, names)
    for first, last in runs:
        span = words[first : last + 1]
        if all(n in known or names.has(words[n]) for n in range(first, last + 1)):
            yield plain[span[0].start : span[-1].start + len(span[-1].bare)]


def capital_runs(words: Sequence[Claimed]) -> Iterator[tuple[int, int]]:
    """First and last number of capitalized words in a row, ordinary openers apart."""
    first = None
    for number, word in enumerate(words):
        is_part = word.is_marked or (
            word.is_capital
            and not is_function_word(word.low)
            and not (word.is_opening and is_ordinary(word.low) and not is_forced(words, number))
        )
        before = words[number - 1]
        follows = word.start - before.end == 1 and before.bare == before.text
        if first is not None and not (is_part and follows and not word.is_opening):
            yield first, number - 1
            first = None
        if is_part and first is None:
            first = number
    if first is not None:
        yield first, len(words) - 1
