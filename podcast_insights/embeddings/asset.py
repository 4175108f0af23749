"""The asset `embeddings`."""

import dagster as dg
import polars as pl

from podcast_insights.columns import description, table_metadata
from podcast_insights.embeddings.resource import EmbedderResource
from podcast_insights.partitions import BLOCK, DAILY, RETRY, count_rows


@dg.asset(
    group_name="journey",
    kinds={"duckdb", "polars", "huggingface"},
    owners=["team:data-engineering"],
    description=description("embeddings"),
    metadata=table_metadata("embeddings"),
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    retry_policy=RETRY,
    code_version="2",
)
def embeddings(
    context: dg.AssetExecutionContext, transcripts: pl.DataFrame, embedder: EmbedderResource
) -> pl.DataFrame:
    """Passages of each sound transcript with their embeddings, advertising labelled."""
    from podcast_insights.embeddings.embed import embed_transcripts
    from podcast_insights.embeddings.records import EMBEDDINGS

    rows = embed_transcripts(transcripts, embedder.embedder)
    frame = EMBEDDINGS.frame(rows)
    context.add_output_metadata(
        {
            "passages": frame.height,
            "episodes": frame["episode_id"].n_unique(),
            "advertising_passages": frame.filter(pl.col("is_advertising")).height,
            "model": embedder.embedder.model_name,
        }
    )
    count_rows(context, frame, "published_on")
    return frame
