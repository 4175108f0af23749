"""A door that lets in a few files at a time, the earliest first.

A file that is being cut into sections takes memory, one that waits for its sections takes next to
none. So many files can fill the batches, while few are being cut.

What does not belong here: the order in which windows are decoded (`packing.py`).
"""

import heapq
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Door:
    """Lets in files by their number.

    Args:
        most: files inside at the same time.
    """

    most: int
    _outside: list[int] = field(default_factory=list)
    _inside: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def entered(self, number: int) -> Iterator[None]:
        """Wait for one's turn; the way is free for the next when the block ends."""
        with self._changed:
            heapq.heappush(self._outside, number)
            while self._outside[0] != number or self._inside >= self.most:
                self._changed.wait()
            heapq.heappop(self._outside)
            self._inside += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()
