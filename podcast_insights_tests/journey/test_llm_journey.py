"""The journey with a language model: the same tables, proof, costs and caps."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from podcast_insights.insights.llm.prompting import load_prompts
from podcast_insights.insights.owed import owed_days
from podcast_insights.settings import PREFIX
from podcast_insights.warehouse.database import connected
from podcast_insights_tests.conftest import DAYS, Home
from podcast_insights_tests.support.misbehaving_llm import (
    Behaviour,
    MisbehavingLlm,
    Request,
    by_request,
    chooses,
    fails,
    proposes,
    says,
)
from podcast_insights_tests.support.runs import rows_of, run_window

LAST = DAYS[-1]
FROM_INSIGHTS_ON = (
    "insights",
    "rejected_insights",
    "related_insights",
    "digest_selections",
    "daily_digests",
)
INSIGHTS = ("insights", "rejected_insights")
EVERYTHING = ()
MADE_UP = {
    "quote": "nobody ever said these words on any of the shows",
    "headline": "Something nobody said",
    "body": "It would be remarkable if it were true, and it is not, because nobody said it.",
    "kind": "fact",
    "topics": ["fiction"],
    "entities": [],
    "value": 1.0,
}


def said(home: Home) -> dict[str, object]:
    """A candidate that one episode proves and the others do not."""
    insight = rows_of(home, "insights", LAST, LAST).sort("value_score").to_dicts()[-1]
    return {
        "quote": insight["quote"],
        "headline": "Idle hardware earns nothing",
        "body": "What stands idle still has to be paid for, whoever owns it. So its owner looks "
        "for a use, and sells what it can do in the hours in which nobody else needs it.",
        "kind": "explanation",
        "topics": ["economics"],
        "entities": [],
        "value": 0.9,
    }


@pytest.fixture
def with_model(home: Home, journey: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    home.take_all_of(journey)
    with home.warehouse.transaction() as connection:
        for table in FROM_INSIGHTS_ON:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
    monkeypatch.setenv(f"{PREFIX}INSIGHT_ENGINE", "llm")
    monkeypatch.setenv(f"{PREFIX}LLM_MODEL", "openai/test-model")
    monkeypatch.setenv(f"{PREFIX}LLM_API_KEY", "sk-test-secret-0123456789")
    monkeypatch.setenv(f"{PREFIX}LLM_PRICE_USD_PER_MILLION_TOKENS", "1,1")
    monkeypatch.setenv(f"{PREFIX}LLM_MAX_RETRIES", "0")
    return home


def run(
    home: Home, assets: Sequence[str] = INSIGHTS, instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    """A run of the last day; of the insights alone, unless told otherwise."""
    from podcast_insights.definitions import build_defs
    from podcast_insights.insights.resource import InsightEngineResource

    resources = build_defs(home.settings).resources
    engine = InsightEngineResource(
        cache=resources["cache"], warehouse=resources["warehouse"], engine="llm"
    )
    mine = {"insight_engine": engine}
    return run_window(home, LAST, LAST, resources=mine, instance=instance, assets=assets)


def test_only_what_was_said_gets_through_and_everything_is_counted(
    with_model: Home, journey: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MisbehavingLlm([proposes(said(journey), MADE_UP)]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        result = run(with_model, EVERYTHING)
        asked = len(model.requests)
        run(with_model)
        assert len(model.requests) == asked, "a second run must ask nothing"
    insights = rows_of(with_model, "insights", LAST, LAST)
    assert insights["headline"].to_list() == ["Idle hardware earns nothing"]
    assert insights["engine"].to_list() == ["llm"]
    rejected = rows_of(with_model, "rejected_insights", LAST, LAST)
    assert rejected.filter(pl.col("headline") == MADE_UP["headline"]).height == asked == 4
    assert set(rejected["reason"]) == {"quote_not_found"}
    materialized = result.asset_materializations_for_node("insights")[0].metadata
    assert materialized["llm_calls"].value == asked
    assert materialized["cost_usd"].value == pytest.approx(asked * 1_100 / 1e6)
    stored = with_model.settings.warehouse_path.read_bytes()
    assert b"sk-test-secret" not in stored


def test_past_the_cap_nothing_more_is_asked_and_the_day_says_so(
    with_model: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}LLM_MAX_COST_USD_PER_RUN", "0.000001")
    with MisbehavingLlm([proposes(MADE_UP)]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        result = run(with_model)
        assert model.requests == []
    rejected = rows_of(with_model, "rejected_insights", LAST, LAST)
    assert set(rejected["reason"]) == {"budget_exceeded"}
    checks = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert checks["every_episode_asked"] is False


def test_one_episode_the_model_fails_on_costs_the_others_nothing(
    with_model: Home, journey: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}LLM_CONCURRENCY", "1")
    with MisbehavingLlm([fails(500, "down"), proposes(MADE_UP)]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        run(with_model)
    reasons = rows_of(with_model, "rejected_insights", LAST, LAST)["reason"].to_list()
    assert sorted(reasons) == ["engine_failed", *["quote_not_found"] * 3]


def files_upstream(home: Home) -> dict[str, int]:
    """What the stages before the insights have paid for, and when it was written."""
    root = home.settings.cache_dir
    kinds = ("feeds", "enclosures", "audio", "transcripts", "embeddings")
    files = (path for kind in kinds for path in (root / kind).rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.stat().st_mtime_ns for path in files}


def test_a_changed_prompt_asks_again_and_nothing_upstream_is_done_again(
    with_model: Home, journey: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged = Path(__file__).parents[2] / "podcast_insights/insights/llm/prompts/insights_v2.md"
    text = packaged.read_text("utf-8").replace("Be sparing", "Be strict")
    (tmp_path / "insights_v2.md").write_text(text, "utf-8")
    with MisbehavingLlm([proposes(said(journey))]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        run(with_model)
        before, done = rows_of(with_model, "insights", LAST, LAST), files_upstream(with_model)
        asked = len(model.requests)
        monkeypatch.setenv(f"{PREFIX}LLM_PROMPT_DIR", str(tmp_path))
        run(with_model, EVERYTHING)
        assert len(model.requests) == 2 * asked > 0
        assert "Be strict" in model.requests[-1].body["messages"][0]["content"]
    after = rows_of(with_model, "insights", LAST, LAST)
    assert before["prompt_version"].to_list() == [load_prompts().version]
    assert after["prompt_version"].to_list() == [load_prompts(tmp_path).version]
    assert files_upstream(with_model).items() >= done.items()
    assert {name for name in files_upstream(with_model).keys() - done.keys()} == set()


@pytest.mark.parametrize("stopped_by", ["a cap", pytest.param("an outage", marks=pytest.mark.slow)])
def test_a_run_that_is_stopped_takes_nothing_away_and_the_day_comes_back(
    with_model: Home,
    journey: Home,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stopped_by: str,
) -> None:
    packaged = Path(__file__).parents[2] / "podcast_insights/insights/llm/prompts/insights_v2.md"
    text = packaged.read_text("utf-8").replace("Be sparing", "Be strict")
    (tmp_path / "insights_v2.md").write_text(text, "utf-8")
    with MisbehavingLlm([proposes(said(journey), MADE_UP)]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        run(with_model)
    before = rows_of(with_model, "insights", LAST, LAST)
    assert before.height == 1
    monkeypatch.setenv(f"{PREFIX}LLM_PROMPT_DIR", str(tmp_path))
    with MisbehavingLlm([fails(404, "no such model")]) as model, monkeypatch.context() as stopped:
        stopped.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        if stopped_by == "a cap":
            stopped.setenv(f"{PREFIX}LLM_MAX_COST_USD_PER_RUN", "0.000001")
        for _ in range(2):
            run(with_model)
            assert_frame_equal(rows_of(with_model, "insights", LAST, LAST), before)
    reason = {"a cap": "budget_exceeded", "an outage": "engine_failed"}[stopped_by]
    assert set(rows_of(with_model, "rejected_insights", LAST, LAST)["reason"]) == {reason}
    now = datetime(2025, 9, 12, tzinfo=UTC)
    (owed,) = owed_days(with_model.warehouse, LAST, LAST + timedelta(days=1), now)
    assert owed.episodes == 4
    with MisbehavingLlm([proposes(said(journey))]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        run(with_model)
    after = rows_of(with_model, "insights", LAST, LAST)
    assert after["prompt_version"].to_list() == [load_prompts(tmp_path).version]
    assert owed_days(with_model.warehouse, LAST, LAST + timedelta(days=1), now) == []


def test_a_long_day_goes_in_windows_with_a_choice_and_its_costs_can_be_read_by_episode(
    with_model: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Sentences of the transcripts themselves are proposed, and the choice fails for one show."""

    def behave(request: Request) -> Behaviour:
        if request.is_selection:
            ids = re.findall(r"^\[(c\d+)\]$", request.prompt, re.MULTILINE)
            return says("No.") if "Grid and Gravity" in request.prompt else chooses(ids[-1])
        lines = re.findall(r"^\[\d+[^\]]*\] (.*)$", request.prompt, re.MULTILINE)
        told = (line for line in lines if len(line.split()) < 40 and "?" not in line)
        quote = max(told, key=len)
        body = f"It is told in these words, and in no others, and so they are here: {quote}"
        return proposes(
            {
                "quote": quote,
                "headline": "something is told in these words",
                "body": " ".join(body.split()[:60]),
                "kind": "fact",
                "topics": ["economics"],
                "entities": [],
                "value": 0.5,
            }
        )

    monkeypatch.setenv(f"{PREFIX}LLM_MAX_PROMPT_CHARS", "2000")
    with MisbehavingLlm([by_request(behave)]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        result = run(with_model, instance=dg.DagsterInstance.local_temp(str(tmp_path)))
    run(with_model, ["analyst_database"])
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        log = [event.user_message for event in instance.all_logs(result.run_id)]
    assert any("no selection" in line and "asked twice" in line for line in log)
    calls = with_model.warehouse.read("SELECT * FROM llm_calls")
    assert set(calls["purpose"]) == {"propose", "select"}
    insights = rows_of(with_model, "insights", LAST, LAST)
    assert insights.filter(pl.col("value_score") == 0.6).height > 0
    with connected(with_model.settings.analysts_path, read_only=True) as connection:
        costs = connection.execute("SELECT * FROM episode_costs").pl()
        comment = connection.execute(
            "SELECT comment FROM duckdb_views() WHERE view_name = 'episode_costs'"
        ).fetchone()
    assert "by episode" in comment[0]
    assert costs["calls"].sum() == calls.height == len(model.requests)
    assert costs["cost_usd"].sum() == pytest.approx(calls["cost_usd"].sum())
    assert (costs["propose_calls"] + costs["select_calls"]).to_list() == costs["calls"].to_list()
    assert costs["show_title"].null_count() == 0
    assert costs["insights"].sum() == insights.height
    counted = costs.filter(pl.col("insights") > 0)
    for row in counted.to_dicts():
        assert row["cost_usd_per_insight"] == pytest.approx(row["cost_usd"] / row["insights"])
    assert costs.filter(pl.col("insights") == 0)["cost_usd_per_insight"].drop_nulls().is_empty()


def test_the_model_that_answered_is_the_one_in_the_rows(
    with_model: Home, journey: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        MisbehavingLlm([fails(404, "no such model")]) as first,
        MisbehavingLlm([proposes(said(journey), MADE_UP)]) as second,
    ):
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", first.api_base)
        monkeypatch.setenv(f"{PREFIX}LLM_FALLBACK_MODELS", "openai/gpt-4o-mini")
        monkeypatch.setenv("OPENAI_BASE_URL", second.api_base)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-another-0123456789")
        run(with_model)
    for table in ("insights", "rejected_insights"):
        models = rows_of(with_model, table, LAST, LAST)["model"]
        assert set(models) == {"openai/gpt-4o-mini"}, table
