"""A run that goes badly takes no text away, and one audio of several episodes has one text."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.duration import duration_of
from podcast_insights.transcripts.owners import StoredOwners
from podcast_insights.transcripts.records import TRANSCRIPTS
from podcast_insights.transcripts.same_audio import shared
from podcast_insights.transcripts.statuses import KEPT
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.records import Transcription, TranscriptionError
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.transcripts import (
    DAY,
    Host,
    Row,
    Stenographer,
    episode,
    spoken,
    tone,
    write_wav,
)
from podcast_insights_tests.transcripts.test_transcribe import vtt

AUDIO = [b"ID3" + bytes([n]) * 5000 for n in range(3)]
SECOND = timedelta(days=1)


class Multilingual(Stenographer):
    """Its texts depend on the language hint."""

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        said = super().transcribe(path, language)
        first, *others = said.segments
        spoken_in = replace(first, text=f"{language} {first.text}")
        return replace(said, segments=(spoken_in, *others))


class Deaf(Stenographer):
    """Hears nothing."""

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        self.heard.append(path.name)
        raise TranscriptionError("Whisper failed on it: RuntimeError: no")


class Desk:
    """Runs two days again and again, and stores them as the asset does."""

    def __init__(self, host: Host, cache: Cache, tmp_path: Path) -> None:
        self.host, self.cache = host, cache
        self.warehouse = Warehouse(tmp_path / "w.duckdb", {"transcripts": TRANSCRIPTS})
        self.whisper = whisper_of()
        self.log: list[str] = []
        self.delays: dict[str, Callable[[], None]] = {}

    def put(self, name: str, body: bytes | None, status: int = 200, **changes: object) -> Row:
        """An episode, and what its host answers."""
        url = self.host.put(f"/{name}.mp3", body or b"busy", status)
        return episode(name, url, **{"enclosure_bytes": 5003, **changes})

    def run(self, *rows: Row, days: int | None = None) -> dict[str, Row]:
        """Rows of `transcripts` by episode."""
        desk = self

        class Store(AudioStore):
            """Where some come late."""

            def fetch(self, episode: Row, *, need_file: bool = True) -> Audio:
                desk.delays.get(episode["episode_id"], lambda: None)()
                return super().fetch(episode, need_file=need_file)

        window = DateWindow(DAY, DAY + 2 * SECOND)
        known = StoredOwners(self.warehouse, window)
        work = Transcriber(
            whisper=self.whisper,
            cache=self.cache,
            store=Store(self.cache, self.host.client, keep_days=days),
            client_for=self.host.client,
            language_of={"german": "de"}.get,
            report=self.log.append,
        )
        found = work.run(rows, known.of_audio, known.of_text, known.row_of)
        self.warehouse.replace_window("transcripts", window, TRANSCRIPTS.frame(found))
        return {row["episode_id"]: row for row in found}

    @property
    def audio_files(self) -> list[Path]:
        return sorted(self.cache.root.rglob("*.audio"))


def whisper_of(model: str = "small", kind: type[Stenographer] = Multilingual) -> Stenographer:
    return kind(model=model, device="cpu", workers=1)


@pytest.fixture
def desk(host: Host, cache: Cache, tmp_path: Path) -> Desk:
    return Desk(host, cache, tmp_path)


def until(is_so: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    end = time.monotonic() + 10
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)


def same_but_reason(row: Row, other: Row) -> bool:
    return row | {"source_reason": ""} == other | {"source_reason": ""}


class TestKept:
    def test_a_text_stays_where_an_edited_announcement_has_no_audio(self, desk: Desk) -> None:
        before = desk.run(desk.put("a", AUDIO[0]))["a"]
        edited = desk.put("a", None, 503, claimed_duration_s=61.0)
        for _ in range(2):  # stored and read again, it is still the same row
            after = desk.run(edited)["a"]
            assert after["source_reason"] == f"{KEPT}127.0.0.1 answered HTTP 503"
            assert same_but_reason(after, before)
        assert desk.log[-1] == f"A: {after['source_reason']}"
        desk.put("a", AUDIO[1])
        anew = desk.run(edited)["a"]
        assert anew["audio_sha256"] != before["audio_sha256"]
        assert anew["source_reason"] == before["source_reason"]

    @pytest.mark.parametrize("days", [0, None])
    def test_a_text_stays_where_another_model_can_not_hear_it(
        self, desk: Desk, days: int | None
    ) -> None:
        before = desk.run(desk.put("a", AUDIO[0]), days=days)["a"]
        gone = desk.put("a", None, 404)
        desk.whisper = whisper_of("medium") if days == 0 else whisper_of("medium", Deaf)
        after = desk.run(gone, days=days)["a"]
        assert same_but_reason(after, before)
        assert after["model"] == "small"
        why = "HTTP 404" if days == 0 else "Whisper failed on it"
        assert why in after["source_reason"]

    def test_a_text_stays_on_the_day_that_its_episode_has_now(self, desk: Desk) -> None:
        desk.run(desk.put("a", AUDIO[0]))
        moved = desk.put("a", None, 503, claimed_duration_s=61.0, published_on=DAY + SECOND)
        row = desk.run(moved)["a"]
        assert (row["words"], row["published_on"]) == (121, DAY + SECOND)

    def test_what_had_no_text_fails(self, desk: Desk) -> None:
        for _ in range(2):
            row = desk.run(desk.put("a", None, 503))["a"]
            assert (row["status"], row["source_reason"]) == ("failed", None)

    def test_what_is_kept_stands_for_its_audio(self, desk: Desk) -> None:
        desk.run(desk.put("a", AUDIO[0]))
        edited = desk.put("a", None, 503, claimed_duration_s=61.0)
        repeat = desk.put("b", AUDIO[0], published_on=DAY + SECOND)
        found = desk.run(edited, repeat)
        assert (found["a"]["status"], found["b"]["status"]) == ("ok", "duplicate_audio")
        assert len(desk.whisper.heard) == 1

    @pytest.mark.parametrize(("days", "source"), [(None, "whisper"), (0, "publisher")])
    def test_a_text_that_is_kept_may_be_anothers_by_now(
        self, desk: Desk, tmp_path: Path, days: int | None, source: str
    ) -> None:
        bodies = [write_wav(tmp_path / f"{n}.wav", tone(60, n)).read_bytes() for n in (300, 400)]
        text = desk.host.put("/text.vtt", vtt(spoken(120, 60.0)))
        told = {"transcript_url": text, "transcript_type": "text/vtt"}
        later = {"published_on": DAY + SECOND, **told}
        desk.run(desk.put("b", bodies[1], **later), days=days)
        edited = desk.put("b", None, 503, claimed_duration_s=61.0, **later)
        found = desk.run(desk.put("a", bodies[0], **told), edited, days=days)
        assert (found["a"]["status"], found["b"]["status"]) == ("ok", "ok")
        # Whose it is can only be heard.
        assert (found["a"]["source"], found["b"]["source"]) == ("whisper", source)
        assert found["b"]["source_reason"].startswith(KEPT) is (source == "publisher")


class TestSentAnew:
    def test_what_is_no_audio_is_asked_for_again(self, desk: Desk, tmp_path: Path) -> None:
        class Real(Stenographer):
            def transcribe(self, path: Path, language: str | None = None) -> Transcription:
                duration_of(path)
                return super().transcribe(path, language)

        desk.whisper = whisper_of(kind=Real)
        junk = desk.put("a", bytes(range(1, 255)) * 100)
        failed = desk.run(junk)["a"]
        assert failed["status"] == "failed"
        assert "the audio can't be decoded" in failed["error"]
        assert "materialize the day again" in failed["error"]
        desk.host.put("/a.mp3", write_wav(tmp_path / "a.wav", tone(60)).read_bytes())
        assert [desk.run(junk)["a"]["status"] for _ in range(3)] == ["ok"] * 3
        assert len(desk.host.asked) == 2

    def test_cut_audio_is_sent_again_and_no_other(self, desk: Desk) -> None:
        long = [body * 50 for body in AUDIO]
        rows = [desk.put("a", long[0], claimed_duration_s=1800.0), desk.put("b", AUDIO[1])]
        cut = desk.run(*rows)["a"]
        assert cut["status"] == "truncated_audio"
        assert "; materialize the day again, which has it sent anew" in cut["error"]
        desk.host.asked.clear()
        desk.put("b", None, 404)
        desk.put("a", None, 503)
        found = desk.run(*rows)
        assert desk.host.asked == ["/a.mp3"]
        assert same_but_reason(found["a"], cut)  # as long as nothing better comes
        assert found["b"]["status"] == "ok"
        desk.put("a", long[2])
        assert desk.run(*rows)["a"]["audio_sha256"] != cut["audio_sha256"]


class TestOneAudio:
    @pytest.mark.parametrize("days", [0, None])
    def test_it_is_heard_once_whatever_the_hints_are(self, desk: Desk, days: int | None) -> None:
        rows = self.two_feeds(desk)
        found = desk.run(*rows, days=days)
        assert (found["a"]["status"], found["b"]["status"]) == ("duplicate_audio", "ok")
        assert found["a"]["error"] == "the same audio as episode b"
        assert len(desk.whisper.heard) == 1
        assert len(desk.audio_files) == (days is None)

    def test_the_earlier_one_stands_for_it_where_its_text_is_known(self, desk: Desk) -> None:
        early, late = self.two_feeds(desk)
        desk.delays.clear()
        desk.run(early)
        found = desk.run(early, late)
        assert (found["a"]["status"], found["b"]["status"]) == ("ok", "duplicate_audio")

    def test_a_hint_that_is_wrong_takes_no_text_away(self, desk: Desk) -> None:
        class Sure(Multilingual):
            def transcribe(self, path: Path, language: str | None = None) -> Transcription:
                said = super().transcribe(path, language)
                return replace(said, detected_language="en", detected_probability=0.99)

        desk.whisper = whisper_of(kind=Sure)
        early, late = self.two_feeds(desk)
        desk.delays.clear()
        for _ in range(2):
            found = desk.run(early, late, days=0)
            assert (found["a"]["status"], found["b"]["status"]) == ("duplicate_audio", "ok")

    def test_audio_is_not_dropped_while_another_may_need_it(self, desk: Desk) -> None:
        class Slow(Multilingual):
            def transcribe(self, path: Path, language: str | None = None) -> Transcription:
                said = super().transcribe(path, language)
                until(lambda: len(desk.host.asked) == 2)
                time.sleep(0.2)  # until it is accepted, too
                return replace(said, detected_language="en", detected_probability=0.99)

        desk.whisper = whisper_of(kind=Slow)
        desk.delays["a"] = lambda: until(lambda: bool(desk.whisper.heard))
        early = desk.put("a", AUDIO[0])
        late = desk.put("b", AUDIO[0], feed_id="german", published_on=DAY + SECOND)
        found = desk.run(early, late, days=0)
        assert (found["a"]["status"], found["b"]["status"]) == ("ok", "duplicate_audio")
        assert sorted(desk.host.asked) == ["/a.mp3", "/b.mp3"]
        assert desk.audio_files == []

    def test_where_nobody_can_hear_it_none_is_the_others_repeat(self, desk: Desk) -> None:
        desk.whisper = whisper_of(kind=Deaf)
        rows = [desk.put(name, AUDIO[0]) for name in "abc"]
        assert {row["status"] for row in desk.run(*rows).values()} == {"failed"}

    def two_feeds(self, desk: Desk) -> list[Row]:
        """One recording in two feeds; the earlier episode comes when the later one was heard."""
        desk.delays["a"] = lambda: until(lambda: bool(desk.whisper.heard))
        return [
            desk.put("a", AUDIO[0], feed_id="german"),
            desk.put("b", AUDIO[0], feed_id="other", published_on=DAY + SECOND),
        ]


def row(name: str, status: str) -> Row:
    """A row of an episode; `kept` is a sound text that could not be made anew."""
    is_kept = status == "kept"
    return {
        "episode_id": name,
        "status": "ok" if is_kept else status,
        "error": None,
        "source_reason": f"{KEPT}HTTP 404" if is_kept else None,
    }


@pytest.mark.parametrize(
    ("made", "known", "possible", "owner", "tried"),
    [
        ({"c": "ok"}, "", {}, "c", ""),
        ({"c": "ok"}, "b", {"b": "ok"}, "b", "b"),
        ({"c": "ok"}, "ab", {"a": "ok"}, "a", "a"),
        ({"c": "ok"}, "a", {"a": "unsure"}, "c", "a"),
        ({"b": "ok"}, "abc", {"a": "failed"}, "b", "a"),
        ({"a": "ok"}, "abc", {}, "a", ""),
        ({"a": "unsure"}, "", {"b": "ok"}, "b", "b"),
        ({"b": "unsure"}, "", {"a": "unsure", "c": "unsure"}, "a", "ac"),
        ({"b": "unsure"}, "", {"a": "failed", "c": "failed"}, "b", "ac"),
        # An older text is made anew, as there is audio now.
        ({"a": "kept", "b": "ok"}, "a", {"a": "ok"}, "a", "a"),
        ({"a": "kept", "b": "ok"}, "", {}, "b", ""),
        ({"a": "kept", "b": "unsure"}, "", {"a": "ok"}, "a", "a"),
        ({"a": "kept", "b": "unsure"}, "", {"a": "kept", "c": "failed"}, "a", "ac"),
    ],
)
def test_the_earliest_with_the_best_text_stands_for_an_audio(
    made: dict[str, str], known: str, possible: dict[str, str], owner: str, tried: str
) -> None:
    audio = Audio("11" * 32, 1, Path("a"))
    asked: list[str] = []

    def make(episode: Row, audio: Audio) -> Row:
        asked.append(episode["episode_id"])
        return row(episode["episode_id"], possible[episode["episode_id"]])

    found = shared(
        [(episode(name, ""), audio) for name in "cab"],
        {name: row(name, status) for name, status in made.items()},
        make,
        lambda episode, audio: episode["episode_id"] in known,
        lambda episode, audio: False,
    )
    repeats = {name: found[name]["error"] for name in "abc" if name != owner}
    assert set(repeats.values()) == {f"the same audio as episode {owner}"}
    assert found[owner]["status"] == row(owner, (made | possible)[owner])["status"]
    assert "".join(asked) == tried


def test_who_has_stood_for_an_audio_does_so_still() -> None:
    audio = Audio("11" * 32, 1, Path("a"))
    found = shared(
        [(episode(name, ""), audio) for name in "ab"],
        {name: row(name, "ok") for name in "ab"},
        lambda episode, audio: row(episode["episode_id"], "ok"),
        lambda episode, audio: True,
        lambda episode, audio: episode["episode_id"] == "b",
    )
    assert (found["a"]["status"], found["b"]["status"]) == ("duplicate_audio", "ok")
