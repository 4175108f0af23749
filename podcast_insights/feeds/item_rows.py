"""An announced item as a row of the ledger, and what changed in it since the last time.

What does not belong here: reading and writing the ledger (`ledger.py`).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from podcast_insights.feeds.documents import Document
from podcast_insights.feeds.enclosures import choose, enclosure_key, is_web, stable_address
from podcast_insights.feeds.evidence import MIN_SIZE, hash_of
from podcast_insights.feeds.fetches import Fetch
from podcast_insights.feeds.model import Item, Person, TranscriptLink
from podcast_insights.feeds.recognize import Recognized
from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.identity import short_hash
from podcast_insights.net.client import redact
from podcast_insights.net.secrets import Secrets

Row = dict[str, Any]

FUTURE_TOLERANCE = timedelta(hours=24)
"""Publishers' clocks and time zones are wrong by hours; more than a day is another mistake."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No feed is older; 1970 is what programs write for nothing."""

EDITS = ("title", "guid", "published_at", "duration_s", "enclosure_bytes", "episode_type")
"""Columns whose change is an edit; audio and transcript are compared without tokens."""

SIZE, AUDIO = "enclosure_bytes", "enclosure_url"
"""Hosts that put advertising in on the fly claim another size each time, others have a token for
a file name: what has changed alone before and does so again is noise, or the item's day would
be paid for again after each scan."""

TRANSCRIPT_PREFERENCE = ("application/json", "text/vtt", "srt", "text/html", "text/plain")
"""Speakers and times first; any other type comes after."""


def item_row(feed: Subscription, document: Document | None, one: Recognized, fetch: Fetch) -> Row:
    """What an item says about itself, as a row; its day as if it were seen for the first time."""
    item, choice = one.item, choose(one.item.enclosures)
    enclosure = choice.enclosure
    transcripts = sorted(filter(is_usable, item.transcripts), key=preference)
    persons = item.persons or (document.feed.persons if document else ())
    day, problem = day_of(item, fetch.fetched_at)
    row: Row = {
        "item_id": one.item_id,
        "feed_id": feed.feed_id,
        "published_on": day,
        "date_source": "first_seen" if problem else "feed",
        "date_problem": problem,
        "first_seen_at": fetch.fetched_at,
        "show_title": document.feed.title if document else feed.shown_url,
        "title": item.title,
        "description": item.description,
        "guid": item.guid,
        "link": item.link,
        "published_at": item.published_at,
        "published_text": item.published_text,
        "enclosure_url": enclosure.url if enclosure else None,
        "enclosure_type": enclosure.type if enclosure else None,
        "enclosure_bytes": enclosure.size_bytes if enclosure else None,
        "enclosure_key": enclosure_key(enclosure.url) if enclosure else None,
        "enclosure_problem": choice.problem,
        "duration_s": item.duration_s or (enclosure.duration_s if enclosure else None),
        "transcript_url": transcripts[0].url if transcripts else None,
        "transcript_type": transcripts[0].type if transcripts else None,
        "transcripts": [
            {"url": link.url, "type": link.type, "language": link.language} for link in transcripts
        ],
        "persons": [person.name for person in persons],
        "person_roles": [role_of(person) for person in persons],
        "episode_type": item.episode_type,
        "season": item.season,
        "episode_number": item.episode,
        "chapters_url": item.chapters_url,
        "document_sha256": document.sha256 if document else None,
        "is_private": feed.is_private,
        "edited_at": None,
    }
    return row | {"content_key": content_key(row)}


def is_usable(link: TranscriptLink) -> bool:
    """Whether a transcript's address may be fetched at all."""
    return is_web(link.url)


def preference(link: TranscriptLink) -> int:
    """Sort key: the formats with times and speakers first."""
    kinds = (n for n, kind in enumerate(TRANSCRIPT_PREFERENCE) if kind in (link.type or ""))
    return next(kinds, len(TRANSCRIPT_PREFERENCE))


def role_of(person: Person) -> str:
    """Podcasting 2.0: who has no role is a host."""
    return person.role or "host"


