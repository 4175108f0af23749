"""Related insights: what other episodes say about the same thing.

For each insight two lists of ten ideas: what was known on its own day, and what is known with
the days after it, as far as they count. Other shows come first; who tells the same idea is
named with it, since that several shows tell it is a signal.

What does not belong here: the search (`neighbours.py`), what one idea is (`folding.py`), which
rows to make again and how they are stored (`refresh.py`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from podcast_insights.insights.related.folding import Idea, fold, telling_of
from podcast_insights.insights.related.neighbours import (
    KEEP,
    Insights,
    Neighbours,
    Pool,
    date_of,
    joined,
    search,
)
from podcast_insights.insights.related.same_idea import is_same_idea

TOP = 10
AT_ONCE = 256
"""Insights that look for neighbours in one reading of the corpus; each keeps up to 0.2 MB of them,
and the day's own with those it refreshes are seldom more."""
MAX_KEEP = 512
"""Neighbours of a kind that are looked at, at most, until they make ten ideas."""
REFRESH_DAYS = 14
"""Days after an insight's own from which it still gets better links; then its page is settled."""

Row = dict[str, Any]
Pages = Callable[[], Iterable[Insights]]


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
    queries: Insights, pages: Pages, *, reach_days: int = REFRESH_DAYS, top: int = TOP
) -> list[Row]:
    """Links from each of `queries` to its neighbours.

    Args:
        queries: the insights to relate.
        pages: gives all insights up to `reach_days` after the last of `queries`, in parts and
            in any order, as often as it is called.
        reach_days: how far later days count.
        top: ideas in each of the two lists.

    Returns:
        Rows of `related_insights`, which depend on nothing but the insights there are.
    """
    rows: list[Row] = []
    waiting, keep = list(range(len(queries))), KEEP
    while waiting:
        short: list[int] = []
        # Fewer at once where each keeps more, so that memory stays what it was.
        size = AT_ONCE * KEEP // keep
        for start in range(0, len(waiting), size):
            part = waiting[start : start + size]
            found = search(queries.take(np.array(part)), pages(), reach_days, keep)
            for place, neighbours in zip(part, found, strict=True):
                on_day = ideas_of(neighbours, top, with_late=False)
                by_now = ideas_of(neighbours, top, with_late=True)
                if (on_day.is_short or by_now.is_short) and keep < MAX_KEEP:
                    short.append(place)
                else:
                    rows += rows_of(neighbours.insight, on_day, by_now)
        waiting, keep = short, min(4 * keep, MAX_KEEP)
    return rows


def ideas_of(neighbours: Neighbours, top: int, *, with_late: bool) -> Ideas:
    """Fold the neighbours of one insight into ideas, other shows first."""
    pool = neighbours.other_shows(with_late=with_late)
    ideas = fold(pool, top)
    if len(ideas) >= top or pool.is_cut:
        return Ideas(pool, ideas, is_short=len(ideas) < top)
    own = neighbours.same_show(with_late=with_late)
    if len(own):
        pool = Pool(
            joined([pool.insights, own.insights]),
            np.concatenate([pool.similarities, own.similarities]),
        )
        ideas = fold(pool, top)
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
    ideas, (_, idea) = (on_day, known) if known else (by_now, current or (0, Idea(0)))
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
        "is_same_idea": is_same_idea(telling_of(insight, 0), telling_of(theirs, place), similarity),
        "rank_on_day": known[0] if known else None,
        "folded_insight_ids": folded,
    }
