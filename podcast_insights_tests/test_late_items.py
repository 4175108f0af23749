"""The sensor that lets nothing be missed: which days it asks for, in what order, how often.

Ticks are evaluated as the daemon evaluates them, against a real Dagster instance; what a run
does with a day is in `journey/test_nothing_missed.py`.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from podcast_insights import late_items
from podcast_insights.contracts import TABLES
from podcast_insights.definitions import defs
from podcast_insights.episodes.identify import ITEMS_OF_DAYS, TRAITS_OF_ALL, identify
from podcast_insights.episodes.records import EPISODES
from podcast_insights.errors import UserError
from podcast_insights.feeds.item_rows import content_key
from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.late_items import (
    FIRST_PAUSE,
    HOSTS_GROWTH,
    MAX_ATTEMPTS,
    MAX_IN_FLIGHT,
    NEWS_DAYS,
)
from podcast_insights.transcripts.statuses import STATUSES
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.resource import WarehouseResource
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.conftest import kept_open

pytestmark = pytest.mark.usefixtures("same_day")
Row = dict[str, Any]
SHOW = "https://show.example/feed.xml"
OTHER = "https://other.example/feed.xml"
LOCATION = GrpcServerCodeLocationOrigin(host="localhost", port=1)
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(LOCATION, "__repository__"), "daily_insights")
REPOSITORY = defs.get_repository_def()
SENSOR = REPOSITORY.get_sensor_def("late_items_sensor")
NEWS = (1, 2)
S = dg.DagsterRunStatus
OWN_RUN_IS_TO_COME = late_items.own_run_is_to_come
BACKLOG = tuple(range(NEWS_DAYS + 1, 30))


class Clock(datetime):
    """The time of day, which a test may put forward."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # noqa: ANN401
        """Now, or later."""
        return datetime.now(tz) + cls.ahead


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    """The sensor's clock."""
    monkeypatch.setattr(Clock, "ahead", timedelta())
    monkeypatch.setattr(late_items, "datetime", Clock)
    # The schedule's hour has come, whatever hour it is here.
    monkeypatch.setattr(late_items, "own_run_is_to_come", lambda now: False)
    return Clock


def days_ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


def names(*ages: int) -> list[str]:
    """Partition keys of days so long ago."""
    return [days_ago(age).isoformat() for age in ages]


