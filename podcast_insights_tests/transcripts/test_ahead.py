"""Downloading ahead: only so far, held up by nobody, and with the same rows in any order."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.cache import Cache
from podcast_insights.errors import UserError
from podcast_insights.transcripts.ahead import Ahead
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.records import Transcription
from podcast_insights_tests.transcripts import Host, Row, Stenographer, episode


@dataclass
class Log:
    """Numbers taken through both steps, and how many were under way at most."""

    under_way: int = 0
    most: int = 0
    fetched: list[int] = field(default_factory=list)
    worked: list[int] = field(default_factory=list)
    done: list[tuple[int, int]] = field(default_factory=list)
    failed: list[tuple[int, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, item: int) -> int:
        with self.lock:
            self.fetched.append(item)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        return item * 10

    def work(self, item: int, got: int) -> int:
        with self.lock:
            self.worked.append(item)
        return got + 1

    def ended(self, item: int) -> None:
        with self.lock:
            self.under_way -= 1

    def run(
        self,
        count: int,
        *,
        fetch: Callable[[int], int] | None = None,
        accept: Callable[[int, int], bool] = lambda item, got: True,
        work: Callable[[int, int], int] | None = None,
        most: int = 4,
    ) -> None:
        def accepts(item: int, got: int) -> bool:
            is_wanted = accept(item, got)
            if not is_wanted:
                self.ended(item)
            return is_wanted

        Ahead(
            fetch=fetch or self.fetch,
            accept=accepts,
            failed=lambda item, error: (self.failed.append((item, str(error))), None)[1],
            work=work or self.work,
            done=lambda item, value: (self.done.append((item, value)), self.ended(item), None)[2],
            fetchers=3,
            workers=2,
            most=most,
        ).run(range(count))


@pytest.mark.parametrize("most", [1, 2, 4, 100])
def test_all_are_taken_through_both_steps_and_never_too_many_at_a_time(most: int) -> None:
    log = Log()
    log.run(30, most=most)
    assert sorted(log.done) == [(n, n * 10 + 1) for n in range(30)]
    assert log.most <= most


def test_nothing_to_do_is_done_at_once() -> None:
    log = Log()
    log.run(0)
    assert (log.done, log.failed) == ([], [])


def test_what_is_not_accepted_or_not_fetched_makes_room() -> None:
    log = Log()

    def fetch(item: int) -> int:
        if item % 3 == 0:
            raise ValueError(f"no {item}")
        return log.fetch(item)

    log.run(30, fetch=fetch, accept=lambda item, got: item % 3 == 1)
    assert sorted(log.failed) == [(n, f"no {n}") for n in range(0, 30, 3)]
    assert sorted(item for item, _ in log.done) == list(range(1, 30, 3))


def test_a_slow_one_holds_up_nobody_else() -> None:
    log, others_done = Log(), threading.Event()

    def fetch(item: int) -> int:
        if item == 0:
            assert others_done.wait(10)
        return log.fetch(item)

    def work(item: int, got: int) -> int:
        value = log.work(item, got)
        if len(log.worked) == 12:
            others_done.set()
        return value

    log.run(20, fetch=fetch, work=work)
    assert log.worked.index(0) >= 12
    assert (len(log.done), log.failed) == (20, [])


def test_slow_work_stops_the_downloads() -> None:
    log, go_on = Log(), threading.Event()

    def work(item: int, got: int) -> int:
        assert go_on.wait(10)
        return log.work(item, got)

    run = threading.Thread(target=lambda: log.run(50, work=work))
    run.start()
    while len(log.fetched) < 4:
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(log.fetched) == 4
    go_on.set()
    run.join(10)
    assert len(log.done) == 50


def host_of(item: int) -> str:
    """Of forty items the first thirty lie on one host, the others on three more."""
    return "slow" if item < 30 else f"host {item % 3}"


def ahead(log: Log, fetch: Callable[[int], int], **options: Any) -> Ahead[int, int, int]:  # noqa: ANN401
    return Ahead(
        fetch=fetch,
        accept=lambda item, got: True,
        failed=lambda item, error: (log.failed.append((item, str(error))), None)[1],
        done=lambda item, value: log.done.append((item, value)),
        **{
            "work": log.work,
            "fetchers": 8,
            "workers": 2,
            "most": 12,
            "host_of": host_of,
            **options,
        },
    )


def test_a_slow_host_with_many_items_holds_up_no_other_host() -> None:
    log, others_done = Log(), threading.Event()

    def fetch(item: int) -> int:
        if item < 30:
            assert others_done.wait(10)
        elif len(log.fetched) == 9:
            others_done.set()
        return log.fetch(item)

    ahead(log, fetch, host_of=lambda item: "slow" if item < 30 else "fast").run(range(40))
    assert sorted(log.fetched[:10]) == list(range(30, 40))
    assert sorted(log.done) == [(n, n * 10 + 1) for n in range(40)]
    assert log.failed == []


def test_hosts_take_turns_and_each_has_two_downloads_at_a_time() -> None:
    log, at_once = Log(), dict.fromkeys(map(host_of, range(40)), 0)
    most = dict(at_once)

    def fetch(item: int) -> int:
        with log.lock:
            at_once[host_of(item)] += 1
            most[host_of(item)] = max(most[host_of(item)], at_once[host_of(item)])
        time.sleep(0.01)
        with log.lock:
            at_once[host_of(item)] -= 1
        return log.fetch(item)

    ahead(log, fetch, most=100).run(range(40))
    assert set(most.values()) == {2}
    log.fetched.clear()
    ahead(log, log.fetch, fetchers=1).run(range(40))
    assert log.fetched[:8] == [0, 30, 31, 32, 1, 33, 34, 35]
    assert sorted(log.fetched) == list(range(40))


def test_a_host_that_serves_nothing_is_asked_for_all_the_same() -> None:
    log = Log()

    def fetch(item: int) -> int:
        raise ValueError("gone")

    ahead(log, fetch).run(range(40))
    assert sorted(item for item, _ in log.failed) == list(range(40))


@pytest.mark.parametrize("error", [UserError("The disk is full.", "Make room."), KeyboardInterrupt])
def test_a_run_that_ends_before_its_time_tells_the_downloads(error: Any) -> None:  # noqa: ANN401
    log, stopped = Log(), threading.Event()

    def fetch(item: int) -> int:
        if item:
            assert stopped.wait(10)
        return log.fetch(item)

    def work(item: int, got: int) -> int:
        raise error

    begun = time.monotonic()
    with pytest.raises(UserError if isinstance(error, UserError) else error):
        ahead(log, fetch, work=work, stop=stopped.set).run(range(40))
    assert time.monotonic() - begun < 5
    assert len(log.fetched) < 12
    told: list[None] = []
    ahead(log, log.fetch, stop=lambda: told.append(None)).run(range(40))
    assert told == []


@pytest.mark.parametrize("step", ["fetch", "work"])
def test_what_a_person_must_put_right_ends_the_run(step: str) -> None:
    log = Log()

    def full(item: int, got: int = 0) -> int:
        raise UserError("The disk is full.", "Make room.")

    with pytest.raises(UserError, match="disk is full"):
        log.run(50, **{step: full})  # type: ignore[arg-type]
    assert len(log.fetched) <= 4
    assert log.done == []


def test_what_waits_when_a_run_ends_is_not_begun() -> None:
    log = Log()

    def fetch(item: int) -> int:
        if item == 0:
            raise UserError("The disk is full.", "Make room.")
        time.sleep(0.05)
        return log.fetch(item)

    def work(item: int, got: int) -> int:
        if not log.worked:
            log.worked.append(item)
            time.sleep(0.1)  # until others wait
            raise UserError("The disk is full.", "Make room.")
        time.sleep(0.05)
        return log.work(item, got)

    with pytest.raises(UserError, match="disk is full"):
        log.run(50, fetch=fetch, most=50)
    assert len(log.fetched) < 10
    log = Log()
    with pytest.raises(UserError, match="disk is full"):
        log.run(50, work=work, most=50)
    assert len(log.worked) < 10


# Through a run


def transcriber(host: Host, cache: Cache, whisper: Stenographer) -> Transcriber:
    return Transcriber(
        whisper=whisper,
        cache=cache,
        store=AudioStore(cache, host.client),
        client_for=host.client,
        language_of=lambda feed_id: None,
        report=lambda line: None,
        max_fetch_workers=3,
    )


def audio(number: int) -> bytes:
    return b"ID3" + bytes(range(256)) * 8 + str(number).encode()


def test_the_disk_holds_only_a_few_files_that_wait(host: Host, cache: Cache) -> None:
    held: list[int] = []

    class Slow(Stenographer):
        @property
        def files_at_once(self) -> int:
            return 4

        def transcribe(self, path: Path, language: str | None = None) -> Transcription:
            time.sleep(0.02)
            held.append(len(list((cache.root / "audio").rglob("*.audio"))))
            path.unlink()
            return super().transcribe(path, language)

    rows = [episode(f"e{n:02}", host.put(f"/{n}.mp3", audio(n))) for n in range(30)]
    found = transcriber(host, cache, Slow(device="cpu", workers=2)).run(rows)
    assert [row["episode_id"] for row in found] == [f"e{n:02}" for n in range(30)]
    assert {row["status"] for row in found} == {"ok"}
    assert max(held) <= 4 + 3


def test_of_two_with_one_audio_the_earlier_stands_for_it_although_it_comes_later(
    host: Host, cache: Cache
) -> None:
    whisper = Stenographer(device="cpu", workers=1)

    class Late(AudioStore):
        """Has no audio of the first episode until another one was heard."""

        def fetch(self, row: Row, *, need_file: bool = True) -> Audio:
            while row["episode_id"] == "a" and not whisper.heard:
                time.sleep(0.01)
            return super().fetch(row, need_file=need_file)

    rows = [episode(name, host.put(f"/{name}.mp3", audio(1))) for name in "abc"]
    work = replace(transcriber(host, cache, whisper), store=Late(cache, host.client))
    found = work.run(rows)
    assert [(row["episode_id"], row["status"]) for row in found] == [
        *(("a", "ok"), ("b", "duplicate_audio"), ("c", "duplicate_audio"))
    ]
    assert {row["error"] for row in found[1:]} == {"the same audio as episode a"}
    assert len(whisper.heard) == 1


def test_rows_come_in_order_and_a_slow_host_with_many_episodes_holds_up_no_other(
    host: Host, cache: Cache
) -> None:
    whisper = Stenographer(device="cpu", workers=1)
    heard_before: list[int] = []

    class Slow(AudioStore):
        """Has no audio of the slow host until that of the others was heard."""

        def fetch(self, row: Row, *, need_file: bool = True) -> Audio:
            if "slow" in row["enclosure_url"]:
                end = time.monotonic() + 10
                while len(whisper.heard) < 4 and time.monotonic() < end:
                    time.sleep(0.01)
                heard_before.append(len(whisper.heard))
            url = row["enclosure_url"].replace("slow.example", host.name)
            return super().fetch({**row, "enclosure_url": url}, need_file=need_file)

    urls = [host.put(f"/{n}.mp3", audio(n)) for n in range(14)]
    urls[:10] = [url.replace(host.name, "slow.example") for url in urls[:10]]
    rows = [episode(f"e{n:02}", url) for n, url in enumerate(urls)]
    work = replace(transcriber(host, cache, whisper), store=Slow(cache, host.client))
    found = work.run(rows)
    assert [row["episode_id"] for row in found] == [f"e{n:02}" for n in range(14)]
    assert {row["status"] for row in found} == {"ok"}
    assert min(heard_before) >= 4
