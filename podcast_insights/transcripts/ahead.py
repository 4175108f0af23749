"""Downloading ahead of the work on what was downloaded, but only so far.

A run may have hundreds of episodes: their audio must not fill the disk while the first is still
being transcribed. And one slow host must not make the others wait: what has come is worked on
at once, in whatever order that is.

What does not belong here: what is fetched, and what becomes of it.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from podcast_insights.errors import UserError

Item = TypeVar("Item")
Got = TypeVar("Got")
Done = TypeVar("Done")


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
    """

    fetch: Callable[[Item], Got]
    accept: Callable[[Item, Got], bool]
    failed: Callable[[Item, Exception], None]
    work: Callable[[Item, Got], Done]
    done: Callable[[Item, Done], None]
    fetchers: int
    workers: int
    most: int

    def run(self, items: Iterable[Item]) -> None:
        """Take all items through both steps.

        Raises:
            UserError: from `fetch`; nothing more is begun, and what is under way is finished.
            Exception: whatever else `work` raises, likewise.
        """
        waiting = iter(items)
        running: dict[Future[Any], tuple[Item, bool]] = {}
        with (
            ThreadPoolExecutor(self.fetchers, "download") as fetchers,
            ThreadPoolExecutor(self.workers, "whisper") as workers,
        ):
            try:
                while True:
                    for item in islice(waiting, self.most - len(running)):
                        running[fetchers.submit(self.fetch, item)] = item, True
                    if not running:
                        return
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        item, is_fetched = running.pop(future)
                        if not is_fetched:
                            self.done(item, future.result())
                        elif self._take(item, future):
                            next_step = workers.submit(self.work, item, future.result())
                            running[next_step] = item, False
            except BaseException:
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
