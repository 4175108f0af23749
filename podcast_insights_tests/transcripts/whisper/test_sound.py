"""Audio files of all kinds, damaged ones too, to samples."""

import os
import tracemalloc
from pathlib import Path

import faster_whisper
import numpy as np
import pytest

from podcast_insights.transcripts.duration import duration_of
from podcast_insights.transcripts.whisper import sound
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, TranscriptionError
from podcast_insights.transcripts.whisper.sound import blocks, decode, excerpt
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import encode, tone
from podcast_insights_tests.transcripts.whisper import AUDIO, shared_audio
from podcast_insights_tests.transcripts.whisper.recordings import (
    loudness,
    pitch_hz,
    record,
    write_raw_wav,
)

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


def test_blocks_are_the_file_in_pieces(samples: np.ndarray) -> None:
    found = list(blocks(MP3, block_s=1.5))
    assert {len(block) for block in found[:-1]} == {24_000}
    assert 0 < len(found[-1]) <= 24_000
    assert {block.dtype for block in found} == {np.dtype(np.float32)}
    assert np.array_equal(np.concatenate(found), samples)


def open_files() -> list[str]:
    """What this process holds open."""
    links = [Path(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]  # noqa: PTH208
    return [str(link.readlink()) for link in links if link.exists()]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are told by /proc")
def test_the_file_is_closed_when_nobody_listens_any_more() -> None:
    listening = blocks(MP3, block_s=1)
    next(listening)
    assert str(MP3) in open_files()
    listening.close()
    assert str(MP3) not in open_files()


def held_bytes(path: Path) -> int:
    """The most that was held at a time while a file was gone through."""
    tracemalloc.start()
    try:
        for _ in blocks(path, block_s=5):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("minutes", [5, pytest.param(60, marks=pytest.mark.slow)])
def test_a_long_file_takes_no_more_memory_than_a_short_one(
    tmp_path: Path, channels: int, minutes: int
) -> None:
    def quiet(seconds: int) -> Path:
        samples = np.full((seconds * 1000, channels), 128, np.uint8)
        return write_raw_wav(tmp_path / f"{seconds}.wav", samples, rate=1000)

    assert held_bytes(quiet(60 * minutes)) < 1.2 * held_bytes(quiet(20)) < 2_000_000


@pytest.mark.parametrize(
    ("container", "codec", "video"),
    [
        ("mp3", "libmp3lame", None),
        ("ogg", "libopus", None),
        ("flac", "flac", None),
        ("adts", "aac", None),
        ("ipod", "aac", None),
        ("ipod", "alac", None),
        ("aiff", "pcm_s16be", None),
        ("caf", "pcm_s16le", None),
        ("wav", "pcm_alaw", None),
        ("asf", "ac3", None),
        ("mp4", "aac", "mpeg4"),
        ("mov", "aac", "mpeg4"),
        ("matroska", "libopus", "mpeg4"),
        ("webm", "libopus", "libvpx"),
        ("avi", "libmp3lame", "mpeg4"),
        ("mpegts", "aac", "mpeg4"),
    ],
)
def test_all_containers_are_heard(
    tmp_path: Path, container: str, codec: str, video: str | None
) -> None:
    # No name tells what it is.
    path = record(tmp_path / "audio", container, codec, video=video)
    heard = decode(path)
    assert len(heard) / SAMPLE_RATE == pytest.approx(4, abs=0.1)
    assert duration_of(path) == pytest.approx(len(heard) / SAMPLE_RATE, abs=0.05)
    assert pitch_hz(heard) == pytest.approx(440, abs=1)
    assert loudness(heard) == pytest.approx(0.21, abs=0.02)
    piece = excerpt(path, 2, 1)
    assert len(piece) == SAMPLE_RATE
    assert pitch_hz(piece) == pytest.approx(440, abs=1)
    assert len(excerpt(path, 60, 1)) == 0


@pytest.mark.parametrize(
    ("container", "codec"), [("mp3", "libmp3lame"), ("mp4", "aac"), ("flac", "flac")]
)
def test_an_excerpt_is_of_about_the_place_asked_for(
    tmp_path: Path, container: str, codec: str
) -> None:
    import av

    path = tmp_path / "a"
    samples = np.concatenate([tone(8), tone(8, 880.0), tone(8)]).astype(np.float32)
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        out.mux([*stream.encode(frame), *stream.encode(None)])
    for start_s, pitch in ((0, 440), (11, 880), (20, 440)):
        assert pitch_hz(excerpt(path, start_s, 2)) == pytest.approx(pitch, abs=2)
    assert len(excerpt(path, 23, 10)) / SAMPLE_RATE == pytest.approx(1, abs=0.2)


def test_an_excerpt_does_not_decode_what_is_before(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    real = sound.heard

    def heard(*given: object) -> object:
        for item in real(*given):
            seen.append(item if isinstance(item, float) else item.samples / item.sample_rate)
            yield item

    monkeypatch.setattr(sound, "heard", heard)
    assert len(excerpt(SAMPLES / "audio" / "compute-ledger-1.mp3", 30, 2)) == 2 * SAMPLE_RATE
    assert sum(seen) < 6


@pytest.mark.parametrize("make", ["wav", "bomb"])
def test_what_never_ends_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str
) -> None:
    path = tmp_path / "a"
    if make == "wav":
        write_raw_wav(path, np.zeros((70 * 1000, 1), np.int16), 1000)
    else:
        encode(path, 70, "flac", "flac")
    monkeypatch.setattr(sound, "MAX_AUDIO_S", 60)
    heard = 0
    with pytest.raises(TranscriptionError, match="the audio is longer than"):
        for block in blocks(path, block_s=10):
            heard += len(block)
    assert heard <= 60 * SAMPLE_RATE


@pytest.mark.parametrize(
    "path",
    shared_audio(
        *sorted(
            str(path.relative_to(AUDIO))
            for path in AUDIO.rglob("*.*")
            if path.suffix not in (".txt", ".json")
            and not path.name.startswith("LJ001-00")
            and path.stat().st_size < 1_000_000
        )
    ),
)
def test_every_file_of_the_corpus_is_heard_or_refused_in_words(path: Path) -> None:
    try:
        heard = sum(len(block) for block in blocks(path)) / SAMPLE_RATE
    except TranscriptionError as error:
        assert str(error).startswith("the audio")
        with pytest.raises(TranscriptionError, match="^the audio"):
            duration_of(path)
    else:
        assert heard > 0.5
        assert duration_of(path) == pytest.approx(heard, abs=0.1)
    try:
        excerpt(path, 5, 5)
    except TranscriptionError as error:
        assert str(error).startswith("the audio")