@dataclass
class Ledger:
    """A warehouse, a list of feeds, and a Dagster instance that remembers runs."""

    folder: Path
    instance: dg.DagsterInstance
    told: list[str] = field(default_factory=list)
    items: dict[str, Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Subscribe to the show."""
        self.database = self.folder / "warehouse.duckdb"
        self.warehouse = Warehouse(self.database, TABLES)
        self.subscribe(f"- url: {SHOW}")

    def subscribe(self, *entries: str) -> None:
        """Write the list of feeds anew."""
        text = "feeds:\n" + "".join(f"  {entry}\n" for entry in entries)
        (self.folder / "feeds.yaml").write_text(text if entries else "feeds: []\n")

    def announce(self, *ages: int, url: str = SHOW, name: str = "", **fields: Any) -> None:  # noqa: ANN401
        """Let a feed announce an item for each of some days, or the same ones differently."""
        feed_id = Subscription(url=url).feed_id
        rows = []
        for age in ages:
            item_id = f"{name or 'item'} {days_ago(age)}"
            row = self.items.get(item_id) or {
                "item_id": item_id,
                "feed_id": feed_id,
                "published_on": days_ago(age),
                "date_source": "feed",
                "first_seen_at": datetime.now(UTC),
                "show_title": "Show",
                "title": f"Title of {item_id}",
                "description": "",
                "enclosure_url": f"https://cdn.example/{age}{name}.mp3?token=1",
                "enclosure_bytes": 1000 + age,
                "persons": [],
                "transcript_url": None,
                "duration_s": None,
                "episode_type": None,
            }
            row = row | fields
            row["content_key"] = content_key(row)
            self.items[item_id] = row
            rows.append(row)
        self.warehouse.merge("announced_items", TABLES["announced_items"].frame(rows))

    def run(self, *ages: int) -> None:
        """Do what a run of these days, and of those between, does; it finds no insights.

        Transcripts that are there already stay as they are.
        """
        self.break_off(*ages)
        with self.warehouse.transaction() as connection:
            connection.execute(HEAR)
        self.read()

    def break_off(self, *ages: int) -> None:
        """Do what a run of these days, and of those between, does for `feeds` and `episodes`."""
        since = {feed.feed_id: feed.since for feed in self.feeds() if feed.since}
        window = DateWindow(days_ago(max(ages)), days_ago(min(ages) - 1))
        bounds = [window.start, window.end]
        found = self.warehouse.read(ITEMS_OF_DAYS, bounds, table="announced_items")
        rows = EPISODES.frame(identify(found, self.warehouse.read(TRAITS_OF_ALL), since))
        self.warehouse.replace_window("episodes", window, rows)
        if 1 in ages:
            self.scan(1)

    def scan(self, *ages: int) -> None:
        """Leave the snapshot that the run of a day begins with."""
        rows = [
            {
                "feed_id": Subscription(url=SHOW).feed_id,
                "snapshot_on": days_ago(age),
                "feed_url": SHOW,
                "status": "ok",
                "fetched_at": datetime.now(UTC),
            }
            for age in ages
        ]
        self.warehouse.merge("feeds", TABLES["feeds"].frame(rows))

    def owe(self, age: int, reason: str = "budget_exceeded", episodes: int = 1) -> None:
        """Leave what the insights of a day leave when episodes were not asked."""
        rows = [
            {
                "rejection_id": f"{age} {number}",
                "episode_id": f"episode {number}",
                "published_on": days_ago(age),
                "reason": reason,
                "detail": "why",
                "engine": "llm",
                "model": "openai/small",
            }
            for number in range(episodes)
        ]
        window = DateWindow.of_day(days_ago(age))
        rejected = TABLES["rejected_insights"].frame(rows)
        self.warehouse.replace_window("rejected_insights", window, rejected)
        self.read()

    def read(self) -> None:
        """Leave what the insights of a text leave in which there are none, for texts so far."""
        with self.warehouse.transaction() as connection:
            connection.execute(READ)

    def hear(self, age: int, status: str = "ok", error: str | None = None, name: str = "") -> None:
        """Leave the transcript of an item, or why there is none."""
        row = {
            "episode_id": f"{name or 'item'} {days_ago(age)}",
            "published_on": days_ago(age),
            "status": status,
            "error": error,
            "segments": [],
        }
        columns = dict.fromkeys(TABLES["transcripts"].schema.columns())
        self.warehouse.merge("transcripts", TABLES["transcripts"].frame([columns | row]))
        self.read()

    def feeds(self) -> Sequence[Subscription]:
        return SubscriptionsResource(path=str(self.folder / "feeds.yaml")).load()

    def tick(self) -> Sequence[dg.RunRequest]:
        """Evaluate the sensor as the daemon does: against the code location's definitions."""
        with self.context() as context:
            done = SENSOR.evaluate_tick(context)
        if done.skip_message:
            self.told.append(done.skip_message)
        return done.run_requests or []

    def context(self) -> dg.SensorEvaluationContext:
        """What the sensor sees; what it logs is told."""
        context = dg.build_sensor_context(
            instance=self.instance,
            repository_def=REPOSITORY,
            sensor_name="late_items_sensor",
            resources={
                "warehouse": WarehouseResource(database=str(self.database)),
                "subscriptions": SubscriptionsResource(path=str(self.folder / "feeds.yaml")),
            },
        )
        for level in ("info", "warning"):
            setattr(context.log, level, self.told.append)
        return context

    def asked(self) -> list[str]:
        """The days a tick asks for, in order."""
        return [str(request.partition_key) for request in self.tick()]

    def begin(
        self,
        tags: dict[str, str],
        status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
        job: str = "daily_insights",
    ) -> dg.DagsterRun:
        """A run in the instance."""
        run = dg.DagsterRun(
            job_name=job, run_id=str(uuid4()), tags=tags, status=status, remote_job_origin=ORIGIN
        )
        return self.instance.add_run(run)

    def begin_all(self, requests: Sequence[dg.RunRequest]) -> list[dg.DagsterRun]:
        """Queue what a tick asked for, as the daemon does."""
        queued = dg.DagsterRunStatus.QUEUED
        return [
            self.begin(dict(r.tags) | {"dagster/partition": str(r.partition_key)}, queued)
            for r in requests
        ]

    def fail(self, runs: Sequence[dg.DagsterRun]) -> None:
        for run in runs:
            self.instance.report_run_failed(run)


@pytest.fixture
def ledger(tmp_path: Path, empty_warehouse: Path) -> Iterator[Ledger]:
    """A show is subscribed to; nothing was announced yet."""
    path = Path(shutil.copy(empty_warehouse, tmp_path))
    with dg.DagsterInstance.ephemeral() as instance, kept_open(path):
        yield Ledger(tmp_path, instance)


# Which days


def test_without_a_warehouse_there_is_nothing_to_ask(ledger: Ledger) -> None:
    ledger.database.unlink()
    assert ledger.asked() == []
    assert ledger.told == ["There is no warehouse yet."]
    assert not ledger.database.exists()


def test_days_that_lack_announced_items_are_asked_for_newest_first(ledger: Ledger) -> None:
    ledger.announce(3, 1, 4)
    ledger.announce(3, name="another")
    ledger.scan(1)
    requests = ledger.tick()
    assert [request.partition_key for request in requests] == names(1, 3, 4)
    told = [request.tags["podcast_insights/late_items"] for request in requests]
    assert told == ["1 missing, 0 stale", "2 missing, 0 stale", "1 missing, 0 stale"]


def test_a_late_item_brings_its_day_back_once(ledger: Ledger) -> None:
    ledger.announce(0, 1, 3, 400)
    ledger.announce(3, name="second")
    ledger.scan(1)
    asked = ledger.tick()
    assert [request.partition_key for request in asked] == names(1, 3)
    again = ledger.tick()
    assert [r.run_key for r in again] == [r.run_key for r in asked]
    ledger.announce(3, name="third")
    more = ledger.tick()
    assert more[0].run_key == asked[0].run_key
    assert more[1].run_key != asked[1].run_key


@pytest.mark.parametrize("reason", ["budget_exceeded", "engine_failed"])
def test_a_day_that_owes_insights_is_run_again(ledger: Ledger, reason: str) -> None:
    ledger.announce(2, 3)
    ledger.run(2, 3)
    ledger.owe(3, reason, episodes=2)
    requests = ledger.tick()
    assert [request.partition_key for request in requests] == names(3)
    assert requests[0].tags["podcast_insights/late_items"].endswith("2 without insights")
    ledger.owe(3, episodes=0)
    assert ledger.asked() == []


@pytest.mark.parametrize("reason", ["quote_not_found", "nothing_worth_telling", "advertising"])
def test_an_answer_is_no_debt(ledger: Ledger, reason: str) -> None:
    ledger.announce(3)
    ledger.run(3)
    ledger.owe(3, reason)
    assert ledger.asked() == []


@pytest.mark.parametrize(
    ("reason", "is_asked"), [("budget_exceeded", True), ("engine_failed", False)]
)
def test_what_a_cap_has_stopped_is_asked_for_again_on_the_next_day(
    ledger: Ledger, clock: type[Clock], reason: str, is_asked: bool
) -> None:
    ledger.announce(3)
    ledger.run(3)
    ledger.owe(3, reason)
    for _ in range(MAX_ATTEMPTS):
        ledger.fail(ledger.begin_all(ledger.tick()))
        clock.ahead += timedelta(hours=5)
    clock.ahead = timedelta(days=1)
    assert bool(ledger.asked()) == is_asked


def test_a_day_whose_run_broke_off_before_its_transcripts_is_run_again(ledger: Ledger) -> None:
    ledger.announce(2, 3)
    ledger.announce(3, name="another")
    ledger.run(2)
    ledger.break_off(3)
    (request,) = ledger.tick()
    assert request.partition_key == days_ago(3).isoformat()
    assert request.tags["podcast_insights/late_items"].endswith("2 not tried")
    (run,) = ledger.begin_all([request])
    assert ledger.asked() == []
    ledger.run(3)
    ledger.instance.report_run_canceled(run)
    assert ledger.asked() == []


def test_a_day_whose_run_broke_off_after_its_transcripts_is_run_again(ledger: Ledger) -> None:
    ledger.announce(2, 3)
    ledger.run(2)
    ledger.break_off(3)
    with ledger.warehouse.transaction() as connection:
        connection.execute(HEAR)
    (request,) = ledger.tick()
    assert request.partition_key == days_ago(3).isoformat()
    assert request.tags["podcast_insights/late_items"].endswith("1 without insights")
    ledger.read()
    assert ledger.asked() == []


def test_a_day_with_audio_that_could_not_be_had_is_run_again(ledger: Ledger) -> None:
    ledger.announce(2, 3, 4)
    ledger.announce(3, name="another")
    ledger.run(2, 3, 4)
    ledger.hear(2)
    ledger.hear(3, "failed", "cdn.example answered HTTP 503")
    ledger.hear(3, "failed", "cdn.example answered HTTP 503", name="another")
    requests = ledger.tick()
    assert [request.partition_key for request in requests] == names(3)
    told = requests[0].tags["podcast_insights/late_items"]
    assert told == "0 missing, 0 stale, 2 not heard"
    ledger.hear(3)
    ledger.hear(3, name="another")
    assert ledger.asked() == []


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "failed"])
def test_what_a_guard_has_stopped_is_no_reason_to_ask_again(ledger: Ledger, status: str) -> None:
    ledger.announce(3)
    ledger.run(3)
    ledger.hear(3, status, "the same audio would say the same again")
    assert ledger.asked() == []


