"""The one door to the pipeline's DuckDB file.

Every read and write takes an inter-process lock, opens a short connection, runs one
transaction and closes, whatever happens. Nobody holds a connection while computing or on
the network. Why: DuckDB allows one writing process at a time; without the lock several
processes that open the file in turn spend seven attempts per transaction, and with DuckDB
2.0.0 they lost committed rows (docs/decisions/0002-storage.md).

What does not belong here: what the tables mean; the analysts' copy (see `publish.py`).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from podcast_insights.errors import UserError
from podcast_insights.warehouse.contracts import ContractError, Table, quoted
from podcast_insights.warehouse.migrations import MIGRATIONS, SCHEMA_VERSION
from podcast_insights.warehouse.windows import DateWindow

LOCK_TIMEOUT_S = 300.0
"""A transaction takes milliseconds and a publication seconds; minutes mean something hangs."""


@dataclass(frozen=True)
class Warehouse:
    """The pipeline's database file and the tables it must hold.

    Args:
        path: the DuckDB file; made with its tables on first use.
        tables: contracts by table name.
        lock_timeout_s: how long to wait for other processes before giving up with an error.
    """

    path: Path
    tables: Mapping[str, Table]
    lock_timeout_s: float = LOCK_TIMEOUT_S
    _held: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    def read_window(self, name: str, window: DateWindow) -> pl.DataFrame:
        """The rows of one partition window, in primary-key order, typed by the contract."""
        table = self._partitioned(name)
        column = quoted(str(table.partition_by))
        return self.read(
            f"SELECT * FROM {quoted(name)} WHERE {column} >= ? AND {column} < ?",
            [window.start, window.end],
            table=name,
        )

    def read(
        self,
        sql: str,
        parameters: Sequence[Any] | Mapping[str, Any] = (),
        *,
        table: str | None = None,
    ) -> pl.DataFrame:
        """Run a query and return its rows; conform them to `table`'s contract if named."""
        values = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        with self.transaction() as connection:
            frame = connection.execute(sql, values).pl()
        return self.tables[table].conform(frame) if table else frame

    def replace_window(self, name: str, window: DateWindow, rows: pl.DataFrame) -> "Change":
        """Replace one partition window of a table by `rows`, in one transaction.

        Rows are matched by column name and cast to the contract; an unknown or missing
        column is an error, because a positional insert once swapped two text columns
        without a word. A window that already holds exactly these rows is left alone, so a
        re-run neither grows the file nor causes a publication.

        Args:
            name: the table.
            window: half-open [start, end) of the table's partition column, UTC dates.
            rows: may be empty; the window is then emptied, and that is a success.

        Raises:
            ContractError: `rows` breaks the table's contract; nothing was written.
            ValueError: a row lies outside the window; nothing was written.
        """
        table = self._partitioned(name)
        column = str(table.partition_by)
        valid = table.conform(rows)
        outside = valid.filter(~pl.col(column).is_between(window.start, window.end, closed="left"))
        if not outside.is_empty():
            days = sorted({str(day) for day in outside[column]})[:5]
            raise ValueError(f"rows for {name} [{window}] lie outside the window: {days}")
        where = f"WHERE {quoted(column)} >= ? AND {quoted(column)} < ?"
        bounds = [window.start, window.end]
        with self.transaction() as connection:
            stored = connection.execute(f"SELECT * FROM {quoted(name)} {where}", bounds).pl()
            if is_same(table, stored, valid):
                return Change(rows=valid.height, is_changed=False)
            connection.execute(f"DELETE FROM {quoted(name)} {where}", bounds)
            self._insert(connection, table, valid)
            touch(connection)
        return Change(rows=valid.height, is_changed=True)

    def merge(self, name: str, rows: pl.DataFrame) -> "Change":
        """Insert `rows` into a table, replacing rows with the same primary key.

        Raises:
            ContractError: `rows` breaks the table's contract; nothing was written.
        """
        return self.merge_all({name: rows})

    def merge_all(self, frames: Mapping[str, pl.DataFrame]) -> "Change":
        """`merge` for several tables in one transaction: all of it is written, or nothing.

        Raises:
            ContractError: rows break their table's contract; nothing was written.
        """
        valid = {name: self.tables[name].conform(rows) for name, rows in frames.items()}
        count = sum(rows.height for rows in valid.values())
        if count == 0:
            return Change(rows=0, is_changed=False)
        with self.transaction() as connection:
            for name, rows in valid.items():
                self._replace_keys(connection, self.tables[name], rows)
            touch(connection)
        return Change(rows=count, is_changed=True)

    def revision(self) -> int:
        """A number that grows with every committed change."""
        return int(self.read("SELECT revision FROM _warehouse").item())

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction on a connection of its own, under the lock.

        Commits when the block ends well, rolls back when it raises, and closes the
        connection either way. Transactions do not nest.
        """
        with self.locked(), connected(self.path) as connection:
            connection.execute("BEGIN")
            try:
                self._prepare(connection)
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process and thread from the file while the block runs.

        Raises:
            UserError: others held the lock for `lock_timeout_s`.
        """
        if getattr(self._held, "is_held", False):
            raise RuntimeError("warehouse transactions do not nest; finish the outer one first")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{self.path}.lock", timeout=self.lock_timeout_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise UserError(
                f"{self.path} has been locked by another process for {self.lock_timeout_s:.0f} s.",
                "Look for a hanging podcast-insights or Dagster run and end it; "
                "the lock goes with its process.",
            ) from error
        self._held.is_held = True
        try:
            yield
        finally:
            self._held.is_held = False
            lock.release()

    def _partitioned(self, name: str) -> Table:
        table = self.tables[name]
        if table.partition_by is None:
            raise ValueError(f"{name} is a ledger and has no partitions")
        return table

    def _replace_keys(
        self, connection: duckdb.DuckDBPyConnection, table: Table, rows: pl.DataFrame
    ) -> None:
        if rows.is_empty():
            return
        name = quoted(table.name)
        keys = " AND ".join(f"stored.{quoted(k)} = fresh.{quoted(k)}" for k in table.primary_key)
        connection.register("fresh", rows)
        connection.execute(f"DELETE FROM {name} AS stored USING fresh WHERE {keys}")
        connection.unregister("fresh")
        self._insert(connection, table, rows)

    def _insert(
        self, connection: duckdb.DuckDBPyConnection, table: Table, rows: pl.DataFrame
    ) -> None:
        if rows.is_empty():
            return
        connection.register("fresh", rows)
        connection.execute(f"INSERT INTO {quoted(table.name)} BY NAME SELECT * FROM fresh")
        connection.unregister("fresh")

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make missing tables, migrate an older file, refuse a newer one."""
        if "_warehouse" not in table_names(connection):
            connection.execute("CREATE TABLE _warehouse (schema_version INTEGER, revision BIGINT)")
            connection.execute("INSERT INTO _warehouse VALUES (?, 0)", [SCHEMA_VERSION])
        version = one(connection, "SELECT schema_version FROM _warehouse")
        if version > SCHEMA_VERSION:
            raise UserError(
                f"{self.path} was written by a newer podcast-insights "
                f"(schema {version}; this one knows {SCHEMA_VERSION}).",
                "Update podcast-insights, or move the file away to start a new one.",
            )
        for step in MIGRATIONS[version:]:
            step(connection)
        if version < SCHEMA_VERSION:
            connection.execute("UPDATE _warehouse SET schema_version = ?", [SCHEMA_VERSION])
        names = table_names(connection)
        for table in self.tables.values():
            if table.name not in names:
                statements = table.ddl()
            else:
                statements = table.comments() if version < SCHEMA_VERSION else []
            for statement in statements:
                connection.execute(statement)


@dataclass(frozen=True)
class Change:
    """What a write did: the rows now in place, and whether anything differs from before."""

    rows: int
    is_changed: bool


def is_same(table: Table, stored: pl.DataFrame, valid: pl.DataFrame) -> bool:
    """Whether `stored` are exactly the rows `valid`; rows from before a rule never are."""
    try:
        return table.conform(stored).equals(valid)
    except ContractError:
        return False


@contextmanager
def connected(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that is closed when the block ends, also by an exception.

    Time zone UTC, so that timestamps read the same on every machine; no extension is ever
    fetched from the network; no progress bar, which DuckDB would draw into a run's log.
    """
    connection = duckdb.connect(
        str(path),
        read_only=read_only,
        config={"autoinstall_known_extensions": False, "custom_user_agent": "podcast-insights"},
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def touch(connection: duckdb.DuckDBPyConnection) -> None:
    """Count a change, so that the publication knows there is something new."""
    connection.execute("UPDATE _warehouse SET revision = revision + 1")


def table_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The tables there are."""
    return {row[0] for row in connection.execute("SHOW TABLES").fetchall()}


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The single integer a query returns."""
    row = connection.execute(sql).fetchone()
    if row is None:
        raise LookupError(f"no row: {sql}")
    return int(row[0])
