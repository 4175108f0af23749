"""Podcasting 2.0, iTunes and Media RSS."""

import pytest

from podcast_insights.feeds.model import Enclosure, Feed, Item, Person, TranscriptLink
from podcast_insights.feeds.parse import parse_feed
from podcast_insights_tests.conftest import SHARED
from podcast_insights_tests.feeds import item, rss

ADDRESSES = [
    "https://podcastindex.org/namespace/1.0",
    "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
    "https://podcastindex.org/namespace/1.0/",
]
ITEM = """<item><p:transcript url="https://e.org/1.srt" type="application/srt" language="EN"
 rel="captions"/><p:transcript url="https://e.org/1.json" type="application/json; charset=utf-8"/>
 <p:chapters url="https://e.org/1.chapters.json" type="application/json+chapters"/>
 <p:person role="Guest" group="Cast" href="https://e.org/ann">Ann</p:person>
 <p:person>Bob</p:person><p:season name="Two">2</p:season><p:episode>12.5</p:episode>
 <p:alternateEnclosure type="audio/opus" length="99" default="true">
 <p:source uri="https://e.org/1.opus"/><p:source uri="ipfs://x" contentType="audio/ogg"/>
 </p:alternateEnclosure></item>"""


def show(more: str) -> Feed:
    return parse_feed(rss(item(), more))


def only(more: str) -> Item:
    return parse_feed(rss(item(more=more))).items[0]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("prefix", ["podcast", "pc", "x"])
def test_an_item_of_podcasting_2(address: str, prefix: str) -> None:
    xml = ITEM.replace("<p:", f"<{prefix}:").replace("</p:", f"</{prefix}:")
    content = f'<rss xmlns:{prefix}="{address}"><channel>{xml}</channel></rss>'.encode()
    (found,) = parse_feed(content).items
    assert found.transcripts == (
        TranscriptLink("https://e.org/1.srt", "application/srt", "en", is_captions=True),
        TranscriptLink("https://e.org/1.json", "application/json"),
    )
    assert found.chapters_url == "https://e.org/1.chapters.json"
    assert found.persons == (
        Person("Ann", role="guest", group="cast", href="https://e.org/ann"),
        Person("Bob"),
    )
    assert (found.season, found.episode) == (2, 12.5)
    assert found.enclosures == (
        Enclosure("https://e.org/1.opus", "audio/opus", 99, source="alternate", is_default=True),
        Enclosure("ipfs://x", "audio/ogg", 99, source="alternate", is_default=True),
    )


def test_namespaces_need_not_be_declared() -> None:
    content = b"""<rss><channel><itunes:author>A</itunes:author><podcast:guid>g</podcast:guid>
    <item><itunes:duration>60</itunes:duration><itunes:episode>3</itunes:episode>
    <podcast:transcript url="https://e.org/1.vtt"/><foo:title>No</foo:title></item></channel></rss>"""
    feed = parse_feed(content)
    (found,) = feed.items
    assert (feed.guid, feed.persons) == ("g", (Person("A", role="author"),))
    assert (found.duration_s, found.episode, len(found.transcripts)) == (60.0, 3.0, 1)
    assert found.title == "(untitled)"


@pytest.mark.parametrize(
    "address",
    [
        "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "http://www.itunes.com/DTDs/PodCast-1.0.dtd",
        "http://www.itunes.com/dtds/Podcast-1.0.dtd/",
        "http://www.itunes.com/something-else",
    ],
)
def test_spellings_of_the_itunes_namespace(address: str) -> None:
    more = "<itunes:duration>1:00</itunes:duration><itunes:episodeType>Bonus</itunes:episodeType>"
    content = f'<rss xmlns:itunes="{address}"><item>{more}</item></rss>'.encode()
    (found,) = parse_feed(content).items
    assert (found.duration_s, found.episode_type) == (60.0, "bonus")


