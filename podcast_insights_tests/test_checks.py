"""Every asset check can pass and can fail, and asks the warehouse a question it understands."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from podcast_insights.checks import CHECKS, Check
from podcast_insights.insights.records import REJECTED_INSIGHTS
from podcast_insights.partitions import SETTINGS
from podcast_insights.transcripts.records import STATUSES, TRANSCRIPTS
from podcast_insights.warehouse.resource import WarehouseResource

Row = dict[str, Any]
DAY = date(2025, 9, 8)
BY_NAME = {check.name: check for check in CHECKS}


def statuses(*rows: tuple[str, str | None]) -> list[Row]:
    return [{"status": status, "error": error} for status, error in rows]


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


def places(*shows: tuple[str, str]) -> list[Row]:
    return [{"digest_id": digest, "show_title": show} for digest, show in shows]


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
    "transcripts_sound": (
        [[], statuses(OK, FAILED, ("duplicate_audio", "the same audio"))],
        [
            statuses(OK, (status, "why"))
            for status in STATUSES
            if status not in ("ok", "failed", "duplicate_audio")
        ],
    ),
    "insights_grounded": (
        [
            [],
            proposals(7, quote_not_found=3),
            proposals(5, engine_failed=9),
            proposals(5, advertising=5, quote_too_short=5),
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
        [[], [{"is_other_show": True}, {"is_other_show": False}]],
        [[{"is_other_show": False}]],
    ),
    "digests_from_several_shows": (
        [places(("a", "X")), places(("a", "X"), ("a", "Y"), ("b", "X"))],
        [[], places(("a", "X"), ("a", "X")), places(("a", "X"), ("a", "Y"), *[("b", "X")] * 2)],
    ),
    "mails_confirmed": (
        [[], statuses(("sent", None))],
        [
            statuses(("sent", None), ("failed", "refused: no such mailbox")),
            statuses(("sending", None)),
        ],
    ),
}  # fmt: skip
TYPES = {"is_other_show": pl.Boolean}


def frame(check: Check, rows: list[Row]) -> pl.DataFrame:
    columns = check.columns.split(", ")
    return pl.DataFrame(rows, schema={name: TYPES.get(name, pl.String) for name in columns})


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
        assert not check.question(frame(check, statuses(FAILED, *at_limit))).is_passed


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        ("most_episodes_transcribed", statuses(OK, FAILED, FAILED), "2 of 3 failed: the host"),
        ("transcripts_sound", statuses(("incomplete", "ends early")), "ends early"),
        ("insights_grounded", proposals(1, quote_not_found=3), "3 of 4 candidates"),
        ("every_episode_asked", rejections("engine_failed"), "1 episodes without insights"),
        ("links_cross_shows", [{"is_other_show": False}], "0 of 1 links"),
        ("digests_from_several_shows", [], "no digest has any insight"),
        ("digests_from_several_shows", places(("a", "X"), ("a", "X")), "1 of 1 digests"),
        ("mails_confirmed", statuses(("failed", "no such mailbox")), "no such mailbox"),
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


def executed(check: Check, warehouse: WarehouseResource, day: date = DAY) -> dg.AssetCheckResult:
    start = datetime.combine(day, datetime.min.time(), UTC)
    context = Context(dg.TimeWindow(start, start + timedelta(days=1)))
    function = check.definition().node_def.compute_fn.decorated_fn
    return function(context, warehouse)


@pytest.fixture
def resource(tmp_path: Path) -> WarehouseResource:
    return WarehouseResource(database=str(tmp_path / "warehouse.duckdb"))


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
    check = BY_NAME["transcripts_sound"]
    assert not executed(check, resource).passed
    assert executed(check, resource, DAY + timedelta(days=1)).passed
    assert executed(check, resource, DAY - timedelta(days=1)).passed


@pytest.mark.parametrize(
    ("reason", "quote", "is_passed"),
    [
        ("quote_not_found", "made up", False),
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
