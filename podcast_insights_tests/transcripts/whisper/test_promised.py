"""What files say of their own length, whole and cut."""

from pathlib import Path

import av
import pytest

from podcast_insights.transcripts.duration import Length, duration_of, length_of
from podcast_insights.transcripts.whisper.promised import promised_s
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import encode, tone, write_wav

MP3 = SAMPLES / "audio" / "compute-ledger-1.mp3"
SECONDS = 60
CONTAINERS = {
    "mp3": ("libmp3lame", "mp3"),
    "flac": ("flac", "flac"),
    "mkv": ("aac", "matroska"),
    "webm": ("libopus", "webm"),
    "aiff": ("pcm_s16be", "aiff"),
}


def cut(path: Path, share: float) -> Path:
    """The beginning of a file."""
    target = path.with_name(f"cut-{path.name}")
    content = path.read_bytes()
    target.write_bytes(content[: round(len(content) * share)])
    return target


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_file_that_was_cut_off_says_how_long_it_was(tmp_path: Path, kind: str) -> None:
    whole = encode(tmp_path / f"a.{kind}", SECONDS, *CONTAINERS[kind])
    assert promised_s(whole) == pytest.approx(SECONDS, abs=0.2)
    half = length_of(cut(whole, 0.5))
    assert half.promised_s == pytest.approx(SECONDS, abs=0.2)
    assert half.duration_s < 0.6 * SECONDS


def test_a_film_for_streaming_says_it_before_its_sound(tmp_path: Path) -> None:
    plain = encode(tmp_path / "a.mp4", SECONDS, "aac", "mp4")
    path = tmp_path / "b.mp4"
    with (
        av.open(str(plain)) as source,
        av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as out,
    ):
        stream = source.streams.audio[0]
        copy = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    assert promised_s(cut(path, 0.7)) == pytest.approx(SECONDS, abs=0.2)


def test_damage_in_the_middle_of_ogg_leaves_its_end_to_tell(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.ogg", SECONDS, "libopus", "ogg")
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    path.write_bytes(content)
    assert promised_s(path) == pytest.approx(SECONDS, abs=0.2)
    assert duration_of(path) < 0.8 * SECONDS


def test_tags_before_an_mp3_are_passed_over(tmp_path: Path) -> None:
    tag = b"ID3\x04\0\0" + bytes([0, 2, 0, 0]) + b"Xing" + bytes(2 * 128 * 128 - 4)
    path = tmp_path / "a.mp3"
    path.write_bytes(tag + MP3.read_bytes())
    assert promised_s(path) == promised_s(MP3) == pytest.approx(duration_of(MP3), abs=0.2)


def test_an_advertisement_before_the_show_promises_no_more_than_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(encode(tmp_path / "ad.mp3", 10, "libmp3lame", "mp3").read_bytes() * 3)
    assert length_of(path) == Length(pytest.approx(30, abs=0.3), pytest.approx(10, abs=0.1))


def test_where_nobody_counted_nothing_is_promised(tmp_path: Path) -> None:
    content = MP3.read_bytes()
    bare = tmp_path / "a.mp3"
    bare.write_bytes(content.replace(b"Info", b"\0\0\0\0", 1).replace(b"Xing", b"\0\0\0\0", 1))
    assert promised_s(bare) is None
    assert promised_s(write_wav(tmp_path / "a.wav", tone(5))) is None
    assert promised_s(encode(tmp_path / "a.aac", 5, "aac", "adts")) is None
