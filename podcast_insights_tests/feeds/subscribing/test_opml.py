"""OPML of every app, hostile and broken OPML, and our own there and back."""

import html
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.opml import is_secret_in_file, read_opml, write_opml
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights_tests.conftest import SHARED
from podcast_insights_tests.effort import assert_no_more_than_linear

NOW = datetime(2025, 9, 10, 12, 0, tzinfo=UTC)
OPML = SHARED / "data" / "opml"
ONE = '<outline type="rss" text="One" xmlUrl="https://example.org/one.xml"/>'

needs_shared = pytest.mark.skipif(not OPML.exists(), reason="the shared OPML files are not here")


def document(*outlines: str, start: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    body = f"<head><title>x</title></head><body>{''.join(outlines)}</body>"
    return f'{start}<opml version="2.0">{body}</opml>'.encode()


def urls(content: bytes) -> list[str]:
    return [feed.url for feed in read_opml(content).feeds]


class TestApps:
    @needs_shared
    @pytest.mark.parametrize(
        ("name", "feeds", "refused"),
        [
            ("antennapod_feeder_test.opml", 8, 0),
            ("castero_export.opml", 36, 0),
            ("flym_backup.opml", 11, 0),
            ("gnome_podcasts_export.opml", 6, 0),
            ("ianbarton_podcasts.xml", 69, 0),
            ("matiassingers_podcasts.opml", 10, 0),
            ("netnewswire_Subs.opml", 206, 0),
            ("newsbeuter.opml", 35, 0),
            ("newsboat_piped_exec.opml", 1, 1),
            ("overcast_extended_alpiepho.opml", 87, 0),
            ("overcast_klobes5.opml", 16, 0),
            ("overcast_vinhnx.opml", 284, 0),
            ("pocketcasts_ianbarton.xml", 67, 0),
            ("pocketcasts_taext.xml", 549, 4),
            ("podcastaddict_2025.opml", 607, 1),
            ("podverse_pocketcasts_format.opml", 12, 0),
            ("rssguard_1.opml", 30, 0),
            ("tinytinyrss.opml", 2, 0),
            ("BROKEN_body-element-missing.opml", 0, 0),
        ],
    )
    def test_the_exports_of_real_apps_are_read(self, name: str, feeds: int, refused: int) -> None:
        found = read_opml((OPML / name).read_bytes())
        assert (len(found.feeds), len(found.refused)) == (feeds, refused)
        assert not any("feeds" in feed.topics for feed in found.feeds)
        again = read_opml(write_opml(found.feeds, NOW), is_own=True)
        assert again.feeds == found.feeds

    @needs_shared
    def test_a_feed_in_place_of_opml_says_what_to_do(self) -> None:
        with pytest.raises(UserError, match="it is a feed; `podcast-insights feeds add`"):
            read_opml((OPML / "alex8_single_episodes.xml").read_bytes())

    def test_folders_become_topics_but_not_those_that_only_hold_feeds(self) -> None:
        folders = (
            '<outline text="feeds"><outline text="Science"><outline title="Deep  Sea">',
            ONE,
            "</outline></outline></outline>",
            '<outline text="science"><outline xmlUrl="http://example.org/one.xml/"/></outline>',
        )
        found = read_opml(document(*folders))
        assert [feed.topics for feed in found.feeds] == [("Science", "Deep Sea")]
        assert found.folded == 1

    def test_categories_are_topics_too(self) -> None:
        outline = ONE.replace("/>", ' category="/Society/History,chips"/>')
        assert read_opml(document(outline)).feeds[0].topics == ("Society", "History", "chips")

    def test_single_episodes_of_overcast_are_no_feeds(self) -> None:
        episode = (
            '<outline type="podcast-episode" overcastId="1" title="E" url="https://e.org/e"'
            ' enclosureUrl="https://e.org/e.mp3"/>'
        )
        feed = f"{ONE.removesuffix('/>')}>{episode * 3}</outline>"
        lists = '<outline text="playlists"><outline type="podcast-playlist" title="P"/></outline>'
        found = read_opml(document(feed, lists))
        assert (len(found.feeds), found.episodes, found.refused) == (1, 3, [])
        assert found.feeds[0].topics == ()

    @pytest.mark.parametrize(
        ("written", "url"),
        [
            ("feed://example.org/f", "http://example.org/f"),
            ("feed:https://example.org/f", "https://example.org/f"),
            ("itpc://example.org/f", "http://example.org/f"),
            ("PCAST://example.org/f", "http://example.org/f"),
            (" https://example.org/f ", "https://example.org/f"),
        ],
    )
    def test_the_schemes_of_apps_are_http(self, written: str, url: str) -> None:
        assert urls(document(f'<outline xmlUrl="{written}"/>')) == [url]

    def test_names_of_attributes_may_be_in_any_case_and_text_may_stand_for_title(self) -> None:
        outlines = (
            '<outline xmlurl="https://e.org/1" text="A &amp;amp; B"/>',
            '<outline XMLURL="https://e.org/2" text="t" title="T"/>',
            '<outline type="rss" url="https://e.org/3" text="https://e.org/3"/>',
        )
        found = read_opml(document(*outlines)).feeds
        assert [feed.title for feed in found] == ["A & B", "T", None]


class TestRefusedEntries:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("exec:~/bin/mail.sh", "command"),
            ("|~/fetch.py", "command"),
            ("filter:~/x:https://e.org/f", "command"),
            ("file:///etc/passwd", "not an http"),
            ("query:unread:unread = yes", "not an http"),
            ("javascript:alert(1)", "not an http"),
            ("ftp://e.org/f", "not an http"),
            ("www.example.org/feed", "not an http"),
            ("#python", "not an http"),
            ("http://", "not an http"),
            ("http://[", "not an http"),
            ("http://e.org:99999/f", "not an http"),
            ("", "no address"),
            ("https://e.org/one.mp3?x=1", "single audio file"),
            ("http://127.0.0.1/f", "not a public address"),
            ("http://2130706433/f", "not a public address"),
            ("http://0x7f.1:8080/f", "not a public address"),
            ("http://[::1]/f", "not a public address"),
            ("http://169.254.169.254/latest/meta-data", "not a public address"),
            ("http://localhost:5432/", "not a public address"),
            ("http://printer.local/", "not a public address"),
            ("https://evil.example/?k=${OPENAI_API_KEY}", "environment variable OPENAI_API_KEY"),
        ],
    )
    def test_each_is_named_with_the_reason_and_the_others_are_taken(
        self, url: str, reason: str
    ) -> None:
        found = read_opml(document(f'<outline text="Bad" type="rss" xmlUrl="{url}"/>', ONE))
        assert [feed.title for feed in found.feeds] == ["One"]
        assert found.refused[0].name == "Bad"
        assert reason in found.refused[0].reason

    def test_a_private_host_can_be_allowed(self) -> None:
        content = document('<outline xmlUrl="http://127.0.0.1:8080/f"/>')
        (feed,) = read_opml(content, private_hosts=("127.0.0.1:8080",)).feeds
        assert feed.private_hosts == ("127.0.0.1:8080",)

    def test_a_password_is_not_shown(self) -> None:
        found = read_opml(document('<outline xmlUrl="http://me:hunter2@10.0.0.1/f?t=t0ken"/>'))
        assert "hunter2" not in repr(found.refused)
        assert "t0ken" not in repr(found.refused)

    def test_a_strangers_file_can_not_name_variables_or_private_hosts(self) -> None:
        feed = Subscription(
            url="https://evil.example/f", auth_env="SMTP_LOGIN", private_hosts=("10.0.0.1",)
        )
        found = read_opml(write_opml([feed], NOW))
        assert (found.feeds, len(found.refused)) == ([], 1)
        assert "--own" in found.refused[0].reason


