"""A publisher's transcripts of one episode: which is tried first, and what came of it.

The files at these addresses are asked for once for each audio. A publisher who corrects a
transcript without a word in the feed is not noticed; another address, or other audio, is, and
brings the new text in.

What does not belong here: reading the formats, what is remembered of those of no use
(`refusals.py`), and two episodes with one text (`same_text.py`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.feeds.enclosures import stable_address, stable_query
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Client, FetchError
from podcast_insights.net.landing import StoppedError
from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.audio_policy import noted_transcript
from podcast_insights.transcripts.guards import inspect, text_key
from podcast_insights.transcripts.languages import are_several, is_other, language_of, primary
from podcast_insights.transcripts.owners import Owner
from podcast_insights.transcripts.publishing.parse import PARSERS, claimed_format, parse_transcript
from podcast_insights.transcripts.publishing.pieces import TranscriptFormatError
from podcast_insights.transcripts.publishing.refusals import Refusals
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.records import TranscriptionError

Row = dict[str, Any]
PREFERENCE = tuple(PARSERS)
MAX_LINKS = 6
"""Tried for one episode: five formats, and one more."""
READER_VERSION = "6"
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
        is_cut: whether the text tells of audio that was cut short.
        format: of the text, where the publisher has several to choose from.
    """

    segments: tuple[Segment, ...] | None = None
    key: str = ""
    language: str | None = None
    refusals: tuple[str, ...] = ()
    is_cut: bool = False
    format: str = ""

    @property
    def reason(self) -> str:
        """Why it is used, or why it isn't, for the row."""
        why = "; ".join(self.refusals)
        if self.segments:
            which = f"the publisher's transcript ({self.format})"
            said = which if self.format else "the publisher's transcript"
            said += " shows that the audio was cut short" if self.is_cut else " passed the guards"
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
        claimed_language_of: the language that the feed itself claims, or None. Hosts fill in
            their own for shows in any language, so it only chooses among several.
        address_of: the real address of a row's `transcript_url`; every link goes through it.
        duration_of: seconds of an episode's audio.
        links: transcripts by episode id, where the feed announces several.
        is_stopped: whether the run ends; then no further host is asked.
        clock: seconds since 1970.
    """

    cache: Cache
    client_for: Callable[[str], Client]
    language_of: Callable[[str], str | None]
    claimed_language_of: Callable[[str], str | None]
    address_of: Callable[[Row], str]
    duration_of: Callable[[Row, Audio], float]
    links: Mapping[str, Sequence[Link]]
    is_stopped: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.time

    def is_known(self, episode: Row, audio: Audio) -> bool:
        """Whether the text of this audio that was used last is one of these, and in the cache.

        That a text is in the cache says nothing yet: most that are refused are there, too.
        """
        used = noted_transcript(self.cache, audio.sha256)
        return any(cache_key(audio, link) == used for link in self.links_of(episode))

    def offer(self, episode: Row, audio: Audio, taken: Owner) -> Offer:
        """The first text that can be read and passes the guards.

        Args:
            episode: a row of `episodes`.
            audio: its audio.
            taken: whose a text is, where other audio stands for it.

        Raises:
            StoppedError: the run ends before all were asked for.
        """
        links = self.links_of(episode)
        refusals: tuple[str, ...] = ()
        if not links and episode["transcript_url"]:
            refusals = (self.why_none(episode),)
        for link in links:
            label = (link.kind or link.type or "another format") if len(links) > 1 else ""
            try:
                offer = self.judged(episode, audio, link, taken)
            except (FetchError, TranscriptFormatError, TranscriptionError) as error:
                offer = Offer(refusals=(str(error),))
            if offer.segments:
                return replace(offer, refusals=refusals, format=label)
            refusals += tuple(f"{label}: {why}" if label else why for why in offer.refusals)
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
        is_cut = finding is not None and finding.status == "truncated_audio"
        if finding and not is_cut:
            return Offer(refusals=(f"{finding.status}: {finding.message}",))
        key = text_key(segments)
        owner = taken(key, episode) if key else None
        if owner and owner != episode["episode_id"]:
            return Offer(refusals=(f"same_text: episode {owner} has the same, and other audio",))
        language = language or language_of(segment.text for segment in segments)
        return Offer(segments, cache_key(audio, link), language, is_cut=is_cut)

    def links_of(self, episode: Row) -> list[Link]:
        """An episode's transcripts, the best first; no translations, which nobody said.

        Where nobody named the show's language and they are in several, the feed's own claim
        chooses. What names no language is in the show's (Podcasting 2.0).
        """
        announced = list(self.links.get(episode["episode_id"], ()))
        if not announced and episode["transcript_url"]:
            announced = [Link(episode["transcript_url"], episode["transcript_type"])]
        links = list({(link.url, link.type, link.language): link for link in announced}.values())
        own = primary(self.language_of(episode["feed_id"]))
        if own is None:
            claimed = primary(self.claimed_language_of(episode["feed_id"]))
            if not are_several(primary(link.language) or claimed for link in links):
                return sorted(links, key=lambda link: rank(link, None))[:MAX_LINKS]
            own = claimed
        fit = [link for link in links if is_in(link, own)]
        return sorted(fit, key=lambda link: rank(link, own))[:MAX_LINKS]

    def why_none(self, episode: Row) -> str:
        """Why none of an episode's transcripts can be what was said."""
        hint = self.language_of(episode["feed_id"])
        if hint:
            return f"it is in another language than {hint}, the feed's"
        claimed = self.claimed_language_of(episode["feed_id"])
        none = f"none is in {claimed}, which the feed claims" if claimed else "the feed names none"
        return f"it is in several languages, and {none}; name the feed's `language` in feeds.yaml"

    def read(self, episode: Row, audio: Audio, link: Link) -> tuple[Segment, ...]:
        """A text, from the cache or from its address.

        Raises:
            FetchError: it can't be had.
            TranscriptFormatError: it can't be read.
            StoppedError: the run ends.
        """
        key = cache_key(audio, link)
        stored: Any = self.cache.read_json("transcripts", key)
        try:
            return tuple(map(Segment.from_row, stored["segments"]))
        except (TypeError, KeyError):
            pass  # not there, or of another shape: made now
        refusals = Refusals(self.cache, self.clock)
        refusals.check(key)
        if self.is_stopped():
            raise StoppedError("the run ends, before all of the publisher's links were asked")
        try:
            segments = self.ask(episode, link)
        except (FetchError, TranscriptFormatError) as error:
            refusals.note(key, error)
            raise
        self.cache.write_json("transcripts", key, {"segments": [s.to_row() for s in segments]})
        return segments

    def ask(self, episode: Row, link: Link) -> tuple[Segment, ...]:
        """A text from its address; raises as `read` does."""
        row = {
            **episode,
            "transcript_url": link.url,
            "transcript_type": link.type,
            "transcript_language": link.language,
        }
        answer = self.client_for(episode["feed_id"]).get(self.address_of(row))
        return parse_transcript(answer.body, link.type, link.url)


def is_in(link: Link, language: str | None) -> bool:
    """Whether a link is in this language, as far as it says."""
    if primary(link.language) is None:
        return True
    return language is not None and not is_other(link.language, language)


def rank(link: Link, own: str | None) -> tuple[int, int]:
    """Sort key: the show's language, one alike, none; then formats that say most first."""
    place = PREFERENCE.index(link.kind) if link.kind else len(PREFERENCE)
    language = primary(link.language)
    if own is None:
        return 0, place
    return 2 if language is None else int(language != own), place


def cache_key(audio: Audio, link: Link) -> str:
    """Name of a publisher's text of exactly this audio."""
    kind, language = link.type or "", link.language or ""
    address = address_without_tokens(link.url)
    return long_hash("published", READER_VERSION, audio.sha256, address, kind, language)


def address_without_tokens(url: str) -> str:
    """An address with what names the text in its query, and without what rotates there."""
    address, _, query = url.partition("#")[0].partition("?")
    try:
        # Beside the audio's hash any path names a file, so a token never has to.
        return stable_address(address) + stable_query(query, is_file_named=True)
    except ValueError:  # too many parameters
        return url
