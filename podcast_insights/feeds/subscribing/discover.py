"""From an address somebody has to the feed to subscribe to: the feed itself, or its web page.

What does not belong here: HTTP (`net/`), the feed format (`parse.py`), how addresses are
written (`addresses.py`).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from podcast_insights.errors import UserError
from podcast_insights.feeds.enclosures import choose
from podcast_insights.feeds.model import Feed
from podcast_insights.feeds.parse import FeedFormatError, parse_feed
from podcast_insights.feeds.subscribing.addresses import (
    APP_SCHEME,
    CLOSED_REMEDY,
    address_choices,
    closed_place,
)
from podcast_insights.net.client import Answer, FetchError, host_of, redact

MAX_CANDIDATES = 5
MAX_PAGE_BYTES = 5_000_000

FEED_TYPES = re.compile(r"application/(rss|atom|rdf)\+xml|(application|text)/(rss|atom|xml|x-rss)")
FEED_PATH = re.compile(
    r"(\.(rss|atom|xml|rdf)|/(rss|feed|podcast)/?|/feeds?/[^?#]*)$", re.IGNORECASE
)
FEED_WORDS = re.compile(r"\b(rss|podcast[ -]?feed)\b", re.IGNORECASE)
COMMENTS = re.compile(r"\bcomments?\b|kommentare|commentaires", re.IGNORECASE)

Fetch = Callable[[str], Answer]
"""Asks a host within our limits; raises FetchError."""


@dataclass(frozen=True)
class Link:
    """A link of a page that may lead to a feed."""

    url: str
    title: str = ""


@dataclass(frozen=True)
class Found:
    """A feed and where it is.

    Args:
        url: the address that was asked, or that the page named.
        page: the web page that named it, if it was not given directly.
    """

    url: str
    answer: Answer
    feed: Feed
    page: str | None = None

    @property
    def address(self) -> str:
        """The address to subscribe to: after permanent moves."""
        return self.answer.moved_to or self.url

    @property
    def audio_count(self) -> int:
        """How many items have something to hear."""
        return sum(choose(item.enclosures).enclosure is not None for item in self.feed.items)


def discover(choices: Sequence[str], fetch: Fetch) -> Found:
    """The feed at one of the addresses, or the one that the web page there names.

    Raises:
        UserError: unreachable, no feed, or several that could be meant; with what to do.
    """
    url, answer = reached(choices, fetch)
    try:
        return Found(url, answer, parsed(answer))
    except FeedFormatError as error:
        if not is_page(answer):
            raise UserError(
                f"{redact(url)} is {'' if error.reason == 'not_a_feed' else 'a feed, '}{error}.",
                "Give the address of an RSS or Atom feed, or of the show's site.",
            ) from error
    return choice_of(feeds_of_page(answer, fetch), answer)


def reached(choices: Sequence[str], fetch: Fetch) -> tuple[str, Answer]:
    """The first address where a host answers, and what it says.

    Raises:
        UserError: none does.
    """
    for number, url in enumerate(choices, 1):
        if reason := closed_place(url):
            raise UserError(f"{redact(url)}: {reason}.", CLOSED_REMEDY)
        try:
            return url, fetch(url)
        except FetchError as error:
            if error.kind not in ("unreachable", "unusable") or number == len(choices):
                raise UserError(f"{error}.", remedy_for(error, url)) from error
    raise UserError("No address was given.", "Give the feed's URL.")


def remedy_for(error: FetchError, url: str) -> str:
    """What a person can do about a failed request."""
    if error.kind == "refused_address":
        return f"If the host is your own, add --private-host {host_of(url)}."
    if error.status in (401, 403):
        return "If it needs a log-in, put user:password into .env and name it with --auth-env NAME."
    if error.status in (404, 410):
        return "Open the address in a browser, and look for the feed's new one on the show's site."
    return "Check the address, or subscribe without asking the host: --no-check."


def parsed(answer: Answer) -> Feed:
    """The feed in an answer.

    Raises:
        FeedFormatError: there is none.
    """
    return parse_feed(answer.body, url=answer.url, content_type=answer.headers.get("content-type"))


def is_page(answer: Answer) -> bool:
    """Whether an answer is a web page."""
    kind = answer.headers.get("content-type", "").lower()
    return "html" in kind or b"<html" in answer.body[:4096].lower()


def feeds_of_page(page: Answer, fetch: Fetch) -> list[Found]:
    """The feeds that a page's links lead to; a link that leads elsewhere is passed over."""
    found: dict[str, Found] = {}
    for link in links_of_page(page.body[:MAX_PAGE_BYTES], page.url)[:MAX_CANDIDATES]:
        try:
            answer = fetch(link.url)
            one = Found(link.url, answer, parsed(answer), page.url)
        except (FetchError, FeedFormatError):
            continue
        found.setdefault(one.address, one)
    return list(found.values())


