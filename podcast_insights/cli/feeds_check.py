"""`podcast-insights feeds check`."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from rich.console import Console

from podcast_insights.cli.feeds import feeds_path, fetcher_for
from podcast_insights.cli.feeds_edit import print_finding, print_line, to_subscription
from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.addresses import BARE_HOST, address_choices
from podcast_insights.feeds.subscribing.check import Finding, Report, check_feed, counted
from podcast_insights.feeds.subscribing.find import find_subscription
from podcast_insights.feeds.subscriptions import (
    MissingSecretError,
    Subscription,
    load_subscriptions,
)
from podcast_insights.net.secrets import Secrets
from podcast_insights.settings import Settings

MAX_WORKERS = 8


@dataclass(frozen=True)
class Checked:
    """A feed with its report."""

    feed: Subscription
    report: Report


def check_feeds(
    settings: Settings,
    names: Sequence[str],
    out: Console,
    *,
    with_disabled: bool = False,
    private_hosts: tuple[str, ...] = (),
    as_json: bool = False,
) -> bool:
    """Report on feeds; False if one has a problem.

    Raises:
        UserError: a name means nothing, or there is nothing to check.
    """
    path = feeds_path(settings)
    known = load_subscriptions(path) if path.exists() or not names else ()
    scanned = [feed for feed in known if feed.is_enabled or with_disabled]
    feeds = [meant(known, name, private_hosts) for name in names] or scanned
    if not feeds:
        raise UserError("No feed is subscribed to.", "`podcast-insights feeds add URL`")
    with ThreadPoolExecutor(min(MAX_WORKERS, settings.max_fetch_workers)) as pool:
        done = list(pool.map(lambda feed: checked(settings, feed, os.environ), feeds))
    if as_json:
        out.print_json(json.dumps([as_row(one) for one in done]))
    else:
        show(done, out)
    return all(one.report.severity != "problem" for one in done)


def meant(known: Sequence[Subscription], name: str, private_hosts: tuple[str, ...]) -> Subscription:
    """A subscription by one of its names, or an address that is not subscribed.

    Raises:
        UserError: neither.
    """
    try:
        return find_subscription(known, name)
    except UserError:
        if "://" not in name and not BARE_HOST.match(name):
            raise
    return to_subscription(address_choices(name)[0], {"private_hosts": private_hosts})


def checked(settings: Settings, feed: Subscription, environ: Mapping[str, str]) -> Checked:
    """Fetch and examine one feed; no secret gets into its report."""
    name = feed.title or feed.shown_url
    try:
        hide = Secrets(feed.secret_values(environ)).hide
        fetch, address = fetcher_for(settings, feed, environ), feed.address(environ)
        has_login = feed.credentials(environ) is not None
    except MissingSecretError as error:
        return Checked(feed, Report(name, (Finding("problem", "missing_secret", str(error)),)))
    report = check_feed(name, address, fetch, lambda: datetime.now(UTC), has_login=has_login)
    findings = tuple(replace(f, message=hide(f.message)) for f in report.findings)
    return Checked(feed, Report(hide(report.name), findings))


def show(done: Sequence[Checked], out: Console) -> None:
    """The reports and a summary."""
    for one in done:
        print_line(f"{one.report.name} ({one.feed.shown_url})", out)
        for finding in one.report.findings:
            print_finding(finding, out, finding.message)
    bad = sum(one.report.severity == "problem" for one in done)
    print_line(f"{counted(len(done), 'feed')} checked, {bad} with a problem.", out)


def as_row(one: Checked) -> dict[str, object]:
    """A report for programs."""
    return {
        "feed_id": one.feed.feed_id,
        "url": one.feed.shown_url,
        "name": one.report.name,
        "severity": one.report.severity,
        "findings": [asdict(finding) for finding in one.report.findings],
    }
