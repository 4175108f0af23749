"""Dates as feeds write them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from podcast_insights.feeds.reading.dates import parse_date
from podcast_insights_tests.conftest import SHARED
from podcast_insights_tests.effort import growth

SIX = datetime(2025, 9, 8, 6, tzinfo=UTC)
DAY = datetime(2025, 9, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 08 Sep 2025 06:00:00 GMT",
        "Fri, 08 Sep 2025 06:00:00 GMT",  # the weekday is wrong
        "Mon, 8 Sep 25 6:00 UT",
        "Monday, 08 September 2025 06:00:00 Z",
        "Mon,08 Sep 2025 06:00:00 +0000",
        "08-Sep-2025 06:00:00 GMT",
        "Mon, 08 Sep 2025 08:00:00 +0200",
        "Mon, 08 Sep 2025 08:00:00 +02:00",
        "Mon, 08 Sep 2025 07:00:00 GMT+1",
        "Mon, 08 Sep 2025 08:00:00 GMT+02:00",
        "Mon, 08 Sep 2025 08:00:00 UTC+2",
        "Mon, 08 Sep 2025 08:00:00 +0200 (CEST)",
        "Mon, 08 Sep 2025 08:00:00 CEST",
        "Mon, 08 Sep 2025 07:00:00 BST",
        "Mon, 08 Sep 2025 01:00:00 EST",
        "Sun, 07 Sep 2025 23:00:00 PDT",
        "Mon, 08 Sep 2025 06:00:00 Etc/GMT",
        "Mon, 08 Sep 2025 06:00:00 XYZ",
        "Mon, Sep 8 2025 6:00 AM",
        "September 8, 2025 6:00 a.m.",
        "Mon Sep  8 06:00:00 2025",
        "Mon Sep 8 08:00:00 +0200 2025",
        "Mon Sep 08 01:00:00 EST 2025",
        "2025-09-08T06:00:00Z",
        "2025-09-08T06:00Z",
        "2025-09-08T06:00:00.000+00:00",
        "2025-09-08t06:00:00z",
        "2025-09-08 06:00:00",
        "2025-09-08 08:00:00 +0200",
        "2025-09-08T00:30:00-05:30",
        "20250908T060000Z",
        "20250908060000",
        "2025-251T06:00:00Z",
        "2025-W37-1T06:00:00Z",
        "2025/09/08 06:00:00",
        "Mon, 2025/09/08 02:00:00 EDT",
        "1757311200",
        "1757311200000",
        "Lun, 08 septembre 2025 08:00:00 +0200",
        "Mo, 08 September 2025 08:00:00 MESZ",
        "lunes, 8 de septiembre de 2025 06:00:00 GMT",
        "lun, 08 set 2025 06:00:00 GMT",
        "seg, 8 de setembro de 2025 06:00",
        "Пн, 08 сентября 2025 09:00:00 MSK",
        "Δευ, 08 Σεπ 2025 06:00:00 GMT",
        "pon., 8 wrz 2025 06:00",
        "2025년 09월 08일 15:00:00 +0900",
        "2025-szeptember-08T06:00+00:00",
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    assert parse_date(text) == SIX


@pytest.mark.parametrize(
    "text",
    [
        *("2025-09-08", "20250908", "2025/09/08", "2025.09.08", "08 Sep 2025", "8.9.2025"),
        *("9/8/2025", "08-09-2025", "25-09-08", "2025-251", "Sep 8, 2025", "8 septembre 2025"),
        *("8. September 2025", "8 september 2025", "2025年9月8日", "Mon, 08 Sep 2025"),
    ],
)
def test_a_day_is_midnight_in_utc(text: str) -> None:
    assert parse_date(text) == DAY


@pytest.mark.parametrize(
    ("text", "month"),
    [
        *(("5 janv. 2024", 1), ("5 févr. 2024", 2), ("mar, 5 mars 2024", 3), ("5 abr 2024", 4)),
        *(("5 mei 2024", 5), ("5 juin 2024", 6), ("5 juil. 2024", 7), ("5 août 2024", 8)),
        *(("5 Okt 2024", 10), ("5 ottobre 2024", 10), ("5 Dez 2024", 12), ("5 gen 2024", 1)),
        *(("5 März 2024", 3), ("5 mrt 2024", 3), ("5 maart 2024", 3), ("5 outubro 2024", 10)),
        *(("mar., 5 mar. 2024", 3), ("5 марта 2024", 3), ("5 мая 2024", 5), ("5 ene 2024", 1)),
        *(("5 dic 2024", 12), ("5 lug 2024", 7), ("5 giu 2024", 6), ("5 mag 2024", 5)),
    ],
)
def test_months_by_name(text: str, month: int) -> None:
    assert parse_date(text) == datetime(2024, month, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-09-08T24:00:00Z", DAY + timedelta(days=1)),
        ("Mon, 08 Sep 2025 24:00:00 GMT", DAY + timedelta(days=1)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2025-09-08T06:00:00.250Z", SIX + timedelta(milliseconds=250)),
        ("Mon, 08 Sep 2025 6:00:00 PM GMT", SIX + timedelta(hours=12)),
        ("9/8/2025 12:30 AM", DAY + timedelta(minutes=30)),
        ("2025-09", datetime(2025, 9, 1, tzinfo=UTC)),
        ("2025", datetime(2025, 1, 1, tzinfo=UTC)),
        ("Fri, 05 Sep 97 00:00:00 GMT", datetime(1997, 9, 5, tzinfo=UTC)),
        ("13/09/2025", datetime(2025, 9, 13, tzinfo=UTC)),
        ("09/13/2025", datetime(2025, 9, 13, tzinfo=UTC)),
        ("Thu, 118 Jun 2015 14:30:25 +0200", datetime(2015, 6, 18, 12, 30, 25, tzinfo=UTC)),
    ],
)
def test_odd_dates(text: str, moment: datetime) -> None:
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "yesterday", "Friday", "3 days ago", "06:00", "May", "n/a", "0", "12", "-1"),
        *("Tue, 30 Feb 2021 25:61:00 GMT", "2021-13-45T99:99:99Z", "Mon, 99 Sep 2025 06:00:00 GMT"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "9" * 5_000, "1:" * 5_000),
        *("٣٢/٣٢/٣٢٣٢", "mar 99 99 99", "0000-00-00 00:00:00", "31 Jun 2025"),
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


def test_nothing_is_none() -> None:
    assert parse_date(None) is None


def test_usual_dates_are_read_about_as_fast_as_by_the_standard_library() -> None:
    usual = [f"Mon, 08 Sep 2025 06:{n % 60:02}:{n // 60:02} +0200" for n in range(3_000)]

    def read_with(read: Callable[[str], object]) -> None:
        for text in usual:
            read(text)

    assert growth(read_with, parsedate_to_datetime, parse_date) < 10


PLAINLY_WRONG = {
    # feedparser's reading is an accident: it takes the first digits for a calendar date, or
    # lets the thirteenth month and the 99th hour overflow.
    *("1609459200", "2021-13-45T99:99:99Z"),
}


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no shared feeds on this machine")
def test_every_date_that_feedparser_reads_is_the_same_moment() -> None:
    import re

    from feedparser.datetimes import _parse_date

    element = re.compile(rb"<(?:pubDate|dc:date|updated|published|lastBuildDate)>([^<]+)<")
    files = [path for path in (SHARED / "data" / "feeds").rglob("*") if path.is_file()]
    texts = {m.decode("utf-8", "replace") for f in files for m in element.findall(f.read_bytes())}
    assert len(texts) > 1_000
    for text in sorted(texts - PLAINLY_WRONG):
        theirs = _parse_date(text.strip())
        if theirs:
            ours = parse_date(text)
            assert ours and ours.timetuple()[:6] == tuple(theirs)[:6], text
