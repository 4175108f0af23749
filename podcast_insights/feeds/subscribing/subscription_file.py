"""Changing `data/feeds.yaml`, safely: one edit at a time, written in one step.

Whatever the layout: what would be written is read first, and if it does not hold exactly the
intended subscriptions, nothing is written.

What does not belong here: how entries are put into the text (`layout.py`).
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import yaml
from filelock import FileLock, Timeout
from pydantic import ValidationError

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscribing.layout import switched, with_entries, without_entry
from podcast_insights.feeds.subscriptions import (
    Subscription,
    SubscriptionFile,
    load_subscriptions,
    normalized,
)

LOCK_TIMEOUT_S = 10.0
"""An edit takes milliseconds."""

Feeds = tuple[Subscription, ...]


def add_subscriptions(path: Path, new: Sequence[Subscription]) -> None:
    """Append feeds to the file, in one edit.

    Raises:
        UserError: one is already subscribed, or the file can't be read or changed.
    """

    def change(text: str, feeds: Feeds) -> tuple[str, Feeds]:
        known = names_of(feeds)
        for feed in new:
            if known & names_of([feed]):
                raise UserError(f"{feed.shown_url} is already subscribed.", "Nothing to do.")
            known |= names_of([feed])
        return with_entries(text, new), (*feeds, *new)

    if new:
        edit(path, change)


def names_of(feeds: Iterable[Subscription]) -> set[str]:
    """By what feeds are known: one with an `id` of its own is known by its address too."""
    return {name for feed in feeds for name in (feed.feed_id, normalized(feed.url))}


def remove_subscription(path: Path, feed_id: str) -> None:
    """Take a feed out of the file; comments outside its entry stay.

    Raises:
        UserError: no such feed, or the file can't be read or changed.
    """

    def change(text: str, feeds: Feeds) -> tuple[str, Feeds]:
        position = position_of(feeds, feed_id)
        return without_entry(text, position), feeds[:position] + feeds[position + 1 :]

    edit(path, change)


def set_enabled(path: Path, feed_id: str, is_enabled: bool) -> None:
    """Switch the scanning of a feed on or off.

    Raises:
        UserError: no such feed, or the file can't be read or changed.
    """

    def change(text: str, feeds: Feeds) -> tuple[str, Feeds]:
        position = position_of(feeds, feed_id)
        if feeds[position].is_enabled == is_enabled:
            return text, feeds
        wanted = feeds[position].model_copy(update={"is_enabled": is_enabled})
        changed = (*feeds[:position], wanted, *feeds[position + 1 :])
        return switched(text, position, is_enabled), changed

    edit(path, change)


def position_of(feeds: Feeds, feed_id: str) -> int:
    """Where in the list a feed is.

    Raises:
        UserError: nowhere; another process may have removed it.
    """
    for position, feed in enumerate(feeds):
        if feed.feed_id == feed_id:
            return position
    raise UserError(f"{feed_id} is not subscribed.", "`podcast-insights feeds list` shows all.")


def edit(path: Path, change: Callable[[str, Feeds], tuple[str, Feeds]]) -> None:
    """Replace the file by what `change` makes of it, or leave it as it is.

    Raises:
        UserError: it can't be read, is being edited, or its layout can't be edited safely.
    """
    path = path.resolve()  # behind a symbolic link, which stays one
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path):
            feeds = load_subscriptions(path) if path.exists() else ()
            text = path.read_bytes().decode() if path.exists() else ""
            fresh, wanted = change(text, feeds)
            if not holds(fresh, wanted):
                raise UserError(
                    f"{path} is laid out in a way that can't be changed safely; "
                    "nothing was written.",
                    "Make the change by hand.",
                )
            if fresh != text:
                replace_file(path, fresh)
    except OSError as error:
        raise UserError(
            f"{path} can't be changed: {error.strerror or error}.", "See to its permissions."
        ) from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from editing the same file.

    Raises:
        UserError: one has been at it for too long.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_TIMEOUT_S)
    try:
        lock.acquire()
    except Timeout as error:
        raise UserError(
            f"{path} is being edited by another podcast-insights command.", "Try again later."
        ) from error
    try:
        yield
    finally:
        lock.release()


def replace_file(path: Path, text: str) -> None:
    """Write the file in one step, keeping its mode."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        fresh = Path(file.name)
        try:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
            fresh.chmod(mode)
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def holds(text: str, feeds: Feeds) -> bool:
    """Whether `text` is a file of exactly these subscriptions."""
    try:
        return SubscriptionFile.model_validate(yaml.safe_load(text) or {}).feeds == feeds
    except (yaml.YAMLError, ValidationError):
        return False
