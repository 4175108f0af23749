"""What is wrong with a feed, in words."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from podcast_insights.feeds.parse import parse_feed
from podcast_insights.feeds.subscribing.check import Report, check_feed, examine_feed
from podcast_insights.net.client import Answer, FetchError
from podcast_insights_tests.feeds import item, rss

NOW = datetime(2025, 9, 10, 12, 0, tzinfo=UTC)
ADDRESS = "https://example.org/f.xml"
LANGUAGE = "<language>en</language>"


def days_ago(days: float) -> str:
    return format_datetime(NOW - timedelta(days=days))


def weekly(count: int, *, start: float = 1.0) -> list[str]:
    return [item(guid=f"g{n}", date=days_ago(start + 7 * n)) for n in range(count)]


def findings(*items: str, channel: str = LANGUAGE) -> dict[str, str]:
    content = rss(*items).replace(b"</title>", f"</title>{channel}".encode(), 1)
    feed = parse_feed(content, url=ADDRESS)
    return {f.code: f"{f.severity}: {f.message}" for f in examine_feed(feed, now=NOW)}


def test_a_good_feed_has_nothing_but_a_summary() -> None:
    found = findings(*weekly(12))
    assert found == {"items": "ok: 12 items, the newest of 2025-09-09, one about every 7 days"}


@pytest.mark.parametrize(
    ("items", "code", "message"),
    [
        ([], "no_items", "problem: has no items"),
        ([item(audio=None)], "no_audio", "problem: no item has audio"),
        ([item(audio="https://e.org/x.pdf")], "no_audio", "problem: no item has audio"),
        ([item(audio="https://e.org/x.torrent")], "no_audio", "problem: no item has audio"),
        ([*weekly(2), item(guid="x", audio=None)], "some_without_audio", "note: 1 of 3 items"),
        ([item(guid=None), item(guid="2")], "no_guid", "note: 1 of 2 items without a GUID"),
        ([*weekly(2), *weekly(1)], "repeated_guid", "note: 2 of 3 items share 1 GUID"),
        ([item(date=None)], "date_missing", "note: all 1 item without a date"),
        ([item(date="soon")], "date_unreadable", "note: all 1 item with a date that can't"),
        ([item(date=days_ago(-30))], "date_future", "note: all 1 item dated in the future"),
        ([item(date=days_ago(20_000))], "date_absurd", "note: all 1 item dated before 1995"),
        (weekly(4, start=61), "silent", "note: nothing new for 61 days, since 2025-07-11"),
        (weekly(3), "few_items", "ok: shows its newest items only"),
    ],
)
def test_what_is_wrong_is_told(items: list[str], code: str, message: str) -> None:
    assert findings(*items).get(code, "").startswith(message)


def test_a_feed_that_pauses_for_long_by_habit_is_not_called_silent() -> None:
    yearly = [item(guid=f"g{n}", date=days_ago(200 + 365 * n)) for n in range(4)]
    assert "silent" not in findings(*yearly)


def test_video_is_told() -> None:
    video = item(audio=None, more='<enclosure url="https://e.org/x.mp4" type="video/mp4"/>')
    assert findings(video)["video"].startswith("note: all 1 item only as video")


@pytest.mark.parametrize(
    ("channel", "code", "message"),
    [
        ("", "no_language", "note: does not say its language"),
        (
            f"{LANGUAGE}<itunes:new-feed-url>https://n.example/f?t=s3cret</itunes:new-feed-url>",
            "new_feed_url",
            "note: its publisher says that it has moved to https://n.example/f?…",
        ),
        (f"{LANGUAGE}<itunes:complete>yes</itunes:complete>", "complete", "note: its publisher"),
        (
            f'{LANGUAGE}<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="next" href="/f?2"/>',
            "archive",
            "ok: has older items on archive pages",
        ),
    ],
)
def test_what_the_show_says_is_told(channel: str, code: str, message: str) -> None:
    assert findings(*weekly(3), channel=channel)[code].startswith(message)


def test_transcripts_are_told() -> None:
    more = '<podcast:transcript url="https://e.org/t.vtt" type="text/vtt"/>'
    assert findings(item(more=more))["transcripts"].startswith("ok: all 1 item")


def test_mended_xml_is_told() -> None:
    feed = parse_feed(rss(*weekly(3)).replace(b"A show", b"A & show"))
    codes = [f.code for f in examine_feed(feed, now=NOW)]
    assert "repaired" in codes


def report(
    answer: Answer | FetchError, *, address: str = ADDRESS, took_s: float = 0.0, login: bool = False
) -> Report:
    def fetch(url: str) -> Answer:
        if isinstance(answer, FetchError):
            raise answer
        return answer

    clock = iter([NOW, NOW + timedelta(seconds=took_s), NOW + timedelta(seconds=took_s)])
    return check_feed("name", address, fetch, lambda: next(clock), has_login=login)


def served(body: bytes, **fields: object) -> Answer:
    values = {"status": 200, "url": ADDRESS, "headers": {}, "sha256": "", "size_bytes": len(body)}
    return Answer(**{**values, "body": body, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "code", "message"),
    [
        (report(FetchError("e.org can't be resolved", kind="unreachable")), "unreachable", "e.org"),
        (report(FetchError("HTTP 410", kind="http_status", status=410)), "gone", "HTTP 410"),
        (report(served(b"<html><body>Hello</body></html>")), "not_a_feed", "not a feed"),
        (
            report(served(rss(*weekly(3))), address="http://e.org/f", login=True),
            "not_encrypted",
            "p",
        ),
    ],
)
def test_what_keeps_it_from_being_read_is_a_problem(told: Report, code: str, message: str) -> None:
    assert told.severity == "problem"
    (finding,) = (f for f in told.findings if f.severity == "problem")
    assert finding.code == code
    assert message in finding.message


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (report(served(rss(*weekly(3))), address="http://e.org/f"), "not_encrypted"),
        (report(served(rss(*weekly(3)), moved_to="https://n.example/f?t=s3cret")), "moved"),
        (report(served(rss(*weekly(3))), took_s=30), "slow"),
        (report(served(rss(*weekly(3)), size_bytes=30_000_000)), "large"),
    ],
)
def test_what_only_is_a_pity_is_a_note(told: Report, code: str) -> None:
    assert (told.severity, told.name) == ("note", "A show")
    assert code in {f.code for f in told.findings if f.severity == "note"}
    assert "s3cret" not in repr(told)
