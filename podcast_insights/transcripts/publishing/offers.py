"""A publisher's transcripts of one episode: which is tried first, and what came of it.

The files at these addresses are asked for once for each audio. A publisher who corrects a
transcript without a word in the feed is not noticed; another address, or other audio, is, and
brings the new text in.

What does not belong here: reading the formats, and two episodes with one text
(`same_text.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from podcast_insights.cache import Cache
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Client, FetchError
from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.guards import inspect, text_key
from podcast_insights.transcripts.languages import language_of, primary
from podcast_insights.transcripts.owners import Owner
from podcast_insights.transcripts.publishing.parse import PARSERS, claimed_format, parse_transcript
from podcast_insights.transcripts.publishing.pieces import TranscriptFormatError
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.records import TranscriptionError

Row = dict[str, Any]
PREFERENCE = tuple(PARSERS)
MAX_LINKS = 6
"""Tried for one episode: five formats, and one more."""
READER_VERSION = "4"
"""Part of the cache's keys: raise it where a file would be read differently."""


@dataclass(frozen=True)
class Link:
    """A transcript that a feed announces."""

    url: str
    type: str | None = None
    language: str | None = None

    @property
    def kind(self) -> str | None:
        """The format it seems to be in, a name of `PARSERS`."""
        return claimed_format(self.type, self.url)


@dataclass(frozen=True)
class Offer:
    """What a publisher's transcripts come to.

    Args:
        segments: the text to use, or None.
        key: of its entry in the cache.
        refusals: why others were not used, in words.
    """

    segments: tuple[Segment, ...] | None = None
    key: str = ""
    duration_s: float = 0.0
    language: str | None = None
    refusals: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it is used, or why it isn't, for the row."""
        why = "; ".join(self.refusals)
        if self.segments:
            said = "the publisher's transcript passed the guards"
            return f"{said}; refused before it: {why}" if why else said
        if why:
            return f"the publisher's transcript was not used: {why}"
        return "the publisher has no transcript"


@dataclass(frozen=True)
class Publisher:
    """Gets publishers' texts of episodes.

    Args:
        client_for: makes the HTTP client for a feed id.
        language_of: the language hint of a feed id, or None.
        address_of: the real address of a row's `transcript_url`; every link goes through it.
        duration_of: seconds of an episode's audio.
        links: transcripts by episode id, where the feed announces several.
    """

    cache: Cache
    client_for: Callable[[str], Client]
    language_of: Callable[[str], str | None]
    address_of: Callable[[Row], str]
    duration_of: Callable[[Row, Audio], float]
    links: Mapping[str, Sequence[Link]]

    def is_known(self, episode: Row, audio: Audio) -> bool:
        """Whether a text of this audio is in the cache already."""
        return any(
            self.cache.path("transcripts", cache_key(audio, link), ".json").exists()
            for link in self.links_of(episode)
        )

    def offer(self, episode: Row, audio: Audio, taken: Owner) -> Offer:
        """The first text that can be read and passes the guards.

        Args:
            episode: a row of `episodes`.
            audio: its audio.
            taken: whose a text is, where other audio stands for it.
        """
        links = self.links_of(episode)
        refusals: tuple[str, ...] = ()
        if not links and episode["transcript_url"]:
            hint = self.language_of(episode["feed_id"])
            refusals = (f"it is in another language than {hint}, the feed's",)
        for link in links:
            label = f"{link.kind or link.type or 'another format'}: " if len(links) > 1 else ""
            try:
                offer = self.judged(episode, audio, link, taken)
            except (FetchError, TranscriptFormatError, TranscriptionError) as error:
                offer = Offer(refusals=(str(error),))
            if offer.segments:
                return replace(offer, refusals=refusals)
            refusals += tuple(f"{label}{why}" for why in offer.refusals)
        return Offer(refusals=refusals)

    def judged(self, episode: Row, audio: Audio, link: Link, taken: Owner) -> Offer:
        """What one link comes to.

        Raises:
            FetchError: it can't be had.
            TranscriptFormatError: it can't be read.
            TranscriptionError: the audio can't be read, so nothing can be held against it.
        """
        segments = self.read(episode, audio, link)
        duration_s = self.duration_of(episode, audio)
        language = self.language_of(episode["feed_id"]) or primary(link.language)
        finding = inspect(
            segments,
            duration_s,
            None,
            language=language,
            claimed_s=episode.get("claimed_duration_s"),
        )
        # Of audio that was cut short the text tells; to listen to it would tell less.
        if finding and finding.status != "truncated_audio":
            return Offer(refusals=(f"{finding.status}: {finding.message}",))
        key = text_key(segments)
        owner = taken(key, episode) if key else None
        if owner and owner != episode["episode_id"]:
            return Offer(refusals=(f"same_text: episode {owner} has the same, and other audio",))
        language = language or language_of(segment.text for segment in segments)
        return Offer(segments, cache_key(audio, link), duration_s, language)

    def links_of(self, episode: Row) -> list[Link]:
        """An episode's transcripts, the best first.

        Those in another language than the feed's are translations, which nobody said, and
        left out.
        """
        announced = list(self.links.get(episode["episode_id"], ()))
        if not announced and episode["transcript_url"]:
            announced = [Link(episode["transcript_url"], episode["transcript_type"])]
        hint = primary(self.language_of(episode["feed_id"]))
        unique = {(link.url, link.type): link for link in announced}
        fit = [
            link
            for link in unique.values()
            if hint is None or primary(link.language) in (None, hint)
        ]
        return sorted(fit, key=lambda link: rank(link, hint))[:MAX_LINKS]

    def read(self, episode: Row, audio: Audio, link: Link) -> tuple[Segment, ...]:
        """A text, from the cache or from its address.

        Raises:
            FetchError: it can't be had.
            TranscriptFormatError: it can't be read.
        """
        key = cache_key(audio, link)
        stored: Any = self.cache.read_json("transcripts", key)
        try:
            return tuple(map(Segment.from_row, stored["segments"]))
        except (TypeError, KeyError):
            pass  # not there, or of another shape: made now
        row = {**episode, "transcript_url": link.url, "transcript_type": link.type}
        answer = self.client_for(episode["feed_id"]).get(self.address_of(row))
        segments = parse_transcript(answer.body, link.type, link.url)
        self.cache.write_json("transcripts", key, {"segments": [s.to_row() for s in segments]})
        return segments


def rank(link: Link, hint: str | None) -> tuple[bool, int]:
    """Sort key: the feed's language before none, and formats that say most first."""
    kind = link.kind
    place = PREFERENCE.index(kind) if kind else len(PREFERENCE)
    return (hint is not None and primary(link.language) != hint, place)


def cache_key(audio: Audio, link: Link) -> str:
    """Name of a publisher's text of exactly this audio; tokens rotate in queries."""
    parts = urlsplit(link.url)
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return long_hash("published", READER_VERSION, audio.sha256, address, link.type or "")
