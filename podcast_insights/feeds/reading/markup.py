"""The reader of well-formed markup: libxml2, without a tree of its own.

It sees neither declarations nor entities (`document.py`), and has no network. What it refuses
is read again by `mending.py`.
"""

import re
from collections.abc import Iterator

from lxml import etree

from podcast_insights.feeds.reading.document import Document, hostile
from podcast_insights.feeds.reading.names import NAMESPACES
from podcast_insights.feeds.reading.tree import MAX_DEPTH, TooDeepError, TreeBuilder

CHUNK = 1 << 16
MAX_QUIET = 1 << 21
MAX_PREFIXES = 1_000

PREFIX = re.compile(rb"</?([A-Za-z_][\w.-]{0,40}):")

ROOT = "feed-document"
"""Put around the document, so that usual prefixes need no declaration and items that follow
the root element count too."""


class MarkupError(Exception):
    """The document is not well-formed."""


class StrictTarget:
    """Passes libxml2's events to a tree builder."""

    def __init__(self, builder: TreeBuilder) -> None:
        """Events go to `builder`."""
        self.builder = builder
        self.names = builder.names
        self.data = builder.data  # comes in many small pieces: no detour

    def start_ns(self, prefix: str | None, address: str) -> None:
        """A namespace is declared."""
        self.names.declare(prefix, address)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag != ROOT:
            name_of = self.names.of_attribute
            found = {name_of(key): value for key, value in attributes.items()}
            self.builder.start(self.names.of_tag(tag), found)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag != ROOT:
            self.builder.end(self.names.of_tag(tag))

    def close(self) -> None:
        """The document ends."""


def read_strictly(document: Document, builder: TreeBuilder) -> None:
    """Read a well-formed document.

    Raises:
        MarkupError: it is not well-formed; the builder has seen a part of it.
    """
    parser = etree.XMLParser(
        target=StrictTarget(builder),
        encoding="utf-8",
        no_network=True,
        load_dtd=False,
        # Only the five of XML are left (`document.py`); with False, `&amp;` in an attribute
        # comes as `&#38;`.
        resolve_entities="internal",
        huge_tree=False,
    )
    try:
        parser.feed(f"<{ROOT} {declarations(document)}>".encode())
        for piece in lively(document, builder):
            parser.feed(piece)
        parser.feed(f"</{ROOT}>".encode())
        parser.close()
    except etree.XMLSyntaxError as error:
        raise MarkupError(str(error.msg).partition(", line")[0].strip()[:200]) from error
    except TooDeepError as error:
        raise MarkupError(f"more than {MAX_DEPTH} elements are open") from error


def lively(document: Document, builder: TreeBuilder) -> Iterator[bytes]:
    """The document in pieces, as long as elements come of them.

    libxml2 keeps a tag or CDATA section until it is complete, in many times its size.
    """
    quiet, before = 0, 0
    for start in range(document.start, len(document.text), CHUNK):
        yield document.text[start : start + CHUNK]
        quiet = quiet + CHUNK if builder.element_count == before else 0
        before = builder.element_count
        if quiet > MAX_QUIET:
            raise MarkupError(f"more than {MAX_QUIET:,} bytes without an element")


def declarations(document: Document) -> str:
    """`xmlns` of every prefix in use, for where the document does not declare it."""
    usual = {prefix: address for address, prefix in NAMESPACES.items()}
    used: set[bytes] = set()
    for match in PREFIX.finditer(document.text, document.start):
        used.add(match[1])
        if len(used) > MAX_PREFIXES:
            raise hostile(f"it has more than {MAX_PREFIXES:,} prefixes")
    prefixes = {prefix.decode() for prefix in used} - {"xml", "xmlns"}
    addresses = {prefix: usual.get(prefix.lower(), f"urn:unknown:{prefix}") for prefix in prefixes}
    return " ".join(f'xmlns:{prefix}="{address}"' for prefix, address in addresses.items())
