"""One choice among all candidates of an episode that was asked about in windows.

Each window's candidates were judged without knowing the others, so two windows may tell one
idea, and a thin window's best may be worth nothing. What is chosen from was written by a model
that read strangers' words: it goes into the prompt cleaned and in a fence, like a transcript.

What does not belong here: proof. Only candidates whose proof would hold come here, so that no
money is spent on judging inventions.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from podcast_insights.insights.engine import Candidate, EngineError, EpisodeText
from podcast_insights.insights.llm.answers import Review, Selection, best, bounded
from podcast_insights.insights.llm.asking import Asker, Question
from podcast_insights.insights.llm.prompting import Prompt
from podcast_insights.insights.llm.transcript_lines import clean

ID = re.compile(r"c[0-9]{1,4}")
LATER = "the most valuable by the windows' own values are taken instead"


@dataclass(frozen=True)
class Selector:
    """Chooses among an episode's candidates; safe to use from several threads.

    Args:
        max_chars: of candidates in the one prompt.
        report: told of what could not be judged, as a line for the run's log.
    """

    asker: Asker
    prompt: Prompt
    max_chars: int
    report: Callable[[str], None]

    def select(
        self, episode: EpisodeText, candidates: Sequence[Candidate], limit: int
    ) -> list[Candidate]:
        """At most `limit` candidates in the order of the choice, with its values.

        Without a usable answer the candidates' own values decide, and the run's log says so.

        Raises:
            BudgetExceededError: a spend cap could be passed.
        """
        shown = self._fitting(episode, candidates)
        by_id = {f"c{number}": candidate for number, candidate in enumerate(shown, start=1)}
        question = Question(
            episode_id=episode.episode_id,
            purpose="select",
            prompt=self.prompt,
            fields={
                "limit": str(limit),
                "show": clean(episode.show_title),
                "title": clean(episode.title),
                "persons": clean(", ".join(episode.persons)) or "not named",
                "language": clean(episode.language),
                "candidates": "\n".join(as_text(id, c) for id, c in by_id.items()),
            },
            schema=Selection,
            review=lambda selection: review_selection(selection, by_id.keys()),
            refuse=lambda selection: refusal(selection, by_id.keys()),
        )
        try:
            selection, _ = self.asker.answer(question)
        except EngineError as error:
            self.report(f"{episode.title}: no selection: {error} So {LATER}.")
            return best(candidates, limit)
        values = {choice.id.strip(): bounded(choice.value) for choice in reversed(selection.chosen)}
        order = dict.fromkeys(choice.id.strip() for choice in selection.chosen)
        chosen = [replace(by_id[id], value_score=values[id]) for id in order if id in by_id]
        return chosen[:limit]

    def _fitting(self, episode: EpisodeText, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates the prompt has room for, in their order; the least valued stay out."""
        room = self.max_chars
        kept: set[int] = set()
        for index in sorted(range(len(candidates)), key=lambda i: -candidates[i].value_score):
            room -= len(as_text(f"c{index}", candidates[index])) + 8
            if room < 0 and len(kept) >= 2:
                break
            kept.add(index)
        if len(kept) < len(candidates):
            self.report(
                f"{episode.title}: {len(candidates) - len(kept)} of {len(candidates)} candidates, "
                "the least valued, do not fit the prompt of the selection."
            )
        return [candidate for index, candidate in enumerate(candidates) if index in kept]


def as_text(id: str, candidate: Candidate) -> str:
    """A candidate as the prompt shows it; each part on one line behind a word of ours."""
    return (
        f"[{id}]\n  headline: {clean(candidate.headline)}\n  body: {clean(candidate.body)}\n"
        f"  quote: {clean(candidate.quote)}"
    )


def review_selection(selection: Selection, known: Collection[str]) -> Review:
    """How many choices name a candidate, and which name none."""
    ids = [choice.id.strip() for choice in selection.chosen]
    unknown = [id for id in dict.fromkeys(ids) if id not in known]
    # Only what looks like an id of ours is repeated: the rest would be a stranger's words.
    told = dict.fromkeys(id if ID.fullmatch(id) else "an unknown id" for id in unknown[:8])
    faults = (f"no candidate is called {', '.join(told)}",) if unknown else ()
    return Review(len(set(ids)) - len(unknown), faults)


def refusal(selection: Selection, known: Collection[str]) -> str:
    """What makes a selection unusable, or nothing; to choose none is an answer."""
    review = review_selection(selection, known)
    return review.faults[0] if review.faults and not review.good else ""
