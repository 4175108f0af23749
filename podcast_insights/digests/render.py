"""A digest as HTML, plain text and Markdown.

All three are made from the same cleaned values: one line per field, no control characters,
no characters that turn the reading direction round. HTML is escaped by jinja2's autoescape,
Markdown by `escaped_markdown`; a link is made only by `web_url`, which lets http and https
through and nothing else. Titles and quotes come from strangers' feeds.

What does not belong here: choosing insights (the asset), files (`files.py`), mail (`mail.py`).
"""

import re
import textwrap
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit, urlunsplit

from podcast_insights.digests.lead import lead
from podcast_insights.digests.model import Digest, Entry, RelatedEntry, clock
from podcast_insights.text import escaped_markdown

if TYPE_CHECKING:  # jinja2 is imported at use: Dagster's code location imports our neighbours.
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
WRAP_AT = 76
SUBJECT_LIMIT = 90
TITLE_LIMIT = 200
TEXT_LIMIT = 3000
"""Nobody writes titles or passages this long; a hostile feed may."""

EXTRACTED = "passages of the episodes in the speakers' own words, chosen by a program"
WRITTEN = "written by a language model, each with a quote that was found in the transcript"

NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
TURNS_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")
WORD = re.compile(r"\w+")
CLOSING_MARKS = re.compile(r"[.!?…,;:\"”'’)]+(?=\s|$)")
URL_MARKS = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class Shown:
    """An entry as the templates need it: the passage in three parts, and the quote if apart.

    Args:
        before: the body up to the quoted words; the whole body when these are not in it.
        marked: the quoted words inside the body, or nothing.
        after: the rest of the body.
        quote: what is set as a quotation of its own, or nothing where the body shows it.
    """

    entry: Entry
    before: str
    marked: str
    after: str
    quote: str


def render_html(digest: Digest, *, is_page: bool = False) -> str:
    """The digest as one self-contained HTML document, for mail and as a page.

    No images, scripts, fonts or style sheets from elsewhere: opening it tells nobody.

    Args:
        digest: what to show.
        is_page: a file in the digests folder, which links to the list of all digests.
    """
    return rendered("digest.html.j2", digest, is_page=is_page)


def render_text(digest: Digest) -> str:
    """The digest as plain text, wrapped at 76 columns; links stay whole on their own lines."""
    return rendered("digest.txt.j2", digest)


def render_markdown(digest: Digest) -> str:
    """The digest as Markdown in which no title, quote or name can make a link or markup."""
    return rendered("digest.md.j2", digest)


def digest_subject(digest: Digest) -> str:
    """The first headline and how many more there are: one line of at most 90 characters."""
    if not digest.entries:
        return f"Podcast Insights: nothing new on {long_date(digest.digest_on)}"
    more = len(digest.entries) - 1
    tail = f" (and {more} more)" if more else ""
    return shortened(digest.entries[0].headline, SUBJECT_LIMIT - len(tail)) + tail


def rendered(name: str, digest: Digest, *, is_page: bool = False) -> str:
    """One of our templates, filled with the cleaned digest."""
    clean = cleaned(digest)
    template = environment().get_template(name)
    text = template.render(
        digest=clean,
        shown=[shown(entry) for entry in clean.entries],
        subject=digest_subject(clean),
        preheader=preheader(clean),
        lead=lead(clean),
        made_by=made_by(clean),
        is_page=is_page,
    )
    return text.strip() + "\n"


