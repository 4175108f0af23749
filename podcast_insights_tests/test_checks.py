"""Every asset check can pass and can fail, and asks the warehouse a question it understands."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import dagster as dg
import polars as pl
import pytest

import podcast_insights.transcripts.checks as transcript_checks
from podcast_insights.checks import CHECKS, Check, check_definitions
from podcast_insights.digests.checks import COUNTED
from podcast_insights.digests.records import DAILY_DIGESTS, DIGEST_SELECTIONS
from podcast_insights.episodes.records import EPISODES
from podcast_insights.feeds.checks import RHYTHM, keeps_its_rhythm
from podcast_insights.feeds.records import ANNOUNCED_ITEMS, FEED_FETCHES, FEEDS
from podcast_insights.insights.records import REJECTED_INSIGHTS
from podcast_insights.partitions import SETTINGS
from podcast_insights.transcripts.checks import TOLD
from podcast_insights.transcripts.records import TRANSCRIPTS
from podcast_insights.transcripts.statuses import STATUSES
from podcast_insights.warehouse.contracts import Table
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.resource import WarehouseResource

Row = dict[str, Any]
DAY = date(2025, 9, 8)
BY_NAME = {check.name: check for check in CHECKS}


def statuses(*rows: tuple[str, str | None]) -> list[Row]:
    return [{"status": status, "error": error} for status, error in rows]


def transcripts(*statuses_of_rows: str) -> list[Row]:
    """What a guard's check reads of transcripts with these statuses."""
    return [
        {
            "published_on": DAY,
            "status": status,
            "error": None if status == "ok" else f"what {status} means; what to do",
            "title": f"Episode {number}",
            "show_title": "Show",
        }
        for number, status in enumerate(statuses_of_rows)
    ]


def rejections(*reasons: str) -> list[Row]:
    return [{"reason": reason, "detail": f"because of {reason}"} for reason in reasons]


def proposals(insights: int, **rejected: int) -> list[Row]:
    """So many proved insights, and rejected ones by reason."""
    episode_reasons = ("engine_failed", "budget_exceeded", "nothing_worth_telling")
    return [{"reason": None, "kind": "insight"}] * insights + [
        {"reason": reason, "kind": "episode" if reason in episode_reasons else "candidate"}
        for reason, count in rejected.items()
        for _ in range(count)
    ]


def selection(given: int = 0, *, age: int = 0, **counts: int) -> Row:
    """How a digest came to be; what was left out for which reason."""
    empty = {"told_before": 0, "low_value": 0, "same_idea": 0, "adds_too_little": 0, "outscored": 0}
    return {
        "digest_on": DAY - timedelta(days=age),
        "wanted": 5,
        "given": given,
        "considered": given + sum(counts.values()),
        **empty,
        **counts,
    }


def sources(shows: str, rivals: str = "", *, is_followed: bool = False) -> Row:
    """A digest from these shows, one letter each, and shows that were worth a place too."""
    return {
        "digest_on": DAY,
        "reader_id": "ada",
        "shows": [f"Show {letter}" for letter in shows],
        "is_followed": is_followed,
        "rivals": [f"Show {letter}" for letter in rivals],
    }


def follows(reader: str, *unknown: str) -> Row:
    return {"reader_id": reader, "unknown_shows": list(unknown)}


def night_after(day: date) -> datetime:
    """When the snapshot of a day is usually made."""
    return datetime.combine(day + timedelta(days=1), time(5), UTC)


def feed(name: str = "a", *, ago: int = 0, failing_days: float = 0, **fields: Any) -> Row:  # noqa: ANN401
    """A feed as seen `ago` days before `DAY` ended, failing for so many days then."""
    at = night_after(DAY - timedelta(days=ago))
    return {
        "snapshot_on": DAY - timedelta(days=ago),
        "feed_id": name,
        "feed_url": f"https://{name}.example/feed.xml",
        "show_title": f"Show {name}",
        "status": "failed" if failing_days else "ok",
        "error": f"{name}.example answered HTTP 503" if failing_days else None,
        "first_failed_at": at - timedelta(days=failing_days) if failing_days else None,
        "fetched_at": at,
        **fields,
    }


