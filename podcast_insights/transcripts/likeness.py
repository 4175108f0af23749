"""How much of two texts is the same, whoever wrote them down.

Words are misheard, speakers are named in one file and not in the other, and an introduction says
which episode it is. So it is not the whole that is compared, but each three words in a row: other
speech has hardly any of them, a text that was heard twice most.

What does not belong here: whose a text is (`same_text.py`).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from podcast_insights.transcripts.guards.words import tokens

SAME = 0.8
"""Of the longer text, that is in the other too. Two encodings of one recording have 0.9 and more as
heard, episodes of one show with a common introduction of a minute 0.1."""
OF_ONE_SPEECH = 0.2
"""Of what a publisher wrote and a small model heard: a third of its words may be wrong."""
SKETCHED, LONG = 32, 1000
"""In long texts one of so many threes is looked up, to find what may be the same."""

Threes = NDArray[np.int64]


def groups_of(texts: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Names of texts that are the same, each as it came; not each text is compared with each.

    Args:
        texts: names and texts.
    """
    groups: list[list[str]] = []
    firsts: list[Threes] = []
    places: defaultdict[int, list[int]] = defaultdict(list)
    for name, text in texts:
        own = threes(text)
        sketch = (own[own % SKETCHED == 0] if len(own) > LONG else own).tolist()
        maybe = Counter(group for three in sketch for group in places[three]).most_common()
        same = (group for group, _ in maybe if likeness(own, firsts[group]) >= SAME)
        group = next(same, len(groups))
        if group == len(groups):
            groups.append([])
            firsts.append(own)
            for three in sketch:
                places[three].append(group)
        groups[group].append(name)
    return groups


def are_of_one_speech(one: str, other: str) -> bool:
    """Whether two texts write down the same speech, one of them with many errors."""
    return likeness(threes(one), threes(other)) >= OF_ONE_SPEECH


def threes(text: str) -> Threes:
    """A text's words, three in a row; as numbers that hold in this process only."""
    words = tokens(text)
    rows = zip(words, words[1:], words[2:], strict=False)
    return np.unique(np.fromiter(map(hash, rows), np.int64))


def likeness(one: Threes, other: Threes) -> float:
    """Share of the longer text that is in the other, 0 to 1."""
    common = np.intersect1d(one, other, assume_unique=True)
    return len(common) / max(len(one), len(other), 1)
