"""Models that are asked: each attempt paid for, tried again after a pause where that may help.

What does not belong here: one attempt (`client.py`), caps and the ledger (`spending.py`), what
is asked, and which model is next (`asking.py`).
"""

import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from podcast_insights.insights.engine import EngineError
from podcast_insights.insights.llm.client import GRACE_S, AttemptError, LlmClient, Messages, Reply
from podcast_insights.insights.llm.spending import Call, Caps, Ledger, OpenCalls, Price
from podcast_insights.settings import PREFIX

MAX_WAIT_S = 60.0
"""The longest pause between two attempts, whatever Retry-After says."""

ReadT = TypeVar("ReadT")


@dataclass(frozen=True)
class Bill:
    """What a call is for, as the ledger shows it."""

    episode_id: str
    purpose: str
    prompt_version: str


@dataclass(frozen=True)
class PaidModel:
    """A model whose every attempt is accounted for; safe to use from several threads.

    Args:
        max_retries: attempts after the first, for what may pass: 429, 5xx, time-outs, broken
            connections.
        open_calls: of all models of the run.
        overran: set once an answer was longer than allowed; then the model is not asked again.
    """

    client: LlmClient
    price: Price
    caps: Caps
    ledger: Ledger
    run_id: str
    max_retries: int = 3
    open_calls: OpenCalls = field(default_factory=OpenCalls, repr=False, compare=False)
    overran: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    jitter: Callable[[], float] = field(default=random.random, repr=False)

    @property
    def name(self) -> str:
        """The model as litellm names it."""
        return self.client.model

    def ask(
        self,
        messages: Messages,
        schema: Mapping[str, Any],
        bill: Bill,
        read: Callable[[Reply], ReadT | str],
    ) -> tuple[Reply, ReadT | str]:
        """Ask until there is an answer, a fault that stays, or no retry left.

        Args:
            messages: as in OpenAI's chat API.
            schema: JSON schema of the answer.
            bill: whose bill it is.
            read: the answer's content, or what makes it unusable. An unusable answer was paid
                for and stands in the ledger as failed.

        Raises:
            EngineError: no answer; says why and what to do.
            BudgetExceededError: an attempt could pass a cap; it was not made.
        """
        prompt_tokens = self.client.most_tokens(messages, schema)
        retrying = Retrying(
            stop=stop_after_attempt(self.max_retries + 1),
            wait=self._pause,
            retry=retry_if_exception(lambda e: isinstance(e, AttemptError) and e.is_transient),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            call, reply = retrying(self._paid_attempt, messages, schema, bill, prompt_tokens)
        except AttemptError as failure:
            # Without its causes: their texts come from outside and may hold the key.
            raise EngineError(f"{self.name}: {failure}") from None
        answer = read(reply)
        if isinstance(answer, str):
            error = f"unusable answer: {answer}" + (f"; {call.error}" if call.error else "")
            self.ledger.settle(replace(call, status="failed", error=error))
        return reply, answer

    def _paid_attempt(
        self, messages: Messages, schema: Mapping[str, Any], bill: Bill, prompt_tokens: int
    ) -> tuple[Call, Reply]:
        reserved = Call(
            call_id=uuid.uuid4().hex,
            called_at=self.clock(),
            run_id=self.run_id,
            episode_id=bill.episode_id,
            model=self.name,
            prompt_tokens=prompt_tokens,
            completion_tokens=self.client.max_answer_tokens,
            cost_usd=self.price.cost_usd(prompt_tokens, self.client.max_answer_tokens),
            status="failed",
            error="no answer was recorded; counted at its worst case",
            purpose=bill.purpose,
            prompt_version=bill.prompt_version,
        )
        # The thread that makes an attempt is given up after the time-out and a grace.
        patience_s = self.client.timeout_s + 2 * GRACE_S
        with self.open_calls.reserved(lambda: self._reserve(reserved), patience_s):
            try:
                reply = self.client.attempt(messages, schema)
            except AttemptError as error:
                failed = replace(reserved, error=str(error))
                if not error.may_have_cost:
                    failed = replace(failed, prompt_tokens=0, completion_tokens=0, cost_usd=0.0)
                self.ledger.settle(failed)
                raise
            answered = self._answered(reserved, reply)
            if answered.completion_tokens > reserved.completion_tokens:
                self.overran.set()
            self.ledger.settle(answered)
        return answered, reply

    def _reserve(self, call: Call) -> None:
        if self.overran.is_set():
            raise EngineError(
                f"{self.name} is not asked again in this run: an answer was longer than the "
                f"{call.completion_tokens} tokens allowed, so the caps can't be kept. Raise "
                f"{PREFIX}LLM_MAX_ANSWER_TOKENS if it counts what it thinks, or name another model."
            )
        self.ledger.reserve(call, self.caps)

    def _answered(self, reserved: Call, reply: Reply) -> Call:
        """The call as its answer says it was.

        We know how many bytes we sent: a server that claims more tokens is wrong, and its claim
        is kept in words only. An answer longer than allowed may be true, as some providers do not
        count thinking against the limit, and is then billed: it is booked as claimed. What a
        server does not say counts at its worst case.
        """
        said_nothing = not reply.completion_tokens and bool(reply.text)
        prompt = reply.prompt_tokens or reserved.prompt_tokens
        completion = reserved.completion_tokens if said_nothing else reply.completion_tokens
        if not reply.prompt_tokens:
            completion = max(completion, reserved.completion_tokens)
        errors = []
        if prompt > reserved.prompt_tokens:
            errors.append(
                f"the server claims {prompt} tokens of prompt; at most {reserved.prompt_tokens} "
                "are possible, and counted"
            )
            prompt = reserved.prompt_tokens
        cost = self.price.cost_usd(prompt, completion)
        if completion > reserved.completion_tokens:
            errors.append(
                f"the server claims an answer of {completion} tokens; "
                f"{reserved.completion_tokens} were allowed"
            )
        else:
            cost = min(cost, reserved.cost_usd)
        return replace(
            reserved,
            prompt_tokens=prompt,
            completion_tokens=completion,
            cost_usd=cost,
            status="ok",
            error="; ".join(errors) or None,
        )

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, AttemptError) else 0.0
        backoff: float = 2 ** (state.attempt_number - 1) * (0.5 + self.jitter())
        return min(max(asked, backoff), MAX_WAIT_S)
