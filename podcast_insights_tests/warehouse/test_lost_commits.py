"""No committed row is ever lost, whatever else happens on the machine at that time."""

import multiprocessing
import re
import time
import tomllib
from concurrent.futures import Future, ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

import duckdb
import pytest
from packaging.requirements import Requirement

from podcast_insights.warehouse.database import connected
from podcast_insights.warehouse.publish import publish
from podcast_insights_tests.warehouse import WINDOW, notes, readings, small_warehouse

# Not from conftest: it imports Dagster, and every process here would pay for that.
ROOT = Path(__file__).resolve().parents[2]
WRITERS = 4
VIEWS = ("CREATE VIEW shown AS SELECT note_id, count(*) AS halves FROM notes GROUP BY ALL",)


def write(folder: Path, writer: int, count: int) -> int:
    """Short transactions, each of two rows that belong together and a window of its own."""
    warehouse = small_warehouse(folder)
    for number in range(count):
        name = f"{writer}-{number}"
        warehouse.merge("notes", notes(name))
        if number % 10 == 0:
            warehouse.replace_window("readings", WINDOW, readings(name))
    return count


def publish_until(folder: Path, writers: list["Future[int]"]) -> int:
    """Publish again and again until all have written; how often there was something new."""
    warehouse, fresh = small_warehouse(folder), 0
    while not all(writer.done() for writer in writers):
        fresh += publish(warehouse, folder / "copy.duckdb", VIEWS).is_fresh
        time.sleep(0.2)
    return fresh


def analyse_until_done(folder: Path) -> tuple[int, int]:
    """Open the copy again and again; how often, and how many states were seen."""
    polls, totals = 0, [0]
    while not (folder / "done").exists():
        if not (folder / "copy.duckdb").exists():
            assert polls == 0, "the copy was gone for a moment"
            time.sleep(0.01)
            continue
        with connected(folder / "copy.duckdb", read_only=True) as connection:
            rows = connection.execute("SELECT note_id, halves FROM shown").fetchall()
            windows = connection.execute("SELECT count(*) FROM readings").fetchone()
        numbers: dict[str, set[int]] = {}
        for note_id, halves in rows:
            assert halves == 2, f"half of {note_id}"
            writer, number = note_id.split("-")
            numbers.setdefault(writer, set()).add(int(number))
        for seen in numbers.values():
            assert seen == set(range(len(seen))), "a row in the middle is lost"
        assert windows in [(0,), (1,)], "two states of one window"
        assert len(rows) >= totals[-1], "a row was there and is gone"
        totals.append(len(rows))
        polls += 1
    return polls, len(set(totals))


def write_plainly(folder: Path, writer: int, count: int) -> int:
    """The same without our lock: open, one row, close; try again where another has the file."""
    deadline = time.monotonic() + 200
    for number in range(count):
        while True:
            try:
                connection = duckdb.connect(str(folder / "plain.duckdb"))
                break
            except duckdb.IOException:
                assert time.monotonic() < deadline, "never got the file"
                time.sleep(0.002)
        connection.execute("INSERT INTO notes VALUES (?)", [f"{writer}-{number}"])
        connection.close()
    return count


def processes(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def test_no_commit_is_lost_and_nobody_is_disturbed(tmp_path: Path) -> None:
    """Four writers, a publisher and an analyst at the same time, as on a busy machine.

    Why it exists: DuckDB 2.0.0 lost committed rows when several processes opened one file in
    turn (7 of 2,400: it reads the header before it takes the lock). duckdb is pinned below 2
    until this test and the next one pass there.
    """
    each = 15
    with processes(WRITERS + 1) as pool:
        analyst = pool.submit(analyse_until_done, tmp_path)
        writers = [pool.submit(write, tmp_path, writer, each) for writer in range(WRITERS)]
        try:
            published = publish_until(tmp_path, writers)
            written = sum(writer.result() for writer in writers)
        finally:
            (tmp_path / "done").touch()
        polls, states = analyst.result(timeout=30)
    warehouse = small_warehouse(tmp_path)
    expected = {f"{writer}-{number}" for writer in range(WRITERS) for number in range(each)}
    found = warehouse.read("SELECT DISTINCT note_id FROM notes")["note_id"]
    assert written == len(expected)
    assert set(found) == expected
    assert warehouse.read("SELECT count(*) FROM notes").item() == 2 * len(expected)
    assert warehouse.read("SELECT count(*) FROM readings").item() == 1
    assert published >= 2
    assert polls > states >= 2
    publish(warehouse, tmp_path / "copy.duckdb", VIEWS)
    with connected(tmp_path / "copy.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM shown").fetchone() == (len(expected),)


@pytest.mark.slow
def test_duckdb_alone_loses_no_commit(tmp_path: Path) -> None:
    """Without our lock, which hides the loss: the test that tells whether the pin can go.

    DuckDB 2.0.0 failed it in three of three trials (1,197 or 1,198 of 1,200 rows were left);
    1.5.6 passes.
    """
    each = 300
    with duckdb.connect(str(tmp_path / "plain.duckdb")) as connection:
        connection.execute("CREATE TABLE notes (note_id VARCHAR)")
    with processes(WRITERS) as pool:
        writers = [pool.submit(write_plainly, tmp_path, writer, each) for writer in range(WRITERS)]
        assert [writer.result(timeout=220) for writer in writers] == [each] * WRITERS
    with duckdb.connect(str(tmp_path / "plain.duckdb")) as connection:
        found = {row[0] for row in connection.execute("SELECT note_id FROM notes").fetchall()}
    expected = {f"{writer}-{number}" for writer in range(WRITERS) for number in range(each)}
    assert sorted(expected - found) == []


def test_duckdb_is_pinned_below_2() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(text) for text in project["dependencies"]]
    pins = [requirement for requirement in wanted if requirement.name == "duckdb"]
    assert len(pins) == 1
    for refused in ("2.0.0", "2.0.1", "2.1.0", "3.0.0"):
        assert not pins[0].specifier.contains(refused)
    assert pins[0].specifier.contains("1.5.6")
    assert re.match(r"1\.", version("duckdb"))
