"""The resources that several stages share. A stage's own resource lives in its folder."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from podcast_insights.cache import Cache
    from podcast_insights.net.client import Limits
    from podcast_insights.net.gates import HostGates
    from podcast_insights.net.polite import PoliteClient
    from podcast_insights.net.secrets import Credentials


class CacheResource(dg.ConfigurableResource):
    """The content-addressed cache: nothing is paid for twice."""

    root: str = Field(description="Folder of the cache.")

    @property
    def cache(self) -> "Cache":
        """The cache as the domain code knows it."""
        from podcast_insights.cache import Cache

        return Cache(Path(self.root))


class HttpResource(dg.ConfigurableResource):
    """HTTP to hosts nobody has vetted, within limits."""

    timeout_s: float = Field(default=30.0, description="Longest silence of a host.")
    max_feed_bytes: int = Field(default=50_000_000, description="Largest feed or transcript.")
    max_audio_bytes: int = Field(default=2_000_000_000, description="Largest enclosure.")
    max_workers: int = Field(default=8, description="Downloads at the same time.")

    def feed_client(
        self,
        private_hosts: tuple[str, ...] = (),
        credentials: "Credentials | None" = None,
        gates: "HostGates | None" = None,
    ) -> "PoliteClient":
        """A client for feeds and transcripts; clients that share `gates` spare their hosts."""
        limits = self._limits(self.max_feed_bytes, 120.0)
        return self._client(limits, private_hosts, credentials, gates)

    def audio_client(
        self, private_hosts: tuple[str, ...] = (), credentials: "Credentials | None" = None
    ) -> "PoliteClient":
        """A client for enclosures, which are larger and may take an hour.

        Five attempts in a row may fail: what each brings is kept. A kilobyte a second would
        not be an episode within the hour, so a host that drips is given up after a minute.
        """
        limits = replace(self._limits(self.max_audio_bytes, 3600.0), min_bytes_per_s=1_000.0)
        return self._client(limits, private_hosts, credentials, None, max_attempts=5)

    def _limits(self, max_bytes: int, total_timeout_s: float) -> "Limits":
        from podcast_insights.net.client import Limits

        return Limits(
            max_bytes=max_bytes, read_timeout_s=self.timeout_s, total_timeout_s=total_timeout_s
        )

    def _client(
        self,
        limits: "Limits",
        private_hosts: tuple[str, ...],
        credentials: "Credentials | None",
        gates: "HostGates | None",
        max_attempts: int = 3,
    ) -> "PoliteClient":
        from podcast_insights.net.client import SafeClient
        from podcast_insights.net.polite import PoliteClient

        client = SafeClient(limits, frozenset(private_hosts), credentials, gates)
        return PoliteClient(client, max_attempts)
