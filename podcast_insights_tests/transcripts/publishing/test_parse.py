"""Any file: what can be read is read, the rest is refused in words, and soon."""

import codecs
import json
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.transcripts.publishing import TranscriptFormatError, parse_transcript
from podcast_insights_tests.conftest import SAMPLES, SHARED
from podcast_insights_tests.effort import assert_no_more_than_linear
from podcast_insights_tests.transcripts.publishing import parse
from podcast_insights_tests.transcripts.publishing.test_captions import SRT, VTT
from podcast_insights_tests.transcripts.publishing.test_json_pieces import JSON
from podcast_insights_tests.transcripts.publishing.test_pages_and_plain import FLAVOUR, PLAIN

FORMATS = SHARED / "data" / "transcripts" / "formats"
SERVED = sorted(FORMATS.iterdir()) if FORMATS.is_dir() else []
READABLE = {
    "AI_Autocomplete_for_QGIS.srt": (583, set()),
    "Bloat.srt": (724, {"Michael", "Chelsea"}),
    "Episode_17.srt": (678, set()),
    "I_Quit_My_Job.srt": (298, set()),
    "Managed_services_vs._DIY.vtt": (576, {"Michael", "Nikolay"}),
    "Yak_Shaving_with_Tim_Mitra.srt": (1055, {"Leo Dion", "Tim Mitra"}),
    "pn_example.html": (10, {"Travis", "Gilon", "Sarah"}),
    "pn_example.srt": (222, {"Travis", "Gilon", "Sarah"}),
    "pn_example.vtt": (7, {"Sarah", "Gillian"}),
}
"""Files of the shared corpus that hold timed text: how many pieces, and who speaks."""
REFUSED = {
    "300_multiple_choices.html": "names no time for 373 s",
    "pn_example.json": "chapters",
    "pn_exampleComplex.json": "chapters",
}
TEXT_JSON = json.dumps(JSON)


@pytest.mark.parametrize(
    ("text", "media_type", "url"),
    [
        (VTT, "text/vtt; charset=utf-8", ""),
        (VTT, "Text/VTT", ""),
        (VTT, None, "https://host.example/1.vtt"),
        (VTT, "text/plain", "https://host.example/1.VTT?token=1.srt"),
        (VTT, "application/ttml+xml", ""),
        (VTT, "text/html", ""),
        (SRT, "application/srt", ""),
        (SRT, "application/octet-stream", "https://host.example/1.srt"),
        (SRT, "text/plain", "https://host.example/1.txt"),
        (SRT, "text/vtt", ""),
        (TEXT_JSON, "", "https://host.example/1.json"),
        (TEXT_JSON, "text/plain", ""),
        ("\n " + TEXT_JSON, "text/html", ""),
        (FLAVOUR, "text/plain", ""),
        (FLAVOUR, None, ""),
        (PLAIN[0], "", ""),
        (PLAIN[0], "text/html", ""),
    ],
)
def test_what_a_file_is_counts_more_than_what_it_is_called(
    text: str, media_type: str | None, url: str
) -> None:
    assert len(parse(text, media_type, url)) >= 2


@pytest.mark.parametrize(
    ("content", "media_type", "reason"),
    [
        (b"", "text/vtt", "the file is empty"),
        (codecs.BOM_UTF8 + b" \r\n", "text/plain", "the file is empty"),
        (b"Ann: Hello.", "application/srt", "not readable as srt"),
        (b"WEBVTT\n\n", "text/vtt", "no timed text"),
        (b"WEBVTT\n\nsoon --> later\nHello\n", "text/vtt", "times that can't be read"),
        (b"WEBVTT\n\n99999:00.000 --> 00:02.000\nHello\n", "text/vtt", "can't be read"),
        (b"WEBVTT\n\n999:00:00.000 --> 999:00:01.000\nHello\n", "text/vtt", "beyond any audio"),
        (bytes(range(256)) * 8, "text/vtt", "binary data"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 20, "application/json", "binary data"),
        (b"\n <!DOCTYPE html><html><p>Gone", "text/vtt", "a web page was served"),
        (b"<HTML><body>Login</body></HTML>", "application/json", "a web page was served"),
        (b"<HTML><body>Login</body></HTML>", "text/html", "no times we can read"),
        (b"<?xml version='1.0'?><tt><p begin='1s'>Hello</p></tt>", "text/vtt", "XML document"),
        (b"Ann: Hello.", "text/plain", "no times we can read"),
        (b"{} " * 7_000_000, "application/json", "larger than 20 MB"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"word " * 4001, "text/vtt", "20004 charact"),
        (b"WEBVTT\n\n00:01.000 --> 00:09.000\n" + b"alltheserunaltogether " * 40, "text/vtt",
         "run together"),
    ],
    ids=range(17),
)  # fmt: skip
def test_what_is_no_timed_transcript_is_refused_with_a_reason(
    content: bytes, media_type: str, reason: str
) -> None:
    with pytest.raises(TranscriptFormatError, match=reason):
        parse_transcript(content, media_type, "https://host.example/transcript")


FOREIGN = VTT.replace("everyone", "Äpfel für Zoë, señor, à bientôt – “d’accord”")


@pytest.mark.parametrize(
    "content",
    [
        FOREIGN.encode(),
        FOREIGN.encode("utf-8-sig"),
        FOREIGN.encode("utf-16"),
        codecs.BOM_UTF16_BE + FOREIGN.encode("utf-16-be"),
        FOREIGN.encode("utf-16-le"),
        FOREIGN.encode("utf-32"),
        FOREIGN.encode("cp1252"),
    ],
    ids="utf-8 bom utf-16 utf-16-be no_bom utf-32 cp1252".split(),
)
def test_texts_are_read_in_the_encodings_they_come_in(content: bytes) -> None:
    found = parse_transcript(content, "text/vtt", "")
    assert found[0].text == "Hello, world & Äpfel für Zoë, señor, à bientôt – “d’accord”."


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [SRT, PLAIN[0], TEXT_JSON], ids="srt txt json".split())
def test_english_in_unmarked_utf_16_is_no_binary_data(text: str, encoding: str) -> None:
    assert text.isascii()
    assert parse_transcript(text.encode(encoding), None, "") == parse(text, None)


