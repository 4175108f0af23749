"""The assets `daily_digests`, `digest_files` and `deliveries`."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import dagster as dg
import polars as pl
from pydantic import Field

from podcast_insights.columns import description, table_metadata
from podcast_insights.digests.resource import DigestFolderResource, ReadersResource
from podcast_insights.embeddings.resource import EmbedderResource
from podcast_insights.partitions import (
    BLOCK,
    DAILY,
    RETRY,
    count_rows,
    is_backfill,
    window_of,
)
from podcast_insights.warehouse.resource import WarehouseResource

OWNERS = ["team:data-engineering"]
PREVIEWED = 3
"""Readers whose digests the UI shows; all of them are in data/digests/."""


@dg.asset(
    deps=["related_insights"],
    group_name="journey",
    kinds={"duckdb", "polars"},
    owners=OWNERS,
    description=description("daily_digests"),
    metadata=table_metadata("daily_digests"),
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    retry_policy=RETRY,
    code_version="2",
)
def daily_digests(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    embedder: EmbedderResource,
    readers: ReadersResource,
) -> pl.DataFrame:
    """The top insights of the day and the days just before it, for each reader.

    How each digest was chosen goes into the table `digest_selections`, before the digests are
    stored; a run that is cut off in between leaves a selection that the next run replaces.
    """
    from podcast_insights.digests.compose import Composer
    from podcast_insights.digests.ranking import Reason
    from podcast_insights.digests.records import DAILY_DIGESTS, DIGEST_SELECTIONS
    from podcast_insights.digests.render import render_markdown
    from podcast_insights.digests.rows import digests_of
    from podcast_insights.settings import load_settings

    window, people = window_of(context), readers.load()
    composer = Composer(
        warehouse.warehouse, embedder.embedder, load_settings().digest_lookback_days
    )
    composed = composer.compose(people, window)
    frame = DAILY_DIGESTS.frame(composed.places)
    selections = DIGEST_SELECTIONS.frame(composed.selections)
    warehouse.warehouse.replace_window("digest_selections", window, selections)
    digests = digests_of(people, list(window.days()), frame, selections)
    count_rows(context, frame, "digest_on")
    for row in selections.filter(pl.col("unknown_shows").list.len() > 0).to_dicts():
        context.log.warning(
            f"{row['reader_id']} follows what no subscribed show is called: "
            f"{', '.join(row['unknown_shows'])}. Correct followed_shows in the readers file."
        )
    for day in window.days():
        shown = [digest for _, digest in digests if digest.digest_on == day][:PREVIEWED]
        preview = "\n\n---\n\n".join(map(render_markdown, shown))
        context.add_asset_metadata(
            {"preview": dg.MarkdownMetadataValue(preview)},
            partition_key=day.isoformat(),
        )
    context.add_output_metadata(
        {
            "digests": len(digests),
            "readers": len(people),
            "insights": frame.height,
            "thin_digests": sum(len(d.entries) < d.wanted for _, d in digests),
            "shows": frame["show_title"].n_unique(),
            "considered": int(selections["considered"].sum()),
            "passed_over": {reason: int(selections[reason].sum()) for reason in get_args(Reason)},
        }
    )
    return frame


@dg.asset(
    group_name="publication",
    kinds={"html", "markdown"},
    owners=OWNERS,
    description="Each digest as HTML page, text and Markdown, with an index, in data/digests/.",
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    retry_policy=RETRY,
    code_version="1",
)
def digest_files(
    context: dg.AssetExecutionContext,
    daily_digests: pl.DataFrame,
    warehouse: WarehouseResource,
    readers: ReadersResource,
    digest_folder: DigestFolderResource,
) -> dg.MaterializeResult:
    """Write the digests of these days; files that would not change are left alone."""
    from podcast_insights.digests.files import write_digest, write_index
    from podcast_insights.digests.rows import digests_of

    folder, window = Path(digest_folder.path), window_of(context)
    selections = warehouse.warehouse.read_window("digest_selections", window)
    digests = digests_of(readers.load(), list(window.days()), daily_digests, selections)
    written = [write_digest(digest, folder) for _, digest in digests]
    index = write_index(folder)
    return dg.MaterializeResult(
        metadata={
            "digests": len(written),
            "changed": sum(files.is_changed for files in written),
            "index": dg.MetadataValue.path(str(index)),
            **({"latest": dg.MetadataValue.path(str(written[-1].html))} if written else {}),
        }
    )


class DeliveriesConfig(dg.Config):
    """Whether a run may mail."""

    send: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="auto: digests that are due and young, but none in a backfill; always: "
        "also old ones and in a backfill; never: none. Nothing is ever mailed twice.",
    )


@dg.asset(
    deps=["digest_files"],
    group_name="publication",
    kinds={"duckdb", "email"},
    owners=OWNERS,
    description=description("deliveries"),
    metadata=table_metadata("deliveries"),
    partitions_def=DAILY,
    backfill_policy=BLOCK,
    code_version="1",
)
def deliveries(
    context: dg.AssetExecutionContext,
    config: DeliveriesConfig,
    daily_digests: pl.DataFrame,
    warehouse: WarehouseResource,
    readers: ReadersResource,
) -> dg.MaterializeResult:
    """Mail what is due, each digest once."""
    from podcast_insights.digests.delivery import deliver
    from podcast_insights.digests.mail import mailer_from
    from podcast_insights.digests.rows import digests_of
    from podcast_insights.settings import load_settings

    settings = load_settings()
    mailer = mailer_from(settings)
    reason = why_no_mail(
        config.send, has_mailer=mailer is not None, in_backfill=is_backfill(context)
    )
    if mailer is None or reason:
        context.log.info(f"nothing is mailed: {reason}")
        return dg.MaterializeResult(metadata={"sent": 0, "reason": reason})
    people, window = readers.load(), window_of(context)
    selections = warehouse.warehouse.read_window("digest_selections", window)
    digests = digests_of(people, list(window.days()), daily_digests, selections)
    by_id = {reader.id: reader for reader in people}
    results = deliver(
        warehouse.warehouse,
        mailer,
        [(digest, by_id[reader.id]) for reader, digest in digests],
        lambda: datetime.now(UTC),
        max_age_days=settings.delivery_max_age_days,
        is_requested=config.send == "always",
    )
    for result in results:
        if result.outcome != "sent":
            log = context.log.info if result.outcome == "skipped" else context.log.error
            log(f"{result.reader_id}: {result.outcome}: {result.reason}")
    outcomes = Counter(result.outcome for result in results)
    return dg.MaterializeResult(
        metadata={
            name: outcomes.get(name, 0) for name in ("sent", "failed", "unconfirmed", "skipped")
        }
    )


def why_no_mail(send: str, *, has_mailer: bool, in_backfill: bool) -> str:
    """Why this run mails nothing, or an empty string if it may."""
    if send == "never":
        return "this run was asked not to"
    if not has_mailer:
        return "no mail server is configured (PODCAST_INSIGHTS_SMTP_HOST)"
    if in_backfill and send != "always":
        return "a backfill mails only on request"
    return ""
