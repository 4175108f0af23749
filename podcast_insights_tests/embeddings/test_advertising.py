"""Advertising is told from talk about advertising, and how well is measured here.

The examples were written before they were measured; the thresholds are what was measured,
rounded down. Misses are named, so that nobody takes the word list for more than it is. What it is
worth on real transcripts is held by the last test, where they are at hand.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from podcast_insights.embeddings.advertising import (
    MAX_GAP_SENTENCES,
    MAX_READ_WORDS,
    MIN_NAME_LIMIT,
    THRESHOLD,
    advertising_scores,
)
from podcast_insights.embeddings.passages import to_passages
from podcast_insights.embeddings.sentences import to_sentences
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.effort import assert_no_more_than_linear

EXAMPLES = yaml.safe_load(Path(__file__).with_name("advertising.yaml").read_text())
READS, LATER_READS, EDITORIAL = (EXAMPLES[name] for name in ("reads", "later_reads", "editorial"))
ALL_READS = READS | LATER_READS
KNOWN_MISSES = {"soft", "brand_story", "app"}
"""Reads without any formula. Only a reader who knows the product would notice."""

MIN_RECALL = 0.75
MIN_PRECISION = 0.95
"""Of passages; 86 of 112 are found, and nothing else is."""

REPOSITORY = Path(__file__).parents[2]
TRANSCRIPTS = REPOSITORY.parent / "shared" / "data" / "transcripts"
MIN_HELD_OUT = {"precision": 0.93, "recall": 0.66, "sponsor_read": 0.82}
"""Of words of real transcripts by which no rule was tuned; 0.952, 0.688 and 0.853 are reached."""

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


TALK = "The winders of the old works knew nothing of it."
INTRODUCTION = "I want to tell you about Larkspur."
LAST_OFFER = "Get ten percent off at larkspur.com slash show."


def is_advertising(*sentences: str) -> list[bool]:
    return [score >= THRESHOLD for score in advertising_scores(sentences)]


def test_a_read_lasts_from_its_sponsors_introduction_to_its_last_offer() -> None:
    praise = [PRAISE] * 3 * MAX_GAP_SENTENCES
    whole = [FORMULA, TALK, INTRODUCTION, *praise, LAST_OFFER]
    assert is_advertising("Before.", *whole, "After.") == [False, *[True] * len(whole), False]


def test_an_offer_of_somebody_else_ends_no_read() -> None:
    talk = [TALK] * 3 * MAX_GAP_SENTENCES
    other = "Get ten percent off at wren.com slash show."
    assert is_advertising(FORMULA, *talk, other) == [True, *[False] * len(talk), True]


def test_a_sponsor_named_again_is_no_read_without_an_offer() -> None:
    talk = [TALK] * 3 * MAX_GAP_SENTENCES
    named = "The people at Larkspur knew nothing of it."
    assert is_advertising(FORMULA, *talk, named) == [True, *[False] * len(talk), False]


def test_no_read_is_longer_than_three_minutes() -> None:
    praise = [PRAISE] * (MAX_READ_WORDS // len(PRAISE.split()) + 1)
    assert not any(is_advertising(FORMULA, *praise, LAST_OFFER)[1:-1])


@pytest.mark.parametrize(
    "thanks",
    [
        ["Larkspur is sponsoring the show this week."],
        ["Larkspur is back.", "Thanks to Larkspur.", "They are sponsoring the show."],
        ["Before we get to it, I want to say thank you to Larkspur."],
    ],
    ids=["name first", "name in the sentence before", "thanks alone"],
)
def test_the_sponsors_name_is_learnt_from_the_thanks(thanks: list[str]) -> None:
    praise = [PRAISE] * 2 * MAX_GAP_SENTENCES
    far = [TALK] * 2 * MAX_GAP_SENTENCES
    found = is_advertising(*thanks, *far, INTRODUCTION, *praise, LAST_OFFER)
    assert all(found[-len(praise) - 2 :])
    assert not any(found[len(thanks) : len(thanks) + len(far)])


def test_a_name_that_the_episode_is_full_of_is_no_sponsors() -> None:
    """As a host's, or a firm's that advertises in the episode about it."""
    talk = ["Larkspur was a mill in those days.", TALK] * (MIN_NAME_LIMIT + 1)
    assert is_advertising(FORMULA, *talk) == [True, *[False] * len(talk)]


def test_what_the_hosts_list_after_brought_to_you_by_us_is_theirs() -> None:
    wares = ["Brian has a book about pumps.", "And there are courses, too.", "Many hours of it."]
    assert is_advertising("This episode is brought to you by us.", *wares) == [True] * 3 + [False]
    assert not any(is_advertising("A pump was brought to us.", *wares))


def test_a_weak_cue_lets_a_block_grow_and_begins_none() -> None:
    goodbye = "Thank you all for listening."
    follow = "Follow the show on Mastodon."
    assert is_advertising(goodbye, TALK) == [False, False]
    assert is_advertising(goodbye, follow, TALK) == [True, True, False]


PAIRS = {
    "own_course": (
        "We have a course on pumps over at our school.",
        "We have a course of action, and we have the pumps.",
    ),
    "order_the_book": ("You can order our book now.", "In my book, order matters more than price."),
    "tickets": ("Tickets are on sale now.", "Cheap tickets were available to members only."),
    "booth": ("Come and see us at our booth.", "They met at a booth in the hall."),
    "hiring": (
        "We are hiring, so apply at our careers page.",
        "We are hiring people who can wind by hand.",
    ),
    "resume": ("Email me your resume.", "She sent the ministry a resume."),
    "patreon": ("You can support us on Patreon.", "The painter lives on Patreon these days."),
    "sponsors_wanted": (
        "If your company wants to get the word out, write to us.",
        "The company wants to get its costs down.",
    ),
    "review": ("Leave us a short review.", "He left the firm a short review of its safety."),
    "follow": ("Follow us on Mastodon.", "Many followed the trial on television."),
    "find_me": ("You can find me on Twitter.", "You can find anything on Twitter."),
    "growing": (
        "I need your help with growing this podcast.",
        "The firm needs help with growing its podcast business.",
    ),
    "friends": ("Tell your friends about the show.", "You tell your friends about a strike."),
    "newsletter": (
        "Sign up for our newsletter.",
        "Half of them never sign up for the newsletter of a shop.",
    ),
    "live": ("Join us for the live recording.", "They joined us for the recording of the peaks."),
    "subscribe": ("So subscribe to the podcast.", "People subscribe to a paper they never read."),
    "code": ("Use code PUMP for a free valve.", "Use code reviews for a free lesson."),
    "percent": ("Take twenty percent off your order.", "It is twenty percent off its peak."),
    "address": (
        "It is at larkspur.com/show for you.",
        "It is at github.com/larkspur for you.",
    ),
    "go_to": ("Just go to larkspur.com.", "You can just go to larkspur.com."),
    "past": (
        "Today's episode was brought to you by Larkspur.",
        "The show was sponsored by a maker of soap.",
    ),
    "message": (
        "The following message comes from Larkspur.",
        "The following message came over the wire.",
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_each_cue_tells_an_offer_from_talk_with_the_same_words(pair: str) -> None:
    offer, talk = PAIRS[pair]
    assert is_recognized(offer)
    assert not is_recognized(talk)


HOSTILE = {
    "words": "go to ",
    "one word": "a",
    "dashes": "-go",
    "names": "Brought to you by Aa Bb ",
    "openers": "our book ",
    "domains": ".com/",
    "money": "$9 ",
    "shows": "This show ",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_an_endless_sentence_takes_no_longer_than_its_length(unit: str) -> None:
    assert_no_more_than_linear(
        advertising_scores, lambda size: [unit * (size // len(unit))], 100_000
    )


def benchmark() -> ModuleType:
    """The script that measures: it is no part of the package."""
    path = REPOSITORY / "benchmarks" / "advertising.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_advertising", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not TRANSCRIPTS.is_dir(), reason="no shared transcripts on this machine")
def test_in_real_transcripts_most_reads_are_found_and_little_else() -> None:
    measured = benchmark()
    all_shows = measured.tallies(TRANSCRIPTS, splits=("held_out",))["held_out", "all shows"]
    assert all_shows.precision() >= MIN_HELD_OUT["precision"]
    assert all_shows.recall(*measured.KINDS) >= MIN_HELD_OUT["recall"]
    assert all_shows.recall("sponsor_read") >= MIN_HELD_OUT["sponsor_read"]
