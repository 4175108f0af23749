"""The cache: whole files or none, under addresses that stay inside its folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from podcast_insights.cache import KINDS, Cache, KindUsage
from podcast_insights_tests.conftest import ROOT

KEY = "0a" * 32
OTHER = "ff" * 32


def files(cache: Cache) -> list[str]:
    return sorted(path.name for path in cache.root.rglob("*") if path.is_file())


class TestReadAndWrite:
    def test_bytes_come_back(self, cache: Cache) -> None:
        path = cache.write_bytes("feeds", KEY, ".xml", b"\x00<rss/>")
        assert path == cache.path("feeds", KEY, ".xml") == cache.root / "feeds/0a" / f"{KEY}.xml"
        assert cache.read_bytes("feeds", KEY, ".xml") == b"\x00<rss/>"

    @pytest.mark.parametrize("value", [{"text": "é 🎙", "n": [1, None, 0.5]}, [], "", 0, False])
    def test_json_comes_back(self, cache: Cache, value: object) -> None:
        cache.write_json("transcripts", KEY, value)
        assert cache.read_json("transcripts", KEY) == value

    def test_nothing_stored_is_none(self, cache: Cache) -> None:
        cache.write_json("answers", OTHER, 1)
        cache.write_json("transcripts", KEY, 1)
        assert cache.read_json("answers", KEY) is None
        assert cache.read_bytes("answers", OTHER, ".xml") is None

    def test_a_second_write_replaces_the_first(self, cache: Cache) -> None:
        cache.write_json("answers", KEY, "a longer first value")
        cache.write_json("answers", KEY, "second")
        assert cache.read_json("answers", KEY) == "second"
        assert files(cache) == [f"{KEY}.json"]

    @pytest.mark.parametrize("damage", [b"", b'{"text": "cut of', b"\xff\xfe\x00", b"<html>"])
    def test_corrupt_json_counts_as_absent_and_can_be_replaced(
        self, cache: Cache, damage: bytes
    ) -> None:
        cache.write_json("answers", KEY, {"text": "whole"})
        cache.path("answers", KEY, ".json").write_bytes(damage)
        assert cache.read_json("answers", KEY) is None
        cache.write_json("answers", KEY, {"text": "again"})
        assert cache.read_json("answers", KEY) == {"text": "again"}

    def test_looking_makes_no_folders(self, cache: Cache) -> None:
        assert cache.read_json("answers", KEY) is None
        assert not cache.root.exists()


class TestAddresses:
    @pytest.mark.parametrize(
        "key", ["", "..", "../../etc/passwd", "0a/0b", "0A", "xyz", "0a ", "0a\x00", "０a"]
    )
    def test_keys_that_are_not_hexadecimal_are_refused(self, cache: Cache, key: str) -> None:
        with pytest.raises(ValueError, match="not a cache address"):
            cache.path("audio", key, ".audio")
        with pytest.raises(ValueError, match="not a cache address"):
            cache.write_bytes("audio", key, ".audio", b"")
        assert not cache.root.exists()

    @pytest.mark.parametrize("kind", ["", "..", "scratch", "Audio"])
    def test_unknown_kinds_are_refused(self, cache: Cache, kind: str) -> None:
        with pytest.raises(ValueError, match="not a cache address"):
            cache.path(kind, KEY, ".audio")

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_has_its_place(self, cache: Cache, kind: str) -> None:
        assert cache.path(kind, KEY, "").is_relative_to(cache.root / kind)


KILLED = """
import os, sys
from pathlib import Path
from podcast_insights.cache import Cache
with Cache(Path(sys.argv[1])).writing("audio", sys.argv[2], ".audio") as path:
    path.write_bytes(b"half")
    if sys.argv[3] == "killed":
        os._exit(9)
