"""What the code location knows of the tables without loading dataframely.

The contracts in `records.py` are the source; `columns.json` is written from them by
`podcast-insights tables --write`, and a test keeps the two equal. Loading the contracts
themselves would make the code location's import three times as slow, in every Dagster
process.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

FILE = Path(__file__).parent / "columns.json"


@cache
def known_tables() -> dict[str, Any]:
    """Description and columns of each table, as stored in `columns.json`."""
    return dict(json.loads(FILE.read_text()))


def table_metadata(name: str) -> dict[str, Any]:
    """Definition metadata of an asset: its table's columns, for the Dagster UI."""
    columns = [
        dg.TableColumn(
            name=column["name"],
            type=column["type"],
            description=column["description"],
            constraints=dg.TableColumnConstraints(nullable=column["is_nullable"]),
        )
        for column in known_tables()[name]["columns"]
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/table_name": name,
    }


def description(name: str) -> str:
    """A table's one-line description."""
    return str(known_tables()[name]["description"])
