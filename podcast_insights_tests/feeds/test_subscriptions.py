"""`data/feeds.yaml`: what an entry may say, what is refused, and who a feed is."""

from pathlib import Path

import pytest

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.find import find_subscription
from podcast_insights.feeds.subscriptions import (
    MissingSecretError,
    Subscription,
    load_subscriptions,
)
from podcast_insights.identity import short_hash

GOOD = """\
# My shows.
feeds:
  - url: https://example.org/one.xml  # the first
    topics: [energy, chips]
    since: 2025-09-01
  - url: http://127.0.0.1:8765/feeds/two.xml
    is_enabled: false
    private_hosts: ["127.0.0.1:8765"]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "feeds.yaml"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def refusal(path: Path, text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        load_subscriptions(written(path, text))
    assert str(path) in caught.value.problem
    assert caught.value.remedy
    return caught.value


class TestLoad:
    def test_all_subscriptions_are_read_the_disabled_too(self, path: Path) -> None:
        one, two = load_subscriptions(written(path, GOOD))
        assert (one.url, one.is_enabled, one.topics) == (
            "https://example.org/one.xml",
            True,
            ("energy", "chips"),
        )
        assert str(one.since) == "2025-09-01"
        assert (two.is_enabled, two.private_hosts) == (False, ("127.0.0.1:8765",))

    def test_the_id_a_feed_had_keeps_its_past_at_another_address(self) -> None:
        old = Subscription(url="https://old.example/feed.xml")
        moved = Subscription(url="https://new.example/pod", id=old.feed_id)
        named = Subscription(url="https://new.example/pod", id="my show")
        assert moved.feed_id == old.feed_id
        assert named.feed_id not in (old.feed_id, "my show")

    @pytest.mark.parametrize("text", ["", "# nothing yet\n", "feeds: []\n", "{}\n"])
    def test_an_empty_list_is_no_mistake(self, path: Path, text: str) -> None:
        assert load_subscriptions(written(path, text)) == ()

    def test_a_missing_file_names_the_command_that_makes_it(self, path: Path) -> None:
        with pytest.raises(UserError, match="podcast-insights feeds add URL"):
            load_subscriptions(path)

    def test_an_unknown_key_is_named_with_its_place(self, path: Path) -> None:
        error = refusal(path, GOOD.replace("topics:", "topic:"))
        assert "feeds.0.topic is not a known key" in error.problem
        assert "https://example.org/one.xml" in error.problem
        assert error.remedy == "Did you mean topics?"

    def test_an_unknown_key_at_the_top_is_named(self, path: Path) -> None:
        assert "shows is not a known key" in refusal(path, "shows: []\n").problem

    def test_what_is_not_yaml_is_refused_with_its_line(self, path: Path) -> None:
        error = refusal(path, "feeds:\n  - url: [unclosed\n")
        assert "can't be read as YAML (line" in error.problem

    def test_bytes_that_are_no_text_are_refused(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(b"feeds: \xff\xfe\x00")
        with pytest.raises(UserError, match="can't be read as YAML"):
            load_subscriptions(path)

    @pytest.mark.parametrize(
        "text", ["- url: https://e.org\n", "feeds: one\n", "feeds:\n  - https://e.org\n"]
    )
    def test_another_layout_is_refused(self, path: Path, text: str) -> None:
        refusal(path, text)

    @pytest.mark.parametrize(
        "url", ["example.org/feed", "file:///etc/passwd", "http://[", "http://"]
    )
    def test_what_is_no_web_address_is_refused(self, path: Path, url: str) -> None:
        error = refusal(path, f"feeds:\n  - url: '{url}'\n")
        assert "feeds.0.url" in error.problem
        assert "not an http(s) address" in error.problem or "Invalid" in error.problem

    def test_the_same_feed_twice_is_refused(self, path: Path) -> None:
        text = "feeds:\n  - url: http://Example.org/f/\n  - url: https://example.org/f\n"
        assert "https://example.org/f is there twice" in refusal(path, text).problem
        kept = text.replace("https://example.org/f\n", "https://example.org/f?show=2\n")
        assert len(load_subscriptions(written(path, kept))) == 2


class TestIdentity:
    def test_names_never_change_from_one_release_to_the_next(self) -> None:
        # Everything stored hangs on them; another value here needs a migration.
        assert Subscription(url="https://example.org/feed.xml").feed_id == "31d988ef8c51d09a"

    def test_parts_of_a_name_do_not_run_into_each_other(self) -> None:
        names = {
            short_hash("ab", "c"),
            short_hash("a", "bc"),
            short_hash("abc"),
            short_hash("ab:c"),
        }
        assert len(names) == 4
        assert short_hash("ab", "c") == short_hash("ab", "c")

    def test_a_feed_keeps_its_name_when_it_moves_to_https(self) -> None:
        ids = {
            Subscription(url=url).feed_id
            for url in ("http://example.org/f", "https://EXAMPLE.org/f/", "https://example.org/f#x")
        }
        assert len(ids) == 1

    def test_other_addresses_are_other_feeds(self) -> None:
        urls = ("https://e.org/f", "https://e.org/F", "https://e.org/f?x=1", "https://e.org:8443/f")
        assert len({Subscription(url=url).feed_id for url in urls}) == 4

    def test_an_id_keeps_the_name_over_any_move(self) -> None:
        old = Subscription(url="https://old.example/f", id="mine")
        assert old.feed_id == Subscription(url="https://new.example/g", id="mine").feed_id
        assert old.feed_id != Subscription(url="https://old.example/f").feed_id

    def test_a_new_token_keeps_the_name(self) -> None:
        urls = ("https://e.org/f?t=${TOKEN}", "http://E.org/f/?t=${TOKEN}")
        assert len({Subscription(url=url).feed_id for url in urls}) == 1
        assert Subscription(url="https://e.org/f?t=${OTHER}").feed_id not in {
            Subscription(url=url).feed_id for url in urls
        }


def private(url: str, **fields: object) -> Subscription:
    return Subscription.model_validate({"url": url, **fields})


class TestSecrets:
    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("https://e.org/${A_TOKEN}/f", "https://e.org/s3cr%3Ft/f"),
            ("https://e.org/f?a=1&t=${A_TOKEN}", "https://e.org/f?a=1&t=s3cr%3Ft"),
            ("https://e.org/f?t=${ENCODED}", "https://e.org/f?t=a%3D%3D"),
            ("https://${USER}:${A_TOKEN}@e.org:8443/f", "https://e.org:8443/f"),
            ("https://e.org/$A_TOKEN/{x}", "https://e.org/$A_TOKEN/{x}"),
        ],
    )
    def test_the_address_is_filled_from_the_environment(self, url: str, address: str) -> None:
        environ = {"A_TOKEN": "s3cr?t", "ENCODED": " a%3D%3D\n", "USER": "me"}
        assert private(url).address(environ) == address

    @pytest.mark.parametrize("value", ["x&admin=1", "x#", "x@evil.example/", "a b", "../x"])
    def test_no_value_leads_to_another_host_or_parameter(self, value: str) -> None:
        for url in ("https://e.org/f?t=${T}&u=1", "https://e.org/${T}"):
            address = private(url).address({"T": value})
            assert address.startswith("https://e.org/")
            assert address.count("&") == url.count("&")
            assert " " not in address

    @pytest.mark.parametrize(
        ("feed", "login"),
        [
            (private("https://e.org/f"), None),
            (private("https://e.org/f", auth_env="LOGIN"), ("me", "p:w@d")),
            (private("https://me:p%3Aw%40d@e.org/f"), ("me", "p:w@d")),
            (private("https://${USER}:${PASSWORD}@e.org/f"), ("me", "p:w@d")),
            (private("https://${LOGIN}@e.org/f"), ("me", "p:w@d")),
            (private("https://token@e.org/f"), ("token", "")),
        ],
    )
    def test_the_log_in_is_found_wherever_it_stands(
        self, feed: Subscription, login: tuple[str, str] | None
    ) -> None:
        environ = {"LOGIN": "me:p:w@d", "USER": "me", "PASSWORD": "p:w@d"}
        assert feed.credentials(environ) == login
        assert "@" not in feed.address(environ)
        assert feed.is_private == (login is not None)

    def test_nothing_secret_is_in_what_is_shown(self) -> None:
        environ = {"T": "t0ken/&", "LOGIN": "me:hunter2"}
        feeds = [
            private("https://e.org/${T}/f?x=${T}&y=open", auth_env="LOGIN"),
            private("https://me:hunter2@e.org/f?token=t0ken"),
            private("https://e.org/private/t0ken/f", is_private=True),
        ]
        shown = [feed.shown_url for feed in feeds]
        assert shown == ["https://e.org/${T}/f?x=${T}&y=…", "https://e.org/f?…", "https://e.org/…"]
        for feed in feeds:
            assert feed.is_private
            secrets = feed.secret_values(environ)
            assert any("t0ken" in s or "hunter2" in s for s in secrets)
            for secret in secrets:
                assert secret not in feed.shown_url
        assert {"t0ken/&", "t0ken/%26", "hunter2", "me:hunter2"} <= set(
            feeds[0].secret_values(environ)
        )
        assert {"hunter2", "me:hunter2"} <= set(feeds[1].secret_values(environ))
        assert "private/t0ken/f" in feeds[2].secret_values(environ)

    def test_an_open_feed_is_shown_as_ever_and_has_no_secrets(self) -> None:
        feed = private("https://e.org/f?show=1")
        assert (feed.shown_url, feed.is_private) == ("https://e.org/f?…", False)
        assert (feed.secret_values({}), feed.address({})) == ((), feed.url)

    @pytest.mark.parametrize("environ", [{}, {"T": ""}, {"T": "  "}])
    def test_a_missing_variable_is_named_with_what_to_do(self, environ: dict[str, str]) -> None:
        feed = private("https://e.org/f?t=${T}")
        for ask in (feed.address, feed.secret_values):
            with pytest.raises(MissingSecretError, match=r"variable T, .* not set.*\.env"):
                ask(environ)

    def test_a_log_in_without_a_password_is_refused_without_showing_it(self) -> None:
        with pytest.raises(MissingSecretError, match="LOGIN.* is not user:password") as caught:
            private("https://e.org/f", auth_env="LOGIN").credentials({"LOGIN": "hunter2"})
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        ("fields", "problem"),
        [
            ("url: 'https://${HOST}/f'", "must be written out"),
            ("url: '${URL}'", "must be written out"),
            ("url: 'https://e.org/${my-token}'", "name of an environment variable"),
            ("{url: 'https://e.org/f', auth_env: 'me:hunter2'}", "name of an environment variable"),
            ("{url: 'https://me:hunter2@e.org/f', auth_env: LOGIN}", "contradict"),
            ("{url: 'https://me:hunter2@e.org/f', colour: red}", "colour"),
        ],
    )
    def test_what_can_not_be_meant_is_refused_without_showing_it(
        self, path: Path, fields: str, problem: str
    ) -> None:
        error = refusal(path, f"feeds:\n  - {fields}\n")
        assert problem in error.problem
        assert "hunter2" not in str(error)
        assert error.__cause__ is None


class TestFind:
    FEEDS = (
        private("https://example.org/one.xml", title="One Show"),
        private("https://example.org/two.xml", id="two"),
        private("https://me:hunter2@example.org/three.xml"),
    )

    @pytest.mark.parametrize(
        ("wanted", "place"),
        [
            ("https://example.org/one.xml", 0),
            ("http://Example.org/one.xml/", 0),
            ("example.org/one.xml", 0),
            ("one show", 0),
            ("two", 1),
            (FEEDS[1].feed_id, 1),
            (FEEDS[1].feed_id[:6], 1),
            ("https://example.org/three.xml", 2),
        ],
    )
    def test_a_feed_is_found_by_all_its_names(self, wanted: str, place: int) -> None:
        assert find_subscription(self.FEEDS, wanted) is self.FEEDS[place]

    def test_what_comes_close_is_named(self) -> None:
        with pytest.raises(UserError, match="No subscription is named on show") as caught:
            find_subscription(self.FEEDS, "on show")
        assert "One Show" in caught.value.remedy
        with pytest.raises(UserError, match=r"feeds list"):
            find_subscription(self.FEEDS, "zzzz")

    def test_several_are_all_named(self) -> None:
        twins = (private("https://a.org/f", title="Twin"), private("https://b.org/f", title="Twin"))
        with pytest.raises(UserError, match="2 subscriptions could be meant") as caught:
            find_subscription(twins, "twin")
        assert twins[1].feed_id in caught.value.problem
