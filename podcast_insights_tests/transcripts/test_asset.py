"""What the asset asks the warehouse: all transcripts of its days, and whose texts are known."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from podcast_insights.feeds.records import ANNOUNCED_ITEMS, FEED_FETCHES
from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.resources import CacheResource, HttpResource
from podcast_insights.transcripts import asset as module
from podcast_insights.transcripts.asset import (
    claimed_languages,
    links_of,
    run_metadata,
    transcripts,
)
from podcast_insights.transcripts.guards import text_key
from podcast_insights.transcripts.publishing.offers import Link
from podcast_insights.transcripts.records import TRANSCRIPTS
from podcast_insights.transcripts.resource import WhisperTranscriber
from podcast_insights.transcripts.statuses import KEPT
from podcast_insights.warehouse.resource import WarehouseResource
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.transcripts import DAY, Host, episode, spoken, tone, write_wav
from podcast_insights_tests.transcripts.test_transcribe import vtt

TODAY = DateWindow(DAY, DAY + timedelta(days=1))


@pytest.fixture
def warehouse(tmp_path: Path) -> WarehouseResource:
    return WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))


def item(name: str, transcripts: list[dict[str, str | None]] | None, days: int = 0) -> pl.DataFrame:
    """A row of `announced_items`."""
    row = {
        "item_id": name,
        "feed_id": "f",
        "published_on": DAY + timedelta(days=days),
        "date_source": "feed",
        "first_seen_at": datetime(2025, 9, 8, tzinfo=UTC),
        "show_title": "Show",
        "title": name,
        "description": "",
        "persons": [],
        "transcripts": transcripts,
    }
    return ANNOUNCED_ITEMS.frame([dict.fromkeys(ANNOUNCED_ITEMS.schema.columns()) | row])


def test_all_transcripts_of_the_days_are_known_by_episode(warehouse: WarehouseResource) -> None:
    first = {"url": "https://cdn.example/1.vtt", "type": "text/vtt", "language": None}
    second = {"url": "https://cdn.example/1.srt", "type": None, "language": "de"}
    found = [("a", 0, [first, second]), ("b", 0, []), ("c", 0, None), ("d", 1, [first])]
    frame = pl.concat([item(name, transcripts, days) for name, days, transcripts in found])
    warehouse.warehouse.merge("announced_items", frame)
    assert links_of(warehouse, TODAY) == {
        "a": [
            Link("https://cdn.example/1.vtt", "text/vtt"),
            Link("https://cdn.example/1.srt", None, "de"),
        ]
    }


def visit(feed_id: str, language: str | None, days: int = 0) -> pl.DataFrame:
    """A row of `feed_fetches`."""
    at = datetime(2025, 9, 8, tzinfo=UTC) + timedelta(days=days)
    row = {"feed_id": feed_id, "fetched_at": at, "language": language}
    return FEED_FETCHES.frame([dict.fromkeys(FEED_FETCHES.schema.columns()) | row])


def test_a_feed_claims_the_language_that_it_named_last(warehouse: WarehouseResource) -> None:
    assert claimed_languages(warehouse) == {}
    visits = [visit("a", "en-us"), visit("a", "de", 1), visit("a", None, 2), visit("b", None)]
    warehouse.warehouse.merge("feed_fetches", pl.concat(visits))
    assert claimed_languages(warehouse) == {"a": "de"}


def test_the_asset_uses_what_feeds_and_other_days_say(
    warehouse: WarehouseResource, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A context of a direct call takes no metadata for a partition.
    monkeypatch.setattr(module, "count_rows", lambda *_: None)
    sound = spoken(120, 60.0)
    sha256 = hashlib.sha256(write_wav(tmp_path / "b.wav", tone(61)).read_bytes()).hexdigest()
    others = [("before", -1, text_key(sound), None), ("after", 9, None, sha256)]
    taken = TRANSCRIPTS.frame(
        [
            dict.fromkeys(TRANSCRIPTS.schema.columns())
            | {
                "episode_id": name,
                "published_on": DAY + timedelta(days=days),
                "status": "ok",
                "text_key": key,
                "audio_sha256": audio_sha256,
                "segments": [],
            }
            for name, days, key, audio_sha256 in others
        ]
    )
    warehouse.warehouse.merge("transcripts", taken)
    spoken_before = {"episode_id": "gone", "published_on": DAY, "words": 7, "text": "All of it."}
    old = dict.fromkeys(TRANSCRIPTS.schema.columns()) | {"status": "ok", "segments": []}
    warehouse.warehouse.merge("transcripts", TRANSCRIPTS.frame([old | spoken_before]))
    audio = host.put("/a.wav", write_wav(tmp_path / "a.wav", tone(60)).read_bytes())
    urls = [host.put("/1.vtt", vtt(sound)), host.put("/2.vtt", vtt(spoken(130, 60.0)))]
    twin = host.put("/b.wav", write_wav(tmp_path / "b.wav", tone(61)).read_bytes())
    translated = host.put("/0.vtt", vtt(spoken(140, 60.0)))
    named = [(translated, "de"), *((url, "en") for url in urls)]
    announced = item(
        "a", [{"url": url, "type": "text/vtt", "language": language} for url, language in named]
    )
    warehouse.warehouse.merge("announced_items", announced)
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(f"feeds:\n  - {{url: '{host.url('/f.xml')}', private_hosts: ['{host.name}']}}")
    subscriptions = SubscriptionsResource(path=str(feeds))
    feed_id = next(iter(subscriptions.by_id()))
    warehouse.warehouse.merge("feed_fetches", visit(feed_id, "en-us"))
    row = episode("a", audio, feed_id=feed_id, transcript_url=urls[0])
    repeat = episode("b", twin, feed_id=feed_id)
    gone = episode("gone", host.url("/gone.wav"), feed_id=feed_id)
    episodes = pl.DataFrame([row, repeat, gone], infer_schema_length=None)
    with dg.build_asset_context(partition_key=DAY.isoformat()) as context:
        frame = transcripts(
            context,
            episodes,
            warehouse=warehouse,
            cache=CacheResource(root=str(tmp_path / "cache")),
            http=HttpResource(),
            subscriptions=subscriptions,
            transcriber=WhisperTranscriber(device="cpu"),
        )
    assert frame["source"].to_list() == ["publisher", None, None]
    assert frame["words"].to_list() == [130, None, 7]
    assert "same_text: episode before" in frame["source_reason"][0]
    assert frame["error"][1] == "the same audio as episode after"
    assert frame["source_reason"][2].startswith(KEPT)
    assert run_metadata(frame, episodes)["kept"] == 1
