"""Who an announced item is, whatever its publisher does to it."""

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from podcast_insights.feeds.evidence import Trait
from podcast_insights.feeds.model import Enclosure, Item
from podcast_insights.feeds.recognize import Recognized, match, recognize, trait_of
from podcast_insights.identity import short_hash
from podcast_insights_tests.effort import assert_no_more_than_linear

FEED = "feed-1"
NOON = datetime(2025, 9, 8, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD, NEW = "https://old.example/", "https://new.example/"

EPISODE = Item(
    guid="guid-one",
    title="The price of idle machines",
    published_at=NOON,
    enclosures=(Enclosure(f"{OLD}1.mp3", "audio/mpeg", 5_000_000),),
)
NEWS = Item(
    guid=None,
    title="News",
    published_at=NOON,
    enclosures=(Enclosure(f"{OLD}latest.mp3", "audio/mpeg", 4_000_000),),
)


def heard_at(item: Item, url: str, size: int | None = 5_000_000) -> Item:
    """The item with another audio."""
    return replace(item, enclosures=(Enclosure(url, "audio/mpeg", size),))


def later(item: Item, by: timedelta) -> Item:
    """The item with a later date."""
    return replace(item, published_at=(item.published_at or NOON) + by)


def sized(item: Item, size: int | None) -> Item:
    """The item with another claimed size."""
    return heard_at(item, item.enclosures[0].url, size)


@dataclass
class Ledger:
    """Remembers what a feed has announced, as the ledger of items does."""

    known: dict[str, Trait] = field(default_factory=dict)

    def read(self, *items: Item, archive: Sequence[Item] = ()) -> list[str]:
        """Recognize a document and record it; the ids by the document's order, once each."""
        found = self.found(*items, archive=archive)
        self.known |= {one.item_id: replace(trait_of(one.item), name=one.item_id) for one in found}
        by_item = {id(one.item): one.item_id for one in found}
        return [by_item[id(item)] for item in (*items, *archive) if id(item) in by_item]

    def found(self, *items: Item, archive: Sequence[Item] = ()) -> list[Recognized]:
        """Recognize a document without recording it."""
        return recognize(FEED, [items, archive], self.known.values())


def becomes(before: Item, after: Item) -> bool:
    """Whether a feed that has said the one, and now says the other, has edited it."""
    ledger = Ledger()
    return ledger.read(before) == ledger.read(after)


class TestIdentity:
    def test_the_id_of_an_item_with_a_guid_is_made_of_feed_and_guid(self) -> None:
        assert Ledger().read(EPISODE) == [short_hash("item", FEED, "guid-one")]

    def test_two_feeds_never_share_an_id(self) -> None:
        for item in (EPISODE, NEWS):
            ids = {recognize(feed, [[item]], [])[0].item_id for feed in ("a", "b")}
            assert len(ids) == 2

    @pytest.mark.parametrize("item", [EPISODE, NEWS, Item(None, "(untitled)")])
    def test_what_is_served_again_is_what_it_was(self, item: Item) -> None:
        assert becomes(item, item)

    def test_an_item_that_comes_back_after_years_is_the_same(self) -> None:
        ledger = Ledger()
        ((first,), _) = ledger.read(EPISODE), ledger.read(NEWS)
        assert ledger.read(EPISODE) == [first]

    def test_show_notes_and_files_beside_the_audio_are_not_the_identity(self) -> None:
        more = Enclosure("https://e.org/video.mp4", "video/mp4")
        noted = replace(EPISODE, description="New", enclosures=(*EPISODE.enclosures, more))
        assert becomes(EPISODE, noted)


class TestEdits:
    """An item with a GUID of its own is that item, whatever is edited."""

    @pytest.mark.parametrize(
        "edited",
        [
            replace(EPISODE, title="The cost of idle machines"),
            later(EPISODE, 300 * DAY),
            replace(EPISODE, published_at=None),
            heard_at(EPISODE, f"{NEW}2.mp3", 9_000_000),
            heard_at(replace(EPISODE, title="Corrected"), f"{NEW}2.mp3", 9_000_000),
            later(replace(EPISODE, title="Corrected"), 300 * DAY),
            later(heard_at(EPISODE, f"{NEW}2.mp3", 9_000_000), 300 * DAY),
            later(heard_at(replace(EPISODE, title="All"), f"{NEW}2.mp3"), HOUR),
            replace(EPISODE, enclosures=()),
        ],
        ids=["title", "date", "no date", "audio", "title and audio", "title and date"]
        + ["audio and date", "all, an hour apart", "no audio any more"],
    )
    def test_edited_with_its_guid(self, edited: Item) -> None:
        assert becomes(EPISODE, edited)
        assert becomes(edited, EPISODE)

    @pytest.mark.parametrize(
        "edited",
        [
            replace(EPISODE, guid=None, title="The cost of idle machines"),
            later(replace(EPISODE, guid=None), 300 * DAY),
            heard_at(replace(EPISODE, guid=None), f"{NEW}2.mp3", 9_000_000),
            sized(replace(EPISODE, guid=None), 9_000_000),
        ],
        ids=["title", "date", "audio", "size"],
    )
    def test_edited_without_any_guid(self, edited: Item) -> None:
        assert becomes(replace(EPISODE, guid=None), edited)
        assert becomes(edited, replace(EPISODE, guid=None))

    def test_a_title_edited_where_there_is_neither_guid_nor_date(self) -> None:
        bare = replace(EPISODE, guid=None, published_at=None)
        assert becomes(bare, replace(bare, title="The cost of idle machines"))

    def test_two_things_edited_at_once_without_guid_make_another_item(self) -> None:
        bare = replace(EPISODE, guid=None)
        assert not becomes(bare, later(replace(bare, title="Another"), DAY))
        assert not becomes(bare, later(heard_at(bare, f"{NEW}2.mp3"), DAY))
        assert not becomes(bare, heard_at(replace(bare, title="Another"), f"{NEW}2.mp3"))

    @pytest.mark.parametrize(
        "title", ["THE PRICE  of idle\nmachines", "The price: of idle machines!"]
    )
    def test_white_space_case_and_punctuation_are_no_edit(self, title: str) -> None:
        bare = replace(EPISODE, guid=None, published_at=None, enclosures=())
        assert becomes(bare, replace(bare, title=title))

    def test_tokens_and_counters_are_no_edit(self) -> None:
        bare = replace(EPISODE, guid=None, published_at=None)
        for url in (
            f"{OLD}1.mp3?token=abc&Expires=1694160000",
            f"{OLD.replace('https', 'http')}1.mp3?utm_source=rss",
            "https://op3.dev/e/https://pdst.fm/e/old.example/1.mp3",
        ):
            assert becomes(bare, heard_at(bare, url))


class TestNewEpisodes:
    """What must not be taken for an edit: an episode would be lost."""

    @pytest.mark.parametrize("apart", [DAY, 7 * DAY])
    def test_a_guid_reused_for_a_new_episode(self, apart: timedelta) -> None:
        new = later(heard_at(replace(EPISODE, title="The next one"), f"{OLD}2.mp3"), apart)
        ledger = Ledger()
        first = ledger.read(EPISODE)
        assert first == [short_hash("item", FEED, "guid-one")]
        second = ledger.read(new)
        assert second != first
        assert ledger.read(EPISODE, new) == ledger.read(EPISODE, new) == [*first, *second]

    def test_a_guid_reused_by_an_hourly_newscast(self) -> None:
        hourly = [
            later(
                heard_at(replace(NEWS, guid="x", title=f"At {n}"), f"{OLD}{n}.mp3", 10**6 + n),
                n * HOUR,
            )
            for n in range(4)
        ]
        ledger = Ledger()
        assert len({name for item in hourly for name in ledger.read(item)}) == 4

    def test_a_daily_show_with_one_title_address_and_guid_for_each(self) -> None:
        # "News", latest.mp3, only the newest listed; the GUIDs are right.
        ledger = Ledger()
        days = [replace(later(NEWS, n * DAY), guid=f"news-{n}") for n in range(5)]
        assert len({name for item in days for name in ledger.read(sized(item, None))}) == 5

    def test_a_daily_show_without_guids_is_told_by_date_and_size(self) -> None:
        ledger = Ledger()
        days = [sized(later(NEWS, n * DAY), 4_000_000 + n) for n in range(5)]
        assert len({name for item in days for name in ledger.read(item)}) == 5

    def test_an_hourly_show_without_guids_too(self) -> None:
        ledger = Ledger()
        hours = [sized(later(NEWS, n * HOUR), 4_000_000 + n) for n in range(5)]
        assert len({name for item in hours for name in ledger.read(item)}) == 5

    def test_a_date_made_up_at_each_fetch_makes_no_new_item(self) -> None:
        assert becomes(NEWS, later(NEWS, 9 * DAY))
        assert becomes(sized(NEWS, None), sized(later(NEWS, 9 * DAY), None))

    def test_a_size_that_is_none_says_nothing(self) -> None:
        # Many feeds write length="1", or another number of no meaning.
        assert becomes(sized(NEWS, 1), sized(later(NEWS, 9 * DAY), 5_000))

    @pytest.mark.parametrize("size", [4_000_000, None])
    @pytest.mark.parametrize("guid", [None, "the same for all"])
    def test_a_list_of_one_title_and_address_moves_on(
        self, guid: str | None, size: int | None
    ) -> None:
        # Ten of them are listed; the oldest goes as the newest comes.
        days = [
            replace(
                sized(later(NEWS, n * DAY), size),
                guid=guid,
                title=f"News{'' if guid is None else n}",
            )
            for n in range(13)
        ]
        if guid:
            days = [heard_at(day, f"{OLD}{n}.mp3", size) for n, day in enumerate(days)]
        ledger = Ledger()
        names = ledger.read(*days[:10])
        for n in (10, 11, 12):
            listed = ledger.read(*days[n - 9 : n + 1])
            assert listed[:-1] == names[-9:]
            assert listed[-1] not in names
            names.append(listed[-1])
        assert len(set(names)) == 13

    def test_the_same_title_and_day_in_another_year(self) -> None:
        assert not becomes(
            replace(EPISODE, guid="christmas-1", title="Merry Christmas"),
            later(
                heard_at(replace(EPISODE, guid="christmas-2", title="Merry Christmas"), NEW),
                365 * DAY,
            ),
        )

    def test_posts_that_share_a_page_and_an_import_date_stay_apart(self) -> None:
        posts = [
            Item(f"post-{n}", f"Post {n}", link="https://example.org/", published_at=NOON)
            for n in range(4)
        ]
        ledger = Ledger()
        first = ledger.read(*posts[:3])
        second = ledger.read(posts[0], posts[1], posts[3])
        assert second[:2] == first[:2]
        assert second[2] not in first

    def test_titles_that_share_an_import_date_stay_apart(self) -> None:
        parts = [
            replace(
                EPISODE, guid=f"part-{n}", title="Sermon", enclosures=(Enclosure(f"{OLD}{n}.mp3"),)
            )
            for n in range(4)
        ]
        ledger = Ledger()
        first = ledger.read(*parts[:3])
        second = ledger.read(parts[0], parts[1], parts[3])
        assert second[:2] == first[:2]
        assert second[2] not in first


class TestChangedGuids:
    def test_another_guid_for_the_same_audio_and_title(self) -> None:
        assert becomes(EPISODE, replace(EPISODE, guid="guid-two"))
        assert becomes(EPISODE, replace(EPISODE, guid=None))
        assert becomes(replace(EPISODE, guid=None), EPISODE)

    def test_another_guid_together_with_an_edited_title(self) -> None:
        assert becomes(EPISODE, replace(EPISODE, guid="guid-two", title="Corrected"))

    def test_another_guid_and_time_zone_for_the_very_same_file(self) -> None:
        moved = later(replace(EPISODE, guid="guid-two"), 5 * HOUR)
        assert becomes(EPISODE, moved)
        assert not becomes(EPISODE, sized(moved, 6_000_000))
        assert not becomes(EPISODE, later(moved, 20 * HOUR))

    def test_another_guid_where_nobody_says_when(self) -> None:
        undated = replace(EPISODE, published_at=None)
        assert becomes(undated, replace(undated, guid="guid-two"))
        assert not becomes(undated, sized(replace(undated, guid="guid-two"), 6_000_000))
        assert not becomes(undated, replace(undated, guid="guid-two", title="The next one"))

    def test_a_move_to_another_host_keeps_each_id(self) -> None:
        episodes = [
            heard_at(
                replace(later(EPISODE, n * DAY), guid=f"{OLD}{n}", title=f"No. {n}"),
                f"{OLD}{n}.mp3",
            )
            for n in range(30)
        ]
        moved = [
            replace(heard_at(one, f"{NEW}{n:05}/audio.mp3", 4_000_000), guid=f"uuid-{n}")
            for n, one in enumerate(episodes)
        ]
        ledger = Ledger()
        names = ledger.read(*episodes)
        assert ledger.read(*moved) == names
        assert ledger.read(*reversed(moved)) == names[::-1]

    def test_after_a_move_new_episodes_get_ids_of_their_guids(self) -> None:
        ledger = Ledger()
        (name,) = ledger.read(EPISODE)
        moved = heard_at(replace(EPISODE, guid="new-1"), f"{NEW}1.mp3")
        new = later(heard_at(replace(EPISODE, guid="guid-one", title="Fresh"), f"{NEW}2.mp3"), DAY)
        found = ledger.read(moved, new)
        assert found[0] == name
        assert found[1] != name


class TestRepeatedGuids:
    def test_one_guid_for_all_items(self) -> None:
        items = [
            heard_at(replace(later(EPISODE, n * DAY), title=f"No. {n}"), f"{OLD}{n}.mp3")
            for n in range(6)
        ]
        ledger = Ledger()
        names = ledger.read(*items)
        assert len(set(names)) == 6
        assert short_hash("item", FEED, "guid-one") not in names
        assert ledger.read(*reversed(items)) == names[::-1]
        edited = [replace(items[0], title="Zero"), heard_at(items[1], f"{NEW}1.mp3", 6_000_000)]
        edited += [later(items[2], 30 * DAY), *items[3:]]
        assert ledger.read(*edited) == names

    def test_a_guid_that_becomes_repeated_later(self) -> None:
        ledger = Ledger()
        (name,) = ledger.read(EPISODE)
        other = later(heard_at(replace(EPISODE, title="No. 2"), f"{OLD}2.mp3"), DAY)
        found = ledger.read(replace(EPISODE, title="Number 1"), other)
        assert found[0] == name == short_hash("item", FEED, "guid-one")
        assert ledger.read(other, replace(EPISODE, title="Number 1")) == found[::-1]
        assert ledger.read(other) == found[1:]

    def test_constant_guid_and_title_are_told_by_audio_and_day(self) -> None:
        daily = [heard_at(later(EPISODE, n * DAY), f"{OLD}{n}.mp3") for n in range(3)]
        ledger = Ledger()
        names = ledger.read(*daily[:2])
        assert len(set(names)) == 2
        second, third = ledger.read(*daily[1:])
        assert second == names[1]
        assert third not in names


class TestListedTwice:
    def test_the_same_item_twice_in_one_document_is_one(self) -> None:
        again = replace(EPISODE, description="Listed again")
        for other in (
            again,
            heard_at(again, f"{OLD}1.mp3?token=2"),
            heard_at(again, f"{OLD}1.m4a"),
        ):
            (one,) = Ledger().found(EPISODE, other)
            assert one.repeated == 1
        bare, other = replace(EPISODE, guid=None), replace(EPISODE, guid=None, title="Other words")
        (one,) = Ledger().found(bare, other)
        assert one.repeated == 1

    def test_the_latest_statement_counts(self) -> None:
        updated = replace(EPISODE, title="Corrected", updated_at=NOON + HOUR)
        for document in itertools.permutations([EPISODE, updated]):
            (one,) = Ledger().found(*document)
            assert one.item.title == "Corrected"

    def test_the_listing_with_audio_counts(self) -> None:
        silent = replace(EPISODE, enclosures=(), updated_at=NOON + DAY)
        for document in itertools.permutations([EPISODE, silent]):
            (one,) = Ledger().found(*document)
            assert one.item == EPISODE

    def test_white_space_and_tokens_do_not_decide_which_listing_counts(self) -> None:
        pair = [replace(EPISODE, title="A"), replace(EPISODE, title="B")]
        noise = random.Random(1)  # noqa: S311
        for _ in range(20):
            (one,) = Ledger().found(*(noisy(item, noise) for item in pair))
            assert one.item.title.strip() == "A"

    def test_of_an_archive_page_with_an_older_title_the_feeds_own_page_counts(self) -> None:
        older = replace(EPISODE, title="Working title", updated_at=NOON + DAY)
        (one,) = Ledger().found(EPISODE, archive=[older])
        assert (one.item, one.page, one.repeated) == (EPISODE, 0, 1)

    def test_what_only_the_archive_has_is_of_its_page(self) -> None:
        other = replace(EPISODE, guid="guid-two", title="Old", enclosures=())
        pages = {one.item.title: one.page for one in Ledger().found(EPISODE, archive=[other])}
        assert pages == {EPISODE.title: 0, "Old": 1}

    def test_items_without_audio_are_not_folded_for_their_page(self) -> None:
        posts = [Item(None, f"Post {n}", link=OLD, published_at=NOON) for n in range(3)]
        assert len(Ledger().found(*posts)) == 3


MANY = 10_000


def alike_items(shape: str, count: int) -> list[Trait]:
    """Traits of items that can hardly be told apart, an hour after another."""
    numbers = range(count)
    return [
        Trait(
            name=f"{n}",
            guid="one" if "guid" in shape else f"{n}" if "own" in shape else None,
            key="latest" if "file" in shape else f"{n}",
            title="news" if "title" in shape else f"{n}",
            date=None if "undated" in shape else NOON + n * HOUR,
        )
        for n in numbers
    ]


@pytest.mark.parametrize("shape", ["guid", "guid title file", "title", "own title file"])
def test_many_items_that_are_hard_to_tell_apart_cost_no_more_than_their_number(shape: str) -> None:
    def known_and_edited(count: int) -> tuple[list[Trait], list[Trait]]:
        known = alike_items(shape, count)
        later = [(one, one.date and one.date + 13 * HOUR) for one in known]
        return known, [replace(one, date=date, size_bytes=10**6) for one, date in later]

    def recognize_all(listed: tuple[list[Trait], list[Trait]]) -> None:
        known, edited = listed
        matched = match(edited, known)
        assert len(set(matched.values())) == len(matched)

    assert_no_more_than_linear(recognize_all, known_and_edited, MANY)


@pytest.mark.parametrize(
    "listed",
    [
        lambda count: [EPISODE] * count,
        lambda count: [
            replace(EPISODE, guid=None, title=f"No. {n}", published_at=None) for n in range(count)
        ],
    ],
    ids=["all equal", "one audio, no GUID"],
)
def test_a_document_of_many_listings_too(listed: Callable[[int], list[Item]]) -> None:
    def recognize_all(items: list[Item]) -> None:
        found = Ledger().found(*items)
        assert sum(1 + one.repeated for one in found) == len(items)

    assert_no_more_than_linear(recognize_all, listed, MANY)


GUIDS = st.sampled_from([None, "g", "g", "h", "own"])
TITLES = st.sampled_from(["News", "News", "One", "Two"])
DATES = st.sampled_from([None, NOON, NOON + HOUR, NOON + DAY, NOON + 9 * DAY])
FILES = st.sampled_from([None, "latest", "1", "2"])
SIZES = st.sampled_from([None, 1, 4_000_000, 5_000_000])


@st.composite
def items(draw: st.DrawFn) -> Item:
    """An item that has much in common with others."""
    file = draw(FILES)
    return Item(
        guid=draw(GUIDS),
        title=draw(TITLES),
        published_at=draw(DATES),
        enclosures=(Enclosure(f"{OLD}{file}.mp3", "audio/mpeg", draw(SIZES)),) if file else (),
    )


def noisy(item: Item, noise: random.Random) -> Item:
    """The same item with rotated token, counter, and other white space in its title."""
    spaced = " " * noise.randint(0, 2) + item.title.replace(" ", "  ") + " " * noise.randint(0, 2)
    return replace(
        item,
        title=spaced,
        enclosures=tuple(
            replace(
                e, url=noise.choice(["", "https://op3.dev/e/"]) + f"{e.url}?token={noise.random()}"
            )
            for e in item.enclosures
        ),
    )


class Publisher(RuleBasedStateMachine):
    """A publisher who does anything; after each step the feed is read and recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.listed: list[Item] = []
        self.own: dict[str, str] = {}
        self.count = 0

    def publish(self, listed: Sequence[Item]) -> list[Recognized]:
        """Serve, read, record; what must hold each time."""
        self.listed = list(listed)
        known = dict(self.ledger.known)
        found = self.ledger.found(*listed)
        names = [one.item_id for one in found]
        assert len(set(names)) == len(names)
        assert sum(1 + one.repeated for one in found) == len(listed)
        self.ledger.read(*listed)
        assert set(known) <= set(self.ledger.known)
        again = self.ledger.found(*listed)
        assert [(one.item_id, one.item) for one in again] == [
            (one.item_id, one.item) for one in found
        ]
        for one in found:
            guid = one.item.guid or ""
            if guid.startswith("stable-"):
                assert self.own.setdefault(guid, one.item_id) == one.item_id
        return found

    @rule(item=items(), place=st.integers(0, 9))
    def announce(self, item: Item, place: int) -> None:
        listed = list(self.listed)
        listed.insert(place, item)
        self.publish(listed)

    @rule(item=items())
    def announce_with_a_stable_guid(self, item: Item) -> None:
        self.count += 1
        self.publish([replace(item, guid=f"stable-{self.count}"), *self.listed])

    @precondition(lambda self: self.listed)
    @rule(
        data=st.data(),
        other=items(),
        what=st.sampled_from(["title", "published_at", "enclosures", "guid"]),
    )
    def edit(self, data: st.DataObject, other: Item, what: str) -> None:
        place = data.draw(st.integers(0, len(self.listed) - 1))
        listed = list(self.listed)
        if what != "guid" or not (listed[place].guid or "").startswith("stable-"):
            listed[place] = replace(listed[place], **{what: getattr(other, what)})
        self.publish(listed)

    @precondition(lambda self: self.listed)
    @rule(place=st.integers(0, 9))
    def drop(self, place: int) -> None:
        listed = list(self.listed)
        del listed[place % len(listed)]
        self.publish(listed)

    @rule(noise=st.randoms(use_true_random=False))
    def serve_again(self, noise: random.Random) -> None:
        """Shuffled, with other tokens and white space: each id is there again."""
        before = {one.item_id for one in self.ledger.found(*self.listed)}
        shuffled = [noisy(item, noise) for item in self.listed]
        noise.shuffle(shuffled)
        assert {one.item_id for one in self.publish(shuffled)} == before

    @invariant()
    def order_decides_nothing(self) -> None:
        ids = {(one.item_id, one.item) for one in self.ledger.found(*self.listed)}
        assert {(one.item_id, one.item) for one in self.ledger.found(*self.listed[::-1])} == ids
        fresh, backwards = Ledger(), Ledger()
        assert {(o.item_id, o.item) for o in fresh.found(*self.listed)} == {
            (o.item_id, o.item) for o in backwards.found(*self.listed[::-1])
        }


Publisher.TestCase.settings = settings(max_examples=30, stateful_step_count=10, deadline=None)
TestPublisher = Publisher.TestCase


@settings(max_examples=100, deadline=None)
@given(st.lists(items(), max_size=8), st.lists(items(), max_size=8), st.randoms())
def test_the_order_of_the_ledger_decides_nothing(
    before: list[Item], after: list[Item], noise: random.Random
) -> None:
    ledger = Ledger()
    ledger.read(*before)
    ids = {one.item_id: one.item for one in ledger.found(*after)}
    shuffled = list(ledger.known.items())
    noise.shuffle(shuffled)
    assert {one.item_id: one.item for one in Ledger(dict(shuffled)).found(*after)} == ids
