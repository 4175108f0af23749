"""One request at a time per host, and nobody waits for another host."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from podcast_insights.net.addresses import origin_of, parse
from podcast_insights.net.client import FetchError, SafeClient
from podcast_insights.net.gates import HostGates
from podcast_insights_tests.net import BODY, client_of
from podcast_insights_tests.support.servers import (
    LONGEST_S,
    Behaviour,
    Site,
    answer,
    redirect,
    silent,
    site,
)

PATIENT = {"read_timeout_s": LONGEST_S, "total_timeout_s": LONGEST_S}


class Crowd:
    """Counts how many requests are in a behaviour at the same time.

    Each stays a moment; the first ones until there are `expected` at a time, if they can be.
    """

    def __init__(self, behaviour: Behaviour, expected: int = 1) -> None:
        self.behaviour = behaviour
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.expected, self.is_met = expected, threading.Event()

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.most >= self.expected:
                self.is_met.set()
        self.is_met.wait(LONGEST_S)
        time.sleep(0.02)
        with self.lock:  # before the answer: once it is there, the next request may come
            self.now -= 1
        self.behaviour(request)


def after(event: threading.Event) -> Behaviour:
    """An answer that waits for the test."""
    return lambda request: (event.wait(LONGEST_S), answer(BODY)(request))[1]


def sharing(gates: HostGates | None, *hosts: Site, **limits: float) -> SafeClient:
    return replace(client_of(*(host.host for host in hosts), **limits), gates=gates)


@pytest.fixture
def other() -> Iterator[Site]:
    with site({"/": answer(BODY)}) as running:
        yield running


class TestOneHost:
    @pytest.mark.parametrize(("gates", "most"), [(HostGates(), 1), (None, 6)])
    def test_is_asked_once_at_a_time_by_all_who_share_the_gates(
        self, host: Site, gates: HostGates | None, most: int
    ) -> None:
        crowd = Crowd(answer(BODY), expected=most)
        host.pages["/"] = crowd
        clients = [sharing(gates, host, **PATIENT) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            bodies = list(pool.map(lambda client: client.get(host.url("/")).body, clients))
        assert bodies == [BODY] * 6
        assert crowd.most == most

    def test_is_one_host_in_any_spelling_and_another_on_another_port(self) -> None:
        def gate(url: str) -> str:
            return origin_of(parse(url)).gate

        assert gate("http://Example.ORG/a") == gate("http://ann:pw@example.org.:80/b?c")
        assert gate("https://bücher.example/") == gate("https://xn--bcher-kva.example:443/")
        assert gate("http://example.org:81/") != gate("http://example.org/")

    def test_is_free_again_after_a_failure(self, host: Site) -> None:
        gates = HostGates()
        host.pages["/gone"] = answer(status=404)
        with pytest.raises(FetchError):
            sharing(gates, host).get(host.url("/gone"))
        assert sharing(gates, host).get(host.url("/")).body == BODY

    def test_waiting_for_the_gate_is_not_the_hosts_slowness(self, host: Site) -> None:
        host.pages["/slow"] = silent(0.3)
        client = sharing(HostGates(), host, total_timeout_s=1.0)
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(client.get, [host.url("/slow")] * 5))
        assert [answer.body for answer in answers] == [b"late"] * 5

    def test_first_come_first_served(self) -> None:
        gates, served, threads = HostGates(), [], []

        def take(number: int) -> None:
            with gates.hold("a:80"):
                served.append(number)

        with gates.hold("a:80"):
            for number in range(20):
                threads.append(threading.Thread(target=take, args=(number,)))
                threads[-1].start()
                until(lambda: len(gates._queues["a:80"]) == len(threads) + 1)
        for thread in threads:
            thread.join()
        assert served == list(range(20))
        assert gates._queues == {}


class TestSeveralHosts:
    def test_a_slow_one_holds_up_nobody_else(self, host: Site, other: Site) -> None:
        answers = threading.Event()
        host.pages["/"] = after(answers)
        client = sharing(HostGates(), host, other, **PATIENT)
        with ThreadPoolExecutor(2) as pool:
            slow = pool.submit(client.get, host.url("/"))
            until(lambda: len(host.requests) == 1)
            assert client.get(other.url("/")).body == BODY
            assert not slow.done()
            answers.set()
            assert slow.result().body == BODY

    def test_a_redirect_waits_for_the_gate_of_the_other_host(self, host: Site, other: Site) -> None:
        crowd = Crowd(answer(BODY))
        other.pages["/"] = crowd
        host.pages["/"] = redirect(other.url("/"))
        client = sharing(HostGates(), host, other)
        with ThreadPoolExecutor(6) as pool:
            urls = [host.url("/"), other.url("/")] * 3
            bodies = list(pool.map(lambda url: client.get(url).body, urls))
        assert bodies == [BODY] * 6
        assert crowd.most == 1

    def test_the_gate_of_the_first_host_is_free_meanwhile(self, host: Site, other: Site) -> None:
        answers = threading.Event()
        other.pages["/"] = after(answers)
        host.pages["/away"] = redirect(other.url("/"))
        client = sharing(HostGates(), host, other, **PATIENT)
        with ThreadPoolExecutor(1) as pool:
            away = pool.submit(client.get, host.url("/away"))
            until(lambda: len(other.requests) == 1)
            assert client.get(host.url("/")).body == BODY
            assert not away.done()
            answers.set()
            assert away.result().body == BODY

    def test_hosts_that_redirect_to_each_other_do_not_block_each_other(self) -> None:
        with ExitStack() as stack:
            hosts = [stack.enter_context(site({"/": Crowd(answer(BODY))})) for _ in range(3)]
            for here, there in zip(hosts, hosts[1:] + hosts[:1], strict=True):
                here.pages["/away"] = Crowd(redirect(there.url("/")))
            client = sharing(HostGates(), *hosts, **PATIENT)
            with ThreadPoolExecutor(12) as pool:
                urls = [host.url("/away") for host in hosts] * 4
                bodies = list(pool.map(lambda url: client.get(url).body, urls))
            assert bodies == [BODY] * 12


def until(happened: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    end = time.monotonic() + LONGEST_S
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.001)
