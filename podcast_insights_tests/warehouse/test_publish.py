"""The analysts' copy: consistent, by rename, only when something changed."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from podcast_insights.analysts.views import statements as real_statements
from podcast_insights.contracts import TABLES
from podcast_insights.warehouse import publish as module
from podcast_insights.warehouse.database import Warehouse, connected
from podcast_insights.warehouse.publish import copy_by_kernel, publish
from podcast_insights_tests.warehouse import WINDOW, notes, readings

VIEWS = ("CREATE VIEW spoken AS SELECT spoken FROM readings", "COMMENT ON VIEW spoken IS 'Words.'")

KILLED_ANALYST = """
import duckdb, os, sys
analyst = duckdb.connect(sys.argv[1])
analyst.execute("DELETE FROM readings")
os._exit(9)
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "published" / "copy.duckdb"


def spoken(target: Path) -> list[str]:
    with connected(target, read_only=True) as connection:
        rows = connection.execute("SELECT spoken FROM spoken ORDER BY ALL").fetchall()
    return [row[0] for row in rows]


def files(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


class TestPublish:
    def test_the_copy_has_rows_views_and_comments(self, warehouse: Warehouse, target: Path) -> None:
        warehouse.replace_window("readings", WINDOW, readings("a", "b"))
        done = publish(warehouse, target, VIEWS)
        assert done.is_fresh
        assert (done.path, done.revision) == (target, warehouse.revision())
        assert done.size_bytes == target.stat().st_size
        assert spoken(target) == ["s-a", "s-b"]
        with connected(target, read_only=True) as connection:
            comments = connection.execute(
                "SELECT comment FROM duckdb_views() WHERE view_name = 'spoken' "
                "UNION ALL SELECT comment FROM duckdb_tables() WHERE table_name = 'readings'"
            ).fetchall()
        assert comments == [("Words.",), ("Readings, one per row.",)]
        assert files(target) == ["copy.duckdb"]

    def test_anyone_may_read_the_copy(self, warehouse: Warehouse, target: Path) -> None:
        publish(warehouse, target, VIEWS)
        assert target.stat().st_mode & 0o777 == 0o644

    def test_the_warehouse_itself_gets_no_views(self, warehouse: Warehouse, target: Path) -> None:
        publish(warehouse, target, VIEWS)
        names = warehouse.read("SELECT view_name FROM duckdb_views() WHERE NOT internal")
        assert names.is_empty()

    def test_the_real_views_fit_the_real_tables(self, tmp_path: Path, target: Path) -> None:
        warehouse = Warehouse(tmp_path / "real.duckdb", TABLES)
        assert publish(warehouse, target, real_statements()).is_fresh
        assert not publish(warehouse, target, real_statements()).is_fresh

    def test_an_unchanged_warehouse_is_not_published_again(
        self, warehouse: Warehouse, target: Path
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("a"))
        publish(warehouse, target, VIEWS)
        first = target.stat()
        warehouse.replace_window("readings", WINDOW, readings("a"))
        assert not publish(warehouse, target, VIEWS).is_fresh
        assert target.stat().st_ino == first.st_ino
        assert target.stat().st_mtime_ns == first.st_mtime_ns
        warehouse.replace_window("readings", WINDOW, readings("b"))
        assert publish(warehouse, target, VIEWS).is_fresh
        assert spoken(target) == ["s-b"]

    def test_every_column_of_every_view_says_what_it_is(self, tmp_path: Path, target: Path) -> None:
        publish(Warehouse(tmp_path / "real.duckdb", TABLES), target, real_statements())
        with connected(target, read_only=True) as connection:
            silent = connection.execute(
                "SELECT view_name, column_name FROM duckdb_views() v JOIN duckdb_columns() c "
                "ON c.table_name = v.view_name WHERE NOT v.internal AND c.comment IS NULL"
            ).fetchall()
            views = connection.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal")
            assert views.fetchone() != (0,)
        assert silent == []

    def test_other_views_are_published_though_no_row_changed(
        self, warehouse: Warehouse, target: Path
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("a"))
        publish(warehouse, target, VIEWS)
        louder = ("CREATE VIEW spoken AS SELECT upper(spoken) AS spoken FROM readings",)
        assert publish(warehouse, target, louder).is_fresh
        assert spoken(target) == ["S-A"]

    def test_who_has_the_old_copy_open_keeps_reading_it(
        self, warehouse: Warehouse, target: Path
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))
        publish(warehouse, target, VIEWS)
        with connected(target, read_only=True) as reader:
            warehouse.replace_window("readings", WINDOW, readings("new", "newer"))
            assert publish(warehouse, target, VIEWS).is_fresh
            assert reader.execute("SELECT spoken FROM spoken").fetchall() == [("s-old",)]
        assert spoken(target) == ["s-new", "s-newer"]

    def test_a_failing_statement_leaves_the_old_copy_and_no_scratch_files(
        self, warehouse: Warehouse, target: Path
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))
        publish(warehouse, target, VIEWS)
        warehouse.replace_window("readings", WINDOW, readings("new"))
        with pytest.raises(duckdb.CatalogException, match="no_such_table"):
            publish(warehouse, target, [*VIEWS, "CREATE VIEW v AS SELECT * FROM no_such_table"])
        assert spoken(target) == ["s-old"]
        assert files(target) == ["copy.duckdb"]
        assert publish(warehouse, target, VIEWS).is_fresh
        assert spoken(target) == ["s-new"]

    def test_a_full_disk_leaves_the_old_copy_and_no_scratch_files(
        self, warehouse: Warehouse, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))
        publish(warehouse, target, VIEWS)
        warehouse.replace_window("readings", WINDOW, readings("new"))

        def half(source: Path, scratch: Path) -> None:
            scratch.write_bytes(source.read_bytes()[:5000])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(module, "copy_by_kernel", half)
        with pytest.raises(OSError, match="No space left"):
            publish(warehouse, target, VIEWS)
        assert spoken(target) == ["s-old"]
        assert files(target) == ["copy.duckdb"]

    def test_what_a_killed_publisher_left_behind_is_cleared(
        self, warehouse: Warehouse, target: Path
    ) -> None:
        publish(warehouse, target, VIEWS)
        for name in (
            ".copy.duckdb.k1ll3d",
            ".copy.duckdb.k1ll3d.wal",
            "notes.txt",
            ".other.duckdb",
        ):
            (target.parent / name).write_bytes(b"left behind")
        warehouse.merge("notes", notes("1"))
        publish(warehouse, target, VIEWS)
        assert files(target) == [".other.duckdb", "copy.duckdb", "notes.txt"]

    @pytest.mark.parametrize("damage", [b"", b"not a database", b"\0" * 20_000])
    def test_a_damaged_copy_is_replaced(
        self, warehouse: Warehouse, target: Path, damage: bytes
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("a"))
        target.parent.mkdir()
        target.write_bytes(damage)
        assert publish(warehouse, target, VIEWS).is_fresh
        assert spoken(target) == ["s-a"]

    def test_a_database_that_is_no_copy_of_ours_is_replaced(
        self, warehouse: Warehouse, target: Path
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("a"))
        target.parent.mkdir()
        with duckdb.connect(str(target)) as connection:
            connection.execute("CREATE TABLE something AS SELECT 1")
        assert publish(warehouse, target, VIEWS).is_fresh
        assert spoken(target) == ["s-a"]

    def test_the_log_of_someone_who_wrote_into_the_copy_does_not_spoil_the_next(
        self, warehouse: Warehouse, target: Path
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))
        publish(warehouse, target, VIEWS)
        command = [sys.executable, "-c", KILLED_ANALYST, str(target)]
        assert subprocess.run(command, check=False).returncode == 9
        assert files(target) == ["copy.duckdb", "copy.duckdb.wal"]
        warehouse.replace_window("readings", WINDOW, readings("new"))
        assert publish(warehouse, target, VIEWS).is_fresh
        assert spoken(target) == ["s-new"]
        assert files(target) == ["copy.duckdb"]


