"""Numbers in an insight, in digits or in words, and whether somebody said them.

Words are read by text2num where it knows the language; elsewhere only digits are numbers. A
number is its value, with thousands, millions and billions multiplied in, and whether it is a
percentage: "30 percent" is not founded by "30 people", nor "3 million" by "3 billion".

What does not belong here: digits that are part of a name, such as GPT-4 (`names.py`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest

from podcast_insights.insights.proof.amounts import (
    Key,
    amounts_in,
    founding_keys,
    is_counted,
    is_negative,
)
from podcast_insights.insights.proof.number_words import (
    ABBREVIATED,
    ATTACHED,
    ATTACHED_TO_MONEY,
    CURRENCIES,
    DECADES,
    LARGE,
    PERCENT,
    POINT_DECIMAL,
    RANGE,
    SPELLED,
    TIME_PREFIXES,
    UNITS,
    Spoken,
)
from podcast_insights.insights.proof.tokens import RAISED

TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|\S")
NAME_BEFORE = re.compile(r"([^\W\d_]+)-?$")
LOOK_BACK = 40
MAX_DIGITS = 24
POWERS = frozenset(Decimal(10) ** n for n in (2, 3, 6, 9, 12))
LEAST_SPELLED = 10
"""Smaller numbers in words are ordinary words, unless a unit or a percent sign follows."""
LEAST_ORDINAL = 20


@dataclass(frozen=True)
class Number:
    """A number as it stands in a text.

    Args:
        value: canonical digits; of what is no decimal number, 1.2.3, the text.
        first, last: its tokens.
        text: as it is written.
        is_ranged: the first of "30 to 40 percent", which may be told with the sign or without.
        is_in_name: its digits hang on a capitalized word: GPT-4, H100.
    """

    value: str
    first: int
    last: int
    is_spelled: bool
    text: str = ""
    is_in_name: bool = False
    is_ordinal: bool = False
    is_percent: bool = False
    is_ranged: bool = False
    has_unit: bool = False
    is_negative: bool = False

    @property
    def keys(self) -> set[Key]:
        """What founds it: its value with its sign, and whether it is a percentage."""
        signed = f"-{self.value}" if self.is_negative else self.value
        return {(signed, self.is_percent)} | ({(signed, True)} if self.is_ranged else set())

    @property
    def founds(self) -> set[Key]:
        """What it founds: a fall by "minus 30" may be told as 30, but 30 not as -30."""
        return self.keys | {(value.removeprefix("-"), percent) for value, percent in self.keys}

    @property
    def is_claim(self) -> bool:
        """Whether it says how many; "two reasons", "third" and "GPT-4" do not."""
        if not self.is_spelled:
            return not self.is_in_name
        value = Decimal(self.value)
        if self.is_ordinal:
            return value >= LEAST_ORDINAL
        return value >= LEAST_SPELLED or self.is_percent or (self.has_unit and value > 1)


def plain_text(text: str) -> str:
    """With plain digits and apostrophes; 10² is not 102."""
    return unicodedata.normalize("NFKC", RAISED.sub(" ", text)).replace("’", "'")


def numbers_in(text: str, language: str) -> list[Number]:
    """All numbers of a text, in order."""
    plain = plain_text(text)
    matches = list(TOKEN.finditer(plain))
    tokens = [match[0] for match in matches]
    single = (*spelled(tokens, language), *in_figures(tokens, language))
    glued = {i for i in range(1, len(matches)) if matches[i - 1].end() == matches[i].start()}
    numbers = composed(sorted(single, key=lambda n: n.first), tokens, glued, language)
    return [
        replace(
            number,
            text=plain[matches[number.first].start() : matches[number.last].end()],
            is_in_name=not number.is_spelled and hangs_on_name(plain, matches[number.first]),
        )
        for number in ranged(numbers, tokens)
    ]


def hangs_on_name(plain: str, digits: re.Match[str]) -> bool:
    """Whether a capitalized word stands right before digits; "Mid-2024" is no name."""
    start = digits.start()
    before = NAME_BEFORE.search(plain[max(0, start - LOOK_BACK) : start])
    if not before or before[1].casefold() in TIME_PREFIXES:
        return False
    return any(c.isupper() for c in before[1])


def spelled(tokens: Sequence[str], language: str) -> Iterator[Number]:
    """Numbers in words."""
    from text_to_num import find_numbers

    if language not in SPELLED:
        return
    for found in find_numbers([Spoken(token) for token in tokens], language, 0.0):
        words = tokens[found.start : found.end]
        is_vague = len(words) == 1 and words[0].lower().endswith("s") and found.value >= 100
        if not is_vague:  # "millions of" names no number
            value = canonical(re.sub(r"[^\d.,]", "", found.text), language)
            yield Number(
                value, found.start, found.end - 1, is_spelled=True, is_ordinal=found.is_ordinal
            )
    for number, token in enumerate(tokens):
        if language == "en" and token.lower() in DECADES:
            yield Number(str(DECADES[token.lower()]), number, number, is_spelled=True)


def in_figures(tokens: Sequence[str], language: str) -> Iterator[Number]:
    """Numbers in digits."""
    for number, token in enumerate(tokens):
        if token[0].isdigit() and token[0].isdecimal():
            yield Number(canonical(token, language), number, number, is_spelled=False)


def canonical(digits: str, language: str) -> str:
    """Digits with separators as one spelling for each value."""
    point, group = (".", ",") if language in POINT_DECIMAL else (",", ".")
    if re.fullmatch(rf"\d{{1,3}}(?:\{group}\d{{3}})+(?:\{point}\d+)?", digits):
        digits = digits.replace(group, "")
    plain = digits.replace(",", ".")
    if len(plain) > MAX_DIGITS or plain.count(".") > 1 or (point == "." and "," in digits):
        return digits
    return written(Decimal(plain))


def written(value: Decimal) -> str:
    """A value without an exponent or trailing zeros."""
    return format(value.normalize(), "f")


def composed(
    numbers: Sequence[Number], tokens: Sequence[str], glued: set[int], language: str
) -> list[Number]:
    """Numbers with their multipliers, halves, years, units and percent signs."""
    found: list[Number] = []
    rest = list(reversed(numbers))
    while rest:
        number = rest.pop()
        if rest and is_year(number, rest[-1], language):
            second = rest.pop()
            value = str(int(number.value) * 100 + int(second.value))
            number = replace(number, value=value, last=second.last)
        number = with_half(number, tokens)
        is_less = is_negative(tokens, number.first, glued, CURRENCIES)
        number = multiplied(number, rest, tokens, glued)
        found.append(replace(with_unit(number, tokens, language), is_negative=is_less))
    return found


def is_year(number: Number, following: Number, language: str) -> bool:
    """Whether two numbers in words are a year: nineteen eighty four."""
    if language != "en" or number.last + 1 != following.first:
        return False
    if not (number.is_spelled and following.is_spelled) or number.is_ordinal:
        return False
    both = (number.value, following.value)
    is_whole = all(value.isdigit() for value in both) and not following.is_ordinal
    return is_whole and 13 <= int(both[0]) <= 20 and 10 <= int(both[1]) <= 99


def with_half(number: Number, tokens: Sequence[str]) -> Number:
    """With "and a half" after it, or "half a" before it."""
    after = [token.lower() for token in tokens[number.last + 1 : number.last + 4]]
    before = [token.lower() for token in tokens[max(number.first - 2, 0) : number.first]]
    if not is_decimal(number):
        return number
    value = Decimal(number.value)
    if after == ["and", "a", "half"]:
        return replace(number, value=written(value + Decimal("0.5")), last=number.last + 3)
    if before == ["half", "a"] and value in POWERS and number.is_spelled:
        return replace(number, value=written(value / 2), first=number.first - 2)
    return number


def is_decimal(number: Number) -> bool:
    """Whether one can reckon with it."""
    return bool(re.fullmatch(r"\d+(\.\d+)?", number.value))


def multiplied(
    number: Number, rest: list[Number], tokens: Sequence[str], glued: set[int]
) -> Number:
    """With the thousands, millions or billions that follow; they are taken from `rest`."""
    if not is_decimal(number):
        return number
    value, at = Decimal(number.value), number.last + 1
    following = rest[-1] if rest and rest[-1].first == at and rest[-1].is_spelled else None
    if following and is_decimal(following) and value < Decimal(following.value) in POWERS:
        rest.pop()
        product = written(value * Decimal(following.value))
        return replace(number, value=product, last=following.last)
    word = tokens[at] if at < len(tokens) else ""
    power = ABBREVIATED.get(word.lower()) or LARGE.get(word.lower())
    if at in glued and not number.is_spelled:
        is_money = number.first > 0 and tokens[number.first - 1] in CURRENCIES
        power = power or ATTACHED.get(word) or (ATTACHED_TO_MONEY.get(word) if is_money else None)
    if power:
        return replace(number, value=written(value * 10**power), last=at)
    return number


def with_unit(number: Number, tokens: Sequence[str], language: str) -> Number:
    """With the percent sign or the unit that follows, or what it counts."""
    after = tuple(token.lower() for token in tokens[number.last + 1 : number.last + 4])
    if after[:1] == ("-",):
        after = after[1:]
    is_percent = any(after[: len(sign)] == sign for sign in PERCENT)
    has_unit = bool(after) and after[0] in UNITS
    if language == "en" and is_decimal(number) and not number.is_ordinal:
        has_unit = has_unit or is_counted(Decimal(number.value), after)
    return replace(number, is_percent=is_percent, has_unit=has_unit)


def ranged(numbers: Sequence[Number], tokens: Sequence[str]) -> Iterator[Number]:
    """With the first number of "30 to 40 percent" marked."""
    for number, following in zip_longest(numbers, numbers[1:]):
        is_ranged = (
            following is not None
            and following.is_percent
            and not number.is_percent
            and following.first == number.last + 2
            and tokens[number.last + 1].lower() in RANGE
        )
        yield replace(number, is_ranged=is_ranged)


@lru_cache(maxsize=32)
def known_numbers(text: str, language: str) -> frozenset[Key]:
    """What a text founds; of a long one it is worth keeping for the next candidate."""
    keys = frozenset(key for number in numbers_in(text, language) for key in number.founds)
    return keys | frozenset(founding_keys(plain_text(text), language, keys))


def unfounded_numbers(text: str, language: str, known: Iterable[frozenset[Key]]) -> list[str]:
    """Numbers that a text claims and none of the sources has, as they are written."""
    everything = frozenset[Key]().union(*known)
    numbers = [
        "-" * number.is_negative + number.text + " percent" * number.is_percent
        for number in numbers_in(text, language)
        if number.is_claim and everything.isdisjoint(number.keys)
    ]
    amounts = (a for a in amounts_in(plain_text(text), language) if everything.isdisjoint(a.keys))
    return [*numbers, *(amount.text for amount in amounts)]


def in_digits(text: str, language: str) -> str:
    """A text with its numbers in digits, where the language is known."""
    from text_to_num import alpha2digit

    return str(alpha2digit(text, language, 0.0)) if language in SPELLED else text
