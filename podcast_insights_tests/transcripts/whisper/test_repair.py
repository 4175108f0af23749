"""Speech that got no words is found; words where nobody spoke are dropped."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.transcripts.records import Segment, Word
from podcast_insights.transcripts.whisper.decoding import Piece
from podcast_insights.transcripts.whisper.lanes import Said
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.repair import (
    around,
    holes,
    instead,
    segments_of,
    spoken,
    swallowed,
    thin,
    usual_rate,
    with_found,
)
from podcast_insights.transcripts.whisper.sections import Section
from podcast_insights.transcripts.whisper.speech import Span, overlap_s
from podcast_insights_tests.transcripts import prose


def said(
    start_s: float, end_s: float, text: str | None = None, logprob: float = -0.2, *words: Word
) -> Said:
    """Words at a time of the file; without a text as many as fit."""
    text = prose(max(round(2 * (end_s - start_s)), 1)) if text is None else text
    piece = Piece(start_s - 100, end_s - 100, text, (1,), words)
    return Said(start_s, end_s, text, logprob, piece)


def section(*speech: tuple[float, float], start_s: float = 100.0, end_s: float = 200.0) -> Section:
    """A stretch of a file with speech at these times."""
    samples = np.zeros(round((end_s - start_s) * SAMPLE_RATE), np.int16)
    return Section(start_s, samples, tuple(Span(*span) for span in speech))


def places(found: Sequence[Section]) -> list[tuple[float, float]]:
    return [(round(s.start_s, 3), round(s.end_s, 3)) for s in found]


def test_speech_with_words_has_no_holes() -> None:
    speech = section((101, 110), (111, 120))
    assert holes(speech, [said(100.8, 110.2), said(110.9, 120.1)]) == []
    assert holes(section(), []) == []


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([(110, 130)], (100.7, 110.3)),
        ([(101, 112), (118, 130)], (111.7, 118.3)),
        ([(101, 122)], (121.7, 130.3)),
    ],
    ids=["beginning", "middle", "end"],
)
def test_a_hole_is_found_wherever_it_is(
    texts: list[tuple[float, float]], expected: tuple[float, float]
) -> None:
    found = holes(section((101, 115), (115, 130)), [said(*text) for text in texts])
    assert places(found) == [expected]
    inside = Span(expected[0] + 0.3, expected[1] - 0.3)
    assert sum(s.length_s for s in found[0].speech) >= inside.length_s - 0.01


def test_a_section_without_a_word_is_all_hole_in_windows_of_thirty_seconds() -> None:
    speech = section(*((100 + 10 * n, 109.5 + 10 * n) for n in range(10)))
    found = holes(speech, [])
    assert all(s.end_s - s.start_s <= 30 for s in found)
    covered = [Span(s.start_s, s.end_s) for s in found]
    assert all(overlap_s(covered, *span) >= 9.4 for span in speech.speech)


def test_one_word_does_not_stand_for_twenty_seconds() -> None:
    found = holes(section((101, 114), (114, 121)), [said(101, 121, "you")])
    assert places(found) == [(104.2, 121.3)]


def test_a_hesitation_is_no_hole_and_neither_is_a_pause() -> None:
    speech = section((101, 110), (110.2, 110.9), (130, 140))
    assert holes(speech, [said(101, 110), said(130, 140)]) == []


def test_bits_of_speech_side_by_side_are_one_hole() -> None:
    speech = section((110.0, 110.6), (110.9, 111.6), (150, 150.6), (153, 153.6))
    assert places(holes(speech, [])) == [(109.7, 111.9)]


def test_a_segment_drawn_over_a_clause_is_thin_and_its_neighbours_are_not() -> None:
    heard = [said(100, 110), said(110, 119, "They followed them very closely."), said(119, 130)]
    assert thin(section((100.2, 111.8), (112.7, 118.9), (119, 130)), heard) == [heard[1]]
    pauses = section((100.2, 111.8), (118.4, 118.9), (119, 130))
    assert thin(pauses, heard) == []


def test_who_speaks_slowly_says_no_less() -> None:
    slow = [said(100 + 7 * n, 107 + 7 * n, prose(8)) for n in range(5)]
    speech = section(*((100 + 7 * n, 106.5 + 7 * n) for n in range(5)))
    assert thin(speech, slow) == []
    fast = [said(100 + 7 * n, 107 + 7 * n, prose(24)) for n in range(4)]
    assert thin(speech, [*fast, slow[4]]) == [slow[4]]


def test_a_single_segment_is_thin_by_what_anybody_says_in_a_second() -> None:
    speech = section((101, 121))
    assert thin(speech, [said(101, 121, prose(25))]) == []
    few = said(101, 121, prose(12))
    assert thin(speech, [few]) == [few]
    assert thin(speech, []) == []


def test_what_a_segment_has_swallowed_begins_at_the_pause_after_its_words() -> None:
    one = said(110, 130, "They followed them very closely.")
    speech = section((110, 111), (111.3, 112.4), (113, 121), (121.5, 130))
    assert places([found for found in [swallowed(speech, one, 0.4)] if found]) == [(112.9, 130.3)]
    unbroken = section((110, 130))
    assert places([found for found in [swallowed(unbroken, one, 0.4)] if found]) == [(112, 130.3)]
    long = section((110, 112), (113, 190))
    assert places([f for f in [swallowed(long, said(110, 190, one.text), 0.4)] if f]) == [
        (112.9, 142.9)
    ]


def test_a_word_or_two_that_were_left_out_are_not_swallowed() -> None:
    one = said(110, 130, "They followed them very closely.")
    assert swallowed(section((110, 112), (113, 116.9)), one, 0.4) is None  # three times as much
    assert swallowed(section((110, 112), (129, 130)), said(110, 130, "Yes."), 0.4) is None
    assert swallowed(section((110, 117), (129, 129.9)), one, 0.4) is None  # behind it a sigh
    assert usual_rate(section((110, 114)), [said(110, 114, prose(10))]) == pytest.approx(0.4)


def test_a_segments_own_audio_is_between_its_neighbours() -> None:
    before, one, after = said(100, 109.9), said(110, 119), said(121, 130)
    assert places([around(section(), one, [before, one, after])]) == [(109.9, 119.3)]
    assert places([around(section(), one, [one])]) == [(109.7, 119.3)]
    long = said(110, 150)
    assert places([around(section(), long, [long])]) == [(109.7, 139.7)]


def test_a_second_look_that_hears_more_takes_the_segments_place() -> None:
    old = said(110, 119, "It grew.", -0.6)
    more = [said(110, 113, "It grew."), said(113, 118, "And then it shrank.")]
    assert instead(old, more) == (more, [])


@pytest.mark.parametrize(
    "other",
    [
        [],
        [said(110, 119, "And it grew.")],
        [said(110, 119, "It grew, grew, grew and grew.", -0.9)],
        [said(110, 119, "Thank you so much for watching all of this.")],
        [said(110, 113, "It grew."), said(113, 118, "and so much more, who knows", -1.2)],
    ],
    ids=["nothing", "a word more", "less sure", "other words", "only its beginning is sure"],
)
def test_a_second_look_that_hears_other_words_or_no_more_for_sure_changes_nothing(
    other: list[Said],
) -> None:
    old = said(110, 114, "It grew.", -0.3)
    assert instead(old, other) == ([old], [])


def test_what_is_heard_behind_a_long_segments_few_words_is_found() -> None:
    old = said(110, 130, "you", -0.4)
    new = [said(110, 113, "So"), said(114, 120, "this was left out."), said(120, 130)]
    assert instead(old, new) == ([old], new[1:])


def test_what_is_looked_at_in_whole_is_not_looked_at_as_a_hole() -> None:
    few = said(101, 121, "you")
    speech = section((101, 114), (114, 121), (140, 150))
    assert places(holes(speech, [few], [few])) == [(139.7, 150.3)]


def test_what_is_found_is_put_between_what_was_said() -> None:
    first, last = said(100, 105, "It costs money."), said(115, 120, "That is all.")
    middle = said(106, 110, "And it takes time.")
    start = said(99, 99.5, "Well.")
    found = with_found([first, last], [middle, start])
    assert [one.text for one in found] == [
        "Well.",
        "It costs money.",
        "And it takes time.",
        "That is all.",
    ]


@pytest.mark.parametrize(
    "echo", ["costs money", "Money!", "that", "That is", "It costs money.", "-"]
)
def test_a_neighbours_words_once_more_are_dropped(echo: str) -> None:
    before, after = said(100, 105, "It costs money."), said(115, 120, "That is all.")
    assert with_found([before, after], [said(106, 110, echo)]) == [before, after]


@pytest.mark.parametrize("text", ["The", "cost", "all", "It costs", "oney"])
def test_a_neighbours_letters_are_not_its_words(text: str) -> None:
    before, after = said(100, 105, "Which costs money."), said(115, 120, "Then it is over.")
    new = said(106, 110, text)
    assert new in with_found([before, after], [new])


CHINESE = "现代经济的成本主要来自电力和设备的折旧而闲置的机器几乎和忙碌的机器一样昂贵必须付钱"
THAI = "เครื่องจักรที่ว่างเปล่ามีค่าใช้จ่ายเกือบเท่ากับเครื่องจักรที่ทำงาน"


@pytest.mark.parametrize(("text", "few"), [(CHINESE[:40], 4), (THAI, 6)])
def test_text_without_spaces_covers_the_time_it_takes_to_say(text: str, few: int) -> None:
    assert holes(section((101, 113)), [said(101, 113, text)]) == []
    assert places(holes(section((101, 113)), [said(101, 113, text[:few])])) == [(105.7, 113.3)]


@pytest.mark.parametrize("echo", [CHINESE[-6:], CHINESE[:4], CHINESE[-3:] + "。"])
def test_a_neighbours_words_are_dropped_in_scripts_without_spaces_too(echo: str) -> None:
    before = said(100, 105, CHINESE)
    assert with_found([before], [said(106, 108, echo)]) == [before]
    other = said(106, 108, CHINESE[8:14])
    assert with_found([before], [other]) == [before, other]


def test_a_second_look_that_is_not_taken_takes_no_time_of_its_neighbour() -> None:
    heard = [said(100, 120, "you"), said(120, 125, "That is all.")]
    echo, unsure = said(110, 112, "you"), said(110, 112, "Thanks.", -1.2)
    assert with_found(heard, [echo, unsure]) == heard


def test_what_the_model_is_unsure_of_is_not_taken() -> None:
    new = said(106, 110, "Thanks for watching.", -1.2)
    assert with_found([said(100, 105)], [new]) == [said(100, 105)]


def test_the_same_words_found_twice_are_taken_once() -> None:
    one, other = said(106, 107, "And so on."), said(108, 109, "And so on.")
    assert with_found([], [one, other]) == [one]


def spans(*times: tuple[float, float]) -> list[Span]:
    return [Span(*time) for time in times]


def test_words_where_nobody_spoke_are_dropped() -> None:
    heard = [said(100, 105, "Real."), said(110, 130, "Thank you."), said(140, 145, "Too.")]
    speech = spans((100.5, 105), (129.9, 135), (140, 144))
    assert [one.text for one in spoken(heard, speech)] == ["Real.", "Too."]


def test_times_are_drawn_to_the_speech() -> None:
    found = segments_of([said(100, 130, "A long one.")], spans((110, 112), (115, 120)))
    assert found == [Segment(109.9, 120.1, "A long one.")]


@pytest.mark.parametrize(
    ("speech", "expected"),
    [
        ([(10, 12), (15.8, 18)], (10.0, 12.1)),
        ([(7, 10.2), (13, 18)], (12.9, 16.0)),
        ([(10, 12), (15.5, 18)], (10.0, 16.0)),
        ([(10, 15.5), (15.8, 18)], (10.0, 16.0)),
    ],
    ids=["behind", "before", "too much", "without a pause"],
)
def test_a_neighbours_speech_behind_a_pause_is_not_a_segments(
    speech: list[tuple[float, float]], expected: tuple[float, float]
) -> None:
    (one,) = segments_of([said(10, 16, "one two")], [Span(*span) for span in speech])
    assert (one.start_s, one.end_s) == pytest.approx(expected)


def test_times_inside_speech_stay_what_they_were() -> None:
    found = segments_of([said(105, 110, "Inside.")], spans((100, 120)))
    assert found == [Segment(105, 110, "Inside.")]


def test_what_was_found_inside_a_thin_long_segment_has_its_own_time() -> None:
    thin, first, second = (
        said(100, 120, "you"),
        said(103.5, 108, "This is what was left out."),
        said(108, 120.2, "And this as well, at some length."),
    )
    found = segments_of(with_found([thin], [first, second]), spans((100, 121)))
    assert [(s.start_s, s.end_s) for s in found] == [(100, 103.5), (103.5, 108), (108, 120.2)]


def test_a_second_look_that_begins_early_waits_for_its_neighbour() -> None:
    heard = [said(100, 110), said(109.7, 112, "then")]
    found = segments_of(with_found(heard[:1], heard[1:]), spans((100, 112)))
    assert [(s.start_s, s.end_s) for s in found] == [(100, 110), (110, 112)]


def test_a_second_look_gets_no_time_of_its_neighbours() -> None:
    before, after = said(100, 105), said(110, 110.2, "Right.")
    new = said(104.7, 110.3, "Something in between.", -0.2, Word(4.8, 5.5, "Something"))
    late = said(110.05, 110.3, "So.")
    voices = spans((100, 112))
    found = segments_of(spoken(with_found([before, after], [new, late]), voices), voices)
    assert [(s.start_s, s.end_s) for s in found] == [(100, 105), (105, 110), (110, 110.2)]
    assert found[1].words == (Word(105.0, 105.5, "Something"),)


def test_words_are_placed_in_the_file_and_inside_their_segment() -> None:
    words = (Word(9.0, 10.5, "Some"), Word(10.5, 11.0, "words"), Word(11.0, 25.0, "here"))
    one = said(108, 125, "Some words here", -0.2, *words)
    (found,) = segments_of([one], spans((110, 118)))
    assert (found.start_s, found.end_s) == (109.9, 118.1)
    assert found.words == (
        Word(109.9, 110.5, "Some"),
        Word(110.5, 111.0, "words"),
        Word(111.0, 118.1, "here"),
    )


times = st.integers(0, 600).map(lambda n: n / 10)
stretches = st.lists(st.tuples(times, st.integers(1, 300)), max_size=12).map(
    lambda found: sorted((a, a + n / 10) for a, n in found)
)


def apart(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those of them that do not reach into one before."""
    kept: list[tuple[float, float]] = []
    for one in found:
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept


