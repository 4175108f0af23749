"""Which announced items are one and the same episode.

Two items of different feeds are one episode if their enclosures have the same address
(without tokens and download counters), or if the title and the claimed duration or the GUID
agree; a network's feed that repeats a show's episode must not put it into a digest twice.
Where a feed says the same of several items ("News", 300 s, latest.mp3), it tells of one
episode only together with the day.
"""

import re
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

LATEST = datetime.max.replace(tzinfo=UTC)

MIN_TITLE_WORDS = 3
"""A "Trailer" or "Episode 12" of the same length is no sign of being the same episode."""

MIN_GUID_CHARS = 12
"""A shorter GUID may be a number that any feed counts up."""

NEAR = timedelta(hours=12)
"""Between twins whose key says little, if they are not of one day: a network is late at times."""

FEW = 10
"""Items with one and the same key that are looked at each way in time, so that many of them
cost little."""

Item = dict[str, Any]
Key = tuple[str, ...]


def identify(
    items: pl.DataFrame, traits: pl.DataFrame, since: Mapping[str, date] | None = None
) -> list[dict[str, Any]]:
    """Rows for `episodes`, one for each item.

    Args:
        items: rows of the ledger `announced_items`, of the days to make episodes for.
        traits: the columns of `TRAITS_OF_ALL`, of the whole ledger, or at least of these items
            and of whatever may be their twin on other days.
        since: by feed id, the day before which its items are not wanted.

    Returns:
        Rows in no particular order. Of twins the one announced first is the episode; the
        others are rows with status `duplicate`.
    """
    groups = twins(traits.to_dicts())
    wanted_from = since or {}

    def is_wanted(item: Item) -> bool:
        return bool(item["published_on"] >= wanted_from.get(item["feed_id"], date.min))

    rows = []
    for item in items.to_dicts():
        group = groups[item["item_id"]]
        # An episode that one feed's `since` leaves out is still another feed's.
        original = next(filter(is_wanted, group), None)
        rows.append(episode_row(item, group, original))
    return rows


def twins(items: Iterable[Item]) -> dict[str, list[Item]]:
    """For each item its group of twins across feeds, the original first.

    Items of one feed are never twins, also not by way of another feed: there, the GUID has
    the word. (A daily show of constant title and length, repeated in its network's feed,
    would otherwise be one single episode.)
    """
    ordered = sorted(items, key=seniority)
    keys = {item["item_id"]: twin_keys(item) for item in ordered}
    uses = Counter((key, item["feed_id"]) for item in ordered for key in keys[item["item_id"]])
    repeated = {key for (key, _), count in uses.items() if count > 1}
    groups = Groups()
    places: dict[Key, list[tuple[date, int]]] = defaultdict(list)
    for number, item in enumerate(ordered):
        groups.add(item["item_id"], item["feed_id"])
        here = (item["published_on"], number)
        for key in keys[item["item_id"]]:
            for _, place in nearest(places[key], here):
                other = ordered[place]
                if item["feed_id"] == other["feed_id"] or (
                    key in repeated and not is_near(item, other)
                ):
                    continue
                if groups.join(item["item_id"], other["item_id"]):
                    break
            insort(places[key], here)
    members: dict[str, list[Item]] = defaultdict(list)
    for item in ordered:
        members[groups.root(item["item_id"])].append(item)
    return {member["item_id"]: group for group in members.values() for member in group}


def nearest(places: Sequence[tuple[date, int]], here: tuple[date, int]) -> list[tuple[date, int]]:
    """A few of the sorted places, the nearest in time first, of those the senior."""
    middle = bisect_left(places, here)
    few = places[max(0, middle - FEW) : middle + FEW]
    return sorted(few, key=lambda place: (abs(place[0] - here[0]), place))


def is_near(item: Item, other: Item) -> bool:
    """Whether two items are of one day, or of one night."""
    if item["published_on"] == other["published_on"]:
        return True
    moments = item["published_at"], other["published_at"]
    return None not in moments and abs(moments[0] - moments[1]) <= NEAR