BILLION = (
    '<?xml version="1.0"?><!DOCTYPE o [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    '<opml><body><outline text="&b;" xmlUrl="https://e.org/&b;"/></body></opml>'
)


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (BILLION.encode(), "entities"),
            (BILLION.encode("utf-16"), "entities"),
            (BILLION.encode("utf-16-le"), "entities"),
            (BILLION.encode("utf-32"), "entities"),
            (b"<!-- -->" + BILLION.encode().replace(b'<?xml version="1.0"?>', b""), "entities"),
            (document(ONE, start='<!DOCTYPE opml SYSTEM "http://e.org/x.dtd">'), "outside"),
            (document(ONE, start='<!DOCTYPE opml PUBLIC "x" "file:///etc/passwd">'), "outside"),
            (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
            (b"<rss version='2.0'><channel/></rss>", "is a feed"),
            (b"PK\x03\x04" + bytes(range(256)) * 20, "no OPML"),
            (b"https://example.org/one.xml\n", "no OPML"),
            (b"", "empty"),
            (b" \n", "empty"),
            (b"<opml", "broken beyond repair"),
            (document('<outline text="f">' * 60, ONE, "</outline>" * 60), "nested"),
            (document('<outline text="f">' * 5000, ONE, "</outline>" * 5000), "nested"),
            (document(ONE + " " * 10_000_000), "larger than"),
        ],
    )
    def test_they_are_refused_as_a_whole(self, content: bytes, reason: str) -> None:
        with pytest.raises(UserError, match="can't be imported") as caught:
            read_opml(content)
        assert reason in caught.value.problem

    def test_utf_7_hides_nothing(self) -> None:
        hidden = BILLION.replace("<!ENTITY", "+ADwAIQ-ENTITY").encode()
        content = hidden.replace(b'"1.0"?>', b'"1.0" encoding="UTF-7"?>') + b"\xff"
        with pytest.raises(UserError):
            read_opml(content)


