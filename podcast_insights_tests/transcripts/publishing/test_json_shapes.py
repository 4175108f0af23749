"""JSON as speech recognizers leave it, and in lines."""

import json
from typing import Any

import pytest

from podcast_insights.transcripts.publishing import TranscriptFormatError
from podcast_insights.transcripts.records import Segment, Word
from podcast_insights_tests.transcripts.publishing import parse, said
from podcast_insights_tests.transcripts.publishing.test_json_pieces import EXPECTED, read, rows

TEXT = "Tides come from the moon, and a little from the sun. Is that so? It is so, so they say."
WORDS = [(0.5 + n / 2, 0.9 + n / 2, word) for n, word in enumerate(TEXT.split())]
PODLOVE = [{**row, "speaker": "7", "voice": "A"} for row in rows("start", "end", "text")]
SENTENCES = [
    "Tides come from the moon, and a little from the sun.",
    "Is that so?",
    "It is so, so they say.",
]


def deepgram() -> dict[str, Any]:
    words = [
        {
            "word": word.lower().strip(",.?"),
            "punctuated_word": word,
            "start": start,
            "end": end,
            "speaker": int(start > 5.9),
        }
        for start, end, word in WORDS
    ]
    best = {"transcript": TEXT, "confidence": 0.9, "words": words}
    return {"metadata": {}, "results": {"channels": [{"alternatives": [best, {"words": []}]}]}}


def aws() -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for start, end, word in WORDS:
        bare = word.strip(",.?")
        items.append(
            {
                "type": "pronunciation",
                "start_time": f"{start}",
                "end_time": f"{end}",
                "speaker_label": f"spk_{int(start > 5.9)}",
                "alternatives": [{"confidence": "0.9", "content": bare}],
            }
        )
        if mark := word[len(bare) :]:
            items.append({"type": "punctuation", "alternatives": [{"content": mark}]})
    return {"jobName": "1", "results": {"transcripts": [{"transcript": TEXT}], "items": items}}


@pytest.mark.parametrize(
    ("document", "speakers"),
    [(deepgram(), ["0", "1", "1"]), (aws(), ["spk_0", "spk_1", "spk_1"])],
    ids="deepgram aws".split(),
)
def test_words_are_found_where_recognizers_put_them(document: object, speakers: list[str]) -> None:
    found = read(document)
    assert said(found) == list(zip(speakers, SENTENCES, strict=True))
    assert found[1].words[-1] == Word(7.0, 7.4, "so?")


def whisper_cpp(times: dict[str, list[Any]]) -> dict[str, Any]:
    texts = [" Hello there, dear listener.", " Hello to you as well."]
    pieces = [
        {"text": text, **{name: given[n] for name, given in times.items()}}
        for n, text in enumerate(texts)
    ]
    return {"systeminfo": "", "model": {"type": "base"}, "transcription": pieces}


@pytest.mark.parametrize(
    "times",
    [
        {"offsets": [{"from": 500, "to": 2000}, {"from": 2500, "to": 4000}]},
        {
            "timestamps": [
                {"from": "00:00:00,500", "to": "00:00:02,000"},
                {"from": "00:00:02,500", "to": "00:00:04,000"},
            ]
        },
    ],
    ids=["offsets", "timestamps"],
)
def test_whisper_cpp_counts_milliseconds_or_shows_clocks(times: dict[str, list[Any]]) -> None:
    assert read(whisper_cpp(times)) == tuple(Segment(s.start_s, s.end_s, s.text) for s in EXPECTED)


@pytest.mark.parametrize(
    "document",
    [
        {"transcript": {"segments": rows("startTime", "endTime", "body")}},
        {"segments": rows("start_time", "end_time", "text")},
        {"transcript": PODLOVE},
    ],
    ids=["nested", "snake_case", "podlove"],
)
def test_other_names_say_the_same(document: object) -> None:
    assert read(document) == EXPECTED


def test_a_line_may_be_a_document() -> None:
    lines = [json.dumps(row) for row in rows("start", "end", "text")]
    assert parse("\n".join(lines) + "\n\n", "application/json") == EXPECTED


@pytest.mark.parametrize(
    "document",
    [
        {"results": {"channels": [{"alternatives": []}]}},
        {"results": {"channels": [{"alternatives": [{"words": [{"word": "no time"}]}]}]}},
        {"results": {"items": [{"type": "pronunciation"}]}},
        {"results": {"items": [1, 2]}},
        {"transcription": ["text"]},
        {"transcription": [{"text": "no time"}]},
        {"transcript": {"segments": 1}},
    ],
)
def test_what_only_looks_like_these_is_refused(document: object) -> None:
    with pytest.raises(TranscriptFormatError, match="not a Podcasting 2.0 transcript"):
        read(document)
