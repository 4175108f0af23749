"""Advertising is told from talk about advertising, and how well is measured here.

The examples were written before they were measured; the thresholds are what was measured,
rounded down. Misses are named, so that nobody takes the word list for more than it is.
"""

from pathlib import Path

import pytest
import yaml

from podcast_insights.embeddings.advertising import (
    MAX_GAP_SENTENCES,
    THRESHOLD,
    advertising_scores,
)
from podcast_insights.embeddings.passages import to_passages
from podcast_insights.embeddings.sentences import to_sentences
from podcast_insights.transcripts.records import Segment

EXAMPLES = yaml.safe_load(Path(__file__).with_name("advertising.yaml").read_text())
READS, LATER_READS, EDITORIAL = (EXAMPLES[name] for name in ("reads", "later_reads", "editorial"))
ALL_READS = READS | LATER_READS
KNOWN_MISSES = {"soft", "brand_story", "app", "events"}
"""Reads without any formula. Only a reader who knows the product would notice."""

MIN_RECALL = 0.65
MIN_PRECISION = 0.95
"""Of passages; 77 of 112 are found, and nothing else is."""

BEFORE = (
    "A power grid has to be built for the few highest hours of the year. Costly equipment "
    "therefore stands idle most of the time. Whoever can pause in those hours may be connected "
    "years sooner than the others. The utilities were slow to see this, and some still are."
)
AFTER = (
    "Large transformers are built to order and mostly by hand. A sudden rise in demand can't be "
    "met, because nobody has trained the winders. It takes four years before a winder works alone. "
    "Factories that wait for orders will wait for the people, too."
)


def sentences_of(text: str) -> list[str]:
    return [sentence.text for sentence in to_sentences([Segment(0.0, 60.0, text)])]


def is_recognized(text: str) -> bool:
    return max(advertising_scores(sentences_of(text))) >= THRESHOLD


def test_most_sponsor_reads_are_recognized() -> None:
    missed = {name for name, text in ALL_READS.items() if not is_recognized(text)}
    assert missed <= KNOWN_MISSES
    assert 1 - len(missed) / len(ALL_READS) >= 0.8


def test_reads_that_the_word_list_never_saw_are_recognized_nearly_as_often() -> None:
    found = [name for name, text in LATER_READS.items() if is_recognized(text)]
    assert len(found) / len(LATER_READS) >= 0.75


@pytest.mark.parametrize("name", EDITORIAL)
def test_talk_that_only_shares_the_words_is_left_alone(name: str) -> None:
    assert not is_recognized(EDITORIAL[name])


def test_in_an_episode_few_passages_of_a_read_pass_for_editorial() -> None:
    """What counts in the end: passages, as insights are drawn from them."""
    advertised = labelled = right = 0
    for read in ALL_READS.values():
        spoken = sentences_of(read)
        for passage in to_passages([Segment(0.0, 90.0, f"{BEFORE} {read} {AFTER}")]):
            is_read = any(sentence in passage.text for sentence in spoken)
            advertised += is_read
            labelled += passage.is_advertising
            right += is_read and passage.is_advertising
    assert right / advertised >= MIN_RECALL
    assert right / labelled >= MIN_PRECISION


def test_scores_are_between_0_and_1() -> None:
    every = [*ALL_READS.values(), *EDITORIAL.values(), " ".join(READS.values()), ""]
    for text in every:
        assert all(0 <= score <= 1 for score in advertising_scores(sentences_of(text)))
    assert advertising_scores([]) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Go to larkspur.com today.",
        "Visit north-wind.io for more.",
        "Head over to smoothly dot com to begin.",
        "Sign up at stratocloud.io and get credit.",
    ],
)
def test_being_sent_to_an_address_is_advertising(sentence: str) -> None:
    assert is_recognized(sentence)


def test_naming_an_address_or_sending_listeners_elsewhere_is_not() -> None:
    assert not is_recognized("Amazon dot com was a bookshop in those days.")
    assert not is_recognized("Go to the window and look at the transformers.")


FORMULA = "This episode is brought to you by Larkspur."
OFFER = "You get ten percent off."
PRAISE = "It never breaks and it always fits."


@pytest.mark.parametrize("gap", [1, MAX_GAP_SENTENCES])
def test_praise_between_two_cues_belongs_to_the_read(gap: int) -> None:
    scores = advertising_scores(["Before.", FORMULA, *[PRAISE] * gap, OFFER, "After."])
    assert scores == [0, 1.0, *[0.8] * gap, 0.8, 0]


def test_editorial_between_two_reads_stays_editorial() -> None:
    scores = advertising_scores([FORMULA, *[PRAISE] * (MAX_GAP_SENTENCES + 1), OFFER])
    assert scores == [1.0, *[0] * (MAX_GAP_SENTENCES + 1), 0.8]
