"""Quotes are found as they were said, and come back whole."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from podcast_insights.embeddings.sentences import to_sentences
from podcast_insights.insights.proof.quotes import QuoteMatch, TokenStream
from podcast_insights.insights.proof.shape import MAX_QUOTE_TOKENS, MIN_QUOTE_TOKENS
from podcast_insights.insights.proof.tokens import normalized_tokens, word_count
from podcast_insights.transcripts.publishing import parse_transcript
from podcast_insights.transcripts.records import Segment, Word
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.effort import assert_no_more_than_linear

SEGMENTS = (
    Segment(0.0, 10.0, "Welcome to the show, everyone. I am Ann.", "Ann"),
    Segment(10.0, 20.0, "An idle machine costs almost as much as a busy one,", "Bob"),
    Segment(20.0, 30.0, "because it's the price that you pay, not the work.", "Bob"),
    Segment(30.0, 40.0, "I don't think that e-mail saves time, does it? Sure it does", "Ann"),
    Segment(40.0, 50.0, "not. At 30 per cent, 1 5 and 3.5 of GPT-4 cost naïve users more.", "Ann"),
)
STREAM = TokenStream(SEGMENTS)
IDLE = (
    "An idle machine costs almost as much as a busy one, because it's the price that you pay, "
    "not the work."
)


def located(quote: str, stream: TokenStream = STREAM) -> tuple[str, str]:
    """How a quote is found, and what comes back; both empty where it isn't."""
    match = stream.locate(quote)
    return (match.method, match.quote) if match else ("", "")


def test_a_quote_comes_back_as_the_whole_sentence_with_its_seconds_and_speaker() -> None:
    match = STREAM.locate("costs almost as much as a busy one")
    assert match == QuoteMatch(10.0, 30.0, "Bob", "exact", IDLE)
    assert [sentence.text for sentence in match.sentences] == [IDLE]


@pytest.mark.parametrize(
    ("cut_off", "whole"),
    [
        ("Sure it does", "Sure it does not."),
        ("e-mail saves time, does it", "I don't think that e-mail saves time, does it?"),
        ("as a busy one, because it's the price that you pay", IDLE),
        (
            "does it? Sure it does",
            "I don't think that e-mail saves time, does it? Sure it does not.",
        ),
    ],
)
def test_a_negation_can_not_be_cut_off(cut_off: str, whole: str) -> None:
    assert located(cut_off) == ("exact", whole)


CHEAP = "the cheap machines last for ten years"
LONG = " ".join(["and the cheap machines last for ten years"] * 8)


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ([f"I don't think... {CHEAP}."], f"I don't think... {CHEAP}."),
        ([f"I don't think… {CHEAP}."], f"I don't think… {CHEAP}."),
        ([f"I don't think… The{CHEAP[3:]}."], f"I don't think… The{CHEAP[3:]}."),
        ([f"He is no Ph.D. who says that {CHEAP}."], f"He is no Ph.D. who says that {CHEAP}."),
        ([f"It is a lie of Sen. Lang that {CHEAP}."], f"It is a lie of Sen. Lang that {CHEAP}."),
        ([f"It's false of Jan. 1998 that {CHEAP}."], f"It's false of Jan. 1998 that {CHEAP}."),
        ([f"Not! {CHEAP}."], f"Not! {CHEAP}."),
        ([f"See how {CHEAP} at Acme. only in dreams."],
         f"See how {CHEAP} at Acme. only in dreams."),
        (["I would never say that", f"{CHEAP}, as they claim."],
         f"I would never say that {CHEAP}, as they claim."),
        (["I would never say that", f"The{CHEAP[3:]}."], f"I would never say that The{CHEAP[3:]}."),
        ([f"So {CHEAP}", "not at all."], f"So {CHEAP} not at all."),
        # A sentence that is over stays alone.
        ([f"I would never say so. The{CHEAP[3:]}. Not at all."], f"The{CHEAP[3:]}."),
        (["Never say so.", f"The{CHEAP[3:]}.", "Not at all."], f"The{CHEAP[3:]}."),
        ([f"It is 2008. 30 of {CHEAP}."], f"30 of {CHEAP}."),
    ],
)  # fmt: skip
def test_what_a_sentence_runs_on_from_or_into_can_not_be_cut_off(
    said: list[str], whole: str
) -> None:
    turns = [
        "We spoke of it. It was good. So we paid.",
        *said,
        "And it ended. We went home. All was well.",
    ]
    stream = TokenStream(
        tuple(Segment(n * 9.0, n * 9.0 + 9, text, "AB"[n % 2]) for n, text in enumerate(turns))
    )
    assert located("cheap machines last for ten years", stream) == ("exact", whole)


def test_a_cut_at_sixty_words_is_no_end() -> None:
    def stream(tail: str) -> TokenStream:
        texts = ("It was good.", f"So it is {LONG}", tail, "We went home.")
        return TokenStream(tuple(Segment(n * 9.0, n * 9.0 + 9, t) for n, t in enumerate(texts)))

    assert len(stream("which is false.").sentences) == 4
    _, whole = located(CHEAP, stream("which is simply not true."))
    assert whole == f"So it is {LONG} which is simply not true."
    _, whole = located(CHEAP, stream(f"{LONG} which is simply not true."))
    assert len(normalized_tokens(whole)) > MAX_QUOTE_TOKENS  # not shown in half, but not at all


