"""`podcast-insights feeds list`, and what the other `feeds` commands share."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from podcast_insights.feeds.private import credentials_of
from podcast_insights.feeds.subscriptions import Subscription, load_subscriptions
from podcast_insights.net.client import Answer, Limits, SafeClient, host_of, redact
from podcast_insights.settings import Settings
from podcast_insights.text import printable

TOTAL_TIMEOUT_S = 120.0

LAST_FETCH = """
WITH good AS (
    SELECT feed_id, max(fetched_at) AS last_good_at, arg_max(show_title, fetched_at) AS title,
           arg_max(item_count, fetched_at) AS items
    FROM feed_fetches WHERE error IS NULL GROUP BY feed_id
), bad AS (
    SELECT feed_id, min(fetched_at) AS failing_since
    FROM feed_fetches LEFT JOIN good USING (feed_id)
    WHERE error IS NOT NULL AND (last_good_at IS NULL OR fetched_at > last_good_at)
    GROUP BY feed_id
), newest AS (
    SELECT feed_id, max(published_at) AS newest_item_at
    FROM announced_items WHERE date_source = 'feed' GROUP BY feed_id
)
SELECT DISTINCT ON (feed_id) feed_id, fetched_at, error, failure, moved_to,
       title, items, failing_since, newest_item_at
FROM feed_fetches
LEFT JOIN good USING (feed_id) LEFT JOIN bad USING (feed_id) LEFT JOIN newest USING (feed_id)
ORDER BY feed_id, fetched_at DESC
"""
"""The latest fetch of each feed, with what earlier ones add."""


def show_feeds(settings: Settings, out: Console, *, as_json: bool = False) -> None:
    """One line per subscription."""
    rows = [row_of(feed, last) for feed, last in with_last_fetch(settings)]
    if as_json:
        out.print_json(json.dumps(rows, default=str))
        return
    # Few columns, so that ids and addresses stay whole in a narrow terminal.
    table = Table(Column("feed", overflow="fold"), "items", "newest", Column("state", ratio=1))
    for row in rows:
        newest, fetched = row["newest_item_at"], row["fetched_at"]
        topics = f"\n[dim]{escape(', '.join(row['topics']))}[/]" if row["topics"] else ""
        name = f"[bold]{escape(printable(row['title']))}[/]\n" if row["title"] else ""
        table.add_row(
            f"{name}{escape(row['url'])}\n[dim]{row['feed_id']}[/]{topics}",
            "" if row["items"] is None else str(row["items"]),
            f"{newest:%Y-%m-%d}" if newest else "",
            escape(row["state"])
            + (f"\n[dim]fetched {fetched:%Y-%m-%d %H:%M}[/]" if fetched else ""),
            end_section=True,
        )
    out.print(table)


def with_last_fetch(settings: Settings) -> list[tuple[Subscription, dict[str, Any] | None]]:
    """The subscriptions, each with its row of `LAST_FETCH`.

    Raises:
        UserError: the file or the warehouse can't be read.
    """
    # Imported here: `feeds add` and its like need no database.
    from podcast_insights.cli.digest import open_warehouse

    fetched = {}
    if settings.warehouse_path.exists():
        rows = open_warehouse(settings).read(LAST_FETCH)
        fetched = {row["feed_id"]: row for row in rows.to_dicts()}
    return [(feed, fetched.get(feed.feed_id)) for feed in load_subscriptions(feeds_path(settings))]


def row_of(feed: Subscription, last: dict[str, Any] | None) -> dict[str, Any]:
    """What is shown of a subscription."""
    known = last or {}
    return {
        "feed_id": feed.feed_id,
        "title": feed.title or known.get("title"),
        "url": feed.shown_url,
        "topics": list(feed.topics),
        "is_enabled": feed.is_enabled,
        "is_private": feed.is_private,
        "fetched_at": known.get("fetched_at"),
        "items": known.get("items"),
        "newest_item_at": known.get("newest_item_at"),
        "state": state_of(feed, last),
    }


def state_of(feed: Subscription, last: Mapping[str, Any] | None) -> str:
    """How a feed is, in words."""
    if not feed.is_enabled:
        return "off"
    if last is None:
        return "never fetched"
    if last["error"]:
        since = f"since {last['failing_since']:%Y-%m-%d}: {last['error']}"
        return f"dead {since}" if last["failure"] == "gone" else f"failing {since}"
    if last["moved_to"] and not is_at(feed, last["moved_to"]):
        new = host_of(last["moved_to"]) if feed.is_private else redact(last["moved_to"])
        return f"ok, moved to {new}"
    return "ok"


def is_at(feed: Subscription, address: str) -> bool:
    """Whether the subscription has followed a move."""
    return redact(address) in (feed.shown_url, redact(feed.url))


def feeds_path(settings: Settings) -> Path:
    """The file of subscriptions."""
    return settings.under_home(settings.feeds_file)


def fetcher_for(
    settings: Settings, feed: Subscription, environ: Mapping[str, str]
) -> Callable[[str], Answer]:
    """Asks hosts within our limits, with the log-in of `feed` for its own host only.

    Raises:
        MissingSecretError: a variable that the feed needs is not set.
    """
    limits = Limits(
        max_bytes=settings.max_feed_bytes,
        read_timeout_s=settings.http_timeout_s,
        total_timeout_s=TOTAL_TIMEOUT_S,
    )
    login = credentials_of(feed, environ)
    return SafeClient(limits, frozenset(feed.private_hosts), login).get
