"""Feeds as they should be, as they are, and as an attacker would have them."""

import resource
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podcast_insights.feeds import parse
from podcast_insights.feeds.model import Enclosure, Person, TranscriptLink
from podcast_insights.feeds.parse import MAX_TEXT_CHARS, FeedFormatError, Item, parse_feed
from podcast_insights.feeds.reading import mending, tree
from podcast_insights_tests.conftest import SHARED
from podcast_insights_tests.effort import LIMIT, assert_no_more_than_linear, growth
from podcast_insights_tests.feeds import item, rss

FEEDS = SHARED / "data" / "feeds"
REAL = sorted((FEEDS / "real").glob("*")) if (FEEDS / "real").is_dir() else []
NASTY = (
    [path for path in sorted((FEEDS / "nasty").rglob("*")) if path.is_file()]
    if (FEEDS / "nasty").is_dir()
    else []
)


def only(content: bytes) -> Item:
    """The one item of a feed."""
    (found,) = parse_feed(content).items
    return found


def with_more(more: str) -> Item:
    """An item that has more than the usual."""
    return only(rss(item(more=more)))


class TestFields:
    def test_a_full_item(self) -> None:
        found = only(
            rss(
                """<item>
                <title>Idle machines</title>
                <guid isPermaLink="false"> abc-1 </guid>
                <link>https://example.org/1</link>
                <pubDate>Mon, 08 Sep 2025 06:00:00 +0200</pubDate>
                <description>Short.</description>
                <content:encoded><![CDATA[<p>The longer notes.</p>]]></content:encoded>
                <enclosure url="https://cdn.example.org/1.mp3" type="Audio/MPEG" length="1234"/>
                <itunes:duration>1:02:03</itunes:duration>
                <itunes:author>Alex Moreno</itunes:author>
                <podcast:transcript url="https://example.org/1.vtt" type="Text/VTT"/>
                </item>"""
            )
        )
        assert found == Item(
            guid="abc-1",
            title="Idle machines",
            description="The longer notes.",
            link="https://example.org/1",
            published_text="Mon, 08 Sep 2025 06:00:00 +0200",
            published_at=datetime(2025, 9, 8, 4, tzinfo=UTC),
            enclosures=(Enclosure("https://cdn.example.org/1.mp3", "audio/mpeg", 1234),),
            duration_s=3723.0,
            transcripts=(TranscriptLink("https://example.org/1.vtt", "text/vtt"),),
            persons=(Person("Alex Moreno", role="author"),),
        )

    def test_an_item_that_says_nothing(self) -> None:
        assert only(rss("<item></item>")) == Item(guid=None, title="(untitled)")

    def test_a_feed_without_title_and_items(self) -> None:
        feed = parse_feed(b'<rss version="2.0"><channel></channel></rss>')
        assert (feed.title, feed.items) == ("(untitled)", ())

    def test_atom(self) -> None:
        feed = parse_feed(
            b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>A &amp; B</title>
            <entry><id>tag:1</id><title type="html">&lt;b&gt;Bold&lt;/b&gt; words</title>
            <published>2025-09-08T23:30:00-02:00</published>
            <link rel="enclosure" href="https://cdn.example.org/1.mp3" type="audio/mpeg"/>
            <link rel="alternate" href="https://example.org/1"/></entry></feed>"""
        )
        (found,) = feed.items
        assert feed.title == "A & B"
        assert (found.guid, found.title) == ("tag:1", "Bold words")
        assert found.enclosures == (Enclosure("https://cdn.example.org/1.mp3", "audio/mpeg"),)
        assert found.link == "https://example.org/1"
        assert found.published_at == datetime(2025, 9, 9, 1, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("claimed", "seconds"),
        [
            ("3600", 3600.0),
            ("61.5", 61.5),
            ("02:03", 123.0),
            ("1:00:00", 3600.0),
            (" 12:00 ", 720.0),
            ("", None),
            ("0", None),
            ("00:00:00", None),
            ("-5", None),
            ("nan", None),
            ("inf", None),
            ("1:2:3:4", None),
            ("an hour", None),
            ("PT1H", 3600.0),
            ("1h 2m 3s", 3723.0),
            ("45 min", 2700.0),
            ("1:02:03.5", 3723.5),
            ("12 bananas", None),
            ("999999:00:00", None),
            ("9" * 400, None),
        ],
    )
    def test_durations(self, claimed: str, seconds: float | None) -> None:
        assert with_more(f"<itunes:duration>{claimed}</itunes:duration>").duration_s == seconds

    @pytest.mark.parametrize(
        ("claimed", "moment"),
        [
            ("Mon, 08 Sep 2025 06:00:00 GMT", datetime(2025, 9, 8, 6, tzinfo=UTC)),
            ("Mon, 08 Sep 2025 01:30:00 +0200", datetime(2025, 9, 7, 23, 30, tzinfo=UTC)),
            ("Mon, 08 Sep 2025 22:00:00 EST", datetime(2025, 9, 9, 3, tzinfo=UTC)),
            ("2025-09-08T23:00:00-05:30", datetime(2025, 9, 9, 4, 30, tzinfo=UTC)),
            ("8 Sep 2025 06:00:00 +0000", datetime(2025, 9, 8, 6, tzinfo=UTC)),
            ("yesterday", None),
            ("", None),
            ("Mon, 99 Sep 2025 06:00:00 GMT", None),
        ],
    )
    def test_dates_come_in_utc(self, claimed: str, moment: datetime | None) -> None:
        assert only(rss(item(date=claimed or " "))).published_at == moment

    def test_a_date_that_cannot_be_read_stays_as_text(self) -> None:
        found = only(rss(item(date="some time in May")))
        assert (found.published_text, found.published_at) == ("some time in May", None)

    def test_of_several_dates_one_that_can_be_read_counts(self) -> None:
        more = '<dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2025-09-08</dc:date>'
        found = only(rss(item(date="soon", more=more)))
        assert found.published_at == datetime(2025, 9, 8, tzinfo=UTC)
        assert found.published_text == "2025-09-08"

    @pytest.mark.parametrize(
        ("claimed", "size"),
        [
            ("1000", 1000),
            (" 12 ", 12),
            ("0", None),
            ("-1", None),
            ("many", None),
            ("9" * 5000, None),
        ],
    )
    def test_sizes(self, claimed: str, size: int | None) -> None:
        enclosure = f'<enclosure url="https://e.org/1.mp3" type="audio/mpeg" length="{claimed}"/>'
        assert only(rss(item(audio=None, more=enclosure))).enclosures[0].size_bytes == size


class TestText:
    @pytest.mark.parametrize(
        ("xml", "text"),
        [
            ("Plain &amp; simple", "Plain & simple"),
            ("<![CDATA[<p>One</p><p>Two</p>]]>", "One Two"),
            ("&lt;b&gt;Bold&lt;/b&gt;&lt;br/&gt;next", "Bold next"),
            ("<![CDATA[<ul><li>a</li><li>b</li></ul>]]>", "a b"),
            ("<![CDATA[before<script>alert(1)</script>after]]>", "beforeafter"),
            ('<![CDATA[<a href="javascript:alert(1)" onclick="x()">link</a>]]>', "link"),
            ("<![CDATA[<img src=x onerror=alert(1)>seen]]>", "seen"),
            ("<![CDATA[Tom &amp; Jerry &eacute;]]>", "Tom & Jerry é"),
            ("  much \n\n white\tspace&#160;here ", "much white space here"),
            ("<![CDATA[5 &lt; 6]]>", "5 < 6"),
            ("&amp;lt;b&amp;gt;Twice&amp;lt;/b&amp;gt; escaped", "Twice escaped"),
            ("&amp;lt;scr&amp;lt;b&amp;gt;ipt&amp;gt;x", "<scr ipt>x"),
            ("<![CDATA[x&lt;y or y&gt;x]]>", "x<y or y>x"),
            ("inline <em>markup</em> here", "inline markup here"),
            ("<![CDATA[<style>p {}</style><!-- no -->seen]]>", "seen"),
            ("caf\u00c3\u00a9", "café"),
            ("🎙 東京", "🎙 東京"),
        ],
    )
    def test_markup_becomes_plain_text(self, xml: str, text: str) -> None:
        assert with_more(f"<description>{xml}</description>").description == text

    def test_titles_are_plain_too(self) -> None:
        content = rss(
            "<item><title><![CDATA[<i>Why</i> AT&amp;T?]]></title></item>", title="<b>X</b>"
        )
        assert only(content).title == "Why AT&T?"
        assert parse_feed(content).title == "X"

    def test_long_text_is_cut(self) -> None:
        assert len(with_more(f"<description>{'word ' * 9_000}</description>").description) == (
            MAX_TEXT_CHARS
        )

    def test_the_longest_notes_win(self) -> None:
        found = with_more(
            "<description>The longer of two.</description><itunes:summary>x</itunes:summary>"
        )
        assert found.description == "The longer of two."


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        ["file:///etc/passwd", "javascript:alert(1)", "ftp://e.org/1.mp3", "http://[", "/1.mp3"],
    )
    def test_only_web_addresses_are_links(self, url: str) -> None:
        more = f'<link>{url}</link><podcast:transcript url="{url}" type="text/vtt"/>'
        found = only(rss(item(audio=url, more=more)))
        assert (found.link, found.transcripts) == (None, ())
        assert [enclosure.url for enclosure in found.enclosures] == [url]  # its use refuses it

    def test_all_enclosures_are_kept_in_order(self) -> None:
        second = '<enclosure url="https://e.org/2.mp3" type="audio/mpeg" length="2"/>'
        found = only(rss(item(audio="file:///1.mp3", more=second)))
        assert [(e.url, e.size_bytes) for e in found.enclosures] == [
            ("file:///1.mp3", 1000),
            ("https://e.org/2.mp3", 2),
        ]

    def test_relative_addresses_start_at_the_document_and_its_bases(self) -> None:
        content = rss(
            """<item xml:base="b/"><link>page</link><enclosure url="1.mp3"/>
            <podcast:transcript url="/t.vtt" type="text/vtt"/></item>"""
        )
        (found,) = parse_feed(content, url="https://e.org/a/feed.xml").items
        assert found.link == "https://e.org/a/b/page"
        assert found.enclosures[0].url == "https://e.org/a/b/1.mp3"
        assert found.transcripts[0].url == "https://e.org/t.vtt"

    def test_a_permalink_is_the_link_where_there_is_none(self) -> None:
        assert only(rss("<item><guid>https://e.org/1</guid></item>")).link == "https://e.org/1"
        guid = '<guid isPermaLink="false">https://e.org/1</guid>'
        assert only(rss(f"<item>{guid}</item>")).link is None


class TestFormats:
    def test_rdf(self) -> None:
        feed = parse_feed(
            b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
            xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
            <channel rdf:about="https://e.org/"><title>Old</title><items><rdf:Seq>
            <rdf:li resource="https://e.org/1"/></rdf:Seq></items></channel>
            <item rdf:about="https://e.org/1"><title>One</title><dc:date>2005-03-01</dc:date>
            <dc:creator>Ann</dc:creator></item></rdf:RDF>"""
        )
        (found,) = feed.items
        assert (feed.format, feed.title, found.guid) == ("rdf", "Old", "https://e.org/1")
        assert found.published_at == datetime(2005, 3, 1, tzinfo=UTC)
        assert found.persons == (Person("Ann", role="author"),)

    def test_atom_of_any_prefix_with_updates(self) -> None:
        feed = parse_feed(
            b"""<a:feed xmlns:a="http://www.w3.org/2005/Atom" xml:lang="de"><a:title>T</a:title>
            <a:entry><a:id>1</a:id><a:published>2025-09-08T00:00:00Z</a:published>
            <a:updated>2025-09-09T00:00:00Z</a:updated>
            <a:source><a:id>x</a:id><a:title>Elsewhere</a:title></a:source>
            <a:title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">The <b>one</b></div>
            </a:title></a:entry></a:feed>"""
        )
        (found,) = feed.items
        assert (feed.format, feed.language) == ("atom", "de")
        assert (found.guid, found.title) == ("1", "The one")
        assert found.updated_at == datetime(2025, 9, 9, tzinfo=UTC)

    def test_names_of_any_case(self) -> None:
        feed = parse_feed(
            b"<RSS VERSION='2.0'><Channel><Title>T</Title><ITEM><GUID>1</GUID>"
            b"<PubDate>2025-09-08</PubDate><Enclosure URL='https://e.org/1.mp3'/></ITEM>"
            b"</Channel></RSS>"
        )
        (found,) = feed.items
        assert (feed.title, feed.format, found.guid) == ("T", "rss 2.0", "1")
        assert found.enclosures and found.published_at

    def test_meta_data_after_items_and_items_outside_the_channel(self) -> None:
        feed = parse_feed(
            b"<rss><channel><item><guid>1</guid></item><title>Late</title></channel>"
            b"<item><guid>2</guid></item></rss><item><guid>3</guid></item>"
        )
        assert feed.title == "Late"
        assert [found.guid for found in feed.items] == ["1", "2", "3"]

    def test_items_in_items_are_items(self) -> None:
        feed = parse_feed(
            b"<rss><item><guid>1</guid><item><guid>2</guid></item><title>A</title></item></rss>"
        )
        assert [(found.guid, found.title) for found in feed.items] == [
            ("1", "A"),
            ("2", "(untitled)"),
        ]

    def test_an_image_is_not_the_show(self) -> None:
        image = "<image><title>Logo</title><link>https://e.org/logo</link></image>"
        feed = parse_feed(f"<rss><channel>{image}<title>T</title></channel></rss>".encode())
        assert (feed.title, feed.link) == ("T", None)


