"""What comes out of an audio file: its transcription, or why there is none."""

from dataclasses import dataclass, replace
from typing import Any

from podcast_insights.transcripts.records import Segment

SAMPLE_RATE = 16_000


class TranscriptionError(Exception):
    """One file can't be transcribed; the message says why."""


class UndecodableError(TranscriptionError):
    """There is no audio in the file; other bytes may be better."""


class RunStopped(TranscriptionError):
    """Nobody wants the file any more."""

    def __init__(self) -> None:
        super().__init__("the run was stopped")


@dataclass(frozen=True)
class Transcription:
    """What Whisper made of one file.

    `real_time_factor` is audio seconds per second that one worker spent on it, as files share
    their batches; without loading the model. Device and compute type are those it was made
    with, which a later reader of the cache may not have.

    Args:
        confidence: mean probability of the tokens, between 0 and 1; None where nothing was said.
        windows: stretches of up to 30 s that were decoded, repetitions not counted.
        decoded_again: stretches that were decoded again, because the first try came out short,
            looping or unsure.
        detected_language: the language heard in several places; None where the model knows only
            English.
        detected_probability: how sure that is, between 0 and 1.
        damage: what of the file could not be decoded, in words; None if all could.
        is_multilingual: whether the model knows more than English.
        promised_s: the file's length as it counts it itself; None where it does not.
        lost_s: seconds of silence in place of what could not be decoded.
        unheard: speech that has no text, as seconds from and to; None where nobody looked.
    """

    segments: tuple[Segment, ...]
    language: str
    duration_s: float
    speech_s: float
    real_time_factor: float
    device: str
    compute_type: str
    confidence: float | None = None
    windows: int = 0
    decoded_again: int = 0
    detected_language: str | None = None
    detected_probability: float | None = None
    damage: str | None = None
    is_multilingual: bool = True
    promised_s: float | None = None
    lost_s: float = 0.0
    unheard: tuple[tuple[float, float], ...] | None = None

    def without_words(self) -> "Transcription":
        """The same but for the times of words."""
        return replace(self, segments=tuple(replace(one, words=()) for one in self.segments))

    def to_json(self) -> dict[str, Any]:
        """As stored in the transcript cache."""
        return {**vars(self), "segments": [segment.to_row() for segment in self.segments]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Transcription":
        """As read from the transcript cache."""
        fields = {**value, "segments": tuple(map(Segment.from_row, value["segments"]))}
        if value.get("unheard") is not None:
            fields["unheard"] = tuple((start_s, end_s) for start_s, end_s in value["unheard"])
        return cls(**fields)
