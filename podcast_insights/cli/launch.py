"""Running the Dagster jobs from the command line.

Runs are executed in this process and recorded in the project's Dagster instance, so the UI
shows them like any other run.
"""

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_insights.errors import UserError
from podcast_insights.text import unescaped_markdown

if TYPE_CHECKING:
    from dagster import DagsterEvent, DagsterInstance, EventLogEntry
    from dagster_shared.error import SerializableErrorInfo

    from podcast_insights.settings import Settings

OnEntry = Callable[["EventLogEntry"], None]

INSIGHTS = ("insights", "rejected_insights")
"""Where a run begins that is only to write insights anew: one step makes both."""

STOPS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
"""What a run ends by when somebody stops it: Ctrl-C, or SIGTERM."""

STOPPED = "What is finished is kept. Run the same command again to go on."

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The command line prints its own lines; the instance keeps every message for the UI."""


def ignore(entry: "EventLogEntry") -> None:
    """Look at no entry."""


@dataclass(frozen=True)
class RunResult:
    """How one run ended; `is_stopped` if somebody wanted it to end."""

    run_id: str
    is_success: bool
    failures: tuple[str, ...]
    is_stopped: bool = False


@contextmanager
def instance_of(settings: "Settings") -> Iterator["DagsterInstance"]:
    """The project's Dagster instance, the one `dagster dev` in its folder uses.

    Raises:
        UserError: there is no dagster.yaml to read.
    """
    from dagster import DagsterInstance
    from dagster._core.instance.ref import InstanceRef

    if os.environ.get("DAGSTER_HOME"):
        with DagsterInstance.get() as instance:
            yield instance
        return
    home = settings.home.absolute()
    if not (home / "dagster.yaml").exists():
        raise UserError(
            f"There is no dagster.yaml in {home}.",
            "Run this in the project's folder, or set PODCAST_INSIGHTS_HOME to it.",
        )
    # dagster.yaml names its folders relative to the project, as `dagster dev` reads them.
    os.chdir(home)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        with one_at_a_time(home):
            ref = InstanceRef.from_dir(scratch, config_dir=str(home))
            instance = stack.enter_context(DagsterInstance.from_ref(ref))
            instance.get_run_records(limit=1)
            instance.event_log_storage.get_concurrency_keys()
        yield instance


@contextmanager
def one_at_a_time(home: Path) -> Iterator[None]:
    """Only one process makes Dagster's tables; two that begin at once would both create them."""
    from filelock import FileLock

    folder = home / "data" / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".starting.lock", timeout=60):
        yield


def run_days(
    instance: "DagsterInstance",
    first: date,
    last: date,
    *,
    send: str = "auto",
    only_from: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    on_entry: OnEntry = ignore,
) -> RunResult:
    """Materialize the assets for the days from `first` to `last` as one run.

    With `only_from` these assets and what comes after them, and nothing before.
    """
    from dagster import AssetSelection
    from dagster._core.storage.tags import (
        ASSET_PARTITION_RANGE_END_TAG,
        ASSET_PARTITION_RANGE_START_TAG,
    )

    from podcast_insights.definitions import defs
    from podcast_insights.lost_runs import PROCESS_TAG, end_lost_runs, process_name

    end_lost_runs(instance)
    job = defs.resolve_job_def("daily_insights")
    config = {"ops": {"deliveries": {"config": {"send": send}}}, **QUIET}
    graph = defs.get_repository_def().asset_graph
    after = AssetSelection.assets(*only_from).downstream().resolve(graph) if only_from else ()
    days: dict[str, Any] = {"partition_key": first.isoformat()}
    labels = {PROCESS_TAG: process_name(), **(tags or {})}
    if first != last:
        days = {}
        labels[ASSET_PARTITION_RANGE_START_TAG] = first.isoformat()
        labels[ASSET_PARTITION_RANGE_END_TAG] = last.isoformat()
    with watching(instance, on_entry):
        result = job.execute_in_process(
            instance=instance,
            run_config=config,
            tags=labels,
            raise_on_error=False,
            asset_selection=sorted(after) or None,
            **days,
        )
    events = result.all_events
    failures = tuple(line for event in events if (line := describe(event)))
    is_stopped = not result.success and any(is_stop(event) for event in events)
    return RunResult(result.run_id, result.success, failures, is_stopped)


