"""Evaluation on a made-up show, and to the last digit like the judge's own script."""

import json
import re
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.errors import UserError
from podcast_insights.insights.engine import Candidate, EngineError, EpisodeText
from podcast_insights.insights.evaluation.baselines import BASELINES, Baseline, lexrank
from podcast_insights.insights.evaluation.gold import first_of_each_show, points_of, read_gold
from podcast_insights.insights.evaluation.run import (
    Evaluator,
    as_predictions,
    read_predictions,
    write_predictions,
)
from podcast_insights.insights.evaluation.scores import ALL_SHOWS, COLUMNS, Prediction, score
from podcast_insights.insights.extractive.engine import ExtractiveEngine
from podcast_insights_tests.conftest import SHARED

SCRIPT = SHARED / "tools" / "score_insights.py"
REAL = SHARED / "data" / "transcripts"
SENTENCES = (
    "A machine that stands idle costs almost as much as a busy one, because most of its cost is "
    "the purchase price.",
    "At thirty percent utilization each useful hour costs three times as much as on a full one.",
    "Large transformers are built to order and mostly by hand, so a sudden rise in demand cannot "
    "be met quickly.",
    "A new winder needs four years of practice before he works without supervision in a plant.",
    "The wholesale price of power falls below zero on sunny days when solar farms cannot switch "
    "off in time.",
    "Batteries buy at noon and sell in the evening, which narrows the gap that pays for them.",
)
POINTS = (
    "Idle machines cost nearly as much as busy ones.",
    "Transformers take years to build because skilled winders are rare.",
    "Too short.",
    "https://example.org/a link list of many words here",
)


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return Embedder(Cache(tmp_path_factory.mktemp("embeddings")))


@pytest.fixture
def shows(tmp_path: Path) -> Path:
    """Two episodes of one show and one of another, as a user would drop them into a folder."""
    rows = []
    for show, episode in (("Ledger", "1"), ("Ledger", "2"), ("Grid", "1")):
        segments = [
            {"startTime": 10.0 * n, "endTime": 10.0 * n + 10, "body": text}
            for n, text in enumerate(SENTENCES)
        ]
        path = tmp_path / show / f"{episode}.transcript.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"version": "1.0.0", "segments": segments}))
        points = [{"text": text, "t": None} for text in POINTS]
        rows.append({"show": show, "episode": episode, "points": points})
    (tmp_path / "gold_points.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return tmp_path


def letters(texts: Sequence[str]) -> np.ndarray:
    """A judge whose similarities can be worked out by hand: shared letters of the alphabet."""
    counts = np.array([[t.lower().count(c) for c in "abcdefgh"] for t in texts], dtype=float)
    return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True))


def test_only_points_of_six_words_that_say_something_count() -> None:
    points = [{"text": text, "t": None} for text in POINTS]
    assert points_of({"points": points}) == POINTS[:2]


def test_where_points_have_times_those_without_are_asides() -> None:
    points = [{"text": POINTS[0], "t": 12}, {"text": POINTS[1], "t": None}]
    assert points_of({"kind": "bullets with timestamps", "points": points}) == POINTS[:1]


def test_the_scores_are_what_can_be_worked_out_by_hand(shows: Path) -> None:
    gold = [e for e in read_gold(shows / "gold_points.jsonl", shows) if e.show == "Grid"]
    exact = Prediction(POINTS[0], quote=SENTENCES[0])
    made_up = Prediction(POINTS[1], quote="nobody said any of these words")
    columns = score(gold, {("Grid", "1"): [exact, made_up]}, letters)[0].values
    between = float(letters([POINTS[0]])[0] @ letters([POINTS[1]])[0])
    assert columns["coverage"] == pytest.approx(1.0)
    assert columns["precision"] == pytest.approx(1.0)
    assert columns["redundancy"] == pytest.approx(between)
    assert columns["grounded"] == 0.5
    assert columns["words"] == 9.5


def test_an_episode_without_insights_covers_nothing_and_shows_weigh_the_same(shows: Path) -> None:
    gold = read_gold(shows / "gold_points.jsonl", shows)
    found = {("Ledger", "1"): [Prediction(POINTS[0], SENTENCES[0])]}
    grid, ledger, everything = score(gold, found, letters)
    assert (grid.show, ledger.show, everything.show) == ("Grid", "Ledger", ALL_SHOWS)
    assert (grid.episodes, ledger.episodes, everything.episodes) == (1, 2, 3)
    assert grid.values["coverage"] == 0
    assert grid.values["precision"] is None
    assert ledger.values["coverage"] is not None
    assert everything.values["coverage"] == pytest.approx(ledger.values["coverage"] / 2)


def test_only_the_first_insights_count(shows: Path) -> None:
    gold = read_gold(shows / "gold_points.jsonl", shows)[:1]
    many = [Prediction(POINTS[0], SENTENCES[0])] * 2 + [Prediction("zzz a", "")] * 5
    assert score(gold, {gold[0].key: many}, letters, top=2)[0].values["grounded"] == 1.0


