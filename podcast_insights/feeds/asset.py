"""The asset `feeds`."""

import os
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from podcast_insights.columns import description, table_metadata
from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.lost_runs import try_to_end_lost_runs
from podcast_insights.partitions import BLOCK, DAILY, RETRY, count_rows, window_of
from podcast_insights.resources import CacheResource, HttpResource
from podcast_insights.warehouse.resource import WarehouseResource


@dg.asset(
    group_name="journey",
    kinds={"duckdb", "polars", "rss"},
    owners=["team:data-engineering"],
    description=description("feeds"),
    metadata=table_metadata("feeds"),
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    retry_policy=RETRY,
    code_version="1",
)
def feeds(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    cache: CacheResource,
    http: HttpResource,
    subscriptions: SubscriptionsResource,
) -> pl.DataFrame:
    """State of each subscription as seen after the day ended."""
    from podcast_insights.feeds.fetch import FeedFetcher
    from podcast_insights.feeds.ledger import Ledger
    from podcast_insights.feeds.private import credentials_of
    from podcast_insights.feeds.scan import FeedScanner
    from podcast_insights.net.gates import HostGates

    # A run of the UI has nobody else to free the pool that its transcripts will wait for.
    try_to_end_lost_runs(context.instance, context.log)
    gates = HostGates()
    fetcher = FeedFetcher(
        client_for=lambda feed: http.feed_client(
            feed.private_hosts, credentials_of(feed, os.environ), gates
        ),
        cache=cache.cache,
        now=lambda: datetime.now(UTC),
        environ=os.environ,
    )
    scanner = FeedScanner(Ledger(warehouse.warehouse), fetcher, http.max_workers)
    rows = scanner.scan(subscriptions.load(), window_of(context))
    bad = rows.filter(pl.col("status") != "ok")
    for row in bad.iter_rows(named=True):
        context.log.warning(f"{row['feed_url']} ({row['snapshot_on']}): {row['error']}")
    last = rows.filter(pl.col("snapshot_on") == pl.col("snapshot_on").max())
    context.add_output_metadata(
        {
            "feeds": last.height,
            "failed": last.filter(pl.col("status") == "failed").height,
            "dead": last.filter(pl.col("status") == "dead").height,
            "moved": last["moved_to"].count(),
            "items_announced": int(last["item_count"].sum() or 0),
            "preview": dg.MarkdownMetadataValue(preview(last)),
        }
    )
    count_rows(context, rows, "snapshot_on")
    return rows


def preview(rows: pl.DataFrame) -> str:
    """The feeds that need a look first, then the others."""
    from podcast_insights.text import markdown_table

    named = rows.with_columns(feed=pl.coalesce("show_title", "feed_url"))
    columns = ["feed", "status", "item_count", "error", "moved_to", "notes"]
    return markdown_table(named.sort(pl.col("status") == "ok", "feed"), columns)