def rhythm(*ages: int, **fields: Any) -> Row:  # noqa: ANN401
    """A feed that published something so many days before `DAY`, the newest last."""
    published = [DAY - timedelta(days=age) for age in ages]
    row = feed(**fields)
    return {name: row[name] for name in ("snapshot_on", "feed_id", "show_title", "status")} | {
        "days": published
    }


def counted(announced: int | None, repeated: int | None, stored: int, **fields: Any) -> Row:  # noqa: ANN401
    row = feed(**fields)
    return {name: row[name] for name in ("snapshot_on", "feed_id", "show_title")} | {
        "announced": announced,
        "repeated": repeated,
        "stored": stored,
    }


def items(*statuses_of_items: str | None) -> list[Row]:
    return [
        {"title": f"Item {number}", "show_title": "Show", "status": status}
        for number, status in enumerate(statuses_of_items)
    ]


WEEKLY = (42, 35, 28, 21, 14)
PAUSED_ONCE = (400, 393, 386, 300, 293, 286)
N = SETTINGS.feed_failing_days
OK, FAILED = ("ok", None), ("failed", "the host answered HTTP 404")
CASES: dict[str, tuple[list[list[Row]], list[list[Row]]]] = {
    # check: frames it passes on, frames it fails on
    "feeds_answered": (
        [[], statuses(OK), statuses(OK, FAILED)],
        [statuses(FAILED), statuses(OK, FAILED, FAILED)],
    ),
    "most_episodes_transcribed": (
        [[], statuses(OK, ("not_speech", "music")), statuses(OK, FAILED)],
        [statuses(FAILED, FAILED), statuses(OK, FAILED, FAILED)],
    ),
    # One for each guard, quiet where another guard fired.
    **{
        name: (
            [[], transcripts("ok"), transcripts(*(s for s in STATUSES if s != status))],
            [transcripts(status), transcripts(*STATUSES)],
        )
        for status, (name, _, _) in TOLD.items()
    },
    "insights_grounded": (
        [
            [],
            proposals(7, quote_not_found=3),
            proposals(5, engine_failed=9),
            proposals(5, advertising=5, quote_too_short=5),
            proposals(0, over_the_limit=9, opinion_told_as_fact=1),
            proposals(2, not_chosen=19, quote_not_found=3),  # of 21 true ones two were chosen
        ],
        [
            proposals(2, quote_not_found=1),
            proposals(6, quote_not_found=2, unfounded_name_or_number=1),
            proposals(0, unfounded_name_or_number=1),
            proposals(1, quote_not_found=1, engine_failed=9),
        ],
    ),
    "every_episode_asked": (
        [[], rejections("quote_not_found", "nothing_worth_telling")],
        [rejections("engine_failed"), rejections("quote_not_found", "budget_exceeded")],
    ),
    "links_cross_shows": (
        [
            [],
            [{"is_other_show": True, "shows": 2}, {"is_other_show": False, "shows": 2}],
            [{"is_other_show": False, "shows": 1}],  # there is no other show
        ],
        [[{"is_other_show": False, "shows": 2}]],
    ),
    "digests_have_insights": (
        [
            [selection(5)],
            [selection(1, told_before=3)],  # a short digest is fine
            [selection(0, low_value=3), selection(1, low_value=2)],  # somebody got something
        ],
        [
            [],
            [selection(0)],
            [selection(0, told_before=3), selection(0, low_value=3)],
            [selection(0, age=1), selection(5)],
        ],
    ),
    "digests_from_several_shows": (
        [
            [],
            [sources("ab", "c")],
            [sources("a", "b")],  # one insight has one show
            [sources("aaa")],  # nobody else had anything worth a place
            [sources("aaa", "a")],
            [sources("aaa", "b", is_followed=True)],
        ],
        [[sources("aa", "b")], [sources("ab"), sources("aaa", "ab")]],
    ),
    "followed_shows_exist": (
        [[], [follows("ada")], [follows("ada"), follows("bob")]],
        [[follows("ada", "Compte Ledger")], [follows("ada"), follows("bob", "X", "Y")]],
    ),
    "mails_confirmed": (
        [[], statuses(("sent", None))],
        [
            statuses(("sent", None), ("failed", "refused: no such mailbox")),
            statuses(("sending", None)),
        ],
    ),
    "no_feed_failing_for_days": (
        [
            [],
            [feed(), feed("b")],
            [feed(failing_days=N - 0.1)],
            # Mended since: only the last of several days counts.
            [feed(ago=1, failing_days=N + 4), feed()],
            # Unsubscribed since: it has no row on the last day.
            [feed("gone", ago=1, failing_days=N + 4), feed()],
        ],
        [
            [feed(failing_days=N)],
            [feed(), feed("b", failing_days=N + 100)],
            [feed(status="dead", failing_days=0.1)],
            [feed(ago=1), feed(failing_days=N + 1)],
            # Its host asks to be left alone for a week, so the last visit is days ago.
            [feed(failing_days=N + 1, fetched_at=night_after(DAY) - timedelta(days=N + 1))],
        ],
    ),
    "feeds_keep_their_rhythm": (
        [
            [],
            [rhythm(*WEEKLY, 7, 0)],
            [rhythm(*(age + 7 for age in WEEKLY))],  # 21 days: not more than three weeks
            [rhythm(4, 3, 2, 1, 0)],
            [rhythm(18, 17, 16, 15, 14)],  # a daily show may have two weeks of holidays
            [rhythm(203, 202, 201, 200)],  # four days make no rhythm
            [rhythm(*(age - 180 for age in PAUSED_ONCE))],  # its pauses last for 86 days
            [rhythm(*(age + 70 for age in WEEKLY), failing_days=9)],  # another check's
            [rhythm(*(age + 70 for age in WEEKLY), ago=1, name="gone"), rhythm(*WEEKLY)],
        ],
        [
            [rhythm(*(age + 8 for age in WEEKLY))],
            [rhythm(19, 18, 17, 16, 15)],
            [rhythm(*PAUSED_ONCE)],
            [rhythm(*WEEKLY), rhythm(*(age + 70 for age in WEEKLY), name="b")],
        ],
    ),
    "announced_items_recorded": (
        [
            [],
            [counted(10, 0, 10), counted(10, 0, 1000, name="b")],
            [counted(10, 3, 7)],
            [counted(10, None, 7)],  # a fetch that did not count what is there twice
            [counted(None, None, 0)],
            [counted(10, 0, 7, ago=1), counted(10, 0, 10)],
        ],
        [[counted(10, 0, 9)], [counted(10, 3, 6), counted(1, 0, 1, name="b")]],
    ),
    "every_item_accounted_for": (
        [[], items("ok"), items("ok", "duplicate", "no_enclosure", "trailer", "before_since")],
        [items(None), items("ok", None, "duplicate")],
    ),
}  # fmt: skip
INSTANT = pl.Datetime("us", "UTC")
TYPES: dict[str, Any] = {
    "is_other_show": pl.Boolean,
    "is_followed": pl.Boolean,
    "snapshot_on": pl.Date,
    "published_on": pl.Date,
    "first_failed_at": INSTANT,
    "fetched_at": INSTANT,
    "days": pl.List(pl.Date),
    "digest_on": pl.Date,
    "shows": pl.List(pl.String),
    "rivals": pl.List(pl.String),
    "unknown_shows": pl.List(pl.String),
    **dict.fromkeys(("wanted", *COUNTED), pl.Int64),
    "announced": pl.Int64,
    "repeated": pl.Int64,
    "stored": pl.Int64,
}


