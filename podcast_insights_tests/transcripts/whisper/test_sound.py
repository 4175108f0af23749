"""Audio files of all kinds, damaged ones too, to samples."""

from pathlib import Path

import faster_whisper
import numpy as np
import pytest

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import encode
from podcast_insights_tests.transcripts.whisper import AUDIO

MP3 = SAMPLES / "audio" / "second-order-4.mp3"
TAG = b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(2038)


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    """What is in the sample file."""
    return decode(MP3)


def test_half_an_mp3_is_heard_as_far_as_it_goes(tmp_path: Path, samples: np.ndarray) -> None:
    half = tmp_path / "half.mp3"
    half.write_bytes(MP3.read_bytes()[: MP3.stat().st_size // 2])
    assert len(decode(half)) == pytest.approx(len(samples) / 2, rel=0.02)


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
