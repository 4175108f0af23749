"""The daily scan against a server on loopback, with a clock in the hand."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from podcast_insights.episodes.identify import identify
from podcast_insights.feeds import documents
from podcast_insights.feeds.documents import Document
from podcast_insights.feeds.enclosures import enclosure_key
from podcast_insights.feeds.fetch import Fetched
from podcast_insights.feeds.fetches import Fetch
from podcast_insights.feeds.ledger import compare
from podcast_insights.feeds.parse import Feed, parse_feed
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.identity import short_hash
from podcast_insights.net.secrets import Secrets
from podcast_insights.warehouse.contracts import Table
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.feeds.world import DAY, NIGHT, NOON, World, column, dated
from podcast_insights_tests.support.servers import answer, conditional, redirect


class TestOneFeed:
    def test_a_good_feed_is_a_row_its_items_and_its_bytes(self, world: World) -> None:
        content = rss(item("One", guid="1"), item("Two", guid="2"), title="The show")
        feed_id = world.subscribe("/feed", answer(content))
        (row,) = world.scan()
        assert (row["feed_id"], row["snapshot_on"], row["status"]) == (feed_id, DAY, "ok")
        assert (row["show_title"], row["item_count"], row["error"]) == ("The show", 2, None)
        assert row["fetched_at"] == NOON
        assert world.cache.read_bytes("feeds", row["content_sha256"], ".xml") == content
        assert set(world.items()) == {"One", "Two"}
        assert column(world.fetches(), "http_status") == [200]

    def test_a_feed_is_followed_to_where_it_moved(self, world: World) -> None:
        feed_id = world.subscribe("/old", redirect("/new"))
        world.host.pages["/new"] = answer(rss(item()))
        (row,) = world.scan()
        assert (row["status"], row["feed_id"]) == ("ok", feed_id)

    def test_disabled_feeds_are_not_fetched(self, world: World) -> None:
        world.subscribe("/off", answer(rss(item())), is_enabled=False)
        world.subscribe("/on", answer(rss(item())))
        assert len(world.scan()) == 1
        assert [request.path for request in world.host.requests] == ["/on"]

    def test_items_from_before_since_are_known_but_no_episodes(self, world: World) -> None:
        old = item("Old", guid="1", date="Sun, 31 Aug 2025 23:59:59 GMT")
        new = item("New", guid="2", date="Mon, 01 Sep 2025 00:00:00 GMT")
        feed_id = world.subscribe("/feed", answer(rss(old, new)), since=date(2025, 9, 1))
        world.scan()
        items = world.warehouse.read("SELECT * FROM announced_items", table="announced_items")
        rows = identify(items, items, {feed_id: date(2025, 9, 1)})
        assert {row["title"]: row["status"] for row in rows} == {
            "Old": "before_since",
            "New": "ok",
        }

    def test_secrets_in_an_address_reach_neither_rows_nor_errors(self, world: World) -> None:
        world.subscribe("/good?token=hunter2", answer(rss(item())))
        world.subscribe("/gone?token=hunter2")
        rows = world.scan()
        assert sorted(column(rows, "status")) == ["failed", "ok"]
        assert "hunter2" in world.host.requests[0].path
        assert "hunter2" not in f"{rows}{world.fetches()}"


class TestFailures:
    def test_failing_feeds_cost_the_others_nothing(self, world: World) -> None:
        behaviours = {
            "/gone": answer(status=404),
            "/broken": answer(status=500),
            "/login": answer(b"<!DOCTYPE html><html>Log in</html>"),
            "/empty": answer(b""),
            "/large": answer(b"x" * 1_000_001),
            "/lost": redirect("http://["),
            "/inside": redirect("http://127.0.0.1:9/"),
        }
        for path, behaviour in behaviours.items():
            world.subscribe(path, behaviour)
        world.subscribe("/refused", answer(rss(item())), private_hosts=())
        world.subscribe("/good", answer(rss(item("Good"))))
        rows = {row["feed_url"].rsplit("/", 1)[1]: row for row in world.scan(at=NIGHT)}
        reasons = {
            "gone": "HTTP 404",
            "broken": "HTTP 500",
            "login": "a web page",
            "empty": "the answer was empty",
            "large": "more than 1,000,000 bytes",
            "lost": "no address",
            "inside": "not a public address",
            "refused": "private_hosts in feeds.yaml",
        }
        assert set(rows) == {*reasons, "good"}
        for name, reason in reasons.items():
            assert rows[name]["status"] == "failed"
            assert reason in rows[name]["error"]
            assert rows[name]["content_sha256"] is None
        assert rows["good"]["status"] == "ok"
        assert set(world.items()) == {"Good"}
        by_error = {fetch["error"]: fetch["http_status"] for fetch in world.fetches()}
        assert by_error[rows["gone"]["error"]] == 404

    def test_each_failure_is_told_by_its_kind(self, world: World) -> None:
        kinds = {
            "/404": (answer(status=404), "http_status"),
            "/410": (answer(status=410), "gone"),
            "/page": (answer(b"<html>Log in</html>"), "not_a_feed"),
            "/bomb": (answer(b"<!DOCTYPE r [<!ENTITY a 'bb'>]><rss>&a;</rss>"), "hostile"),
            "/large": (answer(b"x" * 1_000_001), "too_large"),
            "/lost": (redirect("http://["), "redirects"),
            "/inside": (redirect("http://127.0.0.1:9/"), "refused_address"),
            "/circle": (redirect("/circle"), "redirects"),
        }
        for path, (behaviour, _) in kinds.items():
            world.subscribe(path, behaviour)
        rows = world.scan()
        found = {row["feed_url"].rsplit("/", 1)[1]: row["failure"] for row in rows}
        assert found == {path[1:]: kind for path, (_, kind) in kinds.items()}
        assert [row["feed_url"][-4:] for row in rows if row["status"] == "dead"] == ["/410"]

    def test_a_mistake_of_our_own_costs_one_feed_only(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail_on_one(content: bytes, **hints: str | None) -> Feed:
            if b"Odd" in content:
                raise ZeroDivisionError("ours")
            return parse_feed(content, **hints)

        monkeypatch.setattr(documents, "parse_feed", fail_on_one)
        world.subscribe("/a", answer(rss(item("Odd"))))
        world.subscribe("/b", answer(rss(item("Good"))))
        odd, good = world.scan()
        assert (odd["status"], good["status"]) == ("failed", "ok")
        assert odd["error"] == "unexpected: ZeroDivisionError('ours')"
        assert set(world.items()) == {"Good"}

    def test_a_failure_does_not_answer_a_finished_day(self, world: World) -> None:
        world.subscribe("/feed", answer(status=503))
        (failed,) = world.scan(at=NIGHT)
        assert failed["status"] == "failed"
        world.host.pages["/feed"] = answer(rss(item()))
        (row,) = world.scan(at=NIGHT + timedelta(hours=1))
        assert (row["status"], row["error"]) == ("ok", None)

    def test_a_feed_that_fails_later_keeps_its_items(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item("Kept"))))
        world.scan()
        world.host.pages["/feed"] = answer(status=410)
        (row,) = world.scan(at=NIGHT)
        assert (row["status"], row["item_count"]) == ("dead", None)
        assert set(world.items()) == {"Kept"}

    def test_a_crash_between_the_ledgers_loses_no_item(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.subscribe("/feed", conditional(rss(item("One")), '"v1"'))
        conform = type(world.warehouse.tables["feed_fetches"]).conform

        def killed_before_the_fetches(self: Table, rows: pl.DataFrame) -> pl.DataFrame:
            if self.name == "feed_fetches":
                raise KeyboardInterrupt
            return conform(self, rows)

        with monkeypatch.context() as patch:
            patch.setattr(Table, "conform", killed_before_the_fetches)
            with pytest.raises(KeyboardInterrupt):
                world.scan(at=NIGHT)
        assert world.items() == {}
        (row,) = world.scan(at=NIGHT + timedelta(hours=1))
        assert row["status"] == "ok"
        assert set(world.items()) == {"One"}


class TestConditionalRequests:
    def test_an_unfinished_day_asks_again_and_304_keeps_everything(self, world: World) -> None:
        world.subscribe("/feed", conditional(rss(item("One")), '"v1"'))
        (first,) = world.scan()
        items = world.items()
        (second,) = world.scan(at=NOON + timedelta(hours=1))
        assert column(world.fetches(), "http_status") == [200, 304]
        assert "if-none-match" not in world.host.requests[0].headers
        assert world.host.requests[1].headers["if-none-match"] == '"v1"'
        later = NOON + timedelta(hours=1)
        assert second == first | {"fetched_at": later, "last_ok_at": later}
        assert world.items() == items

    def test_new_content_is_taken(self, world: World) -> None:
        world.subscribe("/feed", conditional(rss(item("One", guid="1")), '"v1"'))
        world.scan()
        both = rss(item("One", guid="1"), item("Two", guid="2"))
        world.host.pages["/feed"] = conditional(both, '"v2"')
        (row,) = world.scan(at=NOON + timedelta(hours=1))
        assert row["item_count"] == 2
        assert set(world.items()) == {"One", "Two"}
        assert column(world.fetches(), "http_status") == [200, 200]

    def test_last_modified_is_sent_back(self, world: World) -> None:
        stamp = "Mon, 08 Sep 2025 06:00:00 GMT"
        world.subscribe("/feed", answer(rss(item()), headers={"Last-Modified": stamp}))
        world.scan()
        world.scan(at=NOON + timedelta(hours=1))
        assert world.host.requests[1].headers["if-modified-since"] == stamp

    def test_304_stays_known_after_a_failure_in_between(self, world: World) -> None:
        good = conditional(rss(item("One")), '"v1"')
        world.subscribe("/feed", good)
        world.scan()
        world.host.pages["/feed"] = answer(status=500)
        world.scan(at=NOON + timedelta(hours=1))
        world.host.pages["/feed"] = good
        (row,) = world.scan(at=NOON + timedelta(hours=2))
        assert (row["status"], row["item_count"]) == ("ok", 1)
        assert column(world.fetches(), "http_status") == [200, 500, 304]

    def test_304_to_who_has_nothing_is_a_failure(self, world: World) -> None:
        world.subscribe("/feed", answer(status=304))
        (row,) = world.scan()
        assert (row["status"], row["content_sha256"]) == ("failed", None)

    def test_a_tag_that_cannot_be_sent_back_costs_nothing(self, world: World) -> None:
        world.subscribe("/odd", answer(rss(item("Odd")), headers={"ETag": '"é"'}))
        world.subscribe("/good", answer(rss(item("Good"))))
        world.scan()
        rows = world.scan(at=NOON + timedelta(hours=1))
        assert column(rows, "status") == ["ok", "ok"]
        assert world.requests == 4


class TestFinishedDays:
    def test_a_finished_day_is_answered_without_network(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item())))
        first = world.scan(at=NIGHT)
        assert world.requests == 1
        for days in (1, 30):
            assert world.scan(at=NIGHT + timedelta(days=days)) == first
        assert world.requests == 1

    def test_a_fetch_from_before_its_end_does_not_answer_it(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item())))
        world.scan(at=datetime(2025, 9, 8, 23, 59, 59, tzinfo=UTC))
        (row,) = world.scan(at=NIGHT)
        assert world.requests == 2
        assert row["fetched_at"] == NIGHT

    def test_midnight_itself_is_after_the_end(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item())))
        midnight = datetime(2025, 9, 9, tzinfo=UTC)
        world.scan(at=midnight)
        world.scan(at=midnight + timedelta(hours=1))
        assert world.requests == 1

    def test_a_window_of_days_fetches_each_feed_once_and_has_all_rows(self, world: World) -> None:
        ids = {world.subscribe(f"/{name}", answer(rss(item()))) for name in "ab"}
        last = DAY + timedelta(days=2)
        rows = world.scan(DAY, last, at=NOON + timedelta(days=10))
        assert world.requests == 2
        assert len(rows) == 6
        assert {row["snapshot_on"] for row in rows} == {DAY, DAY + timedelta(days=1), last}
        assert {row["feed_id"] for row in rows} == ids
        world.scan(DAY - timedelta(days=300), last, at=NOON + timedelta(days=11))
        assert world.requests == 2

    def test_a_day_keeps_the_first_state_after_its_end(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item("One", guid="1"))))
        world.scan(at=NIGHT)
        world.host.pages["/feed"] = answer(rss(item("One", guid="1"), item("Two", guid="2")))
        next_day = DAY + timedelta(days=1)
        later = world.scan(DAY, next_day, at=NIGHT + timedelta(days=1))
        assert column(later, "item_count") == [1, 2]
        assert column(later, "fetched_at") == [NIGHT, NIGHT + timedelta(days=1)]

    def test_a_window_that_reaches_into_today_is_fetched(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item())))
        world.scan(at=NIGHT)
        rows = world.scan(DAY, DAY + timedelta(days=1), at=NIGHT + timedelta(hours=2))
        assert world.requests == 2
        assert column(rows, "fetched_at") == [NIGHT, NIGHT + timedelta(hours=2)]

    def test_a_feed_added_later_is_fetched_for_a_finished_day(self, world: World) -> None:
        world.subscribe("/a", answer(rss(item("A"))))
        world.scan(at=NIGHT)
        world.subscribe("/b", answer(rss(item("B"))))
        assert column(world.scan(at=NIGHT + timedelta(days=3)), "status") == ["ok", "ok"]
        assert [request.path for request in world.host.requests] == ["/a", "/b"]


class TestItems:
    def test_names_never_change_from_one_release_to_the_next(self) -> None:
        # Everything stored hangs on them; another value here needs a migration.
        feed = Subscription(url="https://example.org/feed.xml")
        content = rss(item("One", guid="guid-1"), item("Two", guid=None))
        fetched = Fetched(Fetch(feed.feed_id, NOON), Document(parse_feed(content), "0" * 64))
        rows = compare(feed, fetched, [], Secrets(())).items
        assert {row["title"]: row["item_id"] for row in rows} == {
            "One": "576178649da98fe2",
            "Two": short_hash(
                "item", "31d988ef8c51d09a", enclosure_key("https://cdn.example.org/one.mp3"), "two"
            ),
        }
        assert enclosure_key("https://cdn.example.org/one.mp3") == "0bec032f5b08f291"

    def test_an_item_belongs_to_its_utc_day(self, world: World) -> None:
        late = item("Late", guid="1", date="Sun, 07 Sep 2025 23:30:00 -0300")
        early = item("Early", guid="2", date="Mon, 08 Sep 2025 01:00:00 +0200")
        world.subscribe("/feed", answer(rss(late, early)))
        world.scan()
        found = world.items()
        assert found["Late"]["published_on"] == date(2025, 9, 8)
        assert found["Early"]["published_on"] == date(2025, 9, 7)
        assert {row["date_source"] for row in found.values()} == {"feed"}

    @pytest.mark.parametrize(
        "when",
        [None, "yesterday", dated(NOON + timedelta(days=20))],
        ids=["no date", "nonsense", "far in the future"],
    )
    def test_without_a_usable_date_the_first_sight_counts_for_good(
        self, world: World, when: str | None
    ) -> None:
        world.subscribe("/feed", answer(rss(item("Odd", date=when))))
        world.scan()
        odd = world.items()["Odd"]
        assert (odd["published_on"], odd["date_source"]) == (DAY, "first_seen")
        assert odd["first_seen_at"] == NOON
        for days in (19, 25):
            world.scan(DAY + timedelta(days=days), at=NOON + timedelta(days=days))
            assert world.items()["Odd"] == odd
        assert world.requests == 3

    def test_a_day_ahead_is_taken_for_a_wrong_clock(self, world: World) -> None:
        near, far = NOON + timedelta(hours=23), NOON + timedelta(hours=25)
        world.subscribe(
            "/feed",
            answer(
                rss(
                    item("Near", guid="1", date=dated(near)), item("Far", guid="2", date=dated(far))
                )
            ),
        )
        world.scan()
        found = world.items()
        assert (found["Near"]["published_on"], found["Near"]["date_source"]) == (
            near.date(),
            "feed",
        )
        assert (found["Far"]["published_on"], found["Far"]["date_source"]) == (DAY, "first_seen")

    def test_an_item_that_loses_its_date_keeps_its_day(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item("One"))))
        world.scan()
        world.host.pages["/feed"] = answer(rss(item("One", date=None)))
        world.scan(at=NOON + timedelta(days=3))
        one = world.items()["One"]
        assert (one["published_on"], one["date_source"]) == (DAY, "feed")

    def test_an_item_that_is_dated_anew_keeps_its_day(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item("One"))))
        world.scan()
        moved = dated(NOON + timedelta(days=2))
        world.host.pages["/feed"] = answer(rss(item("One", date=moved)))
        world.scan(at=NOON + timedelta(days=3))
        one = world.items()["One"]
        assert (one["published_on"], one["date_source"]) == (DAY, "feed")
        assert one["published_at"] == NOON + timedelta(days=2)

    def test_a_corrected_title_is_taken_over(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item("Tpyo"))))
        world.scan()
        world.host.pages["/feed"] = answer(rss(item("Typo")))
        world.scan(at=NOON + timedelta(hours=1))
        assert set(world.items()) == {"Typo"}
        assert world.items()["Typo"]["first_seen_at"] == NOON

    def test_items_that_left_the_feed_stay_in_the_ledger(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item("Old", guid="1"))))
        world.scan()
        old = world.items()["Old"]
        world.host.pages["/feed"] = answer(rss(item("New", guid="2", audio="https://e.org/2.mp3")))
        (row,) = world.scan(at=NOON + timedelta(hours=1))
        assert row["item_count"] == 1
        assert set(world.items()) == {"Old", "New"}
        assert world.items()["Old"] == old

    def test_items_that_share_a_guid_are_told_apart(self, world: World) -> None:
        content = rss(
            item("One", guid="same", audio="https://e.org/1.mp3"),
            item("Two", guid="same", audio="https://e.org/2.mp3"),
            item("Two", guid="same", audio="https://e.org/2.mp3?token=new"),
            item("Three", guid="own", audio="https://e.org/3.mp3"),
        )
        world.subscribe("/feed", answer(content))
        world.scan()
        assert set(world.items()) == {"One", "Two", "Three"}
        assert world.items()["Two"]["enclosure_url"] == "https://e.org/2.mp3"

    def test_an_item_without_guid_keeps_its_identity_when_its_token_rotates(
        self, world: World
    ) -> None:
        for token in ("a", "b"):
            audio = f"https://e.org/1.mp3?token={token}"
            world.host.pages["/feed"] = answer(rss(item("One", guid=None, audio=audio)))
            if not world.feeds:
                world.subscribe("/feed")
            world.scan(at=world.now + timedelta(hours=1))
        assert world.items()["One"]["enclosure_url"] == "https://e.org/1.mp3?token=b"

    def test_the_same_guid_in_two_feeds_is_two_items(self, world: World) -> None:
        world.subscribe("/a", answer(rss(item("A", guid="1"))))
        world.subscribe("/b", answer(rss(item("B", guid="1"))))
        world.scan()
        assert len({row["item_id"] for row in world.items().values()}) == 2
