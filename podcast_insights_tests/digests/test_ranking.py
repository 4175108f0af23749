"""Which insights a reader gets: wanted, new, worth it, of several shows, each idea once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.digests.ranking import Choice, Floors, PassedOver, Selection, choose
from podcast_insights.digests.scoring import (
    FULL_TOPIC,
    MIN_TOPIC,
    Row,
    Weights,
    Wishes,
    title_key,
)
from podcast_insights.insights.records import ENGINES, SAME_IDEA
from podcast_insights.insights.related.same_idea import OWN_SHOW_RETELLS
from podcast_insights_tests.effort import assert_no_more_than_linear

DAY = date(2025, 9, 8)
AXES = np.eye(384, dtype=np.float32)
LOOKBACK = 3
PARTS = ("value", "novelty", "corroboration", "topic", "followed", "freshness")
ANYTHING = Floors(extractive=0.0, llm=0.0, score=-99.0)


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
        "headline": f"Headline of {name}",
        "body": f"Body of {name}.",
        "quote": f"Quote of {name}.",
        "engine": "extractive",
        "value_score": 0.5,
        "corroborating_shows": [],
        "embedding": AXES[axis].tolist(),
        **changes,
    }


def like(vector: np.ndarray) -> dict[str, Any]:
    return {"embedding": vector.tolist()}


NOBODY = Wishes(
    wanted=5,
    topics=(),
    topic_vectors=AXES[:0],
    followed_shows=frozenset(),
    seen=(),
    seen_vectors=AXES[:0],
)


def who_likes(*vectors: np.ndarray, wishes: Wishes = NOBODY) -> Wishes:
    """A reader of topics with these vectors, called `topic 0`, `topic 1`..."""
    names = tuple(f"topic {number}" for number in range(len(vectors)))
    return replace(wishes, topics=names, topic_vectors=np.stack(vectors))


def who_read(*rows: Row, wishes: Wishes = NOBODY) -> Wishes:
    """A reader who got these insights before."""
    vectors = np.array([row["embedding"] for row in rows], dtype=np.float32).reshape(-1, 384)
    return replace(wishes, seen=rows, seen_vectors=vectors)


def selected(
    *candidates: Row,
    wishes: Wishes = NOBODY,
    weights: Weights | None = None,
    floors: Floors | None = None,
) -> Selection:
    return choose(candidates, wishes, DAY, LOOKBACK, weights or Weights(), floors or Floors())


def chosen(
    *candidates: Row,
    wishes: Wishes = NOBODY,
    weights: Weights | None = None,
    floors: Floors | None = None,
) -> list[Choice]:
    return selected(*candidates, wishes=wishes, weights=weights, floors=floors).choices


def names(places: Sequence[Choice | PassedOver]) -> list[str]:
    return [place.scored.row["insight_id"] for place in places]


def part(choice: Choice, name: str) -> float:
    return choice.scored.parts[f"{name}_part"]


def first(*candidates: Row, wishes: Wishes = NOBODY) -> str:
    return names(chosen(*candidates, wishes=wishes))[0]


def fates(selection: Selection) -> dict[str, str]:
    """What became of each: chosen, or the reason why not."""
    return dict.fromkeys(names(selection.choices), "chosen") | {
        passed.scored.row["insight_id"]: passed.reason for passed in selection.passed_over
    }


# How many


def test_a_reader_gets_as_many_as_wanted_the_best_first() -> None:
    many = [candidate(f"i{n}", n, value_score=0.5 + n / 20) for n in range(8)]
    assert names(chosen(*many)) == ["i7", "i6", "i5", "i4", "i3"]
    assert len(chosen(*many, wishes=replace(NOBODY, wanted=7))) == 7


def test_a_thin_day_is_shorter_and_an_empty_one_empty() -> None:
    assert names(chosen(candidate("a", 0), candidate("b", 1))) == ["a", "b"]
    assert selected() == Selection([], [])


# What is not worth a place


@pytest.mark.parametrize("engine", ["extractive", "llm"])
def test_what_its_engine_thinks_little_of_fills_no_place(engine: str) -> None:
    floor = Floors().value_of(engine)
    just = candidate("just", 0, engine=engine, value_score=floor)
    under = candidate("under", 1, engine=engine, value_score=floor - 0.001)
    assert fates(selected(just, under)) == {"just": "chosen", "under": "low_value"}


def test_engines_have_scales_of_their_own() -> None:
    rows = [candidate(name, n, engine=name, value_score=0.45) for n, name in enumerate(ENGINES)]
    assert fates(selected(*rows)) == {"extractive": "low_value", "llm": "chosen"}


def test_one_long_episode_does_not_fill_a_digest() -> None:
    one = {"episode_id": "long", "show_title": "Show"}
    rows = [candidate(f"i{n}", n, value_score=0.6, **one) for n in range(8)]
    selection = selected(*rows)
    assert len(selection.choices) == 4
    assert selection.counts == {"adds_too_little": 4}
    assert all(passed.score < 0 for passed in selection.passed_over)
    # Beside another episode the digest is full again.
    more = [candidate(f"o{n}", 20 + n, value_score=0.55) for n in range(2)]
    assert len(chosen(*rows, *more)) == 5


def test_every_rival_is_told_with_its_reason() -> None:
    old = candidate("old", 9)
    selection = selected(
        candidate("best", 0, value_score=0.9),
        candidate("twin", 1, value_score=0.8, **like(near(0, SAME_IDEA))),
        candidate("second", 2, value_score=0.7),
        candidate("third", 3, value_score=0.6),
        candidate("again", 4, value_score=0.9, **like(near(9, SAME_IDEA))),
        candidate("poor", 5, value_score=0.1),
        wishes=who_read(old, wishes=replace(NOBODY, wanted=2)),
    )
    assert fates(selection) == {
        "best": "chosen",
        "second": "chosen",
        "twin": "same_idea",
        "third": "outscored",
        "again": "told_before",
        "poor": "low_value",
    }
    instead = {
        passed.scored.row["insight_id"]: passed.instead_id for passed in selection.passed_over
    }
    assert instead == {"twin": "best", "again": "old", "third": None, "poor": None}
    scores = [passed.score for passed in selection.passed_over]
    assert scores == sorted(scores, reverse=True)


def test_what_is_worth_no_place_was_not_outscored() -> None:
    """In a full digest too: outscored are only those that would have got a place otherwise."""
    values = {"first": 0.9, "second": 0.8, "rival": 0.7, "dull": 0.6}
    rows = [candidate(name, n, value_score=value) for n, (name, value) in enumerate(values.items())]
    least = chosen(rows[2])[0].score
    selection = selected(*rows, wishes=replace(NOBODY, wanted=2), floors=Floors(score=least))
    assert fates(selection) == {
        "first": "chosen",
        "second": "chosen",
        "rival": "outscored",
        "dull": "adds_too_little",
    }


def test_a_rivals_score_compares_with_that_of_the_last_place() -> None:
    """Third beats the rival because the rival's show has a place already, and the row says so."""
    top = candidate("top", 0, value_score=0.9)
    rival = candidate("rival", 1, value_score=0.6, show_title="Show of top")
    other = candidate("other", 2, value_score=0.55)
    selection = selected(top, rival, other, wishes=replace(NOBODY, wanted=2))
    (passed,) = selection.passed_over
    assert names([passed]) == ["rival"]
    assert passed.diversity_cost == Weights().same_show
    assert passed.scored.relevance > selection.choices[-1].scored.relevance
    assert passed.score < selection.choices[-1].score


