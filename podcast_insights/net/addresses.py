"""Addresses: which ones we ask at all, whom they belong to, and where names lead.

What does not belong here: opening sockets (`sockets.py`), hiding secrets (`secrets.py`).
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from podcast_insights.net.errors import FetchError

CARRIERS = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""IPv6 networks whose last 32 bits are an IPv4 address (NAT64, IPv4-compatible, translated)."""

LOCAL = tuple(map(ipaddress.IPv6Network, ("fec0::/10", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")))
"""Networks of one site that Python's `is_global` takes for public."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class RefusedAddressError(httpcore.ConnectError):
    """A host resolves to an address that is not public."""


class UnresolvedError(httpcore.ConnectError):
    """A host name that leads nowhere, for now or at all."""

    def __init__(self, message: str, *, is_transient: bool) -> None:
        """Keep whether the resolver said "try again"."""
        super().__init__(message)
        self.is_transient = is_transient


@dataclass(frozen=True)
class Origin:
    """Whom an address belongs to. Credentials are for one origin only."""

    scheme: str
    host: str
    port: int

    @property
    def gate(self) -> str:
        """The host as one to ask politely, whatever the scheme."""
        return f"{self.host.rstrip('.')}:{self.port}"


def check_scheme(url: str) -> None:
    """Refuse everything but http(s) with a host.

    Raises:
        FetchError: another scheme, no host, or not a URL at all.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # also a port beyond 65535
        usable = False
    if not usable:
        raise FetchError(f"{host_of(url)}: not an http(s) address", kind="bad_address")


def parse(url: str) -> httpx.URL:
    """The address as it is asked: host in ASCII, the rest percent-encoded.

    Raises:
        FetchError: not an http(s) address, or an impossible one.
    """
    check_scheme(url)
    try:
        parsed = httpx.URL(url)
        if not parsed.raw_host:
            raise httpx.InvalidURL("no host")
    except (httpx.InvalidURL, ValueError):  # IDNA's errors are ValueErrors
        # Not passed on as the cause: it quotes the address.
        message = f"{host_of(url)}: not a possible address"
        raise FetchError(message, kind="bad_address") from None
    return parsed


def origin_of(url: httpx.URL) -> Origin:
    """Whom `url` belongs to, in one spelling."""
    host = url.raw_host.decode("ascii").lower()
    return Origin(url.scheme, host, url.port or DEFAULT_PORTS[url.scheme])


def joined(url: str, location: str) -> str:
    """Where `location` leads from `url`.

    User and password of `url` go along within its origin, where they are known already, and
    never to another.

    Raises:
        FetchError: not an address.
    """
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
        has_userinfo = "@" in parts.netloc
    except ValueError:  # quotes the address, too
        message = f"{host_of(url)} redirected to what is no address"
        raise FetchError(message, kind="redirects") from None
    old = parse(url)
    if old.userinfo and not has_userinfo and origin_of(parse(target)) == origin_of(old):
        userinfo = old.userinfo.decode("ascii")
        target = parts._replace(netloc=f"{userinfo}@{parts.netloc}").geturl()
    return target


def resolve(host: str, port: int) -> list[str]:
    """All addresses of `host`, in the resolver's order.

    The system's resolver has its own limits (on Linux 5 s a try); no deadline of ours ends it.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        is_transient = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise UnresolvedError(
            f"{host} can't be resolved ({error})", is_transient=is_transient
        ) from error
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


def is_named(host: str, port: int, names: frozenset[str]) -> bool:
    """Whether `names` has this host, with or without its port, in any case of letters."""
    spellings = {host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"}
    return bool({spelling.lower() for spelling in spellings} & {name.lower() for name in names})


def host_of(url: str) -> str:
    """The host of `url`, for messages: paths and queries may carry tokens."""
    try:
        return urlsplit(url).hostname or "(no host)"
    except ValueError:
        return "(no host)"
