"""Related insights: ten ideas of other episodes, other shows first, as of the day and as of now."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.insights.records import SAME_IDEA
from podcast_insights.insights.related import neighbours
from podcast_insights.insights.related import relate as relating
from podcast_insights.insights.related.folding import MAX_FOLDED
from podcast_insights.insights.related.neighbours import KEEP, MIN_SIMILARITY, Insights
from podcast_insights.insights.related.relate import MAX_KEEP, TOP, relate
from podcast_insights.insights.related.same_idea import OWN_SHOW_RETELLS, Telling
from podcast_insights_tests.insights.related.world import (
    DAY,
    ME,
    REACH,
    Row,
    in_order,
    insight,
    links,
    names,
    pages_of,
    rows_by_the_book,
    words_of,
)

# Who is related


def test_the_nearest_of_other_episodes_are_linked_in_order() -> None:
    found = links(ME, insight("far", 0.4), insight("near", 0.6), insight("nearest", 0.7))
    assert names(found) == ["nearest", "near", "far"]
    assert [row["rank"] for row in found] == [row["rank_on_day"] for row in found] == [1, 2, 3]
    assert [row["similarity"] for row in found] == pytest.approx([0.7, 0.6, 0.4], abs=1e-4)
    assert {row["insight_id"] for row in found} == {"me"}
    assert {row["published_on"] for row in found} == {DAY}


def test_an_insight_is_related_neither_to_itself_nor_to_its_episode() -> None:
    assert links(ME, insight("twin", 0.99, show="mine", episode="my episode")) == []


def test_other_shows_come_before_nearer_ones_of_the_same_show() -> None:
    found = links(ME, insight("own", 0.75, show="mine"), insight("other", 0.5))
    assert names(found) == ["other", "own"]
    assert [row["is_other_show"] for row in found] == [True, False]


def test_a_thousand_nearer_ones_of_the_own_show_hide_no_other_show() -> None:
    own = [insight(f"own{n}", 0.7, show="mine", axis=2 + n % 300) for n in range(1000)]
    found = links(ME, *own, *(insight(f"other{n}", 0.4) for n in range(3)), page_rows=100)
    assert sorted(names(found)[:3]) == ["other0", "other1", "other2"]
    assert len(found) == TOP


def test_the_least_similarity_is_a_limit() -> None:
    found = links(
        ME,
        insight("just", MIN_SIMILARITY + 0.001),
        insight("barely_not", MIN_SIMILARITY - 0.001),
        insight("opposite", -1.0),
    )
    assert names(found) == ["just"]


def test_vectors_of_different_models_are_not_compared() -> None:
    rows = (insight("b", 0.59, embedding_model="other"), insight("c", 0.58))
    assert names(links(ME, *rows)) == ["c"]
    unknown = insight("old", 0.57, embedding_model=None)
    assert names(links(ME, *rows, unknown)) == ["c", "old"]
    assert names(links(ME, *rows, unknown, of=["old"])) == ["me", "b", "c"]


def test_ties_are_broken_by_name_and_not_by_the_order_of_rows() -> None:
    rows = [insight(name, 0.6) for name in "dacb"]
    assert names(links(ME, *rows)) == ["a", "b", "c", "d"]
    assert links(*rows[::-1], ME, page_rows=2) == links(ME, *rows)
    assert names(links(ME, *rows, top=2)) == ["a", "b"]


def test_nothing_gives_nothing() -> None:
    assert links() == []
    assert links(of=["me"]) == []
    assert links(ME) == []


# On the day, and by now


def test_later_days_are_linked_within_the_window_and_unknown_on_the_day() -> None:
    found = links(
        ME,
        insight("yesterday", 0.6, days=-1),
        insight("last", 0.7, days=REACH),
        insight("too_late", 0.75, days=REACH + 1),
    )
    assert names(found) == ["last", "yesterday"]
    assert [(row["rank"], row["rank_on_day"]) for row in found] == [(1, None), (2, 1)]


def test_a_better_one_of_later_days_pushes_the_last_one_out() -> None:
    known = [insight(f"{n}", 0.6 - n / 100) for n in range(TOP)]
    found = {row["related_insight_id"]: row for row in links(ME, *known, insight("x", 0.7, days=3))}
    assert (found["x"]["rank"], found["x"]["rank_on_day"]) == (1, None)
    assert (found["0"]["rank"], found["0"]["rank_on_day"]) == (2, 1)
    assert (found["9"]["rank"], found["9"]["rank_on_day"]) == (None, TOP)
    assert len(found) == TOP + 1


def test_what_was_known_on_the_day_is_the_same_whatever_comes_later() -> None:
    known = [insight(f"{n}", 0.7 - n / 40, axis=5 + n // 3) for n in range(12)]
    late = [insight(f"late{n}", 0.72 - n / 50, axis=5 + n, days=1 + n) for n in range(12)]

    def of_the_day(found: list[Row]) -> list[tuple[Any, ...]]:
        return [
            (
                row["rank_on_day"],
                row["related_insight_id"],
                [name for name in row["folded_insight_ids"] if not name.startswith("late")],
            )
            for row in sorted(found, key=lambda row: row["rank_on_day"] or 99)
            if row["rank_on_day"]
        ]

    before = of_the_day(links(ME, *known))
    assert any(folded for _, _, folded in before)
    assert of_the_day(links(ME, *known, *late)) == before


# One idea, several tellers


def test_near_duplicates_are_one_idea_with_several_tellers() -> None:
    found = links(
        ME,
        insight("first", 0.7, axis=7),
        insight("second", 0.65, axis=7),
        insight("third", 0.6, axis=7),
        insight("else", 0.5),
    )
    assert names(found) == ["first", "else"]
    assert [row["folded_insight_ids"] for row in found] == [["second", "third"], []]
    assert not any(row["is_same_idea"] for row in found[1:])


def test_the_ten_are_ten_ideas_even_behind_more_copies_than_are_kept_at_first() -> None:
    copies = [insight(f"copy{n:03}", 0.7 - n / 1000, axis=7) for n in range(3 * KEEP)]
    ideas = [insight(f"idea{n}", 0.5 - n / 100) for n in range(TOP)]
    found = links(ME, *copies, *ideas, page_rows=17)
    assert names(found) == ["copy000", *(f"idea{n}" for n in range(TOP - 1))]
    assert found[0]["folded_insight_ids"] == [f"copy{n:03}" for n in range(1, MAX_FOLDED + 1)]


def test_looking_on_behind_copies_ends_somewhere() -> None:
    copies = [insight(f"copy{n:03}", 0.7, axis=7) for n in range(MAX_KEEP)]
    assert names(links(ME, *copies, insight("behind", 0.5))) == ["copy000"]
    assert names(links(ME, *copies[1:], insight("behind", 0.5))) == ["copy001", "behind"]


def test_an_own_telling_of_another_shows_idea_is_folded_into_it() -> None:
    found = links(ME, insight("own", 0.72, axis=7, show="mine"), insight("other", 0.6, axis=7))
    assert [(row["related_insight_id"], row["folded_insight_ids"]) for row in found] == [
        ("other", ["own"])
    ]


def test_what_tells_the_insights_own_idea_is_marked() -> None:
    found = links(ME, insight("same", SAME_IDEA), insight("like", SAME_IDEA - 0.001))
    assert [row["is_same_idea"] for row in found] == [True, False]


def test_a_contradiction_is_related_and_neither_folded_nor_the_same() -> None:
    me = ME | {"headline": "Interest rates rise"}
    rise = {"axis": 7, "headline": "Interest rates will rise"}
    fall = {"axis": 7, "headline": "Interest rates will fall"}
    found = links(
        me, insight("a", 0.9, **rise), insight("b", 0.8, **fall), insight("c", 0.7, **rise)
    )
    assert [
        (r["related_insight_id"], r["is_same_idea"], r["folded_insight_ids"]) for r in found
    ] == [
        ("a", True, ["c"]),
        ("b", False, []),
    ]


LOWERS, CHANGES, RAISES = (
    {"headline": f"Coffee {verb} the risk of heart disease"}
    for verb in ("lowers", "changes", "raises")
)


def test_who_contradicts_a_teller_is_not_one_more_of_its_idea() -> None:
    """Both are near to the one in the middle, and not one idea."""
    found = links(
        ME,
        insight("changes", 0.9, axis=7, **CHANGES),
        insight("lowers", 0.8, axis=7, **LOWERS),
        insight("raises", 0.7, axis=7, **RAISES),
        insight("too", 0.6, axis=7, **RAISES),
    )
    assert [(r["related_insight_id"], r["folded_insight_ids"]) for r in found] == [
        ("changes", ["lowers"]),
        ("raises", ["too"]),
    ]


def test_who_contradicts_the_insight_tells_another_idea_than_who_tells_its_own() -> None:
    found = links(
        ME | LOWERS,
        insight("changes", 0.9, axis=7, **CHANGES),
        insight("raises", 0.8, axis=7, **RAISES),
        insight("lowers", 0.7, axis=7, **LOWERS),
    )
    assert [
        (r["related_insight_id"], r["is_same_idea"], r["folded_insight_ids"]) for r in found
    ] == [("changes", True, ["lowers"]), ("raises", False, [])]


@pytest.mark.parametrize(
    ("show", "least"), [("another", SAME_IDEA), ("one", OWN_SHOW_RETELLS), ("mine", SAME_IDEA)]
)
def test_a_show_tells_one_idea_twice_only_where_it_is_nearer_than_others(
    show: str, least: float
) -> None:
    """Everything a show says is about its subject and in its voice."""
    for likeness, count in ((least + 0.001, 1), (least - 0.001, 2)):
        # The first lies on the first axis with ME, so the second is that near to it.
        one = insight("one", 0.9, show="one")
        near = np.array(one["embedding"]) * likeness
        near[300] = np.sqrt(1 - likeness**2)
        two = insight("two", show=show, embedding=near.tolist())
        found = links(ME | {"embedding": insight("x", 1.0)["embedding"]}, one, two)
        assert len(found) == count, (show, likeness)


@pytest.mark.parametrize(("show", "least"), [("mine", OWN_SHOW_RETELLS), ("other", SAME_IDEA)])
def test_the_own_show_tells_the_insights_idea_only_where_it_is_nearer(
    show: str, least: float
) -> None:
    for likeness, is_same in ((least, True), (least - 0.001, False)):
        (row,) = links(ME, insight("a", likeness, show=show))
        assert row["is_same_idea"] is is_same


def test_tellers_of_later_days_are_added_to_those_of_the_day() -> None:
    found = links(
        ME,
        insight("first", 0.7, axis=7),
        insight("second", 0.6, axis=7),
        insight("late", 0.65, axis=7, days=2),
    )
    assert names(found) == ["first"]
    assert found[0]["folded_insight_ids"] == ["second", "late"]


# By the definition


def drawn_rows(drawn: list[tuple[int, int, int, int, bool]]) -> list[Row]:
    """Insights in a space of three dimensions, where everyone has near neighbours."""
    rows = []
    for n, (seed, day, show, part, rises) in enumerate(drawn):
        embedding = np.zeros(384)
        embedding[:3] = np.random.default_rng(seed).normal(size=3) + (0.4, 0, 0)
        rows.append(
            insight(
                f"i{n:02}",
                show=f"s{show}",
                episode=f"e{show}{part}",
                days=day,
                headline=f"Prices {'rise' if rises else 'fall'}",
                embedding=(embedding / np.linalg.norm(embedding)).tolist(),
            )
        )
    return rows


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.integers(0, 25),
            st.integers(0, 3),
            st.integers(0, 2),
            st.booleans(),
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(1, 11),
    st.integers(1, 4),
)
def test_the_rows_are_those_of_the_definition_however_the_pages_are_cut(
    drawn: list[tuple[int, int, int, int, bool]], page_rows: int, top: int
) -> None:
    rows = drawn_rows(drawn)
    pages = pages_of(rows[::-1], page_rows)
    (everyone,) = pages_of(rows)
    found = relate(
        everyone, lambda: pages, words_of(rows), total=len(rows), reach_days=REACH, top=top
    )
    expected = [row for me in rows for row in rows_by_the_book(me, rows, top=top)]
    assert in_order(found) == in_order(expected)


def test_what_is_let_go_of_while_searching_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = drawn_rows([(n, n % 25, n % 4, n % 3, n % 2 == 0) for n in range(120)])
    some = [row["insight_id"] for row in rows[:3]]
    before = links(*rows, of=some, top=1, page_rows=7)
    cleared: list[int] = []
    clear = neighbours.Shelf.clear
    monkeypatch.setattr(neighbours, "SPARE", 0)
    monkeypatch.setattr(neighbours, "KEEP", 2)
    monkeypatch.setattr(relating, "KEEP", 2)
    monkeypatch.setattr(
        neighbours.Shelf, "clear", lambda shelf, found: (cleared.append(1), clear(shelf, found))
    )
    assert in_order(links(*rows, of=some, top=1, page_rows=7)) == in_order(before)
    assert cleared


def test_many_look_for_neighbours_in_one_reading_even_where_a_topic_is_everywhere() -> None:
    assert relating.at_once(KEEP, 100_000) >= 31 * 160
    assert relating.at_once(MAX_KEEP, 100_000) >= 512
    assert 1_000 <= relating.at_once(KEEP, 10_000_000) < relating.at_once(KEEP, 100_000)
    # Many of one topic, all with the same neighbours.
    hot = [insight(f"hot{n:03}", 0.9, axis=7) for n in range(150)]
    readings: list[int] = []

    def pages() -> list[Insights]:
        readings.append(1)
        return pages_of(hot)

    (queries,) = pages_of(hot)
    found = relate(queries, pages, words_of(hot), total=len(hot), reach_days=REACH)
    assert len(readings) == 3  # with 32, 128 and 512 neighbours each
    assert {len(row["folded_insight_ids"]) for row in found} == {MAX_FOLDED}


def test_words_are_read_of_those_that_may_tell_one_idea() -> None:
    rows = [ME, *(insight(f"far{n}", 0.4) for n in range(20)), insight("same", 0.7)]
    rows += [insight(f"twin{n}", 0.5, axis=9 + n // 2) for n in range(2)]
    asked: list[str] = []

    def words(names: Iterable[str]) -> Mapping[str, Telling]:
        asked.extend(names)
        return words_of(rows)(names)

    queries = pages_of(rows[:1])[0]
    relate(queries, lambda: pages_of(rows), words, total=len(rows))
    assert sorted(asked) == ["me", "same", "twin0", "twin1"]


def test_who_has_no_words_any_more_is_related_by_its_vector_alone() -> None:
    rows = [ME | LOWERS, insight("gone", 0.7, **RAISES)]
    for told, is_same in ((rows, False), (rows[:1], True)):
        queries = pages_of(rows[:1])[0]
        known = {row["insight_id"]: Telling.of(row) for row in told}
        (row,) = relate(
            queries,
            lambda: pages_of(rows),
            lambda names, known=known: {n: known[n] for n in names if n in known},
            total=2,
        )
        assert row["is_same_idea"] is is_same


def test_a_day_is_related_as_in_a_block_of_days() -> None:
    rows = drawn_rows([(n, n % 5, n % 3, n % 2, n % 2 == 0) for n in range(40)])
    together = links(*rows, of=[row["insight_id"] for row in rows])
    one_by_one: list[Row] = []
    for day in range(5):
        on = DAY + timedelta(days=day)
        one_by_one += links(*rows, of=[r["insight_id"] for r in rows if r["published_on"] == on])
    assert in_order(together) == in_order(one_by_one)
    assert len(together) > 40
