"""Slow speech with pauses, and what is no speech although a word or two were made up for it."""

from pathlib import Path

import pytest

from podcast_insights.transcripts.guards import inspect
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights_tests.transcripts import prose
from podcast_insights_tests.transcripts.whisper import shared_audio


@pytest.mark.parametrize(
    ("words", "duration_s", "speech_s", "status"),
    [
        (12, 9.96, 4.74, None),  # a reader who pauses after each sentence
        (7, 10.0, 4.0, None),
        (6, 10.0, 4.0, "not_speech"),
        (4, 5.0, 2.0, "not_speech"),  # nobody's sentence
        (12, 30.0, 4.74, "not_speech"),  # made up for music
        (12, 9.96, None, "not_speech"),  # a publisher's dozen words
    ],
)
def test_slow_speech_is_speech_where_words_fill_the_audio(
    words: int, duration_s: float, speech_s: float | None, status: str | None
) -> None:
    unheard = None if speech_s is None else ()
    said = [Segment(0.0, duration_s, prose(words))]
    finding = inspect(said, duration_s, speech_s, unheard=unheard)
    assert (finding.status if finding else None) == status


@pytest.mark.slow
@pytest.mark.parametrize("path", shared_audio("moonshine/beckett.wav"))
def test_a_real_slow_reader_is_heard(whisper: Whisper, path: Path) -> None:
    heard = whisper.transcribe(path, "en")
    assert "fail better" in heard.segments[-1].text.lower()
    finding = inspect(
        heard.segments,
        heard.duration_s,
        heard.speech_s,
        language="en",
        confidence=heard.confidence,
        unheard=heard.unheard,
    )
    assert finding is None
