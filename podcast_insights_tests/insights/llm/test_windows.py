"""Where long transcripts are cut: at valleys of likeness, at sentence ends, within the limit."""

import dataclasses
import random

import numpy as np
import pytest

from podcast_insights.insights.engine import EpisodeText, Passage
from podcast_insights.insights.llm.transcript_lines import SoldTime, pieces, spoken_lines
from podcast_insights.insights.llm.windows import Line, Window, depths, to_windows
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.effort import LIMIT, TIMES, assert_no_more_than_linear, growth
from podcast_insights_tests.support.llm_desk import EPISODE

DIMENSIONS = 384


def line(number: int, size: int = 100, *, opens: bool = True) -> Line:
    """A line that starts at second 3 * number and takes `size` characters with its break."""
    return Line(f"[{number}] ".ljust(size - 1, "x"), number * 3.0, number * 3.0 + 3, opens)


def talk(topics: list[int], *, noise: float = 0.6, sold: range = range(0)) -> list[Passage]:
    """A passage each three seconds, near the direction of its topic."""
    dice = np.random.default_rng(7)
    axes = np.eye(DIMENSIONS)
    passages = []
    for number, topic in enumerate(topics):
        step = dice.normal(size=DIMENSIONS)
        vector = axes[topic] + noise * step / np.linalg.norm(step)
        unit = tuple((vector / np.linalg.norm(vector)).tolist())
        start_s = number * 3.0
        is_sold = number in sold
        passages.append(Passage("", start_s, start_s + 9, number, number + 3, is_sold, None, unit))
    return passages


