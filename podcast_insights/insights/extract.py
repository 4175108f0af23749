"""A run's worth of transcripts to insights: propose, prove, embed.

A failure of the engine on one episode becomes a rejected row and costs the others nothing.
A spend cap stops the asking; the episodes that were not asked are marked and come next time.

What does not belong here: how an engine finds ideas.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from podcast_insights.embeddings.embedder import Embedder
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
from podcast_insights.insights.proof import QuoteMatch, Rejection, TokenStream, prove
from podcast_insights.transcripts.records import Segment

Row = dict[str, Any]


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
    """

    engine: InsightEngine
    embedder: Embedder
    limit: int
    report: Callable[[str], None]

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
        """Insights and rejections of one episode."""
        try:
            candidates = self.engine.propose(episode, self.limit)
        except BudgetExceededError as error:
            return self.nothing(episode, transcript, "budget_exceeded", str(error))
        except NothingToTellError as error:
            return self.nothing(episode, transcript, "nothing_worth_telling", str(error))
        except EngineError as error:
            return self.nothing(episode, transcript, "engine_failed", str(error))
        if not candidates:
            return self.nothing(episode, transcript, "nothing_worth_telling", "no candidate")
        stream = TokenStream(episode.segments)
        accepted: dict[str, tuple[Candidate, QuoteMatch]] = {}
        rejected: dict[str, Row] = {}
        for candidate in candidates:
            verdict = prove(candidate, episode, stream)
            if isinstance(verdict, Rejection):
                row = self.rejected_row(transcript, candidate, verdict)
                rejected.setdefault(row["rejection_id"], row)
            elif len(accepted) < self.limit:
                accepted.setdefault(insight_id(episode, candidate), (candidate, verdict))
        texts = [f"{c.headline}. {c.body}" for c, _ in accepted.values()]
        vectors = self.embedder.embed(texts)
        rows = [
            self.insight_row(transcript, position, key, candidate, match, vector)
            for position, ((key, (candidate, match)), vector) in enumerate(
                zip(accepted.items(), vectors, strict=True)
            )
        ]
        return Extraction(rows, list(rejected.values()))

    def nothing(
        self, episode: EpisodeText, transcript: Row, reason: str, detail: str
    ) -> Extraction:
        """An episode without insights, with the reason as a row."""
        self.report(f"{episode.title}: {reason}: {detail}")
        return Extraction([], [self.rejected_row(transcript, None, Rejection(reason, detail))])

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
            "quote": candidate.quote,
            "quote_start_s": match.start_s,
            "quote_end_s": match.end_s,
            "quote_match": match.method,
            "speaker": match.speaker,
            "topics": list(candidate.topics),
            "value_score": candidate.value_score,
            "audio_sha256": transcript["audio_sha256"],
            "engine": self.engine.name,
            "model": self.engine.model,
            "prompt_version": self.engine.prompt_version,
            "embedding": vector.tolist(),
            "kind": candidate.kind,
            "entities": list(candidate.entities),
            "embedding_model": self.embedder.model_name,
        }

    def rejected_row(
        self, transcript: Row, candidate: Candidate | None, rejection: Rejection
    ) -> Row:
        """A failed candidate, or an episode that gave none, as a row of `rejected_insights`."""
        parts = (candidate.headline, candidate.body, candidate.quote) if candidate else ()
        headline, body, quote = parts or (None, None, None)
        return {
            "rejection_id": short_hash(
                "rejection", transcript["episode_id"], rejection.reason, *parts
            ),
            "episode_id": transcript["episode_id"],
            "published_on": transcript["published_on"],
            "reason": rejection.reason,
            "detail": rejection.detail,
            "headline": headline,
            "body": body,
            "quote": quote,
            "engine": self.engine.name,
            "model": self.engine.model,
            "prompt_version": self.engine.prompt_version,
        }


def insight_id(episode: EpisodeText, candidate: Candidate) -> str:
    """The same idea with the same proof in the same episode keeps its name."""
    return short_hash("insight", episode.episode_id, candidate.headline, candidate.quote)


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
        segments=tuple(Segment(**segment) for segment in transcript["segments"]),
        passages=tuple(passages),
    )


def passages_by_episode(embeddings: pl.DataFrame) -> Mapping[str, list[Passage]]:
    """Passages in their order, by episode."""
    found: dict[str, list[Passage]] = {}
    for row in embeddings.sort("episode_id", "position").to_dicts():
        found.setdefault(row["episode_id"], []).append(
            Passage(
                text=row["text"],
                start_s=row["start_s"],
                end_s=row["end_s"],
                sentence_from=row["sentence_from"],
                sentence_to=row["sentence_to"],
                is_advertising=row["is_advertising"],
                speaker=row["speaker"],
                embedding=tuple(row["embedding"]),
            )
        )
    return found