def test_small_letters_say_nothing_where_no_sentence_begins_with_a_capital() -> None:
    text = "we spoke of it. they cost a lot of money. we went home. it was late."
    assert located("cost a lot of money", TokenStream((Segment(0, 9, text),)))[1] == (
        "they cost a lot of money."
    )


@pytest.mark.parametrize(
    "quote",
    [
        "an IDLE machine costs almost as much as a busy one!",
        "“An idle machine -- costs almost: as much as a busy one.”",
        "An idle machine\n costs   almost as much as a busy one, because",
        "a busy one, because it’s the price that you pay",
        "ａｎ idle machine costs almost as much",
    ],
)
def test_case_marks_and_typography_make_no_difference(quote: str) -> None:
    assert located(quote) == ("exact", IDLE)


@pytest.mark.parametrize(
    "quote",
    [
        "dont think that e-mail saves time",
        "don't think that email saves time",
        "dont think that Email saves time does it",
        "At 30 percent, 1 5 and 3.5 of GPT 4",
        "of GPT4 cost naive users more",
        "as a busy one, because its the price",
    ],
)
def test_spaces_hyphens_apostrophes_and_accents_are_repaired(quote: str) -> None:
    method, whole = located(quote)
    assert method == "repaired"
    assert whole in STREAM.text


@pytest.mark.parametrize(
    "quote",
    [
        "An idle machine costs nearly as much as a busy one",  # a word changed
        "An idle machine cost almost as much as a busy one",  # a letter left out
        "An idle machine costs almost as much as a busy ones",  # a letter added
        "An idle machine costs almost as much as a buzy one",  # a letter changed
        "I do think that e-mail saves time",  # a negation dropped
        "because it's the price that you pay, the work",  # a negation dropped
        "An idle machine costs almost as much because it's the price",  # words left out
        "An idle machine does not save money",  # joined from two places
        "An idle machine costs almost as much ... does it? Sure it does",
        "idle machine costs almost as much as a bus",  # half a word
        "ne, because it's the price that you pay",
        "mail saves time, does it? Sure it doe",
        "as a busy one costs almost as much",  # the words in another order
        "At 30 per cent, 15 and 3.5 of GPT-4",  # digits glued
        "At 30 per cent, 1 5 and 35 of GPT-4",
        "At 30 per cent, 1 5 and 3 5 of GPT-4",
        "At 3 0 per cent, 1 5 and 3.5",
        "",
        "...",
    ],
)
def test_what_nobody_said_is_not_found(quote: str) -> None:
    assert STREAM.locate(quote) is None


def test_raised_digits_are_not_glued_to_those_before_them() -> None:
    stream = TokenStream((Segment(0, 9, "That is about 10² times 3½ of the price."),))
    assert located("about 10 2 times 3 1 2 of the price", stream)[0] == "exact"
    assert located("about 102 times 3 1 2 of the price", stream) == ("", "")
    assert located("about 10 2 times 31 2 of the price", stream) == ("", "")


def test_a_quote_over_two_speakers_has_none() -> None:
    match = STREAM.locate("not the work. I don't think that")
    assert match is not None
    assert (match.speaker, match.start_s) == (None, 10.0)
    assert match.quote == f"{IDLE} I don't think that e-mail saves time, does it?"


def test_the_first_of_two_places_is_taken() -> None:
    twice = TokenStream((Segment(0.0, 5.0, "So it goes."), Segment(5.0, 10.0, "So it goes.")))
    match = twice.locate("so it goes")
    assert match is not None
    assert (match.start_s, match.end_s) == (0.0, 5.0)
    exact_later = TokenStream((Segment(0, 5, "An e-mail is sent."), Segment(5, 9, "An email is.")))
    assert located("an email is", exact_later) == ("exact", "An email is.")


def test_sentence_ends_are_guessed_where_a_transcript_has_none() -> None:
    spoken = "so we bought the machine and it was never once busy"
    stream = TokenStream(
        tuple(Segment(n * 5.0, n * 5.0 + 4, spoken if n != 9 else "it does not pay off at all then")
              for n in range(40))
    )  # fmt: skip
    method, whole = located("does not pay off", stream)
    assert (method, whole) == ("exact", "it does not pay off at all then")


def test_a_quotes_seconds_are_those_in_which_its_words_were_heard() -> None:
    words = "Well. It rained for days.".split()
    heard = (Word(0.0, 0.4, "Well."), *(Word(8 + n, 8.5 + n, w) for n, w in enumerate(words[1:])))
    segment = Segment(0.0, 20.0, " ".join(words), "Ann", heard)
    match = TokenStream((segment,)).locate("rained for days")
    assert match is not None
    assert (match.quote, match.start_s, match.end_s) == ("It rained for days.", 8.0, 11.5)


