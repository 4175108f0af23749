"""No insight without words that were really said: what is proved, and what is turned away."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from podcast_insights.insights.engine import Candidate, EpisodeText, Passage
from podcast_insights.insights.proof import (
    MAX_BODY_CHARS,
    MAX_HEADLINE_CHARS,
    MAX_QUOTE_TOKENS,
    MIN_QUOTE_TOKENS,
    QuoteMatch,
    Rejection,
    TokenStream,
    normalized_tokens,
    prove,
)
from podcast_insights.transcripts.publisher import parse_transcript
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.conftest import SAMPLES

SEGMENTS = (
    Segment(0.0, 10.0, "Welcome to the show, everyone. I am Ann.", "Ann"),
    Segment(10.0, 20.0, "An idle machine costs almost as much as a busy one,", "Bob"),
    Segment(20.0, 30.0, "because it's the price that you pay, not the work.", "Bob"),
    Segment(30.0, 40.0, "It does not save money to switch it off at night.", "Ann"),
    Segment(40.0, 50.0, "At thirty percent, each hour costs 3.5 times as much.", "Ann"),
    Segment(50.0, 60.0, "This episode is brought to you by Larkspur and its beds.", "Ann"),
    Segment(60.0, 70.0, "We sold twelve of them to NASA in 1998 for 10,000, she said.", "Bob"),
)
STREAM = TokenStream(SEGMENTS)


def passage(first: int, last: int, *, is_advertising: bool = False) -> Passage:
    part = SEGMENTS[first : last + 1]
    text = " ".join(segment.text for segment in part)
    return Passage(text, part[0].start_s, part[-1].end_s, first, last + 1, is_advertising, None, ())


EPISODE = EpisodeText(
    episode_id="e",
    show_title="Compute Ledger",
    title="The Price of Idleness",
    description="With Zadie Okafor of Northlight, who is 41.",
    persons=("Alex Moreno",),
    language="en",
    segments=SEGMENTS,
    passages=(passage(1, 2), passage(3, 4), passage(4, 6, is_advertising=True), passage(6, 6)),
)
SOUND = Candidate(
    headline="An idle machine costs almost as much as a busy one",
    body="Most of the cost is the price, which is paid whether the machine works or not.",
    quote="An idle machine costs almost as much as a busy one",
    value_score=0.7,
    topics=("idle machines",),
)


def verdict(**changes: object) -> QuoteMatch | Rejection:
    return prove(replace(SOUND, **changes), EPISODE, STREAM)


def reason(**changes: object) -> str:
    """Why a candidate is rejected; `proved` if it is not."""
    found = verdict(**changes)
    return found.reason if isinstance(found, Rejection) else "proved"


# Quotes


def test_an_exact_quote_is_found_with_its_seconds_and_speaker() -> None:
    assert verdict() == QuoteMatch(10.0, pytest.approx(19.8, abs=0.01), "Bob", "exact")


@pytest.mark.parametrize(
    "quote",
    [
        "an IDLE machine costs almost as much as a busy one!",
        "“An idle machine -- costs almost: as much as a busy one.”",
        "An idle machine\n costs   almost as much as a busy one, because",
        "a busy one, because it’s the price that you pay",
        "each hour costs 3.5 times as much",
        "ａｎ idle machine costs almost as much",
    ],
)
def test_case_marks_and_typography_make_no_difference(quote: str) -> None:
    assert reason(quote=quote) == "proved"


def test_a_quote_over_two_segments_has_the_seconds_of_both_and_one_speaker() -> None:
    found = verdict(quote="as a busy one, because it's the price")
    assert isinstance(found, QuoteMatch)
    assert 10 < found.start_s < 20 < found.end_s < 30
    assert found.speaker == "Bob"


def test_a_quote_over_two_speakers_has_none() -> None:
    found = verdict(quote="not the work. It does not save money")
    assert isinstance(found, QuoteMatch)
    assert found.speaker is None


@pytest.mark.parametrize(
    "quote",
    [
        "An idle machine costs nearly as much as a busy one",  # a word changed
        "It does save money to switch it off at night",  # a negation dropped
        "because it's the price that you pay, the work",  # a negation dropped
        "An idle machine costs almost as much because it's the price",  # words left out
        "An idle machine does not save money",  # joined from two places
        "An idle machine costs almost as much ... switch it off at night",
        "as much as a busy one, because its the price",  # its is not it's
        "idle machine costs almost as much as a bus",  # half a word
        "ne, because it's the price that you pay",
        "as a busy one costs almost as much",  # the words in another order
    ],
)
def test_a_quote_that_nobody_said_is_rejected(quote: str) -> None:
    assert reason(quote=quote) == "quote_not_found"


def test_the_first_of_two_places_is_taken() -> None:
    twice = TokenStream((Segment(0.0, 5.0, "so it goes"), Segment(5.0, 10.0, "so it goes")))
    found = twice.locate("so it goes")
    assert found is not None
    assert (found.start_s, found.end_s) == (0.0, 5.0)


def test_quotes_have_a_least_and_a_greatest_length() -> None:
    words = " ".join(f"w{n}" for n in range(200))
    stream = TokenStream((Segment(0.0, 60.0, words),))

    def why(count: int) -> str:
        quote = " ".join(words.split()[:count])
        found = prove(replace(SOUND, quote=quote, headline="It is", body="So."), EPISODE, stream)
        return found.reason if isinstance(found, Rejection) else "proved"

    assert why(0) == why(MIN_QUOTE_TOKENS - 1) == "quote_too_short"
    assert why(MIN_QUOTE_TOKENS) == why(MAX_QUOTE_TOKENS) == "proved"
    assert why(MAX_QUOTE_TOKENS + 1) == "quote_too_long"


def test_a_quote_within_advertising_is_rejected_and_one_beside_it_is_not() -> None:
    assert reason(quote="brought to you by Larkspur and its beds") == "advertising"
    assert reason(quote="each hour costs 3.5 times as much") == "proved"
    assert reason(quote="We sold twelve of them to NASA") == "proved"
    assert reason(quote="its beds. We sold twelve of them to NASA") == "advertising"


# Names and numbers


@pytest.mark.parametrize(
    "body",
    [
        "It was Ann who said that the price counts.",
        "The buyer was NASA, in 1998.",
        "So says Zadie Okafor of Northlight.",
        "So says Alex Moreno on Compute Ledger.",
        "At 30 percent it costs 3.5 times as much.",
        "They sold 12 of them; the guest is forty-one or 41.",
        "In 1998 they paid 10000 for it.",
        "What NASA's people paid was the price.",
        "Purchases are dear. Nights are cheap: Mornings too.",
        "I think that I'm right. I’m sure.",
    ],
)
def test_names_and_numbers_that_were_said_or_are_in_the_metadata_are_accepted(body: str) -> None:
    assert reason(body=body) == "proved"


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        ("It was Einstein who said so, or was Einstein asked?", "Einstein"),
        ("The Einstein machine costs as much as a busy one.", "Einstein"),
        ("So says Alex Morena of the show.", "Morena"),
        ("At 31 percent it costs more.", "31"),
        ("At 30 percent it costs 5 times as much.", "5"),
        ("They sold it for 10.", "10"),
        ("It costs 13 times as much.", "13"),
        ("At 30 percent it costs 5.3 times as much.", "5.3"),
        ("They sold 12.1998 of them.", "12.1998"),
        ("They sold it in 1999.", "1999"),
        ("They sold it to the ESA.", "ESA"),
        ("It costs 100% of the price.", "100"),
    ],
)
def test_names_and_numbers_that_nobody_said_are_rejected(body: str, unknown: str) -> None:
    for found in (verdict(body=body), verdict(headline=body)):
        assert isinstance(found, Rejection)
        assert found.reason == "unfounded_name_or_number"
        assert unknown in found.detail


# Shape


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"headline": ""}, "empty_text"),
        ({"body": "..."}, "empty_text"),
        ({"headline": "so " * (MAX_HEADLINE_CHARS // 3)}, "proved"),
        ({"headline": "x" * (MAX_HEADLINE_CHARS + 1)}, "text_too_long"),
        ({"body": "x" * (MAX_BODY_CHARS + 1)}, "text_too_long"),
        ({"body": "See https://evil.example for more."}, "link_or_markup"),
        ({"body": "See WWW.evil.example for more."}, "link_or_markup"),
        ({"headline": "Cheap <b>machines</b> are dear"}, "link_or_markup"),
        ({"headline": "Cheap <!-- --> machines"}, "link_or_markup"),
        ({"body": "So [click here](evil) for more."}, "link_or_markup"),
        ({"quote": "An [idle machine](costs) almost as much as a busy one"}, "link_or_markup"),
        ({"topics": ("idle machines", "https://evil.example")}, "link_or_markup"),
        ({"body": "It is 3.5 < 41 and 41 > 3.5, a busy one (not idle)."}, "proved"),
        ({"body": "A machine < a work of art [sic] (not idle)."}, "link_or_markup"),
        ({"body": "The price (not the work) counts [sic]: you pay."}, "proved"),
        ({"value_score": 0.0}, "proved"),
        ({"value_score": 1.0}, "proved"),
        ({"value_score": 1.01}, "value_out_of_range"),
        ({"value_score": -0.1}, "value_out_of_range"),
        ({"value_score": float("nan")}, "value_out_of_range"),
        ({"value_score": float("inf")}, "value_out_of_range"),
    ],
)
def test_only_plain_text_of_a_bounded_length_and_value_is_accepted(
    changes: dict[str, object], expected: str
) -> None:
    assert reason(**changes) == expected


# Any transcript

SAMPLE = parse_transcript(
    (SAMPLES / "transcripts" / "grid-and-gravity-1.vtt").read_bytes(), "text/vtt", ""
)
SAMPLE_STREAM = TokenStream(SAMPLE)
word = st.text("abcdé'’.,-!?1234 ", min_size=1, max_size=8)
transcripts = st.lists(word, min_size=8, max_size=60).map(
    lambda words: tuple(
        Segment(n * 5.0, n * 5.0 + 5, " ".join(words[n * 5 : n * 5 + 5]))
        for n in range(len(words) // 5 + 1)
    )
)


def run_of(data: st.DataObject, stream: TokenStream) -> tuple[int, list[str]]:
    """Where a contiguous run of at least five tokens begins, and the run."""
    assume(len(stream.tokens) >= MIN_QUOTE_TOKENS)
    first = data.draw(st.integers(0, len(stream.tokens) - MIN_QUOTE_TOKENS))
    last = data.draw(
        st.integers(first + MIN_QUOTE_TOKENS, min(len(stream.tokens), first + MAX_QUOTE_TOKENS))
    )
    return first, stream.tokens[first:last]


@given(transcripts, st.data())
def test_any_run_of_a_transcript_is_located_at_or_before_its_place(
    segments: tuple[Segment, ...], data: st.DataObject
) -> None:
    stream = TokenStream(segments)
    first, run = run_of(data, stream)
    found = stream.locate(" ".join(run))
    assert found is not None
    assert found.start_s <= found.end_s
    assert found.start_s <= stream._timed[first][1] + 0.001
    assert 0 <= found.start_s <= segments[-1].end_s


@given(transcripts, st.data())
def test_a_run_with_one_token_that_nobody_said_is_never_located(
    segments: tuple[Segment, ...], data: st.DataObject
) -> None:
    stream = TokenStream(segments)
    _, run = run_of(data, stream)
    strange = data.draw(st.text("abcd1234", min_size=1, max_size=6))
    assume(strange not in stream.tokens)
    run[data.draw(st.integers(0, len(run) - 1))] = strange
    assert stream.locate(" ".join(run)) is None


@given(st.data())
def test_any_run_of_a_real_transcript_is_located_exactly(data: st.DataObject) -> None:
    first, run = run_of(data, SAMPLE_STREAM)
    found = SAMPLE_STREAM.locate(" ".join(run))
    assert found is not None
    places = [
        SAMPLE_STREAM._timed[n][1]
        for n in range(len(SAMPLE_STREAM.tokens))
        if SAMPLE_STREAM.tokens[n : n + len(run)] == run
    ]
    assert found.start_s == pytest.approx(places[0], abs=0.001)
    assert SAMPLE_STREAM._timed[first][1] in places


@given(st.text())
def test_tokens_have_neither_spaces_nor_capitals(text: str) -> None:
    for token in normalized_tokens(text):
        assert token
        assert not any(character.isspace() for character in token)
        assert normalized_tokens(token) == [token]