def frame(check: Check, rows: list[Row]) -> pl.DataFrame:
    columns = check.columns.split(", ")
    types = TYPES | ({"shows": pl.Int64} if check.name == "links_cross_shows" else {})
    return pl.DataFrame(rows, schema={name: types.get(name, pl.String) for name in columns})


def test_every_check_has_passing_and_failing_cases() -> None:
    assert set(CASES) == set(BY_NAME)
    assert len(BY_NAME) == len(CHECKS)
    for passing, failing in CASES.values():
        assert passing
        assert failing


@pytest.mark.parametrize("name", BY_NAME)
def test_checks_pass_and_fail_where_they_should(name: str) -> None:
    check = BY_NAME[name]
    passing, failing = CASES[name]
    for rows in passing:
        verdict = check.question(frame(check, rows))
        assert verdict.is_passed, rows
        assert verdict.message
    for rows in failing:
        verdict = check.question(frame(check, rows))
        assert not verdict.is_passed, rows
        assert verdict.message


def test_the_allowed_share_is_the_setting() -> None:
    allowed = SETTINGS.max_failed_share
    for name in ("feeds_answered", "most_episodes_transcribed"):
        check = BY_NAME[name]
        at_limit = [FAILED] * int(1000 * allowed) + [OK] * (1000 - int(1000 * allowed))
        assert check.question(frame(check, statuses(*at_limit))).is_passed
        beyond = check.question(frame(check, statuses(FAILED, *at_limit)))
        assert not beyond.is_passed
        assert "PODCAST_INSIGHTS_MAX_FAILED_SHARE" in beyond.message


