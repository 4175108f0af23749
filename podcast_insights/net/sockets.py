"""Sockets that only open to checked addresses, and that know when all must be over.

The address is checked where the socket is opened, after name resolution, so neither a
redirect nor a name that changes its address between check and use gets past it.

What does not belong here: HTTP.
"""

import ssl
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import httpcore

from podcast_insights.net.addresses import RefusedAddressError, is_named, is_public, resolve


class Deadline:
    """When all must be over, by `clock`. What we wait in a queue of our own moves it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count down from `seconds`."""
        self.seconds = seconds
        self.clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds left; zero or less when it is over."""
        return self._end - self.clock()

    def postpone(self, seconds: float) -> None:
        """Add `seconds`, which were not the host's."""
        self._end += seconds

    def within(self, timeout: float | None) -> float:
        """The shorter of `timeout` and what is left.

        Raises:
            httpcore.ReadTimeout: nothing is left.
        """
        left = self.left()
        if left <= 0:
            raise httpcore.ReadTimeout("no time left")
        return left if timeout is None else min(left, timeout)


@cache
def certificates() -> ssl.SSLContext:
    """The system's certificates, loaded once: each time takes 20 ms of a fetch."""
    return ssl.create_default_context()


class GuardedBackend(httpcore.SyncBackend):
    """Opens sockets to public addresses, and to private ones only where allowed by name."""

    def __init__(self, private_hosts: frozenset[str], deadline: Deadline) -> None:
        """Allow the names in `private_hosts` (`host` or `host:port`) to be private.

        Args:
            private_hosts: those names.
            deadline: after it nothing is read or written.
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
        is_allowed = is_named(host, port, self._private_hosts)
        last: Exception | None = None
        for address in resolve(host, port):
            if not is_allowed and not is_public(address):
                raise RefusedAddressError(
                    f"{host} resolves to {address}, which is not a public address; name the "
                    "host under private_hosts in feeds.yaml if that is meant"
                )
            try:
                time_left = self._deadline.within(timeout)
                stream = super().connect_tcp(
                    address, port, time_left, local_address, socket_options
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

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        """Wrap `stream` until `deadline`."""
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read within the time left."""
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write within the time left."""
        self._stream.write(buffer, self._deadline.within(timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands within the time left; the encrypted stream has the same deadline."""
        time_left = self._deadline.within(timeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, time_left)
        return DeadlineStream(stream, self._deadline)

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """What httpcore asks about the socket."""
        return self._stream.get_extra_info(info)
