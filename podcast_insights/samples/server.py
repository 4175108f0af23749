"""Serves `data/samples/` over real HTTP on this machine only.

Feeds name the server's own address through the placeholder `{{base_url}}`, so the same files
work on any port. Conditional requests and byte ranges are answered as podcast hosts do.

What does not belong here: making the samples (`data/samples/speak.py`).
"""

import hashlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from podcast_insights.errors import UserError

HOST = "127.0.0.1"
PORT = 8765
TYPES = {".xml": "application/rss+xml", ".mp3": "audio/mpeg", ".vtt": "text/vtt"}
FOLDERS = ("feeds", "audio", "transcripts")
PLACEHOLDER = b"{{base_url}}"


@dataclass(frozen=True)
class Request:
    """One request the server saw."""

    method: str
    path: str
    status: int


class QuietServer(ThreadingHTTPServer):
    """Threads that end with the program, and no word about clients that hang up."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over a broken connection; everything else is told as usual."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class SampleServer:
    """A running server; `requests` tells what was asked of it."""

    def __init__(self, folder: Path, port: int = PORT) -> None:
        """Bind to the port; 0 takes any free one.

        Raises:
            UserError: the folder is not there, or the port is taken.
        """
        if not (folder / "feeds").is_dir():
            raise UserError(
                f"There is no sample world at {folder}.",
                "Run this in a clone of the repository.",
            )
        self.requests: list[Request] = []
        try:
            self._server = QuietServer((HOST, port), handler_for(folder, self._saw))
        except OSError as error:
            raise UserError(
                f"Port {port} of this machine is taken, so the sample world can't be served.",
                f"End what uses it (perhaps another `podcast-insights samples`), then try again: "
                f"{error.strerror}.",
            ) from error

    @property
    def base_url(self) -> str:
        """Address of the server."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def _saw(self, request: Request) -> None:
        self.requests.append(request)

    def serve(self) -> None:
        """Serve until `close` is called from another thread."""
        self._server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Stop serving and give the port back."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(folder: Path, port: int = PORT) -> Iterator[SampleServer]:
    """A server that runs while the block does."""
    server = SampleServer(folder, port)
    thread = threading.Thread(target=server.serve, name="samples", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def handler_for(folder: Path, saw: Callable[[Request], None]) -> type[BaseHTTPRequestHandler]:
    """A request handler for the files of `folder`."""
    return type("Handler", (SampleHandler,), {"folder": folder, "saw": staticmethod(saw)})


class SampleHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for the sample world's files."""

    protocol_version = "HTTP/1.1"
    server_version = "podcast-insights-samples"
    folder: Path
    saw: Callable[[Request], None]

    def do_GET(self) -> None:
        """Answer with the body."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer without the body."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        path = find(self.folder, self.path)
        if path is None:
            self._send(404, {"Content-Type": "text/plain"}, b"not found\n", with_body)
            return
        body = path.read_bytes()
        base_url = f"http://{self.headers.get('Host', HOST)}".encode()
        if path.suffix == ".xml":
            body = body.replace(PLACEHOLDER, base_url)
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Content-Type": TYPES[path.suffix], "Accept-Ranges": "bytes"}
        if self.headers.get("If-None-Match") == etag:
            self._send(304, headers, b"", with_body)
            return
        span = byte_range(self.headers.get("Range"), len(body))
        if span is None:
            self._send(200, headers, body, with_body)
            return
        start, end = span
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(body)}"
        self._send(206, headers, body[start:end], with_body)

    def _send(self, status: int, headers: dict[str, str], body: bytes, with_body: bool) -> None:
        self.saw(Request(self.command, self.path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence: the caller reads `requests`."""


def find(folder: Path, path: str) -> Path | None:
    """The file a path names, if it is one of the sample world's own kinds and places."""
    match = re.fullmatch(r"/([a-z]+)/([a-z0-9-]+)(\.[a-z0-9]+)", path.split("?")[0])
    if not match or match[1] not in FOLDERS or match[3] not in TYPES:
        return None
    found = folder / match[1] / f"{match[2]}{match[3]}"
    return found if found.is_file() else None


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """`bytes=START-[END]` as a half-open span; None for a whole answer."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", header or "")
    if not match or int(match[1]) >= size:
        return None
    start, end = int(match[1]), int(match[2]) + 1 if match[2] else size
    return (start, min(end, size)) if start < end else None
