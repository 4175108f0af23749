"""What `doctor` says of the language model: as a run would meet it, before anything is sent."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from podcast_insights.cli.doctor import Finding, engine
from podcast_insights.errors import UserError
from podcast_insights.insights.llm.prompting import load_prompts
from podcast_insights.settings import Settings


def look(home: Path, **changes: str | SecretStr) -> Finding:
    values = {"insight_engine": "llm", "llm_model": "openai/gpt-4o-mini", **changes}
    return engine(Settings.model_validate({"home": home, **values}))


def test_a_language_model_that_can_work_is_described(tmp_path: Path) -> None:
    found = look(tmp_path, llm_fallback_models="anthropic/claude-sonnet-4-5")
    assert found.level == "ok"
    for word in (
        "openai/gpt-4o-mini with the provider's own key variable",
        "else anthropic/claude-sonnet-4-5",
        load_prompts().version,
    ):
        assert word in found.message, word
    assert not (tmp_path / "data").exists(), "nothing is made"


def test_whose_key_is_used_is_told_and_the_key_is_not(tmp_path: Path) -> None:
    assert "with a key of our own" in look(tmp_path, llm_api_key=SecretStr("sk-hush")).message
    assert "sk-hush" not in look(tmp_path, llm_api_key=SecretStr("sk-hush")).message
    own = look(tmp_path, llm_api_base="http://127.0.0.1:1/v1")
    assert "without a key" in own.message


@pytest.mark.parametrize(
    ("changes", "problem", "remedy"),
    [
        ({"llm_model": "openai/no-such-model"}, "no price for", "LLM_PRICE_USD"),
        ({"llm_fallback_models": "openai/no-such"}, "no price for", "LLM_FALLBACK_MODELS"),
        ({"llm_model": "v0/v0-1.0-md"}, "can't be limited", "LLM_MODEL"),
        ({"llm_prompt_dir": "nowhere"}, "LLM_PROMPT_DIR has no prompt", "insights_v2.md"),
    ],
)
def test_what_would_stop_a_run_is_told(
    tmp_path: Path, changes: dict[str, str], problem: str, remedy: str
) -> None:
    with pytest.raises(UserError, match=problem) as caught:
        look(tmp_path, **changes)
    assert remedy in caught.value.remedy


def test_a_prompt_of_ones_own_that_cannot_work_is_told(tmp_path: Path) -> None:
    (tmp_path / "insights_v2.md").write_text("Do as you like.")
    with pytest.raises(UserError, match="insights_v2.md can't be used"):
        look(tmp_path, llm_prompt_dir=str(tmp_path))
