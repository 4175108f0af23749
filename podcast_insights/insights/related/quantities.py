"""Numbers in a text with what they count, roughly: to tell that two headlines differ in one.

What does not belong here: whether a number was said. That is proof, and more careful.
"""

import re
from collections.abc import Sequence

from podcast_insights.insights.related.contrasts import FRACTIONS, MULTIPLIERS, NUMBER_WORDS, UNITS

WORD = re.compile(r"\d+(?:\.\d+)?|%|[^\W\d_]+(?:'[^\W\d_]+)*")
GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
Quantities = frozenset[tuple[str, float]]


def words_of(text: str) -> list[str]:
    """Lower-case words, numbers and percent signs; 10,000 is 10000."""
    folded = GROUPING.sub("", text.casefold().replace("’", "'"))
    return WORD.findall(folded)


def quantities_of(tokens: Sequence[str]) -> Quantities:
    """Numbers with what they count: percent (also as fractions), a unit of time, or anything."""
    found: set[tuple[str, float]] = set()
    place = 0
    while place < len(tokens):
        value, place = number_at(tokens, place)
        unit, factor = unit_at(tokens, place)
        if value is None and unit != "fraction":
            place += 1
            continue
        if unit == "fraction":  # "two thirds", "half a year"
            value, unit = (value or 1.0) * factor, "percent"
            of, factor = unit_at(tokens, place + 1)
            if of == "time":
                value, unit = value / 100 * factor, "time"
            place += 1
        else:
            value = (value or 0.0) * factor
        # Without a unit "one" and "two" mean no more than "a" and "both".
        if unit or value > 2:
            found.add((unit, value))
    return frozenset(found)


def number_at(tokens: Sequence[str], place: int) -> tuple[float | None, int]:
    """The number that begins at a place, in digits or spelled out, and where it ends."""
    value: float | None = None
    while place < len(tokens):
        token = tokens[place]
        number = float(token) if NUMBER.fullmatch(token) else NUMBER_WORDS.get(token)
        if token in MULTIPLIERS and value is not None:
            value *= MULTIPLIERS[token]
        elif number is not None and (value is None or (value % 100 >= 20 and number < 10)):
            value = (value or 0.0) + number  # "twenty-four" are two words
        else:
            break
        place += 1
    return value, place


def unit_at(tokens: Sequence[str], place: int) -> tuple[str, float]:
    """What a number before this place counts, and how much of it; an article may stand between."""
    if place < len(tokens) and tokens[place] in ("a", "an", "of"):
        place += 1
    token = tokens[place] if place < len(tokens) else ""
    if token in FRACTIONS:
        return "fraction", FRACTIONS[token]
    return UNITS.get(token, ("", 1.0))
