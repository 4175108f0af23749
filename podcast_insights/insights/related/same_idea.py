"""One idea or two: what is near enough and not contrary.

Embeddings put "rates rise" and "rates fall" side by side: what a sentence is about weighs more
than which way it points. So beside the cosine there is a guard on the words, which looks for
what a retelling keeps and a contradiction changes: the direction, a denial, a number, a name.
It only ever says no; what is far apart stays apart.

It reads words, not meaning: about half of the contradictions that are near enough still pass
(docs/decisions/0012-related-insights.md has the figures).

What does not belong here: the words themselves (`contrasts.py`), folding (`folding.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from podcast_insights.insights.records import SAME_IDEA
from podcast_insights.insights.related.contrasts import (
    FUNCTION_WORDS,
    IRREGULAR,
    LESS,
    NEGATIONS,
    QUALIFIERS,
    SIDES,
)
from podcast_insights.insights.related.quantities import Quantities, quantities_of, words_of

OWN_SHOW_RETELLS = 0.70
"""Cosine from which two insights of one show are one idea. All it says is about its subject and in
its voice: of 24 pairs of episodes' passages at the usual 0.60, two told the same. Other shows
come that near only when they tell the same (docs/decisions/0013-ranking.md)."""
TITLE_SHARE = 0.6
MAX_CHARS = 2_000
"""Text that is looked at; an insight has 1,100 characters at most."""
COMPARISON = 4
"""Words before "than" among which the comparison is."""
TOLERANCE = 0.1
"""Two thirds and seventy percent are one number."""


@dataclass(frozen=True)
class Telling:
    """An insight as the guard sees it: its words, and the names in them as far as known."""

    headline: str
    body: str
    entities: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Telling":
        """From a row of `insights`."""
        return cls(row["headline"], row["body"], tuple(row.get("entities") or ()))


@dataclass(frozen=True)
class Claim:
    """What a headline claims, as far as words show it.

    Args:
        directions: axes of meaning on which it points one way, 1 or -1; not those on which it
            points both ways.
        directions_aside: the same without the words of a comparison.
        denied: stems of the words right after a negation.
        affirmed: stems of the other words.
        compared: stems before and after "more than", "cheaper than".
        quantities: numbers of the headline by unit.
        names: words in capitals that do not just open a sentence.
        qualified: stems after high, 1, or after low, -1, and their like.
        tokens: of headline and body.
    """

    directions: Mapping[int, int]
    directions_aside: Mapping[int, int]
    denied: frozenset[str]
    affirmed: frozenset[str]
    compared: tuple[frozenset[str], frozenset[str]]
    quantities: Quantities
    names: frozenset[str]
    qualified: Mapping[str, int]
    tokens: tuple[str, ...]

    @cached_property
    def known(self) -> frozenset[str]:
        """The words of headline and body."""
        return frozenset(token.removesuffix("'s") for token in self.tokens)

    @cached_property
    def known_quantities(self) -> Quantities:
        """Numbers of headline and body by unit."""
        return quantities_of(self.tokens)


def is_same_idea(a: Telling, b: Telling, cosine: float, *, is_own_show: bool = False) -> bool:
    """Whether two insights tell one idea: near enough, and nothing in words against it.

    Args:
        a: one of them.
        b: the other.
        cosine: of their vectors.
        is_own_show: whether both are of one show, which is nearer to itself whatever it says.
    """
    least = OWN_SHOW_RETELLS if is_own_show else SAME_IDEA
    return cosine >= least and not is_contrary(a, b)


@lru_cache(maxsize=32_768)
def is_contrary(a: Telling, b: Telling) -> bool:
    """Whether the headlines differ in what a retelling keeps.

    Remembered, since the insights of one topic have the same neighbours.
    """
    mine, yours = claim_of(a), claim_of(b)
    return (
        points_the_other_way(mine, yours)
        or is_denied(mine, yours)
        or is_denied(yours, mine)
        or is_turned_round(mine, yours)
        or has_another_number(mine, yours)
        or has_another_name(mine, yours)
    )


def points_the_other_way(mine: Claim, yours: Claim) -> bool:
    """Whether one says rise where the other says fall."""
    if any(mine.compared) and any(yours.compared):  # "more than" and "fewer than" may agree
        is_turned = differ(mine.directions_aside, yours.directions_aside)
    else:
        is_turned = differ(mine.directions, yours.directions)
    return is_turned or differ(mine.qualified, yours.qualified)


def differ(mine: Mapping[Any, int], yours: Mapping[Any, int]) -> bool:
    """Whether two hold opposite values for one key."""
    return any(mine[key] != yours[key] for key in mine.keys() & yours.keys())


def is_denied(mine: Claim, yours: Claim) -> bool:
    """Whether one denies, by a negation, what the other affirms in the same word."""
    return bool(mine.denied & yours.affirmed) and not mine.denied & yours.denied


def is_turned_round(mine: Claim, yours: Claim) -> bool:
    """Whether one says that A is more than B, and the other that B is more than A."""
    (more, less), (your_more, your_less) = mine.compared, yours.compared
    return bool((more - less) & (your_less - your_more)) and bool(
        (less - more) & (your_more - your_less)
    )


def has_another_number(mine: Claim, yours: Claim) -> bool:
    """Whether a number of one headline stands against other numbers in the other's text.

    A percentage or a time stands against all of its unit there, a bare count only against a
    count in the other headline. A telling without such numbers says nothing against it.
    """
    is_measured = unmatched(mine, yours, bare=False) or unmatched(yours, mine, bare=False)
    is_counted = unmatched(mine, yours, bare=True) and unmatched(yours, mine, bare=True)
    return bool(is_measured or is_counted)


def unmatched(mine: Claim, yours: Claim, *, bare: bool) -> list[tuple[str, float]]:
    """Numbers of my headline whose unit the other text has, and never with that number."""
    found = []
    for unit, value in sorted(mine.quantities):
        others = [number for kind, number in yours.known_quantities if kind == unit]
        is_other = all(abs(value - o) > TOLERANCE * max(value, o) for o in others)
        if (unit == "") is bare and is_other and (others or bare):
            found.append((unit, value))
    return found


def has_another_name(mine: Claim, yours: Claim) -> bool:
    """Whether each headline has a name of which the other text knows nothing."""
    return bool(foreign(mine.names, yours.known)) and bool(foreign(yours.names, mine.known))


def foreign(words: frozenset[str], known: frozenset[str]) -> list[str]:
    """The words that are neither known nor begin, or are begun by, a known one (Fed, Federal)."""
    return [word for word in words if not any(is_form(word, other) for other in known)]


def is_form(word: str, other: str) -> bool:
    """Whether two are one word, or one is a beginning of three letters or more of the other."""
    short, long = sorted((word, other), key=len)
    return short == long or (len(short) >= 3 and long.startswith(short))


@lru_cache(maxsize=8192)
def claim_of(telling: Telling) -> Claim:
    """Read a telling's claim."""
    headline, body = telling.headline[:MAX_CHARS], telling.body[:MAX_CHARS]
    tokens = words_of(headline)
    denied = denied_places(tokens)
    return Claim(
        directions=directions_of(tokens, denied),
        directions_aside=directions_of(tokens, denied, aside=True),
        denied=frozenset(stem(tokens[place]) for place in denied),
        affirmed=frozenset(
            stem(token)
            for place, token in enumerate(tokens)
            if place not in denied and token not in FUNCTION_WORDS
        ),
        compared=compared(tokens),
        quantities=quantities_of(tokens),
        names=names_of(headline, body, telling.entities),
        qualified={
            stem(noun): QUALIFIERS[word] for word, noun in pairwise(tokens) if word in QUALIFIERS
        },
        tokens=(*tokens, *words_of(body)),
    )


