"""Plain text with times: "[00:01:02] Hello", "Ann (1:02): Hello", "Speaker 1  0:03".

Times stand within lines, too, and so do verses: "as John (3:12) says". What does not fit in with
the times around it was said.

What does not belong here: how words get their seconds from these marks (`marks.py`).
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from podcast_insights.transcripts.publishing.marks import Mark, Said, Speaker, Time, placed
from podcast_insights.transcripts.publishing.pieces import (
    CLOCK,
    MAX_PIECES,
    TranscriptFormatError,
    clean,
    clock_s,
    longest_s,
)
from podcast_insights.transcripts.publishing.speakers import (
    ROLE,
    is_name,
    recurring,
    with_speakers,
)
from podcast_insights.transcripts.records import Segment

UNTIL = r"(?:\s{0,3}[-–—]{1,2}>?\s{0,3}[0-9:.,]{4,16})?"
BRACKETED = re.compile(rf"\\?[\[(]\s{{0,3}}{CLOCK}{UNTIL}\s{{0,3}}\\?[\])]")
BARE_START = re.compile(rf"\s{{0,20}}{CLOCK}{UNTIL}(?=[\s:|–—-]|$)")
BARE_END = re.compile(rf"(?<=[\s|–—-]){CLOCK}\s{{0,3}}:?\s{{0,20}}$")
MIN_BARE = 3
MIN_ORDERED_SHARE = 0.8
MIN_NAMED_SHARE = 0.5
"""Of lines with a time that begin with a name. "Right [0:05] so …" happens, but not there."""
STRAY_TIME = re.compile(rf"(?:->|→)\s{{0,3}}{CLOCK}")
MAX_STRAY_TIMES = 3
JOINTS = ":|–—-*_# \t"
MAX_HEADER_CHARS = 120
MAX_LINES = 40_000
DIGITS = tuple("0123456789")

Found = list[re.Match[str]]
"""Times in a line."""


def parse_plain(text: str) -> list[Segment]:
    """Lines with times.

    Raises:
        TranscriptFormatError: they have none, or too few, or they are captions of a kind that
            is not known.
    """
    lines = [line for line in text.split("\n") if not line.isspace()]
    pieces = placed(marks_in([Said(line) for line in lines if line]))
    strays = sum(bool(STRAY_TIME.search(piece.text)) for piece in pieces)
    if strays > MAX_STRAY_TIMES:
        raise TranscriptFormatError(f"{strays} of its captions have times that can't be read")
    return with_speakers(pieces)


def marks_in(marks: Sequence[Mark]) -> Iterator[Mark]:
    """The marks with those that stand in the texts themselves.

    Raises:
        TranscriptFormatError: too many.
    """
    if len(marks) > MAX_LINES:
        raise TranscriptFormatError(f"more than {MAX_LINES} lines")
    texts = [mark.text for mark in marks if isinstance(mark, Said)]
    has_bare = are_times([found for text in texts if (found := bare(text))])
    timed = times_of(texts, has_bare)
    names = names_before(timed)
    lines = iter(believed(timed, names))
    for mark in marks:
        if isinstance(mark, Said):
            yield from marks_of_line(mark.text, next(lines), names)
        else:
            yield mark


def are_times(found: Found) -> bool:
    """Whether lines that begin or end like a time do so all along, and ever later."""
    at = [at_s(match) for match in found]
    ordered = sum(after >= before for before, after in zip(at, at[1:], strict=False))
    return len(at) >= MIN_BARE and ordered >= MIN_ORDERED_SHARE * (len(at) - 1)


def bare(line: str) -> re.Match[str] | None:
    """A time without brackets at a line's start, or at the end of a line with a name."""
    start = BARE_START.match(line[:MAX_HEADER_CHARS])
    if start or len(line) > MAX_HEADER_CHARS or line.rstrip(": ")[-1:] not in DIGITS:
        return start
    end = BARE_END.search(line)
    return end if end and is_name(line[: end.start()].strip(JOINTS)) else None


def at_s(time: re.Match[str]) -> float:
    """The second that a time names."""
    return clock_s(time.groups())


def times_of(lines: Sequence[str], has_bare: bool) -> list[tuple[str, Found]]:
    """Lines, each with what looks like times in it.

    Raises:
        TranscriptFormatError: too many.
    """
    found, count = [], 0
    for line in lines:
        first = bare(line) if has_bare else None
        times = [first] if first else [*islice(BRACKETED.finditer(line), MAX_PIECES + 1)]
        found.append((line, times))
        count += len(times)
        if count > MAX_PIECES:
            raise TranscriptFormatError(f"more than {MAX_PIECES} times")
    return found


