"""What judges how work grows is judged itself: by work whose growth is known."""

import re
from collections.abc import Callable

import pytest

from podcast_insights_tests import effort
from podcast_insights_tests.effort import LIMIT, TIMES, assert_no_more_than_linear, growth

SPACES = re.compile(r"\s+$")


def letters(size: int) -> str:
    return "x " * (size // 2)


def spaces(size: int) -> str:
    return " " * size + "x"


def pairs(text: str) -> int:
    return sum(one == other for one in text for other in text)


@pytest.mark.parametrize(
    ("work", "of_size", "size"),
    [
        (str.split, letters, 4_000_000),
        (lambda text: sorted(text.split()), letters, 6_000_000),
        (lambda text: [word.upper() for word in text.split()], letters, 1_500_000),
    ],
    ids=["linear", "linear and a logarithm", "linear in Python"],
)
def test_linear_work_passes(
    work: Callable[[str], object],
    of_size: Callable[[int], str],
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effort, "FLOOR_S", 0.001)  # a fast machine needs no 20 ms for this
    ratio = growth(work, of_size(size // TIMES), of_size(size))
    assert 0 < ratio < LIMIT
    assert_no_more_than_linear(work, of_size, size)


@pytest.mark.parametrize(
    ("work", "of_size", "size"),
    [
        (SPACES.search, spaces, 5_000),
        (pairs, letters, 1_200),
    ],
    ids=["a regular expression", "a loop"],
)
def test_quadratic_work_fails(
    work: Callable[[str], object], of_size: Callable[[int], str], size: int
) -> None:
    with pytest.raises(AssertionError, match="16 times the size"):
        assert_no_more_than_linear(work, of_size, size)


def test_one_slow_moment_fails_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = iter([0.01, 0.01, 0.01, 5.0, 0.01, 0.16])  # small, thrice; then large, small, large
    monkeypatch.setattr(effort, "seconds", lambda work, given: next(taken))
    assert growth(len, "", "") == pytest.approx(16)


def test_what_is_slow_each_time_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "seconds", lambda work, given: {"large": 2.56, "": 0.01}[given])
    assert growth(len, "", "large") == pytest.approx(256)


def test_little_work_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "seconds", lambda work, given: {"large": 0.01, "": 1e-6}[given])
    assert growth(len, "", "large") == 0
