"""Single sentences: what can be shown of them, what stands alone, what becomes a headline."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_insights.embeddings.sentences import to_sentences
from podcast_insights.insights.extractive.wording import (
    has_verb,
    headline_of,
    is_headline,
    is_hollow,
    is_loose,
    is_start,
    opened,
    split,
    tidy,
)
from podcast_insights.transcripts.records import Segment

CLAIM = (
    "A machine that stands idle costs almost as much as a busy one, because most of its cost is "
    "the purchase price. At thirty percent utilization each useful hour costs three times as much."
)


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w'’.,%-]*\w", text.lower())


@pytest.mark.parametrize(
    "text",
    [
        f"{CLAIM} Dr. Weiss agrees. “Yes,” he said. “No!” e.g. that.",
        "One... two. Three? Four",
        "",
    ],
)
def test_passages_are_split_as_they_were_made(text: str) -> None:
    segments = [Segment(0.0, 10.0, text)]
    assert split(text) == [sentence.text for sentence in to_sentences(segments)]


@given(
    st.lists(st.sampled_from(["word", "U.S.", "end.", "why?", '"so."', "No!", "J."]), max_size=40)
)
def test_splitting_loses_no_word(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(split(text)) == text
    sentences = to_sentences([Segment(0.0, 10.0, text)])
    assert split(text) == [sentence.text for sentence in sentences]


# What stands alone


@pytest.mark.parametrize(
    "text",
    [
        "Large transformers are built to order.",
        "So, large transformers are built to order.",
        "Faker is a library that makes up names.",
        "The AQUA wallet is open source now.",
        "When a machine stands idle, it costs as much as a busy one.",
        "Engineers at Sun thought that they had won.",
        "Jeff Onwick says that he led the team at Sun.",
        "I think transformers are scarce.",
    ],
)
def test_a_reader_can_begin_with(text: str) -> None:
    assert is_start(text)


@pytest.mark.parametrize(
    "text",
    [
        "It is built to order.",
        "I think that is why transformers are dear.",
        "When I first wrote that, transformers were cheap.",
        "If we use it for transformers, prices fall.",
        "Once he had left the firm, transformers were dear.",
        "When the firm moved, he bought transformers.",
        "For half the year they cost more.",
        "I was working in Singapore for the transformers team.",
        "Moving on, transformers are built to order.",
        "The next item is transformers and their price.",
        "Some of that became transformers of another size.",
        "If you loaded a page with five thousand pictures.",
        "The I love my favourite transformers most of all.",
        "That's pretty cool.",
        "Here prices of transformers fell.",
        "Otherwise transformers would be cheap.",
        "A popular one is the transformer of 2022.",
        "Ann has a proposal for these two kinds of transformers.",
        "The way with that overlap is a new transformer each year.",
        "I recommend that everybody do this with transformers.",
    ],
)
def test_a_reader_cannot_begin_with(text: str) -> None:
    assert not is_start(text)


@pytest.mark.parametrize(
    ("kept", "lost"),
    [
        ("Prices fell by half in Texas.", "Antoine, we should ask them about prices."),
        ("Prices of open source fell.", "Prices fell in open source, Laura."),
        ("Prices fell, as the central bank said.", "Prices fell, as you said."),
        ("The page says that prices fell.", "Prices fell, as you can see here."),
        ("Prices are what they are.", "Prices are what the."),
        ("Do not sell at these prices.", "So can we take the price of Google."),
        ("This is so: the price fell.", "The price fell. Michael: Yeah, by half."),
        ("Prices are what they are made of gold.", "Prices are at a synergy of."),
        ("The sheet of prices fell.", "The shit price fell again."),
        ("Prices fell in the whole segmented market.", "In this segment we have prices."),
    ],
)
def test_talk_in_the_room_and_half_sentences_are_loose(kept: str, lost: str) -> None:
    assert not is_loose(kept)
    assert is_loose(lost)


@pytest.mark.parametrize(
    ("told", "hollow"),
    [
        ("It has 64 bits.", "I think it's really cool."),
        ("Rust finds bugs.", "Yeah, exactly right."),
    ],
)
def test_praise_tells_nothing(told: str, hollow: str) -> None:
    assert not is_hollow(told)
    assert is_hollow(hollow)


# What is left out within a sentence


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("I I think the the price of of it fell.", "I think the price of it fell."),
        ("It was it was a good year.", "It was a good year."),
        ("Um, the price, you know, fell.", "The price, fell."),
        ("The price is, like, half of that.", "The price is half of that."),
        ("- The price fell.", "The price fell."),
        ("Ann Lee (host): The price fell.", "The price fell."),
        ("Eclair 12 Eclair 12 adds a price.", "Eclair 12 adds a price."),
        # what means something stays
        ("I know that that is very very dear.", "I know that that is very very dear."),
        ("He was at AT&T then.", "He was at AT&T then."),
        ("Prices had had their day.", "Prices had had their day."),
        ("You know the price.", "You know the price."),
        ("Prices are kind of low.", "Prices are kind of low."),
        ("I don't, don't buy.", "I don't buy."),
    ],
)
def test_only_stumbling_is_left_out(said: str, shown: str) -> None:
    assert tidy(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("And so, the price fell.", "The price fell."),
        ("So far the price fell.", "So far the price fell."),
        ("But I think the price fell.", "I think the price fell."),
    ],
)
def test_opening_words_are_left_out(said: str, shown: str) -> None:
    assert opened(said) == shown


WORDS = st.sampled_from("the price um i and it was you know, like, not fell. Eclair - so".split())


@given(st.lists(WORDS, max_size=30))
def test_nothing_is_added_moved_or_reworded(words: list[str]) -> None:
    said = iter(words_of(" ".join(words)))
    shown = words_of(tidy(" ".join(words)))
    assert all(word in said for word in shown)
    assert ("not" in shown) is ("not" in words)


# Headlines


@pytest.mark.parametrize(
    ("sentence", "headline"),
    [
        ("Idle machines are dear.", "Idle machines are dear"),
        ("so it goes on for ever…", "So it goes on for ever"),
        (
            "One shared pool of computers needs far less hardware than many private ones, because "
            "the busy moments of different teams rarely fall in the same minute.",
            "One shared pool of computers needs far less hardware than many private ones",
        ),
        (
            "Large transformers are built to order and mostly by hand, so a sudden rise in demand "
            "cannot be met quickly.",
            "Large transformers are built to order and mostly by hand",
        ),
        (
            "Renting out idle processors turns a cost into a revenue line, because the hardware.",
            "Renting out idle processors turns a cost into a revenue line",
        ),
        ("The engine has run for a while.", "The engine has run for a while"),
        ("Demand moves to the evening and.", "Demand moves to the evening"),
        (
            "When the price of running a model falls, total spending can rise, because tasks that "
            "were never worth the money suddenly are.",
            "When the price of running a model falls, total spending can rise",
        ),
    ],
)
def test_reasons_and_consequences_are_cut_off_long_headlines(sentence: str, headline: str) -> None:
    assert headline_of(sentence) == headline


@pytest.mark.parametrize(
    "sentence",
    [
        # a negated reason: it may rain for another one
        "Prices do not fall in a market where one seller owns all patents because buyers are slow",
        "Prices don’t fall in a market where one seller owns all patents because buyers are slow",
        "Nobody lends to a firm with a single customer in a foreign country because it is friendly",
        # a reason that the claim hangs on
        "The electric truck is cheaper than the old one only because the state pays a third of its "
        "price each year",
        "The fleet of the city runs on gas just because the pipes were there before anyone asked",
        # a condition
        "A battery pays for itself within three years, which holds only if power prices do swing",
        "A battery now pays for itself in three years, while subsidies last and unless they end",
        "The pool of machines pays off within a single year: if three teams share it from then on",
        # only a condition would be left
        "When the price of a used chip falls every month, so does the profit of all who rent it",
        "If the wind drops for two days in a row, which happens in most winters, the batteries run "
        "empty",
        # a rebuttal
        "My first impression of the change is that it raises every fee in the pool, but that is "
        "impossible",
        "The machine looks cheap to everyone who sees its price on the list, but it never is",
        "Prices do not fall in a market with a single seller, and much less with two, because "
        "buyers wait",
        # whole claims that end in a short clause
        "Training runs and other patient jobs can wait until the evening, when most machines stand "
        "idle and cold",
        "Every new power plant of this kind needs land, a link to the grid, and cooling water",
        "The cost of the last hour of the night falls on those who keep the lights on or heat",
    ],
)
def test_no_headline_is_cut_where_it_would_claim_something_else(sentence: str) -> None:
    assert len(sentence.split()) > 15
    assert headline_of(sentence + ".") == sentence


def test_no_headline_is_cut_within_an_aside() -> None:
    sentence = (
        "The anchor approach is the more elegant one, which means you can make commitment "
        "transactions, which is the transaction that closes a channel at zero fees"
    )
    assert headline_of(sentence + ".") == sentence


@pytest.mark.parametrize(
    ("sentence", "fragment"),
    [
        ("Docker failed in the market", "Titled label management software"),
        ("The bill is 66 petabytes a month", "Over 66 petabytes a month, which is a lot"),
    ],
)
def test_a_fragment_has_no_verb(sentence: str, fragment: str) -> None:
    assert has_verb(sentence)
    assert not has_verb(fragment)


@pytest.mark.parametrize(
    ("headline", "other"),
    [
        ("Prices of transformers doubled last year", "Prices fell"),
        ("Prices of transformers doubled last year", "It doubled the prices of transformers"),
        ("Prices of transformers doubled last year", "Prices, um, of transformers doubled again"),
        ("Prices of transformers doubled last year", "If prices of transformers double this year"),
    ],
    ids=["too short", "pointing back", "stumbling", "half"],
)
def test_what_can_stand_over_an_excerpt(headline: str, other: str) -> None:
    assert is_headline(headline)
    assert not is_headline(other)


def test_words_without_end_take_no_time() -> None:
    # sentences are cut at 120 words (embeddings/sentences.py), words are not
    word = "a" * 2_000
    for text in ("a" * 200_000, f"{word} " * 120, f"So, {word}-" * 60, f"he {word}'s, " * 60):
        for judge in (tidy, opened, is_loose, is_start, is_headline, is_hollow, headline_of):
            judge(text)
