"""What calls cost, and that no cap is passed, whatever models answer and servers claim."""

import dataclasses
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from podcast_insights.insights.engine import BudgetExceededError, EngineError
from podcast_insights.insights.llm.client import LlmClient, load_litellm, most_bytes
from podcast_insights.insights.llm.engine import LlmEngine
from podcast_insights.insights.llm.spending import Call, Caps, OpenCalls
from podcast_insights_tests.support.llm_desk import (
    EPISODE,
    INSIGHT,
    NOW,
    Desk,
    another,
    idea,
    long_episode,
)
from podcast_insights_tests.support.misbehaving_llm import (
    Behaviour,
    MisbehavingLlm,
    Request,
    by_request,
    fails,
    hangs_up,
    proposes,
    says,
)


def cap_for_two(desk: Desk) -> float:
    """Two calls at their worst case and a bit, because the random mark varies in tokens.

    A call whose answer gives no token counts is booked at its worst case.
    """
    with MisbehavingLlm([proposes(usage=None)]) as llm:
        desk.engine(llm, run_id="measured").propose(another(0), limit=3)
    cost = desk.spent()
    desk.ledger.warehouse.read("DELETE FROM llm_calls RETURNING call_id")
    return 2.2 * cost


@pytest.mark.parametrize("scope", ["run", "day"])
def test_a_cap_for_two_calls_lets_two_calls_through(desk: Desk, scope: str) -> None:
    cap = cap_for_two(desk)
    caps = Caps(per_run_usd=cap, per_day_usd=9.0) if scope == "run" else Caps(9.0, cap)
    with MisbehavingLlm([proposes(usage=None)]) as llm:
        engine = desk.engine(llm, caps=caps)
        engine.propose(another(1), limit=3)
        engine.propose(another(2), limit=3)
        with pytest.raises(BudgetExceededError, match=f"LLM_MAX_COST_USD_PER_{scope.upper()}"):
            engine.propose(another(3), limit=3)
    assert len(llm.requests) == 2
    assert 0.8 * cap < desk.ledger.spent_since(NOW - timedelta(days=1)) <= cap


def test_a_cap_holds_for_calls_made_at_the_same_time(desk: Desk) -> None:
    cap = cap_for_two(desk)
    with MisbehavingLlm([proposes(usage=None)]) as llm:
        engine = desk.engine(llm, caps=Caps(cap, cap))

        def propose(number: int) -> bool:
            try:
                engine.propose(another(number), limit=3)
            except BudgetExceededError:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            went_through = list(pool.map(propose, range(1, 7)))
    assert (sum(went_through), len(llm.requests)) == (2, 2)


def test_calls_without_room_wait_for_those_under_way_and_a_run_goes_on(desk: Desk) -> None:
    """Two reservations fill the cap, of which all eight calls spend a hundredth."""
    cap = cap_for_two(desk)

    def slow(request: Request) -> Behaviour:
        time.sleep(0.1)
        return proposes(usage=(10, 1))

    with MisbehavingLlm([by_request(slow)]) as llm:
        engine = desk.engine(llm, caps=Caps(cap, cap))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: engine.propose(another(n), limit=3), range(1, 9)))
    assert len(llm.requests) == 8
    assert desk.spent() < 0.01 * cap


def test_a_call_without_room_waits_no_longer_than_a_call_can_take() -> None:
    open_calls = OpenCalls()

    def no_room() -> None:
        raise BudgetExceededError("no room")

    began = time.monotonic()
    with open_calls.reserved(lambda: None, 1.0):
        with pytest.raises(BudgetExceededError), open_calls.reserved(no_room, 0.2):
            pass
    assert 0.2 <= time.monotonic() - began < 5
    began = time.monotonic()
    with pytest.raises(BudgetExceededError), open_calls.reserved(no_room, 60.0):
        pass
    assert time.monotonic() - began < 5, "nothing is under way"


def test_retries_stop_at_the_cap_too(desk: Desk) -> None:
    cap = cap_for_two(desk)
    with MisbehavingLlm([hangs_up]) as llm:
        with pytest.raises(BudgetExceededError):
            desk.engine(llm, caps=Caps(cap, cap), max_retries=9).propose(another(1), limit=3)
    assert len(llm.requests) == 2


