"""Which insights a reader gets: wanted, new, of several shows, each idea once."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.digests.ranking import (
    MIN_TOPIC,
    Choice,
    Row,
    Weights,
    Wishes,
    choose,
)
from podcast_insights.insights.records import SAME_IDEA

DAY = date(2025, 9, 8)
AXES = np.eye(384, dtype=np.float32)
LOOKBACK = 3
PARTS = ("value", "novelty", "corroboration", "topic", "followed", "freshness")


def near(axis: int, likeness: float, other: int = 383) -> np.ndarray:
    """A unit vector with that cosine to an axis."""
    return likeness * AXES[axis] + np.sqrt(1 - likeness**2) * AXES[other]


def candidate(name: str, axis: int, **changes: Any) -> Row:  # noqa: ANN401 - any column's value
    """An insight of its own episode, show and idea."""
    return {
        "insight_id": name,
        "episode_id": f"episode of {name}",
        "show_title": f"Show of {name}",
        "published_on": DAY,
        "value_score": 0.5,
        "corroborating_shows": [],
        "embedding": AXES[axis].tolist(),
        **changes,
    }


def like(vector: np.ndarray) -> dict[str, Any]:
    return {"embedding": vector.tolist()}


NOBODY = Wishes(
    wanted=5,
    topic_vectors=AXES[:0],
    followed_shows=frozenset(),
    seen_vectors=AXES[:0],
    seen_ids=frozenset(),
)


def chosen(
    *candidates: Row, wishes: Wishes = NOBODY, weights: Weights | None = None
) -> list[Choice]:
    return choose(candidates, wishes, DAY, LOOKBACK, weights or Weights())


def names(choices: list[Choice]) -> list[str]:
    return [choice.candidate["insight_id"] for choice in choices]


def first(*candidates: Row, wishes: Wishes = NOBODY) -> str:
    return names(chosen(*candidates, wishes=wishes))[0]


# How many


def test_a_reader_gets_as_many_as_wanted_the_best_first() -> None:
    many = [candidate(f"i{n}", n, value_score=n / 10) for n in range(8)]
    assert names(chosen(*many)) == ["i7", "i6", "i5", "i4", "i3"]
    assert len(chosen(*many, wishes=replace(NOBODY, wanted=7))) == 7


def test_a_thin_day_is_shorter_and_an_empty_one_empty() -> None:
    assert names(chosen(candidate("a", 0), candidate("b", 1))) == ["a", "b"]
    assert chosen() == []


# Each idea once


def test_one_idea_told_by_two_shows_is_taken_once_with_the_other_named() -> None:
    best = candidate("best", 0, value_score=0.9)
    twin = candidate("twin", 1, **like(near(0, SAME_IDEA + 0.01)))
    other = candidate("other", 2)
    choices = chosen(twin, other, best)
    assert names(choices) == ["best", "other"]
    assert choices[0].also_in == ("Show of twin",)
    assert choices[1].also_in == ()


def test_just_below_the_threshold_they_are_two_ideas() -> None:
    choices = chosen(candidate("a", 0), candidate("b", 1, **like(near(0, SAME_IDEA - 0.01))))
    assert sorted(names(choices)) == ["a", "b"]
    assert [choice.also_in for choice in choices] == [(), ()]


def test_shows_that_told_it_on_earlier_days_are_named_too_and_the_own_show_is_not() -> None:
    (choice,) = chosen(
        candidate("a", 0, corroborating_shows=["Earlier Show"], value_score=0.9),
        candidate("b", 0, show_title="Show of a"),
        candidate("c", 0),
    )
    assert choice.also_in == ("Earlier Show", "Show of c")


# What the reader already got


def test_what_was_seen_is_never_given_again() -> None:
    rows = [candidate("a", 0, value_score=1.0), candidate("b", 1)]
    assert names(chosen(*rows)) == ["a", "b"]
    assert names(chosen(*rows, wishes=replace(NOBODY, seen_ids=frozenset("a")))) == ["b"]
    assert chosen(*rows, wishes=replace(NOBODY, seen_ids=frozenset("ab"))) == []


def test_what_resembles_something_seen_comes_later() -> None:
    rows = [candidate("a", 0), candidate("b", 1)]
    for axis, expected in ((0, "b"), (1, "a")):
        wishes = replace(NOBODY, seen_vectors=near(axis, 0.7)[None, :])
        assert first(*rows, wishes=wishes) == expected
        worse = chosen(*rows, wishes=wishes)[1]
        assert worse.parts["novelty_part"] == pytest.approx(Weights().novelty * 0.3, abs=1e-3)


# Diversity


def test_the_second_place_goes_to_another_episode_and_show() -> None:
    top = candidate("top", 0, value_score=0.9)
    same_episode = candidate(
        "same_episode", 1, value_score=0.8, episode_id=top["episode_id"], show_title="Show of top"
    )
    same_show = candidate("same_show", 2, value_score=0.75, show_title="Show of top")
    other = candidate("other", 3, value_score=0.7)
    choices = chosen(top, same_episode, same_show, other)
    assert names(choices) == ["top", "other", "same_show", "same_episode"]
    assert choices[0].parts["diversity_cost"] == 0
    assert choices[2].parts["diversity_cost"] == Weights().same_show
    # Its own show is there twice by then, its episode once.
    cost = 2 * Weights().same_show + Weights().same_episode
    assert choices[3].parts["diversity_cost"] == pytest.approx(cost)


def test_what_is_much_alike_costs_a_place() -> None:
    top = candidate("top", 0, value_score=0.9)
    alike = candidate("alike", 1, value_score=0.8, **like(near(0, SAME_IDEA - 0.05)))
    different = candidate("different", 2, value_score=0.5)
    assert names(chosen(top, alike, different)) == ["top", "different", "alike"]
    indifferent = replace(Weights(), likeness=0.0)
    assert names(chosen(top, alike, different, weights=indifferent))[1] == "alike"


# The reader's wishes


@pytest.mark.parametrize("liked", [0, 1])
def test_a_topic_raises_what_fits_it(liked: int) -> None:
    rows = [candidate("a", 0), candidate("b", 1)]
    choices = chosen(*rows, wishes=replace(NOBODY, topic_vectors=AXES[[liked]]))
    assert names(choices)[0] == "ab"[liked]
    assert choices[0].parts["topic_part"] == Weights().topic
    assert choices[1].parts["topic_part"] == 0


def test_a_topic_that_has_nothing_to_do_with_a_text_does_not_count() -> None:
    for likeness, counts in ((MIN_TOPIC - 0.01, False), (MIN_TOPIC + 0.05, True)):
        wishes = replace(NOBODY, topic_vectors=near(0, likeness)[None, :])
        (choice,) = chosen(candidate("a", 0), wishes=wishes)
        assert (choice.parts["topic_part"] > 0) is counts


def test_the_best_fitting_topic_counts_and_not_their_number() -> None:
    one = replace(NOBODY, topic_vectors=near(0, 0.6)[None, :])
    two = replace(NOBODY, topic_vectors=np.stack([near(0, 0.6), near(0, 0.5, 300)]))
    row = candidate("a", 0)
    assert chosen(row, wishes=one)[0].parts == chosen(row, wishes=two)[0].parts


@pytest.mark.parametrize("followed", ["a", "b"])
def test_followed_shows_come_first(followed: str) -> None:
    wishes = replace(NOBODY, followed_shows=frozenset({f"Show of {followed}"}))
    choices = chosen(candidate("a", 0), candidate("b", 1), wishes=wishes)
    assert names(choices)[0] == followed
    assert choices[0].parts["followed_part"] == Weights().followed
    assert choices[1].parts["followed_part"] == 0


def test_what_other_shows_tell_too_comes_first_and_two_are_enough() -> None:
    def told_by(*shows: str) -> float:
        (choice,) = chosen(candidate("a", 0, corroborating_shows=list(shows)))
        return choice.parts["corroboration_part"]

    assert told_by() == 0
    assert told_by("X") == pytest.approx(Weights().corroboration / 2)
    assert told_by("X", "Y") == told_by("X", "Y", "Z") == Weights().corroboration


def test_newer_comes_first() -> None:
    rows = [candidate(f"d{n}", n, published_on=DAY - timedelta(days=n)) for n in range(3)]
    choices = chosen(*rows[::-1])
    assert names(choices) == ["d0", "d1", "d2"]
    assert [choice.parts["freshness_part"] for choice in choices] == pytest.approx(
        [Weights().freshness * share for share in (1, 2 / 3, 1 / 3)], abs=1e-3
    )


def test_ties_are_broken_by_name_and_not_by_the_order_of_rows() -> None:
    rows = [candidate(name, n) for n, name in enumerate("dcab")]
    assert names(chosen(*rows)) == names(chosen(*rows[::-1])) == ["a", "b", "c", "d"]


# Any candidates

candidates = st.lists(
    st.builds(
        lambda axis, likeness, value, show, episode, days, shows: {
            "embedding": near(axis, likeness, 200 + axis).tolist(),
            "value_score": value,
            "show_title": f"s{show}",
            "episode_id": f"e{show}{episode}",
            "published_on": DAY - timedelta(days=days),
            "corroborating_shows": shows,
        },
        st.integers(0, 4),
        st.floats(0, 1),
        st.floats(0, 1),
        st.integers(0, 3),
        st.integers(0, 2),
        st.integers(0, LOOKBACK - 1),
        st.lists(st.sampled_from(["x", "y", "z"]), unique=True),
    ),
    max_size=20,
).map(lambda rows: [row | {"insight_id": f"i{n:02}"} for n, row in enumerate(rows)])
wishes = st.builds(
    Wishes,
    wanted=st.integers(1, 8),
    topic_vectors=st.lists(st.integers(0, 4), max_size=3).map(lambda axes: AXES[axes]),
    followed_shows=st.frozensets(st.sampled_from(["s0", "s1"])),
    seen_vectors=st.lists(st.integers(0, 4), max_size=3).map(lambda axes: AXES[axes]),
    seen_ids=st.frozensets(st.sampled_from(["i00", "i01", "i02"])),
)


@settings(max_examples=60, deadline=None)
@given(candidates, wishes)
def test_the_parts_add_up_and_the_rules_hold_for_any_candidates(
    rows: list[Row], wishes: Wishes
) -> None:
    choices = chosen(*rows, wishes=wishes)
    ids = names(choices)
    assert len(ids) == len(set(ids)) <= wishes.wanted
    assert not wishes.seen_ids & set(ids)
    taken = np.array([choice.candidate["embedding"] for choice in choices]).reshape(-1, 384)
    alike = np.round(taken @ taken.T - np.eye(len(taken)), 3)
    assert (alike < SAME_IDEA + 0.001).all()
    for choice in choices:
        total = sum(choice.parts[f"{part}_part"] for part in PARTS)
        assert choice.parts["score"] == pytest.approx(
            total - choice.parts["diversity_cost"], abs=1e-3
        )
        assert all(choice.parts[f"{part}_part"] >= 0 for part in PARTS)
        assert choice.candidate["show_title"] not in choice.also_in
    if len(ids) < wishes.wanted:
        # Short only because everything else was seen or tells what is there already.
        for row in rows:
            vector = np.array(row["embedding"])
            assert (
                row["insight_id"] in wishes.seen_ids
                or row["insight_id"] in ids
                or np.round(taken @ vector, 3).max(initial=0) >= SAME_IDEA - 0.001
            )
    assert names(chosen(*rows[::-1], wishes=wishes)) == ids
