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
        description="Related insights from other episodes, the nearest first; not those that "
        "also_in names, nor those with a place in this digest.",
    )
    score = dy.Float64(description="Sum of the weighted parts below, less the diversity cost.")
    value_part = dy.Float64(description="The engine's judgement.")
    novelty_part = dy.Float64(description="Distance to what the reader got before.")
    corroboration_part = dy.Float64(description="Other shows telling the same.")
    topic_part = dy.Float64(description="Fit to the reader's topics.")
    followed_part = dy.Float64(description="The reader follows the show.")
    freshness_part = dy.Float64(description="Newer within the look-back comes first.")
    diversity_cost = dy.Float64(description="Likeness to places above, same show, same episode.")
    matched_topic = dy.String(
        nullable=True,
        description="The reader's topic it fits best; null where it fits none, and in rows of "
        "schema 1.",
    )
    topic_likeness = dy.Float64(nullable=True, description="Its cosine to that topic.")
    nearest_seen_insight_id = dy.String(
        nullable=True,
        description="The nearest of what the reader got in the 60 days before, or by mail of a "
        "later day, as novelty_part counts it; null where that is nothing, and in rows of "
        "schema 1.",
    )


class DigestSelectionSchema(dy.Schema):
    """How one digest was chosen, also an empty one."""

    digest_id = dy.String(primary_key=True, description="The digest.")
    digest_on = dy.Date(description="Its day; the partition.")
    reader_id = dy.String(description="Its reader.")
    wanted = dy.Int64(description="Places the reader asked for.")
    given = dy.Int64(description="Places that were filled.")
    considered = dy.Int64(description="Insights of the days looked back upon.")
    episodes_considered = dy.Int64(description="Episodes they come from.")
    shows_considered = dy.Int64(description="Shows they come from.")
    told_before = dy.Int64(
        description="Of these, the reader got as many in the 60 days before, or by mail of a "
        "later day."
    )
    low_value = dy.Int64(description="Below the least value of their engine.")
    same_idea = dy.Int64(description="Told the same as one that was chosen.")
    adds_too_little = dy.Int64(
        description="Would have cost more by repeating what was chosen than they are worth."
    )
    outscored = dy.Int64(description="Worth a place, but all places went to better ones.")
    unknown_shows = dy.List(
        dy.String(), description="Shows the reader follows and no subscribed show is called."
    )
    passed_over = dy.List(
        dy.Struct(
            {
                "insight_id": dy.String(),
                "headline": dy.String(),
                "show_title": dy.String(),
                "reason": dy.String(),
                "instead_insight_id": dy.String(nullable=True),
                "score": dy.Float64(),
                "value_part": dy.Float64(),
                "novelty_part": dy.Float64(),
                "corroboration_part": dy.Float64(),
                "topic_part": dy.Float64(),
                "followed_part": dy.Float64(),
                "freshness_part": dy.Float64(),
                "diversity_cost": dy.Float64(),
                "matched_topic": dy.String(nullable=True),
            }
        ),
        description="The best twenty that got no place, with the reason, which is one of the five "
        "counts here, and with their parts as in daily_digests. Score and diversity cost are "
        "those of the last round, so the score compares with that of the last place. "
        "instead_insight_id told the same, in this digest or before.",
    )


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
DIGEST_SELECTIONS = Table(
    name="digest_selections",
    schema=DigestSelectionSchema,
    partition_by="digest_on",
    description="One row per digest, also an empty one: what it was chosen from, and why the "
    "others were not.",
)
DELIVERIES = Table(
    name="deliveries",
    schema=DeliverySchema,
    description="Ledger of mails: written before sending, confirmed after.",
)
