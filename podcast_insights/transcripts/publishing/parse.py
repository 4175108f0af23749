"""The way in: which format a file is, whatever it says it is, and its text.

What does not belong here: the formats themselves, each in its own module.
"""

import codecs
import re

from podcast_insights.transcripts.publishing.captions import TIMING, parse_captions
from podcast_insights.transcripts.publishing.json_pieces import parse_json
from podcast_insights.transcripts.publishing.pages import parse_page
from podcast_insights.transcripts.publishing.pieces import (
    MAX_BYTES,
    NoTranscriptError,
    TranscriptFormatError,
    finished,
)
from podcast_insights.transcripts.publishing.plain import parse_plain
from podcast_insights.transcripts.records import Segment

FORMATS = {
    "text/vtt": "vtt",
    "application/x-subrip": "srt",
    "application/srt": "srt",
    "text/srt": "srt",
    "application/json": "json",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "txt",
}
ENDINGS = {"vtt": "vtt", "srt": "srt", "json": "json", "html": "html", "htm": "html", "txt": "txt"}
PARSERS = {
    "json": parse_json,
    "vtt": parse_captions,
    "srt": parse_captions,
    "html": parse_page,
    "txt": parse_plain,
}
"""The formats of Podcasting 2.0, those that say most first."""

MARKUP = re.compile(
    r"<(?:!doctype html|html|head|body|meta|cite|time|p|div|span|article|section|h[1-6])\b", re.I
)
PROLOGUE = re.compile(r"<(?:\?xml|!--|!doctype)", re.I)
PAGE = re.compile(r"<(?:!doctype html|html|body|cite|time)\b", re.I)
XML = re.compile(r"<(?:\?xml|!doctype|[a-z][\w-]*[:\s>])", re.I)
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAX_CONTROL_SHARE = 0.02
CONTROLS = re.compile(r"[\0-\x08\x0e-\x1f]")
SAMPLE = 20_000
BLANK_LINES = re.compile(r"\n{3,}")


def parse_transcript(content: bytes, media_type: str | None, url: str) -> tuple[Segment, ...]:
    """Read a publisher's transcript.

    Args:
        content: the bytes as served.
        media_type: as announced in the feed; the file's ending speaks where it says nothing.
            What the bytes plainly are counts more than either.
        url: for the ending.

    Raises:
        TranscriptFormatError: another format, not decodable, or no timed text in it.
    """
    if len(content) > MAX_BYTES:
        raise TranscriptFormatError(f"larger than {MAX_BYTES // 1_000_000} MB")
    claimed = claimed_format(media_type, url)
    text = decoded(content)
    if not text or text.isspace():
        raise NoTranscriptError("the file is empty")
    kind = plain_format(text)
    if kind == "html" and claimed not in ("html", "txt", None):
        raise NoTranscriptError("a web page was served in place of a transcript")
    if kind is None and claimed in ("vtt", "srt"):
        raise TranscriptFormatError(f"not readable as {claimed}: no caption with a time in it")
    return finished(PARSERS[kind or claimed or "txt"](text))


def claimed_format(media_type: str | None, url: str) -> str | None:
    """What the feed's type, else the address's ending, says; a name of `PARSERS`, or None."""
    announced = (media_type or "").split(";")[0].strip().lower()
    ending = ENDINGS.get(url.split("?")[0].split("#")[0].rsplit(".")[-1].lower())
    kind = FORMATS.get(announced)
    # Hosts that know no type of a file call it plain text.
    return ending or kind if kind == "txt" else kind or ending


def plain_format(text: str) -> str | None:
    """What a text plainly is, or None where it could be several things.

    Raises:
        TranscriptFormatError: something that is no transcript.
    """
    head = text.lstrip()[:SAMPLE]
    if head.startswith("WEBVTT"):
        return "vtt"
    if head.startswith("{") or re.match(r"\[\s*(?:[{\[\]\"]|$)", head):
        return "json"
    if MARKUP.match(head) or (PROLOGUE.match(head) and PAGE.search(head)):
        return "html"
    if XML.match(head):
        raise TranscriptFormatError("an XML document has no times we can read")
    if any(TIMING.match(line) for line in re.split(r"[\r\n]+", head)):
        return "srt"
    return None


def decoded(content: bytes) -> str:
    """The bytes as text, with one kind of line ends and no heaps of blank lines.

    Raises:
        TranscriptFormatError: no text.
    """
    marked = next((name for bom, name in BOMS if content.startswith(bom)), None)
    encoding = marked or unmarked_encoding(content)
    text = content.decode(encoding, errors="replace")
    sample = text[:SAMPLE]
    if len(CONTROLS.findall(sample)) > MAX_CONTROL_SHARE * len(sample):
        raise TranscriptFormatError("not readable as text: it is binary data")
    lines = text.replace("\0", " ").replace("\r\n", "\n").replace("\r", "\n")
    return BLANK_LINES.sub("\n\n", lines)


def is_utf8(content: bytes) -> bool:
    """Whether it is, but for a few damaged characters."""
    wrong = content.decode("utf-8", errors="replace").count("\ufffd")
    above_ascii = len(content) - len(content.decode("ascii", errors="ignore"))
    return wrong * 10 <= above_ascii


def unmarked_encoding(content: bytes) -> str:
    """The encoding of bytes that name none, guessed from a sample."""
    # Before UTF-8, which English in UTF-16 would be as well.
    sample = content[:SAMPLE]
    if sample.count(0) > len(sample) / 5:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    if is_utf8(content):
        return "utf-8"
    from charset_normalizer import from_bytes

    first = re.search(rb"[\x80-\xff]", content)
    start = max(first.start() - 500, 0) if first else 0
    best = from_bytes(content[start : start + 4000]).best()
    # Guesses are poor at short text; cp1252 is what nearly all of such files are.
    return best.encoding if best and best.encoding.startswith(("cp125", "utf")) else "cp1252"