def names_before(lines: Sequence[tuple[str, Found]]) -> frozenset[str]:
    """Names that stand before times all along, and before what is said: "Ann [00:10] Hello"."""
    before = [name_in(line[: times[0].start()]) for line, times in lines if times]
    names = recurring(name for name in before if name)
    is_usual = sum(name in names for name in before) >= MIN_NAMED_SHARE * len(before)
    return names if is_usual else frozenset()


def name_in(before: str) -> str | None:
    """A name that is all that stands before a time, brackets or not."""
    name = before.strip(JOINTS + "[]")
    return ROLE.sub("", name) if is_name(name) else None


def believed(lines: Sequence[tuple[str, Found]], names: frozenset[str]) -> list[Found]:
    """Of what looks like times in each line what is some.

    At the head of a line it is. Within lines it must lie between the heads before and after, and
    go on from one to the next; of those that contradict each other the fewest are left out.
    """
    kept: list[Found] = [[] for _ in lines]
    last, latest_s = 0, math.inf
    stretches: list[tuple[float, list[tuple[int, re.Match[str]]]]] = [(0.0, [])]
    for number, (line, times) in enumerate(lines):
        heads = int(has_head(line, times, names))
        for time in times[:heads]:
            kept[number].append(time)
            stretches.append((at_s(time), []))
            last = number
        stretches[-1][1].extend((number, time) for time in times[heads:])
    if len(stretches) > MIN_BARE:
        latest_s = stretches[-1][0] + longest_s(" ".join(line for line, _ in lines[last:]))
    ends = [*(start_s for start_s, _ in stretches[1:]), latest_s]
    for (start_s, inner), end_s in zip(stretches, ends, strict=True):
        until_s = end_s if end_s >= start_s else math.inf
        fit = [pair for pair in inner if start_s <= at_s(pair[1]) <= until_s]
        for place in longest_rise([at_s(time) for _, time in fit]):
            number, time = fit[place]
            kept[number].append(time)
    return kept


def has_head(line: str, times: Found, names: frozenset[str]) -> bool:
    """Whether the first time stands before all that is said, alone or beside a name."""
    if not times:
        return False
    before = line[: times[0].start()]
    after = line[times[0].end() : times[1].start() if len(times) > 1 else None]
    return not before.strip(JOINTS) or speaker_of(before, after, names) is not None


def longest_rise(values: Sequence[float]) -> list[int]:
    """Places of as many values as can be kept so that none is below the one before."""
    lowest: list[float] = []  # that a rise of each length can end in
    place_of: list[int] = []
    before: list[int | None] = []
    for place, value in enumerate(values):
        length = bisect_right(lowest, value)
        before.append(place_of[length - 1] if length else None)
        lowest[length : length + 1] = [value]
        place_of[length : length + 1] = [place]
    found: list[int] = []
    last = place_of[-1] if place_of else None
    while last is not None:
        found.append(last)
        last = before[last]
    return found[::-1]


def marks_of_line(line: str, matches: Found, names: frozenset[str]) -> Iterator[Mark]:
    """The marks of one line with its times; a name beside the first is a speaker."""
    if not matches:
        yield from said(line)
        return
    before = line[: matches[0].start()]
    ends = [match.start() for match in matches[1:]] + [len(line)]
    after = line[matches[0].end() : ends[0]]
    if name := speaker_of(before, after, names):
        yield Speaker(name)
        after = "" if not before.strip(JOINTS) else after
    else:
        yield from said(before)
    for match, end in zip(matches, ends, strict=True):
        yield Time(at_s(match))
        yield from said(after if match is matches[0] else line[match.end() : end])


def speaker_of(before: str, after: str, names: frozenset[str]) -> str | None:
    """The name in a line with a time: "Ann (0:03)", "Ann: [0:03] Hello", "[0:03] Ann:".

    A single word beside a time may as well be all that was said, so a name has a colon or the
    line for itself, or is one of those that stand before times all along.
    """
    if (known := name_in(before)) in names:
        return known
    name, rest = before.strip(JOINTS), after.strip()
    if not name and rest.endswith(":"):
        name, rest = rest.strip(JOINTS), ""
    is_set_off = before.rstrip("*_ \t").endswith(":") or not rest or rest.startswith(":")
    return ROLE.sub("", name) if is_set_off and is_name(name) else None


def said(text: str) -> Iterator[Mark]:
    """Text as a mark, if there is any."""
    words = clean(text.strip(JOINTS))
    if words:
        yield Said(words)
