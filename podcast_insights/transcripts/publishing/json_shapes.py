"""Where in a JSON document the timed texts are, and under which names.

Podcasting 2.0, Whisper, Podlove, AssemblyAI and others have a list of objects with a start and a
text; Deepgram, AWS Transcribe and whisper.cpp hide these deeper. All become one list of rows.

What does not belong here: times and texts themselves (`json_pieces.py`).
"""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from podcast_insights.transcripts.publishing.pieces import (
    NoTranscriptError,
    TranscriptFormatError,
)

Row = dict[str, Any]
LISTS = ("segments", "utterances", "transcripts", "transcript", "cues", "words")


def document_of(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON document, or a list of those that stand in a line each.

    Raises:
        ValueError: neither.
        RecursionError: it is nested too deep.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise
        return [json.loads(line) for line in text.split("\n") if line.strip()]


def rows_of(document: Any) -> tuple[str, list[Row]]:  # noqa: ANN401 - any JSON value
    """The list of timed texts in a document, and what it is called there.

    Raises:
        TranscriptFormatError: it has none.
        KeyError: what looked like such a list is none; so do the other errors of `UNREADABLE`.
    """
    match document:
        case list():
            return "", document
        case {"results": {"items": list(items)}}:
            return "items", list(aws_rows(items))
        case {"transcription": list(pieces)}:
            return "transcription", [whisper_cpp_row(piece) for piece in pieces]
    for holder in holders(document):
        for name in LISTS:
            rows = holder.get(name) if isinstance(holder, dict) else None
            if isinstance(rows, list):
                return name, rows
    if isinstance(document, dict) and "chapters" in document:
        raise TranscriptFormatError("it holds chapters, no transcript")
    raise NoTranscriptError("not a Podcasting 2.0 transcript: it has no segments")


def holders(document: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """What may hold a list of timed texts, that which is most like a transcript first."""
    yield document
    if isinstance(document, dict):
        yield document.get("results")
        yield document.get("transcript")
    match document:
        case {"results": {"channels": [{"alternatives": [best, *_]}]}}:  # Deepgram's
            yield best


def aws_rows(items: Sequence[Row]) -> Iterator[Row]:
    """Words, each with the punctuation that follows it as an item of its own."""
    for item, after in pairwise([*items, {}]):
        if item.get("type") != "punctuation":
            mark = content(after) if after.get("type") == "punctuation" else ""
            yield {**item, "text": content(item) + mark}


def content(item: Row) -> str:
    """What an item most likely says."""
    return str(item["alternatives"][0]["content"])


def whisper_cpp_row(piece: Row) -> Row:
    """A piece whose times are milliseconds, or else clocks."""
    offsets, clocks = piece.get("offsets") or {}, piece.get("timestamps") or {}
    return {
        "start_ms": offsets.get("from"),
        "end_ms": offsets.get("to"),
        "start": clocks.get("from"),
        "end": clocks.get("to"),
        "text": piece["text"],
    }
