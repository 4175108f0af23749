"""Which announced items are one and the same episode.

Two items of different feeds are one episode if their enclosures have the same address
(without its query) or if title and claimed duration agree; a network's feed that repeats a
show's episode must not put it into a digest twice.
"""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from podcast_insights.warehouse.windows import DateWindow

LATEST = datetime.max.replace(tzinfo=UTC)

MIN_TITLE_WORDS = 3
"""A "Trailer" or "Episode 12" of the same length is no sign of being the same episode."""

RECENT = 50
"""Items with one and the same key that are looked at, so that many of them cost little."""


def identify(items: pl.DataFrame, window: DateWindow) -> list[dict[str, Any]]:
    """Rows for `episodes`, one for each item of the window.

    Args:
        items: the ledger `announced_items`, or at least every item of the window and
            whatever may be its twin on other days.
        window: the days to make rows for.

    Returns:
        Rows in the window, in no particular order. Of twins the one announced first is the
        episode; the others are rows with status `duplicate`.
    """
    candidates = items.to_dicts()
    groups = twins(candidates)
    return [
        episode_row(item, groups[item["item_id"]])
        for item in candidates
        if item["published_on"] in window
    ]


def twins(items: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """For each item its group of twins across feeds, the original first.

    Items of one feed are never twins, also not by way of another feed: there, the GUID has
    the word. (A daily show of constant title and length, repeated in its network's feed,
    would otherwise be one single episode.)
    """
    parent: dict[str, str] = {}
    feeds: dict[str, set[str]] = {}

    def root(item_id: str) -> str:
        while parent[item_id] != item_id:
            item_id = parent[item_id]
        return item_id

    def join(item_id: str, other_id: str) -> bool:
        mine, theirs = root(item_id), root(other_id)
        if mine != theirs and feeds[mine] & feeds[theirs]:
            return False
        parent[mine] = theirs
        feeds[theirs] |= feeds[mine]
        return True

    ordered = sorted(items, key=seniority)
    recent_with: dict[tuple[str, ...], deque[str]] = defaultdict(lambda: deque(maxlen=RECENT))
    for item in ordered:
        item_id = item["item_id"]
        parent[item_id], feeds[item_id] = item_id, {item["feed_id"]}
        for key in twin_keys(item):
            for other_id in reversed(recent_with[key]):  # the nearest in time first
                if join(item_id, other_id):
                    break
            recent_with[key].append(item_id)
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in ordered:
        groups[root(item["item_id"])].append(item)
    return {member["item_id"]: group for group in groups.values() for member in group}


def seniority(item: dict[str, Any]) -> tuple[Any, ...]:
    """Sort key: announced on an earlier day, then published first, then by id for good.

    By announcement first: a feed that turns up later can't take over an episode by dating its
    own copy back.
    """
    return (
        item["first_seen_at"].date(),
        item["published_on"],
        item["published_at"] or LATEST,
        item["first_seen_at"],
        item["item_id"],
    )


def twin_keys(item: dict[str, Any]) -> list[tuple[str, ...]]:
    """What two items must share, in at least one key, to be one episode.

    Nothing for an item without audio: it is no episode that another could repeat.
    """
    if not item["enclosure_url"]:
        return []
    address = re.sub(r"^https?://", "", item["enclosure_url"])
    title = re.sub(r"\W+", " ", item["title"].casefold()).strip()
    # The whole address, or the address without a token that may differ but with the title:
    # `play.php?id=1` and `play.php?id=2` are two episodes.
    keys: list[tuple[str, ...]] = [("audio", address), ("path", address.split("?")[0], title)]
    if item["duration_s"] and len(title.split()) >= MIN_TITLE_WORDS:
        keys.append(("title", title, str(round(item["duration_s"]))))
    return keys


def episode_row(item: dict[str, Any], group: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """An item as a row of `episodes`."""
    original = group[0]
    status, error, duplicate_of = "ok", None, None
    if item is not original:
        status, duplicate_of = "duplicate", original["item_id"]
        error = f"the same episode as {original['title']!r} of {original['show_title']}"
    elif not item["enclosure_url"]:
        status, error = "no_enclosure", "the feed announces no audio for this item"
    return {
        "episode_id": item["item_id"],
        "status": status,
        "error": error,
        "duplicate_of": duplicate_of,
        "source_feed_ids": sorted({twin["feed_id"] for twin in group}),
        "claimed_duration_s": item["duration_s"],
        **{name: item[name] for name in COPIED},
    }


COPIED = (
    "published_on",
    "feed_id",
    "show_title",
    "title",
    "description",
    "guid",
    "link",
    "published_at",
    "date_source",
    "enclosure_url",
    "enclosure_type",
    "enclosure_bytes",
    "transcript_url",
    "transcript_type",
    "persons",
)
