"""Dates as feeds write them, in UTC.

A date without time is midnight; one without zone, or with a zone we do not know, is UTC. Of
`03/04/2025`, where both could be the month, the first is: slashes are mostly American. With
dots or dashes (`03.04.2025`, `03-04-2025`) the first is the day. Nothing is ever filled in from
today's date, so that a feed reads the same tomorrow.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

MAX_CHARS = 100

HOURS = {
    **dict.fromkeys(("z", "ut", "utc", "gmt", "wet"), 0.0),
    **{"nst": -3.5, "ndt": -2.5, "adt": -3, "ast": -4, "at": -4, "edt": -4, "est": -5, "et": -5},
    **{"cdt": -5, "cst": -6, "ct": -6, "mdt": -6, "mst": -7, "mt": -7, "pdt": -7, "pst": -8},
    **{"pt": -8, "akdt": -8, "akst": -9, "hst": -10, "brt": -3, "art": -3, "clt": -4},
    **{"bst": 1, "ist": 5.5, "west": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "mez": 1},
    **{"mesz": 2, "eet": 2, "eest": 3, "msk": 3, "msd": 4, "sast": 2, "cat": 2, "eat": 3},
    **{"wat": 1, "pkt": 5, "hkt": 8, "sgt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5},
    **{"acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13},
    **{"a": -1, "n": 1, "m": -12, "y": 12},  # RFC 822's military zones
}
"""Hours ahead of UTC. Where a name has several meanings, the one of English-language feeds."""

ENGLISH = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "mon tue wed thu fri sat sun".split()
MONTHS = {name: number for number, name in enumerate(ENGLISH, 1)}

STEMS = (
    # English, German, French, Spanish, Italian, Portuguese, Dutch, Nordic, Finnish, Polish,
    # Czech, Hungarian, Romanian, Turkish, Russian, Ukrainian, Greek; without accents.
    "jan jaen ene gen ian tammi sty led oca янв січ ιαν",
    "feb fev febr helmi lut uno sub фев лют φεβ",
    "mar maer mrt maar maal marz bre мар бер μαρ μαω",
    "apr avr abr avri huht kwi dub nis апр кві απρ",
    "may mai mei maj mag touk kve май мая тра μαι",
    "jun juin giu iun kesa cze haz июн чер ιουν ιον",
    "jul juil lug iul hein lip cervenec tem июл лип ιουλ ιολ",
    "aug aou ago agu elo sie srp авг сер αυγ",
    "sep szep set syys wrz zar eyl сен вер σεπ",
    "oct okt ott out loka paz rij eki окт жов οκτ",
    "nov noi noe noie marr lis listopad kas ноя лис νοε",
    "dec dez dic des gru pro jou ara дек гру δεκ",
)

RFC822 = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s*)?(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*[.,]?[\s-]+(\d{4}|\d{2})"
    r"(?:,?\s+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?)?\s*([-+(\w:/]*)(?:\s*\([\w ]*\))?"
)
MISTYPED_DAY = re.compile(r"([A-Za-z]{3}),? (\d{3})( ([A-Za-z]{3}) (\d{4}) .*)")
WEEKDAY = re.compile(r"^[^\W\d_]{2,}\.?,?\s+(?=\d{4})")
ISO_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?|(\d{2})(\d{2}))?(?!\d)")
ISO_ORDINAL = re.compile(r"(\d{4}|\d{2})-?(\d{3})(?!\d)")
ISO_WEEK = re.compile(r"(\d{4})-?W(\d{2})(?:-?([1-7]))?", re.IGNORECASE)
SHORT_YEAR = re.compile(r"(\d{2})-?(\d{2})-?(\d{2})(?![\d/.-])")
NUMERIC = re.compile(r"(?:[^\W\d_]+\.?,?\s+)?(\d{1,2})([/.-])(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)")
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)?(?![\d])")
CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
EPOCH = re.compile(r"(\d{10})(\d{3})?(?:\.\d+)?")
CLOCK = re.compile(
    r"(?<![\d:])(?P<half>(?:오전|오후|上午|下午|午前|午後)\s*)?(\d{1,2})[:h](\d{2})?"
    r"(?::(\d{1,2})(?:[.,](\d{1,9}))?)?\s*(?P<after>[ap]\.?\s?m\.?(?![A-Za-z]))?",
    re.IGNORECASE,
)
BASIC_CLOCK = re.compile(r"T?(\d{2})(\d{2})(\d{2})?(?:[.,](\d{1,9}))?(?!\d)")
AFTERNOON = ("p", "오후", "下午", "午後")
ZONE = re.compile(r"[\s(]*([A-Za-z]{1,5}(?![A-Za-z/]))?\)?\s*(?:([-+−])\s?(\d{1,2}):?(\d{2})?)?")
WORDS = re.compile(r"[^\W\d_]+")


def parse_date(text: str | None) -> datetime | None:
    """The moment that `text` names, in UTC, or None if it can't be read."""
    text = " ".join((text or "")[:MAX_CHARS].split())
    for reader in READERS:
        try:
            moment = reader(text)
        except (ValueError, OverflowError):  # no such day, hour or year
            moment = None
        if moment is not None:
            return moment
    return None


