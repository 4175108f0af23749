"""A run that is stopped or killed, and runs that only seem to be.

Outside `journey/`, because it looks at no finished journey: it can run beside those tests. That a
killed transcription keeps what was done is among the fast tests too (`transcripts/`).
"""

import os
import signal
import time
import uuid
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from podcast_insights.cli.launch import instance_of
from podcast_insights_tests.conftest import DAYS, Home
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.support.runs import rows_of, start
from podcast_insights_tests.support.servers import answer, dripping_body, site

FIRST = DAYS[0]


def transcriptions(home: Home) -> dict[Path, int]:
    """Finished transcriptions in the cache, with the time they were written."""
    folder = home.settings.cache_dir / "transcripts"
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}


@pytest.mark.slow
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


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_a_run_that_is_stopped_says_what_is_kept_and_begins_no_further_day(
    home: Home, number: signal.Signals
) -> None:
    (home.path / ".env").write_text("PODCAST_INSIGHTS_MAX_PARTITIONS_PER_RUN=1\n")
    with site({"/a.mp3": dripping_body(0.05)}) as slow:
        slow.pages["/feed"] = answer(rss(item(audio=slow.url("/a.mp3"))))
        feed = f"feeds:\n  - {{url: '{slow.url('/feed')}', private_hosts: ['{slow.host}']}}\n"
        (home.path / "data" / "feeds.yaml").write_text(feed)
        stopped = start(home, "backfill", "--from", str(FIRST), "--to", str(DAYS[1]))
        deadline = time.monotonic() + 60
        while "/a.mp3" not in [request.path for request in slow.requests]:
            assert time.monotonic() < deadline, "the audio was not asked for"
            time.sleep(0.02)
        stopped.send_signal(number)
        output, _ = stopped.communicate(timeout=60)
    assert stopped.returncode == 1
    assert f"{FIRST}: stopped" in output
    assert "What is finished is kept. Run the same command again to go on." in output
    assert "Error" not in output
    assert str(DAYS[1]) not in output


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
