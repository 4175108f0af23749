"""What the Dagster UI shows: names, descriptions, columns, checks, and what runs report."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import dagster as dg
import pytest

from podcast_insights.checks import CHECKS
from podcast_insights.columns import known_tables
from podcast_insights.definitions import build_defs, defs
from podcast_insights.schedules import daily_schedule, delivery_schedule, publication_sensor
from podcast_insights_tests.conftest import ROOT, Home, Journey

ASSETS = (
    "feeds",
    "episodes",
    "transcripts",
    "embeddings",
    "insights",
    "rejected_insights",
    "related_insights",
    "daily_digests",
    "digest_files",
    "deliveries",
    "analyst_database",
)
REPORTED = {
    "feeds": {
        "feeds",
        "failed",
        "dead",
        "moved",
        "preview",
        "items_announced",
        "rows",
        "dagster/partition_row_count",
    },
    "episodes": {
        "episodes",
        "duplicates",
        "without_enclosure",
        "trailers",
        "before_since",
        "without_own_date",
        "preview",
    },
    "transcripts": {
        "audio_hours",
        "words",
        "mean_real_time_factor",
        "mean_confidence",
        "decoded_again",
        "failed",
        "cost_usd",
    },
    "embeddings": {"passages", "advertising_passages", "model"},
    "insights": {"insights", "grounding_rate", "cost_usd", "prompt_tokens", "preview"},
    "rejected_insights": {"by_reason"},
    "related_insights": {
        "links",
        "to_other_shows",
        "same_idea",
        "folded",
        "refreshed_links",
        "refreshed_days",
    },
    "daily_digests": {"digests", "thin_digests", "preview"},
    "digest_files": {"digests", "index"},
    "deliveries": {"sent", "reason"},
    "analyst_database": {"path", "revision", "size_mb", "duration_s"},
}


def specs() -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_names_of_everything() -> None:
    repository = defs.get_repository_def()
    assert sorted(specs()) == sorted(ASSETS)
    jobs = {name for name in repository.job_names if not name.startswith("__")}
    assert jobs == {"daily_insights", "deliver_digests", "publish_analyst_database"}
    assert {s.name for s in repository.schedule_defs} == {"daily_schedule", "delivery_schedule"}
    assert {s.name for s in repository.sensor_defs} == {"late_items_sensor", "publication_sensor"}


@pytest.mark.parametrize("name", ASSETS)
def test_every_asset_tells_the_ui_what_it_is(name: str) -> None:
    spec = specs()[name]
    assert spec.description
    assert spec.kinds
    assert list(spec.owners) == ["team:data-engineering"]
    assert spec.group_name in ("journey", "publication")
    assert spec.code_version
    assert isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)
    if name in known_tables():
        columns = spec.metadata["dagster/column_schema"].columns
        assert [c.name for c in columns] == [c["name"] for c in known_tables()[name]["columns"]]
        assert all(column.description for column in columns)


def test_a_block_of_days_is_one_run() -> None:
    policy = defs.resolve_job_def("daily_insights").backfill_policy
    assert policy is not None
    assert policy.max_partitions_per_run == 31


def test_what_waits_for_its_turn_waits_in_a_pool_of_its_own() -> None:
    graph = defs.resolve_job_def("daily_insights").graph
    pools = {node.name: node.definition.pool for node in graph.nodes if node.definition.pool}
    assert pools == {"transcripts": "gpu", "related_insights": "related_insights"}


@pytest.mark.parametrize("name", ASSETS)
def test_every_run_reports_what_it_did(name: str, journey_run: Journey) -> None:
    materialized = journey_run.result.asset_materializations_for_node(
        "insights" if name == "rejected_insights" else name
    )
    mine = [m for m in materialized if m.asset_key.to_user_string() == name]
    assert [m.partition for m in mine] == ["2025-09-08", "2025-09-09", "2025-09-10"]
    for materialization in mine:
        assert REPORTED[name] <= set(materialization.metadata)


def test_each_day_shows_its_own_rows_and_digest(journey_run: Journey) -> None:
    materialized = journey_run.result.asset_materializations_for_node("daily_digests")
    counts = [m.metadata["dagster/partition_row_count"].value for m in materialized]
    previews = [str(m.metadata["preview"].value) for m in materialized]
    assert counts == [5, 5, 5]
    assert len(set(previews)) == 3
    assert "10 September" in previews[-1] or "September 10" in previews[-1]


def test_every_check_ran_and_only_the_music_and_the_dead_link_were_noticed(
    journey_run: Journey,
) -> None:
    ran = {e.check_name: e for e in journey_run.result.get_asset_check_evaluations()}
    assert set(ran) == {check.name for check in CHECKS}
    noticed = {name: e.metadata for name, e in ran.items() if not e.passed}
    assert sorted(noticed) == ["audio_can_be_heard", "transcripts_have_words"]
    assert "404" in str(noticed["audio_can_be_heard"]["what_to_do"].value)
    assert "music" in str(noticed["transcripts_have_words"]["what_to_do"].value)


def test_a_check_can_be_executed_alone(journey: Home) -> None:
    built = build_defs(journey.settings)
    selection = dg.AssetSelection.checks_for_assets("transcripts")
    job = dg.define_asset_job("checks_alone", selection=selection)
    whole = dg.Definitions(
        asset_checks=built.asset_checks, assets=built.assets, jobs=[job], resources=built.resources
    )
    result = whole.resolve_job_def("checks_alone").execute_in_process()
    windows = {str(e.metadata["window"].value) for e in result.get_asset_check_evaluations()}
    assert windows == {"all days"}


def test_the_schedule_asks_for_the_day_that_has_ended() -> None:
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2025, 9, 11, 5, 0, tzinfo=UTC)
    )
    request = daily_schedule(context)
    assert request.partition_key == "2025-09-10"
    assert request.run_key == "2025-09-10"


def test_without_a_mail_server_the_delivery_schedule_skips() -> None:
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2025, 9, 11, 6, 5, tzinfo=UTC)
    )
    assert isinstance(delivery_schedule(context), dg.SkipReason)


def test_mail_is_tried_for_every_young_day(monkeypatch: pytest.MonkeyPatch) -> None:
    from podcast_insights import schedules

    configured = schedules.SETTINGS.model_copy(update={"smtp_host": "mail.example.org"})
    monkeypatch.setattr(schedules, "SETTINGS", configured)
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2025, 9, 12, 0, 5, tzinfo=UTC)
    )
    requests = delivery_schedule(context)
    assert [r.partition_key for r in requests] == ["2025-09-11", "2025-09-10"]


def test_the_sensor_publishes_what_was_left_behind(journey: Home, home: Home) -> None:
    resources = build_defs(home.settings).resources
    needed = {name: resources[name] for name in ("warehouse", "analysts")}
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance=instance, resources=needed) as context,
    ):
        assert "no warehouse" in publication_sensor(context).skip_message
        home.take_all_of(journey)
        assert "is published" in publication_sensor(context).skip_message
        with home.warehouse.transaction() as connection:
            connection.execute("UPDATE _warehouse SET revision = revision + 1")
        assert isinstance(publication_sensor(context), dg.RunRequest)


def test_importing_the_code_location_loads_no_model_library() -> None:
    heavy = ["torch", "litellm", "sentence_transformers", "faster_whisper", "dataframely", "av"]
    code = (
        "import json, sys; import podcast_insights.definitions; "
        f"print(json.dumps([name for name in {heavy!r} if name in sys.modules]))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert json.loads(found.stdout) == []
    assert "Warning" not in found.stderr
