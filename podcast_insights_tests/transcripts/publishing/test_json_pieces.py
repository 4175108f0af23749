"""JSON transcripts in the shapes that are served."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podcast_insights.transcripts.guards import impossible_times
from podcast_insights.transcripts.publishing import TranscriptFormatError
from podcast_insights.transcripts.records import Segment, Word
from podcast_insights_tests.transcripts.publishing import parse, said

JSON = {
    "version": "1.0.0",
    "segments": [
        {"speaker": "Ann", "startTime": 0.5, "endTime": 2.027, "body": "Hello <b>world</b>."},
        {"startTime": "3.125", "endTime": 4, "body": " No speaker\nhere. "},
        {"startTime": 5, "endTime": 6, "body": "  "},
        {"speaker": "", "startTime": "00:00:07.250", "body": "No end."},
        {"startTime": 60, "endTime": 61, "body": "Bye."},
    ],
}


def read(document: Any) -> tuple[Segment, ...]:  # noqa: ANN401 - any JSON
    return parse(json.dumps(document), "application/json")


def test_podcasting_2_takes_numbers_and_strings_and_leaves_out_what_is_empty() -> None:
    assert read(JSON) == (
        Segment(0.5, 2.027, "Hello world.", "Ann"),
        Segment(3.125, 4.0, "No speaker here.", None),
        Segment(7.25, 11.25, "No end.", None),  # a word a second at most, and a breath
        Segment(60.0, 61.0, "Bye.", None),
    )


SPOKEN = [(0.5, 2.0, "Hello there, dear listener."), (2.5, 4.0, "Hello to you as well.")]
EXPECTED = tuple(Segment(start, end, text, "A") for start, end, text in SPOKEN)


def rows(start: str, end: str, text: str, factor: float = 1) -> list[dict[str, Any]]:
    return [
        {"speaker": "A", start: begin * factor, end: until * factor, text: words}
        for begin, until, words in SPOKEN
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"segments": rows("startTime", "endTime", "body")},
        {"text": "...", "language": "en", "segments": rows("start", "end", "text")},
        rows("start", "end", "text"),
        {"transcripts": rows("start_ms", "end_ms", "text", 1000)},
        {"id": 1, "utterances": rows("start", "end", "text", 1000)},
        {"results": {"channels": [], "utterances": rows("start", "end", "transcript")}},
    ],
    ids="podcasting_2 whisper list podlove assemblyai deepgram".split(),
)
def test_what_programs_leave_behind_says_the_same(document: object) -> None:
    assert read(document) == EXPECTED


def test_times_in_no_unit_of_speech_are_refused() -> None:
    with pytest.raises(TranscriptFormatError, match="neither seconds nor milliseconds"):
        read({"utterances": rows("start", "end", "text", 30)})


def words(text: str, speaker: str | None = None, start: float = 0.0) -> list[dict[str, Any]]:
    return [
        {
            "startTime": start + n / 2,
            "endTime": start + n / 2 + 0.4,
            "body": word,
            **({"speaker": speaker} if speaker else {}),
        }
        for n, word in enumerate(text.split())
    ]


LONG = 'Tides come from the moon and a little from the sun. "Is that so?" It is so, so they say.'


def test_single_words_are_joined_into_sentences() -> None:
    found = read({"segments": words(LONG)})
    assert [s.text for s in found] == [
        "Tides come from the moon and a little from the sun.",
        '"Is that so?"',
        "It is so, so they say.",
    ]
    assert (found[1].start_s, found[1].end_s) == (5.5, 6.9)
    assert found[1].words == (
        Word(5.5, 5.9, '"Is'),
        Word(6.0, 6.4, "that"),
        Word(6.5, 6.9, 'so?"'),
    )


def test_words_without_ends_have_no_times_of_their_own() -> None:
    rows = [{"startTime": row["startTime"], "body": row["body"]} for row in words(LONG)]
    found = read({"segments": rows})
    assert [len(s.text.split()) for s in found] == [11, 3, 6]
    assert not any(segment.words for segment in found)


def test_single_words_are_parted_by_speakers_pauses_and_length() -> None:
    document = {
        "segments": [
            *words("so the tides come", "Ann"),
            *words("from the moon", "Bob", 2.0),
            *words("and the sun", "Bob", 10.0),
            *words(" ".join(["more"] * 50), "Bob", 20.0),
        ]
    }
    assert said(read(document))[:3] == [
        ("Ann", "so the tides come"),
        ("Bob", "from the moon"),
        ("Bob", "and the sun"),
    ]
    assert [len(s.text.split()) for s in read(document)[3:]] == [40, 10]


def test_short_pieces_are_not_taken_for_single_words() -> None:
    answers = [{"startTime": n, "endTime": n + 1, "body": "Yes it is."} for n in range(20)]
    assert len(read({"segments": [*answers, *words("Yes. No. Yes. Oh.", None, 30)]})) == 24


CHINESE = ["今天天气真的很好我们一起出去走走吧", "好", "那么我们从哪里开始说起呢", "对"] * 10


def test_sentences_without_spaces_are_no_single_words() -> None:
    rows = [
        {"startTime": 4 * n, "endTime": 4 * n + 4, "body": text} for n, text in enumerate(CHINESE)
    ]
    found = read({"segments": rows})
    assert [s.text for s in found] == CHINESE
    assert not any(s.words for s in found)


def test_single_words_without_spaces_are_joined_still() -> None:
    assert len(read({"segments": words("今天 天气 真的 很好 我们 出去 走走 " * 4 + "吧。")})) == 1


def test_utterances_without_spaces_are_in_a_unit_of_speech() -> None:
    rows = [{"start": 4000 * n, "end": 4000 * n + 4000, "text": CHINESE[0]} for n in range(9)]
    assert read({"utterances": rows})[1].start_s == 4.0


@pytest.mark.parametrize(
    "text", ["今天天气真的很好我们一起出去走走吧", "วันนี้อากาศดีมากเราไปเดินเล่นกัน"]
)
def test_texts_without_spaces_and_ends_are_not_hurried(text: str) -> None:
    found = read({"segments": [{"startTime": 4 * n, "body": text * 2} for n in range(40)]})
    assert [s.end_s for s in found[:2]] == [4.0, 8.0]
    assert impossible_times(found, 160.0, None) is None


def test_the_last_piece_without_an_end_lasts_as_long_as_people_need_to_say_it() -> None:
    text = "And that is all that we have for you today."
    found = read({"segments": [{"startTime": 5 * n, "body": text} for n in range(12)]})
    assert found[-1] == Segment(55.0, 59.0, text)
    assert impossible_times(found, 60.0, None) is None


def test_null_is_neither_a_text_nor_an_end() -> None:
    rows = [
        {"startTime": 0, "endTime": None, "body": "Hello."},
        {"startTime": 1, "endTime": 2, "body": None},
        {"startTime": 2, "endTime": "", "body": "You there."},
        {"startTime": 4, "endTime": None, "end": 5, "body": None, "text": "Me?"},
    ]
    assert read({"segments": rows}) == (
        Segment(0.0, 2.0, "Hello."),
        Segment(2.0, 4.0, "You there."),
        Segment(4.0, 5.0, "Me?"),
    )


@pytest.mark.parametrize("body", [["Hello"], {"text": "Hello"}, True])
def test_what_is_no_text_is_refused(body: object) -> None:
    reason = f"a {type(body).__name__} in place of a text"
    with pytest.raises(TranscriptFormatError, match=reason):
        read({"segments": [{"startTime": 0, "endTime": 1, "body": body}]})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("[]", "no timed text"),
        ('{"segments": {}}', "it has no segments"),
        ('{"segments": []}', "no timed text"),
        ('{"segments": [1]}', "not a Podcasting 2.0"),
        ('{"segments": [{"body": "no time"}]}', "not a Podcasting 2.0 .*startTime"),
        ('{"segments": [{"startTime": null, "body": "x"}]}', "not a Podcasting 2.0"),
        ('{"segments": [{"startTime": 1, "endTime": "soon", "body": "x"}]}', "not a Podcasting"),
        ('{"version": "1.2.0", "chapters": [{"startTime": 0, "title": "x"}]}', "holds chapters"),
        ("[" * 100_000, "not a Podcasting 2.0 transcript"),
        ('{"segments":' * 100_000, "not a Podcasting 2.0 transcript"),
        ('{"segments": [' + '{"startTime": 1, "body": "x"},' * 200_000 +
         '{"startTime": 1, "body": "x"}]}', "more than 200000 pieces"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_transcript_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(TranscriptFormatError, match=reason):
        parse(text, "application/json")


@pytest.mark.parametrize("time", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "-1"])
def test_times_that_are_no_numbers_are_refused(time: str) -> None:
    # Python's JSON lets them in, and no comparison of a guard would notice NaN.
    for segment in (
        f'{{"startTime": {time}, "body": "x"}}',
        f'{{"startTime": 0, "endTime": {time}, "body": "x"}}',
    ):
        with pytest.raises(TranscriptFormatError, match="not a Podcasting 2.0 transcript"):
            parse(f'{{"segments": [{segment}]}}', "application/json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from("segments utterances startTime start end body text".split()), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_raises_anything_else(value: object) -> None:
    for document in (value, {"segments": value}, {"utterances": [value]}):
        try:
            segments = read(document)
        except TranscriptFormatError:
            continue
        assert all(segment.start_s - segment.start_s == 0 for segment in segments)


def test_pieces_that_begin_together_without_ends_are_said_one_after_the_other() -> None:
    said_at = [(0, "One two three."), (0, "Four."), (4, "Five six."), (4, "Seven eight nine.")]
    found = read({"segments": [{"startTime": at, "body": text} for at, text in said_at]})
    assert [(s.start_s, s.end_s) for s in found] == [(0, 3), (3, 4), (4, 4.8), (4.8, 6)]
    assert [s.text for s in found] == [text for _, text in said_at]


def test_lines_of_a_piece_are_not_one_word() -> None:
    found = read({"segments": [{"startTime": 0, "body": "<p>One<br>two</p><p>th<b>ree</b></p>"}]})
    assert found[0].text == "One two three"
