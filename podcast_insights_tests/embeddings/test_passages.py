"""Passages: whole sentences, overlapping, of one speaker, and free of a neighbour's ad."""

from hypothesis import given
from hypothesis import strategies as st

from podcast_insights.embeddings.passages import MAX_WORDS, MIN_WORDS, PassageText, to_passages
from podcast_insights.embeddings.sentences import to_sentences
from podcast_insights.transcripts.publishing import parse_transcript
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.conftest import SAMPLES

AD = "This episode is brought to you by Larkspur, the mattress for light sleepers."
CLEAN = "A grid has to be built for its few highest hours."
VTT = parse_transcript(
    (SAMPLES / "transcripts" / "grid-and-gravity-1.vtt").read_bytes(), None, ".vtt"
)


def sentence(words: int, mark: str = "w") -> str:
    return " ".join(f"{mark}{n}" for n in range(words)) + "."


def passages(*sentences: str, speaker: str | None = None) -> list[PassageText]:
    return to_passages(
        [Segment(n * 10.0, n * 10.0 + 10, text, speaker) for n, text in enumerate(sentences)]
    )


def spans(found: list[PassageText]) -> list[tuple[int, int]]:
    return [(passage.sentence_from, passage.sentence_to) for passage in found]


def size(passage: PassageText) -> int:
    return len(passage.text.split())


def test_every_sentence_starts_a_passage_that_takes_in_the_next_until_it_is_full() -> None:
    found = passages(*(sentence(10) for _ in range(6)))
    assert spans(found) == [(0, 3), (1, 4), (2, 5), (3, 6)]
    assert {size(passage) for passage in found} == {30}


def test_a_passage_ends_before_it_gets_too_long() -> None:
    assert spans(passages(sentence(29), sentence(37), sentence(30))) == [(0, 1), (1, 2), (2, 3)]
    assert spans(passages(sentence(29), sentence(36), sentence(30))) == [(0, 2), (1, 2), (2, 3)]


def test_one_endless_sentence_is_a_passage() -> None:
    assert spans(passages(sentence(90), sentence(30))) == [(0, 1), (1, 2)]


def test_a_passage_has_one_speaker() -> None:
    found = to_passages(
        [
            Segment(0.0, 10.0, sentence(20), "Ann"),
            Segment(10.0, 20.0, sentence(20), "Bob"),
            Segment(20.0, 30.0, sentence(20), "Bob"),
        ]
    )
    assert [(p.speaker, p.sentence_from, p.sentence_to) for p in found] == [
        ("Ann", 0, 1),
        ("Bob", 1, 3),
    ]


def test_what_is_only_the_tail_of_the_one_before_is_left_out() -> None:
    assert spans(passages(sentence(20), sentence(20), sentence(9))) == [(0, 2), (1, 3)]
    assert spans(passages(sentence(9))) == [(0, 1)]


def test_the_clean_tail_of_an_advertisement_is_a_passage_of_its_own() -> None:
    found = passages(AD, CLEAN, CLEAN)
    assert [(p.sentence_from, p.sentence_to, p.is_advertising) for p in found] == [
        (0, 3, True),
        (1, 3, False),
    ]
    assert "Larkspur" not in found[1].text


def test_a_passage_with_one_advertising_sentence_is_advertising() -> None:
    found = passages(CLEAN, CLEAN, AD, CLEAN, CLEAN, CLEAN)
    for passage in found:
        assert passage.is_advertising is ("Larkspur" in passage.text)
        assert passage.advertising_score == float("Larkspur" in passage.text)
    assert {passage.is_advertising for passage in found} == {True, False}


def test_the_samples_passages_are_whole_sentences_in_the_order_of_the_audio() -> None:
    sentences = to_sentences(VTT)
    found = to_passages(VTT)
    assert len(found) > 15
    for passage in found:
        part = sentences[passage.sentence_from : passage.sentence_to]
        assert passage.text == " ".join(sentence.text for sentence in part)
        assert (passage.start_s, passage.end_s) == (part[0].start_s, part[-1].end_s)
    starts = [passage.start_s for passage in found]
    assert starts == sorted(starts)


texts = st.lists(
    st.builds(
        lambda words, mark: sentence(words, mark) if mark else AD,
        st.integers(1, 80),
        st.sampled_from(["a", "b", ""]),
    ),
    max_size=25,
)
speakers = st.lists(st.sampled_from(["Ann", "Bob"]), min_size=25, max_size=25)


@given(texts, speakers)
def test_passages_keep_their_rules_on_any_text(texts: list[str], speakers: list[str]) -> None:
    segments = [
        Segment(n * 10.0, n * 10.0 + 10, text, speaker)
        for n, (text, speaker) in enumerate(zip(texts, speakers, strict=False))
    ]
    sentences, found = to_sentences(segments), to_passages(segments)
    covered = set()
    for passage in found:
        inside = sentences[passage.sentence_from : passage.sentence_to]
        covered |= set(range(passage.sentence_from, passage.sentence_to))
        assert {s.speaker for s in inside} == {passage.speaker}
        assert size(passage) <= MAX_WORDS or len(inside) == 1
        assert passage.start_s <= passage.end_s
        # Short only where the speaker's turn ends or the next sentence is too long to add.
        after = sentences[passage.sentence_to : passage.sentence_to + 1]
        assert (
            size(passage) >= MIN_WORDS
            or not after
            or after[0].speaker != passage.speaker
            or size(passage) + len(after[0].text.split()) > MAX_WORDS
        )
    assert covered == set(range(len(sentences)))
    firsts = [passage.sentence_from for passage in found]
    assert firsts == sorted(set(firsts))
