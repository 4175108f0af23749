"""Files written from the contracts, and what the Dagster UI shows of them."""

import re

import dagster as dg
import pytest

from podcast_insights import columns
from podcast_insights.cli.tables import documented, written
from podcast_insights.contracts import TABLES
from podcast_insights_tests.conftest import ROOT

RENEW = "renew it with `podcast-insights tables --write`"


def test_columns_json_is_up_to_date() -> None:
    assert columns.FILE.read_text(encoding="utf-8") == written(), RENEW


def test_docs_are_up_to_date() -> None:
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == documented(), RENEW


@pytest.mark.parametrize("name", TABLES)
class TestEveryTable:
    def test_it_and_its_columns_are_described(self, name: str) -> None:
        table = TABLES[name]
        assert table.name == name
        assert table.description.endswith(".")
        for column in table.columns:
            assert column.description.strip(), column.name
            assert "|" not in column.description, "it would break the table in the docs"

    def test_its_names_follow_the_house(self, name: str) -> None:
        for column, spec in TABLES[name].schema.columns().items():
            kind = str(spec.dtype.base_type())
            assert re.fullmatch(r"[a-z][a-z0-9_]*", column)
            assert (kind == "Boolean") == column.startswith(("is_", "has_")), column
            assert (kind == "Datetime") == column.endswith("_at"), column
            assert (kind == "Date") == column.endswith("_on"), column
            if kind == "Datetime":
                assert spec.dtype.time_zone == "UTC", column

    def test_the_ui_shows_its_columns(self, name: str) -> None:
        metadata = columns.table_metadata(name)
        schema = metadata["dagster/column_schema"]
        assert isinstance(schema, dg.TableSchema)
        shown = [(c.name, c.type, c.description, c.constraints.nullable) for c in schema.columns]
        assert shown == [
            (c.name, c.type, c.description, c.is_nullable) for c in TABLES[name].columns
        ]
        assert metadata["dagster/table_name"] == name
        assert columns.description(name) == TABLES[name].description

    def test_the_docs_have_its_key_and_every_column(self, name: str) -> None:
        section = documented().split(f"\n## {name}\n")[1].split("\n## ")[0]
        for column in TABLES[name].columns:
            assert f"| {column.name} | " in section
        for key in TABLES[name].primary_key:
            assert f"`{key}`" in section


def test_an_unknown_table_is_an_error() -> None:
    with pytest.raises(KeyError, match="no_such_table"):
        columns.table_metadata("no_such_table")
