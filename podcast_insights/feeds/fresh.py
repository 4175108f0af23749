"""Addresses of audio as feeds give them now, for those that have expired since the scan.

Hosts sign addresses for hours or days, and a backlog may wait for longer. A feed is read again
once for all of its episodes, through the same polite client as in a scan.

What does not belong here: the ledger. What else has changed in the feed is for the next scan.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from podcast_insights.feeds.enclosures import choose, enclosure_key
from podcast_insights.feeds.evidence import folded
from podcast_insights.feeds.model import Item
from podcast_insights.feeds.parse import FeedFormatError, parse_feed
from podcast_insights.feeds.subscriptions import MissingSecretError, Subscription
from podcast_insights.net.client import Client, FetchError

Row = Mapping[str, Any]


@dataclass
class Reading:
    """A feed that is read at most once: its items, or why there are none."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    items: tuple[Item, ...] | None = None
    error: FetchError | None = None


@dataclass(frozen=True)
class FreshAddresses:
    """Feeds that are read again where an address has expired; one object for one run.

    Args:
        feeds: subscriptions by feed id.
        client_for: makes the HTTP client for a feed id.
        environ: where the secrets of private feeds are looked up.
    """

    feeds: Mapping[str, Subscription]
    client_for: Callable[[str], Client]
    environ: Mapping[str, str]
    _readings: dict[str, Reading] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def enclosure(self, episode: Row) -> str | None:
        """Where the feed says now that an episode's audio is; None if it no longer lists it.

        Whoever gets the address must not show it: it may hold a secret.

        Raises:
            FetchError: the feed can't be read; no second try is made in this run.
        """
        feed = self.feeds.get(episode["feed_id"])
        if feed is None:
            return None
        with self._lock:
            reading = self._readings.setdefault(feed.feed_id, Reading())
        with reading.lock:  # the other episodes of the feed wait for the one that reads it
            if reading.items is None and reading.error is None:
                try:
                    reading.items = self._read(feed)
                except FetchError as error:
                    reading.error = error
        if reading.items is None:
            raise reading.error or FetchError("the feed can't be read")
        item = find(reading.items, episode)
        found = choose(item.enclosures).enclosure if item else None
        return found.url if found else None

    def _read(self, feed: Subscription) -> tuple[Item, ...]:
        try:
            answer = self.client_for(feed.feed_id).get(feed.address(self.environ))
            content_type = answer.headers.get("content-type")
            return parse_feed(answer.body, url=answer.url, content_type=content_type).items
        except (FeedFormatError, MissingSecretError) as error:
            raise FetchError(str(error)) from error


def find(items: tuple[Item, ...], episode: Row) -> Item | None:
    """The item that an episode was made from, as it is listed now.

    By the file's stable name, then by the GUID. Where several items have it, only under the same
    title or date, or the audio of another episode would be taken for this one's; a GUID that only
    one item has holds under an edited title, too, unless the date tells that it is used again.
    """
    key = episode["enclosure_key"]
    by_file = [item for item in items if key and key_of(item) == key]
    by_guid = [item for item in items if item.guid and item.guid == episode["guid"]]
    if len(by_file) == 1:
        return by_file[0]
    title, date = folded(str(episode["title"])), episode["published_at"]
    for alike in (by_file, by_guid):
        titled = [item for item in alike if folded(item.title) == title]
        dated = [item for item in alike if date and item.published_at == date]
        if titled or len(dated) == 1:
            return (titled or dated)[0]
    if len(by_guid) == 1 and not (date and by_guid[0].published_at):
        return by_guid[0]
    return None


def key_of(item: Item) -> str | None:
    """The stable name of an item's audio."""
    found = choose(item.enclosures).enclosure
    return enclosure_key(found.url) if found else None
