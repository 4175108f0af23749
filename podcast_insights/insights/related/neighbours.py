"""The nearest neighbours of some insights among all of them: exact, page by page.

One matrix product per page of the corpus, so that a day's insights are compared with all the
others in one reading and in bounded memory. The product only chooses who may be near; the
similarity that counts is computed again for these pairs in double precision and rounded, so
that it is a function of the two vectors alone, whatever page or batch they came in.

What does not belong here: what makes two insights one idea (`same_idea.py`), rows and ranks
(`related.py`), where pages come from (`refresh.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.insights.records import SAME_IDEA

MIN_SIMILARITY = 0.30
KEEP = 32
"""Neighbours kept of each kind; folding seldom needs more to find ten ideas."""
MARGIN = 1e-4
"""A float32 product of unit vectors is off by less than this, rounding to four places included."""
MANY = 4 * KEEP
"""Neighbours among which it is worth looking who is near to whom before their words are read."""
SPARE = 50_000
"""Insights that are held though nobody keeps them any more, before they are let go: 80 MB."""
GROUP = 512
"""Insights compared with a page at most at once: their product with 10 thousand takes 20 MB."""


@dataclass(frozen=True)
class Insights:
    """Some insights as parallel arrays, without their words: few of them are ever asked for.

    Args:
        episodes: the episode that counts: of an episode in two feeds, the same for both.
        days: days since 1970.
        models: what made the vectors; empty where schema 1 did not say.
    """

    ids: np.ndarray
    episodes: np.ndarray
    shows: np.ndarray
    days: np.ndarray
    models: np.ndarray
    vectors: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: np.ndarray | slice) -> "Insights":
        """Those at `places`; by index they are copies that let go of the rest."""
        return Insights(*(getattr(self, field.name)[places] for field in fields(self)))


def to_insights(rows: pl.DataFrame) -> Insights:
    """A frame with the columns of `insights` and the show's `feed_id` as arrays."""
    vectors = rows["embedding"].to_numpy().reshape(-1, DIMENSIONS)
    return Insights(
        ids=rows["insight_id"].to_numpy().astype(object),
        episodes=rows["episode_id"].to_numpy().astype(object),
        shows=rows["feed_id"].to_numpy().astype(object),
        days=rows["published_on"].to_physical().to_numpy().astype(np.int64),
        models=rows["embedding_model"].fill_null("").to_numpy().astype(object),
        vectors=np.ascontiguousarray(vectors, dtype=np.float32),
    )


EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """A date as `Insights.days` has it."""
    return (day - EPOCH).days


def date_of(number: int) -> date:
    """The date of such a number."""
    return EPOCH + timedelta(days=int(number))


