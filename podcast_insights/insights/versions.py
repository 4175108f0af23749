"""By what insights are made, besides their transcripts: engine, models, rules or prompts.

Light on purpose: the code location imports it to tell Dagster which insights are outdated.

What does not belong here: the engines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash
from podcast_insights.insights.llm.prompting import load_prompts
from podcast_insights.settings import Settings

if TYPE_CHECKING:
    from podcast_insights.warehouse.database import Warehouse

EXTRACTIVE_RULES = "extractive-4"
EXTRACTIVE_MODEL = "passage ranking"

OUTDATED = """
SELECT DISTINCT published_on AS day
FROM (
  SELECT published_on, engine, model, prompt_version FROM insights
  UNION ALL SELECT published_on, engine, model, prompt_version FROM rejected_insights
)
WHERE published_on >= $start AND published_on < $end AND (
  engine <> $engine OR prompt_version IS DISTINCT FROM $prompt_version OR model <> $model
)
ORDER BY day
"""


@dataclass(frozen=True)
class EngineVersion:
    """What the columns engine, model and prompt_version say of insights made today.

    Args:
        models: the model and those to fall back on. What one of these wrote is outdated, so that
            the first model's own insights can be won back after an outage.
    """

    engine: str
    models: tuple[str, ...]
    prompt_version: str

    @property
    def code_version(self) -> str:
        """As Dagster compares it; short, because the UI shows it."""
        return f"{self.prompt_version} {short_hash(self.engine, *self.models)[:6]}"


def engine_version(settings: Settings) -> EngineVersion:
    """By what insights would be made with these settings.

    Raises:
        UserError: prompts of one's own can't be read.
    """
    if settings.insight_engine == "extractive":
        return EngineVersion("extractive", (EXTRACTIVE_MODEL,), EXTRACTIVE_RULES)
    own = settings.llm_prompt_dir
    prompts = load_prompts(settings.under_home(Path(own)) if own else None)
    models = (settings.llm_model, *settings.llm_fallback_names)
    return EngineVersion("llm", models, prompts.version)


def code_version(settings: Settings) -> str:
    """`engine_version` for Dagster, which has to start also where a prompt can't be read."""
    try:
        return engine_version(settings).code_version
    except UserError:
        return "unknown"  # told by `doctor`, and by the next run before it asks for anything


def outdated_days(
    warehouse: "Warehouse", version: EngineVersion, start: date, end: date
) -> Sequence[date]:
    """Days from `start` to before `end` with insights of another engine, model or prompt.

    Those that a model to fall back on wrote are among them. An episode that only such a model
    can answer, because it is too long for the first one, is found each time.
    """
    bounds = {
        "start": start,
        "end": end,
        "engine": version.engine,
        "model": version.models[0],
        "prompt_version": version.prompt_version,
    }
    return warehouse.read(OUTDATED, bounds)["day"].to_list()
