"""Running the pipeline in a test: the real job, in this process or in one of its own."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from podcast_insights.definitions import build_defs
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.conftest import Home

COMMAND = str(Path(sys.executable).parent / "podcast-insights")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_window(
    home: Home,
    first: date,
    last: date,
    *,
    resources: dict[str, Any] | None = None,
    instance: dg.DagsterInstance | None = None,
    raise_on_error: bool = True,
    send: str = "never",
    assets: Sequence[str] = (),
) -> dg.ExecuteInProcessResult:
    """Run `daily_insights`, or some of its assets, for a range of days as one run."""
    job = build_defs(home.settings, resources).resolve_job_def("daily_insights")
    days: dict[str, Any] = {"partition_key": first.isoformat()}
    if first != last:
        days = {
            "tags": {
                "dagster/asset_partition_range_start": first.isoformat(),
                "dagster/asset_partition_range_end": last.isoformat(),
            }
        }
    config: dict[str, Any] = dict(QUIET)
    if not assets or "deliveries" in assets:
        config["ops"] = {"deliveries": {"config": {"send": send}}}
    with instance or dg.DagsterInstance.ephemeral() as used:
        return job.execute_in_process(
            run_config=config,
            instance=used,
            raise_on_error=raise_on_error,
            asset_selection=[dg.AssetKey(name) for name in assets] or None,
            **days,
        )


def rows_of(home: Home, table: str, first: date, last: date) -> pl.DataFrame:
    """What a table holds for a range of days."""
    window = DateWindow(first, DateWindow.of_day(last).end)
    return home.warehouse.read_window(table, window)


def start(home: Home, *arguments: str) -> subprocess.Popen[str]:
    """Start the command line in a process of its own."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=home.path,
        env=home.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
