"""How long audio is, told without holding it."""

from pathlib import Path

import numpy as np
import pytest

from podcast_insights.transcripts import duration as module
from podcast_insights.transcripts.duration import duration_of
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, TranscriptionError
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import encode, tone, write_wav

TOLERANCE_S = 0.15
"""Encoders add a frame or two."""


@pytest.fixture(params=["wav", "mp4", "mp3", "mkv"])
def audio(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"a.{request.param}"
    if request.param == "wav":
        return write_wav(path, tone(20))
    codecs = {"mp4": ("aac", "mp4"), "mp3": ("libmp3lame", "mp3"), "mkv": ("aac", "matroska")}
    return encode(path, 20, *codecs[request.param])


def test_it_is_what_decoding_gives(audio: Path) -> None:
    decoded_s = len(decode(audio)) / SAMPLE_RATE
    assert duration_of(audio) == pytest.approx(decoded_s, abs=TOLERANCE_S)
    assert duration_of(audio) == pytest.approx(20, abs=TOLERANCE_S)


def test_a_file_that_was_cut_off_is_as_long_as_what_is_there(tmp_path: Path) -> None:
    whole = SAMPLES / "audio" / "compute-ledger-1.mp3"
    half = tmp_path / "half.mp3"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert duration_of(half) == pytest.approx(duration_of(whole) / 2, abs=1)


def test_files_stitched_together_are_counted_whole(tmp_path: Path) -> None:
    parts = [encode(tmp_path / f"{n}.mp3", 10, "libmp3lame", "mp3") for n in range(2)]
    both = tmp_path / "both.mp3"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert duration_of(both) == pytest.approx(20, abs=2 * TOLERANCE_S)


@pytest.mark.parametrize(("codec", "container"), [("aac", "adts"), ("libmp3lame", "mp3")])
def test_parts_of_another_rate_are_counted_as_they_are(
    tmp_path: Path, codec: str, container: str
) -> None:
    ad = encode(tmp_path / "ad", 4, codec, container, rate=44_100, channels=2)
    show = encode(tmp_path / "show", 8, codec, container, rate=22_050)
    both = tmp_path / "both"
    both.write_bytes(ad.read_bytes() + show.read_bytes())
    assert duration_of(both) == pytest.approx(12, abs=2 * TOLERANCE_S)
    assert duration_of(both) == pytest.approx(len(decode(both)) / SAMPLE_RATE, abs=0.05)


def test_packets_that_do_not_say_are_decoded(audio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = duration_of(audio)
    monkeypatch.setattr(module, "counted", lambda container, stream: None)
    assert duration_of(audio) == pytest.approx(counted, abs=TOLERANCE_S)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>Sorry</html>" * 100, np.random.default_rng(1).bytes(50_000)],
    ids=["empty", "page", "noise"],
)
def test_what_is_no_audio_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(TranscriptionError):
        duration_of(path)


def test_more_than_any_episode_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_wav(tmp_path / "a.wav", tone(20))
    monkeypatch.setattr(module, "MAX_AUDIO_S", 19)
    with pytest.raises(TranscriptionError, match="longer than"):
        duration_of(path)
    monkeypatch.setattr(module, "counted", lambda container, stream: None)
    with pytest.raises(TranscriptionError, match="longer than"):
        duration_of(path)
