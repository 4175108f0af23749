"""What is wrong with a feed, in words: for `feeds add` and `feeds check`.

What does not belong here: what the scan does about it, and printing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Literal
from urllib.parse import urlsplit

from podcast_insights.feeds.enclosures import choose, rank_of
from podcast_insights.feeds.model import Feed, Item
from podcast_insights.feeds.parse import FeedFormatError, parse_feed
from podcast_insights.net.client import Answer, FetchError, redact

Severity = Literal["ok", "note", "problem"]

FUTURE_TOLERANCE = timedelta(hours=24)
FIRST_YEAR = 1995
"""No item is older than audio on the web; what claims to be has a broken date."""

SHORTEST_SILENCE = timedelta(days=60)
SILENT_GAPS = 4
"""A feed is called silent after so many of its usual pauses, and two months at least."""

RHYTHM_ITEMS = 20
SLOW_S = 10.0
LARGE_BYTES = 20_000_000
FEW_ITEMS = 10
"""Feeds that show fewer lose items when they are not asked for a while."""


@dataclass(frozen=True)
class Finding:
    """One thing to know about a feed. `code` is for programs, `message` shows no secret.

    `problem` is what keeps episodes from being heard.
    """

    severity: Severity
    code: str
    message: str


@dataclass(frozen=True)
class Report:
    """All findings about one feed."""

    name: str
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity:
        """The worst of its findings."""
        found = {finding.severity for finding in self.findings}
        return "problem" if "problem" in found else "note" if "note" in found else "ok"


def check_feed(
    name: str,
    address: str,
    fetch: Callable[[str], Answer],
    now: Callable[[], datetime],
    *,
    has_login: bool = False,
) -> Report:
    """Fetch a feed and examine it; whatever goes wrong is a finding.

    Args:
        name: shown for the feed until its title is known.
        address: where it is, secrets filled in.
        fetch: asks the host; raises FetchError.
        now: the clock.
        has_login: a password is sent along.
    """
    started = now()
    try:
        answer = fetch(address)
    except FetchError as error:
        code = "gone" if error.status == 410 else error.kind
        return Report(name, (Finding("problem", code, str(error)),))
    seconds = (now() - started).total_seconds()
    about = tuple(examine_answer(address, answer, seconds, has_login=has_login))
    try:
        kind = answer.headers.get("content-type")
        feed = parse_feed(answer.body, url=answer.url, content_type=kind)
    except FeedFormatError as error:
        return Report(name, (*about, Finding("problem", error.reason, str(error))))
    return Report(feed.title or name, (*examine_feed(feed, now=now()), *about))


def examine_answer(
    address: str, answer: Answer, seconds: float, *, has_login: bool = False
) -> Iterator[Finding]:
    """What the host's answer tells, whatever is in it."""
    if urlsplit(answer.moved_to or address).scheme == "http":
        if has_login:
            yield Finding("problem", "not_encrypted", "the password travels unencrypted (http)")
        else:
            yield Finding("note", "not_encrypted", "http, not https: try it with https")
    if answer.moved_to:
        yield Finding("note", "moved", f"has moved for good to {redact(answer.moved_to)}")
    if seconds > SLOW_S:
        yield Finding("note", "slow", f"took {seconds:.0f} s to fetch")
    if answer.size_bytes > LARGE_BYTES:
        yield Finding("note", "large", f"is large: {answer.size_bytes / 1e6:.0f} MB each time")


def examine_feed(feed: Feed, *, now: datetime) -> list[Finding]:
    """What a parsed feed tells about itself, the summary first."""
    findings = [summary(feed, now)]
    findings += [Finding("note", "repaired", f"had to be mended: {r}") for r in feed.repairs]
    if feed.items:
        findings += [*about_audio(feed), *about_identity(feed), *about_dates(feed, now)]
    findings += about_show(feed)
    return findings


def summary(feed: Feed, now: datetime) -> Finding:
    """How many items, the newest, and how often one comes."""
    if not feed.items:
        return Finding("problem", "no_items", "has no items")
    dates = dates_of(feed, now)
    newest = f", the newest of {dates[0]:%Y-%m-%d}" if dates else ""
    gap = usual_gap(dates)
    days = gap.total_seconds() / 86_400 if gap else 0
    rhythm = f", one about every {days:.0f} days" if days >= 1.5 else ", daily" if gap else ""
    return Finding("ok", "items", f"{counted(len(feed.items), 'item')}{newest}{rhythm}")


