"""The list of subscriptions as a Dagster resource."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from podcast_insights.cache import Cache
    from podcast_insights.feeds.fresh import FreshAddresses
    from podcast_insights.feeds.private import AddressBook
    from podcast_insights.feeds.subscriptions import Subscription
    from podcast_insights.net.client import Client as HttpClient
    from podcast_insights.net.secrets import Credentials

Client = TypeVar("Client")


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

    def by_id(self) -> "dict[str, Subscription]":
        """All subscriptions by feed id."""
        return {feed.feed_id: feed for feed in self.load()}

    def clients(
        self, make: "Callable[[tuple[str, ...], Credentials | None], Client]"
    ) -> "Callable[[str], Client]":
        """HTTP clients by feed id, with what that subscription allows and needs.

        Args:
            make: takes hosts that may be private, and credentials.

        Returns:
            A function that raises `FetchError` where a variable is not set. A feed that is no
            longer subscribed to gets a client without either.
        """
        from podcast_insights.feeds.private import credentials_of
        from podcast_insights.feeds.subscriptions import MissingSecretError
        from podcast_insights.net.client import FetchError

        feeds = self.by_id()

        def client_for(feed_id: str) -> "Client":
            feed = feeds.get(feed_id)
            if feed is None:
                return make((), None)
            try:
                return make(feed.private_hosts, credentials_of(feed, os.environ))
            except MissingSecretError as error:
                raise FetchError(str(error), kind="bad_address") from error

        return client_for

    def addresses(self, cache: "Cache") -> "AddressBook":
        """The real addresses of what private feeds announce."""
        from podcast_insights.feeds.private import AddressBook

        return AddressBook(cache)

    def fresh_addresses(
        self, make: "Callable[[tuple[str, ...], Credentials | None], HttpClient]"
    ) -> "FreshAddresses":
        """Addresses as the feeds give them now; one object for one run, as it reads them once.

        Args:
            make: makes the client that reads feeds, as for `clients`.
        """
        from podcast_insights.feeds.fresh import FreshAddresses

        return FreshAddresses(self.by_id(), self.clients(make), os.environ)
