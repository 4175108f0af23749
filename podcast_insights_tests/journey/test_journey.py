"""The whole journey over the sample world, with real Whisper and real embeddings."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import dagster as dg
import duckdb
import jiwer
import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from podcast_insights import definitions
from podcast_insights.cli.launch import instance_of
from podcast_insights.cli.main import app
from podcast_insights.definitions import build_defs
from podcast_insights.errors import UserError
from podcast_insights.insights import versions
from podcast_insights.insights.proof.prove import TokenStream
from podcast_insights.late_items import late_items_sensor
from podcast_insights.transcripts.records import Segment
from podcast_insights.unfinished import unfinished_days
from podcast_insights.warehouse.database import connected
from podcast_insights_tests.conftest import DAYS, SAMPLES, Home
from podcast_insights_tests.support.runs import rows_of, run_window

FIRST, MIDDLE, LAST = DAYS
MAX_WORD_ERROR_RATE = 0.15
COMPARED = (
    "episodes",
    "transcripts",
    "embeddings",
    "insights",
    "rejected_insights",
    "related_insights",
    "daily_digests",
)


def all_rows(home: Home, table: str) -> pl.DataFrame:
    return rows_of(home, table, FIRST, LAST)


def script_of(title: str) -> str:
    """What was meant to be said, from the sample's script."""
    for path in sorted((SAMPLES / "scripts").glob("*.md")):
        _, front, text = path.read_text().split("---", 2)
        if yaml.safe_load(front).get("title") == title:
            return text
    raise LookupError(title)


def test_whisper_hears_what_the_scripts_say(journey: Home, capsys: pytest.CaptureFixture) -> None:
    from whisper_normalizer.english import EnglishTextNormalizer

    normal = EnglishTextNormalizer()
    titles = dict(all_rows(journey, "episodes").select("episode_id", "title").iter_rows())
    heard = all_rows(journey, "transcripts").filter(pl.col("source") == "whisper", status="ok")
    rates = {}
    for row in heard.to_dicts():
        title = titles[row["episode_id"]]
        spoken = spoken_words(script_of(title))
        rates[title] = jiwer.wer(normal(spoken), normal(row["text"]))
    with capsys.disabled():
        print()
        for title, rate in rates.items():
            print(f"word error rate {rate:6.1%}  {title}")
    assert len(rates) >= 7
    assert max(rates.values()) < MAX_WORD_ERROR_RATE


def spoken_words(script: str) -> str:
    """A script without its speaker labels."""
    lines = (line.partition(":") for line in script.splitlines())
    return " ".join(
        rest if sep and len(name) < 30 else name + sep + rest for name, sep, rest in lines
    )


def test_every_quote_is_in_its_transcript(journey: Home) -> None:
    segments = {
        row["episode_id"]: TokenStream(tuple(map(Segment.from_row, row["segments"])))
        for row in all_rows(journey, "transcripts").to_dicts()
    }
    insights = all_rows(journey, "insights").to_dicts()
    assert len(insights) >= 20
    for insight in insights:
        found = segments[insight["episode_id"]].locate(insight["quote"])
        assert found is not None, insight["quote"]
        assert found.start_s == insight["quote_start_s"]


def test_related_insights_cross_shows(journey: Home) -> None:
    links = all_rows(journey, "related_insights")
    assert links.filter(pl.col("is_other_show")).height > links.height / 4


def test_the_digest_has_five_insights_from_several_shows(journey: Home) -> None:
    digest = rows_of(journey, "daily_digests", LAST, LAST)
    assert digest["rank"].to_list() == [1, 2, 3, 4, 5]
    assert digest["show_title"].n_unique() >= 2
    assert any(digest["related"].list.len() > 0)


def test_the_sponsor_read_reaches_no_reader(journey: Home) -> None:
    shown = all_rows(journey, "daily_digests").select("headline", "body", "quote")
    made = all_rows(journey, "insights").select("headline", "body", "quote")
    for text in [
        *" ".join(map(str, shown.rows())).lower().split(),
        *str(made.rows()).lower().split(),
    ]:
        assert "kettle" not in text
    labelled = all_rows(journey, "embeddings").filter(pl.col("is_advertising"))
    assert labelled["text"].str.to_lowercase().str.contains("kettle").any()


