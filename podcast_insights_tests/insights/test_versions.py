"""Which days' insights are outdated, and that only insights and what follows are made anew."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.contracts import TABLES
from podcast_insights.insights.versions import (
    EXTRACTIVE_MODEL,
    EXTRACTIVE_RULES,
    EngineVersion,
    code_version,
    engine_version,
    outdated_days,
)
from podcast_insights.settings import Settings
from podcast_insights.warehouse.database import Warehouse

DAY = date(2025, 9, 8)
NOW = EngineVersion("llm", ("openai/small", "openai/other"), "insights_v9-aa+select_v9-bb")
ROW = {"engine": "llm", "model": "openai/small", "prompt_version": "insights_v9-aa+select_v9-bb"}


def store(warehouse: Warehouse, day: date, **columns: Any) -> None:  # noqa: ANN401
    """An episode that gave nothing, as the cheapest trace of a run."""
    row = {
        "rejection_id": f"rejected {day}",
        "episode_id": "episode",
        "published_on": day,
        "reason": "nothing_worth_telling",
        "detail": "nothing",
        **ROW,
        **columns,
    }
    warehouse.merge("rejected_insights", TABLES["rejected_insights"].frame([row]))


def outdated(warehouse: Warehouse) -> list[date]:
    return list(outdated_days(warehouse, NOW, DAY, DAY + timedelta(days=10)))


@pytest.mark.parametrize(
    "columns",
    [
        {"engine": "extractive", "model": "passage ranking", "prompt_version": "extractive-1"},
        {"model": "openai/older"},
        {"model": "openai/other"},  # the one to fall back on, in an outage
        {"prompt_version": "insights_v8-cc+select_v9-bb"},
        {"prompt_version": None},
    ],
)
def test_what_another_engine_model_or_prompt_has_made_is_outdated(
    warehouse: Warehouse, columns: dict[str, Any]
) -> None:
    store(warehouse, DAY)
    store(warehouse, DAY + timedelta(days=2), **columns)
    assert outdated(warehouse) == [DAY + timedelta(days=2)]


def test_what_todays_settings_would_make_again_is_not(warehouse: Warehouse) -> None:
    store(warehouse, DAY)
    store(warehouse, DAY + timedelta(days=1))
    assert outdated(warehouse) == []


def test_days_outside_the_range_are_not_asked_about(warehouse: Warehouse) -> None:
    store(warehouse, DAY - timedelta(days=1), model="openai/older")
    store(warehouse, DAY + timedelta(days=10), model="openai/older")
    assert outdated(warehouse) == []


def llm_settings(home: Path, **values: Any) -> Settings:  # noqa: ANN401
    return Settings(home=home, insight_engine="llm", llm_model="openai/small", **values)


def test_a_prompt_of_ones_own_is_another_version(tmp_path: Path) -> None:
    packaged = engine_version(llm_settings(tmp_path))
    prompts = Path(__file__).parents[2] / "podcast_insights/insights/llm/prompts"
    name = packaged.prompt_version.partition("-")[0]
    folder = tmp_path / "prompts"
    folder.mkdir()
    (folder / f"{name}.md").write_text((prompts / f"{name}.md").read_text() + "\nBe brief.\n")
    own = engine_version(llm_settings(tmp_path, llm_prompt_dir="prompts"))
    assert own.prompt_version != packaged.prompt_version
    assert own.models == packaged.models
    assert own.code_version != packaged.code_version


def test_dagster_sees_another_version_for_another_engine_or_model(tmp_path: Path) -> None:
    versions = {
        code_version(Settings(home=tmp_path)),
        code_version(llm_settings(tmp_path)),
        code_version(llm_settings(tmp_path, llm_fallback_models="openai/other")),
        code_version(llm_settings(tmp_path, llm_prompt_dir="nowhere")),
    }
    assert len(versions) == 4
    assert "unknown" in versions


def test_the_extractive_engine_is_known_by_the_columns_of_its_rows(tmp_path: Path) -> None:
    from podcast_insights.insights.extractive.engine import ExtractiveEngine

    engine = ExtractiveEngine()
    version = EngineVersion(engine.name, (engine.model,), engine.prompt_version)
    assert engine_version(Settings(home=tmp_path)) == version
    assert version == EngineVersion("extractive", (EXTRACTIVE_MODEL,), EXTRACTIVE_RULES)
