"""A warehouse with the tables of digests, made once a module and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.conftest import kept_open
from podcast_insights_tests.digests.world import TABLES, World


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse file with the tables that digests read and write, made once."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    Warehouse(path, {table.name: table for table in TABLES}).revision()
    return path


@pytest.fixture
def world(empty: Path, tmp_path: Path) -> Iterator[World]:
    path = Path(shutil.copy(empty, tmp_path))
    with kept_open(path, {table.name: table for table in TABLES}) as warehouse:
        yield World(warehouse, Cache(tmp_path / "cache"))
