"""Private feeds: credentials, and the real addresses that no table holds.

What a private feed announces opens what others may not hear, so tables, logs and the analysts'
file hold its addresses without their secrets. Whoever downloads looks the address up in the
document it came from, whose bytes are in the feed cache, which only the pipeline reads.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from podcast_insights.cache import Cache
from podcast_insights.feeds.documents import stored_feed
from podcast_insights.feeds.enclosures import choose, enclosure_key
from podcast_insights.feeds.evidence import folded
from podcast_insights.feeds.model import Feed, Item
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.net.client import FetchError
from podcast_insights.net.secrets import Credentials

Row = Mapping[str, Any]


def credentials_of(feed: Subscription, environ: Mapping[str, str]) -> Credentials | None:
    """User and password of a subscription, for its own origin only.

    Raises:
        MissingSecretError: a variable is not set.
    """
    found = feed.credentials(environ)
    if found is None:
        return None
    parts = urlsplit(feed.url)
    return Credentials(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", *found)


@dataclass(frozen=True)
class AddressBook:
    """Real addresses of rows of `episodes`."""

    cache: Cache
    _feeds: dict[str, Feed] = field(default_factory=dict, repr=False, compare=False)

    def enclosure(self, episode: Row) -> str:
        """Where the audio is.

        Raises:
            FetchError: of a private feed, and its document is no longer in the cache.
        """
        if not episode.get("is_private"):
            return str(episode["enclosure_url"])
        found = choose(self._item(episode).enclosures).enclosure
        if found is None:
            raise lost(episode)
        return found.url

    def transcript(self, episode: Row) -> str:
        """Where the publisher's transcript is; raises as `enclosure` does."""
        if not episode.get("is_private"):
            return str(episode["transcript_url"])
        path = urlsplit(str(episode["transcript_url"])).path
        language = episode.get("transcript_language")
        links = self._item(episode).transcripts
        alike = [link for link in links if link.type == episode["transcript_type"]]
        if not alike:
            raise lost(episode)
        # In one path the query may tell two languages apart, and no row has it.
        best = max(alike, key=lambda it: (urlsplit(it.url).path == path, it.language == language))
        return best.url

    def _item(self, episode: Row) -> Item:
        """The announcement that a row was made from."""
        alike = list(self._announcements(episode))
        if not alike:
            raise lost(episode)
        title = folded(str(episode["title"]))
        return next((item for item in alike if folded(item.title) == title), alike[0])

    def _announcements(self, episode: Row) -> Iterator[Item]:
        sha256 = str(episode["document_sha256"] or "")
        if sha256 and sha256 not in self._feeds:
            feed = stored_feed(self.cache, sha256)
            if feed is not None:
                self._feeds[sha256] = feed
        if sha256 not in self._feeds:
            return
        for item in self._feeds[sha256].items:
            enclosure = choose(item.enclosures).enclosure
            if enclosure and enclosure_key(enclosure.url) == episode["enclosure_key"]:
                yield item


def lost(episode: Row) -> FetchError:
    """The document is gone, or says something else."""
    return FetchError(
        f"{episode['show_title']} is a private feed, and the document with the address of this "
        "episode is not in the cache; materialize `feeds` of today, then this day again",
        kind="bad_address",
    )
