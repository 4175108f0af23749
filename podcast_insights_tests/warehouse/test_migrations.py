"""A warehouse of an older podcast-insights, opened by today's: the same tables, all rows kept.

`schema_0.sql` and its like are frozen; a new schema gets a file of its own beside them.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from podcast_insights.cache import Cache
from podcast_insights.contracts import TABLES
from podcast_insights.episodes.identify import ITEMS_OF_DAYS, TRAITS_OF_ALL, identify
from podcast_insights.episodes.lacking import lacking_days
from podcast_insights.episodes.records import EPISODES
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.transcripts.records import Segment
from podcast_insights.warehouse.contracts import Table
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.migrations import MIGRATIONS, SCHEMA_VERSION
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.feeds.world import World
from podcast_insights_tests.support.servers import answer, site

FIXTURES = Path(__file__).parent
OLD = {
    0: ("feeds", "feed_fetches", "announced_items", "episodes"),
    1: ("insights", "rejected_insights", "related_insights", "llm_calls"),
    2: ("transcripts",),
}
"""Tables that got columns in the step from each schema; the files hold two rows of each."""
OLD_FEED = "66794a697847b9a3"
FIRST, LAST = date(2025, 9, 6), date(2025, 9, 7)
COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, comment
FROM duckdb_columns() WHERE NOT internal ORDER BY table_name, column_index
"""
COMMENTS = "SELECT table_name, comment FROM duckdb_tables() ORDER BY ALL"

ITEM = """<item><title>{title}</title><guid>{guid}</guid>
<pubDate>{date}</pubDate><itunes:duration>{seconds}</itunes:duration>
<itunes:episodeType>full</itunes:episodeType>
<enclosure url="https://cdn.example/{number}.mp3?token=b" type="audio/mpeg"
 length="{number}000"/></item>"""
FEED = """<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel><title>Old Show</title>{items}</channel></rss>"""


def feed_of(title: str = "The First Old Episode", seconds: int = 1800) -> bytes:
    """The feed behind the rows of schema 0, its tokens rotated since."""
    items = (
        (title, "guid-of-the-first", "Sat, 06 Sep 2025 06:00:00 GMT", seconds, 1),
        ("The Second Old Episode", "guid-of-the-second", "Sun, 07 Sep 2025 06:00:00 GMT", 1800, 2),
    )
    names = ("title", "guid", "date", "seconds", "number")
    text = "".join(ITEM.format(**dict(zip(names, item, strict=True))) for item in items)
    return FEED.format(items=text).encode()


def file_of(schema: int, folder: Path) -> Path:
    """A file as podcast-insights of an older schema left it."""
    path = folder / f"schema_{schema}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute((FIXTURES / f"schema_{schema}.sql").read_text())
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of schema 0."""
    return file_of(0, tmp_path)


@pytest.fixture
def migrated(old: Path) -> Warehouse:
    """The old file behind today's door."""
    return Warehouse(old, TABLES)


def test_every_schema_has_a_step() -> None:
    assert SCHEMA_VERSION == len(MIGRATIONS) >= 1
    assert len(list(FIXTURES.glob("schema_*.sql"))) == SCHEMA_VERSION


@pytest.mark.parametrize("schema", range(SCHEMA_VERSION))
def test_an_old_file_becomes_like_a_fresh_one(schema: int, tmp_path: Path) -> None:
    migrated = Warehouse(file_of(schema, tmp_path), TABLES)
    fresh = Warehouse(tmp_path / "fresh.duckdb", TABLES)
    assert migrated.read(COLUMNS).rows() == fresh.read(COLUMNS).rows()
    assert migrated.read(COMMENTS).rows() == fresh.read(COMMENTS).rows()
    versions = [w.read("SELECT schema_version FROM _warehouse").item() for w in (migrated, fresh)]
    assert versions == [SCHEMA_VERSION, SCHEMA_VERSION]
    assert migrated.revision() == 41


