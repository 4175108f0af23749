"""What tells that a listed item is a known one, the surest evidence first.

What does not belong here: pairing items with it (`recognize.py`).
"""

import hashlib
import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

NEAR_S = timedelta(hours=12).total_seconds()
"""Dates nearer than this may be one date, corrected or in another time zone.

Less than a day: a daily show whose items differ in nothing else must not become one item that
is edited every day.
"""

SAME_MOMENT_S = timedelta(minutes=30).total_seconds()
"""Dates nearer than this are one. Newscasts come every hour, some at one address."""

MIN_SIZE = 10_000
"""Claimed bytes below are no size; many feeds write 1."""


@dataclass(frozen=True)
class Trait:
    """What tells who an item is, on both sides: as listed now, and as the ledger holds it.

    Args:
        name: the item's id in the ledger; empty for a listing.
        key: hash of the audio's stable address, else of the page's.
        title: without case, punctuation and white space.
        size_bytes: claimed by the feed.
        has_audio: `key` is the audio's; only looked at in listings.
        notes: hash of the show notes, where there is nothing but a title besides.
    """

    name: str
    guid: str | None
    key: str | None
    title: str
    date: datetime | None
    size_bytes: int | None = None
    has_audio: bool = False
    notes: str | None = None

    def told_by(self, notes: Callable[[], str]) -> "Trait":
        """The trait with the hash of its notes, if that is needed to tell it from others."""
        is_needed = self.guid is None and self.key is None and self.date is None
        return replace(self, notes=notes()) if is_needed else self

    @property
    def everything(self) -> Hashable:
        """All of it, for an item served again as it was."""
        return (self.guid, self.key, self.title, self.date, self.notes)


def hash_of(notes: str) -> str:
    """Show notes as a hash; the one that DuckDB's `md5` gives."""
    return hashlib.md5(notes.encode()).hexdigest()  # noqa: S324 - no secret


def folded(title: str) -> str:
    """A title without case, punctuation and white space."""
    return re.sub(r"[\W_]+", " ", title.casefold()).strip() or title


Judgement = Callable[[Trait, Trait], bool]


@dataclass(frozen=True)
class Evidence:
    """A reason to take a listing for a known item.

    Args:
        key: what both must have in common; None if this evidence is silent about an item.
        names: what may mean several items; it is clear if it means one on either side.
        if_clear: what more must be true of the two then.
        if_not: what must be true otherwise; None: the evidence is worth nothing.
    """

    key: Callable[[Trait], Hashable | None]
    names: Callable[[Trait], Hashable | None]
    if_clear: Judgement
    if_not: Judgement | None = None

    def tells(self, listed: Trait, known: Trait, is_clear: Judgement) -> bool:
        """Whether it says that the two are one."""
        judge = self.if_clear if is_clear(listed, known) else self.if_not
        return judge is not None and judge(listed, known)


def gap(a: datetime | None, b: datetime | None) -> float | None:
    """Seconds between two dates; None if one is missing."""
    return abs((a - b).total_seconds()) if a and b else None


def sizes(listed: Trait, known: Trait) -> set[int]:
    """What the two say of the file's size: two numbers contradict each other."""
    return {size for size in (listed.size_bytes, known.size_bytes) if size and size >= MIN_SIZE}


def always(listed: Trait, known: Trait) -> bool:
    """What they have in common is enough."""
    return True


def alike(listed: Trait, known: Trait) -> bool:
    """The same moment; or near in time, and nothing says that it is another file."""
    apart = gap(listed.date, known.date)
    if apart is not None and apart <= SAME_MOMENT_S:
        return True
    return (apart is None or apart <= NEAR_S) and len(sizes(listed, known)) < 2


def not_replaced(listed: Trait, known: Trait) -> bool:
    """Any date will do, unless the file's size has changed together with it.

    Some feeds have one address and title for all ("News", latest.mp3).
    """
    return alike(listed, known) or len(sizes(listed, known)) < 2


def same_file(listed: Trait, known: Trait) -> bool:
    """The same moment; near in time only if the size is known to be the same, too.

    Two GUIDs stand against it, and a daily show may have one address and title for all.
    """
    if not (listed.guid and known.guid):
        return alike(listed, known)
    apart = gap(listed.date, known.date)
    if apart is None:
        return alike(listed, known)
    claimed = {listed.size_bytes, known.size_bytes}
    is_one_size = len(claimed) == 1 and bool(sizes(listed, known))
    return apart <= SAME_MOMENT_S or (apart <= NEAR_S and is_one_size)


def same_moment(listed: Trait, known: Trait) -> bool:
    """Two dates that are one."""
    apart = gap(listed.date, known.date)
    return apart is not None and apart <= SAME_MOMENT_S


def both(*parts: Hashable | None) -> Hashable | None:
    """A key of all parts; None if one is missing."""
    return None if None in parts else parts


def guid_of(trait: Trait) -> Hashable | None:
    """The GUID."""
    return trait.guid


def file_and_title(trait: Trait) -> Hashable | None:
    """Audio and title."""
    return both(trait.key, trait.title)


def guid_file_title(trait: Trait) -> Hashable | None:
    """GUID, audio or its absence, and title."""
    return both(trait.guid, trait.key or "", trait.title)


def guid_and_file(trait: Trait) -> Hashable | None:
    """GUID and audio."""
    return both(trait.guid, trait.key)


def file_and_date(trait: Trait) -> Hashable | None:
    """Audio and the very date."""
    return both(trait.key, trait.date)


def title_and_date(trait: Trait) -> Hashable | None:
    """Title and the very date."""
    return both(trait.title, trait.date)


def anonymous(trait: Trait) -> Hashable | None:
    """Audio and title of an item without GUID."""
    return None if trait.guid else file_and_title(trait)


EVIDENCE = (
    # Served again as it was.
    Evidence(lambda t: t.everything, lambda t: t.everything, always, always),
    # An edited date: what has a GUID of its own may go anywhere in time.
    Evidence(guid_file_title, guid_of, always, alike),
    Evidence(guid_file_title, guid_file_title, not_replaced),
    Evidence(anonymous, anonymous, not_replaced, alike),
    # An edited title; replaced audio; both at once.
    Evidence(guid_and_file, guid_of, always, alike),
    Evidence(guid_and_file, guid_and_file, not_replaced),
    Evidence(lambda t: both(t.guid, t.title), guid_of, always, alike),
    # With audio, title and date all new it is a new episode that reuses the GUID.
    Evidence(guid_of, guid_of, alike),
    # Another GUID, or one where there was none; with an edited title, too.
    Evidence(file_and_title, file_and_title, same_file, same_moment),
    Evidence(file_and_date, file_and_date, always),
    # A move to another host: new GUIDs and new addresses.
    Evidence(title_and_date, title_and_date, always),
    # An edited title where there is neither GUID nor date to go by.
    Evidence(lambda t: None if t.guid else t.key, lambda t: t.key, alike),
)
