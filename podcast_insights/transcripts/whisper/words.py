"""When each word was said, from the decoder's attention to the audio (an option).

What does not belong here: times of whole segments, which Whisper says itself (`decoding.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from podcast_insights.transcripts.records import Word
from podcast_insights.transcripts.whisper.decoding import Piece, Result, Window

if TYPE_CHECKING:
    from ctranslate2 import StorageView
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

OPENING = "\"'“¿([{-"
CLOSING = "\"'.。,，!！?？:：”)]}、"
FRAMES_PER_S = 100
DIGITS = 3


def with_words(
    model: "WhisperModel",
    tokenizer: "Tokenizer",
    windows: Sequence[Window],
    results: Sequence[Result],
    encoded: "StorageView",
) -> list[Result]:
    """The same results, with the times of their words, in seconds of their windows.

    Args:
        model: that decoded them.
        tokenizer: of their language.
        windows: what was decoded.
        results: what came of it.
        encoded: the encoder's output for the windows, as one batch.
    """
    segments = [
        [segment_of(piece) for piece in result.pieces] or [segment_of(None)] for result in results
    ]
    frames = [int(window.length_s * FRAMES_PER_S) for window in windows]
    model.add_word_timestamps(segments, tokenizer, encoded, frames, OPENING, CLOSING, 0.0)
    return [
        replace(result, pieces=tuple(map(timed, result.pieces, found)))
        for result, found in zip(results, segments, strict=True)
    ]


def segment_of(piece: Piece | None) -> dict[str, Any]:
    """A segment as faster-whisper wants it; an empty one where nothing was said."""
    if piece is None:
        return {"seek": 0, "start": 0.0, "end": 0.0, "tokens": []}
    start_s, end_s = piece.start_s, piece.end_s
    return {"seek": 0, "start": start_s, "end": end_s, "tokens": list(piece.tokens)}


def timed(piece: Piece, segment: dict[str, Any]) -> Piece:
    """A piece with its words; the piece's own times stay what they were."""
    words = tuple(
        Word(
            round(min(max(float(word["start"]), piece.start_s), piece.end_s), DIGITS),
            round(min(max(float(word["end"]), piece.start_s), piece.end_s), DIGITS),
            word["word"].strip(),
        )
        for word in segment["words"]
        if word["word"].strip()
    )
    return replace(piece, words=words)
