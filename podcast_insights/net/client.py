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
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from podcast_insights import __version__

USER_AGENT = f"podcast-insights/{__version__} (daily podcast digest; feed reader)"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
ENCODINGS = "gzip, deflate"
"""What we ask for: both unpack to a thousand times their size at most."""

REFUSED_ENCODINGS = frozenset({"br", "zstd", "compress"})
"""Not asked for, and without such a bound. Other unknown words, such as a misplaced `utf-8`,
mean that the body is as it is."""

CARRIERS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""IPv6 networks whose last 32 bits are an IPv4 address (NAT64, IPv4-compatible)."""

LOCAL = (ipaddress.IPv6Network("fec0::/10"), ipaddress.IPv6Network("64:ff9b:1::/48"))
"""Networks of one site that Python's `is_global` takes for public."""


UNUSABLE = (httpx.InvalidURL, ValueError, OverflowError)
"""What addresses that pass for http(s) can still raise deeper down, IDNA's errors among them."""


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
        with self._open(deadline) as client:
            for _ in range(self.limits.max_redirects + 1):
                check_scheme(current)
                try:
                    with client.stream("GET", current, headers=dict(headers)) as response:
                        if response.status_code in REDIRECTS:
                            current = redirected(current, response)
                            continue
                        if response.status_code != 304 and not response.is_success:
                            raise FetchError(
                                f"{host_of(current)} answered HTTP {response.status_code}",
                                status=response.status_code,
                            )
                        return self._drain(response, current, deadline, sink)
                except (httpx.HTTPError, httpcore.ConnectError, *UNUSABLE) as error:
                    if time.monotonic() >= deadline:
                        raise self._too_slow(current) from error
                    raise FetchError(f"{host_of(current)}: {describe(error)}") from error
        raise FetchError(f"{host_of(url)} redirected more than {self.limits.max_redirects} times")

    def _drain(
        self, response: httpx.Response, url: str, deadline: float, sink: Callable[[bytes], Any]
    ) -> Answer:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if "," in encoding or encoding in REFUSED_ENCODINGS:
            raise FetchError(f"{host_of(url)} sent an unwanted Content-Encoding: {encoding[:40]}")
        digest, size = hashlib.sha256(), 0
        # No chunk size: httpx would wait for a chunk to fill while a host drips.
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self.limits.max_bytes:
                raise FetchError(f"{host_of(url)} sent more than {self.limits.max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise self._too_slow(url)
            digest.update(chunk)
            sink(chunk)
        return Answer(
            status=response.status_code,
            url=url,
            headers={key.lower(): value for key, value in response.headers.items()},
            sha256=digest.hexdigest(),
            size_bytes=size,
        )

    def _too_slow(self, url: str) -> FetchError:
        return FetchError(f"{host_of(url)} took more than {self.limits.total_timeout_s:g} s")

    def _open(self, deadline: float) -> httpx.Client:
        # trust_env=False: a proxy would open the socket in our stead, past the address check.
        transport = httpx.HTTPTransport(verify=certificates(), trust_env=False)
        transport._pool = httpcore.ConnectionPool(
            ssl_context=certificates(),
            network_backend=GuardedBackend(self.private_hosts, deadline),
        )
        timeout = httpx.Timeout(self.limits.read_timeout_s, connect=self.limits.connect_timeout_s)
        return httpx.Client(
            transport=transport,
            timeout=timeout,
            headers={"user-agent": USER_AGENT, "accept-encoding": ENCODINGS},
            trust_env=False,
        )


@cache
def certificates() -> ssl.SSLContext:
    """The system's certificates, loaded once: each time takes 20 ms of a fetch."""
    return ssl.create_default_context()


class GuardedBackend(httpcore.SyncBackend):
    """Opens sockets to public addresses, and to private ones only where allowed by name."""

    def __init__(self, private_hosts: frozenset[str], deadline: float) -> None:
        """Allow the names in `private_hosts` (`host` or `host:port`) to be private.

        Args:
            private_hosts: those names.
            deadline: `time.monotonic()` after which nothing is read or written.
        """
        self._private_hosts = private_hosts
        self._deadline = deadline

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
                stream = super().connect_tcp(
                    address, port, time_left(self._deadline, timeout), local_address, socket_options
                )
                return DeadlineStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"{host} has no address")


class DeadlineStream(httpcore.NetworkStream):
    """A socket that knows when all must be over.

    A host that sends one byte at a time, in headers too, never trips the timeout of a
    single read.
    """

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        """Wrap `stream` until `deadline`, by `time.monotonic()`."""
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read within the time left."""
        return self._stream.read(max_bytes, time_left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write within the time left."""
        self._stream.write(buffer, time_left(self._deadline, timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands within the time left; the encrypted stream has the same deadline."""
        left = time_left(self._deadline, timeout)
        return DeadlineStream(
            self._stream.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What httpcore asks about the socket."""
        return self._stream.get_extra_info(info)


def time_left(deadline: float, timeout: float | None) -> float:
    """The shorter of `timeout` and what is left until `deadline`.

    Raises:
        httpcore.ReadTimeout: nothing is left.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("no time left")
    return left if timeout is None else min(left, timeout)


def redirected(url: str, response: httpx.Response) -> str:
    """Where `response` sends the client.

    Raises:
        FetchError: not an address at all.
    """
    try:
        return urljoin(url, str(response.headers.get("location", "")))
    except ValueError as error:
        raise FetchError(f"{host_of(url)} redirected to what is no address") from error


def resolve(host: str, port: int) -> list[str]:
    """All addresses of `host`, in the resolver's order."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} can't be resolved ({error})") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether `address` is one the whole internet can reach; of a carried IPv4, that one."""
    parsed = ipaddress.ip_address(address.split("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        carried = parsed.ipv4_mapped or parsed.sixtofour
        if any(parsed in network for network in CARRIERS):
            carried = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if carried:
            return is_public(str(carried))
        if any(parsed in network for network in LOCAL):
            return False
    return parsed.is_global and not parsed.is_multicast


def check_scheme(url: str) -> None:
    """Refuse everything but http(s) with a host.

    Raises:
        FetchError: another scheme, no host, or not a URL at all.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # also a port beyond 65535
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
