"""One request after the other, against a server that misbehaves, over real HTTP and litellm."""

import contextlib
import time

import pytest
from pydantic import SecretStr

from podcast_insights.errors import UserError
from podcast_insights.insights.engine import EngineError
from podcast_insights.insights.llm.client import AttemptError, LlmClient
from podcast_insights.insights.llm.spending import price_of
from podcast_insights_tests.support.llm_desk import EPISODE, INSIGHT, KEY, Desk
from podcast_insights_tests.support.misbehaving_llm import (
    MisbehavingLlm,
    answers_raw,
    fails,
    hangs_up,
    proposes,
    sends_without_end,
    sleeps,
)


def test_the_request_asks_for_json_by_a_strict_schema(desk: Desk) -> None:
    with MisbehavingLlm([proposes()]) as llm:
        assert desk.engine(llm).propose(EPISODE, limit=3) == []
    body = llm.requests[0].body
    assert body["max_tokens"] == 1_000
    wanted = body["response_format"]["json_schema"]
    assert wanted["strict"] is True
    assert wanted["schema"]["additionalProperties"] is False
    assert wanted["schema"]["$defs"]["ProposedInsight"]["additionalProperties"] is False


def test_too_many_requests_waits_as_long_as_the_server_asks(desk: Desk) -> None:
    pauses: list[float] = []
    busy = fails(429, "slow down", {"Retry-After": "7"})
    with MisbehavingLlm([busy, proposes(INSIGHT)]) as llm:
        assert desk.engine(llm, pauses).propose(EPISODE, limit=3)
    assert pauses == [7.0]
    assert [row["status"] for row in desk.rows()] == ["failed", "ok"]
    assert desk.rows()[0]["cost_usd"] == 0.0


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("86400", 60.0),
        ("Wed, 04 Mar 2026 12:00:30 GMT", 30.0),
        ("soon", 1.0),
        ("9" * 5_000, 60.0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 1.0),
        ("Mon, 01 Jan 2024 99999999999999999999:00:00 GMT", 1.0),
    ],
)
def test_retry_after_is_read_in_its_forms_and_bounded(
    desk: Desk, asked: str, waited: float
) -> None:
    pauses: list[float] = []
    busy = fails(429, "slow down", {"Retry-After": asked})
    with MisbehavingLlm([busy, proposes(INSIGHT)]) as llm:
        desk.engine(llm, pauses).propose(EPISODE, limit=3)
    assert pauses == [waited]


def test_a_server_error_is_tried_again_after_a_growing_pause(desk: Desk) -> None:
    pauses: list[float] = []
    with MisbehavingLlm([fails(500, "oops"), fails(503, "oops"), proposes(INSIGHT)]) as llm:
        assert desk.engine(llm, pauses).propose(EPISODE, limit=3)
    assert pauses == [1.0, 2.0]


def test_retries_come_to_an_end(desk: Desk) -> None:
    with MisbehavingLlm([fails(503, "down for maintenance")]) as llm:
        with pytest.raises(EngineError, match="down for maintenance"):
            desk.engine(llm, max_retries=2).propose(EPISODE, limit=3)
    assert len(llm.requests) == 3


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "PODCAST_INSIGHTS_LLM_MODEL"),
        (401, "PODCAST_INSIGHTS_LLM_API_KEY"),
        (403, "PODCAST_INSIGHTS_LLM_API_KEY"),
        (404, "PODCAST_INSIGHTS_LLM_MODEL"),
    ],
)
def test_a_refusal_is_final_and_names_the_remedy(desk: Desk, status: int, remedy: str) -> None:
    with MisbehavingLlm([fails(status, "no"), proposes(INSIGHT)]) as llm:
        with pytest.raises(EngineError, match=remedy):
            desk.engine(llm).propose(EPISODE, limit=3)
    assert len(llm.requests) == 1
    assert desk.rows()[0]["cost_usd"] == 0.0


def test_a_silent_server_costs_bounded_attempts_that_count_as_spent(desk: Desk) -> None:
    with MisbehavingLlm([sleeps(5)]) as llm:
        with pytest.raises(EngineError, match="no answer within 0.3 s"):
            desk.engine(llm, timeout_s=0.3, max_retries=1).propose(EPISODE, limit=3)
    assert len(llm.requests) == 2
    assert all(row["cost_usd"] > 0.01 for row in desk.rows())


def test_a_dripping_server_is_given_up(desk: Desk) -> None:
    with MisbehavingLlm([sends_without_end(b" ", pause_s=0.1)]) as llm:
        began = time.monotonic()
        with pytest.raises(EngineError, match="no answer within 0.5 s"):
            desk.engine(llm, timeout_s=0.5, max_retries=0).propose(EPISODE, limit=3)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "model", ["gemini/gemini-2.5-flash", "anthropic/claude-sonnet-4-5", "mistral/m", "openai/x"]
)
@pytest.mark.parametrize("body", [b"<html>", b'{"answer": 1}'])
def test_an_answer_that_cannot_be_read_was_paid_for_whatever_litellm_makes_of_it(
    model: str, body: bytes
) -> None:
    """There is a 422 that litellm makes itself of what Gemini's server sends with 200."""
    client = {"model": model, "api_key": SecretStr(KEY), "timeout_s": 5.0}
    message = [{"role": "user", "content": "Hello"}]
    with MisbehavingLlm([answers_raw(body)]) as llm:
        with pytest.raises(AttemptError) as unreadable:
            LlmClient(api_base=llm.api_base, **client).attempt(message, {"type": "object"})
    assert unreadable.value.may_have_cost
    with MisbehavingLlm([fails(422, "no")]) as llm:
        with pytest.raises(AttemptError) as refused:
            LlmClient(api_base=llm.api_base, **client).attempt(message, {"type": "object"})
    assert not refused.value.may_have_cost


