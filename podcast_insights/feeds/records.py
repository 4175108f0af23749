"""Tables of the feeds stage."""

from typing import Any, get_args

import dataframely as dy

from podcast_insights.net.errors import Kind
from podcast_insights.warehouse.contracts import Table

UTC_TIMESTAMP: dict[str, Any] = {"time_zone": "UTC", "time_unit": "us"}


FAILURES = (*get_args(Kind), "gone", "not_a_feed", "hostile", "missing_secret", "unexpected")
"""Why a fetch gave nothing. `gone`: HTTP 410, or 404 for days; the feed is dead."""

DATE_PROBLEMS = ("missing", "unreadable", "future", "absurd")


def failure_column() -> Any:  # noqa: ANN401 - dataframely's column
    """The kind of a failure; two tables have it."""
    return dy.String(
        nullable=True,
        check=lambda c: c.is_in(FAILURES),
        description=f"Kind of the failure: {', '.join(FAILURES)}.",
    )


class FeedSchema(dy.Schema):
    """One subscription as seen after one day ended."""

    feed_id = dy.String(primary_key=True, description="Hash of the subscribed address.")
    snapshot_on = dy.Date(primary_key=True, description="UTC day whose end the snapshot follows.")
    show_title = dy.String(nullable=True, description="Title of the show, as the feed has it.")
    feed_url = dy.String(description="Subscribed address, without user, password and query.")
    status = dy.String(
        check=lambda c: c.is_in(["ok", "failed", "dead"]),
        description="ok; failed with `error`; dead: gone for good, asked again once a week.",
    )
    error = dy.String(nullable=True, description="Why the fetch failed, and on which host.")
    fetched_at = dy.Datetime(**UTC_TIMESTAMP, description="When this state was fetched.")
    content_sha256 = dy.String(nullable=True, description="Hash of the bytes in the feed cache.")
    item_count = dy.Int64(nullable=True, description="Items the feed announced.")
    failure = failure_column()
    first_failed_at = dy.Datetime(
        nullable=True, **UTC_TIMESTAMP, description="First failure since the last good fetch."
    )
    last_ok_at = dy.Datetime(nullable=True, **UTC_TIMESTAMP, description="Last good fetch.")
    moved_to = dy.String(
        nullable=True,
        description="Where the feed has moved for good (HTTP 301, 308, or itunes:new-feed-url); "
        "fetched there from then on.",
    )
    notes = dy.String(
        nullable=True, description="What had to be mended or passed over in it, in words."
    )


class FeedFetchSchema(dy.Schema):
    """One request to a feed's host."""

    feed_id = dy.String(primary_key=True, description="The subscription.")
    fetched_at = dy.Datetime(primary_key=True, **UTC_TIMESTAMP, description="Start of request.")
    http_status = dy.Int64(nullable=True, description="Answer; 304 means unchanged.")
    etag = dy.String(nullable=True, description="For the next conditional request.")
    last_modified = dy.String(nullable=True, description="For the next conditional request.")
    content_sha256 = dy.String(nullable=True, description="Hash of the bytes that hold now.")
    show_title = dy.String(nullable=True, description="Title of the show.")
    item_count = dy.Int64(nullable=True, description="Items in the feed, repeated ones too.")
    error = dy.String(nullable=True, description="Why it failed; null for a success.")
    failure = failure_column()
    retry_at = dy.Datetime(
        nullable=True, **UTC_TIMESTAMP, description="The host asked not to be asked before this."
    )
    moved_to = dy.String(
        nullable=True, description="Where to ask next time; null: at the subscribed address."
    )
    full_at = dy.Datetime(
        nullable=True,
        **UTC_TIMESTAMP,
        description="Last answer with a body; without one for a week the next request is "
        "unconditional, because ETags lie.",
    )
    reader_version = dy.Int64(
        nullable=True, description="Version of the parser that read the bytes."
    )
    transferred_bytes = dy.Int64(nullable=True, description="Bytes of the answers, unpacked.")
    repeated_item_count = dy.Int64(
        nullable=True, description="Of `item_count`, items listed twice with one identity."
    )
    new_item_count = dy.Int64(nullable=True, description="Items never seen before.")
    edited_item_count = dy.Int64(
        nullable=True, description="Items that differ from before; see item_changes."
    )
    archive_page_count = dy.Int64(nullable=True, description="Further pages read (RFC 5005).")
    archive_next = dy.String(
        nullable=True, description="Archive page to go on with; null: the archive is read."
    )
    archive_error = dy.String(nullable=True, description="Why reading the archive stopped.")
    archive_since_on = dy.Date(
        nullable=True, description="The `since` for which reading the archive stopped."
    )
    notes = dy.String(
        nullable=True, description="What had to be mended or passed over in it, in words."
    )
    language = dy.String(nullable=True, description="Language as the feed claims it.")
    medium = dy.String(nullable=True, description="podcast:medium; null means podcast.")
    podcast_guid = dy.String(
        nullable=True, description="podcast:guid, the show's identity across hosts."
    )


