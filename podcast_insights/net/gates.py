"""One request at a time per host, for all who share the gates.

What does not belong here: how long to leave a host alone (`polite.py`).
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HostGates:
    """A gate for each host, first come first served.

    Share one among all clients of a scan. Nobody may hold two gates: that is how two hosts
    that redirect to each other would bring everything to a halt.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _queues: dict[str, deque[threading.Event]] = field(default_factory=dict, repr=False)

    @contextmanager
    def hold(self, host: str) -> Iterator[None]:
        """Wait for the gate of `host`, and hold it while the block runs."""
        turn = threading.Event()
        with self._lock:
            queue = self._queues.setdefault(host, deque())
            queue.append(turn)
            queue[0].set()
        try:
            turn.wait()
            yield
        finally:
            with self._lock:
                queue.remove(turn)  # not always the first: who is interrupted leaves the queue
                if queue:
                    queue[0].set()
                else:
                    del self._queues[host]