def test_a_reservation_shrinks_to_what_the_call_really_cost(desk: Desk) -> None:
    cap = cap_for_two(desk)
    with MisbehavingLlm([proposes(usage=(10, 1))]) as llm:
        engine = desk.engine(llm, caps=Caps(cap, cap))
        for number in range(1, 6):
            engine.propose(another(number), limit=3)
    assert len(llm.requests) == 5


@pytest.mark.parametrize(("hours_ago", "is_allowed"), [(1, False), (13, True)])
def test_what_other_runs_spent_today_counts(desk: Desk, hours_ago: int, is_allowed: bool) -> None:
    earlier = Call(
        call_id="earlier",
        called_at=NOW - timedelta(hours=hours_ago),
        run_id="another run",
        episode_id="e9",
        model="m",
        prompt_tokens=1,
        completion_tokens=1,
        cost_usd=0.999,
        status="ok",
        error=None,
    )
    desk.ledger.settle(earlier)
    with MisbehavingLlm([proposes(INSIGHT)]) as llm:
        engine = desk.engine(llm, caps=Caps(1.0, 1.0))
        if is_allowed:
            assert engine.propose(EPISODE, limit=3)
        else:
            with pytest.raises(BudgetExceededError, match="this day has spent"):
                engine.propose(EPISODE, limit=3)
    assert len(llm.requests) == is_allowed


def test_a_call_whose_process_died_counts_at_its_worst_case(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LlmClient, "attempt", interrupted)
    with MisbehavingLlm([proposes()]) as llm, pytest.raises(KeyboardInterrupt):
        desk.engine(llm).propose(EPISODE, limit=3)
    assert desk.ledger.spent_since(NOW) > 0.01


@pytest.mark.parametrize("usage", [(10**12, 100), (100, 10**12), (10**400, 1), (1, 10**400)])
def test_a_server_that_claims_the_absurd_is_counted_at_the_worst_case(
    desk: Desk, usage: tuple[int, int]
) -> None:
    with MisbehavingLlm([proposes(INSIGHT, usage=usage)]) as llm:
        assert desk.engine(llm).propose(EPISODE, limit=3)
    (row,) = desk.rows()
    assert row["completion_tokens"] == 1_000
    assert 0.01 <= row["cost_usd"] <= 1.0
    assert row["status"] == "ok"


def test_more_tokens_than_were_sent_are_kept_in_words_and_can_pass_no_cap(desk: Desk) -> None:
    with MisbehavingLlm([proposes(INSIGHT, usage=(900_000_000, 100))]) as llm:
        assert desk.engine(llm).propose(EPISODE, limit=3)
    (row,) = desk.rows()
    assert 0 < row["cost_usd"] <= 1.0
    assert (row["status"], row["completion_tokens"]) == ("ok", 100)
    assert "the server claims 900000000 tokens of prompt" in row["error"]


def test_a_longer_answer_than_allowed_is_booked_as_claimed_and_the_model_not_asked_again(
    desk: Desk,
) -> None:
    with MisbehavingLlm([proposes(INSIGHT, usage=(1_000, 50_000))]) as llm:
        engine = desk.engine(llm)
        assert engine.propose(EPISODE, limit=3), "it was paid for"
        with pytest.raises(EngineError, match="not asked again in this run"):
            engine.propose(another(2), limit=3)
        assert len(llm.requests) == 1
        assert desk.engine(llm, run_id="next", caps=Caps(9.0, 9.0)).propose(another(2), limit=3)
    row = desk.rows()[0]
    assert row["completion_tokens"] == 50_000
    assert row["cost_usd"] == pytest.approx(0.501)
    assert "an answer of 50000 tokens; 1000 were allowed" in row["error"]


def test_what_a_server_does_not_say_counts_at_its_worst_case(desk: Desk) -> None:
    with MisbehavingLlm([proposes(INSIGHT, usage=(1_000, 0))]) as llm:
        desk.engine(llm).propose(EPISODE, limit=3)
    (row,) = desk.rows()
    assert (row["prompt_tokens"], row["completion_tokens"]) == (1_000, 1_000)


