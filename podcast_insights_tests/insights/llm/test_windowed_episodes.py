"""Long episodes: candidates of each window, one choice among all, what is kept when it fails."""

import dataclasses
import re
from pathlib import Path

import pytest

from podcast_insights.insights.engine import BudgetExceededError, EngineError
from podcast_insights.insights.llm.prompting import load_prompts
from podcast_insights.insights.llm.spending import Caps
from podcast_insights.insights.proof.prove import QuoteMatch, TokenStream, prove
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.support.llm_desk import (
    EPISODE,
    INSIGHT,
    Desk,
    idea,
    long_episode,
    said,
)
from podcast_insights_tests.support.misbehaving_llm import (
    Behaviour,
    MisbehavingLlm,
    Request,
    by_request,
    chooses,
    fails,
    hangs_up,
    proposes,
    says,
)

MADE_UP = INSIGHT | {"quote": "nobody on this show ever said any of these words", "value": 1.0}


def seconds(request: Request) -> list[int]:
    """Which lines of the transcript the model saw."""
    return [int(second) for second in re.findall(r"^\[(\d+)\]", request.prompt, re.MULTILINE)]


def ids(request: Request) -> dict[str, str]:
    """The candidates' ids in a selection, by headline."""
    found = re.findall(r"^\[(c\d+)\]\n  headline: (.*)$", request.prompt, re.MULTILINE)
    return {headline: id for id, headline in found}


def first_and_last(request: Request) -> Behaviour:
    """Propose the first and the last sentence one sees; choose all, the last one first."""
    if request.is_selection:
        return chooses(*reversed([*ids(request).values()]), value=0.8)
    seen = seconds(request)
    return proposes(idea(seen[0]), idea(seen[-1], value=0.6), MADE_UP)


def test_what_fits_one_prompt_is_one_call(desk: Desk) -> None:
    with MisbehavingLlm([by_request(first_and_last)]) as llm:
        found = desk.engine(llm).propose(long_episode(), limit=3)
    assert len(llm.requests) == 1
    assert seconds(llm.requests[0]) == list(range(100))
    assert [c.quote for c in found] == [said(99), said(0), MADE_UP["quote"]]


def test_windows_overlap_and_one_choice_is_made_among_all_candidates(desk: Desk) -> None:
    with MisbehavingLlm([by_request(first_and_last)]) as llm:
        found = desk.engine(llm, max_prompt_chars=4_000).propose(long_episode(), limit=4)
    *windows, selection = llm.requests
    assert [request.is_selection for request in windows] == [False] * len(windows)
    assert selection.is_selection
    assert len(windows) == 3
    seen = [seconds(request) for request in windows]
    for before, after in zip(seen, seen[1:], strict=False):
        assert before[-1] >= after[0] + 1, "an idea across the cut must be seen whole"
        assert after == list(range(after[0], after[-1] + 1))
    assert sorted({s for part in seen for s in part}) == list(range(100))
    ends = sorted({part[end] for part in seen for end in (0, -1)})
    shown = [idea(end)["headline"] for end in ends]
    assert [*ids(selection)] == shown, "made-up quotes must not be paid for twice"
    sound, left_out, unsound = found[:4], found[4:6], found[6:]
    assert [c.headline for c in sound] == shown[:1:-1]
    assert {c.value_score for c in sound} == {0.8}
    assert [c.headline for c in left_out] == shown[:2], "what was left out is recorded too"
    assert [c.is_left_out for c in found] == [False] * 4 + [True] * 2 + [False]
    assert [c.quote for c in unsound] == [MADE_UP["quote"]], "the proof has to see and record it"
    rows = sorted(desk.rows(), key=lambda row: row["purpose"])
    assert [row["purpose"] for row in rows] == ["propose"] * 3 + ["select"]
    prompts = load_prompts()
    assert {row["prompt_version"] for row in rows[:3]} == {prompts.propose.version}
    assert rows[3]["prompt_version"] == prompts.select.version


def test_a_second_run_asks_nothing(desk: Desk) -> None:
    with MisbehavingLlm([by_request(first_and_last)]) as llm:
        engine = desk.engine(llm, max_prompt_chars=4_000)
        first = engine.propose(long_episode(), limit=4)
        asked = len(llm.requests)
        assert engine.propose(long_episode(), limit=4) == first
        assert len(llm.requests) == asked


