"""What nobody may read: where credentials go, and what texts show."""

import base64
import html
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from podcast_insights.net import sockets
from podcast_insights.net.addresses import Origin
from podcast_insights.net.client import FetchError, SafeClient
from podcast_insights.net.secrets import Credentials, Secrets, redact
from podcast_insights_tests.net import BODY, client_of
from podcast_insights_tests.support.servers import (
    HOST,
    Behaviour,
    Site,
    answer,
    busy,
    cut_chunks,
    endless,
    packed,
    protected,
    redirect,
    reset,
    silent,
    site,
)
from podcast_insights_tests.support.smtp import tls_contexts

USER, PASSWORD = "ann@example.org", "pä$$ word/&+"
MEMBERS = protected(answer(BODY), USER, PASSWORD)


@pytest.fixture
def other() -> Iterator[Site]:
    with site({"/": answer(BODY)}) as running:
        yield running


def member(host: Site, *others: Site) -> SafeClient:
    credentials = Credentials(host.url(""), USER, PASSWORD)
    return replace(client_of(host.host, *(o.host for o in others)), credentials=credentials)


def sent(host: Site) -> list[str | None]:
    """The Authorization header of each request."""
    return [request.headers.get("authorization") for request in host.requests]


class TestCredentials:
    def test_open_the_door(self, host: Site, tmp_path: Path) -> None:
        host.pages["/"] = MEMBERS
        assert member(host).get(host.url("/")).body == BODY
        assert member(host).download(host.url("/"), tmp_path / "body").size_bytes == len(BODY)
        with pytest.raises(FetchError, match="HTTP 401"):
            client_of(host.host).get(host.url("/"))

    def test_go_along_within_their_origin(self, host: Site) -> None:
        host.pages |= {"/members": MEMBERS, "/in": redirect("/members")}
        host.pages["/round"] = redirect(host.url("/in"))
        assert member(host).get(host.url("/round")).body == BODY

    def test_never_go_to_another_origin(self, host: Site, other: Site) -> None:
        host.pages["/away"] = redirect(other.url("/"))
        assert member(host, other).get(host.url("/away")).body == BODY
        assert None not in sent(host)
        assert sent(other) == [None]

    def test_do_not_follow_a_redirect_back_home_through_another_name(
        self, host: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sockets, "resolve", lambda name, port: [HOST])
        host.pages |= {"/away": redirect(host.url("/", "home.test"))}
        client = replace(member(host), private_hosts=frozenset({HOST, "home.test"}))
        assert client.get(host.url("/away")).body == BODY
        assert [header is not None for header in sent(host)] == [True, False]

    def test_never_go_from_https_down_to_http(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        contexts = tls_contexts(tmp_path) or pytest.skip("needs the openssl command")
        monkeypatch.setattr(sockets, "certificates", lambda: contexts[1])
        with site({"/": answer(BODY)}) as plain, site(tls=contexts[0]) as safe:
            safe.pages |= {"/": MEMBERS, "/away": redirect(plain.url("/"))}
            client = member(safe, plain)
            assert client.get(safe.url("/")).body == BODY
            assert client.get(safe.url("/away")).body == BODY
        assert sent(plain) == [None]

    def test_the_scheme_belongs_to_the_origin(self, host: Site) -> None:
        credentials = Credentials(f"https://{host.host}", USER, PASSWORD)
        replace(client_of(host.host), credentials=credentials).get(host.url("/"))
        assert sent(host) == [None]

    def test_show_no_password(self) -> None:
        credentials = Credentials("https://example.org", USER, PASSWORD)
        client = replace(client_of(), credentials=credentials)
        assert PASSWORD not in f"{credentials!r} {credentials} {client!r}"

    @pytest.mark.parametrize(
        ("origin", "user"),
        [("example.org", "ann"), ("ftp://h", "ann"), ("", "ann"), ("https://h", "a:b")],
    )
    def test_that_could_never_be_sent_are_refused(self, origin: str, user: str) -> None:
        with pytest.raises(ValueError, match="origin|colon") as caught:
            Credentials(origin, user, PASSWORD)
        assert PASSWORD not in str(caught.value)

    @pytest.mark.parametrize(
        "origin", ["HTTPS://Example.org", "https://example.org:443/", "https://example.org/feed"]
    )
    def test_an_origin_has_many_spellings(self, origin: str) -> None:
        credentials = Credentials(origin, USER, PASSWORD)
        assert credentials.are_for(Origin("https", "example.org", 443))
        assert not credentials.are_for(Origin("https", "www.example.org", 443))
        assert not credentials.are_for(Origin("https", "example.org", 444))


class TestUserInAddress:
    def private(self, host: Site, path: str) -> str:
        userinfo = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
        return host.url(path).replace("://", f"://{userinfo}")

    def test_opens_the_door(self, host: Site) -> None:
        host.pages["/"] = MEMBERS
        assert client_of(host.host).get(self.private(host, "/")).body == BODY

    @pytest.mark.parametrize("is_absolute", [True, False])
    def test_goes_along_within_its_origin_and_into_the_move(
        self, host: Site, is_absolute: bool
    ) -> None:
        target = host.url("/members") if is_absolute else "members"
        host.pages |= {"/members": MEMBERS, "/in": redirect(target, 301)}
        got = client_of(host.host).get(self.private(host, "/in"))
        assert got.body == BODY
        assert got.moved_to == self.private(host, "/members")

    def test_never_goes_to_another_origin(self, host: Site, other: Site) -> None:
        host.pages["/away"] = redirect(other.url("/"), 301)
        got = client_of(host.host, other.host).get(self.private(host, "/away"))
        assert sent(other) == [None]
        assert got.moved_to == got.url == other.url("/")

    def test_of_a_redirect_is_for_that_hop(self, host: Site, other: Site) -> None:
        other.pages["/"] = MEMBERS
        host.pages["/away"] = redirect(self.private(other, "/"))
        assert member(host, other).get(host.url("/away")).body == BODY

    def test_counts_more_than_credentials(self, host: Site) -> None:
        host.pages["/"] = protected(answer(BODY), "bob", "hunter2")
        url = host.url("/").replace("://", "://bob:hunter2@")
        assert member(host).get(url).body == BODY


FAILING: list[Behaviour] = [
    answer(status=401),
    answer(status=404),
    busy("9"),
    redirect("/path-t0ken/feed?key=t0ken"),
    redirect("ftp://t0ken@h/t0ken"),
    redirect("http://t0ken:t0ken@[/t0ken"),
    redirect("http://t0ken@10.0.0.1/t0ken?t0ken"),
    redirect("http://127.0.0.1:1/t0ken?t0ken"),
    redirect("http://t0ken:t0ken@0177.0.0.1/t0ken"),
    cut_chunks(BODY),
    endless(),
    silent(0.3),
    reset(),
    packed(BODY, "gzip"),
]


class TestMessages:
    @pytest.mark.parametrize("behaviour", FAILING)
    def test_name_the_host_and_no_secret(self, host: Site, behaviour: Behaviour) -> None:
        host.pages["/path-t0ken/feed"] = behaviour
        url = f"http://ann:t0ken@{host.host}/path-t0ken/feed?key=t0ken"
        client = replace(
            client_of(host.host, f"{HOST}:1", read_timeout_s=0.1),
            credentials=Credentials(host.url(""), "t0ken", "t0ken"),
        )
        with pytest.raises(FetchError) as caught:
            client.get(url)
        causes, error = [], caught.value
        while error is not None and len(causes) < 9:
            causes.append(f"{error!r} {error}")
            error = error.__cause__
        assert "t0ken" not in " ".join(causes)


FORMS = {
    "plain": lambda secret: secret,
    "percent-encoded": lambda secret: quote(secret, safe=""),
    "percent-encoded but for slashes": quote,
    "percent-encoded in small letters": lambda secret: quote(secret, safe="").lower(),
    "plus-encoded": quote_plus,
    "wholly percent-encoded": lambda s: "".join(f"%{byte:02X}" for byte in s.encode()),
    "HTML": html.escape,
    "HTML by numbers": lambda secret: "".join(f"&#{ord(char)};" for char in secret),
    "HTML by other numbers": lambda secret: "".join(f"&#x{ord(char):04X};" for char in secret),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
}
SECRETS = ["hunter2", "pa$$ word/&+'\"<>", "pässwört ☃", "a.*b+(c)", "0123456789abcdef"]


class TestSecrets:
    @pytest.mark.parametrize("form", FORMS)
    def test_are_hidden_in_every_form(self, form: str) -> None:
        for secret in SECRETS:
            shown = FORMS[form](secret)
            text = f"before>{shown}<after, and again: {shown}."
            assert Secrets(("other", secret)).hide(text) == "before>…<after, and again: …."

    def test_of_basic_authentication_are_hidden(self, host: Site) -> None:
        credentials = Credentials(host.url(""), USER, PASSWORD)
        replace(client_of(host.host), credentials=credentials).get(host.url("/"))
        header = sent(host)[0]
        hidden = Secrets(credentials.secrets)
        assert hidden.hide(f"Authorization: {header}") == "Authorization: Basic …"
        assert hidden.hide(f"{USER}:{PASSWORD}") == "…"

    def test_the_longer_of_two_is_hidden_whole(self) -> None:
        assert Secrets(("hunter", "hunter2")).hide("hunter2 hunter") == "… …"

    @pytest.mark.parametrize("short", ["", "a", "rss"])
    def test_too_short_ones_do_not_shred_the_text(self, short: str) -> None:
        assert Secrets((short,)).hide("an rss feed") == "an rss feed"

    def test_other_text_stays(self) -> None:
        text = "https://example.org/feed?token=other&x=<ö>%20+"
        assert Secrets(("hunter2",)).hide(text) == text
        assert Secrets(()).hide(text) == text

    def test_are_not_shown_themselves(self) -> None:
        assert "hunter2" not in repr(Secrets(("hunter2",)))


class TestRedact:
    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("https://example.org/feed.xml", "https://example.org/feed.xml"),
            ("https://ann:secret@example.org:8443/f?key=s3", "https://example.org:8443/f?…"),
            ("https://secret@example.org/f#secret", "https://example.org/f"),
            ("https://a:b@secret:c@example.org/", "https://example.org/"),
            ("http://ann:secret@[::1]:80/f", "http://[::1]:80/f"),
            ("https://example.org:secret/", "(not a URL)"),
            ("http://[secret", "(not a URL)"),
            ("ann:secret@example.org/feed", "(not a URL)"),
            ("secret", "(not a URL)"),
            ("", "(not a URL)"),
        ],
    )
    def test_user_password_and_query_are_hidden(self, url: str, shown: str) -> None:
        assert redact(url) == shown
