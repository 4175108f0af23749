"""Tables of the digests stage."""

import dataframely as dy

from podcast_insights.feeds.records import UTC_TIMESTAMP
from podcast_insights.warehouse.contracts import Table


class DailyDigestSchema(dy.Schema):
    """One place in one reader's digest of one day."""

    digest_id = dy.String(primary_key=True, description="Hash of reader and day.")
    rank = dy.Int64(primary_key=True, description="From 1.")
    digest_on = dy.Date(description="The day; the partition.")
    reader_id = dy.String(description="The reader.")
    insight_id = dy.String(description="The insight.")
    episode_id = dy.String(description="Its episode.")
    headline = dy.String(description="As shown.")
    body = dy.String(description="As shown.")
    quote = dy.String(description="As shown.")
    quote_start_s = dy.Float64(description="Second in the audio.")
    speaker = dy.String(nullable=True, description="Who said it, where known.")
    show_title = dy.String(description="Show.")
    episode_title = dy.String(description="Episode.")
    episode_link = dy.String(nullable=True, description="Web page of the episode.")
    audio_url = dy.String(nullable=True, description="The audio, at the second of the quote.")
    published_on = dy.Date(description="Day the episode was published.")
    engine = dy.String(description="Who wrote it: extractive or llm.")
    also_in = dy.List(dy.String(), description="Other shows that tell the same idea.")
    related = dy.List(
        dy.Struct(
            {
                "insight_id": dy.String(),
                "headline": dy.String(),
                "show_title": dy.String(),
                "episode_title": dy.String(),
                "audio_url": dy.String(nullable=True),
                "similarity": dy.Float64(),
            }
        ),
        description="Related insights from other episodes, the nearest first.",
    )
    score = dy.Float64(description="Sum of the weighted parts below, less the diversity cost.")
    value_part = dy.Float64(description="The engine's judgement.")
    novelty_part = dy.Float64(description="Distance to what the reader got before.")
    corroboration_part = dy.Float64(description="Other shows telling the same.")
    topic_part = dy.Float64(description="Fit to the reader's topics.")
    followed_part = dy.Float64(description="The reader follows the show.")
    freshness_part = dy.Float64(description="Newer within the look-back comes first.")
    diversity_cost = dy.Float64(description="Likeness to places above, same show, same episode.")


class DeliverySchema(dy.Schema):
    """One attempt to bring one digest to one reader."""

    digest_id = dy.String(primary_key=True, description="The digest.")
    digest_on = dy.Date(description="Its day.")
    reader_id = dy.String(description="The reader.")
    status = dy.String(
        check=lambda c: c.is_in(["sending", "sent", "failed"]),
        description="sending: begun, outcome unknown, never sent again by itself; failed: "
        "refused by the server, is tried again.",
    )
    message_id = dy.String(description="Message-ID of the mail; the same in every attempt.")
    attempts = dy.Int64(description="How often it was tried.")
    started_at = dy.Datetime(**UTC_TIMESTAMP, description="Start of the last attempt.")
    sent_at = dy.Datetime(nullable=True, **UTC_TIMESTAMP, description="Accepted by the server.")
    error = dy.String(nullable=True, description="Why it failed.")
    insight_ids = dy.List(dy.String(), description="What was sent, in order.")


DAILY_DIGESTS = Table(
    name="daily_digests",
    schema=DailyDigestSchema,
    partition_by="digest_on",
    description="One row per place in a reader's digest, with the parts of its score.",
)
DELIVERIES = Table(
    name="deliveries",
    schema=DeliverySchema,
    description="Ledger of mails: written before sending, confirmed after.",
)
