"""Links of other days are kept right: whatever the order of runs, the rows end up the same."""

import shutil
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from podcast_insights.analysts.views import statements
from podcast_insights.contracts import TABLES as CONTRACTS
from podcast_insights.episodes.records import EPISODES
from podcast_insights.insights.records import INSIGHTS, RELATED_INSIGHTS
from podcast_insights.insights.related.neighbours import to_insights
from podcast_insights.insights.related.refresh import DAYS, Refresher, Related, pages_of
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.conftest import kept_open
from podcast_insights_tests.insights.related.world import (
    DAY,
    Row,
    frame,
    in_order,
    insight,
    rows_by_the_book,
)

TABLES = {table.name: table for table in (EPISODES, INSIGHTS, RELATED_INSIGHTS)}
SLOW = pytest.mark.slow
REACH = 3
TOP = 3
FILLER = {
    "position": 0,
    "quote": "Words that were said.",
    "quote_start_s": 0.0,
    "quote_end_s": 1.0,
    "quote_match": "exact",
    "topics": [],
    "value_score": 0.5,
    "audio_sha256": "sha",
    "engine": "extractive",
    "model": "m",
    "prompt_version": "1",
}


def window(first: int, last: int | None = None) -> DateWindow:
    """Days after the first one, both included."""
    end = DAY + timedelta(days=(first if last is None else last) + 1)
    return DateWindow(DAY + timedelta(days=first), end)


class World:
    """A warehouse in which days are run as Dagster would run them."""

    def __init__(self, path: Path, page_rows: int = 12) -> None:
        self.warehouse = Warehouse(path, TABLES)
        self.refresher = Refresher(self.warehouse, REACH, TOP, page_rows)

    def tell(self, days: DateWindow, rows: Iterable[Row]) -> None:
        """Replace the episodes and insights of some days."""
        mine = [row for row in rows if row["published_on"] in days]
        insights = [
            dict.fromkeys(INSIGHTS.schema.columns()) | FILLER | row | {"feed_id": None}
            for row in mine
        ]
        for row in insights:
            del row["feed_id"]
        episodes = {row["episode_id"]: episode(row) for row in mine}
        self.warehouse.replace_window("episodes", days, EPISODES.frame(list(episodes.values())))
        self.warehouse.replace_window("insights", days, INSIGHTS.frame(insights))

    def run(self, days: DateWindow, rows: Iterable[Row] | None = None) -> Related:
        """What the assets do: insights of the days, then their links."""
        if rows is not None:
            self.tell(days, rows)
        found = self.refresher.run(days)
        links = RELATED_INSIGHTS.frame(found.rows)
        self.warehouse.replace_window("related_insights", days, links)
        return found

    def links(self, name: str | None = None) -> list[Row]:
        found = in_order(self.warehouse.read("FROM related_insights").to_dicts())
        return [row for row in found if name in (None, row["insight_id"])]

    def ranked(self, name: str) -> list[str]:
        """The present list of an insight."""
        found = [row for row in self.links(name) if row["rank"]]
        return [r["related_insight_id"] for r in sorted(found, key=lambda row: row["rank"])]


def episode(row: Row) -> Row:
    return dict.fromkeys(EPISODES.schema.columns()) | {
        "episode_id": row["episode_id"],
        "published_on": row["published_on"],
        "status": "ok",
        "feed_id": row["feed_id"],
        "source_feed_ids": [row["feed_id"]],
        "show_title": row["feed_id"],
        "title": row["episode_id"],
        "description": "",
        "date_source": "feed",
        "persons": [],
    }


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file with its tables, made once."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    Warehouse(path, TABLES).revision()
    return path


@pytest.fixture
def world(empty: Path, tmp_path: Path) -> Iterator[World]:
    path = Path(shutil.copy(empty, tmp_path))
    with kept_open(path, TABLES):
        yield World(path)


@pytest.fixture
def unheld(empty: Path, tmp_path: Path) -> World:
    """A world whose file can be copied, as the publication does."""
    return World(Path(shutil.copy(empty, tmp_path)))


# What a reader notices


