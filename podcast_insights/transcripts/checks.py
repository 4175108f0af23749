"""Checks of the transcripts: one for each guard, so that each kind of trouble has its own light.

They read the same rows, once a run. None of them blocks: one bad episode never fails a day, and
its text is kept out of insights already.

What does not belong here: the guards (`guards/`), and how many failures are too many
(`most_episodes_transcribed`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from podcast_insights.checking import Check, Question, Verdict
from podcast_insights.text import counted, markdown_table
from podcast_insights.transcripts.statuses import KEPT

TITLED = f"""(
SELECT t.published_on, e.title, e.show_title,
  CASE WHEN is_kept THEN 'failed' ELSE t.status END AS status,
  CASE WHEN is_kept THEN 'an older text stays: ' || t.source_reason[{len(KEPT) + 1}:]
    ELSE t.error END AS error
FROM (SELECT *, starts_with(coalesce(source_reason, ''), '{KEPT}') AS is_kept FROM transcripts) t
LEFT JOIN episodes e USING (episode_id))"""  # noqa: S608 - our own words
"""A text that was kept says nothing of its audio, which could not be had."""
COLUMNS = "published_on, status, error, title, show_title"
MAX_CELL_CHARS = 400
NAMED = 3
"""Episodes that a message names; the table has more."""

TOLD: Mapping[str, tuple[str, str, str]] = {
    "failed": (
        "audio_can_be_heard",
        "The audio of every episode could be had and decoded.",
        "materialize the day again once the host is well",
    ),
    "truncated_audio": (
        "audio_is_whole",
        "No audio is much shorter than its own file promises or the feed claims.",
        "materialize the day again, which has it sent anew",
    ),
    "longer_than_claimed": (
        "audio_is_of_its_episode",
        "No audio is several times as long as the feed claims.",
        "listen whether it is this episode, and complain to the publisher",
    ),
    "not_speech": (
        "transcripts_have_words",
        "Every episode is speech, not music or silence.",
        "nothing to do if this is music",
    ),
    "implausible_pace": (
        "transcripts_at_a_speaking_pace",
        "Nobody says more words a minute than anyone can.",
        "transcribe it anew with another model",
    ),
    "impossible_times": (
        "transcripts_times_possible",
        "Segments run forward, lie within the audio, and last as long as their words take.",
        "transcribe it anew with another model",
    ),
    "overlapping": (
        "transcripts_one_text_at_a_time",
        "No transcript holds two texts, or each line several times.",
        "transcribe it anew with another model",
    ),
    "incomplete": (
        "transcripts_complete",
        "No speech is missing.",
        "transcribe it anew with another model",
    ),
    "repetitive": (
        "transcripts_not_repetitive",
        "No text goes round in circles.",
        "transcribe it anew with another model",
    ),
    "wrong_language": (
        "transcripts_in_the_right_language",
        "Text and speech are in the language that the feed is said to be in.",
        "correct the feed's `language` in feeds.yaml",
    ),
    "unsure": (
        "transcripts_not_guessed",
        "Whisper is sure enough of its words.",
        "set PODCAST_INSIGHTS_WHISPER_MODEL to a larger or multilingual model",
    ),
    "same_text": (
        "transcripts_are_their_own",
        "No two recordings have one and the same text.",
        "complain to the publisher",
    ),
}
"""By status: the check's name, what passing means, what to do where a row's error does not say.

`duplicate_audio` has none: two announcements of one recording are no trouble.
"""


def none_are(status: str, remedy: str) -> Question:
    """No transcript may have this status."""

    def ask(rows: pl.DataFrame) -> Verdict:
        found = rows.filter(pl.col("status") == status)
        total = counted(rows.height, "transcript")
        if found.is_empty():
            return Verdict(True, f"none of {total}", {"episodes": 0})
        table = told(found.sort("published_on", "title"), remedy)
        named = (f"{row['title']}: {row['what']}" for row in table.head(NAMED).to_dicts())
        more = f"; and {found.height - NAMED} more" if found.height > NAMED else ""
        return Verdict(
            is_passed=False,
            message=f"{found.height} of {total}: {'; '.join(named)}{more}",
            metadata={"episodes": found.height, "what_to_do": as_markdown(table)},
        )

    return ask


def told(found: pl.DataFrame, remedy: str) -> pl.DataFrame:
    """Rows with what is wrong apart from what to do, which a guard says after a semicolon."""
    parts = pl.col("error").fill_null("no reason is stored").str.splitn("; ", 2)
    return found.with_columns(
        title=pl.col("title").fill_null("an episode that is gone"),
        show=pl.col("show_title").fill_null(""),
        what=parts.struct.field("field_0"),
        to_do=parts.struct.field("field_1").fill_null(remedy),
    )


def as_markdown(table: pl.DataFrame) -> Any:  # noqa: ANN401 - a metadata value
    """The table for the UI."""
    columns = ["published_on", "show", "title", "what", "to_do"]
    return dg.MarkdownMetadataValue(markdown_table(table, columns, MAX_CELL_CHARS))


CHECKS: Sequence[Check] = tuple(
    Check("transcripts", name, description, COLUMNS, none_are(status, remedy), source=TITLED)
    for status, (name, description, remedy) in TOLD.items()
)
