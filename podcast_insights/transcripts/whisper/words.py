"""When each word was said, from the decoder's attention to the audio (an option).

What does not belong here: times of whole segments, which Whisper says itself (`decoding.py`).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from podcast_insights.transcripts.records import Word
from podcast_insights.transcripts.whisper.decoding import Piece, Result, Window, together

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

OPENING = "\"'“¿([{-"
CLOSING = "\"'.。,，!！?？:：”)]}、"
FRAMES_PER_S = 100
DIGITS = 3


def with_words(
    model: "WhisperModel", tokenizer: "Tokenizer", window: Window, result: Result
) -> Result:
    """The same result, with the times of its words, in seconds of its window.

    One window at a time: of several faster-whisper takes the end of one for what was said before
    the next, though that is another file's.

    Args:
        model: that decoded it.
        tokenizer: of its language.
        window: what was decoded.
        result: what came of it.
    """
    if not result.pieces:
        return result
    segments = [segment_of(piece) for piece in result.pieces]
    frames = [int(window.length_s * FRAMES_PER_S)]
    encoded = together([result.encoded])
    model.add_word_timestamps([segments], tokenizer, encoded, frames, OPENING, CLOSING, 0.0)
    return replace(result, pieces=tuple(map(timed, result.pieces, segments)))


def segment_of(piece: Piece) -> dict[str, Any]:
    """A segment as faster-whisper wants it."""
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
