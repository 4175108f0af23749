"""HTTP for untrusted hosts.

Every request of the pipeline to a feed's or an enclosure's host goes through `SafeClient`:
http(s) only, a bounded number of redirects, bytes and seconds counted while streaming, and
no connection to private, loopback or link-local addresses unless the host is allowed by
name. The address is checked where the socket is opened, after name resolution, so neither a
redirect nor a name that changes its address between check and use gets past it.

What does not belong here: what a feed or an enclosure is.
"""

import hashlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from podcast_insights import __version__

USER_AGENT = f"podcast-insights/{__version__} (daily podcast digest; feed reader)"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK_BYTES = 64 * 1024


class FetchError(Exception):
    """A request that did not end in a usable answer; the message says why and names the host."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """Keep the message and, where the server answered, its HTTP status."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """What one request may cost."""

    max_bytes: int
    max_redirects: int = 5
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    total_timeout_s: float = 600.0


@dataclass(frozen=True)
class Answer:
    """A finished request. `sha256` and `size_bytes` are those of the body as received."""

    status: int
    url: str
    headers: Mapping[str, str]
    sha256: str
    size_bytes: int
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class SafeClient:
    """Fetches one URL at a time within `limits`.

    Args:
        limits: what one request may cost.
        private_hosts: `host` or `host:port` names that may resolve to private addresses.
    """

    limits: Limits
    private_hosts: frozenset[str] = frozenset()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch `url` into memory.

        Raises:
            FetchError: refused, unreachable, too large, too slow, or not a 2xx or 304 answer.
        """
        parts: list[bytes] = []
        answer = self._fetch(url, headers or {}, parts.append)
        return Answer(
            status=answer.status,
            url=answer.url,
            headers=answer.headers,
            sha256=answer.sha256,
            size_bytes=answer.size_bytes,
            body=b"".join(parts),
        )

    def download(self, url: str, target: Path) -> Answer:
        """Fetch `url` into the file `target` without holding it in memory.

        Raises:
            FetchError: as for `get`, and where fewer bytes came than `Content-Length` said.
        """
        with target.open("wb") as file:
            return self._fetch(url, {}, file.write)

    def _fetch(self, url: str, headers: Mapping[str, str], sink: Callable[[bytes], Any]) -> Answer:
        deadline = time.monotonic() + self.limits.total_timeout_s
        current = url
        with self._open() as client:
            for _ in range(self.limits.max_redirects + 1):
                check_scheme(current)
                try:
                    with client.stream("GET", current, headers=dict(headers)) as response:
                        if response.status_code in REDIRECTS:
                            current = urljoin(current, response.headers.get("location", ""))
                            continue
                        if response.status_code != 304 and not response.is_success:
                            raise FetchError(
                                f"{host_of(current)} answered HTTP {response.status_code}",
                                status=response.status_code,
                            )
                        return self._drain(response, current, deadline, sink)
                except (httpx.HTTPError, httpcore.ConnectError, httpx.InvalidURL) as error:
                    raise FetchError(f"{host_of(current)}: {describe(error)}") from error
        raise FetchError(f"{host_of(url)} redirected more than {self.limits.max_redirects} times")

    def _drain(
        self, response: httpx.Response, url: str, deadline: float, sink: Callable[[bytes], Any]
    ) -> Answer:
        digest, size = hashlib.sha256(), 0
        for chunk in response.iter_bytes(CHUNK_BYTES):
            size += len(chunk)
            if size > self.limits.max_bytes:
                raise FetchError(f"{host_of(url)} sent more than {self.limits.max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise FetchError(
                    f"{host_of(url)} took more than {self.limits.total_timeout_s:.0f} s"
                )
            digest.update(chunk)
            sink(chunk)
        return Answer(
            status=response.status_code,
            url=url,
            headers={key.lower(): value for key, value in response.headers.items()},
            sha256=digest.hexdigest(),
            size_bytes=size,
        )

    def _open(self) -> httpx.Client:
        # trust_env=False: a proxy would open the socket in our stead, past the address check.
        transport = httpx.HTTPTransport(trust_env=False)
        transport._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=GuardedBackend(self.private_hosts),
        )
        timeout = httpx.Timeout(self.limits.read_timeout_s, connect=self.limits.connect_timeout_s)
        return httpx.Client(
            transport=transport,
            timeout=timeout,
            headers={"user-agent": USER_AGENT},
            trust_env=False,
        )


class GuardedBackend(httpcore.SyncBackend):
    """Opens sockets to public addresses, and to private ones only where allowed by name."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        """Allow the names in `private_hosts` (`host` or `host:port`) to be private."""
        self._private_hosts = private_hosts

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check every address, and connect to a checked one."""
        allowed = {host, f"{host}:{port}"} & self._private_hosts
        last: Exception | None = None
        for address in resolve(host, port):
            if not allowed and not is_public(address):
                raise httpcore.ConnectError(
                    f"{host} resolves to {address}, which is not a public address; name the "
                    "host under private_hosts in feeds.yaml if that is meant"
                )
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"{host} has no address")


def resolve(host: str, port: int) -> list[str]:
    """All addresses of `host`, in the resolver's order."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} can't be resolved ({error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether `address` is one the whole internet can reach."""
    parsed = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return parsed.is_global and not parsed.is_multicast


def check_scheme(url: str) -> None:
    """Refuse everything but http(s) with a host.

    Raises:
        FetchError: another scheme, no host, or not a URL at all.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise FetchError(f"not an http(s) address: {redact(url)[:120]!r}")


def host_of(url: str) -> str:
    """The host of `url`, for messages: paths and queries may carry tokens."""
    return urlsplit(url).hostname or "(no host)"


def redact(url: str) -> str:
    """`url` without user, password and query values, for rows, logs and metadata."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a URL)"
    query = "?…" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{parts.path}{query}"


def describe(error: Exception) -> str:
    """An error in words; some of httpx's have no message of their own."""
    return str(error) or type(error).__name__
