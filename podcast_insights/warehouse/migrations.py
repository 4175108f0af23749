"""Numbered steps that bring an older warehouse file to today's schema.

A contract never changes without a step here: `SCHEMA_VERSION` is the number of steps, and a
test compares a migrated file with a fresh one. Step N turns version N into version N + 1.
A step only moves data and columns; comments are renewed from the contracts after the last one.
"""

from collections.abc import Callable

import duckdb

FEEDS_AS_SERVED = """
ALTER TABLE IF EXISTS feeds ADD COLUMN failure VARCHAR;
ALTER TABLE IF EXISTS feeds ADD COLUMN first_failed_at TIMESTAMPTZ;
ALTER TABLE IF EXISTS feeds ADD COLUMN last_ok_at TIMESTAMPTZ;
ALTER TABLE IF EXISTS feeds ADD COLUMN moved_to VARCHAR;
ALTER TABLE IF EXISTS feeds ADD COLUMN notes VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN failure VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN retry_at TIMESTAMPTZ;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN moved_to VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN full_at TIMESTAMPTZ;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN reader_version BIGINT;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN transferred_bytes BIGINT;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN repeated_item_count BIGINT;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN new_item_count BIGINT;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN edited_item_count BIGINT;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN archive_page_count BIGINT;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN archive_next VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN archive_error VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN archive_since_on DATE;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN notes VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN language VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN medium VARCHAR;
ALTER TABLE IF EXISTS feed_fetches ADD COLUMN podcast_guid VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN person_roles VARCHAR[];
ALTER TABLE IF EXISTS announced_items ADD COLUMN date_problem VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN published_text VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN episode_type VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN season BIGINT;
ALTER TABLE IF EXISTS announced_items ADD COLUMN episode_number DOUBLE;
ALTER TABLE IF EXISTS announced_items ADD COLUMN chapters_url VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN enclosure_key VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN enclosure_problem VARCHAR;
ALTER TABLE IF EXISTS announced_items
  ADD COLUMN transcripts STRUCT("url" VARCHAR, "type" VARCHAR, "language" VARCHAR)[];
ALTER TABLE IF EXISTS announced_items ADD COLUMN content_key VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN document_sha256 VARCHAR;
ALTER TABLE IF EXISTS announced_items ADD COLUMN is_private BOOLEAN;
ALTER TABLE IF EXISTS announced_items ADD COLUMN edited_at TIMESTAMPTZ;
ALTER TABLE IF EXISTS episodes ADD COLUMN date_problem VARCHAR;
ALTER TABLE IF EXISTS episodes ADD COLUMN episode_type VARCHAR;
ALTER TABLE IF EXISTS episodes ADD COLUMN season BIGINT;
ALTER TABLE IF EXISTS episodes ADD COLUMN episode_number DOUBLE;
ALTER TABLE IF EXISTS episodes ADD COLUMN enclosure_key VARCHAR;
ALTER TABLE IF EXISTS episodes ADD COLUMN content_key VARCHAR;
ALTER TABLE IF EXISTS episodes ADD COLUMN document_sha256 VARCHAR;
ALTER TABLE IF EXISTS episodes ADD COLUMN is_private BOOLEAN;
"""
"""What a scan learns beyond items: failures by kind, moves, archives, edits."""

IDEAS_WITH_KIND = """
ALTER TABLE IF EXISTS insights ADD COLUMN kind VARCHAR;
ALTER TABLE IF EXISTS insights ADD COLUMN entities VARCHAR[];
ALTER TABLE IF EXISTS insights ADD COLUMN embedding_model VARCHAR;
ALTER TABLE IF EXISTS rejected_insights ADD COLUMN prompt_version VARCHAR;
ALTER TABLE IF EXISTS related_insights ADD COLUMN rank_on_day BIGINT;
ALTER TABLE IF EXISTS related_insights ADD COLUMN folded_insight_ids VARCHAR[];
ALTER TABLE IF EXISTS llm_calls ADD COLUMN purpose VARCHAR;
ALTER TABLE IF EXISTS llm_calls ADD COLUMN prompt_version VARCHAR;
ALTER TABLE IF EXISTS daily_digests ADD COLUMN matched_topic VARCHAR;
ALTER TABLE IF EXISTS daily_digests ADD COLUMN topic_likeness DOUBLE;
ALTER TABLE IF EXISTS daily_digests ADD COLUMN nearest_seen_insight_id VARCHAR;
ALTER TABLE IF EXISTS transcripts ADD COLUMN text_key VARCHAR;
"""
"""What an idea is, who told it too, and what each call was for."""

LINKS_KNOWN_ON_THEIR_DAY = """
UPDATE related_insights SET rank_on_day = rank;
ALTER TABLE related_insights ALTER COLUMN rank DROP NOT NULL;
"""
"""Until schema 1 a link never led to a later day, nor was pushed out by one."""

WORDS_WITH_TIMES = """
ALTER TABLE IF EXISTS transcripts ADD COLUMN segments.element.words
  STRUCT("start_s" DOUBLE, "end_s" DOUBLE, "text" VARCHAR)[];
ALTER TABLE IF EXISTS transcripts ADD COLUMN speech_s DOUBLE;
ALTER TABLE IF EXISTS transcripts ADD COLUMN confidence DOUBLE;
ALTER TABLE IF EXISTS transcripts ADD COLUMN decoded_again BIGINT;
ALTER TABLE IF EXISTS transcripts ADD COLUMN detected_language VARCHAR;
ALTER TABLE IF EXISTS transcripts ADD COLUMN detected_language_probability DOUBLE;
ALTER TABLE IF EXISTS transcripts ADD COLUMN damage VARCHAR;
"""
"""When each word was said, and how sure Whisper is of what it heard."""


def feeds_as_served(connection: duckdb.DuckDBPyConnection) -> None:
    """Version 0 to 1."""
    connection.execute(FEEDS_AS_SERVED)


def ideas_with_kind(connection: duckdb.DuckDBPyConnection) -> None:
    """Version 1 to 2."""
    connection.execute(IDEAS_WITH_KIND)
    if connection.execute("FROM duckdb_tables() WHERE table_name = 'related_insights'").fetchall():
        connection.execute(LINKS_KNOWN_ON_THEIR_DAY)


def words_with_times(connection: duckdb.DuckDBPyConnection) -> None:
    """Version 2 to 3."""
    connection.execute(WORDS_WITH_TIMES)


MIGRATIONS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = (
    feeds_as_served,
    ideas_with_kind,
    words_with_times,
)

SCHEMA_VERSION = len(MIGRATIONS)
