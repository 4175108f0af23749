"""One subscription over the years: it moves, dies, is busy, lies about ETags, has an archive."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from podcast_insights.feeds import archive, fetch, ledger
from podcast_insights_tests.feeds import item, rss
from podcast_insights_tests.feeds.world import DAY, NIGHT, NOON, World, column
from podcast_insights_tests.support.servers import (
    Behaviour,
    always_unchanged,
    answer,
    busy,
    conditional,
    fickle,
    redirect,
    sequence,
)

DAYS = [timedelta(days=n) for n in range(30)]
ONE = item("One", guid="1", audio="https://e.org/1.mp3")
TWO = item("Two", guid="2", audio="https://e.org/2.mp3", date="Mon, 08 Sep 2025 07:00:00 GMT")


def moved(url: str) -> bytes:
    """A feed that says it has moved."""
    return rss(ONE).replace(
        b"<item>", f"<itunes:new-feed-url>{url}</itunes:new-feed-url>".encode() + b"<item>", 1
    )


class TestMoves:
    @pytest.mark.parametrize("status", [301, 308])
    def test_a_permanent_redirect_is_recorded_and_used_from_then_on(
        self, world: World, status: int
    ) -> None:
        world.subscribe("/old", redirect("/new", status))
        world.host.pages["/new"] = conditional(rss(ONE), '"v1"')
        (row,) = world.scan(DAY, at=NIGHT)
        assert row["moved_to"] == world.host.url("/new")
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.paths == ["/old", "/new", "/new"]
        assert column(world.fetches(), "http_status") == [200, 304]

    @pytest.mark.parametrize("status", [302, 303, 307])
    def test_a_temporary_one_is_followed_each_time(self, world: World, status: int) -> None:
        world.subscribe("/old", redirect("/new", status))
        world.host.pages["/new"] = answer(rss(ONE))
        (row,) = world.scan(DAY, at=NIGHT)
        assert (row["status"], row["moved_to"]) == ("ok", None)
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.paths == ["/old", "/new"] * 2

    def test_what_the_publisher_says_counts_like_a_redirect(self, world: World) -> None:
        world.subscribe("/old", answer(moved(world.host.url("/new"))))
        world.host.pages["/new"] = answer(rss(ONE, TWO))
        (row,) = world.scan(DAY, at=NIGHT)
        assert (row["item_count"], row["moved_to"]) == (2, world.host.url("/new"))
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.paths == ["/old", "/new", "/new"]

    def test_a_feed_that_says_it_is_where_it_is_has_not_moved(self, world: World) -> None:
        world.subscribe("/here", answer(moved(world.host.url("/here"))))
        (row,) = world.scan()
        assert (row["moved_to"], world.paths) == (None, ["/here"])

    def test_two_feeds_that_point_to_each_other_end_somewhere(self, world: World) -> None:
        world.subscribe("/a", answer(moved(world.host.url("/b"))))
        world.host.pages["/b"] = answer(moved(world.host.url("/a")))
        (row,) = world.scan()
        assert (row["status"], world.paths) == ("ok", ["/a", "/b"])

    @pytest.mark.parametrize(
        "target", [answer(status=404), answer(b"<html>"), redirect("http://10.0.0.1/")]
    )
    def test_a_move_to_nowhere_is_noted_and_not_made(self, world: World, target: Behaviour) -> None:
        world.subscribe("/old", answer(moved(world.host.url("/new"))))
        world.host.pages["/new"] = target
        (row,) = world.scan()
        assert (row["status"], row["moved_to"], row["item_count"]) == ("ok", None, 1)
        assert "says that it has moved" in row["notes"]

    def test_a_new_home_that_dies_leads_back_to_the_subscribed_address(self, world: World) -> None:
        world.subscribe("/old", sequence(redirect("/new", 301), answer(rss(ONE, TWO))))
        world.host.pages["/new"] = sequence(answer(rss(ONE)), answer(status=404))
        world.scan(DAY, at=NIGHT)
        (row,) = world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert (row["status"], row["moved_to"], row["item_count"]) == ("ok", None, 2)

    def test_an_address_that_may_be_a_secret_is_not_stored(self, world: World) -> None:
        world.subscribe("/old", redirect("/new?token=hunter2hunter2", 301))
        world.host.pages["/new"] = answer(rss(ONE))
        (row,) = world.scan()
        assert (row["status"], row["moved_to"]) == ("ok", None)
        assert "put it into feeds.yaml" in row["notes"]
        assert "hunter2" not in world.everything()


class TestDeadFeeds:
    def test_410_is_for_good_but_asked_again_after_a_week(self, world: World) -> None:
        world.subscribe("/feed", sequence(answer(status=410), answer(rss(ONE))))
        states = [
            world.scan(DAY + day, at=NIGHT + day)[0]["status"]
            for day in (DAYS[0], DAYS[3], DAYS[7])
        ]
        assert states == ["dead", "dead", "ok"]
        assert world.requests == 2

    def test_404_is_death_only_after_days(self, world: World) -> None:
        world.subscribe("/feed", answer(status=404))
        rows = [world.scan(DAY + day, at=NIGHT + day)[0] for day in DAYS[:6]]
        assert column(rows, "status") == ["failed"] * 3 + ["dead"] * 3
        assert {row["first_failed_at"] for row in rows} == {NIGHT}
        assert world.requests == 4
        assert "HTTP 404" in rows[-1]["error"]

    def test_a_good_answer_in_between_starts_the_count_anew(self, world: World) -> None:
        gone, good = answer(status=404), answer(rss(ONE))
        world.subscribe("/feed", sequence(gone, gone, good, gone, gone, gone, gone))
        rows = [world.scan(DAY + day, at=NIGHT + day)[0] for day in DAYS[:7]]
        assert column(rows, "status")[:6] == ["failed"] * 2 + ["ok"] + ["failed"] * 3
        assert rows[5]["first_failed_at"] == NIGHT + DAYS[3]
        assert rows[5]["last_ok_at"] == NIGHT + DAYS[2]
        assert rows[5]["show_title"] == "A show"


class TestBusyHosts:
    def test_a_short_wait_is_waited_for(self, world: World) -> None:
        world.subscribe("/feed", sequence(busy("7"), answer(rss(ONE))))
        (row,) = world.scan()
        assert row["status"] == "ok"
        assert world.pauses == [7.0]

    def test_a_long_one_is_left_for_later(self, world: World) -> None:
        world.subscribe("/feed", sequence(busy("7200"), answer(rss(ONE))))
        states = []
        for hours in (0, 1, 3):
            (row,) = world.scan(DAY, at=NIGHT + timedelta(hours=hours))
            states.append((row["status"], row["failure"], world.requests))
        assert states == [
            ("failed", "asked_to_wait", 1),
            ("failed", "asked_to_wait", 1),
            ("ok", None, 2),
        ]

    def test_a_server_error_is_asked_about_again_and_then_told(self, world: World) -> None:
        world.subscribe("/feed", answer(status=503))
        (row,) = world.scan()
        assert (row["failure"], world.requests) == ("http_status", 3)
        assert "HTTP 503" in row["error"]


class TestLyingETags:
    def test_after_a_week_of_304_the_whole_feed_is_asked_for(self, world: World) -> None:
        world.subscribe("/feed", sequence(answer(rss(ONE), headers={"ETag": '"x"'})))
        world.scan(DAY, at=NIGHT)
        world.host.pages["/feed"] = always_unchanged()
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.host.requests[-1].headers["if-none-match"] == '"x"'
        world.host.pages["/feed"] = conditional(rss(ONE, TWO), '"x"')
        (row,) = world.scan(DAY + DAYS[8], at=NIGHT + DAYS[8])
        assert "if-none-match" not in world.host.requests[-1].headers
        assert (row["status"], row["item_count"]) == ("ok", 2)

    def test_a_new_etag_for_the_same_bytes_is_no_news(self, world: World) -> None:
        world.subscribe("/feed", fickle(rss(ONE)))
        world.scan(DAY, at=NIGHT)
        before = world.items()
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.items() == before
        assert column(world.fetches(), "new_item_count") == [1, 0]

    def test_a_new_reader_reads_unchanged_feeds_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.subscribe("/feed", conditional(rss(ONE), '"v1"'))
        world.scan(DAY, at=NIGHT)
        for module in ("fetch", "fetches"):
            monkeypatch.setattr(f"podcast_insights.feeds.{module}.READER_VERSION", 1_000)
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert column(world.fetches(), "http_status") == [200, 200]

    def test_pruned_bytes_are_fetched_again(self, world: World) -> None:
        world.subscribe("/feed", conditional(rss(ONE), '"v1"'))
        world.scan(DAY, at=NIGHT)
        world.cache.prune("feeds")
        (row,) = world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert column(world.fetches(), "http_status") == [200, 200]
        assert world.cache.read_bytes("feeds", row["content_sha256"], ".xml") == rss(ONE)


def page(world: World, number: int, pages: int, *, rel: str = "next") -> bytes:
    """A page of two items, with a link to the next older one."""
    links = ""
    if number + 1 < pages:
        url = world.host.url(f"/page{number + 1}")
        links = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{rel}" href="{url}"/>'
    items = [
        item(
            f"Week {week}",
            guid=f"guid-{week}",
            audio=f"https://e.org/{week}.mp3",
            date=(NOON - timedelta(weeks=week)).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        )
        for week in (2 * number, 2 * number + 1)
    ]
    return rss(*items).replace(b"<item>", links.encode() + b"<item>", 1)


def serve_archive(world: World, pages: int, rel: str = "next", **fields: object) -> None:
    for number in range(pages):
        body = page(world, number, pages, rel=rel)
        world.host.pages[f"/page{number}"] = conditional(body, f'"{number}"')
    world.subscribe("/page0", **fields)


class TestArchives:
    @pytest.mark.parametrize("rel", ["next", "prev-archive"])
    def test_old_pages_are_read_once_and_their_items_reach_their_days(
        self, world: World, rel: str
    ) -> None:
        serve_archive(world, 4, rel)
        (row,) = world.scan(DAY, at=NIGHT)
        assert row["item_count"] == 2
        found = world.items()
        assert len(found) == 8
        assert found["Week 7"]["published_on"] == DAY - timedelta(weeks=7)
        assert column(world.fetches(), "archive_page_count") == [3]
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.paths == ["/page0", "/page1", "/page2", "/page3", "/page0"]

    def test_a_broken_page_is_told_and_tried_again(self, world: World) -> None:
        serve_archive(world, 4)
        good = world.host.pages["/page2"]
        world.host.pages["/page2"] = answer(status=404)
        (row,) = world.scan(DAY, at=NIGHT)
        assert row["status"] == "ok"
        (first,) = world.fetches()
        assert "HTTP 404" in first["archive_error"]
        assert first["archive_next"] == world.host.url("/page2")
        assert len(world.items()) == 4
        world.host.pages["/page2"] = good
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.paths[3:] == ["/page0", "/page2", "/page3"]
        assert len(world.items()) == 8
        assert world.fetches()[-1]["archive_error"] is None

    def test_a_long_archive_is_read_over_several_scans(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive, "MAX_PAGES", 2)
        serve_archive(world, 6)
        counts = []
        for day in DAYS[:4]:
            world.scan(DAY + day, at=NIGHT + day)
            counts.append(len(world.items()))
        assert counts == [6, 10, 12, 12]

    def test_pages_that_lead_in_a_circle_end(self, world: World) -> None:
        serve_archive(world, 3)
        body = page(world, 2, 3).replace(
            b"<item>",
            b'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="'
            + world.host.url("/page1").encode()
            + b'"/><item>',
            1,
        )
        world.host.pages["/page2"] = answer(body)
        world.scan(DAY, at=NIGHT)
        assert world.paths == ["/page0", "/page1", "/page2"]

    def test_since_ends_the_walk(self, world: World) -> None:
        serve_archive(world, 6, since=DAY - timedelta(weeks=3))
        world.scan(DAY, at=NIGHT)
        assert world.paths == ["/page0", "/page1", "/page2"]

    def test_an_archive_on_a_private_address_is_refused(self, world: World) -> None:
        serve_archive(world, 2)
        body = page(world, 0, 2).replace(world.host.host.encode(), b"127.0.0.1:9")
        world.host.pages["/page0"] = answer(body)
        world.scan(DAY, at=NIGHT)
        assert "not a public address" in world.fetches()[0]["archive_error"]

    def test_after_a_gap_the_pages_between_are_looked_at(self, world: World) -> None:
        serve_archive(world, 3)
        world.scan(DAY, at=NIGHT)
        # A month later the first page has turned over completely.
        newest = item("New", guid="new", audio="https://e.org/new.mp3")
        late = item("Between", guid="between", audio="https://e.org/between.mp3")
        link = b'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="%s"/><item>'
        url = world.host.url("/second").encode()
        world.host.pages["/page0"] = answer(rss(newest).replace(b"<item>", link % url, 1))
        world.host.pages["/second"] = answer(rss(late, ONE))
        world.scan(DAY + DAYS[29], at=NIGHT + DAYS[29])
        assert {"New", "Between"} <= set(world.items())


class TestHosts:
    def test_a_host_that_answers_nobody_is_left_alone(self, world: World) -> None:
        closed = "http://127.0.0.1:1/{}"
        for n in range(6):
            world.subscribe(closed.format(n), private_hosts=("127.0.0.1:1",))
        world.subscribe("/good", answer(rss(ONE)))
        rows = world.scan()
        assert sorted(column(rows, "status")) == ["failed"] * 6 + ["ok"]
        asked = [row for row in rows if "was not asked" in (row["error"] or "")]
        assert len(asked) == 3

    def test_an_error_in_a_thread_ends_the_scan_with_its_reason(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise ZeroDivisionError("ours")

        monkeypatch.setattr(fetch.FeedFetcher, "fetch", fail)
        world.subscribe("/a", answer(rss(ONE)))
        world.subscribe("/b", answer(rss(TWO)))
        with pytest.raises(ZeroDivisionError, match="ours"):
            world.scan()


def titles(rows: Sequence[tuple[str, str | None, str | None]]) -> list[str]:
    return [name for name, _, _ in rows]


class TestEdits:
    def test_what_a_reader_would_notice_is_a_row_of_its_own(self, world: World) -> None:
        more = "<itunes:duration>100</itunes:duration>"
        world.subscribe("/feed", answer(rss(item("Old", more=more))))
        world.scan()
        first = world.items()["Old"]
        edited = item(
            "New",
            more="<itunes:duration>110</itunes:duration>",
            date="Mon, 08 Sep 2025 07:00:00 GMT",
        )
        world.host.pages["/feed"] = answer(rss(edited))
        world.scan(at=NOON + timedelta(hours=1))
        assert world.changes() == [
            ("duration_s", "100.0", "110.0"),
            ("published_at", "2025-09-08T06:00:00+00:00", "2025-09-08T07:00:00+00:00"),
            ("title", "Old", "New"),
        ]
        now = world.items()["New"]
        assert now["item_id"] == first["item_id"]
        assert now["content_key"] != first["content_key"]
        assert now["edited_at"] == NOON + timedelta(hours=1)
        assert world.fetches()[-1]["edited_item_count"] == 1

    @pytest.mark.parametrize(
        "address",
        [
            "https://cdn.example.org/one.mp3?token=abc",
            "https://op3.dev/e/cdn.example.org/one.mp3",
            "http://cdn.example.org/one.mp3?Expires=1&Signature=x",
        ],
    )
    def test_tokens_and_counters_are_no_edit_but_the_address_is_the_latest(
        self, world: World, address: str
    ) -> None:
        world.subscribe("/feed", answer(rss(item("One"))))
        world.scan()
        first = world.items()["One"]
        world.host.pages["/feed"] = answer(rss(item("One", audio=address)))
        world.scan(at=NOON + timedelta(hours=1))
        now = world.items()["One"]
        assert world.changes() == []
        assert now == first | {"enclosure_url": address, "document_sha256": now["document_sha256"]}

    def test_a_size_that_changes_alone_is_an_edit_once_and_then_noise(self, world: World) -> None:
        keys = []
        for size in (50_000, 50_001, 50_002, 50_003):
            world.host.pages["/feed"] = answer(
                rss(item("One")).replace(b'"1000"', f'"{size}"'.encode())
            )
            if not world.feeds:
                world.subscribe("/feed")
            world.scan(at=world.now + timedelta(hours=1))
            keys.append(world.items()["One"]["content_key"])
        assert world.changes() == [("enclosure_bytes", "50000", "50001")]
        assert len(set(keys[1:])) == 1
        assert keys[0] != keys[1]

    @pytest.mark.parametrize("size", ["1", "50000", ""])
    def test_replaced_audio_is_an_edit_whatever_size_is_claimed(
        self, world: World, size: str
    ) -> None:
        keys = []
        for audio in ("1.mp3", "1-fixed.mp3"):
            found = rss(item("One", audio=f"https://e.org/{audio}"))
            world.host.pages["/feed"] = answer(found.replace(b'"1000"', f'"{size}"'.encode()))
            if not world.feeds:
                world.subscribe("/feed")
            world.scan(at=world.now + timedelta(hours=1))
            keys.append(world.items()["One"]["content_key"])
        assert world.changes() == [
            ("enclosure_url", "https://e.org/1.mp3", "https://e.org/1-fixed.mp3")
        ]
        assert keys[0] != keys[1]

    def test_another_host_folder_or_counter_is_no_edit(self, world: World) -> None:
        places = (
            "https://e.org/a",
            "https://f.org/b",
            "https://dts.podtrac.com/redirect.mp3/e.org/a",
        )
        for place in places:
            found = rss(item("One", audio=f"{place}/one.mp3")).replace(b'"1000"', b'""')
            world.host.pages["/feed"] = answer(found)
            if not world.feeds:
                world.subscribe("/feed")
            world.scan(at=world.now + timedelta(hours=1))
        assert world.changes() == []

    def test_a_size_edited_after_a_title_is_seen(self, world: World) -> None:
        for title, size in (("Old", 50_000), ("New", 50_000), ("New", 70_000)):
            found = rss(item(title)).replace(b'"1000"', f'"{size}"'.encode())
            world.host.pages["/feed"] = answer(found)
            if not world.feeds:
                world.subscribe("/feed")
            world.scan(at=world.now + timedelta(hours=1))
        assert [name for name, _, _ in world.changes()] == ["enclosure_bytes", "title"]

    def test_a_corrected_description_is_kept_and_no_edit(self, world: World) -> None:
        for text in ("Typoo", "Typo"):
            more = f"<description>{text}</description>"
            world.host.pages["/feed"] = answer(rss(item("One", more=more)))
            if not world.feeds:
                world.subscribe("/feed")
            world.scan(at=world.now + timedelta(hours=1))
        assert world.items()["One"]["description"] == "Typo"
        assert world.changes() == []

    def test_an_unchanged_item_is_not_written_again(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(ONE)))
        world.scan()
        before = world.items()["One"]
        world.host.pages["/feed"] = answer(rss(TWO, ONE))
        world.scan(at=NOON + timedelta(hours=1))
        assert world.items()["One"] == before
        assert titles(world.changes()) == []

    @pytest.mark.parametrize(
        ("when", "problem"),
        [
            (None, "missing"),
            ("a week ago", "unreadable"),
            ("Fri, 08 Sep 2045 06:00:00 GMT", "future"),
            ("Thu, 01 Jan 1970 00:00:00 GMT", "absurd"),
        ],
    )
    def test_a_date_that_does_not_count_says_why(
        self, world: World, when: str | None, problem: str
    ) -> None:
        world.subscribe("/feed", answer(rss(item("One", date=when))))
        world.scan()
        one = world.items()["One"]
        assert (one["published_on"], one["date_source"]) == (DAY, "first_seen")
        assert (one["date_problem"], one["published_text"]) == (problem, when)

    def test_the_day_before_the_feed_began_is_a_day(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(item("One", date="Mon, 01 Jan 1990 00:00:00 GMT"))))
        world.scan()
        assert world.items()["One"]["published_on"] == date(1990, 1, 1)


class TestWhatReviewersFound:
    def test_a_home_of_another_show_is_not_moved_to(self, world: World) -> None:
        for body in (rss(), rss(item("Other", guid="other", audio="https://e.org/o.mp3"))):
            world.host.pages["/old"] = answer(moved(world.host.url("/new")))
            world.host.pages["/new"] = answer(body)
            if not world.feeds:
                world.subscribe("/old")
            (row,) = world.scan(at=world.now + timedelta(hours=1))
            assert (row["status"], row["item_count"], row["moved_to"]) == ("ok", 1, None)
            assert "another show" in row["notes"]
        assert set(world.items()) == {"One"}

    def test_what_only_the_old_home_lists_is_kept(self, world: World) -> None:
        said = f"<itunes:new-feed-url>{world.host.url('/new')}</itunes:new-feed-url><item>"
        world.subscribe("/old", answer(rss(ONE, TWO).replace(b"<item>", said.encode(), 1)))
        world.host.pages["/new"] = answer(rss(ONE))
        (row,) = world.scan()
        assert (row["item_count"], row["moved_to"]) == (1, world.host.url("/new"))
        assert set(world.items()) == {"One", "Two"}

    def test_a_clock_that_was_ahead_stops_no_scan(self, world: World) -> None:
        world.subscribe("/feed", answer(rss(ONE)))
        world.scan(DAY, at=NIGHT + timedelta(days=2_000))
        world.host.pages["/feed"] = answer(rss(ONE, TWO))
        (row,) = world.scan(DAY, at=NIGHT)
        assert (row["fetched_at"], row["item_count"]) == (NIGHT, 2)

    def test_a_relative_archive_survives_a_bad_day_and_304(self, world: World) -> None:
        first = rss(ONE).replace(
            b"<item>",
            b'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="next" href="/two"/><item>',
            1,
        )
        world.subscribe("/feed", conditional(first, '"1"'), is_private=True)
        world.subscribe("/first", answer(rss()), is_private=True)  # its path is a word of ours
        world.host.pages["/two"] = answer(status=403)
        (row,) = (r for r in world.scan(DAY, at=NIGHT) if r["item_count"] == 1)
        assert "its archive could not be read on" in row["notes"]
        world.host.pages["/two"] = answer(rss(TWO))
        rows = world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        (row,) = (r for r in rows if r["item_count"] == 1)
        assert 304 in column(world.fetches(), "http_status")
        assert row["notes"] is None
        assert set(world.items()) == {"One", "Two"}

    def test_rows_that_break_a_contract_cost_one_feed_only(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        honest = ledger.item_row

        def odd(*parts: object) -> dict[str, object]:
            row = honest(*parts)  # type: ignore[arg-type]
            return row | {"date_source": "moon"} if row["title"] == "Two" else row

        monkeypatch.setattr(ledger, "item_row", odd)
        world.subscribe("/a", answer(rss(ONE)))
        world.subscribe("/b", answer(rss(TWO)))
        assert column(world.scan(), "failure") == [None, "unexpected"]
        assert set(world.items()) == {"One"}

    def test_a_lower_since_reads_the_archive_on(self, world: World) -> None:
        serve_archive(world, 6, since=DAY - timedelta(weeks=3))
        world.scan(DAY, at=NIGHT)
        world.scan(DAY + DAYS[1], at=NIGHT + DAYS[1])
        assert world.paths == ["/page0", "/page1", "/page2", "/page0"]
        world.feeds = [feed.model_copy(update={"since": None}) for feed in world.feeds]
        world.scan(DAY + DAYS[2], at=NIGHT + DAYS[2])
        assert len(world.items()) == 12

    def test_posts_that_share_a_guid_and_a_page_are_told_apart(self, world: World) -> None:
        link = "<link>https://e.org/page</link>"
        posts = [
            item(
                f"Post {n}",
                guid="same",
                audio=None,
                more=link,
                date=f"Mon, 0{n} Sep 2025 06:00 GMT",
            )
            for n in (1, 8)
        ]
        notes = [f"<item><description>Words {n}</description></item>" for n in range(3)]
        for _ in range(2):
            world.host.pages["/feed"] = answer(rss(*posts, *notes))
            if not world.feeds:
                world.subscribe("/feed")
            world.scan(at=world.now + timedelta(hours=1))
            found = world.warehouse.read("SELECT title FROM announced_items ORDER BY title")
            assert found["title"].to_list() == ["(untitled)"] * 3 + ["Post 1", "Post 8"]

    def test_what_a_private_feed_says_of_itself_keeps_no_token(self, world: World) -> None:
        token = "s3cr3t-t0k3n"  # noqa: S105 - made up
        world.environ["MY_TOKEN"] = token
        body = rss(ONE, title=f"Feed of {token}").replace(
            b"<title>", f"<language>{token}</language><title>".encode(), 1
        )
        headers = {"ETag": f'"{token}"'}
        world.subscribe("/feed?auth=${MY_TOKEN}", answer(body, headers=headers))
        world.scan()
        assert token not in world.everything()
        assert world.fetches()[0]["etag"] is None
