"""Fixtures of the feeds stage."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.conftest import kept_open
from podcast_insights_tests.feeds.world import TABLES, World
from podcast_insights_tests.support.servers import site


@pytest.fixture(scope="session")
def empty_feeds_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy, with the tables of this stage."""
    made = Warehouse(tmp_path_factory.mktemp("empty") / "warehouse.duckdb", TABLES)
    made.revision()
    return made.path


@pytest.fixture
def world(tmp_path: Path, empty_feeds_warehouse: Path) -> Iterator[World]:
    """A server, a clock, and an empty warehouse."""
    path = Path(shutil.copy(empty_feeds_warehouse, tmp_path))
    with site() as host, kept_open(path, TABLES) as warehouse:
        yield World(host, warehouse, Cache(tmp_path / "cache"))
