"""Whose links a new insight can change: those it is nearer to than the last idea of their list.

Exact and cheap: folding leaves alone what comes after the last idea, so one cosine a list tells.

What does not belong here: reading, relating anew, storing (`refresh.py`).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from podcast_insights.insights.related.neighbours import GROUP, MARGIN, MIN_SIMILARITY, Insights


@dataclass(frozen=True)
class Floors:
    """What a new neighbour must reach to change one of an insight's lists, for a page of them.

    Args:
        other_on_day: cosine that a neighbour of another show must reach, of the insight's day
            or earlier.
        same_on_day: the same for its own show; infinite where ten ideas of other shows are there.
        other_late: for a neighbour of a later day.
        same_late: the same for its own show.
    """

    other_on_day: np.ndarray
    same_on_day: np.ndarray
    other_late: np.ndarray
    same_late: np.ndarray

    @classmethod
    def of(cls, page: Insights, last_ideas: pl.DataFrame) -> "Floors":
        """From the last idea of each full list."""
        ids = pl.DataFrame({"insight_id": page.ids.astype(str)}, schema={"insight_id": pl.String})
        known = ids.join(last_ideas, on="insight_id", how="left", maintain_order="left")
        late = floors(known["least"], known["is_other"])
        on_day = floors(known["least_on_day"], known["is_other_on_day"])
        # What is known on the day is in both lists.
        both = [np.minimum(a, b) for a, b in zip(on_day, late, strict=True)]
        return cls(both[0], both[1], late[0], late[1])


def floors(least: pl.Series, is_other: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """For neighbours of other shows and of the same, from a list's last idea; null: not full."""
    cosine = least.fill_null(MIN_SIMILARITY).to_numpy()
    is_full = least.is_not_null().to_numpy()
    of_other = is_other.fill_null(value=False).to_numpy()
    other = np.where(is_full & of_other, cosine, MIN_SIMILARITY)
    same = np.where(is_full & of_other, np.inf, cosine)
    return other, same


def reached(mine: Insights, page: Insights, limits: Floors, reach_days: int) -> np.ndarray:
    """Which of a page may get another list from `mine`: one of them reaches its floor."""
    found = np.zeros(len(page), dtype=bool)
    for day in np.unique(mine.days):
        is_known = page.days >= day
        is_late = (page.days < day) & (day <= page.days + reach_days)
        cases = [is_known, is_late]
        other = np.select(cases, [limits.other_on_day, limits.other_late], np.inf)
        same = np.select(cases, [limits.same_on_day, limits.same_late], np.inf)
        lowest = np.minimum(other, same) - MARGIN
        of_day = mine.take(np.flatnonzero(mine.days == day))
        for start in range(0, len(of_day), GROUP):
            part = of_day.take(slice(start, start + GROUP))
            likeness = part.vectors @ page.vectors.T
            rows, columns = np.nonzero(likeness >= lowest)
            is_other = part.shows[rows] != page.shows[columns]
            least = np.where(is_other, other[columns], same[columns]) - MARGIN
            is_near = likeness[rows, columns] >= least
            is_near &= (part.episodes[rows] != page.episodes[columns]).astype(bool)
            found[columns[is_near]] = True
    return found
