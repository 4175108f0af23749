"""`data/feeds.yaml`: what is refused, and that adding keeps what people wrote."""

from pathlib import Path

import pytest

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscriptions import (
    Subscription,
    add_subscription,
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

    @pytest.mark.parametrize("text", ["", "# nothing yet\n", "feeds: []\n", "{}\n"])
    def test_an_empty_list_is_no_mistake(self, path: Path, text: str) -> None:
        assert load_subscriptions(written(path, text)) == ()

    def test_a_missing_file_names_the_command_that_makes_it(self, path: Path) -> None:
        with pytest.raises(UserError, match="podcast-insights feeds add URL"):
            load_subscriptions(path)

    def test_an_unknown_key_is_named_with_its_place(self, path: Path) -> None:
        error = refusal(path, GOOD.replace("topics:", "topic:"))
        assert "feeds.0.topic is not a known key" in error.problem

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


NEW = "https://new.example/feed.xml?show=1&key=2"


class TestAdd:
    def test_it_is_appended_and_everything_else_is_kept(self, path: Path) -> None:
        written(path, GOOD)
        before = load_subscriptions(path)
        assert add_subscription(path, NEW).url == NEW
        assert path.read_text().startswith(GOOD)
        assert [feed.url for feed in load_subscriptions(path)] == [f.url for f in before] + [NEW]

    @pytest.mark.parametrize(
        "text",
        [
            None,
            "",
            "# My shows.\n",
            "feeds:\n",
            "feeds: []\n",
            "# My shows.\nfeeds: []  # none yet\n# More later.\n",
        ],
    )
    def test_the_first_one_starts_the_list(self, path: Path, text: str | None) -> None:
        if text is not None:
            written(path, text)
        add_subscription(path, NEW)
        add_subscription(path, "https://second.example/f")
        urls = [feed.url for feed in load_subscriptions(path)]
        assert urls == [NEW, "https://second.example/f"]
        for comment in ("# My shows.", "# More later."):
            assert (comment in path.read_text()) == (comment in (text or ""))

    @pytest.mark.parametrize(
        "text",
        [
            "feeds:\n- url: https://example.org/one.xml\n",
            "feeds:\n- url: https://example.org/one.xml\n  topics:\n    - a\n",
            "feeds:\n    - url: https://example.org/one.xml\n      topics:\n      - a\n",
            "feeds:\n  - url: https://example.org/one.xml",
            "feeds:\n\n  # - url: https://example.org/old.xml\n  - url: https://example.org/one.xml\n",
        ],
        ids=["not indented", "not indented with a list", "deeper", "no end of line", "comment"],
    )
    def test_other_ways_of_indenting_are_followed(self, path: Path, text: str) -> None:
        written(path, text)
        before = load_subscriptions(path)
        added = add_subscription(path, NEW)
        assert load_subscriptions(path) == (*before, added)
        assert path.read_text().startswith(text)

    def test_a_layout_that_takes_no_appending_is_left_alone(self, path: Path) -> None:
        text = "feeds: [{url: https://example.org/one.xml}]\n"
        with pytest.raises(UserError, match="can't be appended to") as caught:
            add_subscription(written(path, text), NEW)
        assert f"`- url: {NEW}`" in caught.value.remedy
        assert path.read_text() == text

    def test_twice_is_refused_and_nothing_changes(self, path: Path) -> None:
        written(path, GOOD)
        with pytest.raises(UserError, match="already subscribed"):
            add_subscription(path, "http://example.org/one.xml/")
        assert path.read_text() == GOOD

    def test_what_is_no_web_address_is_refused_and_no_file_is_made(self, path: Path) -> None:
        with pytest.raises(UserError, match="not an http"):
            add_subscription(path, "example.org/feed")
        assert not path.exists()

    def test_a_file_with_a_mistake_is_not_touched(self, path: Path) -> None:
        text = GOOD + "shows: []\n"
        with pytest.raises(UserError, match="shows is not a known key"):
            add_subscription(written(path, text), NEW)
        assert path.read_text() == text

    @pytest.mark.parametrize(
        "url", ["https://e.org/a: b", "https://e.org/#x", "https://e.org/'\"", "https://e.org/{}"]
    )
    def test_an_address_that_yaml_would_read_otherwise_is_kept(self, path: Path, url: str) -> None:
        add_subscription(path, url)
        assert load_subscriptions(path)[0].url == url
