"""What calls to a language model may cost, and what they did cost.

Every attempt, retries included, is written down at its worst case before it is made, and
corrected when its answer is there. A process that dies in between has therefore spent too
much in the ledger, never too little, and several processes that share a day's cap can't pass
it together.

What does not belong here: how a call is made (`client.py`), when it is made again
(`models.py`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from podcast_insights.errors import UserError
from podcast_insights.insights.engine import BudgetExceededError
from podcast_insights.insights.llm.client import load_litellm
from podcast_insights.settings import PREFIX

if TYPE_CHECKING:
    from podcast_insights.warehouse.database import Warehouse

ROUNDING_USD = 1e-9
"""Sums of floats; a cap for exactly two calls lets two calls through."""


@dataclass(frozen=True)
class Call:
    """One attempt, as a row of `llm_calls`."""

    call_id: str
    called_at: datetime
    run_id: str
    episode_id: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    status: str
    error: str | None
    purpose: str = "propose"
    prompt_version: str = ""


@dataclass(frozen=True)
class Caps:
    """The most that may be spent, US dollars."""

    per_run_usd: float
    per_day_usd: float

    def check(self, call: Call, run_usd: float, day_usd: float) -> None:
        """Refuse a call that could pass a cap.

        Args:
            call: the call about to be made, at its worst-case cost.
            run_usd: what its run has spent or reserved.
            day_usd: what all runs have spent or reserved on its UTC day.

        Raises:
            BudgetExceededError: naming the cap, what is spent and what the call could cost.
        """
        for scope, spent, cap in (
            ("run", run_usd, self.per_run_usd),
            ("day", day_usd, self.per_day_usd),
        ):
            if spent + call.cost_usd > cap + ROUNDING_USD:
                raise BudgetExceededError(
                    f"The next call to {call.model} could cost {call.cost_usd:.4f} USD, and this "
                    f"{scope} has spent or reserved {spent:.4f} of {cap:.4f} USD. Raise "
                    f"{PREFIX}LLM_MAX_COST_USD_PER_{scope.upper()}, or wait for the next {scope}."
                )


class Ledger(Protocol):
    """Keeps account of calls; safe to use from several threads and processes."""

    def spent_since(self, moment: datetime) -> float:
        """What calls from `moment` on have cost, reservations included, US dollars."""
        ...

    def reserve(self, call: Call, caps: Caps) -> None:
        """Write down a call before it is made, unless it could pass a cap.

        Checking and writing are one step: nobody else's reservation can come in between.

        Raises:
            BudgetExceededError: a cap could be passed; nothing was written.
        """
        ...

    def settle(self, call: Call) -> None:
        """Replace a reservation by what the call really was."""
        ...


class OpenCalls:
    """How many calls of a run are reserved and not yet settled.

    A reservation is many times what a call costs in the end, so several calls at the same time
    can fill a cap of which next to nothing will be spent. A call without room therefore waits
    for those that are under way, and gives up only when there are none.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._settled = threading.Condition()
        self._count = 0

    @contextmanager
    def reserved(self, reserve: Callable[[], None], patience_s: float) -> Iterator[None]:
        """Reserve a call, after others are settled if need be; it is open while the block runs.

        Args:
            reserve: writes the reservation down, or raises BudgetExceededError.
            patience_s: how long to wait for any open call to be settled; longer than a call takes.

        Raises:
            BudgetExceededError: there is no room, and no open call that could make any.
        """
        with self._settled:
            while True:
                try:
                    reserve()
                    break
                except BudgetExceededError:
                    if not self._count or not self._settled.wait(patience_s):
                        raise
            self._count += 1
        try:
            yield
        finally:
            with self._settled:
                self._count -= 1
                self._settled.notify_all()


