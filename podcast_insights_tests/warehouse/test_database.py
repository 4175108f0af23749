"""The door to the file: windows, merges, transactions, the lock, versions."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pytest

from podcast_insights.errors import UserError
from podcast_insights.warehouse import database
from podcast_insights.warehouse.contracts import ContractError
from podcast_insights.warehouse.database import Change, Warehouse
from podcast_insights.warehouse.migrations import MIGRATIONS, SCHEMA_VERSION
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.conftest import ROOT
from podcast_insights_tests.warehouse import (
    DAY,
    NOTES,
    READINGS,
    TABLES,
    WINDOW,
    days,
    notes,
    readings,
    small_warehouse,
)

BEFORE, NEXT, AFTER = days(-1, 1, 2)


def stored(warehouse: Warehouse) -> dict[str, str]:
    """`written` by id, of all days."""
    return dict(warehouse.read("SELECT reading_id, written FROM readings").iter_rows())


class TestReplaceWindow:
    def test_exactly_the_window_is_replaced(self, warehouse: Warehouse) -> None:
        for day, name in zip((BEFORE, DAY, NEXT, AFTER), "abcd", strict=True):
            warehouse.replace_window("readings", DateWindow.of_day(day), readings(name, day=day))
        change = warehouse.replace_window(
            "readings", DateWindow(DAY, AFTER), readings("x", "y", day=NEXT)
        )
        assert change == Change(rows=2, is_changed=True)
        assert set(stored(warehouse)) == {"a", "d", "x", "y"}
        found = warehouse.read_window("readings", DateWindow(DAY, AFTER))
        assert found.equals(readings("x", "y", day=NEXT))

    def test_columns_are_matched_by_name(self, warehouse: Warehouse) -> None:
        rows = readings("a", "b")
        warehouse.replace_window("readings", WINDOW, rows.select(reversed(rows.columns)))
        assert warehouse.read_window("readings", WINDOW).equals(rows)

    def test_columns_are_matched_by_name_in_a_file_with_another_order(
        self, warehouse: Warehouse
    ) -> None:
        with warehouse.transaction() as connection:
            connection.execute("DROP TABLE readings")
            connection.execute(
                "CREATE TABLE readings (written VARCHAR, amount BIGINT, spoken VARCHAR, "
                "read_on DATE, reading_id VARCHAR)"
            )
        warehouse.replace_window("readings", WINDOW, readings("a"))
        assert stored(warehouse) == {"a": "w-a"}
        assert warehouse.read_window("readings", WINDOW).equals(readings("a"))

    def test_no_rows_empty_the_window_and_succeed(self, warehouse: Warehouse) -> None:
        warehouse.replace_window("readings", WINDOW, readings("a"))
        assert warehouse.replace_window("readings", WINDOW, readings()) == Change(0, True)
        assert stored(warehouse) == {}
        empty = warehouse.read_window("readings", WINDOW)
        assert empty.schema == readings("a").schema

    def test_an_empty_first_day_is_a_success(self, warehouse: Warehouse) -> None:
        assert warehouse.replace_window("readings", WINDOW, readings()) == Change(0, False)

    @pytest.mark.parametrize("day", [BEFORE, NEXT])
    def test_rows_outside_the_window_are_refused_and_nothing_is_written(
        self, warehouse: Warehouse, day: object
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))
        mixed = pl.concat([readings("new"), readings("stray", day=day)])
        with pytest.raises(ValueError, match=rf"readings \[2025-09-08\] lie outside.*{day}"):
            warehouse.replace_window("readings", WINDOW, mixed)
        assert stored(warehouse) == {"old": "w-old"}

    def test_invalid_rows_leave_the_old_data(self, warehouse: Warehouse) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))
        revision = warehouse.revision()
        with pytest.raises(ContractError):
            warehouse.replace_window("readings", WINDOW, readings("new").with_columns(extra=1))
        assert stored(warehouse) == {"old": "w-old"}
        assert warehouse.revision() == revision

    def test_identical_rows_change_nothing(self, warehouse: Warehouse) -> None:
        rows = readings("a", "b")
        warehouse.replace_window("readings", WINDOW, rows)
        revision = warehouse.revision()
        assert warehouse.replace_window("readings", WINDOW, rows.reverse()) == Change(2, False)
        assert warehouse.revision() == revision
        other = readings("a", "b", written="corrected")
        assert warehouse.replace_window("readings", WINDOW, other) == Change(2, True)
        assert warehouse.revision() > revision

    def test_rows_from_before_a_rule_can_be_replaced(self, warehouse: Warehouse) -> None:
        with warehouse.transaction() as connection:
            connection.execute("DROP TABLE readings")
            connection.execute(
                "CREATE TABLE readings AS SELECT 'old' AS reading_id, ?::DATE AS read_on, "
                "NULL::VARCHAR AS spoken, 'w' AS written, 1::BIGINT AS amount",
                [DAY],
            )
        with pytest.raises(ContractError):
            warehouse.read_window("readings", WINDOW)
        warehouse.replace_window("readings", WINDOW, readings("new"))
        assert warehouse.read_window("readings", WINDOW).equals(readings("new"))

    def test_a_ledger_has_no_windows(self, warehouse: Warehouse) -> None:
        with pytest.raises(ValueError, match="notes is a ledger"):
            warehouse.replace_window("notes", WINDOW, notes("1"))
        with pytest.raises(ValueError, match="notes is a ledger"):
            warehouse.read_window("notes", WINDOW)


class TestMerge:
    def test_new_keys_are_added_and_known_ones_replaced(self, warehouse: Warehouse) -> None:
        warehouse.merge("notes", notes("1", "one"))
        warehouse.merge("notes", notes("2", "two"))
        one_half = notes("1", "changed").filter(pl.col("half") == 1)
        assert warehouse.merge("notes", one_half) == Change(1, True)
        rows = warehouse.read("SELECT * FROM notes", table="notes").rows()
        assert rows == [("1", 0, "one"), ("1", 1, "changed"), ("2", 0, "two"), ("2", 1, "two")]

    def test_no_rows_change_nothing(self, warehouse: Warehouse) -> None:
        warehouse.merge("notes", notes("1"))
        revision = warehouse.revision()
        assert warehouse.merge("notes", NOTES.frame([])) == Change(0, False)
        assert warehouse.revision() == revision

    def test_invalid_rows_leave_the_old_data(self, warehouse: Warehouse) -> None:
        warehouse.merge("notes", notes("1", "one"))
        with pytest.raises(ContractError):
            warehouse.merge("notes", pl.concat([notes("1", "two"), notes("1", "three")]))
        assert warehouse.read("SELECT DISTINCT text FROM notes").item() == "one"


class TestMergeAll:
    def test_several_tables_are_one_transaction(self, warehouse: Warehouse) -> None:
        warehouse.merge_all({"notes": notes("1", "one"), "readings": readings("a")})
        revision = warehouse.revision()
        change = warehouse.merge_all(
            {"notes": notes("1", "changed"), "readings": readings("a", "b", written="changed")}
        )
        assert change == Change(4, True)
        assert warehouse.revision() == revision + 1
        assert set(warehouse.read("SELECT text FROM notes")["text"]) == {"changed"}
        assert stored(warehouse) == {"a": "changed-a", "b": "changed-b"}

    def test_one_bad_frame_keeps_all_of_them_out(self, warehouse: Warehouse) -> None:
        with pytest.raises(ContractError):
            warehouse.merge_all(
                {"notes": notes("1"), "readings": readings("a").with_columns(extra=1)}
            )
        assert warehouse.read("SELECT * FROM notes").is_empty()
        with pytest.raises(KeyError):
            warehouse.merge_all({"notes": notes("1"), "nowhere": notes("1")})
        assert warehouse.read("SELECT * FROM notes").is_empty()

    def test_a_failure_on_the_way_takes_everything_back(self, warehouse: Warehouse) -> None:
        warehouse.merge("notes", notes("1", "old"))
        with warehouse.transaction() as connection:
            connection.execute("ALTER TABLE readings DROP COLUMN amount")
        with pytest.raises(duckdb.Error):
            warehouse.merge_all({"notes": notes("1", "new"), "readings": readings("a")})
        assert set(warehouse.read("SELECT text FROM notes")["text"]) == {"old"}

    def test_empty_frames_beside_others_do_no_harm(self, warehouse: Warehouse) -> None:
        assert warehouse.merge_all({}) == Change(0, False)
        warehouse.merge("readings", readings("a"))
        change = warehouse.merge_all({"readings": readings(), "notes": notes("1", "one")})
        assert change == Change(2, True)
        assert stored(warehouse) == {"a": "w-a"}


class TestRead:
    @pytest.mark.parametrize("value", ["it's; DROP TABLE notes", "$text", "?"])
    def test_parameters_go_by_place_or_by_name(self, warehouse: Warehouse, value: str) -> None:
        warehouse.merge("notes", notes("1", value))
        warehouse.merge("notes", notes("2", "other"))
        by_place = warehouse.read(
            "SELECT note_id FROM notes WHERE text = ? AND half = ?", [value, 0]
        )
        by_name = warehouse.read(
            "SELECT note_id FROM notes WHERE text = $text AND half = $half AND text = $text",
            {"half": 0, "text": value},
        )
        assert by_place.rows() == by_name.rows() == [("1",)]
        assert warehouse.read("SELECT 1", {}).item() == 1

    def test_a_name_that_is_not_given_is_an_error(self, warehouse: Warehouse) -> None:
        with pytest.raises(duckdb.Error):
            warehouse.read("SELECT $one, $two", {"one": 1})


class TestTransaction:
    def test_what_ends_well_is_there_for_the_next(self, warehouse: Warehouse) -> None:
        with warehouse.transaction() as connection:
            connection.execute("INSERT INTO notes VALUES ('1', 0, 'kept')")
        assert warehouse.read("SELECT text FROM notes").item() == "kept"

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_an_exception_rolls_back_and_frees_everything(
        self, warehouse: Warehouse, error: type[BaseException]
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))
        with pytest.raises(error), warehouse.transaction() as connection:
            connection.execute("DELETE FROM readings")
            raise error
        with pytest.raises(duckdb.ConnectionException):
            connection.execute("SELECT 1")
        impatient = Warehouse(warehouse.path, TABLES, lock_timeout_s=0.1)
        assert stored(impatient) == {"old": "w-old"}
        assert impatient.replace_window("readings", WINDOW, readings("new")).is_changed

    def test_a_failing_statement_keeps_its_own_error(self, warehouse: Warehouse) -> None:
        with (
            pytest.raises(duckdb.CatalogException, match="no_such_table"),
            warehouse.transaction() as connection,
        ):
            connection.execute("DELETE FROM readings")
            connection.execute("SELECT * FROM no_such_table")
        assert stored(warehouse) == {}

    def test_they_do_not_nest(self, warehouse: Warehouse) -> None:
        with pytest.raises(RuntimeError, match="do not nest"), warehouse.transaction():
            warehouse.revision()
        assert warehouse.revision() == 0

    def test_times_are_read_in_utc(
        self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        try:
            shown = warehouse.read("SELECT '2025-09-08 23:30:00+00'::TIMESTAMPTZ::VARCHAR").item()
        finally:
            monkeypatch.undo()
            time.tzset()
        assert shown == "2025-09-08 23:30:00+00"

    def test_threads_take_turns(self, warehouse: Warehouse) -> None:
        def add(name: str) -> None:
            for number in range(5):
                warehouse.merge("notes", notes(f"{name}-{number}"))

        threads = [threading.Thread(target=add, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert warehouse.read("SELECT count(*) FROM notes").item() == 3 * 5 * 2
        assert warehouse.revision() == 3 * 5


HOLDER = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(warehouse: Warehouse) -> Iterator["subprocess.Popen[str]"]:
    """The lock in the hands of a process that does not let go while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, f"{warehouse.path}.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


