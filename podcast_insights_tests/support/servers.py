"""HTTP servers on loopback that behave as they are told: well, badly, or for ever.

What does not belong here: the sample world, which is served by `podcast_insights.samples`.
"""

import base64
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import brotli

HOST = "127.0.0.1"
LONGEST_S = 20.0
"""A behaviour that never ends by itself ends after this, should no client hang up."""

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Request:
    """One request the server saw; header names in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass
class Site:
    """A server that listens. `pages` may be changed between requests."""

    pages: dict[str, Behaviour]
    port: int
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)

    @property
    def host(self) -> str:
        """`host:port`, as it would be named under private_hosts."""
        return f"{HOST}:{self.port}"

    def url(self, path: str, host: str = HOST) -> str:
        """Address of a page, under another host name if one is given."""
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def site(
    pages: Mapping[str, Behaviour] | None = None, *, tls: ssl.SSLContext | None = None
) -> Iterator[Site]:
    """A server that runs while the block does; unknown paths answer 404."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Behave as the page says."""
            headers = {name.lower(): value for name, value in self.headers.items()}
            running.requests.append(Request(self.path, headers))
            self.close_connection = True
            running.pages.get(self.path.split("?")[0], NOT_FOUND)(self)

        def log_message(self, format: str, *args: object) -> None:
            """Silence: tests read `requests`."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Silence: clients hang up on purpose here."""

    server = Server((HOST, 0), Handler)
    running = Site(dict(pages or {}), server.server_address[1])
    if tls:
        running.scheme = "https"
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(
    body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None
) -> Behaviour:
    """A complete answer."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        start(request, status, {"Content-Length": str(len(body)), **(headers or {})})
        request.wfile.write(body)

    return behave


def conditional(body: bytes, etag: str) -> Behaviour:
    """304 for who has the current version, else a complete answer."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("If-None-Match") == etag:
            start(request, 304, {"ETag": etag})
            return
        answer(body, headers={"ETag": etag})(request)

    return behave


def redirect(location: str, status: int = 302) -> Behaviour:
    """Send the client elsewhere."""
    return answer(status=status, headers={"Location": location})


def short(body: bytes, claimed: int) -> Behaviour:
    """Announce more bytes than come."""
    return answer(body, headers={"Content-Length": str(claimed)})