class Groups:
    """Items joined to groups, in which each feed comes once."""

    def __init__(self) -> None:
        """No items yet."""
        self._parent: dict[str, str] = {}
        self._feeds: dict[str, set[str]] = {}

    def add(self, item_id: str, feed_id: str) -> None:
        """An item, as a group of its own."""
        self._parent[item_id], self._feeds[item_id] = item_id, {feed_id}

    def root(self, item_id: str) -> str:
        """The item that stands for the group."""
        while self._parent[item_id] != item_id:
            item_id = self._parent[item_id]
        return item_id

    def join(self, item_id: str, other_id: str) -> bool:
        """Make two groups one, unless a feed is in both; whether they are one now."""
        mine, theirs = self.root(item_id), self.root(other_id)
        if mine == theirs:
            return True
        if self._feeds[mine] & self._feeds[theirs]:
            return False
        self._parent[mine] = theirs
        self._feeds[theirs] |= self._feeds[mine]
        return True


def seniority(item: Item) -> tuple[Any, ...]:
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


def twin_keys(item: Item) -> list[Key]:
    """What two items must share, in at least one key, to be one episode.

    Nothing for an item without audio: it is no episode that another could repeat.
    """
    if not item["enclosure_url"]:
        return []
    path = re.sub(r"^https?://", "", item["enclosure_url"], flags=re.IGNORECASE).split("?")[0]
    title = re.sub(r"\W+", " ", item["title"].casefold()).strip()
    # The address without tokens and counters, or even without its query but with the title:
    # `play.php?id=1` and `play.php?id=2` are two episodes.
    keys: list[Key] = [("path", path, title)]
    if item["enclosure_key"]:
        keys.insert(0, ("audio", item["enclosure_key"]))
    if item["guid"] and len(item["guid"]) >= MIN_GUID_CHARS:
        keys.append(("guid", item["guid"], title))
    if item["duration_s"] and len(title.split()) >= MIN_TITLE_WORDS:
        keys.append(("title", title, str(round(item["duration_s"]))))
    return keys


def episode_row(item: Item, group: Sequence[Item], original: Item | None) -> Item:
    """An item as a row of `episodes`.

    Args:
        item: as the ledger has it.
        group: the item and its twins.
        original: the one of them that counts; None if nobody wants any.
    """
    status, error = "ok", None
    if original is None:
        status, error = "before_since", "older than the `since` of its subscription"
    elif original["item_id"] != item["item_id"]:
        status = "duplicate"
        error = f"the same episode as {original['title']!r} of {original['show_title']}"
    elif item["episode_type"] == "trailer":
        status, error = "trailer", "the feed calls it a trailer; trailers are not transcribed"
    elif item["enclosure_problem"]:
        status, error = "unsupported_enclosure", f"nothing to hear: {item['enclosure_problem']}"
    elif not item["enclosure_url"]:
        status, error = "no_enclosure", "the feed announces no audio for this item"
    return {
        "episode_id": item["item_id"],
        "status": status,
        "error": error,
        "duplicate_of": original["item_id"] if original and status == "duplicate" else None,
        "source_feed_ids": sorted({twin["feed_id"] for twin in group}),
        "claimed_duration_s": item["duration_s"],
        **{name: item[name] for name in COPIED},
    }


TRAITS_OF_ALL = """
SELECT item_id, feed_id, show_title, title, guid, published_on, published_at, first_seen_at,
  enclosure_url, enclosure_key, duration_s
FROM announced_items
"""
"""What tells twins, of the whole ledger; its show notes would be gigabytes."""

ITEMS_OF_DAYS = "SELECT * FROM announced_items WHERE published_on >= ? AND published_on < ?"

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
    "date_problem",
    "enclosure_url",
    "enclosure_type",
    "enclosure_bytes",
    "enclosure_key",
    "transcript_url",
    "transcript_type",
    "persons",
    "episode_type",
    "season",
    "episode_number",
    "content_key",
    "document_sha256",
    "is_private",
)
