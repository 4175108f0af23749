"""The list of subscriptions as a Dagster resource."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from podcast_insights.feeds.subscriptions import Subscription


class SubscriptionsResource(dg.ConfigurableResource):
    """The list of feeds, `data/feeds.yaml`, read anew in each run."""

    path: str = Field(description="The file.")

    def load(self) -> "tuple[Subscription, ...]":
        """All subscriptions.

        Raises:
            UserError: the file can't be read or makes no sense.
        """
        from podcast_insights.feeds.subscriptions import load_subscriptions

        return load_subscriptions(Path(self.path))

    def private_hosts(self) -> dict[str, tuple[str, ...]]:
        """Hosts that may be private, by feed id."""
        return {feed.feed_id: feed.private_hosts for feed in self.load()}
