"""From what somebody pastes to the feed: over real HTTP on loopback."""

from collections.abc import Iterator

import pytest

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.addresses import (
    address_choices,
    closed_place,
    is_private_literal,
)
from podcast_insights.feeds.subscribing.discover import Found, discover, links_of_page
from podcast_insights.net.client import Limits, SafeClient
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.support.servers import Behaviour, Site, answer, redirect, site

SHOW = answer(rss(item()))
BLOG = answer(rss(item(audio=None), title="A blog"))


def page(head: str = "", body: str = "") -> Behaviour:
    html = f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"
    return answer(html.encode(), headers={"content-type": "text/html; charset=utf-8"})


def alternate(href: str, title: str = "", kind: str = "application/rss+xml") -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


@pytest.fixture
def host() -> Iterator[Site]:
    with site() as running:
        yield running


def find(host: Site, path: str = "/", **pages: Behaviour) -> Found:
    host.pages |= {f"/{name}" if name != "root" else "/": page for name, page in pages.items()}
    client = SafeClient(Limits(max_bytes=100_000), frozenset({host.host}))
    return discover((host.url(path),), client.get)


class TestDiscover:
    def test_a_feed_is_taken_as_it_is(self, host: Site) -> None:
        found = find(host, "/show", show=SHOW)
        assert (found.address, found.feed.title, found.page) == (host.url("/show"), "A show", None)

    @pytest.mark.parametrize(
        "link",
        [
            alternate("/show"),
            alternate("show", kind="application/atom+xml"),
            alternate("show", kind="APPLICATION/RSS+XML; charset=utf-8"),
            '<base href="/deep/"><link href="../show" type="application/rss+xml" rel="feed">',
            '<LINK REL="home ALTERNATE" TYPE=text/xml HREF=show>',
        ],
    )
    def test_a_page_names_its_feed(self, host: Site, link: str) -> None:
        found = find(host, root=page(link), show=SHOW)
        assert (found.address, found.page) == (host.url("/show"), host.url("/"))

    @pytest.mark.parametrize(
        "body",
        [
            '<a href="/feed/show.xml">Subscribe</a>',
            '<a href="/show">RSS</a>',
            '<a href="/about">About</a><a href="show"><b>Podcast</b> feed</a>',
        ],
    )
    def test_or_links_to_it(self, host: Site, body: str) -> None:
        host.pages["/feed/show.xml"] = SHOW
        assert find(host, root=page(body=body), show=SHOW).feed.title == "A show"

    def test_of_several_the_only_podcast_is_taken(self, host: Site) -> None:
        head = alternate("/blog") + alternate("/comments/feed", "Comments") + alternate("/show")
        comments = answer(rss(item(), title="Comments"))
        host.pages["/comments/feed"] = answer(b"<rss", status=500)
        found = find(host, root=page(head), blog=BLOG, show=SHOW, comments=comments)
        assert found.address == host.url("/show")

    def test_of_several_podcasts_one_must_be_named(self, host: Site) -> None:
        other = answer(rss(item(), title="Another"))
        with pytest.raises(UserError, match="names several podcasts") as caught:
            find(host, root=page(alternate("/a") + alternate("/b")), a=SHOW, b=other)
        assert f"{host.url('/b')} (Another)" in caught.value.problem

    def test_two_addresses_of_one_feed_are_one(self, host: Site) -> None:
        links = alternate("/old") + alternate("/show")
        found = find(host, root=page(links), old=redirect("/show", 301), show=SHOW)
        assert found.address == host.url("/show")

    def test_the_only_feed_of_a_page_is_taken_even_without_audio(self, host: Site) -> None:
        assert find(host, root=page(alternate("/blog")), blog=BLOG).audio_count == 0

    def test_no_more_than_a_handful_is_fetched(self, host: Site) -> None:
        head = "".join(alternate(f"/{n}") for n in range(50))
        with pytest.raises(UserError, match="names no feed"):
            find(host, root=page(head))
        assert len(host.requests) == 6

    @pytest.mark.parametrize(
        "head",
        [
            "",
            alternate("javascript:alert(1)") + alternate("file:///etc/passwd"),
            alternate("http://["),
            '<link rel="stylesheet" type="application/rss+xml" href="/show">',
            alternate("http://10.0.0.1/feed"),
        ],
    )
    def test_a_page_without_a_feed_says_so(self, host: Site, head: str) -> None:
        with pytest.raises(UserError, match="names no feed") as caught:
            find(host, root=page(head), show=SHOW)
        assert "RSS" in caught.value.remedy

    def test_permanent_moves_are_followed_temporary_ones_are_not(self, host: Site) -> None:
        moved = {"old": redirect("/new", 301), "new": redirect("/now", 302), "now": SHOW}
        assert find(host, "/old", **moved).address == host.url("/new")

    def test_what_is_no_feed_is_refused_with_what_it_is(self, host: Site) -> None:
        with pytest.raises(UserError, match="not a feed") as caught:
            find(host, "/json", json=answer(b'{"version": "1.1"}'))
        assert "RSS" in caught.value.remedy

    @pytest.mark.parametrize(("status", "remedy"), [(401, "--auth-env"), (404, "show's site")])
    def test_a_refusing_host_is_told_with_what_to_do(
        self, host: Site, status: int, remedy: str
    ) -> None:
        with pytest.raises(UserError, match=f"HTTP {status}") as caught:
            find(host, "/f", f=answer(status=status))
        assert remedy in caught.value.remedy

    def test_a_host_of_the_own_network_must_be_allowed(self, host: Site) -> None:
        with pytest.raises(UserError, match="not a public address") as caught:
            discover((host.url("/"),), SafeClient(Limits(max_bytes=1000)).get)
        assert "--private-host 127.0.0.1" in caught.value.remedy

    @pytest.mark.parametrize(
        "url", ["https://podcasts.apple.com/us/podcast/x/id1", "https://open.spotify.com/show/1"]
    )
    def test_places_without_feeds_are_not_even_asked(self, url: str) -> None:
        with pytest.raises(UserError) as caught:
            discover((url,), lambda asked: pytest.fail(asked))
        assert caught.value.problem.startswith(url)
        assert "show's own site" in caught.value.remedy
        assert closed_place(url)


