"""Asking again, and when: bounded, later each time, and as hosts ask for.

What does not belong here: asking once (`client.py`), one request per host at a time
(`gates.py`), when to ask a host that wants to be left alone for longer (the scan).
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import tenacity

from podcast_insights.net.client import Answer, SafeClient
from podcast_insights.net.errors import FetchError
from podcast_insights.net.sockets import Deadline


@dataclass(frozen=True)
class PoliteClient:
    """A client that asks again where that may help.

    All attempts and the pauses between them share the total time of the client's limits. No
    gate is held during a pause.

    Args:
        client: asks once.
        max_attempts: how often in all.
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

    def download(self, url: str, target: Path) -> Answer:
        """Fetch `url` into the file `target`, which each attempt begins anew.

        Raises:
            FetchError: as for `get`.
        """
        return self._patiently(
            lambda deadline: self.client.download(url, target, deadline=deadline)
        )

    def _patiently(self, attempt: Callable[[Deadline], Answer]) -> Answer:
        deadline = Deadline(self.client.limits.total_timeout_s, self.clock)

        def is_enough(state: tenacity.RetryCallState) -> bool:
            longest = min(self.max_wait_s, deadline.left())
            return state.attempt_number >= self.max_attempts or state.upcoming_sleep > longest

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_transient),
            wait=self._pause,
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

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Exponential, between half and all of it; at least what the host asks for."""
        longest = self.first_wait_s * 2.0 ** (state.attempt_number - 1)
        pause = min(longest, self.max_wait_s) * (0.5 + self.random() / 2)
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, FetchError) else None
        return max(pause, asked or 0.0)


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