def from_rfc822(text: str) -> datetime | None:
    """`Mon, 08 Sep 2025 06:00:00 +0200` and its variants: what nearly all feeds have."""
    found = RFC822.fullmatch(text)
    month = MONTHS.get(found[2].lower()) if found else None
    if not found or not month:
        return None
    day = date(full_year(found[3]), month, int(found[1]))
    return moment_of(day, found[4], found[5], found[6], zone=zone_of(found[7]))


def from_iso(text: str) -> datetime | None:
    """ISO 8601: calendar, week and ordinal dates, also with slashes, dots or a weekday."""
    text = WEEKDAY.sub("", text, count=1)
    for pattern, day_from in ISO_FORMS:
        found = pattern.match(text)
        day = day_from(found) if found else None
        if found and day:
            return with_clock(day, text[found.end() :])
    return None


def from_epoch(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    found = EPOCH.fullmatch(text)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def from_compact(text: str) -> datetime | None:
    """`20250908060000` or `20250908T0600`, with or without zone."""
    found = COMPACT.match(text)
    if not found or not 1 <= int(found[2]) <= 12:
        return None
    day = date(int(found[1]), int(found[2]), int(found[3]))
    return moment_of(day, *found.groups()[3:6], zone=zone_of(text[found.end() :]))


def from_words(text: str) -> datetime | None:
    """A month by its name, day and year around it in any order."""
    clock = CLOCK.search(text)
    rest = text[clock.end() :] if clock else ""
    offset = ZONE.match(rest) if clock else None
    kept = (text[: clock.start()] + " " + rest[offset.end() :]) if clock and offset else text
    words = [month_of(word) for word in WORDS.findall(text)]
    months = [month for month in words if month]
    numbers = re.findall(r"\d+", kept)
    if not months or len(numbers) < 2:
        return None
    years = [n for n in numbers if len(n) == 4]
    days = [n for n in numbers if len(n) <= 2]
    if not days or not (years or len(days) > 1):
        return None
    # `mar.` is a Tuesday before it is March: of several months the last one counts.
    day = date(full_year(years[0] if years else days[1]), months[-1], int(days[0]))
    return with_clock(day, text[clock.start() :] if clock else "")


def from_mistyped_day(text: str) -> datetime | None:
    """`Thu, 118 Jun 2015`: two of the three digits, if the weekday agrees."""
    found = MISTYPED_DAY.fullmatch(text)
    month = MONTHS.get(found[4].lower()) if found else None
    if not found or not month:
        return None
    weekday, digits, rest = found[1].lower(), found[2], found[3]
    for day in (digits[1:], digits[:2]):
        if (
            1 <= int(day) <= 28
            and WEEKDAYS[date(int(found[5]), month, int(day)).weekday()] == weekday
        ):
            return from_rfc822(f"{day}{rest}")
    return None


def from_cjk(text: str) -> datetime | None:
    """Year, month and day with Chinese, Japanese or Korean signs; Korean ones are in Seoul."""
    found = CJK.match(text)
    if not found:
        return None
    return with_clock(date(*map(int, found.groups())), text[found.end() :])


def from_numbers(text: str) -> datetime | None:
    """`8.9.2025` or `9/8/2025`; see the module's first lines for which is the month."""
    found = NUMERIC.match(text)
    if not found:
        return None
    first, second = int(found[1]), int(found[3])
    is_month_first = second > 12 or (found[2] == "/" and first <= 12)
    day, month = (second, first) if is_month_first else (first, second)
    return with_clock(date(full_year(found[4]), month, day), text[found.end() :])


READERS: tuple[Callable[[str], datetime | None], ...] = (
    from_rfc822,
    from_epoch,
    from_compact,
    from_cjk,
    from_iso,
    from_numbers,
    from_mistyped_day,
    from_words,
)


def calendar_day(found: re.Match[str]) -> date | None:
    """Year, month and day; if there is no more in the text, the latter may be missing."""
    if not (found[3] or found[5]) and found.end() < len(found.string):
        return None
    month, day = found[2] or found[4] or "1", found[3] or found[5] or "1"
    return date(int(found[1]), int(month), int(day))


def ordinal_day(found: re.Match[str]) -> date | None:
    """Year and day of the year."""
    ordinal = int(found[2])
    return date(full_year(found[1]), 1, 1) + timedelta(ordinal - 1) if 0 < ordinal < 367 else None


def week_day(found: re.Match[str]) -> date | None:
    """Year, week, perhaps the day of the week."""
    return date.fromisocalendar(int(found[1]), int(found[2]), int(found[3] or 1))


def short_day(found: re.Match[str]) -> date | None:
    """Year of two digits, month, day: the only order that ISO 8601 knows."""
    year, month, day = (int(part) for part in found.groups())
    return date(2000 + year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None


ISO_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], date | None]], ...] = (
    (ISO_WEEK, week_day),
    (re.compile(r"(\d{4}|\d{2})-(\d{3})(?!\d)"), ordinal_day),
    (ISO_DATE, calendar_day),
    (SHORT_YEAR, short_day),
    (ISO_ORDINAL, ordinal_day),
)


