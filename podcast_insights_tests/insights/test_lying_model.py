"""A model that lies in every field: whatever it says, no made-up word gets through.

What was said is written down in `lies.py` sentence by sentence, so that the proof is not judged by
itself: a quote must be some of these sentences, whole and in a row, and everything a lie could
bring in is made of words that nobody said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.insights.engine import Candidate, EpisodeText
from podcast_insights.insights.extract import Extraction, Extractor
from podcast_insights.insights.records import INSIGHTS, KINDS, REJECTED_INSIGHTS
from podcast_insights_tests.insights.lies import (
    ADVERTISING,
    ELSEWHERE,
    EPISODE,
    FORBIDDEN,
    HONEST,
    MADE_UP,
    SECONDS,
    SENTENCES,
    TEXT,
    liar,
)

TRANSCRIPT = {"episode_id": "episode", "published_on": date(2025, 9, 8), "audio_sha256": "audio"}


@dataclass(frozen=True)
class Liar:
    """Says what it is told to."""

    candidates: Sequence[Candidate]
    name: str = "llm"
    model: str = "liar"
    prompt_version: str = "1"
    max_workers: int = 1

    def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
        return list(self.candidates)


class Flat(Embedder):
    """Gives each text the same vector, so that no model is needed."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.tile(np.eye(1, 384, dtype=np.float32), (len(texts), 1))


def extract(*candidates: Candidate, limit: int = 8) -> Extraction:
    """What becomes of candidates; the rows are checked against their contracts."""
    extractor = Extractor(Liar(candidates), Flat(Cache(Path("unused"))), limit, lambda _: None)
    found = extractor.of_episode(EPISODE, dict(TRANSCRIPT))
    INSIGHTS.conform(INSIGHTS.frame(found.insights))
    REJECTED_INSIGHTS.conform(REJECTED_INSIGHTS.frame(found.rejected))
    return found


def fate(**lies: Any) -> str:  # noqa: ANN401 - any field of a candidate
    """Why a candidate is rejected that is honest but for some fields; `accepted` if it is not."""
    found = extract(replace(HONEST, **lies))
    assert len(found.insights) + len(found.rejected) == 1
    return str(found.rejected[0]["reason"]) if found.rejected else "accepted"


# One lie at a time


def test_the_honest_candidate_is_accepted() -> None:
    assert fate() == "accepted"
    assert all(
        fate(kind=kind, headline="I think a machine is dear") == "accepted" for kind in KINDS
    )


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("An idle machine costs almost as much as a busy ona", "quote_not_found"),
        ("An idle machine costs nearly as much as a busy one", "quote_not_found"),
        ("An idle machine costs not almost as much as a busy one", "quote_not_found"),
        ("I do think that switching it off at night saves any money", "quote_not_found"),
        ("An idle machine costs at night saves any money in the end", "quote_not_found"),
        ("and GPT-4 wrote 15 of the lines", "quote_not_found"),
        ("each hour of a GPU costs 35 times as much", "quote_not_found"),
        ("sent the e-mail to NASA in 19 98", "quote_not_found"),
        (ELSEWHERE, "quote_not_found"),
        (SENTENCES[4], "advertising"),
        (f"{SENTENCES[3]} {SENTENCES[4]}", "advertising"),
        ("and save twenty percent on your first order. Alex Moreno sent", "advertising"),
        (f"{SENTENCES[0]} bit.ly/x", "link_or_markup"),
        ("", "quote_too_short"),
        ("a busy one", "quote_too_short"),
        ("a busy one " * 10**5, "quote_too_long"),
        (TEXT, "quote_too_long"),
        (f"{SENTENCES[0]} <b>", "link_or_markup"),
    ],
)
def test_a_quote_that_is_a_lie_is_found_out(quote: str, expected: str) -> None:
    assert fate(quote=quote) == expected


@pytest.mark.parametrize(
    ("quote", "whole"),
    [
        ("but they did", SENTENCES[2]),
        ("the cheap chips would last for ten years, but they did", SENTENCES[2]),
        ("think that switching it off at night saves any money", SENTENCES[1]),
        ("Moreno sent the email to NASA in 1998, and GPT 4 wrote", SENTENCES[6]),
    ],
)
def test_a_quote_that_is_cut_off_is_shown_whole(quote: str, whole: str) -> None:
    proposed = replace(HONEST, quote=f"for ten years, {quote}" if len(quote) < 15 else quote)
    (insight,) = extract(proposed).insights
    assert insight["quote"] == whole


@pytest.mark.parametrize("lie", MADE_UP)
def test_a_made_up_name_or_number_is_found_out_wherever_it_stands(lie: str) -> None:
    opening = f"{lie[0].upper()}{lie[1:]}"
    for text in (
        f"{opening} costs almost as much.",
        f"So it is. {opening} says so, as they said of it.",
        f"That is {lie}, they said.",
        f"The machine of {lie} is idle.",
    ):
        for lies in (
            {"headline": text},
            {"body": f"{text} {HONEST.body}"},
            {"body": f"{HONEST.body} {text}"},
        ):
            assert fate(**lies) == "unfounded_name_or_number", lies


