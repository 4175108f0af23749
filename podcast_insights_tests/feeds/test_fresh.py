"""Addresses that have expired: the feed is read again, once, and the same episode found in it."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from podcast_insights.feeds.enclosures import enclosure_key
from podcast_insights.feeds.fresh import FreshAddresses
from podcast_insights.net.client import FetchError
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.feeds.world import World
from podcast_insights_tests.support.servers import (
    Behaviour,
    answer,
    busy,
    protected,
    sequence,
)

OLD = "https://cdn.example.org/one.mp3?sig=old"
NEW = "https://cdn.example.org/one.mp3?sig=new"
ELSEWHERE = "https://cdn.example.org/8f3a/audio.mp3"
PUBLISHED = datetime(2025, 9, 8, 6, tzinfo=UTC)


def row(feed_id: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    """An episode as it was announced."""
    return {
        "feed_id": feed_id,
        "guid": "guid-1",
        "title": "One",
        "published_at": PUBLISHED,
        "enclosure_key": enclosure_key(OLD),
        **changes,
    }


def fresh(world: World) -> FreshAddresses:
    """For one run."""
    feeds = {feed.feed_id: feed for feed in world.feeds}
    return FreshAddresses(feeds, lambda feed_id: world.client(feeds[feed_id]), world.environ)


@pytest.mark.parametrize(
    ("items", "changes", "expected"),
    [
        ([item(audio=NEW)], {}, NEW),
        ([item("Two", guid="2", audio=ELSEWHERE), item(audio=NEW)], {}, NEW),
        # Renamed, with another GUID: the file still tells.
        ([item("One, corrected", guid="guid-2", date=None, audio=NEW)], {}, NEW),
        # Another file name: the GUID tells, where title or date agree.
        ([item(audio=ELSEWHERE)], {}, ELSEWHERE),
        ([item("One, corrected", audio=ELSEWHERE)], {}, ELSEWHERE),
        ([item("One", date=None, audio=ELSEWHERE)], {}, ELSEWHERE),
        # A GUID that is used again for something else.
        ([item("Two", date="Tue, 09 Sep 2025 06:00:00 GMT", audio=ELSEWHERE)], {}, None),
        # Nothing but the GUID is as it was, and no date speaks against it.
        ([item("Two", date=None, audio=ELSEWHERE)], {}, ELSEWHERE),
        ([item("Two", audio=ELSEWHERE)], {"published_at": None}, ELSEWHERE),
        ([item("Two", date=None, audio=ELSEWHERE), item("Three", date=None, audio=NEW + "3")],
         {"enclosure_key": None}, None),
        # No file had a name that lasts: an item without audio has none, either.
        ([item("A note", guid="2", audio=None), item(audio=ELSEWHERE)], {"enclosure_key": None},
         ELSEWHERE),
        ([item("A note", guid="2", audio=None)], {"enclosure_key": None}, None),
        # One file for several items: the title tells.
        ([item("Two", guid="2", audio=NEW + "2"), item(audio=NEW)], {}, NEW),
        ([item("Two", guid="2", date=None, audio=NEW), item("Three", guid="3", date=None,
          audio=NEW)], {}, None),
        ([item("Two", guid="2", audio=NEW), item("Three", guid="3", audio=NEW)], {}, None),
        ([item("Two", guid="2", audio=NEW, date=None), item("Three", audio=NEW)], {}, NEW),
        ([item("Two", guid="2", audio=ELSEWHERE, date=None)], {}, None),
        ([item(audio=None)], {}, None),
        ([item(guid=None, audio=ELSEWHERE)], {"guid": None}, None),
        ([item(guid=None, audio=NEW)], {"guid": None}, NEW),
        ([], {}, None),
    ],
)  # fmt: skip
def test_the_same_episode_is_found_or_none(
    world: World, items: list[str], changes: dict[str, Any], expected: str | None
) -> None:
    feed_id = world.subscribe("/feed", answer(rss(*items)))
    assert fresh(world).enclosure(row(feed_id, **changes)) == expected


def test_a_feed_is_read_once_for_all_its_episodes_and_all_threads(world: World) -> None:
    items = [
        item(f"Number {n}", guid=f"guid-{n}", audio=f"https://cdn.example.org/{n}.mp3?sig=new")
        for n in range(100)
    ]
    feed_id = world.subscribe("/feed", answer(rss(*items)))
    addresses, found = fresh(world), {}

    def look(start: int) -> None:
        for n in range(start, 100, 4):
            key = enclosure_key(f"https://cdn.example.org/{n}.mp3?sig=old")
            found[n] = addresses.enclosure(row(feed_id, guid=f"guid-{n}", enclosure_key=key))

    threads = [threading.Thread(target=look, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {n: f"https://cdn.example.org/{n}.mp3?sig=new" for n in range(100)}
    assert world.paths == ["/feed"]
    assert "if-none-match" not in world.host.requests[0].headers
    assert fresh(world).enclosure(row(feed_id, guid="x")) is None  # another run looks again
    assert world.paths == ["/feed", "/feed"]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (answer(status=404), "HTTP 404"),
        (busy("7200"), "asks to be left alone for 7200 s"),
        (answer(b"<html>moved</html>"), "web page"),
    ],
)
def test_a_feed_that_can_not_be_read_is_asked_once_and_says_why_each_time(
    world: World, behaviour: Behaviour, error: str
) -> None:
    feed_id = world.subscribe("/feed", sequence(behaviour, answer(rss(item(audio=NEW)))))
    addresses = fresh(world)
    for _ in range(3):
        with pytest.raises(FetchError, match=error):
            addresses.enclosure(row(feed_id))
    assert len(world.paths) == 1


def test_a_private_feed_is_read_with_what_opens_it(world: World) -> None:
    world.environ |= {"LOGIN": "me:secret-pw", "TOKEN": "s3cr3t-t0k3n"}
    page = protected(answer(rss(item(audio=NEW))), "me", "secret-pw")
    feed_id = world.subscribe("/feed?token=${TOKEN}", auth_env="LOGIN")
    world.host.pages["/feed"] = page
    assert fresh(world).enclosure(row(feed_id)) == NEW
    del world.environ["TOKEN"]
    with pytest.raises(FetchError, match="TOKEN") as caught:
        fresh(world).enclosure(row(feed_id))
    assert "s3cr3t" not in str(caught.value)


def test_a_feed_that_is_no_longer_subscribed_to_is_not_asked(world: World) -> None:
    world.subscribe("/feed", answer(rss(item(audio=NEW))))
    assert fresh(world).enclosure(row("0" * 16)) is None
    assert world.paths == []
