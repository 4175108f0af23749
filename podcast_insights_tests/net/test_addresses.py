"""Which addresses are asked, and which are not."""

import httpcore
import pytest

from podcast_insights.net import sockets
from podcast_insights.net.addresses import host_of, is_public
from podcast_insights.net.client import FetchError
from podcast_insights_tests.net import BODY, client_of, resolving_to
from podcast_insights_tests.support.servers import HOST, Site


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

    @pytest.mark.parametrize(
        "url", ["ann:hunter2@example.org/feed", "ftp://ann:hunter2@h/hunter2", "http://[hunter2"]
    )
    def test_the_message_shows_no_more_than_the_host(self, url: str) -> None:
        with pytest.raises(FetchError) as caught:
            client_of().get(url)
        assert "hunter2" not in str(caught.value)
        assert (caught.value.kind, caught.value.is_transient) == ("bad_address", False)

    def test_what_has_no_host(self) -> None:
        assert {host_of(url) for url in ("", "http://", "http://[")} == {"(no host)"}


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

        monkeypatch.setattr(sockets, "resolve", resolving_to(address))
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

        monkeypatch.setattr(sockets, "resolve", resolving_to("8.8.8.8", "10.0.0.1", "8.8.4.4"))
        monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
        with pytest.raises(FetchError, match="not a public address"):
            client_of().get("http://podcast.test/feed")
        assert tried == ["8.8.8.8"]

    def test_the_next_address_is_tried_when_one_does_not_answer(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # 127.0.0.2 is loopback too, but nobody listens there.
        monkeypatch.setattr(sockets, "resolve", resolving_to("127.0.0.2", HOST))
        got = client_of("podcast.test").get(host.url("/", "podcast.test"))
        assert got.body == BODY

    def test_a_host_is_allowed_by_name_with_and_without_its_port(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sockets, "resolve", resolving_to(HOST))
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

    def test_a_name_is_allowed_in_any_case_and_ipv6_with_brackets(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sockets, "resolve", resolving_to(HOST))
        assert client_of("NAS.test").get(host.url("/", "nas.TEST")).body == BODY
        assert client_of(f"[::1]:{host.port}").get(host.url("/", "[::1]")).body == BODY