@cache
def environment() -> "Environment":
    """Jinja with our filters; HTML templates escape by themselves, unknown names are errors."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "clock": clock,
        "long_date": long_date,
        "web_url": web_url,
        "md": escaped_markdown,
        "wrapped": wrapped,
    }
    return made


def cleaned(digest: Digest) -> Digest:
    """The digest with every text on one line, printable and of bearable length."""
    return replace(
        digest,
        reader_name=shortened(digest.reader_name),
        entries=tuple(cleaned_entry(entry) for entry in digest.entries),
    )


def cleaned_entry(entry: Entry) -> Entry:
    """One entry with every text on one line, printable and of bearable length."""
    return replace(
        entry,
        headline=shortened(entry.headline),
        body=shortened(entry.body, TEXT_LIMIT),
        quote=shortened(entry.quote, TEXT_LIMIT).strip('"“” '),
        speaker=shortened(entry.speaker or "") or None,
        show_title=shortened(entry.show_title),
        episode_title=shortened(entry.episode_title),
        also_in=tuple(shortened(show) for show in entry.also_in),
        topic=shortened(entry.topic or "") or None,
        related=tuple(cleaned_link(link) for link in entry.related),
    )


def cleaned_link(link: RelatedEntry) -> RelatedEntry:
    """One related insight, the same."""
    return replace(
        link,
        headline=shortened(link.headline),
        show_title=shortened(link.show_title),
        episode_title=shortened(link.episode_title),
    )


def shown(entry: Entry) -> Shown:
    """Split the passage so that no words are printed twice in a row.

    An extracted body holds its quote, which is marked in place, or left out where the body
    starts with it and the headline has just said it. A written body is followed by the
    quote, its proof. A body that is nothing but the quote is shown as such.
    """
    span = span_of(entry.quote, entry.body) if entry.engine == "extractive" else None
    if span and span[0] == 0 and words(entry.headline) == words(entry.quote):
        return Shown(entry, entry.body[span[1] :].strip(), "", "", "")
    if words(entry.body) == words(entry.quote):
        return Shown(entry, "", "", "", entry.quote or entry.body)
    if span is None:
        return Shown(entry, entry.body, "", "", entry.quote)
    start, end = span
    return Shown(entry, entry.body[:start], entry.body[start:end], entry.body[end:], "")


def words(text: str) -> list[str]:
    """The words alone, as quotes are compared: case and punctuation aside."""
    return [word.casefold() for word in WORD.findall(text)]


def span_of(quote: str, body: str) -> tuple[int, int] | None:
    """Where the words of `quote` stand in `body`, closing punctuation included."""
    wanted = words(quote)
    found = list(WORD.finditer(body))
    present = [match.group().casefold() for match in found]
    for first in range(len(present) - len(wanted) + 1 if wanted else 0):
        if present[first : first + len(wanted)] == wanted:
            end = found[first + len(wanted) - 1].end()
            marks = CLOSING_MARKS.match(body, end)
            return found[first].start(), marks.end() if marks else end
    return None


def preheader(digest: Digest) -> str:
    """What an inbox shows beside the subject: the headlines that the subject left out."""
    return shortened(" · ".join(entry.headline for entry in digest.entries[1:]))


def made_by(digest: Digest) -> str:
    """Who chose or wrote what is shown; nothing to say where nothing is shown."""
    engines = {entry.engine for entry in digest.entries}
    if not engines:
        return ""
    if engines == {"extractive"}:
        return f"These are {EXTRACTED}."
    if "extractive" not in engines:
        return f"These insights were {WRITTEN}."
    return f"Some of these are {EXTRACTED}; the others were {WRITTEN}."


def folded(text: str) -> str:
    """`text` on one line: no control characters, no broken or direction-turning ones."""
    visible = HALF_CHARACTER.sub("\ufffd", TURNS_DIRECTION.sub("", NO_TEXT.sub(" ", text)))
    return " ".join(visible.split())


def shortened(text: str, limit: int = TITLE_LIMIT) -> str:
    """`text` on one line of at most `limit` characters, cut between words where possible."""
    line = folded(text)
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > limit // 2 else cut).rstrip(" ,;:-") + "…"


def web_url(url: str | None) -> str | None:
    """`url` if it leads to a web server, percent-encoded for any attribute; else None.

    Refused: other schemes (javascript:, data:, file:), no host, and a user name or password,
    which disguise the host and would put a secret into a mail.
    """
    try:
        parts = urlsplit(unicodedata.normalize("NFC", (url or "").strip()))
        host = parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii").decode()
    except ValueError:
        return None
    is_host = re.fullmatch(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?", host)
    if parts.scheme not in ("http", "https") or not is_host or NO_TEXT.search(url or ""):
        return None
    tail = (
        percent_encoded(HALF_CHARACTER.sub("\ufffd", part), safe=URL_MARKS)
        for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme, host, *tail))


def wrapped(text: str, indent: int = 0, hang: int | None = None) -> str:
    """`text` as lines of at most 76 columns, the first indented by `indent`, others by `hang`."""
    return textwrap.fill(
        text,
        WRAP_AT,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if hang is None else hang),
        break_on_hyphens=False,
    )


def long_date(day: date) -> str:
    """8 September 2025."""
    return f"{day.day} {day:%B %Y}"
