"""Windows of many files in batches, with a model that does what the test wants."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue

import numpy as np
import pytest

from podcast_insights.transcripts.whisper import packing
from podcast_insights.transcripts.whisper.decoding import Piece, Result, Window
from podcast_insights.transcripts.whisper.lanes import Lane
from podcast_insights.transcripts.whisper.packing import Packer
from podcast_insights.transcripts.whisper.recording import failure
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.sections import Section
from podcast_insights.transcripts.whisper.speech import Span

OUT_OF_MEMORY = "CUDA failed with error out of memory"
WAIT_S = 30.0


@dataclass
class Model:
    """Says of each window the number in its first sample; 20 s of it are told, the rest is left.

    Args:
        most: windows for which there is memory.
        broken: number at which the model raises.
        looping: numbers that come out looping the first time.
    """

    most: int = 1000
    broken: int | None = None
    looping: frozenset[int] = frozenset()
    batches: list[list[int]] = field(default_factory=list)
    again: list[list[int]] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def decode(self, windows: Sequence[Window]) -> list[Result]:
        numbers = [round(float(window.samples[0]) * 32768) for window in windows]
        self.begun.release()
        assert self.go.wait(WAIT_S)
        self.batches.append(numbers)
        if len(windows) > self.most:
            raise RuntimeError(OUT_OF_MEMORY)
        if self.broken in numbers:
            raise ValueError("no such token")
        return [
            result(number, window, 5.0 if number in self.looping else 1.0)
            for number, window in zip(numbers, windows, strict=True)
        ]

    def decode_again(self, windows: Sequence[Window], first: Sequence[Result]) -> list[Result]:
        numbers = [int(one.pieces[0].text) for one in first]
        self.again.append(numbers)
        return [result(n, window, 1.0) for n, window in zip(numbers, windows, strict=True)]


def result(number: int, window: Window, compression: float) -> Result:
    end_s = min(20.0, window.length_s)
    return Result((Piece(0, end_s, str(number), (1,)),), -0.2, 0.0, compression, end_s, None)


class Desk:
    """Puts lanes in and waits for them."""

    def __init__(self) -> None:
        self.back: SimpleQueue[Lane] = SimpleQueue()

    def lane(self, number: int, length_s: float = 60.0, rank: int | None = None) -> Lane:
        samples = np.full(round(length_s * SAMPLE_RATE), number, np.int16)
        section = Section(0.0, samples, (Span(0.0, length_s),))
        return Lane((number if rank is None else rank, 0), section, "en", finished=self.back.put)

    def wait(self, count: int) -> list[Lane]:
        return [self.back.get(timeout=WAIT_S) for _ in range(count)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for memory."""
    monkeypatch.setattr(packing, "PATIENCE_S", (0.01, 0.01, 0.01))


def packer_of(
    model: Model, workers: int = 1, batch_size: int = 4, is_open: bool = True, ahead: int = 0
) -> Packer:
    if is_open:
        model.go.set()
    return Packer(model.decode, model.decode_again, workers, batch_size, ahead=ahead)


def texts(lane: Lane) -> list[str]:
    return [one.text for one in lane.said]


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (1, 4), (2, 3), (4, 16)])
def test_every_lane_is_decoded_to_its_end(desk: Desk, workers: int, batch_size: int) -> None:
    packer = packer_of(Model(), workers, batch_size)
    lanes = [desk.lane(n, length_s=20.0 * (n % 3 + 1)) for n in range(1, 12)]
    for lane in lanes:
        packer.put(lane)
    assert {id(lane) for lane in desk.wait(11)} == {id(lane) for lane in lanes}
    for lane in lanes:
        number = int(lane.section.samples[0])
        assert texts(lane) == [str(number)] * (number % 3 + 1)
        assert lane.error is None
        assert lane.work_s > 0
    assert desk.back.empty()


def test_earlier_files_go_first_and_late_comers_wait(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model, batch_size=2, is_open=False)
    packer.put(desk.lane(9))
    assert model.begun.acquire(timeout=WAIT_S)
    for number in (5, 7, 1, 3):
        packer.put(desk.lane(number))
    model.go.set()
    finished = [int(lane.section.samples[0]) for lane in desk.wait(5)]
    assert model.batches[:4] == [[9], [1, 3], [1, 3], [1, 3]]
    assert finished == [1, 3, 5, 7, 9]