def test_a_missing_key_is_told_and_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    client = LlmClient("anthropic/claude-sonnet-4-5", timeout_s=5)
    with pytest.raises(AttemptError, match="Check PODCAST_INSIGHTS_LLM_API_KEY") as missing:
        client.attempt([{"role": "user", "content": "Hello"}], {"type": "object"})
    assert (missing.value.is_transient, missing.value.may_have_cost) == (False, False)


@pytest.mark.parametrize("model", ["anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash"])
def test_other_providers_are_bounded_and_their_pauses_honoured_too(model: str) -> None:
    busy = fails(429, "slow down", {"Retry-After": "7"})
    with MisbehavingLlm([busy, sends_without_end(b" ", pause_s=0.1)]) as llm:
        client = LlmClient(model, llm.api_base, SecretStr(KEY), timeout_s=0.5)
        message = [{"role": "user", "content": "Hello"}]
        with pytest.raises(AttemptError) as limited:
            client.attempt(message, {"type": "object"})
        began = time.monotonic()
        with pytest.raises(AttemptError, match="no answer within 0.5 s"):
            client.attempt(message, {"type": "object"})
    assert (limited.value.retry_after_s, limited.value.may_have_cost) == (7.0, False)
    assert time.monotonic() - began < 5


def test_an_endless_answer_is_given_up_and_not_asked_for_again(desk: Desk) -> None:
    with MisbehavingLlm([sends_without_end(b" " * 1_000_000, pause_s=0)]) as llm:
        with pytest.raises(EngineError, match="the answer passed 4,000,000 bytes"):
            desk.engine(llm).propose(EPISODE, limit=3)
    assert len(llm.requests) == 1


def test_a_broken_connection_is_tried_again_and_counts_as_spent(desk: Desk) -> None:
    with MisbehavingLlm([hangs_up, proposes(INSIGHT)]) as llm:
        assert desk.engine(llm).propose(EPISODE, limit=3)
    ok, broken = desk.rows()
    assert (ok["status"], broken["status"]) == ("ok", "failed")
    assert broken["cost_usd"] > ok["cost_usd"]


def test_no_server_at_all_costs_nothing(desk: Desk) -> None:
    with MisbehavingLlm([proposes()]) as llm:
        engine = desk.engine(llm, max_retries=1)
    with pytest.raises(EngineError, match="PODCAST_INSIGHTS_LLM_API_BASE"):
        engine.propose(EPISODE, limit=3)
    assert [row["cost_usd"] for row in desk.rows()] == [0.0, 0.0]


def test_a_web_page_instead_of_an_answer_is_an_engine_error(desk: Desk) -> None:
    with MisbehavingLlm([answers_raw(b"<html>Sign in</html>")]) as llm:
        with pytest.raises(EngineError, match="openai/test-model"):
            desk.engine(llm, max_retries=1).propose(EPISODE, limit=3)
    assert len(llm.requests) == 2


def test_the_key_goes_to_the_server_and_nowhere_else(desk: Desk) -> None:
    with MisbehavingLlm([fails(401, f"Incorrect API key: {KEY}")]) as llm:
        engine = desk.engine(llm)
        with pytest.raises(EngineError) as caught:
            engine.propose(EPISODE, limit=3)
    assert llm.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "Incorrect API key" in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    for text in (str(caught.value), str(desk.rows()), repr(engine)):
        assert KEY not in text


@pytest.mark.parametrize(
    "model",
    [
        "openai/x",
        "gpt-4o-mini",
        "anthropic/claude-sonnet-4-5",
        "mistral/mistral-small",
        "deepseek/deepseek-chat",
        "groq/llama",
        "custom_openai/x",
    ],
)
def test_the_providers_own_key_is_not_sent_to_another_server(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for provider in ("OPENAI", "ANTHROPIC", "MISTRAL", "DEEPSEEK", "GROQ"):
        monkeypatch.setenv(f"{provider}_API_KEY", "sk-of-another-provider")
    with MisbehavingLlm([proposes()]) as llm:
        client = LlmClient(model, llm.api_base, timeout_s=5)
        with contextlib.suppress(AttemptError):  # not all of them speak OpenAI's language
            client.attempt([{"role": "user", "content": "Hello"}], {"type": "object"})
    (request,) = llm.requests
    assert "sk-of-another-provider" not in str(request)


def test_a_model_without_a_price_is_refused_before_any_work() -> None:
    with pytest.raises(UserError, match="LLM_PRICE_USD_PER_MILLION_TOKENS"):
        price_of("openai/no-such-model", None)


def test_known_models_are_priced_by_litellm() -> None:
    price = price_of("openai/gpt-4o-mini", None)
    assert price.cost_usd(1_000_000, 0) > 0
    assert price.cost_usd(0, 1_000_000) > price.cost_usd(1_000_000, 0)