# Each idea once


def test_one_idea_told_by_two_shows_is_taken_once_with_the_other_named() -> None:
    best = candidate("best", 0, value_score=0.9)
    twin = candidate("twin", 1, **like(near(0, SAME_IDEA + 0.01)))
    other = candidate("other", 2)
    choices = chosen(twin, other, best)
    assert names(choices) == ["best", "other"]
    assert choices[0].also_in == ("Show of twin",)
    assert choices[1].also_in == ()


def test_a_contradiction_is_an_idea_of_its_own() -> None:
    rise = candidate("rise", 0, value_score=0.9, headline="Rents rise in spring")
    fall = candidate("fall", 1, headline="Rents fall in spring", **like(near(0, SAME_IDEA + 0.1)))
    again = fall | {"insight_id": "again", "headline": "Rents climb in spring"}
    assert names(chosen(rise, fall)) == ["rise", "fall"]
    assert names(chosen(rise, again)) == ["rise"]
    assert fates(selected(fall, wishes=who_read(rise))) == {"fall": "chosen"}
    assert fates(selected(again, wishes=who_read(rise))) == {"again": "told_before"}


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
    a, b = candidate("a", 0, value_score=1.0), candidate("b", 1)
    assert names(chosen(a, b)) == ["a", "b"]
    assert names(chosen(a, b, wishes=who_read(a))) == ["b"]
    assert chosen(a, b, wishes=who_read(a, b)) == []
    # Not even if it was told anew since, so that its vector is another.
    assert names(chosen(a | like(AXES[7]), b, wishes=who_read(a))) == ["b"]


