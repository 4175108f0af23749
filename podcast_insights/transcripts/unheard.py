"""Days with episodes that were not heard: the run broke off, or there was no audio, or no more.

A repeat has no text of its own. When the episode that it repeats is run again and has other audio
by then, or none, nothing stands for the repeat any more until its own day is run again.

Not heard is what failed, also where the row of an earlier announcement was kept. What a guard has
stopped is an answer: the same audio gives it again. That holds for `truncated_audio` too: claims of
length are wrong more often than downloads, and each try would cost a download and, where
advertising is put in on the fly, a transcription.

What does not belong here: when such days are run again (`late_items.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.transcripts.owners import STANDS_FOR
from podcast_insights.transcripts.statuses import KEPT
from podcast_insights.wanted import wanted_days
from podcast_insights.warehouse.database import Warehouse

ORPHANED = " OR ".join(
    f"(t.status = '{status}' AND t.{key} IS NOT NULL AND t.{key} NOT IN "  # noqa: S608 - our names
    f"(SELECT {key} FROM transcripts WHERE {key} IS NOT NULL AND {STANDS_FOR[key]}))"
    for status, key in (("duplicate_audio", "audio_sha256"), ("same_text", "text_key"))
)
"""Not by the owner that the row names: where another episode stands for the same by now, the
row is right."""

UNHEARD = f"""
WITH found AS (
  SELECT published_on, episode_id, status, audio_sha256, text_key,
    status = 'failed' OR starts_with(coalesce(source_reason, ''), $kept) AS is_failed
  FROM transcripts
  WHERE published_on >= $start AND published_on < $end
  UNION ALL BY NAME
  SELECT published_on, episode_id, 'untried' AS status, false AS is_failed
  FROM episodes ANTI JOIN transcripts USING (episode_id)
  WHERE published_on >= $start AND published_on < $end
)
SELECT t.published_on AS day,
  count(*) FILTER (t.is_failed) AS failed,
  count(*) FILTER (t.status = 'untried') AS untried,
  count(*) FILTER (NOT t.is_failed AND t.status <> 'untried') AS orphaned,
  string_agg(
    concat_ws(' ', t.episode_id, t.is_failed, CASE
      WHEN t.is_failed OR t.status = 'untried' THEN e.content_key
      WHEN t.status = 'same_text' THEN t.text_key
      ELSE t.audio_sha256 END),
    ' ' ORDER BY t.episode_id
  ) AS state
FROM found t
JOIN episodes e USING (episode_id)
WHERE (t.is_failed OR t.status = 'untried' OR {ORPHANED}) AND e.status = 'ok'
  AND EXISTS (
    FROM (SELECT unnest($ids) AS feed_id, unnest($since) AS since) s
    WHERE list_contains(e.source_feed_ids, s.feed_id)
      AND (s.since IS NULL OR e.published_on >= s.since)
  )
GROUP BY t.published_on
ORDER BY day DESC
"""  # noqa: S608 - made of our own names
"""Why an episode failed is no part of the state: "400 of 900 bytes" and "500 of 900 bytes" would
be two, and a host that breaks off each time elsewhere would be asked for ever. Another
announcement is another state, as it may give another address."""


@dataclass(frozen=True)
class UnheardDay:
    """A day with episodes that were not heard.

    Args:
        failed: those whose audio could not be had or decoded, as announced now.
        untried: those that have no row, as the run that was to make it broke off.
        orphaned: repeats of what no other episode stands for any more.
        key: names exactly this state, so that a request for it is made once.
    """

    day: date
    failed: int
    untried: int
    orphaned: int
    key: str


def unheard_days(
    warehouse: Warehouse, feeds: Sequence[Subscription], start: date, end: date
) -> list[UnheardDay]:
    """Days from `start` to before `end` with episodes that were not heard, the newest first.

    Only what enabled subscriptions announce counts, from their `since` on.
    """
    found = wanted_days(warehouse, UNHEARD, "unheard", feeds, start, end, kept=KEPT)
    return [UnheardDay(**row) for row in found]
