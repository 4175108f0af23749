"""Whose an audio or a text is: that of whoever was stored first, in whatever order days come."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.cache import Cache
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights.transcripts.owners import StoredOwners
from podcast_insights.transcripts.records import TRANSCRIPTS
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.records import Transcription
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.transcripts import DAY, Host, Row, Stenographer, episode

NEXT = DAY + timedelta(days=20)
AUDIO = [b"ID3" + bytes([n]) * 5000 for n in range(3)]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse.duckdb", {"transcripts": TRANSCRIPTS})


def stored(warehouse: Warehouse, name: str, days: int, status: str = "ok", **keys: Any) -> None:  # noqa: ANN401
    """A row of `transcripts` of another run."""
    row = {
        "episode_id": name,
        "published_on": DAY + timedelta(days=days),
        "status": status,
        "segments": [],
        **keys,
    }
    frame = TRANSCRIPTS.frame([dict.fromkeys(TRANSCRIPTS.schema.columns()) | row])
    warehouse.merge("transcripts", frame)


def owners(warehouse: Warehouse, days: int = 0) -> StoredOwners:
    return StoredOwners(warehouse, DateWindow.of_day(DAY + timedelta(days=days)))


ME = {"episode_id": "me", "published_on": DAY}


class TestStored:
    @pytest.mark.parametrize("days", [-1, 1])
    @pytest.mark.parametrize(
        ("status", "owns_audio", "owns_text"),
        [
            ("ok", True, True),
            ("failed", False, False),
            ("duplicate_audio", False, False),
            ("same_text", True, False),
            ("not_speech", True, False),
        ],
    )
    def test_who_has_something_to_repeat_owns_it_before_and_after(
        self, warehouse: Warehouse, days: int, status: str, owns_audio: bool, owns_text: bool
    ) -> None:
        stored(warehouse, "other", days, status, audio_sha256="S", text_key="T")
        found = owners(warehouse)
        assert found.of_audio("S", ME) == ("other" if owns_audio else None)
        assert found.of_text("T", ME) == ("other" if owns_text else None)
        assert (found.of_audio("T", ME), found.of_text("S", ME)) == (None, None)

    def test_of_several_the_earliest_is_named(self, warehouse: Warehouse) -> None:
        for name, days in [("c", 3), ("b", -2), ("a", -2), ("d", -1)]:
            stored(warehouse, name, days, audio_sha256="S", text_key="T")
        assert owners(warehouse).of_audio("S", ME) == "a"
        assert owners(warehouse).of_text("T", ME) == "a"

    def test_rows_of_the_days_that_are_run_own_nothing_but_what_they_had(
        self, warehouse: Warehouse
    ) -> None:
        stored(warehouse, "neighbour", 0, audio_sha256="S")
        stored(warehouse, "me", 0, audio_sha256="S")
        assert owners(warehouse).of_audio("S", ME) is None

    @pytest.mark.parametrize(
        ("mine", "status", "other_days", "owner"),
        [
            ("S", "ok", 1, None),  # both are stored: two runs did not see each other
            ("S", "ok", -1, "other"),
            ("S", "duplicate_audio", 1, "other"),
            ("S", "failed", 1, "other"),
            ("before", "ok", 1, "other"),  # other bytes by now
        ],
    )
    def test_what_was_stored_before_keeps_its_audio_from_all_that_are_later(
        self, warehouse: Warehouse, mine: str, status: str, other_days: int, owner: str | None
    ) -> None:
        stored(warehouse, "me", 0, status, audio_sha256=mine)
        stored(warehouse, "other", other_days, audio_sha256="S")
        assert owners(warehouse).of_audio("S", ME) == owner


class Parrot(Stenographer):
    """Hears the same words in all audio."""

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        return super().transcribe(path.with_name("parrot"), language)


class TestRuns:
    """An episode, and three weeks later its repeat; their days are run in any order."""

    def run(
        self,
        host: Host,
        cache: Cache,
        warehouse: Warehouse,
        *rows: Row,
        whisper: Stenographer | None = None,
        log: Callable[[str], None] = lambda line: None,
    ) -> dict[str, str]:
        work = Transcriber(
            whisper=whisper or Stenographer(device="cpu", workers=1),
            cache=cache,
            store=AudioStore(cache, host.client),
            client_for=host.client,
            language_of=lambda feed_id: None,
            report=log,
        )
        window = DateWindow.of_day(rows[0]["published_on"])
        known = StoredOwners(warehouse, window)
        found = work.run(rows, known.of_audio, known.of_text)
        warehouse.replace_window("transcripts", window, TRANSCRIPTS.frame(found))
        return {row["episode_id"]: row["status"] for row in found}

    @pytest.mark.parametrize("first", ["early", "late"])
    @pytest.mark.parametrize("what", ["audio", "words"])
    def test_whoever_was_stored_first_keeps_it_and_re_runs_change_nothing(
        self, host: Host, cache: Cache, warehouse: Warehouse, first: str, what: str
    ) -> None:
        bodies = AUDIO[:1] * 2 if what == "audio" else AUDIO[:2]
        repeat = "duplicate_audio" if what == "audio" else "same_text"
        days = {
            name: episode(name, host.put(f"/{name}.mp3", body), published_on=day)
            for name, body, day in zip(("early", "late"), bodies, (DAY, NEXT), strict=True)
        }
        second = "late" if first == "early" else "early"
        lines: list[str] = []
        for name, status in [(first, "ok"), (second, repeat), (first, "ok"), (second, repeat)]:
            whisper = Parrot(device="cpu", workers=1)
            found = self.run(host, cache, warehouse, days[name], whisper=whisper, log=lines.append)
            assert found == {name: status}
        assert sum(f"{repeat}: the same" in line for line in lines) == 2
        assert any(f"episode {first}" in line for line in lines)

    def test_two_runs_that_did_not_see_each_other_never_leave_nobody(
        self, host: Host, cache: Cache, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        days = [
            episode(name, host.put(f"/{name}.mp3", AUDIO[0]), published_on=day)
            for name, day in [("early", DAY), ("late", NEXT)]
        ]
        for row in days:  # each in a warehouse that lacks the other
            alone = Warehouse(tmp_path / f"{row['episode_id']}.duckdb", warehouse.tables)
            assert self.run(host, cache, alone, row) == {row["episode_id"]: "ok"}
            warehouse.merge("transcripts", alone.read("FROM transcripts", table="transcripts"))
        assert self.run(host, cache, warehouse, days[0]) == {"early": "ok"}
        assert self.run(host, cache, warehouse, days[1]) == {"late": "duplicate_audio"}
        assert self.run(host, cache, warehouse, days[0]) == {"early": "ok"}

    def test_a_failed_row_is_nobodys_owner(
        self, host: Host, cache: Cache, warehouse: Warehouse
    ) -> None:
        stored(warehouse, "dead", -1, "failed", audio_sha256=None)
        row = episode("a", host.put("/a.mp3", AUDIO[0]))
        self.run(host, cache, warehouse, row)
        sha = warehouse.read("SELECT audio_sha256 FROM transcripts WHERE status = 'ok'").item()
        stored(warehouse, "a", 0, "failed", audio_sha256=sha)
        later = episode("b", host.put("/b.mp3", AUDIO[0]), published_on=NEXT)
        assert self.run(host, cache, warehouse, later) == {"b": "ok"}
