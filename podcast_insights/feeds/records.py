"""Tables of the feeds stage."""

from typing import Any

import dataframely as dy

from podcast_insights.warehouse.contracts import Table

UTC_TIMESTAMP: dict[str, Any] = {"time_zone": "UTC", "time_unit": "us"}


class FeedSchema(dy.Schema):
    """One subscription as seen after one day ended."""

    feed_id = dy.String(primary_key=True, description="Hash of the subscribed address.")
    snapshot_on = dy.Date(primary_key=True, description="UTC day whose end the snapshot follows.")
    show_title = dy.String(nullable=True, description="Title of the show, as the feed has it.")
    feed_url = dy.String(description="Subscribed address, without user, password and query.")
    status = dy.String(
        check=lambda c: c.is_in(["ok", "failed"]), description="ok, or failed with `error`."
    )
    error = dy.String(nullable=True, description="Why the fetch failed, and on which host.")
    fetched_at = dy.Datetime(**UTC_TIMESTAMP, description="When this state was fetched.")
    content_sha256 = dy.String(nullable=True, description="Hash of the bytes in the feed cache.")
    item_count = dy.Int64(nullable=True, description="Items the feed announced.")


class FeedFetchSchema(dy.Schema):
    """One request to a feed's host."""

    feed_id = dy.String(primary_key=True, description="The subscription.")
    fetched_at = dy.Datetime(primary_key=True, **UTC_TIMESTAMP, description="Start of request.")
    http_status = dy.Int64(nullable=True, description="Answer; 304 means unchanged.")
    etag = dy.String(nullable=True, description="For the next conditional request.")
    last_modified = dy.String(nullable=True, description="For the next conditional request.")
    content_sha256 = dy.String(nullable=True, description="Hash of the bytes that hold now.")
    show_title = dy.String(nullable=True, description="Title of the show.")
    item_count = dy.Int64(nullable=True, description="Items in the feed.")
    error = dy.String(nullable=True, description="Why it failed; null for a success.")


class AnnouncedItemSchema(dy.Schema):
    """One item that a feed has announced at some time."""

    item_id = dy.String(primary_key=True, description="Hash of feed and GUID.")
    feed_id = dy.String(description="The feed that announced it.")
    published_on = dy.Date(description="UTC day it belongs to.")
    date_source = dy.String(
        check=lambda c: c.is_in(["feed", "first_seen"]),
        description="feed: the item's own date; first_seen: it had none, or one in the future.",
    )
    published_at = dy.Datetime(nullable=True, **UTC_TIMESTAMP, description="The item's own date.")
    first_seen_at = dy.Datetime(**UTC_TIMESTAMP, description="First fetch that had it.")
    show_title = dy.String(description="Title of the show at that time.")
    title = dy.String(description="Plain text.")
    description = dy.String(description="Show notes as plain text.")
    guid = dy.String(nullable=True, description="As announced.")
    link = dy.String(nullable=True, description="Web page of the episode.")
    enclosure_url = dy.String(nullable=True, description="Address of the audio.")
    enclosure_type = dy.String(nullable=True, description="Its claimed media type.")
    enclosure_bytes = dy.Int64(nullable=True, description="Its claimed size.")
    duration_s = dy.Float64(nullable=True, description="Its claimed duration in seconds.")
    transcript_url = dy.String(nullable=True, description="Publisher's transcript.")
    transcript_type = dy.String(nullable=True, description="Its claimed media type.")
    persons = dy.List(dy.String(), description="Hosts and guests named in the feed.")


FEEDS = Table(
    name="feeds",
    schema=FeedSchema,
    partition_by="snapshot_on",
    description="One row per subscription and day: its state as seen after the day ended.",
)
FEED_FETCHES = Table(
    name="feed_fetches",
    schema=FeedFetchSchema,
    description="Ledger of requests to feeds; a backfill of a year reuses one of them.",
)
ANNOUNCED_ITEMS = Table(
    name="announced_items",
    schema=AnnouncedItemSchema,
    description="Ledger of every item a feed ever announced, also after it left the feed.",
)