def test_audio_is_asked_for_twice_soon_and_once_a_day_later_and_never_again(
    ledger: Ledger, clock: type[Clock]
) -> None:
    """Whatever hosts say each time; an asset check lists what is gone, so no tick does."""
    ledger.announce(3)
    ledger.run(3)
    pauses = [FIRST_PAUSE, FIRST_PAUSE * HOSTS_GROWTH, timedelta(days=9)]
    assert len(pauses) == MAX_ATTEMPTS
    for attempt, pause in enumerate(pauses):
        ledger.hear(3, "failed", f"cdn.example sent {attempt} of 9 bytes")
        requests = ledger.tick()
        assert [r.partition_key for r in requests] == names(3), attempt
        for run in ledger.begin_all(requests):
            ledger.instance.report_run_canceled(run)
        # Records have the real time, so that pauses don't add up.
        clock.ahead = pause - timedelta(minutes=1)
        assert ledger.asked() == []
        clock.ahead = pause + timedelta(minutes=1)
    assert ledger.asked() == []
    assert all("has to wait" in line for line in ledger.told)


def test_another_announcement_or_another_episode_is_a_new_start(
    ledger: Ledger, clock: type[Clock]
) -> None:
    ledger.announce(3)
    ledger.run(3)
    ledger.hear(3, "failed", "HTTP 404")

    def give_up() -> None:
        for _ in range(MAX_ATTEMPTS):
            ledger.fail(ledger.begin_all(ledger.tick()))
            clock.ahead += timedelta(days=2)
        assert ledger.asked() == []

    give_up()
    ledger.announce(3, enclosure_bytes=999_999)
    ledger.run(3)
    assert ledger.asked() == names(3)
    give_up()
    ledger.announce(3, name="another")
    ledger.run(3)
    ledger.hear(3, "failed", "HTTP 404", name="another")
    assert ledger.asked() == names(3)


