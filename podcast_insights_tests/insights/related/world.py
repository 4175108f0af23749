"""Insights with chosen cosines, for the tests of related insights."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.insights.records import RELATED_INSIGHTS
from podcast_insights.insights.related.folding import MAX_FOLDED
from podcast_insights.insights.related.neighbours import MIN_SIMILARITY, Insights, to_insights
from podcast_insights.insights.related.relate import TOP, Words, relate
from podcast_insights.insights.related.same_idea import Telling, is_contrary, is_same_idea

DAY = date(2025, 9, 8)
REACH = 14
Row = dict[str, Any]

SCHEMA = {
    "insight_id": pl.String,
    "episode_id": pl.String,
    "feed_id": pl.String,
    "published_on": pl.Date,
    "embedding_model": pl.String,
    "headline": pl.String,
    "body": pl.String,
    "entities": pl.List(pl.String),
    "embedding": pl.Array(pl.Float32, 384),
}


def vector(likeness: float, axis: int) -> list[float]:
    """A unit vector with that cosine to the first axis; the rest of it on an axis of its own."""
    found = np.zeros(384)
    found[0], found[axis] = likeness, np.sqrt(1 - likeness**2)
    return list(found)


def insight(
    name: str,
    likeness: float = 1.0,
    *,
    show: str | None = None,
    episode: str | None = None,
    axis: int = 0,
    days: int = 0,
    **changes: Any,  # noqa: ANN401 - any column
) -> Row:
    """An insight of an episode and a show of its own.

    Two of them are as like as the product of their likenesses, unless they share an axis.
    """
    axis = axis or 1 + sum(ord(c) * 37**i for i, c in enumerate(name)) % 383
    return {
        "insight_id": name,
        "episode_id": episode or f"episode of {name}",
        "feed_id": show or f"show of {name}",
        "published_on": DAY + timedelta(days=days),
        "embedding_model": "m",
        "headline": "A headline",
        "body": "A body.",
        "entities": None,
        "embedding": vector(likeness, axis),
        **changes,
    }


ME = insight("me", show="mine", episode="my episode")


def frame(rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def pages_of(rows: Sequence[Row], size: int = 1000) -> list[Insights]:
    return [to_insights(frame(rows[i : i + size])) for i in range(0, len(rows), size)]


def words_of(rows: Sequence[Row]) -> Words:
    """Gives the words of some of these."""
    told = {row["insight_id"]: Telling.of(row) for row in rows}
    return lambda names: {name: told[name] for name in names}


def links(
    *rows: Row, of: Iterable[str] = ("me",), top: int = TOP, page_rows: int = 1000
) -> list[Row]:
    """The links of some insights among all rows, in order of rank; checked by their contract."""
    queries = to_insights(frame([row for row in rows if row["insight_id"] in of]))
    found = relate(
        queries,
        lambda: pages_of(rows, page_rows),
        words_of(rows),
        total=len(rows),
        reach_days=REACH,
        top=top,
    )
    RELATED_INSIGHTS.conform(RELATED_INSIGHTS.frame(found))
    return sorted(found, key=lambda row: (row["rank"] or 99, row["rank_on_day"] or 99))


def names(found: Iterable[Row]) -> list[str]:
    return [row["related_insight_id"] for row in found]


def cosine(a: Row, b: Row) -> float:
    vectors = [np.array(row["embedding"], dtype=np.float32).astype(np.float64) for row in (a, b)]
    return round(float((vectors[0] * vectors[1]).sum()), 4)


def tells_the_same(a: Row, b: Row) -> bool:
    is_own_show = a["feed_id"] == b["feed_id"]
    return is_same_idea(Telling.of(a), Telling.of(b), cosine(a, b), is_own_show=is_own_show)


def contradicts(a: Row, b: Row) -> bool:
    return is_contrary(Telling.of(a), Telling.of(b))


def list_by_the_book(
    me: Row, rows: Sequence[Row], last: date, top: int
) -> list[tuple[Row, list[Row]]]:
    """The ideas next to an insight up to a day, by the definition and as slowly as it reads."""
    near = [
        row
        for row in rows
        if row["episode_id"] != me["episode_id"]
        and row["published_on"] <= last
        and cosine(me, row) >= MIN_SIMILARITY
    ]
    near.sort(key=lambda r: (r["feed_id"] == me["feed_id"], -cosine(me, r), r["insight_id"]))
    ideas: list[tuple[Row, list[Row]]] = []
    for row in near:
        if len(ideas) == top:
            break
        told = next(
            (
                others
                for first, others in ideas
                if tells_the_same(first, row)
                and not any(contradicts(other, row) for other in others)
                and not (tells_the_same(me, first) and contradicts(me, row))
            ),
            None,
        )
        if told is None:
            ideas.append((row, []))
        elif len(told) < MAX_FOLDED:
            told.append(row)
    return ideas


def rows_by_the_book(
    me: Row, rows: Sequence[Row], reach_days: int = REACH, top: int = TOP
) -> list[Row]:
    """The rows of `related_insights` of one insight, by the definition."""
    day = me["published_on"]
    known = list_by_the_book(me, rows, day, top)
    now = list_by_the_book(me, rows, day + timedelta(days=reach_days), top)
    found: dict[str, Row] = {}
    for column, ideas in (("rank_on_day", known), ("rank", now)):
        for rank, (row, others) in enumerate(ideas, start=1):
            is_new = row["insight_id"] not in found
            made = found.setdefault(
                row["insight_id"],
                {
                    "insight_id": me["insight_id"],
                    "related_insight_id": row["insight_id"],
                    "published_on": day,
                    "rank": None,
                    "similarity": cosine(me, row),
                    "is_other_show": row["feed_id"] != me["feed_id"],
                    "is_same_idea": tells_the_same(me, row),
                    "rank_on_day": None,
                    "folded_insight_ids": [],
                },
            )
            made[column] = rank
            made["folded_insight_ids"] += [
                other["insight_id"] for other in others if is_new or other["published_on"] > day
            ]
    return list(found.values())


def in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["insight_id"], row["related_insight_id"]))
