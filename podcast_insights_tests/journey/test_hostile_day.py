"""One bad item costs its own row, end to end; and what a publisher changes breaks nothing."""

import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import polars as pl
import pytest

from podcast_insights.cache import Cache
from podcast_insights.feeds.item_rows import kept
from podcast_insights.transcripts.publishing import TranscriptFormatError, parse_transcript
from podcast_insights_tests.conftest import DAYS, Home
from podcast_insights_tests.support.runs import rows_of, run_window

LAST = DAYS[-1]
ITEM = """<item><title>{title}</title><guid>{title}</guid>
<pubDate>Wed, 10 Sep 2025 06:00:00 GMT</pubDate>
<enclosure url="{url}" type="audio/mpeg" length="100000"/></item>"""


@pytest.fixture
def hostile_feed() -> Iterator[str]:
    """Serves one feed whose enclosures are addresses that break libraries."""
    urls = ("http://xn--/a.mp3", "http://1.1.1.1:99999999999999999999/a.mp3", "http://[::1/a.mp3")
    items = "".join(ITEM.format(title=f"Bad Item Number {n}", url=u) for n, u in enumerate(urls))
    body = f"<rss version='2.0'><channel><title>Hostile</title>{items}</channel></rss>".encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_addresses_that_break_libraries_cost_their_own_rows(
    journey: Home, home: Home, hostile_feed: str
) -> None:
    home.take_cache_of(journey)
    feeds = home.path / "data" / "feeds.yaml"
    entry = f"  - {{url: 'http://{hostile_feed}/f.xml', private_hosts: ['{hostile_feed}']}}\n"
    feeds.write_text(feeds.read_text() + entry)
    assert run_window(home, LAST, LAST).success
    mine = rows_of(home, "episodes", LAST, LAST).filter(pl.col("show_title") == "Hostile")
    assert mine.height == 3
    bad = rows_of(home, "transcripts", LAST, LAST).filter(
        pl.col("episode_id").is_in(mine.filter(pl.col("status") == "ok")["episode_id"].to_list())
    )
    assert set(bad["status"]) <= {"failed"}
    good = rows_of(journey, "insights", LAST, LAST)
    assert rows_of(home, "insights", LAST, LAST).equals(good)


def test_unsubscribing_does_not_forget(journey: Home, home: Home) -> None:
    home.take_all_of(journey)
    before = rows_of(home, "insights", LAST, LAST)
    (home.path / "data" / "feeds.yaml").write_text("feeds: []\n")
    run_window(home, LAST, LAST)
    assert rows_of(home, "insights", LAST, LAST).equals(before)


def test_pruned_audio_and_a_dead_host_lose_no_transcript(journey: Home, home: Home) -> None:
    home.take_all_of(journey)
    before = rows_of(home, "transcripts", LAST, LAST)
    assert Cache(home.settings.cache_dir).prune("audio").files > 0
    with home.warehouse.transaction() as connection:
        connection.execute(
            "UPDATE announced_items SET enclosure_url = enclosure_url || '?token=rotated'"
        )
    run_window(home, LAST, LAST)
    assert rows_of(home, "transcripts", LAST, LAST).equals(before)
    assert not list((home.settings.cache_dir / "audio").rglob("*.audio"))


def test_a_changed_date_moves_no_item() -> None:
    # A GUID that comes back with another date would otherwise stand in two days at once.
    row = {"published_on": date(2025, 9, 10), "date_source": "feed", "title": "new title"}
    known = {
        "first_seen_at": "then",
        "published_on": date(2025, 9, 9),
        "date_source": "feed",
        "date_problem": None,
        "edited_at": "long ago",
        "content_key": "as before",
    }
    assert kept(row, known, None) == {"title": "new title", **known}
    edited = kept(row | {"content_key": "new"}, known, datetime(2025, 9, 10, tzinfo=UTC))
    assert edited["published_on"] == date(2025, 9, 9)
    assert (edited["content_key"], edited["edited_at"].day) == ("new", 10)


@pytest.mark.parametrize("time", ["1e308", "-1", "NaN", "Infinity", '"x"'])
def test_impossible_times_of_a_publisher_are_refused(time: str) -> None:
    body = f'{{"segments": [{{"startTime": {time}, "endTime": 2, "body": "hello there"}}]}}'
    with pytest.raises(TranscriptFormatError):
        parse_transcript(body.encode(), "application/json", "https://x.example/t.json")
    good = body.replace(time, "1", 1)
    assert parse_transcript(good.encode(), "application/json", "https://x.example/t.json")


def test_halves_of_characters_in_a_transcript_can_be_stored(cache: Cache) -> None:
    body = rb'{"segments": [{"startTime": 1, "endTime": 2, "body": "a \ud800 b \u0000 c"}]}'
    found = parse_transcript(body, "application/json", "https://x.example/t.json")
    cache.write_json("transcripts", "ab", [segment.to_row() for segment in found])
    assert "\0" not in found[0].text