def test_audio_of_old_days_and_of_feeds_nobody_follows_causes_nothing(ledger: Ledger) -> None:
    back = late_items.SETTINGS.late_lookback_days
    ledger.announce(3, back + 5)
    ledger.announce(4, url=OTHER)
    ledger.subscribe(f"- url: {SHOW}", f"- url: {OTHER}")
    ledger.run(*range(3, back + 6))
    for age in (3, 4, back + 5):
        ledger.hear(age, "failed", "HTTP 404")
    assert ledger.asked() == names(3, 4)
    ledger.subscribe(f"- url: {SHOW}", f"- {{url: {OTHER}, is_enabled: false}}")
    assert ledger.asked() == names(3)
    ledger.subscribe(f"- {{url: {SHOW}, since: {days_ago(2)}}}")
    assert ledger.asked() == []
    assert ledger.told == [f"Nothing announced since {days_ago(back)} is missing."]


def test_a_day_that_lacks_items_too_does_not_wait_for_hosts(
    ledger: Ledger, clock: type[Clock]
) -> None:
    ledger.announce(3)
    ledger.run(3)
    ledger.hear(3, "failed", "HTTP 404")
    ledger.announce(3, name="late")
    for _ in range(2):
        ledger.fail(ledger.begin_all(ledger.tick()))
        clock.ahead += FIRST_PAUSE * 2 + timedelta(minutes=1)
    requests = ledger.tick()
    assert [r.partition_key for r in requests] == names(3)
    assert requests[0].tags["podcast_insights/late_items"] == "1 missing, 0 stale, 1 not heard"


