"""The reader of markup that is not well-formed.

It gives up on nothing: libxml2's own recovery drops what follows many mistakes. It runs only
where the strict reader (`markup.py`) failed.
"""

import html
import re
from html.entities import html5

from podcast_insights.feeds.reading.document import Document, Finder, hostile
from podcast_insights.feeds.reading.tree import CONTAINERS, ITEMS, MAX_CHARS, MAX_DEPTH, TreeBuilder

MAX_STEPS = 3_000_000
"""Pieces of text and markup that the mending reader reads; the strict one counts elements."""
MAX_TOO_DEEP = 10_000
"""Elements passed over because too many are open."""

LEAVES = frozenset(
    {
        *("title", "link", "guid", "id", "pubdate", "published", "updated", "author", "language"),
        *("itunes:duration", "itunes:author", "dc:date", "dc:creator", "enclosure", "category"),
    }
)
"""Elements in which no other one of these, and none with a prefix, can begin."""

VOID = frozenset("br hr img input wbr".split())
"""Elements of HTML that never end."""

NAME = re.compile(rb"[A-Za-z_\x80-\xff][\w.:\x80-\xff-]{0,200}")
ATTRIBUTE = re.compile(
    rb"[\s/\"']*+([^\s=<>/\"']{1,200})\s*+"
    rb"(?:=\s*+(?:\"([^\"<]*+)\"|'([^'<]*+)'|[\"']?([^\s<>\"']*+)))?+"
)
TAG_END = re.compile(rb"[^<>]*+(>?)")
MAX_READ = 500
"""Attributes read of one tag; the rest of it is passed over."""
CONTROLS = bytes(set(range(32)) - {9, 10, 13})
REFERENCE = re.compile(r"&(?:#(\d{1,9})|#[xX]([0-9a-fA-F]{1,8})|([A-Za-z][\w.-]{0,63}));")


class MendingReader:
    """Reads what is roughly XML.

    An end without start is passed over, a start without end ends with what contains it, a `<`
    or `&` that begins nothing is text.
    """

    def __init__(self, document: Document, builder: TreeBuilder) -> None:
        """Events go to `builder`."""
        self.body = document.text
        self.start = document.start
        self.entities = document.entities
        self.builder = builder
        self.names = builder.names
        self.finder = Finder(document.text)
        self.open: list[str] = []
        self.passed_over = 0

    def read(self) -> None:
        """Read the whole document."""
        position, length = self.start, len(self.body)
        for _ in range(MAX_STEPS):
            if position >= length:
                break
            position = self.step(position)
        else:
            raise hostile(f"it has more than {MAX_STEPS:,} pieces of text and markup")
        self.builder.finish()

    def step(self, position: int) -> int:
        """Read one piece of text or markup; where the next begins."""
        body = self.body
        if body[position] != 0x3C:
            end = body.find(b"<", position)
            end = len(body) if end < 0 else end
            self.text(position, end)
            return end
        if body.startswith(b"<![CDATA[", position):
            end = self.finder.after(b"]]>", position) or len(body) + 3
            self.text(position + 9, end - 3, is_raw=True)
            return end
        if body.startswith(b"<!--", position):
            return self.finder.after(b"-->", position + 4) or position + 4
        if body[position + 1 : position + 2] in (b"!", b"?"):
            return self.finder.after(b">", position) or position + 2
        if body[position + 1 : position + 2] == b"/":
            return self.end_tag(position)
        return self.start_tag(position)

    def text(self, start: int, end: int, *, is_raw: bool = False) -> None:
        """Pass text on, without characters that XML does not have."""
        piece = self.body[start : min(end, start + 4 * MAX_CHARS)].translate(None, CONTROLS)
        text = piece.decode("utf-8", "ignore")
        self.builder.data(text if is_raw else self.resolved(text).replace("]]>", ""))

    def resolved(self, text: str) -> str:
        """Text with its references resolved; what is none stays as it is."""
        return REFERENCE.sub(self.character, text) if "&" in text else text

    def character(self, reference: re.Match[str]) -> str:
        """What a reference stands for."""
        decimal, hexadecimal, name = reference.groups()
        if name:
            known = self.entities.get(name) or html5.get(f"{name};")
            return known or reference[0]
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return "\ufffd" if 0xFFFE <= code <= 0xFFFF else html.unescape(f"&#{code};")

    def end_tag(self, position: int) -> int:
        """Close the element and all that are open in it."""
        match = NAME.match(self.body, position + 2)
        tag_end = TAG_END.match(self.body, position + 2)
        end = tag_end.end() if tag_end else position + 2
        if match:
            name = self.name_of(match[0])
            if name in self.open:
                self.close(name)
        return end

    def close(self, name: str) -> None:
        """End open elements up to and including the innermost `name`."""
        while self.open:
            ended = self.open.pop()
            self.builder.end(ended)
            if ended == name:
                return

    def start_tag(self, position: int) -> int:
        """Open an element, or take a `<` for text."""
        match = NAME.match(self.body, position + 1)
        if not match:
            self.builder.data("<")
            return position + 1
        name = self.name_of(match[0])
        found, end = self.attributes(match.end())
        self.make_room_for(name)
        tag_end = TAG_END.match(self.body, end)
        end = tag_end.end() if tag_end else end
        if len(self.open) < MAX_DEPTH:
            self.builder.start(name, found)
            self.open.append(name)
            if name in VOID or self.body[end - 2 : end] == b"/>":
                self.close(name)
        else:
            self.pass_over()
        return end

    def pass_over(self) -> None:
        """Leave out an element because too many are open."""
        self.passed_over += 1
        if self.passed_over > MAX_TOO_DEEP:
            raise hostile(f"its elements are nested more than {MAX_DEPTH} deep")

    def attributes(self, position: int) -> tuple[dict[str, str], int]:
        """The attributes from `position` on, and where they end."""
        found: dict[str, str] = {}
        for _ in range(MAX_READ):
            match = ATTRIBUTE.match(self.body, position)
            if not match:
                break
            position = match.end()
            name = match[1].decode("utf-8", "replace").lower()
            value = (match[2] or match[3] or match[4] or b"")[: 4 * MAX_CHARS]
            text = self.resolved(value.translate(None, CONTROLS).decode("utf-8", "ignore"))
            if name.startswith("xmlns:"):
                self.names.declare(name[6:], text)
            elif name not in ("xml:base", "xml:lang"):
                name = name.rpartition(":")[2]
            found.setdefault(name, text)
        return found, position

    def make_room_for(self, name: str) -> None:
        """End what was left open: items do not hold items, nor a title a link."""
        if name in ITEMS:
            while self.open and self.open[-1] not in CONTAINERS:
                self.builder.end(self.open.pop())
        elif name in LEAVES or ":" in name:
            while self.open and self.open[-1] in LEAVES and not self.is_author_part(name):
                self.builder.end(self.open.pop())

    def is_author_part(self, name: str) -> bool:
        """Whether a name belongs to the author that is open."""
        return self.open[-1] == "author" and name.startswith(("itunes:", "foaf:", "gd:", "?:"))

    def name_of(self, name: bytes) -> str:
        """Our name of a tag."""
        return self.names.of_qualified(name.decode("utf-8", "replace"))
