"""Downloading ahead of the work on what was downloaded, but only so far.

A run may have hundreds of episodes: their audio must not fill the disk while the first is still
being transcribed. And one slow host must not make the others wait: hosts take turns, none has
more than a few downloads at a time, and what has come is worked on at once, in whatever order
that is.

What does not belong here: what is fetched, and what becomes of it.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from podcast_insights.errors import UserError

Item = TypeVar("Item")
Got = TypeVar("Got")
Done = TypeVar("Done")

MOST_OF_A_HOST = 2
"""Downloads from one host at a time."""


def nowhere(item: Any) -> str:  # noqa: ANN401 - any item
    """Where it does not matter what items come from: none of them waits for another."""
    return ""


def nothing() -> None:
    """Where there is nothing to tell."""


@dataclass(frozen=True)
class Ahead(Generic[Item, Got, Done]):
    """Fetches items with some threads and works on them with others.

    The callbacks `accept`, `failed` and `done` are called in the thread of `run`, one at a
    time.

    Args:
        fetch: what is done first, by up to `fetchers` threads.
        accept: told what was fetched; whether to work on it.
        failed: told why an item was not fetched.
        work: what is done then, by up to `workers` threads.
        done: told what came of it.
        most: items that are being fetched, wait for work, or are being worked on.
        host_of: whom an item is fetched from; empty if that does not matter.
        stop: called when the run ends before its time, so that `fetch` can end, too.
    """

    fetch: Callable[[Item], Got]
    accept: Callable[[Item, Got], bool]
    failed: Callable[[Item, Exception], None]
    work: Callable[[Item, Got], Done]
    done: Callable[[Item, Done], None]
    fetchers: int
    workers: int
    most: int
    host_of: Callable[[Item], str] = nowhere
    stop: Callable[[], None] = nothing

    def run(self, items: Iterable[Item]) -> None:
        """Take all items through both steps.

        Raises:
            UserError: from `fetch`; nothing more is begun, downloads are told to stop, and what
                is being worked on is finished.
            Exception: whatever else `work` raises, likewise.
        """
        waiting = Turns(self.host_of, items)
        running: dict[Future[Any], tuple[Item, bool]] = {}
        with (
            ThreadPoolExecutor(self.fetchers, "download") as fetchers,
            ThreadPoolExecutor(self.workers, "whisper") as workers,
        ):
            try:
                while True:
                    for item in islice(waiting.free(), self.most - len(running)):
                        running[fetchers.submit(self.fetch, item)] = item, True
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        item, is_fetched = running.pop(future)
                        if not is_fetched:
                            self.done(item, future.result())
                            continue
                        waiting.ended(item)
                        if self._take(item, future):
                            next_step = workers.submit(self.work, item, future.result())
                            running[next_step] = item, False
            except BaseException:
                self.stop()
                fetchers.shutdown(wait=False, cancel_futures=True)
                workers.shutdown(wait=False, cancel_futures=True)
                raise

    def _take(self, item: Item, future: Future[Got]) -> bool:
        try:
            got = future.result()
        except UserError:
            raise
        except Exception as error:  # a known failure, or what nobody thought of: one item's
            self.failed(item, error)
            return False
        return self.accept(item, got)


@dataclass
class Turns(Generic[Item]):
    """Items that wait, host by host in turn, while their hosts have not too much to do.

    Args:
        host_of: whom an item is fetched from; empty if that does not matter.
        items: all of them, in the order in which they would come.
    """

    host_of: Callable[[Item], str]
    items: Iterable[Item]
    _queues: dict[str, deque[Item]] = field(init=False, default_factory=dict)
    _busy: Counter[str] = field(init=False, default_factory=Counter)

    def __post_init__(self) -> None:
        """Sort them by host."""
        for item in self.items:
            self._queues.setdefault(self.host_of(item), deque()).append(item)

    def free(self) -> Iterator[Item]:
        """Items that may be fetched now; each that is taken counts until it has `ended`."""
        while (host := self._next()) is not None:
            queue = self._queues.pop(host)
            item = queue.popleft()
            if queue:
                self._queues[host] = queue  # behind the others
            self._busy[host] += 1
            yield item

    def ended(self, item: Item) -> None:
        """An item was fetched, or was not to be had."""
        self._busy[self.host_of(item)] -= 1

    def _next(self) -> str | None:
        ready = (h for h in self._queues if not h or self._busy[h] < MOST_OF_A_HOST)
        return next(ready, None)
