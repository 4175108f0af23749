"""An engine over transcripts with human points: what it finds, proves, costs and takes.

Each candidate goes through the same proof as in the pipeline, and only what passes is judged.
What does not belong here: scores (`scores.py`), printing (`cli/evaluate.py`).
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.passages import to_passages
from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash
from podcast_insights.insights.engine import (
    BudgetExceededError,
    Candidate,
    EngineError,
    EpisodeText,
    InsightEngine,
)
from podcast_insights.insights.evaluation.gold import GoldEpisode
from podcast_insights.insights.evaluation.scores import Prediction
from podcast_insights.insights.extract import embedded
from podcast_insights.insights.proof.prove import QuoteMatch, TokenStream, prove


@dataclass(frozen=True)
class EpisodeRun:
    """What an engine did with one episode.

    Args:
        proposed: candidates; `predictions` are those that passed the proof and were chosen.
        hours: of transcript, up to its last word.
        embed_s: wall seconds for the embeddings of passages; next to nothing from the cache.
        wall_s, cpu_s: proposing and proving, embeddings apart.
        error: why there is nothing, where there is nothing.
        left_out: candidates that passed the proof, of which the engine preferred others.
    """

    gold: GoldEpisode
    predictions: tuple[Prediction, ...]
    proposed: int
    hours: float
    embed_s: float
    wall_s: float
    cpu_s: float
    cost_usd: float
    error: str | None = None
    left_out: int = 0


@dataclass(frozen=True)
class Evaluator:
    """Runs one engine over gold episodes.

    Args:
        limit: insights per episode.
        cost_of: US dollars an episode has cost, by its id.
        report: told of each finished episode.
    """

    engine: InsightEngine
    embedder: Embedder
    limit: int
    cost_of: Callable[[str], float] = lambda _: 0.0
    report: Callable[[EpisodeRun], None] = lambda _: None

    def run(self, episodes: Iterable[GoldEpisode]) -> list[EpisodeRun]:
        """All episodes in order; a failure of one costs the others nothing."""
        runs = []
        for episode in episodes:
            runs.append(self.of_episode(episode))
            self.report(runs[-1])
        return runs

    def of_episode(self, gold: GoldEpisode) -> EpisodeRun:
        """One episode, timed."""
        begun = time.perf_counter()
        text = to_text(gold, self.embedder)
        wall, cpu = time.perf_counter(), time.process_time()
        candidates: list[Candidate] = []
        error = None
        try:
            candidates = self.engine.propose(text, self.limit)
        except (EngineError, BudgetExceededError) as failure:
            error = str(failure)
        predictions = proved((c for c in candidates if not c.is_left_out), text)
        left_out = proved((c for c in candidates if c.is_left_out), text)
        return EpisodeRun(
            gold=gold,
            predictions=predictions,
            proposed=len(candidates),
            hours=max((s.end_s for s in text.segments), default=0.0) / 3600,
            embed_s=wall - begun,
            wall_s=time.perf_counter() - wall,
            cpu_s=time.process_time() - cpu,
            cost_usd=self.cost_of(text.episode_id),
            error=error,
            left_out=len(left_out),
        )


def to_text(gold: GoldEpisode, embedder: Embedder) -> EpisodeText:
    """A gold episode as engines see it: what a feed and its transcript would give, no more."""
    segments = gold.segments()
    passages = to_passages(segments)
    vectors = embedder.embed([passage.text for passage in passages])
    return EpisodeText(
        episode_id=short_hash("evaluation", *gold.key),
        show_title=gold.show,
        title=str(gold.about.get("title", "")),
        description=str(gold.about.get("description", "")),
        persons=tuple(gold.about["persons"]),
        language=str(gold.about.get("language", "en")),
        segments=segments,
        passages=tuple(
            embedded(passage, vector.tolist())
            for passage, vector in zip(passages, vectors, strict=True)
        ),
    )


def proved(candidates: Iterable[Candidate], text: EpisodeText) -> tuple[Prediction, ...]:
    """The candidates that pass the proof, as they will be judged."""
    stream = TokenStream(text.segments)
    verdicts = ((c, prove(c, text, stream)) for c in candidates)
    return tuple(
        Prediction(f"{c.headline}. {c.body}", verdict.quote, verdict.start_s)
        for c, verdict in verdicts
        if isinstance(verdict, QuoteMatch)
    )


def as_predictions(runs: Iterable[EpisodeRun]) -> dict[tuple[str, str], tuple[Prediction, ...]]:
    """What is judged, by show and episode."""
    return {run.gold.key: run.predictions for run in runs}


def write_predictions(path: Path, runs: Iterable[EpisodeRun]) -> None:
    """JSON lines: show, episode and insights, each with text, quote and start_s."""
    lines = [
        json.dumps(
            {
                "show": run.gold.show,
                "episode": run.gold.episode,
                "insights": [vars(prediction) for prediction in run.predictions],
            },
            ensure_ascii=False,
        )
        for run in runs
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_predictions(path: Path) -> Mapping[tuple[str, str], tuple[Prediction, ...]]:
    """Predictions of any origin, as `write_predictions` lays them out.

    Raises:
        UserError: the file is missing, or a line of it makes no sense.
    """
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return {
            (str(row["show"]), str(row["episode"])): tuple(
                Prediction(i["text"], i.get("quote", ""), float(i.get("start_s") or 0.0))
                for i in row["insights"]
            )
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The predictions {path} can't be read: {error!r}.",
            "Each line is an object with show, episode and insights, each with text and quote.",
        ) from error
