"""What a feed says, in our words: the values that parsing makes and the scan records.

Text is plain text, links are absolute http(s) addresses, times are UTC. Everything that a feed
may leave out is None or empty; nothing here says which day an item belongs to, whether it is
new, or which of its enclosures is the episode's audio.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EnclosureSource = Literal["enclosure", "media", "alternate"]
EpisodeType = Literal["full", "trailer", "bonus"]


@dataclass(frozen=True)
class Enclosure:
    """One media file an item points to.

    Args:
        url: as announced, made absolute where the document's own address is known. Of any
            scheme, and it may carry tokens: whoever uses it must check it first.
        type: claimed media type, lower case without parameters, or None.
        size_bytes: claimed size; None where it is missing, 0 or nonsense.
        duration_s: claimed for this very file (Media RSS); most feeds only have the item's.
        source: `<enclosure>` or an Atom enclosure link; `<media:content>`;
            `<podcast:alternateEnclosure>`.
        is_default: the feed marks it as the one to play.
    """

    url: str
    type: str | None = None
    size_bytes: int | None = None
    duration_s: float | None = None
    source: EnclosureSource = "enclosure"
    is_default: bool = False


@dataclass(frozen=True)
class TranscriptLink:
    """A publisher's transcript (`podcast:transcript`); types and languages in lower case."""

    url: str
    type: str | None = None
    language: str | None = None
    is_captions: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody named by `podcast:person`, or as the item's author; roles in lower case."""

    name: str
    role: str | None = None
    group: str | None = None
    href: str | None = None


@dataclass(frozen=True)
class Item:
    """What a feed says about one item.

    Args:
        guid: as announced, white space at its ends removed; None if missing or empty.
        title: plain text, or `(untitled)`.
        published_text: the date as written, whether or not it could be read.
        published_at: the date in UTC; None if there is none or it can't be read.
        updated_at: `atom:updated` and the like, where it differs from the publication.
        enclosures: in document order; the same address may come as several elements.
        duration_s: `itunes:duration`, or what Media RSS claims.
        season: `podcast:season` or `itunes:season`; `episode` likewise (`12.5` exists).
        episode_type: None where the feed does not say.
    """

    guid: str | None
    title: str
    description: str = ""
    link: str | None = None
    published_text: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    enclosures: tuple[Enclosure, ...] = ()
    duration_s: float | None = None
    transcripts: tuple[TranscriptLink, ...] = ()
    chapters_url: str | None = None
    persons: tuple[Person, ...] = ()
    season: int | None = None
    episode: float | None = None
    episode_type: EpisodeType | None = None


@dataclass(frozen=True)
class Feed:
    """A parsed feed document.

    Args:
        format: such as `rss 2.0`, `rss 0.91`, `rdf`, `atom`.
        persons: named for the whole show.
        guid: `podcast:guid`, the show's identity across hosts.
        medium: `podcast:medium`, lower case; None means podcast.
        new_feed_url: where the publisher says the feed has moved (`itunes:new-feed-url`).
        next_url: the next page of a paged feed (RFC 5005, 3), older items.
        prev_archive_url: the archive before this document (RFC 5005, 4).
        is_complete: `fh:complete` or `itunes:complete`: no more items will come.
        repairs: what had to be mended before it could be read, in words; empty for a
            well-formed document.
    """

    title: str
    items: tuple[Item, ...]
    format: str
    link: str | None = None
    language: str | None = None
    persons: tuple[Person, ...] = ()
    guid: str | None = None
    medium: str | None = None
    new_feed_url: str | None = None
    next_url: str | None = None
    prev_archive_url: str | None = None
    is_complete: bool = False
    repairs: tuple[str, ...] = ()
