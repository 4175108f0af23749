"""The one grain of all assets: the UTC day on which an episode was published.

What does not belong here: anything about a single stage.
"""

import warnings
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from podcast_insights.settings import Settings, load_settings
from podcast_insights.warehouse.io_manager import as_dates
from podcast_insights.warehouse.windows import DateWindow

# The one beta parameter we rely on; without it a block of days could not be one run. It would
# otherwise be told eight times in every Dagster process.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)

BACKFILL_TAG = "dagster/backfill"


def daily_partitions(start_date: date) -> dg.DailyPartitionsDefinition:
    """Days from `start_date` to today; today is included, so that it can be run by hand."""
    return dg.DailyPartitionsDefinition(start_date=start_date.isoformat(), end_offset=1)


SETTINGS: Settings = load_settings()
"""Read once per process, as Dagster reads the code location once per process."""

DAILY = daily_partitions(SETTINGS.start_date)
BLOCK = dg.BackfillPolicy.multi_run(max_partitions_per_run=SETTINGS.max_partitions_per_run)
"""A block of days is one run: models are loaded once, not once a day."""

RETRY = dg.RetryPolicy(max_retries=1, delay=5)
"""For what is over in seconds, such as a lock; everything else is recorded per episode."""


def window_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> DateWindow:
    """The days this run is for."""
    return as_dates(context.partition_time_window)


def window_or_none(context: dg.AssetCheckExecutionContext) -> DateWindow | None:
    """The days this run is for; None where someone executes a check alone, for all days."""
    is_partitioned = context.has_partition_key or context.has_partition_key_range
    return window_of(context) if is_partitioned else None


def count_rows(
    context: dg.AssetExecutionContext, rows: pl.DataFrame, column: str, asset: str | None = None
) -> None:
    """Tell the UI how many rows each day of the run has, so that no day shows the sum."""
    counts = dict(rows[column].value_counts().iter_rows())
    for day in window_of(context).days():
        context.add_asset_metadata(
            {"dagster/partition_row_count": counts.get(day, 0)},
            asset_key=asset,
            partition_key=day.isoformat(),
        )


def is_backfill(context: dg.AssetExecutionContext) -> bool:
    """Whether the run belongs to a backfill, which sends nothing unless asked."""
    window: Any = window_of(context)
    return BACKFILL_TAG in context.run.tags or (window.end - window.start).days > 1
