"""Text with a time here and there: what plain text and web pages have in common.

Between two times that a text names, its words are shared out evenly. That is a guess within
known bounds, so the bounds must be narrow: a text without a time for more than five minutes of
speech is refused, and so is one without any. Nothing shows where its quotes could be heard.

What does not belong here: finding the marks (`plain.py`, `pages.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from podcast_insights.transcripts.guards.words import words_in
from podcast_insights.transcripts.publishing.pieces import (
    USUAL_WORDS_PER_S,
    TranscriptFormatError,
    longest_s,
    shared_out,
)
from podcast_insights.transcripts.records import Segment

MAX_UNMARKED_S = 300.0
MIN_MARKS = 3
HEADING_S = 1.0
"""Who says something after the first second has a time before that; text above it is a title."""


@dataclass(frozen=True)
class Time:
    """What follows begins then."""

    at_s: float


@dataclass(frozen=True)
class Speaker:
    """Who says what follows."""

    name: str


@dataclass(frozen=True)
class Said:
    """Clean text."""

    text: str


Mark = Time | Speaker | Said
Group = tuple[float, list[tuple[str | None, str]]]


def placed(marks: Iterable[Mark]) -> list[Segment]:
    """Marks as pieces with times.

    Raises:
        TranscriptFormatError: no times, or too few of them.
    """
    groups = groups_of(marks)
    if not groups:
        raise TranscriptFormatError(
            "it has no times we can read, so nothing shows where a quote can be heard"
        )
    paces = [
        words(group) / (after[0] - group[0])
        for group, after in zip(groups, groups[1:], strict=False)
        if after[0] > group[0]
    ]
    usual = sorted(paces)[len(paces) // 2] if paces else USUAL_WORDS_PER_S
    usual = min(max(usual, 1.5), 4.0)
    last_s = groups[-1][0] + words(groups[-1]) / usual
    ends = [after[0] for after in groups[1:]] + [last_s]
    found: list[Segment] = []
    for group, end_s in zip(groups, ends, strict=True):
        found += spread(group, max(end_s, group[0]))
    if len(groups) < MIN_MARKS and found[-1].end_s > MAX_UNMARKED_S / 2:
        raise TranscriptFormatError(f"it has only {len(groups)} times for all of its words")
    return found


def groups_of(marks: Iterable[Mark]) -> list[Group]:
    """What is said after each time; what is said before the first one begins at 0."""
    groups: list[Group] = [(0.0, [])]
    speaker: str | None = None
    is_timed = False
    for mark in marks:
        if isinstance(mark, Time):
            if not is_timed and mark.at_s <= HEADING_S:
                groups = []
            is_timed = True
            if not groups or groups[-1][0] != mark.at_s:
                groups.append((mark.at_s, []))
        elif isinstance(mark, Speaker):
            speaker = mark.name
        else:
            groups[-1][1].append((speaker, mark.text))
    return [group for group in groups if group[1]] if is_timed else []


def spread(group: Group, end_s: float) -> list[Segment]:
    """A group's texts, one after the other until the next time.

    Raises:
        TranscriptFormatError: it takes too long for that to be more than a guess.
    """
    start_s, said = group
    end_s = min(end_s, start_s + longest_s(" ".join(text for _, text in said)))
    if end_s - start_s > MAX_UNMARKED_S:
        raise TranscriptFormatError(
            f"it names no time for {end_s - start_s:.0f} s after second {start_s:.0f}, so nothing "
            "shows where a quote of that part can be heard"
        )
    together = [Segment(start_s, start_s, text, speaker) for speaker, text in said]
    return list(shared_out(together, end_s))


def words(group: Group) -> int:
    """Words in a group."""
    return sum(words_in(text) for _, text in group[1])
