"""How long audio is kept; and never is it deleted before its transcript is stored."""

import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from podcast_insights.cache import Cache
from podcast_insights.cli.main import app
from podcast_insights.settings import load_settings
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.audio_policy import (
    KIND,
    is_transcribed,
    note_key,
    note_transcript,
    prune_audio,
)
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.records import Transcription, TranscriptionError
from podcast_insights_tests.transcripts import Host, Row, Stenographer, episode

TEXT = "aa" * 32
ONE, TWO = "11" * 32, "22" * 32


def put(cache: Cache, sha256: str, *, days: float, is_heard: bool = True) -> Path:
    """Audio that was used so many days ago, with its transcript or without."""
    path = cache.write_bytes("audio", sha256, ".audio", b"x" * 1000)
    then = time.time() - days * 86_400
    os.utime(path, (then, then))
    if is_heard:
        cache.write_json("transcripts", TEXT, {"segments": []})
        note_transcript(cache, sha256, TEXT)
    return path


class TestPruning:
    @pytest.mark.parametrize(
        ("age", "days", "is_left"),
        [(29.9, 30, True), (30.1, 30, False), (0.9, 1, True), (1.1, 1, False)],
    )
    def test_the_days_count_from_the_last_use(
        self, cache: Cache, age: float, days: int, is_left: bool
    ) -> None:
        path = put(cache, ONE, days=age)
        pruned = prune_audio(cache, days)
        assert path.exists() is is_left
        assert (pruned.files, pruned.bytes) == ((0, 0) if is_left else (1, 1000))

    def test_what_another_run_may_have_just_downloaded_stays_for_a_day(self, cache: Cache) -> None:
        path = put(cache, ONE, days=0.5)
        assert prune_audio(cache, 0).files == 0
        assert path.exists()

    def test_audio_without_a_stored_transcript_stays(self, cache: Cache) -> None:
        never, lost = put(cache, ONE, days=99, is_heard=False), put(cache, TWO, days=99)
        cache.prune("transcripts")
        assert prune_audio(cache, 1).files == 0
        assert never.exists()
        assert lost.exists()

    @pytest.mark.parametrize("note", ["[]", "no JSON", '{"transcript": 1}', '{"transcript": ".."}'])
    def test_a_damaged_note_deletes_nothing(self, cache: Cache, note: str) -> None:
        path = put(cache, ONE, days=99)
        cache.path(KIND, note_key(ONE), ".json").write_text(note)
        assert not is_transcribed(cache, ONE)
        assert prune_audio(cache, 1).files == 0
        assert path.exists()


class TestRuns:
    def run(
        self, host: Host, cache: Cache, days: int | None, *rows: Row, whisper: Stenographer | None
    ) -> list[Row]:
        return Transcriber(
            whisper=whisper or Stenographer(device="cpu", workers=1),
            cache=cache,
            store=AudioStore(cache, host.client, keep_days=days),
            client_for=host.client,
            language_of=lambda feed_id: None,
            report=lambda line: None,
        ).run(rows)

    @pytest.mark.parametrize(("days", "left"), [(None, 2), (30, 1), (0, 0)])
    def test_each_policy(self, host: Host, cache: Cache, days: int | None, left: int) -> None:
        old = put(cache, ONE, days=31)
        row = episode("a", host.put("/a.mp3", b"ID3" + bytes(5000)))
        self.run(host, cache, days, row, whisper=None)
        assert len(list(cache.root.rglob("*.audio"))) == left
        assert old.exists() is (days is None)

    @pytest.mark.parametrize("days", [0, 1, None])
    def test_audio_that_could_not_be_transcribed_stays(
        self, host: Host, cache: Cache, days: int | None
    ) -> None:
        class Deaf(Stenographer):
            def transcribe(self, path: Path, language: str | None = None) -> Transcription:
                raise TranscriptionError("not today")

        rows = [episode(n, host.put(f"/{n}.mp3", b"ID3" + bytes(5000))) for n in "ab"]
        found = self.run(host, cache, days, *rows, whisper=Deaf(device="cpu", workers=1))
        assert [row["status"] for row in found] == ["failed", "failed"]
        (path,) = cache.root.rglob("*.audio")
        os.utime(path, (0, 0))
        self.run(host, cache, days, whisper=None)
        assert path.exists()
        self.run(host, cache, days, *rows, whisper=None)
        assert path.exists() is (days != 0)

    def test_transcribing_again_is_a_use(self, host: Host, cache: Cache) -> None:
        row = episode("a", host.put("/a.mp3", b"ID3" + bytes(5000)))
        self.run(host, cache, 30, row, whisper=None)
        (path,) = cache.root.rglob("*.audio")
        os.utime(path, (0, 0))
        other = Stenographer(model="small", device="cpu", workers=1)
        self.run(host, cache, 30, row, whisper=other)
        assert path.exists()
        assert len(host.asked) == 1

    def test_dropped_audio_of_an_earlier_day_is_dropped_for_a_repeat_too(
        self, host: Host, cache: Cache
    ) -> None:
        store = AudioStore(cache, host.client, keep_days=0)
        audio = Audio(ONE, 1000, put(cache, ONE, days=0, is_heard=False))
        store.release(audio)
        assert audio.path.exists()  # nobody has heard it yet
        cache.write_json("transcripts", TEXT, {})
        store.note(audio, TEXT)
        assert audio.path.exists()
        store.release(audio)
        assert not audio.path.exists()
        assert is_transcribed(cache, ONE)


class TestCommand:
    def test_unused_audio_is_removed_on_demand(self) -> None:
        cache = Cache(load_settings().cache_dir)
        old, new = put(cache, ONE, days=10), put(cache, TWO, days=8)
        ran = CliRunner().invoke(app, ["cache", "--prune", "audio", "--unused-days", "9"])
        assert (ran.exit_code, "Removed 1 files, 0.0 MB." in ran.output) == (0, True)
        assert (old.exists(), new.exists()) == (False, True)

    def test_to_have_all_audio_sent_again_loses_nothing(self, host: Host) -> None:
        cache = Cache(load_settings().cache_dir)
        old = put(cache, ONE, days=40)
        row = episode("a", host.put("/a.mp3", b"ID3" + bytes(5000)))
        store = AudioStore(cache, host.client)
        store.fetch(row)
        assert CliRunner().invoke(app, ["cache", "--prune", "enclosures"]).exit_code == 0
        assert is_transcribed(cache, ONE)
        store.fetch(row)
        assert len(host.asked) == 2  # sent again
        assert old.exists()
        assert prune_audio(cache, 30).files == 1
        shown = CliRunner().invoke(app, ["cache"]).output
        assert any("transcribed" in line for line in shown.splitlines())

    def test_unfinished_downloads_are_shown_and_go_with_the_audio(self) -> None:
        cache = Cache(load_settings().cache_dir)
        put(cache, ONE, days=0)
        for ending in ("part", "json", "lock"):
            path = cache.root / "partial" / f"{TWO}.{ending}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x" * 3_000_000)
        shown = CliRunner().invoke(app, ["cache"]).output
        assert any("partial" in line and "3.0" in line for line in shown.splitlines())
        assert CliRunner().invoke(app, ["cache", "--prune", "audio"]).exit_code == 0
        assert not list((cache.root / "partial").glob("*"))
        assert not list(cache.root.rglob("*.audio"))

    def test_days_are_for_audio_only(self) -> None:
        ran = CliRunner().invoke(app, ["cache", "--prune", "feeds", "--unused-days", "9"])
        assert "--unused-days is about audio" in str(ran.exception)