class TestHarmlessBreakage:
    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbf" + document(ONE),
            document(ONE).decode().encode("utf-16"),
            b"\n\n " + document(ONE),
            document(ONE).replace(b"<body>", b"").replace(b"</body>", b""),
            document(ONE).replace(b"<head><title>x</title></head>", b""),
            document(ONE).replace(b"</opml>", b""),
            document(ONE, start="<!DOCTYPE opml>"),
            document(ONE).replace(b'"UTF-8"', b'"us-ascii"'),
            document(ONE, "<outline/>", '<outline text="an empty folder"/>'),
            document(ONE, "\x00\x1b"),
            document(ONE).replace(b"opml", b"OPML"),
            b'<o:opml xmlns:o="urn:x"><o:body>' + ONE.encode() + b"</o:body></o:opml>",
        ],
    )
    def test_the_feed_is_found_all_the_same(self, content: bytes) -> None:
        found = read_opml(content)
        assert [feed.url for feed in found.feeds] == ["https://example.org/one.xml"]
        assert found.refused == []

    def test_unescaped_ampersands_do_not_bend_the_address(self) -> None:
        outline = '<outline text="Q & A&nbsp;&uuml;" xmlUrl="https://e.org/?a=1&b=2&amp;c=3"/>'
        found = read_opml(document(outline, ONE))
        assert [feed.url for feed in found.feeds][0] == "https://e.org/?a=1&b=2&c=3"
        assert found.feeds[0].title == "Q & A ü"
        assert found.repairs == ("unescaped & characters",)

    def test_other_encodings_than_declared_are_seen(self) -> None:
        text = document(ONE.replace("One", "Müller’s")).decode()
        assert read_opml(text.encode("cp1252")).feeds[0].title == "Müller’s"
        russian = document(ONE.replace("One", "Радио")).decode().replace("UTF-8", "windows-1251")
        assert read_opml(russian.encode("cp1251")).feeds[0].title == "Радио"
        assert read_opml(russian.encode()).feeds[0].title == "Радио"

    def test_what_a_cut_off_file_lost_is_told(self) -> None:
        found = read_opml(document(ONE, ONE.replace("one", "two"))[:-40])
        assert len(found.feeds) == 1
        assert "1 of 2 entries were lost" in found.repairs[0]