def test_the_episode_in_two_feeds_is_one_episode(journey: Home) -> None:
    episodes = all_rows(journey, "episodes")
    twice = episodes.filter(pl.col("status") == "duplicate")
    assert twice["show_title"].to_list() == ["Northlight Network"]
    original = episodes.filter(pl.col("episode_id") == twice["duplicate_of"][0])
    assert original["show_title"].to_list() == ["Second Order"]
    assert len(original["source_feed_ids"][0]) == 2
    assert twice["episode_id"][0] not in all_rows(journey, "transcripts")["episode_id"]


def test_the_missing_enclosure_is_one_failed_row_and_its_day_succeeds(journey: Home) -> None:
    day = rows_of(journey, "transcripts", MIDDLE, MIDDLE)
    failed = day.filter(pl.col("status") == "failed")
    assert failed.height == 1
    assert "HTTP 404" in failed["error"][0]
    assert day.filter(pl.col("status") == "ok").height == day.height - 1
    assert rows_of(journey, "daily_digests", MIDDLE, MIDDLE).height > 0


def test_music_is_told_from_speech(journey: Home) -> None:
    music = all_rows(journey, "transcripts").filter(pl.col("status") == "not_speech")
    assert music.height == 1
    assert music["episode_id"][0] not in all_rows(journey, "insights")["episode_id"]


def test_the_publishers_transcript_is_used_with_its_speakers(journey: Home) -> None:
    published = all_rows(journey, "transcripts").filter(pl.col("source") == "publisher")
    assert published.height == 1
    assert any(segment["speaker"] for segment in published["segments"][0])


def test_no_markup_of_a_feed_survives(journey: Home) -> None:
    episodes = all_rows(journey, "episodes")
    assert not episodes["description"].str.contains(r"<|alert\(").any()
    pages = list(journey.settings.digests_dir.rglob("*.html"))
    assert pages
    assert not any("<script" in page.read_text() for page in pages)


def test_a_second_run_recomputes_nothing(journey: Home, home: Home) -> None:
    home.take_all_of(journey)
    before = {path: path.stat().st_mtime_ns for path in home.settings.cache_dir.rglob("*")}
    revision = home.warehouse.revision()
    rows = {table: all_rows(home, table) for table in COMPARED}
    run_window(home, FIRST, LAST, resources={"transcriber": Forbidden()})
    assert home.warehouse.revision() == revision
    assert all(all_rows(home, table).equals(rows[table]) for table in COMPARED)
    asked_again = ("feeds", "partial")  # feeds that may have changed, and audio that failed
    kept = [p for p in before if p.is_file() and not {*p.parts}.intersection(asked_again)]
    changed = [str(path) for path in kept if path.stat().st_mtime_ns != before[path]]
    assert changed == []


def test_three_days_as_one_run_equal_three_single_runs(journey: Home, home: Home) -> None:
    home.take_cache_of(journey)
    for day in DAYS:
        run_window(home, day, day, resources={"transcriber": Forbidden()})
    for table in COMPARED:
        assert_same_rows(all_rows(home, table), all_rows(journey, table), table)


def test_a_deleted_day_comes_back_identical(journey: Home, home: Home) -> None:
    home.take_all_of(journey)
    before = {table: all_rows(home, table) for table in (*COMPARED, "feeds")}
    with home.warehouse.transaction() as connection:
        for table in before:
            column = home.warehouse.tables[table].partition_by
            connection.execute(f"DELETE FROM {table} WHERE {column} = ?", [LAST])  # noqa: S608
    assert rows_of(home, "insights", LAST, LAST).is_empty()
    run_window(home, LAST, LAST, resources={"transcriber": Forbidden()})
    for table, rows in before.items():
        assert_same_rows(rows_of(home, table, FIRST, LAST), rows, table)


def test_analysts_find_show_proof_and_link_in_one_view(journey: Home) -> None:
    with connected(journey.settings.analysts_path, read_only=True) as connection:
        rows = connection.execute(
            "SELECT headline, show_title, episode_title, heard_at, audio_link FROM insights"
        ).fetchall()
        comment = connection.execute(
            "SELECT comment FROM duckdb_views() WHERE view_name = 'insights'"
        ).fetchone()
        columns = connection.execute(
            "SELECT count(*) FROM duckdb_columns() WHERE table_name = 'episodes' "
            "AND comment IS NULL"
        ).fetchone()
        for view in ("related", "digests", "segments", "episode_status"):
            assert connection.execute(f"SELECT count(*) FROM {view}").fetchone()[0] > 0  # noqa: S608
    assert len(rows) >= 20
    assert all("#t=" in row[4] for row in rows)
    assert "link to the second" in comment[0]
    assert columns == (0,)


