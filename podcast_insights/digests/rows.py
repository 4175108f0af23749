"""Rows of the digests stage and digests as values, one made of the other.

What does not belong here: reading the warehouse and choosing (`compose.py`, `ranking.py`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

import polars as pl

from podcast_insights.digests.model import Digest, digest_id, from_rows
from podcast_insights.digests.ranking import Choice, PassedOver, Reason, Selection
from podcast_insights.digests.readers import Reader
from podcast_insights.digests.scoring import title_key

Row = dict[str, Any]
RELATED_SHOWN = 3
PASSED_OVER_KEPT = 20
"""Rivals that are kept with their parts; of a day with a thousand insights nobody reads more."""


def digest_rows(
    reader: Reader, day: date, choices: Sequence[Choice], links: dict[str, list[Row]]
) -> list[Row]:
    """The places of one digest as rows.

    What has a place of its own, or is named with one as telling the same, is related to none.
    """
    told = {str(choice.scored.row["insight_id"]) for choice in choices}
    return [
        digest_row(
            reader,
            day,
            rank,
            choice,
            [
                link
                for link in links.get(choice.scored.row["insight_id"], ())
                if link["insight_id"] not in told | choice.teller_ids
            ],
        )
        for rank, choice in enumerate(choices, start=1)
    ]


def digest_row(reader: Reader, day: date, rank: int, choice: Choice, related: Sequence[Row]) -> Row:
    """One place of a digest as a row."""
    insight = choice.scored.row
    return {
        "digest_id": digest_id(reader.id, day),
        "rank": rank,
        "digest_on": day,
        "reader_id": reader.id,
        "audio_url": at_second(insight["enclosure_url"], insight["quote_start_s"]),
        "also_in": list(choice.also_in),
        "related": [
            {
                "insight_id": link["insight_id"],
                "headline": link["headline"],
                "show_title": link["show_title"],
                "episode_title": link["episode_title"],
                "audio_url": at_second(link["enclosure_url"], link["quote_start_s"]),
                "similarity": link["similarity"],
            }
            for link in related[:RELATED_SHOWN]
        ],
        **choice.scored.parts,
        "diversity_cost": choice.diversity_cost,
        "score": choice.score,
        "matched_topic": choice.scored.topic,
        "topic_likeness": choice.scored.topic_likeness,
        "nearest_seen_insight_id": choice.scored.nearest_seen_id,
        **{column: insight[column] for column in COPIED},
    }


def selection_row(
    reader: Reader,
    day: date,
    selection: Selection,
    candidates: Sequence[Row],
    shows: frozenset[str],
) -> Row:
    """How a digest was chosen, as a row."""
    counts = selection.counts
    return {
        "digest_id": digest_id(reader.id, day),
        "digest_on": day,
        "reader_id": reader.id,
        "wanted": reader.insights,
        "given": len(selection.choices),
        "considered": len(candidates),
        "episodes_considered": len({row["episode_id"] for row in candidates}),
        "shows_considered": len({row["show_title"] for row in candidates}),
        **{reason: counts[reason] for reason in get_args(Reason)},
        "unknown_shows": [
            title for title in reader.followed_shows if shows and title_key(title) not in shows
        ],
        "passed_over": [
            passed_over_entry(passed) for passed in selection.passed_over[:PASSED_OVER_KEPT]
        ],
    }


def passed_over_entry(passed: PassedOver) -> Row:
    """A rival that got no place, as an entry of `digest_selections.passed_over`."""
    return {
        **{name: passed.scored.row[name] for name in ("insight_id", "headline", "show_title")},
        "reason": passed.reason,
        "instead_insight_id": passed.instead_id,
        "score": passed.score,
        **passed.scored.parts,
        "diversity_cost": passed.diversity_cost,
        "matched_topic": passed.scored.topic,
    }


COPIED = (
    "insight_id",
    "episode_id",
    "headline",
    "body",
    "quote",
    "quote_start_s",
    "speaker",
    "show_title",
    "episode_title",
    "episode_link",
    "published_on",
    "engine",
)


def at_second(url: str | None, second: float) -> str | None:
    """The audio's address with a media fragment (W3C Media Fragments URI 1.0) for the second."""
    return f"{url.split('#')[0]}#t={int(second)}" if url else None


def digests_of(
    readers: Sequence[Reader], days: Sequence[date], places: pl.DataFrame, selections: pl.DataFrame
) -> list[tuple[Reader, Digest]]:
    """Digests as values, one for each reader and day, also where there was nothing to tell.

    Args:
        readers: those that are asked for.
        days: those that are asked for.
        places: rows of `daily_digests`.
        selections: rows of `digest_selections`, with how many were wanted when it was chosen; a
            digest without one says less of a thin day.
    """
    by_id, chosen = by_digest(places), by_digest(selections)
    return [
        (
            reader,
            from_rows(
                reader.id,
                reader.name,
                reader.insights,
                day,
                by_id.get(name, []),
                next(iter(chosen.get(name, ())), None),
            ),
        )
        for day in days
        for reader in readers
        for name in [digest_id(reader.id, day)]
    ]


def by_digest(rows: pl.DataFrame) -> dict[str, list[Row]]:
    """Rows by the digest they belong to."""
    groups: dict[str, list[Row]] = {}
    for row in rows.to_dicts():
        groups.setdefault(row["digest_id"], []).append(row)
    return groups
