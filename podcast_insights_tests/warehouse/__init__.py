"""Tests of the warehouse, and the small tables they share."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import dataframely as dy
import polars as pl

from podcast_insights.warehouse.contracts import Table
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow

DAY = date(2025, 9, 8)
WINDOW = DateWindow.of_day(DAY)


class ReadingSchema(dy.Schema):
    """A partitioned table with two text columns that a positional insert could swap."""

    reading_id = dy.String(primary_key=True, description="Unique.")
    read_on = dy.Date(description="The partition.")
    spoken = dy.String(description="One text.")
    written = dy.String(description="Another text, that isn't the same.")
    amount = dy.Int64(nullable=True, description="A number.")


class NoteSchema(dy.Schema):
    """A ledger."""

    note_id = dy.String(primary_key=True, description="Unique.")
    half = dy.Int64(primary_key=True, description="0 or 1; the two are written together.")
    text = dy.String(description="A text.")


READINGS = Table("readings", ReadingSchema, "Readings, one per row.", partition_by="read_on")
NOTES = Table("notes", NoteSchema, "Notes, in two halves.")
TABLES = {"readings": READINGS, "notes": NOTES}


def small_warehouse(folder: Path, lock_timeout_s: float = 30.0) -> Warehouse:
    """A warehouse with the small tables."""
    return Warehouse(folder / "small.duckdb", TABLES, lock_timeout_s)


def readings(*names: str, day: date = DAY, written: str = "w") -> pl.DataFrame:
    """One row per name."""
    return READINGS.frame(
        [
            {
                "reading_id": name,
                "read_on": day,
                "spoken": f"s-{name}",
                "written": f"{written}-{name}",
                "amount": position,
            }
            for position, name in enumerate(names)
        ]
    )


def notes(number: str, text: str = "") -> pl.DataFrame:
    """Both halves of a note."""
    return NOTES.frame([{"note_id": number, "half": half, "text": text} for half in (0, 1)])


def days(*offsets: int) -> Iterable[date]:
    """Days after the first one."""
    return (DAY + timedelta(days=offset) for offset in offsets)
