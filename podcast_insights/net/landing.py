"""Where bodies go: into memory, or into a file that is gone on with after the connection broke.

A file is gone on with (`Range`) only under a validator that tells one version from another
(`If-Range`): hosts that put advertising in on the fly would else give two halves of two files.
Validators tell versions of one address apart and say nothing of another's, so what came from one
is not gone on with from another; only the query, in which signatures rotate, may differ.

What does not belong here: what tells versions apart (`versions.py`), asking (`exchange.py`),
asking again (`polite.py`).
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from podcast_insights.identity import long_hash
from podcast_insights.net.addresses import origin_of, parse
from podcast_insights.net.decoding import STEP_BYTES
from podcast_insights.net.errors import FetchError
from podcast_insights.net.versions import CONTENT_RANGE, Facts, Headers, facts_of, is_all, is_packed

UNSATISFIED = re.compile(r"bytes\s+\*/(\d{1,15})", re.IGNORECASE)


class Sink(Protocol):
    """Takes the body of one exchange."""

    @property
    def size(self) -> int:
        """Bytes taken, those of earlier exchanges too."""

    @property
    def sha256(self) -> str:
        """Their hash."""

    def is_whole(self, status: int, headers: Headers) -> bool:
        """Whether the answer says that nothing is missing."""

    def begin(self, status: int, headers: Headers, host: str) -> None:
        """Make ready for a body; raises FetchError where it is not wanted."""

    def write(self, piece: bytes) -> None:
        """Take a piece of it, unpacked."""

    def finish(self, host: str) -> None:
        """The body has ended; raises FetchError if that was too early."""


class Memory:
    """A body in memory."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._buffer = io.BytesIO()
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The hash of what came."""
        return self._digest.hexdigest()

    @property
    def body(self) -> bytes:
        """What came."""
        return self._buffer.getvalue()

    def is_whole(self, status: int, headers: Headers) -> bool:
        """No part is ever asked for."""
        return False

    def begin(self, status: int, headers: Headers, host: str) -> None:
        """Refuse a part.

        Raises:
            FetchError: HTTP 206.
        """
        refuse_part(status, headers, host)

    def write(self, piece: bytes) -> None:
        """Keep a piece."""
        self._buffer.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    def finish(self, host: str) -> None:
        """HTTP has counted already."""


class StoppedError(Exception):
    """A download was ended because its run ends; no fault of any host's."""


