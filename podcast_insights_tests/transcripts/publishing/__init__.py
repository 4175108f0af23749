"""Tests of publishers' transcripts, and what they share."""

from podcast_insights.transcripts.publishing import parse_transcript
from podcast_insights.transcripts.records import Segment


def parse(text: str, media_type: str | None = "text/vtt", url: str = "") -> tuple[Segment, ...]:
    """A transcript served as UTF-8."""
    return parse_transcript(text.encode(), media_type, url)


def said(segments: tuple[Segment, ...]) -> list[tuple[str | None, str]]:
    """Who said what."""
    return [(segment.speaker, segment.text) for segment in segments]
