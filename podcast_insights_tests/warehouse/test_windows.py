"""Windows of dates."""

from datetime import UTC, date, datetime

import pytest

from podcast_insights.warehouse.windows import DateWindow, end_of_day
from podcast_insights_tests.warehouse import DAY, days

NEXT, AFTER = days(1, 2)


def test_the_start_is_in_and_the_end_is_not() -> None:
    window = DateWindow(DAY, AFTER)
    assert DAY in window
    assert NEXT in window
    assert AFTER not in window
    assert list(window.days()) == [DAY, NEXT]


@pytest.mark.parametrize("end", [DAY, date(2025, 9, 7)])
def test_an_empty_or_inverted_window_is_refused(end: date) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        DateWindow(DAY, end)


def test_it_says_which_days_it_means() -> None:
    assert str(DateWindow.of_day(DAY)) == "2025-09-08"
    assert str(DateWindow(DAY, AFTER)) == "2025-09-08 to 2025-09-09"


def test_it_can_be_extended_back() -> None:
    assert DateWindow.of_day(DAY).extended_back(3) == DateWindow(date(2025, 9, 5), NEXT)


def test_a_day_ends_at_midnight_utc() -> None:
    assert end_of_day(date(2025, 12, 31)) == datetime(2026, 1, 1, tzinfo=UTC)
