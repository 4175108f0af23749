"""`podcast-insights feeds import` and `export`."""

from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console

from podcast_insights.cli.feeds import feeds_path
from podcast_insights.cli.feeds_edit import print_line, token_names
from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.opml import (
    Outlines,
    is_secret_in_file,
    read_opml,
    write_opml,
)
from podcast_insights.feeds.subscribing.opml_text import MAX_BYTES
from podcast_insights.feeds.subscribing.subscription_file import add_subscriptions, names_of
from podcast_insights.feeds.subscriptions import load_subscriptions
from podcast_insights.settings import Settings


def import_file(
    settings: Settings,
    file: Path,
    out: Console,
    *,
    is_dry_run: bool,
    private_hosts: tuple[str, ...] = (),
    is_own: bool = False,
) -> bool:
    """Subscribe to the feeds of an OPML file in one edit; False if all were refused.

    Raises:
        UserError: the file can't be read or is refused as a whole; nothing was written.
    """
    found = read_opml(content_of(file), private_hosts=private_hosts, is_own=is_own)
    path = feeds_path(settings)
    known = names_of(load_subscriptions(path) if path.exists() else ())
    new = [feed for feed in found.feeds if not known & names_of([feed])]
    if not is_dry_run:
        add_subscriptions(path, new)
    for feed in new:
        topics = f" [{', '.join(feed.topics)}]" if feed.topics else ""
        print_line(f"new      {feed.title or feed.shown_url}{topics}", out)
    tell(found, len(new), out)
    tokens = [feed for feed in new if token_names(feed)]
    if tokens:
        print_line(
            f"{len(tokens)} addresses hold what looks like a token, {tokens[0].shown_url} for one: "
            "${NAME} in its place keeps it out of the file.",
            out,
        )
    if is_dry_run:
        print_line("Nothing was written (--dry-run).", out)
    return bool(found.feeds) or not found.refused


def tell(found: Outlines, new: int, out: Console) -> None:
    """What was refused and why, and the summary."""
    for refused in found.refused:
        print_line(f"refused  {refused.name}: {refused.reason}", out)
    for repair in found.repairs:
        print_line(f"The file was mended: {repair}.", out)
    if found.episodes:
        print_line(f"{found.episodes} single episodes were left out: they are no feeds.", out)
    if found.folded:
        print_line(f"{found.folded} entries named a feed again.", out)
    there = len(found.feeds) - new
    print_line(f"{new} new, {there} already there, {len(found.refused)} refused.", out)


def content_of(file: Path) -> bytes:
    """The bytes of the file, no more than one too many.

    Raises:
        UserError: it can't be read.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(
            f"{file} can't be read: {error.strerror or error}.", "Give the path of an OPML file."
        ) from error


def export_file(settings: Settings, file: Path | None, err: Console) -> None:
    """Write all subscriptions that hold no secret in plain text.

    Raises:
        UserError: the subscriptions can't be read, or the file can't be written.
    """
    feeds = load_subscriptions(feeds_path(settings))
    told = [feed for feed in feeds if not is_secret_in_file(feed)]
    content = write_opml(told, datetime.now(UTC))
    if file is None:
        typer.echo(content.decode(), nl=False)
    else:
        try:
            file.write_bytes(content)
        except OSError as error:
            raise UserError(
                f"{file} can't be written: {error.strerror or error}.", "Name another file."
            ) from error
        print_line(f"Wrote {len(told)} subscriptions to {file}.", err)
    for feed in feeds:
        if feed not in told:
            print_line(
                f"Left out {feed.title or feed.shown_url}: its address is a secret. With "
                "${NAME} in place of the secret part it could be exported.",
                err,
            )
    variables = [feed for feed in told if feed.variables]
    if variables:
        print_line(
            f"{len(variables)} need environment variables: other apps can't read them, "
            "`feeds import --own` can.",
            err,
        )