class TestAddresses:
    @pytest.mark.parametrize(
        ("typed", "choices"),
        [
            ("https://e.org/f", ("https://e.org/f",)),
            (" HTTP://e.org/f\n", ("HTTP://e.org/f",)),
            ("feed:https://e.org/f", ("https://e.org/f",)),
            ("feed://https://e.org/f", ("https://e.org/f",)),
            ("pcast://e.org/f", ("https://e.org/f", "http://e.org/f")),
            ("itpc://e.org", ("https://e.org", "http://e.org")),
            ("podcast:e.org/f", ("https://e.org/f", "http://e.org/f")),
            ("e.org", ("https://e.org", "http://e.org")),
            ("www.e.org/f?x=1", ("https://www.e.org/f?x=1", "http://www.e.org/f?x=1")),
            ("localhost:8000/f", ("https://localhost:8000/f", "http://localhost:8000/f")),
            ("127.0.0.1:8000/f", ("https://127.0.0.1:8000/f", "http://127.0.0.1:8000/f")),
        ],
    )
    def test_what_people_paste_is_understood(self, typed: str, choices: tuple[str, ...]) -> None:
        assert address_choices(typed) == choices

    @pytest.mark.parametrize(
        "typed",
        ["", "a show", "show", "file:///etc/passwd", "mailto:a@e.org", "me@e.org", "exec:x"],
    )
    def test_what_is_no_address_is_refused(self, typed: str) -> None:
        with pytest.raises(UserError, match=r"not an http\(s\) address"):
            address_choices(typed)

    @pytest.mark.parametrize("host", ["e.org", "8.8.8.8", "2600::1", "10.example.org", "dead.beef"])
    def test_public_hosts_are_not_taken_for_private_ones(self, host: str) -> None:
        assert not is_private_literal(host)

    def test_broken_pages_cost_nothing(self) -> None:
        for content in (b"", b"\x00\xff", b"<" * 1000, b"<link rel=alternate>" * 1000):
            assert links_of_page(content, "https://e.org/") == []
