"""One feed on two days: only what is new is new, edits are seen, nothing is doubled."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from podcast_insights.feeds.model import Enclosure, Feed, Item
from podcast_insights.feeds.parse import parse_feed
from podcast_insights.net.client import Limits
from podcast_insights_tests.conftest import SHARED
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.feeds.world import DAY, NIGHT, World
from podcast_insights_tests.support.servers import answer

FEEDS = SHARED / "data" / "feeds"
DATED = re.compile(r"(.+)[_-](\d{4}-\d{2}-\d{2})\.\w+")


def snapshots() -> Iterator[tuple[Path, Path]]:
    """Neighbouring snapshots of each show in the shared data, however many are dropped in."""
    shows: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(FEEDS.rglob("*")):
        if named := DATED.fullmatch(path.name):
            shows[named[1]].append(path)
    # One show once whole and once broken off in an item.
    shows["linuxunplugged"] += sorted(FEEDS.rglob("linuxunplugged_truncated*"))
    shows["linuxunplugged"] += sorted(FEEDS.rglob("linuxunplugged_utf8bom*"))
    for paths in shows.values():
        yield from pairwise(paths)


PAIRS = list(snapshots()) if FEEDS.exists() else []


@pytest.mark.skipif(not PAIRS, reason="the shared feeds are not on this machine")
@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda path: path.name)
def test_shared_snapshots_of_one_show(first: Path, second: Path, world: World) -> None:
    check_pair(world, first.read_bytes(), second.read_bytes())


def test_a_day_later_there_is_a_new_item_an_edit_and_a_farewell(world: World) -> None:
    def episode(number: int, title: str = "") -> str:
        return item(
            title or f"Episode {number}",
            guid=f"guid-{number}",
            audio=f"https://e.org/{number}.mp3",
            more=f"<itunes:duration>{1000 + number}</itunes:duration>",
        )

    before = rss(*(episode(n) for n in range(10, 0, -1)))
    after = rss(episode(11), episode(10, "Episode 10, corrected"), *map(episode, range(9, 1, -1)))
    check_pair(world, before, after)
    assert world.changes() == [("title", "Episode 10", "Episode 10, corrected")]
    assert [fetch["new_item_count"] for fetch in world.fetches()] == [10, 1, 0]
    assert "Episode 1" in world.items()


def check_pair(world: World, before: bytes, after: bytes) -> None:
    """Serve one, then the other, then the first again: hold the ledger against both."""
    world.limits = Limits(50_000_000)
    world.subscribe("/feed", answer(before))
    world.scan(DAY, at=NIGHT)
    first = ledger(world)
    world.host.pages["/feed"] = answer(after)
    world.scan(DAY + timedelta(days=1), at=NIGHT + timedelta(days=1))
    second = ledger(world)
    one, two = parse_feed(before), parse_feed(after)
    old, new = guids(one), guids(two)
    assert old, "these snapshots have no GUIDs to tell items by"
    assert set(first) == old
    assert set(second) == old | new
    assert {guid: second[guid] for guid in old} == first
    fetch = world.fetches()[-1]
    assert fetch["new_item_count"] == len(new - old)
    assert fetch["item_count"] == len(two.items)
    edited = world.warehouse.read("SELECT DISTINCT item_id FROM item_changes").height
    assert edited == len(retitled(one, two) | redated(one, two) | resized(one, two))
    world.scan(DAY + timedelta(days=2), at=NIGHT + timedelta(days=2))
    assert ledger(world) == second
    assert world.fetches()[-1]["new_item_count"] == 0


def ledger(world: World) -> dict[str, str]:
    """Ids by GUID; fails where a GUID stands for two."""
    rows = world.warehouse.read("SELECT guid, item_id FROM announced_items").rows()
    assert max(Counter(guid for guid, _ in rows).values()) == 1
    return dict(rows)


def guids(feed: Feed) -> set[str]:
    return {found.guid for found in feed.items if found.guid}


def changed(before: Feed, after: Feed, name: str) -> set[str]:
    """GUIDs of items in both whose attribute differs."""
    old = {found.guid: getattr(found, name) for found in before.items if found.guid}
    return {
        found.guid
        for found in after.items
        if found.guid in old and getattr(found, name) != old[found.guid]
    }


def retitled(before: Feed, after: Feed) -> set[str]:
    return changed(before, after, "title")


def redated(before: Feed, after: Feed) -> set[str]:
    return changed(before, after, "published_at")


def resized(before: Feed, after: Feed) -> set[str]:
    """Another duration, size or file, or another type of episode."""
    found = changed(before, after, "duration_s") | changed(before, after, "episode_type")
    old, new = ({one.guid: claimed(one) for one in feed.items} for feed in (before, after))
    return found | {guid for guid in old.keys() & new.keys() if guid and old[guid] != new[guid]}


def claimed(one: Item) -> tuple[int, str]:
    """What the first enclosure says of its file."""
    first = one.enclosures[0] if one.enclosures else Enclosure("")
    size = first.size_bytes or 0
    return size if size >= 10_000 else 0, urlsplit(first.url).path.rpartition("/")[2]