class TestLock:
    def test_a_lock_held_elsewhere_is_an_error_that_names_the_remedy(self, tmp_path: Path) -> None:
        impatient = small_warehouse(tmp_path, lock_timeout_s=0.2)
        impatient.merge("notes", notes("1"))
        with held_by_another_process(impatient):
            started = time.monotonic()
            with pytest.raises(UserError) as caught:
                impatient.merge("notes", notes("2"))
            assert 0.2 <= time.monotonic() - started < 15
        assert str(impatient.path) in caught.value.problem
        assert "hanging podcast-insights or Dagster run" in caught.value.remedy
        assert impatient.read("SELECT DISTINCT note_id FROM notes").item() == "1"

    def test_whoever_waits_long_enough_gets_it(self, tmp_path: Path) -> None:
        patient = small_warehouse(tmp_path, lock_timeout_s=20)
        with held_by_another_process(patient) as process:
            threading.Timer(0.2, process.kill).start()
            assert patient.merge("notes", notes("1")).is_changed


KILLED = """
import os, sys
from pathlib import Path
from podcast_insights_tests.warehouse import small_warehouse
with small_warehouse(Path(sys.argv[1])).transaction() as connection:
    connection.execute("DELETE FROM readings")
    connection.execute("INSERT INTO readings VALUES ('half', '2025-09-08', 's', 'w', 1)")
    if sys.argv[2] == "killed":
        os._exit(9)
"""


