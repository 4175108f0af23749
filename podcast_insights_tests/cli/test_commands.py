"""The command line as a user meets it: each mistake is one clear message before any work."""

import errno
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from podcast_insights.cache import KINDS, Cache
from podcast_insights.cli.launch import QUIET, blocks_of, days_of, describe
from podcast_insights.transcripts.downloads import folder_of, landing_of, writable
from podcast_insights_tests.conftest import Home

COMMAND = str(Path(sys.executable).parent / "podcast-insights")


def call(home: Home, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=home.path,
        env=home.environment() | {"COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def is_untouched(home: Home) -> bool:
    """Whether nothing was done: no database, no Dagster storage."""
    return not home.settings.warehouse_path.exists() and not (home.path / "data/dagster").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "problem", "remedy"),
    [
        (["run", "--date", "yesterdy"], {}, "'yesterdy' is not a date", "YYYY-MM-DD"),
        (["run", "--date", "2999-01-01"], {}, "is in the future", "newest day"),
        (["run", "--date", "2001-01-01"], {}, "before the first day", "START_DATE"),
        (["backfill", "--from", "2025-09-10", "--to", "2025-09-08"], {}, "is after", "Swap"),
        (["digest", "--date", "2025-09-08"], {}, "There is no warehouse", "demo"),
        (["digest", "--send"], {}, "SMTP host is missing", "PODCAST_INSIGHTS_SMTP_HOST"),
        (["run"], {"PODCAST_INSIGHTS_WISPER_MODEL": "x"}, "is not a setting", "WHISPER_MODEL"),
        (
            ["run"],
            {"PODCAST_INSIGHTS_MAX_FAILED_SHARE": "2"},
            "PODCAST_INSIGHTS_MAX_FAILED_SHARE",
            "Correct it",
        ),
        (
            ["run"],
            {"PODCAST_INSIGHTS_SMTP_USERNAME": "me"},
            "SMTP host is missing",
            "PODCAST_INSIGHTS_SMTP_HOST",
        ),
        (["run"], {"PODCAST_INSIGHTS_INSIGHT_ENGINE": "llm"}, "no model is named", "LLM_MODEL"),
        (["run"], {"PODCAST_INSIGHTS_FEEDS_FILE": "no.yaml"}, "no file of subscr", "feeds add"),
        (["cache", "--prune", "everything"], {}, "is not kept in the cache", "transcripts"),
        (["feeds", "add", "file:///etc/passwd"], {}, "not an http(s) address", "URL"),
        (["evaluate", "--engine", "oracle"], {}, "'oracle' is no engine", "extractive"),
        (["evaluate", "--transcripts", "no"], {}, "There is no gold file", "--gold"),
        (["deliveries", "release", "x"], {}, "There is no warehouse", "demo"),
    ],
)
def test_a_mistake_is_one_message_with_a_remedy_before_any_work(
    home: Home, arguments: list[str], environment: dict[str, str], problem: str, remedy: str
) -> None:
    done = call(home, *arguments, **environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert problem in done.stderr
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr
    assert is_untouched(home)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("feeds.yaml", "feeds: [", "can't be read as YAML (line 1)"),
        ("feeds.yaml", "feeds:\n  - url: https://a.example/f\n    colour: red\n", "colour"),
        ("feeds.yaml", "feeds:\n  - url: gopher://a.example\n", "not an http(s) address"),
        ("readers.yaml", "readers:\n  - id: A B\n    name: x\n", "readers.0.id"),
        ("readers.yaml", "readers:\n  - {id: a, name: x, time_zone: Mars}\n", "time zone"),
        ("readers.yaml", "- just a list\n", "readers.yaml"),
    ],
)
def test_a_broken_file_is_named_before_any_work(
    home: Home, name: str, content: str, problem: str
) -> None:
    (home.path / "data" / name).write_text(content)
    done = call(home, "run", "--date", "2025-09-08")
    assert done.returncode == 2, done.stdout
    assert problem in done.stderr
    assert "What to do:" in done.stderr
    assert is_untouched(home)


def test_settings_may_stand_in_a_dotenv_file(home: Home) -> None:
    (home.path / ".env").write_text("PODCAST_INSIGHTS_INSIGHTS_PER_EPISODE=3\n")
    assert "INSIGHTS_PER_EPISODE" in call(home, "settings").stdout
    (home.path / ".env").write_text("PODCAST_INSIGHTS_INSIGHTS_PER_EPISODE=none\n")
    assert "INSIGHTS_PER_EPISODE" in call(home, "settings").stderr


def test_settings_show_no_secret(home: Home) -> None:
    done = call(
        home,
        "settings",
        PODCAST_INSIGHTS_SMTP_PASSWORD="hunter2",
        PODCAST_INSIGHTS_SMTP_HOST="mail.example.org",
        PODCAST_INSIGHTS_MAIL_FROM="a@example.org",
    )
    assert done.returncode == 0, done.stderr
    assert "hunter2" not in done.stdout


def test_doctor_says_what_will_be_used(home: Home) -> None:
    done = call(home, "doctor")
    assert done.returncode == 0
    for word in ("tiny.en", "cpu", "all-MiniLM-L6-v2", "extractive", "4 of 4 subscriptions"):
        assert word in done.stdout, word


