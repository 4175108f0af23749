"""Rows of `transcripts`: with text, without, and in words for the log.

What does not belong here: where a text comes from (`transcribe.py`).
"""

from collections.abc import Sequence
from typing import Any

from podcast_insights.net.client import FetchError
from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.duration import Length
from podcast_insights.transcripts.guards import Finding, count_words, inspect, text_key
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.statuses import KEPT
from podcast_insights.transcripts.whisper.records import (
    Transcription,
    TranscriptionError,
    UndecodableError,
)

Row = dict[str, Any]


def heard_row(episode: Row, audio: Audio, heard: Transcription, language: str | None) -> Row:
    """A row of what Whisper heard, and with the guards' verdict on it.

    Args:
        episode: a row of `episodes`.
        audio: what it was heard in.
        heard: its transcription.
        language: as the feed's hint says; None without one.
    """
    sure = heard.detected_probability or 0.0
    finding = inspect(
        heard.segments,
        heard.duration_s,
        heard.speech_s,
        language=language or heard.language,
        claimed_s=episode.get("claimed_duration_s"),
        promised_s=heard.promised_s,
        lost_s=heard.lost_s,
        detected=(heard.detected_language, sure) if language and heard.detected_language else None,
        confidence=heard.confidence,
        is_english_only=not heard.is_multilingual,
        unheard=heard.unheard,
    )
    return text_row(episode, audio, heard.segments, heard.duration_s, finding) | {
        "source": "whisper",
        "language": heard.language,
        "device": heard.device,
        "compute_type": heard.compute_type,
        "real_time_factor": heard.real_time_factor,
        "speech_s": heard.speech_s,
        "confidence": heard.confidence,
        "decoded_again": heard.decoded_again,
        "detected_language": heard.detected_language,
        "detected_language_probability": heard.detected_probability,
        "damage": heard.damage,
    }


def published_row(
    episode: Row,
    audio: Audio,
    segments: Sequence[Segment],
    length: Length,
    language: str | None,
) -> Row:
    """A row of a publisher's text, and with the guards' verdict on it."""
    finding = inspect(
        segments,
        length.duration_s,
        None,
        language=language,
        claimed_s=episode.get("claimed_duration_s"),
        promised_s=length.promised_s,
    )
    return text_row(episode, audio, segments, length.duration_s, finding) | {
        "source": "publisher",
        "language": language,
    }


def text_row(
    episode: Row,
    audio: Audio,
    segments: Sequence[Segment],
    duration_s: float,
    finding: Finding | None,
) -> Row:
    """A row with text, whoever made it."""
    return base_row(episode, audio) | {
        "status": finding.status if finding else "ok",
        "error": finding.message if finding else None,
        "duration_s": duration_s,
        "words": count_words(segments),
        "text": " ".join(segment.text for segment in segments),
        "segments": [segment.to_row() for segment in segments],
        "text_key": text_key(segments),
    }


def failed(episode: Row, message: str, audio: Audio | None = None) -> Row:
    """A row that says why there is no transcript."""
    return base_row(episode, audio) | {"status": "failed", "error": message}


def kept(episode: Row, stored: Row, error: str) -> Row:
    """The row that stays, because it could not be made anew."""
    return stored | {
        "published_on": episode["published_on"],
        "source_reason": f"{KEPT}{error}",
    }


def is_kept(row: Row) -> bool:
    """Whether a row stayed for want of audio to make it anew."""
    return (row["source_reason"] or "").startswith(KEPT)


def in_words(error: Exception) -> str:
    """An error as a row shows it, and what to do if that is not to wait for the host.

    An unexpected one with its type, as it wants mending.
    """
    if isinstance(error, UndecodableError):
        return (
            f"{error}; materialize the day again, which has it sent anew; if that is no better, "
            "complain to the publisher"
        )
    if isinstance(error, FetchError) and error.kind == "too_large":
        return f"{error}; raise PODCAST_INSIGHTS_MAX_AUDIO_BYTES if the episode is that large"
    if isinstance(error, TranscriptionError) and "; " not in str(error):
        return f"{error}; materialize the day again, or set another PODCAST_INSIGHTS_WHISPER_MODEL"
    if isinstance(error, FetchError | TranscriptionError):
        return str(error)
    name = type(error).__name__
    return f"unexpected: {name}: {error}; materialize the day again, and report it if it stays so"


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
    "speech_s",
    "confidence",
    "decoded_again",
    "detected_language",
    "detected_language_probability",
    "damage",
)


def describe(row: Row, episode: Row) -> str:
    """One line for the log."""
    if row["status"] != "ok":
        return f"{episode['title']}: {row['status']}: {row['error']}"
    if is_kept(row):
        return f"{episode['title']}: {row['source_reason']}"
    speed = f", {row['real_time_factor']:.0f} times real time" if row["real_time_factor"] else ""
    damage = f"; {row['damage']}" if row["damage"] else ""
    return (
        f"{episode['title']}: {row['words']} words in {row['duration_s']:.0f} s by "
        f"{row['source']}{speed}{damage}"
    )
