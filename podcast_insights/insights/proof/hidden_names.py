"""Names that no capital gives away: two people's names glued to one, and names in small letters.

What does not belong here: what a capital says (`names.py`).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from podcast_insights.insights.proof.name_index import Claimed, Names
from podcast_insights.insights.proof.ordinary import is_ordinary

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
SOURCES = frozenset("by from at".split())
"""What a name tends to follow, besides "according to"."""
MIN_SMALL = 4
"""Letters of a name in small letters; shorter words are too often units and code."""


def glued_names(words: Sequence[Claimed], known: set[int], names: Names) -> Iterator[str]:
    """Names that are put together from two: each was said, but of somebody else.

    Ordinary words are left out, so that titles may stand before a name that was said: "President
    Biden", "CEO Ann Moreno", "Apple engineers".

    Args:
        words: of headline, body or a label.
        known: numbers of the words that are an alias of something said.
        names: what transcript and metadata have.
    """
    for number, (first, second) in enumerate(pairwise(words)):
        is_pair = second.start - first.end == 1 and first.bare == first.text
        if not is_pair or second.is_opening or {number, number + 1} <= known:
            continue
        if all(is_part_of_name(word) and names.has(word) for word in (first, second)):
            if names.are_glued(first.text, second.bare):
                yield f"{first.text} {second.bare}"


def is_part_of_name(word: Claimed) -> bool:
    """Whether a capitalized word is a name and nothing else."""
    return word.is_capital and not (word.is_marked or is_ordinary(word.low.removesuffix("'s")))


def small_names(words: Sequence[Claimed], known: set[int], names: Names) -> Iterator[str]:
    """Unknown words in small letters where a name would stand: "according to elon musk".

    Elsewhere an unknown word may be anything, and passes.
    """
    for number, word in enumerate(words):
        if number not in known and stands_as_name(words, number) and is_unknown(word, names):
            yield word.text
            following = words[number + 1] if number + 1 < len(words) else None
            if following and is_unknown(following, names):
                yield following.text


def stands_as_name(words: Sequence[Claimed], number: int) -> bool:
    """After "according to", "by" and the like, before "says", or in "it is ... that"."""
    before = [word.low for word in words[max(number - 2, 0) : number]]
    after = words[number + 1].low if number + 1 < len(words) else ""
    if before[-1:] and before[-1] in SOURCES or before == ["according", "to"]:
        return True
    return after in SAYING or (before in (["it", "is"], ["it", "was"]) and after in ("that", "who"))


def is_unknown(word: Claimed, names: Names) -> bool:
    """Whether a word in small letters is in no list, and nobody said it."""
    return (
        word.text.isalpha()
        and word.text.islower()
        and len(word.text) >= MIN_SMALL
        and not is_ordinary(word.low)
        and not names.has_stem(word.low)
        and not names.has(word)
    )
