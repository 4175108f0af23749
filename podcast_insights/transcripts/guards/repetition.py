"""Whisper in a loop: the same words over and over. And texts that hold their words twice.

Loops were seen of one word ("no no no no"), of a sentence over whole windows, of two or three
segments in turn, and also in texts that publishers serve. Choruses come back after something
else; greetings and stammers end after a few seconds.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.words import tokens
from podcast_insights.transcripts.records import Segment

TIMES_IN_A_ROW = 4
MIN_LOOPED_WORDS = 8
"""Repetitions in one place; "no, no, no, no" is speech."""
MAX_PERIOD_WORDS = 250
"""Of what is repeated: a minute and a half, three of Whisper's windows in turn."""
MAX_LOOPED_SHARE = 0.01
MAX_LOOPED_WORDS = 50
"""In 100 publishers' transcripts of real talk at most 41 words, and half a percent, were loops that
people said ("bye bye bye"); the one real loop had 234 words, 3.6 %."""
MAX_LOOPED_SHARE_OF_SHORT = 0.2
MAX_REPEATED_SHARE = 0.5
"""Of segments that come back between others; a refrain of two lines is a third of a ballad."""
MAX_DOUBLED_SHARE = 0.2
"""Of segments that say what the one before them says: captions that show each line twice."""
MIN_LETTERS_TO_COUNT = 15
""""Yeah, right" comes back in any talk."""
MIN_COPIED_WORDS = 200
"""Of a stretch that comes back later, word for word; greetings and small print are shorter."""
MAX_COPIED_SHARE = 0.25
"""A clip is played twice, a teaser comes again; whole texts and halves of them don't."""


def repetitive(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Words that go round in circles, or one and the same segment or long stretch again."""
    texts = [tokens(segment.text) for segment in segments]
    words = [word for text in texts for word in text]
    looped, example = loops_in(words)
    limit = max(
        min(MAX_LOOPED_WORDS, MAX_LOOPED_SHARE_OF_SHORT * len(words)),
        MAX_LOOPED_SHARE * len(words),
    )
    said = [" ".join(text) for text in texts]
    counts = Counter(text for text in said if len(text) > MIN_LETTERS_TO_COUNT)
    repeated = sum(count for count in counts.values() if count >= TIMES_IN_A_ROW)
    doubled = sum(
        text == before and len(text) > MIN_LETTERS_TO_COUNT for before, text in pairwise(said)
    )
    if looped > limit:
        what = f"{looped} of {len(words)} words are said in circles (“{example}”)"
    elif doubled >= TIMES_IN_A_ROW and doubled > MAX_DOUBLED_SHARE * len(said):
        what = f"{doubled} of {len(said)} segments say what the one before them says"
    elif repeated > MAX_REPEATED_SHARE * len(said):
        what = f"{repeated} of {len(said)} segments repeat themselves"
    elif (copied := copied_words(words)) > MAX_COPIED_SHARE * len(words):
        what = f"{copied} of {len(words)} words are those of an earlier stretch"
    else:
        return None
    return Finding("repetitive", f"{what}; transcribe it anew with another model")


def loops_in(words: Sequence[str]) -> tuple[int, str]:
    """How many words only repeat those right before them, and what the longest loop repeats.

    A loop says the same four times in a row at least; its first time does not count.
    """
    numbers = numbered(words)
    is_looped = np.zeros(len(words), dtype=bool)
    longest, example = 0, ""
    for period in range(1, min(MAX_PERIOD_WORDS, len(words) // TIMES_IN_A_ROW) + 1):
        is_same = np.concatenate([[False], numbers[period:] == numbers[:-period], [False]])
        bounds = np.flatnonzero(is_same[1:] != is_same[:-1]).reshape(-1, 2)
        least = max((TIMES_IN_A_ROW - 1) * period, MIN_LOOPED_WORDS)
        for start, end in bounds[bounds[:, 1] - bounds[:, 0] >= least].tolist():
            is_looped[start + period : end + period] = True
            if end - start > longest:
                longest, example = end - start, " ".join(words[start : start + period])
    return int(is_looped.sum()), example[:80]


def copied_words(words: Sequence[str]) -> int:
    """How many words lie in stretches of `MIN_COPIED_WORDS` that came before, word for word."""
    count = len(words) - MIN_COPIED_WORDS + 1
    if count < 2:
        return 0
    # Stretches by number, twice as long each time: equal numbers, equal words.
    numbers, length = numbered(words), 1
    while length < MIN_COPIED_WORDS:
        step = min(length, MIN_COPIED_WORDS - length)
        pairs = numbers[:-step] * len(words) + numbers[step:]
        numbers, length = np.unique(pairs, return_inverse=True)[1], length + step
    first = np.unique(numbers, return_index=True)[1][numbers]
    is_copied = np.zeros(len(words), dtype=bool)
    for start in np.flatnonzero(first < np.arange(count)).tolist():
        is_copied[start : start + MIN_COPIED_WORDS] = True
    return int(is_copied.sum())


def numbered(words: Sequence[str]) -> np.ndarray:
    """A number for each word, the same for the same word."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int64)
