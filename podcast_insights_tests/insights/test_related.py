"""Related insights: of other episodes, other shows first, and never from the future."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.insights.records import RELATED_INSIGHTS, SAME_IDEA
from podcast_insights.insights.related import MIN_SIMILARITY, TOP, relate, to_corpus

DAY = date(2025, 9, 8)
Link = dict[str, Any]


def vector(likeness: float) -> list[float]:
    """A unit vector with that cosine to the first axis."""
    return [likeness, float(np.sqrt(1 - likeness**2)), *[0.0] * 382]


def insight(
    name: str, episode: str, show: str, likeness: float = 1.0, *, days: int = 0
) -> dict[str, Any]:
    return {
        "insight_id": name,
        "episode_id": episode,
        "feed_id": show,
        "published_on": DAY + timedelta(days=days),
        "embedding": vector(likeness),
    }


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = {
        "insight_id": pl.String,
        "episode_id": pl.String,
        "feed_id": pl.String,
        "published_on": pl.Date,
        "embedding": pl.Array(pl.Float32, 384),
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def links(*rows: dict[str, Any], of: str = "me", top: int = TOP) -> list[Link]:
    """The links of one insight among all; checked against their contract."""
    everyone = frame(*rows)
    found = relate(everyone.filter(pl.col("insight_id") == of), to_corpus(everyone), top)
    RELATED_INSIGHTS.conform(RELATED_INSIGHTS.frame(found))
    return found


def named(found: list[Link]) -> list[Any]:
    return [link["related_insight_id"] for link in found]


ME = insight("me", "e1", "mine")


def test_the_nearest_of_other_episodes_are_linked_in_order() -> None:
    found = links(
        ME,
        insight("far", "e2", "other", 0.4),
        insight("near", "e3", "other", 0.7),
        insight("nearest", "e4", "other", 0.9),
    )
    assert named(found) == ["nearest", "near", "far"]
    assert [link["rank"] for link in found] == [1, 2, 3]
    assert [link["similarity"] for link in found] == pytest.approx([0.9, 0.7, 0.4], abs=1e-4)
    assert {link["insight_id"] for link in found} == {"me"}
    assert {link["published_on"] for link in found} == {DAY}


def test_an_insight_is_related_neither_to_itself_nor_to_its_episode() -> None:
    assert links(ME, insight("twin", "e1", "mine", 0.99)) == []


def test_other_shows_come_before_nearer_ones_of_the_same_show() -> None:
    found = links(ME, insight("own", "e2", "mine", 0.95), insight("other", "e3", "other", 0.5))
    assert named(found) == ["other", "own"]
    assert [link["is_other_show"] for link in found] == [True, False]


def test_the_least_similarity_is_a_limit() -> None:
    found = links(
        ME,
        insight("just", "e2", "other", MIN_SIMILARITY + 0.001),
        insight("barely_not", "e3", "other", MIN_SIMILARITY - 0.001),
        insight("opposite", "e4", "other", -1.0),
    )
    assert named(found) == ["just"]


def test_only_what_was_there_on_its_own_day_is_linked() -> None:
    rows = (
        ME,
        insight("yesterday", "e2", "other", 0.8, days=-1),
        insight("today", "e3", "other", 0.7),
        insight("tomorrow", "e4", "other", 0.9, days=1),
    )
    assert named(links(*rows)) == ["yesterday", "today"]
    assert named(links(*rows, of="tomorrow")) == ["me", "yesterday", "today"]


def test_the_same_idea_is_flagged_from_its_threshold_on() -> None:
    found = links(
        ME,
        insight("same", "e2", "other", SAME_IDEA),
        insight("like", "e3", "other", SAME_IDEA - 0.001),
    )
    assert [(link["related_insight_id"], link["is_same_idea"]) for link in found] == [
        ("same", True),
        ("like", False),
    ]


def test_ties_are_broken_by_name_and_not_by_the_order_of_rows() -> None:
    rows = [insight(name, f"e{name}", "other", 0.6) for name in "dacb"]
    assert named(links(ME, *rows)) == ["a", "b", "c", "d"]
    assert links(*rows[::-1], ME) == links(ME, *rows)
    assert named(links(ME, *rows, top=2)) == ["a", "b"]


def test_there_are_at_most_ten_links() -> None:
    rows = [insight(f"{n:02}", f"e{n:02}", "other", 0.9 - n / 100) for n in range(15)]
    assert named(links(ME, *rows)) == [f"{n:02}" for n in range(TOP)]


def test_nothing_gives_nothing() -> None:
    assert relate(frame(), to_corpus(frame())) == []
    assert relate(frame(), to_corpus(frame(ME))) == []
    assert links(ME) == []


directions = st.integers(0, 8).map(lambda seed: np.random.default_rng(seed).normal(size=384))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(directions, st.integers(0, 3), st.integers(0, 2), st.integers(0, 5)),
        min_size=1,
        max_size=25,
    )
)
def test_a_block_of_days_gives_the_links_of_the_days_one_by_one(
    drawn: list[tuple[np.ndarray, int, int, int]],
) -> None:
    rows = [
        insight(f"i{n:02}", f"e{show}{part}", f"s{show}", days=day)
        | {"embedding": (direction / np.linalg.norm(direction)).tolist()}
        for n, (direction, day, show, part) in enumerate(drawn)
    ]
    everyone = frame(*rows)
    together = relate(everyone, to_corpus(everyone))
    one_by_one: list[Link] = []
    for day in sorted({row["published_on"] for row in rows}):
        known = everyone.filter(pl.col("published_on") <= day)
        one_by_one += relate(everyone.filter(pl.col("published_on") == day), to_corpus(known))
    key = ("insight_id", "rank")
    assert sorted(together, key=lambda link: [link[k] for k in key]) == sorted(
        one_by_one, key=lambda link: [link[k] for k in key]
    )
    shows = dict(everyone.select("insight_id", "feed_id").iter_rows())
    for link in together:
        is_other = shows[link["insight_id"]] != shows[link["related_insight_id"]]
        assert link["is_other_show"] is is_other
