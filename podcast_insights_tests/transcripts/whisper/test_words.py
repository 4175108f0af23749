"""When each word was said, by the real model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.admission import Door
from podcast_insights.transcripts.whisper.decoding import (
    Decoder,
    Piece,
    Result,
    Window,
)
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.packing import Packer
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights.transcripts.whisper.words import with_words

LEAD_S = 3.0


@pytest.fixture(scope="module")
def talk(speech: Path) -> np.ndarray:
    return decode(speech)[: 6 * SAMPLE_RATE]


@pytest.fixture(scope="module")
def windows(talk: np.ndarray) -> list[Window]:
    """Speech, silence, and the same speech three seconds later."""
    late = np.concatenate([np.zeros(round(LEAD_S * SAMPLE_RATE), np.float32), talk])
    return [Window(s, "en") for s in (talk, np.zeros(3 * SAMPLE_RATE, np.float32), late)]


@pytest.fixture(scope="module")
def plain(whisper: Whisper) -> Decoder:
    return whisper._loaded[0]


@pytest.fixture(scope="module")
def results(plain: Decoder, windows: list[Window]) -> list[Result]:
    """With words; of the silence nothing was said."""
    first, _, last = Decoder(plain.model, plain.beam_size, word_times=True).decode(windows)
    nothing = replace(plain.decode(windows[1:2])[0], pieces=())
    return [first, with_words(plain.model, plain.tokenizer("en"), windows[1], nothing), last]


def pieces(result: Result) -> tuple[Piece, ...]:
    assert result.pieces
    return result.pieces


def test_words_are_those_of_their_segment_in_order_and_inside_it(results: list[Result]) -> None:
    for result in (results[0], results[2]):
        for piece in pieces(result):
            assert " ".join(word.text for word in piece.words) == piece.text
            times = [time for word in piece.words for time in (word.start_s, word.end_s)]
            assert times == sorted(times)
            assert piece.start_s <= times[0]
            assert times[-1] <= piece.end_s


def test_a_word_is_where_it_was_said(results: list[Result]) -> None:
    early, late = (
        # Without signs: whether a comma is heard differs between processors.
        {word.text.strip(",."): word for p in pieces(result)[::-1] for word in p.words[::-1]}
        for result in (results[0], results[2])
    )
    assert {"idle", "costs"} <= early.keys() & late.keys()
    for name in ("idle", "costs"):
        assert late[name].start_s - early[name].start_s == pytest.approx(LEAD_S, abs=0.3)
        assert 0 < early[name].end_s - early[name].start_s < 1.5


def test_where_nothing_was_said_there_are_no_words(results: list[Result]) -> None:
    assert results[1].pieces == ()


def test_words_alone_are_those_of_the_batch(
    plain: Decoder, windows: list[Window], results: list[Result]
) -> None:
    # The last one begins with silence, which is where times once were those of what came before.
    timed = Decoder(plain.model, plain.beam_size, word_times=True)
    for n in (0, 2):
        (alone,) = timed.decode(windows[n : n + 1])
        assert alone.pieces == results[n].pieces


def test_the_text_and_the_segments_are_the_same_without_them(
    plain: Decoder, windows: list[Window], results: list[Result]
) -> None:
    (without,) = plain.decode(windows[:1])
    assert all(piece.words == () for piece in without.pieces)
    assert without.pieces == tuple(replace(piece, words=()) for piece in results[0].pieces)


@pytest.fixture(scope="module")
def segments(plain: Decoder, whisper: Whisper, speech: Path) -> tuple[Segment, ...]:
    timed = replace(whisper, word_times=True)
    decoder = replace(plain, word_times=True)
    packer = Packer(decoder.decode, decoder.decode_again, workers=1, batch_size=4)
    timed.__dict__["_loaded"] = (decoder, packer, Door(1))  # the same weights, not loaded twice
    return timed.transcribe(speech).segments


def test_words_of_a_file_are_in_its_segments(
    segments: tuple[Segment, ...], whisper: Whisper, speech: Path
) -> None:
    assert segments
    for segment in segments:
        assert " ".join(word.text for word in segment.words) == segment.text
        times = [time for word in segment.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert segment.start_s <= times[0]
        assert times[-1] <= segment.end_s
    without = whisper.transcribe(speech).segments
    assert without == tuple(replace(segment, words=()) for segment in segments)