def test_what_the_choice_leaves_out_is_left_out(desk: Desk) -> None:
    def one(request: Request) -> Behaviour:
        return chooses("c2", "c2", value=7) if request.is_selection else first_and_last(request)

    with MisbehavingLlm([by_request(one)]) as llm:
        found = desk.engine(llm, max_prompt_chars=4_000).propose(long_episode(), limit=4)
        second = seconds(llm.requests[1])[0]
    kept = [(said(second), 1.0), (MADE_UP["quote"], 1.0)]
    assert [(c.quote, c.value_score) for c in found if not c.is_left_out] == kept
    assert len(found) == 7


@pytest.mark.parametrize(
    ("broken", "row"),
    [
        (says("All of them are great!"), "unusable answer: Invalid JSON"),
        (chooses("c77", "the best one", "b"), "no candidate is called c77, an unknown id"),
        (says('{"insights": []}'), "unusable answer: chosen: Field required"),
        (fails(400, "no"), "400"),
    ],
)
def test_without_a_usable_choice_the_values_of_the_windows_decide_and_the_log_says_so(
    desk: Desk, broken: Behaviour, row: str
) -> None:
    def behave(request: Request) -> Behaviour:
        return broken if request.is_selection else first_and_last(request)

    told: list[str] = []
    with MisbehavingLlm([by_request(behave)]) as llm:
        engine = desk.engine(llm, max_prompt_chars=4_000, report=told.append)
        found = engine.propose(long_episode(), limit=2)
        ends = [seconds(request)[-1] for request in llm.requests if not request.is_selection]
    assert [c.quote for c in found[:2]] == [said(end) for end in ends[:2]]
    assert any("no selection" in line and "most valuable" in line for line in told)
    failed = [r["error"] for r in desk.rows() if r["status"] == "failed"]
    assert failed
    assert all(row in error for error in failed)


def test_some_unknown_ids_are_asked_for_once_more_and_then_left_out(desk: Desk) -> None:
    def behave(request: Request) -> Behaviour:
        return chooses("c1", "c99") if request.is_selection else first_and_last(request)

    with MisbehavingLlm([by_request(behave)]) as llm:
        found = desk.engine(llm, max_prompt_chars=4_000).propose(long_episode(), limit=4)
        selections = [request for request in llm.requests if request.is_selection]
    assert [c.quote for c in found if not c.is_left_out] == [said(0), MADE_UP["quote"]]
    assert len(selections) == 2
    assert "no candidate is called c99" in selections[1].body["messages"][-1]["content"]


def test_one_idea_of_two_windows_is_put_to_the_choice_once(desk: Desk) -> None:
    def behave(request: Request) -> Behaviour:
        if request.is_selection:
            return chooses(*ids(request).values())
        return proposes(idea(50), idea(seconds(request)[0]))

    with MisbehavingLlm([by_request(behave)]) as llm:
        desk.engine(llm, max_prompt_chars=4_000).propose(long_episode(), limit=4)
    assert len(re.findall("Machine 50 saves a little money", llm.requests[-1].prompt)) == 1


def test_a_single_sound_candidate_needs_no_choice(desk: Desk) -> None:
    with MisbehavingLlm([proposes(idea(0), MADE_UP)]) as llm:
        found = desk.engine(llm, max_prompt_chars=4_000).propose(long_episode(), limit=4)
    assert not any(request.is_selection for request in llm.requests)
    assert [c.quote for c in found] == [said(0), MADE_UP["quote"]]


def test_candidates_beyond_the_room_of_the_choice_are_the_least_valued_and_the_log_says_so(
    desk: Desk,
) -> None:
    def many(request: Request) -> Behaviour:
        if request.is_selection:
            return chooses(*ids(request).values())
        seen = seconds(request)
        return proposes(*(idea(n, value=n / 100) for n in (seen[-1], *seen[:9])))

    told: list[str] = []
    with MisbehavingLlm([by_request(many)]) as llm:
        engine = desk.engine(llm, max_prompt_chars=2_000, report=told.append)
        found = engine.propose(long_episode(), limit=8)
    selection = llm.requests[-1]
    assert len(selection.prompt) < 2_000 + 800
    chosen = [c.quote for c in found if not c.is_left_out]
    assert said(99) in chosen
    assert said(0) not in chosen
    assert any("the least valued, do not fit" in line for line in told)


