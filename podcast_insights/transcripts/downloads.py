"""Downloads that outlive their process, and addresses that have expired.

What came of a file lies under `data/cache/partial/`, named by the announcement, with notes of
which version it is (`net/landing.py`). The next attempt goes on from there, in this run or in
one of the next day. One process at a time writes it; others wait, and then find it done.

What does not belong here: what the bytes are (`sniffing.py`), where they go (`audio.py`).
"""

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from podcast_insights.cache import Cache, KindUsage
from podcast_insights.errors import UserError
from podcast_insights.net.client import FetchError
from podcast_insights.net.landing import Landing, StoppedError
from podcast_insights.transcripts.sniffing import NotAudioError

MAX_AGE_S = 86_400.0
"""A part that nobody went on with for a day is not gone on with."""

MAX_WAIT_S = 2 * 3600.0
"""For another process that downloads the same; it has an hour for each of two addresses."""

EXPIRED = frozenset({400, 401, 403, 404, 410})
"""What hosts answer to a signed address whose time is over."""

UNWRITABLE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR}
)

PARTIAL = "partial"
"""The kind of cached files that lie here, and their folder."""

COMPLAIN = "complain to the publisher"
GONE = f"nothing to do if the episode was taken down, else {COMPLAIN}"
LOG_IN = "open the episode's link in a browser: it may need a log-in"
STATUS_REMEDIES = {401: LOG_IN, 403: LOG_IN, 404: GONE, 410: GONE}

Row = dict[str, Any]
Taken = TypeVar("Taken")
FreshAddress = Callable[[Row], str | None]


def no_fresh_address(episode: Row) -> str | None:
    """Where nobody can ask the feed again."""
    return None