def cuts(windows: list[Window]) -> list[int]:
    """The numbers of the lines that windows newly begin with."""
    return [int(w.lines[w.overlap].start_s // 3) for w in windows[1:]]


def assert_whole(windows: list[Window], lines: list[Line], max_chars: int) -> None:
    """Every line in order, each new in one window, each window within its limit."""
    assert [x for w in windows for x in w.lines[w.overlap :]] == lines
    assert all(w.chars <= max_chars for w in windows)
    for before, after in zip(windows, windows[1:], strict=False):
        assert after.overlap == 0 or after.lines[: after.overlap] == before.lines[-after.overlap :]
        assert after.overlap < len(after.lines)


def test_what_fits_is_one_window() -> None:
    lines = [line(n) for n in range(10)]
    assert to_windows(lines, [], 1_000) == [Window(tuple(lines))]
    assert len(to_windows(lines, [], 999)) == 2
    assert to_windows([], [], 1_000) == []


def test_a_cut_lies_where_the_topic_changes_and_not_in_the_middle() -> None:
    lines = [line(n) for n in range(200)]
    changed_at = 80
    windows = to_windows(lines, talk([0] * changed_at + [1] * (200 - changed_at)), 14_000)
    assert len(windows) == 2
    assert cuts(windows) == [pytest.approx(changed_at, abs=2)]
    even = to_windows(lines, [], 14_000)
    assert cuts(even) == [pytest.approx(107, abs=2)]


def test_the_deeper_of_two_valleys_is_taken_and_a_far_one_is_not_worth_it() -> None:
    lines = [line(n) for n in range(200)]
    near = talk([0] * 90 + [1] * 30 + [2] * 80)
    vectors = [np.asarray(p.embedding) for p in near]
    for n in range(90, 120):  # the first change is a change of shade only
        blend = 0.9 * vectors[0] + 0.45 * vectors[n]
        near[n] = dataclasses.replace(near[n], embedding=tuple(blend / np.linalg.norm(blend)))
    assert cuts(to_windows(lines, near, 14_000)) == [pytest.approx(120, abs=2)]
    far = talk([0] * 15 + [1] * 185)
    (cut,) = cuts(to_windows(lines, far, 19_000))
    assert cut > 60


def test_advertising_is_no_change_of_topic() -> None:
    lines = [line(n) for n in range(200)]
    sponsored = talk([0] * 100 + [9] * 10 + [0] * 20 + [1] * 70, sold=range(100, 110))
    assert cuts(to_windows(lines, sponsored, 14_000)) == [pytest.approx(130, abs=2)]


def test_no_sentence_is_cut_where_another_place_fits() -> None:
    lines = [line(n, opens=n % 7 == 0) for n in range(300)]
    windows = to_windows(lines, talk([0] * 150 + [1] * 150), 8_000)
    assert_whole(windows, lines, 8_000)
    assert all(cut % 7 == 0 for cut in cuts(windows))
    assert all(w.lines[0].opens_sentence for w in windows), "an overlap begins with a sentence too"


def test_a_sentence_without_end_is_cut_all_the_same() -> None:
    lines = [line(n, opens=n == 0) for n in range(300)]
    windows = to_windows(lines, [], 8_000)
    assert_whole(windows, lines, 8_000)
    assert len(windows) == 5


def test_windows_are_few_and_about_even() -> None:
    lines = [line(n) for n in range(1_000)]
    windows = to_windows(lines, [], 30_000, 2_000)
    assert_whole(windows, lines, 30_000)
    assert len(windows) == 4
    assert max(w.chars for w in windows) - min(w.chars for w in windows) <= 400
    assert [sum(x.size for x in w.lines[: w.overlap]) for w in windows] == [0, 2_000, 2_000, 2_000]


@pytest.mark.parametrize("seed", range(40))
def test_any_lines_are_cut_whole_and_within_the_limit(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    max_chars = dice.randrange(400, 5_000)
    count = dice.randrange(1, 200)
    lines = [
        line(n, dice.randrange(40, max_chars // 2), opens=dice.random() < 0.3) for n in range(count)
    ]
    topics = sorted(dice.randrange(4) for _ in range(count))
    passages = talk(topics) if seed % 2 else []
    overlap = dice.choice((0, 100, 1_500))
    windows = to_windows(lines, passages, max_chars, overlap)
    assert_whole(windows, lines, max_chars)
    total = sum(x.size for x in lines)
    assert len(windows) <= 2 * total / (max_chars * 7 // 8) + 1


def test_captions_of_ten_hours_cost_as_much_more_as_there_are_more_of_them() -> None:
    """In as many windows: the work is the number of lines times that of windows."""

    def told(count: int) -> tuple[list[Line], list[Passage]]:
        lines = [line(n, 60, opens=n % 3 == 0) for n in range(count)]
        return lines, talk([n * 17 // count for n in range(count)])

    def cut(captions: tuple[list[Line], list[Passage]]) -> None:
        lines, passages = captions
        max_chars = 20_000 * len(lines) // 12_000
        assert_whole(to_windows(lines, passages, max_chars), lines, max_chars)

    assert growth(cut, told(12_000 // TIMES), told(12_000)) < LIMIT


@pytest.mark.parametrize(
    "passages",
    [
        [],
        talk([0]),
        [dataclasses.replace(p, embedding=()) for p in talk([0] * 30)],
        talk([0] * 30, sold=range(30)),
        talk([0] * 30, noise=0.0),
    ],
    ids=["none", "one", "without embeddings", "only advertising", "all alike"],
)
def test_without_anything_to_compare_no_place_is_a_valley(passages: list[Passage]) -> None:
    assert depths([0.0, 30.0, 60.0], passages).tolist() == [0.0, 0.0, 0.0]


def episode(*segments: Segment, passages: tuple[Passage, ...] = ()) -> EpisodeText:
    return dataclasses.replace(EPISODE, segments=segments, passages=passages)


def opened(text: EpisodeText) -> list[bool]:
    return [x.opens_sentence for x in spoken_lines(text, 60_000)]


def test_lines_know_where_sentences_begin() -> None:
    spoken = (
        ("So an idle machine", "Ana"),
        ("costs money.", "Ana"),
        ('He said "never."', "Ana"),
        ("Then what", "Ben"),
        ("if it works?", "Ana"),
        ("really", "Ana"),
    )
    segments = [Segment(n, n + 1, text, who) for n, (text, who) in enumerate(spoken)]
    # A lower-case start goes on with what stood before, whoever the labels say speaks.
    assert opened(episode(*segments)) == [True, False, True, True, False, False]


def test_captions_without_marks_begin_sentences_where_passages_do() -> None:
    segments = [Segment(n * 3.0, n * 3.0 + 3, f"words {n} and so on") for n in range(6)]
    passages = tuple(
        dataclasses.replace(EPISODE.passages[0], start_s=s, end_s=s + 9) for s in (0.0, 6.0, 12.0)
    )
    assert opened(episode(*segments, passages=passages)) == [True, False, True, False, True, False]
    assert opened(episode(*segments)) == [True] + [False] * 5


def test_a_long_segment_is_cut_at_sentences_else_at_words_else_anywhere() -> None:
    prose = " ".join(f"This is sentence number {n}." for n in range(100))
    found = list(pieces(Segment(0.0, 100.0, prose), 300))
    assert all(text.endswith(".") and len(text) <= 300 for _, _, text in found)
    assert " ".join(text for _, _, text in found) == prose
    assert all(a[1] == b[0] for a, b in zip(found, found[1:], strict=False))
    assert found[-1][1] == pytest.approx(100.0)
    words = " ".join(f"word{n}" for n in range(500))
    cut = [text for _, _, text in pieces(Segment(0, 9, words), 300)]
    assert " ".join(cut) == words
    endless = [text for _, _, text in pieces(Segment(0, 9, "x" * 5_000), 300)]
    assert "".join(endless) == "x" * 5_000
    assert max(map(len, endless)) <= 301


def test_a_segment_of_megabytes_takes_no_longer_than_its_length() -> None:
    def cut(segment: Segment) -> None:
        assert sum(1 for _ in pieces(segment, 1_000)) > len(segment.text) // 2_000

    assert_no_more_than_linear(cut, lambda size: Segment(0, 9, "a b. " * (size // 5)), 2_000_000)


@pytest.mark.parametrize(
    ("start_s", "end_s", "is_sold"),
    [
        (10, 20, True),
        (11, 12, True),
        (9, 13, True),
        (0, 10, False),
        (18, 30, False),
        (50, 60, False),
    ],
)
def test_sold_time_is_what_only_advertising_covers(
    start_s: float, end_s: float, is_sold: bool
) -> None:
    bounds = ((0, 9.5, False), (10, 20, True), (20, 40, False))
    passages = [
        dataclasses.replace(EPISODE.passages[0], start_s=s, end_s=e, is_advertising=a)
        for s, e, a in bounds
    ]
    assert SoldTime(passages).covers(start_s, end_s) is is_sold
    assert not SoldTime([]).covers(start_s, end_s)
