"""The asset `episodes`."""

import dagster as dg
import polars as pl

from podcast_insights.columns import description, table_metadata
from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.partitions import BLOCK, DAILY, RETRY, count_rows, window_of
from podcast_insights.warehouse.resource import WarehouseResource


@dg.asset(
    deps=["feeds"],
    group_name="journey",
    kinds={"duckdb", "polars"},
    owners=["team:data-engineering"],
    description=description("episodes"),
    metadata=table_metadata("episodes"),
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    retry_policy=RETRY,
    code_version="1",
)
def episodes(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    subscriptions: SubscriptionsResource,
) -> pl.DataFrame:
    """What feeds have announced for these days, each episode once.

    Also feeds that are no longer subscribed to: to unsubscribe is not to forget.
    """
    from podcast_insights.episodes.identify import ITEMS_OF_DAYS, TRAITS_OF_ALL, identify
    from podcast_insights.episodes.records import EPISODES

    window = window_of(context)
    traits = warehouse.warehouse.read(TRAITS_OF_ALL)
    items = warehouse.warehouse.read(
        ITEMS_OF_DAYS, [window.start, window.end], table="announced_items"
    )
    since = {feed.feed_id: feed.since for feed in subscriptions.load() if feed.since}
    frame = EPISODES.frame(identify(items, traits, since))
    counts = dict(frame["status"].value_counts().iter_rows())
    context.add_output_metadata(
        {
            "episodes": counts.get("ok", 0),
            "duplicates": counts.get("duplicate", 0),
            "without_enclosure": counts.get("no_enclosure", 0)
            + counts.get("unsupported_enclosure", 0),
            "trailers": counts.get("trailer", 0),
            "before_since": counts.get("before_since", 0),
            "without_own_date": frame["date_problem"].is_not_null().sum(),
            "preview": dg.MarkdownMetadataValue(preview(frame)),
        }
    )
    count_rows(context, frame, "published_on")
    return frame


def preview(frame: pl.DataFrame) -> str:
    """A short table for the UI."""
    from podcast_insights.text import markdown_table

    return markdown_table(
        frame.sort("published_on"), ["published_on", "show_title", "title", "status", "error"]
    )
