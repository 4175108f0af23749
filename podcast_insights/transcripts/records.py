"""Tables and values of the transcripts stage."""

from dataclasses import dataclass

import dataframely as dy

from podcast_insights.warehouse.contracts import Table

STATUSES = (
    "ok",
    "failed",
    "duplicate_audio",
    "not_speech",
    "incomplete",
    "impossible_times",
    "repetitive",
    "implausible_pace",
    "overlapping",
    "wrong_language",
    "truncated_audio",
    "same_text",
)


@dataclass(frozen=True)
class Segment:
    """A stretch of speech as Whisper or the publisher timed it."""

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None


class TranscriptSchema(dy.Schema):
    """The transcript of one episode, or the reason why there is none."""

    episode_id = dy.String(primary_key=True, description="The episode.")
    published_on = dy.Date(description="Its day of publication; the partition.")
    status = dy.String(
        check=lambda c: c.is_in(STATUSES),
        description="ok; failed: no audio or not decodable; anything else: a guard fired, the "
        "text is kept but no insight is drawn from it.",
    )
    error = dy.String(nullable=True, description="What went wrong, and what to do.")
    source = dy.String(
        nullable=True,
        check=lambda c: c.is_in(["whisper", "publisher"]),
        description="Who made the text.",
    )
    source_reason = dy.String(nullable=True, description="Why that source was taken.")
    audio_sha256 = dy.String(nullable=True, description="Hash of the audio the times refer to.")
    audio_bytes = dy.Int64(nullable=True, description="Size of the audio.")
    duration_s = dy.Float64(nullable=True, description="Decoded duration of the audio in seconds.")
    language = dy.String(nullable=True, description="ISO 639-1 code.")
    model = dy.String(nullable=True, description="Whisper model.")
    model_revision = dy.String(nullable=True, description="Hash or release of its weights.")
    options = dy.String(nullable=True, description="Decoding options, as JSON.")
    device = dy.String(nullable=True, description="cpu or cuda.")
    compute_type = dy.String(nullable=True, description="CTranslate2 compute type.")
    real_time_factor = dy.Float64(
        nullable=True, description="Audio seconds per wall second when it was transcribed."
    )
    words = dy.Int64(nullable=True, description="Words in the text.")
    text = dy.String(nullable=True, description="The whole text.")
    segments = dy.List(
        dy.Struct(
            {
                "start_s": dy.Float64(),
                "end_s": dy.Float64(),
                "text": dy.String(),
                "speaker": dy.String(nullable=True),
            }
        ),
        description="The text in timed segments.",
    )
    text_key = dy.String(
        nullable=True,
        description="Hash of the text's words: the same for one text in two formats.",
    )


TRANSCRIPTS = Table(
    name="transcripts",
    schema=TranscriptSchema,
    partition_by="published_on",
    description="One row per episode with audio: its transcript, or why there is none.",
)