def test_the_least_grounding_rate_is_the_setting() -> None:
    check, least = BY_NAME["insights_grounded"], round(1000 * SETTINGS.min_grounding_rate)
    at_limit = check.question(frame(check, proposals(least, quote_not_found=1000 - least)))
    below = check.question(frame(check, proposals(least - 1, quote_not_found=1001 - least)))
    assert at_limit.is_passed
    assert "MIN_GROUNDING_RATE" not in at_limit.message
    assert not below.is_passed
    assert "PODCAST_INSIGHTS_MIN_GROUNDING_RATE" in below.message


def test_the_grounding_check_reports_its_rate_and_reasons() -> None:
    check = BY_NAME["insights_grounded"]
    rows = proposals(
        6, quote_not_found=2, advertising=1, unfounded_name_or_number=1, engine_failed=4
    )
    assert check.question(frame(check, rows)).metadata == {
        "grounding_rate": 0.7,
        "min_grounding_rate": SETTINGS.min_grounding_rate,
        "proposed": 10,
        "by_reason": {"advertising": 1, "quote_not_found": 2, "unfounded_name_or_number": 1},
    }


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        ("most_episodes_transcribed", statuses(OK, FAILED, FAILED), "2 of 3 failed: the host"),
        (
            "transcripts_complete",
            transcripts("ok", "incomplete", "repetitive"),
            "1 of 3 transcripts: Episode 1: what incomplete means",
        ),
        ("audio_can_be_heard", transcripts(*["failed"] * 5), "Episode 2: what failed means; and 2"),
        ("insights_grounded", proposals(1, quote_not_found=3), "3 of 4 candidates"),
        ("insights_grounded", proposals(1, quote_not_found=3), "try a stronger model"),
        ("every_episode_asked", rejections("engine_failed"), "1 episodes without insights"),
        ("links_cross_shows", [{"is_other_show": False, "shows": 2}], "0 of 1 links"),
        ("digests_have_insights", [], "no digest was made; name somebody in data/readers.yaml"),
        ("digests_have_insights", [selection(0)], "2025-09-08: no insight was found on this day"),
        (
            "digests_have_insights",
            [selection(0, told_before=3), selection(0, low_value=2, told_before=1)],
            "2025-09-08: none of 6 was given: 4 told before, 2 of too little value",
        ),
        (
            "digests_from_several_shows",
            [sources("aa", "b")],
            "1 of 1 digests come from a single show though others had something worth a place: "
            "ada on 2025-09-08 (Show a)",
        ),
        (
            "followed_shows_exist",
            [follows("ada", "Compte Ledger")],
            "ada follows Compte Ledger; correct followed_shows",
        ),
        ("mails_confirmed", statuses(("failed", "no such mailbox")), "no such mailbox"),
        ("no_feed_failing_for_days", [feed(failing_days=N)], "Show a (failed since 2025-09-06: a."),
        (
            "no_feed_failing_for_days",
            [feed(failing_days=N, show_title=None)],
            "https://a.example/feed.xml (failed since",
        ),
        ("no_feed_failing_for_days", [feed(status="dead", failing_days=1)], "feeds check"),
        (
            "feeds_keep_their_rhythm",
            [rhythm(*(age + 70 for age in WEEKLY))],
            "Show a (last on 2025-06-16, usually every 7 days)",
        ),
        (
            "announced_items_recorded",
            [counted(10, 2, 7)],
            "Show a (10 announced, 2 of them twice, 7 stored)",
        ),
        ("every_item_accounted_for", items("ok", None), "2 items announced, 1 stored; missing: I"),
    ],
)
def test_a_failing_check_says_what_is_wrong(name: str, rows: list[Row], told: str) -> None:
    check = BY_NAME[name]
    assert told in check.question(frame(check, rows)).message


