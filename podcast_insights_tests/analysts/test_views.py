"""What analysts find in the views; that each can be published is in `warehouse/test_publish.py`."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from podcast_insights.analysts.views import statements
from podcast_insights.contracts import TABLES
from podcast_insights.transcripts.records import STATUSES
from podcast_insights.warehouse.database import Warehouse, connected
from podcast_insights.warehouse.publish import publish
from podcast_insights.warehouse.windows import DateWindow

DAY = date(2025, 9, 8)
SAID = [{"start_s": 0.0, "end_s": 2.0, "text": "Words.", "speaker": None, "words": None}]


def rows(table: str, found: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a table of the contracts; what is not told is empty."""
    columns = dict.fromkeys(TABLES[table].schema.columns())
    return TABLES[table].frame([columns | {"published_on": DAY} | row for row in found])


def episode(name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """A row of `episodes`."""
    return {
        "episode_id": name,
        "feed_id": "feed",
        "status": "ok",
        "show_title": "Show",
        "title": name,
        "description": "",
        "date_source": "feed",
        "enclosure_url": f"https://cdn.example/{name}.mp3",
        "is_private": False,
        "source_feed_ids": ["feed"],
        "persons": [],
        **fields,
    }


@pytest.fixture
def published(warehouse: Warehouse, tmp_path: Path) -> Path:
    """An episode for each status of a transcript, and an item that is no episode."""
    window = DateWindow.of_day(DAY)
    items = [episode(status) for status in STATUSES]
    items.append(episode("trailer", status="no_enclosure", error="no enclosure"))
    warehouse.replace_window("episodes", window, rows("episodes", items))
    transcripts = [
        {
            "episode_id": status,
            "status": status,
            "error": None if status == "ok" else f"why {status}",
            "segments": SAID,
            "source": "whisper",
            "source_reason": "the publisher's text was cut",
            "damage": "12 s could not be decoded",
        }
        for status in STATUSES
    ]
    warehouse.replace_window("transcripts", window, rows("transcripts", transcripts))
    return publish(warehouse, tmp_path / "analysts.duckdb", statements()).path


def asked(path: Path, question: str) -> list[tuple[Any, ...]]:
    """The answer that an analyst gets."""
    with connected(path, read_only=True) as connection:
        return connection.execute(question).fetchall()


def comment(path: Path, relation: str, column: str = "") -> str:
    """What the database says of a view, or of a column."""
    name = f"AND column_name = '{column}'" if column else ""
    source = "duckdb_columns() WHERE table_name" if column else "duckdb_views() WHERE view_name"
    ((text,),) = asked(path, f"SELECT comment FROM {source} = '{relation}' {name}")  # noqa: S608
    return str(text)


def test_segments_are_those_that_no_guard_has_stopped(published: Path) -> None:
    assert asked(published, "SELECT episode_id, text FROM segments") == [("ok", "Words.")]
    others = "SELECT count(*) FROM transcripts WHERE status <> 'ok' AND len(segments) > 0"
    assert asked(published, others) == [(len(STATUSES) - 1,)]
    assert "transcripts, with their status" in comment(published, "segments")


def test_an_episodes_status_tells_why_and_what_of_it_is_missing(published: Path) -> None:
    told = asked(
        published,
        "SELECT error, source_reason, damage FROM episode_status WHERE title = 'truncated_audio'",
    )
    assert told == [
        ("why truncated_audio", "the publisher's text was cut", "12 s could not be decoded")
    ]
    of_item = "SELECT error, transcript_status FROM episode_status WHERE title = 'trailer'"
    assert asked(published, of_item) == [("no enclosure", None)]
    said = comment(published, "episode_status", "error")
    assert "no transcript" in said
    assert "no episode of its own" in said
    assert "could not be decoded" in comment(published, "episode_status", "damage")


@pytest.mark.parametrize("status", STATUSES)
def test_the_database_says_what_each_status_of_a_transcript_is(
    published: Path, status: str
) -> None:
    said = comment(published, "transcripts", "status")
    assert status == "ok" or f"{status}: " in said