def test_a_better_one_of_a_later_day_appears_within_the_window_and_not_after(world: World) -> None:
    rows = [
        insight("me"),
        insight("known", 0.5),
        insight("better", 0.7, days=REACH),
        insight("too_late", 0.75, days=REACH + 1),
    ]
    world.run(window(0), rows)
    assert world.ranked("me") == ["known"]
    found = world.run(window(REACH), rows)
    assert world.ranked("me") == ["better", "known"]
    assert DAY in found.refreshed_days
    assert found.refreshed_links >= 2
    found = world.run(window(REACH + 1), rows)
    assert world.ranked("me") == ["better", "known"]
    assert DAY not in found.refreshed_days


def test_a_late_item_of_an_old_day_reaches_all_days_after_it(world: World) -> None:
    rows = [insight("me", days=40), insight("known", 0.5, days=30)]
    world.run(window(30), rows)
    world.run(window(40), rows)
    before = world.links("me")
    world.run(window(0), [insight("late", 0.7)])
    assert world.ranked("me") == ["late", "known"]
    assert [row["rank_on_day"] for row in world.links("me")] == [2, 1]
    assert before != world.links("me")


def test_what_is_gone_is_linked_no_more(world: World) -> None:
    rows = [insight("me", days=1), insight("a", 0.7, axis=9), insight("b", 0.65, axis=9)]
    world.run(window(0), rows)
    world.run(window(1), rows)
    assert world.ranked("me") == ["a"]
    assert world.links("me")[0]["folded_insight_ids"] == ["b"]
    world.run(window(0), rows[1:2])
    assert world.links("me")[0]["folded_insight_ids"] == []
    world.run(window(0), rows[2:])
    assert world.ranked("me") == ["b"]
    world.run(window(0), [])
    assert world.links() == []


def test_an_episode_in_two_feeds_is_not_related_to_itself(world: World) -> None:
    rows = [insight("me"), insight("copy", 0.9), insight("other", 0.5)]
    world.tell(window(0), rows)
    copies = world.warehouse.read_window("episodes", window(0)).to_dicts()
    for row in copies:
        if row["episode_id"] == "episode of copy":
            row |= {"status": "duplicate", "duplicate_of": "episode of me"}
    world.warehouse.replace_window("episodes", window(0), EPISODES.frame(copies))
    world.run(window(0))
    assert world.ranked("me") == ["other"]


def test_a_day_that_changes_nothing_touches_nothing(world: World) -> None:
    rows = [insight("me"), insight("known", 0.5), insight("far", 0.1, days=1)]
    world.run(window(0), rows)
    world.run(window(1), rows)
    world.tell(window(1), rows)
    before = world.warehouse.revision()
    for day in (0, 1):
        found = world.run(window(day))
        assert (found.refreshed_links, found.refreshed_days) == (0, frozenset())
    assert world.warehouse.revision() == before


def test_rows_of_schema_1_are_made_again_as_soon_as_something_comes_near(world: World) -> None:
    rows = [insight("me"), *(insight(f"known{n}", 0.5 - n / 50) for n in range(TOP))]
    rows += [insight("twin", 0.49, axis=9, days=1)]
    world.run(window(0), rows)
    with world.warehouse.transaction() as connection:
        connection.execute("UPDATE related_insights SET folded_insight_ids = NULL")
    world.run(window(1), rows)
    assert in_order(world.links("me")) == in_order(rows_by_the_book(rows[0], rows, REACH, TOP))


def test_analysts_see_the_present_list_and_how_many_more_tell_an_idea(
    unheld: World, tmp_path: Path
) -> None:
    rows = [insight("me"), insight("a", 0.7, axis=9), insight("b", 0.65, axis=9)]
    rows += [insight(f"known{n}", 0.5 - n / 50) for n in range(TOP - 1)]
    rows += [insight("late", 0.6, days=1)]
    unheld.run(window(0), rows)
    unheld.run(window(1), rows)
    copy = Warehouse(Path(shutil.copy(unheld.warehouse.path, tmp_path / "copy.duckdb")), CONTRACTS)
    with copy.transaction() as connection:
        for statement in statements():
            connection.execute(statement)
        found = connection.execute(
            "SELECT rank, related_show_title, more_tellers, is_same_idea, rank_on_day "
            "FROM related WHERE insight_id = 'me' ORDER BY rank"
        ).fetchall()
    assert found == [
        (1, "show of a", 1, True, 1),
        (2, "show of late", 0, True, None),
        (3, "show of known0", 0, False, 2),
    ]


