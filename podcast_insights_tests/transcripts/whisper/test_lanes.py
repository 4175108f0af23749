"""A section on its way through the decoder, whatever the model makes of its windows."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.transcripts.whisper.decoding import Piece, Result
from podcast_insights.transcripts.whisper.lanes import Lane
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.sections import Section
from podcast_insights.transcripts.whisper.speech import Span

START_S = 100.0


def lane_of(length_s: float) -> Lane:
    """A lane over a section at 100 s whose samples say where they are."""
    samples = (np.arange(round(length_s * SAMPLE_RATE)) // SAMPLE_RATE).astype(np.int16)
    section = Section(START_S, samples, (Span(START_S, START_S + length_s),))
    return Lane((0, 0), section, "en", lambda lane: None)


def result_of(
    *times: tuple[float, float],
    next_s: float = 30.0,
    logprob: float = -0.2,
    compression: float = 1.2,
    no_speech: float = 0.0,
    text: str = "word",
) -> Result:
    """A result with a piece at each of these times."""
    pieces = tuple(Piece(begin, end, text, (1,)) for begin, end in times)
    return Result(pieces, logprob, no_speech, compression, next_s, None)


def run(lane: Lane, results: list[tuple[Result, Result]], most: int) -> list[float]:
    """Decode a lane with these results over and over; where each window began."""
    places: list[float] = []
    while not lane.is_finished:
        assert len(places) < most, "the lane does not end"
        first, second = results[len(places) % len(results)]
        places.append(lane.at_s)
        lane.take(lane.window, first, None if first.is_sound else second)
    return places


results = st.builds(
    result_of,
    next_s=st.one_of(st.sampled_from([0.0, 0.02, 0.5, 1.0, 29.98, 30.0]), st.floats(0, 30)),
    logprob=st.sampled_from([-0.1, -0.9, -1.1, -9.0, float("-inf")]),
    compression=st.sampled_from([0.0, 1.0, 2.4, 2.5, 99.0]),
    no_speech=st.sampled_from([0.0, 0.6, 0.61, 1.0]),
)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(results, results), min_size=1, max_size=6),
    st.sampled_from([0.05, 0.2, 14.0, 30.0, 31.3, 300.0]),
)
def test_whatever_comes_a_lane_goes_on_ends_and_covers_its_section(
    found: list[tuple[Result, Result]], length_s: float
) -> None:
    lane = lane_of(length_s)
    # Each window may be tried with half its audio; three seconds of progress are asked for.
    places = run(lane, found, most=2 * (20 + round(length_s / 3)))
    assert all(before <= after for before, after in pairwise(places))
    assert all(after - before <= 30 + 1e-6 for before, after in pairwise(places))
    assert lane.at_s >= START_S + length_s - 0.1
    assert lane.windows <= len(places) <= 2 * lane.windows


def test_a_window_begins_where_the_last_segment_of_the_one_before_ended() -> None:
    lane = lane_of(60)
    lane.take(lane.window, result_of((0, 8), (8, 25.5), next_s=25.5), None)
    assert lane.at_s == START_S + 25.5
    window = lane.window
    assert window.length_s == 30
    assert window.samples[0] == np.float32(25 / 32768)
    lane.take(window, result_of((1, 4)), None)
    assert [(one.start_s, one.end_s) for one in lane.said] == [
        (100, 108),
        (108, 125.5),
        (126.5, 129.5),
    ]


def test_a_window_that_ends_where_it_began_is_done_with() -> None:
    lane = lane_of(60)
    lane.take(lane.window, result_of(next_s=0.0), None)
    assert lane.at_s == START_S + 30


def test_the_last_window_is_what_is_left() -> None:
    lane = lane_of(42.5)
    lane.take(lane.window, result_of((0, 30)), None)
    assert not lane.is_finished
    assert lane.window.length_s == 12.5
    lane.take(lane.window, result_of((0, 12.5), next_s=12.5), None)
    assert lane.is_finished


def test_of_two_results_the_better_one_is_kept() -> None:
    lane = lane_of(20)
    loop = result_of((0, 20), compression=5.0, text="la la la")
    lane.take(lane.window, loop, result_of((0, 19), text="better"))
    assert [one.text for one in lane.said] == ["better"]
    assert lane.decoded_again == 1
    assert lane.is_finished


def test_a_window_that_comes_out_badly_twice_is_tried_with_half_the_audio() -> None:
    lane = lane_of(60)
    bad = result_of((0, 2), logprob=-2.0, next_s=2.0)
    assert lane.take(lane.window, bad, bad) == []
    assert (lane.at_s, lane.window.length_s, lane.windows) == (START_S, 15, 0)
    lane.take(lane.window, bad, bad)
    # Where an unsure window says that it ends isn't believed: the whole half is done with.
    assert (lane.at_s, lane.window.length_s, lane.windows) == (START_S + 15, 30, 1)


def test_what_the_model_believes_to_be_no_speech_is_no_text_and_is_passed_by() -> None:
    lane = lane_of(60)
    silent = result_of((0, 0.5), logprob=-1.5, no_speech=0.9, next_s=0.5)
    assert lane.take(lane.window, silent, None) == []
    assert lane.said == []
    assert lane.at_s == START_S + 30


def test_a_model_that_creeps_is_given_whole_windows_in_the_end() -> None:
    lane = lane_of(300)
    places = run(lane, [(result_of((0, 0.02), next_s=0.02),) * 2], most=200)
    assert len(places) <= 120


def test_real_speech_with_short_steps_is_followed() -> None:
    lane = lane_of(300)
    run(lane, [(result_of((0, 5), next_s=5.0),) * 2], most=200)
    assert lane.windows == 60
    assert lane.said[-1].end_s == START_S + 300


def test_a_lane_that_nobody_wants_is_finished() -> None:
    lane = lane_of(60)
    lane.is_wanted = lambda: False
    assert lane.is_finished


def test_a_lane_that_failed_is_finished() -> None:
    lane = lane_of(60)
    lane.error = ValueError("broken")
    assert lane.is_finished


@pytest.mark.parametrize("length_s", [0.0, 0.05])
def test_what_is_too_short_for_a_word_is_not_decoded(length_s: float) -> None:
    assert lane_of(length_s).is_finished
