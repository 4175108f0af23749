"""Tables of the episodes stage."""

import dataframely as dy

from podcast_insights.feeds.records import UTC_TIMESTAMP
from podcast_insights.warehouse.contracts import Table

STATUSES = (
    "ok",
    "duplicate",
    "no_enclosure",
    "unsupported_enclosure",
    "trailer",
    "before_since",
)


class EpisodeSchema(dy.Schema):
    """One announced item as an episode, or the reason why it is none."""

    episode_id = dy.String(primary_key=True, description="Hash of feed and GUID.")
    published_on = dy.Date(description="UTC day of publication; the partition.")
    status = dy.String(
        check=lambda c: c.is_in(STATUSES),
        description="ok; duplicate of the episode in `duplicate_of`; no_enclosure; "
        "unsupported_enclosure: neither audio nor video; trailer; before_since: older than the "
        "subscription's `since`.",
    )
    error = dy.String(nullable=True, description="Why the item is not an episode of its own.")
    duplicate_of = dy.String(nullable=True, description="The episode this item repeats.")
    feed_id = dy.String(description="Feed that announced it.")
    source_feed_ids = dy.List(dy.String(), description="All feeds that announced this episode.")
    show_title = dy.String(description="Title of the show.")
    title = dy.String(description="Title of the episode, plain text.")
    description = dy.String(description="Show notes, plain text.")
    guid = dy.String(nullable=True, description="As announced.")
    link = dy.String(nullable=True, description="Web page of the episode.")
    published_at = dy.Datetime(nullable=True, **UTC_TIMESTAMP, description="The item's own date.")
    date_source = dy.String(description="feed, or first_seen where the item had no usable date.")
    enclosure_url = dy.String(nullable=True, description="Address of the audio.")
    enclosure_type = dy.String(nullable=True, description="Claimed media type of the audio.")
    enclosure_bytes = dy.Int64(nullable=True, description="Claimed size of the audio.")
    claimed_duration_s = dy.Float64(nullable=True, description="Duration as the feed claims it.")
    transcript_url = dy.String(nullable=True, description="Publisher's transcript.")
    transcript_type = dy.String(nullable=True, description="Its claimed media type.")
    persons = dy.List(dy.String(), description="Hosts and guests named in the feed.")
    date_problem = dy.String(
        nullable=True, description="Why the item's own date does not count; see announced_items."
    )
    episode_type = dy.String(nullable=True, description="full, trailer or bonus, if it says so.")
    season = dy.Int64(nullable=True, description="Season number.")
    episode_number = dy.Float64(nullable=True, description="Number of the episode.")
    enclosure_key = dy.String(
        nullable=True,
        description="Hash of the audio's address without counters, tokens and scheme.",
    )
    content_key = dy.String(
        nullable=True, description="State of the announcement that this row was made from."
    )
    document_sha256 = dy.String(
        nullable=True, description="Bytes in the feed cache that announced it."
    )
    is_private = dy.Bool(
        nullable=True, description="Whether its feed is private: addresses are without secrets."
    )


EPISODES = Table(
    name="episodes",
    schema=EpisodeSchema,
    partition_by="published_on",
    description="One row per announced item: an episode, or the reason why it is none.",
)
