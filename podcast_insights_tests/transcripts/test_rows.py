"""What a row tells of what Whisper heard, and how a text gets into the table and back."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from podcast_insights.net.client import FetchError
from podcast_insights.transcripts.asset import mean_confidence
from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.duration import Length
from podcast_insights.transcripts.records import TRANSCRIPTS, Segment, Word
from podcast_insights.transcripts.rows import failed, heard_row, in_words, kept, published_row
from podcast_insights.transcripts.sniffing import NotAudioError
from podcast_insights.transcripts.whisper.records import (
    Transcription,
    TranscriptionError,
    UndecodableError,
)
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.transcripts import DAY, Row, episode, spoken

AUDIO = Audio("abc", 1000, Path("a.mp3"))
EPISODE = episode("a", "https://cdn.example/a.mp3")
HEARD = Transcription(
    segments=(
        *spoken(145, 58.0),
        Segment(
            58.0, 60.0, "well said", None, (Word(58.0, 58.2, "well"), Word(59.5, 60.0, "said"))
        ),
    ),
    language="en",
    duration_s=60.0,
    speech_s=59.0,
    real_time_factor=50.0,
    device="cpu",
    compute_type="int8",
    confidence=0.9,
    windows=2,
    decoded_again=1,
    detected_language="en",
    detected_probability=0.97,
)


def test_a_row_tells_how_sure_whisper_was() -> None:
    row = heard_row(EPISODE, AUDIO, HEARD, "en")
    assert row["status"] == "ok"
    assert (row["source"], row["speech_s"], row["confidence"]) == ("whisper", 59.0, 0.9)
    assert (row["decoded_again"], row["detected_language"]) == (1, "en")
    assert row["detected_language_probability"] == 0.97


@pytest.mark.parametrize(
    ("language", "changes", "status"),
    [
        ("de", {}, "wrong_language"),
        ("de", {"detected_probability": 0.5}, "ok"),
        ("de", {"detected_language": None, "detected_probability": None}, "ok"),
        (None, {"language": "de"}, "ok"),  # without a hint nothing is contradicted
        ("en", {"confidence": 0.2}, "unsure"),
        ("en", {"speech_s": 10.0, "segments": (), "confidence": None}, "not_speech"),
        ("en", {"segments": HEARD.segments[:5]}, "incomplete"),
    ],
)
def test_the_guards_know_what_whisper_knows(
    language: str | None, changes: Row, status: str
) -> None:
    assert heard_row(EPISODE, AUDIO, replace(HEARD, **changes), language)["status"] == status


def test_a_publishers_row_says_nothing_of_whisper() -> None:
    row = published_row(EPISODE, AUDIO, HEARD.segments, Length(60.0), "en")
    assert (row["status"], row["source"], row["language"]) == ("ok", "publisher", "en")
    assert [row[name] for name in ("speech_s", "confidence", "detected_language")] == [None] * 3


def test_a_publishers_text_of_cut_audio_is_marked() -> None:
    announced = EPISODE | {"claimed_duration_s": 90.0}
    row = published_row(announced, AUDIO, HEARD.segments, Length(60.0, 90.0), "en")
    assert row["status"] == "truncated_audio"
    assert "60 s of the 90 s that the file itself promises" in row["error"]


def test_audio_that_is_damaged_for_the_most_part_is_marked() -> None:
    damaged = replace(HEARD, damage="900 of 2,000 packets could not be decoded", lost_s=27.0)
    row = heard_row(EPISODE, AUDIO, damaged, "en")
    assert (row["status"], row["damage"]) == ("truncated_audio", damaged.damage)
    assert "33 s of the 60 s" in row["error"]
    scratched = replace(damaged, lost_s=2.0)
    assert heard_row(EPISODE, AUDIO, scratched, "en")["status"] == "ok"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FetchError("h answered HTTP 503", kind="http_status", status=503), None),
        (FetchError("h announced more than 9 bytes", kind="too_large"), "MAX_AUDIO_BYTES"),
        (NotAudioError("h served a picture; open the link"), "open the link"),
        (UndecodableError("the audio has no samples"), "has it sent anew"),
        (TranscriptionError("Whisper failed on it: ValueError: x"), "INSIGHTS_WHISPER_MODEL"),
        (TranscriptionError("there is too little memory; set this"), "set this"),
        (KeyError("x"), "report it"),
    ],
)
def test_what_to_do_comes_after_what_went_wrong(error: Exception, words: str | None) -> None:
    what, _, to_do = in_words(error).partition("; ")
    assert str(error).partition("; ")[0] in what
    assert (words in to_do) if words else not to_do
    assert "; set this;" not in in_words(error)


def test_a_row_that_is_kept_tells_why() -> None:
    old = heard_row(EPISODE, AUDIO, HEARD, "en")
    row = kept(EPISODE | {"published_on": DAY + timedelta(days=1)}, old, "the host is down")
    assert row["source_reason"] == "kept; could not be made anew: the host is down"
    assert row["published_on"] == DAY + timedelta(days=1)
    assert (row["text"], row["words"]) == (old["text"], old["words"])


def test_a_text_comes_back_from_the_table_with_its_words(tmp_path: Path) -> None:
    made = dict.fromkeys(("source_reason", "model", "model_revision", "options"))
    warehouse = Warehouse(tmp_path / "w.duckdb", {"transcripts": TRANSCRIPTS})
    rows = [
        heard_row(EPISODE, AUDIO, HEARD, "en"),
        failed(EPISODE | {"episode_id": "b"}, "the host answered HTTP 404"),
    ]
    frame = TRANSCRIPTS.frame([made | row for row in rows])
    warehouse.replace_window("transcripts", DateWindow.of_day(DAY), frame)
    stored = warehouse.read("FROM transcripts ORDER BY episode_id")
    assert tuple(map(Segment.from_row, stored["segments"][0])) == HEARD.segments
    assert stored["segments"][1].to_list() == []
    assert not warehouse.replace_window("transcripts", DateWindow.of_day(DAY), frame).is_changed


def test_a_text_comes_back_from_the_cache_with_its_words() -> None:
    assert Transcription.from_json(json.loads(json.dumps(HEARD.to_json()))) == HEARD


def test_an_entry_from_before_there_were_words_is_still_good() -> None:
    entry = json.loads(json.dumps(HEARD.to_json()))
    for segment in entry["segments"]:
        del segment["words"]
    for name in ("confidence", "windows", "decoded_again"):
        del entry[name]
    found = Transcription.from_json(entry)
    assert found.segments == tuple(replace(s, words=()) for s in HEARD.segments)
    assert found.confidence is None


@pytest.mark.parametrize("row", [{"start_s": 1.0}, {"start_s": 1, "x": 2}, ["start_s"], None])
def test_what_is_no_segment_is_not_taken_for_one(row: Row) -> None:
    with pytest.raises(TypeError):
        Segment.from_row(row)


def test_each_second_counts_the_same_in_the_mean_confidence() -> None:
    types = {"confidence": pl.Float64, "duration_s": pl.Float64}
    rows = [(0.9, 300.0), (0.5, 100.0), (None, 9000.0)]
    assert mean_confidence(pl.DataFrame(rows, types, orient="row")) == 0.8
    assert mean_confidence(pl.DataFrame(schema=types)) is None