def about_audio(feed: Feed) -> Iterator[Finding]:
    """Items that can't be heard, and those that are video."""
    choices = [choose(item.enclosures) for item in feed.items]
    silent = sum(choice.enclosure is None for choice in choices)
    total = len(feed.items)
    reasons = Counter(choice.problem for choice in choices if choice.problem)
    why = f" ({reasons.most_common(1)[0][0]})" if reasons else ""
    if silent == total:
        yield Finding("problem", "no_audio", f"no item has audio{why}: not a podcast for us")
    elif silent:
        yield Finding("note", "some_without_audio", f"{of(silent, total)} without audio{why}")
    chosen = [choice.enclosure for choice in choices if choice.enclosure]
    video = sum(rank_of(enclosure) == 2 for enclosure in chosen)
    if video:
        yield Finding("note", "video", f"{of(video, total)} only as video: a larger download")
    unsized = sum(enclosure.size_bytes is None for enclosure in chosen)
    if unsized:
        yield Finding("note", "no_size", f"{of(unsized, total)} without the size of the audio")
    transcribed = sum(bool(item.transcripts) for item in feed.items)
    if transcribed:
        yield Finding(
            "ok", "transcripts", f"{of(transcribed, total)} with a publisher's transcript"
        )


def about_identity(feed: Feed) -> Iterator[Finding]:
    """Missing and repeated GUIDs."""
    total = len(feed.items)
    guids = Counter(item.guid for item in feed.items)
    missing = guids.pop(None, 0)
    if missing:
        yield Finding("note", "no_guid", f"{of(missing, total)} without a GUID: known by address")
    repeated = [(guid, number) for guid, number in guids.items() if number > 1]
    if repeated:
        items = sum(number for _, number in repeated)
        shared = counted(len(repeated), "GUID")
        yield Finding("note", "repeated_guid", f"{of(items, total)} share {shared}")


def about_dates(feed: Feed, now: datetime) -> Iterator[Finding]:
    """Dates that can't be right, and a silence longer than the feed's own pauses."""
    total = len(feed.items)
    kinds = Counter(date_problem(item, now) for item in feed.items)
    for kind, words in DATE_PROBLEMS.items():
        if kinds[kind]:
            message = f"{of(kinds[kind], total)} {words}"
            yield Finding("note", f"date_{kind}", f"{message}: the day it is first seen counts")
    dates = dates_of(feed, now)
    if not dates:
        return
    if feed.is_complete:
        yield Finding("note", "complete", "its publisher says that no more items will come")
        return
    gap = usual_gap(dates) or timedelta()
    if now - dates[0] > max(SHORTEST_SILENCE, SILENT_GAPS * gap):
        days = (now - dates[0]).days
        yield Finding("note", "silent", f"nothing new for {days} days, since {dates[0]:%Y-%m-%d}")


DATE_PROBLEMS = {
    "missing": "without a date",
    "unreadable": "with a date that can't be read",
    "future": "dated in the future",
    "absurd": f"dated before {FIRST_YEAR}",
}


def date_problem(item: Item, now: datetime) -> str | None:
    """What is wrong with an item's date."""
    if item.published_at is None:
        return "unreadable" if item.published_text else "missing"
    if item.published_at > now + FUTURE_TOLERANCE:
        return "future"
    return "absurd" if item.published_at.year < FIRST_YEAR else None


def about_show(feed: Feed) -> Iterator[Finding]:
    """What concerns the show as a whole."""
    if not feed.language:
        yield Finding("note", "no_language", "does not say its language: add `language:` for it")
    if feed.new_feed_url:
        where = redact(feed.new_feed_url)
        yield Finding("note", "new_feed_url", f"its publisher says that it has moved to {where}")
    if feed.next_url or feed.prev_archive_url:
        yield Finding("ok", "archive", "has older items on archive pages (RFC 5005)")
    elif 0 < len(feed.items) < FEW_ITEMS and not feed.is_complete:
        yield Finding("ok", "few_items", "shows its newest items only, or is young")


def dates_of(feed: Feed, now: datetime) -> list[datetime]:
    """The dates that can be right, newest first."""
    good = (i.published_at for i in feed.items if date_problem(i, now) is None)
    return sorted((date.astimezone(UTC) for date in good if date), reverse=True)


def usual_gap(dates: list[datetime]) -> timedelta | None:
    """The median time between the newest items, or None where there are too few."""
    newest = dates[:RHYTHM_ITEMS]
    if len(newest) < 3:
        return None
    gaps = [(a - b).total_seconds() for a, b in zip(newest, newest[1:], strict=False)]
    return timedelta(seconds=median(gaps))


def of(count: int, total: int) -> str:
    """A share of the items."""
    return f"all {counted(total, 'item')}" if count == total else f"{count} of {total} items"


def counted(count: int, noun: str) -> str:
    """A number with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
