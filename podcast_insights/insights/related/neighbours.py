"""The nearest neighbours of some insights among all of them: exact, page by page.

One matrix product per page of the corpus, so that a day's insights are compared with all the
others in one reading and in bounded memory. The product only chooses who may be near; the
similarity that counts is computed again for these pairs in double precision and rounded, so
that it is a function of the two vectors alone, whatever page or batch they came in.

What does not belong here: what makes two insights one idea (`same_idea.py`), rows and ranks
(`related.py`), where pages come from (`refresh.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.embeddings.records import DIMENSIONS

MIN_SIMILARITY = 0.30
KEEP = 32
"""Neighbours kept of each kind; folding seldom needs more to find ten ideas."""
MARGIN = 1e-4
"""A float32 product of unit vectors is off by less than this, rounding to four places included."""
GROUP = 512
"""Insights compared with a page at most at once: their product with 10 thousand takes 20 MB."""


@dataclass(frozen=True)
class Insights:
    """Some insights as parallel arrays.

    Args:
        episodes: the episode that counts: of an episode in two feeds, the same for both.
        days: days since 1970.
        models: what made the vectors; empty where schema 1 did not say.
        entities: names in headline and body, a tuple for each insight.
    """

    ids: np.ndarray
    episodes: np.ndarray
    shows: np.ndarray
    days: np.ndarray
    models: np.ndarray
    headlines: np.ndarray
    bodies: np.ndarray
    entities: np.ndarray
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
        headlines=rows["headline"].to_numpy().astype(object),
        bodies=rows["body"].to_numpy().astype(object),
        entities=tuples(rows["entities"].to_list()),
        vectors=np.ascontiguousarray(vectors, dtype=np.float32),
    )


EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """A date as `Insights.days` has it."""
    return (day - EPOCH).days


def date_of(number: int) -> date:
    """The date of such a number."""
    return EPOCH + timedelta(days=int(number))


def tuples(lists: Sequence[Sequence[str] | None]) -> np.ndarray:
    """Lists of any length, or none, as an array of tuples."""
    found = np.empty(len(lists), dtype=object)
    for place, values in enumerate(lists):
        found[place] = tuple(values or ())
    return found


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


def pooled(pools: Sequence[Pool], keep: int) -> Pool:
    """The nearest `keep` of several pools; ties go by id, so that the order of pages is nothing."""
    filled = [pool for pool in pools if len(pool)]
    if not filled:
        return pools[0]
    insights = joined([pool.insights for pool in filled])
    similarities = np.concatenate([pool.similarities for pool in filled])
    order = nearest_first(insights.ids, similarities)[:keep]
    # A full pool counts as cut: what came after it was full was turned away unseen.
    return Pool(insights.take(order), similarities[order], is_cut=len(similarities) >= keep)


def nearest_first(ids: np.ndarray, similarities: np.ndarray) -> np.ndarray:
    """Places in order: nearest first, then by id."""
    return np.lexsort((ids.astype(str), -similarities))


class Neighbours:
    """The neighbours of one insight as far as pages have been seen.

    Four pools, because other shows come first however near the own show's are, and because a
    digest knows only what was there on the insight's own day.
    """

    def __init__(self, insight: Insights, keep: int, reach_days: int) -> None:
        self.insight = insight
        self.keep = keep
        self.reach = int(insight.days[0]) + reach_days
        nobody = Pool(insight.take(slice(0, 0)), np.zeros(0))
        self.pools = [nobody] * 4
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
        near, exact = near[exact >= MIN_SIMILARITY], exact[exact >= MIN_SIMILARITY]
        if not near.size:
            return
        order = nearest_first(page.ids[near], exact)[: self.keep]
        fresh = Pool(page.take(near[order]), exact[order])
        pool = pooled([self.pools[number], fresh], self.keep)
        self.pools[number] = pool
        if len(pool) >= self.keep:
            self.floors[number] = pool.similarities[-1]

    def other_shows(self, *, with_late: bool) -> Pool:
        """Neighbours of other shows, on the insight's day or with what later days brought."""
        return pooled([self.pools[0], *([self.pools[2]] if with_late else [])], self.keep)

    def same_show(self, *, with_late: bool) -> Pool:
        """Neighbours of the insight's own show."""
        return pooled([self.pools[1], *([self.pools[3]] if with_late else [])], self.keep)


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
        queries: at most a few thousand; each keeps up to four times `keep` vectors.
        pages: parts of the corpus, in any order.
        reach_days: how many days after its own an insight's neighbours may be.
        keep: neighbours of each kind.
    """
    singles = (queries.take(slice(place, place + 1)) for place in range(len(queries)))
    found = [Neighbours(single, keep, reach_days) for single in singles]
    for page in pages:
        if not len(page):
            continue
        for start in range(0, len(found), GROUP):
            likeness = queries.vectors[start : start + GROUP] @ page.vectors.T
            for neighbours, row in zip(found[start : start + GROUP], likeness, strict=True):
                neighbours.offer(page, row)
    return found