class TestNotAFeed:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "the answer was empty"),
            (b" \n ", "the answer was empty"),
            (b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page"),
            (b"\n <HTML><body>Gone</body></html>", "a web page"),
            (b"<?xml version='1.0'?><svg/>", "no RSS or Atom element"),
            (b'{"error": "gone"}', "JSON"),
            (b'{"html": "<b>gone</b>"}', "JSON"),
            (b"<opml version='2.0'><body/></opml>", "OPML"),
            (b"\x00\x01\x02\xff\xfe" * 50, "no RSS or Atom element"),
        ],
    )
    def test_it_says_what_was_served_instead(self, content: bytes, reason: str) -> None:
        with pytest.raises(FeedFormatError, match=f"not a feed: {reason}") as caught:
            parse_feed(content)
        assert caught.value.reason == "not_a_feed"

    def test_a_truncated_feed_keeps_its_whole_items(self) -> None:
        whole = rss(item("One", guid="1"), item("Two", guid="2"), item("Three", guid="3"))
        feed = parse_feed(whole[: whole.index(b"Three")])
        assert [found.title for found in feed.items][:2] == ["One", "Two"]


def laughs(levels: int = 12) -> bytes:
    """Ten times ten times ten ..."""
    entities = ['<!ENTITY a0 "ha">']
    entities += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels)]
    start = '<?xml version="1.0"?>\n<!DOCTYPE rss [\n' + "\n".join(entities) + "\n]>\n"
    body = (
        f"<title>t</title><item><title>x</title><description>&a{levels - 1};</description></item>"
    )
    return f'{start}<rss version="2.0"><channel>{body}</channel></rss>'.encode()


