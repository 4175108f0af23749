"""Publisher transcripts: what can be read is read exactly, the rest is refused in words."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_insights.transcripts.publisher import TranscriptFormatError, parse_transcript
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.conftest import SAMPLES, SHARED

FORMATS = SHARED / "data" / "transcripts" / "formats"
SERVED = sorted(FORMATS.iterdir()) if FORMATS.is_dir() else []
READABLE = {
    "AI_Autocomplete_for_QGIS.srt": 583,
    "Bloat.srt": 724,
    "I_Quit_My_Job.srt": 298,
    "Managed_services_vs._DIY.vtt": 576,
    "Yak_Shaving_with_Tim_Mitra.srt": 1055,
    "pn_example.srt": 222,
    "pn_example.vtt": 7,
}
"""Files of the shared corpus that hold timed text, and how many pieces."""

VTT = """WEBVTT

NOTE made by hand

intro
00:00:00.500 --> 00:00:02.027 align:start position:0%
<v.loud Ann O&#39;Neil>Hello, <i>world</i>
&amp; everyone.</v>

00:03.125 --> 01:00:04.009
No speaker here.

00:05.000 --> 00:06.000
<v Bob></v>
"""
SRT = """1
00:00:00,179 --> 00:00:02,399
Travis: When you first get
started, it's hard.

