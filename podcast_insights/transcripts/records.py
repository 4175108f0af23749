"""Tables and values of the transcripts stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dataframely as dy

from podcast_insights.transcripts.statuses import STATUSES
from podcast_insights.warehouse.contracts import Table


@dataclass(frozen=True)
class Word:
    """A word, or a part of one, as it was heard: its seconds in the audio."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Segment:
    """A stretch of speech as Whisper or the publisher timed it.

    `words` are its words with times of their own, if those are known.
    """

    start_s: float
    end_s: float
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] = ()

    def to_row(self) -> dict[str, Any]:
        """As tables and the cache hold it."""
        words = [vars(word) for word in self.words] or None
        return {**vars(self), "words": words}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Segment":
        """As read from a table or the cache; those from before schema 3 know no words.

        Raises:
            TypeError: it is no segment.
        """
        fields = {**row}
        words = fields.pop("words", None) or ()
        return cls(**fields, words=tuple(Word(**word) for word in words))


class TranscriptSchema(dy.Schema):
    """The transcript of one episode, or the reason why there is none."""

    episode_id = dy.String(primary_key=True, description="The episode.")
    published_on = dy.Date(description="Its day of publication; the partition.")
    status = dy.String(
        check=lambda c: c.is_in(STATUSES),
        description="ok; failed: no audio, or not decodable; duplicate_audio: the audio of another "
        "episode, which has the text. Anything else: a guard fired, the text is kept but no "
        "insight is drawn from it. truncated_audio: shorter than the file itself promises or the "
        "feed claims, or much of it is damaged; longer_than_claimed: several times as long as the "
        "feed claims; not_speech: hardly any words; implausible_pace: more words a minute than "
        "anyone can say; impossible_times: segments run backwards, past the end, or are too short "
        "for their words; overlapping: text lies over other text; incomplete: speech without "
        "text; repetitive: words go round in circles; wrong_language: not in the feed's language; "
        "unsure: Whisper was guessing; same_text: another recording has the very same text.",
    )
    error = dy.String(nullable=True, description="What went wrong, and what to do.")
    source = dy.String(
        nullable=True,
        check=lambda c: c.is_in(["whisper", "publisher"]),
        description="Who made the text.",
    )
    source_reason = dy.String(
        nullable=True, description="Why that source was taken, or an older row kept."
    )
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
        nullable=True,
        description="Audio seconds per second that one worker of the model spent on it; several "
        "work at a time.",
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
                "words": dy.List(
                    dy.Struct(
                        {"start_s": dy.Float64(), "end_s": dy.Float64(), "text": dy.String()}
                    ),
                    nullable=True,
                ),
            }
        ),
        description="The text in timed segments, with its words where their times are known.",
    )
    text_key = dy.String(
        nullable=True,
        description="Hash of the text's words: the same for one text in two formats.",
    )
    speech_s = dy.Float64(
        nullable=True,
        description="Speech that voice activity detection found, in seconds; none where Whisper "
        "did not listen.",
    )
    confidence = dy.Float64(
        nullable=True, description="Mean probability of Whisper's tokens, 0 to 1."
    )
    decoded_again = dy.Int64(
        nullable=True,
        description="Stretches that Whisper decoded again, because the first try came out short, "
        "looping or unsure.",
    )
    detected_language = dy.String(
        nullable=True,
        description="ISO 639-1 code of the language that Whisper heard; none where its model "
        "knows only one.",
    )
    detected_language_probability = dy.Float64(
        nullable=True, description="How sure Whisper is of that language, 0 to 1."
    )
    damage = dy.String(
        nullable=True, description="What of the audio could not be decoded; its text is missing."
    )


TRANSCRIPTS = Table(
    name="transcripts",
    schema=TranscriptSchema,
    partition_by="published_on",
    description="One row per episode with audio: its transcript, or why there is none.",
)
