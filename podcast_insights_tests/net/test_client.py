"""The client against hosts that misbehave."""

import hashlib
import socket
import ssl
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.net import sockets
from podcast_insights.net.client import USER_AGENT, FetchError
from podcast_insights_tests.net import BODY, client_of
from podcast_insights_tests.support.servers import (
    HOST,
    LONGEST_S,
    Behaviour,
    Site,
    always_unchanged,
    answer,
    broken_chunk,
    conditional,
    cut_chunks,
    dripping_body,
    dripping_headers,
    endless,
    fickle,
    many_headers,
    old_http,
    part,
    raw,
    redirect,
    reset,
    short,
    silent,
    site,
)
from podcast_insights_tests.support.smtp import tls_contexts


class TestAnswers:
    def test_a_good_answer_comes_whole_with_its_hash(self, host: Site) -> None:
        got = client_of(host.host).get(host.url("/"))
        assert (got.status, got.body, got.size_bytes) == (200, BODY, len(BODY))
        assert got.sha256 == hashlib.sha256(BODY).hexdigest()
        assert host.requests[0].headers["user-agent"] == USER_AGENT

    def test_a_download_lands_in_the_file(self, host: Site, tmp_path: Path) -> None:
        got = client_of(host.host).download(host.url("/"), tmp_path / "body")
        assert (tmp_path / "body").read_bytes() == BODY
        assert got.sha256 == hashlib.sha256(BODY).hexdigest()
        assert got.body == b""

    def test_given_headers_are_sent_and_304_is_an_answer(self, host: Site) -> None:
        host.pages["/"] = conditional(BODY, '"v1"')
        known = client_of(host.host).get(host.url("/"), {"if-none-match": '"v1"'})
        assert (known.status, known.body) == (304, b"")
        changed = client_of(host.host).get(host.url("/"), {"if-none-match": '"v0"'})
        assert (changed.status, changed.body) == (200, BODY)
        assert changed.headers["etag"] == '"v1"'

    @pytest.mark.parametrize("status", [404, 410, 429, 500])
    def test_an_error_status_is_kept(self, host: Site, status: int) -> None:
        host.pages["/"] = answer(BODY, status=status)
        with pytest.raises(FetchError, match=f"{HOST} answered HTTP {status}") as caught:
            client_of(host.host).get(host.url("/"))
        assert caught.value.status == status

    def test_nobody_listening_is_an_error_that_names_the_host(self) -> None:
        with socket.socket() as taken:
            taken.bind((HOST, 0))
            port = taken.getsockname()[1]
            with pytest.raises(FetchError, match=HOST) as caught:
                client_of(HOST).get(f"http://{HOST}:{port}/")
        assert caught.value.status is None
        assert (caught.value.kind, caught.value.is_transient) == ("unreachable", True)

    def test_a_name_nobody_knows_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*args: object, **kwargs: object) -> list[Any]:
            raise socket.gaierror("Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(FetchError, match=r"no-such-host\.test can't be resolved"):
            client_of().get("http://no-such-host.test/feed")

    @pytest.mark.parametrize(
        ("number", "is_transient"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False)]
    )
    def test_a_name_may_be_known_in_a_moment_if_the_resolver_says_so(
        self, monkeypatch: pytest.MonkeyPatch, number: int, is_transient: bool
    ) -> None:
        def unknown(*args: object, **kwargs: object) -> list[Any]:
            raise socket.gaierror(number, "no")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(FetchError) as caught:
            client_of().get("http://host.test/feed")
        assert (caught.value.kind, caught.value.is_transient) == ("unreachable", is_transient)

    @pytest.mark.parametrize("headers", [{}, {"accept": "text/xml"}])
    def test_a_304_nobody_asked_for_is_no_answer(
        self, host: Site, tmp_path: Path, headers: dict[str, str]
    ) -> None:
        host.pages["/"] = always_unchanged()
        for ask in (
            lambda: client_of(host.host).get(host.url("/"), headers),
            lambda: client_of(host.host).download(host.url("/"), tmp_path / "body"),
        ):
            with pytest.raises(FetchError, match="HTTP 304") as caught:
                ask()
            assert (caught.value.kind, caught.value.status) == ("http_status", 304)

    def test_an_etag_goes_back_as_it_came(self, host: Site) -> None:
        etag = '"été"'
        client_of(host.host).get(host.url("/"), {"If-None-Match": etag})
        sent = host.requests[0].headers["if-none-match"]
        assert sent.encode("latin-1").decode() == etag

    def test_an_etag_that_changes_each_time_does_no_harm(self, host: Site) -> None:
        host.pages["/"] = fickle(BODY)
        client = client_of(host.host)
        first = client.get(host.url("/"))
        second = client.get(host.url("/"), {"if-none-match": first.headers["etag"]})
        assert first.headers["etag"] != second.headers["etag"]
        assert first.sha256 == second.sha256

    def test_a_body_without_length_ends_with_the_connection(self, host: Site) -> None:
        host.pages["/"] = old_http(BODY)
        assert client_of(host.host).get(host.url("/")).body == BODY

    def test_who_we_are_can_be_said_differently(self, host: Site) -> None:
        replace(client_of(host.host), user_agent="newsroom/1").get(host.url("/"))
        assert host.requests[0].headers["user-agent"] == "newsroom/1"


