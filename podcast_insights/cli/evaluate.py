"""`podcast-insights evaluate`: build an engine, run it, print two tables.

What does not belong here: how anything is scored or timed (`insights/evaluation/`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.errors import UserError
from podcast_insights.insights.engine import InsightEngine
from podcast_insights.insights.evaluation.baselines import BASELINES, Baseline
from podcast_insights.insights.evaluation.gold import GOLD_FILE, first_of_each_show, read_gold
from podcast_insights.insights.evaluation.run import (
    EpisodeRun,
    Evaluator,
    as_predictions,
    read_predictions,
    write_predictions,
)
from podcast_insights.insights.evaluation.scores import COLUMNS, ShowScores, score
from podcast_insights.settings import Settings

ENGINES = ("extractive", "llm", *BASELINES)


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    transcripts: Path
    gold: Path | None
    engine: str
    top: int
    episodes: int
    predictions: Path | None
    judge_only: Path | None


def evaluate(request: Request, settings: Settings, out: Console) -> bool:
    """Run, judge and print; False if no episode gave an insight.

    Raises:
        UserError: a file or an engine's name makes no sense.
    """
    if request.engine not in ENGINES:
        raise UserError(f"{request.engine!r} is no engine.", f"One of: {', '.join(ENGINES)}.")
    gold = read_gold(request.gold or request.transcripts / GOLD_FILE, request.transcripts)
    gold = first_of_each_show(gold, request.episodes)
    if not gold:
        raise UserError(
            "The gold file has no episode with points of six words or more.",
            "Write such points down by hand, or name another file with --gold.",
        )
    embedder = Embedder(Cache(settings.cache_dir), settings.embedding_model)
    if request.judge_only:
        found = read_predictions(request.judge_only)
        out.print(score_table(score(gold, found, embedder.embed, request.top)))
        return any(found.values())
    engine, cost_of = build_engine(request.engine, settings, lambda line: out.print(escape(line)))
    evaluator = Evaluator(engine, embedder, request.top, cost_of, lambda run: show_run(run, out))
    runs = evaluator.run(gold)
    if request.predictions:
        write_predictions(request.predictions, runs)
    out.print(score_table(score(gold, as_predictions(runs), embedder.embed, request.top)))
    out.print(cost_table(runs))
    return any(run.predictions for run in runs)


def build_engine(
    name: str, settings: Settings, report: Callable[[str], None]
) -> tuple[InsightEngine, Callable[[str], float]]:
    """The engine, and what its answers have cost by episode, in whichever run they were paid for.

    A language model's calls go through the pipeline's own ledger: the spend caps hold here too.

    Args:
        name: one of `ENGINES`.
        settings: of the llm engine.
        report: told what the llm engine reports on its way, a line each.

    Raises:
        UserError: the engine's settings can't work.
    """
    if name in BASELINES:
        return Baseline(name), lambda _: 0.0
    if name == "extractive":
        from podcast_insights.insights.extractive.engine import ExtractiveEngine

        return ExtractiveEngine(), lambda _: 0.0
    from podcast_insights.contracts import TABLES
    from podcast_insights.insights.llm.engine import WarehouseLedger, from_settings
    from podcast_insights.warehouse.database import Warehouse

    if not settings.llm_model:
        raise UserError(
            "The llm engine is asked for, but no model is named.",
            "Set PODCAST_INSIGHTS_LLM_MODEL, for example to openai/gpt-5-mini.",
        )
    warehouse = Warehouse(settings.warehouse_path, TABLES)
    run_id = f"evaluate-{uuid4().hex[:12]}"
    cache = Cache(settings.cache_dir)
    engine = from_settings(settings, cache, WarehouseLedger(warehouse), run_id, report)
    prompts = [engine.prompts.propose.version, engine.prompts.select.version]
    models = [model.name for model in engine.models]

    def cost_of(episode_id: str) -> float:
        # Over all runs: an answer from the cache would else look as if it were free.
        spent = warehouse.read(
            "SELECT coalesce(sum(cost_usd), 0)::DOUBLE AS cost_usd FROM llm_calls "
            "WHERE episode_id = ? AND list_contains(?, prompt_version) AND list_contains(?, model)",
            [episode_id, prompts, models],
        )
        return float(spent["cost_usd"][0])

    return engine, cost_of


def show_run(run: EpisodeRun, out: Console) -> None:
    """A line for an episode that gave nothing, or less than it proposed."""
    lost = run.proposed - len(run.predictions) - run.left_out
    if run.error or lost:
        why = run.error or f"{lost} of {run.proposed} candidates failed their proof"
        out.print(f"{escape(run.gold.show)} {escape(run.gold.episode)}: {escape(why)}")


def score_table(lines: list[ShowScores]) -> Table:
    """The scores: one line for each show, the last one over shows."""
    table = Table("show", *COLUMNS, "episodes", title="Against human points")
    for line in lines:
        values = ((v := line.values[c]) is None and "-" or f"{v:.3f}" for c in COLUMNS)
        table.add_row(escape(line.show), *values, str(line.episodes))
    return table


def cost_table(runs: list[EpisodeRun]) -> Table:
    """What it took, a line for each show: our own proof, dollars, seconds per hour."""
    table = Table(
        "show",
        "proved",
        "insights an episode",
        "USD an episode, earlier runs included",
        "wall s/h",
        "processor s/h",
        "embedding s/h",
        title="Proof, cost, and seconds for an hour of transcript",
    )
    shows = dict.fromkeys(run.gold.show for run in runs)
    for show, mine in [*((s, [r for r in runs if r.gold.show == s]) for s in shows), ("all", runs)]:
        proposed = sum(run.proposed for run in mine)
        kept = sum(len(run.predictions) for run in mine)
        proved = kept + sum(run.left_out for run in mine)
        hours = max(sum(run.hours for run in mine), 1e-9)
        table.add_row(
            escape(show),
            f"{proved / proposed:.3f}" if proposed else "-",
            f"{kept / len(mine):.1f}",
            f"{sum(run.cost_usd for run in mine) / len(mine):.4f}",
            f"{sum(run.wall_s for run in mine) / hours:.2f}",
            f"{sum(run.cpu_s for run in mine) / hours:.2f}",
            f"{sum(run.embed_s for run in mine) / hours:.2f}",
        )
    return table
