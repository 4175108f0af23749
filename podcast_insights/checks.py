"""Asset checks: what must hold after a run, told in the Dagster UI.

How a check is made is in `checking.py`; some stages have theirs in their own folders.

What does not belong here: checks of a frame's shape. Those are contracts, and hold before
anything is written.
"""

from collections.abc import Sequence

import dagster as dg
import polars as pl

import podcast_insights.digests.checks as digest_checks
import podcast_insights.episodes.checks as episode_checks
import podcast_insights.feeds.checks as feed_checks
import podcast_insights.insights.checks as insight_checks
import podcast_insights.transcripts.checks as transcript_checks
from podcast_insights.checking import Check, Question, Verdict, definitions_of
from podcast_insights.partitions import SETTINGS

ON_FAILURE = (
    "What succeeded is stored, but the stages behind it did not run. Materialize the days again; "
    "or raise PODCAST_INSIGHTS_MAX_FAILED_SHARE, to go on without what failed; or, of a block of "
    "days, run the good ones by themselves."
)


def failed_share(bad: str, max_share: float, least: int = 1) -> Question:
    """At most `max_share` of the rows may have the status `bad`; fewer than `least` always may."""

    def ask(rows: pl.DataFrame) -> Verdict:
        failures = rows.filter(pl.col("status") == bad)
        share = failures.height / rows.height if rows.height else 0.0
        is_passed = share <= max_share or failures.height < least
        reasons = failures["error"].unique().drop_nulls().sort().to_list()[:5]
        return Verdict(
            is_passed=is_passed,
            message=f"{failures.height} of {rows.height} {bad}"
            + (f": {'; '.join(reasons)}" if reasons else "")
            + ("" if is_passed else f". {ON_FAILURE}"),
            metadata={"failed_share": round(share, 3), "allowed_share": max_share},
        )

    return ask


CHECKS: Sequence[Check] = (
    *feed_checks.CHECKS,
    *episode_checks.CHECKS,
    *transcript_checks.CHECKS,
    *insight_checks.CHECKS,
    *digest_checks.CHECKS,
    Check(
        "feeds",
        "feeds_answered",
        "Most subscriptions could be fetched.",
        "status, error",
        failed_share("failed", SETTINGS.max_failed_share),
        is_blocking=True,
        date_column="snapshot_on",
    ),
    Check(
        "transcripts",
        "most_episodes_transcribed",
        "At most the allowed share of the episodes failed; what succeeded is stored either way.",
        "status, error",
        failed_share("failed", SETTINGS.max_failed_share, least=2),
        is_blocking=True,
    ),
)


def check_definitions() -> list[dg.AssetChecksDefinition]:
    """All checks as Dagster knows them."""
    return definitions_of(CHECKS)