class TestLimits:
    def test_a_body_of_exactly_the_limit_passes(self, host: Site) -> None:
        assert client_of(host.host, max_bytes=len(BODY)).get(host.url("/")).body == BODY

    def test_one_byte_more_is_refused(self, host: Site) -> None:
        with pytest.raises(FetchError, match=f"more than {len(BODY) - 1} bytes"):
            client_of(host.host, max_bytes=len(BODY) - 1).get(host.url("/"))

    def test_an_endless_body_is_stopped(self, host: Site, tmp_path: Path) -> None:
        host.pages["/"] = endless()
        with pytest.raises(FetchError, match="more than 100,000 bytes"):
            client_of(host.host).get(host.url("/"))
        with pytest.raises(FetchError, match="more than 100,000 bytes"):
            client_of(host.host).download(host.url("/"), tmp_path / "body")
        assert (tmp_path / "body").stat().st_size <= 100_000

    @pytest.mark.parametrize("behaviour", [dripping_body(0.02), dripping_headers(0.02)])
    def test_a_slow_drip_is_stopped(self, host: Site, behaviour: Behaviour) -> None:
        host.pages["/"] = behaviour
        started = time.monotonic()
        with pytest.raises(FetchError, match="took more than 0.4 s"):
            client_of(host.host, total_timeout_s=0.4).get(host.url("/"))
        assert time.monotonic() - started < LONGEST_S / 2

    def test_redirects_share_the_time(self, host: Site) -> None:
        def slowly(location: str) -> Behaviour:
            return lambda request: (time.sleep(0.3), redirect(location)(request))[1]

        host.pages |= {f"/{hop}": slowly(f"/{hop + 1}") for hop in range(5)}
        with pytest.raises(FetchError, match="took more than 0.5 s"):
            client_of(host.host, total_timeout_s=0.5).get(host.url("/0"))
        assert {request.path for request in host.requests} <= {"/0", "/1"}

    def test_silence_is_stopped(self, host: Site) -> None:
        host.pages["/"] = silent(0.6)
        with pytest.raises(FetchError, match=HOST):
            client_of(host.host, read_timeout_s=0.1).get(host.url("/"))
        assert client_of(host.host, read_timeout_s=5.0).get(host.url("/")).body == b"late"

    def test_silence_may_pass_and_a_drip_will_not(self, host: Site) -> None:
        host.pages |= {"/": silent(0.6), "/drip": dripping_body(0.02)}
        found = {}
        for path in ("/", "/drip"):
            with pytest.raises(FetchError) as caught:
                client_of(host.host, read_timeout_s=0.1, total_timeout_s=0.3).get(host.url(path))
            found[path] = (caught.value.kind, caught.value.is_transient)
        assert found == {"/": ("too_slow", True), "/drip": ("too_slow", False)}

    def test_a_body_announced_too_large_is_not_even_begun(self, host: Site) -> None:
        host.pages["/"] = short(BODY, 100_001)
        with pytest.raises(FetchError, match="announced more than 100,000 bytes") as caught:
            client_of(host.host).get(host.url("/"))
        assert (caught.value.kind, caught.value.is_transient) == ("too_large", False)

    def test_headers_may_be_many_but_not_without_end(self, host: Site) -> None:
        host.pages |= {"/": many_headers(90, 1_000), "/endless": many_headers(90, 10_000)}
        assert client_of(host.host).get(host.url("/")).body == b"after the headers"
        with pytest.raises(FetchError, match="headers without end") as caught:
            client_of(host.host).get(host.url("/endless"))
        assert (caught.value.kind, caught.value.is_transient) == ("too_large", False)


