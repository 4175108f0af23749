"""What happens when processes are killed, compete, or find broken feeds."""

import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from podcast_insights.cli.launch import instance_of
from podcast_insights.warehouse.database import connected
from podcast_insights_tests.conftest import DAYS, Home
from podcast_insights_tests.support.runs import rows_of, run_window

FIRST, MIDDLE, LAST = DAYS
COMMAND = str(Path(sys.executable).parent / "podcast-insights")
TABLES = ("episodes", "transcripts", "embeddings", "insights", "related_insights", "daily_digests")


def start(home: Home, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=home.path,
        env=home.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def transcriptions(home: Home) -> dict[Path, int]:
    """Finished transcriptions in the cache, with the time they were written."""
    folder = home.settings.cache_dir / "transcripts"
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}


def test_a_killed_run_loses_no_transcription_and_leaves_no_half_day(home: Home) -> None:
    killed = start(home, "run", "--date", str(FIRST))
    deadline = time.monotonic() + 120
    while not transcriptions(home) and killed.poll() is None:
        assert time.monotonic() < deadline, "no transcription was finished"
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    done = transcriptions(home)
    assert done, killed.stdout.read() if killed.stdout else ""
    for table in ("transcripts", "embeddings", "insights"):
        assert rows_of(home, table, FIRST, FIRST).is_empty(), table

    again = start(home, "run", "--date", str(FIRST))
    output, _ = again.communicate(timeout=200)
    assert again.returncode == 0, output
    assert {path: transcriptions(home)[path] for path in done} == done
    assert rows_of(home, "transcripts", FIRST, FIRST).filter(pl.col("status") == "ok").height == 2
    with instance_of(home.settings) as instance:
        statuses = [run.status for run in instance.get_runs()]
    assert statuses == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


def test_a_running_process_is_not_taken_for_lost(home: Home) -> None:
    from podcast_insights.lost_runs import PROCESS_TAG, end_lost_runs, process_name

    with instance_of(home.settings) as instance:
        alive, lost = (
            dg.DagsterRun(
                job_name="daily_insights",
                run_id=str(uuid.uuid4()),
                status=dg.DagsterRunStatus.STARTED,
                tags={PROCESS_TAG: name},
            )
            for name in (process_name(), process_name().replace(f"/{os.getpid()}/", "/999999999/"))
        )
        instance.add_run(alive)
        instance.add_run(lost)
        assert end_lost_runs(instance) == [lost.run_id]


def test_two_backfills_and_an_analyst_do_not_disturb_each_other(journey: Home, home: Home) -> None:
    """Two processes write, one reads all the time; nobody fails, no row is lost."""
    home.take_cache_of(journey)
    run_window(home, FIRST, FIRST)
    backfills = [
        start(home, "backfill", "--from", str(FIRST), "--to", str(MIDDLE)),
        start(home, "backfill", "--from", str(MIDDLE), "--to", str(LAST)),
    ]
    answers = 0
    while any(process.poll() is None for process in backfills):
        with connected(home.settings.analysts_path, read_only=True) as connection:
            whole = connection.execute(
                "SELECT count(*) FROM insights_base LEFT JOIN episodes USING (episode_id) "
                "WHERE episodes.episode_id IS NULL"
            ).fetchone()
        assert whole == (0,)
        answers += 1
        time.sleep(0.02)
    outputs = [process.communicate()[0] for process in backfills]
    assert [process.returncode for process in backfills] == [0, 0], outputs
    assert answers > 20
    for table in TABLES:
        expected = rows_of(journey, table, FIRST, LAST)
        assert rows_of(home, table, FIRST, LAST).equals(expected), table


def test_a_feed_that_fails_costs_the_others_nothing(journey: Home, home: Home) -> None:
    home.take_cache_of(journey)
    feeds = home.path / "data" / "feeds.yaml"
    feeds.write_text(feeds.read_text() + "  - url: http://127.0.0.1:9/feed.xml\n")
    run_window(home, LAST, LAST)
    rows = rows_of(home, "feeds", LAST, LAST)
    failed = rows.filter(pl.col("status") == "failed")
    assert failed.height == 1
    assert "not a public address" in failed["error"][0]
    expected = rows_of(journey, "transcripts", LAST, LAST)
    assert rows_of(home, "transcripts", LAST, LAST).equals(expected)


def test_a_run_fails_past_the_allowed_share_and_keeps_what_succeeded(home: Home) -> None:
    feeds = home.path / "data" / "feeds.yaml"
    good = home.base_url.removeprefix("http://")
    feeds.write_text(
        "feeds:\n"
        f"  - {{url: '{home.base_url}/feeds/second-order.xml', private_hosts: ['{good}']}}\n"
        "  - url: http://127.0.0.1:9/a.xml\n"
        "  - url: http://127.0.0.1:9/b.xml\n"
    )
    quiet = date(2025, 9, 2)
    result = run_window(home, quiet, quiet, raise_on_error=False)
    assert not result.success
    rows = rows_of(home, "feeds", quiet, quiet)
    assert sorted(rows["status"]) == ["failed", "failed", "ok"]


@pytest.mark.parametrize("send", ["auto", "never"])
def test_an_old_day_mails_nothing(
    journey: Home, home: Home, send: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from podcast_insights_tests.support.smtp import mail_server

    home.take_cache_of(journey)
    readers = home.path / "data" / "readers.yaml"
    readers.write_text(
        readers.read_text().replace(
            "    time_zone:", "    address: reader@example.org\n    time_zone:"
        )
    )
    with mail_server() as server:
        monkeypatch.setenv("PODCAST_INSIGHTS_SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("PODCAST_INSIGHTS_SMTP_PORT", str(server.port))
        monkeypatch.setenv("PODCAST_INSIGHTS_SMTP_SECURITY", "none")
        monkeypatch.setenv("PODCAST_INSIGHTS_MAIL_FROM", "digest@example.org")
        run_window(home, LAST, LAST, send=send)
        assert server.inbox.mails == []
        for _ in range(2):
            run_window(home, LAST, LAST, send="always")
        assert len(server.inbox.mails) == 1