# As Dagster runs them


@dataclass
class Context:
    """As much of a check's context as a check asks for."""

    partition_time_window: dg.TimeWindow
    has_partition_key: bool = True
    has_partition_key_range: bool = False


def executed(
    check: Check, warehouse: WarehouseResource, day: date = DAY, days: int = 1
) -> dg.AssetCheckResult:
    """A check's answer for a window of days; for all days with `days=0`."""
    start = datetime.combine(day, datetime.min.time(), UTC)
    context = Context(dg.TimeWindow(start, start + timedelta(days=days)), days == 1, days > 1)
    function = check.definition().node_def.compute_fn.decorated_fn
    return function(context, warehouse)


@pytest.fixture
def resource(warehouse: Warehouse) -> WarehouseResource:
    return WarehouseResource(database=str(warehouse.path))


@pytest.mark.parametrize("name", BY_NAME)
def test_the_warehouse_understands_every_check(name: str, resource: WarehouseResource) -> None:
    check = BY_NAME[name]
    result = executed(check, resource)
    assert result.passed is check.question(frame(check, [])).is_passed
    assert result.metadata["window"].value == "2025-09-08"
    is_error = result.severity == dg.AssetCheckSeverity.ERROR
    assert (
        is_error is check.is_blocking is (name in ("feeds_answered", "most_episodes_transcribed"))
    )


def test_a_check_looks_at_its_days_only(resource: WarehouseResource) -> None:
    row = dict.fromkeys(TRANSCRIPTS.schema.columns()) | {
        "episode_id": "a",
        "published_on": DAY,
        "status": "incomplete",
        "segments": [],
    }
    resource.warehouse.merge("transcripts", TRANSCRIPTS.frame([row]))
    check = BY_NAME["transcripts_complete"]
    assert not executed(check, resource).passed
    assert executed(check, resource, DAY + timedelta(days=1)).passed
    assert executed(check, resource, DAY - timedelta(days=1)).passed


def transcript(name: str, status: str, error: str | None) -> Row:
    return dict.fromkeys(TRANSCRIPTS.schema.columns()) | {
        "episode_id": name,
        "published_on": DAY,
        "status": status,
        "error": error,
        "segments": [],
    }


def test_a_guards_check_lists_the_episodes_and_what_to_do(resource: WarehouseResource) -> None:
    store(
        resource,
        TRANSCRIPTS,
        transcript("a", "unsure", "a guess | no more; take another model; or none"),
        transcript("b", "unsure", None),
        transcript("gone", "incomplete", "60 s are missing; listen again"),
    )
    store(resource, EPISODES, episode("a", title="Mumbling"), episode("b", title="Noise"))
    result = executed(BY_NAME["transcripts_not_guessed"], resource)
    assert result.metadata["episodes"].value == 2
    first, second = str(result.metadata["what_to_do"].value).splitlines()[2:]
    assert first.endswith(r"| Mumbling | a guess \| no more | take another model; or none |")
    assert "PODCAST" in second
    lost = executed(BY_NAME["transcripts_complete"], resource)
    assert "an episode that is gone: 60 s are missing" in str(lost.description)