def test_an_idea_the_reader_knows_is_not_told_again_in_other_words() -> None:
    for likeness, fate in ((SAME_IDEA, "told_before"), (SAME_IDEA - 0.001, "chosen")):
        again = candidate("again", 1, value_score=1.0, **like(near(0, likeness)))
        selection = selected(again, wishes=who_read(candidate("old", 0)))
        assert fates(selection) == {"again": fate}


def test_a_show_may_stay_with_its_subject_without_being_taken_to_repeat_itself() -> None:
    old = candidate("old", 0, show_title="A Show")
    for likeness, fate in ((OWN_SHOW_RETELLS, "told_before"), (OWN_SHOW_RETELLS - 0.001, "chosen")):
        own = candidate("own", 1, show_title="A  show", **like(near(0, likeness)))
        assert fates(selected(own, wishes=who_read(old))) == {"own": fate}


def test_one_show_repeats_itself_within_a_digest_by_the_same_rule() -> None:
    for likeness, count in ((OWN_SHOW_RETELLS, 1), (OWN_SHOW_RETELLS - 0.001, 2)):
        own = candidate("own", 1, show_title="show of A", **like(near(0, likeness)))
        choices = chosen(candidate("a", 0, value_score=1.0), own, weights=Weights(likeness=0))
        assert len(choices) == count


def test_what_resembles_something_seen_comes_later() -> None:
    rows = [candidate("a", 0), candidate("b", 1)]
    for axis, expected in ((0, "b"), (1, "a")):
        wishes = who_read(candidate("far", 50), candidate("old", 9, **like(near(axis, 0.5))))
        best, worse = chosen(*rows, wishes=wishes)
        assert names([best]) == [expected]
        assert part(best, "novelty") == Weights().novelty
        assert part(worse, "novelty") == pytest.approx(Weights().novelty * 0.5, abs=1e-3)
        assert worse.scored.nearest_seen_id == "old"


def test_to_a_new_reader_everything_is_new() -> None:
    (choice,) = chosen(candidate("a", 0))
    assert part(choice, "novelty") == Weights().novelty
    assert choice.scored.nearest_seen_id is None


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
    assert choices[0].diversity_cost == 0
    assert choices[2].diversity_cost == Weights().same_show
    # Its own show is there twice by then, its episode once.
    cost = 2 * Weights().same_show + Weights().same_episode
    assert choices[3].diversity_cost == pytest.approx(cost)


def test_a_clearly_better_insight_wins_though_its_show_has_a_place() -> None:
    top = candidate("top", 0, value_score=0.9)
    better = candidate("better", 1, value_score=0.75, show_title="Show of top")
    other = candidate("other", 2, value_score=0.55)
    assert names(chosen(top, better, other)) == ["top", "better", "other"]


def test_a_day_of_one_dominating_show_still_gives_variety() -> None:
    """Eight good ideas of one episode, two fair ones of other shows: both are there."""
    loud = {"episode_id": "loud", "show_title": "Loud"}
    rows = [candidate(f"l{n}", n, value_score=0.8 - n / 100, **loud) for n in range(8)]
    quiet = [candidate(f"q{n}", 20 + n, value_score=0.52) for n in range(2)]
    choices = chosen(*rows, *quiet)
    assert names(choices) == ["l0", "q0", "q1", "l1", "l2"]
    # A network's daily show: many episodes of one show, and one other show.
    daily = [candidate(f"d{n}", n, value_score=0.8 - n / 100, show_title="Daily") for n in range(8)]
    assert "q0" in names(chosen(*daily, quiet[0]))[:4]


def test_another_theme_comes_second() -> None:
    """Six shows on one theme, and two on another with less to tell."""
    theme = [
        candidate(f"t{n}", 0, value_score=0.7, **like(near(0, 0.75, 100 + n))) for n in range(6)
    ]
    other = [candidate(f"o{n}", 9, **like(near(9, 0.75, 200 + n))) for n in range(2)]
    assert names(chosen(*theme, *other))[:2] == ["t0", "o0"]


