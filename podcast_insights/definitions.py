"""The whole product on one screen: assets, checks, jobs, schedules, resources.

This module assembles and does nothing else. Start reading here, then follow the journey:
feeds, episodes, transcripts, embeddings, insights, digests.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from podcast_insights.analysts.asset import AnalystDatabaseResource, analyst_database
from podcast_insights.checks import check_definitions
from podcast_insights.digests.asset import daily_digests, deliveries, digest_files
from podcast_insights.digests.resource import DigestFolderResource, ReadersResource
from podcast_insights.embeddings.asset import embeddings
from podcast_insights.embeddings.resource import EmbedderResource
from podcast_insights.episodes.asset import episodes
from podcast_insights.feeds.asset import feeds
from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.insights.asset import insights, related_insights
from podcast_insights.insights.resource import InsightEngineResource
from podcast_insights.late_items import late_items_sensor
from podcast_insights.partitions import SETTINGS
from podcast_insights.resources import CacheResource, HttpResource
from podcast_insights.schedules import (
    daily_insights,
    daily_schedule,
    deliver_digests,
    delivery_schedule,
    publication_sensor,
    publish_analyst_database,
)
from podcast_insights.settings import Settings
from podcast_insights.transcripts.asset import transcripts
from podcast_insights.transcripts.resource import WhisperTranscriber
from podcast_insights.warehouse.io_manager import WarehouseIOManager
from podcast_insights.warehouse.resource import WarehouseResource


def build_resources(settings: Settings) -> dict[str, Any]:
    """The resources as the settings want them."""
    warehouse = WarehouseResource(database=str(settings.warehouse_path))
    cache = CacheResource(root=str(settings.cache_dir))
    return {
        "io_manager": WarehouseIOManager(warehouse=warehouse),
        "warehouse": warehouse,
        "cache": cache,
        "http": HttpResource(
            timeout_s=settings.http_timeout_s,
            max_feed_bytes=settings.max_feed_bytes,
            max_audio_bytes=settings.max_audio_bytes,
            max_workers=settings.max_fetch_workers,
        ),
        "subscriptions": SubscriptionsResource(path=str(settings.under_home(settings.feeds_file))),
        "transcriber": WhisperTranscriber(
            model=settings.whisper_model,
            revision=settings.whisper_revision or None,
            device=settings.whisper_device,
            compute_type=settings.whisper_compute_type,
            decoding=settings.whisper_decoding,
            word_times=settings.whisper_word_times,
            batch_size=settings.whisper_batch_size,
            device_index=list(settings.whisper_gpus),
            workers=settings.whisper_workers,
            keep_audio_days=settings.keep_audio_days,
        ),
        "embedder": EmbedderResource(cache=cache, model=settings.embedding_model),
        "insight_engine": InsightEngineResource(
            cache=cache,
            warehouse=warehouse,
            engine=settings.insight_engine,
            insights_per_episode=settings.insights_per_episode,
        ),
        "readers": ReadersResource(path=str(settings.under_home(settings.readers_file))),
        "digest_folder": DigestFolderResource(path=str(settings.digests_dir)),
        "analysts": AnalystDatabaseResource(path=str(settings.analysts_path)),
    }


def build_defs(
    settings: Settings = SETTINGS, resource_overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """Assemble everything; tests and tools replace resources by `resource_overrides`."""
    return dg.Definitions(
        assets=[
            feeds,
            episodes,
            transcripts,
            embeddings,
            insights,
            related_insights,
            daily_digests,
            digest_files,
            deliveries,
            analyst_database,
        ],
        asset_checks=check_definitions(),
        jobs=[daily_insights, deliver_digests, publish_analyst_database],
        schedules=[daily_schedule, delivery_schedule],
        sensors=[late_items_sensor, publication_sensor],
        resources={**build_resources(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


defs = build_defs()
