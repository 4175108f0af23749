"""Which stream is the show, what is damaged, and that a host can't choose other files."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from av.stream import Disposition

from podcast_insights.transcripts.duration import duration_of
from podcast_insights.transcripts.whisper import packets
from podcast_insights.transcripts.whisper.records import (
    SAMPLE_RATE,
    TranscriptionError,
    UndecodableError,
)
from podcast_insights.transcripts.whisper.sound import blocks, decode
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import tone
from podcast_insights_tests.transcripts.whisper.recordings import (
    Track,
    loudness,
    pitch_hz,
    record,
    write_raw_wav,
)

MP3 = SAMPLES / "audio" / "second-order-4.mp3"
MAIN, OTHER = 440.0, 600.0
NONE, DEFAULT = Disposition(0), Disposition.default


def words_about(path: Path) -> list[str]:
    told: list[str] = []
    for _ in blocks(path, on_damage=lambda damage: told.append(str(damage))):
        assert not told, "only at the end"
    return told


@pytest.mark.parametrize(
    "tracks",
    [
        (Track(MAIN), Track(OTHER)),
        (Track(OTHER, disposition=NONE), Track(MAIN, disposition=DEFAULT)),
        (Track(OTHER, disposition=DEFAULT | Disposition.comment), Track(MAIN)),
        (Track(OTHER, disposition=Disposition.visual_impaired), Track(MAIN)),
        (Track(OTHER, seconds=1, disposition=DEFAULT), Track(MAIN)),
        (Track(OTHER, "mono", disposition=DEFAULT), Track(MAIN, "stereo", disposition=DEFAULT)),
    ],
    ids=["first", "default", "commentary", "description", "longest", "channels"],
)
@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_of_several_streams_the_show_is_heard(
    tmp_path: Path, container: str, tracks: tuple[Track, ...]
) -> None:
    path = record(tmp_path / "a", container, "aac", *tracks)
    assert pitch_hz(decode(path)[8000:]) == pytest.approx(MAIN, abs=3)
    assert duration_of(path) == pytest.approx(4, abs=0.1)


def test_a_cover_picture_does_not_disturb(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mp3", "mp3", "libmp3lame", video="png")
    assert av.open(str(path)).streams.video
    assert len(decode(path)) / SAMPLE_RATE == pytest.approx(4, abs=0.1)


def test_a_film_without_sound_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 64
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))
        out.mux([*stream.encode(picture), *stream.encode(None)])
    for act in (decode, duration_of):
        with pytest.raises(TranscriptionError, match="the audio .*there is no audio in it"):
            act(path)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile {}\n",
    ],
    ids=["play list", "concat"],
)
def test_a_file_that_names_another_is_not_followed(tmp_path: Path, text: str) -> None:
    (tmp_path / "private.mp3").write_bytes(MP3.read_bytes())
    path = tmp_path / "a.m3u8"
    path.write_text(text.format("private.mp3"))
    for act in (decode, duration_of):
        with pytest.raises(TranscriptionError, match="the audio can't be decoded"):
            act(path)


@pytest.mark.parametrize(
    "content", [None, b"", b"<!DOCTYPE html>" * 100], ids=["missing", "empty", "page"]
)
def test_an_error_does_not_tell_where_the_file_lies(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "0123456789abcdef.audio"
    if content is not None:
        path.write_bytes(content)
    for act in (decode, duration_of):
        with pytest.raises(TranscriptionError, match="the audio") as caught:
            act(path)
        assert path.name not in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"\x01\x02\x03" * 999])
def test_bytes_that_are_no_audio_are_told_from_trouble_with_the_file(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "a.audio"
    if content is not None:
        path.write_bytes(content)
    for act in (decode, duration_of):
        with pytest.raises(TranscriptionError) as caught:
            act(path)
        assert isinstance(caught.value, UndecodableError) is (content is not None)


def test_damage_does_not_tell_where_the_file_lies() -> None:
    damage = packets.Damage(unreadable=1)
    damage.note(av.error.InvalidDataError(1, "Invalid data found", "/cache/0123.audio"))
    assert str(damage) == "1 reads failed (Invalid data found)"


def test_an_undamaged_file_is_not_spoken_of() -> None:
    assert words_about(MP3) == []


def test_damage_is_counted_and_told_once(tmp_path: Path) -> None:
    content = bytearray(MP3.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(3).bytes(3000)
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    (told,) = words_about(path)
    assert "packets could not be decoded" in told
    damaged, of, total = told.split()[:3]
    assert of == "of"
    assert 0 < int(damaged) < 20 < int(total.replace(",", ""))


def test_what_can_not_be_decoded_keeps_its_time(tmp_path: Path) -> None:
    path = record(tmp_path / "a.m4a", "mp4", "aac", Track(seconds=6))
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : third + len(content) // 6] = bytes(len(content) // 6)
    path.write_bytes(content)
    heard = decode(path)
    assert "could not be decoded" in words_about(path)[0]
    assert len(heard) / SAMPLE_RATE == pytest.approx(6, abs=0.05)
    assert duration_of(path) == pytest.approx(6, abs=0.05)
    assert loudness(heard[-16_000:]) == pytest.approx(0.21, abs=0.02)


def without(path: Path, target: Path, from_s: float, to_s: float, shift_s: float = 0.0) -> Path:
    """A copy that lacks the packets of some seconds; what follows is stamped `shift_s` later."""
    with av.open(str(path)) as source, av.open(str(target), "w", format="matroska") as out:
        stream = source.streams.audio[0]
        copy = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size and not from_s <= packet.pts * packet.time_base < to_s:
                if packet.pts * packet.time_base >= to_s:
                    packet.pts = packet.dts = packet.pts + round(shift_s / packet.time_base)
                packet.stream = copy
                out.mux(packet)
    return target


def test_a_gap_in_a_film_keeps_its_time(tmp_path: Path) -> None:
    whole = record(tmp_path / "a.mkv", "matroska", "aac", Track(seconds=8))
    path = without(whole, tmp_path / "b.mkv", 3, 5.5)
    heard = decode(path)
    assert len(heard) / SAMPLE_RATE == pytest.approx(8, abs=0.1)
    assert duration_of(path) == pytest.approx(8, abs=0.1)
    assert loudness(heard[52_000:84_000]) == 0
    assert loudness(heard[92_000:]) == pytest.approx(0.21, abs=0.02)
    assert "2.5 s are missing" in words_about(path)[0]


def test_a_broken_time_stamp_is_not_hours_of_silence(tmp_path: Path) -> None:
    whole = record(tmp_path / "a.mkv", "matroska", "aac")
    path = without(whole, tmp_path / "b.mkv", 2, 2, shift_s=3600 * 5)
    assert len(decode(path)) / SAMPLE_RATE == pytest.approx(4, abs=0.1)


def with_broken_stamp(path: Path, target: Path, at_s: float, by_s: float) -> Path:
    """A copy of a Matroska file in which one packet's time stamp is off."""
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as source:
        broken = next(p for p in source.demux(audio=0) if p.pts * p.time_base >= at_s)
        place = content.index(bytes(broken)) - 3  # milliseconds in the cluster, and flags
    (stamp,) = struct.unpack_from(">h", content, place)
    struct.pack_into(">h", content, place, stamp + round(by_s * 1000))
    target.write_bytes(content)
    return target


