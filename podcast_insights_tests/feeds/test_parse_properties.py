"""What holds for every feed: nothing but one error, and nothing depends on layout."""

import dataclasses
from xml.sax.saxutils import escape, quoteattr

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podcast_insights.feeds.parse import Feed, FeedFormatError, Item, parse_feed

QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
WORDS = st.text(CHARACTERS, max_size=20)
MARKUP = st.sampled_from(
    [
        *("<item>", "</item>", "<![CDATA[", "]]>", "<!--", "-->", "&", "&lt;", "<", ">", '"', "'"),
        *("<title>", "</channel>", "<a b=", "<?xml", "<!DOCTYPE rss [", "<!ENTITY x", "&#xD800;"),
        *("\0", "é", "</", "/>", "<enclosure url='", "<podcast:person>", "<entry>", "xmlns:a=''"),
    ]
)
ELEMENTS = st.sampled_from(
    [
        *("title", "guid", "link", "pubDate", "description", "author", "itunes:duration", "id"),
        *("podcast:person", "podcast:season", "itunes:episode", "dc:date", "content:encoded"),
        *("updated", "x:y", "itunes:summary", "category"),
    ]
)
FIELDS = st.lists(st.tuples(ELEMENTS, WORDS), max_size=6, unique_by=lambda pair: pair[0])
ENCLOSURES = st.dictionaries(st.sampled_from(["url", "type", "length", "x"]), WORDS)
ITEMS = st.lists(st.tuples(FIELDS, ENCLOSURES), max_size=4)


def built(items: list, *, gap: str = "", cdata: bool = False, backwards: bool = False) -> bytes:
    """A feed of these items, in one of many spellings."""
    body = ""
    for fields, enclosure in items:
        pairs = list(enclosure.items())[:: -1 if backwards else 1]
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in pairs)
        parts = [f"<enclosure{attributes}/>"]
        for name, text in fields:
            inner = f"<![CDATA[{text}]]>" if cdata and "]]>" not in text else escape(text)
            parts.append(f"<{name}>{inner}</{name}>")
        body += f"{gap}<item>{gap}{gap.join(parts)}{gap}</item>"
    return f"<rss version='2.0'>{gap}<channel>{body}{gap}</channel>{gap}</rss>".encode()


def parsed(content: bytes) -> Feed | None:
    """The feed, or None if it is none; every text in it can be stored."""
    try:
        feed = parse_feed(content, url="https://e.org/feed")
    except FeedFormatError as error:
        assert str(error).startswith(("not a feed: ", "refused: "))
        return None
    repr(dataclasses.astuple(feed)).encode()
    for item in feed.items:
        assert isinstance(item, Item)
        for text in (item.guid, item.title, item.description, item.published_text):
            assert "\0" not in (text or "")
            (text or "").encode()
    return feed


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    parsed(content)
    parsed(b"<rss><channel><item><title>" + content)
    parsed(b"\x1f\x8b" + content)


@QUICK
@given(st.lists(st.one_of(MARKUP, WORDS), max_size=40))
def test_any_markup(pieces: list[str]) -> None:
    content = "".join(pieces).encode()
    parsed(content)
    parsed(b"<rss><channel><item>" + content + b"</item></channel></rss>")


@QUICK
@given(ITEMS, st.data())
def test_cut_and_altered_feeds(items: list, data: st.DataObject) -> None:
    content = bytearray(built(items))
    for _ in range(data.draw(st.integers(0, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    parsed(bytes(content))
    parsed(bytes(content[: data.draw(st.integers(0, len(content)))]))


@QUICK
@given(ITEMS, st.sampled_from([" ", "\n", "\n\t  ", "<!-- note -->", "<?x y?>"]))
def test_layout_means_nothing(items: list, gap: str) -> None:
    feed = parsed(built(items))
    assert feed is not None and len(feed.items) == len(items)
    assert parsed(built(items, gap=gap)) == feed
    assert parsed(built(items, cdata=True)) == feed
    assert parsed(built(items, backwards=True)) == feed


@QUICK
@given(ITEMS)
def test_the_order_of_items_is_that_of_the_document(items: list) -> None:
    feed, reverse = parsed(built(items)), parsed(built(items[::-1]))
    assert feed is not None and reverse is not None
    assert reverse.items == feed.items[::-1]


@QUICK
@given(ITEMS)
def test_the_mending_reader_agrees_with_the_strict_one(items: list) -> None:
    content = built(items)
    strict, mended = parsed(content), parsed(content + b"</broken>")
    assert strict is not None and mended is not None
    assert not strict.repairs and mended.repairs
    assert mended.items == strict.items
