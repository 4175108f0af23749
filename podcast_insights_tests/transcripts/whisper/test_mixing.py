"""Many channels to one: no voice is lost, whatever channels it is in and however they stand."""

from pathlib import Path

import numpy as np
import pytest

from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights_tests.transcripts import tone
from podcast_insights_tests.transcripts.whisper.recordings import (
    Track,
    loudness,
    pitch_hz,
    record,
    write_raw_wav,
)

WHOLE = 0.212
"""Loudness of a test tone."""


def stereo(path: Path, left: np.ndarray, right: np.ndarray, dtype: str = "<f4") -> np.ndarray:
    return decode(write_raw_wav(path / "a.wav", np.stack([left, right], axis=1).astype(dtype)))


@pytest.mark.parametrize("right", [-1.0, -0.7, -0.4, 0.0, 0.5, 1.0])
def test_a_voice_is_audible_however_its_channels_stand(tmp_path: Path, right: float) -> None:
    heard = stereo(tmp_path, tone(3), right * tone(3))
    assert loudness(heard) > 0.45 * WHOLE
    assert pitch_hz(heard) == pytest.approx(440, abs=1)


def test_ordinary_stereo_is_the_mean(tmp_path: Path) -> None:
    left, right = tone(3), tone(3, 600.0)
    assert stereo(tmp_path, left, right) == pytest.approx((left + right) / 2, abs=1e-4)


def test_a_voice_in_the_centre_survives_channels_that_cancel_otherwise(tmp_path: Path) -> None:
    centre, around = 0.3 * tone(4), tone(4, 600.0)
    heard = stereo(tmp_path, centre + around, centre - around)
    for pitch, part in ((440, 0.3), (600, 1.0)):
        spectrum = np.abs(np.fft.rfft(heard[16_000:48_000])) / 16_000
        assert spectrum[2 * pitch] > 0.2 * part


def test_a_change_of_phase_is_not_heard_as_a_click(tmp_path: Path) -> None:
    left = tone(6)
    right = np.where(np.arange(len(left)) < len(left) / 2, left, -left)
    heard = stereo(tmp_path, left, right)
    steepest = 0.3 * 2 * np.pi * 440 / 16_000
    assert np.abs(np.diff(heard)).max() < 1.2 * steepest
    assert loudness(heard[-32_000:]) > 0.8 * WHOLE


def test_nothing_is_lost_or_added_at_the_ends_of_pieces(tmp_path: Path) -> None:
    # 3.7 s are worked on in pieces of a second.
    left = tone(3.7)
    assert len(stereo(tmp_path, left, -left)) == len(left)
    assert len(stereo(tmp_path, left[:30], left[:30])) == 30


@pytest.mark.parametrize(
    ("layout", "gains", "codec"),
    [
        ("5.1", (0, 0, 1, 0, 0, 0), "flac"),
        ("5.1", (1, 1, 0, 0, 0, 0), "pcm_f32le"),
        ("5.1", (1, -1, 0, 0, 0, 0), "pcm_s16le"),
        ("5.1", (0, 0, 0, 0, 1, 1), "flac"),
        ("quad", (0, 1, 0, 0), "flac"),
        ("7.1", (0, 0, 1, 0, 0, 0, 0, 0), "flac"),
        ("7.1", (0, 0, 1, 0, 0, 0, 0, 0), "aac"),
        ("hexadecagonal", (1,) * 16, "pcm_f32le"),
    ],
)
def test_a_voice_in_any_channel_of_many_is_heard(
    tmp_path: Path, layout: str, gains: tuple[float, ...], codec: str
) -> None:
    container = {"flac": "flac", "aac": "mp4"}.get(codec, "wav")
    track = Track(layout=layout, gains=gains, seconds=1)
    heard = decode(record(tmp_path / "a", container, codec, track))
    assert loudness(heard) > 0.15 * WHOLE
    assert pitch_hz(heard) == pytest.approx(440, abs=1)


def test_the_centre_is_louder_than_what_is_around_it(tmp_path: Path) -> None:
    def heard(gains: tuple[float, ...]) -> float:
        track = Track(layout="5.1", gains=gains, seconds=1)
        return loudness(decode(record(tmp_path / "a.wav", "wav", "pcm_s16le", track)))

    assert heard((0, 0, 1, 0, 0, 0)) > 1.2 * heard((1, 1, 0, 0, 0, 0)) > 0
    assert heard((0, 0, 0, 1, 0, 0)) == 0, "the channel for bass only"


@pytest.mark.parametrize("channels", [3, 8, 65, 255])
def test_channels_without_names_are_all_heard(tmp_path: Path, channels: int) -> None:
    samples = np.repeat(tone(0.3)[:, None] * 32767, channels, axis=1).astype("<i2")
    heard = decode(write_raw_wav(tmp_path / "a.wav", samples))
    assert loudness(heard) == pytest.approx(WHOLE, rel=0.03)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_what_is_no_number_is_silent(tmp_path: Path, channels: int, dtype: str) -> None:
    samples = np.repeat(tone(2)[:, None], channels, axis=1).astype(dtype)
    samples[1000:1100] = np.nan
    samples[2000], samples[2001], samples[3000] = np.inf, -np.inf, 1e30
    heard = decode(write_raw_wav(tmp_path / "a.wav", samples))
    assert np.abs(heard).max() <= 1
    assert not heard[1010:1090].any()
    assert heard[4000:] == pytest.approx(tone(2)[4000:], abs=1e-3)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_s64le", "pcm_f64le"])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_samples_of_all_widths_are_as_loud(tmp_path: Path, codec: str, layout: str) -> None:
    heard = decode(record(tmp_path / "a.wav", "wav", codec, Track(layout=layout, seconds=1)))
    assert loudness(heard) == pytest.approx(WHOLE, rel=0.01)
    assert abs(heard.mean()) < 0.003
