"""Long transcripts in windows that each fit one prompt, cut where the topic changes.

Topics change where what is said before a moment is unlike what is said after it: the valleys
of Hearst's TextTiling ("TextTiling: Segmenting Text into Multi-paragraph Subtopic Passages",
Computational Linguistics 23(1), 1997), with the embeddings of passages in place of her word
counts. Among all ways to cut into the fewest windows, dynamic programming takes the one whose
cuts lie deepest in valleys, at ends of sentences, and near where even windows would be cut.

What does not belong here: which lines are spoken and how they look (`transcript_lines.py`).
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.insights.engine import Passage

OVERLAP_CHARS = 1_500
"""About two minutes of speech; an idea that crosses a cut is seen whole by one window."""
OVERLAP_SHARE = 8
"""At most an eighth of a window is overlap, however small windows are."""
BLOCK = 20
"""Passages on each side of a moment: about two minutes, since every sentence starts one.
Hearst took ten sentences of prose; speech says less in a sentence."""
MOMENT_S = 0.5
"""Where passages meet, times are shared out by characters and off by a moment."""
EVENNESS = 4.0
"""The deepest valley (1) is worth a cut half a window away from the even place (4 / 2 / 2)."""
BROKEN_SENTENCE = 2.0
"""More than any valley is worth: a sentence is cut only where nothing else fits."""


@dataclass(frozen=True)
class Line:
    """One line of a prompt's transcript.

    Args:
        text: as the prompt shows it, with its mark.
        opens_sentence: whether a sentence, or somebody's turn, begins here.
    """

    text: str
    start_s: float
    end_s: float
    opens_sentence: bool = True

    @property
    def size(self) -> int:
        """Characters it takes in a prompt, its line break included."""
        return len(self.text) + 1


@dataclass(frozen=True)
class Window:
    """A stretch of the transcript for one prompt.

    Args:
        lines: what the prompt shows.
        overlap: how many of the first lines the window before ended with.
    """

    lines: tuple[Line, ...]
    overlap: int = 0

    @property
    def chars(self) -> int:
        """Characters it takes in a prompt."""
        return sum(line.size for line in self.lines)


def to_windows(
    lines: Sequence[Line],
    passages: Sequence[Passage],
    max_chars: int,
    overlap_chars: int = OVERLAP_CHARS,
) -> list[Window]:
    """The lines in as few windows as fit, each at most `max_chars`, overlap included.

    Args:
        lines: none longer than `max_chars` less the overlap.
        passages: with their embeddings; without them, cuts are even and at ends of sentences.
        max_chars: of one window.
        overlap_chars: of the window before, repeated at the start of the next.
    """
    overlap_chars = min(overlap_chars, max_chars // OVERLAP_SHARE)
    ends = np.cumsum([line.size for line in lines])
    if not lines:
        return []
    if ends[-1] <= max_chars:
        return [Window(tuple(lines))]
    sizes = _Sizes(np.concatenate(([0], ends)), max_chars, max_chars - overlap_chars)
    cuts = best_cuts(sizes, cut_costs(lines, passages))
    starts = [0, *cuts]
    overlaps = [0, *(overlap_before(lines, cut, overlap_chars) for cut in cuts)]
    return [
        Window(tuple(lines[start - overlap : end]), overlap)
        for start, overlap, end in zip(starts, overlaps, [*cuts, len(lines)], strict=True)
    ]


def overlap_before(lines: Sequence[Line], cut: int, overlap_chars: int) -> int:
    """How many lines before `cut` fit the overlap, from the first that opens a sentence."""
    first, room = cut, overlap_chars
    while first > 0 and lines[first - 1].size <= room:
        first -= 1
        room -= lines[first].size
    whole = next((i for i in range(first, cut) if lines[i].opens_sentence), first)
    return cut - whole


@dataclass(frozen=True)
class _Sizes:
    """Characters before each place to cut, and how many a window may have of its own."""

    before: np.ndarray
    first_room: int
    next_room: int

    @property
    def windows(self) -> int:
        """The fewest windows that can hold everything."""
        at, count, last = 0, 0, len(self.before) - 1
        while at < last:
            room = self.next_room if count else self.first_room
            reached = int(np.searchsorted(self.before, self.before[at] + room, "right")) - 1
            at = max(reached, at + 1)
            count += 1
        return count

    def earliest(self, end: int, *, is_first: bool) -> int:
        """The earliest place at which a window up to `end` may begin."""
        room = self.first_room if is_first else self.next_room
        return min(int(np.searchsorted(self.before, self.before[end] - room, "left")), end - 1)


def best_cuts(sizes: _Sizes, costs: np.ndarray) -> list[int]:
    """The cuts, as numbers of lines, of the cheapest division into the fewest windows.

    The time it takes grows with lines times windows: the cheapest cut before each line is a
    minimum over a window that only slides forward.
    """
    count, last = sizes.windows, len(sizes.before) - 1
    overlap = sizes.first_room - sizes.next_room
    whole = (float(sizes.before[-1]) + (count - 1) * overlap) / count
    cheapest = np.full(last + 1, math.inf)
    cheapest[0] = 0.0
    came_from: list[list[int]] = []
    for number in range(1, count + 1):
        even = number * whole - (number - 1) * overlap
        astray = (sizes.before - even) / whole
        here = EVENNESS * astray**2 + costs if number < count else np.zeros(last + 1)
        cheapest, sources = _extended(sizes, cheapest, here, is_first=number == 1)
        came_from.append(sources)
    cuts, at = [], last
    for sources in reversed(came_from[1:]):
        at = sources[at]
        cuts.append(at)
    return cuts[::-1]


def _extended(
    sizes: _Sizes, before: np.ndarray, here: np.ndarray, *, is_first: bool
) -> tuple[np.ndarray, list[int]]:
    """One more window: the cheapest total for each place it may end, and where it began."""
    total = np.full(len(before), math.inf)
    sources = [0] * len(before)
    queue: deque[int] = deque()
    for end in range(1, len(before)):
        while queue and before[queue[-1]] >= before[end - 1]:
            queue.pop()
        queue.append(end - 1)
        earliest = sizes.earliest(end, is_first=is_first)
        while queue[0] < earliest:
            queue.popleft()
        sources[end] = queue[0]
        total[end] = before[queue[0]] + here[end]
    return total, sources


def cut_costs(lines: Sequence[Line], passages: Sequence[Passage]) -> np.ndarray:
    """What a cut before each line costs, and after the last one: valleys give, sentences take."""
    costs = np.zeros(len(lines) + 1)
    costs[:-1] -= depths([line.start_s for line in lines], passages)
    costs[:-1] += [0.0 if line.opens_sentence else BROKEN_SENTENCE for line in lines]
    return costs


def depths(moments: Sequence[float], passages: Sequence[Passage]) -> np.ndarray:
    """How deep in a valley of likeness each moment lies, 1 being the deepest of the episode.

    Advertising is left out: a sponsor would look like two changes of topic.
    """
    known = [p for p in passages if p.embedding and not p.is_advertising]
    if len(known) < 2 or not moments:
        return np.zeros(len(moments))
    likeness = _smoothed(_likeness(np.asarray(moments), known))
    depth = _peaks(likeness) + _peaks(likeness[::-1])[::-1] - 2 * likeness
    deepest = float(depth.max())
    return np.asarray(depth / deepest) if deepest > 1e-6 else np.zeros(len(moments))


def _likeness(moments: np.ndarray, passages: Sequence[Passage]) -> np.ndarray:
    """Cosine between the passages that end before a moment and those that start after it."""
    order = sorted(passages, key=lambda p: (p.start_s, p.end_s))
    vectors = np.asarray([p.embedding for p in order], dtype=np.float64)
    sums = np.concatenate((np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0)))
    starts = np.asarray([p.start_s for p in order])
    ends = np.maximum.accumulate([p.end_s for p in order])
    left = np.searchsorted(ends, moments + MOMENT_S, "right")
    right = np.searchsorted(starts, moments - MOMENT_S, "left")
    before = sums[left] - sums[np.maximum(left - BLOCK, 0)]
    after = sums[np.minimum(right + BLOCK, len(order))] - sums[right]
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    # Nothing before or nothing after: no change of topic there.
    return np.where(norms > 0, (before * after).sum(axis=1) / np.where(norms > 0, norms, 1), 1.0)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """The mean of each value and its neighbours, as TextTiling takes it."""
    padded = np.pad(values, 1, mode="edge")
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3)


def _peaks(values: np.ndarray) -> np.ndarray:
    """For each value the height one climbs to on its left before it goes down again."""
    peaks = values.copy()
    for index in range(1, len(values)):
        if values[index - 1] >= values[index]:
            peaks[index] = peaks[index - 1]
    return peaks
