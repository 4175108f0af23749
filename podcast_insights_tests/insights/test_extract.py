"""Engines are not believed: one that fails, one that is stopped, one that lies in every field."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.records import EMBEDDINGS
from podcast_insights.episodes.records import EPISODES
from podcast_insights.errors import UserError
from podcast_insights.insights.engine import (
    BudgetExceededError,
    Candidate,
    EngineError,
    EpisodeText,
    NothingToTellError,
)
from podcast_insights.insights.extract import Extraction, Extractor
from podcast_insights.insights.proof.prove import TokenStream
from podcast_insights.insights.records import INSIGHTS, REJECTED_INSIGHTS
from podcast_insights.transcripts.records import TRANSCRIPTS, Segment

DAY = date(2025, 9, 8)
SPOKEN = (
    "An idle machine costs almost as much as a busy one, because of its price.",
    "It does not save money to switch the machine off at night.",
    "This episode is brought to you by Larkspur and its cold mattresses.",
    "At thirty percent each useful hour costs three times as much.",
)
SEGMENTS = tuple(Segment(n * 10.0, n * 10.0 + 10, text, "Ann") for n, text in enumerate(SPOKEN))
STREAM = TokenStream(SEGMENTS)
AD_S = (20.0, 30.0)
TRUE = Candidate(
    headline="An idle machine costs almost as much as a busy one",
    body="The price is paid whether the machine works or not, so that idleness is no saving.",
    quote="An idle machine costs almost as much as a busy one",
    value_score=0.7,
    topics=("machines",),
)
SECOND = Candidate(
    "It saves nothing", TRUE.body, "does not save money to switch the machine off", 0.6
)
LIE = Candidate(
    headline="Idle machines are free",
    body="Nobody pays for what does nothing.",
    quote="idle machines cost nothing at all and never did",
    value_score=0.9,
)


@dataclass
class Scripted:
    """An engine that does what it is told for each episode."""

    answers: dict[str, Sequence[Candidate] | Exception]
    name: str = "llm"
    model: str = "scripted"
    prompt_version: str = "1"
    max_workers: int = 2
    asked: list[str] = field(default_factory=list)

    def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
        self.asked.append(episode.episode_id)
        answer = self.answers.get(episode.episode_id, [TRUE])
        if isinstance(answer, Exception):
            raise answer
        return list(answer)


class Flat(Embedder):
    """Gives each text the same vector, so that no model is needed."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))


Extract = Callable[..., Extraction]


def episode_row(name: str) -> dict[str, Any]:
    row = dict.fromkeys(EPISODES.schema.columns())
    return row | {
        "episode_id": name,
        "published_on": DAY,
        "status": "ok",
        "feed_id": "feed",
        "show_title": "Compute Ledger",
        "title": f"Title of {name}",
        "description": "",
        "persons": [],
    }


def transcript_row(name: str, status: str = "ok") -> dict[str, Any]:
    row = dict.fromkeys(TRANSCRIPTS.schema.columns())
    return row | {
        "episode_id": name,
        "published_on": DAY,
        "status": status,
        "audio_sha256": f"audio of {name}",
        "segments": [segment.to_row() for segment in SEGMENTS],
    }


def passage_rows(name: str) -> list[dict[str, Any]]:
    return [
        {
            "passage_id": f"{name}{n}",
            "episode_id": name,
            "published_on": DAY,
            "position": n,
            "sentence_from": n,
            "sentence_to": n + 1,
            "start_s": segment.start_s,
            "end_s": segment.end_s,
            "speaker": "Ann",
            "text": segment.text,
            "advertising_score": float(segment.start_s == AD_S[0]),
            "is_advertising": segment.start_s == AD_S[0],
            "model": "m",
            "embedding": [1.0] + [0.0] * 383,
        }
        for n, segment in enumerate(SEGMENTS)
    ]


def extract(
    engine: Scripted,
    *names: str,
    limit: int = 8,
    log: list[str] | None = None,
    statuses: dict[str, str] | None = None,
    embedder: Embedder | None = None,
    stored: Sequence[dict[str, Any]] = (),
) -> Extraction:
    """Run an engine over episodes; the rows are checked against their contracts."""
    report = [].append if log is None else log.append
    flat = Flat(Cache(Path("unused")))
    kept = INSIGHTS.frame(list(stored))
    extractor = Extractor(engine, embedder or flat, limit, report, stored=kept)
    found = extractor.run(
        EPISODES.frame([episode_row(name) for name in names]),
        TRANSCRIPTS.frame(
            [transcript_row(name, (statuses or {}).get(name, "ok")) for name in names]
        ),
        EMBEDDINGS.frame([row for name in names for row in passage_rows(name)]),
    )
    INSIGHTS.conform(INSIGHTS.frame(found.insights))
    REJECTED_INSIGHTS.conform(REJECTED_INSIGHTS.frame(found.rejected))
    return found


