"""Which announced items are one episode, whatever order they come in."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import polars as pl
from hypothesis import given, settings

from podcast_insights.episodes.identify import identify
from podcast_insights.episodes.records import EPISODES
from podcast_insights.feeds.records import ANNOUNCED_ITEMS
from podcast_insights.warehouse.windows import DateWindow

DAY = date(2025, 9, 8)
MONTH = DateWindow(date(2025, 9, 1), date(2025, 10, 1))
FEEDS = ("feed-a", "feed-b", "feed-c")


def announced(item_id: str, feed_id: str = "feed-a", **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """An item of the ledger, with audio and a title of its own unless told otherwise."""
    day = fields.get("published_on", DAY)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
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
        "enclosure_url": f"https://cdn.example.org/{item_id}.mp3",
        "enclosure_type": "audio/mpeg",
        "enclosure_bytes": 1000,
        "duration_s": 1800.0,
        "transcript_url": None,
        "transcript_type": None,
        "persons": [],
        **fields,
    }


def identified(*items: dict[str, Any], window: DateWindow = MONTH) -> dict[str, dict[str, Any]]:
    """Episodes by id, from rows in the order given."""
    ledger = ANNOUNCED_ITEMS.frame(items)
    assert ANNOUNCED_ITEMS.conform(ledger).height == len(items)
    frame = EPISODES.conform(EPISODES.frame(identify(ledger, window)))
    return {row["episode_id"]: row for row in frame.to_dicts()}


def statuses(*items: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {name: (row["status"], row["duplicate_of"]) for name, row in identified(*items).items()}


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


class TestRows:
    def test_an_item_without_audio_is_a_row_with_the_reason(self) -> None:
        row = identified(announced("1", enclosure_url=None))["1"]
        assert (row["status"], row["error"]) == (
            "no_enclosure",
            "the feed announces no audio for this item",
        )

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
        )
        for n in range(count)
    ]


@settings(max_examples=60, deadline=None)
@given(ledgers(), st.randoms(use_true_random=False))
def test_order_never_matters_and_no_episode_vanishes(
    items: list[dict[str, Any]],
    random: Any,  # noqa: ANN401 - hypothesis' random
) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    found = identified(*items)
    assert identified(*shuffled) == found
    assert set(found) == {item["item_id"] for item in items}
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in found.values():
        groups.setdefault(row["duplicate_of"] or row["episode_id"], []).append(row)
    for original, group in groups.items():
        assert found[original]["status"] != "duplicate"
        feeds = [row["feed_id"] for row in group]
        assert len(set(feeds)) == len(feeds)
        assert found[original]["source_feed_ids"] == sorted(feeds)
        assert found[original]["published_on"] == min(row["published_on"] for row in group)
        if len(group) > 1:
            assert all(row["enclosure_url"] for row in group)


@settings(max_examples=15, deadline=None)
@given(ledgers())
def test_a_day_asked_for_alone_says_the_same_as_in_a_month(items: list[dict[str, Any]]) -> None:
    month = identified(*items)
    for offset in range(3):
        day = DAY + timedelta(days=offset)
        alone = identified(*items, window=DateWindow.of_day(day))
        assert alone == {n: row for n, row in month.items() if row["published_on"] == day}


def test_a_large_ledger_is_quick() -> None:
    frame = pl.DataFrame([announced(str(n), title="The daily news") for n in range(8_000)])
    started = time.monotonic()
    rows = identify(frame, MONTH)
    assert time.monotonic() - started < 3
    assert len(rows) == 8_000
