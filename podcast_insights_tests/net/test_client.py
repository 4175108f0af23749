"""The client against hosts that misbehave."""

import gzip
import hashlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from podcast_insights.net import client as module
from podcast_insights.net.client import (
    USER_AGENT,
    FetchError,
    Limits,
    SafeClient,
    is_public,
    redact,
)
from podcast_insights_tests.support.servers import (
    HOST,
    Behaviour,
    Site,
    answer,
    conditional,
    cut_chunks,
    dripping_body,
    dripping_headers,
    endless,
    redirect,
    short,
    silent,
    site,
)
from podcast_insights_tests.support.smtp import tls_contexts

BODY = b"twelve bytes"


@pytest.fixture
def host() -> Iterator[Site]:
    with site({"/": answer(BODY)}) as running:
        yield running


def client_of(*private_hosts: str, **limits: Any) -> SafeClient:  # noqa: ANN401 - any limit
    return SafeClient(Limits(**{"max_bytes": 100_000, **limits}), frozenset(private_hosts))


def resolving_to(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


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

    def test_a_name_nobody_knows_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*args: object, **kwargs: object) -> list[Any]:
            raise socket.gaierror("Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(FetchError, match=r"no-such-host\.test can't be resolved"):
            client_of().get("http://no-such-host.test/feed")


class TestRedirects:
    def chain(self, host: Site, hops: int) -> str:
        for hop in range(hops):
            host.pages[f"/{hop}"] = redirect(f"/{hop + 1}" if hop + 1 < hops else "/")
        return host.url("/0")

    def test_a_chain_as_long_as_allowed_is_followed(self, host: Site) -> None:
        got = client_of(host.host, max_redirects=3).get(self.chain(host, 3))
        assert (got.body, got.url) == (BODY, host.url("/"))

    def test_a_longer_chain_is_refused(self, host: Site) -> None:
        with pytest.raises(FetchError, match="redirected more than 3 times"):
            client_of(host.host, max_redirects=3).get(self.chain(host, 4))

    def test_a_circle_is_refused(self, host: Site) -> None:
        host.pages["/round"] = redirect("/round")
        with pytest.raises(FetchError, match="redirected more than 5 times"):
            client_of(host.host).get(host.url("/round"))
        assert len(host.requests) == 6

    def test_from_an_allowed_port_to_another_of_the_same_host_is_refused(self, host: Site) -> None:
        with site({"/": answer(b"secret")}) as inner:
            host.pages["/away"] = redirect(inner.url("/"))
            with pytest.raises(FetchError, match="not a public address"):
                client_of(host.host).get(host.url("/away"))
            assert inner.requests == []
            allowed = client_of(host.host, inner.host).get(host.url("/away"))
        assert allowed.body == b"secret"

    @pytest.mark.parametrize(
        "location",
        ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "http://[", "http:///x"],
    )
    def test_to_what_is_no_web_address_is_refused(self, host: Site, location: str) -> None:
        host.pages["/away"] = redirect(location)
        with pytest.raises(FetchError):
            client_of(host.host).get(host.url("/away"))


class TestSchemes:
    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd",
            "ftp://example.org/feed",
            "data:text/plain,hello",
            "//example.org/feed",
            "example.org/feed",
            "http://",
            "http://[::1",
            "",
        ],
    )
    def test_only_http_with_a_host_is_fetched(self, url: str) -> None:
        with pytest.raises(FetchError, match=r"not an http\(s\) address"):
            client_of().get(url)

    def test_an_impossible_port_is_an_error_not_a_crash(self) -> None:
        for port in ("99999", "port", "0", "-1"):
            with pytest.raises(FetchError):
                client_of().get(f"http://example.org:{port}/")

    @pytest.mark.parametrize("host", ["a..example", "a" * 64 + ".example", "xn--a", "é" * 300])
    def test_an_impossible_name_is_an_error_not_a_crash(self, host: str) -> None:
        with pytest.raises(FetchError):
            client_of().get(f"http://{host}/")


PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not one to listen on
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "2002:7f00:1::",
    "::127.0.0.1",
]
PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::"]


class TestAddresses:
    @pytest.mark.parametrize("address", PRIVATE)
    def test_private_addresses(self, address: str) -> None:
        assert not is_public(address)

    @pytest.mark.parametrize("address", PUBLIC)
    def test_public_addresses(self, address: str) -> None:
        assert is_public(address)

    @pytest.mark.parametrize("address", PRIVATE)
    def test_a_name_that_resolves_to_a_private_address_is_refused(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def connect(*args: object, **kwargs: object) -> None:
            raise AssertionError("a socket was opened")

        monkeypatch.setattr(module, "resolve", resolving_to(address))
        monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
        with pytest.raises(FetchError, match="podcast.test resolves to .* not a public address"):
            client_of("other.test").get("http://podcast.test/feed")

    def test_the_private_one_among_several_addresses_is_never_tried(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: list[str] = []

        def connect(self: object, address: str, *args: object) -> None:
            tried.append(address)
            raise httpcore.ConnectError("nobody there")

        monkeypatch.setattr(module, "resolve", resolving_to("8.8.8.8", "10.0.0.1", "8.8.4.4"))
        monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
        with pytest.raises(FetchError, match="not a public address"):
            client_of().get("http://podcast.test/feed")
        assert tried == ["8.8.8.8"]

    def test_the_next_address_is_tried_when_one_does_not_answer(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # 127.0.0.2 is loopback too, but nobody listens there.
        monkeypatch.setattr(module, "resolve", resolving_to("127.0.0.2", HOST))
        got = client_of("podcast.test").get(host.url("/", "podcast.test"))
        assert got.body == BODY

    def test_a_host_is_allowed_by_name_with_and_without_its_port(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "resolve", resolving_to(HOST))
        url = host.url("/", "podcast.test")
        for allowed in ("podcast.test", f"podcast.test:{host.port}"):
            assert client_of(allowed).get(url).body == BODY
        for not_enough in (f"podcast.test:{host.port + 1}", "test", HOST, ""):
            with pytest.raises(FetchError, match="not a public address"):
                client_of(not_enough).get(url)

    @pytest.mark.parametrize("spelling", ["127.1", "2130706433", "0x7f.0.0.1", "localhost"])
    def test_other_spellings_of_loopback_are_seen_through(self, host: Site, spelling: str) -> None:
        with pytest.raises(FetchError, match="not a public address"):
            client_of().get(host.url("/", spelling))
        assert host.requests == []

    def test_ipv6_loopback_is_refused_unless_named(self) -> None:
        with pytest.raises(FetchError, match="::1, which is not a public address"):
            client_of(HOST).get("http://[::1]:9/")
        with pytest.raises(FetchError) as named:
            client_of("::1").get("http://[::1]:9/")
        assert "public address" not in str(named.value)


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
        assert time.monotonic() - started < 3

    def test_redirects_share_the_time(self, host: Site) -> None:
        def slowly(location: str) -> Behaviour:
            return lambda request: (time.sleep(0.3), redirect(location)(request))[1]

        host.pages |= {f"/{hop}": slowly(f"/{hop + 1}") for hop in range(5)}
        started = time.monotonic()
        with pytest.raises(FetchError, match="took more than 0.5 s"):
            client_of(host.host, total_timeout_s=0.5).get(host.url("/0"))
        assert time.monotonic() - started < 1.2

    def test_silence_is_stopped(self, host: Site) -> None:
        host.pages["/"] = silent(0.6)
        with pytest.raises(FetchError, match=HOST):
            client_of(host.host, read_timeout_s=0.1).get(host.url("/"))
        assert client_of(host.host, read_timeout_s=5.0).get(host.url("/")).body == b"late"

    @pytest.mark.parametrize("behaviour", [short(BODY, len(BODY) + 1), cut_chunks(BODY)])
    def test_a_body_that_breaks_off_is_an_error(
        self, host: Site, tmp_path: Path, behaviour: Behaviour
    ) -> None:
        host.pages["/"] = behaviour
        with pytest.raises(FetchError, match=HOST):
            client_of(host.host).get(host.url("/"))
        with pytest.raises(FetchError, match=HOST):
            client_of(host.host).download(host.url("/"), tmp_path / "body")


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

    def test_a_drip_is_stopped_behind_a_good_certificate_too(
        self,
        contexts: tuple[ssl.SSLContext, ssl.SSLContext],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(module, "certificates", lambda: contexts[1])
        with site({"/": answer(BODY), "/drip": dripping_body(0.02)}, tls=contexts[0]) as host:
            assert host.url("/").startswith("https://")
            assert client_of(host.host).get(host.url("/")).body == BODY
            with pytest.raises(FetchError, match="took more than 0.4 s"):
                client_of(host.host, total_timeout_s=0.4).get(host.url("/drip"))


class TestCompression:
    def packed(self, body: bytes, encoding: str = "gzip") -> Behaviour:
        return answer(body, headers={"Content-Encoding": encoding})

    def test_a_compressed_body_is_unpacked(self, host: Site) -> None:
        host.pages["/"] = self.packed(gzip.compress(BODY))
        assert client_of(host.host).get(host.url("/")).body == BODY

    @pytest.mark.parametrize("encoding", ["utf-8", "none", "identity", ""])
    def test_a_misplaced_word_does_not_spoil_the_body(self, host: Site, encoding: str) -> None:
        host.pages["/"] = self.packed(BODY, encoding)
        assert client_of(host.host).get(host.url("/")).body == BODY

    def test_a_bomb_counts_unpacked(self, host: Site) -> None:
        bomb = gzip.compress(bytes(20_000_000))
        assert len(bomb) < 100_000
        host.pages["/"] = self.packed(bomb)
        with pytest.raises(FetchError, match="more than 100,000 bytes"):
            client_of(host.host).get(host.url("/"))

    @pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,deflate"])
    def test_what_was_not_asked_for_is_refused(self, host: Site, encoding: str) -> None:
        # Packed twice, 10 GB fit into 20 kB; brotli and zstd need no second time.
        host.pages["/"] = self.packed(gzip.compress(gzip.compress(BODY)), encoding)
        with pytest.raises(FetchError, match="Content-Encoding"):
            client_of(host.host).get(host.url("/"))
        asked = host.requests[0].headers["accept-encoding"]
        assert set(asked.replace(" ", "").split(",")) <= {"gzip", "deflate", "identity"}

    def test_a_body_that_is_not_what_it_says_is_an_error(self, host: Site) -> None:
        host.pages["/"] = self.packed(b"not gzip at all")
        with pytest.raises(FetchError, match=HOST):
            client_of(host.host).get(host.url("/"))


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


class TestRedact:
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://example.org/feed.xml", "https://example.org/feed.xml"),
            ("https://ann:secret@example.org:8443/f?key=s3", "https://example.org:8443/f?…"),
            ("https://secret@example.org/f#secret", "https://example.org/f"),
            ("http://[::1]:80/f", "http://::1:80/f"),
            ("https://example.org:secret/", "(not a URL)"),
            ("http://[secret", "(not a URL)"),
        ],
    )
    def test_user_password_and_query_are_hidden(self, url: str, shown: str) -> None:
        assert redact(url) == shown

    def test_messages_name_the_host_and_no_secret(self, host: Site) -> None:
        url = f"http://ann:hunter2@{host.host}/gone?token=hunter2"
        with pytest.raises(FetchError) as caught:
            client_of(host.host).get(url)
        assert HOST in str(caught.value)
        assert "hunter2" not in str(caught.value)
