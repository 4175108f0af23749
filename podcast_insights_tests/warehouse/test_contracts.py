"""What a contract refuses, and that DuckDB holds what it lets through."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dataframely as dy
import polars as pl
import pytest

from podcast_insights.contracts import TABLES
from podcast_insights.warehouse.contracts import ContractError, Table, duckdb_type
from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.warehouse import DAY, READINGS, readings

ALLOWED = {
    ("feeds", "status"): "failed",
    ("announced_items", "date_source"): "first_seen",
    ("feeds", "failure"): "gone",
    ("feed_fetches", "failure"): "hostile",
    ("announced_items", "date_problem"): "absurd",
    ("episodes", "status"): "duplicate",
    ("transcripts", "status"): "incomplete",
    ("transcripts", "source"): "publisher",
    ("insights", "quote_match"): "exact",
    ("insights", "kind"): "opinion",
    ("insights", "engine"): "llm",
    ("deliveries", "status"): "sending",
}
"""Columns whose contract allows only some values."""

TEXTS = ["", 'it\'s "quoted"; -- $1 ? {}', "Zürich 東京 🎙 e\u0301", "two\nlines\ttab\r\n", "NULL"]
INTEGERS = [0, -1, 2**63 - 1, -(2**63), 2**53 + 1]
FLOATS = [0.1, -0.0, 5e-324, 1.7976931348623157e308, -1 / 3]
DATES = [DAY, date(1970, 1, 1), date(2000, 2, 29), date(2400, 12, 31), date(1899, 12, 31)]
INSTANTS = [datetime.combine(day, datetime.min.time(), UTC) for day in DATES]
ROWS = 15


def value(dtype: Any, salt: int) -> Any:  # noqa: ANN401 - any polars type and its value
    """An awkward value of a type."""
    match dtype:
        case pl.List():
            return [value(dtype.inner, salt + i) for i in range(salt % 3)]
        case pl.Array():
            return [math.sin(salt + i) for i in range(dtype.shape[0])]
        case pl.Struct():
            return {field.name: value(field.dtype, salt) for field in dtype.fields}
        case pl.Datetime():
            return INSTANTS[salt % 5] + timedelta(hours=salt, microseconds=salt)
    return {
        pl.String: TEXTS,
        pl.Int64: INTEGERS,
        pl.Float64: FLOATS,
        pl.Date: DATES,
        pl.Boolean: [True, False, False, True, True],
    }[dtype.base_type()][salt % 5]


def generated(table: Table) -> pl.DataFrame:
    """Rows that use every column, with nulls where they may be."""

    def cell(name: str, column: dy.Column, salt: int) -> Any:  # noqa: ANN401 - a cell's value
        if column.nullable and salt % 3 == 1:
            return None
        if (table.name, name) in ALLOWED:
            return ALLOWED[table.name, name]
        if name in table.primary_key and column.dtype == pl.String:
            return f"{TEXTS[salt % 5]}{salt}"
        return value(column.dtype, salt)

    columns = table.schema.columns()
    return table.frame(
        [{name: cell(name, c, salt) for name, c in columns.items()} for salt in range(ROWS)]
    )


@pytest.fixture(scope="module")
def all_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    yield Warehouse(tmp_path_factory.mktemp("all") / "warehouse.duckdb", TABLES)


@pytest.mark.parametrize("name", TABLES)
class TestEveryTable:
    def test_what_is_written_is_read_back_equal(self, all_tables: Warehouse, name: str) -> None:
        table = TABLES[name]
        rows = generated(table)
        all_tables.merge(name, rows)
        with all_tables.transaction() as connection:
            raw = connection.table(name).pl().sort(table.primary_key)
        assert raw.equals(rows.sort(table.primary_key))
        assert raw.schema == rows.schema
        assert table.conform(raw).equals(raw)

    def test_the_database_has_the_types_and_null_rules(
        self, all_tables: Warehouse, name: str
    ) -> None:
        described = all_tables.read(f'DESCRIBE "{name}"').to_dicts()
        found = [(c["column_name"], c["column_type"], c["null"] == "YES") for c in described]
        expected = [
            (c.name, c.type.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), c.is_nullable)
            for c in TABLES[name].columns
        ]
        assert [(n, t.replace('"', ""), u) for n, t, u in found] == [
            (n, t.replace('"', ""), u) for n, t, u in expected
        ]

    def test_the_database_has_the_comments(self, all_tables: Warehouse, name: str) -> None:
        about = all_tables.read("SELECT comment FROM duckdb_tables() WHERE table_name = ?", [name])
        assert about.item() == TABLES[name].description
        columns = all_tables.read(
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?", [name]
        )
        assert dict(columns.iter_rows()) == {c.name: c.description for c in TABLES[name].columns}
        assert all(columns["comment"])

    def test_it_has_a_key_and_a_partition_column_of_its_own(
        self, all_tables: Warehouse, name: str
    ) -> None:
        table = TABLES[name]
        assert table.primary_key
        if table.partition_by:
            assert table.schema.columns()[table.partition_by].dtype == pl.Date


class TestConform:
    def test_good_rows_come_back_typed_ordered_and_sorted(self) -> None:
        shuffled = readings("b", "a").select(reversed(readings().columns))
        loose = shuffled.with_columns(pl.col("amount").cast(pl.Int8))
        got = READINGS.conform(loose)
        assert got.schema == readings().schema
        assert got["reading_id"].to_list() == ["a", "b"]

    def test_no_rows_are_good_rows(self) -> None:
        assert READINGS.conform(readings()).schema == readings().schema

    def test_an_unknown_column_is_refused(self) -> None:
        with pytest.raises(ContractError, match=r"readings .*unknown columns \['amuont'\]"):
            READINGS.conform(readings("a").with_columns(amuont=1))

    def test_a_missing_column_is_refused_also_where_it_may_be_null(self) -> None:
        with pytest.raises(ContractError, match=r"missing columns \['amount'\]"):
            READINGS.conform(readings("a").drop("amount"))

    def test_columns_of_an_empty_frame_count_too(self) -> None:
        with pytest.raises(ContractError, match=r"missing columns \['amount'\]"):
            READINGS.conform(readings().drop("amount"))

    @pytest.mark.parametrize(
        "wrong",
        [
            pl.lit("many").alias("amount"),
            pl.lit(2**64 - 1, dtype=pl.UInt64).alias("amount"),
            pl.lit([1]).alias("amount"),
            pl.lit("yesterday").alias("read_on"),
            pl.lit(None, dtype=pl.String).alias("spoken"),
            pl.lit(None, dtype=pl.Date).alias("read_on"),
        ],
    )
    def test_a_wrong_type_or_null_is_refused_and_named(self, wrong: pl.Expr) -> None:
        column = wrong.meta.output_name()
        with pytest.raises(ContractError, match=f"(?s)readings.*{column}"):
            READINGS.conform(readings("a", "b").with_columns(wrong))

    def test_a_null_where_it_may_be_is_kept(self) -> None:
        got = READINGS.conform(readings("a").with_columns(amount=pl.lit(None)))
        assert got["amount"].to_list() == [None]

    def test_a_repeated_key_is_refused(self) -> None:
        with pytest.raises(ContractError, match="primary_key"):
            READINGS.conform(pl.concat([readings("a"), readings("a", written="other")]))

    def test_a_value_outside_the_allowed_ones_is_refused(self) -> None:
        good = generated(TABLES["feeds"])
        assert TABLES["feeds"].conform(good).height == ROWS
        with pytest.raises(ContractError, match="status"):
            TABLES["feeds"].conform(good.with_columns(status=pl.lit("perhaps")))


class TestFrame:
    def test_no_rows_give_the_contract_types(self) -> None:
        assert READINGS.frame([]).schema == READINGS.conform(readings("a")).schema

    def test_a_misspelt_column_is_refused_not_dropped(self) -> None:
        row = readings("a").to_dicts()[0]
        assert READINGS.frame([row]).to_dicts() == [row]
        with pytest.raises(ContractError, match="amuont"):
            READINGS.frame([row | {"amuont": 1}])

    def test_a_value_of_the_wrong_type_is_a_contract_error(self) -> None:
        with pytest.raises(ContractError, match="readings"):
            READINGS.frame([readings("a").to_dicts()[0] | {"amount": "many"}])


class TestTypes:
    def test_a_type_without_a_decision_is_refused(self) -> None:
        with pytest.raises(NotImplementedError, match="Decimal"):
            duckdb_type(pl.Decimal(10, 2))

    def test_names_and_comments_with_quotes_make_sound_statements(self, tmp_path: Any) -> None:  # noqa: ANN401
        class OddSchema(dy.Schema):
            odd = dy.String(primary_key=True, alias='a "b" c', description="it's; -- odd")

        odd = Table('t "x"', OddSchema, "it's 'quoted'")
        warehouse = Warehouse(tmp_path / "odd.duckdb", {odd.name: odd})
        warehouse.merge(odd.name, odd.frame([{'a "b" c': "v"}]))
        comments = warehouse.read(
            "SELECT comment FROM duckdb_columns() WHERE column_name = 'a \"b\" c'"
        )
        assert comments.item() == "it's; -- odd"
