"""Views, macros and comments of the analysts' database.

A view's columns say what they are in the words of the contracts that they come from; only what a
view derives is described here.

What does not belong here: how the copy is made (`warehouse/publish.py`).
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import duckdb

from podcast_insights.contracts import TABLES
from podcast_insights.warehouse.contracts import literal, quoted

SOURCES = {
    "insights": ("insights", "episodes"),
    "related": ("related_insights", "insights", "episodes"),
    "digests": ("daily_digests", "deliveries"),
    "passed_over": ("digest_selections", "daily_digests"),
    "segments": ("transcripts", "episodes"),
    "episode_status": ("episodes", "transcripts"),
    "costs": ("llm_calls",),
    "episode_costs": ("llm_calls", "episodes"),
}
"""Where the columns of each view come from; of two of one name the first is meant."""
DERIVED: Mapping[str, str] = {
    "audio_link": "The audio at that second; none for private feeds.",
    "called_on": "UTC day of the calls.",
    "calls": "Calls to the model, failed ones included.",
    "cost_usd_per_insight": "Cost of the episode by its insights.",
    "delivery_status": "What became of the mail: sending, sent or failed; none: not mailed.",
    "episode_link": "Web page of the episode.",
    "episode_status.error": "Why there is no transcript, or none to draw insights from, and what "
    "to do; or why the item is no episode of its own.",
    "episode_status": "What the announced item is: ok, or why it is no episode of its own.",
    "episode_title": "Title of the episode.",
    "failed_calls": "Calls without a usable answer.",
    "first_called_at": "First call for the episode.",
    "heard_at": "Where in the audio, as a clock shows it.",
    "insights": "How many insights the episode has.",
    "instead_insight_id": "The insight that tells the same and was given, now or before.",
    "last_called_at": "Last call for the episode.",
    "more_tellers": "How many more insights tell the related idea.",
    "propose_calls": "Calls for candidates of a window.",
    "reason": "Why it got no place: told_before, low_value, same_idea, adds_too_little, outscored.",
    "related_audio_link": "The related insight's audio at its second.",
    "related_headline": "Headline of the related insight.",
    "related_published_on": "Day of the related insight.",
    "related_show_title": "Show of the related insight.",
    "score_of_last_place": "Score of the last place of the digest, to compare with.",
    "select_calls": "Calls that chose among an episode's candidates.",
    "segments.end_s": "Where the segment ends in the audio, seconds.",
    "segments.speaker": "Who speaks, where the transcript tells.",
    "segments.start_s": "Where the segment starts in the audio, seconds.",
    "segments.text": "Its words.",
    "transcript_status": "What became of its transcript: ok, failed, or the guard that fired.",
}
"""By column, or by view and column where a contract's column of that name is another."""
MACROS = {
    "at_second": "at_second(url, second): an address that starts playing at that second.",
    "clock": "clock(second): a second as people write it, 2:05 or 1:02:05.",
}


@cache
def statements() -> tuple[str, ...]:
    """The statements of `views.sql`, in order, and a comment for each column and macro."""
    return (*statements_of_file(), *comments())


def statements_of_file() -> list[str]:
    """The statements of `views.sql`, in order."""
    text = files("podcast_insights.analysts").joinpath("views.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip()]


def comments() -> list[str]:
    """Statements that say what each column of each view is, and each macro."""
    made = [f"COMMENT ON MACRO {name} IS {literal(text)}" for name, text in MACROS.items()]
    for view, column in columns():
        text = description_of(view, column)
        made.append(f"COMMENT ON COLUMN {quoted(view)}.{quoted(column)} IS {literal(text)}")
    return made


def columns() -> list[tuple[str, str]]:
    """View and column of all views, as the statements make them."""
    with duckdb.connect() as scratch:
        for table in TABLES.values():
            for statement in table.ddl():
                scratch.execute(statement)
        for statement in statements_of_file():
            scratch.execute(statement)
        return scratch.execute(
            "SELECT view_name, column_name FROM duckdb_views() v JOIN duckdb_columns() c "
            "ON c.table_name = v.view_name WHERE NOT v.internal ORDER BY ALL"
        ).fetchall()


def description_of(view: str, column: str) -> str:
    """What a column of a view is.

    Raises:
        KeyError: neither a contract nor `DERIVED` knows it.
    """
    known = (c for table in SOURCES[view] for c in TABLES[table].columns)
    found = next((c.description for c in known if c.name == column), None)
    return DERIVED.get(f"{view}.{column}") or found or DERIVED[column]
