"""Sentences are whole, and nothing that was said gets lost between them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_insights.embeddings.sentences import (
    MAX_SENTENCE_WORDS,
    Sentence,
    ends_sentence,
    timed_words,
    to_sentences,
)
from podcast_insights.transcripts.records import Segment, Word
from podcast_insights_tests.effort import assert_no_more_than_linear


def cut(text: str) -> list[str]:
    return [sentence.text for sentence in to_sentences([Segment(0.0, 10.0, text)])]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Prices rose. Demand fell.", 2),
        ("Did it rain? It did! So what… We went.", 4),
        ('He said "stop." Then he left.', 2),
        ("She asked “why?” Nobody knew.", 2),
        ("It failed (as planned.) We went on.", 2),
        ("Does it pay? No! It never did.", 3),
        ("Does it pay? No. It never did. The answer is no. Then we left.", 5),
        ("Was it the firm etc.? It was.", 2),
        ("And we have Jan. Jan, you wrote it.", 2),
        ("They did one more rep. Then they told the next gen. It was hard.", 3),
        ("Wait... What?!", 2),
        ("No full stop at the end", 1),
    ],
)
def test_a_text_is_cut_where_sentences_end(text: str, pieces: int) -> None:
    found = cut(text)
    assert " ".join(found) == text
    assert len(found) == pieces


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Weiss and Mrs. Lang met at St. James.",
        "It costs 3.5 million, about 20.5 percent more.",
        "Apple Inc. sued J. R. Miller and the U.S. government.",
        "Bring tools, e.g. a saw, i.e. something sharp.",
        "We met at 9 a.m. and left.",
        "Read the first vs. the second of the series.",
        "Visit example.org for more.",
        "It is a lie by Sen. Miller, Gov. Lang and Gen. Weiss.",
        "It was not so before Feb. 1998, says a Ph.D. student of Acme Corp. in the book.",
    ],
)
def test_abbreviations_initials_and_decimals_end_no_sentence(text: str) -> None:
    assert cut(text) == [text]


def test_the_first_person_is_no_initial() -> None:
    assert cut("She is taller than I. He knows.") == ["She is taller than I.", "He knows."]


def test_a_change_of_speaker_ends_a_sentence() -> None:
    sentences = to_sentences(
        [
            Segment(0.0, 2.0, "And then we thought that", "Ann"),
            Segment(2.0, 3.0, "it would rain?", "Bob"),
            Segment(3.0, 4.0, "Exactly", "Bob"),
        ]
    )
    assert [(s.text, s.speaker) for s in sentences] == [
        ("And then we thought that", "Ann"),
        ("it would rain?", "Bob"),
        ("Exactly", "Bob"),
    ]


def test_a_sentence_over_several_segments_is_one_with_their_times() -> None:
    sentences = to_sentences(
        [
            Segment(0.0, 10.0, "Nothing. The grid has"),
            Segment(10.0, 12.0, "to be built"),
            Segment(12.0, 20.0, "for peaks. Yes."),
        ]
    )
    assert [s.text for s in sentences] == [
        "Nothing.",
        "The grid has to be built for peaks.",
        "Yes.",
    ]
    middle = sentences[1]
    assert 3 < middle.start_s < 5
    assert 16 < middle.end_s < 18


def test_text_without_punctuation_is_cut_at_segment_ends() -> None:
    segments = [Segment(n * 2.0, n * 2.0 + 2, " ".join(["word"] * 7)) for n in range(40)]
    sizes = [len(sentence.text.split()) for sentence in to_sentences(segments)]
    assert sum(sizes) == 280
    assert all(size % 7 == 0 for size in sizes)
    assert MAX_SENTENCE_WORDS <= max(sizes) <= MAX_SENTENCE_WORDS + 7


def test_one_endless_segment_without_punctuation_is_cut_all_the_same() -> None:
    sizes = [len(text.split()) for text in cut(" ".join(["word"] * 1000))]
    assert sum(sizes) == 1000
    assert max(sizes) == 2 * MAX_SENTENCE_WORDS


def test_nothing_gives_nothing() -> None:
    assert to_sentences([]) == []
    assert to_sentences([Segment(0.0, 5.0, "  ")]) == []


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1
) | st.sampled_from(["Dr.", "U.S.", "end.", "why?", "3.5", "no.", "No!", '"yes."', "…", "I."])
segments = st.lists(
    st.builds(
        lambda start, length, text, speaker: Segment(
            start, start + length, " ".join(text), speaker
        ),
        st.floats(0, 1e5),
        st.floats(-5, 500),
        st.lists(words, max_size=40),
        st.sampled_from([None, "Ann", "Bob"]),
    ),
    max_size=12,
)


@given(segments)
def test_every_word_is_in_the_sentences_once_and_in_order(segments: list[Segment]) -> None:
    said = [(word, s.speaker) for s in segments for word in s.text.split()]
    sentences = to_sentences(segments)
    assert [(word, s.speaker) for s in sentences for word in s.text.split()] == said
    assert all(len(s.text.split()) <= 2 * MAX_SENTENCE_WORDS for s in sentences)


@given(st.lists(st.lists(words, min_size=1, max_size=30), min_size=1, max_size=10))
def test_times_go_forward_with_the_text(texts: list[list[str]]) -> None:
    sentences = to_sentences(
        [Segment(n * 10.0, n * 10.0 + 10, " ".join(text)) for n, text in enumerate(texts)]
    )
    assert all(s.start_s <= s.end_s for s in sentences)
    assert all(before(a, b) for a, b in zip(sentences, sentences[1:], strict=False))
    assert 0 <= sentences[0].start_s
    assert sentences[-1].end_s <= len(texts) * 10


def before(a: Sentence, b: Sentence) -> bool:
    return a.start_s <= b.start_s and a.end_s <= b.start_s + 0.002


def heard(text: str, *words: tuple[float, float, str]) -> Segment:
    """A segment of ten seconds whose words were heard at these times."""
    return Segment(0.0, 10.0, text, None, tuple(Word(*word) for word in words))


UNEVEN = heard(
    "Well. The e-mail came, late.",
    (0.5, 1.0, " Well."),
    (7.0, 7.2, " The"),
    (7.2, 7.4, " e"),
    (7.4, 8.0, "-mail"),
    (8.0, 8.5, " came,"),
    (9.0, 9.6, " late."),
)
"""A long pause after the first word, and a word in two parts."""


def times(segment: Segment) -> list[tuple[str, float, float]]:
    return [(w.text, round(w.start_s, 3), round(w.end_s, 3)) for w in timed_words([segment])]


def test_words_are_said_when_they_were_heard() -> None:
    assert times(UNEVEN) == [
        ("Well.", 0.5, 1.0),
        ("The", 7.0, 7.2),
        ("e-mail", 7.2, 8.0),
        ("came,", 8.0, 8.5),
        ("late.", 9.0, 9.6),
    ]
    first, second = to_sentences([UNEVEN])
    assert (first.start_s, first.end_s) == (0.5, 1.0)
    assert (second.start_s, second.end_s) == (7.0, 9.6)
    assert to_sentences([replace(UNEVEN, words=())])[1].start_s < 3


def test_what_is_heard_as_one_word_can_be_written_as_two() -> None:
    assert times(heard("on line now", (1.0, 2.0, "online"), (5.0, 6.0, "now"))) == [
        ("on", 1.0, 1.333),
        ("line", 1.333, 2.0),
        ("now", 5.0, 6.0),
    ]


@pytest.mark.parametrize(
    "words",
    [
        [(1.0, 2.0, "Quite"), (2.0, 3.0, "another"), (3.0, 4.0, "text")],
        [(1.0, 2.0, "one"), (2.0, 3.0, "two")],
        [(8.0, 9.0, "one"), (2.0, 3.0, "two"), (3.0, 4.0, "three")],
        [(1.0, 0.0, "one"), (2.0, 3.0, "two"), (3.0, 4.0, "three")],
        [(1.0, 2.0, "one"), (2.0, 3.0, "two"), (3.0, 11.5, "three")],
        [(-1.5, 2.0, "one"), (2.0, 3.0, "two"), (3.0, 4.0, "three")],
        [],
    ],
)
def test_times_of_other_words_are_not_used(words: list[tuple[float, float, str]]) -> None:
    text = "one two three"
    assert times(heard(text, *words)) == times(Segment(0.0, 10.0, text))


@pytest.mark.parametrize(("unit", "end"), [(".", "xy"), ('."', "xy"), ("a.", "y")])
def test_an_endless_word_takes_no_longer_than_its_length(unit: str, end: str) -> None:
    def read(word: str) -> None:
        assert not any(ends_sentence(word) for _ in range(200))

    assert_no_more_than_linear(read, lambda size: unit * (size // len(unit)) + end, 20_000)
