"""Which language is spoken, heard in several places."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, TranscriptionError
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights.transcripts.whisper.spoken import Spoken, speech_s, spoken_in
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import cut, tone, write_wav


@dataclass
class Ear:
    """Hears languages with these probabilities, one answer after the other."""

    answers: list[dict[str, float]]
    heard: list[np.ndarray] = field(default_factory=list)

    def __call__(self, samples: np.ndarray) -> dict[str, float]:
        self.heard.append(samples)
        return self.answers[(len(self.heard) - 1) % len(self.answers)]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Eight seconds of speech."""
    target = tmp_path_factory.mktemp("talk") / "talk.wav"
    return decode(cut(SAMPLES / "audio" / "compute-ledger-1.mp3", target, 24.2, 32.2))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory, talk: np.ndarray) -> Path:
    """Four minutes of speech, each eight seconds louder than those before."""
    loud = np.concatenate([talk * (0.4 + n / 50) for n in range(30)])
    return write_wav(tmp_path_factory.mktemp("long") / "long.wav", loud)


def test_three_places_are_listened_to_in_the_middle_and_on_both_sides(
    long: Path, talk: np.ndarray
) -> None:
    ear = Ear([{"en": 1.0}])
    spoken_in(long, ear)
    assert [len(samples) for samples in ear.heard] == [30 * SAMPLE_RATE] * 3
    loudest = [np.abs(samples).max() / np.abs(talk).max() for samples in ear.heard]
    # How loud it is tells where it is: half, a quarter, three quarters, and up to 30 s after.
    expected = [0.4 + (share * 240 + 26) / 8 / 50 for share in (0.5, 0.25, 0.75)]
    assert loudest == pytest.approx(expected, abs=0.03)


def test_the_language_is_the_likeliest_on_average(long: Path) -> None:
    ear = Ear([{"de": 0.9, "en": 0.1}, {"en": 0.6, "de": 0.1}, {"en": 0.8, "fr": 0.2}])
    assert spoken_in(long, ear) == Spoken("en", 0.5)
    one_song = Ear([{"de": 0.6, "en": 0.3}, {"en": 0.4, "de": 0.5}, {"de": 0.4, "en": 0.5}])
    assert spoken_in(long, one_song) == Spoken("de", 0.5)


def test_a_short_file_is_listened_to_once(tmp_path: Path, talk: np.ndarray) -> None:
    ear = Ear([{"fr": 0.7, "en": 0.3}])
    assert spoken_in(write_wav(tmp_path / "short.wav", talk), ear) == Spoken("fr", 0.7)
    assert [len(samples) for samples in ear.heard] == [len(talk)]


def test_places_without_speech_are_passed_over(tmp_path: Path, talk: np.ndarray) -> None:
    samples = np.concatenate([np.tile(talk, 4)[: 32 * SAMPLE_RATE], tone(120)])
    ear = Ear([{"it": 0.8}])
    assert spoken_in(write_wav(tmp_path / "song.wav", samples), ear) == Spoken("it", 0.8)
    assert len(ear.heard) == 1


def test_where_nobody_speaks_there_is_no_language(tmp_path: Path) -> None:
    ear = Ear([{"en": 1.0}])
    for name, samples in {"t.wav": tone(40), "s.wav": np.zeros(100), "p.wav": tone(2)}.items():
        assert spoken_in(write_wav(tmp_path / name, samples), ear) is None
    assert ear.heard == []


def test_what_is_no_audio_is_a_transcription_error(tmp_path: Path) -> None:
    page = tmp_path / "page.mp3"
    page.write_bytes(b"<!DOCTYPE html>" * 100)
    with pytest.raises(TranscriptionError, match="the audio"):
        spoken_in(page, Ear([{}]))


def test_seconds_of_speech(talk: np.ndarray) -> None:
    assert 5 < speech_s(talk) <= 8
    assert speech_s(np.zeros(0, np.float32)) == 0
    assert speech_s(np.zeros(100, np.float32)) == 0
