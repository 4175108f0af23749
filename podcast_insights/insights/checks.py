"""Checks of the insights: little is made up, every episode was asked, ideas meet across shows."""

from collections.abc import Sequence

import polars as pl

from podcast_insights.checking import Check, Question, Verdict
from podcast_insights.insights.reasons import RETRIED, UNGROUNDED
from podcast_insights.partitions import SETTINGS
from podcast_insights.settings import PREFIX

PROPOSED = """(
SELECT published_on, NULL AS reason, 'insight' AS kind FROM insights UNION ALL
SELECT published_on, reason, if(quote IS NULL, 'episode', 'candidate') FROM rejected_insights)"""


def grounded(min_rate: float) -> Question:
    """Quotes, names and numbers that nobody said mean that the model makes things up.

    What was true and not chosen has a row too, and counts as true.
    """

    def ask(rows: pl.DataFrame) -> Verdict:
        proposed = rows.filter(pl.col("kind") != "episode")
        made_up = proposed.filter(pl.col("reason").is_in(UNGROUNDED)).height
        rate = 1 - made_up / proposed.height if proposed.height else 1.0
        by_reason = proposed["reason"].drop_nulls().value_counts().sort("reason")
        remedy = (
            f"; below {min_rate:.0%}: try a stronger model ({PREFIX}LLM_MODEL), or lower "
            f"{PREFIX}MIN_GROUNDING_RATE"
        )
        return Verdict(
            is_passed=rate >= min_rate,
            message=f"{made_up} of {proposed.height} candidates were not grounded and were "
            f"dropped{remedy if rate < min_rate else ''}",
            metadata={
                "grounding_rate": round(rate, 3),
                "min_grounding_rate": min_rate,
                "proposed": proposed.height,
                "by_reason": dict(by_reason.iter_rows()),
            },
        )

    return ask


def nothing_asked_in_vain(rows: pl.DataFrame) -> Verdict:
    """No episode may have been left out by a failing engine or a spend cap."""
    left_out = rows.filter(pl.col("reason").is_in(RETRIED))
    return Verdict(
        is_passed=left_out.is_empty(),
        message=f"{left_out.height} episodes without insights; materialize the day again to retry"
        if left_out.height
        else "every episode was asked",
        metadata={"details": left_out["detail"].unique().sort().to_list()[:5]},
    )


LINKS = """(
SELECT r.published_on, r.is_other_show, (
  SELECT count(DISTINCT e.feed_id) FROM insights i JOIN episodes e USING (episode_id)) AS shows
FROM related_insights r)"""


def links_cross_shows(rows: pl.DataFrame) -> Verdict:
    """Some links should lead to other shows, once there are links and other shows at all."""
    crossing = rows.filter(pl.col("is_other_show")).height
    is_alone = not rows.is_empty() and rows["shows"].max() == 1
    return Verdict(
        is_passed=rows.is_empty() or crossing > 0 or is_alone,
        message=f"{crossing} of {rows.height} links lead to other shows"
        + ("; there is one show only" if is_alone else ""),
        metadata={"links": rows.height, "to_other_shows": crossing},
    )


CHECKS: Sequence[Check] = (
    Check(
        "insights",
        "insights_grounded",
        "Candidates rest on words that were said; failing means that the model makes things up.",
        "reason, kind",
        grounded(SETTINGS.min_grounding_rate),
        source=PROPOSED,
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
        "is_other_show, shows",
        links_cross_shows,
        source=LINKS,
    ),
)
