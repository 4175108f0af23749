"""WebVTT and SRT in their dialects."""

import re

import pytest

from podcast_insights.transcripts.publishing import TranscriptFormatError
from podcast_insights.transcripts.records import Segment
from podcast_insights_tests.transcripts.publishing import parse, said

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


@pytest.mark.parametrize(
    "text",
    [
        VTT.replace("\n", "\r\n"),
        VTT.replace("\n", "\r"),
        "\ufeff" + VTT,
        VTT.rstrip("\n"),
        VTT.replace("WEBVTT", "WEBVTT - made by a program"),
        VTT.replace("WEBVTT\n", "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n"),
        VTT.replace("NOTE made by hand", "STYLE\n::cue { color: red }"),
        VTT.replace("NOTE made by hand", "REGION\nid:fred\nwidth:40%"),
        VTT.replace("No speaker here.", "No speaker here.\n\nNOTE\nsaid nobody\nat all"),
        VTT.replace("No speaker", "No <c.yellow>speaker</c>").replace("here", "<00:00:04.000>here"),
        VTT.replace("-->", "->"),
        VTT.replace(" --> ", "-->"),
        VTT.replace("00:03.125", "  0:03,125"),
        VTT.replace("\nintro\n", "\n"),
    ],
)
def test_dialects_of_webvtt_say_the_same(text: str) -> None:
    assert parse(text) == parse(VTT)


@pytest.mark.parametrize(
    "text",
    [
        SRT.replace(",", ".").replace("started.", "started,"),
        SRT.replace("2\n00", "00").replace("1\n00", "00"),
        SRT.replace("hard.\n\n2", "hard.\n2"),
        SRT.replace("get\nstarted", "get\n\nstarted"),
        SRT.replace("\n\n", "\n\n\n"),
        "WEBVTT\n\n" + SRT,
        re.sub(r",([0-9]{3})", r":\1", SRT),
        re.sub(r",([0-9]{3})", r", \1", SRT),
        SRT.replace("-->", "→"),
        SRT.replace("-->", "--&gt;"),
    ],
)
def test_dialects_of_srt_say_the_same(text: str) -> None:
    for media_type in ("application/srt", "text/plain", None):
        assert parse(text, media_type) == parse(SRT, "application/srt")


def test_captions_whose_times_can_not_be_read_are_no_plain_text() -> None:
    cues = [f"00:00:0{n}:12 --> 00:00:0{n + 1}:10\nPiece {n}.\n" for n in range(8)]
    with pytest.raises(TranscriptFormatError, match="8 of its captions have times that can't"):
        parse("\n".join(cues), "text/plain")


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ("if a<b and c>d then", "if a<b and c>d then"),
        ("a List<String> of vector<int>", "a List<String> of vector<int>"),
        ("I love <unk> it <3", "I love <unk> it <3"),
        ("<I>All</I> <font color='#fff'>of</font> <c.red.big>it</c><br/>", "All of it"),
        ("<v Ann><lang en><00:00:00.500>Is <u >it</u>? <ruby>x<rt>y</rt></ruby>", "Is it? xy"),
        ("{\\an8}{\\i1}Up here{\\i0}, {so} it is", "Up here, {so} it is"),
    ],
)
def test_markup_is_left_out_and_what_only_looks_like_it_is_said(shown: str, text: str) -> None:
    assert [text for _, text in labelled(shown)] == [text]


def test_what_is_said_may_begin_like_a_comment() -> None:
    cues = "00:01.000 --> 00:02.000\nNOTE that well.\n\n00:02.000 --> 00:03.000\nREGION by region"
    assert [text for _, text in said(parse(f"WEBVTT\n\n{cues}\n"))] == [
        "NOTE that well.",
        "REGION by region",
    ]
    empty = "00:01.000 --> 00:02.000\n\nNOTE said by nobody\n\n00:02.000 --> 00:03.000\nSo it is.\n"
    assert [text for _, text in said(parse(f"WEBVTT\n\n{empty}"))] == ["So it is."]


def test_a_number_that_somebody_says_is_no_number_of_a_caption() -> None:
    text = "00:01.000 --> 00:02.000\n42\n\n00:02.000 --> 00:03.000\n43\n"
    assert [text for _, text in said(parse(text, "text/srt"))] == ["42", "43"]


def test_two_voices_in_one_cue_are_two_pieces_in_its_time() -> None:
    cue = "00:10.000 --> 00:20.000\n<v Ann>Yes, I am.</v>\n<v Bob>So am I to.\n"
    assert parse("WEBVTT\n\n" + cue) == (
        Segment(10.0, pytest.approx(14.762, abs=0.01), "Yes, I am.", "Ann"),
        Segment(pytest.approx(14.762, abs=0.01), 20.0, "So am I to.", "Bob"),
    )


