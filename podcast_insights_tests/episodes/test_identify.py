"""Which announced items are one episode, whatever order they come in."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from podcast_insights.episodes.identify import ITEMS_OF_DAYS, TRAITS_OF_ALL, identify
from podcast_insights.episodes.records import EPISODES
from podcast_insights.feeds.enclosures import enclosure_key
from podcast_insights.feeds.records import ANNOUNCED_ITEMS
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.effort import assert_no_more_than_linear

DAY = date(2025, 9, 8)
MONTH = DateWindow(date(2025, 9, 1), date(2025, 10, 1))
FEEDS = ("feed-a", "feed-b", "feed-c")
TRAITS = [name.strip() for name in TRAITS_OF_ALL.split("SELECT")[1].split("FROM")[0].split(",")]
"""The columns of all items that twins are told by, as the asset reads them."""


def announced(item_id: str, feed_id: str = "feed-a", **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """An item of the ledger, with audio and a title of its own unless told otherwise."""
    day = fields.get("published_on", DAY)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    audio = fields.get("enclosure_url", f"https://cdn.example.org/{item_id}.mp3")
    return {
        "item_id": item_id,
        "feed_id": feed_id,
        "published_on": day,
        "date_source": "feed",
        "published_at": noon,
        "first_seen_at": noon,
        "show_title": f"Show of {feed_id}",
        "title": f"Title of {item_id}",
        "description": "Notes.",
        "guid": f"guid-{item_id}",
        "link": None,
        "enclosure_url": audio,
        "enclosure_key": enclosure_key(audio) if audio else None,
        "enclosure_type": "audio/mpeg",
        "enclosure_bytes": 1000,
        "duration_s": 1800.0,
        "transcript_url": None,
        "transcript_type": None,
        "persons": [],
        "content_key": f"content-{item_id}",
        **fields,
    }


def identified(
    *items: dict[str, Any], window: DateWindow = MONTH, since: dict[str, date] | None = None
) -> dict[str, dict[str, Any]]:
    """Episodes of the window by id, from rows in the order given."""
    ledger = ANNOUNCED_ITEMS.frame(items)
    assert ANNOUNCED_ITEMS.conform(ledger).height == len(items)
    day = pl.col("published_on")
    asked_for = ledger.filter((day >= window.start) & (day < window.end))
    frame = EPISODES.conform(EPISODES.frame(identify(asked_for, ledger.select(TRAITS), since)))
    return {row["episode_id"]: row for row in frame.to_dicts()}


def statuses(
    *items: dict[str, Any], since: dict[str, date] | None = None
) -> dict[str, tuple[str, str | None]]:
    found = identified(*items, since=since)
    return {name: (row["status"], row["duplicate_of"]) for name, row in found.items()}


AUDIO = "https://cdn.example.org/same.mp3"


class TestTwins:
    def test_different_episodes_stay_apart(self) -> None:
        found = statuses(announced("1"), announced("2", "feed-b"))
        assert found == {"1": ("ok", None), "2": ("ok", None)}

    def test_the_same_audio_in_two_feeds_is_one_episode_with_two_sources(self) -> None:
        found = identified(
            announced("1", "feed-a", enclosure_url=AUDIO),
            announced("2", "feed-b", enclosure_url=AUDIO.replace("https", "http")),
        )
        assert (found["1"]["status"], found["1"]["error"]) == ("ok", None)
        assert found["1"]["source_feed_ids"] == ["feed-a", "feed-b"]
        assert (found["2"]["status"], found["2"]["duplicate_of"]) == ("duplicate", "1")
        assert found["2"]["error"] == "the same episode as 'Title of 1' of Show of feed-a"

    def test_another_token_in_the_address_matters_only_where_the_title_differs_too(self) -> None:
        for titles, expected in [(("Idle!", "idle"), ("duplicate", "1")), ("ab", ("ok", None))]:
            found = statuses(
                announced("1", "feed-a", title=titles[0], enclosure_url=f"{AUDIO}?id=1"),
                announced("2", "feed-b", title=titles[1], enclosure_url=f"{AUDIO}?id=2"),
            )
            assert found["2"] == expected

    def test_the_same_title_and_duration_in_two_feeds_is_one_episode(self) -> None:
        found = statuses(
            announced("1", "feed-a", title="The Price: of  Idle!", duration_s=1800.2),
            announced("2", "feed-b", title="the price of idle", duration_s=1799.9),
        )
        assert found["2"] == ("duplicate", "1")

    def test_the_same_title_with_another_or_no_duration_is_not_enough(self) -> None:
        for durations in [(1800.0, 1900.0), (1800.0, None), (None, None)]:
            found = statuses(
                announced("1", "feed-a", title="The daily news", duration_s=durations[0]),
                announced("2", "feed-b", title="The daily news", duration_s=durations[1]),
            )
            assert {status for status, _ in found.values()} == {"ok"}

    def test_a_title_that_many_shows_have_is_not_enough(self) -> None:
        for title in ("Trailer", "(untitled)", "Episode 12", "?!"):
            found = statuses(
                announced("1", "feed-a", title=title), announced("2", "feed-b", title=title)
            )
            assert {status for status, _ in found.values()} == {"ok"}

    def test_items_of_one_feed_are_never_twins(self) -> None:
        found = statuses(
            announced("1", title="The daily news", enclosure_url=AUDIO),
            announced("2", title="The daily news", enclosure_url=AUDIO),
        )
        assert found == {"1": ("ok", None), "2": ("ok", None)}

    def test_nor_are_they_by_way_of_another_feed(self) -> None:
        # A daily show of constant title and length, repeated in its network's feed.
        days = [DAY + timedelta(days=n) for n in range(3)]
        items = [
            announced(f"{feed}{n}", f"feed-{feed}", published_on=day, title="The daily news")
            for n, day in enumerate(days)
            for feed in "ab"
        ]
        assert statuses(*items) == {
            "a0": ("ok", None),
            "b0": ("duplicate", "a0"),
            "a1": ("ok", None),
            "b1": ("duplicate", "a1"),
            "a2": ("ok", None),
            "b2": ("duplicate", "a2"),
        }

    def test_three_feeds_that_agree_in_pairs_are_one_episode(self) -> None:
        found = identified(
            announced("1", "feed-a", title="One and same", enclosure_url="https://a.example/1.mp3"),
            announced("2", "feed-b", title="One and same", enclosure_url=AUDIO),
            announced("3", "feed-c", title="Renamed", enclosure_url=AUDIO),
        )
        assert found["2"]["duplicate_of"] == found["3"]["duplicate_of"] == "1"
        assert found["1"]["source_feed_ids"] == list(FEEDS)

    def test_the_earliest_is_the_episode(self) -> None:
        found = statuses(
            announced("1", "feed-a", enclosure_url=AUDIO, published_on=DAY + timedelta(days=1)),
            announced("2", "feed-b", enclosure_url=AUDIO, published_on=DAY),
        )
        assert found == {"1": ("duplicate", "2"), "2": ("ok", None)}

    def test_a_twin_on_another_day_counts_though_only_one_day_is_asked_for(self) -> None:
        items = (
            announced("1", "feed-a", enclosure_url=AUDIO, published_on=DAY),
            announced("2", "feed-b", enclosure_url=AUDIO, published_on=DAY + timedelta(days=1)),
        )
        found = identified(*items, window=DateWindow.of_day(DAY + timedelta(days=1)))
        assert set(found) == {"2"}
        assert found["2"]["duplicate_of"] == "1"

    def test_a_feed_that_turns_up_later_takes_no_episode_over_by_dating_it_back(self) -> None:
        later = datetime(2025, 9, 20, tzinfo=UTC)
        back = DAY - timedelta(days=5)
        found = statuses(
            announced("1", "feed-a", enclosure_url=AUDIO),
            announced("2", "feed-b", enclosure_url=AUDIO, published_on=back, first_seen_at=later),
        )
        assert found == {"1": ("ok", None), "2": ("duplicate", "1")}

    @pytest.mark.parametrize(
        "address",
        [
            "https://op3.dev/e/cdn.example.org/same.mp3",
            "https://www.podtrac.com/pts/redirect.mp3/pdst.fm/e/cdn.example.org/same.mp3?token=a",
            "http://cdn.example.org/same.mp3?utm_source=network",
        ],
    )
    def test_counters_and_tokens_hide_no_twin(self, address: str) -> None:
        found = statuses(
            announced("1", "feed-a", enclosure_url=AUDIO),
            announced("2", "feed-b", enclosure_url=address),
        )
        assert found["2"] == ("duplicate", "1")

    def test_the_same_guid_and_title_in_two_feeds_is_one_episode(self) -> None:
        guid = "tag:example.org,2025:1"
        found = statuses(
            announced("1", "feed-a", guid=guid, title="Idle"),
            announced("2", "feed-b", guid=guid, title="idle!"),
            announced("3", "feed-c", guid=guid, title="Another title"),
        )
        assert found == {"1": ("ok", None), "2": ("duplicate", "1"), "3": ("ok", None)}

    def test_a_number_is_no_guid_that_two_feeds_share(self) -> None:
        found = statuses(
            announced("1", "feed-a", guid="17", title="Idle"),
            announced("2", "feed-b", guid="17", title="Idle"),
        )
        assert found["2"] == ("ok", None)

    def test_two_daily_shows_of_one_name_and_length_are_twins_only_on_a_day(self) -> None:
        # Each is "The daily news" of 1,800 s; the second has no edition on the 8th.
        days = [DAY + timedelta(days=n) for n in range(4)]
        news = {"title": "The daily news"}
        items = [announced(f"a{n}", "feed-a", published_on=days[n], **news) for n in (0, 1)]
        items += [announced(f"b{n}", "feed-b", published_on=days[n], **news) for n in (1, 3)]
        assert statuses(*items) == {
            "a0": ("ok", None),
            "a1": ("ok", None),
            "b1": ("duplicate", "a1"),
            "b3": ("ok", None),
        }

    def test_a_network_that_turns_up_with_its_past_repeats_each_day_as_that_day(self) -> None:
        days = [date(2025, 6, 1) + timedelta(days=n) for n in range(90)]
        found_at = datetime(2025, 9, 20, tzinfo=UTC)
        items = [
            announced(
                f"{feed}{n}",
                f"feed-{feed}",
                title="The daily news",
                published_on=day,
                first_seen_at=found_at + timedelta(days=feed == "b"),
            )
            for n, day in enumerate(days)
            for feed in "ab"
        ]
        window = DateWindow(days[0], days[-1] + timedelta(days=1))
        found = identified(*items, window=window)
        assert all(found[f"b{n}"]["duplicate_of"] == f"a{n}" for n in range(90))

    def test_an_address_for_each_of_two_feeds_episodes_tells_by_the_day(self) -> None:
        days = [DAY + timedelta(days=n) for n in range(3)]
        items = [
            announced(f"{feed}{n}", f"feed-{feed}", published_on=day, enclosure_url=AUDIO)
            for n, day in enumerate(days)
            for feed in "ab"
        ]
        found = statuses(*items)
        assert [found[f"b{n}"] for n in range(3)] == [("duplicate", f"a{n}") for n in range(3)]

    def test_over_midnight_is_near_enough(self) -> None:
        late = datetime(2025, 9, 8, 23, 50, tzinfo=UTC)
        news = {"title": "The daily news"}
        items = [announced("old", published_on=DAY - timedelta(days=5), **news)]
        items += [announced("1", published_at=late, **news)]
        early = late + timedelta(minutes=20)
        items += [
            announced("2", "feed-b", published_on=early.date(), published_at=early, **news),
        ]
        assert statuses(*items)["2"] == ("duplicate", "1")


class TestSince:
    def test_what_is_older_is_a_row_that_says_so(self) -> None:
        days = [DAY - timedelta(days=1), DAY]
        items = [announced(f"{n}", published_on=day) for n, day in enumerate(days)]
        found = identified(*items, since={"feed-a": DAY})
        assert found["0"]["status"] == "before_since"
        assert found["0"]["error"] == "older than the `since` of its subscription"
        assert found["1"]["status"] == "ok"

    def test_another_feed_has_no_since(self) -> None:
        item = announced("1", "feed-b", published_on=DAY - timedelta(days=400))
        window = DateWindow(date(2024, 1, 1), DAY)
        assert identified(item, window=window, since={"feed-a": DAY})["1"]["status"] == "ok"

    def test_an_episode_that_one_feed_does_not_want_is_still_anothers(self) -> None:
        old = DAY - timedelta(days=1)
        items = (
            announced("1", "feed-a", enclosure_url=AUDIO, published_on=old),
            announced("2", "feed-b", enclosure_url=AUDIO, published_on=old),
        )
        found = statuses(*items, since={"feed-a": DAY})
        assert found == {"1": ("duplicate", "2"), "2": ("ok", None)}
        found = statuses(*items, since={"feed-b": DAY})
        assert found == {"1": ("ok", None), "2": ("duplicate", "1")}

    def test_what_no_feed_wants_waits_for_an_earlier_since_in_each_of_them(self) -> None:
        # The sensor brings back the rows that say `before_since`, and no others.
        old = DAY - timedelta(days=1)
        items = (
            announced("1", "feed-a", enclosure_url=AUDIO, published_on=old),
            announced("2", "feed-b", enclosure_url=AUDIO, published_on=old),
        )
        found = statuses(*items, since={"feed-a": DAY, "feed-b": DAY})
        assert found == {"1": ("before_since", None), "2": ("before_since", None)}


class TestRows:
    def test_an_item_without_audio_is_a_row_with_the_reason(self) -> None:
        row = identified(announced("1", enclosure_url=None))["1"]
        assert (row["status"], row["error"]) == (
            "no_enclosure",
            "the feed announces no audio for this item",
        )

    def test_a_trailer_is_a_row_with_the_reason(self) -> None:
        row = identified(announced("1", episode_type="trailer"))["1"]
        assert (row["status"], row["episode_type"]) == ("trailer", "trailer")
        assert row["error"] == "the feed calls it a trailer; trailers are not transcribed"

    def test_a_trailer_repeated_in_another_feed_is_no_episode_there(self) -> None:
        found = statuses(
            announced("1", "feed-a", enclosure_url=AUDIO, episode_type="trailer"),
            announced("2", "feed-b", enclosure_url=AUDIO),
        )
        assert found == {"1": ("trailer", None), "2": ("duplicate", "1")}

    @pytest.mark.parametrize("kind", ["bonus", "full", None])
    def test_a_bonus_item_is_an_episode(self, kind: str | None) -> None:
        assert identified(announced("1", episode_type=kind))["1"]["status"] == "ok"

    def test_an_item_with_nothing_to_hear_is_a_row_with_the_reason(self) -> None:
        problem = "application/pdf is neither audio nor video"
        item = announced("1", enclosure_url=None, enclosure_problem=problem)
        row = identified(item)["1"]
        assert (row["status"], row["error"]) == (
            "unsupported_enclosure",
            "nothing to hear: application/pdf is neither audio nor video",
        )

    def test_a_row_says_which_announcement_it_was_made_from(self) -> None:
        # The sensor compares it with the ledger.
        assert identified(announced("1"))["1"]["content_key"] == "content-1"

    def test_an_item_without_audio_takes_no_episode_away(self) -> None:
        found = statuses(
            announced("1", "feed-a", title="One and same", enclosure_url=None),
            announced("2", "feed-b", title="One and same", published_on=DAY + timedelta(days=1)),
        )
        assert found == {"1": ("no_enclosure", None), "2": ("ok", None)}

    def test_the_items_words_and_id_are_kept(self) -> None:
        item = announced("1", persons=["Alex Moreno"], link="https://example.org/1")
        row = identified(item)["1"]
        same = set(item) & set(row) - {"duration_s"}
        assert {name: row[name] for name in same} == {name: item[name] for name in same}
        assert row["claimed_duration_s"] == item["duration_s"]

    def test_only_the_windows_items_are_rows(self) -> None:
        days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)]
        items = [announced(str(n), published_on=day) for n, day in enumerate(days)]
        assert set(identified(*items, window=DateWindow.of_day(DAY))) == {"1"}

    def test_nothing_announced_gives_no_rows(self) -> None:
        assert identified() == {}


@st.composite
def ledgers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Items of few feeds, titles and addresses, so that twins of all kinds are frequent."""
    count = draw(st.integers(0, 9))
    return [
        announced(
            f"{n}",
            draw(st.sampled_from(FEEDS)),
            published_on=DAY + timedelta(days=draw(st.integers(0, 2))),
            published_at=draw(st.sampled_from([None, datetime(2025, 9, 8, 6, tzinfo=UTC)])),
            title=draw(st.sampled_from(["The daily news", "The daily: news!", "Trailer"])),
            duration_s=draw(st.sampled_from([None, 300.0, 300.3, 60.0])),
            enclosure_url=draw(st.sampled_from([None, AUDIO, f"{AUDIO}?x", "https://e.org/2.mp3"])),
            guid=draw(st.sampled_from([None, f"guid-{n}", "a guid of several items"])),
            episode_type=draw(st.sampled_from([None, "trailer", "bonus"])),
        )
        for n in range(count)
    ]


