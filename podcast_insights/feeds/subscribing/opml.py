"""Subscriptions as OPML, the format in which podcast apps exchange them.

Own code over lxml: `listparser` (0.19), the library for this, reads anything through an HTML
parser. It takes a web page, a feed and a hostile file for empty or good lists without a word,
hands out `exec:` addresses, and says nothing about what it left out or mended.

What does not belong here: `data/feeds.yaml` itself, and fetching.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from pydantic import ValidationError

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.addresses import (
    APP_SCHEME,
    address_choices,
    is_media_file,
    is_private_literal,
)
from podcast_insights.feeds.subscribing.opml_text import ILLEGAL, parsed, refusal
from podcast_insights.feeds.subscriptions import PLACEHOLDER, Subscription, secrets_in
from podcast_insights.net.addresses import DEFAULT_PORTS, is_named
from podcast_insights.net.client import redact

MAX_DEPTH = 50

NAMESPACE = "https://github.com/podcast-insights/opml"
"""Of our own attributes, which other apps ignore."""

ROOT_FOLDERS = frozenset(
    "all,all feeds,feeds,my feeds,my podcasts,my subscriptions,podcast,podcast subscriptions,"
    "podcasts,rss,rss feeds,subscribed,subscriptions,uncategorized".split(",")
)
"""Folders that only say that there are feeds in them."""

EPISODE_TYPES = frozenset({"podcast-episode", "episode", "audio", "audio/mpeg"})
FEED_TYPES = frozenset({"rss", "rss1", "rss2", "atom", "feed", "podcast", "pie"})


@dataclass(frozen=True)
class Refused:
    """An entry that was not taken over, and why, in words that show no secret."""

    name: str
    reason: str


@dataclass
class Outlines:
    """What an OPML file holds.

    Args:
        feeds: each feed once, in the order of the file.
        refused: entries that are no feeds for us.
        folded: how many entries named a feed that was there already.
        episodes: single episodes, which some apps export along with the feeds.
        repairs: what had to be mended before the file could be read.
    """

    feeds: list[Subscription] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    folded: int = 0
    episodes: int = 0
    repairs: tuple[str, ...] = ()


def read_opml(
    content: bytes, *, private_hosts: Sequence[str] = (), is_own: bool = False
) -> Outlines:
    """Read the subscriptions in an OPML file of any app.

    Args:
        content: the file.
        private_hosts: `host` or `host:port` names of feeds that may be in the own network.
        is_own: it is an export of ours. Only then may it name environment variables and
            private hosts: a stranger's file could have them sent to a stranger's host.

    Raises:
        UserError: it is no OPML file, or a hostile one; with what it is instead.
    """
    root, repairs = parsed(content)
    found = Outlines(repairs=repairs)
    known: dict[str, int] = {}
    for outline, folders in outlines(root, (), 0):
        attributes = {str(name).lower(): value.strip() for name, value in outline.items()}
        kind = attributes.get("type", "").lower()
        if kind in EPISODE_TYPES:
            found.episodes += 1
        elif is_feed(attributes, kind, has_children=len(outline) > 0):
            take(found, known, to_entry(attributes, folders), private_hosts, is_own)
    return found


def take(
    found: Outlines,
    known: dict[str, int],
    entry: dict[str, Any],
    private_hosts: Sequence[str],
    is_own: bool,
) -> None:
    """Add an entry to what was found: as a feed, to a known one, or as refused."""
    try:
        feed = to_subscription(entry, private_hosts, is_own)
    except UserError as error:
        name = entry["title"] or (redact(entry["url"]) if "://" in entry["url"] else entry["url"])
        found.refused.append(Refused(name[:100] or "(an entry without a name)", error.problem))
        return
    if feed.feed_id in known:
        place = known[feed.feed_id]
        topics = distinct((*found.feeds[place].topics, *feed.topics))
        found.feeds[place] = found.feeds[place].model_copy(update={"topics": topics})
        found.folded += 1
        return
    known[feed.feed_id] = len(found.feeds)
    found.feeds.append(feed)


def outlines(
    parent: Any,  # noqa: ANN401 - lxml is untyped
    folders: tuple[str, ...],
    depth: int,
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """All outline elements with the folders they are in, also those outside a body.

    Raises:
        UserError: nested too deep.
    """
    if depth > MAX_DEPTH:
        raise refusal(f"its folders are nested more than {MAX_DEPTH} deep")
    for child in parent.iterchildren(tag=etree.Element):
        if etree.QName(child).localname.lower() != "outline":
            yield from outlines(child, folders, depth + 1)
            continue
        yield child, folders
        is_folder = not any(str(key).lower() == "xmlurl" for key in child.keys())
        name = spaced(child.get("text") or child.get("title") or "") if is_folder else ""
        yield from outlines(child, (*folders, name) if name else folders, depth + 1)


def is_feed(attributes: dict[str, str], kind: str, *, has_children: bool) -> bool:
    """Whether an outline means to be a feed, though perhaps one without an address."""
    if "xmlurl" in attributes:
        return True
    return not has_children and (kind in FEED_TYPES or bool(attributes.get("url")))


def to_entry(attributes: dict[str, str], folders: tuple[str, ...]) -> dict[str, Any]:
    """What an outline says, in the keys of feeds.yaml."""
    url = attributes.get("xmlurl", "")
    if not url and attributes.get("type", "").lower() in FEED_TYPES:
        url = attributes.get("url", "")
    title = spaced(html.unescape(attributes.get("title") or attributes.get("text") or ""))
    named = [name for name in folders if name.casefold() not in ROOT_FOLDERS]
    own = {name: attributes.get(f"{{{NAMESPACE}}}{name}") for name in OWN}
    return {
        "url": url,
        "title": None if title == spaced(url) else title or None,
        "topics": distinct((*named, *categories(attributes.get("category", "")))),
        "language": attributes.get("language") or None,
        "id": own["id"],
        "is_enabled": own["is_enabled"] != "false",
        "since": own["since"],
        "auth_env": own["auth_env"],
        "private_hosts": tuple((own["private_hosts"] or "").split()),
    }


OWN = ("id", "is_enabled", "since", "auth_env", "private_hosts")
"""Keys of feeds.yaml that OPML has no attribute for."""


def to_subscription(
    entry: dict[str, Any], private_hosts: Sequence[str], is_own: bool
) -> Subscription:
    """The subscription an entry means.

    Raises:
        UserError: none that may be taken over, with the reason as its problem.
    """
    url = checked_address(entry["url"])
    values = dict(entry, url=url)
    if not is_own:
        values |= {"auth_env": None, "private_hosts": ()}
        names = [*PLACEHOLDER.findall(url), *filter(None, [entry["auth_env"]])]
        if names:
            raise UserError(
                f"its address would send the environment variable {names[0]} to a host; "
                "--own imports it, if the file is your own export",
                "",
            )
    try:
        feed = Subscription.model_validate(
            {name: value for name, value in values.items() if value is not None}
        )
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValidationError, ValueError) as error:
        raise UserError("not an http(s) address", "") from error
    allowed = [name for name in private_hosts if is_named(host, port, frozenset({name}))]
    if allowed:
        return feed.model_copy(update={"private_hosts": tuple(allowed)})
    if is_private_literal(host) and not is_named(host, port, frozenset(feed.private_hosts)):
        raise UserError(f"{host} is not a public address; --private-host {host} allows it", "")
    return feed


def checked_address(written: str) -> str:
    """The http(s) address of an entry.

    Raises:
        UserError: it has none, with the reason as its problem.
    """
    if not written:
        raise UserError("it has no address of a feed", "")
    if written.startswith(("|", "exec:", "filter:")):
        raise UserError("it is a command, and commands are not run", "")
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", written)
    if not scheme or not (APP_SCHEME.match(written) or scheme[0].lower() in ("http:", "https:")):
        named = f"{scheme[0]} is" if scheme else "it is"
        raise UserError(f"{named} not an http(s) address", "")
    url = address_choices(written)[-1]
    try:
        if is_media_file(url):
            raise UserError("it is a single audio file, not a feed", "")
    except ValueError as error:
        raise UserError("not an http(s) address", "") from error
    return url


def categories(text: str) -> tuple[str, ...]:
    """The topics in an OPML category: comma-separated, each a path of its own."""
    parts = (part for path in text.split(",") for part in path.split("/"))
    return tuple(spaced(re.sub("%2C|%2F|%25", lambda m: chr(int(m[0][1:], 16)), p)) for p in parts)


def category(topic: str) -> str:
    """A topic as an OPML category."""
    return re.sub("[%,/]", lambda match: f"%{ord(match[0]):X}", topic)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Names without blanks, each once whatever its case."""
    kept: dict[str, str] = {}
    for name in filter(None, names):
        kept.setdefault(name.casefold(), name)
    return tuple(kept.values())