def test_batches_are_no_larger_than_asked_and_shared_between_workers(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model, workers=2, batch_size=8, is_open=False)
    for number in (101, 102):
        packer.put(desk.lane(number, length_s=20.0))
    for _ in range(2):
        assert model.begun.acquire(timeout=WAIT_S)
    for number in range(1, 5):
        packer.put(desk.lane(number, length_s=20.0))
    model.go.set()
    desk.wait(6)
    assert sum(map(len, model.batches)) == 6
    assert max(map(len, model.batches[2:])) <= 3
    model.batches.clear()
    model.go.clear()
    for number in range(1, 60):
        packer.put(desk.lane(number, length_s=20.0))
    model.go.set()
    desk.wait(59)
    assert max(map(len, model.batches)) == 8


@pytest.mark.parametrize("most", [1, 2, 3])
def test_too_large_a_batch_is_halved_for_good_and_nothing_is_lost(
    desk: Desk, most: int, caplog: pytest.LogCaptureFixture
) -> None:
    model = Model(most=most)
    packer = packer_of(model, batch_size=8, is_open=False)
    lanes = [desk.lane(n) for n in range(1, 10)]
    with caplog.at_level(logging.WARNING):
        for lane in lanes:
            packer.put(lane)
        model.go.set()
        desk.wait(9)
    assert [texts(lane) for lane in lanes] == [[str(n)] * 3 for n in range(1, 10)]
    assert packer.batch_size <= most
    assert "Out of memory" in caplog.text
    too_large = [n for n, batch in enumerate(model.batches) if len(batch) > most]
    # Twice at most: 8 windows, then 4; or 4 and 2 in each half.
    assert len(too_large) <= 7
    assert all(len(batch) <= most for batch in model.batches[too_large[-1] + 1 :])


@pytest.mark.usefixtures("impatient")
def test_without_memory_for_one_window_the_file_is_told_what_to_do(desk: Desk) -> None:
    model = Model(most=0)
    packer = packer_of(model)
    for number in (1, 2, 3):
        packer.put(desk.lane(number))
    for lane in desk.wait(3):
        assert lane.error is not None
        told = str(failure(lane.error))
        assert "too little memory" in told
        assert "PODCAST_INSIGHTS_WHISPER_MODEL" in told
    assert [sum(batch == [n] for batch in model.batches) for n in (1, 2, 3)] == [4, 4, 4]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_shortage_of_memory_that_passes_costs_no_file(desk: Desk, batch_size: int) -> None:
    model, left = Model(), [3]

    def decode(windows: Sequence[Window]) -> list[Result]:
        if left[0]:
            left[0] -= 1
            raise RuntimeError(OUT_OF_MEMORY)
        return model.decode(windows)

    packer = packer_of(model, batch_size=batch_size)
    packer.decode = decode
    lanes = [desk.lane(n) for n in (1, 2, 3)]
    for lane in lanes:
        packer.put(lane)
    desk.wait(3)
    assert left == [0]
    assert [lane.error for lane in lanes] == [None] * 3
    assert [texts(lane) for lane in lanes] == [[str(n)] * 3 for n in (1, 2, 3)]


def test_nobody_waits_for_memory_for_what_is_not_wanted_any_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PATIENCE_S", (WAIT_S,))
    model = Model(most=0)
    packer = packer_of(model)
    lane = desk.lane(1)
    packer.put(lane)
    assert model.begun.acquire(timeout=WAIT_S)
    began = time.monotonic()
    lane.is_wanted = lambda: False
    desk.wait(1)
    assert time.monotonic() - began < WAIT_S / 2
    assert len(model.batches) <= 2


def test_what_comes_while_the_gpu_is_busy_goes_into_one_batch(desk: Desk) -> None:
    """The thread that prepares batches once took each short file as it came: batches of one."""
    model = Model()
    packer = packer_of(model, batch_size=64, is_open=False, ahead=1)
    for number in range(1, 26):
        packer.put(desk.lane(number, length_s=20.0))
        if number == 1:
            assert model.begun.acquire(timeout=WAIT_S)
    model.go.set()
    desk.wait(25)
    assert [len(batch) for batch in model.batches] == [1, 24]


