"""What a table is: one dataframely schema drives DDL, comments, casts, checks and docs.

What does not belong here: the tables themselves. Each stage has its own in `records.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dataframely as dy
import polars as pl
from polars.datatypes import DataTypeClass


class ContractError(ValueError):
    """A frame breaks its table's contract; nothing was written."""


@dataclass(frozen=True)
class Table:
    """A table's name, columns and partition column.

    Args:
        name: as in DuckDB and, for asset tables, as in Dagster.
        schema: column types, nullability, primary key, descriptions.
        description: what one row is, as a comment in the database.
        partition_by: the date column whose windows are replaced; None for ledgers, which
            only grow.
    """

    name: str
    schema: type[dy.Schema]
    description: str
    partition_by: str | None = None

    @property
    def primary_key(self) -> list[str]:
        """Names of the key columns, in schema order; also the order rows are read in."""
        return self.schema.primary_key()

    @property
    def columns(self) -> list["ColumnSpec"]:
        """The columns as the database and the docs describe them."""
        return [
            ColumnSpec(
                name=name,
                type=duckdb_type(column.dtype),
                is_nullable=column.nullable,
                description=column.description or "",
            )
            for name, column in self.schema.columns().items()
        ]

    def frame(self, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
        """Rows as a frame with the contract's types; no rows give an empty frame.

        Raises:
            ContractError: a row has an unknown column, which polars would drop without a
                word, or a value of another type.
        """
        unknown = {name for row in rows for name in row} - set(self.schema.columns())
        if unknown:
            raise ContractError(f"rows for {self.name} have unknown columns {sorted(unknown)}")
        try:
            return pl.DataFrame(list(rows), schema=self.schema.create_empty().schema, orient="row")
        except (TypeError, pl.exceptions.PolarsError) as error:
            raise ContractError(f"rows for {self.name} do not fit its contract: {error}") from error

    def conform(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Cast `rows` to the contract, in its column order, sorted by primary key.

        Raises:
            ContractError: a column is unknown or missing, a value has the wrong type, is
                null where it must not be, or a key is repeated.
        """
        expected = list(self.schema.columns())
        unknown = [name for name in rows.columns if name not in expected]
        missing = [name for name in expected if name not in rows.columns]
        if unknown or missing:
            raise ContractError(
                f"rows for {self.name} do not fit its contract: "
                f"unknown columns {unknown}, missing columns {missing}"
            )
        if rows.is_empty():
            return self.schema.create_empty()
        try:
            valid = self.schema.validate(rows.select(expected), cast=True)
        except (dy.exc.SchemaError, dy.exc.ValidationError, pl.exceptions.PolarsError) as error:
            raise ContractError(f"rows for {self.name} do not fit its contract: {error}") from error
        return pl.DataFrame(valid).sort(self.primary_key)

    def ddl(self) -> list[str]:
        """Statements that make the empty table with its comments."""
        lines = [
            f"{quoted(column.name)} {column.type}{'' if column.is_nullable else ' NOT NULL'}"
            for column in self.columns
        ]
        return [f"CREATE TABLE {quoted(self.name)} ({', '.join(lines)})", *self.comments()]

    def comments(self) -> list[str]:
        """Statements that tell the database what the table and its columns mean."""
        return [
            f"COMMENT ON TABLE {quoted(self.name)} IS {literal(self.description)}",
            *(
                f"COMMENT ON COLUMN {quoted(self.name)}.{quoted(column.name)} "
                f"IS {literal(column.description)}"
                for column in self.columns
            ),
        ]


@dataclass(frozen=True)
class ColumnSpec:
    """One column, as told to the database, the Dagster UI and the docs page."""

    name: str
    type: str
    is_nullable: bool
    description: str


def duckdb_type(dtype: pl.DataType | DataTypeClass) -> str:
    """The DuckDB type that holds a polars type without loss.

    Raises:
        NotImplementedError: a type no contract has used so far.
    """
    match dtype:
        case pl.Array():
            return f"{duckdb_type(dtype.inner)}[{dtype.shape[0]}]"
        case pl.List():
            return f"{duckdb_type(dtype.inner)}[]"
        case pl.Struct():
            fields = (f"{quoted(field.name)} {duckdb_type(field.dtype)}" for field in dtype.fields)
            return f"STRUCT({', '.join(fields)})"
        case pl.Datetime():
            return "TIMESTAMPTZ" if dtype.time_zone else "TIMESTAMP"
    for known, name in SCALARS.items():
        if dtype == known:
            return name
    raise NotImplementedError(f"no DuckDB type chosen for {dtype}")


SCALARS: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Date: "DATE",
    pl.Boolean: "BOOLEAN",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Float32: "FLOAT",
    pl.Float64: "DOUBLE",
}


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string literal, for the places that take no parameters (COMMENT)."""
    return "'" + text.replace("'", "''") + "'"