@contextmanager
def writable(cache: Cache) -> Iterator[None]:
    """Stop the run where the cache can't be written: no episode could be kept.

    Raises:
        UserError: naming the folder.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise UserError(
            f"The cache in {cache.root.absolute()} can't be written: {error.strerror}.",
            "Make room (`podcast-insights cache` shows what it holds; "
            "PODCAST_INSIGHTS_AUDIO_RETENTION=drop keeps no audio) or mend the folder's "
            "permissions, and run the day again: what is done is kept.",
        ) from error


@contextmanager
def landing_of(
    cache: Cache,
    key: str,
    is_stopped: Callable[[], bool] = lambda: False,
    wait_s: float = MAX_WAIT_S,
) -> Iterator[Landing]:
    """Where the download of an announcement lands, for us alone while the block runs.

    Args:
        cache: the cache.
        key: of the announcement.
        is_stopped: whether the run ends; looked at while we wait, and by the landing.
        wait_s: how long another process may have it.

    Raises:
        FetchError: another process has it for too long.
        StoppedError: the run ends.
    """
    folder = folder_of(cache)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{key}.lock", timeout=wait_s)
    try:
        lock.acquire(cancel_check=is_stopped)
    except Timeout as error:
        if is_stopped():
            raise StoppedError("the run ends, before another process had the audio") from error
        message = "another process is downloading the same audio, and does not come to an end"
        raise FetchError(message, kind="too_slow") from error
    try:
        lock_path = Path(lock.lock_file)
        lock_path.touch()  # in use: `prune_parts` leaves it alone
        path, notes = folder / f"{key}.part", folder / f"{key}.json"
        is_young = path.exists() and time.time() - path.stat().st_mtime < MAX_AGE_S
        landing = Landing.found(path, notes) if is_young else Landing(path, notes)
        landing.is_stopped = is_stopped
        try:
            yield landing
        finally:
            if not landing.headers:  # nothing that could be gone on with
                drop(landing)
    finally:
        lock.release()


def drop(landing: Landing) -> None:
    """Leave nothing for another attempt: it is no audio, or is done."""
    landing.forget()
    landing.path.unlink(missing_ok=True)


def download(
    episode: Row,
    take: Callable[[str], Taken],
    address_of: Callable[[Row], str],
    fresh_address: FreshAddress,
) -> Taken:
    """Take an episode's audio from its address, or once from a fresh one if that has expired.

    Args:
        episode: the row.
        take: downloads from an address, or goes on with what came from another one, and refuses
            what is no audio.
        address_of: the announced address.
        fresh_address: the address that the feed gives now; None if it does not list the
            episode any more.

    Raises:
        FetchError: not to be had at either; after a semicolon, what to do if that is not to wait.
    """
    with remedies():
        url = address_of(episode)
        try:
            return take(url)
        except FetchError as error:
            fresh = fresh_or_raise(error, episode, url, fresh_address)
        return take(fresh)


def fresh_or_raise(error: FetchError, episode: Row, url: str, fresh_address: FreshAddress) -> str:
    """Another address, if `error` may mean that the one of the row has expired.

    Raises:
        FetchError: `error`, with what the feed said.
    """
    if error.status not in EXPIRED and not isinstance(error, NotAudioError):
        raise error
    try:
        fresh = fresh_address(episode)
        said = "the feed, read again, has no other address for it"
    except FetchError as failure:
        why = str(failure).replace("; ", ", ")  # what to do about the audio comes after that
        fresh, said = None, f"the feed could not be read again for another address: {why}"
    if fresh is None or fresh == url:
        what, mark, remedy = str(error).partition("; ")
        message = f"{what} ({said}){mark}{remedy}"
        raise FetchError(message, kind=error.kind, status=error.status) from error
    return fresh


@contextmanager
def remedies() -> Iterator[None]:
    """Let an error about an address that will not be better tomorrow say what to do.

    Raises:
        FetchError: with that after a semicolon; as it is, where that is to wait for the host.
    """
    try:
        yield
    except FetchError as error:
        remedy = remedy_for(error)
        if not remedy or "; " in str(error):
            raise
        raise FetchError(f"{error}; {remedy}", kind=error.kind, status=error.status) from error


def remedy_for(error: FetchError) -> str | None:
    """What to do about an address; None if that is to wait for its host."""
    if error.kind == "unreachable" and not error.is_transient:  # no such name, no certificate
        return f"if other hosts can be reached, {COMPLAIN}"
    if error.kind in ("redirects", "bad_address"):
        return COMPLAIN
    return STATUS_REMEDIES.get(error.status or 0)


def prune_parts(cache: Cache, older_than_s: float = MAX_AGE_S) -> KindUsage:
    """Remove what nobody went on with, and say how much that was; what is in use stays."""
    files = size = 0
    end = time.time() - older_than_s
    for part, paths in parts(folder_of(cache)).items():
        lock_path = part.with_suffix(".lock")
        with suppress(FileNotFoundError, Timeout):  # another process may be at it
            if max(path.stat().st_mtime for path in paths) > end:
                continue
            with FileLock(lock_path, timeout=0):
                if part.exists():
                    files, size = files + 1, size + part.stat().st_size
                for path in (*paths, lock_path):
                    path.unlink(missing_ok=True)
    return KindUsage(PARTIAL, files, size)


def parts(folder: Path) -> dict[Path, list[Path]]:
    """What lies in the folder by announcement, in one look: a look for each takes minutes.

    By the path of the part, whether there is one or not; with its notes and its lock.
    """
    found: dict[Path, list[Path]] = {}
    for path in folder.glob("*.*"):
        found.setdefault(path.with_suffix(".part"), []).append(path)
    return found


def parts_usage(cache: Cache) -> KindUsage:
    """How much lies there unfinished."""
    sizes = [path.stat().st_size for path in folder_of(cache).glob("*.part")]
    return KindUsage(PARTIAL, len(sizes), sum(sizes))


def folder_of(cache: Cache) -> Path:
    """Where unfinished downloads lie; on the cache's disk, so that finishing is a rename."""
    return cache.root / PARTIAL