BROKEN_OFF = [
    short(BODY, len(BODY) + 1),
    cut_chunks(BODY),
    broken_chunk(BODY),
    reset(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
]


class TestBrokenAnswers:
    @pytest.mark.parametrize("behaviour", BROKEN_OFF)
    def test_a_body_that_breaks_off_is_an_error(
        self, host: Site, tmp_path: Path, behaviour: Behaviour
    ) -> None:
        host.pages["/"] = behaviour
        for ask in (
            lambda: client_of(host.host).get(host.url("/")),
            lambda: client_of(host.host).download(host.url("/"), tmp_path / "body"),
        ):
            with pytest.raises(FetchError, match=HOST) as caught:
                ask()
            assert (caught.value.kind, caught.value.is_transient) == ("incomplete", True)

    def test_a_part_is_not_taken_for_the_whole(self, host: Site) -> None:
        host.pages["/"] = answer(BODY, status=206)
        with pytest.raises(FetchError, match="HTTP 206") as caught:
            client_of(host.host).get(host.url("/"))
        assert caught.value.kind == "incomplete"

    @pytest.mark.parametrize(
        ("content_range", "headers"),
        [
            ("bytes 0-10/12", {}),
            ("bytes 1-11/12", {}),
            ("bytes 0-11/*", {}),
            ("bytes 0-11/13", {}),
            ("bytes 0-12/13", {}),  # says more than it is long
            ("bytes 0-11/12", {"Content-Length": "11"}),
        ],
    )
    def test_nor_is_one_that_says_that_there_is_more(
        self, host: Site, content_range: str, headers: dict[str, str]
    ) -> None:
        host.pages["/"] = part(BODY, content_range, headers)
        with pytest.raises(FetchError, match="HTTP 206"):
            client_of(host.host).get(host.url("/"))

    def test_a_part_that_is_the_whole_is_taken_at_once(self, host: Site, tmp_path: Path) -> None:
        host.pages["/"] = part(BODY, "bytes 0-11/12")
        assert client_of(host.host).get(host.url("/")).body == BODY
        client_of(host.host).download(host.url("/"), tmp_path / "body")
        assert (tmp_path / "body").read_bytes() == BODY
        assert len(host.requests) == 2

    def test_more_bytes_than_announced_do_no_harm(self, host: Site) -> None:
        host.pages["/"] = short(BODY, 6)
        assert client_of(host.host).get(host.url("/")).body == BODY[:6]

    @pytest.mark.parametrize("behaviour", [reset(), raw(), raw(b"HTTP/1.1 200 OK\r\nX-")])
    def test_a_connection_that_breaks_before_an_answer(
        self, host: Site, behaviour: Behaviour
    ) -> None:
        host.pages["/"] = behaviour
        with pytest.raises(FetchError, match=f"{HOST} can't be reached") as caught:
            client_of(host.host).get(host.url("/"))
        assert (caught.value.kind, caught.value.is_transient) == ("unreachable", True)

    @pytest.mark.parametrize("said", [b"220 ready\r\n\r\n", b"\x16\x03\x01\x00" * 9])
    def test_what_is_not_http(self, host: Site, said: bytes) -> None:
        host.pages["/"] = raw(said)
        with pytest.raises(FetchError, match="not HTTP") as caught:
            client_of(host.host).get(host.url("/"))
        assert (caught.value.kind, caught.value.is_transient) == ("unusable", False)


class TestTls:
    @pytest.fixture
    def contexts(self, tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        return tls_contexts(tmp_path) or pytest.skip("needs the openssl command")

    def test_a_certificate_nobody_vouches_for_is_refused(
        self, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        with site({"/": answer(BODY)}, tls=contexts[0]) as host:
            with pytest.raises(FetchError, match="certificate"):
                client_of(host.host).get(host.url("/"))
            assert host.requests == []

    def test_a_certificate_does_not_become_good_by_asking_again(
        self, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
    ) -> None:
        with site({"/": answer(BODY)}, tls=contexts[0]) as host:
            with pytest.raises(FetchError) as caught:
                client_of(host.host).get(host.url("/"))
        assert (caught.value.kind, caught.value.is_transient) == ("unreachable", False)

    def test_a_drip_is_stopped_behind_a_good_certificate_too(
        self,
        contexts: tuple[ssl.SSLContext, ssl.SSLContext],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sockets, "certificates", lambda: contexts[1])
        with site({"/": answer(BODY), "/drip": dripping_body(0.02)}, tls=contexts[0]) as host:
            assert host.url("/").startswith("https://")
            assert client_of(host.host).get(host.url("/")).body == BODY
            with pytest.raises(FetchError, match="took more than 0.4 s"):
                client_of(host.host, total_timeout_s=0.4).get(host.url("/drip"))


class TestProxies:
    def test_proxies_of_the_environment_are_ignored(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with site({"/": answer(b"from the proxy")}) as proxy:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url(""))
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
            assert client_of(host.host).get(host.url("/")).body == BODY
            assert proxy.requests == []
