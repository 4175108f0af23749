"""Digests from the warehouse: memory, look-back, what was sent stays as it was sent."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from podcast_insights.digests.candidates import MIN_RELATED_SHOWN
from podcast_insights.digests.compose import Composer
from podcast_insights.digests.lead import lead
from podcast_insights.digests.memory import MEMORY_DAYS
from podcast_insights.digests.model import SURE_TOPIC, digest_id
from podcast_insights.digests.records import DAILY_DIGESTS, DIGEST_SELECTIONS
from podcast_insights.digests.rows import PASSED_OVER_KEPT, at_second, digests_of
from podcast_insights.digests.scoring import Weights
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.digests import DAY, reader
from podcast_insights_tests.digests.world import AXES, World, ids

# One day


def test_a_place_in_a_digest_has_all_that_is_shown(world: World) -> None:
    world.tell("a", 0, speaker="Ann")
    (row,) = world.compose()
    assert row["digest_id"] == digest_id("ada", DAY)
    assert (row["rank"], row["reader_id"], row["digest_on"]) == (1, "ada", DAY)
    assert (row["headline"], row["quote"]) == ("Headline of a", "Quote of a.")
    assert (row["show_title"], row["episode_title"]) == ("Show of a", "Episode of a")
    assert row["episode_link"] == "https://show.example/a"
    assert row["audio_url"] == "https://cdn.example/a.mp3#t=61"
    assert (row["speaker"], row["also_in"], row["related"]) == ("Ann", [], [])


def test_each_reader_gets_what_was_asked_for(world: World) -> None:
    for axis, name in enumerate("abc"):
        world.tell(name, axis)
    world.store()
    composer = Composer(world.warehouse, world.embedder, 3)
    people = [
        reader("ada", insights=1, topics=("2",)),
        reader("bob", insights=2, followed_shows=("Show of b",)),
        reader("eve", insights=9),
    ]
    rows = composer.compose(people, DateWindow.of_day(DAY)).places
    by_reader = {person.id: [r for r in rows if r["reader_id"] == person.id] for person in people}
    assert ids(by_reader["ada"]) == ["c"]
    assert ids(by_reader["bob"])[0] == "b"
    assert len(by_reader["bob"]) == 2
    assert [row["rank"] for row in by_reader["eve"]] == [1, 2, 3]


def test_topics_are_compared_by_meaning(world: World) -> None:
    world.embedder = Embedder(world.embedder.cache)
    power, music = world.embedder.embed(
        ["Solar panels make power cheap at noon.", "The violin needs years of practice."]
    )
    world.tell("power", 0, embedding=power.tolist())
    world.tell("music", 1, embedding=music.tolist())
    assert ids(world.compose(topics=("energy",))) == ["power", "music"]
    assert ids(world.compose(topics=("classical concerts",))) == ["music", "power"]


def test_a_day_without_insights_has_no_rows_and_still_a_digest(world: World) -> None:
    assert world.run() == []
    ((person, digest),) = world.digests()
    assert (person.id, digest.digest_on, digest.entries) == ("ada", DAY, ())
    assert digest.wanted == 5
    assert "no insight was found in the latest episodes" in lead(digest)


def test_rows_become_digests_by_reader_and_day(world: World) -> None:
    for axis in range(4):
        world.tell(f"i{axis}", axis, days=axis // 2)
    composed = world.composed(0, 1, insights=2)
    found = digests_of(
        [reader()],
        [DAY, DAY + timedelta(days=1)],
        DAILY_DIGESTS.frame(composed.places).reverse(),
        DIGEST_SELECTIONS.frame(composed.selections).reverse(),
    )
    assert [digest.considered and digest.considered.insights for _, digest in found] == [2, 4]
    assert [[entry.rank for entry in digest.entries] for _, digest in found] == [[1, 2], [1, 2]]
    assert {entry.insight_id for _, digest in found for entry in digest.entries} == {
        "i0", "i1", "i2", "i3",
    }  # fmt: skip


# Related insights and corroboration


def test_related_insights_are_shown_in_order_as_far_as_they_are_near_enough(world: World) -> None:
    for axis, name in enumerate(("a", "b", "c", "d", "e", "f")):
        world.tell(name, axis, days=0 if name == "a" else -30)
    for rank, (name, similarity) in enumerate(
        [("b", 0.6), ("c", 0.9), ("d", MIN_RELATED_SHOWN), ("e", 0.5)], start=1
    ):
        world.link("a", name, rank=rank, similarity=similarity)
    (row,) = world.compose()
    assert [link["insight_id"] for link in row["related"]] == ["b", "c", "d"]
    assert row["related"][0] == {
        "insight_id": "b",
        "headline": "Headline of b",
        "show_title": "Show of b",
        "episode_title": "Episode of b",
        "audio_url": "https://cdn.example/b.mp3#t=61",
        "similarity": 0.6,
    }


def test_what_is_too_far_is_not_shown_as_related(world: World) -> None:
    world.tell("a", 0)
    world.tell("b", 1, days=-30)
    world.link("a", "b", similarity=MIN_RELATED_SHOWN - 0.01)
    assert world.compose()[0]["related"] == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"is_same_idea": True}, ["Show of b"]),
        ({"is_same_idea": False}, []),
        ({"is_same_idea": True, "folded_insight_ids": ["c", "own"]}, ["Show of b", "Show of c"]),
        ({"is_same_idea": False, "folded_insight_ids": ["c"]}, []),
        ({"is_same_idea": True, "rank_on_day": None}, []),
    ],
)
def test_other_shows_that_told_the_same_count_and_are_named(
    world: World, changes: dict[str, Any], named: list[str]
) -> None:
    world.tell("a", 0)
    for name in ("b", "c"):
        world.tell(name, 0, days=-30)
    world.tell("own", 0, days=-30, show="Show of a")
    world.link("a", "b", **changes)
    (row,) = world.compose()
    assert row["also_in"] == named
    assert (row["corroboration_part"] > 0) is bool(named)


def test_the_own_show_corroborates_nothing(world: World) -> None:
    world.tell("a", 0)
    world.tell("own", 0, days=-30, show="Show of a")
    world.link("a", "own", is_same_idea=True, is_other_show=False)
    (row,) = world.compose()
    assert (row["also_in"], row["corroboration_part"]) == ([], 0)


def test_neither_does_a_second_feed_of_it(world: World) -> None:
    world.tell("a", 0, show="A Show")
    world.tell("again", 0, days=-30, show="a  show", headline="Headline")
    world.link("a", "again", is_same_idea=True)
    (row,) = world.compose()
    assert (row["also_in"], row["corroboration_part"]) == ([], 0)
    # Nor are two feeds of one other show two shows.
    for name, show in (("b", "B Show"), ("c", "B  show")):
        world.tell(name, 0, days=-30, show=show)
        world.link("a", name, is_same_idea=True, rank=2)
    (row,) = world.compose()
    assert len(row["also_in"]) == 1
    assert row["corroboration_part"] == pytest.approx(Weights().corroboration / 2)


def test_who_was_folded_with_a_teller_and_contradicts_the_insight_is_not_named(
    world: World,
) -> None:
    world.tell("a", 0, headline="Coffee lowers the risk of heart disease")
    world.tell("b", 1, days=-5, headline="Coffee changes the risk of heart disease")
    world.tell("c", 0, days=-5, headline="Coffee raises the risk of heart disease")
    world.tell("d", 0, days=-5, headline="Coffee reduces the risk of heart disease")
    world.tell("far", 2, days=-5, headline="Coffee lowers the risk of heart disease")
    world.link("a", "b", is_same_idea=True, folded_insight_ids=["c", "d", "far"])
    (row,) = world.compose()
    assert row["also_in"] == ["Show of b", "Show of d"]


def test_related_is_what_the_digest_does_not_tell_anyway(world: World) -> None:
    """Neither who is named as telling the same, nor what has a place of its own."""
    for axis, name in enumerate(("a", "b")):
        world.tell(name, axis, value_score=0.9)
    world.tell("twin", 0, value_score=0.6)
    for axis, name in enumerate(("teller", "else"), start=3):
        world.tell(name, axis, days=-30)
    world.link("a", "teller", rank=1, is_same_idea=True)
    for rank, name in enumerate(("b", "twin", "else"), start=2):
        world.link("a", name, rank=rank)
    rows = world.compose()
    assert ids(rows) == ["a", "b"]
    assert rows[0]["also_in"] == ["Show of teller", "Show of twin"]
    assert [link["insight_id"] for link in rows[0]["related"]] == ["else"]


def test_what_later_days_brought_changes_no_digest(world: World) -> None:
    """A digest made again, or in a block of days, is the one that was made on its day."""
    for axis, name in enumerate(("a", "b", "c")):
        world.tell(name, axis, days=0 if name == "a" else -30)
    world.link("a", "b", is_same_idea=True)
    world.link("a", "c", rank=2)
    before = world.compose()
    for axis, name in enumerate(("late", "teller"), start=3):
        world.tell(name, axis, days=5)
    world.link("a", "late", rank=1, rank_on_day=None, is_same_idea=True, similarity=0.9)
    world.link("a", "b", rank=2, rank_on_day=1, is_same_idea=True, folded_insight_ids=["teller"])
    world.link("a", "c", rank=None, rank_on_day=2)
    assert world.compose() == before
    assert [link["insight_id"] for link in before[0]["related"]] == ["c"]
    assert before[0]["also_in"] == ["Show of b"]


def test_one_idea_of_two_shows_of_the_day_is_given_once(world: World) -> None:
    world.tell("a", 0, value_score=0.9)
    world.tell("b", 0)
    world.tell("c", 1)
    rows = world.compose()
    assert ids(rows) == ["a", "c"]
    assert rows[0]["also_in"] == ["Show of b"]


# Why this and not that


def test_each_place_names_its_parts_and_they_add_up(world: World) -> None:
    world.tell("old", 3, days=-1)
    world.run(-1)
    for number in range(4):
        world.tell(f"i{number}", number % 3, show="S", value_score=0.5 + number / 9)
    rows = world.compose(topics=("1",), followed_shows=("s",), lookback=1)
    assert len(rows) == 3
    for row in rows:
        parts = [value for name, value in row.items() if name.endswith("_part")]
        assert len(parts) == 6
        assert row["score"] == pytest.approx(sum(parts) - row["diversity_cost"], abs=1e-9)
    on_topic = next(row for row in rows if row["matched_topic"])
    assert (on_topic["insight_id"], on_topic["matched_topic"]) == ("i1", "1")
    assert on_topic["topic_likeness"] == 1.0


def test_what_was_passed_over_is_kept_with_its_reason(world: World) -> None:
    world.tell("old", 8, days=-1)
    world.run(-1)
    world.tell("best", 0, value_score=0.9)
    world.tell("twin", 0, value_score=0.8)
    world.tell("rival", 1, value_score=0.6)
    world.tell("again", 8)
    world.tell("poor", 2, value_score=0.1)
    composed = world.composed(insights=1, lookback=1)
    (selection,) = composed.selections
    assert ids(composed.places) == ["best"]
    reasons = {row["insight_id"]: row["reason"] for row in selection["passed_over"]}
    assert reasons == {
        "twin": "same_idea",
        "rival": "outscored",
        "again": "told_before",
        "poor": "low_value",
    }
    counted = ("considered", "given", *set(reasons.values()), "adds_too_little")
    assert [selection[name] for name in counted] == [5, 1, 1, 1, 1, 1, 0]
    assert (selection["wanted"], selection["episodes_considered"]) == (1, 5)
    twin = next(row for row in selection["passed_over"] if row["insight_id"] == "twin")
    assert twin["instead_insight_id"] == "best"
    parts = [value for name, value in twin.items() if name.endswith("_part")]
    assert twin["score"] == pytest.approx(sum(parts) - twin["diversity_cost"], abs=1e-9)


def test_of_very_many_only_the_best_are_kept_and_all_are_counted(world: World) -> None:
    for number in range(40):
        world.tell(f"i{number:02}", number, value_score=0.5 + number / 100)
    (selection,) = world.composed(insights=5).selections
    assert selection["outscored"] == 35
    kept = [row["insight_id"] for row in selection["passed_over"]]
    assert kept == [f"i{number:02}" for number in range(34, 34 - PASSED_OVER_KEPT, -1)]


def test_a_thin_day_says_where_the_rest_went(world: World) -> None:
    world.tell("old", 0, days=-1)
    world.run(-1)
    world.tell("again", 0)
    world.tell("poor", 1, value_score=0.2)
    world.tell("good", 2)
    world.run(0, lookback=1)
    ((_, digest),) = world.digests()
    assert lead(digest) == (
        "Only one insight was worth your time today. Of three in the latest episodes, one you had "
        "been told before and one was too slight."
    )


@pytest.mark.parametrize(("likeness", "told"), [(SURE_TOPIC, "1"), (SURE_TOPIC - 0.01, None)])
def test_a_topic_is_told_to_the_reader_only_where_it_is_certain(
    world: World, likeness: float, told: str | None
) -> None:
    vector = likeness * AXES[1] + np.sqrt(1 - likeness**2) * AXES[9]
    world.tell("a", 0, embedding=vector.tolist())
    (row,) = world.run(topics=("1",))
    assert row["matched_topic"] == "1"
    ((_, digest),) = world.digests()
    assert digest.entries[0].topic == told


def test_a_followed_show_that_nobody_subscribes_to_is_noticed(world: World) -> None:
    world.tell("a", 0, show="Compute Ledger")
    followed = {"followed_shows": ("compute  ledger", "Compte Ledger")}
    # Nothing is known of subscriptions where the feeds were not scanned.
    assert world.composed(**followed).selections[0]["unknown_shows"] == []
    world.subscribe("Compute Ledger", "Second Order")
    composed = world.composed(**followed)
    assert composed.selections[0]["unknown_shows"] == ["Compte Ledger"]
    assert composed.places[0]["followed_part"] > 0


# Memory and look-back


def test_candidates_reach_back_as_far_as_told_and_not_into_the_future(world: World) -> None:
    for days in range(-3, 2):
        world.tell(f"day{days}", days + 5, days=days)
    assert ids(world.compose(lookback=3)) == ["day0", "day-1", "day-2"]
    assert ids(world.compose(lookback=1)) == ["day0"]


def test_what_a_reader_got_is_not_given_again(world: World) -> None:
    for axis in range(3):
        world.tell(f"i{axis}", axis, value_score=0.9 - axis / 10)
    assert ids(world.run(0, insights=2)) == ["i0", "i1"]
    assert ids(world.run(1, insights=2)) == ["i2"]
    assert world.run(2, insights=2) == []


def test_a_day_composed_again_gives_the_same(world: World) -> None:
    for axis in range(3):
        world.tell(f"i{axis}", axis)
    first = world.run(0, insights=2)
    assert world.run(0, insights=2) == first


def test_another_readers_digest_is_no_memory_of_mine(world: World) -> None:
    world.tell("a", 0)
    world.run(0)
    composer = Composer(world.warehouse, world.embedder, 3)
    next_day = DateWindow.of_day(DAY + timedelta(days=1))
    assert ids(composer.compose([reader("bob")], next_day).places) == ["a"]
    assert composer.compose([reader("ada")], next_day).places == []


def test_memory_lasts_sixty_days(world: World) -> None:
    world.tell("a", 0)
    world.run(0)
    for days in (1, MEMORY_DAYS):
        assert world.compose(days, lookback=MEMORY_DAYS + 5) == []
    assert ids(world.compose(MEMORY_DAYS + 1, lookback=MEMORY_DAYS + 5)) == ["a"]


def test_what_resembles_something_given_before_loses_novelty(world: World) -> None:
    world.tell("old", 0, days=-2)
    world.run(-2)
    akin = 0.5 * AXES[0] + np.sqrt(0.75) * AXES[9]
    world.tell("akin", 0, embedding=akin.tolist())
    world.tell("new", 1)
    rows = {row["insight_id"]: row for row in world.compose(0, lookback=1)}
    assert list(rows) == ["new", "akin"]
    assert rows["akin"]["novelty_part"] == pytest.approx(0.25, abs=1e-3)
    assert rows["akin"]["nearest_seen_insight_id"] == "old"
    assert rows["new"]["novelty_part"] == 0.5


def test_an_idea_given_before_is_not_given_again_by_another_show(world: World) -> None:
    world.tell("old", 0, days=-2)
    world.run(-2)
    world.tell("again", 0)
    assert world.run(0, lookback=1) == []
    ((_, digest),) = world.digests()
    assert "you have read here before what the latest episodes say" in lead(digest)
    assert world.compose(MEMORY_DAYS - 2, lookback=MEMORY_DAYS + 5) == []
    assert ids(world.compose(MEMORY_DAYS - 1, lookback=MEMORY_DAYS + 5)) == ["again"]


def test_what_was_read_stays_read_though_the_insight_is_gone(world: World) -> None:
    """Another engine or prompt makes the day anew: the insight that was given has no row now."""
    world.embedder = Embedder(world.embedder.cache)
    (vector,) = world.embedder.embed(["Headline of old. Body of old."])
    world.tell("old", 0, days=-1, embedding=vector.tolist())
    world.run(-1)
    with world.warehouse.transaction() as connection:
        connection.execute("DELETE FROM insights")
    world.tell("retold", 0, embedding=vector.tolist(), headline="Headline of old")
    world.tell("other", 1)
    assert ids(world.compose(0, lookback=1)) == ["other"]


def test_vectors_of_another_model_are_made_anew(world: World) -> None:
    """An insight that was embedded by another model is compared by its words, not by accident."""
    world.embedder = Embedder(world.embedder.cache)
    text = "Solar panels make power cheap at noon"
    world.tell("a", 0, headline=text, embedding_model="another model")
    world.tell("b", 1)
    (first, second) = world.compose(topics=("solar energy",))
    assert first["insight_id"] == "a"
    assert first["topic_likeness"] > SURE_TOPIC
    assert second["matched_topic"] is None


def test_a_digest_made_again_later_knows_only_the_days_before_it(world: World) -> None:
    world.tell("a", 0)
    first = world.run(0)
    world.tell("later", 0, days=1, value_score=0.9)
    world.run(1)
    assert world.compose(0) == first
    assert first[0]["nearest_seen_insight_id"] is None


def test_a_block_of_days_gives_the_digests_of_the_days_one_by_one(world: World) -> None:
    for number in range(12):
        world.tell(f"i{number:02}", number, days=number // 4, value_score=0.5 + number / 24)
    world.tell("twin", 0, days=2)
    together = world.composed(0, 3, insights=2, topics=("1", "5"))
    assert len({row["insight_id"] for row in together.places}) == len(together.places) == 8
    for day in range(4):
        single = world.composed(day, insights=2, topics=("1", "5"))
        world.run(day, insights=2, topics=("1", "5"))
        on = DAY + timedelta(days=day)
        assert single.places == [row for row in together.places if row["digest_on"] == on]
        assert single.selections == [row for row in together.selections if row["digest_on"] == on]


# What was sent


@pytest.mark.parametrize(
    ("status", "is_kept"), [("sent", True), ("sending", True), ("failed", False)]
)
def test_a_digest_that_was_sent_stays_as_it_was_sent(
    world: World, status: str, is_kept: bool
) -> None:
    world.tell("a", 0)
    world.run(0)
    before = world.composed(0)
    world.deliver(status)
    world.tell("better", 1, value_score=0.9)
    after = world.composed(0)
    assert ids(after.places) == (["a"] if is_kept else ["better", "a"])
    (selection,) = after.selections
    assert selection["considered"] == (1 if is_kept else 2)
    if is_kept:
        stored = DAILY_DIGESTS.conform(DAILY_DIGESTS.frame(before.places))
        assert DAILY_DIGESTS.conform(DAILY_DIGESTS.frame(after.places)).equals(stored)


def test_a_digest_sent_by_an_older_version_has_no_selection(world: World) -> None:
    world.tell("a", 0)
    world.run(0)
    world.deliver("sent")
    with world.warehouse.transaction() as connection:
        connection.execute("DELETE FROM digest_selections")
    composed = world.composed(0)
    assert (ids(composed.places), composed.selections) == (["a"], [])
    ((_, digest),) = world.digests()
    assert "the episodes held no more" in lead(digest)


def test_what_came_too_late_for_a_sent_digest_is_in_the_next(world: World) -> None:
    world.tell("a", 0)
    world.run(0)
    world.deliver("sent")
    world.tell("late", 1)
    rows = world.compose(0, 1)
    assert [(row["digest_on"], row["insight_id"]) for row in rows] == [
        (DAY, "a"),
        (DAY + timedelta(days=1), "late"),
    ]


def test_a_sent_digest_of_one_reader_does_not_freeze_the_others(world: World) -> None:
    world.tell("a", 0)
    world.run(0)
    world.deliver("sent")
    world.tell("better", 1, value_score=0.9)
    world.store()
    composer = Composer(world.warehouse, world.embedder, 3)
    rows = composer.compose([reader("ada"), reader("bob")], DateWindow.of_day(DAY)).places
    found = {
        person: [r["insight_id"] for r in rows if r["reader_id"] == person]
        for person in ("ada", "bob")
    }
    assert found == {"ada": ["a"], "bob": ["better", "a"]}


# Small things


@pytest.mark.parametrize(
    ("url", "second", "expected"),
    [
        ("https://cdn.example/1.mp3", 61.9, "https://cdn.example/1.mp3#t=61"),
        ("https://cdn.example/1.mp3?x=1#t=5", 0.0, "https://cdn.example/1.mp3?x=1#t=0"),
        (None, 5.0, None),
    ],
)
def test_links_lead_to_the_second(url: str | None, second: float, expected: str | None) -> None:
    assert at_second(url, second) == expected


def test_scores_are_told_part_by_part(world: World) -> None:
    for axis in range(4):
        world.tell(f"i{axis}", axis, show="One Show")
    frame = DAILY_DIGESTS.frame(world.compose(topics=("1",), followed_shows=("One Show",)))
    parts = [name for name in frame.columns if name.endswith("_part")]
    total = frame.select(pl.sum_horizontal(parts) - pl.col("diversity_cost")).to_series()
    assert total.to_list() == pytest.approx(frame["score"].to_list(), abs=1e-3)
    assert frame["diversity_cost"][0] == 0
    assert frame["diversity_cost"][3] > frame["diversity_cost"][1] > 0
