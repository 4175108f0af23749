"""Another provider where the first one gives nothing: who is asked, what it costs, whose key."""

import dataclasses

import pytest
from pydantic import SecretStr

from podcast_insights.errors import UserError
from podcast_insights.insights.engine import BudgetExceededError, EngineError
from podcast_insights.insights.llm.engine import LlmEngine, from_settings
from podcast_insights.insights.llm.spending import Caps
from podcast_insights.settings import Settings
from podcast_insights_tests.support.llm_desk import EPISODE, INSIGHT, KEY, Desk, another
from podcast_insights_tests.support.misbehaving_llm import (
    Behaviour,
    MisbehavingLlm,
    fails,
    hangs_up,
    proposes,
    says,
)


def with_spare(
    desk: Desk, llm: MisbehavingLlm, spare: MisbehavingLlm, told: list[str] | None = None
) -> LlmEngine:
    """An engine with a dear first model and a cheap second one."""
    models = (
        desk.model(llm, "openai/first", price=(10.0, 100.0), max_retries=1),
        desk.model(spare, "openai/second", price=(1.0, 10.0), max_retries=1),
    )
    report = (told if told is not None else []).append
    return dataclasses.replace(desk.engine(llm), models=models, report=report)


@pytest.mark.parametrize(
    ("behaviour", "asked", "named"),
    [
        (fails(503, "down for maintenance"), 2, "down for maintenance"),
        (fails(429, "slow down"), 2, "429"),
        (hangs_up, 2, "500"),
        (fails(401, "no such key"), 1, "PODCAST_INSIGHTS_LLM_API_KEY"),
        (fails(403, "not yours"), 1, "403"),
        (fails(404, "no such model"), 1, "404"),
        (fails(400, "This model's maximum context length is 8192 tokens"), 1, "maximum context"),
        (fails(413, "too large"), 1, "too long"),
        (says("I'd rather not."), 2, "no usable answer, asked twice"),
    ],
)
def test_where_the_first_model_gives_nothing_the_next_one_is_asked(
    desk: Desk, behaviour: Behaviour, asked: int, named: str
) -> None:
    told: list[str] = []
    with MisbehavingLlm([behaviour]) as llm, MisbehavingLlm([proposes(INSIGHT)]) as spare:
        engine = with_spare(desk, llm, spare, told)
        (found,) = engine.propose(EPISODE, limit=3)
        assert (len(llm.requests), len(spare.requests)) == (asked, 1)
        assert engine.propose(EPISODE, limit=3) == [found]
        assert len(spare.requests) == 1, "what was answered once is not paid for again"
        assert len(llm.requests) == 2 * asked, "the first model may be back"
    assert (found.model, engine.model) == ("openai/second", "openai/first")
    assert any(named in line and "Asking openai/second instead" in line for line in told)
    by_model = {row["model"]: row for row in desk.rows()}
    assert by_model["openai/first"]["status"] == "failed"
    assert by_model["openai/second"]["cost_usd"] == pytest.approx(0.002)


def test_a_first_model_that_answers_is_the_only_one_asked(desk: Desk) -> None:
    told: list[str] = []
    with MisbehavingLlm([proposes(INSIGHT)]) as llm, MisbehavingLlm([proposes()]) as spare:
        (found,) = with_spare(desk, llm, spare, told).propose(EPISODE, limit=3)
    assert (found.model, spare.requests, told) == ("openai/first", [], [])


def test_a_model_that_is_named_anew_is_asked_although_the_one_before_it_has_answered(
    desk: Desk,
) -> None:
    with MisbehavingLlm([proposes(INSIGHT)]) as llm:
        old, new = (desk.model(llm, f"openai/{name}") for name in ("old", "new"))
        before = dataclasses.replace(desk.engine(llm), models=(old,))
        after = dataclasses.replace(desk.engine(llm), models=(new, old))
        assert before.propose(EPISODE, limit=3)[0].model == "openai/old"
        for _ in range(2):
            assert after.propose(EPISODE, limit=3)[0].model == "openai/new"
    assert [r.body["model"] for r in llm.requests] == ["old", "new"]


def test_where_no_model_answers_each_ones_reason_is_told(desk: Desk) -> None:
    with MisbehavingLlm([fails(404, "no")]) as llm, MisbehavingLlm([fails(503, "busy")]) as spare:
        with pytest.raises(EngineError, match=r"openai/first: 404.*openai/second: 503.*busy"):
            with_spare(desk, llm, spare).propose(EPISODE, limit=3)


def test_a_cap_is_checked_at_the_price_of_the_model_that_is_asked(desk: Desk) -> None:
    """Ten times dearer, the first model fits the cap once, and its failure may have cost."""
    with MisbehavingLlm([hangs_up]) as llm, MisbehavingLlm([proposes(INSIGHT)]) as spare:
        engine = with_spare(desk, llm, spare)
        caps = Caps(0.3, 9.0)
        models = [dataclasses.replace(m, caps=caps, max_retries=0) for m in engine.models]
        capped = dataclasses.replace(engine, models=tuple(models))
        assert capped.propose(EPISODE, limit=3)
        with pytest.raises(BudgetExceededError, match="next call to openai/first"):
            capped.propose(another(2), limit=3)
    assert (len(llm.requests), len(spare.requests)) == (1, 1)
    assert desk.spent() <= 0.3