def test_a_damaged_character_does_not_change_the_encoding() -> None:
    content = FOREIGN.encode() + b"\n00:06.000 --> 00:07.000\nB\xfcrger\n"
    assert parse_transcript(content, "text/vtt", "")[0].text.endswith("“d’accord”.")


STARTS = (
    b"",
    b"WEBVTT\n\n00:01.000 --> 00:02.000\n",
    b"1\n00:00:01,000 --> 00:00:02,000\n",
    b"[00:00:00] a\n[00:00:01] b\n[00:00:02] ",
    b"<cite>Ann:</cite><time>0:00</time><p>",
    b'{"segments": [{"startTime": 1, "body": "x"}',
)


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_raise_anything_else(content: bytes) -> None:
    for start in STARTS:
        for media_type in ("text/vtt", "application/json", "text/html", "text/plain"):
            try:
                segments = parse_transcript(start + content, media_type, "")
            except TranscriptFormatError:
                continue
            assert segments
            for segment in segments:
                assert segment.text == segment.text.strip() != ""
                assert 0 <= segment.start_s <= 1e6
                assert segment.text.encode() and "\0" not in segment.text


PATTERNS = (
    *STARTS[1:],
    b"<", b"<v ", b"<v A>", b"<a", b"</", b"&lt;", b"&#", b"[", b"{", b'{"a":', b"\\[0:00", b"(",
    b" ", b"\n", b"\r", b"0:00", b"0:00 ", b"-->", b"-", b":", b"A: ", b"Ann Lee: x\n", b"\xff",
    b"\xe4a ", b"\0", b"NOTE\n", b"0", b"\n\n00:01.000 --> 00:02.000\nx y z", b"<div>",
    b"<p>[0:01] x", b"**", b"<b x=", b"<v.", b"{\\", b">> A: ", b" >>", b"[A] ", b"a:",
    b"\nA: ", b"{}\n", b"A [0:00] ", b"\nAnn Lee [0:00] x", b"->0:00", b"00:00:00:000",
    b"\xe2\x80\xa8",
)  # fmt: skip
"""What regular expressions and parsers have stumbled over."""
MB = 1_000_000


def read_or_refused(content: bytes) -> None:
    with suppress(TranscriptFormatError):
        parse_transcript(content, "text/html" if b"<" in content[:1] else None, "")


def assert_soon_read_or_refused(start: bytes, unit: bytes, size: int) -> None:
    """Of `size` bytes that are all `unit`s after the start."""
    assert_no_more_than_linear(read_or_refused, lambda n: start + unit * (n // len(unit) + 1), size)


@pytest.mark.parametrize("pattern", PATTERNS, ids=ascii)
def test_a_megabyte_of_anything_takes_no_longer_than_its_length(pattern: bytes) -> None:
    for start in STARTS:
        assert_soon_read_or_refused(start, pattern, MB if start == b"" else MB // 20)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.sampled_from(PATTERNS) | st.binary(max_size=20), min_size=1, max_size=6))
def test_any_mixture_takes_no_longer_than_its_length(parts: list[bytes]) -> None:
    assert_soon_read_or_refused(b"", b"".join(parts) or b"x", MB // 4)


@pytest.mark.parametrize("filling", [" ", " (", "\t", " (host"])
def test_what_stands_before_a_time_is_no_name_of_any_length(filling: str) -> None:
    def line(size: int) -> bytes:
        return f"x{filling * (size // len(filling))}y: [0:03] hi".encode()

    assert_no_more_than_linear(read_or_refused, line, 60_000)


@pytest.mark.parametrize("word", ["." * 5_000 + "x", "語" * 450, "ab" * 100, "a" * 201])
def test_words_are_split_where_no_word_is_that_long(word: str) -> None:
    said = f"And so {word} it goes on."
    (found,) = parse_transcript(f"WEBVTT\n\n00:01.000 --> 00:09.000\n{said}\n".encode(), None, "")
    assert max(map(len, found.text.split())) == min(len(word), 200)
    assert found.text.replace(" ", "") == said.replace(" ", "")
    assert (found.text == said) is (len(word) <= 200)


@pytest.mark.skipif(not SERVED, reason="no shared corpus in this checkout")
@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.name)
def test_transcripts_as_they_are_served_are_read_or_refused(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(TranscriptFormatError, match=REFUSED[path.name]):
            parse_transcript(path.read_bytes(), None, path.name)
        return
    count, speakers = READABLE[path.name]
    segments = parse_transcript(path.read_bytes(), None, path.name)
    assert len(segments) == count
    assert {s.speaker for s in segments} - {None} == speakers
    assert not [s for s in segments if re.search(r"\((?:host|guest)\):|<v|-->", s.text)]
    assert all(0 <= s.start_s <= s.end_s for s in segments)
    assert max(Counter(s.start_s for s in segments).values()) <= 2


def test_the_samples_speakers_are_known() -> None:
    content = (SAMPLES / "transcripts" / "grid-and-gravity-1.vtt").read_bytes()
    segments = parse_transcript(content, "text/vtt", "")
    assert {segment.speaker for segment in segments} == {"Max Linden", "Kim Porter"}
    assert segments[0].start_s == 0.5
    assert segments[1].end_s == pytest.approx(9.105)
