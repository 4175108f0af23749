"""Getting an episode's audio into the content-addressed cache, once, and out of it again.

What does not belong here: decoding it, or deciding which text is used.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from podcast_insights.cache import Cache, KindUsage
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Answer, Client, FetchError, host_of
from podcast_insights.net.landing import Landing
from podcast_insights.transcripts import downloads
from podcast_insights.transcripts.audio_policy import is_transcribed, note_transcript, prune_audio
from podcast_insights.transcripts.sniffing import NotAudioError, Served, refuse_no_audio

HOPELESS = frozenset({"too_large", "bad_encoding"})
"""Failures after which going on with what came would end in the same way. An answer that is not
HTTP is none: a busy host gives one now and then."""

WHOLE_SHARE = 0.95
"""Of the claimed size: what is shorter, and whose end nobody said, may be cut."""


@dataclass(frozen=True)
class Audio:
    """Audio as served: its identity, and where it lies while it is kept."""

    sha256: str
    size_bytes: int
    path: Path


def announced_address(episode: dict[str, Any]) -> str:
    """The address in the row, which is the real one unless the feed is private."""
    return str(episode["enclosure_url"])


@dataclass(frozen=True)
class AudioStore:
    """Downloads enclosures and remembers which bytes an announcement stood for.

    The pointer from announcement to bytes is keyed by episode, address, claimed size and
    claimed duration, so an edited announcement is downloaded anew and an unchanged one never is.

    Args:
        client_for: makes the HTTP client for a feed id.
        address_of: the real address of a row's audio.
        fresh_address: the same as the feed gives it now, for one that has expired.
        keep_days: after its last use; None keeps audio for good, 0 drops it once its
            transcript is stored.
        stopping: set when the run ends before its time: downloads end between two reads.
    """

    cache: Cache
    client_for: Callable[[str], Client]
    address_of: Callable[[dict[str, Any]], str] = announced_address
    fresh_address: downloads.FreshAddress = downloads.no_fresh_address
    keep_days: int | None = None
    stopping: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    def fetch(self, episode: dict[str, Any], *, need_file: bool = True) -> Audio:
        """The audio of a row of `episodes`.

        Args:
            episode: the row.
            need_file: False if knowing the hash is enough, because everything made from the
                audio is in the cache.

        Raises:
            FetchError: not to be had, or not audio.
            StoppedError: the run ends.
            UserError: the cache can't be written.
        """
        pointer = pointer_key(episode)
        known = self._known(pointer)
        if known and (known.path.exists() or not need_file):
            return known
        with (
            downloads.writable(self.cache),
            downloads.landing_of(self.cache, pointer, self.stopping.is_set) as landing,
        ):
            known = self._known(pointer)
            if known and known.path.exists():  # by another process, while we waited
                return known
            return downloads.download(
                episode,
                lambda url: self._take(url, episode, landing, pointer),
                self.address_of,
                self.fresh_address,
            )

    def used(self, audio: Audio) -> None:
        """The file is about to be read: its days begin anew."""
        with suppress(FileNotFoundError):  # whoever reads it will say so
            os.utime(audio.path)

    def note(self, audio: Audio, transcript_key: str) -> None:
        """What was said in it is stored under this key."""
        note_transcript(self.cache, audio.sha256, transcript_key)

    def release(self, audio: Audio) -> None:
        """No episode of the run needs the file: keep it, or drop it if it is transcribed.

        The pointer stays: what was made from the bytes is found without them.
        """
        if self.keep_days == 0 and is_transcribed(self.cache, audio.sha256):
            audio.path.unlink(missing_ok=True)

    def forget(self, episode: dict[str, Any]) -> None:
        """Let the next run ask the host again; no audio and no text is deleted."""
        self.cache.path("enclosures", pointer_key(episode), ".json").unlink(missing_ok=True)

    def discard(self, audio: Audio) -> None:
        """Nothing can be heard in the file: it is of no use, unless all audio is kept."""
        if self.keep_days is not None:
            audio.path.unlink(missing_ok=True)

    def named(self, sha256: str, size_bytes: int) -> Audio:
        """Audio by its hash, whether the file is kept or not."""
        return Audio(sha256, size_bytes, self.cache.path("audio", sha256, ".audio"))

    def prune(self) -> KindUsage:
        """Delete what the policy has no more days for, and downloads nobody went on with."""
        downloads.prune_parts(self.cache)
        if self.keep_days is None:
            return KindUsage("audio", 0, 0)
        return prune_audio(self.cache, self.keep_days)

    def _known(self, pointer: str) -> Audio | None:
        found = self.cache.read_json("enclosures", pointer)
        return self.named(found["sha256"], found["size_bytes"]) if found else None

    def _take(self, url: str, episode: dict[str, Any], landing: Landing, pointer: str) -> Audio:
        client = self.client_for(episode["feed_id"])
        try:
            answer = to_its_end(lambda: client.download(url, landing), episode["enclosure_bytes"])
        except FetchError as error:
            if error.kind in HOPELESS:
                downloads.drop(landing)
            raise
        served = Served(
            landing.path,
            answer.size_bytes,
            host_of(answer.url),
            answer.headers.get("content-type", ""),
            episode.get("enclosure_bytes"),
            episode.get("claimed_duration_s"),
        )
        try:
            refuse_no_audio(served)
        except NotAudioError:
            downloads.drop(landing)
            raise
        self.cache.adopt(landing.path, "audio", answer.sha256, ".audio")
        downloads.drop(landing)
        found = {"sha256": answer.sha256, "size_bytes": answer.size_bytes}
        self.cache.write_json("enclosures", pointer, found)
        return self.named(answer.sha256, answer.size_bytes)


def to_its_end(download: Callable[[], Answer], claimed_bytes: int | None) -> Answer:
    """A download that is whole as far as anybody can tell.

    A body that ends with its connection passes for whole wherever that is cut. If it is shorter
    than the feed claims, it is taken only if it ends at the same byte twice.

    Raises:
        FetchError: as `download` does, or there were two different ends.
    """
    answer = download()
    if not may_be_cut(answer, claimed_bytes):
        return answer
    again = download()
    if again.size_bytes == answer.size_bytes or not may_be_cut(again, claimed_bytes):
        return again
    raise FetchError(
        f"{host_of(again.url)} broke off: {answer.size_bytes:,} bytes, then "
        f"{again.size_bytes:,}, where the feed announces {claimed_bytes:,}",
        kind="incomplete",
    )


def may_be_cut(answer: Answer, claimed_bytes: int | None) -> bool:
    """Whether a body ended with its connection, and is shorter than the feed claims."""
    is_chunked = "chunked" in answer.headers.get("transfer-encoding", "").lower()
    if is_chunked or "content-length" in answer.headers:
        return False
    return answer.size_bytes < WHOLE_SHARE * (claimed_bytes or 0)


def pointer_key(episode: dict[str, Any]) -> str:
    """What an announcement says about its audio, as a cache key.

    Not the address as it is: tokens rotate in it, and download counters come and go.
    """
    address = episode.get("enclosure_key") or episode["enclosure_url"].split("?")[0]
    said = (address, episode["enclosure_bytes"], episode["claimed_duration_s"])
    return long_hash("enclosure", episode["episode_id"], *map(str, said))
