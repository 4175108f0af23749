"""Amounts that are no plain numbers: half of, two thirds, one in five, a dozen, tenfold, hundreds.

Only English is read. An amount has keys, as a number has (`numbers.py`), and is founded by any
other way to say it: "one in five" by 20 percent, "a dozen" by 12, "hundreds" by 250.

What does not belong here: numbers in digits or words (`numbers.py`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from podcast_insights.insights.proof.ordinary import FUNCTION_WORDS

Key = tuple[str, bool]
SMALL = {
    word: value
    for value, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
} | {"a": 1, "twenty": 20, "hundred": 100, "a hundred": 100, "thousand": 1000, "a thousand": 1000}
PARTS = {
    part: value
    for value, part in enumerate("third quarter fifth sixth seventh eighth ninth tenth".split(), 3)
}
COUNT = r"one|two|three|four|five|six|seven|eight|nine|ten|\d{1,3}"
FRACTION = re.compile(
    rf"\b(a|{COUNT})[ -]({'|'.join(PARTS)})(?:s\b|\b(?= of\b))|"
    r"\bhalf (?=of\b|the\b|all\b|its\b|their\b)"
)
"""Claimed: a third of, two thirds, half of. "A third reason" is none, nor is "half an hour"."""
ANY_PART = re.compile(
    rf"\b(?:(a|{COUNT})[ -])?({'|'.join(PARTS)})s?\b|\b(?:half|halves|halved|halving)\b"
)
"""What founds it is anything like it."""
ONE_IN = re.compile(
    rf"\b({COUNT}) (?:in|out of) (?:every )?"
    rf"({COUNT}|twenty|a hundred|hundred|a thousand|thousand)\b(?! ?(?:am|pm|a\.m|p\.m|o'clock|"
    rf"seconds?|minutes?|hours?|days?|weeks?|months?|years?|percent|%|times|hundred|thousand))"
)
DOZENS = re.compile(rf"\b(?:(half a|a|{COUNT}) )?dozen\b")
FOLD = re.compile(r"\b(three|four|five|six|seven|eight|nine|ten|twenty|hundred|thousand)-?fold\b")
"""Without "twofold", of which reasons are."""
MULTIPLES = re.compile(r"\b(tripl|quadrupl|quintupl|sextupl)(?:e|es|ed|ing)\b(?!-)")
TIMES = {"tripl": 3, "quadrupl": 4, "quintupl": 5, "sextupl": 6}
VAGUE = {"hundreds": 2, "thousands": 3, "millions": 6, "billions": 9, "trillions": 12}
VAGUE_WORD = re.compile(r"\b(hundred|thousand|million|billion|trillion)(s?)\b")
PEOPLE = frozenset(
    """
    people men women children engineers developers programmers employees workers users customers
    patients students victims deaths murders companies firms startups banks founders investors
    researchers scientists doctors soldiers countries nations states cities teams
    """.split()
)
"""Who and what is counted in earnest, however few; "three reasons" are only listed."""
LEAST_COUNTED = 6
"""From here on any plural is counted: nobody lists seven reasons."""
MINUS = frozenset("-−–")
MINUS_WORDS = ("minus", "negative")


@dataclass(frozen=True)
class Amount:
    """An amount as it is written, with every key that would found it."""

    text: str
    keys: frozenset[Key]


def amounts_in(plain: str, language: str) -> Iterator[Amount]:
    """The amounts that a text claims."""
    if language != "en":
        return
    low = plain.casefold()
    for match in FRACTION.finditer(low):
        share = Fraction(valued(match[1]), PARTS[match[2]]) if match[2] else Fraction(1, 2)
        yield Amount(match[0].strip(), frozenset({share_key(share)}))
    for match, share in ratios(low):
        yield Amount(match[0], frozenset({share_key(share)}))
    for pattern in (DOZENS, FOLD, MULTIPLES):
        for match in pattern.finditer(low):
            yield Amount(match[0], frozenset({(plain_value(match), False)}))
    for match in VAGUE_WORD.finditer(low):
        if match[2]:
            yield Amount(match[0], frozenset({(match[0], False)}))


def founding_keys(plain: str, language: str, numbers: Iterable[Key]) -> Iterator[Key]:
    """Keys of amounts that a text founds, by its amounts and by its numbers."""
    if language != "en":
        return
    low = plain.casefold()
    shares = [share for _, share in ratios(low)]
    for match in ANY_PART.finditer(low):
        parts = PARTS[match[2]] if match[2] else 2
        shares.append(Fraction(valued(match[1] or "one"), parts))
    for share in dict.fromkeys(shares):
        yield share_key(share)
        percent = share * 100
        if percent.denominator in (1, 2):
            yield f"{float(percent):g}", True
    for pattern in (DOZENS, FOLD, MULTIPLES):
        yield from ((plain_value(match), False) for match in pattern.finditer(low))
    yield from ((f"{match[1]}s", False) for match in VAGUE_WORD.finditer(low))
    for text, is_percent in numbers:
        if re.fullmatch(r"\d{1,24}(\.\d{1,24})?", text):
            value = Decimal(text)
            yield from ((word, False) for word, power in VAGUE.items() if is_of(value, power))
            if is_percent:
                yield share_key(Fraction(value) / 100)


def ratios(low: str) -> Iterator[tuple[re.Match[str], Fraction]]:
    """One in five, 9 out of 10."""
    for match in ONE_IN.finditer(low):
        share, whole = valued(match[1]), valued(match[2])
        if 0 < share < whole:
            yield match, Fraction(share, whole)


def valued(word: str) -> int:
    """A small number in words or digits."""
    return SMALL[word] if word in SMALL else int(word)


def share_key(share: Fraction) -> Key:
    """A share as a key that no number has."""
    return f"{share.numerator}/{share.denominator}", False


def plain_value(match: re.Match[str]) -> str:
    """The number that a dozen, a "tenfold" or a "quadrupled" is."""
    if match.re is DOZENS:
        return "6" if match[1] == "half a" else str(12 * valued(match[1] or "one"))
    return str(TIMES[match[1]]) if match.re is MULTIPLES else str(valued(match[1]))


def is_of(value: Decimal, power: int) -> bool:
    """Whether a number is one of the hundreds, thousands, millions."""
    if power == 2:
        while value >= 1000:
            value /= 1000
        return value >= 100
    return Decimal(10) ** power <= value < Decimal(10) ** (power + 3)


def is_counted(value: Decimal, after: Sequence[str]) -> bool:
    """Whether a small number in words counts what follows: seven engineers, two deaths.

    Args:
        value: the number.
        after: the next words in lower case; one adjective may stand between.
    """
    words = [word for word in after[:2] if word.isalpha()]
    if not words or words[0] in FUNCTION_WORDS - PEOPLE:
        return False
    if value < LEAST_COUNTED:
        return value > 1 and not PEOPLE.isdisjoint(words)
    return any(word in PEOPLE or is_plural_noun(word) for word in words)


def is_plural_noun(word: str) -> bool:
    """Whether a lower-case English word looks like a plural."""
    return (
        len(word) > 3
        and word.endswith("s")
        and not word.endswith(("ss", "us", "is"))
        and word not in FUNCTION_WORDS
    )


def is_negative(
    tokens: Sequence[str], first: int, glued: set[int], currencies: Iterable[str]
) -> bool:
    """Whether a minus stands before a number: "-30", "-$30", "minus thirty", but not "20-30"."""
    at = first - 1
    if at >= 0 and tokens[at].lower() in MINUS_WORDS:
        return True
    if at > 0 and tokens[at] in currencies and at + 1 in glued:
        at -= 1
    if at < 0 or tokens[at] not in MINUS or at + 1 not in glued:
        return False
    return at not in glued or tokens[at - 1] in "(["
