"""Windows of all episodes of a run, packed into batches for one model.

Who wants a section decoded puts its lane in and is told when it is finished. A few threads take the
next windows of as many lanes as go into a batch, those of the earliest episodes first, so that
episodes are finished one after the other and not all at the end.

What does not belong here: what a window says (`decoding.py`), and files (`engine.py`).
"""

import heapq
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar

from podcast_insights.transcripts.whisper.decoding import Result, Window
from podcast_insights.transcripts.whisper.devices import is_out_of_memory
from podcast_insights.transcripts.whisper.lanes import Lane
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE

IDLE_S = 5.0
"""After this long without work a thread ends; the next lane starts another."""
POLL_S = 0.5
"""How often who waits asks whether the run was stopped, or the process is to end."""
PATIENCE_S = (1.0, 2.0, 4.0)
"""Where there is no memory for one window: others, in other processes too, need theirs briefly."""

log = logging.getLogger(__name__)

Decode = Callable[[Sequence[Window]], list[Result]]
DecodeAgain = Callable[[Sequence[Window], Sequence[Result]], list[Result]]
After = Callable[[Lane, Window, Result], None]
Done = TypeVar("Done")


@dataclass
class Packer:
    """Decodes lanes, as many together as the memory allows.

    Args:
        decode: what the model makes of some windows.
        decode_again: the same, once more, of windows that came out looping or unsure.
        workers: batches computed at the same time.
        batch_size: windows in a batch at most; halved for good where memory runs out.
        longest_queue_s: audio that may wait; who brings more has to.
        ahead: whole batches that are prepared while all workers are busy.
    """

    decode: Decode
    decode_again: DecodeAgain
    workers: int
    batch_size: int
    longest_queue_s: float = 2 * 3600.0
    ahead: int = 0
    _ready: list[tuple[tuple[int, int], int, Lane]] = field(default_factory=list)
    _waiting: list[tuple[int, int]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _threads: int = 0
    _busy: int = 0
    _lanes: int = 0
    _queued_s: float = 0.0

    def put(
        self,
        lane: Lane,
        is_stopping: Callable[[], bool] = lambda: False,
        *,
        is_urgent: bool = False,
    ) -> None:
        """Have a lane decoded; waits while too much audio is waiting already.

        Args:
            lane: what is to be decoded. Of several that wait that of the lowest rank goes first.
            is_stopping: whether to wait no more.
            is_urgent: whether to wait at all: the second look at a stretch of an earlier lane
                needs little room.
        """
        length_s = len(lane.section.samples) / SAMPLE_RATE
        with self._changed:
            heapq.heappush(self._waiting, lane.rank)
            while not (
                is_urgent or is_stopping() or self._has_room(length_s) and self._is_first(lane)
            ):
                self._changed.wait(POLL_S)
            self._waiting.remove(lane.rank)
            heapq.heapify(self._waiting)
            self._queued_s += length_s
            self._lanes += 1
            self._push(lane)
            if self._threads < self.workers + self.ahead:
                # Not a daemon: one that is killed in the midst of CTranslate2 takes the whole
                # process with it, and its exit code.
                threading.Thread(target=self._work, name="whisper").start()
                self._threads += 1
            self._changed.notify_all()

    def _has_room(self, length_s: float) -> bool:
        return not self._lanes or self._queued_s + length_s <= self.longest_queue_s

    def _is_first(self, lane: Lane) -> bool:
        return lane.rank <= self._waiting[0]

    def _push(self, lane: Lane) -> None:
        heapq.heappush(self._ready, (lane.rank, next(self._order), lane))

    def _work(self) -> None:
        while lanes := self._next():
            try:
                self._decode(lanes)
            except Exception as error:  # what nobody thought of must not leave lanes waiting
                for lane in lanes:
                    lane.error = lane.error or error
            self._put_back(lanes)

    def _next(self) -> list[Lane]:
        """The next batch; none when there was nothing to do for a while, or the process ends."""
        with self._changed:
            until = time.monotonic() + IDLE_S
            while not self._is_time:
                left_s = until - time.monotonic()
                if left_s <= 0 or not threading.main_thread().is_alive():
                    self._threads -= 1
                    return []
                self._changed.wait(min(left_s, POLL_S))
            fair = -(-self._lanes // self.workers)
            size = min(self.batch_size, max(fair, 1), len(self._ready))
            self._busy += 1
            return [heapq.heappop(self._ready)[2] for _ in range(size)]

    @property
    def _is_time(self) -> bool:
        """Whether to take a batch: of any size for a worker that is free, else only a whole one.

        What is taken too early keeps its lanes in a small batch to their end.
        """
        return len(self._ready) >= (1 if self._busy < self.workers else self.batch_size)

    def _put_back(self, lanes: Sequence[Lane]) -> None:
        finished = [lane for lane in lanes if lane.is_finished]
        with self._changed:
            self._busy -= 1
            for lane in lanes:
                if lane in finished:
                    self._lanes -= 1
                    self._queued_s -= len(lane.section.samples) / SAMPLE_RATE
                else:
                    self._push(lane)
            self._changed.notify_all()
        for lane in finished:
            lane.finished(lane)

    def _decode(self, lanes: Sequence[Lane]) -> None:
        """One window of each of these lanes; one that fails is that lane's error."""
        lanes = [lane for lane in lanes if not lane.is_finished]
        if not lanes:
            return
        began = time.monotonic()
        windows = [lane.window for lane in lanes]
        try:
            first = tried(lanes, lambda: self.decode(windows))
            second = self._again(lanes, windows, first)
        except Exception as error:
            if len(lanes) == 1:
                lanes[0].error = error
            else:
                self._one_by_one(lanes, error)
            return
        share_s = (time.monotonic() - began) / len(lanes)
        for n, lane in enumerate(lanes):
            lane.take(windows[n], first[n], second.get(n))
            lane.work_s += share_s

    def _again(
        self, lanes: Sequence[Lane], windows: Sequence[Window], first: Sequence[Result]
    ) -> dict[int, Result]:
        """Second results of the windows that came out looping or unsure, by place."""
        bad = [n for n, result in enumerate(first) if not result.is_sound]
        if not bad:
            return {}
        some = [windows[n] for n in bad], [first[n] for n in bad]
        try:
            again = tried(lanes, lambda: self.decode_again(*some))
        except Exception as error:
            if len(windows) > 1 or not is_out_of_memory(error):
                raise
            log.warning("Out of memory for a second look; the first stands")
            return {}
        return dict(zip(bad, again, strict=True))

    def _one_by_one(self, lanes: Sequence[Lane], error: Exception) -> None:
        """After a batch failed: in halves where it was too large, else each lane alone."""
        if is_out_of_memory(error):
            half = len(lanes) // 2
            with self._changed:
                self.batch_size = max(min(self.batch_size, half), 1)
            log.warning("Out of memory with %d windows; going on with %d", len(lanes), half)
            parts = [lanes[:half], lanes[half:]]
        else:
            parts = [[lane] for lane in lanes]
        for part in parts:
            self._decode(part)


def tried(lanes: Sequence[Lane], work: Callable[[], Done]) -> Done:
    """Work for some lanes; for a single one, which can't be halved, with patience."""
    if len(lanes) > 1:
        return work()
    return patiently(work, lambda: lanes[0].is_finished)


def patiently(work: Callable[[], Done], is_stopping: Callable[[], bool]) -> Done:
    """Work that is tried again after a while where memory is short.

    Args:
        work: what is tried.
        is_stopping: whether to wait no more.
    """
    for wait_s in PATIENCE_S:
        try:
            return work()
        except Exception as error:
            if is_stopping() or not is_out_of_memory(error):
                raise
            log.warning("Out of memory for one window; trying again in %g s", wait_s)
        until = time.monotonic() + wait_s
        while not is_stopping() and (left_s := until - time.monotonic()) > 0:
            time.sleep(min(left_s, POLL_S))
    return work()
