"""HTTP answers that can't grow without end, in bytes or in time.

A time-out of HTTP clients is one of silence; a server that drips is never silent.

What does not belong here: what an answer means (`client.py`).
"""

import math
import time
from collections.abc import Iterator
from typing import Any

import httpx

MAX_ANSWER_BYTES = 4_000_000
"""A thousand times a normal answer; a server that sends more is broken or hostile."""


class AnswerTooLargeError(Exception):
    """The server sent more than any answer can be."""


def bound(response: httpx.Response) -> None:
    """Let no answer of an OpenAI-style server grow without end, in bytes or in time."""
    timeout = response.request.extensions.get("timeout", {}).get("read")
    deadline = time.monotonic() + timeout if timeout else math.inf
    response.stream = BoundedStream(response.stream, deadline)


class BoundedStream(httpx.SyncByteStream):
    """Passes bytes on until there are too many or it has taken too long."""

    def __init__(self, inner: Any, deadline: float) -> None:  # noqa: ANN401 - httpx's union
        """Wrap `inner`; `deadline` is a reading of the monotonic clock."""
        self.inner = inner
        self.deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        """The chunks of the answer.

        Raises:
            AnswerTooLargeError: more than `MAX_ANSWER_BYTES`.
            httpx.ReadTimeout: past the deadline.
        """
        received = 0
        for chunk in self.inner:
            received += len(chunk)
            if received > MAX_ANSWER_BYTES:
                raise AnswerTooLargeError
            if time.monotonic() > self.deadline:
                raise httpx.ReadTimeout("the answer trickles")
            yield chunk

    def close(self) -> None:
        """Give the connection back."""
        self.inner.close()