def test_after_a_failed_window_only_that_one_is_paid_for_again(desk: Desk) -> None:
    is_down = [True]

    def behave(request: Request) -> Behaviour:
        is_second = not request.is_selection and 0 < seconds(request)[0] < 50
        return fails(400, "no") if is_second and is_down[0] else first_and_last(request)

    with MisbehavingLlm([by_request(behave)]) as llm:
        engine = desk.engine(llm, max_prompt_chars=4_000)
        with pytest.raises(EngineError):
            engine.propose(long_episode(), limit=2)
        assert len(llm.requests) == 2
        is_down[0] = False
        assert engine.propose(long_episode(), limit=2)
    assert [request.is_selection for request in llm.requests[2:]] == [False, False, True]


@pytest.mark.parametrize("done", [1, 2, 3])
def test_past_the_cap_the_finished_windows_are_kept_and_the_next_run_pays_for_the_rest(
    desk: Desk, tmp_path: Path, done: int
) -> None:
    """Stopped after one, two, or all three windows; then only what is missing is asked."""

    def at_worst_case(request: Request) -> Behaviour:
        if request.is_selection:
            return chooses("c1", "c2", usage=None)
        return proposes(idea(seconds(request)[0]), usage=None)

    with MisbehavingLlm([by_request(at_worst_case)]) as llm:
        measured = Desk(tmp_path / "measured")
        measured.folder.mkdir()
        measured.engine(llm, max_prompt_chars=4_000).propose(long_episode(), limit=4)
        order = sorted(measured.rows(), key=lambda row: (row["purpose"], row["prompt_tokens"]))
        costs = [row["cost_usd"] for row in order]
        cap = sum(costs[:done]) + 0.6 * costs[done]
        engine = desk.engine(llm, max_prompt_chars=4_000)
        poor = dataclasses.replace(engine.models[0], caps=Caps(cap, 9.0), run_id="poor")
        with pytest.raises(BudgetExceededError, match="PER_RUN"):
            dataclasses.replace(engine, models=(poor,)).propose(long_episode(), limit=4)
        assert len(desk.rows()) == done
        assert engine.propose(long_episode(), limit=4)
    by_run = [sum(r["run_id"] == run for r in desk.rows()) for run in ("poor", "run")]
    assert by_run == [done, 4 - done]


def test_a_giant_segment_is_cut_into_windows_and_its_times_are_shared_out(desk: Desk) -> None:
    text = " ".join(said(n) for n in range(100))
    episode = dataclasses.replace(EPISODE, passages=(), segments=(Segment(0, 600, text),))
    with MisbehavingLlm([proposes()]) as llm:
        desk.engine(llm, max_prompt_chars=3_000).propose(episode, limit=2)
    assert len(llm.requests) == 3
    prompts = [request.prompt for request in llm.requests]
    assert all(sum(said(n) in prompt for prompt in prompts) for n in range(100))
    starts = [seconds(request)[0] for request in llm.requests]
    assert starts[0] == 0
    assert 100 < starts[1] < 300 < starts[2] < 500


def test_an_episode_of_advertising_alone_or_of_nothing_is_not_asked_about(desk: Desk) -> None:
    sold = dataclasses.replace(EPISODE, segments=EPISODE.segments[2:3])
    silent = dataclasses.replace(EPISODE, segments=(), passages=())
    blank = dataclasses.replace(EPISODE, segments=(Segment(0, 9, " \n "),), passages=())
    with MisbehavingLlm([proposes(INSIGHT)]) as llm:
        for episode in (sold, silent, blank):
            assert desk.engine(llm).propose(episode, limit=3) == []
    assert llm.requests == []


def test_words_of_three_hours_all_alike_are_asked_about_and_prove_nothing_wrong(
    desk: Desk,
) -> None:
    segments = tuple(Segment(n, n + 1, "again " * 8) for n in range(0, 10_800, 3))
    episode = dataclasses.replace(EPISODE, passages=(), segments=segments)
    lie = INSIGHT | {"quote": "again and again and again and again"}
    with MisbehavingLlm([proposes(lie)]) as llm:
        found = desk.engine(llm).propose(episode, limit=3)
    assert 3 <= len(llm.requests) <= 4
    stream = TokenStream(segments)
    assert not any(isinstance(prove(c, episode, stream), QuoteMatch) for c in found)


def test_a_selection_whose_connection_breaks_is_tried_again(desk: Desk) -> None:
    broken = iter([True])

    def behave(request: Request) -> Behaviour:
        if request.is_selection and next(broken, False):
            return hangs_up
        return first_and_last(request)

    with MisbehavingLlm([by_request(behave)]) as llm:
        found = desk.engine(llm, max_prompt_chars=4_000).propose(long_episode(), limit=4)
    assert {c.value_score for c in found[:4]} == {0.8}
    assert sum(request.is_selection for request in llm.requests) == 2