def test_a_live_item_is_no_item() -> None:
    live = (
        '<podcast:liveItem status="live"><title>Now</title><guid>live</guid>'
        '<enclosure url="https://e.org/live"/></podcast:liveItem>'
    )
    feed = show(live)
    assert [found.guid for found in feed.items] == ["guid-1"]
    assert feed.title == "A show"


def test_the_show() -> None:
    atom = 'xmlns:atom="http://www.w3.org/2005/Atom"'
    feed = show(
        f"""<podcast:guid>917393e3-1b1e</podcast:guid><podcast:medium>Music</podcast:medium>
        <podcast:person role="host">Ann</podcast:person><language>en-GB</language>
        <itunes:new-feed-url>https://new.example.org/feed</itunes:new-feed-url>
        <itunes:complete>Yes</itunes:complete>
        <atom:link {atom} rel="next" href="https://e.org/2"/>
        <atom:link {atom} rel="prev-archive" href="https://e.org/1"/>"""
    )
    assert (feed.guid, feed.medium, feed.language) == ("917393e3-1b1e", "music", "en-GB")
    assert feed.persons == (Person("Ann", role="host"),)
    assert feed.new_feed_url == "https://new.example.org/feed"
    assert (feed.next_url, feed.prev_archive_url) == ("https://e.org/2", "https://e.org/1")
    assert feed.is_complete


def test_a_complete_feed_of_rfc_5005() -> None:
    assert show('<fh:complete xmlns:fh="http://purl.org/syndication/history/1.0"/>').is_complete
    assert not show("<itunes:complete>no</itunes:complete>").is_complete


def test_media_rss() -> None:
    media = 'xmlns:media="http://search.yahoo.com/mrss/"'
    found = only(
        f"""<media:group {media}><media:content url="https://e.org/1.mp4" fileSize="5"
        type="video/mp4" duration="61" isDefault="true"><media:title>Part</media:title>
        </media:content></media:group>
        <media:content {media} url="https://e.org/1.jpg" medium="image"/>
        <media:thumbnail {media} url="https://e.org/thumb.jpg"/>"""
    )
    assert found.title == "One"
    assert found.enclosures[1:] == (
        Enclosure("https://e.org/1.mp4", "video/mp4", 5, 61.0, "media", is_default=True),
        Enclosure("https://e.org/1.jpg", "image/*", source="media"),
    )
    assert found.duration_s == 61.0


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("<author>ann@e.org (Ann B.)</author>", "Ann B."),
        ("<author>Ann</author>", "Ann"),
        ("<author><name>Ann</name><email>a@e.org</email></author>", "Ann"),
        ("<itunes:author>Ann</itunes:author><author>x@e.org</author>", "Ann"),
    ],
)
def test_authors(author: str, name: str) -> None:
    assert only(author).persons[0].name == name


@pytest.mark.parametrize(
    ("more", "season", "episode"),
    [
        ("<itunes:season>3</itunes:season><itunes:episode>7</itunes:episode>", 3, 7.0),
        ("<itunes:season>Season 3</itunes:season><itunes:episode>-1</itunes:episode>", 3, None),
        ("<itunes:season>x</itunes:season><itunes:episode/>", None, None),
        ("<itunes:episodeType>special</itunes:episodeType>", None, None),
    ],
)
def test_numbers(more: str, season: int | None, episode: float | None) -> None:
    found = only(more)
    assert (found.season, found.episode, found.episode_type) == (season, episode, None)


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no shared feeds on this machine")
def test_the_example_of_the_namespace() -> None:
    path = SHARED / "data" / "feeds" / "real" / "podcasting2-example.xml"
    feed = parse_feed(path.read_bytes())
    assert feed.guid and feed.medium == "podcast" and feed.persons
    newest = feed.items[0]
    assert len(newest.transcripts) >= 1 and newest.chapters_url and newest.season == 1
    assert any(enclosure.source == "alternate" for enclosure in newest.enclosures)
    assert any(person.role == "guest" for person in newest.persons)
