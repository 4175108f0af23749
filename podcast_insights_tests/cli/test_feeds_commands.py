"""`podcast-insights feeds ...` as a user meets it: over real HTTP, with a real file."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from typer.testing import CliRunner

from podcast_insights.cli.main import app
from podcast_insights.contracts import TABLES
from podcast_insights.errors import UserError
from podcast_insights.feeds.subscriptions import Subscription, load_subscriptions
from podcast_insights.settings import load_settings
from podcast_insights.warehouse.database import Warehouse
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.support.servers import Site, answer, redirect, site

RECENT = (datetime.now(UTC) - timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
ITEMS = [item(f"Item {n}", guid=f"g{n}", date=RECENT) for n in range(12)]
FEED = rss(*ITEMS, title="The Show")
NOW = datetime(2025, 9, 10, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """A user at work: a folder with a feeds file, and a host on loopback."""

    path: Path
    host: Site

    def call(self, *arguments: str) -> tuple[int, str]:
        """Run a command; what a user would see of it."""
        done = CliRunner().invoke(app, ["feeds", *arguments], env={"COLUMNS": "250"})
        if isinstance(done.exception, UserError):  # what `main` prints
            error = done.exception
            return 2, f"{done.output}Error: {error.problem}\nWhat to do: {error.remedy}"
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    def add(self, path: str, *options: str) -> tuple[int, str]:
        """Subscribe to a page of the host."""
        return self.call("add", self.host.url(path), "--private-host", self.host.host, *options)

    @property
    def feeds(self) -> tuple[Subscription, ...]:
        """What the file holds."""
        return load_subscriptions(self.path) if self.path.exists() else ()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with site({"/show": answer(FEED)}) as host:
        yield Desk(tmp_path / "data" / "feeds.yaml", host)


def with_login(body: bytes, header: str) -> object:
    def behave(request: BaseHTTPRequestHandler) -> None:
        known = request.headers.get("authorization") == header
        answer(body if known else b"", status=200 if known else 401)(request)

    return behave


class TestAdd:
    def test_a_feed_is_looked_at_and_subscribed_to(self, desk: Desk) -> None:
        options = ("--topic", "chips", "--topic", "energy", "--since", "2025-01-02", "--id", "me")
        status, shown = desk.add("/show", *options, "--language", "en", "--disabled")
        assert status == 0, shown
        (feed,) = desk.feeds
        assert "Subscribed to The Show" in shown
        assert feed.feed_id in shown
        assert "12 items, the newest of" in shown
        assert (feed.url, feed.title, feed.id) == (desk.host.url("/show"), "The Show", "me")
        assert (feed.topics, str(feed.since)) == (("chips", "energy"), "2025-01-02")
        assert (feed.language, feed.is_enabled) == ("en", False)
        assert feed.private_hosts == (desk.host.host,)

    def test_what_is_wrong_with_it_is_told(self, desk: Desk) -> None:
        desk.host.pages["/blog"] = answer(rss(item(audio=None, guid=None)))
        status, shown = desk.add("/blog")
        assert status == 0
        assert "problem no item has audio" in shown
        assert "without a GUID" in shown

    def test_a_web_page_will_do(self, desk: Desk) -> None:
        link = b'<html><link rel="alternate" type="application/rss+xml" href="show"></html>'
        desk.host.pages["/"] = answer(link, headers={"content-type": "text/html"})
        status, shown = desk.add("/")
        assert (status, desk.feeds[0].url) == (0, desk.host.url("/show"))
        assert f"named by the page {desk.host.url('/')}" in shown

    def test_the_scheme_of_an_app_and_a_bare_host_will_do(self, desk: Desk) -> None:
        for n, scheme in enumerate(("feed://", "")):
            desk.host.pages[f"/{n}"] = answer(FEED)
            url = f"{scheme}{desk.host.host}/{n}"
            status, shown = desk.call("add", url, "--private-host", desk.host.host)
            assert status == 0, shown
            assert desk.feeds[n].url == desk.host.url(f"/{n}")

    def test_a_permanent_move_is_followed(self, desk: Desk) -> None:
        desk.host.pages["/old"] = redirect("/show", 301)
        assert desk.add("/old")[0] == 0
        assert desk.feeds[0].url == desk.host.url("/show")
        status, shown = desk.add("/old")
        assert status == 2
        assert "already subscribed" in shown

    def test_without_a_check_no_host_is_asked(self, desk: Desk) -> None:
        status, _ = desk.add("/nowhere", "--no-check")
        assert (status, desk.host.requests) == (0, [])
        assert len(desk.feeds) == 1

    @pytest.mark.parametrize(
        ("arguments", "problem", "remedy"),
        [
            (["/json"], "not a feed", "RSS or Atom"),
            (["/nowhere"], "HTTP 404", "browser"),
            (["/show", "--since", "soon"], "since", "--help"),
            (["/show", "--auth-env", "me:hunter2"], "auth_env", "--help"),
            (["/show", "--auth-env", "NO_SUCH_LOGIN"], "NO_SUCH_LOGIN", ".env"),
            (["/show?t=${NO_SUCH_TOKEN}"], "NO_SUCH_TOKEN", ".env"),
        ],
    )
    def test_what_can_not_be_subscribed_to_leaves_no_file(
        self, desk: Desk, arguments: list[str], problem: str, remedy: str
    ) -> None:
        desk.host.pages["/json"] = answer(b"{}")
        status, shown = desk.add(*arguments)
        assert status == 2
        assert problem in shown.split("What to do:")[0]
        assert remedy in shown.split("What to do:")[1]
        assert "hunter2" not in shown
        assert not desk.path.exists()

    @pytest.mark.parametrize(
        ("url", "problem"),
        [
            ("https://podcasts.apple.com/us/podcast/x/id1", "Apple's page"),
            ("file:///etc/passwd", "not an http(s) address"),
            ("exec:ls", "not an http(s) address"),
            ("http://127.0.0.1:1/f", "not a public address"),
        ],
    )
    def test_what_is_never_asked_says_why(self, desk: Desk, url: str, problem: str) -> None:
        status, shown = desk.call("add", url)
        assert (status, problem in shown) == (2, True)

    def test_secrets_are_used_but_neither_shown_nor_written(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        title = "For me:hunter2, t0ken-1234"
        page = with_login(rss(*ITEMS, title=title), "Basic bWU6aHVudGVyMg==")
        desk.host.pages["/private"] = page  # type: ignore[assignment]
        monkeypatch.setenv("A_LOGIN", "me:hunter2")
        monkeypatch.setenv("A_TOKEN", "t0ken-1234")
        status, shown = desk.add("/private?t=${A_TOKEN}", "--auth-env", "A_LOGIN")
        assert status == 0, shown
        assert desk.host.requests[-1].path == "/private?t=t0ken-1234"
        assert "private?t=${A_TOKEN}" in shown
        checked = desk.call("check")[1] + desk.call("list")[1] + desk.call("export")[1]
        for text in (shown, desk.path.read_text(), checked):
            assert "hunter2" not in text
            assert "t0ken-1234" not in text

    @pytest.mark.parametrize("body", [b"{}", b"<html></html>", b'<!DOCTYPE x [<!ENTITY a "b">]>'])
    def test_nor_in_what_goes_wrong(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, body: bytes
    ) -> None:
        monkeypatch.setenv("A_TOKEN", "t0ken-1234")
        desk.host.pages["/t0ken-1234/f"] = answer(body)
        for arguments in (("/${A_TOKEN}/f",), ("/${A_TOKEN}/g",)):
            status, shown = desk.add(*arguments)
            assert (status, "t0ken-1234" in shown) == (2, False), shown
        desk.add("/${A_TOKEN}/f", "--no-check")
        status, shown = desk.call("check")
        assert (status, "t0ken-1234" in shown) == (1, False), shown

    def test_a_private_feed_stays_where_it_was_typed(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("A_TOKEN", "t0ken-1234")
        desk.host.pages["/private"] = redirect("/show?t=t0ken-1234", 301)
        assert desk.add("/private?t=${A_TOKEN}")[0] == 0
        assert desk.feeds[0].url == desk.host.url("/private?t=${A_TOKEN}")
        assert "t0ken-1234" not in desk.path.read_text()

    def test_a_token_in_plain_text_is_pointed_out_but_not_repeated(self, desk: Desk) -> None:
        shown = desk.add("/show?auth=t0ken-1234")[1]
        assert "looks like a token (auth=…)" in shown
        assert "t0ken-1234" not in shown

    def test_a_hostile_title_does_not_command_the_terminal(self, desk: Desk) -> None:
        hostile = "\x9b31mRed [bold]x[/bold] &#x9b;2J"
        desk.host.pages["/hostile"] = answer(rss(*ITEMS, title=hostile))
        status, shown = desk.add("/hostile")
        assert (status, "\x9b" in shown, "\x1b" in shown) == (0, False, False)
        assert "[bold]x[/bold]" in shown


class TestRemoveAndSwitch:
    def test_a_feed_is_removed_by_its_title(self, desk: Desk) -> None:
        desk.add("/show")
        status, shown = desk.call("remove", "the show")
        assert (status, desk.feeds) == (0, ())
        assert "are kept" in shown

    def test_an_unknown_one_names_what_comes_close(self, desk: Desk) -> None:
        desk.add("/show")
        status, shown = desk.call("remove", "The Shaw")
        assert (status, len(desk.feeds)) == (2, 1)
        assert "Did you mean The Show?" in shown

    def test_off_and_on_again(self, desk: Desk) -> None:
        desk.add("/show")
        name = desk.feeds[0].feed_id
        assert "is off." in desk.call("disable", name)[1]
        assert not desk.feeds[0].is_enabled
        assert "off already" in desk.call("disable", name)[1]
        assert "from the next run on" in desk.call("enable", name)[1]
        assert desk.feeds[0].is_enabled


OPML = b"""<opml><body><outline text="feeds">
<outline text="Science"><outline text="One" xmlUrl="https://example.org/1?a=1&b=2"/></outline>
<outline text="Two" xmlUrl="https://example.org/2"/><outline text="Bad" xmlUrl="exec:ls"/>
</outline></body></opml>"""


class TestOpml:
    def test_import_tells_what_became_of_each_entry(self, desk: Desk, tmp_path: Path) -> None:
        file = tmp_path / "x.opml"
        file.write_bytes(OPML)
        desk.call("add", "http://example.org/2/", "--no-check")
        before = desk.path.read_text()
        status, dry = desk.call("import", str(file), "--dry-run")
        assert (status, desk.path.read_text()) == (0, before)
        assert "Nothing was written" in dry
        status, shown = desk.call("import", str(file))
        assert status == 0
        for line in (
            "new      One [Science]",
            "refused  Bad: it is a command, and commands are not run",
            "1 new, 1 already there, 1 refused.",
        ):
            assert line in shown.splitlines()
            assert line in dry.splitlines()
        assert desk.path.read_text().startswith(before)
        assert desk.feeds[1].topics == ("Science",)
        assert "0 new, 2 already there" in desk.call("import", str(file))[1]

    @pytest.mark.parametrize(
        "content", [b"<html></html>", b'<!DOCTYPE o [<!ENTITY a "x">]><opml/>', None]
    )
    def test_a_file_that_is_refused_changes_nothing(
        self, desk: Desk, tmp_path: Path, content: bytes | None
    ) -> None:
        file = tmp_path / "x.opml"
        if content:
            file.write_bytes(content)
        status, shown = desk.call("import", str(file))
        assert status == 2
        assert "What to do:" in shown
        assert not desk.path.exists()

    def test_if_all_are_refused_the_status_says_so(self, desk: Desk, tmp_path: Path) -> None:
        file = tmp_path / "x.opml"
        file.write_bytes(b'<opml><outline text="x" xmlUrl="file:///x"/></opml>')
        assert desk.call("import", str(file))[0] == 1

    def test_there_and_back(self, desk: Desk, tmp_path: Path) -> None:
        file = tmp_path / "x.opml"
        desk.call("add", "https://e.org/f?t=${TOKEN}", "--no-check", "--topic", "a")
        desk.call("add", "https://e.org/g", "--no-check", "--auth-env", "LOGIN", "--id", "g")
        desk.call("add", "https://me:hunter2@e.org/h", "--no-check")
        before = desk.feeds
        status, shown = desk.call("export", str(file))
        assert status == 0
        assert "Wrote 2 subscriptions" in shown
        assert "Left out https://e.org/h" in shown
        assert "hunter2" not in shown + file.read_text()
        desk.path.unlink()
        assert "2 refused" in desk.call("import", str(file))[1]
        assert desk.call("import", str(file), "--own")[0] == 0
        assert desk.feeds == before[:2]

    def test_export_prints_nothing_but_opml(self, desk: Desk) -> None:
        desk.call("add", "https://e.org/f", "--no-check")
        shown = desk.call("export")[1]
        assert re.fullmatch(r"<\?xml.*</opml>\n", shown, re.DOTALL)


class TestCheck:
    def test_problems_and_their_exit_status(self, desk: Desk) -> None:
        desk.add("/show")
        assert desk.call("check")[0] == 0
        desk.host.pages["/gone"] = answer(status=410)
        desk.add("/gone", "--no-check")
        status, shown = desk.call("check")
        assert status == 1
        assert "answered HTTP 410" in shown
        assert "2 feeds checked, 1 with a problem." in shown
        desk.call("disable", desk.feeds[1].feed_id)
        assert desk.call("check")[0] == 0
        assert desk.call("check", "--all")[0] == 1
        assert desk.call("check", "The Show")[0] == 0

    def test_an_address_that_is_not_subscribed(self, desk: Desk) -> None:
        arguments = (desk.host.url("/show"), "--private-host", desk.host.host)
        status, shown = desk.call("check", *arguments)
        assert status == 0
        assert f"The Show ({desk.host.url('/show')})" in shown
        (row,) = json.loads(desk.call("check", *arguments, "--json")[1])
        assert (row["name"], row["severity"]) == ("The Show", "note")
        assert {"items", "not_encrypted"} <= {finding["code"] for finding in row["findings"]}

    def test_a_missing_secret_costs_only_its_own_feed(self, desk: Desk) -> None:
        desk.add("/show")
        desk.add("/private?t=${NO_SUCH_TOKEN}", "--no-check")
        status, shown = desk.call("check")
        assert status == 1
        assert "NO_SUCH_TOKEN" in shown
        assert "12 items" in shown

    def test_nothing_to_check_is_a_mistake(self, desk: Desk) -> None:
        assert desk.call("check")[0] == 2
        assert desk.call("check", "no such show")[0] == 2


def fetch_row(url: str, hours: int, **values: object) -> dict[str, object]:
    feed_id = Subscription(url=url).feed_id
    names = TABLES["feed_fetches"].schema.column_names()
    row: dict[str, object] = dict.fromkeys(names)
    return row | {"feed_id": feed_id, "fetched_at": NOW + timedelta(hours=hours), **values}


class TestList:
    def test_states_are_told_in_words(self, desk: Desk) -> None:
        names = ("good", "failing", "dead", "moved", "new")
        urls = {name: f"https://{name}.example/f" for name in names}
        for url in urls.values():
            desk.call("add", url, "--no-check", "--topic", "t1")
        desk.call("add", "https://off.example/f", "--no-check", "--disabled")
        good = {"show_title": "Title", "item_count": 7}
        bad = {"error": "no answer", "failure": "unreachable"}
        rows = [
            fetch_row(urls["good"], 0, **bad),
            fetch_row(urls["good"], 1, **good),
            fetch_row(urls["failing"], 0, **good),
            fetch_row(urls["failing"], 24, **bad),
            fetch_row(urls["failing"], 48, **bad),
            fetch_row(urls["dead"], 0, error="HTTP 410", failure="gone"),
            fetch_row(urls["moved"], 0, **good, moved_to="https://new.example/f?t=s3cret"),
        ]
        warehouse = Warehouse(load_settings().warehouse_path, TABLES)
        warehouse.merge("feed_fetches", warehouse.tables["feed_fetches"].frame(rows))
        listed = json.loads(desk.call("list", "--json")[1])
        assert [row["state"] for row in listed] == [
            "ok",
            "failing since 2025-09-11: no answer",
            "dead since 2025-09-10: HTTP 410",
            "ok, moved to https://new.example/f?…",
            "never fetched",
            "off",
        ]
        assert (listed[1]["title"], listed[1]["items"], listed[1]["topics"]) == ("Title", 7, ["t1"])
        shown = desk.call("list")[1]
        assert "s3cret" not in shown
        assert "never fetched" in shown


def test_every_command_has_one_line_of_help() -> None:
    shown = CliRunner().invoke(app, ["feeds", "--help"], env={"COLUMNS": "150"}).output
    for name in ("list", "add", "remove", "enable", "disable", "check", "import", "export"):
        assert re.search(rf"\b{name}\b +[A-Z].*\.", shown), name
