"""HTTP servers on loopback that behave as they are told: well, badly, or for ever.

What does not belong here: the sample world, which is served by `podcast_insights.samples`.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
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