def ranged(
    body: bytes,
    *,
    validators: Mapping[str, str] | None = None,
    cut_at: int | None = None,
    heeds_condition: bool = True,
) -> Behaviour:
    """A file that can be had in parts (RFC 9110, 14).

    Args:
        body: the file.
        validators: ETag or Last-Modified; by default one ETag for good.
        cut_at: bytes after which each answer breaks off.
        heeds_condition: False sends a part of another version than was asked for.
    """
    said = {"ETag": '"1"'} if validators is None else dict(validators)

    def behave(request: BaseHTTPRequestHandler) -> None:
        condition = request.headers.get("If-Range")
        is_met = condition is None or not heeds_condition or condition in said.values()
        wanted = request.headers.get("Range") if is_met else None
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if wanted and begin >= len(body):
            start(request, 416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"})
            return
        headers = {"Content-Length": str(len(body) - begin), "Accept-Ranges": "bytes", **said}
        if wanted:
            headers["Content-Range"] = f"bytes {begin}-{len(body) - 1}/{len(body)}"
        start(request, 206 if wanted else 200, headers)
        request.wfile.write(body[begin:][:cut_at])

    return behave


def part(body: bytes, content_range: str, headers: Mapping[str, str] | None = None) -> Behaviour:
    """A part with this Content-Range, true or not."""
    return answer(body, 206, {"Content-Range": content_range, **(headers or {})})


def cut_chunks(body: bytes) -> Behaviour:
    """A chunked body that breaks off before its last chunk."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        start(request, 200, {"Transfer-Encoding": "chunked"})
        request.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")

    return behave


def endless() -> Behaviour:
    """A body without end, as fast as it goes."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        start(request, 200, {})
        for _ in until_too_late():
            request.wfile.write(b"x" * 65_536)

    return behave


def dripping_body(pause_s: float) -> Behaviour:
    """A body that comes one byte at a time."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        start(request, 200, {})
        for _ in until_too_late():
            request.wfile.write(b"x")
            time.sleep(pause_s)

    return behave


def dripping_headers(pause_s: float) -> Behaviour:
    """Headers that come one byte at a time and never reach the body."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in until_too_late():
            request.wfile.write(b"x")
            time.sleep(pause_s)

    return behave


def silent(seconds: float) -> Behaviour:
    """No answer for a while, then one."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        answer(b"late")(request)

    return behave


def sequence(*behaviours: Behaviour) -> Behaviour:
    """Another behaviour for each request; the last one stays."""
    numbers = count()  # one request, one number, whatever thread it comes in
    return lambda request: behaviours[min(next(numbers), len(behaviours) - 1)](request)


def busy(retry_after: str | None, status: int = 429) -> Behaviour:
    """Too much to do; come back later, if it says when."""
    return answer(status=status, headers={"Retry-After": retry_after} if retry_after else None)


def reset(sent: bytes = b"") -> Behaviour:
    """A connection that breaks, after the bytes `sent`."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(sent)
        time.sleep(0.02 if sent else 0)  # a reset overtakes what was sent just before
        linger = struct.pack("ii", 1, 0)
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        request.connection.close()

    return behave


def raw(*pieces: bytes) -> Behaviour:
    """Exactly these bytes, HTTP or not, then the end of the connection."""

    def behave(request: BaseHTTPRequestHandler) -> None:
        for piece in pieces:
            request.wfile.write(piece)

    return behave


def old_http(body: bytes) -> Behaviour:
    """HTTP/1.0: no length, the body ends with the connection."""
    return raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n", body)


def broken_chunk(body: bytes) -> Behaviour:
    """A chunk that is longer than it says, so that no chunk follows it."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return raw(head, f"{len(body) - 1:x}\r\n".encode(), body, b"\r\n0\r\n\r\n")


def many_headers(number: int, size: int) -> Behaviour:
    """An answer with `number` headers of `size` bytes each before its body."""
    headers = {f"X-Header-{index}": "x" * size for index in range(number)}
    return answer(b"after the headers", headers=headers)


def fickle(body: bytes) -> Behaviour:
    """The same body under another ETag each time; no condition is ever met."""
    numbers = count()
    return lambda request: answer(body, headers={"ETag": f'"{next(numbers)}"'})(request)


def always_unchanged() -> Behaviour:
    """304, whether or not anybody has, or ever had, a version to compare."""
    return answer(status=304)


def protected(behaviour: Behaviour, username: str, password: str) -> Behaviour:
    """401 but for who sends this user and password."""
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    refuse = answer(status=401, headers={"WWW-Authenticate": 'Basic realm="members"'})

    def behave(request: BaseHTTPRequestHandler) -> None:
        is_known = request.headers.get("Authorization") == f"Basic {token}"
        (behaviour if is_known else refuse)(request)

    return behave


def packed(body: bytes, encoding: str) -> Behaviour:
    """Bytes with a Content-Encoding, true or not."""
    return answer(body, headers={"Content-Encoding": encoding})


def bomb(encoding: str) -> Behaviour:
    """A small body that unpacks to two gigabytes."""
    return packed(bomb_bytes(encoding), encoding)


@cache
def bomb_bytes(encoding: str) -> bytes:
    """Two gigabytes of zeros in 2.1 MB (gzip, deflate) or 0.4 MB (br)."""
    zeros = bytes(2**24)
    if encoding == "br":
        packer = brotli.Compressor(quality=1)
        return b"".join([packer.process(zeros) for _ in range(128)]) + packer.finish()
    # After a full flush the same packed bytes can be repeated.
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = squeeze.compress(zeros) + squeeze.flush(zlib.Z_FULL_FLUSH)
    start = gzip.compress(b"")[:10] if encoding == "gzip" else b""
    return start + piece * 128


def start(request: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str]) -> None:
    """Status line and headers; the connection closes after the body."""
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Connection", "close")
    request.end_headers()


def until_too_late() -> Iterator[None]:
    """Steps until `LONGEST_S` have passed."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        yield


NOT_FOUND = answer(b"not found", status=404)