def day_of(item: Item, fetched_at: datetime) -> tuple[date, str | None]:
    """The UTC day an item belongs to, and why its own date does not say it."""
    at = item.published_at
    if at is None:
        problem = "unreadable" if item.published_text else "missing"
    elif at > fetched_at + FUTURE_TOLERANCE:
        problem = "future"
    elif at < EARLIEST:
        problem = "absurd"
    else:
        return at.astimezone(UTC).date(), None
    return fetched_at.astimezone(UTC).date(), problem


def content_key(row: Row) -> str:
    """A hash of what episodes are made from; the sensor brings a day back when it differs.

    The audio counts by file name, size and duration. Hosts, folders, counters and tokens in an
    address change without another sound.
    """
    audio = (file_of(row[AUDIO]), size_of(row), row["duration_s"])
    parts = (row["title"], *audio, path_of(row["transcript_url"]), row["episode_type"])
    return short_hash("content", *map(str, parts))


def file_of(url: str | None) -> str:
    """The file's name, with the parameters that are no tokens: `play.php?id=1`."""
    return stable_address(url).rpartition("/")[2] if url else ""


def size_of(row: Row) -> int | None:
    """The claimed size, if it is one; many feeds write 1."""
    size = row[SIZE]
    return size if size and size >= MIN_SIZE else None


def path_of(url: str | None) -> str:
    """The path of an address: what is left when tokens and hosts may change."""
    return urlsplit(url).path if url else ""


def edits_of(before: Row, row: Row) -> list[Row]:
    """What a reader would notice of an edit, a row for each column; none for mere noise."""
    # A row from before schema 1 does not know the type of its episode.
    known = [name for name in EDITS if name != "episode_type" or before["content_key"]]
    names = [name for name in known if name != SIZE and before[name] != row[name]]
    if None not in (size_of(before), size_of(row)) and size_of(before) != size_of(row):
        names.append(SIZE)
    if file_of(before[AUDIO]) != file_of(row[AUDIO]):
        names.append(AUDIO)
    if path_of(before["transcript_url"]) != path_of(row["transcript_url"]):
        names.append("transcript_url")
    if len(names) == 1 and names[0] in (SIZE, AUDIO) and names[0] in (before["edits"] or ()):
        return []
    return [
        {"column_name": name, "before": as_text(before[name]), "after": as_text(row[name])}
        for name in names
    ]


def as_text(value: object) -> str | None:
    """A value as the ledger of edits holds it; addresses without what may be a token."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return redact(text) if is_web(text) else text


def kept(row: Row, before: Row, edited_at: datetime | None) -> Row:
    """An item seen before keeps its day, whatever date its publisher gives it later.

    Two days would otherwise hold one episode, and every join on it would double its rows.
    The edited date itself is in `published_at`.

    Args:
        row: as announced now.
        before: as stored.
        edited_at: when it was found edited just now; None if it was not.
    """
    names = ["first_seen_at", "published_on", "date_source", "date_problem"]
    if edited_at is None:
        names.append("edited_at")
        names += ["content_key"] if before["content_key"] else []
    return row | {"edited_at": edited_at} | {name: before[name] for name in names}


def differs(row: Row, before: Row) -> bool:
    """Whether a known item's row has to be written again.

    The document alone is no reason, or each new episode would rewrite its whole feed; but of
    a private feed the latest is needed, because its addresses are only there.
    """
    passing = set() if row["is_private"] else {"document_sha256"}
    shown = row | {"description": hash_of(row["description"])}
    return any(shown[name] != before[name] for name in shown.keys() - passing)


def without_secrets(row: Row, secrets: Secrets) -> Row:
    """A row of a private feed: no secret in any text, no user and query in any address."""

    def clean(value: Any) -> Any:  # noqa: ANN401 - any value of a row
        if isinstance(value, str):
            return secrets.hide(redact(value) if is_web(value) else value)
        if isinstance(value, list):
            return [clean(part) for part in value]
        if isinstance(value, dict):
            return {name: clean(part) for name, part in value.items()}
        return value

    return {name: value if name in SAFE else clean(value) for name, value in row.items()}


SAFE = frozenset(
    "item_id feed_id guid date_source date_problem episode_type enclosure_key content_key "
    "document_sha256".split()
)
"""Columns in our own words or hashes, which no secret may change, however short it is; and the
GUID, which is clean already, in a way that keeps it apart from others."""
