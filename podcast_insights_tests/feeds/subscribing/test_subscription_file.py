"""Editing `data/feeds.yaml`: what people wrote stays, and nothing half-made is ever there."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing import subscription_file
from podcast_insights.feeds.subscribing.subscription_file import (
    add_subscriptions,
    remove_subscription,
    set_enabled,
)
from podcast_insights.feeds.subscriptions import Subscription, load_subscriptions

GOOD = """\
# My shows.
feeds:
  # Energy
  - url: https://example.org/one.xml  # the first
    topics: [ energy,   chips ]
    # about one
  # Off for now
  - url:   "https://example.org/two.xml"
    is_enabled: false  # too long

  -
    url: 'https://example.org/three.xml'
# The end.
"""
NEW = Subscription(url="https://new.example/feed.xml?show=1&key=2")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "feeds.yaml"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path


def text_of(path: Path) -> str:
    return path.read_bytes().decode()


def id_of(url: str) -> str:
    return Subscription(url=url).feed_id


class TestAdd:
    def test_it_is_put_last_and_everything_else_is_kept(self, path: Path) -> None:
        before = load_subscriptions(written(path, GOOD))
        add_subscriptions(path, [NEW])
        assert load_subscriptions(path) == (*before, NEW)
        head, tail = GOOD.removesuffix("# The end.\n"), "# The end.\n"
        assert text_of(path) == f"{head}  - url: {NEW.url}\n{tail}"

    @pytest.mark.parametrize(
        "text",
        [
            None,
            "",
            "# My shows.\n",
            "feeds:\n",
            "feeds:",
            "feeds: []\n",
            "feeds: ~\n# More later.\n",
            "{}\n",
            "---\nfeeds:\n...\n",
            "# My shows.\nfeeds: []  # none yet\n# More later.\n",
        ],
    )
    def test_the_first_one_starts_the_list(self, path: Path, text: str | None) -> None:
        if text is not None:
            written(path, text)
        second = Subscription(url="https://second.example/f")
        add_subscriptions(path, [NEW])
        add_subscriptions(path, [second])
        assert load_subscriptions(path) == (NEW, second)
        for comment in ("# My shows.", "# none yet", "# More later."):
            assert (comment in text_of(path)) == (comment in (text or ""))

    @pytest.mark.parametrize(
        "text",
        [
            "feeds:\n- url: https://example.org/one.xml\n",
            "feeds:\n- url: https://example.org/one.xml\n  topics:\n    - a\n",
            "feeds:\n    - url: https://example.org/one.xml\n      topics:\n      - a\n",
            "feeds:\n  - url: https://example.org/one.xml",
            "feeds:\n  -   url: https://example.org/one.xml\n      language:\n",
            "feeds:\n  - {url: https://example.org/one.xml}\n",
            "feeds:\n  - url: >-\n      https://example.org/one.xml\n\n",
            "\ufefffeeds:\n  - url: https://example.org/one.xml\n",
            "feeds:\r\n  - url: https://example.org/one.xml\r\n    language: en\r\n",
            "feeds:\n\n  # - url: https://example.org/old.xml\n  - url: https://example.org/one.xml\n",
        ],
    )
    def test_other_ways_of_writing_are_followed(self, path: Path, text: str) -> None:
        before = load_subscriptions(written(path, text))
        add_subscriptions(path, [NEW, Subscription(url="https://e.org/f", topics=("a", "b"))])
        assert load_subscriptions(path)[: len(before) + 1] == (*before, NEW)
        assert text_of(path).startswith(text)
        assert ("\r\n" in text) == (text_of(path).count("\r\n") == text_of(path).count("\n"))

    def test_a_list_in_one_line_is_extended_too(self, path: Path) -> None:
        written(path, "# Mine\nfeeds: [{url: https://example.org/one.xml}]  # all\n")
        add_subscriptions(path, [Subscription(url="https://e.org/no", language="no")])
        remove_subscription(path, id_of("https://example.org/one.xml"))
        (left,) = load_subscriptions(path)
        assert (left.url, left.language) == ("https://e.org/no", "no")
        assert "# Mine" in text_of(path)

    def test_every_key_is_written_and_read_back(self, path: Path) -> None:
        feed = Subscription.model_validate(
            {
                "url": "https://e.org/f?t=${TOKEN}",
                "title": "Yes: a 'show' # 1",
                "id": "123",
                "is_enabled": False,
                "language": "no",
                "topics": ["off", "a, b", "- c", "ü"],
                "since": "2025-09-01",
                "auth_env": "LOGIN",
                "is_private": True,
                "private_hosts": ["127.0.0.1:80"],
            }
        )
        add_subscriptions(written(path, GOOD), [feed])
        assert load_subscriptions(path)[-1] == feed

    @pytest.mark.parametrize(
        "url", ["https://e.org/a: b", "https://e.org/#x", "https://e.org/'\"", "https://e.org/{}"]
    )
    def test_an_address_that_yaml_would_read_otherwise_is_kept(self, path: Path, url: str) -> None:
        add_subscriptions(path, [Subscription(url=url)])
        assert load_subscriptions(path)[0].url == url

    @pytest.mark.parametrize("url", ["http://example.org/one.xml/", "https://example.org/ONE"])
    def test_twice_is_refused_and_nothing_changes(self, path: Path, url: str) -> None:
        written(path, GOOD)
        again = [Subscription(url="https://e.org/f"), Subscription(url=url), Subscription(url=url)]
        with pytest.raises(UserError, match="already subscribed"):
            add_subscriptions(path, again)
        assert text_of(path) == GOOD

    def test_an_id_of_its_own_does_not_make_it_another_feed(self, path: Path) -> None:
        written(path, "feeds:\n  - url: https://e.org/f\n    id: mine\n")
        with pytest.raises(UserError, match="already subscribed"):
            add_subscriptions(path, [Subscription(url="https://e.org/f")])

    def test_a_file_with_a_mistake_is_not_touched(self, path: Path) -> None:
        text = GOOD + "shows: []\n"
        with pytest.raises(UserError, match="shows is not a known key"):
            add_subscriptions(written(path, text), [NEW])
        assert text_of(path) == text


class TestRemove:
    @pytest.mark.parametrize("name", ["one", "two", "three"])
    def test_the_comments_of_others_stay(self, path: Path, name: str) -> None:
        before = load_subscriptions(written(path, GOOD))
        url = f"https://example.org/{name}.xml"
        remove_subscription(path, id_of(url))
        assert load_subscriptions(path) == tuple(feed for feed in before if feed.url != url)
        kept = [line for line in GOOD.splitlines() if line in text_of(path).splitlines()]
        lost = len(GOOD.splitlines()) - len(kept)
        assert lost == {"one": 3, "two": 2, "three": 2}[name]
        assert text_of(path).splitlines() == kept

    def test_the_last_one_leaves_an_empty_list(self, path: Path) -> None:
        remove_subscription(written(path, f"feeds:\n  - url: {NEW.url}\n"), NEW.feed_id)
        assert load_subscriptions(path) == ()
        add_subscriptions(path, [NEW])
        assert load_subscriptions(path) == (NEW,)

    def test_what_others_refer_to_is_not_removed(self, path: Path) -> None:
        one = "  - url: https://a.org\n    topics: &t [x]\n"
        text = f"feeds:\n{one}  - url: https://b.org\n    topics: *t\n"
        written(path, text)
        with pytest.raises(UserError, match="nothing was written"):
            remove_subscription(path, id_of("https://a.org"))
        assert text_of(path) == text

    def test_what_is_not_there_is_refused(self, path: Path) -> None:
        with pytest.raises(UserError, match="is not subscribed"):
            remove_subscription(written(path, GOOD), NEW.feed_id)


class TestSwitch:
    def test_one_word_changes(self, path: Path) -> None:
        set_enabled(written(path, GOOD), id_of("https://example.org/two.xml"), True)
        assert text_of(path) == GOOD.replace("is_enabled: false", "is_enabled: true")

    @pytest.mark.parametrize("name", ["one", "three"])
    def test_or_one_line_more(self, path: Path, name: str) -> None:
        set_enabled(written(path, GOOD), id_of(f"https://example.org/{name}.xml"), False)
        fresh = text_of(path).splitlines()
        assert fresh.count("    is_enabled: false") == 1
        fresh.remove("    is_enabled: false")
        assert fresh == GOOD.splitlines()
        assert sum(feed.is_enabled for feed in load_subscriptions(path)) == 1

    def test_an_entry_in_one_line_is_switched_too(self, path: Path) -> None:
        written(path, "feeds:\n  # one\n  - {url: https://e.org/f}  # mine\n")
        set_enabled(path, id_of("https://e.org/f"), False)
        assert not load_subscriptions(path)[0].is_enabled
        assert "# one" in text_of(path)
        assert "# mine" in text_of(path)


class TestWriting:
    def test_mode_and_symbolic_link_are_kept(self, path: Path, tmp_path: Path) -> None:
        real = tmp_path / "real.yaml"
        real.write_text(GOOD)
        real.chmod(0o640)
        path.parent.mkdir()
        path.symlink_to(real)
        add_subscriptions(path, [NEW])
        assert path.is_symlink()
        assert stat.S_IMODE(real.stat().st_mode) == 0o640
        assert NEW in load_subscriptions(path)

    def test_a_crash_while_writing_leaves_the_old_file(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(descriptor: int) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr(os, "fsync", crash)
        with pytest.raises(UserError, match="no space left"):
            add_subscriptions(written(path, GOOD), [NEW])
        assert text_of(path) == GOOD
        assert [p.name for p in path.parent.iterdir() if ".lock" not in p.name] == ["feeds.yaml"]

    def test_a_change_that_would_come_out_wrong_is_not_written(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(subscription_file, "with_entries", lambda text, new: text + "# oops\n")
        with pytest.raises(UserError, match="nothing was written"):
            add_subscriptions(written(path, GOOD), [NEW])
        assert text_of(path) == GOOD

    def test_edits_at_the_same_time_are_all_kept(self, path: Path) -> None:
        written(path, GOOD)
        feeds = [Subscription(url=f"https://e.org/{n}") for n in range(12)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda feed: add_subscriptions(path, [feed]), feeds))
        assert set(feeds) <= set(load_subscriptions(path))

    def test_a_lock_that_stays_is_a_clear_message(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(subscription_file, "LOCK_TIMEOUT_S", 0.05)
        with subscription_file.locked(written(path, GOOD)):
            with pytest.raises(UserError, match="being edited by another"):
                add_subscriptions(path, [NEW])


COMMENTS = st.sampled_from(["", "# a\n", "  # b: c\n", "\n", "  # - url: https://x.org\n\n"])
FORMS = st.sampled_from(
    [
        "  - url: {url}\n",
        "  - url: {url}  # mine\n    topics:\n    - a\n    - b\n",
        "  -\n    language: en\n    url: '{url}'\n",
        "  - {{url: {url}, topics: [a, b]}} # mine\n",
        '  - title: |\n      a title\n      in lines\n\n    url: "{url}"\n',
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    entries=st.lists(st.tuples(COMMENTS, FORMS), min_size=1, max_size=5),
    steps=st.lists(st.tuples(st.sampled_from(["add", "remove", "switch"]), st.integers(0, 9))),
)
def test_any_edits_keep_the_lines_of_others(
    tmp_path_factory: pytest.TempPathFactory,
    entries: list[tuple[str, str]],
    steps: list[tuple[str, int]],
) -> None:
    path = tmp_path_factory.mktemp("edit") / "feeds.yaml"
    comments = [f"  # before {n}\n{comment}" for n, (comment, _) in enumerate(entries)]
    own = [form.format(url=f"https://e.org/{n}") for n, (_, form) in enumerate(entries)]
    path.write_text("feeds:\n" + "".join(map("".join, zip(comments, own, strict=True))) + "# z\n")
    wanted = {feed.url: feed.is_enabled for feed in load_subscriptions(path)}
    touched: set[str] = set()
    for step, number in steps:
        url = f"https://e.org/{number}"
        if step == "add" and url not in wanted:
            add_subscriptions(path, [Subscription(url=url)])
            wanted[url] = True
        elif step == "remove" and url in wanted:
            remove_subscription(path, id_of(url))
            del wanted[url]
        elif step == "switch" and url in wanted and "{" not in path.read_text():
            wanted[url] = not wanted[url]
            set_enabled(path, id_of(url), wanted[url])
        touched.add(url)
    assert {feed.url: feed.is_enabled for feed in load_subscriptions(path)} == wanted
    for number, (comment, text) in enumerate(zip(comments, own, strict=True)):
        assert comment.splitlines()[0] in path.read_text()
        if f"https://e.org/{number}" not in touched:
            assert text in path.read_text()
