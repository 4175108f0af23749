"""The asset `analyst_database`: publication of the analysts' copy."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from podcast_insights.partitions import BLOCK, DAILY, RETRY
from podcast_insights.warehouse.resource import WarehouseResource


class AnalystDatabaseResource(dg.ConfigurableResource):
    """Where the analysts' database is published."""

    path: str = Field(description="The DuckDB file analysts open.")


@dg.asset(
    deps=["deliveries"],
    group_name="publication",
    kinds={"duckdb", "sql"},
    owners=["team:data-engineering"],
    description="The analysts' own database: a consistent copy of the warehouse with commented "
    "views, published by rename, so that readers and pipeline never block each other.",
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    retry_policy=RETRY,
    code_version="1",
)
def analyst_database(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    analysts: AnalystDatabaseResource,
) -> dg.MaterializeResult:
    """Publish the copy if the warehouse has changed since the last one."""
    from podcast_insights.analysts.views import statements
    from podcast_insights.warehouse.publish import publish

    done = publish(warehouse.warehouse, Path(analysts.path), statements())
    context.log.info(f"{done.path}: {'published' if done.is_fresh else 'already up to date'}")
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(done.path)),
            "revision": done.revision,
            "is_fresh": done.is_fresh,
            "size_mb": round(done.size_bytes / 1e6, 2),
            "duration_s": round(done.duration_s, 3),
        }
    )
