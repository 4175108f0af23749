"""Folding: of neighbours that tell one idea, the nearest tells it and the others are named.

What does not belong here: what makes two insights one idea (`same_idea.py`), who is near
(`neighbours.py`), ranks and rows (`related.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from podcast_insights.insights.records import SAME_IDEA
from podcast_insights.insights.related.neighbours import Insights, Pool, cosines
from podcast_insights.insights.related.same_idea import Telling, is_contrary, is_same_idea

WORDLESS = Telling("", "")
MAX_FOLDED = 20
"""Tellers named for one idea, nearest first; more would not tell a reader more."""


@dataclass
class Idea:
    """One idea among an insight's neighbours, by places in their pool.

    Args:
        teller: who tells it nearest.
        is_own: whether it is the insight's own idea.
        others: more tellers, nearest first.
        tellings: what these say, the same words once.
    """

    teller: int
    is_own: bool
    others: list[int] = field(default_factory=list)
    tellings: set[Telling] = field(default_factory=set)


@dataclass(frozen=True)
class Folder:
    """Folds the neighbours of one insight.

    Args:
        insight: the insight, alone.
        words: of the insight, and of all neighbours that may tell one idea with another.
    """

    insight: Insights
    words: Mapping[str, Telling]

    def fold(self, pool: Pool, top: int) -> list[Idea]:
        """The first `top` ideas of a pool, in its order.

        A neighbour that tells an idea already there becomes one more teller of it. What comes
        after the last idea is left alone: so a list changes only when something nearer than its
        last idea comes or goes, which is what makes refreshing exact and cheap.
        """
        ideas: list[Idea] = []
        likeness: list[np.ndarray] = []
        vectors = pool.insights.vectors
        for place in range(len(pool)):
            if len(ideas) >= top:
                break
            told = next(
                (
                    idea
                    for idea, cosine in zip(ideas, likeness, strict=True)
                    if cosine[place] >= SAME_IDEA
                    and self.is_told(pool, idea, place, float(cosine[place]))
                ),
                None,
            )
            if told is None:
                ideas.append(Idea(place, is_own=self.is_own(pool, place)))
                likeness.append(cosines(vectors, vectors[place]))
            elif len(told.others) < MAX_FOLDED:
                told.others.append(place)
                told.tellings.add(self.telling(pool.insights, place))
        return ideas

    def is_told(self, pool: Pool, idea: Idea, place: int, cosine: float) -> bool:
        """Whether a neighbour tells an idea: as its teller does, and against nobody in it.

        Who says that coffee raises a risk is near to who says that it changes it, and so is who
        says that it lowers it; the two are not one idea.
        """
        shows, telling = pool.insights.shows, self.telling(pool.insights, place)
        is_own_show = bool(shows[idea.teller] == shows[place])
        teller = self.telling(pool.insights, idea.teller)
        if not is_same_idea(teller, telling, cosine, is_own_show=is_own_show):
            return False
        if idea.is_own and is_contrary(self.telling(self.insight, 0), telling):
            return False
        return not any(is_contrary(other, telling) for other in idea.tellings)

    def is_own(self, pool: Pool, place: int) -> bool:
        """Whether a neighbour tells the insight's own idea."""
        cosine = float(pool.similarities[place])
        if cosine < SAME_IDEA:
            return False
        return is_same_idea(
            self.telling(self.insight, 0),
            self.telling(pool.insights, place),
            cosine,
            is_own_show=bool(pool.insights.shows[place] == self.insight.shows[0]),
        )

    def telling(self, insights: Insights, place: int) -> Telling:
        """The words of one of some insights.

        None where its day was made anew since it was read: then nothing in words is against it
        being one idea, until that day's links are made and these with them.
        """
        return self.words.get(str(insights.ids[place]), WORDLESS)
