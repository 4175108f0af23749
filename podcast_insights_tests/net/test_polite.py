"""Asking again: how often, how long after, and when not."""

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.net.client import Client, FetchError
from podcast_insights.net.gates import HostGates
from podcast_insights.net.polite import PoliteClient
from podcast_insights.net.retry_after import MAX_RETRY_AFTER_S, retry_after_s
from podcast_insights_tests.net import BODY, client_of
from podcast_insights_tests.support.servers import (
    HOST,
    LONGEST_S,
    Behaviour,
    Site,
    answer,
    busy,
    cut_chunks,
    dripping_body,
    redirect,
    reset,
    sequence,
    short,
    silent,
)

GOOD = answer(BODY)


@dataclass
class Time:
    """A clock that only pauses move."""

    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def now(self) -> float:
        return time.monotonic() + sum(self.pauses)


@pytest.fixture
def clock() -> Time:
    return Time()


def polite(host: Site, clock: Time, **options: Any) -> PoliteClient:  # noqa: ANN401 - any option
    limits = {key: options.pop(key) for key in list(options) if key.endswith("timeout_s")}
    return PoliteClient(
        client_of(host.host, **limits),
        sleep=clock.sleep,
        clock=clock.now,
        **{"random": lambda: 1.0, **options},
    )


class TestAskingAgain:
    @pytest.mark.parametrize(
        "failure",
        [
            *(answer(status=status) for status in (408, 429, 500, 502, 503, 504)),
            reset(),
            reset(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
            short(BODY, 100),
            cut_chunks(BODY),
        ],
    )
    def test_helps_against_what_passes(
        self, host: Site, clock: Time, tmp_path: Path, failure: Behaviour
    ) -> None:
        host.pages["/"] = sequence(failure, failure, GOOD)
        assert polite(host, clock).get(host.url("/")).body == BODY
        assert clock.pauses == [1.0, 2.0]
        host.pages["/"] = sequence(failure, GOOD)
        polite(host, clock).download(host.url("/"), tmp_path / "body")
        assert (tmp_path / "body").read_bytes() == BODY

    def test_helps_against_silence(self, host: Site, clock: Time) -> None:
        host.pages["/"] = sequence(silent(0.3), GOOD)
        assert polite(host, clock, read_timeout_s=0.1).get(host.url("/")).body == BODY

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 501, 304])
    def test_is_no_use_against_what_stays(self, host: Site, clock: Time, status: int) -> None:
        host.pages["/"] = answer(status=status)
        with pytest.raises(FetchError) as caught:
            polite(host, clock).get(host.url("/"))
        assert (caught.value.kind, caught.value.status) == ("http_status", status)
        assert (len(host.requests), clock.pauses) == (1, [])

    def test_is_no_use_with_refused_addresses_and_circles(self, host: Site, clock: Time) -> None:
        host.pages |= {"/in": redirect("http://10.0.0.1/"), "/round": redirect("/round")}
        for path, kind in (("/in", "refused_address"), ("/round", "redirects")):
            with pytest.raises(FetchError) as caught:
                polite(host, clock).get(host.url(path))
            assert caught.value.kind == kind
        assert (len(host.requests), clock.pauses) == (2, [])

    @pytest.mark.parametrize("attempts", [1, 2, 5])
    def test_ends_with_the_last_error(self, host: Site, clock: Time, attempts: int) -> None:
        host.pages["/"] = answer(status=503)
        with pytest.raises(FetchError, match=f"{HOST} answered HTTP 503") as caught:
            polite(host, clock, max_attempts=attempts).get(host.url("/"))
        assert (caught.value.kind, caught.value.status) == ("http_status", 503)
        assert len(host.requests) == attempts
        assert clock.pauses == [1.0, 2.0, 4.0, 8.0][: attempts - 1]

    def test_pauses_vary_and_have_a_bound(self, host: Site, clock: Time) -> None:
        host.pages["/"] = answer(status=503)
        luck = iter([0.0, 0.5, 1.0, 0.0, 0.0])
        with pytest.raises(FetchError):
            polite(host, clock, max_attempts=5, max_wait_s=3.0, random=lambda: next(luck)).get(
                host.url("/")
            )
        assert clock.pauses == [0.5, 1.5, 3.0, 1.5]

    def test_conditions_are_sent_each_time(self, host: Site, clock: Time) -> None:
        host.pages["/"] = sequence(answer(status=500), answer(status=304))
        got = polite(host, clock).get(host.url("/"), {"if-none-match": '"1"'})
        assert got.status == 304
        assert [r.headers["if-none-match"] for r in host.requests] == ['"1"', '"1"']

    def test_a_shorter_second_download_leaves_nothing_of_the_first(
        self, host: Site, clock: Time, tmp_path: Path
    ) -> None:
        host.pages["/"] = sequence(short(b"x" * 5000, 6000), GOOD)
        got = polite(host, clock).download(host.url("/"), tmp_path / "body")
        assert (tmp_path / "body").read_bytes() == BODY
        assert got.size_bytes == len(BODY)

    def test_is_for_both_kinds_of_clients_the_same(self, host: Site, clock: Time) -> None:
        clients: tuple[Client, Client] = (client_of(host.host), polite(host, clock))
        assert {client.get(host.url("/")).body for client in clients} == {BODY}


