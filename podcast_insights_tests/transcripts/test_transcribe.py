"""A run's worth of episodes: each failure costs one row, and nothing is paid for twice."""

import json
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.owners import Owner, Stored, nothing
from podcast_insights.transcripts.publishing.offers import Link
from podcast_insights.transcripts.records import TRANSCRIPTS, Segment, Word
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import (
    Transcription,
    TranscriptionError,
    UndecodableError,
)
from podcast_insights_tests.transcripts import (
    DAY,
    Host,
    Row,
    Stenographer,
    episode,
    hosting,
    spoken,
    tone,
    write_wav,
)


def owner_in(known: Mapping[str, str]) -> Owner:
    """Owners as the warehouse would name them."""

    def owner(key: str, row: Mapping[str, object]) -> str | None:
        found = known.get(key)
        return None if found == row["episode_id"] else found

    return owner


class Desk:
    """A transcriber on a host and a cache, with what it reports."""

    def __init__(self, host: Host, cache: Cache, whisper: Whisper | None = None) -> None:
        self.host, self.cache = host, cache
        self.whisper = whisper or Stenographer(device="cpu", workers=1)
        self.log: list[str] = []

    def run(
        self,
        *episodes: Row,
        known: Mapping[str, str] | None = None,
        texts: Mapping[str, str] | None = None,
        links: Mapping[str, Sequence[Link]] | None = None,
        stored: Stored = nothing,
        keep_audio: bool = True,
    ) -> list[Row]:
        """Rows of `transcripts`; checked against their contract, as the warehouse would."""
        work = Transcriber(
            whisper=self.whisper,
            cache=self.cache,
            store=AudioStore(self.cache, self.host.client, keep_days=None if keep_audio else 0),
            client_for=self.host.client,
            language_of={"german": "de", "norwegian": "no"}.get,
            report=self.log.append,
            max_fetch_workers=2,
            transcript_address=self.address,
            links=links or {},
            claimed_language_of={"english": "en-us", "french": "fr"}.get,
        )
        rows = work.run(episodes, owner_in(known or {}), owner_in(texts or {}), stored)
        TRANSCRIPTS.conform(TRANSCRIPTS.frame(rows))
        return rows

    def address(self, row: Row) -> str:
        """Where a transcript really is: a private feed's secret is in no table."""
        if not row.get("is_private"):
            return str(row["transcript_url"])
        language = row["transcript_language"]
        return f"{row['transcript_url']}?secret=1{f'&lang={language}' if language else ''}"

    @property
    def audio_files(self) -> list[Path]:
        return sorted(self.cache.root.rglob("*.audio"))