def choice_of(found: Sequence[Found], page: Answer) -> Found:
    """The only podcast among the feeds of a page, or its only feed.

    Raises:
        UserError: there is none, or more than one.
    """
    shown = redact(page.url)
    if not found:
        raise UserError(
            f"{shown} is a web page that names no feed.",
            "Look for an RSS link on the show's site, and give its address.",
        )
    podcasts = [one for one in found if one.audio_count]
    if len(podcasts) == 1:
        return podcasts[0]
    if len(found) == 1:
        return found[0]
    names = "; ".join(f"{redact(one.url)} ({one.feed.title[:60]})" for one in podcasts or found)
    kind = "podcasts" if podcasts else "feeds, none of them with audio"
    raise UserError(f"{shown} names several {kind}: {names}.", "Give the address of one of them.")


def links_of_page(content: bytes, url: str) -> list[Link]:
    """The feeds a page announces, or else what it plainly links to as feeds; best first."""
    from lxml import etree

    root = etree.fromstring(content, etree.HTMLParser(no_network=True, huge_tree=False))
    if root is None:
        return []
    base = joined(url, next((b.get("href") for b in root.iter("base") if b.get("href")), ""))
    announced = [link_of(e, base or url) for e in root.iter("link") if is_alternate(e)]
    linked = [
        link_of(e, base or url) for e in root.iter("a") if not any(announced) and is_linked(e)
    ]
    links = {link.url: link for link in (*announced, *linked) if link}
    return sorted(
        links.values(), key=lambda link: bool(COMMENTS.search(f"{link.title} {link.url}"))
    )


def is_alternate(element: Any) -> bool:  # noqa: ANN401 - lxml is untyped
    """Whether a `<link>` announces a feed."""
    words = (element.get("rel") or "").lower().split()
    kind = (element.get("type") or "").strip().lower()
    return bool({"alternate", "feed"} & set(words) and FEED_TYPES.match(kind))


def is_linked(element: Any) -> bool:  # noqa: ANN401 - lxml is untyped
    """Whether an `<a>` plainly leads to a feed."""
    address = (element.get("href") or "").strip()
    if APP_SCHEME.match(address):
        return True
    try:
        path = urlsplit(address).path
    except ValueError:
        return False
    text = " ".join("".join(element.itertext()).split())
    return bool(FEED_PATH.search(path) or FEED_WORDS.search(text[:100]))


def link_of(element: Any, base: str) -> Link | None:  # noqa: ANN401 - lxml is untyped
    """Where an element leads, if to an http(s) address."""
    address = (element.get("href") or "").strip()
    if APP_SCHEME.match(address):
        try:
            address = address_choices(address)[0]
        except UserError:
            return None
    target = joined(base, address)
    return Link(target, (element.get("title") or "")[:200]) if target else None


def joined(base: str, address: str) -> str | None:
    """An address relative to another, if it is http(s)."""
    try:
        target = urljoin(base, address)
        return target if urlsplit(target).scheme in ("http", "https") else None
    except ValueError:
        return None