def fails(*args: object) -> int:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def copies_nothing(*args: object) -> int:
    return 0


def copies_part(source: int, target: int, count: int) -> int:
    return os.write(target, os.read(source, min(count, 70_001)))


class CopiesPartThenFails:
    """What a file system does whose space or patience runs out half-way."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, source: int, target: int, count: int) -> int:
        self.calls += 1
        if self.calls > 1:
            raise OSError(errno.EIO, "Input/output error")
        return copies_part(source, target, count)


class TestCopyByKernel:
    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / "source"
        path.write_bytes(os.urandom(300_007))
        return path

    def no_reflink(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module.fcntl, "ioctl", fails)

    @pytest.mark.parametrize("size", [0, 1, 300_007])
    def test_bytes_are_copied_exactly(self, tmp_path: Path, size: int) -> None:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(os.urandom(size))
        target.write_bytes(b"longer and older content" * 20_000)
        copy_by_kernel(source, target)
        assert target.read_bytes() == source.read_bytes()

    @pytest.mark.parametrize("how", [fails, copies_nothing, copies_part, CopiesPartThenFails()])
    def test_bytes_are_copied_exactly_by_each_fallback(
        self,
        source: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        how: Callable[..., int],
    ) -> None:
        calls: list[Any] = []

        def counted(*args: int) -> int:
            calls.append(args)
            return how(*args)

        self.no_reflink(monkeypatch)
        monkeypatch.setattr(os, "copy_file_range", counted)
        copy_by_kernel(source, tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == source.read_bytes()
        assert calls

    def test_bytes_are_copied_exactly_where_the_call_is_unknown(
        self, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.no_reflink(monkeypatch)
        monkeypatch.delattr(os, "copy_file_range")
        copy_by_kernel(source, tmp_path / "target")
        assert (tmp_path / "target").read_bytes() == source.read_bytes()