def joined(parts: Sequence[Insights]) -> Insights:
    """Several as one."""
    names = [field.name for field in fields(Insights)]
    return Insights(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def cosines(vectors: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Cosines of unit vectors to four places: the same for a pair in any company and order."""
    products = vectors.astype(np.float64) * vector.astype(np.float64)
    rounded: np.ndarray = np.round(products.sum(axis=1), 4)
    return rounded


@dataclass(frozen=True)
class Pool:
    """Neighbours of one insight, nearest first.

    Args:
        is_cut: whether there may be more that were not kept.
    """

    insights: Insights
    similarities: np.ndarray
    is_cut: bool = False

    def __len__(self) -> int:
        return len(self.similarities)


class Shelf:
    """Insights that are somebody's neighbours, each once, however many keep it.

    So that a topic that is everywhere, and thousands of insights that look for neighbours at
    once, cost no more memory than the insights there are.
    """

    def __init__(self, nobody: Insights) -> None:
        self._nobody = nobody
        self._parts = [nobody]
        self._count = 0
        self._page = nobody
        self._places = np.zeros(0, dtype=np.int64)
        self._fresh: list[np.ndarray] = []

    def open(self, page: Insights) -> None:
        """What is put here from now on is of this page."""
        self._page = page
        self._places = np.full(len(page), -1, dtype=np.int64)

    def put(self, near: np.ndarray) -> np.ndarray:
        """Places here of some of the page."""
        fresh = near[self._places[near] < 0]
        if fresh.size:
            self._places[fresh] = np.arange(self._count, self._count + fresh.size)
            self._fresh.append(fresh)
            self._count += fresh.size
        places: np.ndarray = self._places[near]
        return places

    def close(self) -> None:
        """Let go of the page, but for what was put here."""
        if self._fresh:
            self._parts.append(self._page.take(np.concatenate(self._fresh)))
        self._fresh, self._page = [], self._nobody

    def take(self, places: np.ndarray) -> Insights:
        """Those at some places."""
        return self.insights.take(places)

    @property
    def insights(self) -> Insights:
        """All of them."""
        if len(self._parts) > 1:
            self._parts = [joined(self._parts)]
        return self._parts[0]

    def clear(self, keepers: Sequence["Neighbours"]) -> None:
        """Let go of what nobody keeps any more."""
        used = np.unique(np.concatenate([k.places for near in keepers for k in near.kept]))
        self._parts = [self.insights.take(used)]
        self._count = len(used)
        for near in keepers:
            near.kept = [
                replace(kept, places=np.searchsorted(used, kept.places)) for kept in near.kept
            ]

    def __len__(self) -> int:
        return self._count


@dataclass(frozen=True)
class Kept:
    """The nearest of one kind, nearest first: their names and where they are on the shelf."""

    ids: np.ndarray
    places: np.ndarray
    similarities: np.ndarray

    def __len__(self) -> int:
        return len(self.similarities)


NONE = Kept(np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64), np.zeros(0))


def merged(some: Sequence[Kept], keep: int) -> Kept:
    """The nearest `keep` of several; ties go by id, so that the order of pages is nothing."""
    ids = np.concatenate([kept.ids for kept in some])
    similarities = np.concatenate([kept.similarities for kept in some])
    order = nearest_first(ids, similarities)[:keep]
    places = np.concatenate([kept.places for kept in some])
    return Kept(ids[order], places[order], similarities[order])


def nearest_first(ids: np.ndarray, similarities: np.ndarray) -> np.ndarray:
    """Places in order: nearest first, then by id."""
    return np.lexsort((ids.astype(str), -similarities))


class Neighbours:
    """The neighbours of one insight as far as pages have been seen.

    Of four kinds, because other shows come first however near the own show's are, and because a
    digest knows only what was there on the insight's own day.
    """

    def __init__(self, insight: Insights, shelf: Shelf, keep: int, reach_days: int) -> None:
        self.insight = insight
        self.shelf = shelf
        self.keep = keep
        self.reach = int(insight.days[0]) + reach_days
        self.kept = [NONE] * 4
        self.floors = np.full(4, MIN_SIMILARITY)

    def offer(self, page: Insights, likeness: np.ndarray) -> None:
        """Take from a page what is near enough; `likeness` is approximate, of the whole page."""
        last = page.days.max()
        kinds = 4 if last > self.insight.days[0] else 2
        near = np.flatnonzero(likeness >= self.floors[:kinds].min() - MARGIN)
        near = near[may_be_related(self.insight, page, near) & (page.days[near] <= self.reach)]
        is_late = page.days[near] > self.insight.days[0]
        kind = 2 * is_late + (page.shows[near] == self.insight.shows[0])
        for number in range(kinds):
            mine = near[kind == number]
            self._add(number, page, mine[likeness[mine] >= self.floors[number] - MARGIN], likeness)

    def _add(self, number: int, page: Insights, near: np.ndarray, likeness: np.ndarray) -> None:
        if not near.size:
            return
        if near.size > 2 * self.keep:  # exact cosines only for those that can be kept
            least = np.partition(likeness[near], -self.keep)[-self.keep]
            near = near[likeness[near] >= least - MARGIN]
        exact = cosines(page.vectors[near], self.insight.vectors[0])
        near, exact = near[exact >= self.floors[number]], exact[exact >= self.floors[number]]
        if not near.size:
            return
        order = nearest_first(page.ids[near], exact)[: self.keep]
        near = near[order]
        fresh = Kept(page.ids[near], self.shelf.put(near), exact[order])
        self.kept[number] = kept = merged([self.kept[number], fresh], self.keep)
        if len(kept) >= self.keep:
            self.floors[number] = kept.similarities[-1]

    def other_shows(self, *, with_late: bool) -> Pool:
        """Neighbours of other shows, on the insight's day or with what later days brought."""
        return self._pool(self.kept[0:3:2] if with_late else self.kept[:1])

    def same_show(self, *, with_late: bool) -> Pool:
        """Neighbours of the insight's own show."""
        return self._pool(self.kept[1:4:2] if with_late else self.kept[1:2])

    def _pool(self, some: Sequence[Kept]) -> Pool:
        nearest = merged(some, self.keep)
        # A full one counts as cut: what came after it was full was turned away unseen.
        is_cut = sum(map(len, some)) >= self.keep
        return Pool(self.shelf.take(nearest.places), nearest.similarities, is_cut)

    def crowded(self) -> set[str]:
        """Names of those that may tell one idea with each other, or with the insight."""
        kept = merged(self.kept, 4 * self.keep)
        if len(kept) > MANY:
            return set(kept.ids)
        vectors = self.shelf.take(kept.places).vectors
        near = vectors @ vectors.T >= SAME_IDEA - MARGIN
        is_near = (near.sum(axis=1) > 1) | (kept.similarities >= SAME_IDEA)
        return set(kept.ids[is_near])


def may_be_related(insight: Insights, page: Insights, places: np.ndarray) -> Any:  # noqa: ANN401
    """Which of a page's places are of another episode, with vectors of the same model."""
    models = page.models[places]
    is_comparable = (models == insight.models[0]) | (models == "")
    if insight.models[0] == "":
        is_comparable = np.ones(len(places), dtype=bool)
    return (page.episodes[places] != insight.episodes[0]) & is_comparable.astype(bool)


def search(
    queries: Insights, pages: Iterable[Insights], reach_days: int, keep: int = KEEP
) -> list[Neighbours]:
    """The neighbours of each of `queries` among all pages.

    Args:
        queries: each keeps up to four times `keep` neighbours, of which each is held once.
        pages: parts of the corpus, in any order.
        reach_days: how many days after its own an insight's neighbours may be.
        keep: neighbours of each kind.
    """
    singles = (queries.take(slice(place, place + 1)) for place in range(len(queries)))
    shelf, cleared = Shelf(queries.take(slice(0, 0))), 0
    found = [Neighbours(single, shelf, keep, reach_days) for single in singles]
    for page in pages:
        if not len(page):
            continue
        shelf.open(page)
        for start in range(0, len(found), GROUP):
            likeness = queries.vectors[start : start + GROUP] @ page.vectors.T
            for neighbours, row in zip(found[start : start + GROUP], likeness, strict=True):
                neighbours.offer(page, row)
        shelf.close()
        if len(shelf) > 2 * cleared + SPARE:
            shelf.clear(found)
            cleared = len(shelf)
    return found