def test_all_guards_are_asked_in_one_step_with_one_query(
    resource: WarehouseResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(resource, TRANSCRIPTS, transcript("a", "unsure", "a guess; take another model"))
    store(resource, EPISODES, episode("a"))
    names = {check.name for check in transcript_checks.CHECKS}
    definitions = [d for d in check_definitions() if names & {s.name for s in d.check_specs}]
    assert [{spec.name for spec in d.check_specs} for d in definitions] == [names]
    asked: list[str] = []
    read = Warehouse.read

    def counting(self: Warehouse, sql: str, *args: Any, **more: Any) -> pl.DataFrame:  # noqa: ANN401
        asked.append(sql)
        return read(self, sql, *args, **more)

    monkeypatch.setattr(Warehouse, "read", counting)
    wanted = names - {"transcripts_complete"}
    selection = dg.AssetSelection.checks(
        *(dg.AssetCheckKey(dg.AssetKey("transcripts"), name) for name in wanted)
    )
    whole = dg.Definitions(
        asset_checks=definitions,
        jobs=[dg.define_asset_job("checks_alone", selection=selection)],
        resources={"warehouse": resource},
    )
    result = whole.resolve_job_def("checks_alone").execute_in_process()
    answers = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert answers == {name: name != "transcripts_not_guessed" for name in wanted}
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("reason", "quote", "is_passed"),
    [
        ("quote_not_found", "made up", False),
        ("not_chosen", "true, but others were better", True),
        ("quote_too_short", "made up", True),
        ("engine_failed", None, True),
    ],
)
def test_made_up_quotes_are_told_from_episodes_that_gave_none(
    resource: WarehouseResource, reason: str, quote: str | None, is_passed: bool
) -> None:
    row = {
        "rejection_id": "r",
        "episode_id": "a",
        "published_on": DAY,
        "reason": reason,
        "detail": "",
        "headline": quote,
        "body": quote,
        "quote": quote,
        "engine": "llm",
        "model": "m",
    }
    resource.warehouse.merge("rejected_insights", REJECTED_INSIGHTS.frame([row]))
    assert executed(BY_NAME["insights_grounded"], resource).passed is is_passed
    assert executed(BY_NAME["every_episode_asked"], resource).passed is (reason != "engine_failed")


# Feeds and episodes, as the warehouse has them


def store(resource: WarehouseResource, table: Table, *rows: Row) -> None:
    """Write rows whose other columns are empty."""
    empty = {
        name: [] if column.dtype == pl.List and not column.nullable else None
        for name, column in table.schema.columns().items()
    }
    resource.warehouse.merge(table.name, table.frame([empty | row for row in rows]))


def announced(item_id: str, feed_id: str = "a", *, age: int = 0, **fields: Any) -> Row:  # noqa: ANN401
    """An item of the ledger, published so many days before `DAY`."""
    day = DAY - timedelta(days=age)
    return {
        "item_id": item_id,
        "feed_id": feed_id,
        "published_on": day,
        "date_source": "feed",
        "first_seen_at": night_after(day),
        "show_title": f"Show {feed_id}",
        "title": f"Item {item_id}",
        "description": "",
        **fields,
    }


def fetch(name: str = "a", *, ago: int = 0, **fields: Any) -> Row:  # noqa: ANN401
    at = night_after(DAY - timedelta(days=ago))
    return {"feed_id": name, "fetched_at": at, "repeated_item_count": 0, **fields}


def episode(item_id: str, **fields: Any) -> Row:  # noqa: ANN401
    row = announced(item_id)
    kept = ("feed_id", "published_on", "show_title", "title", "description", "date_source")
    return {"episode_id": item_id, "status": "ok"} | {name: row[name] for name in kept} | fields