def test_a_day_that_lacks_items_and_owes_insights_is_asked_for_once(ledger: Ledger) -> None:
    ledger.announce(3)
    ledger.run(3)
    ledger.announce(3, name="late")
    before = ledger.tick()
    ledger.owe(3)
    after = ledger.tick()
    assert [r.partition_key for r in after] == names(3)
    assert after[0].run_key != before[0].run_key


def test_what_was_run_is_not_asked_for_until_something_is_late(ledger: Ledger) -> None:
    ledger.announce(1, 2, 3)
    ledger.run(1, 2, 3)
    assert ledger.asked() == []
    assert "is missing" in ledger.told[-1]
    ledger.announce(1, 3, name="late")
    assert ledger.asked() == names(1, 3)
    ledger.run(1, 3)
    assert ledger.asked() == []


def test_today_and_tomorrow_are_not_asked_for(ledger: Ledger) -> None:
    ledger.announce(0, -1, -5)
    ledger.scan(0)
    assert ledger.asked() == []


def test_yesterdays_own_run_comes_first(
    ledger: Ledger, clock: type[Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At midnight what was announced during the day must not start the run of five o'clock."""
    ledger.announce(1, 2)
    with monkeypatch.context() as before_five:
        before_five.setattr(late_items, "own_run_is_to_come", lambda now: True)
        assert ledger.asked() == names(2)
        ledger.run(2)
        assert ledger.asked() == []
        assert "yesterday's own run" in ledger.told[-1]
    assert ledger.asked() == names(1)


def test_yesterday_does_not_wait_for_a_run_it_had(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_items, "own_run_is_to_come", lambda now: True)
    ledger.announce(1)
    ledger.scan(1)
    assert ledger.asked() == names(1)


@pytest.mark.parametrize(
    ("cron", "zone", "hour", "is_to_come"),
    [
        ("0 5 * * *", "UTC", 4, True),
        ("0 5 * * *", "UTC", 6, False),
        ("30 1 * * *", "Europe/Berlin", 0, True),  # half past eleven at night, UTC
        ("30 2 * * *", "Europe/Berlin", 1, False),  # half past midnight
        ("30 9 * * *", "Asia/Tokyo", 0, True),
        ("30 9 * * *", "Asia/Tokyo", 1, False),
        ("0 */4 * * *", "UTC", 1, False),
    ],
)
def test_the_hour_of_yesterdays_own_run(
    cron: str, zone: str, hour: int, is_to_come: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = late_items.SETTINGS.model_copy(
        update={"schedule_cron": cron, "schedule_timezone": zone}
    )
    monkeypatch.setattr(late_items, "SETTINGS", wanted)
    now = datetime(2025, 9, 8, hour, 20, tzinfo=UTC)
    assert OWN_RUN_IS_TO_COME(now) == is_to_come


def test_days_beyond_the_look_back_are_told_but_not_asked_for(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = late_items.SETTINGS.late_lookback_days
    ledger.announce(back, back + 1, back + 50)
    assert ledger.asked() == names(back)
    told = (
        f"2 days before {days_ago(back)} are not finished too; for them: podcast-insights backfill "
    )
    assert ledger.told == [f"{told}--from {days_ago(back + 50)} --missing"]
    longer = late_items.SETTINGS.model_copy(update={"late_lookback_days": back + 49})
    monkeypatch.setattr(late_items, "SETTINGS", longer)
    assert ledger.asked() == names(back, back + 1)


def test_days_before_the_first_partition_cause_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    young = late_items.SETTINGS.model_copy(update={"start_date": days_ago(4)})
    monkeypatch.setattr(late_items, "SETTINGS", young)
    ledger.announce(3, 4, 5)
    assert ledger.asked() == names(3, 4)
    assert ledger.told == []


# Which items


def test_feeds_nobody_follows_any_more_cause_nothing(ledger: Ledger) -> None:
    ledger.announce(3)
    ledger.announce(4, url=OTHER)
    assert ledger.asked() == names(3)
    ledger.subscribe(f"- {{url: {SHOW}, is_enabled: false}}", f"- url: {OTHER}")
    assert ledger.asked() == names(4)
    ledger.subscribe()
    assert ledger.asked() == []


def test_since_is_honoured_and_lowering_it_brings_days_back(ledger: Ledger) -> None:
    ledger.subscribe(f"- {{url: {SHOW}, since: {days_ago(4)}}}")
    ledger.announce(3, 4, 5, 6)
    assert ledger.asked() == names(3, 4)
    ledger.run(3, 4, 5)  # 5 for the sake of another feed
    assert ledger.asked() == []
    ledger.subscribe(f"- {{url: {SHOW}, since: {days_ago(6)}}}")
    assert ledger.asked() == names(5, 6)
    ledger.run(5, 6)
    assert ledger.asked() == []
    ledger.subscribe(f"- {{url: {SHOW}, since: {days_ago(2)}}}")
    assert ledger.asked() == []


def test_lowering_since_brings_back_what_repeats_an_episode_left_out(ledger: Ledger) -> None:
    """The episode is in two feeds, and was too old for both; now it is wanted from one."""
    ledger.subscribe(
        f"- {{url: {SHOW}, since: {days_ago(1)}}}", f"- {{url: {OTHER}, since: {days_ago(1)}}}"
    )
    same = {"enclosure_url": "https://cdn.example/same.mp3", "title": "One and the Same"}
    ledger.announce(4, **same)
    ledger.announce(3, url=OTHER, name="copy", **same)
    ledger.run(3, 4)
    assert ledger.asked() == []
    ledger.subscribe(
        f"- {{url: {SHOW}, since: {days_ago(1)}}}", f"- {{url: {OTHER}, since: {days_ago(9)}}}"
    )
    assert ledger.asked() == names(3)
    ledger.run(3)
    assert ledger.warehouse.read("SELECT status FROM episodes ORDER BY 1")["status"].to_list() == [
        "before_since",
        "ok",
    ]
    assert ledger.asked() == []


def test_edits_bring_their_days_back(ledger: Ledger) -> None:
    edits: tuple[Row, ...] = (
        {"title": "Corrected"},
        {"enclosure_bytes": 999_999},
        {"duration_s": 77.0},
        {"transcript_url": "https://cdn.example/t.vtt"},
        {"episode_type": "trailer"},
    )
    ledger.announce(*range(3, 9))
    ledger.run(*range(3, 9))
    for age, edit in enumerate(edits, start=3):
        ledger.announce(age, **edit)
    requests = ledger.tick()
    assert [r.partition_key for r in requests] == names(*range(3, 8))
    assert {r.tags["podcast_insights/late_items"] for r in requests} == {"0 missing, 1 stale"}
    ledger.run(*range(3, 8))
    assert ledger.asked() == []


def test_rotating_tokens_bring_no_day_back(ledger: Ledger) -> None:
    ledger.announce(3)
    ledger.run(3)
    url = "https://another-cdn.example/3.mp3?token=2"
    ledger.announce(3, enclosure_url=url, description="new notes", document_sha256="ff")
    assert ledger.asked() == []


def test_a_title_that_goes_back_and_forth_is_followed_each_time(ledger: Ledger) -> None:
    """Publishers test titles; the fourth change must not be taken for the first, tried thrice."""
    ledger.announce(3, title="A")
    ledger.run(3)
    keys = set()
    for number in range(MAX_ATTEMPTS + 2):
        at = datetime.now(UTC) + timedelta(days=number)
        ledger.announce(3, title="BA"[number % 2], edited_at=at)
        requests = ledger.tick()
        assert [r.partition_key for r in requests] == names(3), number
        keys.add(requests[0].run_key)
        ledger.fail(ledger.begin_all(requests))
        ledger.run(3)
    assert len(keys) == MAX_ATTEMPTS + 2


# How many at a time


def test_the_backlog_is_bounded_and_news_comes_on_top(ledger: Ledger) -> None:
    ledger.announce(*BACKLOG)
    first = ledger.tick()
    assert [r.partition_key for r in first] == names(*BACKLOG[:MAX_IN_FLIGHT])
    under_way = ledger.begin_all(first)
    assert ledger.asked() == []
    assert "a run is under way, or has to wait" in ledger.told[-1]
    ledger.announce(*NEWS)
    ledger.scan(*NEWS)
    news = ledger.tick()
    assert [r.partition_key for r in news] == names(*NEWS)
    assert {r.tags["dagster/priority"] for r in news} == {"1"}
    assert {r.tags["dagster/priority"] for r in first} == {"-1"}
    ledger.begin_all(news)
    assert ledger.asked() == []
    ledger.fail(under_way[:2])
    # News under way takes no place from the backlog; the two that failed wait.
    assert ledger.asked() == names(*BACKLOG[MAX_IN_FLIGHT : MAX_IN_FLIGHT + 2])


def test_news_takes_no_place_from_the_backlog(ledger: Ledger) -> None:
    ledger.announce(*NEWS, *BACKLOG)
    ledger.scan(*NEWS)
    assert ledger.asked() == names(*NEWS, *BACKLOG[:MAX_IN_FLIGHT])


def test_two_years_of_weekly_archive_come_a_few_at_a_time_the_newest_first(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = late_items.SETTINGS.model_copy(
        update={"late_lookback_days": 900, "start_date": days_ago(900)}
    )
    monkeypatch.setattr(late_items, "SETTINGS", far)
    ledger.announce(1)
    ledger.scan(1)
    weeks = range(7, 7 * 105, 7)
    ledger.announce(*weeks, url=OTHER, name="archive")
    ledger.subscribe(f"- url: {SHOW}", f"- url: {OTHER}")
    asked: list[str] = []
    ticks = 0
    # Runs are pretended. Not by `tick`: the job's partitions may be younger than the archive.
    while True:
        with ledger.context() as context:
            requests = late_items.late_items_sensor(context)
        if isinstance(requests, dg.SkipReason):
            break
        ticks += 1
        days = [date.fromisoformat(str(r.partition_key)) for r in requests]
        backlog = [day for day in days if day < days_ago(NEWS_DAYS)]
        assert len(backlog) <= MAX_IN_FLIGHT
        asked += [str(day) for day in days]
        for request in requests:
            ledger.begin(dict(request.tags), S.SUCCESS)
        with ledger.warehouse.transaction() as connection:
            connection.execute(HOLD, [days])
            connection.execute(HEAR)
            connection.execute(READ)
    assert asked == names(1, *weeks)
    assert ticks == 15


HOLD = """
INSERT INTO episodes BY NAME
SELECT item_id AS episode_id, published_on, 'ok' AS status, feed_id, [feed_id] AS source_feed_ids,
  show_title, title, description, date_source, persons, content_key
FROM announced_items WHERE list_contains(?, published_on)
"""
HEAR = """
INSERT INTO transcripts BY NAME
SELECT episode_id, published_on, status, [] AS segments
FROM episodes ANTI JOIN transcripts USING (episode_id) WHERE status = 'ok'
"""
READ = """
INSERT INTO rejected_insights BY NAME
SELECT 'nothing of ' || episode_id AS rejection_id, episode_id, published_on,
  'nothing_worth_telling' AS reason, 'no candidate' AS detail, 'llm' AS engine, 'small' AS model
FROM transcripts ANTI JOIN rejected_insights USING (episode_id) WHERE status = 'ok'
"""


# Never twice at a time


@pytest.mark.parametrize("status", [S.QUEUED, S.NOT_STARTED, S.STARTING, S.STARTED, S.CANCELING])
def test_a_day_under_way_is_not_asked_for(ledger: Ledger, status: dg.DagsterRunStatus) -> None:
    ledger.announce(3, 4)
    run = ledger.begin({"dagster/partition": names(3)[0]}, status)
    assert ledger.asked() == names(4)
    ledger.instance.report_run_canceled(run)
    assert ledger.asked() == names(3, 4)


@pytest.mark.parametrize("job", ["daily_insights", "deliver_digests", "__ASSET_JOB"])
def test_a_range_under_way_is_not_asked_for_whoever_started_it(ledger: Ledger, job: str) -> None:
    ledger.announce(3, 4, 5, 6, 7)
    first, last = names(6, 4)
    tags = {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
        "dagster/backfill": "by hand",
    }
    ledger.begin(tags, job=job)
    assert ledger.asked() == names(3, 7)


def test_a_materialization_from_the_ui_counts_too(ledger: Ledger) -> None:
    ledger.announce(3, 4)
    implicit = defs.resolve_implicit_global_asset_job_def()
    ledger.instance.create_run_for_job(job_def=implicit, tags={"dagster/partition": names(4)[0]})
    assert ledger.asked() == names(3)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"dagster/partition": "customer-7"},
        {"dagster/partition": "2025-09-08|de"},
        {"dagster/partition": "2025-09-08-14:00"},
        {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "z"},
        {"dagster/asset_partition_range_start": "2025-09-08"},
        {"dagster/asset_partition_range_start": "", "dagster/asset_partition_range_end": ""},
    ],
)
def test_runs_of_other_projects_on_the_same_instance_do_no_harm(
    ledger: Ledger, tags: dict[str, str]
) -> None:
    ledger.announce(3)
    ledger.begin(tags, job="another_job")
    ledger.begin(tags | {"podcast_insights/late_items": "odd"})
    assert ledger.asked() == names(3)


def test_what_ended_is_not_under_way(ledger: Ledger) -> None:
    ledger.announce(3)
    for status in (S.SUCCESS, S.FAILURE, S.CANCELED):
        ledger.begin({"dagster/partition": names(3)[0]}, status)
    assert ledger.asked() == names(3)


# What was not mended


def test_what_a_run_did_not_mend_is_tried_again_later_each_time(
    ledger: Ledger, clock: type[Clock]
) -> None:
    ledger.announce(5)
    run_keys = []
    pause = FIRST_PAUSE
    for attempt in range(1, MAX_ATTEMPTS + 1):
        requests = ledger.tick()
        assert [r.partition_key for r in requests] == names(5), attempt
        run_keys.append(requests[0].run_key)
        runs = ledger.begin_all(requests)
        assert ledger.asked() == []  # under way
        ledger.fail(runs)
        assert ledger.asked() == []  # failed just now
        # Records have the real time, so that pauses don't add up.
        clock.ahead = pause - timedelta(minutes=1)
        assert ledger.asked() == []
        clock.ahead = pause + timedelta(minutes=1)
        pause *= 2
    assert len(set(run_keys)) == MAX_ATTEMPTS
    clock.ahead = timedelta(hours=20)
    assert ledger.asked() == []
    told = f"still not finished after {MAX_ATTEMPTS} runs (1 missing, 0 stale)"
    assert told in ledger.told[-2]
    assert ledger.instance.get_runs(limit=1)[0].run_id in ledger.told[-2]


def test_a_day_given_up_holds_nothing_else_up_and_news_for_it_is_a_new_start(
    ledger: Ledger, clock: type[Clock]
) -> None:
    ledger.announce(5, *range(6, 6 + MAX_IN_FLIGHT))
    for _ in range(MAX_ATTEMPTS):
        ledger.fail(ledger.begin_all([r for r in ledger.tick() if r.partition_key == names(5)[0]]))
        clock.ahead += timedelta(hours=6)
    assert ledger.asked() == names(*range(6, 6 + MAX_IN_FLIGHT))
    ledger.announce(5, name="late")
    assert ledger.asked() == names(*range(5, 5 + MAX_IN_FLIGHT))


def test_runs_by_hand_count_as_no_attempt(ledger: Ledger) -> None:
    ledger.announce(5)
    for _ in range(MAX_ATTEMPTS):
        ledger.begin({"dagster/partition": names(5)[0]}, S.FAILURE)
    assert ledger.asked() == names(5)


# As the daemon takes it


def test_every_request_fits_the_jobs_partitions(ledger: Ledger) -> None:
    ledger.announce(*NEWS, *BACKLOG)
    ledger.scan(*NEWS)
    job = defs.resolve_job_def("daily_insights")
    requests = ledger.tick()
    assert len(requests) == len(NEWS) + MAX_IN_FLIGHT
    for request in requests:
        assert job.partitions_def is not None
        job.validate_partition_key(str(request.partition_key), None, None)
        assert request.tags["dagster/partition"] == request.partition_key
    assert len({r.run_key for r in requests}) == len(requests)


def test_an_unreadable_list_of_feeds_is_a_failed_tick_not_silence(ledger: Ledger) -> None:
    ledger.announce(3)
    (ledger.folder / "feeds.yaml").write_text("feeds: [")
    with pytest.raises(UserError, match="can't be read as YAML"):
        ledger.tick()
