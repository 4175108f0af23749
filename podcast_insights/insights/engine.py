"""What an insight engine is: episode in, candidates out.

Two engines stand behind this interface, `extractive/engine.py` and `llm/engine.py`. Neither is
believed: every candidate goes through `proof/prove.py` before it becomes an insight.
"""

from dataclasses import dataclass, field
from typing import Protocol

from podcast_insights.transcripts.records import Segment


class EngineError(Exception):
    """The engine gave nothing usable for one episode; recorded as a rejected row."""


class NothingToTellError(EngineError):
    """The engine did its work and found nothing worth showing; asking again would not help."""


class BudgetExceededError(Exception):
    """The next call could pass a spend cap; what is done is kept, the rest waits."""


@dataclass(frozen=True)
class Passage:
    """A few whole sentences of an episode, overlapping their neighbours.

    Args:
        embedding: unit vector, 384 numbers.
    """

    text: str
    start_s: float
    end_s: float
    sentence_from: int
    sentence_to: int
    is_advertising: bool
    speaker: str | None
    embedding: tuple[float, ...] = field(repr=False)


@dataclass(frozen=True)
class EpisodeText:
    """All an engine may know of an episode."""

    episode_id: str
    show_title: str
    title: str
    description: str
    persons: tuple[str, ...]
    language: str
    segments: tuple[Segment, ...] = field(repr=False)
    passages: tuple[Passage, ...] = field(repr=False)

    @property
    def content_key(self) -> str:
        """Hash of everything that could change an engine's answer."""
        from podcast_insights.identity import long_hash

        return long_hash(
            self.show_title,
            self.title,
            self.description,
            *self.persons,
            self.language,
            *(f"{s.start_s:.3f} {s.end_s:.3f} {s.speaker} {s.text}" for s in self.segments),
            *(f"{p.start_s:.3f} {p.is_advertising} {p.text}" for p in self.passages),
        )


@dataclass(frozen=True)
class Candidate:
    """What an engine proposes; nothing here has been checked.

    Args:
        headline: the claim in one line, without a full stop.
        body: two or three sentences, about 30 to 60 words.
        quote: words that should be in the transcript verbatim.
        value_score: 0 to 1, the engine's own judgement.
        topics: a few words each.
        kind: one of `records.KINDS`.
        entities: people, organizations and products, as headline and body spell them.
        model: who wrote it, where that is not the engine's own `model` (provider fall-back).
        is_left_out: the engine itself chose others of this episode. It is proposed only so that
            what it was is recorded, and never becomes an insight.
    """

    headline: str
    body: str
    quote: str
    value_score: float
    topics: tuple[str, ...] = ()
    kind: str = "fact"
    entities: tuple[str, ...] = ()
    model: str = ""
    is_left_out: bool = False


class InsightEngine(Protocol):
    """Proposes insights for one episode at a time; safe to call from several threads."""

    @property
    def name(self) -> str:
        """`extractive` or `llm`."""
        ...

    @property
    def model(self) -> str:
        """The model's name, as rows show it."""
        ...

    @property
    def prompt_version(self) -> str:
        """Version of the prompt or the rules; part of every key and row."""
        ...

    @property
    def max_workers(self) -> int:
        """Episodes worth proposing for at the same time."""
        ...

    def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
        """At most `limit` candidates, the best first; then what was found and left out.

        Raises:
            EngineError: nothing usable for this episode; others may go on.
            BudgetExceededError: a spend cap would be passed; nothing more may be asked.
        """
        ...