def test_a_failing_feed_is_told_from_its_rows(resource: WarehouseResource) -> None:
    check = BY_NAME["no_feed_failing_for_days"]
    store(
        resource,
        FEEDS,
        *(feed("bad", ago=ago, failing_days=N + 1 - ago) for ago in range(N + 1)),
        *(feed("good", ago=ago) for ago in range(N + 1)),
        feed("unsubscribed", ago=N, failing_days=99),
    )
    result = executed(check, resource)
    assert not result.passed
    assert result.metadata["for_days_or_dead"].value == 1
    assert "Show bad" in str(result.description)
    assert executed(check, resource, DAY - timedelta(days=2)).passed
    for days in (N, 0):  # a window of several days, and all days
        whole = executed(check, resource, DAY - timedelta(days=N - 1), days)
        assert whole.metadata["for_days_or_dead"].value == 1
    assert (
        executed(check, resource, DAY - timedelta(days=N + 1), 2).metadata["for_days_or_dead"].value
        == 1
    )  # the unsubscribed one, on its last day


def test_a_silent_feed_is_told_from_the_ledger(resource: WarehouseResource) -> None:
    check = BY_NAME["feeds_keep_their_rhythm"]
    ages = {"weekly": range(0, 70, 7), "silent": range(40, 100, 7), "undated": range(40, 100, 7)}
    store(
        resource,
        ANNOUNCED_ITEMS,
        *(announced(f"{name}{age}", name, age=age) for name in ages for age in ages[name]),
        # The same day twice is no gap; a day that only we gave it is no sign of life.
        announced("twice", "silent", age=40),
        announced("no date", "silent", age=1, date_source="first_seen"),
        # Published after the snapshot was made, as a backfill finds it.
        announced("later", "silent", age=-3),
    )
    store(
        resource,
        FEEDS,
        *(feed(name, ago=ago) for name in ages for ago in range(30)),
        *(feed("empty", ago=ago) for ago in range(30)),
        feed("silent", ago=-3),
    )
    result = executed(check, resource)
    assert not result.passed
    assert result.metadata["silent"].value == 2
    assert "Show silent (last on 2025-07-30, usually every 7 days)" in str(result.description)
    assert executed(check, resource, DAY - timedelta(days=25)).passed
    assert not executed(check, resource, DAY - timedelta(days=25), 26).passed
    assert executed(check, resource, DAY + timedelta(days=3)).passed


def test_only_the_last_twenty_days_make_the_rhythm(resource: WarehouseResource) -> None:
    ages = [*range(40, 60), *range(300, 3000, 300)]  # rare once, daily later, silent now
    store(resource, ANNOUNCED_ITEMS, *(announced(f"{age}", age=age) for age in ages))
    store(resource, FEEDS, feed())
    assert not executed(BY_NAME["feeds_keep_their_rhythm"], resource).passed


