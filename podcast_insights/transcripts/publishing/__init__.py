"""Publisher transcripts (`podcast:transcript`): a module for each format, one way in.

What does not belong here: whether a text is good enough to be used (`guards.py`), and Whisper.
"""

from podcast_insights.transcripts.publishing.parse import parse_transcript
from podcast_insights.transcripts.publishing.pieces import TranscriptFormatError

__all__ = ["TranscriptFormatError", "parse_transcript"]
