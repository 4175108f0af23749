"""A killed command line holds the `gpu` pool: whoever begins next frees it.

What a kill does to the data is in `cli/test_killed.py`.
"""

import os
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from podcast_insights import lost_runs
from podcast_insights.analysts.asset import AnalystDatabaseResource
from podcast_insights.cli.launch import instance_of
from podcast_insights.definitions import defs
from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.lost_runs import PROCESS_TAG, end_lost_runs, process_name
from podcast_insights.warehouse.resource import WarehouseResource
from podcast_insights_tests.conftest import DAYS, Home
from podcast_insights_tests.support.runs import rows_of, run_window

QUIET_DAY = date(2025, 9, 1)
"""No episode: nothing is downloaded, and no model loaded."""

STEP = "transcripts"
POOL = "gpu"


def gone() -> str:
    """The name of a process that is gone."""
    return process_name().replace(f"/{os.getpid()}/", "/999999999/")


def begin(instance: dg.DagsterInstance, process: str, parent: str | None = None) -> str:
    """A run that transcribes, and holds the pool."""
    run = dg.DagsterRun(
        job_name="daily_insights",
        run_id=str(uuid.uuid4()),
        status=dg.DagsterRunStatus.STARTED,
        tags={PROCESS_TAG: process},
        parent_run_id=parent,
        root_run_id=parent,
    )
    instance.add_run(run)
    events = instance.event_log_storage
    events.initialize_concurrency_limit_to_default(POOL)
    assert events.claim_concurrency_slot(POOL, run.run_id, STEP).is_claimed
    return run.run_id


def is_free(instance: dg.DagsterInstance) -> bool:
    """Whether the transcripts of another run may begin."""
    return instance.event_log_storage.claim_concurrency_slot(POOL, "another", STEP).is_claimed


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    """The instance of this home, where the pool has one place."""
    with instance_of(home.settings) as made:
        yield made


@pytest.mark.parametrize("name", ["late_items_sensor", "publication_sensor"])
def test_a_sensor_frees_the_pool_even_if_it_has_nothing_to_ask_for(
    instance: dg.DagsterInstance, tmp_path: Path, name: str
) -> None:
    killed = begin(instance, gone())
    assert not is_free(instance)
    nowhere = str(tmp_path / "no.duckdb")
    resources = {
        "warehouse": WarehouseResource(database=nowhere),
        "subscriptions": SubscriptionsResource(path=nowhere),
        "analysts": AnalystDatabaseResource(path=nowhere),
    }
    repository = defs.get_repository_def()
    with dg.build_sensor_context(
        instance=instance, repository_def=repository, sensor_name=name, resources=resources
    ) as context:
        done = repository.get_sensor_def(name).evaluate_tick(context)
    assert done.skip_message == "There is no warehouse yet."
    assert is_free(instance)
    run = instance.get_run_by_id(killed)
    assert run and run.status == dg.DagsterRunStatus.FAILURE


@pytest.mark.timeout(60)  # they would wait for ever
def test_a_run_of_the_ui_frees_the_pool_before_its_transcripts_wait_for_it(home: Home) -> None:
    with instance_of(home.settings) as instance:
        begin(instance, gone())
        assert not is_free(instance)
        # Who asked stands in the queue.
        instance.event_log_storage.free_concurrency_slots_for_run("another")
        journey = ["feeds", "episodes", STEP]
        assert run_window(home, QUIET_DAY, QUIET_DAY, instance=instance, assets=journey).success


def test_trouble_with_that_costs_no_feed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(instance: dg.DagsterInstance) -> list[str]:
        raise OSError("database is locked")

    monkeypatch.setattr(lost_runs, "end_lost_runs", locked)
    assert run_window(home, DAYS[0], DAYS[0], assets=["feeds"]).success
    assert rows_of(home, "feeds", DAYS[0], DAYS[0])["status"].unique().to_list() == ["ok"]


def test_a_killed_run_that_the_ui_executes_again_is_not_taken_for_lost(
    instance: dg.DagsterInstance,
) -> None:
    # The UI copies the tags of the killed one.
    again = begin(instance, gone(), parent=str(uuid.uuid4()))
    assert end_lost_runs(instance) == []
    run = instance.get_run_by_id(again)
    assert run and run.status == dg.DagsterRunStatus.STARTED
    assert not is_free(instance)
