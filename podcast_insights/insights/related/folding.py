"""Folding: of neighbours that tell one idea, the nearest tells it and the others are named.

What does not belong here: what makes two insights one idea (`same_idea.py`), who is near
(`neighbours.py`), ranks and rows (`related.py`).
"""

from dataclasses import dataclass, field

import numpy as np

from podcast_insights.insights.records import SAME_IDEA
from podcast_insights.insights.related.neighbours import Insights, Pool, cosines
from podcast_insights.insights.related.same_idea import Telling, is_same_idea

MAX_FOLDED = 20
"""Tellers named for one idea, nearest first; more would not tell a reader more."""


@dataclass
class Idea:
    """One idea among an insight's neighbours, by places in their pool.

    Args:
        teller: who tells it nearest.
        others: more tellers, nearest first.
    """

    teller: int
    others: list[int] = field(default_factory=list)


def fold(pool: Pool, top: int) -> list[Idea]:
    """The first `top` ideas of a pool, in its order.

    A neighbour that tells an idea already there becomes one more teller of it. What comes after
    the last idea is left alone: so a list changes only when something nearer than its last
    idea comes or goes, which is what makes refreshing exact and cheap.
    """
    ideas: list[Idea] = []
    likeness: list[np.ndarray] = []
    for place in range(len(pool)):
        if len(ideas) >= top:
            break
        told = next(
            (
                idea
                for idea, cosine in zip(ideas, likeness, strict=True)
                if cosine[place] >= SAME_IDEA
                and is_same_idea(
                    telling_of(pool.insights, idea.teller),
                    telling_of(pool.insights, place),
                    float(cosine[place]),
                )
            ),
            None,
        )
        if told is None:
            ideas.append(Idea(place))
            vectors = pool.insights.vectors
            likeness.append(cosines(vectors, vectors[place]))
        elif len(told.others) < MAX_FOLDED:
            told.others.append(place)
    return ideas


def telling_of(insights: Insights, place: int) -> Telling:
    """The words of one of some insights."""
    return Telling(
        insights.headlines[place], insights.bodies[place], tuple(insights.entities[place])
    )
