"""Days that are not finished: they lack what feeds announced, or owe insights.

What does not belong here: how either is found (`episodes/lacking.py`, `insights/owed.py`), and
when such days are run again (`late_items.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from podcast_insights.episodes.lacking import lacking_days
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.identity import short_hash
from podcast_insights.insights.owed import owed_days
from podcast_insights.warehouse.database import Warehouse


@dataclass(frozen=True)
class UnfinishedDay:
    """A day that another run would bring further.

    Args:
        missing: announced items without a row in `episodes`.
        stale: items whose row was made from another announcement, or under another `since`.
        owed: episodes that were not asked for insights: engine failed, or a cap was reached.
        had_its_run: whether the feeds were scanned for this day; else its run may yet come.
        key: names exactly this state, so that a request for it is made once.
    """

    day: date
    missing: int
    stale: int
    owed: int
    had_its_run: bool
    key: str

    @property
    def in_words(self) -> str:
        """What is not finished, as a run's tag and a log line tell it."""
        words = f"{self.missing} missing, {self.stale} stale"
        return f"{words}, {self.owed} without insights" if self.owed else words


def unfinished_days(
    warehouse: Warehouse, feeds: Sequence[Subscription], start: date, end: date, now: datetime
) -> list[UnfinishedDay]:
    """Days from `start` to before `end` that are not finished, the newest first."""
    lacking = {day.day: day for day in lacking_days(warehouse, feeds, start, end)}
    owed = {day.day: day for day in owed_days(warehouse, start, end, now)}
    days = []
    for day in sorted(lacking.keys() | owed.keys(), reverse=True):
        late, unasked = lacking.get(day), owed.get(day)
        keys = [found.key for found in (late, unasked) if found]
        days.append(
            UnfinishedDay(
                day=day,
                missing=late.missing if late else 0,
                stale=late.stale if late else 0,
                owed=unasked.episodes if unasked else 0,
                had_its_run=late.had_its_run if late else True,
                key=keys[0] if len(keys) == 1 else short_hash("unfinished", *keys),
            )
        )
    return days
