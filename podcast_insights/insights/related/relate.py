"""Related insights: what other episodes say about the same thing.

For each insight two lists of ten ideas: what was known on its own day, and what is known with
the days after it, as far as they count. Other shows come first; who tells the same idea is
named with it, since that several shows tell it is a signal.

What does not belong here: the search (`neighbours.py`), what one idea is (`folding.py`), which
rows to make again and how they are stored (`refresh.py`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from podcast_insights.insights.related.folding import Folder, Idea
from podcast_insights.insights.related.neighbours import (
    KEEP,
    Insights,
    Neighbours,
    Pool,
    date_of,
    joined,
    search,
)
from podcast_insights.insights.related.same_idea import Telling

TOP = 10
HELD = 200_000
"""Neighbours that are held at once, with their vectors: 300 MB."""
NAMED = 2_000_000
"""Neighbours that are kept at once by all insights together, by name and place: 50 MB."""
FOLDED = 1_024
"""Insights whose neighbours' words are read at once: some 10 MB, at most 130."""
MAX_KEEP = 512
"""Neighbours of a kind that are looked at, at most, until they make ten ideas."""
REFRESH_DAYS = 14
"""Days after an insight's own from which it still gets better links; then its page is settled."""

Row = dict[str, Any]
Pages = Callable[[], Iterable[Insights]]
Words = Callable[[Iterable[str]], Mapping[str, Telling]]


@dataclass(frozen=True)
class Ideas:
    """The ideas next to one insight.

    Args:
        is_short: whether there may be more, beyond the neighbours that were kept.
    """

    pool: Pool
    ideas: list[Idea]
    is_short: bool

    def by_teller(self) -> dict[str, tuple[int, Idea]]:
        """Rank and idea by the insight that tells it."""
        return {
            str(self.pool.insights.ids[idea.teller]): (rank, idea)
            for rank, idea in enumerate(self.ideas, start=1)
        }

    def others(self, idea: Idea, after: int | None = None) -> list[str]:
        """Ids of the other tellers, nearest first; or only those of days later than `after`."""
        insights = self.pool.insights
        return [
            str(insights.ids[place])
            for place in idea.others
            if after is None or insights.days[place] > after
        ]


def relate(
    queries: Insights,
    pages: Pages,
    words: Words,
    *,
    total: int,
    reach_days: int = REFRESH_DAYS,
    top: int = TOP,
) -> list[Row]:
    """Links from each of `queries` to its neighbours.

    Args:
        queries: the insights to relate.
        pages: gives all insights up to `reach_days` after the last of `queries`, in parts and
            in any order, as often as it is called.
        words: gives the words of insights by id, of those there are.
        total: how many insights `pages` gives, about.
        reach_days: how far later days count.
        top: ideas in each of the two lists.

    Returns:
        Rows of `related_insights`, which depend on nothing but the insights there are.
    """
    rows: list[Row] = []
    waiting, keep = list(range(len(queries))), KEEP
    while waiting:
        short: list[int] = []
        size = at_once(keep, total)
        for start in range(0, len(waiting), size):
            part = waiting[start : start + size]
            found = search(queries.take(np.array(part)), pages(), reach_days, keep)
            for place, (neighbours, folder) in zip(part, with_words(found, words), strict=True):
                on_day = ideas_of(neighbours, folder, top, with_late=False)
                by_now = ideas_of(neighbours, folder, top, with_late=True)
                if (on_day.is_short or by_now.is_short) and keep < MAX_KEEP:
                    short.append(place)
                else:
                    rows += rows_of(neighbours.insight, on_day, by_now)
        waiting, keep = short, min(4 * keep, MAX_KEEP)
    return rows


def at_once(keep: int, total: int) -> int:
    """Insights that look for neighbours in one reading of the corpus, by the memory it takes.

    All of them together hold no more neighbours than there are insights; only in a larger
    corpus may each hold others.
    """
    return max((NAMED if total <= HELD else HELD) // (4 * keep), 1)


def with_words(found: Sequence[Neighbours], words: Words) -> Iterable[tuple[Neighbours, Folder]]:
    """Each with what folds its neighbours; their words are read for many at once."""
    for start in range(0, len(found), FOLDED):
        part = found[start : start + FOLDED]
        wanted = {str(neighbours.insight.ids[0]) for neighbours in part}
        for neighbours in part:
            wanted |= neighbours.crowded()
        told = words(wanted)
        yield from ((neighbours, Folder(neighbours.insight, told)) for neighbours in part)


def ideas_of(neighbours: Neighbours, folder: Folder, top: int, *, with_late: bool) -> Ideas:
    """Fold the neighbours of one insight into ideas, other shows first."""
    pool = neighbours.other_shows(with_late=with_late)
    ideas = folder.fold(pool, top)
    if len(ideas) >= top or pool.is_cut:
        return Ideas(pool, ideas, is_short=len(ideas) < top)
    own = neighbours.same_show(with_late=with_late)
    if len(own):
        pool = Pool(
            joined([pool.insights, own.insights]),
            np.concatenate([pool.similarities, own.similarities]),
        )
        ideas = folder.fold(pool, top)
    return Ideas(pool, ideas, is_short=len(ideas) < top and own.is_cut)


def rows_of(insight: Insights, on_day: Ideas, by_now: Ideas) -> list[Row]:
    """The rows of one insight: its two lists as one."""
    known, current = on_day.by_teller(), by_now.by_teller()
    return [
        row_of(insight, name, on_day, known.get(name), by_now, current.get(name))
        for name in {**known, **current}
    ]


def row_of(
    insight: Insights,
    name: str,
    on_day: Ideas,
    known: tuple[int, Idea] | None,
    by_now: Ideas,
    current: tuple[int, Idea] | None,
) -> Row:
    """One link.

    Of an idea in both lists the tellers are those known on the day, and of those in the present
    list the ones of later days: so whoever asks for the day's tellers by their dates gets what
    was told on the day, whenever it is asked.
    """
    ideas, (_, idea) = (on_day, known) if known else (by_now, current or (0, Idea(0, is_own=False)))
    place, day = idea.teller, int(insight.days[0])
    folded = on_day.others(known[1]) if known else []
    if current:
        folded += by_now.others(current[1], after=day if known else None)
    similarity = float(ideas.pool.similarities[place])
    theirs = ideas.pool.insights
    return {
        "insight_id": str(insight.ids[0]),
        "related_insight_id": name,
        "published_on": date_of(day),
        "rank": current[0] if current else None,
        "similarity": similarity,
        "is_other_show": bool(theirs.shows[place] != insight.shows[0]),
        "is_same_idea": idea.is_own,
        "rank_on_day": known[0] if known else None,
        "folded_insight_ids": folded,
    }
