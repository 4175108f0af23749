"""What `evaluate` says a language model's answers have cost, and what was left out of them."""

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from podcast_insights.cli.evaluate import build_engine, cost_table, show_run
from podcast_insights.insights.evaluation.gold import GoldEpisode
from podcast_insights.insights.evaluation.run import EpisodeRun
from podcast_insights.insights.evaluation.scores import Prediction
from podcast_insights.settings import PREFIX, load_settings
from podcast_insights_tests.support.llm_desk import EPISODE, INSIGHT
from podcast_insights_tests.support.misbehaving_llm import MisbehavingLlm, proposes


def test_answers_from_the_cache_cost_what_they_cost_when_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}LLM_MODEL", "openai/x")
    monkeypatch.setenv(f"{PREFIX}LLM_PRICE_USD_PER_MILLION_TOKENS", "1,10")
    with MisbehavingLlm([proposes(INSIGHT)]) as llm:
        monkeypatch.setenv(f"{PREFIX}LLM_API_BASE", llm.api_base)
        for _ in range(2):
            engine, cost_of = build_engine("llm", load_settings(), lambda _: None)
            engine.propose(EPISODE, limit=3)
            assert cost_of(EPISODE.episode_id) == pytest.approx(0.002)
        assert len(llm.requests) == 1
        monkeypatch.setenv(f"{PREFIX}LLM_MODEL", "openai/y")
        _, cost_of = build_engine("llm", load_settings(), lambda _: None)
    assert cost_of(EPISODE.episode_id) == 0, "another model's answers are another bill"
    assert cost_of("another") == 0


RUN = EpisodeRun(
    gold=GoldEpisode("Ledger", "1", (), Path("unused"), {}),
    predictions=(Prediction("text", "quote", 1.0),) * 2,
    proposed=6,
    hours=1.0,
    embed_s=1.0,
    wall_s=1.0,
    cpu_s=1.0,
    cost_usd=0.0,
    left_out=3,
)


def printed(*runs: EpisodeRun) -> str:
    out = Console(file=io.StringIO(), width=200, record=True)
    for run in runs:
        show_run(run, out)
    out.print(cost_table(list(runs)))
    return out.export_text()


def test_what_was_proved_and_not_chosen_counts_as_proved() -> None:
    text = printed(RUN)
    assert "1 of 6 candidates failed their proof" in text
    assert f"{5 / 6:.3f}" in text
    assert "failed their proof" not in printed(dataclasses.replace(RUN, left_out=4))
