"""A reader's digest as a value: what rendering and mail work on.

Built from rows of `daily_digests`, so what is rendered is what an analyst can query.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from podcast_insights.identity import short_hash

SURE_TOPIC = 0.30
"""Cosine from which a reader is told that an insight is about their topic: of texts about
something else, two in a thousand come that near (docs/decisions/0013-ranking.md)."""


@dataclass(frozen=True)
class RelatedEntry:
    """A related insight of another episode, as one line."""

    insight_id: str
    headline: str
    show_title: str
    episode_title: str
    audio_url: str | None
    similarity: float


@dataclass(frozen=True)
class Entry:
    """One place in a digest."""

    rank: int
    insight_id: str
    headline: str
    body: str
    quote: str
    quote_start_s: float
    speaker: str | None
    show_title: str
    episode_title: str
    episode_link: str | None
    audio_url: str | None
    published_on: date
    engine: str
    also_in: tuple[str, ...]
    related: tuple[RelatedEntry, ...]
    topic: str | None = None
    """The reader's topic it is about, where that is certain enough to be said."""


@dataclass(frozen=True)
class Considered:
    """How many insights a digest was chosen from, and how many were left out for what reason.

    What was outscored is not here: there is none where a digest is thin.
    """

    insights: int
    told_before: int
    same_idea: int
    adds_too_little: int
    low_value: int


@dataclass(frozen=True)
class Digest:
    """The insights one reader gets for one day; may be short, or empty, on a thin day.

    Args:
        wanted: how many the reader asked for; fewer entries are said aloud, not padded.
        considered: what it was chosen from; None where that was not recorded (schema 1).
    """

    reader_id: str
    reader_name: str
    digest_on: date
    wanted: int
    entries: tuple[Entry, ...]
    considered: Considered | None = None

    @property
    def digest_id(self) -> str:
        """Stable name of this reader's digest of this day."""
        return digest_id(self.reader_id, self.digest_on)


def digest_id(reader_id: str, digest_on: date) -> str:
    """Hash of reader and day: the key of the delivery ledger."""
    return short_hash("digest", reader_id, digest_on.isoformat())


def from_rows(
    reader_id: str,
    reader_name: str,
    wanted: int,
    digest_on: date,
    rows: Sequence[dict[str, Any]],
    selection: dict[str, Any] | None = None,
) -> Digest:
    """Build a digest from its rows of `daily_digests`, in any order, and its selection's row."""
    entries = tuple(
        Entry(
            **{name: row[name] for name in COPIED},
            also_in=tuple(row["also_in"]),
            related=tuple(RelatedEntry(**link) for link in row["related"]),
            topic=row["matched_topic"] if (row["topic_likeness"] or 0.0) >= SURE_TOPIC else None,
        )
        for row in sorted(rows, key=lambda row: row["rank"])
    )
    considered = selection and Considered(
        insights=selection["considered"], **{name: selection[name] for name in LEFT_OUT}
    )
    # How many the reader wants today says nothing of a digest that was chosen before.
    asked = selection["wanted"] if selection else wanted
    return Digest(reader_id, reader_name, digest_on, asked, entries, considered or None)


def without(digest: Digest, told: AbstractSet[str]) -> Digest:
    """The digest without what its reader has been told meanwhile, which it then says."""
    left = [entry for entry in digest.entries if entry.insight_id not in told]
    count = len(digest.entries) - len(left)
    if not count:
        return digest
    known = digest.considered
    return replace(
        digest,
        entries=tuple(replace(entry, rank=rank) for rank, entry in enumerate(left, start=1)),
        considered=known and replace(known, told_before=known.told_before + count),
    )


LEFT_OUT = ("told_before", "same_idea", "adds_too_little", "low_value")
COPIED = (
    "rank",
    "insight_id",
    "headline",
    "body",
    "quote",
    "quote_start_s",
    "speaker",
    "show_title",
    "episode_title",
    "episode_link",
    "audio_url",
    "published_on",
    "engine",
)


def clock(seconds: float) -> str:
    """A second in the audio as people write it: 2:05, or 1:02:05."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
