"""The journey with a language model: the same tables, proof, costs and caps."""

import polars as pl
import pytest

from podcast_insights.settings import PREFIX
from podcast_insights_tests.conftest import DAYS, Home
from podcast_insights_tests.support.misbehaving_llm import MisbehavingLlm, fails, proposes
from podcast_insights_tests.support.runs import rows_of, run_window

LAST = DAYS[-1]
MADE_UP = {
    "quote": "nobody ever said these words on any of the shows",
    "headline": "Something nobody said",
    "body": "It would be remarkable if it were true. It is not.",
    "topics": ["fiction"],
    "value": 1.0,
}


def said(home: Home) -> dict[str, object]:
    """A candidate that one episode proves and the others do not."""
    insight = rows_of(home, "insights", LAST, LAST).sort("value_score").to_dicts()[-1]
    return {
        "quote": insight["quote"],
        "headline": "Idle hardware earns nothing",
        "body": "What stands idle still has to be paid for. So its owner looks for a use.",
        "topics": ["economics"],
        "value": 0.9,
    }


@pytest.fixture
def with_model(home: Home, journey: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    home.take_cache_of(journey)
    monkeypatch.setenv(f"{PREFIX}INSIGHT_ENGINE", "llm")
    monkeypatch.setenv(f"{PREFIX}LLM_MODEL", "openai/test-model")
    monkeypatch.setenv(f"{PREFIX}LLM_API_KEY", "sk-test-secret-0123456789")
    monkeypatch.setenv(f"{PREFIX}LLM_PRICE_USD_PER_MILLION_TOKENS", "1,1")
    monkeypatch.setenv(f"{PREFIX}LLM_MAX_RETRIES", "0")
    return home


def run(home: Home) -> object:
    from podcast_insights.definitions import build_defs
    from podcast_insights.insights.resource import InsightEngineResource

    resources = build_defs(home.settings).resources
    engine = InsightEngineResource(
        cache=resources["cache"], warehouse=resources["warehouse"], engine="llm"
    )
    return run_window(home, LAST, LAST, resources={"insight_engine": engine})


def test_only_what_was_said_gets_through_and_everything_is_counted(
    with_model: Home, journey: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MisbehavingLlm([proposes(said(journey), MADE_UP)]) as model:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", model.api_base)
        result = run(with_model)
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
