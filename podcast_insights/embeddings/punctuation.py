"""Where sentences end in a transcript without punctuation, as captions often are.

A light guess from what is there: pauses, ends of segments, capitals, the words that tend to open
a spoken sentence and those that never end one. It is tried only where a whole transcript has
next to no marks. Words are kept; a full stop and a capital are added, which no proof looks at.

What does not belong here: sentences of texts that have punctuation (`sentences.py`).
"""

from collections.abc import Sequence
from typing import Protocol

MIN_WORDS_TO_JUDGE = 300
MAX_WORDS_PER_MARK = 100
"""Speech has a sentence end every 12 to 20 words; beyond this there is no punctuation."""
PAUSE_S = 0.6
SHORTEST = 5
THRESHOLDS = ((12, 3.0), (25, 2.5), (40, 2.0), (10**9, 1.0))
"""Up to how many words, a boundary needs how much evidence."""
OPENING = {
    **dict.fromkeys("so but yeah okay now well anyway yes alright".split(), 2.0),
    **dict.fromkeys("and i we you they he she it's that's there's let's i'm we're".split(), 1.5),
    **dict.fromkeys("it this these there what our".split(), 1.0),
    **dict.fromkeys("the my in for how a".split(), 0.5),
}
NEVER_LAST = frozenset(
    """
    a an the my your our their his her its this these those every and or but so because if when
    while that which who whose of to in on at by for from with about into than as like is are was
    were be been am has have had do does did can could will would should may might must i'm we're
    they're you're i've we've it's that's there's very really just i we they he she what how not
    gonna going some any no kind sort more most
    """.split()
)


class Timed(Protocol):
    """A written word with its times, as `sentences.Word` is."""

    @property
    def text(self) -> str:
        """The word."""
        ...

    @property
    def start_s(self) -> float:
        """When it starts."""
        ...

    @property
    def end_s(self) -> float:
        """When it ends."""
        ...

    @property
    def is_segment_end(self) -> bool:
        """Whether the publisher's or Whisper's segment ends with it."""
        ...


def lacks_punctuation(words: Sequence[Timed], marks: int) -> bool:
    """Whether a transcript of some length has next to no sentence ends."""
    return len(words) >= MIN_WORDS_TO_JUDGE and marks * MAX_WORDS_PER_MARK < len(words)


def ends_here(word: Timed, following: Timed, size: int) -> bool:
    """Whether a sentence of `size` words ends between two words."""
    if size < SHORTEST:
        return False
    needed = next(threshold for words, threshold in THRESHOLDS if size <= words)
    return evidence(word, following) >= needed


def evidence(word: Timed, following: Timed) -> float:
    """How much speaks for a sentence end between two words."""
    opener = following.text.lower().replace("’", "'").strip(",")
    is_capital = following.text[:1].isupper() and opener.split("'")[0] != "i"
    return (
        OPENING.get(opener, 0.0)
        + 1.0 * word.is_segment_end
        + 1.5 * (following.start_s - word.end_s >= PAUSE_S)
        + 0.5 * is_capital
        - 4.0 * (word.text.lower().replace("’", "'") in NEVER_LAST)
    )


def as_sentence(text: str) -> str:
    """With a capital and a full stop, as it would have been written."""
    ended = text if text[-1:] in ".!?…" else f"{text.rstrip(',;:- ')}."
    return ended[:1].upper() + ended[1:]
