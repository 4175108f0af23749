"""WebVTT and SRT, as they are served.

Read by their timing lines, the one thing all dialects have: numbers may be missing, commas be
dots, blank lines be lacking or lie within a cue, hours be left out, an SRT begin with WEBVTT.
X-TIMESTAMP-MAP is passed over: it speaks of a video stream's clock, and audio begins at 0.

What does not belong here: lines that two cues share (`rolling.py`), names before a colon
(`speakers.py`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from podcast_insights.transcripts.publishing.pieces import (
    FRACTION,
    MAX_PIECES,
    WHOLE,
    TranscriptFormatError,
    clean_lines,
    clock_s,
    name_of,
)
from podcast_insights.transcripts.publishing.rolling import merged
from podcast_insights.transcripts.publishing.speakers import with_speakers
from podcast_insights.transcripts.records import Segment

CLOCK = rf"{WHOLE}(?:(?:[.,]\s?|:(?=[0-9]{{3}}(?![0-9]))){FRACTION})?"
"""Also "00:00:01, 000" and "00:00:01:000"; two digits there would count frames."""
TIMING = re.compile(
    rf"\s{{0,50}}{CLOCK}\s{{0,20}}(?:-{{1,2}}(?:>|&gt;)|→)\s{{0,20}}{CLOCK}(?:\s|$)"
)
ARROW = "-->"
COMMENT = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
VOICE = re.compile(r"<v(?:\.[^\s<>]{1,100})?\s([^<>]{1,300})>|</v>")
TURN = re.compile(r"^(?:>>+\s*)+")
NOISE = re.compile(r"(?:[\[(][^\[\]()]{1,60}[\])]|[♪♫\s])+")
"""[Music], (laughs): what captions show to the deaf, and nobody says."""
MAX_NOISE_CHARS = 200
MAX_UNREADABLE_SHARE = 0.02


@dataclass
class Cue:
    """Lines between two timing lines; no times if the first can't be read."""

    times: tuple[float, float] | None
    lines: list[str] = field(default_factory=list)


def parse_captions(text: str) -> list[Segment]:
    """The cues of a WebVTT or SRT file, whose lines end in LF.

    Raises:
        TranscriptFormatError: more than a few times that can't be read.
    """
    cues = list(cues_of(text.split("\n"), text.lstrip().startswith("WEBVTT")))
    unreadable = sum(cue.times is None for cue in cues)
    if unreadable > MAX_UNREADABLE_SHARE * len(cues):
        raise TranscriptFormatError(
            f"{unreadable} of its {len(cues)} captions have times that can't be read"
        )
    pieces = merged([piece for cue in cues if cue.times for piece in pieces_of(cue)])
    # A line may begin with a name, so lines are kept apart until here.
    turns = [replace(p, text=p.text.replace("\n", " ")) for p in with_speakers(pieces)]
    return [turn for turn in turns if not is_noise(turn.text)]


def cues_of(lines: Sequence[str], is_vtt: bool) -> Iterator[Cue]:
    """Each timing line with the lines of text up to the next one."""
    cue: Cue | None = None
    is_comment = False
    count = 0
    for line in lines:
        if ARROW in line[:200] or TIMING.match(line[:200]):
            if cue:
                drop_identifier(cue.lines, is_vtt)
                yield cue
            count += 1
            if count > MAX_PIECES:
                raise TranscriptFormatError(f"more than {MAX_PIECES} captions")
            timing = TIMING.match(line[:200])
            groups = timing.groups() if timing else ()
            cue = Cue((clock_s(groups[:4]), clock_s(groups[4:])) if timing else None)
            is_comment = False
        elif cue:
            is_blank = not line.strip()
            # Right below the times it is what is said: "NOTE THAT …".
            if is_vtt and COMMENT.match(line) and cue.lines and not cue.lines[-1]:
                is_comment = True
            is_comment = is_comment and not is_blank
            if not is_comment:
                cue.lines.append("" if is_blank else line)
    if cue:
        yield cue


def drop_identifier(lines: list[str], is_vtt: bool) -> None:
    """Take away what names the next cue: a number, in WebVTT any line after a blank one."""
    if not lines:
        return
    is_apart = len(lines) == 1 or not lines[-2]
    if lines[-1].strip().isdigit() or (is_vtt and lines[-1] and is_apart and len(lines) > 1):
        lines.pop()


def pieces_of(cue: Cue) -> Iterator[Segment]:
    """A cue as a piece, or as several where several voices speak in it."""
    start_s, end_s = cue.times or (0.0, 0.0)
    parts = list(voices("\n".join(cue.lines)))
    total = sum(len(text) for _, text in parts)
    done = 0
    for speaker, text in parts:
        from_s = start_s + (end_s - start_s) * done / total
        done += len(text)
        until_s = start_s + (end_s - start_s) * done / total if done < total else end_s
        yield Segment(from_s, until_s, text, speaker)


def voices(text: str) -> Iterator[tuple[str | None, str]]:
    """Who says what in a cue."""
    speaker, begin = None, 0
    for voice in VOICE.finditer(text):
        if said := spoken(text[begin : voice.start()]):
            yield speaker, said
        speaker, begin = name_of(voice[1]), voice.end()
    if said := spoken(text[begin:]):
        yield speaker, said


def spoken(text: str) -> str:
    """What is said in a text, in lines: no mark of a speaker's turn before it, and no noises."""
    said = TURN.sub("", clean_lines(text))
    return "" if is_noise(said) else said


def is_noise(text: str) -> bool:
    """Whether a text only shows what is to be heard, and nobody says it."""
    return len(text) <= MAX_NOISE_CHARS and NOISE.fullmatch(text) is not None