def test_a_fall_back_past_the_cap_is_not_asked_and_both_reasons_are_told(desk: Desk) -> None:
    with MisbehavingLlm([fails(503, "busy")]) as llm, MisbehavingLlm([proposes()]) as spare:
        dear = desk.model(spare, "openai/second", price=(100.0, 9_000.0))
        engine = desk.engine(llm)
        engine = dataclasses.replace(engine, models=(*engine.models, dear))
        with pytest.raises(BudgetExceededError, match="busy.*next call to openai/second"):
            engine.propose(EPISODE, limit=3)
    assert spare.requests == []


def test_a_model_that_overruns_its_limit_is_not_asked_again_and_the_next_one_is(
    desk: Desk,
) -> None:
    """Its claim may be true: some providers do not count thinking against the limit."""
    told: list[str] = []
    with (
        MisbehavingLlm([proposes(INSIGHT, usage=(1_000, 5_000))]) as llm,
        MisbehavingLlm([proposes(INSIGHT)]) as spare,
    ):
        engine = with_spare(desk, llm, spare, told)
        models = [engine.propose(another(n), limit=3)[0].model for n in (1, 2, 3)]
    assert models == ["openai/first", "openai/second", "openai/second"]
    assert len(llm.requests) == 1
    assert any("PODCAST_INSIGHTS_LLM_MAX_ANSWER_TOKENS" in line for line in told)


def settings(llm: MisbehavingLlm, **more: str) -> Settings:
    return Settings(
        insight_engine="llm",
        llm_model="openai/first",
        llm_api_base=llm.api_base,
        llm_api_key=SecretStr(KEY),
        llm_price_usd_per_million_tokens="1,10",
        llm_max_retries=0,
        **more,
    )


def test_each_provider_gets_its_own_key_and_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key and address of the settings are the first model's; others use their variables."""
    with MisbehavingLlm([fails(404, "no")]) as llm, MisbehavingLlm([proposes(INSIGHT)]) as spare:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-provider-itself")
        monkeypatch.setenv("OPENAI_BASE_URL", spare.api_base)
        chosen = settings(llm, llm_fallback_models=" openai/gpt-4o-mini, ,openai/gpt-4o-mini")
        engine = from_settings(chosen, desk.cache, desk.ledger, "run")
        assert [m.name for m in engine.models] == ["openai/first", "openai/gpt-4o-mini"]
        (found,) = engine.propose(EPISODE, limit=3)
    assert found.model == "openai/gpt-4o-mini"
    assert {r.headers["Authorization"] for r in llm.requests} == {f"Bearer {KEY}"}
    assert {r.headers["Authorization"] for r in spare.requests} == {
        "Bearer sk-of-the-provider-itself"
    }
    assert spare.requests[0].body["model"] == "gpt-4o-mini"


def test_a_fall_back_without_a_known_price_is_refused_before_any_work(desk: Desk) -> None:
    """The price of the settings is the first model's, and not a stranger's."""
    with MisbehavingLlm([proposes()]) as llm:
        chosen = settings(llm, llm_fallback_models="openai/no-such-model")
        with pytest.raises(UserError, match=r"no price for openai/no-such-model") as caught:
            from_settings(chosen, desk.cache, desk.ledger, "run")
    assert "PODCAST_INSIGHTS_LLM_FALLBACK_MODELS" in caught.value.remedy
    assert llm.requests == []


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("morph/morph-v3-fast", "length of answers of morph/morph-v3-fast can't be limited"),
        ("v0/v0-1.0-md", "can't be limited"),
        ("nonsense/x", "litellm knows no provider of nonsense/x"),
        ("perplexity/sonar-medium-online", "for each request"),
    ],
)
def test_a_model_for_which_no_cap_can_be_kept_is_refused_before_any_work(
    desk: Desk, model: str, told: str
) -> None:
    with MisbehavingLlm([proposes()]) as llm:
        fee_is_litellms = model.startswith("perplexity")
        first = settings(llm).model_copy(
            update={"llm_model": model}
            | ({"llm_price_usd_per_million_tokens": ""} if fee_is_litellms else {})
        )
        with pytest.raises(UserError, match=told) as caught:
            from_settings(first, desk.cache, desk.ledger, "run")
        assert "PODCAST_INSIGHTS_LLM_MODEL" in caught.value.remedy
        with pytest.raises(UserError, match=told) as caught:
            spare = settings(llm, llm_fallback_models=model)
            from_settings(spare, desk.cache, desk.ledger, "run")
        assert "PODCAST_INSIGHTS_LLM_FALLBACK_MODELS" in caught.value.remedy
    assert llm.requests == []


def test_models_of_one_run_wait_for_each_others_calls(desk: Desk) -> None:
    with MisbehavingLlm([proposes()]) as llm:
        chosen = settings(llm, llm_fallback_models="openai/gpt-4o-mini")
        first, second = from_settings(chosen, desk.cache, desk.ledger, "run").models
    assert first.open_calls is second.open_calls