2
00:01:02,400 --> 01:00:04,799
<i>Second</i> piece.
"""
JSON = {
    "version": "1.0.0",
    "segments": [
        {"speaker": "Ann", "startTime": 0.5, "endTime": 2.027, "body": "Hello <b>world</b>."},
        {"startTime": "3.125", "endTime": 4, "body": " No speaker\nhere. "},
        {"startTime": 5, "endTime": 6, "body": "  "},
        {"speaker": "", "startTime": 7, "body": "No end."},
    ],
}


def parse(text: str, media_type: str | None = "text/vtt", url: str = "") -> tuple[Segment, ...]:
    return parse_transcript(text.encode(), media_type, url)


def test_webvtt_keeps_voices_and_milliseconds() -> None:
    assert parse(VTT) == (
        Segment(0.5, pytest.approx(2.027), "Hello, world & everyone.", "Ann O'Neil"),
        Segment(3.125, pytest.approx(3604.009), "No speaker here.", None),
    )


def test_srt_keeps_milliseconds_after_the_comma() -> None:
    assert parse(SRT, "application/x-subrip") == (
        Segment(0.179, pytest.approx(2.399), "Travis: When you first get started, it's hard."),
        Segment(pytest.approx(62.4), pytest.approx(3604.799), "Second piece."),
    )


def test_json_takes_numbers_and_strings_and_leaves_out_what_is_empty() -> None:
    assert parse(json.dumps(JSON), "application/json") == (
        Segment(0.5, 2.027, "Hello world.", "Ann"),
        Segment(3.125, 4.0, "No speaker here.", None),
        Segment(7.0, 7.0, "No end.", None),
    )


@pytest.mark.parametrize(
    ("text", "media_type", "url"),
    [
        (VTT, "text/vtt; charset=utf-8", ""),
        (VTT, "Text/VTT", ""),
        (VTT, None, "https://host.example/1.vtt"),
        (VTT, "text/plain", "https://host.example/1.VTT?token=1.srt"),
        (SRT, "application/srt", ""),
        (SRT, "application/octet-stream", "https://host.example/1.srt"),
        (json.dumps(JSON), "", "https://host.example/1.json"),
        ("\ufeff" + VTT, "text/vtt", ""),
        (VTT.replace("\n", "\r\n"), "text/vtt", ""),
    ],
)
def test_the_announced_type_decides_and_else_the_files_ending(
    text: str, media_type: str | None, url: str
) -> None:
    assert len(parse(text, media_type, url)) >= 2


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (b"", "text/vtt", "not readable as vtt"),
        (b"", "application/srt", "not readable as srt"),
        (b"", "application/json", "not a Podcasting 2.0 transcript"),
        (b"WEBVTT\n\n", "text/vtt", "no timed text"),
        (b"WEBVTT\n\nsoon --> later\nHello\n", "text/vtt", "no timed text"),
        (bytes(range(256)) * 8, "text/vtt", "not readable as vtt"),
        (bytes(range(256)) * 8, "application/x-subrip", "not readable as srt"),
        (bytes(range(256)) * 8, "application/json", "not a Podcasting 2.0 transcript"),
        (VTT.encode("utf-16"), "text/vtt", "not readable as vtt"),
        (b"\n <!DOCTYPE html><html><p>Gone", "text/vtt", "a web page was served"),
        (b"<HTML><body>Login</body></HTML>", "application/json", "a web page was served"),
        (b"Ann: Hello.", "text/plain", "no times we can read"),
        (b"<cite>Ann</cite><time>0:00</time>", "text/html", "no times we can read"),
        (VTT.encode(), "application/ttml+xml", "no times we can read"),
        (b"[]", "application/json", "not a Podcasting 2.0 transcript"),
        (b'{"segments": {}}', "application/json", "no timed text"),
        (b'{"segments": [{"body": "no time"}]}', "application/json", "not a Podcasting"),
        (b'{"segments": [{"startTime": null, "body": "x"}]}', "application/json", "not a Pod"),
        (b"[" * 100_000, "application/json", "not a Podcasting 2.0 transcript"),
    ],
)
def test_what_is_no_timed_transcript_is_refused_with_a_reason(
    content: bytes, media_type: str, reason: str
) -> None:
    with pytest.raises(TranscriptFormatError, match=reason):
        parse_transcript(content, media_type, "https://host.example/transcript")


@pytest.mark.parametrize("time", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_times_that_are_no_numbers_are_refused(time: str) -> None:
    # Python's JSON lets them in, and no comparison of a guard would notice NaN.
    for segment in (
        f'{{"startTime": {time}, "body": "x"}}',
        f'{{"startTime": 0, "endTime": {time}, "body": "x"}}',
    ):
        with pytest.raises(TranscriptFormatError, match="not a Podcasting 2.0 transcript"):
            parse(f'{{"segments": [{segment}]}}', "application/json")


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    for start in (
        b"",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\n",
        b"1\n00:00:01,000 --> 00:00:02,000\n",
    ):
        for media_type in ("text/vtt", "application/srt", "application/json", "text/html"):
            try:
                segments = parse_transcript(start + content, media_type, "")
            except TranscriptFormatError:
                continue
            assert segments
            assert all(segment.text == segment.text.strip() != "" for segment in segments)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["segments", "startTime", "endTime", "body"]), inner)
        ),
        max_leaves=12,
    )
)
def test_no_json_raises_anything_else(value: object) -> None:
    for document in (value, {"segments": value}, {"segments": [value]}):
        try:
            segments = parse(json.dumps(document), "application/json")
        except TranscriptFormatError:
            continue
        assert all(segment.start_s - segment.start_s == 0 for segment in segments)


@pytest.mark.skipif(not SERVED, reason="no shared corpus in this checkout")
@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.name)
def test_transcripts_as_they_are_served_are_read_or_refused(path: Path) -> None:
    pieces = READABLE.get(path.name)
    if pieces is None:
        with pytest.raises(TranscriptFormatError):
            parse_transcript(path.read_bytes(), None, path.name)
        return
    segments = parse_transcript(path.read_bytes(), None, path.name)
    assert len(segments) == pieces
    assert all(0 <= s.start_s <= s.end_s for s in segments)
    assert any(s.start_s % 1 for s in segments) or path.name.startswith("AI_")


def test_the_samples_speakers_are_known() -> None:
    content = (SAMPLES / "transcripts" / "grid-and-gravity-1.vtt").read_bytes()
    segments = parse_transcript(content, "text/vtt", "")
    assert {segment.speaker for segment in segments} == {"Max Linden", "Kim Porter"}
    assert segments[0].start_s == 0.5
    assert segments[1].end_s == pytest.approx(9.105)