SINCES = st.dictionaries(
    st.sampled_from(FEEDS), st.sampled_from([DAY + timedelta(days=n) for n in range(4)])
)

Rows = dict[str, dict[str, Any]]


def rows_of(items: list[dict[str, Any]], since: dict[str, date], day: date | None = None) -> Rows:
    """As `identified`, without the tables' contracts, which take most of the time."""
    ledger = pl.DataFrame(items, schema=ANNOUNCED_ITEMS.schema.create_empty().schema)
    asked_for = ledger.filter(pl.col("published_on") == day) if day else ledger
    rows = identify(asked_for, ledger.select(TRAITS), since)
    assert len({row["episode_id"] for row in rows}) == len(rows) == asked_for.height
    return {row["episode_id"]: row for row in rows}


@settings(max_examples=80, deadline=None)
@given(ledgers(), SINCES, st.randoms(use_true_random=False))
def test_order_never_matters_and_no_episode_vanishes(
    items: list[dict[str, Any]],
    since: dict[str, date],
    random: Any,  # noqa: ANN401 - hypothesis' random
) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    found = rows_of(items, since)
    assert rows_of(shuffled, since) == found
    assert set(found) == {item["item_id"] for item in items}
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in found.values():
        groups.setdefault(row["duplicate_of"] or row["episode_id"], []).append(row)
    for original, group in groups.items():
        assert found[original]["status"] != "duplicate"
        feeds = [row["feed_id"] for row in group]
        assert len(set(feeds)) == len(feeds)
        wanted = [
            row["published_on"]
            for row in group
            if row["published_on"] >= since.get(row["feed_id"], date.min)
        ]
        if found[original]["status"] == "before_since":
            assert (len(group), wanted) == (1, [])
        else:
            assert found[original]["source_feed_ids"] == sorted(feeds)
            assert found[original]["published_on"] == min(wanted)
        if len(group) > 1:
            assert all(row["enclosure_url"] for row in group)
    for row in found.values():
        assert (row["error"] is None) == (row["status"] == "ok")


