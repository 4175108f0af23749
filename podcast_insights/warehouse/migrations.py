"""Numbered steps that bring an older warehouse file to today's schema.

A contract never changes without a step here: `SCHEMA_VERSION` is the number of steps, and a
test compares a migrated file with a fresh one. Step N turns version N into version N + 1.
"""

from collections.abc import Callable

import duckdb

MIGRATIONS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = ()

SCHEMA_VERSION = len(MIGRATIONS)
