"""Tests of HTTP, and what they share: a host on loopback, and clients that may ask it."""

from collections.abc import Callable
from typing import Any

from podcast_insights.net.client import Limits, SafeClient
from podcast_insights_tests.support.servers import Site

BODY = b"twelve bytes"


def client_of(*private_hosts: str, **limits: Any) -> SafeClient:  # noqa: ANN401 - any limit
    """A client that may ask these hosts on this machine."""
    return SafeClient(Limits(**{"max_bytes": 100_000, **limits}), frozenset(private_hosts))


def resolving_to(*addresses: str) -> Callable[[str, int], list[str]]:
    """A resolver with one answer for all names."""
    return lambda host, port: list(addresses)


def count_of(site: Site, path: str) -> int:
    """How often a page was asked for."""
    return sum(request.path == path for request in site.requests)
