"""A feed's bytes as one UTF-8 document without declarations.

What comes out starts at the root element: no XML declaration, no DOCTYPE, no byte order mark.
So no XML parser ever sees an entity declaration, and none has to guess an encoding.

What does not belong here: elements (`markup.py`), and what they mean (`parse.py`).
"""

import codecs
import html
import re
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from podcast_insights.feeds.reading.encoding import (
    declared_encoding,
    decodes,
    encoding_of,
    pieces,
    usual,
)

MAX_BYTES = 64 * 1024 * 1024
"""Unpacked and as UTF-8. The largest feeds we know have 30 MB."""

GZIP = b"\x1f\x8b"
MAX_MEMBERS = 1_000

MAX_DECLARATIONS = 10_000

DOCTYPE = re.compile(rb"<!DOCTYPE(?:[^\[>\"']++|\"[^\"]*+\"|'[^']*+')*+", re.IGNORECASE)
CHARACTER_ENTITY = re.compile(
    rb"<!ENTITY\s+([\w.-]{1,64})\s+(?:\"(&#\w{1,8};)\"|'(&#\w{1,8};)')\s*>"
)
"""The one kind of entity declaration that is honoured: a name for a character."""
ELEMENT_START = re.compile(rb"<[A-Za-z_\x80-\xff]")


class FeedFormatError(ValueError):
    """The bytes are not a feed, or one that we refuse.

    Args:
        reason: `not_a_feed`: something else was served; `hostile`: it would cost too much to
            read, or declares entities.
    """

    def __init__(self, message: str, *, reason: Literal["not_a_feed", "hostile"]) -> None:
        """Keep the message, which starts with `not a feed: ` or `refused: `."""
        super().__init__(message)
        self.reason = reason


def not_a_feed(what: str) -> FeedFormatError:
    """The error that says what was served instead."""
    return FeedFormatError(f"not a feed: {what}", reason="not_a_feed")


def hostile(what: str) -> FeedFormatError:
    """The error that says why we do not read it."""
    return FeedFormatError(f"refused: {what}", reason="hostile")


@dataclass(frozen=True)
class Document:
    """A document whose XML declaration and DOCTYPE are behind us.

    Args:
        text: UTF-8.
        start: where in it the root element begins.
        entities: characters that the document gives names to.
        repairs: what had to be mended so far.
    """

    text: bytes
    start: int
    entities: dict[str, str]
    repairs: tuple[str, ...] = ()


def open_document(content: bytes, content_type: str | None = None) -> Document:
    """Unpack, decode, and take off everything before the root element.

    Raises:
        FeedFormatError: no element at all, too large, or entities are declared.
    """
    repairs = []
    if content.startswith(GZIP):
        content = unpacked(content)
        repairs.append("unpacked gzip")
    if len(content) > MAX_BYTES:
        raise hostile(f"it has more than {MAX_BYTES:,} bytes")
    declared, encoding = declared_encoding(content), encoding_of(content, content_type)
    text = as_utf8(content, encoding)
    if declared and is_other(encoding, declared) and not content.isascii():
        repairs.append(f"read as {encoding}, though {declared} is declared")
    start, entities = root_of(text)
    return Document(text, start, entities, tuple(repairs))


def is_other(encoding: str, declared: str) -> bool:
    """Whether what was read is not what was declared, in substance."""
    return encoding != usual(declared) and not encoding.startswith(declared.lower())


def unpacked(content: bytes) -> bytes:
    """The bytes of a gzip file served as they are, as much of it as is there."""
    parts: list[bytes] = []
    size = 0
    while content.startswith(GZIP):  # several members are one file
        unpacker = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpacker.decompress(content, MAX_BYTES + 1 - size))
        except zlib.error as error:
            if not parts:
                raise not_a_feed(f"a broken gzip file ({error})") from error
            break
        size += len(parts[-1])
        if size > MAX_BYTES or len(parts) > MAX_MEMBERS:
            raise hostile(f"it unpacks to more than {MAX_BYTES:,} bytes")
        content = unpacker.unused_data
    return b"".join(parts)


def as_utf8(content: bytes, encoding: str) -> bytes:
    """Transcode; what is not valid becomes the character it would be in Windows-1252."""
    if encoding == "utf-8" and decodes(content, encoding):
        return content
    text = BytesIO()  # hands out its bytes without a copy
    for piece in pieces(content, encoding, "feeds.as_cp1252"):
        if text.write(piece.encode("utf-8", "replace")) and text.tell() > MAX_BYTES:
            raise hostile(f"it has more than {MAX_BYTES:,} bytes as UTF-8")
    return text.getvalue()


def as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Error handler of codecs: a stray byte in UTF-8 is a character of Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    text = "\ufffd" if error.encoding != "utf-8" else bad.decode("cp1252", "replace")
    return text, error.end


codecs.register_error("feeds.as_cp1252", as_cp1252)


class Finder:
    """`bytes.find` that looks for something missing only once.

    Millions of comments without end would otherwise each be looked for to the last byte.
    """

    def __init__(self, body: bytes) -> None:
        """Search in `body`."""
        self.body = body
        self._missing: set[bytes] = set()

    def after(self, needle: bytes, start: int) -> int | None:
        """The position behind the next `needle`, or None."""
        if needle in self._missing:
            return None
        found = self.body.find(needle, start)
        if found < 0:
            self._missing.add(needle)
            return None
        return found + len(needle)


def root_of(text: bytes) -> tuple[int, dict[str, str]]:
    """Where the first element begins, and the characters that are given names before it.

    Raises:
        FeedFormatError: there is no element, or a declaration that we refuse.
    """
    finder, entities, position = Finder(text), dict[str, str](), 0
    for _ in range(MAX_DECLARATIONS):
        position = text.find(b"<", position)
        if position < 0:
            raise not_a_feed(without_element(text))
        if ELEMENT_START.match(text, position):
            return position, entities
        position = past_declaration(finder, position, entities)
    raise hostile(f"it has more than {MAX_DECLARATIONS:,} declarations or comments at its start")


def past_declaration(finder: Finder, position: int, entities: dict[str, str]) -> int:
    """Where to go on after a comment, instruction or declaration; entities are taken note of."""
    text = finder.body
    if text.startswith(b"<!--", position):
        return finder.after(b"-->", position + 4) or position + 4
    if text.startswith(b"<?", position):
        return finder.after(b">", position) or position + 2
    if text[position : position + 8].upper() == b"<!ENTITY":
        name, character, end = character_entity(text, position)
        entities.setdefault(name, character)
        return end
    doctype = DOCTYPE.match(text, position)
    # The declarations between its brackets are met one by one.
    return doctype.end() if doctype else position + 1


def character_entity(text: bytes, position: int) -> tuple[str, str, int]:
    """Name, character and end of an entity declaration.

    Raises:
        FeedFormatError: it declares anything but one character.
    """
    found = CHARACTER_ENTITY.match(text, position)
    if not found:
        raise hostile("it declares entities, which could be expanded without end or read files")
    reference = (found[2] or found[3]).decode("ascii", "replace")
    return found[1].decode("utf-8", "replace"), html.unescape(reference), found.end()


def without_element(text: bytes) -> str:
    """What a document without a single element is."""
    start = text[:512].strip()
    if not start:
        return "the answer was empty"
    if start[:1] in (b"{", b"["):
        return "JSON, no RSS or Atom element was found"
    return "no RSS or Atom element was found"
