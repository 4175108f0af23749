"""HTTP for untrusted hosts.

Every request of the pipeline to a feed's or an enclosure's host goes through `SafeClient`:
http(s) only, a bounded number of redirects, bytes and seconds counted while streaming, and
no connection to private, loopback or link-local addresses unless the host is allowed by
name. No cookies, no Referer, no proxies; user and password go to their own origin only.

A redirect from https to http is followed, because many enclosures still lie behind one, but
without credentials, and it is never taken for a move (`Answer.moved_to`): an address that is
encrypted today stays so.

What does not belong here: asking again (`polite.py`), what a feed or an enclosure is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import httpcore
import httpx

from podcast_insights import __version__
from podcast_insights.net import sockets
from podcast_insights.net.addresses import (
    check_scheme,
    host_of,
    is_public,
    joined,
    origin_of,
    parse,
)
from podcast_insights.net.decoding import ACCEPTED
from podcast_insights.net.errors import FetchError, Kind
from podcast_insights.net.exchange import Answer, Exchange, Limits
from podcast_insights.net.gates import HostGates
from podcast_insights.net.landing import Landing, Memory, Sink
from podcast_insights.net.secrets import Credentials, authorization, redact
from podcast_insights.net.sockets import Deadline, GuardedBackend

# What other stages import from here, wherever in `net/` it lives.
__all__ = [
    "USER_AGENT",
    "Answer",
    "Client",
    "FetchError",
    "Kind",
    "Limits",
    "SafeClient",
    "check_scheme",
    "host_of",
    "is_public",
    "redact",
]

USER_AGENT = f"podcast-insights/{__version__} (daily podcast digest; feed reader)"
PERMANENT = frozenset({301, 308})


class Client(Protocol):
    """What asks hosts: `SafeClient` once, `PoliteClient` as often as makes sense."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch `url` into memory."""

    def download(self, url: str, target: Path | Landing) -> Answer:
        """Fetch `url` into the file `target`, or go on with what a `Landing` has of it."""


@dataclass(frozen=True)
class SafeClient:
    """Fetches one URL at a time within `limits`, each in connections of its own.

    Args:
        limits: what one request may cost.
        private_hosts: `host` or `host:port` names that may resolve to private addresses.
        credentials: user and password for one origin.
        gates: shared by all that must not ask a host twice at a time; None: no such care.
        user_agent: who we say we are.
    """

    limits: Limits
    private_hosts: frozenset[str] = frozenset()
    credentials: Credentials | None = None
    gates: HostGates | None = None
    user_agent: str = USER_AGENT

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        deadline: Deadline | None = None,
    ) -> Answer:
        """Fetch `url` into memory.

        Args:
            url: an http(s) address.
            headers: sent to every host on the way, so nothing secret belongs there.
            deadline: shared by several requests; None: `limits.total_timeout_s` from now.

        Raises:
            FetchError: refused, unreachable, too large, too slow, broken off, or neither a
                2xx answer nor a 304 to a conditional request.
        """
        memory = Memory()
        answer = self._fetch(url, headers or {}, memory, deadline)
        return replace(answer, body=memory.body)

    def download(
        self, url: str, target: Path | Landing, *, deadline: Deadline | None = None
    ) -> Answer:
        """Fetch `url` into a file, without holding it in memory.

        Args:
            url: an http(s) address.
            target: a path, emptied before; or a landing, of which only the rest is asked for
                where the host can do that.
            deadline: as for `get`.

        Raises:
            FetchError: as for `get`. What came stays in the landing.
            OSError: the file can't be written.
        """
        landing = target if isinstance(target, Landing) else Landing(target)
        landing.comes_from(url)
        # Ranges and lengths count bytes as they are, not as they are packed.
        headers = {"accept-encoding": "identity", **landing.headers}
        with landing.opened():
            try:
                return self._fetch(url, headers, landing, deadline)
            except FetchError as error:
                if error.status != 416 or "range" not in headers:
                    raise
                landing.forget()
                message = f"{host_of(url)} has no such part (HTTP 416)"
                raise FetchError(message, kind="incomplete", status=416) from error

    def _fetch(
        self,
        url: str,
        headers: Mapping[str, str],
        sink: Sink,
        deadline: Deadline | None,
    ) -> Answer:
        deadline = deadline or Deadline(self.limits.total_timeout_s)
        trail = Trail(url)
        with self._connections(deadline) as connections:
            exchange = Exchange(connections, self.limits, deadline, sink)
            for _ in range(self.limits.max_redirects + 1):
                with self._gate(trail.asked, deadline):
                    answer = exchange.ask(
                        trail.url, trail.asked, self._headers(trail.asked, headers)
                    )
                if isinstance(answer, Answer):
                    return replace(answer, moved_to=trail.moved_to)
                trail.go(answer.location, is_permanent=answer.status in PERMANENT)
        message = f"{host_of(url)} redirected more than {self.limits.max_redirects} times"
        raise FetchError(message, kind="redirects")

    @contextmanager
    def _gate(self, url: httpx.URL, deadline: Deadline) -> Iterator[None]:
        if self.gates is None:
            yield
            return
        begun = deadline.clock()
        with self.gates.hold(origin_of(url).gate):
            deadline.postpone(deadline.clock() - begun)
            yield

    def _headers(self, url: httpx.URL, given: Mapping[str, str]) -> dict[str, str]:
        own = {"user-agent": self.user_agent, "accept": "*/*", "accept-encoding": ACCEPTED}
        asked = {name.lower(): value for name, value in given.items()}
        return own | asked | authorization(url, self.credentials)

    def _connections(self, deadline: Deadline) -> httpcore.ConnectionPool:
        # httpcore rather than httpx: no cookies, no proxy that would open the socket in our
        # stead, past the address check, and bodies as they come, for us to unpack.
        return httpcore.ConnectionPool(
            ssl_context=sockets.certificates(),
            network_backend=GuardedBackend(self.private_hosts, deadline),
        )


class Trail:
    """The way redirects take from one address.

    Attributes:
        url: where we are.
        asked: the same, as it is asked.
        moved_to: how far the way is permanent and as well encrypted as before.
    """

    def __init__(self, url: str) -> None:
        """Begin at `url`.

        Raises:
            FetchError: not an address that can be asked.
        """
        self.url = url
        self.asked = parse(url)
        self.moved_to: str | None = None
        self._is_move = True
        self._seen = {self._place()}

    def go(self, location: str, *, is_permanent: bool) -> None:
        """Follow a redirect to `location`.

        Raises:
            FetchError: not an address that can be asked, or one on the way already. As no
                cookies are kept, it would redirect again.
        """
        old, host = self.asked, host_of(self.url)
        self.url = joined(self.url, location)
        self.asked = parse(self.url)
        if self._place() in self._seen:
            raise FetchError(f"{host} redirected in a circle", kind="redirects")
        self._seen.add(self._place())
        is_downgrade = old.scheme == "https" and self.asked.scheme == "http"
        self._is_move = self._is_move and is_permanent and not is_downgrade
        if self._is_move:
            self.moved_to = self.url

    def _place(self) -> tuple[object, ...]:
        """What the server sees: no fragment, one spelling of the host."""
        return (origin_of(self.asked), self.asked.raw_path)
