"""Values as feeds write them: text, addresses, numbers, durations.

Text leaves here as plain text: no markup survives, so nothing downstream has to think of it.
Every expression here takes time in proportion to its input. (nh3, which reads HTML as a browser
does, takes 4.5 s for 80 kB of unclosed formatting, in one item; feeds come from anyone.)
"""

import html
import re
from functools import lru_cache
from urllib.parse import urljoin

from podcast_insights.net.client import FetchError, check_scheme

MAX_TEXT_CHARS = 20_000
MAX_RAW_CHARS = 4 * MAX_TEXT_CHARS
MAX_TITLE_CHARS = 2_000
MAX_ADDRESS_CHARS = 8_000
MAX_DIGITS = 15
MAX_SECONDS = 1_000_000

HIDDEN = re.compile(
    r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE
)
"""Comments and what a browser does not show."""
BREAK = re.compile(r"<(?=/?(?:p|br|li|div|h\d|tr|td|th|ul|ol|blockquote|hr)\b)", re.IGNORECASE)
TAG = re.compile(r"<[a-zA-Z/!?](?:[^>=]++|=\s*+\"[^\"]*+(?:\"|$)|=\s*+'[^']*+(?:'|$)|=)*+(?:>|$)")
ESCAPED_TAG = re.compile(
    r"</?(?:a|abbr|audio|b|base|blockquote|body|br|button|center|code|del|details|div|em|embed|"
    r"figure|font|form|frame|h[1-6]|head|hr|html|i|iframe|img|input|ins|kbd|li|link|math|meta|"
    r"object|ol|p|pre|q|s|script|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|"
    r"template|textarea|th|thead|title|tr|tt|u|ul|video)\b[^<>]*>",
    re.IGNORECASE,
)
"""Markup that was escaped once more than it should be. Only what HTML knows: `x<y` is text."""
SPACE = re.compile(r"\s+")
C1_CONTROLS = re.compile("[\x80-\x9f]")
NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def plain(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Text without markup, entities resolved, white space folded, bounded in length."""
    text = text[: 4 * limit]
    if "<" in text:
        text = TAG.sub("", BREAK.sub(" <", HIDDEN.sub("", text)))
    if "&" in text:
        text = without_escaped_tags(html.unescape(text))
    return SPACE.sub(" ", storable(mended(text))).strip()[:limit]


def without_escaped_tags(text: str) -> str:
    """Text without tags that appeared when entities were resolved."""
    for _ in range(3):
        text, count = ESCAPED_TAG.subn(" ", text)
        if not count:
            return text
    return text.replace("<", " ")  # nested on purpose


def mended(text: str) -> str:
    """Text of UTF-8 that was taken for Latin-1 on its way, or of Windows-1252 controls."""
    if text.isascii():
        return text
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return C1_CONTROLS.sub(lambda match: cp1252(match[0]), text)


def cp1252(control: str) -> str:
    """The character that Windows-1252 has at the place of a control character."""
    return control.encode("latin-1").decode("cp1252", "replace")


def storable(text: str) -> str:
    """Text that UTF-8 and a database can hold."""
    return NEVER.sub("\ufffd", text)


def label(text: str | None) -> str | None:
    """A short plain text, or None if there is none."""
    return plain(text or "", MAX_TITLE_CHARS) or None


def address(text: str | None, base: tuple[str, ...] = ()) -> str | None:
    """An address of any scheme, absolute if `base` makes it so; None if empty or too long."""
    url = storable("".join((text or "").split("\n")).strip())
    if not url or len(url) > MAX_ADDRESS_CHARS:
        return None
    if url[:8].lower().startswith(("https://", "http://")):
        return url
    try:
        return urljoin(base_address(base), url) or None
    except ValueError:
        return url


@lru_cache(maxsize=64)
def base_address(base: tuple[str, ...]) -> str:
    """Where relative addresses start: each `xml:base` may be relative to the one around it."""
    start = ""
    for part in base:
        start = urljoin(start, storable(part.strip()[:MAX_ADDRESS_CHARS]))
    return start


def web_address(text: str | None, base: tuple[str, ...] = ()) -> str | None:
    """An http(s) address, or None; a feed may not name files or scripts."""
    url = address(text, base)
    try:
        check_scheme(url or "")
    except FetchError:
        return None
    return url


def media_type(text: str | None) -> str | None:
    """A media type in lower case without parameters."""
    return plain((text or "").partition(";")[0], 100).lower() or None


def size(text: str | None) -> int | None:
    """Claimed bytes; 0 and nonsense mean that nobody knows."""
    digits = (text or "").strip()
    usable = digits.isascii() and digits.isdecimal() and len(digits) <= MAX_DIGITS
    return int(digits) or None if usable else None


def number(text: str | None) -> float | None:
    """A season's or episode's number, not negative."""
    found = re.search(r"\d{1,6}(?:\.\d{1,3})?", (text or "")[:100])
    negative = found and (text or "")[: found.start()].rstrip().endswith("-")
    return float(found[0]) if found and not negative else None


CLOCK = re.compile(r"\d{1,6}(?:[.,]\d{1,9})?(?::\d{1,6}(?:[.,]\d{1,9})?){0,2}")
AMOUNT = re.compile(r"(\d{1,6}(?:[.,]\d{1,6})?)\s*([a-z]{1,8})\.?[\s,:]*")
WORTH = {
    **dict.fromkeys("h hr hrs hour hours std stunde stunden heure heures".split(), 3600),
    **dict.fromkeys("m min mins mn minute minutes minuten minutos".split(), 60),
    **dict.fromkeys("s sec secs second seconds sek sekunden".split(), 1),
}


def seconds(text: str | None) -> float | None:
    """A duration: seconds, MM:SS, HH:MM:SS, `1h 2m 3s`, `45 min`, `PT1H`."""
    claimed = (text or "").strip().lower()[:100]
    total = from_clock(claimed) if CLOCK.fullmatch(claimed) else from_units(claimed)
    return total if 0 < total < MAX_SECONDS else None


def from_clock(claimed: str) -> float:
    """Seconds of numbers between colons."""
    total = 0.0
    for part in claimed.split(":"):
        total = total * 60 + float(part.replace(",", "."))
    return total


def from_units(claimed: str) -> float:
    """Seconds of amounts with units; 0 if anything else is there."""
    claimed = claimed.removeprefix("pt")
    amounts = AMOUNT.findall(claimed)
    if AMOUNT.sub("", claimed) or any(unit not in WORTH for _, unit in amounts):
        return 0.0
    return sum(float(amount.replace(",", ".")) * WORTH[unit] for amount, unit in amounts)