def long_entity(encoding: str = "utf-8") -> bytes:
    """One long entity, used often: 60 kB that would become 100 MB."""
    declared = f'<!DOCTYPE rss [\n<!ENTITY a "{"A" * 50_000}">\n]>\n'
    start = f'<?xml version="1.0" encoding="{encoding}"?>\n{declared}'
    body = (
        f"<title>t</title><item><title>x</title><description>{'&a;' * 2_000}</description></item>"
    )
    return f'{start}<rss version="2.0"><channel>{body}</channel></rss>'.encode(encoding)


class TestAttacks:
    @pytest.mark.parametrize(
        "content",
        [
            laughs(),
            long_entity(),
            long_entity("utf-16"),
            laughs(8).replace(b"<!DOCTYPE", b"<!-- <a -->\n<!DOCTYPE"),
            long_entity().replace(b"\n", b" "),
        ],
        ids=["laughs", "long", "in UTF-16", "laughs after a comment", "in one line"],
    )
    def test_declared_entities_are_refused_at_once(self, content: bytes) -> None:
        before = peak_mb()
        with pytest.raises(FeedFormatError, match="refused: it declares entities") as caught:
            parse_feed(content)
        assert caught.value.reason == "hostile"
        assert peak_mb() - before < 60
        honest = rss(item("x", more=f"<description>{'A' * len(content)}</description>"))
        assert growth(read_or_refused, honest, content) < LIMIT

    def test_entities_hidden_in_utf_7_are_never_seen(self) -> None:
        hidden = long_entity("utf-7").replace(b"<!ENTITY", b"+ADw-!ENTITY")
        assert "AA" not in only(hidden).description

    def test_a_document_type_from_elsewhere_is_passed_over(self) -> None:
        declared = b'<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://e.invalid/x">'
        assert only(declared + rss(item("x")).partition(b"?>")[2]).title == "x"

    def test_characters_with_a_name_still_come_through(self) -> None:
        declared = b'<?xml version="1.0"?>\n<!DOCTYPE rss [\n<!ENTITY hi "&#233;">\n]>\n'
        start = b'<rss version="2.0"><channel><title>t</title>'
        end = b"</title></item></channel></rss>"
        assert only(declared + start + b"<item><title>caf&hi;" + end).title == "café"
        assert only(start + b"<item><title>caf&eacute;" + end).title == "café"

    def test_external_entities_are_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("hunter2")
        declared = f'<!DOCTYPE rss [\n<!ENTITY x SYSTEM "file://{tmp_path}/secret">\n]>\n'
        body = b"<channel><title>&x;</title><item><title>&x;</title></item></channel></rss>"
        content = b'<?xml version="1.0"?>\n' + declared.encode() + b'<rss version="2.0">' + body
        with pytest.raises(FeedFormatError, match="refused: "):
            parse_feed(content)

    def test_inclusions_are_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("hunter2")
        include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" '
        include += f'href="file://{tmp_path}/secret"/>'
        assert "hunter2" not in repr(only(rss(f"<item><title>{include}</title></item>")))

    @pytest.mark.parametrize("spelling", ["{path}", "file://{path}"])
    def test_an_answer_that_is_a_path_does_not_open_that_file(
        self, tmp_path: Path, spelling: str
    ) -> None:
        path = tmp_path / "local.xml"
        path.write_bytes(rss(item("from this machine")))
        assert only(path.read_bytes()).title == "from this machine"
        with pytest.raises(FeedFormatError, match="not a feed"):
            parse_feed(spelling.format(path=path).encode())

    @pytest.mark.parametrize(
        "more",
        [
            "<podcast:transcript>https://e.org/1.vtt</podcast:transcript>",
            '<itunes:duration unit="s">12</itunes:duration>',
            "<enclosures>none</enclosures>",
            "<published_parsed>abcdef</published_parsed>",
            '<published_parsed year="1">x</published_parsed>',
            "<links>none</links>",
            '<id x="1">7</id>',
            '<summary x="1">s</summary>',
            '<link x="1">y</link>',
            '<author><name x="1">q</name></author>',
            "<content>x</content><content_detail>y</content_detail>",
            "<podcast:person/>",
            "<media:content/>",
        ],
    )
    def test_an_odd_element_costs_no_item(self, more: str) -> None:
        feed = parse_feed(rss(item("Odd", guid="1", more=more), item("Good", guid="2")))
        assert feed.items[1].title == "Good"
        assert feed.items[0].enclosures[0].url == "https://cdn.example.org/one.mp3"
        for found in feed.items:
            repr(found).encode()
            for text in (found.guid, found.title, found.description, found.link):
                (text or "").encode()

    @pytest.mark.parametrize(
        ("reference", "character"),
        [
            ("&#xD800;", "\ufffd"),
            ("&#57343;", "\ufffd"),
            ("&#x110000;", "\ufffd"),
            ("&#0;", "\ufffd"),
            ("&#233;", "é"),
            ("&#x1F399;", "🎙"),
        ],
    )
    def test_characters_that_do_not_exist_are_replaced(
        self, reference: str, character: str
    ) -> None:
        content = rss(f"<item><title>caf{reference}</title><guid>{reference}</guid></item>")
        found = only(content)
        assert (found.title, found.guid) == (f"caf{character}", character)

    def test_a_feed_of_too_many_items_is_refused_at_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tree, "MAX_ITEMS", 2)
        items = [item(f"{n}", guid=f"{n}") for n in range(3)]
        assert len(parse_feed(rss(*items[:2])).items) == 2
        with pytest.raises(FeedFormatError, match="refused: .*more than 2 items"):
            parse_feed(rss(*items))

    @pytest.mark.parametrize(
        ("piece", "refusal"),
        [(b"<a/>", "elements"), (b"<a>", "nested"), (b"<", "pieces"), (b"<!--", "pieces")],
    )
    def test_millions_of_pieces_are_refused(
        self, monkeypatch: pytest.MonkeyPatch, piece: bytes, refusal: str
    ) -> None:
        monkeypatch.setattr(tree, "MAX_ELEMENTS", 50_000)
        monkeypatch.setattr(mending, "MAX_STEPS", 50_000)
        content = b"<rss><channel>" + piece * 100_000
        with pytest.raises(FeedFormatError, match=f"refused: .*{refusal}") as caught:
            parse_feed(content)
        assert caught.value.reason == "hostile"

    def test_names_without_end_are_refused(self) -> None:
        names = b"".join(b"<a%d/>" % number for number in range(20_000))
        with pytest.raises(FeedFormatError, match="refused: .*names"):
            parse_feed(b"<rss>" + names + b"</rss>")

    @pytest.mark.parametrize(
        "more",
        [
            lambda size: b'<enclosure url="' + b"x" * size + b'"/>',
            lambda size: (
                b"<enclosure " + b"".join(b'a%d="" ' % n for n in range(size // 12)) + b"/>"
            ),
            lambda size: b"<description>" + b"word " * (size // 5) + b"</description>",
            lambda size: b"<description><![CDATA[" + b"<b a='" * (size // 6) + b"]]></description>",
        ],
        ids=["attribute", "attributes", "text", "markup"],
    )
    def test_a_giant_piece_costs_only_itself(self, more: Callable[[int], bytes]) -> None:
        def content(size: int) -> bytes:
            start, end = b"<rss><item>", b"<title>One</title></item><item><title>Two</title></item>"
            return start + more(size) + end

        giant = content(5_000_000)
        before = peak_mb()
        assert [found.title for found in parse_feed(giant).items] == ["One", "Two"]
        assert peak_mb() - before < 100
        assert_no_more_than_linear(read_or_refused, content, 5_000_000)

    def test_formatting_without_end_costs_no_more_than_its_length(self) -> None:
        """A browser's algorithm, which nh3 follows, takes seconds for this."""

        def formatted(size: int) -> str:
            bold = "".join(f"<b a{number}>" for number in range(size * 2 // 7))
            return f"<description><![CDATA[{bold}{'<p>' * (size * 5 // 7)}done]]></description>"

        def read(more: str) -> None:
            assert with_more(more).description == "done"

        assert_no_more_than_linear(read, formatted, 14_000)

    def test_text_of_all_items_together_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parse, "MAX_ALL_TEXT_CHARS", 500)
        long = f"<description>{'word ' * 100}</description>"
        found = parse_feed(rss(*(item(f"{n}", guid=f"{n}", more=long) for n in range(4)))).items
        assert [len(each.description) for each in found] == [499, 499, 200, 200]


def read_or_refused(content: bytes) -> None:
    with suppress(FeedFormatError):
        parse_feed(content)


def peak_mb() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.skipif(not REAL, reason="the shared real feeds are not on this machine")
class TestRealFeeds:
    @pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
    def test_every_file_parses(self, path: Path) -> None:
        feed = parse_feed(path.read_bytes())
        assert feed.items
        assert feed.title != "(untitled)"
        for found in feed.items:
            assert "<p>" not in found.description
            assert all(enclosure.url for enclosure in found.enclosures)

    def test_podcasts_among_them_have_audio_dates_and_durations(self) -> None:
        names = ["pico_podbean.xml", "pt_launched.xml", "nnw_atp.rss"]
        for name in names:
            items = parse_feed((FEEDS / "real" / name).read_bytes()).items
            assert all(found.enclosures and found.published_at for found in items), name
            assert any(found.duration_s for found in items), name


@pytest.mark.skipif(not NASTY, reason="the shared nasty feeds are not on this machine")
@pytest.mark.parametrize("path", NASTY, ids=lambda path: path.name)
def test_nasty_files_parse_or_are_refused(path: Path) -> None:
    try:
        feed = parse_feed(path.read_bytes())
    except FeedFormatError as error:
        prefix = {"not_a_feed": "not a feed: ", "hostile": "refused: "}[error.reason]
        assert str(error).startswith(prefix)
    else:
        repr(feed).encode()
