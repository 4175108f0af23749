"""Days that are not finished: they lack what feeds announced, were not heard, or owe insights.

What does not belong here: how each is found (`episodes/lacking.py`, `transcripts/unheard.py`,
`insights/owed.py`), and when such days are run again (`late_items.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from podcast_insights.episodes.lacking import lacking_days
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.identity import short_hash
from podcast_insights.insights.owed import owed_days
from podcast_insights.transcripts.unheard import unheard_days
from podcast_insights.warehouse.database import Warehouse


@dataclass(frozen=True)
class UnfinishedDay:
    """A day that another run would bring further.

    Args:
        missing: announced items without a row in `episodes`.
        stale: items whose row was made from another announcement, or under another `since`.
        failed: episodes whose audio could not be had or decoded.
        untried: episodes whose run broke off before they were heard.
        orphaned: repeats of what no other episode stands for any more.
        owed: episodes that were not asked for insights: engine failed, or a cap was reached.
        had_its_run: whether the feeds were scanned for this day; else its run may yet come.
        key: names exactly this state, so that a request for it is made once.
    """

    day: date
    missing: int
    stale: int
    failed: int
    untried: int
    orphaned: int
    owed: int
    had_its_run: bool
    key: str

    @property
    def in_words(self) -> str:
        """What is not finished, as a run's tag and a log line tell it."""
        more = (
            (self.failed, "not heard"),
            (self.untried, "not tried"),
            (self.orphaned, "repeating nothing"),
            (self.owed, "without insights"),
        )
        words = [f"{self.missing} missing", f"{self.stale} stale"]
        return ", ".join(words + [f"{count} {what}" for count, what in more if count])

    @property
    def is_for_hosts(self) -> bool:
        """Whether nothing is wanted but audio, which depends on others.

        Some of it is gone for good, so this is no trouble of ours; an asset check lists it.
        """
        ours = self.missing + self.stale + self.untried + self.orphaned + self.owed
        return self.failed > 0 and not ours


def unfinished_days(
    warehouse: Warehouse, feeds: Sequence[Subscription], start: date, end: date, now: datetime
) -> list[UnfinishedDay]:
    """Days from `start` to before `end` that are not finished, the newest first."""
    lacking = {day.day: day for day in lacking_days(warehouse, feeds, start, end)}
    unheard = {day.day: day for day in unheard_days(warehouse, feeds, start, end)}
    owed = {day.day: day for day in owed_days(warehouse, start, end, now)}
    days = []
    for day in sorted(lacking.keys() | unheard.keys() | owed.keys(), reverse=True):
        late, silent, unasked = lacking.get(day), unheard.get(day), owed.get(day)
        keys = [found.key for found in (late, silent, unasked) if found]
        days.append(
            UnfinishedDay(
                day=day,
                missing=late.missing if late else 0,
                stale=late.stale if late else 0,
                failed=silent.failed if silent else 0,
                untried=silent.untried if silent else 0,
                orphaned=silent.orphaned if silent else 0,
                owed=unasked.episodes if unasked else 0,
                had_its_run=late.had_its_run if late else True,
                key=keys[0] if len(keys) == 1 else short_hash("unfinished", *keys),
            )
        )
    return days
