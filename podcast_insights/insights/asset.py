"""The assets `insights` with `rejected_insights`, and `related_insights`."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from podcast_insights.columns import description, table_metadata
from podcast_insights.embeddings.resource import EmbedderResource
from podcast_insights.insights.reasons import UNGROUNDED
from podcast_insights.insights.resource import InsightEngineResource
from podcast_insights.insights.versions import code_version
from podcast_insights.partitions import BLOCK, DAILY, RETRY, SETTINGS, count_rows, window_of
from podcast_insights.warehouse.resource import WarehouseResource

OWNERS = ["team:data-engineering"]
CODE_VERSION = code_version(SETTINGS)
"""Another engine, model or prompt makes insights outdated, and nothing before them."""


def table_out(name: str) -> dg.AssetOut:
    """One output of the insights step, described by its table."""
    return dg.AssetOut(
        description=description(name),
        metadata=table_metadata(name),
        kinds={"duckdb", "polars", "ai"},
        owners=OWNERS,
        group_name="journey",
        code_version=CODE_VERSION,
    )


@dg.multi_asset(
    outs={name: table_out(name) for name in ("insights", "rejected_insights")},
    partitions_def=DAILY,
    backfill_policy=BLOCK,
)
def insights(
    context: dg.AssetExecutionContext,
    episodes: pl.DataFrame,
    transcripts: pl.DataFrame,
    embeddings: pl.DataFrame,
    embedder: EmbedderResource,
    insight_engine: InsightEngineResource,
    warehouse: WarehouseResource,
) -> Iterator[dg.Output[pl.DataFrame]]:
    """Ideas with proof; and what was proposed but could not be proved."""
    from podcast_insights.insights.extract import Extractor
    from podcast_insights.insights.records import INSIGHTS, REJECTED_INSIGHTS

    engine = insight_engine.for_run(context.run.run_id)
    extractor = Extractor(
        engine=engine,
        embedder=embedder.embedder,
        limit=insight_engine.insights_per_episode,
        report=context.log.warning,
        stored=warehouse.warehouse.read_window("insights", window_of(context)),
    )
    found = extractor.run(episodes, transcripts, embeddings)
    accepted = INSIGHTS.frame(found.insights)
    rejected = REJECTED_INSIGHTS.frame(found.rejected)
    count_rows(context, accepted, "published_on", "insights")
    count_rows(context, rejected, "published_on", "rejected_insights")
    yield dg.Output(
        accepted,
        "insights",
        metadata=run_metadata(accepted, rejected, engine.model)
        | spending(warehouse, context.run.run_id),
    )
    reasons = dict(rejected["reason"].value_counts().sort("reason").iter_rows())
    yield dg.Output(rejected, "rejected_insights", metadata={"by_reason": reasons})


def run_metadata(accepted: pl.DataFrame, rejected: pl.DataFrame, model: str) -> dict[str, Any]:
    """What a data engineer wants to see after the run."""
    from podcast_insights.text import markdown_table

    proposed = accepted.height + rejected.filter(pl.col("quote").is_not_null()).height
    made_up = rejected.filter(pl.col("reason").is_in(UNGROUNDED)).height
    best = accepted.sort("value_score", descending=True)
    return {
        "insights": accepted.height,
        "episodes": accepted["episode_id"].n_unique(),
        "rejected": rejected.height,
        "grounding_rate": round(1 - made_up / proposed, 3) if proposed else 1.0,
        "model": model,
        "preview": dg.MarkdownMetadataValue(
            markdown_table(best, ["published_on", "headline", "value_score", "quote_start_s"])
        ),
    }


def spending(warehouse: WarehouseResource, run_id: str) -> dict[str, Any]:
    """Tokens and cost of this run, from the ledger of calls."""
    spent = warehouse.warehouse.read(
        "SELECT count(*) AS llm_calls, coalesce(sum(prompt_tokens), 0)::BIGINT AS prompt_tokens, "
        "coalesce(sum(completion_tokens), 0)::BIGINT AS completion_tokens, "
        "coalesce(sum(cost_usd), 0)::DOUBLE AS cost_usd FROM llm_calls WHERE run_id = ?",
        [run_id],
    )
    return spent.to_dicts()[0]


@dg.asset(
    group_name="journey",
    kinds={"duckdb", "polars", "numpy"},
    owners=OWNERS,
    description=description("related_insights"),
    metadata=table_metadata("related_insights"),
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    retry_policy=RETRY,
    # One at a time on the instance: a run that stored its rows late would undo what another
    # had refreshed meanwhile.
    pool="related_insights",
    code_version="2",
)
def related_insights(
    context: dg.AssetExecutionContext, insights: pl.DataFrame, warehouse: WarehouseResource
) -> pl.DataFrame:
    """For each insight ideas of other episodes; and better links for the days around."""
    from podcast_insights.insights.records import RELATED_INSIGHTS
    from podcast_insights.insights.related.refresh import Refresher

    found = Refresher(warehouse.warehouse).run(window_of(context))
    frame = RELATED_INSIGHTS.frame(found.rows)
    context.add_output_metadata(
        {
            "links": frame.height,
            "to_other_shows": frame.filter(pl.col("is_other_show")).height,
            "same_idea": frame.filter(pl.col("is_same_idea")).height,
            "folded": frame["folded_insight_ids"].list.len().sum(),
            "compared_with": found.compared_with,
            "refreshed_links": found.refreshed_links,
            "refreshed_days": len(found.refreshed_days),
            "refreshed": ", ".join(str(day) for day in sorted(found.refreshed_days)),
        }
    )
    count_rows(context, frame, "published_on")
    return frame
