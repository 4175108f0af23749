"""Few files at a time are cut into sections, the earliest first."""

import threading
from contextlib import suppress

import pytest

from podcast_insights.transcripts.whisper.admission import Door

WAIT_S = 30.0


class Visitors:
    """Threads that want in, and the order in which they got in."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.entered: list[int] = []
        self.came_in = threading.Semaphore(0)
        self.may_leave = {number: threading.Event() for number in range(10)}

    def send(self, number: int, error: Exception | None = None) -> threading.Thread:
        """Have one wait outside; comes back when it does, or is in."""

        def visit() -> None:
            with suppress(ValueError), self.door.entered(number):
                self.entered.append(number)
                self.came_in.release()
                assert self.may_leave[number].wait(WAIT_S)
                if error:
                    raise error

        thread = threading.Thread(target=visit, daemon=True)
        known = len(self.door._outside) + len(self.entered)
        thread.start()
        for _ in range(round(WAIT_S / 0.01)):
            if len(self.door._outside) + len(self.entered) > known:
                break
            thread.join(0.01)
        return thread

    def one_comes_in(self, timeout_s: float = WAIT_S) -> bool:
        return self.came_in.acquire(timeout=timeout_s)


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_than_so_many_are_inside_and_the_lowest_number_is_next(most: int) -> None:
    visitors = Visitors(Door(most))
    threads = [visitors.send(number) for number in range(7, 7 + most)]
    assert all(visitors.one_comes_in() for _ in range(most))
    threads += [visitors.send(number) for number in (5, 1, 3)]
    assert not visitors.one_comes_in(0.05)
    for leaving in (7, 1, 3):
        visitors.may_leave[leaving].set()
        assert visitors.one_comes_in()
    assert visitors.entered[most:] == [1, 3, 5]
    for event in visitors.may_leave.values():
        event.set()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_a_file_that_fails_makes_way_for_the_next() -> None:
    visitors = Visitors(Door(1))
    failing = visitors.send(1, ValueError("no audio"))
    assert visitors.one_comes_in()
    visitors.send(2)
    visitors.may_leave[1].set()
    failing.join(WAIT_S)
    assert visitors.one_comes_in()
    visitors.may_leave[2].set()