def test_the_published_file_cannot_change_the_warehouse(journey: Home) -> None:
    analysts, warehouse = journey.settings.analysts_path, journey.settings.warehouse_path
    assert analysts.stat().st_ino != warehouse.stat().st_ino
    with pytest.raises(duckdb.Error), connected(analysts, read_only=True) as connection:
        connection.execute("DELETE FROM insights_base")


def test_a_day_without_episodes_is_a_success_with_zero_rows(journey: Home, home: Home) -> None:
    home.take_cache_of(journey)
    quiet = date(2025, 9, 1)
    assert run_window(home, quiet, quiet).success
    assert rows_of(home, "insights", quiet, quiet).is_empty()
    page = home.settings.digests_dir / "2025-09-01" / "sample-reader.html"
    assert page.exists()


def assert_same_rows(found: pl.DataFrame, expected: pl.DataFrame, table: str) -> None:
    assert found.height == expected.height, table
    for name in expected.columns:
        assert found[name].to_list() == expected[name].to_list(), f"{table}.{name}"


class Forbidden:
    """Stands where the transcriber resource would, and fails when its model is needed."""

    def __new__(cls) -> object:
        from podcast_insights.transcripts.resource import WhisperTranscriber
        from podcast_insights.transcripts.whisper.engine import Whisper

        class Unloadable(Whisper):
            def transcribe(self, path: Path, language: str | None = None) -> NoReturn:
                raise UserError("The model was needed.", "It must not be.")

        class Transcriber(WhisperTranscriber):
            @property
            def whisper(self) -> Whisper:
                return Unloadable()

        return Transcriber()


def test_manifest_and_audio_agree() -> None:
    import hashlib

    listed = json.loads((SAMPLES / "episodes.json").read_text())
    episodes = listed["episodes"] if isinstance(listed, dict) else listed
    with_audio = [e for e in episodes if e.get("sha256")]
    assert len(with_audio) >= 9
    for episode in with_audio:
        path = SAMPLES / Path(episode["audio"]).name
        path = path if path.exists() else SAMPLES / "audio" / Path(episode["audio"]).name
        assert hashlib.sha256(path.read_bytes()).hexdigest() == episode["sha256"]
    total = sum(path.stat().st_size for path in (SAMPLES / "audio").iterdir())
    assert total < 12_000_000


def test_insights_alone_are_written_anew(
    journey: Home, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a change of engine, model or prompt: they and what follows, nothing before them."""
    home.take_all_of(journey)
    command = ["backfill", "--outdated", "--from", str(FIRST), "--to", str(LAST)]
    nothing = CliRunner().invoke(app, command)
    assert nothing.exit_code == 0, nothing.output
    assert "is outdated" in nothing.output
    monkeypatch.setattr(versions, "EXTRACTIVE_RULES", "extractive-next")
    # Spoilt, so that they are right again only if it is this home that is worked on.
    with home.warehouse.transaction() as connection:
        connection.execute("UPDATE insights SET headline = 'written before'")
    revision = home.warehouse.revision()
    # The module's own definitions are those of the process' first home.
    monkeypatch.setattr(definitions, "defs", build_defs(home.settings))
    anew = CliRunner().invoke(app, command)
    assert anew.exit_code == 0, anew.output
    with instance_of(home.settings) as instance:
        (record,) = instance.get_run_records()
        run_id = record.dagster_run.run_id
        steps = {entry.step_key for entry in instance.all_logs(run_id) if entry.step_key}
    assert {"insights", "related_insights", "daily_digests"} <= steps
    assert not {"feeds", "episodes", "transcripts", "embeddings"} & steps
    assert home.warehouse.revision() > revision
    assert_same_rows(all_rows(home, "insights"), all_rows(journey, "insights"), "insights")


def test_a_finished_journey_asks_for_nothing_more(journey: Home) -> None:
    resources = build_defs(journey.settings).resources
    needed = {name: resources[name] for name in ("warehouse", "subscriptions")}
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance=instance, resources=needed) as context,
    ):
        assert isinstance(late_items_sensor(context), dg.SkipReason)
    now = datetime.now(UTC)
    feeds = needed["subscriptions"].load()
    (day,) = unfinished_days(journey.warehouse, feeds, date(2025, 1, 1), now.date(), now)
    # The missing enclosure, which by now only `backfill --missing` would ask for.
    assert (day.day, day.in_words) == (MIDDLE, "0 missing, 0 stale, 1 not heard")
    assert day.is_for_hosts