def test_lost_items_are_told_from_the_ledgers(resource: WarehouseResource) -> None:
    check = BY_NAME["announced_items_recorded"]
    store(resource, FEEDS, *(feed(ago=ago, item_count=4) for ago in range(3)))
    store(resource, FEED_FETCHES, *(fetch(ago=ago, repeated_item_count=1) for ago in range(3)))
    assert not executed(check, resource).passed  # nothing is stored at all
    store(resource, ANNOUNCED_ITEMS, announced("1"), announced("2"), announced("b", "other"))
    result = executed(check, resource)
    assert not result.passed
    assert (result.metadata["announced"].value, result.metadata["stored"].value) == (4, 2)
    several = executed(check, resource, DAY - timedelta(days=2), 3)
    assert several.metadata["announced"].value == 4
    store(resource, ANNOUNCED_ITEMS, announced("3", age=900))
    for days in (1, 3, 0):
        assert executed(check, resource, DAY - timedelta(days=days // 2), days).passed


def test_a_fetch_from_before_repetitions_were_counted_is_no_alarm(
    resource: WarehouseResource,
) -> None:
    store(resource, FEEDS, feed(item_count=4))
    store(resource, FEED_FETCHES, fetch(repeated_item_count=None))
    assert executed(BY_NAME["announced_items_recorded"], resource).passed


def test_an_item_without_a_row_is_told_for_its_day(resource: WarehouseResource) -> None:
    check = BY_NAME["every_item_accounted_for"]
    store(resource, ANNOUNCED_ITEMS, announced("1"), announced("2"), announced("3", age=2))
    store(resource, EPISODES, episode("1"), episode("2", status="trailer"))
    assert executed(check, resource).passed
    assert executed(check, resource, DAY - timedelta(days=1), 2).passed
    late = executed(check, resource, DAY - timedelta(days=2), 3)
    assert not late.passed
    assert "3 items announced, 2 stored; missing: Item 3" in str(late.description)
    assert late.metadata["by_status"].value == {"ok": 1, "trailer": 1}


def test_a_narrow_digest_is_told_from_the_places_and_what_was_passed_over(
    resource: WarehouseResource,
) -> None:
    check = BY_NAME["digests_from_several_shows"]
    names = DIGEST_SELECTIONS.schema.columns()["passed_over"].inner.inner
    rival = dict.fromkeys(names, 0.0) | {
        "insight_id": "r",
        "headline": "R",
        "show_title": "Rival",
        "matched_topic": None,
        "instead_insight_id": None,
    }
    for day, reason in enumerate(("outscored", "low_value")):
        on = DAY + timedelta(days=day)
        key = {"digest_id": f"d{day}", "digest_on": on, "reader_id": "ada"}
        counts = {
            name: 0
            for name, column in DIGEST_SELECTIONS.schema.columns().items()
            if column.dtype == pl.Int64
        }
        store(
            resource,
            DIGEST_SELECTIONS,
            key | counts | {"passed_over": [rival | {"reason": reason}]},
        )
        texts = {
            name: 0.0 if column.dtype == pl.Float64 else "x"
            for name, column in DAILY_DIGESTS.schema.columns().items()
            if not column.nullable and column.dtype in (pl.Float64, pl.String)
        }
        for rank in (1, 2):
            place = texts | key | {"rank": rank, "published_on": on, "show_title": "Loud"}
            store(resource, DAILY_DIGESTS, place)
    assert not executed(check, resource).passed
    assert executed(check, resource, DAY + timedelta(days=1)).passed


def test_the_rhythm_of_many_feeds_needs_no_more_rows_than_there_are(
    resource: WarehouseResource,
) -> None:
    """500 feeds, 60 snapshots, 100 items each; a join of both took seconds for a month."""
    with resource.warehouse.transaction() as connection:
        for statement in MANY.split(";"):
            connection.execute(statement)
    columns = BY_NAME["feeds_keep_their_rhythm"].columns
    for where in ("snapshot_on >= '2025-08-01' AND snapshot_on < '2025-09-01'", "true"):
        sql = f"SELECT {columns} FROM {RHYTHM} WHERE {where}"  # noqa: S608
        plan = resource.warehouse.read(f"EXPLAIN (ANALYZE, FORMAT json) {sql}")
        assert 30_000 <= most_rows(json.loads(plan["explain_value"][0])) <= 50_000
        rows = resource.warehouse.read(sql)
        verdict = keeps_its_rhythm(rows)
        assert rows.height == 500 * (31 if where != "true" else 60)
        assert verdict.metadata["silent"] == 0


def most_rows(operator: dict[str, Any]) -> int:
    """The rows of the operator that hands on most, in a plan that was carried out."""
    below = map(most_rows, operator.get("children", []))
    return max(operator.get("operator_cardinality", 0), *below, 0)


MANY = """
INSERT INTO feeds BY NAME
SELECT 'f' || f AS feed_id, DATE '2025-07-11' + d::INT AS snapshot_on, 'Show' AS show_title,
  'u' AS feed_url, 'ok' AS status, TIMESTAMPTZ '2025-09-09' AS fetched_at
FROM range(500) a(f), range(60) b(d);
INSERT INTO announced_items BY NAME
SELECT 'f' || f AS feed_id, 'f' || f || 'i' || i AS item_id, 'feed' AS date_source,
  DATE '2025-09-08' - i::INT AS published_on, TIMESTAMPTZ '2025-09-09' AS first_seen_at,
  'Show' AS show_title, 't' AS title, '' AS description, []::VARCHAR[] AS persons
FROM range(500) a(f), range(100) b(i)
"""
