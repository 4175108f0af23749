"""Where redirects may lead, and what is remembered of the way."""

from pathlib import Path

import pytest

from podcast_insights.net import sockets
from podcast_insights.net.client import FetchError
from podcast_insights_tests.net import BODY, client_of
from podcast_insights_tests.support.servers import HOST, Site, answer, redirect, site
from podcast_insights_tests.support.smtp import tls_contexts


class TestRedirects:
    def chain(self, host: Site, hops: int) -> str:
        for hop in range(hops):
            host.pages[f"/{hop}"] = redirect(f"/{hop + 1}" if hop + 1 < hops else "/")
        return host.url("/0")

    def test_a_chain_as_long_as_allowed_is_followed(self, host: Site) -> None:
        got = client_of(host.host, max_redirects=3).get(self.chain(host, 3))
        assert (got.body, got.url) == (BODY, host.url("/"))

    def test_a_longer_chain_is_refused(self, host: Site) -> None:
        with pytest.raises(FetchError, match="redirected more than 3 times") as caught:
            client_of(host.host, max_redirects=3).get(self.chain(host, 4))
        assert caught.value.kind == "redirects"

    def test_so_many_hosts_that_count_are_no_trouble(self, host: Site) -> None:
        assert client_of(host.host).get(self.chain(host, 10)).body == BODY
        with pytest.raises(FetchError, match="redirected more than 10 times"):
            client_of(host.host).get(self.chain(host, 11))

    def test_a_circle_is_refused(self, host: Site) -> None:
        host.pages["/round"] = redirect("/round")
        with pytest.raises(FetchError, match=f"{HOST} redirected in a circle") as caught:
            client_of(host.host).get(host.url("/round"))
        assert (caught.value.kind, caught.value.is_transient) == ("redirects", False)
        assert len(host.requests) == 1

    def test_a_wider_circle_is_seen_when_it_closes(self, host: Site) -> None:
        host.pages |= {"/a": redirect("/b"), "/b": redirect("/c#part"), "/c": redirect("/a#x")}
        with pytest.raises(FetchError, match="in a circle"):
            client_of(host.host, max_redirects=50).get(host.url("/a"))
        assert [request.path for request in host.requests] == ["/a", "/b", "/c"]

    def test_a_redirect_to_nowhere_is_refused(self, host: Site) -> None:
        host.pages["/away"] = answer(status=302)
        with pytest.raises(FetchError, match="without saying where to") as caught:
            client_of(host.host).get(host.url("/away"))
        assert caught.value.kind == "redirects"

    def test_cookies_and_referers_are_never_sent(self, host: Site) -> None:
        cookie = {"Location": "/", "Set-Cookie": "session=1"}
        host.pages["/in"] = answer(status=302, headers=cookie)
        client_of(host.host).get(host.url("/in"))
        assert not {"cookie", "referer"} & set(host.requests[1].headers)

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


class TestMoves:
    @pytest.mark.parametrize(
        ("statuses", "moved_to"),
        [
            ([], None),
            ([301], "/"),
            ([308], "/"),
            ([301, 308], "/"),
            ([302], None),
            ([303], None),
            ([307], None),
            ([302, 301], None),
            ([301, 302], "/1"),
            ([308, 301, 307, 301], "/2"),
        ],
    )
    def test_a_move_lasts_as_far_as_the_way_is_permanent(
        self, host: Site, statuses: list[int], moved_to: str | None
    ) -> None:
        for hop, status in enumerate(statuses):
            target = f"/{hop + 1}" if hop + 1 < len(statuses) else "/"
            host.pages[f"/{hop}"] = redirect(target, status)
        got = client_of(host.host).get(host.url("/0" if statuses else "/"))
        assert (got.body, got.url) == (BODY, host.url("/"))
        assert got.moved_to == (moved_to and host.url(moved_to))

    def test_a_move_may_end_in_an_answer_without_news(self, host: Site) -> None:
        host.pages |= {"/old": redirect("/new", 301), "/new": answer(status=304)}
        got = client_of(host.host).get(host.url("/old"), {"If-None-Match": '"1"'})
        assert (got.status, got.moved_to) == (304, host.url("/new"))

    def test_a_download_tells_of_a_move_too(self, host: Site, tmp_path: Path) -> None:
        host.pages["/old"] = redirect("/", 301)
        got = client_of(host.host).download(host.url("/old"), tmp_path / "body")
        assert got.moved_to == host.url("/")

    def test_an_encrypted_address_never_moves_to_one_that_is_not(
        self, host: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contexts = tls_contexts(tmp_path) or pytest.skip("needs the openssl command")
        monkeypatch.setattr(sockets, "certificates", lambda: contexts[1])
        pages = {"/old": redirect("/new", 301), "/new": redirect(host.url("/"), 301)}
        with site(pages, tls=contexts[0]) as safe:
            got = client_of(host.host, safe.host).get(safe.url("/old"))
        assert (got.body, got.url, got.moved_to) == (BODY, host.url("/"), safe.url("/new"))


ELSEWHERE = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.1",
    "017700000001",
    "localhost",
    "10.1.2.3",
    "192.168.0.1",
    "169.254.169.254",
    "2852039166",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[fe80::1]",
    "[64:ff9b::10.0.0.1]",
    "0",
]


class TestPrivateAddresses:
    @pytest.mark.parametrize("spelling", ELSEWHERE)
    def test_no_redirect_leads_to_one(self, host: Site, tmp_path: Path, spelling: str) -> None:
        with site({"/": answer(b"secret")}) as inner:
            host.pages["/away"] = redirect(f"http://{spelling}:{inner.port}/")
            for ask in (
                lambda: client_of(host.host).get(host.url("/away")),
                lambda: client_of(host.host).download(host.url("/away"), tmp_path / "body"),
            ):
                with pytest.raises(FetchError, match="under private_hosts in feeds.yaml") as caught:
                    ask()
                assert caught.value.kind == "refused_address"
                assert not caught.value.is_transient
            assert inner.requests == []

    def test_what_not_all_read_alike_is_no_address(self, host: Site) -> None:
        host.pages["/away"] = redirect("http://0177.0.0.1/")  # octal to some, decimal to others
        with pytest.raises(FetchError, match="not a possible address") as caught:
            client_of(host.host).get(host.url("/away"))
        assert caught.value.kind == "bad_address"

    def test_a_late_hop_is_checked_like_the_first(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        known = {"a.test": HOST, "b.test": HOST, "c.test": "10.0.0.7"}
        monkeypatch.setattr(sockets, "resolve", lambda name, port: [known[name]])
        host.pages |= {"/1": redirect(host.url("/2", "b.test"))}
        host.pages |= {"/2": redirect(host.url("/", "c.test"))}
        with pytest.raises(FetchError, match=r"c\.test resolves to 10\.0\.0\.7, which is not"):
            client_of("a.test", "b.test").get(host.url("/1", "a.test"))
        assert [request.path for request in host.requests] == ["/1", "/2"]

    def test_a_name_that_changes_its_address_is_checked_again(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        addresses = iter(["8.8.8.8", "127.0.0.1"])
        monkeypatch.setattr(sockets, "resolve", lambda name, port: [next(addresses)])
        client = client_of(connect_timeout_s=0.05)
        with pytest.raises(FetchError) as first:
            client.get(host.url("/", "turncoat.test"))
        with pytest.raises(FetchError, match="not a public address"):
            client.get(host.url("/", "turncoat.test"))
        assert first.value.kind == "unreachable"
        assert host.requests == []
