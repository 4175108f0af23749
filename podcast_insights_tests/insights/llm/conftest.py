"""Fixtures of the LLM engine's tests."""

from pathlib import Path

import pytest

from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.support.llm_desk import Desk


@pytest.fixture
def desk(tmp_path: Path, warehouse: Warehouse) -> Desk:
    """A desk with an empty ledger, in the file of `warehouse`."""
    assert warehouse.path == tmp_path / "warehouse.duckdb"
    return Desk(tmp_path)
