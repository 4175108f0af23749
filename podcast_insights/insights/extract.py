"""A run's worth of transcripts to insights: propose, prove, embed.

A failure of the engine on one episode becomes a rejected row and costs the others nothing.
A spend cap stops the asking; the episodes that were not asked are marked and come next time.
What earlier runs found in episodes that could not be asked stays, beside the reason.

What does not belong here: how an engine finds ideas.
"""

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.passages import PassageText
from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash
from podcast_insights.insights.engine import (
    BudgetExceededError,
    Candidate,
    EngineError,
    EpisodeText,
    InsightEngine,
    NothingToTellError,
    Passage,
)
from podcast_insights.insights.proof.prove import (
    Labels,
    QuoteMatch,
    Rejection,
    TokenStream,
    labels_of,
    prove,
)
from podcast_insights.insights.records import INSIGHTS
from podcast_insights.text import printable
from podcast_insights.transcripts.records import Segment

Row = dict[str, Any]
MAX_KEPT_CHARS = 2_000
"""Of each text of a rejected candidate: enough to see what it was."""
PASSAGE_FIELDS = tuple(
    "text start_s end_s sentence_from sentence_to is_advertising speaker".split()
)


@dataclass(frozen=True)
class Extraction:
    """Rows of `insights` and of `rejected_insights`."""

    insights: list[Row]
    rejected: list[Row]


@dataclass(frozen=True)
class Extractor:
    """Runs an engine over episodes and lets through what is proved.

    Args:
        limit: insights per episode, at most.
        report: told of each episode that gave nothing, as a line for the run's log.
        stored: the days' insights of earlier runs; where an episode could not be asked, its own
            stay, because a cap or an outage says nothing against them.
    """

    engine: InsightEngine
    embedder: Embedder
    limit: int
    report: Callable[[str], None]
    stored: pl.DataFrame = field(default_factory=lambda: INSIGHTS.frame([]), repr=False)

    def stored_of(self, transcript: Row) -> list[Row]:
        """The insights that an earlier run found in the very same audio of an episode."""
        found = self.stored.filter(
            pl.col("episode_id") == transcript["episode_id"],
            pl.col("audio_sha256") == transcript["audio_sha256"],
            pl.col("published_on") == transcript["published_on"],
        )
        return found.to_dicts()

    def run(
        self, episodes: pl.DataFrame, transcripts: pl.DataFrame, embeddings: pl.DataFrame
    ) -> Extraction:
        """Insights of all episodes whose transcript is sound, in the order of publication."""
        texts = episode_texts(episodes, transcripts, embeddings)
        with ThreadPoolExecutor(self.engine.max_workers, "insights") as pool:
            results = list(pool.map(lambda item: self.of_episode(*item), texts))
        return Extraction(
            insights=[row for result in results for row in result.insights],
            rejected=[row for result in results for row in result.rejected],
        )

    def of_episode(self, episode: EpisodeText, transcript: Row) -> Extraction:
        """Insights and rejections of one episode.

        Whatever goes wrong with one episode costs the others nothing: it may be a server's answer
        that nobody has thought of.
        """
        try:
            return self.asked(episode, transcript)
        except UserError:
            raise  # a setting that can't work, or a warehouse out of reach: true of all episodes
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            detail = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
            return self.not_asked(episode, transcript, "engine_failed", f"unexpected {detail}")

    def asked(self, episode: EpisodeText, transcript: Row) -> Extraction:
        """What the engine proposes, judged, or why it proposes nothing."""
        try:
            candidates = self.engine.propose(episode, self.limit)
        except BudgetExceededError as error:
            return self.not_asked(episode, transcript, "budget_exceeded", str(error))
        except NothingToTellError as error:
            return self.nothing(episode, transcript, "nothing_worth_telling", str(error))
        except EngineError as error:
            return self.not_asked(episode, transcript, "engine_failed", str(error))
        if not candidates:
            return self.nothing(episode, transcript, "nothing_worth_telling", "no candidate")
        return self.judged(candidates, episode, transcript)

    def judged(
        self, candidates: Sequence[Candidate], episode: EpisodeText, transcript: Row
    ) -> Extraction:
        """Each candidate as an insight or as a rejection; one that repeats another is that one."""
        stream = TokenStream(episode.segments)
        accepted: dict[str, tuple[Candidate, QuoteMatch]] = {}
        rejected: list[Row] = []
        distinct: dict[tuple[str, str, str], Candidate] = {}
        for candidate in candidates:
            distinct.setdefault((candidate.headline, candidate.body, candidate.quote), candidate)
        for candidate in distinct.values():
            verdict = prove(candidate, episode, stream)
            if isinstance(verdict, QuoteMatch):
                key = insight_id(episode, candidate, verdict)
                is_repeat = key in accepted
                is_wanted = not (is_repeat or candidate.is_left_out)
                if is_wanted and len(accepted) < self.limit:
                    accepted[key] = candidate, verdict
                    continue
                verdict = self.surplus(is_repeat=is_repeat, is_left_out=candidate.is_left_out)
            rejected.append(self.rejected_row(transcript, candidate, verdict))
        texts = [f"{c.headline}. {c.body}" for c, _ in accepted.values()]
        vectors = self.embedder.embed(texts)
        rows = [
            self.insight_row(transcript, position, key, candidate, match, vector)
            | as_lists(labels_of(candidate, episode, stream))
            for position, ((key, (candidate, match)), vector) in enumerate(
                zip(accepted.items(), vectors, strict=True)
            )
        ]
        return Extraction(rows, rejected)

    def surplus(self, *, is_repeat: bool, is_left_out: bool) -> Rejection:
        """Why a candidate that was proved is none of the episode's insights."""
        if is_repeat:
            return Rejection("repeated", "an insight has the same headline and the same quote")
        if is_left_out:
            return Rejection("not_chosen", "others of the episode were chosen")
        return Rejection("over_the_limit", f"{self.limit} insights of the episode stand before it")

    def nothing(
        self, episode: EpisodeText, transcript: Row, reason: str, detail: str
    ) -> Extraction:
        """An episode without insights, with the reason as a row."""
        self.report(f"{episode.title}: {reason}: {detail}")
        return Extraction([], [self.rejected_row(transcript, None, Rejection(reason, detail))])

    def not_asked(
        self, episode: EpisodeText, transcript: Row, reason: str, detail: str
    ) -> Extraction:
        """An episode that could not be asked now: what was found before stays, as it was."""
        stored = self.stored_of(transcript)
        stays = f" Insights of an earlier run that stay: {len(stored)}." if stored else ""
        found = self.nothing(episode, transcript, reason, f"{detail}{stays}")
        return Extraction(stored, found.rejected)

    def insight_row(
        self,
        transcript: Row,
        position: int,
        key: str,
        candidate: Candidate,
        match: QuoteMatch,
        vector: np.ndarray,
    ) -> Row:
        """A proved candidate as a row of `insights`."""
        return {
            "insight_id": key,
            "episode_id": transcript["episode_id"],
            "published_on": transcript["published_on"],
            "position": position,
            "headline": candidate.headline,
            "body": candidate.body,
            "quote": match.quote,
            "quote_start_s": match.start_s,
            "quote_end_s": match.end_s,
            "quote_match": match.method,
            "speaker": match.speaker,
            "value_score": candidate.value_score,
            "audio_sha256": transcript["audio_sha256"],
            "engine": self.engine.name,
            "model": candidate.model or self.engine.model,
            "prompt_version": self.engine.prompt_version,
            "embedding": vector.tolist(),
            "kind": candidate.kind,
            "embedding_model": self.embedder.model_name,
        }

    def rejected_row(
        self, transcript: Row, candidate: Candidate | None, rejection: Rejection
    ) -> Row:
        """A failed candidate, or an episode that gave none, as a row of `rejected_insights`."""
        parts = (candidate.headline, candidate.body, candidate.quote) if candidate else ()
        headline, body, quote = map(kept, parts) if parts else (None, None, None)
        return {
            "rejection_id": short_hash(
                "rejection", transcript["episode_id"], rejection.reason, *parts
            ),
            "episode_id": transcript["episode_id"],
            "published_on": transcript["published_on"],
            "reason": rejection.reason,
            "detail": kept(rejection.detail),
            "headline": headline,
            "body": body,
            "quote": quote,
            "engine": self.engine.name,
            "model": (candidate.model if candidate else "") or self.engine.model,
            "prompt_version": self.engine.prompt_version,
        }


