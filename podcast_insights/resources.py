"""The resources that several stages share. A stage's own resource lives in its folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from podcast_insights.cache import Cache
    from podcast_insights.net.client import SafeClient


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

    def feed_client(self, private_hosts: tuple[str, ...]) -> "SafeClient":
        """A client for feeds and transcripts."""
        return self._client(self.max_feed_bytes, 120.0, private_hosts)

    def audio_client(self, private_hosts: tuple[str, ...]) -> "SafeClient":
        """A client for enclosures, which are larger and may take an hour."""
        return self._client(self.max_audio_bytes, 3600.0, private_hosts)

    def _client(
        self, max_bytes: int, total_timeout_s: float, private_hosts: tuple[str, ...]
    ) -> "SafeClient":
        from podcast_insights.net.client import Limits, SafeClient

        limits = Limits(
            max_bytes=max_bytes, read_timeout_s=self.timeout_s, total_timeout_s=total_timeout_s
        )
        return SafeClient(limits, frozenset(private_hosts))
