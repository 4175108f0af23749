"""Days with failed audio, and days whose repeats have lost what they repeat.

When such days are run again is in `test_late_items.py`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from podcast_insights.cache import Cache
from podcast_insights.episodes.records import EPISODES
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights.transcripts.checks import CHECKS
from podcast_insights.transcripts.owners import StoredOwners
from podcast_insights.transcripts.records import TRANSCRIPTS
from podcast_insights.transcripts.rows import kept
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.unheard import UnheardDay, unheard_days
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.transcripts import DAY, Host, Row, Stenographer, episode

NEXT = DAY + timedelta(days=20)
AUDIO = [b"ID3" + bytes([n]) * 5000 for n in range(3)]
FEED = Subscription(url="https://show.example/feed.xml")
NETWORK = Subscription(url="https://network.example/feed.xml")


def days(warehouse: Warehouse, *feeds: Subscription) -> list[UnheardDay]:
    return unheard_days(warehouse, feeds or (FEED,), date(2025, 1, 1), date(2026, 1, 1))


def counts(warehouse: Warehouse, *feeds: Subscription) -> list[tuple[date, int, int]]:
    """Day, failed, orphaned."""
    return [(day.day, day.failed, day.orphaned) for day in days(warehouse, *feeds)]


def known(warehouse: Warehouse, name: str, day: date = DAY, **changes: Any) -> None:  # noqa: ANN401
    """A row of `episodes`."""
    row = {
        "episode_id": name,
        "published_on": day,
        "status": "ok",
        "feed_id": FEED.feed_id,
        "source_feed_ids": [FEED.feed_id],
        "show_title": "Show",
        "title": name,
        "description": "",
        "date_source": "feed",
        "persons": [],
        "content_key": "first",
        **changes,
    }
    columns = dict.fromkeys(EPISODES.schema.columns())
    warehouse.merge("episodes", EPISODES.frame([columns | row]))


def stored(warehouse: Warehouse, name: str, status: str, day: date = DAY, **fields: Any) -> None:  # noqa: ANN401
    """A row of `transcripts`."""
    row = {"episode_id": name, "published_on": day, "status": status, "segments": [], **fields}
    columns = dict.fromkeys(TRANSCRIPTS.schema.columns())
    warehouse.merge("transcripts", TRANSCRIPTS.frame([columns | row]))


class TestFailed:
    def test_days_are_counted_newest_first(self, warehouse: Warehouse) -> None:
        for name, day in (("a", DAY), ("b", DAY), ("c", NEXT), ("d", NEXT)):
            known(warehouse, name, day)
            stored(warehouse, name, "ok" if name == "d" else "failed", day)
        assert counts(warehouse) == [(NEXT, 1, 0), (DAY, 2, 0)]

    @pytest.mark.parametrize(
        ("change", "is_news"),
        [
            ({"error": "cdn.example sent 500 of 900 bytes"}, False),
            ({"content_key": "corrected"}, True),
        ],
    )
    def test_only_another_announcement_is_news(
        self, warehouse: Warehouse, change: Row, is_news: bool
    ) -> None:
        known(warehouse, "a")
        stored(warehouse, "a", "failed", error="cdn.example sent 400 of 900 bytes")
        (before,) = days(warehouse)
        if is_news:
            known(warehouse, "a", **change)
        else:
            stored(warehouse, "a", "failed", **change)
        (after,) = days(warehouse)
        assert (after.key != before.key) == is_news

    def test_a_row_that_was_kept_for_want_of_new_audio_counts_too(
        self, warehouse: Warehouse
    ) -> None:
        row = episode("a", "https://cdn.example/a.mp3")
        known(warehouse, "a")
        stored(warehouse, "a", "ok", source_reason="the publisher has no transcript")
        assert counts(warehouse) == []
        before = warehouse.read("FROM transcripts").to_dicts()[0]
        warehouse.merge("transcripts", TRANSCRIPTS.frame([kept(row, before, "HTTP 503")]))
        (day,) = days(warehouse)
        assert (day.failed, day.orphaned) == (1, 0)

    def test_what_is_no_episode_any_more_counts_for_nothing(self, warehouse: Warehouse) -> None:
        known(warehouse, "a", status="before_since")
        for name in ("a", "gone"):
            stored(warehouse, name, "failed")
        assert counts(warehouse) == []

    def test_an_episode_of_two_feeds_is_wanted_while_one_of_them_is(
        self, warehouse: Warehouse
    ) -> None:
        both = [FEED.feed_id, NETWORK.feed_id]
        known(warehouse, "a", source_feed_ids=both)
        stored(warehouse, "a", "failed")
        found = [(DAY, 1, 0)]
        off = FEED.model_copy(update={"is_enabled": False})
        late = NETWORK.model_copy(update={"since": DAY + timedelta(days=1)})
        assert counts(warehouse, FEED, NETWORK) == found
        assert counts(warehouse, off, NETWORK) == found
        assert counts(warehouse, off, late) == []
        assert counts(warehouse, FEED, late) == found
        assert counts(warehouse, off) == []
        assert unheard_days(warehouse, (), date(2025, 1, 1), date(2026, 1, 1)) == []


class TestUntried:
    def test_a_day_whose_run_broke_off_before_its_transcripts_counts(
        self, warehouse: Warehouse
    ) -> None:
        for name in ("a", "b", "c"):
            known(warehouse, name)
        known(warehouse, "no audio", status="no_enclosure")
        known(warehouse, "another day", NEXT)
        stored(warehouse, "a", "ok")
        stored(warehouse, "another day", "ok", NEXT)
        (day,) = days(warehouse)
        assert (day.day, day.failed, day.untried, day.orphaned) == (DAY, 0, 2, 0)

    def test_a_row_whatever_it_says_ends_it(self, warehouse: Warehouse) -> None:
        known(warehouse, "a")
        (before,) = days(warehouse)
        stored(warehouse, "a", "failed")
        (after,) = days(warehouse)
        assert (after.failed, after.untried) == (1, 0)
        assert after.key != before.key
        stored(warehouse, "a", "not_speech")
        assert days(warehouse) == []


class TestOrphans:
    @pytest.mark.parametrize("key", ["audio_sha256", "text_key"])
    @pytest.mark.parametrize(
        ("owner", "stands_for_audio", "stands_for_text"),
        [
            ("ok", True, True),
            ("not_speech", True, False),
            ("same_text", True, False),
            ("duplicate_audio", False, False),
            ("failed", False, False),
        ],
    )
    def test_a_repeat_is_one_while_another_stands_for_it(
        self,
        warehouse: Warehouse,
        key: str,
        owner: str,
        stands_for_audio: bool,
        stands_for_text: bool,
    ) -> None:
        status = "duplicate_audio" if key == "audio_sha256" else "same_text"
        known(warehouse, "repeat")
        stored(warehouse, "repeat", status, **{key: "K"})
        assert counts(warehouse) == [(DAY, 0, 1)]
        # Whoever that is: not only the episode that the row names.
        stored(warehouse, "another", owner, NEXT, **{key: "K"})
        is_fine = stands_for_audio if key == "audio_sha256" else stands_for_text
        assert counts(warehouse) == ([] if is_fine else [(DAY, 0, 1)])

    def test_rows_from_before_texts_had_keys_are_left_alone(self, warehouse: Warehouse) -> None:
        known(warehouse, "a")
        stored(warehouse, "a", "same_text", text_key=None)
        assert counts(warehouse) == []


class Pages:
    """Days of one show, run one by one."""

    def __init__(self, host: Host, cache: Cache, warehouse: Warehouse, *, keep: bool) -> None:
        self.host, self.cache, self.warehouse, self.keep = host, cache, warehouse, keep
        self.whisper = Stenographer(device="cpu", workers=1)

    def run(self, row: Row) -> str:
        """Run the day of an episode; its status."""
        work = Transcriber(
            whisper=self.whisper,
            cache=self.cache,
            store=AudioStore(self.cache, self.host.client, keep_days=None if self.keep else 0),
            client_for=self.host.client,
            language_of=lambda feed_id: None,
            report=lambda line: None,
        )
        day = row["published_on"]
        known(self.warehouse, row["episode_id"], day)
        window = DateWindow.of_day(day)
        others = StoredOwners(self.warehouse, window)
        found: Sequence[Row] = work.run([row], others.of_audio, others.of_text)
        self.warehouse.replace_window("transcripts", window, TRANSCRIPTS.frame(list(found)))
        return str(found[0]["status"])


@pytest.mark.parametrize("keep", [True, False])
def test_a_repeat_stands_for_itself_once_its_owner_has_audio_of_its_own(
    host: Host, cache: Cache, warehouse: Warehouse, keep: bool
) -> None:
    """By mistake the first episode had the second one's file; the publisher mends it."""
    pages = Pages(host, cache, warehouse, keep=keep)
    first = episode("first", host.put("/1.mp3", AUDIO[0]))
    second = episode("second", host.put("/2.mp3", AUDIO[0]), published_on=NEXT)
    assert (pages.run(first), pages.run(second)) == ("ok", "duplicate_audio")
    assert counts(warehouse) == []
    mended = episode("first", host.put("/1-mended.mp3", AUDIO[1]), enclosure_bytes=2000)
    assert pages.run(mended) == "ok"
    assert counts(warehouse) == [(NEXT, 0, 1)]
    host.asked.clear()
    pages.whisper.heard.clear()
    assert pages.run(second) == "ok"
    assert counts(warehouse) == []
    # What was heard in the file is still known.
    assert (host.asked, pages.whisper.heard) == ([], [])


def test_the_check_of_audio_tells_of_texts_that_were_kept_for_want_of_it(
    warehouse: Warehouse,
) -> None:
    (check,) = (check for check in CHECKS if check.name == "audio_can_be_heard")
    old = {"words": 900, "source_reason": "the publisher has no transcript"}
    for name in ("kept", "new"):
        known(warehouse, name)
        stored(warehouse, name, "ok", **old)
    assert check.question(check.rows(warehouse, None)).is_passed
    before = warehouse.read("FROM transcripts WHERE episode_id = 'kept'").to_dicts()[0]
    row = kept(episode("kept", "https://cdn.example/a.mp3"), before, "HTTP 404; ask the publisher")
    warehouse.merge("transcripts", TRANSCRIPTS.frame([row]))
    verdict = check.question(check.rows(warehouse, None))
    assert (verdict.is_passed, verdict.metadata["episodes"]) == (False, 1)
    assert "kept: an older text stays: HTTP 404" in verdict.message
    assert "ask the publisher" in verdict.metadata["what_to_do"].value