def with_clock(day: date, rest: str) -> datetime:
    """A day with the time and zone in `rest`, if there are any."""
    clock = CLOCK.search(rest)
    if not clock:
        basic = BASIC_CLOCK.match(rest.strip())
        if not basic:
            return moment_of(day)
        return moment_of(day, *basic.groups(), zone=zone_of(rest.strip()[basic.end() :]))
    half = (clock["half"] or clock["after"] or "").strip().lower()
    hour = int(clock[2])
    if half:
        hour = hour % 12 + (12 if half.startswith(AFTERNOON) else 0)
    zone = zone_of(rest[clock.end() :])
    return moment_of(day, hour, clock[3], clock[4], clock[5], zone=zone)


def moment_of(
    day: date,
    hour: str | int | None = None,
    minute: str | None = None,
    second: str | None = None,
    fraction: str | None = None,
    *,
    zone: timedelta = timedelta(0),
) -> datetime:
    """The moment in UTC. 24:00 is the next day's start; a leap second is the one before it.

    Raises:
        ValueError: no such time.
        OverflowError: before year 1 or after 9999 in UTC.
    """
    hours, minutes, seconds = (int(part or 0) for part in (hour, minute, second))
    microseconds = int((fraction or "0")[:6].ljust(6, "0"))
    if hours > 24 or (hours == 24 and (minutes or seconds)):
        raise ValueError("no such hour")
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if minutes > 59 or seconds > 60:
        raise ValueError("no such minute")
    time = timedelta(
        hours=hours, minutes=minutes, seconds=min(seconds, 59), microseconds=microseconds
    )
    return start + time - zone


def zone_of(text: str | None) -> timedelta:
    """How far a zone is ahead of UTC: an offset, a name, or a name with an offset."""
    found = ZONE.match((text or "").removeprefix("Etc/"))
    if not found:
        return timedelta(0)
    name, sign, hours, minutes = found.groups()
    if sign:
        ahead = timedelta(hours=int(hours), minutes=int(minutes or 0))
        return ahead if sign == "+" else -ahead
    return timedelta(hours=HOURS.get((name or "").lower(), 0))


def full_year(digits: str) -> int:
    """A year of two digits lies between 1990 and 2089."""
    year = int(digits)
    return year if len(digits) > 2 else year + (1900 if year >= 90 else 2000)


def month_of(word: str) -> int | None:
    """The month that a word names in one of many languages."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    matches = [stem for stem in MONTH_STEMS if bare.startswith(stem)]
    return MONTH_STEMS[max(matches, key=len)] if matches else None


MONTH_STEMS = {
    "".join(c for c in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(c)): number
    for number, stems in enumerate(STEMS, 1)
    for stem in stems.split()
}
