"""Days whose episodes were not asked for insights: engine failed, cap reached, or run broke off.

Who was asked has insights, or rejections that say why not.

What does not belong here: when such days are run again (`late_items.py`).
"""

from dataclasses import dataclass
from datetime import date, datetime

from podcast_insights.identity import short_hash
from podcast_insights.insights.reasons import RETRIED
from podcast_insights.warehouse.database import Warehouse

OWED = """
WITH found AS (
  SELECT published_on, episode_id, reason FROM rejected_insights
  WHERE reason IN (SELECT unnest($retried))
  UNION ALL BY NAME
  SELECT published_on, episode_id, 'broke off' AS reason
  FROM transcripts
  ANTI JOIN insights USING (episode_id)
  ANTI JOIN rejected_insights USING (episode_id)
  WHERE status = 'ok'
)
SELECT published_on AS day, count(DISTINCT episode_id) AS episodes,
  bool_or(reason = 'budget_exceeded') AS is_for_money,
  string_agg(concat_ws(' ', episode_id, reason), ' ' ORDER BY episode_id, reason) AS state
FROM found
WHERE published_on >= $start AND published_on < $end
GROUP BY published_on
ORDER BY published_on DESC
"""


@dataclass(frozen=True)
class OwedDay:
    """A day that owes insights.

    Args:
        episodes: how many of its episodes could not be asked.
        key: names exactly this state, so that a request for it is made once. What only a cap
            has stopped is a new state on each UTC day, because a cap is for a day.
    """

    day: date
    episodes: int
    key: str


def owed_days(warehouse: Warehouse, start: date, end: date, now: datetime) -> list[OwedDay]:
    """Days from `start` to before `end` that owe insights, the newest first."""
    found = warehouse.read(OWED, {"retried": list(RETRIED), "start": start, "end": end})
    return [
        OwedDay(
            day=row["day"],
            episodes=row["episodes"],
            key=short_hash("owed", row["state"], str(now.date()) if row["is_for_money"] else ""),
        )
        for row in found.to_dicts()
    ]