def test_a_whole_batch_is_prepared_while_the_gpu_is_busy(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model, batch_size=4, is_open=False, ahead=1)
    for number in range(1, 6):
        packer.put(desk.lane(number, length_s=20.0))
        if number == 1:
            assert model.begun.acquire(timeout=WAIT_S)
    is_begun = model.begun.acquire(timeout=WAIT_S / 6)
    model.go.set()
    desk.wait(5)
    assert is_begun
    assert sorted(model.batches) == [[1], [2, 3, 4, 5]]


def test_a_window_that_the_model_fails_on_costs_its_own_file_only(desk: Desk) -> None:
    model = Model(broken=3)
    packer = packer_of(model, batch_size=8, is_open=False)
    lanes = {n: desk.lane(n) for n in range(1, 6)}
    for lane in lanes.values():
        packer.put(lane)
    model.go.set()
    desk.wait(5)
    assert str(lanes[3].error) == "no such token"
    assert str(failure(ValueError("no such token"))) == (
        "Whisper failed on it: ValueError: no such token"
    )
    for number in (1, 2, 4, 5):
        assert lanes[number].error is None
        assert texts(lanes[number]) == [str(number)] * 3
    assert packer.batch_size == 8


def test_what_loops_and_only_that_is_decoded_again(desk: Desk) -> None:
    model = Model(looping=frozenset({2}))
    packer = packer_of(model, batch_size=4, is_open=False)
    lanes = [desk.lane(n, length_s=20.0) for n in (1, 2, 3)]
    for lane in lanes:
        packer.put(lane)
    model.go.set()
    desk.wait(3)
    assert model.again == [[2]]
    assert [lane.decoded_again for lane in lanes] == [0, 1, 0]
    assert [texts(lane) for lane in lanes] == [["1"], ["2"], ["3"]]


def test_what_nobody_wants_any_more_is_not_decoded(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model, is_open=False)
    wanted = {1: desk.lane(1), 2: desk.lane(2)}
    packer.put(wanted[1])
    assert model.begun.acquire(timeout=WAIT_S)
    packer.put(wanted[2])
    for lane in wanted.values():
        lane.is_wanted = lambda: False
    packer.put(desk.lane(3))
    model.go.set()
    desk.wait(3)
    assert model.batches == [[1], [3], [3], [3]]


def test_an_unforeseen_error_leaves_nobody_waiting(desk: Desk) -> None:
    def one_too_few(windows: Sequence[Window]) -> list[Result]:
        return [result(1, window, 1.0) for window in windows[:-1]]

    packer = Packer(one_too_few, Model().decode_again, workers=1, batch_size=1)
    packer.put(desk.lane(1))
    (lane,) = desk.wait(1)
    assert lane.error is not None


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_who_brings_too_much_waits_until_there_is_room(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model, is_open=False)
    packer.longest_queue_s = 100.0
    packer.put(desk.lane(1))
    assert model.begun.acquire(timeout=WAIT_S)
    waiting = in_thread(lambda: packer.put(desk.lane(2)))
    waiting.join(0.2)
    assert waiting.is_alive()
    assert packer._ready == []
    model.go.set()
    waiting.join(WAIT_S)
    assert not waiting.is_alive()
    assert len(desk.wait(2)) == 2


def test_what_is_decoded_makes_room(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model)
    packer.longest_queue_s = 100.0
    packer.put(desk.lane(1))
    desk.wait(1)
    model.go.clear()
    packer.put(desk.lane(2, length_s=30.0))
    second = in_thread(lambda: packer.put(desk.lane(3, length_s=60.0)))
    second.join(WAIT_S / 6)
    assert not second.is_alive()
    model.go.set()
    desk.wait(2)


def test_of_several_who_wait_the_earliest_file_is_let_in_first(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model, batch_size=1, is_open=False)
    packer.longest_queue_s = 100.0
    packer.put(desk.lane(9))
    assert model.begun.acquire(timeout=WAIT_S)
    late, early = desk.lane(7), desk.lane(3)
    waiting = [in_thread(lambda lane=lane: packer.put(lane)) for lane in (late, early)]
    while len(packer._waiting) < 2:
        time.sleep(0.01)
    # There is room for a second of an earlier file, but no later one passes those who wait.
    first, later = (
        in_thread(lambda n=number: packer.put(desk.lane(n, length_s=1.0))) for number in (1, 5)
    )
    first.join(WAIT_S)
    later.join(0.1)
    assert not first.is_alive()
    assert later.is_alive()
    model.go.set()
    for thread in (*waiting, later):
        thread.join(WAIT_S)
    desk.wait(5)
    begun = list(dict.fromkeys(number for batch in model.batches for number in batch))
    assert begun == [9, 1, 3, 5, 7]


