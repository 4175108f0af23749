"""Content-Encoding, unpacked in small steps: a bomb is stopped before it has unfolded.

HTTP libraries unpack each chunk at once, so 64 KiB from the network may become 64 MiB
(gzip) or gigabytes (brotli) before anybody can count. Here a step gives about `STEP_BYTES`.

What does not belong here: HTTP. A body that is gzip although no Content-Encoding says so is
the business of who reads it.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import brotli

from podcast_insights.net.errors import Kind

STEP_BYTES = 64 * 1024
ACCEPTED = "gzip, deflate, br"
"""What we ask for."""

REFUSED = frozenset({"zstd", "compress"})
"""Not asked for, so a host that sends them ignores what it was told."""

GZIP_MAGIC = b"\x1f\x8b"
GZIP_WBITS, ZLIB_WBITS, RAW_WBITS = 31, 15, -15


class BodyError(Exception):
    """A body that can't be taken; the message goes on from the host's name."""

    def __init__(self, kind: Kind, message: str) -> None:
        """Keep which kind of failure it is."""
        super().__init__(message)
        self.kind: Kind = kind


class Decoder(Protocol):
    """Unpacks a body that comes in chunks."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` adds, in pieces of about `STEP_BYTES`; none of them is empty."""

    def is_complete(self) -> bool:
        """Whether the body may end here."""


def unpacked(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
    """The body in pieces, as it was before it was packed.

    Args:
        chunks: as they come from the network.
        encoding: the Content-Encoding header, which may be empty.
        max_bytes: the most that may come, both packed and unpacked: some packed streams are
            endless and unpack to nothing.

    Raises:
        BodyError: too large, an encoding that was not asked for, or a body not true to it.
    """
    decoder = decoder_for(encoding)
    received = given = 0
    for chunk in chunks:
        received += len(chunk)
        try:
            for piece in decoder.feed(chunk):
                given += len(piece)
                if given > max_bytes:
                    break
                yield piece
        except (zlib.error, brotli.error) as error:
            message = f"sent a body that is not {encoding[:40]}, as it says"
            raise BodyError("bad_encoding", message) from error
        if max(received, given) > max_bytes:
            raise BodyError("too_large", f"sent more than {max_bytes:,} bytes")
    if received and not decoder.is_complete():
        raise BodyError("incomplete", "sent a packed body that breaks off")


def decoder_for(encoding: str) -> Decoder:
    """The decoder for a Content-Encoding header.

    Hosts write all kinds of words there, such as `utf-8`: those mean that the body is as it
    is. Packed twice is refused, since a second layer multiplies what the first one hides.

    Raises:
        BodyError: not among what we asked for.
    """
    words = [word.strip().lower().removeprefix("x-") for word in encoding.split(",")]
    known = [word for word in words if word in DECODERS or word in REFUSED]
    if len(known) > 1 or REFUSED.intersection(known):
        message = f"sent an unwanted Content-Encoding: {', '.join(known)[:40]}"
        raise BodyError("bad_encoding", message)
    return DECODERS[known[0]]() if known else AsIs()


class AsIs:
    """Nothing to unpack."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """`data` itself."""
        if data:
            yield data

    def is_complete(self) -> bool:
        """Any length will do."""
        return True


class Inflate:
    """gzip and deflate.

    gzip may consist of several members. Whatever else follows the end is passed over: some
    hosts pad with zeros, some append a line.
    """

    def __init__(self, *, is_gzip: bool) -> None:
        """Expect gzip, or else deflate: with zlib's header, as it should be, or bare."""
        self._is_gzip = is_gzip
        self._stream: zlib._Decompress | None = None
        self._start = b""
        self._has_begun = False
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` adds."""
        while data and not self._is_over:
            if self._stream is None:
                data = self._begin(data)
                continue
            yield from inflated(self._stream, data)
            data = self._stream.unused_data
            if self._stream.eof:
                self._stream = None

    def _begin(self, data: bytes) -> bytes:
        """Begin a stream once its first two bytes are known; returns what to feed it."""
        data = self._start + data
        if len(data) < 2:
            self._start = data
            return b""
        self._start = b""
        if self._has_begun and not (self._is_gzip and data.startswith(GZIP_MAGIC)):
            self._is_over = True
        else:
            self._stream = zlib.decompressobj(GZIP_WBITS if self._is_gzip else deflate_wbits(data))
            self._has_begun = True
        return data

    def is_complete(self) -> bool:
        """Whether a stream has ended and no other begun."""
        return self._has_begun and self._stream is None


def inflated(stream: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """What `data` adds to `stream`, step by step."""
    piece = b""
    # A full step may leave output inside zlib although all of the input is used up.
    while not stream.eof and (data or len(piece) == STEP_BYTES):
        piece = stream.decompress(data, STEP_BYTES)
        if piece:
            yield piece
        data = stream.unconsumed_tail


def deflate_wbits(start: bytes) -> int:
    """The `wbits` of zlib for a deflate body: with the two-byte header of RFC 1950, or without."""
    has_header = start[0] & 0x0F == 8 and int.from_bytes(start[:2]) % 31 == 0
    return ZLIB_WBITS if has_header else RAW_WBITS


class Brotli:
    """Brotli. Nothing may follow its end."""

    def __init__(self) -> None:
        """Expect a stream."""
        self._stream = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What `data` adds."""
        piece = b""
        # A full step may leave output inside, which `can_accept_more_data` does not tell.
        while data or len(piece) >= STEP_BYTES or not self._stream.can_accept_more_data():
            piece = self._stream.process(data, output_buffer_limit=STEP_BYTES)
            data = b""
            if piece:
                yield piece

    def is_complete(self) -> bool:
        """Whether the stream has ended."""
        return bool(self._stream.is_finished())


DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: Inflate(is_gzip=True),
    "deflate": lambda: Inflate(is_gzip=False),
    "br": Brotli,
}