def test_analysts_compare_vectors_of_one_model(unheld: World, tmp_path: Path) -> None:
    rows = [insight("me"), insight("near", 0.9), insight("old", 0.8, embedding_model=None)]
    rows += [insight("other", 0.95, embedding_model="another model")]
    unheld.tell(window(0), rows)
    copy = Warehouse(Path(shutil.copy(unheld.warehouse.path, tmp_path / "copy.duckdb")), CONTRACTS)
    with copy.transaction() as connection:
        for statement in statements():
            connection.execute(statement)
        found = connection.execute("SELECT insight_id FROM insights_like('me')").fetchall()
    assert [name for (name,) in found] == ["near", "old"]


# Whatever the order


def told(seed: int) -> dict[date, list[list[Row]]]:
    """Ten days with three versions of each: what a prompt made, and what the next ones made."""
    draw = np.random.default_rng(seed)
    days: dict[date, list[list[Row]]] = {}
    for day in range(10):
        # Two quiet days, so that some runs find nothing at all.
        names = [f"d{day}n{n}" for n in range(0 if day in (3, 7) else 1 + draw.integers(5))]
        versions = []
        for _ in range(3):
            rows = []
            for name in names:
                if draw.random() < 0.3:
                    continue
                embedding = np.zeros(384)
                embedding[:4] = draw.normal(size=4) + (0.5, 0, 0, 0)
                show = draw.integers(4)
                rows.append(
                    insight(
                        name,
                        show=f"s{show}",
                        episode=f"e{day}s{show}",
                        days=day,
                        headline=f"Prices {draw.choice(['rise', 'fall', 'matter'])}",
                        embedding=(embedding / np.linalg.norm(embedding)).tolist(),
                    )
                )
            versions.append(rows)
        days[DAY + timedelta(days=day)] = versions
    return days


def expected(rows: list[Row]) -> list[Row]:
    """All links by the definition."""
    return in_order(row for me in rows for row in rows_by_the_book(me, rows, REACH, TOP))


RUNS = {
    "oldest first": [(day, day) for day in range(10)],
    "newest first": [(day, day) for day in range(9, -1, -1)],
    "one block": [(0, 9)],
    "blocks": [(5, 9), (0, 1), (2, 4)],
}
"""First and last days of runs over ten days."""


@pytest.mark.parametrize("kind", RUNS)
def test_any_order_of_runs_ends_in_the_same_rows(world: World, kind: str) -> None:
    rows = [row for versions in told(1).values() for row in versions[0]]
    for first, last in RUNS[kind]:
        world.run(window(first, last), rows)
    assert world.links() == expected(rows)
    assert len(world.links()) > len(rows)


@pytest.mark.parametrize("seed", [3, pytest.param(4, marks=SLOW), pytest.param(5, marks=SLOW)])
def test_after_every_run_of_a_random_walk_the_rows_are_those_of_the_definition(
    world: World, seed: int
) -> None:
    """Days come in any order, come again with other insights, and lose some."""
    days, draw = told(seed), np.random.default_rng(seed)
    stored: dict[date, list[Row]] = {}
    firsts = [*draw.permutation(10).tolist(), *draw.integers(10, size=6).tolist()]
    for number, first in enumerate(firsts):
        last = min(first + int(draw.integers(4)), 9) if number % 2 else first
        for day in window(first, last).days():
            stored[day] = days[day][int(draw.integers(3))]
        rows = [row for some in stored.values() for row in some]
        world.run(window(first, last), rows)
        assert world.links() == expected(rows), f"after {first} to {last}"


def test_pages_are_whole_days_and_all_of_them(world: World) -> None:
    rows = [insight(f"i{n}", days=n % 4) for n in range(14)]
    world.tell(window(0, 3), rows)
    days = world.warehouse.read(DAYS).rows()
    pages = [world.refresher.read(*page) for page in pages_of(days, 5)]
    assert [len(set(page.days)) for page in pages] == [1, 1, 1, 1]
    assert sorted(name for page in pages for name in page.ids) == sorted(
        frame(rows)["insight_id"].to_list()
    )
    assert [len(world.refresher.read(*page)) for page in pages_of(days, 8)] == [8, 6]
    assert list(pages_of(days, 8, first=DAY + timedelta(days=4))) == []
    assert len(to_insights(frame([]))) == 0
