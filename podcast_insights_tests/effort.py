"""How the work grows with its input: told without a clock that other processes could disturb.

A task is done with an input and with one `TIMES` smaller, and the two are compared. Linear work
grows `TIMES`-fold, quadratic work `TIMES`² -fold; the limit lies half-way between, so that a
machine which is slow or busy moves both sides alike. Only this thread's processor time counts,
the shortest of several tries, without garbage collection.

What does not belong here: limits in seconds. Nor work that other threads do: DuckDB's and
polars' pools are not seen from here.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time
from typing import TypeVar

Input = TypeVar("Input")

TIMES = 16
LIMIT = TIMES**1.5
"""64: a fourfold distance from linear work, and the same from quadratic work."""
FLOOR_S = 0.02
"""What takes no longer with the large input needs no judgement."""
TRIES = 4


def assert_no_more_than_linear(
    work: Callable[[Input], object], of_size: Callable[[int], Input], size: int
) -> None:
    """Do `work` with inputs of rising size, and fail where it grows much faster than they.

    Args:
        work: what is judged; an exception in it is a failure of the test.
        of_size: makes an input; only its size may differ, not which way it takes.
        size: of the largest input, in the unit of `of_size`. Judged a step below as well, so
            that work which would take hours with the largest input fails in seconds.
    """
    for large in (size // TIMES, size):
        ratio = growth(work, of_size(max(1, large // TIMES)), of_size(large))
        assert ratio < LIMIT, f"{TIMES} times the size, {ratio:.0f} times the work"


def growth(work: Callable[[Input], object], small: Input, large: Input) -> float:
    """How many times the work of `small` that of `large` is; 0 where it is little anyhow."""
    with no_collection():
        least_small = min(seconds(work, small) for _ in range(3))
        least_large = ratio = float("inf")
        for _ in range(TRIES):
            least_large = min(least_large, seconds(work, large))
            if least_large < FLOOR_S:
                return 0.0
            ratio = least_large / least_small
            if ratio < LIMIT:
                break
            least_small = min(least_small, seconds(work, small))
    return ratio


def seconds(work: Callable[[Input], object], given: Input) -> float:
    """Processor time of this thread, in seconds; never zero."""
    started = thread_time()
    work(given)
    return max(thread_time() - started, 1e-6)


@contextmanager
def no_collection() -> Iterator[None]:
    """Garbage of other tests is not collected meanwhile."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
