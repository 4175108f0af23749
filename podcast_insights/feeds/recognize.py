"""Which announced item is one we know: identity that survives what publishers do.

The GUID is the identity where it is there and means one thing. It is not believed where a
feed repeats it for several items or reuses it for a new episode, and it is not needed where
audio, title or date still tell that an item is the one whose GUID has changed.

An id is made once, from what the item said when it was first seen, and then kept; nothing
depends on positions, so a feed may be reordered or served again without a change.

What does not belong here: twins in different feeds (`episodes/identify.py`).
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from podcast_insights.feeds.enclosures import choose, enclosure_key
from podcast_insights.feeds.evidence import EVIDENCE, NEAR_S, Evidence, Trait, folded, gap, hash_of
from podcast_insights.feeds.model import Item
from podcast_insights.identity import short_hash

FEW = 4
"""Of items that look alike, so many each way in time are compared with an item.

A real feed has a handful; of 50,000 that share a GUID not each is held against each.
"""


@dataclass(frozen=True)
class Recognized:
    """An item with its id; `repeated` counts further listings of it that were folded."""

    item_id: str
    item: Item
    page: int = 0
    repeated: int = 0


def recognize(
    feed_id: str, pages: Sequence[Sequence[Item]], known: Iterable[Trait]
) -> list[Recognized]:
    """Give each item of a feed its id, each id once.

    Args:
        feed_id: ids of different feeds never meet.
        pages: the items of the feed, then those of its archive pages; of an item that two
            pages list, the first page's counts.
        known: what the ledger holds of this feed.
    """
    listings = [(trait_of(item), item, page) for page, items in enumerate(pages) for item in items]
    distinct, repeats = fold(listings)
    traits = [trait for trait, _, _ in distinct]
    known = list(known)
    ids = match(traits, known)
    taken = {trait.name for trait in known}
    said = Counter(trait.guid for trait in traits)
    found = []
    for place, (trait, item, page) in enumerate(distinct):
        if place not in ids:
            ids[place] = fresh_id(feed_id, trait, said[trait.guid], taken)
            taken.add(ids[place])
        found.append(Recognized(ids[place], item, page, repeats[place]))
    return found


def trait_of(item: Item) -> Trait:
    """What tells who a listed item is."""
    enclosure = choose(item.enclosures).enclosure
    address = enclosure.url if enclosure else item.link
    return Trait(
        name="",
        guid=item.guid,
        key=enclosure_key(address) if address else None,
        title=folded(item.title),
        date=item.published_at,
        size_bytes=enclosure.size_bytes if enclosure else None,
        has_audio=enclosure is not None,
    ).told_by(lambda: hash_of(item.description))


Listing = tuple[Trait, Item, int]


def fold(listings: Sequence[Listing]) -> tuple[list[Listing], list[int]]:
    """Listings of one item become one, in an order that does not depend on the document's.

    Returns:
        The distinct ones, and for each how many more there were.
    """
    kept: list[Listing] = []
    repeats: list[int] = []
    places: dict[Hashable, int] = {}
    for one in sorted(listings, key=seniority):
        keys = keys_of_one_document(one[0])
        place = next((places[key] for key in keys if key in places), len(kept))
        if place == len(kept):
            kept.append(one)
            repeats.append(0)
        else:
            repeats[place] += 1
        for key in keys:
            places.setdefault(key, place)
    return kept, repeats


def keys_of_one_document(trait: Trait) -> list[Hashable]:
    """Two listings that share one of these are one item.

    The same GUID and date, with the same audio or title. A GUID alone does not do: some feeds
    give it to each of their episodes, with one address for all. Without GUIDs, the same audio
    and date.
    """
    keys: list[Hashable] = [trait.everything]
    if trait.guid and trait.has_audio:
        keys.append(("audio", trait.guid, trait.key, trait.title))
    if trait.guid and trait.has_audio and trait.date:
        keys.append(("audio", trait.guid, trait.key, trait.date))
    if trait.guid and trait.date:
        keys.append(("title", trait.guid, trait.title, trait.date))
    if not trait.guid and trait.has_audio and trait.date:
        keys.append(("moment", trait.key, trait.date))
    return keys


def seniority(listing: Listing) -> tuple[object, ...]:
    """The feed's own page first, then what can be heard, then the latest statement.

    Then what no token and no white space changes: another order tomorrow would look like an
    edit. The rest only decides between listings that differ in nothing that counts.
    """
    trait, item, page = listing
    stamp = item.updated_at or trait.date
    return (
        page,
        not trait.has_audio,
        -(stamp.timestamp() if stamp else 0.0),
        trait.guid or "",
        trait.title,
        trait.key or "",
        trait.size_bytes or 0,
        repr(item),
    )


def match(listed: Sequence[Trait], known: Iterable[Trait]) -> dict[int, str]:
    """Pair places in `listed` with ids of known items, surest evidence first, each id once."""
    stored = {trait.name: trait for trait in sorted(known, key=lambda trait: trait.name)}
    free = dict(stored)
    open_ = dict(enumerate(listed))
    matched: dict[int, str] = {}
    for evidence in EVIDENCE:
        together = shared(evidence, open_, free)
        if not together:
            continue
        is_clear = clearness(evidence, listed, stored.values())
        pairs = [
            (*nearness(open_[place], trait), place, trait.name)
            for places, alike in together
            for place in places
            for trait in alike.near(open_[place].date)
            if evidence.tells(open_[place], trait, is_clear)
        ]
        for *_, place, name in sorted(pairs):
            if place in open_ and name in free:
                matched[place] = name
                del open_[place], free[name]
    return matched


def shared(
    evidence: Evidence, open_: Mapping[int, Trait], free: Mapping[str, Trait]
) -> list[tuple[list[int], "Alike"]]:
    """Places and known items that have something in common."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place, trait in open_.items():
        key = evidence.key(trait)
        if key is not None:
            places[key].append(place)
    groups: dict[Hashable, Alike] = defaultdict(Alike)
    for trait in free.values() if places else ():
        key = evidence.key(trait)
        if key in places:
            groups[key].add(trait)
    return [(places[key], alike) for key, alike in groups.items()]