def test_scripts_without_spaces_are_found_by_their_letters() -> None:
    stream = TokenStream(
        (Segment(0, 9, "今日は天気がいいです。明日は雨が降りません。そう「思う。」はい"),)
    )
    match = stream.locate("雨が降り")
    assert match is not None
    assert match.quote == "明日は雨が降りません。"
    assert 2 < match.start_s < 4 < match.end_s < 7
    assert located("雨が降ります", stream) == ("", "")
    assert located("天気はいいです", stream) == ("", "")
    assert word_count("今日は天気がいい") == 4


def test_a_changed_vowel_sign_is_a_changed_letter() -> None:
    stream = TokenStream((Segment(0, 9, "यह कि बात है और कुछ नहीं।"),))
    assert located("यह कि बात है", stream)[0] == "exact"
    assert located("यह की बात है", stream) == ("", "")


@pytest.mark.parametrize("word", ["a ", "a", "1 ", "é", "म्", "。", "No. ", "'"])
def test_a_quote_is_looked_for_in_little_time(word: str) -> None:
    """As many words as three hours of speech; the first look reads them, the next ones don't."""

    def read(count: int) -> TokenStream:
        stream = TokenStream(tuple(Segment(n * 4.0, n * 4.0 + 4, word * 60) for n in range(count)))
        stream.locate("nobody said a thing of that kind")
        return stream

    def look(stream: TokenStream) -> None:
        for quote in (
            "a a a a a b" * 20,
            "aaaaaa aaa aaa aa b",
            "1 11 1 111 2",
            "é é ééé b",
            "क " * 99,
        ):
            assert stream.locate(quote) is None

    assert_no_more_than_linear(look, read, 600)


# Any transcript

SAMPLE = parse_transcript(
    (SAMPLES / "transcripts" / "grid-and-gravity-1.vtt").read_bytes(), "text/vtt", ""
)
SAMPLE_STREAM = TokenStream(SAMPLE)
word = st.text("abcdé'’.,-!?。1234 ", min_size=1, max_size=8)
transcripts = st.lists(word, min_size=8, max_size=60).map(
    lambda words: tuple(
        Segment(n * 5.0, n * 5.0 + 5, " ".join(words[n * 5 : n * 5 + 5]), "AB"[n // 4 % 2])
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


def is_run(part: list[str], whole: list[str]) -> bool:
    return any(whole[n : n + len(part)] == part for n in range(len(whole) - len(part) + 1))


@given(transcripts, st.data())
def test_any_run_of_a_transcript_is_found_in_whole_sentences(
    segments: tuple[Segment, ...], data: st.DataObject
) -> None:
    stream = TokenStream(segments)
    _, run = run_of(data, stream)
    match = stream.locate(" ".join(run))
    assert match is not None
    assert match.method == "exact"
    assert match.quote in stream.text
    assert is_run(run, normalized_tokens(match.quote))
    assert is_run([sentence.text for sentence in match.sentences], stream.sentences)
    assert 0 <= match.start_s <= match.end_s <= segments[-1].end_s
    again = stream.locate(match.quote)
    assert again is not None
    assert again.start_s <= match.start_s


@given(transcripts, st.data())
def test_a_run_with_a_token_that_nobody_said_is_never_found(
    segments: tuple[Segment, ...], data: st.DataObject
) -> None:
    stream = TokenStream(segments)
    _, run = run_of(data, stream)
    strange = data.draw(st.text("xyz789", min_size=1, max_size=6))
    run[data.draw(st.integers(0, len(run) - 1))] = strange
    assert stream.locate(" ".join(run)) is None


@given(transcripts)
def test_sentences_are_those_that_passages_are_made_of(segments: tuple[Segment, ...]) -> None:
    """But for full-width sentence ends, at which they are cut once more."""
    narrow = tuple(
        Segment(s.start_s, s.end_s, s.text.replace("。", ","), s.speaker) for s in segments
    )
    stream = TokenStream(narrow)
    assert stream.sentences == [sentence.text for sentence in to_sentences(narrow)]
    assert " ".join(stream.sentences) == stream.text
    wide = TokenStream(segments)
    assert " ".join(wide.sentences).replace(" ", "") == wide.text.replace(" ", "")
    assert len(wide.sentences) >= len(stream.sentences)


@given(st.data())
def test_any_run_of_a_real_transcript_is_found_at_its_seconds(data: st.DataObject) -> None:
    _, run = run_of(data, SAMPLE_STREAM)
    match = SAMPLE_STREAM.locate(" ".join(run))
    assert match is not None
    spoken = " ".join(s.text for s in SAMPLE if s.start_s < match.end_s and match.start_s < s.end_s)
    assert is_run(run, normalized_tokens(spoken))


@given(st.text())
def test_tokens_have_neither_spaces_nor_capitals(text: str) -> None:
    for token in normalized_tokens(text):
        assert token
        assert not any(character.isspace() for character in token)
        assert normalized_tokens(token) == [token]
