"""What is taken for audio, what is refused, and in which words."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from podcast_insights.transcripts.sniffing import (
    NotAudioError,
    Served,
    is_audio,
    refuse_no_audio,
    what_else,
)
from podcast_insights_tests.conftest import SAMPLES, SHARED
from podcast_insights_tests.transcripts import encode

NOISE = bytes(range(1, 256)) * 20
HOST = "cdn.example.org"

CONTAINERS = [
    *(("libmp3lame", "mp3"), ("aac", "adts"), ("aac", "mp4"), ("aac", "mov"), ("aac", "flv")),
    *(("libopus", "ogg"), ("flac", "flac"), ("pcm_s16le", "wav")),
    *(("pcm_s16be", "aiff"), ("pcm_s16be", "au"), ("pcm_s16le", "caf"), ("libopus", "webm")),
    *(("aac", "matroska"), ("mp2", "asf"), ("aac", "mpegts"), ("ac3", "ac3"), ("mp2", "mp2")),
    *(("mp2", "mpeg"), ("aac", "avi"), ("wavpack", "wv"), ("tta", "tta")),
]


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("episode.mp3", NOISE)
    return target.getvalue()


ELSE = [
    (b"<!DOCTYPE html><title>Log in</title>", "a page or message (HTML)"),
    (b"\xef\xbb\xbf\r\n  <html lang='de'>", "a page or message (HTML)"),
    ("\ufeff<html><body>Gone</body></html>".encode("utf-16-le"), "a page or message (HTML)"),
    (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "a page or message (XML)"),
    (b"<Error><Code>ExpiredToken</Code></Error>", "a page or message (XML)"),
    (b'{"error": "quota"}', "a page or message (JSON)"),
    (b"Link expired.\n", "a page or message (plain text)"),
    ("Leider nicht verfügbar".encode("latin-1"), "a page or message (plain text)"),
    ("Ссылка устарела".encode(), "a page or message (plain text)"),
    (b"#EXTM3U\n#EXTINF:10,\npart1.ts\n", "a play list"),
    (b"[playlist]\nFile1=http://example.org/live\n", "a play list"),
    (b"http://example.org/live.mp3\n", "a play list"),
    (b"<asx version='3.0'><entry/></asx>", "a play list"),
    (b"%PDF-1.7\n%\xe2\xe3", "a PDF file"),
    (zipped(), "a zip file"),
    (gzip.compress(NOISE), "a gzip file"),
    (b"\x89PNG\r\n\x1a\n" + bytes(40), "a picture"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40), "a picture"),
    (b"GIF89a" + bytes(40), "a picture"),
    (b"RIFF\x00\x01\x00\x00WEBPVP8 " + bytes(40), "a picture"),
    (b"\x00\x00\x00\x1cftypavif" + bytes(40), "a picture"),
]


def served(tmp_path: Path, body: bytes, content_type: str = "", **claims: object) -> Served:
    path = tmp_path / "body"
    path.write_bytes(body)
    return Served(path, len(body), HOST, content_type, **claims)  # type: ignore[arg-type]


@pytest.mark.parametrize(("codec", "container"), CONTAINERS)
def test_what_programs_write_is_audio_whatever_its_host_calls_it(
    tmp_path: Path, codec: str, container: str
) -> None:
    rate, channels = (44_100, 2) if container == "flv" else (48_000, 1)
    file = encode(tmp_path / "a", 3.0, codec, container, rate=rate, channels=channels)
    assert is_audio(file.read_bytes()[:1024])
    refuse_no_audio(served(tmp_path, file.read_bytes(), "text/html; charset=utf-8"))


@pytest.mark.parametrize(
    "path",
    [
        *sorted((SAMPLES / "audio").glob("*.mp3"))[:2],
        *(p for p in sorted((SHARED / "data/audio/jfk").glob("*")) if p.suffix != ".txt"),
        *sorted((SHARED / "data/audio/silence").glob("*")),
    ],
    ids=lambda path: path.name,
)  # fmt: skip
def test_recordings_are_audio(path: Path) -> None:
    assert is_audio(path.read_bytes()[:1024])


@pytest.mark.parametrize(("body", "what"), ELSE)
@pytest.mark.parametrize("content_type", ["audio/mpeg", "", "application/octet-stream"])
def test_what_else_hosts_serve_is_refused_by_name(
    tmp_path: Path, body: bytes, what: str, content_type: str
) -> None:
    assert what_else(body[:1024], content_type) == what
    with pytest.raises(NotAudioError) as caught:
        refuse_no_audio(served(tmp_path, body * 200, content_type))
    called = f", as {content_type}," if content_type else ""
    message = f"{HOST} served {what}{called} in place of audio; open the episode's link"
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "content_type", ["", "audio/mpeg", "application/octet-stream", "binary", "video/mp4"]
)
def test_unknown_bytes_are_for_the_decoder_to_judge(tmp_path: Path, content_type: str) -> None:
    refuse_no_audio(served(tmp_path, NOISE, content_type))


@pytest.mark.parametrize(
    ("content_type", "what"),
    [
        ("text/html", "something else"),
        ("image/png", "something else"),
        ("application/json", "something else"),
        ("application/vnd.apple.mpegurl", "a play list"),
        ("audio/x-mpegurl", "a play list"),
    ],
)
def test_unknown_bytes_that_their_host_calls_something_else_are_refused(
    tmp_path: Path, content_type: str, what: str
) -> None:
    with pytest.raises(NotAudioError, match=f"served {what}, as {content_type}, in place of"):
        refuse_no_audio(served(tmp_path, NOISE, f"{content_type}; charset=utf-8"))


@pytest.mark.parametrize("zeros", [1, 200, 1020, 5000])
@pytest.mark.parametrize("content_type", ["text/html", "image/png", "audio/mpeg", ""])
def test_zeros_before_audio_are_for_the_decoder_to_judge(
    tmp_path: Path, zeros: int, content_type: str
) -> None:
    body = bytes(zeros) + b"\xff\xfb\x90d" + NOISE
    refuse_no_audio(served(tmp_path, body, content_type))
    if zeros < 1020:  # so far we look
        with pytest.raises(NotAudioError):
            refuse_no_audio(served(tmp_path, bytes(zeros) + NOISE, "text/html"))


@pytest.mark.parametrize(
    "filling", [b"\r\n", b"\n\n\n", b" ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"]
)
def test_what_a_script_sends_before_audio_does_no_harm(tmp_path: Path, filling: bytes) -> None:
    for body in (b"ID3\x03" + NOISE, b"\xff\xfb\x90d" + NOISE):
        refuse_no_audio(served(tmp_path, filling + body, "text/html"))
    with pytest.raises(NotAudioError, match="served something else, as text/html"):
        refuse_no_audio(served(tmp_path, filling + NOISE, "text/html"))
    with pytest.raises(NotAudioError):
        refuse_no_audio(served(tmp_path, filling + b"<html>" * 300, "audio/mpeg"))


def wave_file(declared: int, sound: int, behind: bytes = b"") -> bytes:
    """A WAV file with `sound` bytes of it, and what its header says."""
    form = b"fmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0\2\0\x10\0"
    data = b"data" + declared.to_bytes(4, "little") + (b"\x01\xff\x02\xfe" * sound)[:sound]
    body = b"WAVE" + form + data + behind
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def chunk(name: bytes, size: int) -> bytes:
    return name + size.to_bytes(4, "little") + bytes(size)


@pytest.mark.parametrize("declared", [1000, 1001, 40_000])
def test_a_wav_file_that_declares_a_part_of_its_sound_is_damaged(
    tmp_path: Path, declared: int
) -> None:
    body = wave_file(declared, 100_000)
    with pytest.raises(NotAudioError) as caught:
        refuse_no_audio(served(tmp_path, body, "audio/wav"))
    said = str(caught.value)
    assert said.startswith(f"{HOST} served a damaged WAV file: ")
    assert f"of its {len(body):,} bytes lie behind the end" in said
    assert said.endswith("; complain to the publisher")


@pytest.mark.parametrize(
    "body",
    [
        wave_file(100_000, 100_000),
        wave_file(0, 100_000),  # streamed
        wave_file(0xFFFFFFFF, 100_000),
        wave_file(0x7FFFFFFF, 100_000),
        wave_file(100_000, 30_000),  # cut off; its duration tells
        wave_file(10_000, 10_000, chunk(b"LIST", 500) + chunk(b"id3 ", 90_000)),  # a picture
        wave_file(9_999, 9_999, b"\0" + chunk(b"id3 ", 90_000)),
        wave_file(10_000, 10_000, b"\x01\xff" * 2000),  # what programs leave
        wave_file(0, 0, b"\0" * 5000),
        b"RIFF\0\0\0\0WAVE" + b"\x01\xff" * 2000,
        b"RIFF\0\0\0\0WAVE" + b"data\4\0\0\0ABCD" + chunk(b"junk", 0) * 1500 + b"\xff" * 20_000,
    ],
    ids=range(11),
)
def test_other_wav_files_are_for_the_decoder_to_judge(tmp_path: Path, body: bytes) -> None:
    refuse_no_audio(served(tmp_path, body, "audio/wav"))


def test_a_content_type_is_shown_only_if_it_is_one(tmp_path: Path) -> None:
    with pytest.raises(NotAudioError) as caught:
        refuse_no_audio(served(tmp_path, b"<html>" * 300, "text/\x1b[31m token=abc"))
    assert str(caught.value).startswith(f"{HOST} served a page or message (HTML) in place of audio")


@pytest.mark.parametrize(
    ("size", "claims", "is_refused"),
    [
        (0, {}, True),
        (1023, {}, True),
        (1024, {}, False),
        (65_000, {"claimed_bytes": 34_000_000}, True),
        (65_000, {"claimed_bytes": 650_001}, True),
        (65_000, {"claimed_bytes": 650_000}, False),
        (65_000, {"claimed_bytes": 1}, False),
        (65_000, {"claimed_bytes": None}, False),
        (200_000, {"claimed_bytes": 34_000_000}, False),  # its duration tells, once it is decoded
        (199_999, {"claimed_bytes": 34_000_000}, True),
        (65_000, {"claimed_duration_s": 3600.0}, True),
        (65_000, {"claimed_duration_s": 600.0}, True),
        (150_000, {"claimed_duration_s": 600.0}, False),
        (65_000, {"claimed_duration_s": 599.0}, False),
        (65_000, {"claimed_duration_s": 3600.0, "claimed_bytes": 65_000}, True),
    ],
)
def test_far_too_little_is_refused(
    tmp_path: Path, size: int, claims: dict[str, object], is_refused: bool
) -> None:
    found = served(tmp_path, (b"ID3" + NOISE * 50)[:size].ljust(size, b"\1"), **claims)
    if not is_refused:
        refuse_no_audio(found)
        return
    with pytest.raises(NotAudioError, match=f"{HOST} served only {size:,} bytes") as caught:
        refuse_no_audio(found)
    assert "open the episode's link in a browser" in str(caught.value)
