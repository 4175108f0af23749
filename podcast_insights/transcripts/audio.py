"""Getting an episode's audio into the content-addressed cache, once.

What does not belong here: decoding it, or deciding which text is used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Client, FetchError, host_of

TEXT_STARTS = (b"<!doctype", b"<html", b"<?xml", b"{")
MIN_AUDIO_BYTES = 1024


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
    """

    cache: Cache
    client_for: Callable[[str], Client]
    address_of: Callable[[dict[str, Any]], str] = announced_address

    def fetch(self, episode: dict[str, Any], *, need_file: bool = True) -> Audio:
        """The audio of a row of `episodes`.

        Args:
            episode: the row.
            need_file: False if knowing the hash is enough, because everything made from the
                audio is in the cache.

        Raises:
            FetchError: not to be had, or not audio.
        """
        pointer = pointer_key(episode)
        known = self.cache.read_json("enclosures", pointer)
        if known:
            path = self.cache.path("audio", known["sha256"], ".audio")
            if path.exists() or not need_file:
                return Audio(known["sha256"], known["size_bytes"], path)
        return self._download(episode, pointer)

    def discard(self, audio: Audio) -> None:
        """Delete the bytes and keep the pointer: what was made from them stays usable."""
        audio.path.unlink(missing_ok=True)

    def _download(self, episode: dict[str, Any], pointer: str) -> Audio:
        url = self.address_of(episode)
        scratch = self.cache.scratch()
        try:
            answer = self.client_for(episode["feed_id"]).download(url, scratch)
            refuse_text(scratch, url)
            path = self.cache.adopt(scratch, "audio", answer.sha256, ".audio")
        finally:
            scratch.unlink(missing_ok=True)
        found = {"sha256": answer.sha256, "size_bytes": answer.size_bytes}
        self.cache.write_json("enclosures", pointer, found)
        return Audio(answer.sha256, answer.size_bytes, path)


def pointer_key(episode: dict[str, Any]) -> str:
    """What an announcement says about its audio, as a cache key.

    Not the address as it is: tokens rotate in it, and download counters come and go.
    """
    address = episode.get("enclosure_key") or episode["enclosure_url"].split("?")[0]
    said = (address, episode["enclosure_bytes"], episode["claimed_duration_s"])
    return long_hash("enclosure", episode["episode_id"], *map(str, said))


def refuse_text(path: Path, url: str) -> None:
    """Hosts answer 200 with an error page; that is no audio.

    Raises:
        FetchError: the file is tiny, or starts like a page.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(64).lstrip().lower()
    if start.startswith(TEXT_STARTS):
        raise FetchError(f"{host_of(url)} served a page or message in place of audio")
    if size < MIN_AUDIO_BYTES:
        raise FetchError(f"{host_of(url)} served only {size} bytes in place of audio")