@pytest.mark.parametrize(
    "lie",
    ["Half of them are idle", "One in five is idle", "Seven engineers died",
     "They cost -30 percent", "According to elon musk it is dear",
     "It was made by Larkspur, they say"],
)  # fmt: skip
def test_a_made_up_amount_and_a_hidden_name_are_found_out(lie: str) -> None:
    assert fate(headline=lie) == fate(body=f"{lie}. {HONEST.body}") == "unfounded_name_or_number"


@pytest.mark.parametrize("lie", MADE_UP)
def test_a_made_up_label_is_left_out(lie: str) -> None:
    lies = replace(HONEST, topics=("machines", lie), entities=(lie,))
    (insight,) = extract(lies).insights
    assert (insight["topics"], insight["entities"]) == (["machines"], [])


@pytest.mark.parametrize("lie", FORBIDDEN)
def test_what_could_do_harm_is_found_out_in_every_field(lie: str) -> None:
    expected = {"link_or_markup", "control_characters"}
    for lies in (
        {"headline": f"{HONEST.headline} {lie}"},
        {"body": f"{HONEST.body} {lie}"},
        {"quote": f"{HONEST.quote} {lie}"},
        {"topics": ("machines", lie)},
        {"entities": (lie,)},
    ):
        assert fate(**lies) in expected, lies


# All of them at once


def sentences_of(quote: str) -> list[int]:
    """Numbers of the sentences that a quote is made of; none if it is not of whole ones."""
    for first in range(len(SENTENCES)):
        for last in range(first, len(SENTENCES)):
            if " ".join(SENTENCES[first : last + 1]) == quote:
                return list(range(first, last + 1))
    return []


def numbers_of(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


def stands_whole(proposed: str, text: str) -> bool:
    """Whether letters and digits stand in a text from the start of a word to the end of one."""
    alike = [c for c in proposed.casefold() if c.isalnum()]
    pattern = r"[\W_]*".join(map(re.escape, alike))
    mine, theirs = numbers_of(proposed), numbers_of(text)
    return bool(re.search(rf"(?<!\w){pattern}(?!\w)", text.casefold())) and any(
        theirs[n : n + len(mine)] == mine for n in range(len(theirs) + 1)
    )


@settings(max_examples=150, deadline=None)
@given(liar, st.integers(1, 5))
def test_whatever_a_model_says_nothing_made_up_gets_through(
    candidates: list[Candidate], limit: int
) -> None:
    found = extract(*candidates, limit=limit)
    assert len(found.insights) <= limit
    by_text = {(c.headline, c.body): c for c in candidates}
    for insight in found.insights:
        numbers = sentences_of(insight["quote"])
        assert numbers, insight["quote"]
        assert not set(numbers) & set(ADVERTISING)
        assert insight["quote_start_s"] == numbers[0] * SECONDS
        assert insight["quote_end_s"] == (numbers[-1] + 1) * SECONDS
        assert (insight["headline"], insight["body"]) in by_text
        proposed = [
            c.quote
            for c in candidates
            if (c.headline, c.body) == (insight["headline"], insight["body"])
        ]
        assert any(stands_whole(quote, insight["quote"]) for quote in proposed)
        shown = [insight["headline"], insight["body"], *insight["topics"], *insight["entities"]]
        for text in shown:
            assert not any(bad in text for bad in FORBIDDEN)
            assert not set(re.findall(r"[\w.-]+", text)) & {*MADE_UP}
            assert not any(" " in lie and lie in text for lie in MADE_UP)
        assert 0 <= insight["value_score"] <= 1
        assert insight["kind"] in KINDS
        assert len(insight["topics"]) <= 8
        assert len(insight["entities"]) <= 8


@settings(max_examples=60, deadline=None)
@given(st.lists(liar, min_size=1, max_size=2), st.integers(1, 5))
def test_every_candidate_is_accepted_or_has_one_row_with_the_reason(
    lists: list[list[Candidate]], limit: int
) -> None:
    candidates = [*lists[0], *lists[-1], *lists[0]]  # some are told twice
    distinct = {(c.headline, c.body, c.quote) for c in candidates}
    found = extract(*candidates, limit=limit)
    assert len(found.insights) + len(found.rejected) == max(len(distinct), 1)
    assert len({row["rejection_id"] for row in found.rejected}) == len(found.rejected)
    assert len({row["insight_id"] for row in found.insights}) == len(found.insights)
    assert all(row["reason"] and row["detail"] for row in found.rejected)
    assert all(len(row["body"] or "") <= 2_000 for row in found.rejected)
