"""The warehouse as a Dagster resource.

A `DuckDBResource`, so anything written for `dagster-duckdb` can use it, with the one thing
changed that matters: `get_connection` goes through our door. The stock one leaks its
connection when the block raises, and its back-off can stall a run for 100 seconds.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_duckdb import DuckDBResource
from pydantic import Field, PrivateAttr

if TYPE_CHECKING:
    import duckdb

    from podcast_insights.warehouse.database import Warehouse


class WarehouseResource(DuckDBResource):
    """The pipeline's DuckDB file, with its contracts."""

    contracts: str = Field(
        default="podcast_insights.contracts",
        description="Module whose TABLES maps table names to contracts. Loaded at first use: "
        "contracts need dataframely, which would double the code location's import time.",
    )
    lock_timeout_s: float = Field(
        default=300.0, description="Seconds to wait for other processes before failing."
    )
    _opened: "Warehouse | None" = PrivateAttr(default=None)

    @property
    def warehouse(self) -> "Warehouse":
        """The door to the file; the same object for the whole run."""
        if self._opened is None:
            from podcast_insights.warehouse.database import Warehouse

            self._opened = Warehouse(
                path=Path(self.database),
                tables=importlib.import_module(self.contracts).TABLES,
                lock_timeout_s=self.lock_timeout_s,
            )
        return self._opened

    @contextmanager
    def get_connection(self) -> Iterator["duckdb.DuckDBPyConnection"]:
        """One transaction on a short connection, under the inter-process lock."""
        with self.warehouse.transaction() as connection:
            yield connection
