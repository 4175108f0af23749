"""Plain text with times: "[00:01:02] Hello", "Ann (1:02): Hello", "Speaker 1  0:03".

What does not belong here: how words get their seconds from these marks (`marks.py`).
"""

import re
from collections.abc import Iterator, Sequence

from podcast_insights.transcripts.publishing.marks import Mark, Said, Speaker, Time, placed
from podcast_insights.transcripts.publishing.pieces import (
    CLOCK,
    TranscriptFormatError,
    clean,
    clock_s,
)
from podcast_insights.transcripts.publishing.speakers import ROLE, is_name, with_speakers
from podcast_insights.transcripts.records import Segment

UNTIL = r"(?:\s{0,3}[-–—]{1,2}>?\s{0,3}[0-9:.,]{4,16})?"
BRACKETED = re.compile(rf"\\?[\[(]\s{{0,3}}{CLOCK}{UNTIL}\s{{0,3}}\\?[\])]")
BARE_START = re.compile(rf"\s{{0,20}}{CLOCK}{UNTIL}(?=[\s:|–—-]|$)")
BARE_END = re.compile(rf"(?<=[\s|–—-]){CLOCK}\s{{0,3}}:?\s{{0,20}}$")
MIN_BARE = 3
MIN_ORDERED_SHARE = 0.8
JOINTS = ":|–—-*_# \t"
MAX_HEADER_CHARS = 120
MAX_LINES = 40_000
DIGITS = tuple("0123456789")


def parse_plain(text: str) -> list[Segment]:
    """Lines with times.

    Raises:
        TranscriptFormatError: they have none, or too few.
    """
    lines = [line for line in text.split("\n") if not line.isspace()]
    return with_labels(placed(marks_in([Said(line) for line in lines if line])))


def with_labels(pieces: Sequence[Segment]) -> list[Segment]:
    """Names before a colon as speakers, unless the speakers are known already."""
    return list(pieces) if any(p.speaker for p in pieces) else with_speakers(pieces)


def marks_in(marks: Sequence[Mark]) -> Iterator[Mark]:
    """The marks with those that stand in the texts themselves.

    Raises:
        TranscriptFormatError: too many.
    """
    if len(marks) > MAX_LINES:
        raise TranscriptFormatError(f"more than {MAX_LINES} lines")
    texts = [mark.text for mark in marks if isinstance(mark, Said)]
    has_bare = are_times([found for text in texts if (found := bare(text))])
    for mark in marks:
        if isinstance(mark, Said):
            yield from marks_of_line(mark.text, has_bare)
        else:
            yield mark


def are_times(found: Sequence[re.Match[str]]) -> bool:
    """Whether lines that begin or end like a time do so all along, and ever later."""
    at = [clock_s(match.groups()) for match in found]
    ordered = sum(after >= before for before, after in zip(at, at[1:], strict=False))
    return len(at) >= MIN_BARE and ordered >= MIN_ORDERED_SHARE * (len(at) - 1)


def bare(line: str) -> re.Match[str] | None:
    """A time without brackets at a line's start, or at the end of a line with a name."""
    start = BARE_START.match(line[:MAX_HEADER_CHARS])
    if start or len(line) > MAX_HEADER_CHARS or line.rstrip(": ")[-1:] not in DIGITS:
        return start
    end = BARE_END.search(line)
    return end if end and is_name(line[: end.start()].strip(JOINTS)) else None


def marks_of_line(line: str, has_bare: bool) -> Iterator[Mark]:
    """The marks of one line; a name beside its time is a speaker."""
    found = bare(line) if has_bare else None
    matches = [found] if found else list(BRACKETED.finditer(line))
    if not matches:
        yield from said(line)
        return
    before = line[: matches[0].start()]
    ends = [match.start() for match in matches[1:]] + [len(line)]
    after = line[matches[0].end() : ends[0]]
    if name := speaker_of(before, after):
        yield Speaker(name)
        after = "" if not before.strip(JOINTS) else after
    else:
        yield from said(before)
    for match, end in zip(matches, ends, strict=True):
        yield Time(clock_s(match.groups()))
        yield from said(after if match is matches[0] else line[match.end() : end])


def speaker_of(before: str, after: str) -> str | None:
    """The name in a line with a time: "Ann (0:03)", "Ann: [0:03] Hello", "[0:03] Ann:".

    A single word beside a time may as well be all that was said, so a name has a colon or the
    line for itself.
    """
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