def test_doctor_names_what_is_missing_and_how_to_fix_it(home: Home) -> None:
    (home.path / "data" / "feeds.yaml").write_text("feeds: []\n")
    done = call(home, "doctor", PODCAST_INSIGHTS_WHISPER_MODEL=str(home.path))
    assert done.returncode == 1
    assert "model.bin is missing" in done.stdout
    assert "feeds add URL" in done.stdout
    assert "2 things are missing" in done.stdout


def test_feeds_can_be_added_and_listed(home: Home) -> None:
    added = call(home, "feeds", "add", "https://shows.example/feed.xml", "--no-check")
    assert added.returncode == 0
    listed = call(home, "feeds", "list")
    assert "https://shows.example/feed.xml" in listed.stdout
    again = call(home, "feeds", "add", "https://shows.example/feed.xml")
    assert again.returncode == 2
    assert "already subscribed" in again.stderr


def test_without_the_sample_shows_the_demo_says_so(home: Home) -> None:
    done = call(home, "demo")  # this home's samples are on another port
    assert done.returncode == 2
    assert "sample shows are not among the subscriptions" in done.stderr


def test_a_run_that_fails_says_why_and_ends_with_1(home: Home) -> None:
    (home.path / "data" / "feeds.yaml").write_text("feeds:\n  - url: http://127.0.0.1:9/f.xml\n")
    done = call(home, "run", "--date", "2025-09-08")
    assert done.returncode == 1
    assert "failed" in done.stdout
    assert "not a public address" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@dg.op
def full() -> None:
    """A step that ends as one does whose disk is full."""
    with writable(Cache(Path("data/cache"))):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_a_person_can_mend_is_told_with_what_to_do() -> None:
    job = dg.GraphDefinition("journey", node_defs=[full]).to_job()
    done = job.execute_in_process(run_config=QUIET, raise_on_error=False)
    (told,) = filter(None, map(describe, done.all_events))
    assert told.startswith("full: UserError: The cache in ")
    assert "can't be written: No space left on device. Make room" in told
    assert told.endswith("and run the day again: what is done is kept.")


def test_unfinished_downloads_can_be_removed_but_for_those_under_way(home: Home) -> None:
    cache = Cache(home.settings.cache_dir)
    folder = folder_of(cache)
    folder.mkdir(parents=True)
    (folder / "ab.part").write_bytes(b"x" * 2_000_000)
    cache.write_bytes("audio", "cd" * 32, ".audio", b"kept")
    with landing_of(cache, "ef" * 32) as landing:
        landing.path.write_bytes(b"y")
        done = call(home, "cache", "--prune", "partial")
        assert (done.returncode, done.stdout) == (0, "Removed 1 files, 2.0 MB.\n"), done.stderr
        assert [path.name for path in folder.glob("*.part")] == [landing.path.name]
    assert cache.path("audio", "cd" * 32, ".audio").exists()


def test_what_can_not_be_removed_from_the_cache_is_told_what_can(home: Home) -> None:
    shown = call(home, "cache").stdout
    refused = call(home, "cache", "--prune", "everything").stderr
    for kind in (*KINDS, "partial"):
        assert kind in shown, kind
        assert kind in refused, kind


def test_every_command_is_in_the_help_and_the_readme(home: Home) -> None:
    from typer.main import get_command

    from podcast_insights.cli.main import app
    from podcast_insights_tests.conftest import ROOT

    readme = (ROOT / "README.md").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text()
    for name, command in get_command(app).commands.items():
        assert command.help, name
        assert f"`{name}" in changelog or name in readme, f"{name} is documented nowhere"


def test_blocks_go_from_old_to_new_and_miss_no_day() -> None:
    blocks = blocks_of(days_of(date(2025, 9, 1), date(2025, 9, 10)), 4)
    assert blocks == [
        (date(2025, 9, 1), date(2025, 9, 4)),
        (date(2025, 9, 5), date(2025, 9, 8)),
        (date(2025, 9, 9), date(2025, 9, 10)),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 31])
def test_blocks_hold_exactly_the_days_there_are(size: int) -> None:
    numbers = [30, 1, 2, 3, 4, 9, 10, 20, 29]  # in no order, with gaps
    days = [date(2025, 9, number) for number in numbers]
    blocks = blocks_of(days, size)
    assert [day for first, last in blocks for day in days_of(first, last)] == sorted(days)
    assert max((last - first).days + 1 for first, last in blocks) <= size
    assert blocks_of(days, 31)[0] == (date(2025, 9, 1), date(2025, 9, 4))
    assert blocks_of([], size) == []


def test_a_backfill_of_what_is_missing_needs_nothing_where_nothing_is(home: Home) -> None:
    home.warehouse.revision()
    done = call(home, "backfill", "--missing", "--from", "2025-09-01", "--to", "2025-09-30")
    assert done.returncode == 0, done.stderr
    assert "Nothing from 2025-09-01 to 2025-09-30 is missing." in done.stdout
    assert not (home.path / "data/dagster").exists()


def test_dagster_finds_its_instance_without_dagster_home(home: Home) -> None:
    code = (
        "from podcast_insights.cli.launch import instance_of\n"
        "from podcast_insights.settings import load_settings\n"
        "with instance_of(load_settings()) as instance:\n"
        "    print(instance.telemetry_enabled, instance.run_monitoring_enabled)\n"
        "    print(instance.get_concurrency_config().pool_config.default_pool_limit)\n"
    )
    environment = {k: v for k, v in home.environment().items() if k != "DAGSTER_HOME"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=home.path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "True", "1"]
    assert (home.path / "data" / "dagster").is_dir()
    assert os.environ.get("DAGSTER_HOME") is None
