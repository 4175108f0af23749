"""A run that is killed at any moment keeps what it finished, and ends as if nothing had happened.

The real model and the real stage, in a process that is killed by the system's hand: no cleanup.
What a killed download leaves is told in `test_downloads.py`, a killed Dagster run in
`cli/test_killed.py`.
"""

import json
import multiprocessing
import random
import signal
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from podcast_insights.cache import Cache
from podcast_insights.net.client import Limits, SafeClient
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import Transcription
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import Row, cut, episode, hosting

KILLS = 20
SEED = 5
EPISODE_S = 14
LANGUAGE = "en"


@dataclass(frozen=True)
class Noting(Whisper):
    """Writes down what it is asked to transcribe, at once: it may be dead a moment later."""

    notes: Path = Path()

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        with self.notes.open("a") as file:
            file.write(f"{path.stem}\n")
        return super().transcribe(path, language)


def work(folder: Path, episodes: list[Row]) -> None:
    """In a process of its own: one run; its rows are in `rows.json` once it ends."""
    own = urlsplit(episodes[0]["enclosure_url"]).netloc
    client = SafeClient(Limits(max_bytes=10_000_000), frozenset({own}))
    cache = Cache(folder / "cache")
    transcriber = Transcriber(
        whisper=Noting(device="cpu", notes=folder / "begun"),
        cache=cache,
        store=AudioStore(cache, lambda feed_id: client),
        client_for=lambda feed_id: client,
        language_of=lambda feed_id: LANGUAGE,
        report=lambda line: None,
    )
    (folder / "started").touch()
    rows = transcriber.run(episodes)
    made = json.dumps([{**row, "real_time_factor": None} for row in rows], default=str)
    (folder / "rows.json").write_text(made)


class Place:
    """A folder in which runs are started, killed and ended."""

    def __init__(self, folder: Path, episodes: list[Row]) -> None:
        folder.mkdir()
        self.folder, self.episodes = folder, episodes
        self.cache = Cache(folder / "cache")

    def start(self) -> BaseProcess:
        """Begin a run, and wait until it is at work."""
        (self.folder / "started").unlink(missing_ok=True)
        (self.folder / "begun").write_text("")
        process = multiprocessing.get_context("spawn").Process(
            target=work, args=(self.folder, self.episodes)
        )
        process.start()
        deadline = time.monotonic() + 120
        while not (self.folder / "started").exists():
            assert process.is_alive(), f"it ended with {process.exitcode}"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return process

    @property
    def begun(self) -> list[str]:
        """Hashes of the audio that the last run transcribed, or was at."""
        return (self.folder / "begun").read_text().split()

    @property
    def rows(self) -> list[Row]:
        """Of the run that ended."""
        found: list[Row] = json.loads((self.folder / "rows.json").read_text())
        return found

    def stored(self, hashes: list[str]) -> dict[str, int]:
        """Whose transcription is in the cache, and when it was written (ns)."""
        whisper = Whisper(device="cpu")
        paths = {
            sha: self.cache.path("transcripts", whisper.cache_key(sha, LANGUAGE), ".json")
            for sha in hashes
        }
        return {sha: path.stat().st_mtime_ns for sha, path in paths.items() if path.exists()}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_kills_lose_nothing_do_nothing_twice_and_change_no_row(tmp_path: Path) -> None:
    choose = random.Random(SEED)  # noqa: S311 - a seed, no secret
    with hosting() as host:
        episodes = []
        for number, source in enumerate(sorted((SAMPLES / "audio").glob("*-[0-9].mp3"))):
            path = cut(source, tmp_path / f"{number}.wav", 10, 10 + EPISODE_S)
            url = host.put(f"/{path.name}", path.read_bytes())
            episodes.append(episode(f"e{number}", url, claimed_duration_s=None))
        undisturbed = Place(tmp_path / "undisturbed", episodes)
        process = undisturbed.start()
        began = time.monotonic()
        process.join()
        length_s = time.monotonic() - began
        expected = undisturbed.rows
        hashes = [row["audio_sha256"] for row in expected]
        assert [row["status"] for row in expected] == ["ok"] * len(episodes)
        assert sorted(undisturbed.begun) == sorted(hashes)

        kills, kept, ended = 0, [], 0
        while kills < KILLS or ended == 0:
            place = Place(tmp_path / f"disturbed-{ended}", episodes)
            is_ended = False
            while not is_ended:
                before = place.stored(hashes)
                process = place.start()
                if kills < KILLS:
                    process.join(choose.uniform(0, length_s))
                    process.kill()
                process.join()
                kills += process.exitcode == -signal.SIGKILL
                is_ended = process.exitcode == 0
                assert is_ended or process.exitcode == -signal.SIGKILL
                after = place.stored(hashes)
                assert before.items() <= after.items()
                assert not set(place.begun) & set(before)
                assert len(place.begun) == len(set(place.begun))
                kept.append(len(after))
            assert place.rows == expected
            ended += 1
        print(f"{kills} kills in {ended} runs of {length_s:.1f} s; stored after each: {kept}")