"""


class TestCrashes:
    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_an_exception_while_writing_leaves_nothing(
        self, cache: Cache, error: type[BaseException]
    ) -> None:
        with pytest.raises(error), cache.writing("audio", KEY, ".audio") as path:
            path.write_bytes(b"half")
            raise error
        assert cache.read_bytes("audio", KEY, ".audio") is None
        assert files(cache) == []

    def test_an_exception_while_replacing_leaves_the_old_file(self, cache: Cache) -> None:
        cache.write_bytes("audio", KEY, ".audio", b"whole")
        with pytest.raises(ValueError, match="stop"), cache.writing("audio", KEY, ".audio") as path:
            path.write_bytes(b"half")
            raise ValueError("stop")
        assert cache.read_bytes("audio", KEY, ".audio") == b"whole"
        assert files(cache) == [f"{KEY}.audio"]

    @pytest.mark.parametrize(
        ("end", "exit_code", "expected"), [("killed", 9, None), ("finished", 0, b"half")]
    )
    def test_a_process_killed_while_writing_leaves_nothing_under_the_key(
        self, cache: Cache, end: str, exit_code: int, expected: bytes | None
    ) -> None:
        command = [sys.executable, "-c", KILLED, str(cache.root), KEY, end]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == exit_code
        assert cache.read_bytes("audio", KEY, ".audio") == expected
        cache.write_bytes("audio", KEY, ".audio", b"whole")
        assert cache.read_bytes("audio", KEY, ".audio") == b"whole"

    def test_two_writers_of_one_key_do_not_mix(self, cache: Cache) -> None:
        with cache.writing("audio", KEY, ".audio") as one:
            one.write_bytes(b"one")
            with cache.writing("audio", KEY, ".audio") as two:
                two.write_bytes(b"two, longer")
        assert cache.read_bytes("audio", KEY, ".audio") == b"one"
        assert files(cache) == [f"{KEY}.audio"]


class TestScratch:
    def test_a_finished_scratch_file_is_adopted(self, cache: Cache) -> None:
        scratch = cache.scratch()
        scratch.write_bytes(b"audio")
        final = cache.adopt(scratch, "audio", KEY, ".audio")
        assert final.read_bytes() == b"audio"
        assert cache.read_bytes("audio", KEY, ".audio") == b"audio"
        assert not scratch.exists()

    def test_scratch_files_are_apart_and_in_the_cache_so_that_adopting_is_a_rename(
        self, cache: Cache
    ) -> None:
        one, two = cache.scratch(), cache.scratch()
        assert one != two
        assert one.is_relative_to(cache.root)

    def test_a_refused_address_leaves_the_scratch_file(self, cache: Cache) -> None:
        scratch = cache.scratch()
        with pytest.raises(ValueError, match="not a cache address"):
            cache.adopt(scratch, "audio", "../x", ".audio")
        assert scratch.exists()


class TestUsage:
    def test_an_empty_cache_uses_nothing(self, cache: Cache) -> None:
        assert cache.usage() == [KindUsage(kind, 0, 0) for kind in KINDS]

    def test_files_and_bytes_are_counted_by_kind(self, cache: Cache) -> None:
        cache.write_bytes("audio", KEY, ".audio", b"x" * 10)
        cache.write_bytes("audio", OTHER, ".audio", b"x" * 5)
        cache.write_bytes("feeds", KEY, ".xml", b"x")
        used = {row.kind: (row.files, row.bytes) for row in cache.usage()}
        assert used == dict.fromkeys(KINDS, (0, 0)) | {"audio": (2, 15), "feeds": (1, 1)}

    def test_pruning_removes_one_kind_and_says_how_much(self, cache: Cache) -> None:
        cache.write_bytes("audio", KEY, ".audio", b"x" * 10)
        cache.write_json("answers", KEY, "kept")
        assert cache.prune("audio") == KindUsage("audio", 1, 10)
        assert cache.read_bytes("audio", KEY, ".audio") is None
        assert cache.read_json("answers", KEY) == "kept"
        assert cache.prune("audio") == KindUsage("audio", 0, 0)
        cache.write_bytes("audio", KEY, ".audio", b"again")
        assert cache.read_bytes("audio", KEY, ".audio") == b"again"

    def test_an_unknown_kind_prunes_nothing(self, cache: Cache, tmp_path: Path) -> None:
        precious = tmp_path / "precious"
        precious.mkdir()
        cache.write_json("answers", KEY, "kept")
        for kind in ("../precious", "", "everything"):
            with pytest.raises(ValueError, match="not a kind"):
                cache.prune(kind)
        assert precious.exists()
        assert cache.read_json("answers", KEY) == "kept"
