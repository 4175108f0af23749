"""Captions without punctuation: sentences are guessed, words and their order are kept."""

import re

import pytest

from podcast_insights.embeddings.punctuation import as_sentence
from podcast_insights.embeddings.sentences import ends_sentence, timed_words, to_sentences
from podcast_insights.transcripts.publishing import parse_transcript
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.conftest import SAMPLES

VTT = parse_transcript(
    (SAMPLES / "transcripts" / "grid-and-gravity-1.vtt").read_bytes(), None, ".vtt"
)


def plain(text: str) -> list[str]:
    return re.sub(r"[^\w\s'’-]", "", text).lower().split()


@pytest.fixture(scope="module")
def captions() -> list[Segment]:
    """A sample transcript as captions have it: no marks, no capitals."""
    return [Segment(s.start_s, s.end_s, " ".join(plain(s.text)), s.speaker) for s in VTT]


def test_no_word_is_lost_and_each_guess_is_written_as_a_sentence(captions: list[Segment]) -> None:
    found = to_sentences(captions)
    said = [word for segment in captions for word in segment.text.split()]
    assert [word for s in found for word in plain(s.text)] == said
    assert all(s.text[0].isupper() or not s.text[0].isalpha() for s in found)
    assert all(s.text[-1] in ".!?" for s in found)


def test_most_guesses_are_sentence_ends_and_none_cuts_off_a_not(captions: list[Segment]) -> None:
    ends, count = set(), 0
    for word in timed_words(VTT):
        count += len(plain(word.text))
        if ends_sentence(word.text):
            ends.add(count)
    guessed, count = set(), 0
    for sentence in to_sentences(captions):
        count += len(plain(sentence.text))
        guessed.add(count)
        assert plain(sentence.text)[-1] not in ("not", "because", "if", "the", "of")
    assert len(guessed & ends) / len(guessed) > 0.5
    assert len(guessed) > len(ends) / 3


def test_text_with_punctuation_is_left_as_it_is() -> None:
    said = [word for segment in VTT for word in segment.text.split()]
    assert [word for s in to_sentences(VTT) for word in s.text.split()] == said


@pytest.mark.parametrize(
    ("text", "written"),
    [("it rains", "It rains."), ("does it?", "Does it?"), ("well,", "Well.")],
)
def test_a_guess_is_written_with_capital_and_full_stop(text: str, written: str) -> None:
    assert as_sentence(text) == written
