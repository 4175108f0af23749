"""Where there is speech: from probabilities to spans, and the real detector block by block."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights.transcripts.whisper.speech import (
    FRAME,
    LEVEL,
    MOST_GAIN,
    Span,
    Spans,
    levelled,
    listen,
    overlap_s,
)
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import cut, tone

FRAME_S = FRAME / SAMPLE_RATE
LONGEST_S = 15.1


def spans_of(*blocks: Sequence[float]) -> list[Span]:
    """What is made of frames that come in these blocks."""
    spans, found = Spans(), []
    for block in blocks:
        spans.add(block)
        found += spans.taken()
    spans.end()
    return found + spans.taken()


def frames(*spans: Span) -> list[tuple[int, int]]:
    return [(round(s.start_s / FRAME_S), round(s.end_s / FRAME_S)) for s in spans]


def from_blocks(samples: np.ndarray, block_s: float) -> list[Span]:
    """What is heard in samples that come block by block."""
    size = round(block_s * SAMPLE_RATE)
    blocks = [samples[at : at + size] for at in range(0, len(samples), size)]
    return [span for heard in listen(blocks) for span in heard.spans]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Forty seconds of a sample episode, a pause of four, and the same once more."""
    path = cut(
        SAMPLES / "audio" / "compute-ledger-1.mp3", tmp_path_factory.mktemp("a") / "a.wav", 5, 40
    )
    speech = decode(path)
    return np.concatenate([speech, np.zeros(4 * SAMPLE_RATE, np.float32), speech])


def test_speech_begins_with_a_sure_frame_and_goes_on_through_unsure_ones() -> None:
    found = spans_of([0.0] * 10 + [0.3] * 5 + [0.9] + [0.25] * 20 + [0.1] * 10)
    assert frames(*found) == [(15, 36)]


def test_a_breath_does_not_end_speech_and_a_pause_does() -> None:
    breath = spans_of([0.9] * 10 + [0.0] * 4 + [0.9] * 10)
    pause = spans_of([0.9] * 10 + [0.0] * 6 + [0.9] * 10)
    assert frames(*breath) == [(0, 24)]
    assert frames(*pause) == [(0, 10), (16, 26)]


def test_an_unsure_frame_after_a_pause_begins_nothing() -> None:
    assert frames(*spans_of([0.9] * 10 + [0.0] * 8 + [0.3] * 30)) == [(0, 10)]


def test_speech_without_a_pause_is_cut_where_it_is_least_speech() -> None:
    probabilities = [0.9] * 900
    probabilities[400] = 0.5
    found = spans_of(probabilities)
    assert frames(*found)[0] == (0, 400)
    assert all(before.end_s == after.start_s for before, after in pairwise(found))
    assert frames(*found)[-1][1] == 900
    assert max(span.length_s for span in found) <= LONGEST_S


def test_speech_that_goes_on_is_open_and_one_that_ended_is_not() -> None:
    spans = Spans()
    spans.add([0.0] * 5 + [0.9] * 5)
    assert spans.open_s == pytest.approx(5 * FRAME_S)
    assert spans.taken() == []
    spans.add([0.0] * 10)
    assert spans.open_s is None
    assert frames(*spans.taken()) == [(5, 10)]


levels = st.sampled_from([0.0, 0.1, 0.19, 0.2, 0.25, 0.34, 0.35, 0.5, 0.9, 1.0])
runs = st.lists(st.tuples(levels, st.integers(1, 300)), max_size=25)


@settings(deadline=None, max_examples=60)
@given(runs, st.lists(st.integers(0, 7000), max_size=8))
def test_spans_are_the_same_whatever_the_blocks(
    pieces: list[tuple[float, int]], places: list[int]
) -> None:
    probabilities = [level for level, count in pieces for _ in range(count)]
    cuts = sorted({0, len(probabilities), *(p for p in places if p < len(probabilities))})
    whole = spans_of(probabilities)
    assert spans_of(*(probabilities[a:b] for a, b in pairwise(cuts))) == whole