def clearness(
    evidence: Evidence, listed: Iterable[Trait], known: Iterable[Trait]
) -> Callable[[Trait, Trait], bool]:
    """Whether what names an item means one only, in this document and in the ledger."""
    said = Counter(map(evidence.names, listed))
    said_before = Counter(map(evidence.names, known))

    def is_clear(one: Trait, other: Trait) -> bool:
        names = evidence.names(one), evidence.names(other)
        return None not in names and all(max(said[n], said_before[n]) == 1 for n in names)

    return is_clear


class Alike:
    """Known items that have something in common, to be found by their dates."""

    def __init__(self) -> None:
        """None yet."""
        self._traits: list[Trait] = []
        self._is_sorted = True

    def add(self, trait: Trait) -> None:
        """One more."""
        self._traits.append(trait)
        self._is_sorted = False

    def near(self, moment: datetime | None) -> Sequence[Trait]:
        """A few, the nearest in time; those without a date come as if long ago."""
        if len(self._traits) <= 2 * FEW:
            return self._traits
        if not self._is_sorted:
            self._traits.sort(key=instant)
            self._is_sorted = True
        at = moment.timestamp() if moment else LONG_AGO_S
        middle = bisect_left(self._traits, at, key=instant)
        return self._traits[max(0, middle - FEW) : middle + FEW]


LONG_AGO_S = float("-inf")


def instant(trait: Trait) -> float:
    """A date as a number, which is quick to compare."""
    return trait.date.timestamp() if trait.date else LONG_AGO_S


def nearness(listed: Trait, known: Trait) -> tuple[bool, bool, float]:
    """Sort key: the same title, the same audio, the nearest date first."""
    apart = gap(listed.date, known.date)
    return (
        listed.title != known.title,
        listed.key != known.key,
        apart if apart is not None else NEAR_S,
    )


def fresh_id(feed_id: str, trait: Trait, said: int, taken: set[str]) -> str:
    """An id for an item never seen before: of its GUID, unless that names another item too.

    Else of audio and title; of the date too where a feed uses one address and title for all.
    """
    parts: list[str] = [trait.key or "", trait.title, *([trait.notes] if trait.notes else [])]
    if trait.guid and said == 1:
        item_id = short_hash("item", feed_id, trait.guid)
        if item_id not in taken:
            return item_id
        parts.append(trait.guid)
    item_id = short_hash("item", feed_id, *parts)
    more = (*parts, str(trait.date), str(trait.guid))
    for ordinal in count():
        if item_id not in taken:
            break
        item_id = short_hash("item", feed_id, *more, str(ordinal))
    return item_id
