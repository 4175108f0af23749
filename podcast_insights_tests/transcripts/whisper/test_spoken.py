"""Which language is spoken, heard in several places."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.rows import heard_row
from podcast_insights.transcripts.whisper import spoken
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, TranscriptionError
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights.transcripts.whisper.spoken import Spoken, speech_s, spoken_in
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import cut, episode, tone, write_wav


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


def test_a_few_words_tell_the_language_where_there_is_no_more(
    tmp_path: Path, talk: np.ndarray
) -> None:
    def heard(*lengths_s: float) -> np.ndarray:
        gap = np.zeros(40 * SAMPLE_RATE, np.float32)
        words = [np.concatenate([talk[: round(s * SAMPLE_RATE)], gap]) for s in lengths_s]
        return np.concatenate(words)

    samples = heard(0.8, 2.0)
    assert 0 < speech_s(samples) < 3
    ear = Ear([{"sv": 0.6}])
    assert spoken_in(write_wav(tmp_path / "words.wav", samples), ear) == Spoken("sv", 0.6)
    # Only the place with most of it is asked about.
    (asked,) = ear.heard
    assert speech_s(asked) > 1


def test_a_stop_ends_the_listening_before_the_next_place(
    long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[float] = []

    def noted(path: Path, start_s: float, length_s: float) -> np.ndarray:
        opened.append(start_s)
        return np.zeros(0, np.float32)

    monkeypatch.setattr(spoken, "excerpt", noted)
    with pytest.raises(TranscriptionError, match="the run was stopped"):
        spoken_in(long, Ear([{}]), lambda: len(opened) == 2)
    assert len(opened) == 2


@pytest.mark.parametrize(
    ("hint", "known"),
    [
        *(("iw", "he"), ("nb-NO", "no"), ("in", "id"), ("fil", "tl"), ("de-DE", "de")),
        *(("", None), (None, None)),
    ],
)
def test_a_feeds_hint_is_put_in_whispers_codes(hint: str | None, known: str | None) -> None:
    assert spoken.known_as(hint) == known


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


MULTILINGUAL = os.environ.get("PODCAST_INSIGHTS_TEST_MULTILINGUAL_MODEL")
LANGUAGES = os.environ.get("PODCAST_INSIGHTS_TEST_LANGUAGES_AUDIO")
COMMON = {
    "fr": {"vous", "le", "la", "de", "est", "pour"},
    "de": {"der", "die", "und", "ist", "das"},
}
"""Words that a translation into English would not have."""


@pytest.fixture(scope="module")
def polyglot() -> Whisper:
    return Whisper(model=str(MULTILINGUAL), device="cpu", workers=1)


def first_minute(name: str, target: Path) -> Path:
    return cut(Path(str(LANGUAGES)) / f"{name}.wav", target / f"{name}.wav", 0, 45)


@pytest.mark.slow
@pytest.mark.skipif(
    not (MULTILINGUAL and LANGUAGES),
    reason="PODCAST_INSIGHTS_TEST_MULTILINGUAL_MODEL and PODCAST_INSIGHTS_TEST_LANGUAGES_AUDIO "
    "name no model and no folder with asterisk_fr.wav and espeak_de.wav",
)
@pytest.mark.parametrize(("name", "language"), [("asterisk_fr", "fr"), ("espeak_de", "de")])
def test_speech_is_transcribed_in_its_language_and_never_translated(
    polyglot: Whisper, tmp_path: Path, name: str, language: str
) -> None:
    heard = polyglot.transcribe(first_minute(name, tmp_path))
    assert heard.language == heard.detected_language == language
    words = " ".join(segment.text for segment in heard.segments).lower().split()
    assert len(words) > 30
    assert sum(word.strip(".,") in COMMON[language] for word in words) > 0.05 * len(words)
    assert sum(word.strip(".,") in {"the", "and", "you", "of"} for word in words) <= 2


@pytest.mark.slow
@pytest.mark.skipif(not (MULTILINGUAL and LANGUAGES), reason="see above")
def test_a_wrong_hint_is_found_out(polyglot: Whisper, tmp_path: Path) -> None:
    path = first_minute("asterisk_fr", tmp_path)
    heard = polyglot.transcribe(path, "de")
    assert heard.language == "de"
    assert heard.detected_language == "fr"
    audio = Audio("0" * 64, path.stat().st_size, path)
    row = heard_row(episode("fr", "http://x/fr.wav", claimed_duration_s=None), audio, heard, "de")
    assert row["status"] == "wrong_language"
    assert "fr" in row["error"]