def backfill(
    instance: "DagsterInstance",
    blocks: Sequence[tuple[date, date]],
    *,
    send: str,
    on_block: Callable[[date, date, RunResult], None],
    only_from: Sequence[str] = (),
    on_entry: OnEntry = ignore,
) -> bool:
    """One run per block of days; a failed block is reported and the next one goes on.

    After one that somebody stopped, none does.
    """
    name = f"cli-{uuid.uuid4().hex[:8]}"
    is_good = True
    for first, last in blocks:
        result = run_days(
            instance,
            first,
            last,
            send=send,
            only_from=only_from,
            tags={"dagster/backfill": name},
            on_entry=on_entry,
        )
        on_block(first, last, result)
        is_good = is_good and result.is_success
        if result.is_stopped:
            break
    return is_good


def days_of(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def unfinished(settings: "Settings", first: date, last: date) -> list[date]:
    """The days of a range that another run would bring further, as far as the last scan knows."""
    from podcast_insights.contracts import TABLES
    from podcast_insights.feeds.subscriptions import load_subscriptions
    from podcast_insights.unfinished import unfinished_days
    from podcast_insights.warehouse.database import Warehouse

    if not settings.warehouse_path.exists():
        return []
    feeds = load_subscriptions(settings.under_home(settings.feeds_file))
    warehouse = Warehouse(settings.warehouse_path, TABLES)
    end, now = last + timedelta(days=1), datetime.now(UTC)
    found = unfinished_days(warehouse, feeds, first, end, now)
    return [day.day for day in found]


def outdated(settings: "Settings", first: date, last: date) -> list[date]:
    """The days of a range whose insights another engine, model or prompt has made.

    Raises:
        UserError: prompts of one's own can't be read.
    """
    from podcast_insights.contracts import TABLES
    from podcast_insights.insights.versions import engine_version, outdated_days
    from podcast_insights.warehouse.database import Warehouse

    if not settings.warehouse_path.exists():
        return []
    version = engine_version(settings)
    warehouse = Warehouse(settings.warehouse_path, TABLES)
    return list(outdated_days(warehouse, version, first, last + timedelta(days=1)))


def blocks_of(days: Sequence[date], size: int) -> list[tuple[date, date]]:
    """Days as blocks of neighbours, at most `size` in each, the oldest first.

    What is related, new or a repetition depends on the days before, so only this order gives
    the same rows as one long run, and the same rows again.
    """
    blocks: list[tuple[date, date]] = []
    for day in sorted(days):
        start, end = blocks[-1] if blocks else (day, day)
        if blocks and day == end + timedelta(days=1) and (day - start).days < size:
            blocks[-1] = (start, day)
        else:
            blocks.append((day, day))
    return blocks


@contextmanager
def watching(instance: "DagsterInstance", on_entry: OnEntry) -> Iterator[None]:
    """Tell `on_entry` of everything recorded in this process while the block runs."""
    handle = instance.handle_new_event

    def told(event: "EventLogEntry", **options: Any) -> None:  # noqa: ANN401 - passed on
        handle(event, **options)
        on_entry(event)

    instance.handle_new_event = told  # type: ignore[method-assign]
    try:
        yield
    finally:
        del instance.handle_new_event


def describe(event: "DagsterEvent") -> str:
    """Why a run failed, as one line; empty for an event that tells nothing of the kind."""
    if event.event_type_value == "ASSET_CHECK_EVALUATION":
        check = event.asset_check_evaluation_data
        is_blocking = not check.passed and check.severity.value == "ERROR"
        told = unescaped_markdown(check.description or "")
        return f"{check.asset_key.to_user_string()}: {told}" if is_blocking else ""
    if not event.is_step_failure or is_stop(event):
        return ""
    error = reason_of(event.step_failure_data.error)
    if error is None:
        return f"{event.step_key}: no reason given"
    if error.cls_name == "DagsterAssetCheckFailedError":
        return ""  # told by the check itself, in better words
    return f"{event.step_key}: {error.message.strip().removeprefix(UserError.__module__ + '.')}"


def is_stop(event: "DagsterEvent") -> bool:
    """Whether somebody stopped the run: within a step, or between two."""
    if event.is_step_failure:
        error = reason_of(event.step_failure_data.error)
    elif event.event_type_value == "PIPELINE_FAILURE":
        error = reason_of(event.job_failure_data.error)
    else:
        return False
    return error is not None and error.cls_name in STOPS


def reason_of(error: "SerializableErrorInfo | None") -> "SerializableErrorInfo | None":
    """What an error began with; but no cause of a `UserError`, which alone says what to do."""
    while error and error.cause and error.cls_name != UserError.__name__:
        error = error.cause
    return error