@settings(max_examples=30, deadline=None)
@given(ledgers(), SINCES)
def test_a_day_asked_for_alone_says_the_same_as_in_a_month(
    items: list[dict[str, Any]], since: dict[str, date]
) -> None:
    month = rows_of(items, since)
    for offset in range(3):
        day = DAY + timedelta(days=offset)
        alone = rows_of(items, since, day)
        assert alone == {n: row for n, row in month.items() if row["published_on"] == day}


@pytest.mark.parametrize("feeds", [1, 3])
def test_a_large_ledger_costs_no_more_than_its_length(feeds: int) -> None:
    def ledger(count: int) -> pl.DataFrame:
        same = {"title": "The daily news", "enclosure_url": AUDIO}
        return ANNOUNCED_ITEMS.frame(
            [announced(str(n), FEEDS[n % feeds], **same) for n in range(count)]
        )

    def identify_all(frame: pl.DataFrame) -> None:
        assert len(identify(frame, frame.select(TRAITS))) == frame.height

    assert_no_more_than_linear(identify_all, ledger, 8_000)


def test_the_columns_that_tell_twins_are_in_the_ledger(warehouse: Warehouse) -> None:
    ledger = ANNOUNCED_ITEMS.frame(
        [announced("1", enclosure_url=AUDIO), announced("2", "feed-b", enclosure_url=AUDIO)]
    )
    warehouse.merge_all({"announced_items": ledger})
    window = [DAY, DAY + timedelta(days=1)]
    items = warehouse.read(ITEMS_OF_DAYS, window, table="announced_items")
    rows = identify(items, warehouse.read(TRAITS_OF_ALL))
    assert sorted(row["status"] for row in rows) == ["duplicate", "ok"]
