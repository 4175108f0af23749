"""Names of elements and attributes, whatever their prefix, namespace spelling or case.

Everything after this module knows one spelling: `title`, `itunes:duration`, `dc:date`,
`podcast:transcript`. The formats themselves (RSS of all versions, Atom) have no prefix, because
publishers mix them. `?:x` is an element of a namespace that means nothing to us.
"""

from podcast_insights.feeds.reading.document import hostile

MAX_NAMES = 10_000
"""Different names, prefixes or namespaces of one document. Each costs memory for as long as it
is read; a feed has a hundred."""

XML = "http://www.w3.org/XML/1998/namespace"

NAMESPACES = {
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/atom/ns#": "",
    "http://purl.org/rss/1.0": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://my.netscape.com/rdf/simple/0.9": "",
    "http://channel.netscape.com/rdf/simple/0.9": "",
    "http://backend.userland.com/rss": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://cyber.law.harvard.edu/rss/rss.html": "",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "https://podcastindex.org/namespace/1.0": "podcast",
    "https://github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "http://search.yahoo.com/mrss": "media",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://purl.org/syndication/history/1.0": "fh",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://podlove.org/simple-chapters": "psc",
    "http://www.w3.org/1999/xhtml": "xhtml",
    XML.lower(): "xml",
}
"""Our prefix of each namespace, by its address in lower case without a final slash."""

PREFIXES = {prefix: prefix for prefix in NAMESPACES.values()} | {
    "atom": "",
    "atom10": "",
    "a10": "",
    "rss": "",
}
"""What a prefix means where it is not declared, or declared as something we do not know."""

UNKNOWN = "?"


class Names:
    """The names of one document."""

    def __init__(self) -> None:
        """Know the usual namespaces; the document's own declarations come by `declare`."""
        self._by_address = dict(NAMESPACES)
        self._by_prefix = dict(PREFIXES)
        self._tags: dict[str, str] = {}
        self._attributes: dict[str, str] = {f"{{{XML}}}{a}": f"xml:{a}" for a in ("base", "lang")}

    def declare(self, prefix: str | None, address: str) -> None:
        """Take note of an `xmlns`. An unknown namespace without prefix is the feed's own."""
        key = folded(address)
        ours = self._by_address.get(key)
        if ours is None:
            ours = PREFIXES.get((prefix or "").lower(), UNKNOWN)
            self._by_address[key] = ours
            bounded(self._by_address)
        if prefix:
            self._by_prefix[prefix.lower()] = ours

    def of_tag(self, tag: str) -> str:
        """Our name of an element that lxml calls `{address}Name`."""
        name = self._tags.get(tag)
        if name is None:
            address, _, local = tag.rpartition("}")
            prefix = self._by_address.get(folded(address[1:]), UNKNOWN) if address else ""
            name = self._tags[tag] = joined(prefix, local)
            bounded(self._tags)
        return name

    def of_attribute(self, key: str) -> str:
        """Our name of an attribute: without prefix, but for `xml:base` and `xml:lang`."""
        name = self._attributes.get(key)
        if name is None:
            name = self._attributes[key] = key.rpartition("}")[2].lower()
            bounded(self._attributes)
        return name

    def of_qualified(self, name: str) -> str:
        """Our name of what a document without proper namespaces calls `prefix:Name`."""
        prefix, colon, local = name.rpartition(":")
        ours = self._by_prefix.get(prefix.lower(), UNKNOWN) if colon else ""
        return joined(ours, local)


def bounded(names: dict[str, str]) -> None:
    """Refuse a document of more names than anybody needs."""
    if len(names) > MAX_NAMES:
        raise hostile(f"it has more than {MAX_NAMES:,} different names")


def folded(address: str) -> str:
    """A namespace's address without what publishers vary: case, final slash."""
    return address.strip().lower().rstrip("/")


def joined(prefix: str, local: str) -> str:
    """Prefix and name as we write them."""
    return f"{prefix}:{local}".lower() if prefix else local.lower()