def spaced(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())


def write_opml(feeds: Sequence[Subscription], created_at: datetime) -> bytes:
    """The feeds as OPML 2.0; leave out those whose `secret_in_file` is true."""
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"pi": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "podcast-insights subscriptions"
    etree.SubElement(head, "dateCreated").text = format_datetime(created_at)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        etree.SubElement(body, "outline", to_attributes(feed))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def to_attributes(feed: Subscription) -> dict[str, str]:
    """A feed as attributes; our own ones only where they say something."""
    values = {
        "type": "rss",
        "text": feed.title or feed.url,
        "title": feed.title,
        "xmlUrl": feed.url,
        "language": feed.language,
        "category": ",".join(map(category, feed.topics)),
        f"{{{NAMESPACE}}}id": feed.id,
        f"{{{NAMESPACE}}}is_enabled": None if feed.is_enabled else "false",
        f"{{{NAMESPACE}}}since": feed.since and feed.since.isoformat(),
        f"{{{NAMESPACE}}}auth_env": feed.auth_env,
        f"{{{NAMESPACE}}}private_hosts": " ".join(feed.private_hosts),
    }
    return {name: ILLEGAL.sub("", value) for name, value in values.items() if value}


def is_secret_in_file(feed: Subscription) -> bool:
    """Whether the address as written holds a secret, which an export would hand on."""
    if feed.is_marked_private or secrets_in(PLACEHOLDER.sub("", feed.url)):
        return True
    login = urlsplit(feed.url).netloc.rpartition("@")[0]
    return bool(re.sub(r"[:]", "", PLACEHOLDER.sub("", login)))
