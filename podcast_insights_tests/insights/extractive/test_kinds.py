"""What kind a text is told as: each rule with a text it holds for and a near one it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_insights.insights.engine import Candidate
from podcast_insights.insights.extractive.kinds import kind_of
from podcast_insights.insights.proof.shape import told_as_fact
from podcast_insights.insights.records import KINDS

BODY = "Large transformers are built to order. A new winder learns the work in four years."


@pytest.mark.parametrize(
    ("headline", "kind"),
    [
        ("I think power prices will double by 2035", "prediction"),
        ("We expect that most cars are going to be electric", "prediction"),
        # how something works is no forecast
        ("If our valve sticks, the pump will stop", "explanation"),
        ("Our pump will always stop at noon", "fact"),
        # nobody's forecast is told as what it was said as
        ("Power prices will double by 2035", "fact"),
        ("You should never rent a machine by the hour", "advice"),
        ("I'd recommend renting by the month", "advice"),
        ("Make sure the contract has a cap", "advice"),
        # a condition, and what would have been right, are no advice
        ("Should the price fall, the plant closes", "fact"),
        ("The plant should have been closed", "fact"),
        ("I think the old plant is the better one", "opinion"),
        ("In my view the tariff is too high", "opinion"),
        # somebody thought of is not somebody who thinks
        ("The tariff is thought to be too high", "fact"),
        ("Rents fell because the new line opened", "explanation"),
        ("The new line opened, so that rents fell", "explanation"),
        ("The new line opened and rents fell", "fact"),
    ],
)
def test_the_kind_is_seen_in_the_headline(headline: str, kind: str) -> None:
    assert kind_of(headline, BODY) == kind


def test_a_reason_in_the_body_makes_an_explanation() -> None:
    assert kind_of("Transformers are scarce", f"{BODY} That is why a rush can't be met.") == (
        "explanation"
    )
    assert kind_of("Transformers are scarce", BODY) == "fact"


def test_an_opinion_with_a_reason_is_still_an_opinion() -> None:
    assert kind_of("I think transformers are scarce because they are dear", BODY) == "opinion"


@pytest.mark.parametrize(
    "headline",
    ["Prices will probably double", "I believe prices double", "Prices are likely to double soon"],
)
def test_what_is_told_as_somebodys_says_whose(headline: str) -> None:
    kind = kind_of(headline, BODY)
    candidate = Candidate(headline, BODY, "five words of a quote", 0.5, kind=kind)
    assert told_as_fact(candidate, "en") is None


@given(st.text(max_size=200), st.text(max_size=400))
def test_every_text_has_a_kind(headline: str, body: str) -> None:
    assert kind_of(headline, body) in KINDS


def test_long_texts_take_no_time() -> None:
    assert kind_of("so if " * 5_000, "if a, " * 20_000) in KINDS
