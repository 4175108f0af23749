"""What happens when processes compete, or find broken feeds; killed ones: `cli/test_killed.py`."""

import time
from datetime import date

import polars as pl
import pytest

from podcast_insights.warehouse.database import connected
from podcast_insights_tests.conftest import DAYS, Home
from podcast_insights_tests.support.runs import rows_of, run_window, start

FIRST, MIDDLE, LAST = DAYS
TABLES = ("episodes", "transcripts", "embeddings", "insights", "related_insights", "daily_digests")


@pytest.mark.slow
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


def test_an_old_day_mails_nothing(
    journey: Home, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from podcast_insights_tests.support.smtp import mail_server

    home.take_all_of(journey)
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
        run_window(home, LAST, LAST, send="auto")
        assert server.inbox.mails == []
        mail = ["deliveries"]
        run_window(home, LAST, LAST, send="never", assets=mail)
        assert server.inbox.mails == []
        for _ in range(2):
            run_window(home, LAST, LAST, send="always", assets=mail)
        assert len(server.inbox.mails) == 1