@settings(deadline=None, max_examples=150)
@given(
    stretches,
    stretches,
    stretches,
    st.lists(st.sampled_from(["you", "a few more words", prose(40)]), min_size=24, max_size=24),
    stretches,
)
def test_segments_are_in_order_not_empty_and_none_is_over_another(
    speech: list[tuple[float, float]],
    first: list[tuple[float, float]],
    second: list[tuple[float, float]],
    texts: list[str],
    third: list[tuple[float, float]],
) -> None:
    heard = [said(*at, text) for at, text in zip(apart(first), texts, strict=False)]
    behind: list[Said] = []
    if heard:
        old = heard[len(heard) // 2]
        part = around(section(start_s=0, end_s=100), old, heard)
        inside = [(a + part.start_s, min(b + part.start_s, part.end_s)) for a, b in apart(third)]
        kept, behind = instead(
            old, [said(a, b, f"{old.text} {prose(50)}") for a, b in inside if a < b]
        )
        heard = [one for one in heard if one is not old] + kept
    found = behind + [said(*at, f"found {n} {texts[-n]}") for n, at in enumerate(second)]
    voices = spans(*apart(speech))
    segments = segments_of(spoken(with_found(heard, found), voices), voices)
    assert all(s.start_s < s.end_s for s in segments)
    assert all(a.end_s <= b.start_s for a, b in pairwise(segments))
    assert all(overlap_s(voices, s.start_s - 0.2, s.end_s + 0.2) > 0 for s in segments)


@settings(deadline=None, max_examples=150)
@given(stretches, stretches)
def test_every_second_of_speech_has_words_or_is_looked_at_again(
    speech: list[tuple[float, float]], texts: list[tuple[float, float]]
) -> None:
    pieces = [(a, min(b, a + 15)) for a, b in apart(speech)]
    whole = section(*pieces, start_s=0, end_s=100)
    heard = [said(a, b) for a, b in texts]
    again = holes(whole, heard)
    assert all(s.end_s - s.start_s <= 30 for s in again)
    looked_at = [Span(s.start_s, s.end_s) for s in again] + [Span(*text) for text in texts]
    for span in whole.speech:
        bare = longest = 0
        for at in np.arange(span.start_s, span.end_s, 0.1):
            is_bare = not any(s.start_s <= at + 0.01 < s.end_s + 0.02 for s in looked_at)
            bare = bare + 1 if is_bare else 0
            longest = max(longest, bare)
        assert longest <= 11  # tenths of a second