def test_few_unreadable_times_cost_their_captions_and_many_the_file() -> None:
    cues = [f"00:{n:02}.000 --> 00:{n + 1:02}.000\nPiece {n}.\n" for n in range(59)]
    bad = "soon --> later\nNever.\n"
    assert len(parse("\n".join(["WEBVTT\n", *cues, bad]))) == 59
    with pytest.raises(TranscriptFormatError, match="2 of its 61 captions have times"):
        parse("\n".join(["WEBVTT\n", *cues, bad, bad]))


# Names before a colon


def labelled(*texts: str) -> list[tuple[str | None, str]]:
    cues = [f"00:{n:02}.000 --> 00:{n + 1:02}.000\n{text}\n" for n, text in enumerate(texts)]
    return said(parse("\n".join(["WEBVTT\n", *cues])))


def test_names_that_are_used_all_along_are_speakers_until_the_next_one() -> None:
    assert labelled(
        "Ann Lee (host): Hello.",
        "And welcome.",
        "BOB: Thanks: a lot.",
        "Ann Lee (host): One thing: it is late.",
        ">> BOB: It is.",
        "One thing: it is later still.",
    ) == [
        ("Ann Lee", "Hello."),
        ("Ann Lee", "And welcome."),
        ("BOB", "Thanks: a lot."),
        ("Ann Lee", "One thing: it is late."),
        ("BOB", "It is."),
        ("BOB", "One thing: it is later still."),
    ]


def test_after_a_label_that_is_no_name_nobody_is_named() -> None:
    texts = ["Ann: Hello.", "Bob: Hi.", "Ann: So.", "Bob: Well.", "Caller: Good day.", "Bye."]
    assert labelled(*texts)[-2:] == [(None, "Caller: Good day."), (None, "Bye.")]


@pytest.mark.parametrize(
    "texts",
    [
        ["Ann: Hello.", "Welcome.", "Bob: Hi."],  # too few to be sure
        ["Note: one.", "Rule: two.", "Also: three.", "Then: four.", "Ann: five.", "Ann: six."],
        ["It's 10:30 now.", "It's 10:31 now.", "It's 10:32 now.", "It's 10:33 now."],
        ["he said: no", "she said: yes", "he said: why", "she said: just so"],
    ],
)
def test_colons_in_speech_name_nobody(texts: list[str]) -> None:
    assert labelled(*texts) == [(None, text) for text in texts]


def test_voices_are_believed_before_colons() -> None:
    texts = [f"<v Ann>Rule: number {n}." for n in range(6)]
    assert labelled(*texts) == [("Ann", f"Rule: number {n}.") for n in range(6)]


def test_a_name_as_long_as_a_sentence_is_none() -> None:
    assert labelled(f"<v {'A' * 81}>Hello.", f"<v {'A' * 80}>Hello.") == [
        (None, "Hello."),
        ("A" * 80, "Hello."),
    ]


def test_what_captions_show_and_nobody_says_is_left_out() -> None:
    shown = ["[Music]", "(laughs) [door slams]", "♪ ♪", ">> Hello (again).", ">>> [Music] Hi."]
    assert labelled(*shown) == [(None, "Hello (again)."), (None, "[Music] Hi.")]


# Captions that roll


def rolling(lines: list[str]) -> str:
    """As YouTube serves them: the last line again with a new one, then alone for 10 ms."""
    cues, last = [], " "
    for n, line in enumerate(lines):
        start = f"00:{n:02}.000"
        words = line.replace(" ", f"<00:00:{n:02}.500><c> ", 1) + "</c>"
        cues.append(f"{start} --> 00:{n:02}.990 align:start position:0%\n{last}\n{words}\n")
        cues.append(f"00:{n:02}.990 --> 00:{n + 1:02}.000\n{line}\n \n")
        last = line
    return "\n".join(["WEBVTT\nKind: captions\nLanguage: en\n", *cues])


LINES = ["hello and welcome to", "the show about tides", "the show about tides", "and their moons"]


def test_what_rolling_captions_repeat_is_said_once() -> None:
    found = parse(rolling(LINES[:2] + LINES[3:]))
    assert [s.text for s in found] == [LINES[0], LINES[1], LINES[3]]
    assert [(s.start_s, s.end_s) for s in found] == [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]


def test_captions_that_grow_word_by_word_are_said_once() -> None:
    words = "one two three four five six seven eight".split()
    cues = [
        f"00:0{n}.000 --> 00:0{n + 1}.000\n{' '.join(words[: n + 1])}\n" for n in range(len(words))
    ]
    assert " ".join(s.text for s in parse("\n".join(["WEBVTT\n", *cues]))) == " ".join(words)


def test_who_repeats_himself_is_left_alone() -> None:
    for texts in (LINES, ["And so it goes on and on."] * 12):
        assert [text for _, text in labelled(*texts)] == texts