@pytest.mark.parametrize("schema", range(SCHEMA_VERSION))
def test_old_rows_are_kept_and_fit_todays_contracts(schema: int, tmp_path: Path) -> None:
    old = file_of(schema, tmp_path)
    migrated = Warehouse(old, TABLES)
    with duckdb.connect(str(old)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        before = {name: connection.table(name).pl() for name in OLD[schema]}
    for name, rows in before.items():
        now = migrated.read(f"FROM {name}")
        assert rows.height == 2
        assert without_new_fields(now, rows).rows() == rows.rows()
        added = now.select(pl.exclude(*rows.columns, "rank_on_day"))
        assert added.width > 0
        assert all(count == now.height for count in added.null_count().row(0))
        assert TABLES[name].conform(now).height == rows.height


def without_new_fields(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """The columns that were there before, and of lists of structs the fields that were."""
    return now.select(pl.col(name).cast(dtype) for name, dtype in before.schema.items())


def test_old_segments_know_no_words(tmp_path: Path) -> None:
    warehouse = Warehouse(file_of(2, tmp_path), TABLES)
    first, second = warehouse.read("FROM transcripts ORDER BY episode_id")["segments"].to_list()
    assert [Segment.from_row(row) for row in first] == [
        Segment(12.5, 14.0, "Heat beats cold"),
        Segment(14.0, 15.0, "in all our tests.", "Ann"),
    ]
    assert [row["words"] for row in first] == [None, None]
    assert second == []


def test_old_links_lead_to_their_own_day_or_earlier(tmp_path: Path) -> None:
    links = Warehouse(file_of(1, tmp_path), TABLES).read("FROM related_insights")
    assert links["rank_on_day"].to_list() == links["rank"].to_list() == [1, 1]


def test_it_is_migrated_once(migrated: Warehouse) -> None:
    state = migrated.read(COLUMNS).rows()
    assert Warehouse(migrated.path, TABLES).read(COLUMNS).rows() == state


def test_a_file_with_some_of_the_tables_only_gets_the_others(old: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(old)) as connection:
        connection.execute("DROP TABLE feed_fetches")
    fresh = Warehouse(tmp_path / "fresh.duckdb", TABLES)
    assert Warehouse(old, TABLES).read(COLUMNS).rows() == fresh.read(COLUMNS).rows()


def test_a_migration_that_fails_half_way_leaves_the_old_file(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from podcast_insights.warehouse import database

    def fail(connection: duckdb.DuckDBPyConnection) -> None:
        raise RuntimeError("no way forward")

    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", (*MIGRATIONS, fail))
        with pytest.raises(RuntimeError, match="no way forward"):
            Warehouse(old, TABLES).revision()
    with duckdb.connect(str(old)) as connection:
        row = connection.execute("SELECT schema_version FROM _warehouse").fetchone()
        width = len(connection.execute("SELECT * FROM feeds").description)
    assert row == (0,)
    assert width == 9


def test_comments_are_those_of_todays_contracts(migrated: Warehouse) -> None:
    comments = migrated.read(COLUMNS)
    assert "What it meant in schema 0." not in comments["comment"].to_list()
    described: Callable[[Table], dict[str, str]] = lambda table: {  # noqa: E731
        column.name: column.description for column in table.columns
    }
    for name, table in TABLES.items():
        mine = comments.filter(pl.col("table_name") == name)
        assert dict(mine.select("column_name", "comment").iter_rows()) == described(table)


# Life goes on


def scanned(migrated: Warehouse, folder: Path, body: bytes, at: datetime) -> World:
    with site({"/feed.xml": answer(body)}) as host:
        world = World(host, migrated, Cache(folder / "cache"))
        world.subscribe("/feed.xml", id="kept")
        assert world.feeds[0].feed_id == OLD_FEED
        assert world.scan(date(2025, 9, 8), at=at)[0]["status"] == "ok"
        assert "if-none-match" not in world.host.requests[0].headers
    return world


def made_episodes(warehouse: Warehouse, window: DateWindow) -> list[str]:
    """Run the stage `episodes` for some days; the statuses by title."""
    items = warehouse.read(ITEMS_OF_DAYS, [window.start, window.end], table="announced_items")
    rows = EPISODES.frame(identify(items, warehouse.read(TRAITS_OF_ALL)))
    warehouse.replace_window("episodes", window, rows)
    return warehouse.read_window("episodes", window).sort("title")["status"].to_list()


def lacking(warehouse: Warehouse) -> list[date]:
    feed = Subscription(url="http://old.example/feed.xml", id="kept")
    found = lacking_days(warehouse, [feed], date(2025, 1, 1), date(2025, 10, 1))
    return [day.day for day in found]


NEXT_DAY = datetime(2025, 9, 9, 5, tzinfo=UTC)


def test_a_scan_knows_the_old_items_again(migrated: Warehouse, tmp_path: Path) -> None:
    world = scanned(migrated, tmp_path, feed_of(), NEXT_DAY)
    items = world.items()
    assert {row["item_id"] for row in items.values()} == {"item-one", "item-two"}
    assert all(row["content_key"] for row in items.values())
    assert [row["published_on"] for row in items.values()] == [FIRST, LAST]
    assert world.fetches()[-1]["new_item_count"] == 0


def test_episodes_are_made_from_old_rows(migrated: Warehouse) -> None:
    assert made_episodes(migrated, DateWindow(FIRST, LAST + timedelta(days=1))) == ["ok", "ok"]


def test_an_old_day_lacks_nothing_after_the_first_scan(migrated: Warehouse, tmp_path: Path) -> None:
    assert lacking(migrated) == []
    scanned(migrated, tmp_path, feed_of(), NEXT_DAY)
    assert lacking(migrated) == []


@pytest.mark.parametrize("edit", [{"title": "The First Episode, Mended"}, {"seconds": 2400}])
def test_an_edit_brings_back_a_day_from_before_there_were_keys(
    migrated: Warehouse, tmp_path: Path, edit: dict[str, object]
) -> None:
    scanned(migrated, tmp_path, feed_of(**edit), NEXT_DAY)  # type: ignore[arg-type]
    assert lacking(migrated) == [FIRST]
    made_episodes(migrated, DateWindow.of_day(FIRST))
    assert lacking(migrated) == []


def test_what_is_new_in_the_schema_is_no_edit(migrated: Warehouse, tmp_path: Path) -> None:
    world = scanned(migrated, tmp_path, feed_of(), NEXT_DAY)
    assert world.changes() == []
    assert {row["edited_at"] for row in world.items().values()} == {None}