def stem(token: str) -> str:
    """A word without its ending, roughly: dries, dry; beats, beating, beat."""
    word = token.removesuffix("'s")
    if word in IRREGULAR:
        return IRREGULAR[word].removesuffix("e")
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 - len(instead):
            word = word.removesuffix(ending) + instead
            break
    return word.removesuffix("e")


def denied_places(tokens: Sequence[str]) -> set[int]:
    """Places of the words that negations deny: the first after each that carries meaning."""
    found: set[int] = set()
    for place, token in enumerate(tokens):
        if token in NEGATIONS:
            found |= set(
                next(
                    ([p] for p in range(place + 1, len(tokens)) if tokens[p] not in FUNCTION_WORDS),
                    [],
                )
            )
    return found


def directions_of(
    tokens: Sequence[str], denied: set[int], *, aside: bool = False
) -> dict[int, int]:
    """The axes on which the words point one way only; `aside` from those just before "than"."""
    at = tokens.index("than") if aside and "than" in tokens else -1
    found: dict[int, set[int]] = {}
    for place, token in enumerate(tokens):
        if at - COMPARISON <= place < at:
            continue
        for axis, side in SIDES.get(token, ()):
            found.setdefault(axis, set()).add(-side if place in denied else side)
    return {axis: sides.pop() for axis, sides in found.items() if len(sides) == 1}


def compared(tokens: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Stems on both sides of a comparison; what is less stands second, whatever the order."""
    if "than" not in tokens:
        return frozenset(), frozenset()
    at = tokens.index("than")
    sides = [
        frozenset(stem(token) for token in part if token not in FUNCTION_WORDS)
        for part in (tokens[:at], tokens[at + 1 :])
    ]
    is_less = any(token in LESS for token in tokens[max(at - COMPARISON, 0) : at])
    return (sides[1], sides[0]) if is_less else (sides[0], sides[1])


def names_of(headline: str, body: str, entities: Sequence[str] = ()) -> frozenset[str]:
    """Capitalized words of a headline; none where nearly all are, as in a title.

    The first word counts where it is known as a name, or the body has it in capitals within a
    sentence.
    """
    words = headline.split()
    known = {t.removesuffix("'s") for name in entities for t in words_of(name)}
    capitals = [word for word in words if word[:1].isupper()]
    if len(capitals) > 2 and len(capitals) > TITLE_SHARE * len(words):
        tokens = {t.removesuffix("'s") for t in words_of(headline)}
        return frozenset(tokens & known)
    known |= {
        token.removesuffix("'s")
        for before, word in pairwise(body.split())
        if word[:1].isupper() and before[-1:] not in ".!?:"
        for token in words_of(word)
    }
    names: set[str] = set()
    for place, word in enumerate(words):
        if any(c.isupper() for c in word) and not any(c.isdigit() for c in word):
            tokens = {t.removesuffix("'s") for t in words_of(word)} - {"i"}
            names |= tokens if place or word[1:] != word[1:].lower() else tokens & known
    return frozenset(names)