class AnnouncedItemSchema(dy.Schema):
    """One item that a feed has announced at some time."""

    item_id = dy.String(primary_key=True, description="Hash of feed and GUID.")
    feed_id = dy.String(description="The feed that announced it.")
    published_on = dy.Date(description="UTC day it belongs to.")
    date_source = dy.String(
        check=lambda c: c.is_in(["feed", "first_seen"]),
        description="feed: the item's own date; first_seen: see `date_problem`.",
    )
    published_at = dy.Datetime(nullable=True, **UTC_TIMESTAMP, description="The item's own date.")
    first_seen_at = dy.Datetime(**UTC_TIMESTAMP, description="First fetch that had it.")
    show_title = dy.String(description="Title of the show at that time.")
    title = dy.String(description="Plain text.")
    description = dy.String(description="Show notes as plain text.")
    guid = dy.String(nullable=True, description="As announced.")
    link = dy.String(nullable=True, description="Web page of the episode.")
    enclosure_url = dy.String(
        nullable=True, description="Address of the audio; of a private feed without its secrets."
    )
    enclosure_type = dy.String(nullable=True, description="Its claimed media type.")
    enclosure_bytes = dy.Int64(nullable=True, description="Its claimed size.")
    duration_s = dy.Float64(nullable=True, description="Its claimed duration in seconds.")
    transcript_url = dy.String(nullable=True, description="Publisher's transcript.")
    transcript_type = dy.String(nullable=True, description="Its claimed media type.")
    persons = dy.List(dy.String(), description="Hosts and guests named in the feed.")
    person_roles = dy.List(
        dy.String(), nullable=True, description="Their roles in the same order; host if unsaid."
    )
    date_problem = dy.String(
        nullable=True,
        check=lambda c: c.is_in(DATE_PROBLEMS),
        description="Why its own date does not count: missing, unreadable, more than a day in "
        "the future, or absurd (before 1990).",
    )
    published_text = dy.String(nullable=True, description="Its date as written.")
    episode_type = dy.String(nullable=True, description="full, trailer or bonus, if it says so.")
    season = dy.Int64(nullable=True, description="Season number.")
    episode_number = dy.Float64(nullable=True, description="Number of the episode.")
    chapters_url = dy.String(nullable=True, description="Publisher's chapters.")
    enclosure_key = dy.String(
        nullable=True,
        description="Hash of the audio's address without counters, tokens and scheme.",
    )
    enclosure_problem = dy.String(
        nullable=True, description="Why none of its enclosures is audio, where it has some."
    )
    transcripts = dy.List(
        dy.Struct(
            {
                "url": dy.String(),
                "type": dy.String(nullable=True),
                "language": dy.String(nullable=True),
            }
        ),
        nullable=True,
        description="All of the publisher's transcripts, the one taken first.",
    )
    content_key = dy.String(
        nullable=True,
        description="Hash of what episodes are made from; it differs after an edit.",
    )
    document_sha256 = dy.String(
        nullable=True, description="Bytes in the feed cache that said all this."
    )
    is_private = dy.Bool(
        nullable=True, description="Whether the feed is private: its addresses are secrets."
    )
    edited_at = dy.Datetime(
        nullable=True, **UTC_TIMESTAMP, description="Last fetch that found it edited."
    )


class ItemChangeSchema(dy.Schema):
    """One edit of one column of an announced item."""

    item_id = dy.String(primary_key=True, description="The item.")
    seen_at = dy.Datetime(primary_key=True, **UTC_TIMESTAMP, description="Fetch that found it.")
    column_name = dy.String(primary_key=True, description="Column of announced_items.")
    before = dy.String(nullable=True, description="Value before, as text.")
    after = dy.String(nullable=True, description="Value after, as text.")


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
ITEM_CHANGES = Table(
    name="item_changes",
    schema=ItemChangeSchema,
    description="Ledger of edits: what publishers changed after they had announced it.",
)