@settings(deadline=None, max_examples=60)
@given(runs)
def test_spans_are_in_order_bounded_and_hold_every_sure_frame(
    pieces: list[tuple[float, int]],
) -> None:
    probabilities = [level for level, count in pieces for _ in range(count)]
    found = spans_of(probabilities)
    assert all(before.end_s <= after.start_s for before, after in pairwise(found))
    assert all(0 < span.length_s <= LONGEST_S for span in found)
    inside = {frame for begin, end in frames(*found) for frame in range(begin, end)}
    assert {n for n, p in enumerate(probabilities) if p >= 0.35} <= inside
    assert inside <= set(range(len(probabilities)))


def test_the_detector_hears_the_same_in_short_and_long_blocks(samples: np.ndarray) -> None:
    short, long = from_blocks(samples, 5.12), from_blocks(samples, 61.44)
    assert len(short) == len(long) > 4
    for one, other in zip(short, long, strict=True):
        assert one == pytest.approx(other, abs=0.1)


def test_speech_is_heard_and_the_pause_in_it_is_not(samples: np.ndarray) -> None:
    found = from_blocks(samples, 61.44)
    assert overlap_s(found, 35.2, 38.8) == 0
    assert overlap_s(found, 0, 35) > 25
    assert overlap_s(found, 39, 74) == pytest.approx(overlap_s(found, 0, 35), abs=0.5)


def test_a_soft_voice_is_heard_as_a_loud_one_is(samples: np.ndarray) -> None:
    loud = overlap_s(from_blocks(samples, 61.44), 0, 80)
    soft = from_blocks(samples * 0.03, 61.44)
    assert overlap_s(soft, 0, 80) == pytest.approx(loud, rel=0.05)
    assert overlap_s(soft, 35.2, 38.8) == 0


def test_soft_stretches_are_made_louder_and_loud_ones_are_not() -> None:
    noise = np.random.default_rng(1).uniform(-1, 1, 800 * FRAME).astype(np.float32)
    fade = np.repeat(np.array([0.5, 0.02, 0.0001, 0.0], np.float32), 200 * FRAME)
    parts = np.split(levelled(noise * fade), 4)
    loudness = [float(np.sqrt(np.square(part[70 * FRAME : -70 * FRAME]).mean())) for part in parts]
    assert loudness[0] == pytest.approx(0.5 / 3**0.5, rel=0.05)
    assert loudness[1] == pytest.approx(LEVEL, rel=0.05)
    assert loudness[2] == pytest.approx(0.0001 / 3**0.5 * MOST_GAIN, rel=0.05)
    assert loudness[3] == 0
    echo = noise * np.repeat(
        np.array([0.5, 0.02, 0.5], np.float32), [n * FRAME for n in (300, 80, 420)]
    )
    pause = levelled(echo)[310 * FRAME : 370 * FRAME]
    assert np.abs(pause).max() <= 0.02  # short, as an echo is
    assert np.isfinite(levelled(noise * 3)).all()
    assert np.abs(levelled(noise * 3)).max() <= 1


def test_all_samples_are_handed_on(samples: np.ndarray) -> None:
    odd = samples[: 7 * SAMPLE_RATE + 123]
    heard = list(listen([odd[:51200], odd[51200:]]))
    assert np.array_equal(np.concatenate([one.samples for one in heard]), odd)


def noise(loudness: float) -> np.ndarray:
    """Twenty seconds of it."""
    return np.random.default_rng(2).standard_normal(20 * SAMPLE_RATE) * loudness


@pytest.mark.parametrize(
    "silent",
    [
        np.zeros(5 * SAMPLE_RATE),
        tone(5),
        tone(5) * 0.01,
        np.zeros(0),
        noise(0.0005),
        noise(0.005),
        noise(0.1),
    ],
)
def test_nothing_is_heard_in_silence_noise_and_tones(silent: np.ndarray) -> None:
    assert from_blocks(silent.astype(np.float32), 2.048) == []
    assert list(listen([])) == []


def test_an_empty_block_is_no_speech() -> None:
    assert [heard.spans for heard in listen([np.zeros(0, np.float32)])] == [[]]


def test_overlap_is_the_time_in_both() -> None:
    spans = [Span(0, 1), Span(2, 4), Span(9, 10)]
    assert overlap_s(spans, 0.5, 3) == 1.5
    assert overlap_s(spans, 4, 9) == 0