@dataclass(frozen=True)
class WarehouseLedger:
    """The ledger as the table `llm_calls`; one short transaction for each entry."""

    warehouse: "Warehouse"

    def spent_since(self, moment: datetime) -> float:
        """What calls from `moment` on have cost, reservations included, US dollars."""
        spent = self.warehouse.read(
            "SELECT coalesce(sum(cost_usd), 0.0) FROM llm_calls WHERE called_at >= ?", [moment]
        )
        return float(spent.item())

    def reserve(self, call: Call, caps: Caps) -> None:
        """Write down a call before it is made, unless it could pass a cap.

        Raises:
            BudgetExceededError: a cap could be passed; nothing was written.
        """
        from podcast_insights.warehouse.database import touch

        day = midnight(call.called_at)
        values = asdict(call)
        with self.warehouse.transaction() as connection:
            sums = connection.execute(
                "SELECT coalesce(sum(cost_usd) FILTER (run_id = ?), 0.0),"
                " coalesce(sum(cost_usd) FILTER (called_at >= ? AND called_at < ?), 0.0)"
                " FROM llm_calls",
                [call.run_id, day, day + timedelta(days=1)],
            ).fetchone()
            run_usd, day_usd = sums or (0.0, 0.0)
            caps.check(call, float(run_usd), float(day_usd))
            connection.execute(
                f"INSERT INTO llm_calls ({', '.join(values)})"  # noqa: S608 - field names of Call
                f" VALUES ({', '.join('?' * len(values))})",
                list(values.values()),
            )
            touch(connection)

    def settle(self, call: Call) -> None:
        """Replace a reservation by what the call really was."""
        rows = self.warehouse.tables["llm_calls"].frame([asdict(call)])
        self.warehouse.merge("llm_calls", rows)


@dataclass(frozen=True)
class Price:
    """List prices; discounts for cached prompts make the truth lower, never higher.

    Args:
        usd_per_million: prompt and completion price; None: litellm knows the model's.
    """

    model: str
    usd_per_million: tuple[float, float] | None = None

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The cost of that many tokens."""
        if self.usd_per_million is not None:
            prompt, completion = self.usd_per_million
            return (prompt_tokens * prompt + completion_tokens * completion) / 1e6
        prompt, completion = load_litellm().cost_per_token(
            model=self.model, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens
        )
        return float(prompt + completion)


def price_of(
    model: str, usd_per_million: tuple[float, float] | None, setting: str = "LLM_MODEL"
) -> Price:
    """The price of a model: as given, else as litellm knows it.

    Args:
        model: as litellm names it.
        usd_per_million: prompt and completion price, where given.
        setting: where the model's name stands, for the remedy.

    Raises:
        UserError: neither, or it has a fee for each request; caps could not be kept.
    """
    if usd_per_million is not None:
        return Price(model, usd_per_million)
    litellm = load_litellm()
    try:
        known = litellm.model_cost.get(litellm.get_model_info(model)["key"], {})
        price = Price(model)
        price.cost_usd(1, 1)
    except Exception:  # litellm raises plain exceptions for unknown models
        known = {}
    # An entry without prices would read as free.
    if not {"input_cost_per_token", "output_cost_per_token"} <= known.keys():
        own_price = (
            f"or set {PREFIX}LLM_PRICE_USD_PER_MILLION_TOKENS to INPUT,OUTPUT; 0,0 if it is free."
            if setting == "LLM_MODEL"
            else "or leave it out: caps can't be kept without a price."
        )
        raise UserError(
            f"litellm has no price for {model}.",
            f"Correct {PREFIX}{setting} (as provider/model), {own_price}",
        )
    if known.get("input_cost_per_request"):
        raise UserError(
            f"{model} costs something for each request besides its tokens.",
            f"Name another model in {PREFIX}{setting}: caps reckon with tokens only.",
        )
    return price


def check_limit(model: str, setting: str = "LLM_MODEL") -> None:
    """Refuse a model whose answers can't be limited, because no cap could be kept.

    litellm leaves a limit out without a word where it thinks that the provider takes none.

    Raises:
        UserError: litellm knows no such provider, or none of its names for a limit.
    """
    litellm = load_litellm()
    try:
        taken = litellm.get_supported_openai_params(model=model)
    except Exception:  # litellm raises plain exceptions for unknown models
        taken = None
    if taken is None:
        raise UserError(
            f"litellm knows no provider of {model}.",
            f"Correct {PREFIX}{setting} (as provider/model, such as openai/gpt-5-mini).",
        )
    if not {"max_tokens", "max_completion_tokens"} & set(taken):
        raise UserError(
            f"The length of answers of {model} can't be limited, so caps could not be kept.",
            f"Name another model in {PREFIX}{setting}.",
        )


def midnight(moment: datetime) -> datetime:
    """The start of the UTC day that `moment` lies in."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
