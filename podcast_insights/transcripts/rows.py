"""Rows of `transcripts`: with text, without, and in words for the log.

What does not belong here: where a text comes from (`transcribe.py`).
"""

from collections.abc import Sequence
from typing import Any

from podcast_insights.net.client import FetchError
from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.guards import count_words, inspect, text_key
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.records import TranscriptionError

Row = dict[str, Any]


def text_row(
    episode: Row,
    audio: Audio,
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    language: str | None,
) -> Row:
    """A row with text, and with the guards' verdict on it."""
    claimed_s = episode.get("claimed_duration_s")
    finding = inspect(segments, duration_s, speech_s, language=language, claimed_s=claimed_s)
    return base_row(episode, audio) | {
        "status": finding.status if finding else "ok",
        "error": finding.message if finding else None,
        "duration_s": duration_s,
        "words": count_words(segments),
        "text": " ".join(segment.text for segment in segments),
        "segments": [vars(segment) for segment in segments],
        "text_key": text_key(segments),
    }


def failed(episode: Row, message: str, audio: Audio | None = None) -> Row:
    """A row that says why there is no transcript."""
    return base_row(episode, audio) | {"status": "failed", "error": message}


def in_words(error: Exception) -> str:
    """An error as a row shows it; an unexpected one with its type, as it wants mending."""
    is_known = isinstance(error, FetchError | TranscriptionError)
    return str(error) if is_known else f"unexpected: {type(error).__name__}: {error}"


def duplicate(episode: Row, audio: Audio, owner: str) -> Row:
    """A row for audio that another episode already stands for."""
    return base_row(episode, audio) | {
        "status": "duplicate_audio",
        "error": f"the same audio as episode {owner}",
    }


def base_row(episode: Row, audio: Audio | None) -> Row:
    """A row of `transcripts` with nothing but its identity."""
    return {
        "episode_id": episode["episode_id"],
        "published_on": episode["published_on"],
        "audio_sha256": audio.sha256 if audio else None,
        "audio_bytes": audio.size_bytes if audio else None,
        "segments": [],
        **dict.fromkeys(EMPTY),
    }


EMPTY = (
    "source",
    "source_reason",
    "duration_s",
    "language",
    "model",
    "model_revision",
    "options",
    "device",
    "compute_type",
    "real_time_factor",
    "words",
    "text",
    "text_key",
)


def describe(row: Row, episode: Row) -> str:
    """One line for the log."""
    if row["status"] != "ok":
        return f"{episode['title']}: {row['status']}: {row['error']}"
    speed = f", {row['real_time_factor']:.0f} times real time" if row["real_time_factor"] else ""
    return (
        f"{episode['title']}: {row['words']} words in {row['duration_s']:.0f} s by "
        f"{row['source']}{speed}"
    )