@pytest.mark.parametrize("by_s", [20.0, 2.0, -2.0])
def test_a_single_broken_time_stamp_moves_nothing(tmp_path: Path, by_s: float) -> None:
    whole = record(tmp_path / "a.mkv", "matroska", "libopus", Track(seconds=12))
    path = with_broken_stamp(whole, tmp_path / "b.mkv", 6.0, by_s)
    assert len(decode(path)) / SAMPLE_RATE == pytest.approx(12, abs=0.1)
    assert duration_of(path) == pytest.approx(12, abs=0.1)
    assert words_about(path) == []


@pytest.mark.parametrize(
    ("container", "pictures", "codec"),
    [("matroska", "mpeg4", "libopus"), ("mp4", "mpeg4", "aac"), ("mpegts", "mpeg2video", "aac")],
)
def test_sound_that_begins_behind_the_pictures_keeps_its_time(
    tmp_path: Path, container: str, pictures: str, codec: str
) -> None:
    path = record(tmp_path / "a", container, codec, Track(late_s=3.0), video=pictures)
    heard = decode(path)
    assert len(heard) / SAMPLE_RATE == pytest.approx(7, abs=0.1)
    assert duration_of(path) == pytest.approx(7, abs=0.1)
    assert loudness(heard[SAMPLE_RATE // 2 : 5 * SAMPLE_RATE // 2]) == 0
    assert loudness(heard[-3 * SAMPLE_RATE :]) == pytest.approx(0.21, abs=0.02)


@dataclass(frozen=True)
class Packet:
    """As much of one as tells its time, in milliseconds."""

    pts: int
    duration: int = 100
    size: int = 1


def gaps(container: str, starts_s: Iterable[float]) -> list[float]:
    """What a clock finds missing before packets that begin then."""
    clock = packets.Clock(
        SimpleNamespace(format=SimpleNamespace(name=container), start_time=0),
        SimpleNamespace(time_base=0.001, codec_context=None),
    )
    return [round(clock.gap_s(Packet(round(start_s * 1000))), 3) for start_s in starts_s]


def steps(begin_s: float, count: int = 20) -> list[float]:
    return [begin_s + n / 10 for n in range(count)]


@pytest.mark.parametrize(
    ("second_s", "matroska_s", "mpegts_s"),
    [
        (2.0, 0, 0),
        (2.9, 0, 0),
        (7.0, 5, 5),
        (32.0, 30, 0),  # in MPEG-TS a seam, as a later one may be by any time
        (702.0, 0, 0),
        (0.0, 0, 0),
    ],
)
def test_a_leap_is_believed_when_it_is_gone_on_with(
    second_s: float, matroska_s: float, mpegts_s: float
) -> None:
    starts = steps(0.0) + steps(second_s) + steps(second_s + 5.0)
    for container, missing_s in (("matroska,webm", matroska_s), ("mpegts", mpegts_s), ("mp3", 0)):
        found = gaps(container, starts)
        assert found[21] == missing_s
        # From there on, too, a gap is seen: 2 s of packets, and 3 s of nothing.
        assert found[41] == (3.0 if container != "mp3" else 0)
        assert sum(found) == found[21] + found[41]


@pytest.mark.parametrize("rate", [1, 100, 999, 768_001, 2**31 - 1])
def test_rates_that_are_no_speech_are_refused(tmp_path: Path, rate: int) -> None:
    path = write_raw_wav(tmp_path / "a.wav", np.ones((1000, 1), "<i2"), rate)
    for act in (decode, duration_of):
        with pytest.raises(TranscriptionError, match="the audio has no samples"):
            act(path)


@pytest.mark.parametrize("rate", [1000, 8000, 44_099, 768_000])
def test_odd_rates_are_heard(tmp_path: Path, rate: int) -> None:
    samples = (tone(1, 200.0, rate)[:, None] * 32767).astype("<i2")
    heard = decode(write_raw_wav(tmp_path / "a.wav", samples, rate))
    assert len(heard) == pytest.approx(SAMPLE_RATE, abs=20)
    assert pitch_hz(heard) == pytest.approx(200, abs=2)


def test_a_frame_of_enormous_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "a.flac", "flac", "flac")
    monkeypatch.setattr(packets, "MAX_FRAME_VALUES", 1000)
    with pytest.raises(TranscriptionError, match="the audio has no samples: .* could not be"):
        decode(path)
    with pytest.raises(TranscriptionError, match="the audio has no samples"):
        duration_of(path)


def test_reading_that_fails_once_goes_on_behind_that_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stumbling:
        """A container whose reading fails now and then, and for good in the end."""

        format = None
        start_time = 0

        def __init__(self, rests: list[int]) -> None:
            self.rests = rests

        def demux(self, stream: object) -> Iterator[av.Packet]:
            for _ in range(self.rests.pop(0) if self.rests else 0):
                yield av.Packet(b"12")
            raise av.error.InvalidDataError(1, "no page here")

    damage = packets.Damage()
    found = list(packets.packets(Stumbling([2, 3]), None, damage))
    assert len(found) == 5
    assert "reads failed (" in str(damage)
    assert "no page here" in str(damage)
