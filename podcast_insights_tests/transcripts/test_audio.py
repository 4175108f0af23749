"""Audio in the cache: downloaded once per announcement, and never a page in its place."""

from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.net.client import FetchError
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights_tests.transcripts import Host, episode

BODY = bytes(range(256)) * 8


@pytest.fixture
def store(cache: Cache, host: Host) -> AudioStore:
    return AudioStore(cache, host.client)


def files(cache: Cache) -> list[Path]:
    """What lies in the cache, but for locks."""
    return [p for p in cache.root.rglob("*") if p.is_file() and p.suffix != ".lock"]


def test_audio_is_downloaded_once_and_named_by_its_bytes(store: AudioStore, host: Host) -> None:
    row = episode("a", host.put("/1.mp3", BODY))
    audio = store.fetch(row)
    assert audio.path.read_bytes() == BODY
    assert audio.size_bytes == len(BODY)
    assert audio.sha256 in audio.path.name
    assert store.fetch(row) == audio
    assert host.asked == ["/1.mp3"]


@pytest.mark.parametrize(
    "edit", [{"enclosure_bytes": 1001}, {"claimed_duration_s": 61.0}, {"enclosure_bytes": None}]
)
def test_an_edited_announcement_is_downloaded_anew(
    store: AudioStore, host: Host, edit: dict[str, object]
) -> None:
    url = host.put("/1.mp3", BODY)
    first = store.fetch(episode("a", url))
    host.put("/1.mp3", BODY + b"corrected")
    assert store.fetch(episode("a", url, title="New title")) == first
    edited = store.fetch(episode("a", url, **edit))
    assert edited.sha256 != first.sha256
    assert host.asked == ["/1.mp3", "/1.mp3"]


def test_the_same_bytes_at_two_addresses_are_kept_once(
    store: AudioStore, host: Host, cache: Cache
) -> None:
    one = store.fetch(episode("a", host.put("/1.mp3", BODY)))
    two = store.fetch(episode("b", host.put("/2.mp3", BODY)))
    assert one == two
    assert len([path for path in files(cache) if path.suffix == ".audio"]) == 1


def test_discarded_audio_is_known_by_name_and_comes_back_when_needed(
    store: AudioStore, host: Host
) -> None:
    row = episode("a", host.put("/1.mp3", BODY))
    audio = store.fetch(row)
    audio.path.unlink()
    assert store.fetch(row, need_file=False) == audio
    assert len(host.asked) == 1
    assert store.fetch(row).path.read_bytes() == BODY
    assert len(host.asked) == 2


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"gone" * 500, 404, "HTTP 404"),
        (b"<!doctype html><title>Not found</title>" * 50, 200, "a page or message"),
        (b"\n\n  <HTML><body>Please log in</body></HTML>" * 50, 200, "a page or message"),
        (b'{"error": "quota exceeded"}' * 50, 200, "a page or message"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code>" * 50, 200, "a page or message"),
        (BODY[:1023], 200, "only 1,023 bytes"),
        (b"", 200, "only 0 bytes"),
    ],
)
def test_what_is_no_audio_is_refused_and_leaves_nothing_behind(
    store: AudioStore, host: Host, cache: Cache, body: bytes, status: int, message: str
) -> None:
    with pytest.raises(FetchError, match=message) as caught:
        store.fetch(episode("a", host.put("/secret-token/1.mp3", body, status)))
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert files(cache) == []


def test_a_kibibyte_is_enough(store: AudioStore, host: Host) -> None:
    assert store.fetch(episode("a", host.put("/1.mp3", BODY[:1024]))).size_bytes == 1024
