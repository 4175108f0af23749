"""Bytes of all kinds as text."""

import gzip

import pytest

from podcast_insights.feeds.parse import parse_feed
from podcast_insights.feeds.reading import document
from podcast_insights.feeds.reading.document import FeedFormatError, open_document
from podcast_insights_tests.feeds import item, rss

RUSSIAN = "Новости Оренбурга и области: в Бузулуке главные стройплощадки города"
JAPANESE = "ゲーム三昧な正月をずっとプレイしている"
FRENCH = "L’été à Besançon, œuvre naïve"


def feed(title: str, declared: str | None) -> str:
    start = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f"{start}<rss><channel><item><title>{title}</title></item></channel></rss>"


def title_of(content: bytes, content_type: str | None = None) -> str:
    (found,) = parse_feed(content, content_type=content_type).items
    return found.title


class TestEncodings:
    @pytest.mark.parametrize(
        ("text", "actual", "declared", "served"),
        [
            (FRENCH, "utf-8", "utf-8", None),
            (FRENCH, "utf-8", None, None),
            (FRENCH, "utf-8", "iso-8859-1", None),
            (FRENCH, "utf-8", "utf-16", None),
            (FRENCH, "utf-8", "nonsense", "text/xml; charset=nonsense"),
            (FRENCH, "cp1252", "windows-1252", None),
            (FRENCH, "cp1252", "iso-8859-1", None),
            (FRENCH, "cp1252", "utf-8", None),
            (FRENCH, "cp1252", "us-ascii", None),
            (FRENCH, "utf-16", "utf-16", None),
            (FRENCH, "utf-16-le", "utf-8", None),
            (FRENCH, "utf-16-be", None, None),
            (FRENCH, "utf-32", "utf-32", None),
            (FRENCH, "utf-32-be", None, None),
            (FRENCH, "utf-8-sig", "iso-8859-1", "text/xml; charset=iso-8859-1"),
            (RUSSIAN, "cp1251", "windows-1251", "text/xml; charset=iso-8859-1"),
            (RUSSIAN, "cp1251", None, "text/xml; charset=windows-1251"),
            (RUSSIAN, "koi8-r", "koi8-r", None),
            (RUSSIAN, "cp1251", "utf-8", None),
            (JAPANESE, "shift_jis", "Shift_JIS", None),
            (JAPANESE, "euc_jp", None, None),
            (JAPANESE, "iso2022_jp", "iso-2022-jp", None),
            ("不归移民漫画系列：专业工作", "gb18030", "gb2312", None),
            ("Plain words", "cp037", "ebcdic-cp-us", None),
        ],
    )
    def test_titles_are_readable(
        self, text: str, actual: str, declared: str | None, served: str | None
    ) -> None:
        assert title_of(feed(text, declared).encode(actual), served) == text

    def test_a_stray_byte_costs_itself(self) -> None:
        content = feed(FRENCH + " caf@", "utf-8").encode().replace(b"@", b"\xe9")
        assert title_of(content) == FRENCH + " café"

    @pytest.mark.parametrize("codec", ["utf-7", "punycode", "unicode_escape", "rot13", "hex"])
    def test_codecs_that_are_none_for_feeds_are_not_used(self, codec: str) -> None:
        assert title_of(feed("+ADw-b \\u0041-", codec).encode()) == "+ADw-b \\u0041-"

    def test_what_was_done_is_said(self) -> None:
        found = parse_feed(feed(FRENCH, "iso-8859-1").encode())
        assert found.repairs == ("read as utf-8, though iso-8859-1 is declared",)
        assert parse_feed(feed(FRENCH, "utf-16").encode("utf-16")).repairs == ()
        assert parse_feed(feed("Plain", "iso-8859-1").encode()).repairs == ()


def test_a_gzip_file_of_several_members_is_read_whole() -> None:
    content = rss(item("One", guid="1"), item("Two", guid="2"))
    packed = gzip.compress(content[:300]) + gzip.compress(content[300:])
    assert [found.title for found in parse_feed(packed).items] == ["One", "Two"]


