"""HTML transcripts: Podcasting 2.0's `<cite>`, `<time>`, `<p>`, and pages with times in the text.

Read as a stream by lxml: no tree, no network, no entities but HTML's own.
"""

import html
import re

from podcast_insights.transcripts.publishing.marks import Mark, Said, Speaker, Time, placed
from podcast_insights.transcripts.publishing.pieces import (
    CLOCK,
    TranscriptFormatError,
    clean,
    clock_s,
    name_of,
)
from podcast_insights.transcripts.publishing.plain import MAX_LINES, marks_in
from podcast_insights.transcripts.publishing.speakers import ROLE, with_speakers
from podcast_insights.transcripts.records import Segment

BLOCKS = frozenset(
    "p div li br tr td dt dd h1 h2 h3 h4 h5 h6 section article blockquote main body".split()
)
PASSED_OVER = frozenset(
    "script style head title nav footer aside form button select noscript template svg".split()
)
WORD = re.compile(r"\w")
ONE_TIME = re.compile(rf"\s*[\[(]?{CLOCK}[\])]?\s*")


class Reader:
    """Collects marks and lines of text; the target of lxml's parser."""

    def __init__(self) -> None:
        self.found: list[Mark] = []
        self._text: list[str] = []
        self._has_text = False
        self._is_speaker = False
        self._passed_over = 0

    def start(self, tag: str, attributes: object) -> None:
        """An element begins."""
        if tag in PASSED_OVER:
            self._passed_over += 1
        if tag == "cite":
            # Within a sentence it is the title of a work.
            self._is_speaker = not self._has_text
        if tag in BLOCKS or tag == "time" or (tag == "cite" and self._is_speaker):
            self._flush()

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in PASSED_OVER:
            self._passed_over = max(self._passed_over - 1, 0)
        if tag == "cite" and not self._is_speaker:
            return
        if tag == "cite" and (name := name_of("".join(self._text))):
            self._take()
            self.found.append(Speaker(ROLE.sub("", name)))
        elif tag == "time" and (at := ONE_TIME.fullmatch("".join(self._text)[:80])):
            self._take()
            self.found.append(Time(clock_s(at.groups())))
        elif tag in BLOCKS or tag in ("cite", "time"):
            self._flush()

    def data(self, text: str) -> None:
        """Text between tags."""
        if not self._passed_over:
            self._text.append(text)
            self._has_text = self._has_text or bool(WORD.search(text))

    def comment(self, text: str) -> None:
        """Nobody said it."""

    def close(self) -> list[Mark]:
        """All that was found."""
        self._flush()
        return self.found

    def _take(self) -> str:
        text = "".join(self._text)
        self._text, self._has_text = [], False
        return text

    def _flush(self) -> None:
        text = clean(html.escape(self._take(), quote=False))
        if text:
            self.found.append(Said(text))


def parse_page(text: str) -> list[Segment]:
    """A page's paragraphs.

    Raises:
        TranscriptFormatError: no times in it, or too few.
    """
    from lxml import etree

    parser = etree.HTMLParser(target=Reader(), encoding="utf-8", no_network=True, huge_tree=False)
    try:
        parser.feed(text.encode("utf-8", "replace"))
        found = parser.close()
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise TranscriptFormatError(f"not readable as HTML: {str(error)[:200]}") from error
    has_elements = any(isinstance(mark, Time) for mark in found)
    if has_elements and len(found) <= MAX_LINES:
        return with_speakers(placed(found))
    return with_speakers(placed(marks_in(found)))
