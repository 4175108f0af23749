"""Half-open ranges of UTC dates: the unit in which partitions are read and replaced."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True, order=True)
class DateWindow:
    """The UTC dates from `start` (included) to `end` (not included)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse an empty or inverted window: it would silently replace nothing."""
        if self.start >= self.end:
            raise ValueError(f"a window needs at least one day, not [{self.start}, {self.end})")

    @classmethod
    def of_day(cls, day: date) -> "DateWindow":
        """The window that holds just `day`."""
        return cls(day, day + timedelta(days=1))

    def days(self) -> Iterator[date]:
        """Each date, oldest first."""
        for offset in range((self.end - self.start).days):
            yield self.start + timedelta(days=offset)

    def extended_back(self, days: int) -> "DateWindow":
        """The same end, `days` more days at the start."""
        return DateWindow(self.start - timedelta(days=days), self.end)

    def __contains__(self, day: date) -> bool:
        """Whether `day` lies inside."""
        return self.start <= day < self.end

    def __str__(self) -> str:
        """`2025-09-08` for one day, else first and last day."""
        last = self.end - timedelta(days=1)
        return f"{self.start}" if last == self.start else f"{self.start} to {last}"


def end_of_day(day: date) -> datetime:
    """The first instant after `day`, UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
