"""Which subscription a person means.

What does not belong here: what a subscription is (`subscriptions.py`).
"""

import difflib
from collections.abc import Sequence

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscriptions import Subscription, normalized
from podcast_insights.net.client import redact


def find_subscription(feeds: Sequence[Subscription], wanted: str) -> Subscription:
    """The subscription that a person means: by feed_id or its start, id, address or title.

    Raises:
        UserError: none or several; with what comes close.
    """
    for is_meant in (is_named_exactly, is_named_by_its_start):
        found = [feed for feed in feeds if is_meant(feed, wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(f"{feed.feed_id} ({feed.shown_url})" for feed in found[:5])
            raise UserError(
                f"{len(found)} subscriptions could be meant: {several}.", "Give the whole feed_id."
            )
    close = "; ".join(closest(feeds, wanted))
    raise UserError(
        f"No subscription is named {redact(wanted) if '://' in wanted else wanted}.",
        f"Did you mean {close}?" if close else "`podcast-insights feeds list` shows them all.",
    )


def is_named_exactly(feed: Subscription, wanted: str) -> bool:
    """Whether `wanted` is one of the feed's own names."""
    names = {feed.feed_id, feed.id, feed.url, feed.shown_url}
    same_title = (feed.title or "").casefold() == wanted.casefold()
    return wanted in names or same_title or is_same_address(feed, wanted)


def is_same_address(feed: Subscription, wanted: str) -> bool:
    """Whether `wanted` is the feed's address, scheme and trailing slash apart."""
    try:
        return normalized(feed.url) == normalized(wanted if "://" in wanted else f"//{wanted}")
    except ValueError:
        return False


def is_named_by_its_start(feed: Subscription, wanted: str) -> bool:
    """Whether `wanted` is the start of the feed's feed_id, long enough not to be a word."""
    return len(wanted) >= 4 and feed.feed_id.startswith(wanted)


def closest(feeds: Sequence[Subscription], wanted: str) -> list[str]:
    """Titles and addresses that resemble `wanted`, three at most."""
    names = {
        name.casefold(): name for feed in feeds for name in (feed.title, feed.shown_url) if name
    }
    text = wanted.casefold()
    inside = [name for key, name in names.items() if len(text) > 2 and text in key]
    alike = [names[key] for key in difflib.get_close_matches(text, names, n=3, cutoff=0.5)]
    return list(dict.fromkeys([*inside, *alike]))[:3]
