"""Asset checks: what must hold after a run, told in the Dagster UI.

How a check is made is in `checking.py`; feeds and episodes have theirs in their own folders.

What does not belong here: checks of a frame's shape. Those are contracts, and hold before
anything is written.
"""

from collections.abc import Sequence

import dagster as dg
import polars as pl

import podcast_insights.episodes.checks as episode_checks
import podcast_insights.feeds.checks as feed_checks
from podcast_insights.checking import Check, Question, Verdict
from podcast_insights.partitions import SETTINGS


def failed_share(bad: str, max_share: float, least: int = 1) -> Question:
    """At most `max_share` of the rows may have the status `bad`; fewer than `least` always may."""

    def ask(rows: pl.DataFrame) -> Verdict:
        failures = rows.filter(pl.col("status") == bad)
        share = failures.height / rows.height if rows.height else 0.0
        reasons = failures["error"].unique().drop_nulls().sort().to_list()[:5]
        return Verdict(
            is_passed=share <= max_share or failures.height < least,
            message=f"{failures.height} of {rows.height} {bad}"
            + (f": {'; '.join(reasons)}" if reasons else ""),
            metadata={"failed_share": round(share, 3), "allowed_share": max_share},
        )

    return ask


def all_sound(rows: pl.DataFrame) -> Verdict:
    """No guard may have fired."""
    fired = rows.filter(~pl.col("status").is_in(["ok", "failed", "duplicate_audio"]))
    by_status = dict(fired["status"].value_counts().sort("status").iter_rows())
    return Verdict(
        is_passed=fired.is_empty(),
        message=f"{fired.height} transcripts are kept out of insights"
        + (f": {'; '.join(fired['error'].drop_nulls().to_list()[:5])}" if fired.height else ""),
        metadata={"by_guard": by_status},
    )


def nothing_asked_in_vain(rows: pl.DataFrame) -> Verdict:
    """No episode may have been left out by a failing engine or a spend cap."""
    left_out = rows.filter(pl.col("reason").is_in(["engine_failed", "budget_exceeded"]))
    return Verdict(
        is_passed=left_out.is_empty(),
        message=f"{left_out.height} episodes without insights; materialize the day again to retry"
        if left_out.height
        else "every episode was asked",
        metadata={"details": left_out["detail"].unique().sort().to_list()[:5]},
    )


def links_cross_shows(rows: pl.DataFrame) -> Verdict:
    """Some links should lead to other shows once there are links at all."""
    crossing = rows.filter(pl.col("is_other_show")).height
    return Verdict(
        is_passed=rows.is_empty() or crossing > 0,
        message=f"{crossing} of {rows.height} links lead to other shows",
        metadata={"links": rows.height, "to_other_shows": crossing},
    )


def grounded(max_rejected_share: float) -> Question:
    """Quotes that are not in the transcript mean that the model makes things up."""

    def ask(rows: pl.DataFrame) -> Verdict:
        proposed = rows.filter(pl.col("kind") != "episode")
        made_up = proposed.filter(
            pl.col("reason").is_in(["quote_not_found", "unfounded_name_or_number"])
        )
        share = made_up.height / proposed.height if proposed.height else 0.0
        return Verdict(
            is_passed=share <= max_rejected_share,
            message=f"{made_up.height} of {proposed.height} candidates were not grounded and "
            "were dropped",
            metadata={"grounding_rate": round(1 - share, 3)},
        )

    return ask


def nobody_left_waiting(rows: pl.DataFrame) -> Verdict:
    """Mails that failed, or whose outcome is unknown, need a person."""
    open_ = rows.filter(pl.col("status") != "sent")
    return Verdict(
        is_passed=open_.is_empty(),
        message=f"{open_.height} of {rows.height} mails are not confirmed"
        + (
            f": {'; '.join(open_['error'].drop_nulls().unique().sort().to_list()[:5])}"
            if open_.height
            else ""
        ),
        metadata={"not_confirmed": open_.height},
    )


def digests_are_full(rows: pl.DataFrame) -> Verdict:
    """A digest should come from more than one show."""
    shows = rows.group_by("digest_id").agg(
        pl.col("show_title").n_unique().alias("shows"), pl.len().alias("insights")
    )
    narrow = shows.filter((pl.col("insights") > 1) & (pl.col("shows") < 2))
    return Verdict(
        is_passed=not shows.is_empty() and narrow.is_empty(),
        message="no digest has any insight"
        if shows.is_empty()
        else f"{narrow.height} of {shows.height} digests come from a single show",
        metadata={"digests": shows.height, "single_show": narrow.height},
    )


CHECKS: Sequence[Check] = (
    *feed_checks.CHECKS,
    *episode_checks.CHECKS,
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
    Check(
        "transcripts",
        "transcripts_sound",
        "No guard fired: nothing missing, looping, mistimed or not speech.",
        "status, error",
        all_sound,
    ),
    Check(
        "insights",
        "insights_grounded",
        "Candidates rest on words that were said; failing means that the model makes things up.",
        "reason, kind",
        grounded(0.3),
        source="(SELECT published_on, NULL AS reason, 'insight' AS kind FROM insights UNION ALL "
        "SELECT published_on, reason, if(quote IS NULL, 'episode', 'candidate') "
        "FROM rejected_insights)",
    ),
    Check(
        "rejected_insights",
        "every_episode_asked",
        "No episode was left without insights by a failing engine or a spend cap.",
        "reason, detail",
        nothing_asked_in_vain,
    ),
    Check(
        "related_insights",
        "links_cross_shows",
        "Related insights come from other shows.",
        "is_other_show",
        links_cross_shows,
    ),
    Check(
        "daily_digests",
        "digests_from_several_shows",
        "Digests have insights, and from more than one show.",
        "digest_id, show_title",
        digests_are_full,
        date_column="digest_on",
    ),
    Check(
        "deliveries",
        "mails_confirmed",
        "Every mail that was begun was accepted by the server.",
        "status, error",
        nobody_left_waiting,
        date_column="digest_on",
    ),
)


def check_definitions() -> list[dg.AssetChecksDefinition]:
    """All checks as Dagster knows them."""
    return [check.definition() for check in CHECKS]