def test_what_is_much_alike_costs_a_place() -> None:
    top = candidate("top", 0, value_score=0.9)
    alike = candidate("alike", 1, value_score=0.8, **like(near(0, SAME_IDEA - 0.05)))
    different = candidate("different", 2, value_score=0.5)
    assert names(chosen(top, alike, different)) == ["top", "different", "alike"]
    indifferent = replace(Weights(), likeness=0.0)
    assert names(chosen(top, alike, different, weights=indifferent))[1] == "alike"


# The reader's wishes


@pytest.mark.parametrize("liked", [0, 1])
def test_a_topic_raises_what_fits_it_and_is_named(liked: int) -> None:
    rows = [candidate("a", 0), candidate("b", 1)]
    fits, fits_not = chosen(*rows, wishes=who_likes(AXES[7], AXES[liked]))
    assert names([fits, fits_not]) == ["ab"[liked], "ba"[liked]]
    assert part(fits, "topic") == Weights().topic
    assert (fits.scored.topic, fits.scored.topic_likeness) == ("topic 1", 1.0)
    assert part(fits_not, "topic") == 0
    assert (fits_not.scored.topic, fits_not.scored.topic_likeness) == (None, None)


def test_a_topic_counts_from_the_least_likeness_to_the_full_one() -> None:
    def fit(likeness: float) -> float:
        (choice,) = chosen(candidate("a", 0), wishes=who_likes(near(0, likeness)))
        assert (choice.scored.topic is None) is (likeness < MIN_TOPIC)
        return part(choice, "topic")

    assert fit(MIN_TOPIC - 0.01) == fit(-0.5) == 0
    middle = (MIN_TOPIC + FULL_TOPIC) / 2
    assert fit(middle) == pytest.approx(Weights().topic / 2, abs=1e-3)
    assert fit(FULL_TOPIC) == fit(FULL_TOPIC + 0.2) == Weights().topic


def test_the_best_fitting_topic_counts_and_not_their_number() -> None:
    row = candidate("a", 0)
    (one,) = chosen(row, wishes=who_likes(near(0, 0.4)))
    (two,) = chosen(row, wishes=who_likes(near(0, 0.3, 300), near(0, 0.4)))
    assert one.scored.parts == two.scored.parts
    assert two.scored.topic == "topic 1"


def test_no_topics_change_nothing() -> None:
    rows = [candidate(f"i{n}", n, value_score=0.5 + n / 20) for n in range(5)]
    choices = chosen(*rows)
    assert names(choices) == ["i4", "i3", "i2", "i1", "i0"]
    assert {part(choice, "topic") for choice in choices} == {0.0}


@pytest.mark.parametrize("followed", ["a", "b"])
@pytest.mark.parametrize("spelled", ["Show of {}", "  show  OF {}\n"])
def test_followed_shows_come_first_however_they_are_spelled(followed: str, spelled: str) -> None:
    wishes = replace(NOBODY, followed_shows=frozenset({title_key(spelled.format(followed))}))
    choices = chosen(candidate("a", 0), candidate("b", 1), wishes=wishes)
    assert names(choices)[0] == followed
    assert part(choices[0], "followed") == Weights().followed
    assert part(choices[1], "followed") == 0


def test_what_other_shows_tell_too_comes_first_and_two_are_enough() -> None:
    def told_by(*shows: str) -> float:
        (choice,) = chosen(candidate("a", 0, corroborating_shows=list(shows)))
        return part(choice, "corroboration")

    assert told_by() == 0
    assert told_by("X") == pytest.approx(Weights().corroboration / 2)
    assert told_by("X", "Y") == told_by("X", "Y", "Z") == Weights().corroboration


def test_newer_comes_first() -> None:
    rows = [candidate(f"d{n}", n, published_on=DAY - timedelta(days=n)) for n in range(3)]
    choices = chosen(*rows[::-1])
    assert names(choices) == ["d0", "d1", "d2"]
    assert [part(choice, "freshness") for choice in choices] == pytest.approx(
        [Weights().freshness * share for share in (1, 2 / 3, 1 / 3)], abs=1e-3
    )