def insight_id(episode: EpisodeText, candidate: Candidate, match: QuoteMatch) -> str:
    """The same idea with the same proof in the same episode keeps its name."""
    return short_hash("insight", episode.episode_id, candidate.headline, match.quote)


def as_lists(labels: Labels) -> Row:
    """Topics and entities as a row has them."""
    return {"topics": list(labels.topics), "entities": list(labels.entities)}


def kept(text: str) -> str:
    """What is kept of anything an engine said: bounded, and fit for a table."""
    short = text if len(text) <= MAX_KEPT_CHARS else f"{text[: MAX_KEPT_CHARS - 1]}…"
    return printable(short.encode("utf-8", "replace").decode("utf-8"))


def episode_texts(
    episodes: pl.DataFrame, transcripts: pl.DataFrame, embeddings: pl.DataFrame
) -> list[tuple[EpisodeText, Row]]:
    """Everything the engines may know, for each episode with a sound transcript."""
    about = {row["episode_id"]: row for row in episodes.to_dicts()}
    passages = passages_by_episode(embeddings)
    sound = transcripts.filter(pl.col("status") == "ok").sort("published_on", "episode_id")
    return [
        (to_text(about[row["episode_id"]], row, passages.get(row["episode_id"], ())), row)
        for row in sound.to_dicts()
        if row["episode_id"] in about
    ]


def to_text(episode: Row, transcript: Row, passages: Sequence[Passage]) -> EpisodeText:
    """One episode as the engines see it."""
    return EpisodeText(
        episode_id=episode["episode_id"],
        show_title=episode["show_title"],
        title=episode["title"],
        description=episode["description"],
        persons=tuple(episode["persons"]),
        language=transcript["language"] or "en",
        segments=tuple(map(Segment.from_row, transcript["segments"])),
        passages=tuple(passages),
    )


def passages_by_episode(embeddings: pl.DataFrame) -> Mapping[str, list[Passage]]:
    """Passages in their order, by episode."""
    found: dict[str, list[Passage]] = {}
    for row in embeddings.sort("episode_id", "position").to_dicts():
        passage = to_passage(row, row["embedding"])
        found.setdefault(row["episode_id"], []).append(passage)
    return found


def to_passage(fields: Mapping[str, Any], embedding: Iterable[float]) -> Passage:
    """A passage as engines see it, from whatever names its fields."""
    return Passage(**{name: fields[name] for name in PASSAGE_FIELDS}, embedding=tuple(embedding))


def embedded(passage: PassageText, embedding: Iterable[float]) -> Passage:
    """A passage that was cut just now, as engines see it."""
    return to_passage(vars(passage) | {"is_advertising": passage.is_advertising}, embedding)