def test_what_is_urgent_passes_a_full_queue_and_those_who_wait(desk: Desk) -> None:
    model = Model()
    packer = packer_of(model, is_open=False)
    packer.longest_queue_s = 100.0
    packer.put(desk.lane(1))
    assert model.begun.acquire(timeout=WAIT_S)
    waiting = in_thread(lambda: packer.put(desk.lane(2)))
    urgent = in_thread(lambda: packer.put(desk.lane(3), is_urgent=True))
    urgent.join(WAIT_S)
    assert not urgent.is_alive()
    assert waiting.is_alive()
    model.go.set()
    assert len(desk.wait(3)) == 3


@pytest.mark.usefixtures("impatient")
def test_without_memory_for_a_second_look_the_first_stands(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def full(windows: Sequence[Window], first: Sequence[Result]) -> list[Result]:
        raise RuntimeError(OUT_OF_MEMORY)

    packer = packer_of(Model(looping=frozenset({2})), batch_size=2)
    packer.decode_again = full
    lanes = [desk.lane(n, length_s=20.0) for n in (1, 2)]
    with caplog.at_level(logging.WARNING):
        for lane in lanes:
            packer.put(lane)
        desk.wait(2)
    assert [texts(lane) for lane in lanes] == [["1"], ["2"]]
    assert [lane.error for lane in lanes] == [None, None]
    assert "the first stands" in caplog.text


def test_a_second_look_that_fails_otherwise_is_that_lanes_error(desk: Desk) -> None:
    def fails(windows: Sequence[Window], first: Sequence[Result]) -> list[Result]:
        raise ValueError("no such token")

    packer = packer_of(Model(looping=frozenset({2})))
    packer.decode_again = fails
    packer.put(desk.lane(2, length_s=20.0))
    assert str(desk.wait(1)[0].error) == "no such token"


def test_a_section_longer_than_the_queue_is_taken_when_nothing_else_waits(desk: Desk) -> None:
    packer = packer_of(Model())
    packer.longest_queue_s = 10.0
    for number in range(1, 9):
        # Lengths whose sum and difference are no round numbers.
        packer.put(desk.lane(number, length_s=20.0 + number / 7))
    assert len(desk.wait(8)) == 8


def test_a_stop_ends_the_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # The thread of the model would wait as long for work; only the one who puts may be quicker.
    monkeypatch.setattr(packing, "IDLE_S", WAIT_S)
    model = Model()
    packer = packer_of(model, is_open=False)
    packer.longest_queue_s = 100.0
    packer.put(desk.lane(1))
    assert model.begun.acquire(timeout=WAIT_S)
    stopping = threading.Event()
    waiting = in_thread(lambda: packer.put(desk.lane(2), stopping.is_set))
    waiting.join(0.1)
    stopping.set()
    waiting.join(WAIT_S / 4)
    assert not waiting.is_alive()
    model.go.set()


def test_threads_end_when_there_is_no_work_and_come_back_with_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "IDLE_S", 0.05)
    before = set(threading.enumerate())
    packer = packer_of(Model(), workers=3)
    for number in range(1, 7):
        packer.put(desk.lane(number))
    desk.wait(6)
    ours = [t for t in threading.enumerate() if t not in before and t.name == "whisper"]
    for thread in ours:
        thread.join(WAIT_S)
        assert not thread.is_alive()
    packer.put(desk.lane(7))
    assert texts(desk.wait(1)[0]) == ["7"] * 3


def test_many_files_at_the_same_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "IDLE_S", 0.001)
    packer = packer_of(Model(broken=13), workers=4, batch_size=5)
    packer.longest_queue_s = 300.0

    def bring(number: int) -> list[Lane]:
        own = Desk()
        for length_s in (20.0, 45.0, 0.05, 60.0):
            packer.put(own.lane(number, length_s))
        return own.wait(4)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(bring, range(1, 41)))
    for number, lanes in enumerate(found, start=1):
        if number != 13:
            assert sum(len(lane.said) for lane in lanes) == 7
            assert {text for lane in lanes for text in texts(lane)} == {str(number)}
            assert not any(lane.error for lane in lanes)
        else:
            assert sum(lane.error is not None for lane in lanes) == 3