@pytest.mark.parametrize(
    ("end", "exit_code", "expected"), [("killed", 9, "old"), ("finished", 0, "half")]
)
def test_a_process_killed_between_delete_and_commit_leaves_the_old_rows(
    warehouse: Warehouse, end: str, exit_code: int, expected: str
) -> None:
    warehouse.replace_window("readings", WINDOW, readings("old"))
    command = [sys.executable, "-c", KILLED, str(warehouse.path.parent), end]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == exit_code
    impatient = Warehouse(warehouse.path, TABLES, lock_timeout_s=0.5)
    assert set(stored(impatient)) == {expected}
    assert impatient.replace_window("readings", WINDOW, readings("new")).is_changed
    assert set(stored(impatient)) == {"new"}


Step = Callable[[duckdb.DuckDBPyConnection], object]

COMMENTS = """
SELECT c.comment, t.comment AS of_table
FROM duckdb_columns() c JOIN duckdb_tables() t USING (table_name)
WHERE table_name = 'notes' AND column_name = 'text'
"""


class TestSchema:
    def test_tables_are_made_on_first_use_in_a_folder_that_is_not_there(
        self, tmp_path: Path
    ) -> None:
        warehouse = small_warehouse(tmp_path / "not" / "yet")
        assert not warehouse.path.exists()
        assert warehouse.read_window("readings", WINDOW).height == 0
        names = warehouse.read("SELECT table_name FROM duckdb_tables()")["table_name"]
        assert set(names) == {"_warehouse", "readings", "notes"}

    def test_a_table_new_to_an_old_file_is_made_and_the_old_one_kept(self, tmp_path: Path) -> None:
        old = Warehouse(tmp_path / "w.duckdb", {"readings": READINGS})
        old.replace_window("readings", WINDOW, readings("old"))
        new = Warehouse(tmp_path / "w.duckdb", TABLES)
        assert new.merge("notes", notes("1")).is_changed
        assert stored(new) == {"old": "w-old"}

    def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(
        self, warehouse: Warehouse
    ) -> None:
        warehouse.merge("notes", notes("1"))
        with warehouse.transaction() as connection:
            connection.execute("UPDATE _warehouse SET schema_version = schema_version + 1")
        newer = rf"newer podcast-insights \(schema {SCHEMA_VERSION + 1}; .* {SCHEMA_VERSION}\)"
        with pytest.raises(UserError, match=newer) as caught:
            warehouse.merge("notes", notes("2"))
        assert "Update podcast-insights" in caught.value.remedy
        with duckdb.connect(str(warehouse.path)) as connection:
            rows = connection.execute("SELECT DISTINCT note_id FROM notes").fetchall()
        assert rows == [("1",)]

    def use(self, monkeypatch: pytest.MonkeyPatch, *steps: Step) -> None:
        """Let these steps follow on those there are."""
        monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, *steps))
        monkeypatch.setattr(database, "SCHEMA_VERSION", len(MIGRATIONS) + len(steps))

    def test_an_older_file_is_brought_forward_once(
        self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))

        def mark(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("UPDATE readings SET written = written || '!'")

        self.use(monkeypatch, mark)
        assert stored(warehouse) == {"old": "w-old!"}
        assert stored(warehouse) == {"old": "w-old!"}
        self.use(monkeypatch, mark, mark)
        assert stored(warehouse) == {"old": "w-old!!"}

    def test_comments_follow_the_contracts_with_the_next_step(
        self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with warehouse.transaction() as connection:
            connection.execute("COMMENT ON TABLE notes IS 'old'")
            connection.execute("COMMENT ON COLUMN notes.text IS 'old'")
        self.use(monkeypatch, lambda c: c.execute("SELECT 1"))
        assert warehouse.read(COMMENTS).rows() == [("A text.", "Notes, in two halves.")]

    def test_a_fresh_file_needs_no_step(
        self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.use(monkeypatch, lambda c: c.execute("ALTER TABLE gone RENAME TO readings"))
        assert warehouse.replace_window("readings", WINDOW, readings("new")).is_changed

    def test_a_step_may_rename_a_table(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = Warehouse(tmp_path / "w.duckdb", {"readings": READINGS})
        old.replace_window("readings", WINDOW, readings("old"))
        with duckdb.connect(str(old.path)) as connection:
            connection.execute("ALTER TABLE readings RENAME TO measurements")
        self.use(monkeypatch, lambda c: c.execute("ALTER TABLE measurements RENAME TO readings"))
        assert stored(Warehouse(old.path, {"readings": READINGS})) == {"old": "w-old"}

    def test_a_failing_step_leaves_the_old_file(
        self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        warehouse.replace_window("readings", WINDOW, readings("old"))

        def fail(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("DROP TABLE readings")
            raise RuntimeError("no way forward")

        with monkeypatch.context() as patch:
            self.use(patch, fail)
            with pytest.raises(RuntimeError, match="no way forward"):
                warehouse.revision()
        assert stored(warehouse) == {"old": "w-old"}