@pytest.mark.parametrize(
    ("line", "problem"), [("{", "Line 1"), ('{"show": "x"}', "Line 1"), ("[]", "Line 1")]
)
def test_a_broken_gold_file_is_told_by_its_line(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "gold.jsonl").write_text(line)
    with pytest.raises(UserError, match=problem):
        read_gold(tmp_path / "gold.jsonl", tmp_path)


def test_a_missing_gold_file_or_transcript_is_told(shows: Path) -> None:
    with pytest.raises(UserError, match="no gold file"):
        read_gold(shows / "other.jsonl", shows)
    (shows / "Grid" / "1.transcript.json").unlink()
    with pytest.raises(UserError, match="Grid 1 can't be read"):
        read_gold(shows / "gold_points.jsonl", shows)[0].segments()


def test_some_episodes_of_each_show_can_be_chosen(shows: Path) -> None:
    gold = read_gold(shows / "gold_points.jsonl", shows)
    assert [e.key for e in first_of_each_show(gold, 1)] == [("Grid", "1"), ("Ledger", "1")]
    assert first_of_each_show(gold, 0) == gold


@pytest.mark.parametrize("engine", [ExtractiveEngine(), *map(Baseline, BASELINES)])
def test_every_engine_is_run_proved_and_timed(
    shows: Path, embedder: Embedder, engine: ExtractiveEngine | Baseline
) -> None:
    gold = read_gold(shows / "gold_points.jsonl", shows)[:1]
    (run,) = Evaluator(engine, embedder, limit=2).run(gold)
    assert run.error is None
    assert 1 <= len(run.predictions) == run.proposed <= 2
    assert run.hours == pytest.approx(1 / 60)
    assert run.cost_usd == 0
    assert min(run.wall_s, run.embed_s) > 0
    lines = score(gold, as_predictions([run]), embedder.embed)
    assert lines[-1].values["grounded"] == 1.0
    path = shows / "out.jsonl"
    write_predictions(path, [run])
    assert read_predictions(path) == as_predictions([run])


def test_an_engine_that_fails_or_lies_costs_the_other_episodes_nothing(
    shows: Path, embedder: Embedder
) -> None:
    class Liar:
        name = model = prompt_version = "liar"
        max_workers = 1
        asked = 0

        def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
            self.asked += 1
            if self.asked == 1:
                raise EngineError("out of order")
            claim, body = "It is a claim", "so it is said of this and that " * 3
            made_up = Candidate(claim, body, "words that nobody ever said here", 1.0)
            return [made_up, Candidate(claim, body, SENTENCES[0], 1.0)]

    gold = read_gold(shows / "gold_points.jsonl", shows)
    seen: list[str | None] = []
    evaluator = Evaluator(Liar(), embedder, 5, lambda _: 0.25, lambda run: seen.append(run.error))
    runs = evaluator.run(gold)
    assert seen == ["out of order", None, None]
    assert [(run.proposed, len(run.predictions)) for run in runs] == [(0, 0), (2, 1), (2, 1)]
    assert runs[0].cost_usd == 0.25


def test_lexrank_ranks_highest_what_most_others_are_like() -> None:
    """Where all have as many neighbours, as in a triangle, all ranks are equal: hence a star."""
    ranks = lexrank(["power price", "power lines", "price tags", "a red bicycle", ""])
    assert ranks[0] > 1.2 * max(ranks[1:])
    assert ranks.sum() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.slow
def test_our_numbers_are_those_of_the_judges_script(
    embedder: Embedder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not SCRIPT.exists():
        pytest.skip("needs the shared tools and transcripts")
    gold = read_gold(REAL / "gold_points.jsonl", REAL)
    chosen = [
        min(gold, key=lambda e: (e.show != show, e.episode))
        for show in sorted({e.show for e in gold})
    ]
    rows = {e.key for e in chosen}
    lines = [
        line
        for line in (REAL / "gold_points.jsonl").read_text().splitlines()
        if (json.loads(line)["show"], str(json.loads(line)["episode"])) in rows
    ]
    for name in {json.loads(line)["transcript"].split("/")[0] for line in lines}:
        (tmp_path / name).symlink_to(REAL / name)
    (tmp_path / "gold.jsonl").write_text("\n".join(lines))
    found = {}
    for episode in chosen:
        texts = [s.text for s in episode.segments() if len(s.text.split()) > 12][:12]
        found[episode.key] = tuple(Prediction(text, text, 1.0) for text in texts)
    with (tmp_path / "out.jsonl").open("w") as file:
        for (show, name), insights in found.items():
            row = {"show": show, "episode": name, "insights": [vars(i) for i in insights]}
            file.write(json.dumps(row) + "\n")
    monkeypatch.chdir(tmp_path)
    arguments = ["--gold", "gold.jsonl", "--predictions", "out.jsonl"]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    printed = capsys.readouterr().out
    theirs = {
        match[1].strip(): [float(v) for v in match[2].split()]
        for match in re.finditer(r"^(.{24})((?: +[\d.]+){5})", printed, re.MULTILINE)
    }
    assert len(theirs) == 4
    for line in score(chosen, read_predictions(tmp_path / "out.jsonl"), embedder.embed):
        ours = [line.values[column] for column in COLUMNS]
        assert ours == pytest.approx(theirs[line.show], abs=6e-4), line.show