def test_ties_are_broken_by_name_and_not_by_the_order_of_rows() -> None:
    rows = [candidate(name, n) for n, name in enumerate("dcab")]
    assert names(chosen(*rows)) == names(chosen(*rows[::-1])) == ["a", "b", "c", "d"]


def test_many_candidates_for_fifty_places_cost_no_more_than_their_number() -> None:
    wishes = replace(NOBODY, wanted=50)

    def candidates_of(count: int) -> list[Row]:
        vectors = np.random.default_rng(0).normal(size=(count, 384))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return [candidate(f"i{n}", 0, **like(vector)) for n, vector in enumerate(vectors)]

    def choose_from(rows: list[Row]) -> None:
        read = who_read(*rows[: len(rows) // 4], wishes=wishes)
        unread = len(rows) - len(read.seen)
        assert len(chosen(*rows, wishes=read, floors=ANYTHING)) == min(50, unread)

    assert_no_more_than_linear(choose_from, candidates_of, 1600)


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
            "engine": "extractive",
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
).map(
    lambda rows: [
        row | {"insight_id": f"i{n:02}", "headline": "One", "body": "Two."}
        for n, row in enumerate(rows)
    ]
)
floors = st.builds(Floors, st.floats(0, 0.6), st.floats(0, 0.6), st.floats(-1, 1))


@st.composite
def readers(draw: st.DrawFn) -> Wishes:
    """Readers with topics, followed shows and memories of any kind."""
    topics = draw(st.lists(st.integers(0, 4), max_size=3))
    seen = draw(
        st.lists(st.tuples(st.sampled_from(["i00", "x", "y"]), st.integers(0, 4)), max_size=3)
    )
    return Wishes(
        wanted=draw(st.integers(1, 8)),
        topics=tuple(map(str, topics)),
        topic_vectors=AXES[topics],
        followed_shows=draw(st.frozensets(st.sampled_from(["s0", "s1"]))),
        seen=tuple(candidate(name, axis) for name, axis in seen),
        seen_vectors=AXES[[axis for _, axis in seen]],
    )


@settings(max_examples=80, deadline=None)
@given(candidates, readers(), floors)
def test_the_parts_add_up_and_the_rules_hold_for_any_candidates(
    rows: list[Row], wishes: Wishes, floors: Floors
) -> None:
    selection = selected(*rows, wishes=wishes, floors=floors)
    ids = names(selection.choices)
    assert len(ids) <= wishes.wanted
    assert sorted(ids + names(selection.passed_over)) == [row["insight_id"] for row in rows]
    assert not {row["insight_id"] for row in wishes.seen} & set(ids)
    taken = np.array([choice.scored.row["embedding"] for choice in selection.choices])
    taken = taken.reshape(-1, 384)
    alike = np.round(taken @ taken.T - np.eye(len(taken)), 3)
    shows = np.array([choice.scored.row["show_title"] for choice in selection.choices])
    # A show is nearer to itself whatever it says.
    most = np.where(shows[:, None] == shows, OWN_SHOW_RETELLS, SAME_IDEA)
    assert (alike < most + 0.001).all()
    assert (np.round(taken @ wishes.seen_vectors.T, 3) < SAME_IDEA + 0.001).all()
    for place in (*selection.choices, *selection.passed_over):
        parts = place.scored.parts
        assert set(parts) == {f"{name}_part" for name in PARTS}
        assert all(value >= 0 for value in parts.values())
        assert place.score == pytest.approx(sum(parts.values()) - place.diversity_cost, abs=1e-9)
    for choice in selection.choices:
        assert choice.score >= floors.score
        assert choice.scored.row["value_score"] >= floors.extractive
        assert choice.scored.row["show_title"] not in choice.also_in
    is_full = len(ids) == wishes.wanted
    for passed in selection.passed_over:
        if passed.reason == "outscored":
            assert is_full
            assert passed.score <= selection.choices[-1].score
        elif passed.reason == "adds_too_little":  # even a full digest may have refused it
            assert passed.score < floors.score
        elif passed.reason == "low_value":
            assert passed.scored.row["value_score"] < floors.extractive
        elif passed.reason == "same_idea":
            assert passed.instead_id in ids
        else:
            assert passed.instead_id in {row["insight_id"] for row in wishes.seen}
    again = selected(*rows[::-1], wishes=wishes, floors=floors)
    assert again.choices == selection.choices
    assert again.passed_over == selection.passed_over
