"""Publisher transcripts (`podcast:transcript`): WebVTT, SRT and Podcasting 2.0 JSON.

What does not belong here: whether the text is good enough to be used (`guards.py`).
"""

import html
import io
import json
import math
import re
from typing import Any

from podcast_insights.transcripts.records import Segment

FORMATS = {
    "text/vtt": "vtt",
    "application/x-subrip": "srt",
    "application/srt": "srt",
    "text/srt": "srt",
    "application/json": "json",
}
MAX_TIME_S = 1e6
"""Eleven days; no audio is that long, and later casts stay within their types."""
UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+([^>]*)>")


class TranscriptFormatError(ValueError):
    """The publisher's file can't be read as a timed transcript."""


def parse_transcript(content: bytes, media_type: str | None, url: str) -> tuple[Segment, ...]:
    """Read a publisher's transcript.

    Args:
        content: the bytes as served.
        media_type: as announced in the feed; the file's ending decides where it says nothing.
        url: for the ending.

    Raises:
        TranscriptFormatError: another format, not decodable, or no timed text in it.
    """
    announced = (media_type or "").split(";")[0].strip().lower()
    kind = FORMATS.get(announced) or url.split("?")[0].rsplit(".")[-1].lower()
    text = content.decode("utf-8-sig", errors="replace")
    if text.lstrip()[:200].lower().startswith(("<!doctype html", "<html")):
        raise TranscriptFormatError("a web page was served in place of a transcript")
    if kind in ("vtt", "srt"):
        segments = parse_captions(text, kind)
    elif kind == "json":
        segments = parse_json(text)
    else:
        raise TranscriptFormatError(f"{media_type or kind} has no times we can read")
    if not segments:
        raise TranscriptFormatError("the file has no timed text")
    return segments


def parse_captions(text: str, kind: str) -> tuple[Segment, ...]:
    """WebVTT with voice tags, or SRT."""
    import webvtt

    buffer = io.StringIO(text)
    try:
        captions = webvtt.from_buffer(buffer, format=kind)
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError) as error:
        raise TranscriptFormatError(f"not readable as {kind}: {error}") from error
    segments = []
    for caption in captions.captions:
        voice = VOICE.search(caption.raw_text)
        segments.append(
            Segment(
                start_s=float(caption.start_in_seconds) + fraction(caption.start),
                end_s=float(caption.end_in_seconds) + fraction(caption.end),
                text=clean(caption.text),
                speaker=clean(voice[1]) if voice else None,
            )
        )
    return tuple(segment for segment in segments if segment.text)


def fraction(timestamp: str) -> float:
    """Milliseconds of `HH:MM:SS.mmm`; the library's seconds are whole."""
    return int(timestamp.replace(",", ".").rpartition(".")[2]) / 1000


def parse_json(text: str) -> tuple[Segment, ...]:
    """Podcasting 2.0 JSON: segments with startTime, endTime, body and maybe speaker."""
    try:
        rows = json.loads(text)["segments"]
        return tuple(
            Segment(
                start_s=seconds(row["startTime"]),
                end_s=seconds(row.get("endTime", row["startTime"])),
                text=clean(str(row["body"])),
                speaker=clean(str(row["speaker"])) if row.get("speaker") else None,
            )
            for row in rows
            if clean(str(row["body"]))
        )
    except UNREADABLE as error:
        raise TranscriptFormatError(f"not a Podcasting 2.0 transcript: {error!r}") from error


def seconds(value: Any) -> float:  # noqa: ANN401 - whatever the publisher's JSON holds
    """A time as a number; JSON readers let NaN and infinity in, which no guard would notice.

    Raises:
        ValueError: not a finite number.
    """
    number = float(value)
    if not (math.isfinite(number) and 0 <= number <= MAX_TIME_S):
        raise ValueError(f"{value!r} is no time")
    return number


def clean(text: str) -> str:
    """Text without tags, entities resolved, white space folded, fit to be stored."""
    plain = html.unescape(re.sub(r"<[^>]*>", "", text)).replace("\0", " ")
    return re.sub(r"\s+", " ", plain.encode("utf-8", "replace").decode()).strip()