def test_what_is_reserved_is_more_than_any_tokenizer_makes_of_it() -> None:
    """The first two are worst for tokenizers of bytes, the third for those that normalize."""
    texts = ("𓀀𓁀" * 50, "\u0378x" * 50, "\ufdfa" * 50, "plain words " * 50)
    encode = load_litellm().encode
    for text in texts:
        assert len(encode(model="gpt-4o", text=text)) <= most_bytes(text)
    assert most_bytes("\ufdfa") > len("\ufdfa".encode())


@dataclass
class Provider:
    """A provider with a bill of its own: tokens of what it was sent and what it answered.

    It respects `max_tokens`, claims no longer answers, and lies, fails and cuts off as its dice
    fall.
    """

    dice: random.Random
    price: tuple[float, float]
    bill_usd: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def behave(self, request: Request) -> Behaviour:
        """Answer, and put it on the bill."""
        with self.lock:
            what = self.dice.choice(("answer", "answer", "prose", "refuse", "drop", "rules"))
            lie = self.dice.choice((1.0, 1.0, 3.0, 1e9))
            is_silent = self.dice.random() < 0.2
            numbers = [self.dice.randrange(100) for _ in range(self.dice.randrange(5))]
        if what == "refuse":
            return fails(503, "busy")
        text = self.text(request, what, numbers)
        sent = "".join(m["content"] for m in request.body["messages"])
        schema = json.dumps(request.body["response_format"])
        prompt = 7 * len(request.body["messages"]) + tokens(sent) + tokens(schema)
        completion = min(tokens(text), request.body["max_tokens"])
        with self.lock:
            self.bill_usd += (prompt * self.price[0] + completion * self.price[1]) / 1e6
        if what == "drop":
            return hangs_up
        most = request.body["max_tokens"]
        usage = (int(prompt * lie), min(int(completion * lie), most))
        return says(text, usage=None if is_silent else usage)

    def text(self, request: Request, what: str, numbers: list[int]) -> str:
        if what == "prose":
            return "I would rather not. " * 40
        if request.is_selection:
            return json.dumps({"chosen": [{"id": f"c{n}", "value": 0.5} for n in numbers]})
        changes = {"body": "Too short."} if what == "rules" else {}
        return json.dumps({"insights": [idea(n, **changes) for n in numbers]})


def tokens(text: str) -> int:
    """A tokenizer that cuts three times as fine as those in use."""
    return max(len(text.encode()) * 3 // 4, 1)


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]
)
def test_no_cap_is_ever_passed_neither_in_the_ledger_nor_on_the_bill(desk: Desk, seed: int) -> None:
    """Windows, selections, retries, re-asking, fall-back and threads, all at once."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    prices = [(dice.uniform(0.1, 5), dice.uniform(0.1, 30)) for _ in range(2)]
    first, second = (Provider(random.Random(seed), price) for price in prices)  # noqa: S311
    worst = max(17_000 * price[0] + 1_000 * price[1] for price in prices) / 1e6
    run_cap = worst * dice.uniform(4, 5)
    caps = Caps(run_cap, run_cap * 1.6)
    with (
        MisbehavingLlm([by_request(first.behave)]) as llm,
        MisbehavingLlm([by_request(second.behave)]) as spare,
    ):
        asked_of = ((llm, "openai/first", prices[0]), (spare, "openai/second", prices[1]))
        stopped = 0
        for run in ("run 1", "run 2"):
            models = tuple(
                desk.model(server, name, price=price, caps=caps, run_id=run, max_retries=1)
                for server, name, price in asked_of
            )
            engine = dataclasses.replace(desk.engine(llm), models=models, max_prompt_chars=6_000)

            def propose(number: int, engine: LlmEngine = engine) -> bool:
                episode = dataclasses.replace(long_episode(), episode_id=f"{number}")
                titled = dataclasses.replace(episode, title=f"Episode {number}")
                try:
                    engine.propose(titled, limit=3)
                except BudgetExceededError:
                    return True
                except EngineError:
                    return False
                return False

            with ThreadPoolExecutor(4) as pool:
                stopped += sum(pool.map(propose, range(5)))
    calls = desk.rows()
    assert stopped, "a test of caps has to reach them"
    for run in {row["run_id"] for row in calls}:
        assert sum(r["cost_usd"] for r in calls if r["run_id"] == run) <= caps.per_run_usd + 1e-9
    assert desk.spent() <= caps.per_day_usd + 1e-9
    assert 0 < first.bill_usd + second.bill_usd <= caps.per_day_usd
