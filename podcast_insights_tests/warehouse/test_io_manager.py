"""Assets in and out of the warehouse, through Dagster itself."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from podcast_insights.warehouse.contracts import ContractError
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.io_manager import WarehouseIOManager
from podcast_insights.warehouse.resource import WarehouseResource
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.warehouse import DAY, WINDOW, days, notes, readings, small_warehouse

DAILY = dg.DailyPartitionsDefinition(start_date="2025-09-01")
(NEXT,) = days(1)


@pytest.fixture
def resource(tmp_path: Path) -> WarehouseResource:
    return WarehouseResource(
        database=str(small_warehouse(tmp_path).path), contracts="podcast_insights_tests.warehouse"
    )


def run(resource: WarehouseResource, partition: str, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Materialize `readings` of one day; what an asset downstream of it was given."""
    given: list[pl.DataFrame] = []

    @dg.asset(name="readings", partitions_def=DAILY)
    def upstream() -> pl.DataFrame:
        return rows

    @dg.asset(partitions_def=DAILY)
    def downstream(readings: pl.DataFrame) -> None:
        given.append(readings)

    dg.materialize(
        [upstream, downstream],
        partition_key=partition,
        resources={"io_manager": WarehouseIOManager(warehouse=resource)},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )
    return given


def test_a_day_is_stored_and_given_to_the_next_asset_alone(
    resource: WarehouseResource, warehouse: Warehouse
) -> None:
    warehouse.replace_window("readings", DateWindow.of_day(NEXT), readings("tomorrow", day=NEXT))
    (given,) = run(resource, str(DAY), readings("b", "a"))
    assert given["reading_id"].to_list() == ["a", "b"]
    assert given.schema == readings().schema
    stored = warehouse.read("SELECT reading_id FROM readings")["reading_id"]
    assert set(stored) == {"a", "b", "tomorrow"}


def test_an_empty_day_is_a_success(resource: WarehouseResource, warehouse: Warehouse) -> None:
    warehouse.replace_window("readings", WINDOW, readings("old"))
    (given,) = run(resource, str(DAY), readings())
    assert given.is_empty()
    assert warehouse.read_window("readings", WINDOW).is_empty()


def test_rows_that_break_the_contract_fail_the_run_and_keep_the_old_day(
    resource: WarehouseResource, warehouse: Warehouse
) -> None:
    warehouse.replace_window("readings", WINDOW, readings("old"))
    with pytest.raises(ContractError, match="extra"):
        run(resource, str(DAY), readings("new").with_columns(extra=1))
    assert warehouse.read_window("readings", WINDOW).equals(readings("old"))


def test_a_connection_of_the_resource_is_one_transaction(
    resource: WarehouseResource, warehouse: Warehouse
) -> None:
    warehouse.merge("notes", notes("1"))
    with pytest.raises(ValueError, match="stop"), resource.get_connection() as connection:
        connection.execute("DELETE FROM notes")
        raise ValueError("stop")
    with resource.get_connection() as connection:
        connection.execute("DELETE FROM notes WHERE half = 0")
    assert warehouse.read("SELECT half FROM notes")["half"].to_list() == [1]