class Landing:
    """A file that is being downloaded, over as many exchanges as it takes.

    With `notes`, the beginning outlives the process: a file beside it says which version it is.

    Attributes:
        size: bytes in the file.
        received: bytes that came in all, also those that had to be thrown away.
        is_stopped: looked at before and while bytes are taken; others may set it.
    """

    def __init__(self, path: Path, notes: Path | None = None) -> None:
        """Begin anew at `path`, whatever lies there."""
        self.is_stopped: Callable[[], bool] = lambda: False
        self.path = path
        self.notes = notes
        self.size = self.received = 0
        self._digest = hashlib.sha256()
        self._facts: Facts | None = None
        self._address = ""
        self._asks_for_parts = True
        self._file: BinaryIO | None = None

    @classmethod
    def found(cls, path: Path, notes: Path) -> "Landing":
        """What an earlier process left, if its notes say which version that is."""
        landing = cls(path, notes)
        try:
            facts = Facts(**json.loads(notes.read_bytes()))
            size = path.stat().st_size
            is_possible = isinstance(facts.validator, str) and size <= (facts.total or size)
        except (OSError, ValueError, TypeError):
            return landing
        if is_possible and size:
            with path.open("rb") as file:
                while piece := file.read(STEP_BYTES):
                    landing._digest.update(piece)
                    landing.size += len(piece)
            landing._facts = facts
        return landing

    @property
    def sha256(self) -> str:
        """The hash of the file so far."""
        return self._digest.hexdigest()

    @property
    def headers(self) -> dict[str, str]:
        """What asks for the rest; nothing if all of it is wanted."""
        if not (self._facts and self.size and self._asks_for_parts):
            return {}
        return {"range": f"bytes={self.size}-", "if-range": self._facts.validator}

    def comes_from(self, url: str) -> None:
        """Begin anew unless what is here came from this address, queries apart.

        It is the address that is asked, not the one it redirects to: those differ each time.

        Raises:
            FetchError: not an address that can be asked.
        """
        asked = parse(url)
        origin = origin_of(asked)
        place = (origin.scheme, origin.host, str(origin.port), asked.path)
        self._address = long_hash("address", *place)
        if self._facts and self._facts.address != self._address:
            self.forget()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Keep the file open for one exchange.

        Raises:
            StoppedError: nothing more is to be downloaded.
        """
        self._go_no_further_than_told()
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.truncate(self.size)
            file.seek(self.size)
            self._file = file
            try:
                yield
            finally:
                self._file = None

    def is_whole(self, status: int, headers: Headers) -> bool:
        """Whether a host that has nothing after what is here (416) says that this was all."""
        found = UNSATISFIED.fullmatch(headers.get("content-range", "").strip())
        return status == 416 and found is not None and bool(self.headers) and self.ends_at(found[1])

    def ends_at(self, total: str) -> bool:
        """Whether the file is `total` bytes long."""
        return int(total) == self.size

    def begin(self, status: int, headers: Headers, host: str) -> None:
        """Go on where the file ends, or begin anew if all of it comes.

        Raises:
            FetchError: a part that does not fit; the next attempt begins anew.
        """
        if status == 206 and self.headers:
            self._go_on(headers, host)
            return
        refuse_part(status, headers, host)
        self.forget()
        facts = facts_of(headers)
        if facts:
            # Before the first byte: notes without a body do no harm, as no size fits them.
            self._note(replace(facts, address=self._address))

    def write(self, piece: bytes) -> None:
        """Append a piece.

        Raises:
            StoppedError: nothing more is to be downloaded.
        """
        self._go_no_further_than_told()
        assert self._file is not None  # noqa: S101 - for the type checker
        self._file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)
        self.received += len(piece)

    def finish(self, host: str) -> None:
        """Compare with what was announced.

        Raises:
            FetchError: a part ended before the file does, or the file is longer than announced.
        """
        total = self._facts.total if self._facts else None
        if total is None or self.size == total:
            return
        size = self.size
        if size > total:
            self.forget()
        message = f"{host} sent {size:,} of {total:,} bytes"
        raise FetchError(message, kind="incomplete")

    def forget(self) -> None:
        """Begin anew."""
        if self.notes:
            self.notes.unlink(missing_ok=True)
        self._facts, self.size, self._digest = None, 0, hashlib.sha256()
        if self._file:
            self._file.seek(0)
            self._file.truncate()
        elif self.path.exists():
            os.truncate(self.path, 0)

    def _go_no_further_than_told(self) -> None:
        if self.is_stopped():
            raise StoppedError("the run ends; what came of this download is kept")

    def _note(self, facts: Facts) -> None:
        self._facts = facts
        if self.notes:
            scratch = self.notes.with_suffix(".new")
            scratch.write_text(json.dumps(asdict(facts)))
            scratch.replace(self.notes)

    def _go_on(self, headers: Headers, host: str) -> None:
        found = CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
        facts = self._facts
        assert facts is not None  # noqa: S101 - for the type checker
        # A part of who knows how much would pass for the end of the file.
        is_endless = found is not None and found[3] == "*" and facts.total is None
        if not found or is_endless or int(found[1]) != self.size or is_packed(headers):
            self.forget()
            self._asks_for_parts = False  # it can't do it
            raise FetchError(f"{host} sent another part than it was asked for", kind="incomplete")
        total = None if found[3] == "*" else int(found[3])
        said = {
            "etag": (facts.etag, headers.get("etag")),
            "last-modified": (facts.last_modified, headers.get("last-modified")),
            "total": (facts.total, total),
        }
        if any(None not in pair and pair[0] != pair[1] for pair in said.values()):
            self.forget()
            raise FetchError(f"{host} has another file there by now", kind="incomplete")
        if total is not None and facts.total is None:
            self._note(replace(facts, total=total))


def refuse_part(status: int, headers: Headers, host: str) -> None:
    """Nobody asked for one. Some hosts call all of it a part, which does no harm.

    Raises:
        FetchError: HTTP 206, and it is not all of it.
    """
    if status == 206 and not is_all(headers):
        message = f"{host} sent a part of what was asked for (HTTP 206)"
        raise FetchError(message, kind="incomplete", status=status)
