"""Which sentences are advertising: sponsor reads, self-promotion, calls to subscribe.

Three steps. A sentence is scored by how advertising sounds: formulas ("brought to you by"),
offers ("percent off"), addresses read aloud, requests to subscribe. What is scored high is a
seed. Around seeds a block grows, because a read is a block and the praise in its middle has no
cue of its own: over weak cues and over the sponsor's name, which is taken from the sentence
that thanks the sponsor.

What does not belong here: the cues (`advertising_cues.py`), and what is done with the label. How
well it works on real transcripts is printed by `benchmarks/advertising.py`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

from podcast_insights.embeddings.advertising_cues import (
    ADVERTISED,
    BY_US,
    INTRODUCTION,
    NO_NAMES,
    OTHERS,
    OWN_WARES,
    PUTS_OFF,
    SPONSOR,
    WANTS_TO_THANK,
)

THRESHOLD = 0.5
WEAK = 0.2
"""From here on a cue lets a block grow, but can't begin one."""
MAX_GAP_SENTENCES = 4
MAX_GAP_WORDS = 100
MAX_OWN_SENTENCES = 40
MAX_READ_WORDS = 560
"""Three minutes at the pace of two people who chat."""
MAX_CHARACTERS = 1000
"""Of a sentence that are looked at: the 120 words it may have. More is no speech, and every cue
would run over it."""
MAX_NAME_SHARE = 0.03
MIN_NAME_LIMIT = 12
"""A name in more than this share of the sentences (12 in a short episode) is a topic or a host."""


def advertising_scores(sentences: Sequence[str]) -> list[float]:
    """0 to 1 for each sentence; at `THRESHOLD` and above it is advertising.

    What a block takes in between two seeds gets the lower of their scores.
    """
    texts = [text[:MAX_CHARACTERS] for text in sentences]
    known = {text: hear(text) for text in dict.fromkeys(texts)}  # "Yeah." comes a hundred times
    heard = [known[text] for text in texts]
    sponsors = sponsor_names(heard)
    named = [sentence.words & sponsors for sentence in heard]
    starts = [0, *accumulate(sentence.size for sentence in heard)]
    scores = [sentence.score for sentence in heard]
    for first, last in chain(
        blocks(heard, named, starts), reads(heard, named, starts), own_reads(heard)
    ):
        inner = max(min(heard[first].score, heard[last].score), THRESHOLD)
        for index in range(first, last + 1):
            scores[index] = max(scores[index], inner)
    return scores


@dataclass(frozen=True)
class Heard:
    """What the cues find in one sentence, and its words in lower case."""

    text: str
    score: float
    is_thanks: bool
    words: frozenset[str]
    size: int

    @property
    def is_seed(self) -> bool:
        """Whether it is advertising by itself."""
        return self.score >= THRESHOLD


def hear(text: str) -> Heard:
    """A sentence by itself, without its neighbours."""
    thanks = sum(weight for weight, cue in SPONSOR if cue.search(text))
    score = min(thanks + sum(weight for weight, cue in OTHERS if cue.search(text)), 1.0)
    return Heard(
        text=text,
        score=score,
        is_thanks=thanks > 0 or (score >= THRESHOLD and WANTS_TO_THANK.search(text) is not None),
        words=frozenset(re.findall(r"\w+", text.lower())),
        size=len(text.split()),
    )


def is_beside_thanks(heard: Sequence[Heard], index: int) -> bool:
    """Whether a sponsor is thanked in this sentence or the ones beside it."""
    return any(sentence.is_thanks for sentence in heard[max(index - 1, 0) : index + 2])


def sponsor_names(heard: Sequence[Heard]) -> frozenset[str]:
    """Words of the names that sponsors are thanked by, less those that the episode is full of.

    The name may stand in the sentence beside the one that says what the thanks are for.
    """
    names = {
        word
        for index, sentence in enumerate(heard)
        if is_beside_thanks(heard, index)
        for match in ADVERTISED.finditer(sentence.text)
        for word in re.findall(r"\w+", (match[1] or match[2]).lower())
        if len(word) > 2 and word not in NO_NAMES
    }
    counts = Counter(word for sentence in heard for word in sentence.words & names)
    most = max(MAX_NAME_SHARE * len(heard), MIN_NAME_LIMIT)
    return frozenset(word for word in names if counts[word] <= most)


def blocks(
    heard: Sequence[Heard], named: Sequence[frozenset[str]], starts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """First and last sentence of what lies between a seed and the next seed, name or weak cue.

    A sponsor's name reaches as far as a seed does, a weak cue only over one sentence.
    """
    seeds = [index for index, sentence in enumerate(heard) if sentence.is_seed]
    for left, right in pairwise(seeds):
        words = starts[right] - starts[left + 1]
        if right - left - 1 <= MAX_GAP_SENTENCES and words <= MAX_GAP_WORDS:
            yield left, right
    for seed in seeds:
        nearest = max(seed - MAX_GAP_SENTENCES, 0)
        for other in range(nearest, min(seed + MAX_GAP_SENTENCES + 1, len(heard))):
            is_weak_cue = abs(other - seed) <= 2 and heard[other].score >= WEAK
            if named[other] or is_weak_cue:
                yield min(seed, other), max(seed, other)


def reads(
    heard: Sequence[Heard], named: Sequence[frozenset[str]], starts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """First and last sentence of whole reads: from a sponsor's introduction to its last offer.

    The end has to be an offer, an address or thanks in a sentence with the same name; editorial
    after a mere mention of the sponsor is safe. "More about them later" begins no read, and where
    the sponsor is introduced anew, another one begins.
    """
    for first, sentence in enumerate(heard):
        is_introduced = INTRODUCTION.search(sentence.text) is not None
        if not named[first] or not (
            is_introduced or sentence.is_seed or is_beside_thanks(heard, first)
        ):
            continue
        near = heard[first : first + MAX_GAP_SENTENCES]
        if not is_introduced and any(PUTS_OFF.search(other.text) for other in near):
            continue
        last = first
        for index in range(first + 1, min(first + MAX_READ_WORDS, len(heard))):
            is_same = bool(named[first] & named[index])
            is_new = index - first > MAX_GAP_SENTENCES and INTRODUCTION.search(heard[index].text)
            if starts[index] - starts[first] > MAX_READ_WORDS or (is_same and is_new):
                break
            if heard[index].is_seed and is_same:
                last = index
        if last > first:
            yield first, last


def own_reads(heard: Sequence[Heard]) -> Iterator[tuple[int, int]]:
    """First and last sentence of what follows "brought to you by us" and lists the hosts' wares."""
    for first, sentence in enumerate(heard):
        if not BY_US.search(sentence.text):
            continue
        last = first
        for index in range(first + 1, min(first + MAX_OWN_SENTENCES, len(heard))):
            if heard[index].words & OWN_WARES and index - last - 1 <= MAX_GAP_SENTENCES:
                last = index
        if last > first:
            yield first, last