class TestWhatTheHostAsksFor:
    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(("said", "pause"), [("7", 7.0), ("0", 1.0), ("-3", 1.0), ("30", 30.0)])
    def test_a_short_wait_is_kept(
        self, host: Site, clock: Time, status: int, said: str, pause: float
    ) -> None:
        host.pages["/"] = sequence(busy(said, status), GOOD)
        assert polite(host, clock).get(host.url("/")).body == BODY
        assert clock.pauses == [pause]

    @pytest.mark.parametrize("said", [None, "", "soon", "1e3", "٣", "12:00", "9" * 30, "Mon, 99"])
    def test_nonsense_is_passed_over(self, host: Site, clock: Time, said: str | None) -> None:
        host.pages["/"] = sequence(busy(said and said.encode().decode("latin-1")), GOOD)
        assert polite(host, clock).get(host.url("/")).body == BODY
        assert clock.pauses == [1.0]

    @pytest.mark.parametrize(("said", "kept"), [("31", 31.0), ("3600", 3600.0), ("10" * 8, 86_400)])
    def test_a_long_wait_is_left_to_the_next_scan(
        self, host: Site, clock: Time, said: str, kept: float
    ) -> None:
        host.pages["/"] = busy(said)
        with pytest.raises(FetchError, match=f"{HOST} answered HTTP 429, and asks") as caught:
            polite(host, clock).get(host.url("/"))
        assert (caught.value.kind, caught.value.status) == ("asked_to_wait", 429)
        assert caught.value.retry_after_s == kept
        assert caught.value.is_transient
        assert (len(host.requests), clock.pauses) == (1, [])

    def test_a_date_counts_from_the_hosts_own_clock(self) -> None:
        noon = datetime(2001, 2, 3, 12, tzinfo=UTC)
        headers = {
            "Date": format_datetime(noon, usegmt=True),
            "Retry-After": format_datetime(noon + timedelta(seconds=20), usegmt=True),
        }
        assert retry_after_s({name.lower(): value for name, value in headers.items()}) == 20.0

    def test_a_date_over_http(self, host: Site, clock: Time) -> None:
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
        host.pages["/"] = sequence(busy(soon, 503), GOOD)
        assert polite(host, clock).get(host.url("/")).body == BODY
        assert 17 < clock.pauses[0] <= 20

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00"}, 0.0),
            ({"retry-after": "Wed, 21 Oct 9915 07:28:00 GMT"}, MAX_RETRY_AFTER_S),
            ({"retry-after": " 12 ", "date": "nonsense"}, 12.0),
            ({"retry-after": "Wed, 45 Oct 2015 07:28:00 GMT"}, None),
        ],
    )
    def test_odd_values(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry_after_s(headers) == seconds

    def test_who_runs_out_of_attempts_knows_when_to_come_back(
        self, host: Site, clock: Time
    ) -> None:
        host.pages["/"] = busy("9")
        with pytest.raises(FetchError) as caught:
            polite(host, clock).get(host.url("/"))
        assert (caught.value.kind, caught.value.retry_after_s) == ("asked_to_wait", 9.0)
        assert clock.pauses == [9.0, 9.0]


class TestTimeInAll:
    def test_pauses_count(self, host: Site, clock: Time) -> None:
        host.pages["/"] = busy("20")
        with pytest.raises(FetchError) as caught:
            polite(host, clock, total_timeout_s=30.0).get(host.url("/"))
        assert caught.value.kind == "asked_to_wait"
        assert clock.pauses == [20.0]

    def test_later_attempts_have_what_is_left(self, host: Site, clock: Time) -> None:
        host.pages["/"] = sequence(busy("9"), dripping_body(0.02))
        started = time.monotonic()
        with pytest.raises(FetchError, match="took more than 9.4 s") as caught:
            polite(host, clock, total_timeout_s=9.4).get(host.url("/"))
        assert caught.value.kind == "too_slow"
        assert time.monotonic() - started < LONGEST_S / 2

    def test_no_gate_is_held_during_a_pause(self, host: Site) -> None:
        shared = replace(client_of(host.host), gates=HostGates())
        host.pages["/busy"] = sequence(busy("1"), GOOD)
        bodies: list[bytes] = []

        def pause(seconds: float) -> None:
            bodies.append(shared.get(host.url("/")).body)

        assert PoliteClient(shared, sleep=pause).get(host.url("/busy")).body == BODY
        assert bodies == [BODY]
