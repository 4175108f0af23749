"""Speech to text with the real packaged model, and what happens to files that are no speech."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faster_whisper
import numpy as np
import pytest

from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.models import find_model
from podcast_insights.transcripts.whisper.records import (
    SAMPLE_RATE,
    Transcription,
    TranscriptionError,
)
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import cut, encode, write_wav
from podcast_insights_tests.transcripts.whisper import shared_audio
from podcast_insights_tests.transcripts.whisper.models_on_disk import whole_model

HTML = b"<!DOCTYPE html><html><body>This episode has moved.</body></html>" * 20
TAG = b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(2038)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "60606000000005000157a6d3090000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def heard(whisper: Whisper, speech: Path) -> Transcription:
    return whisper.transcribe(speech)


def test_speech_becomes_its_words_at_sane_times(heard: Transcription) -> None:
    words = " ".join(segment.text for segment in heard.segments).lower()
    for expected in ("stands idle costs almost as much as a busy one", "purchase price"):
        assert expected in words
    assert heard.language == "en"
    assert heard.duration_s == pytest.approx(11.0, abs=0.01)
    assert 8 < heard.speech_s <= 11.01
    assert heard.real_time_factor > 0
    starts = [segment.start_s for segment in heard.segments]
    assert starts == sorted(starts)
    assert all(0 <= s.start_s < s.end_s <= heard.duration_s + 0.5 for s in heard.segments)
    assert not any(s.text != s.text.strip() or not s.text for s in heard.segments)


@pytest.mark.parametrize("path", shared_audio("jfk/jfk_441khz.m4a"))
def test_a_real_voice_in_a_phones_container_is_heard(whisper: Whisper, path: Path) -> None:
    words = " ".join(s.text for s in whisper.transcribe(path).segments).lower()
    assert "what your country can do for you" in words
    assert "what you can do for your country" in words


def test_a_transcription_survives_the_cache(heard: Transcription) -> None:
    assert Transcription.from_json(json.loads(json.dumps(heard.to_json()))) == heard


def test_silence_has_no_segments(whisper: Whisper, tmp_path: Path) -> None:
    heard = whisper.transcribe(write_wav(tmp_path / "silence.wav", np.zeros(5 * SAMPLE_RATE)))
    assert heard.segments == ()
    assert heard.duration_s == 5.0
    assert heard.speech_s == 0.0


@pytest.mark.parametrize(
    "path", shared_audio("silence/leopard_empty.wav", "silence/popcorn_silence.mp3")
)
def test_recorded_silence_has_no_segments(whisper: Whisper, path: Path) -> None:
    assert whisper.transcribe(path).segments == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("zero.mp3", b""),
        ("page.mp3", HTML),
        ("random.mp3", np.random.default_rng(1).bytes(50_000)),
        ("only_tags.mp3", TAG),
        ("picture.mp3", PNG),
        ("text.wav", b"RIFF and then nothing that would be a recording" * 50),
    ],
)
def test_what_is_no_audio_is_a_transcription_error(
    whisper: Whisper, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TranscriptionError, match="the audio"):
        whisper.transcribe(path)


def test_a_file_that_is_not_there_is_a_transcription_error(
    whisper: Whisper, tmp_path: Path
) -> None:
    with pytest.raises(TranscriptionError, match="can't be decoded"):
        whisper.transcribe(tmp_path / "missing.mp3")


def test_half_an_mp4_is_a_transcription_error_and_the_whole_one_is_not(
    whisper: Whisper, tmp_path: Path
) -> None:
    whole = encode(tmp_path / "whole.m4a", 4)
    half = tmp_path / "half.m4a"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert whisper.transcribe(whole).duration_s == pytest.approx(4, abs=0.2)
    with pytest.raises(TranscriptionError, match="can't be decoded"):
        whisper.transcribe(half)


@pytest.mark.parametrize(
    "path",
    shared_audio(
        *(
            f"corrupt/{name}"
            for name in (
                "html_error_page.mp3",
                "id3_only.mp3",
                "pocketsphinx_awful.wav",
                "pocketsphinx_bad.wav",
                "pocketsphinx_evil.wav",
                "pocketsphinx_null.wav",
                "random_bytes.mp3",
                "truncated_half.m4a",
                "zero_bytes.mp3",
            )
        )
    ),
)
def test_corrupt_files_are_transcription_errors(whisper: Whisper, path: Path) -> None:
    with pytest.raises(TranscriptionError, match="the audio"):
        whisper.transcribe(path)


def test_the_cache_key_changes_with_what_shapes_the_text(tmp_path: Path) -> None:
    (whole_model(tmp_path) / "model.bin").write_bytes(b"a" * 3_000_000)
    base = Whisper(model=str(tmp_path), device="cpu")
    keys = [
        base.cache_key("audio", "en"),
        base.cache_key("other audio", "en"),
        base.cache_key("audio", "de"),
        base.cache_key("audio", None),
        Whisper(model=str(tmp_path), device="cpu", batch_size=8).cache_key("audio", "en"),
        Whisper(model="small", device="cpu").cache_key("audio", "en"),
    ]
    (tmp_path / "model.bin").write_bytes(b"a" * 2_999_999 + b"b")
    keys.append(Whisper(model=str(tmp_path), device="cpu").cache_key("audio", "en"))
    assert len(set(keys)) == len(keys)


def test_the_cache_key_does_not_change_with_how_the_work_is_shared_out() -> None:
    one = Whisper(device="cpu", workers=1).cache_key("audio", "en")
    assert Whisper(device="cpu", workers=4, device_index=(0, 1)).cache_key("audio", "en") == one


def test_the_same_weights_in_another_folder_keep_their_revision(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "model")
    first = find_model(str(folder), "cpu")
    moved = Path(shutil.move(folder, tmp_path / "elsewhere" / "model"))
    assert find_model(str(moved), "cpu").revision == first.revision


def test_the_model_is_loaded_once_for_several_files_and_threads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loads = []

    class Counted(faster_whisper.WhisperModel):
        def __init__(self, *args: object, **kwargs: object) -> None:
            loads.append(args)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(faster_whisper, "WhisperModel", Counted)
    audio = SAMPLES / "audio" / "compute-ledger-1.mp3"
    files = [cut(audio, tmp_path / f"{n}.wav", 24.2 + n / 10, 28.5 + n / 10) for n in range(2)]
    whisper = Whisper(device="cpu", workers=2)
    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(whisper.transcribe, files))
    assert len(loads) == 1
    assert all("costs almost as much" in " ".join(s.text for s in h.segments) for h in heard)
