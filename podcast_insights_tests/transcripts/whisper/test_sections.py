"""How speech is shared out: nothing lost, nothing twice, cut where it is quiet."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.sections import Section, Tape, sections
from podcast_insights.transcripts.whisper.speech import FRAME, Heard, Span

FRAME_S = FRAME / SAMPLE_RATE
MAX_PAUSE_S = 8.0
RAMP = 30_011
"""A prime: where in the file a sample is can be read from it, within some seconds."""


def ramp(begin: int, end: int) -> np.ndarray:
    """Samples that say where they are, as 16-bit numbers."""
    return (np.arange(begin, end) % RAMP).astype(np.int16)


def heard(spans: list[Span], length_s: float, block_s: float) -> Iterator[Heard]:
    """A file with speech at these times, as the detector would tell of it."""
    length, size = round(length_s * SAMPLE_RATE), round(block_s * SAMPLE_RATE)
    known_s = 0.0
    for begin in range(0, length, size):
        end = min(begin + size, length)
        end_s = end / SAMPLE_RATE
        # As the detector, which knows that speech ended only some frames later.
        ended = [s for s in spans if known_s < s.end_s + 5 * FRAME_S <= end_s]
        open_s = next((s.start_s for s in spans if s.start_s < end_s < s.end_s + 5 * FRAME_S), None)
        yield Heard(ramp(begin, end).astype(np.float32) / np.float32(32768), ended, open_s)
        known_s = end_s
    if rest := [s for s in spans if s.end_s + 5 * FRAME_S > known_s]:
        yield Heard(np.zeros(0, np.float32), rest, None)


def in_frames(pieces: list[tuple[int, int]]) -> list[Span]:
    """Speech of so many frames, each after a pause of so many."""
    found, at = [], 0
    for pause, length in pieces:
        begin = at + pause
        at = begin + length
        found.append(Span(begin * FRAME_S, at * FRAME_S))
    return found


pauses = st.one_of(st.just(0), st.integers(5, 60), st.integers(100, 400))
speech = st.lists(st.tuples(pauses, st.integers(1, 469)), min_size=1, max_size=30)


@settings(deadline=None, max_examples=60)
@given(
    speech,
    st.sampled_from([30.0, 60.0, 300.0]),
    st.sampled_from([5.12, 61.44]),
    st.floats(-0.03, 10.0),
)
def test_all_speech_is_in_one_section_each_and_the_sound_is_that_of_the_file(
    pieces: list[tuple[int, int]], longest_s: float, block_s: float, after_s: float
) -> None:
    spans = in_frames(pieces)
    length_s = spans[-1].end_s + after_s
    found = list(sections(heard(spans, length_s, block_s), longest_s))
    assert [span for section in found for span in section.speech] == spans
    assert all(len(section.samples) / SAMPLE_RATE <= longest_s + 0.001 for section in found)
    assert all(a.end_s <= b.start_s + 1 / SAMPLE_RATE for a, b in pairwise(found))
    for section in found:
        begin = round(section.start_s * SAMPLE_RATE)
        end = begin + len(section.samples)
        assert begin >= 0
        assert end <= round(length_s * SAMPLE_RATE)
        assert np.array_equal(section.samples, ramp(begin, end))
        assert section.start_s <= section.speech[0].start_s + 1 / SAMPLE_RATE
        assert section.end_s >= min(section.speech[-1].end_s, length_s) - 2 / SAMPLE_RATE
        assert all(b.start_s - a.end_s <= MAX_PAUSE_S for a, b in pairwise(section.speech))


@settings(deadline=None, max_examples=60)
@given(speech, st.sampled_from([30.0, 300.0]))
def test_sections_are_the_same_whatever_the_blocks(
    pieces: list[tuple[int, int]], longest_s: float
) -> None:
    spans = in_frames(pieces)
    length_s = spans[-1].end_s + 1
    short, long = (
        [(s.start_s, s.end_s) for s in sections(heard(spans, length_s, block_s), longest_s)]
        for block_s in (5.12, 61.44)
    )
    assert short == long


def test_a_short_pause_is_inside_a_section_and_a_long_one_between_two() -> None:
    spans = [Span(1, 5), Span(12.5, 15), Span(24, 26)]
    found = list(sections(heard(spans, 30, 5.12), 300))
    assert [(round(s.start_s, 2), round(s.end_s, 2)) for s in found] == [(0.6, 15.4), (23.6, 26.4)]


def test_a_section_comes_before_the_file_ends() -> None:
    blocks = heard([Span(1, 5), Span(95, 99)], 100, 5.12)
    first = next(sections(blocks, 300))
    assert first.speech == (Span(1, 5),)
    assert next(blocks).open_s is None


def test_a_long_section_is_cut_in_the_longest_pause_of_its_second_half() -> None:
    spans = [Span(n * 10 + 0.5, n * 10 + 9.5) for n in range(10)]
    spans[4] = Span(40.5, 48.5)
    spans[1] = Span(12.5, 19.5)
    first, *_ = sections(heard(spans, 100, 61.44), 60)
    assert first.speech[-1] == spans[4]
    assert first.end_s == pytest.approx(48.9)


def test_the_end_of_one_section_is_the_beginning_of_the_next_where_nobody_pauses() -> None:
    spans = [Span(n * 15.0, (n + 1) * 15.0) for n in range(8)]
    found = list(sections(heard(spans, 120, 61.44), 30))
    assert all(a.end_s == pytest.approx(b.start_s, abs=1e-4) for a, b in pairwise(found))
    assert sum(len(s.samples) for s in found) == 120 * SAMPLE_RATE


def test_without_speech_there_is_no_section() -> None:
    assert list(sections(heard([], 100, 61.44), 300)) == []
    assert list(sections([], 300)) == []


def test_an_hour_of_music_and_an_hour_of_speech_are_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held: list[int] = []
    add = Tape.add

    def watched(tape: Tape, samples: np.ndarray) -> None:
        add(tape, samples)
        held.append(sum(len(piece) for piece in tape._pieces))

    monkeypatch.setattr(Tape, "add", watched)
    block = np.zeros(round(61.44 * SAMPLE_RATE), np.float32)
    music = [Heard(block, [], None)] * 59
    assert list(sections(music, 300)) == []
    assert max(held) <= 2 * len(block)
    held.clear()
    spans = [Span(n * 12.0, n * 12.0 + 11) for n in range(300)]
    lengths = [len(s.samples) for s in sections(heard(spans, 3600, 61.44), 300)]
    assert sum(lengths) > 3500 * SAMPLE_RATE
    assert max(held) <= 300 * SAMPLE_RATE + 3 * len(block)


def test_a_part_of_a_section_has_the_sound_and_the_speech_of_its_time() -> None:
    whole = Section(10.0, ramp(160_000, 480_000), (Span(10.5, 14), Span(16, 20), Span(25, 29)))
    part = whole.part(13.0, 18.0)
    assert (part.start_s, part.end_s) == (13.0, 18.0)
    assert np.array_equal(part.samples, ramp(208_000, 288_000))
    assert part.speech == (Span(13.0, 14), Span(16, 18.0))
    beyond = whole.part(0.0, 99.0)
    assert (beyond.start_s, beyond.end_s) == (10.0, 30.0)
    assert beyond.speech == whole.speech


def test_loud_sound_does_not_wrap_round() -> None:
    tape = Tape()
    tape.add(np.array([1.0, -1.0, 1.5, 0.5], np.float32))
    section = tape.section([Span(0, 1)], None)
    assert section.samples.tolist() == [32767, -32768, 32767, 16384]
