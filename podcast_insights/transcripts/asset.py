"""The asset `transcripts`."""

from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from podcast_insights.columns import description, table_metadata
from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.partitions import BLOCK, DAILY, count_rows, window_of
from podcast_insights.resources import CacheResource, HttpResource
from podcast_insights.transcripts.resource import WhisperTranscriber
from podcast_insights.warehouse.resource import WarehouseResource
from podcast_insights.warehouse.windows import DateWindow

if TYPE_CHECKING:
    from podcast_insights.transcripts.publishing.offers import Link


@dg.asset(
    group_name="journey",
    kinds={"duckdb", "polars", "whisper"},
    owners=["team:data-engineering"],
    description=description("transcripts"),
    metadata=table_metadata("transcripts"),
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    pool="gpu",
    code_version="5",
)
def transcripts(
    context: dg.AssetExecutionContext,
    episodes: pl.DataFrame,
    warehouse: WarehouseResource,
    cache: CacheResource,
    http: HttpResource,
    subscriptions: SubscriptionsResource,
    transcriber: WhisperTranscriber,
) -> pl.DataFrame:
    """The publisher's transcript of each episode if it is sound, else Whisper's."""
    from podcast_insights.transcripts.audio import AudioStore
    from podcast_insights.transcripts.owners import StoredOwners
    from podcast_insights.transcripts.records import TRANSCRIPTS
    from podcast_insights.transcripts.transcribe import Transcriber

    languages = {feed.feed_id: feed.language for feed in subscriptions.load()}
    addresses = subscriptions.addresses(cache.cache)
    whisper = transcriber.whisper
    store = AudioStore(
        cache.cache,
        subscriptions.clients(http.audio_client),
        addresses.enclosure,
        subscriptions.fresh_addresses(http.feed_client).enclosure,
        transcriber.keep_audio_days,
    )
    work = Transcriber(
        whisper=whisper,
        cache=cache.cache,
        store=store,
        client_for=subscriptions.clients(http.feed_client),
        language_of=languages.get,
        report=context.log.info,
        max_fetch_workers=http.max_workers,
        transcript_address=addresses.transcript,
        links=links_of(warehouse, window_of(context)),
        claimed_language_of=claimed_languages(warehouse).get,
    )
    model = whisper.resolved_model
    context.log.info(f"Whisper {model.name} on {whisper.resolved_device}: {model.note}")
    stored = StoredOwners(warehouse.warehouse, window_of(context))
    rows = work.run(episodes.to_dicts(), stored.of_audio, stored.of_text, stored.row_of)
    frame = TRANSCRIPTS.frame(rows)
    context.add_output_metadata(run_metadata(frame, episodes))
    count_rows(context, frame, "published_on")
    return frame


def links_of(warehouse: WarehouseResource, window: DateWindow) -> "dict[str, list[Link]]":
    """Publishers' transcripts of these days, by episode id."""
    from podcast_insights.transcripts.publishing.offers import Link

    announced = warehouse.warehouse.read(
        "SELECT item_id, transcripts FROM announced_items "
        "WHERE len(transcripts) > 0 AND published_on >= ? AND published_on < ?",
        [window.start, window.end],
    )
    return {
        item_id: [Link(**transcript) for transcript in transcripts]
        for item_id, transcripts in announced.iter_rows()
    }


def claimed_languages(warehouse: WarehouseResource) -> dict[str, str]:
    """What feeds said last of their languages, by feed id."""
    claims = warehouse.warehouse.read(
        "SELECT feed_id, arg_max(language, fetched_at) FROM feed_fetches "
        "WHERE language IS NOT NULL GROUP BY feed_id"
    )
    return dict(claims.iter_rows())


def run_metadata(frame: pl.DataFrame, episodes: pl.DataFrame) -> dict[str, object]:
    """What a data engineer wants to see after the run."""
    from podcast_insights.text import markdown_table
    from podcast_insights.transcripts.statuses import KEPT

    sound = frame.filter(pl.col("status") == "ok")
    heard = sound.filter(pl.col("source") == "whisper")
    worker_s = float((heard["duration_s"] / heard["real_time_factor"]).sum() or 0.0)
    titled = frame.join(episodes.select("episode_id", "title"), on="episode_id")
    return {
        "transcripts": sound.height,
        "from_publisher": sound.height - heard.height,
        "failed": frame.filter(pl.col("status") == "failed").height,
        "by_status": dict(frame["status"].value_counts().sort("status").iter_rows()),
        "kept": frame.filter(pl.col("source_reason").str.starts_with(KEPT)).height,
        "audio_hours": round(float(sound["duration_s"].sum() or 0) / 3600, 3),
        "words": int(sound["words"].sum() or 0),
        "mean_real_time_factor": round(float(heard["duration_s"].sum() or 0) / worker_s, 1)
        if worker_s
        else 0.0,
        "mean_confidence": mean_confidence(heard),
        "decoded_again": int(heard["decoded_again"].sum() or 0),
        "cost_usd": 0.0,
        "preview": dg.MarkdownMetadataValue(
            markdown_table(
                titled.sort(pl.col("status") == "ok", "published_on"),
                ["published_on", "title", "status", "source", "duration_s", "words", "error"],
            )
        ),
    }


def mean_confidence(heard: pl.DataFrame) -> float | None:
    """Of what Whisper heard, each second counting the same; None where nothing tells."""
    told = heard.drop_nulls(["confidence", "duration_s"])
    total_s = float(told["duration_s"].sum() or 0)
    weighted = float(told["confidence"].dot(told["duration_s"]) or 0)
    return round(weighted / total_s, 3) if total_s else None
