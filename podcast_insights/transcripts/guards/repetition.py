"""Whisper in a loop: the same words over and over.

Loops were seen of one word ("no no no no"), of a sentence over whole windows, of two or three
segments in turn, and also in texts that publishers serve. Choruses come back after something
else; greetings and stammers end after a few seconds.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.words import tokens
from podcast_insights.transcripts.records import Segment

TIMES_IN_A_ROW = 4
MIN_LOOPED_WORDS = 8
"""Repetitions in one place; "no, no, no, no" is speech."""
MAX_PERIOD_WORDS = 100
"""Of what is repeated: three long segments in turn."""
MAX_LOOPED_SHARE = 0.01
MAX_LOOPED_WORDS = 50
"""In 100 publishers' transcripts of real talk at most 41 words, and half a percent, were loops that
people said ("bye bye bye"); the one real loop had 234 words, 3.6 %."""
MAX_LOOPED_SHARE_OF_SHORT = 0.2
MAX_REPEATED_SHARE = 0.3
MIN_LETTERS_TO_COUNT = 15
"""Of segments that come back between others; "yeah, right" does so in any talk."""


def repetitive(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Words that go round in circles, or one and the same segment again and again."""
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
    if looped > limit:
        what = f"{looped} of {len(words)} words are said in circles (“{example}”)"
    elif repeated > MAX_REPEATED_SHARE * len(said):
        what = f"{repeated} of {len(said)} segments repeat themselves"
    else:
        return None
    return Finding("repetitive", f"{what}; transcribe it anew with another model")


def loops_in(words: Sequence[str]) -> tuple[int, str]:
    """How many words only repeat those right before them, and what the longest loop repeats.

    A loop says the same four times in a row at least; its first time does not count.
    """
    known: dict[str, int] = {}
    numbers = np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int64)
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
