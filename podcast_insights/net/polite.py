"""Asking again, and when: bounded, later each time, and as hosts ask for.

What does not belong here: asking once (`client.py`), one request per host at a time
(`gates.py`), when to ask a host that wants to be left alone for longer (the scan).
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import tenacity

from podcast_insights.net.client import Answer, SafeClient
from podcast_insights.net.errors import FetchError
from podcast_insights.net.landing import Landing
from podcast_insights.net.sockets import Deadline

MAX_ATTEMPTS_IN_ALL = 100
"""Of a download that each time gets a little further."""

MAX_BODIES = 2
"""Bytes of all attempts of a download together, in bodies of the largest size allowed."""


@dataclass(frozen=True)
class PoliteClient:
    """A client that asks again where that may help.

    All attempts and the pauses between them share the total time of the client's limits. No
    gate is held during a pause.

    Args:
        client: asks once.
        max_attempts: how often in all; of a download, how often in a row without getting
            further than before.
        max_wait_s: the longest pause; a host that asks for more is not asked again.
        first_wait_s: the first pause, give or take; each further one is twice as long.
        random: between 0 and 1, so that many clients do not come back all at once.
        sleep: how a pause is made.
        clock: tells how long all took.
    """

    client: SafeClient
    max_attempts: int = 3
    max_wait_s: float = 30.0
    first_wait_s: float = 1.0
    random: Callable[[], float] = random.random
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch `url` into memory.

        Raises:
            FetchError: that of the last attempt, or of kind `asked_to_wait`.
        """
        return self._patiently(lambda deadline: self.client.get(url, headers, deadline=deadline))

    def download(self, url: str, target: Path | Landing) -> Answer:
        """Fetch `url` into a file; each attempt goes on where the one before broke off.

        Where the host does not allow that, or has another file there by now, it begins anew.

        Raises:
            FetchError: as for `get`.
            OSError: the file can't be written.
        """
        landing = target if isinstance(target, Landing) else Landing(target)
        enough = MAX_BODIES * self.client.limits.max_bytes

        def attempt(deadline: Deadline) -> Answer:
            return self.client.download(url, landing, deadline=deadline)

        return self._patiently(
            attempt, Patience(lambda: landing.size, lambda: landing.received >= enough)
        )

    def _patiently(
        self, attempt: Callable[[Deadline], Answer], patience: "Patience | None" = None
    ) -> Answer:
        deadline = Deadline(self.client.limits.total_timeout_s, self.clock)
        patience = patience or Patience()

        def is_enough(state: tenacity.RetryCallState) -> bool:
            longest = min(self.max_wait_s, deadline.left())
            is_lost = patience.in_vain >= self.max_attempts or patience.is_over
            return is_lost or state.upcoming_sleep > longest

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_transient),
            after=lambda state: patience.count(),
            wait=lambda state: self._pause(state, patience.in_vain),
            stop=is_enough,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt, deadline)
        except FetchError as error:
            if error.is_transient and error.retry_after_s:
                raise asked_to_wait(error) from error
            raise

    def _pause(self, state: tenacity.RetryCallState, in_vain: int) -> float:
        """Exponential, between half and all of it; at least what the host asks for."""
        longest = self.first_wait_s * 2.0 ** max(in_vain - 1, 0)
        pause = min(longest, self.max_wait_s) * (0.5 + self.random() / 2)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, FetchError) else None
        return max(pause, asked or 0.0)


@dataclass
class Patience:
    """How many attempts failed without bringing anything further.

    Args:
        reached: how far the work is, in bytes; always 0 where an attempt is all or nothing.
        is_too_much: whether all attempts together have cost more than they may.
    """

    reached: Callable[[], int] = lambda: 0
    is_too_much: Callable[[], bool] = lambda: False
    in_vain: int = 0
    in_all: int = 0
    _furthest: int = field(default=-1, init=False)

    def __post_init__(self) -> None:
        """What is there before the first attempt is no progress."""
        self._furthest = self.reached()

    @property
    def is_over(self) -> bool:
        """Whether even progress is no reason to go on."""
        return self.in_all >= MAX_ATTEMPTS_IN_ALL or self.is_too_much()

    def count(self) -> None:
        """An attempt has failed."""
        reached = self.reached()
        self.in_all += 1
        self.in_vain = 0 if reached > self._furthest else self.in_vain + 1
        self._furthest = max(reached, self._furthest)


def is_transient(error: BaseException) -> bool:
    """Whether asking again may help."""
    return isinstance(error, FetchError) and error.is_transient


def asked_to_wait(error: FetchError) -> FetchError:
    """What remains to be said when a host named a time and we can't wait for it."""
    return FetchError(
        f"{error}, and asks to be left alone for {error.retry_after_s:g} s",
        kind="asked_to_wait",
        status=error.status,
        retry_after_s=error.retry_after_s,
    )
