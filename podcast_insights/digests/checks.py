"""Checks of the digests: somebody gets something, from several shows, and wishes are understood.

A short digest is fine, and says itself why it is short.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from podcast_insights.checking import Check, Verdict
from podcast_insights.text import counted

PHRASES = {
    "told_before": "told before",
    "low_value": "of too little value",
    "same_idea": "told twice",
    "adds_too_little": "more of the same",
    "outscored": "outscored",
}
SOURCES = """(
SELECT s.digest_on, s.reader_id, d.shows, d.is_followed, list_distinct([
  p.show_title FOR p IN s.passed_over IF p.reason = 'outscored']) AS rivals
FROM digest_selections s
JOIN (
  SELECT digest_id, list(show_title) AS shows, bool_or(followed_part > 0) AS is_followed
  FROM daily_digests GROUP BY ALL
) d USING (digest_id))"""


def somebody_gets_something(rows: pl.DataFrame) -> Verdict:
    """On no day may every digest be empty."""
    days = rows.group_by("digest_on").agg(pl.col(*COUNTED).sum()).sort("digest_on")
    empty = days.filter(pl.col("given") == 0)
    if rows.is_empty():
        message = "no digest was made; name somebody in data/readers.yaml"
    elif empty.is_empty():
        message = f"every day has a digest with insights; {counted(thin(rows), 'digest')} short"
    else:
        message = "; ".join(map(why_empty, empty.head(5).to_dicts()))
    return Verdict(
        is_passed=not rows.is_empty() and empty.is_empty(),
        message=message,
        metadata={"digests": rows.height, "short": thin(rows), "empty_days": empty.height},
    )


def thin(rows: pl.DataFrame) -> int:
    """Digests with fewer insights than their reader asked for."""
    return rows.filter(pl.col("given") < pl.col("wanted")).height


def why_empty(day: dict[str, Any]) -> str:
    """What became of the insights of a day on which nobody got one, all readers together."""
    if not day["considered"]:
        return f"{day['digest_on']}: no insight was found on this day and those just before it"
    reasons = [f"{day[name]} {phrase}" for name, phrase in PHRASES.items() if day[name]]
    return f"{day['digest_on']}: none of {day['considered']} was given: {', '.join(reasons)}"


def come_from_several_shows(rows: pl.DataFrame) -> Verdict:
    """Two or more places of one show, while others had something worth a place, are too narrow.

    Not where the reader follows the show: then it is what was asked for.
    """
    narrow = [
        row
        for row in rows.to_dicts()
        if len(row["shows"]) > 1
        and len(set(row["shows"])) == 1
        and not row["is_followed"]
        and set(row["rivals"]) - set(row["shows"])
    ]
    told = (f"{row['reader_id']} on {row['digest_on']} ({row['shows'][0]})" for row in narrow[:5])
    return Verdict(
        is_passed=not narrow,
        message=f"{len(narrow)} of {rows.height} digests come from a single show though others "
        "had something worth a place" + (f": {'; '.join(told)}" if narrow else ""),
        metadata={"digests": rows.height, "single_show": len(narrow)},
    )


def followed_shows_exist(rows: pl.DataFrame) -> Verdict:
    """A followed show that nobody subscribes to is most often a slip in its title."""
    unknown = rows.explode("unknown_shows").drop_nulls("unknown_shows")
    pairs = unknown.select("reader_id", "unknown_shows").unique().sort("reader_id", "unknown_shows")
    told = (f"{reader} follows {title}" for reader, title in pairs.head(5).iter_rows())
    return Verdict(
        is_passed=pairs.is_empty(),
        message="every followed show is subscribed to"
        if pairs.is_empty()
        else f"no subscribed show is called so: {'; '.join(told)}; correct followed_shows in "
        "data/readers.yaml, or subscribe to the show",
        metadata={"unknown": pairs.height},
    )


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


COUNTED = ("given", "considered", *PHRASES)
CHECKS: Sequence[Check] = (
    Check(
        "daily_digests",
        "digests_have_insights",
        "On each day somebody gets something; if not, the reason.",
        ", ".join(("digest_on", "wanted", *COUNTED)),
        somebody_gets_something,
        date_column="digest_on",
        source="digest_selections",
    ),
    Check(
        "daily_digests",
        "digests_from_several_shows",
        "No digest comes from one show, not followed, while others had something worth a place.",
        "digest_on, reader_id, shows, is_followed, rivals",
        come_from_several_shows,
        date_column="digest_on",
        source=SOURCES,
    ),
    Check(
        "daily_digests",
        "followed_shows_exist",
        "Each show that a reader follows is subscribed to.",
        "reader_id, unknown_shows",
        followed_shows_exist,
        date_column="digest_on",
        source="digest_selections",
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
