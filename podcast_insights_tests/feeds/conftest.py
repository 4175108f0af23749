"""Fixtures of the feeds stage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.feeds.world import TABLES, World
from podcast_insights_tests.support.servers import site


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server, a clock, and an empty warehouse."""
    with site() as host:
        warehouse = Warehouse(tmp_path / "warehouse.duckdb", TABLES)
        yield World(host, warehouse, Cache(tmp_path / "cache"))
