"""One subscription's answer: the feed where it lives now, and the pages of its archive.

What does not belong here: HTTP itself (`net/`), the format (`parse.py`), and what the ledgers
make of it (`ledger.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.feeds.archive import Walk, is_storable, older_page, walk
from podcast_insights.feeds.documents import Document, is_stored, read_document, stored_feed
from podcast_insights.feeds.fetches import (
    Fetch,
    conditional_headers,
    failed_fetch,
    is_unchanged,
)
from podcast_insights.feeds.model import Feed
from podcast_insights.feeds.parse import READER_VERSION, FeedFormatError
from podcast_insights.feeds.subscriptions import MissingSecretError, Subscription, normalized
from podcast_insights.net.client import Answer, Client, FetchError, host_of
from podcast_insights.net.secrets import Secrets

ARCHIVE_NOTE = "its archive could not be read on"
MAX_PINNED = 2
MAX_MOVES = 3
"""Times that one visit follows `itunes:new-feed-url`."""


@dataclass(frozen=True)
class Fetched:
    """A visit and what it brought.

    Args:
        main: the feed itself; None where it is unchanged or could not be had.
        archive: further pages, the newest first.
    """

    fetch: Fetch
    main: Document | None = None
    archive: tuple[Document, ...] = ()


@dataclass
class Visit:
    """What is learned during one visit."""

    fetch: Fetch
    main: Document | None = None
    archive: tuple[Document, ...] = ()
    transferred_bytes: int = 0
    notes: list[str] = field(default_factory=list)

    def count(self, answer: Answer) -> Answer:
        """Add up what the hosts sent."""
        self.transferred_bytes += answer.size_bytes
        return answer

    def done(self) -> Fetched:
        """The visit as a row of the ledger, with the documents."""
        fetch = replace(
            self.fetch,
            transferred_bytes=self.transferred_bytes,
            archive_page_count=len(self.archive),
            notes="; ".join(dict.fromkeys(filter(None, self.notes))) or None,
        )
        return Fetched(fetch, self.main, self.archive)


@dataclass(frozen=True)
class FeedFetcher:
    """Visits subscriptions, one at a time; a scan has one fetcher for all its threads.

    Args:
        client_for: makes the HTTP client of a subscription (private hosts, credentials).
        now: the clock.
        environ: where the secrets of private feeds are looked up.
    """

    client_for: Callable[[Subscription], Client]
    cache: Cache
    now: Callable[[], datetime]
    environ: Mapping[str, str]

    def fetch(self, feed: Subscription, known: Sequence[Fetch]) -> Fetched:
        """Visit a feed; whatever goes wrong comes back as a fetch with `error`.

        Args:
            feed: the subscription.
            known: its earlier fetches, oldest first.
        """
        started = self.now()
        secrets = self.secrets_of(feed)
        try:
            found = self.visit(feed, known, started)
            return replace(found, fetch=without_secrets(found.fetch, secrets))
        except (FetchError, FeedFormatError, MissingSecretError) as error:
            failed = failed_fetch(feed, known, started, error)
        except Exception as error:  # whatever it is, it must not cost the other feeds their row
            failed = Fetch(
                feed_id=feed.feed_id,
                fetched_at=started,
                error=f"unexpected: {error!r}",
                failure="unexpected",
            )
        return Fetched(without_secrets(failed, secrets))

    def secrets_of(self, feed: Subscription) -> Secrets:
        """What must not be shown of this feed; nothing where its variables are not set."""
        try:
            return Secrets(feed.secret_values(self.environ))
        except MissingSecretError:
            return Secrets(())

    def visit(self, feed: Subscription, known: Sequence[Fetch], started: datetime) -> Fetched:
        """Ask where the feed lives now, read it if it has changed, and go on with its archive.

        Raises:
            FetchError: not to be had.
            FeedFormatError: what was served is no feed, or is hostile.
            MissingSecretError: a variable with a secret is not set.
        """
        client = self.client_for(feed)
        last = self.last_good(known)
        address, answer = self.ask(client, feed, last, started)
        base = last or Fetch(feed.feed_id, started)
        visit = Visit(replace(base, fetched_at=started, http_status=answer.status))
        visit.count(answer)
        address = answer.moved_to or address
        if last and (answer.status == 304 or is_unchanged(last, answer)):
            visit.notes += [n for n in (last.notes or "").split("; ") if ARCHIVE_NOTE not in n]
            if answer.status != 304:
                visit.fetch = replace(visit.fetch, **validators(answer), full_at=started)
        else:
            visit.main = read_document(self.cache, answer)
            address, answer = self.follow(client, visit, address, answer)
            visit.notes += visit.main.feed.repairs
            visit.fetch = replace(visit.fetch, **facts(visit.main, answer), full_at=started)
        visit.fetch = replace(visit.fetch, moved_to=self.move(feed, address, visit))
        self.go_through_archive(client, feed, last, visit)
        return visit.done()

    def last_good(self, known: Sequence[Fetch]) -> Fetch | None:
        """The last good fetch; one whose bytes were pruned from the cache has no reader."""
        last = next((fetch for fetch in reversed(known) if fetch.is_good), None)
        if last is None or last.content_sha256 is None:
            return last
        is_there = is_stored(self.cache, last.content_sha256)
        return last if is_there else replace(last, reader_version=None)

    def ask(
        self, client: Client, feed: Subscription, last: Fetch | None, started: datetime
    ) -> tuple[str, Answer]:
        """Ask at the address the feed has moved to, else at the subscribed one."""
        subscribed = feed.address(self.environ)
        headers = conditional_headers(last, started)
        if last is None or last.moved_to is None:
            return subscribed, client.get(subscribed, headers)
        try:
            return last.moved_to, client.get(last.moved_to, headers)
        except FetchError as error:
            try:
                return subscribed, client.get(subscribed)
            except FetchError:
                raise error from None

    def follow(
        self, client: Client, visit: Visit, address: str, answer: Answer
    ) -> tuple[str, Answer]:
        """Go where the publisher says that the feed has moved, if this feed is there.

        What the old home still lists is kept, like a further page.
        """
        seen = {normalized(address), normalized(answer.url)}
        for _ in range(MAX_MOVES):
            old = visit.main
            assert old is not None  # noqa: S101 - for the type checker
            target = old.feed.new_feed_url
            if not target or normalized(target) in seen:
                break
            seen.add(normalized(target))
            try:
                found = visit.count(client.get(target))
                new = read_document(self.cache, found)
            except (FetchError, FeedFormatError) as error:
                visit.notes.append(f"says that it has moved, but at the new address: {error}")
                break
            if not is_same_show(old.feed, new.feed):
                visit.notes.append("says that it has moved, but at the new address is another show")
                break
            visit.main, visit.archive = new, (old, *visit.archive)
            address, answer = found.moved_to or target, found
        return address, answer

    def move(self, feed: Subscription, address: str, visit: Visit) -> str | None:
        """Where to ask next time; None for the subscribed address.

        An address with what may be a secret is not stored; the old one is asked again then,
        which sends us on for as long as its host does.
        """
        if normalized(address) == normalized(feed.address(self.environ)):
            return None
        if is_storable(feed, address):
            return address
        visit.notes.append(
            f"has moved to {host_of(address)}; its new address looks like a secret, so it is "
            f"not stored: put it into feeds.yaml, with id: {feed.feed_id} to keep its past"
        )
        return None

    def go_through_archive(
        self, client: Client, feed: Subscription, last: Fetch | None, visit: Visit
    ) -> None:
        """Read older pages (RFC 5005), where there are some that were not read yet."""

        def read(url: str) -> Document:
            return read_document(self.cache, visit.count(client.get(url)))

        start = self.archive_start(feed, last, visit)
        if start:
            walked = walk(feed, start, read)
        elif last and (visit.main is None or last.archive_next):  # as it was then
            walked = Walk((), last.archive_next, last.archive_error, last.archive_since_on)
        else:
            walked = Walk()
        visit.archive += walked.documents
        if walked.error:
            visit.notes.append(f"{ARCHIVE_NOTE}: {walked.error}")
        visit.fetch = replace(
            visit.fetch,
            archive_next=walked.next_url,
            archive_error=walked.error,
            archive_since_on=walked.since,
        )

    def archive_start(self, feed: Subscription, last: Fetch | None, visit: Visit) -> str | None:
        """The page to begin with; None if there is nothing to read."""
        if last and last.archive_next:
            stopped = last.archive_since_on
            is_over = stopped and feed.since and feed.since >= stopped
            return None if is_over else last.archive_next
        main = visit.main.feed if visit.main else None
        if last is None or not last.has_whole_archive:
            main = main or self.stored(last)
            return older_page(main) if main else None
        is_torn = main and older_page(main) and self.has_turned_over(last, main)
        return older_page(main) if main and is_torn else None

    def has_turned_over(self, last: Fetch, first: Feed) -> bool:
        """Whether no item of the last good document is left, but for two that may be pinned."""
        before = self.stored(last)
        if before is None or not before.items:
            return False
        names = {item.guid or item.title for item in before.items}
        left = sum((item.guid or item.title) in names for item in first.items)
        return left == 0 or (left <= MAX_PINNED and len(first.items) > 2 * MAX_PINNED)

    def stored(self, fetch: Fetch | None) -> Feed | None:
        """The document of an earlier fetch, from the cache; None if it was pruned."""
        if fetch is None or fetch.content_sha256 is None:
            return None
        return stored_feed(self.cache, fetch.content_sha256)


def is_same_show(old: Feed, new: Feed) -> bool:
    """Whether two documents are of one show: the same podcast:guid, or an item in common."""
    if old.guid and old.guid == new.guid:
        return bool(new.items)
    names = {name for item in old.items for name in (item.guid, item.title) if name}
    return any({item.guid, item.title} & names for item in new.items)


def without_secrets(fetch: Fetch, secrets: Secrets) -> Fetch:
    """A fetch that says nothing secret; a validator that held some can't be sent back."""
    ours = ("feed_id", "failure", "content_sha256")
    said = {name: value for name, value in vars(fetch).items() if name not in ours}
    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    hidden = {name: secrets.hide(value) for name, value in texts.items()}
    changed: dict[str, Any] = {n: v for n, v in hidden.items() if v != texts[n]}
    changed |= {name: None for name in ("etag", "last_modified") if name in changed}
    return replace(fetch, **changed)


def validators(answer: Answer) -> dict[str, Any]:
    """What the next conditional request sends back."""
    return {
        "etag": answer.headers.get("etag"),
        "last_modified": answer.headers.get("last-modified"),
    }


def facts(main: Document, answer: Answer) -> dict[str, Any]:
    """What the document says of the feed as a whole."""
    return validators(answer) | {
        "http_status": answer.status,
        "content_sha256": main.sha256,
        "show_title": main.feed.title,
        "item_count": len(main.feed.items),
        "language": main.feed.language,
        "medium": main.feed.medium,
        "podcast_guid": main.feed.guid,
        "reader_version": READER_VERSION,
    }
