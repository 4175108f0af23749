"""Checks of the feeds: none fails for days, falls silent, or loses an item, unnoticed."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from podcast_insights.checking import Check, Question, Verdict
from podcast_insights.partitions import SETTINGS
from podcast_insights.text import counted

RHYTHM = """(
SELECT f.snapshot_on, f.feed_id, f.show_title, f.status,
  list_filter(i.days, lambda day: day <= f.snapshot_on)[-20:] AS days
FROM feeds f
JOIN (
  SELECT feed_id, list_sort(list(DISTINCT published_on)) AS days
  FROM announced_items WHERE date_source = 'feed' GROUP BY feed_id
) i USING (feed_id))"""
"""The last twenty days on which each feed published something, as known for a snapshot.

A list for each feed, because a join of snapshots and items took 3 s for 500 feeds and a month.
"""

RECORDED = """(
SELECT f.snapshot_on, f.feed_id, f.show_title, f.item_count AS announced,
  v.repeated_item_count AS repeated, coalesce(i.stored, 0) AS stored
FROM feeds f
JOIN feed_fetches v USING (feed_id, fetched_at)
LEFT JOIN (
  SELECT feed_id, count(*) AS stored FROM announced_items GROUP BY feed_id
) i USING (feed_id)
WHERE f.status = 'ok')"""
"""Fetches from before schema 1 did not count what is listed twice; they tell nothing here."""


def latest(rows: pl.DataFrame) -> pl.DataFrame:
    """The feeds as last seen in these days; not those that were unsubscribed before."""
    return rows.filter(pl.col("snapshot_on") == pl.col("snapshot_on").max())


def failing_for_days(max_days: int) -> Question:
    """No feed may fail for days on end, or be dead: its show is missed, and nobody notices."""

    def ask(rows: pl.DataFrame) -> Verdict:
        failing = latest(rows).filter(pl.col("status") != "ok")
        # A host that asks to be left alone for days is not visited, and fails all the same.
        day_end = pl.col("snapshot_on").cast(pl.Datetime("us", "UTC")) + timedelta(days=1)
        until = pl.max_horizontal("fetched_at", day_end)
        days = (until - pl.col("first_failed_at")).dt.total_hours() / 24
        bad = failing.filter((pl.col("status") == "dead") | (days >= max_days))
        named = [
            f"{row['show_title'] or row['feed_url']} ({row['status']} since "
            f"{row['first_failed_at']:%Y-%m-%d}: {row['error']})"
            for row in bad.sort("first_failed_at", nulls_last=True).head(5).to_dicts()
            if row["first_failed_at"]
        ]
        return Verdict(
            is_passed=bad.is_empty(),
            message=f"{counted(bad.height, 'feed')} failing for {max_days} days or more, or dead"
            + (f": {'; '.join(named)}; podcast-insights feeds check says more" if named else ""),
            metadata={"failing": failing.height, "for_days_or_dead": bad.height},
        )

    return ask


def keeps_its_rhythm(rows: pl.DataFrame) -> Verdict:
    """A feed that answers but is silent for much longer than it ever was may have moved."""
    gaps = pl.col("days").list.eval(pl.element().diff(null_behavior="drop").dt.total_days())
    seen = latest(rows).with_columns(
        newest_on=pl.col("days").list.last(),
        usual_gap=gaps.list.median(),
        longest_gap=gaps.list.max(),
    )
    silent_days = (pl.col("snapshot_on") - pl.col("newest_on")).dt.total_days()
    tolerated = pl.max_horizontal(
        pl.lit(MIN_SILENT_DAYS), 3 * pl.col("usual_gap"), 1.5 * pl.col("longest_gap")
    )
    has_rhythm = pl.col("days").list.len() >= MIN_RHYTHM
    silent = seen.filter((pl.col("status") == "ok") & has_rhythm & (silent_days > tolerated))
    named = [
        f"{row['show_title']} (last on {row['newest_on']}, usually every "
        f"{row['usual_gap']:.0f} days)"
        for row in silent.sort("newest_on").head(5).to_dicts()
    ]
    return Verdict(
        is_passed=silent.is_empty(),
        message=f"{counted(silent.height, 'feed')} silent against the own rhythm"
        + (f": {'; '.join(named)}; disable what has ended" if named else ""),
        metadata={"silent": silent.height},
    )


MIN_RHYTHM = 5
"""Days with something published before a feed has a rhythm."""

MIN_SILENT_DAYS = 14


def announced_are_stored(rows: pl.DataFrame) -> Verdict:
    """The ledger must hold as many items of a feed as the feed lists."""
    lost = latest(rows).filter(pl.col("stored") < pl.col("announced") - pl.col("repeated"))
    named = [
        f"{row['show_title']} ({row['announced']} announced, {row['repeated']} of them twice, "
        f"{row['stored']} stored)"
        for row in lost.head(5).to_dicts()
    ]
    return Verdict(
        is_passed=lost.is_empty(),
        message=f"{counted(lost.height, 'feed')} with more items announced than stored"
        + (f": {'; '.join(named)}" if named else ""),
        metadata={
            "announced": int(latest(rows)["announced"].sum() or 0),
            "stored": int(latest(rows)["stored"].sum() or 0),
        },
    )


CHECKS: Sequence[Check] = (
    Check(
        "feeds",
        "no_feed_failing_for_days",
        "No subscription has failed for days or is dead.",
        "snapshot_on, feed_id, feed_url, show_title, status, error, first_failed_at, fetched_at",
        failing_for_days(SETTINGS.feed_failing_days),
        date_column="snapshot_on",
    ),
    Check(
        "feeds",
        "feeds_keep_their_rhythm",
        "No subscription is silent for much longer than it used to be.",
        "snapshot_on, feed_id, show_title, status, days",
        keeps_its_rhythm,
        date_column="snapshot_on",
        source=RHYTHM,
    ),
    Check(
        "feeds",
        "announced_items_recorded",
        "Every item that a feed lists is in the ledger of announced items.",
        "snapshot_on, feed_id, show_title, announced, repeated, stored",
        announced_are_stored,
        date_column="snapshot_on",
        source=RECORDED,
    ),
)
