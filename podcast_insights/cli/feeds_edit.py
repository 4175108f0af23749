"""`podcast-insights feeds add`, `remove`, `enable` and `disable`."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from podcast_insights.cli.feeds import feeds_path, fetcher_for
from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.addresses import address_choices
from podcast_insights.feeds.subscribing.check import Finding, examine_answer, examine_feed
from podcast_insights.feeds.subscribing.discover import Found, discover
from podcast_insights.feeds.subscribing.find import find_subscription
from podcast_insights.feeds.subscribing.subscription_file import (
    add_subscriptions,
    names_of,
    remove_subscription,
    set_enabled,
)
from podcast_insights.feeds.subscriptions import (
    PLACEHOLDER,
    MissingSecretError,
    Subscription,
    in_words,
    load_subscriptions,
)
from podcast_insights.net.client import redact
from podcast_insights.net.secrets import Secrets
from podcast_insights.settings import Settings
from podcast_insights.text import printable

TOKEN = re.compile(r"auth|token|key$|secret|passw|signature", re.IGNORECASE)

MARKS = {"ok": "[green]ok[/]     ", "note": "[yellow]note[/]   ", "problem": "[red]problem[/]"}


def subscribe(
    settings: Settings, url: str, wanted: Mapping[str, Any], out: Console, *, is_checked: bool
) -> None:
    """Add a feed, after a look at it unless that is not wanted.

    Raises:
        UserError: no feed can be found there, or it is already subscribed.
    """
    path, environ = feeds_path(settings), os.environ
    choices = address_choices(url)
    draft = to_subscription(choices[0], wanted)
    known = load_subscriptions(path) if path.exists() else ()
    if names_of(known) & names_of(to_subscription(choice, wanted) for choice in choices):
        raise UserError(f"{draft.shown_url} is already subscribed.", "Nothing to do.")
    if not is_checked:
        add_subscriptions(path, [draft])
        tell_subscribed(draft, out)
        return
    try:
        hide = Secrets(draft.secret_values(environ)).hide
        addresses = (draft.address(environ),) if draft.is_private else choices
        fetch = fetcher_for(settings, draft, environ)
    except MissingSecretError as error:
        raise UserError(error.problem, error.remedy) from error
    try:
        found = discover(addresses, fetch)
    except UserError as error:  # names the address, with what was filled in
        raise UserError(hide(error.problem), hide(error.remedy)) from None
    feed = confirmed(draft, wanted, found, hide(found.feed.title))
    add_subscriptions(path, [feed])
    tell_subscribed(feed, out)
    if found.page:
        print_line(f"The feed was named by the page {redact(found.page)}.", out)
    has_login = draft.credentials(environ) is not None
    about = examine_answer(feed.url, found.answer, 0.0, has_login=has_login)
    for finding in (*examine_feed(found.feed, now=datetime.now(UTC)), *about):
        if finding.code != "moved" or feed.url == draft.url:
            print_finding(finding, out, hide(finding.message))


def confirmed(
    draft: Subscription, wanted: Mapping[str, Any], found: Found, title: str
) -> Subscription:
    """The subscription to the feed that was found.

    A private address stays as it was typed: a move or a page could otherwise put a token into
    the file, or have a password sent to another host.

    Raises:
        UserError: a private address that leads to a web page.
    """
    if draft.is_private and found.page:
        raise UserError(
            f"{draft.shown_url} is a web page, not a feed.",
            "With a log-in or a ${NAME}, give the address of the feed itself.",
        )
    url = draft.url if draft.is_private else found.address
    short = " ".join(title.split())[:200]
    return to_subscription(url, {**wanted, "title": short or None})


def to_subscription(url: str, wanted: Mapping[str, Any]) -> Subscription:
    """The entry with what was asked for.

    Raises:
        UserError: something about it makes no sense.
    """
    values = {name: value for name, value in wanted.items() if value is not None}
    try:
        return Subscription.model_validate({"url": url, **values})
    except ValidationError as error:
        raise UserError(
            f"This can't be subscribed to: {in_words(error)}", "Correct it; see --help."
        ) from None


def tell_subscribed(feed: Subscription, out: Console) -> None:
    """Say what was done, and what comes next."""
    name = f"{feed.title}, {feed.shown_url}" if feed.title else feed.shown_url
    print_line(f"Subscribed to {name} (feed_id {feed.feed_id}).", out)
    if feed.is_enabled:
        print_line(
            "The next run scans it; `podcast-insights backfill --from DAY` fetches its past.", out
        )
    for name in token_names(feed):
        print_line(
            f"The address holds what looks like a token ({name}=…): to keep it out of the file, "
            f"write {name}=${{NAME}} there and NAME=... into .env.",
            out,
        )
    if "@" in urlsplit(feed.url).netloc and not PLACEHOLDER.search(urlsplit(feed.url).netloc):
        print_line("The file now holds a password; auth_env keeps it in .env instead.", out)


def token_names(feed: Subscription) -> list[str]:
    """Query parameters of the address that seem to hold a token in plain text."""
    pairs = parse_qsl(urlsplit(feed.url).query)
    return [name for name, value in pairs if TOKEN.search(name) and not PLACEHOLDER.search(value)]


def unsubscribe(settings: Settings, wanted: str, out: Console) -> None:
    """Remove a feed from the file.

    Raises:
        UserError: none or several could be meant.
    """
    path = feeds_path(settings)
    feed = find_subscription(load_subscriptions(path), wanted)
    remove_subscription(path, feed.feed_id)
    print_line(f"Unsubscribed from {feed.title or feed.shown_url} (feed_id {feed.feed_id}).", out)
    print_line("Its episodes and insights are kept; subscribed again, it goes on from there.", out)


def switch(settings: Settings, wanted: str, is_enabled: bool, out: Console) -> None:
    """Switch a feed on or off.

    Raises:
        UserError: none or several could be meant.
    """
    path = feeds_path(settings)
    feed = find_subscription(load_subscriptions(path), wanted)
    name = feed.title or feed.shown_url
    if feed.is_enabled == is_enabled:
        print_line(f"{name} is {'scanned' if is_enabled else 'off'} already.", out)
        return
    set_enabled(path, feed.feed_id, is_enabled)
    print_line(f"{name} is {'scanned from the next run on' if is_enabled else 'off'}.", out)


def print_finding(finding: Finding, out: Console, message: str) -> None:
    """One line of a report."""
    out.print(f"  {MARKS[finding.severity]} {escape(printable(message))}", soft_wrap=True)


def print_line(text: str, out: Console) -> None:
    """Text as it is, which may come from a stranger."""
    out.print(escape(printable(text)), soft_wrap=True)
