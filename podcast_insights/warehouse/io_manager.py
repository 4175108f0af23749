"""Assets in and out of DuckDB as polars frames, one partition window at a time.

Ours rather than the stock one, which inserts by position, makes no table for an empty frame,
and deletes and inserts in two transactions.
"""

from typing import Any

import polars as pl
from dagster import ConfigurableIOManager, InputContext, OutputContext, ResourceDependency
from dagster import TimeWindow as DagsterTimeWindow

from podcast_insights.warehouse.resource import WarehouseResource
from podcast_insights.warehouse.windows import DateWindow


class WarehouseIOManager(ConfigurableIOManager):
    """Stores an asset's frame in the table of the asset's name; loads windows of it."""

    warehouse: ResourceDependency[WarehouseResource]

    def handle_output(self, context: OutputContext, obj: pl.DataFrame) -> None:
        """Replace exactly the partition window of this run by `obj`, after validating it."""
        window = as_dates(context.asset_partitions_time_window)
        table = context.asset_key.path[-1]
        change = self.warehouse.warehouse.replace_window(table, window, obj)
        context.add_output_metadata(
            {
                "rows": change.rows,
                "table": table,
                "window": str(window),
                "is_changed": change.is_changed,
            }
        )

    def load_input(self, context: InputContext) -> pl.DataFrame:
        """The rows of the upstream partitions asked for, in primary-key order."""
        window = as_dates(context.asset_partitions_time_window)
        return self.warehouse.warehouse.read_window(context.asset_key.path[-1], window)


def as_dates(window: DagsterTimeWindow | Any) -> DateWindow:  # noqa: ANN401 - untyped upstream
    """Dagster's instants as dates; daily UTC partitions start and end at midnight."""
    return DateWindow(window.start.date(), window.end.date())