@pytest.fixture
def desk(host: Host, cache: Cache) -> Desk:
    return Desk(host, cache)


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Three different recordings of a minute."""
    folder = tmp_path_factory.mktemp("tones")
    return [
        write_wav(folder / f"{pitch}.wav", tone(60, pitch)).read_bytes()
        for pitch in (200, 300, 400)
    ]


def vtt(segments: Sequence[Segment]) -> bytes:
    """Segments of less than an hour as a publisher serves them."""
    cues = [f"{clock(s.start_s)} --> {clock(s.end_s)}\n<v Ann>{s.text}</v>\n" for s in segments]
    return "\n".join(["WEBVTT\n", *cues]).encode()


def clock(seconds: float) -> str:
    return f"{int(seconds // 60):02}:{seconds % 60:06.3f}"


def published(name: str, host: Host, audio: bytes, text: bytes, status: int = 200) -> Row:
    """An episode whose publisher has a transcript."""
    return episode(
        name,
        host.put(f"/{name}.mp3", audio),
        transcript_url=host.put(f"/{name}.vtt", text, status),
        transcript_type="text/vtt",
    )


# One bad episode


def test_each_failure_is_a_row_and_the_others_are_transcribed(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    rows = desk.run(
        episode("a", host.put("/a.mp3", tones[0])),
        episode("b", host.url("/nowhere.mp3")),
        episode("c", host.put("/c.mp3", b"<html>Sorry</html>" * 200)),
        episode("d", "http://127.0.0.1:1/refused.mp3"),
        episode("e", host.put("/e.mp3", tones[1]), feed_id="german"),
    )
    assert [(row["episode_id"], row["status"]) for row in rows] == [
        ("a", "ok"),
        ("b", "failed"),
        ("c", "failed"),
        ("d", "failed"),
        ("e", "ok"),
    ]
    assert "HTTP 404" in rows[1]["error"]
    assert "a page or message (HTML) in place of audio" in rows[2]["error"]
    assert rows[3]["error"]
    assert rows[1]["audio_sha256"] is None
    assert rows[1]["text"] is None
    assert rows[0]["words"] == 120
    assert (rows[0]["source"], rows[0]["model"]) == ("whisper", "tiny.en")
    assert rows[4]["language"] == "de"
    assert any("B: " in line and "404" in line for line in desk.log)


@pytest.mark.parametrize(
    ("error", "requests"),
    [
        (UndecodableError("the audio can't be decoded: damaged"), 2),
        (TranscriptionError("Whisper failed on it: RuntimeError: no"), 1),
    ],
)
def test_what_failed_is_tried_again_and_sent_again_only_if_it_is_no_audio(
    host: Host, cache: Cache, tones: list[bytes], error: Exception, requests: int
) -> None:
    class Deaf(Stenographer):
        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            raise error

    row = episode("a", host.put("/a.mp3", tones[0]))
    (failed,) = Desk(host, cache, Deaf(device="cpu", workers=1)).run(row)
    assert (failed["status"], failed["audio_sha256"] is None) == ("failed", False)
    assert failed["error"].startswith(f"{error}; materialize the day again")
    assert ("has it sent anew" in failed["error"]) is (requests == 2)
    (again,) = Desk(host, cache).run(row)
    assert again["status"] == "ok"
    assert len(host.asked) == requests


def test_the_real_whisper_marks_a_tone_as_no_speech_and_leaves_speech_alone(
    host: Host, cache: Cache, whisper: Whisper, speech: Path, tones: list[bytes]
) -> None:
    heard, music = Desk(host, cache, whisper).run(
        episode("a", host.put("/a.mp3", speech.read_bytes()), claimed_duration_s=11.0),
        episode("b", host.put("/b.mp3", tones[0])),
    )
    assert heard["status"] == "ok"
    assert "GPU" in heard["text"] or "busy one" in heard["text"]
    assert heard["device"] == "cpu"
    assert heard["real_time_factor"] > 0
    assert music["status"] == "not_speech"
    assert "nothing to do if this is music" in music["error"]


def test_items_that_are_no_episodes_are_left_out(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    rows = desk.run(
        episode("a", host.put("/a.mp3", tones[0])),
        episode("b", host.put("/b.mp3", tones[1]), status="duplicate"),
        episode("c", "", status="no_enclosure"),
    )
    assert [row["episode_id"] for row in rows] == ["a"]
    assert desk.run() == []


# The same audio


def test_of_two_episodes_with_one_audio_the_earlier_is_transcribed(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    later = episode("a", host.put("/a.mp3", tones[0]), published_on=DAY + timedelta(days=1))
    earlier = episode("b", host.put("/b.mp3", tones[0]))
    first, second = desk.run(later, earlier)
    assert (first["episode_id"], first["status"]) == ("b", "ok")
    assert (second["episode_id"], second["status"]) == ("a", "duplicate_audio")
    assert second["error"] == "the same audio as episode b"
    assert second["segments"] == []
    assert len(desk.whisper.heard) == 1


def test_audio_of_an_earlier_day_is_not_transcribed_again(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    mine = episode("a", host.put("/a.mp3", tones[0]))
    sha256 = desk.run(mine)[0]["audio_sha256"]
    repeat = episode("b", host.put("/b.mp3", tones[0]))
    (row,) = desk.run(repeat, known={sha256: "a"})
    assert (row["status"], row["error"]) == ("duplicate_audio", "the same audio as episode a")
    (own,) = desk.run(mine, known={sha256: "a"})
    assert own["status"] == "ok"
    assert len(desk.whisper.heard) == 1


def test_repeated_audio_is_deleted_too_where_audio_is_not_kept(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    sha256 = desk.run(episode("a", host.put("/a.mp3", tones[0])), keep_audio=False)[0][
        "audio_sha256"
    ]
    desk.run(episode("b", host.put("/b.mp3", tones[0])), known={sha256: "a"}, keep_audio=False)
    assert desk.audio_files == []


# The publisher's text


def test_a_sound_publisher_transcript_needs_no_whisper(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    (row,) = desk.run(published("a", host, tones[0], vtt(spoken(120, 60.0))))
    assert (row["status"], row["source"]) == ("ok", "publisher")
    assert row["source_reason"] == "the publisher's transcript passed the guards"
    assert row["segments"][0]["speaker"] == "Ann"
    assert row["duration_s"] == 60.0
    assert row["model"] is None
    assert desk.whisper.heard == []
    asked = list(host.asked)
    assert desk.run(published("a", host, tones[0], b"")) == [row]
    assert host.asked == asked


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        (vtt(spoken(120, 600.0)), 200, "impossible_times"),
        (vtt(spoken(10, 60.0)), 200, "not_speech"),
        (vtt(spoken(900, 60.0)), 200, "implausible_pace"),
        (vtt([Segment(n * 5.0, n * 5.0 + 5, "And so it goes on and on.") for n in range(12)]), 200,
         "repetitive"),
        (b"<!doctype html><p>Please log in", 200, "a web page was served"),
        (b"gone", 404, "HTTP 404"),
    ],
)  # fmt: skip
def test_a_publisher_transcript_that_fails_hands_over_to_whisper_and_says_why(
    desk: Desk, host: Host, tones: list[bytes], text: bytes, status: int, reason: str
) -> None:
    (row,) = desk.run(published("a", host, tones[0], text, status))
    assert (row["status"], row["source"], row["words"]) == ("ok", "whisper", 120)
    assert row["source_reason"].startswith("the publisher's transcript was not used: ")
    assert reason in row["source_reason"]
    assert any(reason in line for line in desk.log)


def test_without_a_publisher_transcript_the_row_says_so(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    (row,) = desk.run(episode("a", host.put("/a.mp3", tones[0])))
    assert row["source_reason"] == "the publisher has no transcript"


def test_a_transcript_that_comes_after_the_audio_was_deleted_is_used(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    (before,) = desk.run(episode("a", host.put("/a.mp3", tones[0])), keep_audio=False)
    assert desk.audio_files == []
    late = published("a", host, tones[0], vtt(spoken(130, 60.0)))
    (after,) = desk.run(late, keep_audio=False)
    assert (before["source"], after["source"]) == ("whisper", "publisher")
    assert (after["status"], after["duration_s"]) == ("ok", 60.0)
    assert host.asked == ["/a.mp3", "/a.vtt"]


def test_audio_is_downloaded_before_its_turn_unless_its_text_will_be_used(
    desk: Desk, host: Host, cache: Cache, tones: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A download within its turn would be one more than a host is to have at a time.
    rows = [
        published("a", host, tones[0], vtt(spoken(10, 60.0))),  # refused, and in the cache
        published("b", host, tones[1], vtt(spoken(120, 60.0))),
    ]
    desk.run(*rows, keep_audio=False)
    assert desk.audio_files == []
    is_there: dict[str, bool] = {}

    def watched(self: Transcriber, episode: Row, audio: Audio, taken: Owner) -> Row:
        is_there[episode["episode_id"]] = audio.path.exists()
        return transcribe(self, episode, audio, taken)

    transcribe = Transcriber.transcribe
    monkeypatch.setattr(Transcriber, "transcribe", watched)
    again = Desk(host, cache, Stenographer(model="small", device="cpu", workers=1))
    assert [row["source"] for row in again.run(*rows)] == ["whisper", "publisher"]
    assert is_there == {"a": True, "b": False}


# What was paid for


class Unloadable(Whisper):
    """Without a model."""

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        raise AssertionError


def test_a_cached_transcription_needs_neither_audio_nor_model(
    desk: Desk, host: Host, cache: Cache, tones: list[bytes]
) -> None:
    rows = [episode(name, host.put(f"/{name}.mp3", tones[n])) for n, name in enumerate("ab")]
    before = desk.run(*rows)
    for path in desk.audio_files:
        path.unlink()
    host.pages.clear()
    again = Desk(host, cache, Unloadable(device="cpu"))
    after = again.run(*rows)
    assert after == before
    assert len(host.asked) == 2


@pytest.mark.parametrize("damaged", ["{}", "[]", "null", "no JSON", '{"segments": []}'])
def test_a_damaged_cache_entry_is_made_again(
    desk: Desk, host: Host, tones: list[bytes], damaged: str
) -> None:
    row = episode("a", host.put("/a.mp3", tones[0]))
    before = desk.run(row)
    (entry,) = (desk.cache.root / "transcripts").rglob("*.json")
    entry.write_text(damaged)
    assert desk.run(row) == before
    assert len(desk.whisper.heard) == 2


@pytest.mark.parametrize("unheard", [[[1.0, 2.0, 3.0]], [[1.0]], 5, [5]])
def test_a_cache_entry_of_another_shape_is_made_again(
    desk: Desk, host: Host, tones: list[bytes], unheard: object
) -> None:
    row = episode("a", host.put("/a.mp3", tones[0]))
    before = desk.run(row)
    (entry,) = (desk.cache.root / "transcripts").rglob("*.json")
    entry.write_text(json.dumps(json.loads(entry.read_text()) | {"unheard": unheard}))
    assert desk.run(row) == before
    assert len(desk.whisper.heard) == 2


def test_another_model_transcribes_again(
    desk: Desk, host: Host, cache: Cache, tones: list[bytes]
) -> None:
    row = episode("a", host.put("/a.mp3", tones[0]))
    desk.run(row)
    other = Stenographer(model="small", device="cpu", workers=1)
    assert Desk(host, cache, other).run(row)[0]["model"] == "small"
    assert len(other.heard) == 1
    assert len(host.asked) == 1


def test_times_of_words_are_left_out_without_transcribing_again(
    host: Host, cache: Cache, tones: list[bytes]
) -> None:
    class Timing(Stenographer):
        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            found = super().transcribe(path, language)
            words = (Word(0.0, 1.0, "a"),) if self.word_times else ()
            timed = tuple(replace(segment, words=words) for segment in found.segments)
            return replace(found, segments=timed)

    timed, plain = (Timing(device="cpu", word_times=times) for times in (True, False))
    row = episode("a", host.put("/a.mp3", tones[0]))
    desk = Desk(host, cache, timed)
    (before,) = desk.run(row, keep_audio=False)
    assert all(segment["words"] for segment in before["segments"])
    for _ in range(2):
        (after,) = Desk(host, cache, plain).run(row, keep_audio=False)
        assert not any(segment["words"] for segment in after["segments"])
        assert (after["text"], after["options"]) == (before["text"], plain.options)
    assert (plain.heard, len(host.asked), desk.audio_files) == ([], 1, [])
    # The other way round there is nothing to be had for nothing.
    other = episode("b", host.put("/b.mp3", tones[1]))
    for whisper in (plain, timed):
        Desk(host, cache, whisper).run(other)
    assert (len(plain.heard), len(timed.heard)) == (1, 2)


def test_audio_is_deleted_once_its_text_is_kept_and_only_then(
    host: Host, cache: Cache, tones: list[bytes]
) -> None:
    class Deaf(Stenographer):
        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            if path.read_bytes() == tones[1]:
                raise TranscriptionError("not this one")
            return super().transcribe(path, language)

    desk = Desk(host, cache, Deaf(device="cpu", workers=1))
    rows = [episode(name, host.put(f"/{name}.mp3", tones[n])) for n, name in enumerate("ab")]
    kept = desk.run(*rows, keep_audio=False)
    assert [row["status"] for row in kept] == ["ok", "failed"]
    assert [path.stem for path in desk.audio_files] == [kept[1]["audio_sha256"]]
    assert Desk(host, cache).run(*rows, keep_audio=False)[0] == kept[0]
    assert desk.audio_files == []


def test_audio_is_kept_unless_told_otherwise(desk: Desk, host: Host, tones: list[bytes]) -> None:
    desk.run(episode("a", host.put("/a.mp3", tones[0])))
    assert len(desk.audio_files) == 1


def test_an_edited_announcement_is_transcribed_anew(
    desk: Desk, host: Host, tones: list[bytes]
) -> None:
    url = host.put("/a.mp3", tones[0])
    (before,) = desk.run(episode("a", url))
    host.put("/a.mp3", tones[1])
    (unchanged,) = desk.run(episode("a", url))
    (edited,) = desk.run(episode("a", url, enclosure_bytes=2000))
    assert unchanged["audio_sha256"] == before["audio_sha256"]
    assert edited["audio_sha256"] != before["audio_sha256"]
    assert len(desk.whisper.heard) == 2


class Mortal(Stenographer):
    """Dies at the second file, as a killed process does: no cleanup, no message."""

    files_at_once = 1

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        if self.heard:
            os._exit(137)
        return super().transcribe(path, language)


def run_and_die(cache: Path, tones: Sequence[bytes]) -> None:
    """In a process of its own: transcribe two episodes, of which the second kills it."""
    with hosting() as host:
        rows = [episode(name, host.put(f"/{name}.mp3", tones[n])) for n, name in enumerate("ab")]
        Desk(host, Cache(cache), Mortal(device="cpu", workers=1)).run(*rows)


def test_a_kill_between_two_episodes_keeps_the_first(
    host: Host, cache: Cache, tones: list[bytes]
) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=run_and_die, args=(cache.root, tones[:2])
    )
    process.start()
    process.join(60)
    assert process.exitcode == 137
    desk = Desk(host, cache)
    rows = [episode(name, host.put(f"/{name}.mp3", tones[n])) for n, name in enumerate("ab")]
    assert [row["status"] for row in desk.run(*rows)] == ["ok", "ok"]
    assert len(desk.whisper.heard) == 1