class TestBreakage:
    @pytest.mark.parametrize(
        "before",
        [
            *(b"\n\n ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"Warning: x in y on line 3\n"),
            *(b"<!-- a <b> -->", b"<?php echo ?>", b"<!DOCTYPE html PUBLIC '-//W3C//DTD'>"),
        ],
    )
    def test_what_stands_before_the_document_is_passed_over(self, before: bytes) -> None:
        assert title_of(before + rss(item("x"))) == "x"

    @pytest.mark.parametrize(
        ("xml", "title"),
        [
            ("Tom & Jerry", "Tom & Jerry"),
            ("Tom &nbsp;&amp;&eacute;&hellip;", "Tom &é…"),
            ("a < b", "a < b"),
            ("bell\x07 \x00rings", "bell rings"),
            ("one ]]> two", "one two"),
            ("&unknown; thing", "&unknown; thing"),
            ("never <b>closed", "never closed"),
            ("closed</i> never", "closed never"),
            ("a<br>b", "a b"),
            ("<![CDATA[raw & <b>bold</b>]]>", "raw & bold"),
        ],
    )
    def test_broken_text(self, xml: str, title: str) -> None:
        broken = f"<item><title>{xml}</title><guid>1</guid></item>"
        first, second = parse_feed(rss(broken, item("Next", guid="2"))).items
        assert (first.title, first.guid, second.title) == (title, "1", "Next")

    @pytest.mark.parametrize(
        "enclosure",
        [
            "<enclosure url=https://e.org/1.mp3 length=5 type=audio/mpeg />",
            "<enclosure url='https://e.org/1.mp3'length='5'type='audio/mpeg'/>",
            '<enclosure url="https://e.org/1.mp3" url="https://e.org/2.mp3" length="5" >',
            '<enclosure url="https://e.org/1.mp3 length="5" />',
        ],
    )
    def test_broken_attributes(self, enclosure: str) -> None:
        found, after = parse_feed(rss(f"<item>{enclosure}<guid>1</guid></item>", item())).items
        assert found.enclosures[0].url.startswith("https://e.org/1.mp3")
        assert (found.guid, after.title) == ("1", "One")

    def test_items_that_do_not_end(self) -> None:
        content = b"<rss><channel>" + b"<item><title>T<guid>1</guid>" * 300
        assert len(parse_feed(content).items) == 300

    def test_elements_that_do_not_end_in_the_notes(self) -> None:
        notes = "<description>" + "<p>One<br>" * 500 + "</description><guid>1</guid>"
        first, second = parse_feed(rss(f"<item>{notes}</item>", item("Next", guid="2"))).items
        assert (first.guid, second.title) == ("1", "Next")

    @pytest.mark.parametrize("end", ["<item><ti", "<item><title>x", "<item><title>x</title", "<"])
    def test_a_cut_document_keeps_what_is_there(self, end: str) -> None:
        content = rss(item("One"), "@").partition(b"@")[0] + end.encode()
        assert parse_feed(content).items[0].title == "One"

    def test_gzip_is_unpacked_cut_or_not(self) -> None:
        packed = gzip.compress(rss(*(item(f"{n} {hash(n)}", guid=f"{n}") for n in range(2_000))))
        assert len(parse_feed(packed).items) == 2_000
        assert len(parse_feed(packed[: len(packed) // 2]).items) > 500
        with pytest.raises(FeedFormatError, match="not a feed: a broken gzip file"):
            parse_feed(packed[:2] + b"nonsense")

    def test_a_bomb_is_not_unpacked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(document, "MAX_BYTES", 10_000)
        with pytest.raises(FeedFormatError, match="refused: it unpacks to more") as caught:
            parse_feed(gzip.compress(b" " * 1_000_000))
        assert caught.value.reason == "hostile"
        with pytest.raises(FeedFormatError, match="refused: it has more than"):
            parse_feed(b" " * 10_001)
        with pytest.raises(FeedFormatError, match="refused: it has more than"):
            parse_feed(feed("ы" * 8_000, "cp1251").encode("cp1251"))


def test_no_declaration_reaches_a_parser() -> None:
    declared = b'<?xml version="1.0"?><!DOCTYPE rss [ <!ENTITY e "&#233;"> <!-- <x> --> ]><rss/>'
    found = open_document(declared)
    assert (found.text[found.start :], found.entities) == (b"<rss/>", {"e": "é"})


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "text">',
        '<!ENTITY a "&#60;b">',
        '<!ENTITY % a "&#60;">',
        "<!ENTITY a SYSTEM 'file:///etc/passwd'>",
        "<!entity a 'x'>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-16-be"])
def test_other_entities_are_refused(declaration: str, encoding: str) -> None:
    content = f"<!DOCTYPE rss [ {declaration} ]><rss/>".encode(encoding)
    with pytest.raises(FeedFormatError, match="refused: it declares entities"):
        open_document(content)
