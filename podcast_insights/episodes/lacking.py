"""Days that lack something a feed has announced: late items, corrections, a new feed's past.

What does not belong here: when and how such days are materialized (`late_items.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.wanted import wanted_days
from podcast_insights.warehouse.database import Warehouse

LACKING = """
SELECT
  a.published_on AS day,
  count(*) FILTER (e.episode_id IS NULL) AS missing,
  count(*) FILTER (e.episode_id IS NOT NULL) AS stale,
  EXISTS (FROM feeds f WHERE f.snapshot_on = a.published_on) AS had_its_run,
  string_agg(
    concat_ws(' ', a.item_id, a.content_key, coalesce(a.edited_at, a.first_seen_at)),
    ' ' ORDER BY a.item_id
  ) AS state
FROM announced_items a
JOIN (SELECT unnest($ids) AS feed_id, unnest($since) AS since) s USING (feed_id)
LEFT JOIN episodes e ON e.episode_id = a.item_id
LEFT JOIN episodes o ON o.episode_id = e.duplicate_of
WHERE a.published_on >= $start AND a.published_on < $end
  AND (s.since IS NULL OR a.published_on >= s.since)
  AND (
    e.episode_id IS NULL
    OR coalesce(o.status, e.status) = 'before_since'
    OR o.status = 'duplicate'
    OR e.content_key <> a.content_key
    OR (e.content_key IS NULL AND a.content_key IS NOT NULL AND (
      e.title <> a.title
      OR e.enclosure_bytes IS DISTINCT FROM a.enclosure_bytes
      OR e.claimed_duration_s IS DISTINCT FROM a.duration_s
    ))
  )
GROUP BY ALL
ORDER BY day DESC
"""
"""`o`: what an item repeats may have been left out by the `since` of its own feed only, or may
have become a repetition itself when its own day was made again. Rows
from before schema 1 have no key to compare.

When an item was last edited is part of the state: titles that go back and forth, as publishers
test them, are a new state each time."""


@dataclass(frozen=True)
class LackingDay:
    """A day whose stored episodes are not what is announced for it.

    Args:
        missing: announced items without a row in `episodes`.
        stale: items whose row was made from another announcement, or under another `since`.
        had_its_run: whether the feeds were scanned for this day; else its run may yet come.
        key: names exactly this state, so that a request for it is made once.
    """

    day: date
    missing: int
    stale: int
    had_its_run: bool
    key: str


def lacking_days(
    warehouse: Warehouse, feeds: Sequence[Subscription], start: date, end: date
) -> list[LackingDay]:
    """Days from `start` to before `end` that lack something, the newest first.

    Only what enabled subscriptions announce counts, from their `since` on.
    """
    found = wanted_days(warehouse, LACKING, "late", feeds, start, end)
    return [LackingDay(**row) for row in found]
