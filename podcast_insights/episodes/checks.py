"""Checks of the episodes: nothing that was announced is lost on the way."""

from collections.abc import Sequence

import polars as pl

from podcast_insights.checking import Check, Verdict

ACCOUNTED = """(
SELECT a.published_on, a.title, a.show_title, e.status
FROM announced_items a LEFT JOIN episodes e ON e.episode_id = a.item_id)"""


def accounted_for(rows: pl.DataFrame) -> Verdict:
    """Each announced item of a day is an episode, or a row that says why not."""
    missing = rows.filter(pl.col("status").is_null())
    by_status = dict(rows["status"].drop_nulls().value_counts().sort("status").iter_rows())
    return Verdict(
        is_passed=missing.is_empty(),
        message=f"{rows.height} items announced, {rows.height - missing.height} stored"
        + (f"; missing: {'; '.join(missing['title'].head(5))}" if missing.height else ""),
        metadata={"announced": rows.height, "by_status": by_status},
    )


CHECKS: Sequence[Check] = (
    Check(
        "episodes",
        "every_item_accounted_for",
        "Every item announced for the day is an episode, or a row that says why not.",
        "title, show_title, status",
        accounted_for,
        source=ACCOUNTED,
    ),
)