class TestExport:
    def test_other_apps_find_what_opml_2_asks_for(self) -> None:
        feed = Subscription(url="https://e.org/f?a=1&b=2", title='Q "&" A', topics=("x", "y/z"))
        root = etree.fromstring(write_opml([feed], NOW))
        (outline,) = root.iter("outline")
        assert root.get("version") == "2.0"
        assert root.findtext("head/dateCreated") == "Wed, 10 Sep 2025 12:00:00 +0000"
        assert dict(outline.attrib) == {
            "type": "rss",
            "text": 'Q "&" A',
            "title": 'Q "&" A',
            "xmlUrl": "https://e.org/f?a=1&b=2",
            "category": "x,y%2Fz",
        }

    @pytest.mark.parametrize(
        ("fields", "is_secret"),
        [
            ({"url": "https://e.org/f?t=${T}"}, False),
            ({"url": "https://${U}:${P}@e.org/f"}, False),
            ({"url": "https://me:${P}@e.org/f"}, True),
            ({"url": "https://me:hunter2@e.org/f"}, True),
            ({"url": "https://e.org/private/f", "is_private": True}, True),
            ({"url": "https://e.org/f?token=abcdefgh"}, True),
            ({"url": "https://e.org/f?token=${TOKEN}"}, False),
            ({"url": "https://e.org/f", "auth_env": "LOGIN"}, False),
        ],
    )
    def test_what_holds_a_secret_in_plain_text_is_known(
        self, fields: dict[str, object], is_secret: bool
    ) -> None:
        assert is_secret_in_file(Subscription.model_validate(fields)) == is_secret


WORDS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zs", "Zl", "Zp")), min_size=1
)
LINES = (
    st.lists(WORDS, min_size=1, max_size=3)
    .map(" ".join)
    .filter(lambda text: html.unescape(text) == text)
)
TOPICS = st.lists(LINES, max_size=3, unique_by=str.casefold).map(tuple)
FEEDS = st.builds(
    lambda path, values: Subscription.model_validate({"url": f"https://e.org/{path}", **values}),
    st.text("abc/?=&%${}T -é'\"<>", max_size=8).filter(lambda t: "${" not in t).map(str.strip)
    | st.just("f?t=${TOKEN}"),
    st.fixed_dictionaries(
        {},
        optional={
            "title": LINES,
            "topics": TOPICS,
            "id": LINES,
            "is_enabled": st.booleans(),
            "language": st.sampled_from(["en", "no"]),
            "since": st.dates(date(1970, 1, 1)),
            "auth_env": st.just("LOGIN"),
            "private_hosts": st.just(("127.0.0.1:80", "nas.lan")),
        },
    ),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(FEEDS, max_size=5, unique_by=lambda feed: feed.feed_id))
def test_there_and_back_nothing_is_lost(feeds: list[Subscription]) -> None:
    found = read_opml(write_opml(feeds, NOW), is_own=True)
    assert found.feeds == feeds
    assert (found.refused, found.folded, found.repairs) == ([], 0, ())


@pytest.mark.parametrize(
    "unit",
    ["<!DOCTYPE", "<?xml", "<!--", " ", "<!DOCTYPE a ["],
    ids=["doctypes", "declarations", "comments", "spaces", "subsets"],
)
@pytest.mark.parametrize("start", ["", "<opml>"])
def test_what_is_hard_to_search_is_refused_in_a_time_like_its_length(unit: str, start: str) -> None:
    def refused(content: bytes) -> None:
        with pytest.raises(UserError):
            read_opml(content)

    def hostile(size: int) -> bytes:
        return (start + unit * (size // len(unit))).encode()

    assert_no_more_than_linear(refused, hostile, 500_000)