def column(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


# What comes out


def test_a_proved_candidate_becomes_an_insight_with_its_proof() -> None:
    found = extract(Scripted({}), "a")
    (insight,) = found.insights
    assert found.rejected == []
    assert (insight["headline"], insight["body"]) == (TRUE.headline, TRUE.body)
    assert insight["quote"] == SPOKEN[0], "the transcript's own sentence, not what was proposed"
    assert (insight["quote_start_s"], insight["quote_end_s"]) == (0.0, 10.0)
    assert insight["quote_match"] == "exact"
    assert insight["topics"] == ["machines"]
    assert insight["speaker"] == "Ann"
    assert insight["audio_sha256"] == "audio of a"
    assert (insight["engine"], insight["model"], insight["prompt_version"]) == (
        "llm",
        "scripted",
        "1",
    )


def test_insights_are_embedded_by_headline_and_body(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    embedder = Embedder(Cache(tmp_path_factory.mktemp("cache")))
    (insight,) = extract(Scripted({}), "a", embedder=embedder).insights
    expected = embedder.embed([f"{TRUE.headline}. {TRUE.body}"])[0]
    assert insight["embedding"] == pytest.approx(expected.tolist())
    topic = embedder.embed(["idle computers"])[0]
    assert float(np.dot(insight["embedding"], topic)) > 0.3


def test_the_same_idea_keeps_its_name_and_another_gets_its_own() -> None:
    first, again = (extract(Scripted({}), "a").insights[0] for _ in range(2))
    assert first == again
    other = extract(Scripted({}), "b").insights[0]
    assert other["insight_id"] != first["insight_id"]


def test_insights_stand_in_the_engines_order() -> None:
    found = extract(Scripted({"a": [SECOND, LIE, TRUE, SECOND]}), "a").insights
    assert column(found, "headline") == ["It saves nothing", TRUE.headline]
    assert column(found, "position") == [0, 1]


# What goes wrong


def test_an_engine_that_fails_on_one_episode_leaves_the_others() -> None:
    log: list[str] = []
    engine = Scripted({"b": EngineError("the model gave no usable answer")})
    found = extract(engine, "a", "b", "c", log=log)
    assert column(found.insights, "episode_id") == ["a", "c"]
    (row,) = found.rejected
    assert (row["episode_id"], row["reason"]) == ("b", "engine_failed")
    assert row["detail"] == "the model gave no usable answer"
    assert row["quote"] is None
    assert log == ["Title of b: engine_failed: the model gave no usable answer"]


def test_a_spend_cap_is_recorded_for_each_episode_that_was_not_asked() -> None:
    stop = BudgetExceededError("5.00 of 5.00 US dollars are spent")
    found = extract(Scripted({"b": stop, "c": stop}), "a", "b", "c")
    assert column(found.insights, "episode_id") == ["a"]
    assert [(row["episode_id"], row["reason"]) for row in found.rejected] == [
        ("b", "budget_exceeded"),
        ("c", "budget_exceeded"),
    ]
    assert "5.00 of 5.00" in found.rejected[0]["detail"]


@pytest.mark.parametrize("error", [OverflowError("int too large"), RecursionError(), KeyError(1)])
def test_what_nobody_has_thought_of_costs_one_episode_and_not_the_run(error: Exception) -> None:
    log: list[str] = []
    found = extract(Scripted({"b": error}), "a", "b", "c", log=log)
    assert column(found.insights, "episode_id") == ["a", "c"]
    (row,) = found.rejected
    assert (row["episode_id"], row["reason"]) == ("b", "engine_failed")
    assert row["detail"].startswith(f"unexpected {type(error).__name__}: ")
    assert "test_extract.py:" in row["detail"], "where it happened"
    assert log == [f"Title of b: engine_failed: {row['detail']}"]


def test_what_is_true_of_all_episodes_ends_the_run() -> None:
    error = UserError("The warehouse is in use.", "Wait for the other run.")
    with pytest.raises(UserError, match="in use"):
        extract(Scripted({"b": error}), "a", "b")


STOPPED = {
    "budget_exceeded": BudgetExceededError("5.00 of 5.00 US dollars are spent"),
    "engine_failed": EngineError("down"),
}


@pytest.mark.parametrize("reason", STOPPED)
def test_an_episode_that_cannot_be_asked_again_keeps_what_was_found_before(reason: str) -> None:
    log: list[str] = []
    before = extract(Scripted({}), "a", "b")
    again = Scripted({"a": STOPPED[reason], "b": [SECOND]}, model="another", prompt_version="2")
    found = extract(again, "a", "b", stored=before.insights, log=log)
    kept, anew = found.insights
    assert kept == before.insights[0], "as it was, with the model and the prompt that made it"
    assert (anew["episode_id"], anew["prompt_version"]) == ("b", "2")
    assert anew["headline"] == SECOND.headline
    (row,) = found.rejected
    assert (row["episode_id"], row["reason"]) == ("a", reason)
    assert "Insights of an earlier run that stay: 1." in log[0]
    stopped = extract(again, "a", "b", stored=found.insights)
    assert stopped == found, "and once more"


def test_insights_of_a_row_without_kind_and_entities_are_kept_too() -> None:
    """Rows of schema 1 have none."""
    old = extract(Scripted({}), "a").insights[0]
    old |= {"kind": None, "entities": None, "embedding_model": None}
    found = extract(Scripted({"a": STOPPED["engine_failed"]}), "a", stored=[old])
    assert found.insights == [old]


@pytest.mark.parametrize(
    "answer", [[], [LIE], NothingToTellError("nothing new")], ids=["none", "lie", "nothing to tell"]
)
def test_an_answer_replaces_what_was_found_before(
    answer: Sequence[Candidate] | Exception,
) -> None:
    before = extract(Scripted({}), "a").insights
    assert extract(Scripted({"a": answer}), "a", stored=before).insights == []


def test_insights_of_other_audio_are_not_kept() -> None:
    before = extract(Scripted({}), "a").insights[0]
    other = before | {"audio_sha256": "audio that was replaced"}
    assert extract(Scripted({"a": STOPPED["engine_failed"]}), "a", stored=[other]).insights == []
    assert extract(Scripted({"a": STOPPED["engine_failed"]}), "a", stored=[before]).insights


def test_what_an_engine_left_out_is_recorded_and_never_an_insight() -> None:
    left_out = replace(SECOND, is_left_out=True)
    lie = replace(LIE, is_left_out=True)
    found = extract(Scripted({"a": [TRUE, left_out, lie]}), "a")
    assert column(found.insights, "headline") == [TRUE.headline]
    assert [(row["headline"], row["reason"]) for row in found.rejected] == [
        (SECOND.headline, "not_chosen"),
        (LIE.headline, "quote_not_found"),
    ]


def test_an_episode_without_an_idea_is_told_from_one_that_failed() -> None:
    found = extract(Scripted({"a": []}), "a")
    assert column(found.rejected, "reason") == ["nothing_worth_telling"]


def test_only_sound_transcripts_are_asked_about() -> None:
    engine = Scripted({})
    extract(engine, "a", "b", statuses={"b": "incomplete"})
    assert engine.asked == ["a"]
    assert extract(engine, "b", statuses={"b": "failed"}) == Extraction([], [])


def test_a_lie_is_rejected_with_what_it_said_and_the_truth_beside_it_stays() -> None:
    found = extract(Scripted({"a": [LIE, TRUE]}), "a")
    assert column(found.insights, "headline") == [TRUE.headline]
    (row,) = found.rejected
    assert (row["reason"], row["headline"], row["quote"]) == (
        "quote_not_found",
        LIE.headline,
        LIE.quote,
    )


def test_a_lie_told_twice_is_one_row() -> None:
    found = extract(Scripted({"a": [LIE, TRUE, LIE, TRUE]}), "a")
    assert len(found.insights) == len(found.rejected) == 1


def test_an_engine_that_gives_more_than_asked_for_is_cut_off_after_the_proved_ones() -> None:
    many = [LIE, *(replace(TRUE, headline=f"It is {'so ' * n}dear") for n in range(6))]
    found = extract(Scripted({"a": many}), "a", limit=3)
    headlines = ["It is dear", "It is so dear", "It is so so dear"]
    assert column(found.insights, "headline") == headlines
    assert column(found.rejected, "reason") == ["quote_not_found", *["over_the_limit"] * 3]


def test_two_ways_to_quote_one_sentence_are_one_insight() -> None:
    again = replace(TRUE, quote="costs almost as much as a busy one", body=f"So it is. {TRUE.body}")
    found = extract(Scripted({"a": [TRUE, again]}), "a")
    assert column(found.insights, "body") == [TRUE.body]
    assert column(found.rejected, "reason") == ["repeated"]


def test_a_repaired_quote_is_told_from_an_exact_one() -> None:
    glued = replace(TRUE, quote="an idle machine costs almost as much as a busyone")
    (insight,) = extract(Scripted({"a": [glued]}), "a").insights
    assert (insight["quote_match"], insight["quote"]) == ("repaired", SPOKEN[0])


def test_made_up_labels_are_left_out_and_names_are_found() -> None:
    named = replace(
        TRUE,
        body=f"So it is on Compute Ledger. {TRUE.body}",
        topics=("machines", "Einstein"),
        entities=("Einstein",),
    )
    (insight,) = extract(Scripted({"a": [named]}), "a").insights
    assert insight["topics"] == ["machines"]
    assert insight["entities"] == ["Compute Ledger"]


def test_what_no_table_can_hold_is_kept_as_far_as_it_can_be() -> None:
    monster = Candidate("\ud800\x00\u202e", "b" * 10**6, "q" * 10**6, float("nan"), kind="\ud800")
    (row,) = extract(Scripted({"a": [monster]}), "a").rejected
    assert (len(row["body"]), len(row["quote"])) == (2_000, 2_000)
    assert row["headline"] == "?  "


# Any engine

WORDS = " ".join(SPOKEN).split()
said = st.sampled_from(WORDS)
made_up = st.sampled_from(
    ["Einstein", "1905", "42.5", "https://evil.example", "<b>", "not", "never", "", "](x)"]
)
babble = st.lists(said | made_up, min_size=1, max_size=14).map(" ".join)
run = st.builds(
    lambda first, size: " ".join(WORDS[first : first + size]),
    st.integers(0, len(WORDS) - 8),
    st.integers(3, 20),
)


def mostly(honest: st.SearchStrategy, lie: st.SearchStrategy) -> st.SearchStrategy:
    """A field that is a lie once in seven times, so that each lie is also told alone."""
    return st.one_of(*[honest] * 6, lie)


liar = st.lists(
    st.builds(
        Candidate,
        headline=mostly(st.just(TRUE.headline) | run, babble),
        body=mostly(st.just(TRUE.body) | run, babble),
        quote=mostly(run, babble | st.just(LIE.quote)),
        value_score=mostly(st.floats(0, 1), st.floats()),
        topics=mostly(st.just(("machines",)), st.lists(babble, max_size=4).map(tuple)),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(liar, st.integers(1, 5))
def test_whatever_an_engine_says_only_what_was_said_gets_through(
    candidates: list[Candidate], limit: int
) -> None:
    found = extract(Scripted({"a": candidates}), "a", limit=limit)
    assert len(found.insights) <= limit
    for insight in found.insights:
        match = STREAM.locate(insight["quote"])
        assert match is not None
        assert match.quote == insight["quote"]
        assert (insight["quote_start_s"], insight["quote_end_s"]) == (match.start_s, match.end_s)
        middle = (match.start_s + match.end_s) / 2
        assert not AD_S[0] + 1 < middle < AD_S[1] - 1
        assert 0 <= insight["value_score"] <= 1
        shown = " ".join([insight["headline"], insight["body"], *insight["topics"]])
        assert not any(bad in shown for bad in ("https", "<b>", "]("))
        for text in (insight["headline"], insight["body"]):
            assert not any(number in text for number in ("1905", "42.5"))
            assert "Einstein" not in text
    rejected_or_kept = len(found.insights) + len(found.rejected)
    assert rejected_or_kept <= max(len(candidates), 1)


@settings(max_examples=25, deadline=None)
@given(liar)
def test_rejected_rows_keep_what_was_proposed(candidates: list[Candidate]) -> None:
    proposed = {(c.headline, c.body, c.quote) for c in candidates}
    frame = REJECTED_INSIGHTS.frame(extract(Scripted({"a": candidates}), "a", limit=8).rejected)
    of_candidates = frame.filter(pl.col("quote").is_not_null())
    assert set(of_candidates.select("headline", "body", "quote").iter_rows()) <= proposed
    assert of_candidates["reason"].is_in(["nothing_worth_telling"]).not_().all()
