"""Fixtures of the warehouse's tests."""

from pathlib import Path

import pytest

from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.warehouse import small_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """An empty warehouse with two small tables; all the real ones would take longer to make."""
    return small_warehouse(tmp_path)
