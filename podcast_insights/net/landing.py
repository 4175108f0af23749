"""Where bodies go: into memory, or into a file that is gone on with after the connection broke.

A file is gone on with (`Range`) only under a validator that tells one version from another
(`If-Range`): hosts that put advertising in on the fly would else give two halves of two files.

What does not belong here: asking (`exchange.py`), asking again (`polite.py`).
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from podcast_insights.net.decoding import STEP_BYTES, AsIs, decoder_for
from podcast_insights.net.errors import FetchError
from podcast_insights.net.retry_after import http_date

CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,15})-(\d{1,15})/(\d{1,15}|\*)", re.IGNORECASE)
UNSATISFIED = re.compile(r"bytes\s+\*/(\d{1,15})", re.IGNORECASE)
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')

Headers = Mapping[str, str]


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
        refuse_part(status, host)

    def write(self, piece: bytes) -> None:
        """Keep a piece."""
        self._buffer.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    def finish(self, host: str) -> None:
        """HTTP has counted already."""


@dataclass(frozen=True)
class Facts:
    """What a host said of the file we have the beginning of.

    `validator` is what it may be asked by to go on; `total` is None where it did not say.
    """

    validator: str
    etag: str | None
    last_modified: str | None
    total: int | None


class Landing:
    """A file that is being downloaded, over as many exchanges as it takes.

    With `notes`, the beginning outlives the process: a file beside it says which version it is.

    Attributes:
        size: bytes in the file.
        received: bytes that came in all, also those that had to be thrown away.
    """

    def __init__(self, path: Path, notes: Path | None = None) -> None:
        """Begin anew at `path`, whatever lies there."""
        self.path = path
        self.notes = notes
        self.size = self.received = 0
        self._digest = hashlib.sha256()
        self._facts: Facts | None = None
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

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Keep the file open for one exchange."""
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
        refuse_part(status, host)
        self.forget()
        self._facts = facts_of(headers)
        if self.notes and self._facts:
            # Before the first byte: notes without a body do no harm, as no size fits them.
            scratch = self.notes.with_suffix(".new")
            scratch.write_text(json.dumps(asdict(self._facts)))
            scratch.replace(self.notes)

    def write(self, piece: bytes) -> None:
        """Append a piece."""
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

    def _go_on(self, headers: Headers, host: str) -> None:
        found = CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
        facts = self._facts
        assert facts is not None  # noqa: S101 - for the type checker
        if not found or int(found[1]) != self.size or is_packed(headers):
            self.forget()
            self._asks_for_parts = False  # it can't do it
            raise FetchError(f"{host} sent another part than it was asked for", kind="incomplete")
        said = {
            "etag": (facts.etag, headers.get("etag")),
            "last-modified": (facts.last_modified, headers.get("last-modified")),
            "total": (facts.total, None if found[3] == "*" else int(found[3])),
        }
        if any(None not in pair and pair[0] != pair[1] for pair in said.values()):
            self.forget()
            raise FetchError(f"{host} has another file there by now", kind="incomplete")


def facts_of(headers: Headers) -> Facts | None:
    """What allows to go on later with a body that comes now; None if nothing does."""
    etag, last_modified = headers.get("etag"), headers.get("last-modified")
    if etag and STRONG_ETAG.fullmatch(etag):
        validator = etag
    elif etag is None and last_modified and is_settled(headers):
        validator = last_modified
    else:
        return None
    if is_packed(headers) or headers.get("accept-ranges", "").strip().lower() == "none":
        return None
    length = headers.get("content-length", "")
    is_number = length.isascii() and length.isdecimal()
    return Facts(validator, etag, last_modified, int(length) if is_number else None)


def is_settled(headers: Headers) -> bool:
    """Whether Last-Modified tells versions apart: changed a second or more before the answer.

    So says RFC 9110, 8.8.2.2; the answer must have a Date of its own.
    """
    changed = http_date(headers.get("last-modified", ""))
    answered = http_date(headers.get("date", ""))
    return bool(changed and answered and (answered - changed).total_seconds() >= 1)


def is_packed(headers: Headers) -> bool:
    """Whether the bytes on the wire are not those of the file."""
    return not isinstance(decoder_for(headers.get("content-encoding", "")), AsIs)


def refuse_part(status: int, host: str) -> None:
    """Nobody asked for one.

    Raises:
        FetchError: HTTP 206.
    """
    if status == 206:
        message = f"{host} sent a part of what was asked for (HTTP 206)"
        raise FetchError(message, kind="incomplete", status=status)
