"""The elements of a document as small trees, one per item, each dropped once it is read.

This is where a document's size is bounded: elements, depth, items, text and attributes.

What does not belong here: what elements mean, apart from which of them are items (`parse.py`).
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from podcast_insights.feeds.reading.document import hostile
from podcast_insights.feeds.reading.names import Names

MAX_ITEMS = 50_000
MAX_ELEMENTS = 1_000_000
MAX_DEPTH = 200
MAX_NODES = 20_000
"""Elements kept of one item, and of all that is outside items. More are passed over."""
MAX_CHARS = 80_000
"""Kept of one text or attribute."""

CONTAINERS = frozenset({"rss", "rdf:rdf", "channel", "feed"})

ITEMS = frozenset({"item", "entry"})

TEXTS = frozenset(
    {
        *("title", "description", "summary", "content", "subtitle", "tagline", "abstract"),
        *("body", "xhtml:body", "content:encoded", "fullitem"),
        *("itunes:title", "itunes:summary", "itunes:subtitle"),
        *("dc:title", "dc:description", "media:title", "media:description"),
    }
)
"""Elements whose markup is text with markup, not elements of the feed."""

SKIPPED = frozenset(
    {
        # They hold titles, links, ids or enclosures of something else than the item or show.
        *("image", "textinput", "source", "items", "cloud", "skipdays", "skiphours"),
        *("podcast:liveitem", "podcast:value", "podcast:podroll", "psc:chapters", "itunes:owner"),
        *("contributor", "media:community", "media:comments", "comments"),
    }
)

BLOCKS = frozenset("br div p li ul ol tr td th h1 h2 h3 h4 h5 h6 blockquote pre hr".split())
"""Markup that separates words."""


@dataclass(slots=True)
class Node:
    """One element.

    Args:
        attributes: names in lower case without prefix, but for `xml:base` and `xml:lang`.
        base: the `xml:base` that holds here, as written, outermost first.
    """

    name: str
    attributes: dict[str, str]
    base: tuple[str, ...] = ()
    children: list["Node"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def text(self) -> str:
        """All its text; white space at the ends removed."""
        return "".join(self.pieces)[:MAX_CHARS].strip()

    def descendants(self) -> Iterator["Node"]:
        """All elements below, in document order."""
        waiting = self.children[::-1]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def by_name(self) -> dict[str, list["Node"]]:
        """All elements below by name; those further up first, whatever came first."""
        found: dict[str, list[Node]] = {}
        waiting = deque(self.children)
        while waiting:
            node = waiting.popleft()
            found.setdefault(node.name, []).append(node)
            waiting.extend(node.children)
        return found


@dataclass(slots=True)
class OpenItem:
    """An item that has not ended yet."""

    position: int
    node: Node
    nodes: int = 0


class TooDeepError(Exception):
    """More elements are open than we keep: unclosed ones add up, so it may be a mistake."""


class TreeBuilder:
    """Takes the events of either reader of `markup.py`.

    Args:
        on_item: gets the position of an item among the items, and the item.
        base: the document's own address.
    """

    def __init__(self, on_item: Callable[[int, Node], None], base: str | None = None) -> None:
        """Start with an empty document."""
        self.names = Names()
        self.root = Node("", {})
        self.item_count = 0
        self.root_name = ""
        self.language: str | None = None
        self.seen: dict[str, dict[str, str]] = {}
        self._on_item = on_item
        self._open: list[Node | None] = [self.root]
        self._items: list[OpenItem] = []
        self._bases: list[tuple[str, ...]] = [(base,) if base else ()]
        self.element_count = 0
        self._outside = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.element_count += 1
        if self.element_count > MAX_ELEMENTS:
            raise hostile(f"it has more than {MAX_ELEMENTS:,} elements")
        if len(self._open) > MAX_DEPTH:
            raise TooDeepError
        self.root_name = self.root_name or name
        parent = self._open[-1]
        if parent is not None and parent.name in TEXTS:
            self._separate(name)
            self._push(parent, ())
        elif parent is None or name in SKIPPED:
            self._push(None, ())
        elif name in ITEMS:
            self._start_item(name, attributes)
        else:
            self._start_child(parent, name, attributes)

    def end(self, name: str) -> None:
        """The element that began last ends."""
        node = self._open.pop()
        self._bases.pop()
        if self._items and node is self._items[-1].node:
            item = self._items.pop()
            self._on_item(item.position, item.node)
        elif node is not None and node is self._open[-1]:
            self._separate(name)

    def data(self, text: str) -> None:
        """Text within the innermost element."""
        node = self._open[-1]
        if node is not None and node.size < MAX_CHARS:
            node.pieces.append(text)
            node.size += len(text)

    def finish(self) -> None:
        """Close what is still open."""
        while len(self._open) > 1:
            self.end("")

    @property
    def is_in_item(self) -> bool:
        """Whether an item is open."""
        return bool(self._items)

    def _push(self, node: Node | None, base: tuple[str, ...]) -> None:
        self._open.append(node)
        self._bases.append(base or self._bases[-1])

    def _start_item(self, name: str, attributes: dict[str, str]) -> None:
        if self.item_count >= MAX_ITEMS:
            raise hostile(f"it has more than {MAX_ITEMS:,} items")
        item = self._node(name, attributes)
        self._items.append(OpenItem(self.item_count, item))
        self.item_count += 1
        self._push(item, item.base)

    def _start_child(self, parent: Node, name: str, attributes: dict[str, str]) -> None:
        if not self._has_room():
            self._push(None, ())
            return
        node = self._node(name, attributes)
        if name in CONTAINERS and not self._items:
            self.seen.setdefault(name, attributes)
            self.language = self.language or attributes.get("xml:lang")
        parent.children.append(node)
        self._push(node, node.base)

    def _node(self, name: str, attributes: dict[str, str]) -> Node:
        base = self._bases[-1]
        if "xml:base" in attributes:
            base = (*base[-5:], attributes["xml:base"])
        return Node(name, attributes, base)

    def _has_room(self) -> bool:
        if self._items:
            self._items[-1].nodes += 1
            return self._items[-1].nodes <= MAX_NODES
        self._outside += 1
        return self._outside <= MAX_NODES

    def _separate(self, name: str) -> None:
        if name.rpartition(":")[2] in BLOCKS:
            self.data(" ")
