"""JSON transcripts: Podcasting 2.0, and what programs leave behind.

Where a shape does not say whether it counts seconds or milliseconds, the pace of speech does;
where that can't, the file is refused.

What does not belong here: where a document has its list of timed texts (`json_shapes.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from podcast_insights.transcripts.guards.words import words_in
from podcast_insights.transcripts.publishing.json_shapes import Row, document_of, rows_of
from podcast_insights.transcripts.publishing.pieces import (
    MAX_PIECES,
    TranscriptFormatError,
    clean,
    name_of,
    seconds,
)
from podcast_insights.transcripts.publishing.speakers import with_speakers
from podcast_insights.transcripts.records import Segment, Word

STARTS = ("startTime", "start_ms", "start_time", "start")
ENDS = ("endTime", "end_ms", "end_time", "end")
TEXTS = ("body", "text", "transcript", "punctuated_word", "word")
SPEAKERS = ("voice", "speaker", "speaker_label")
"""Where Podlove has a voice, its speaker is a number."""
IN_UNKNOWN_UNITS = frozenset({"utterances", "words"})
WORDS_PER_S = (0.3, 8.0)
"""No conversation is slower for long, nobody speaks faster."""
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)

MIN_SINGLE_WORDS_SHARE = 0.8
MIN_ROWS_TO_JOIN = 20
MAX_SINGLE_WORDS = 2
"""As counted in scripts without spaces, where a word has two letters or five."""
MAX_JOINED_WORDS = 40
MAX_PAUSE_S = 1.5
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
CLOSING = "\"'”’)]»"


def parse_json(text: str) -> list[Segment]:
    """The pieces of a JSON transcript; single words are joined into sentences.

    Raises:
        TranscriptFormatError: no JSON, or of a shape that is no transcript with times.
    """
    try:
        name, rows = rows_of(document_of(text))
        pieces = list(pieces_of(rows))
    except UNREADABLE as error:
        if isinstance(error, TranscriptFormatError):
            raise
        reason = f"{type(error).__name__}: {str(error)[:200]}"
        raise TranscriptFormatError(f"not a Podcasting 2.0 transcript: {reason}") from error
    if name in IN_UNKNOWN_UNITS:
        pieces = in_seconds(pieces)
    # A label of two words would be cut in two where each word has a time of its own.
    return joined(pieces) if are_single_words(pieces) else with_speakers(pieces)


def pieces_of(rows: Sequence[Row]) -> Iterator[Segment]:
    """Rows with text as pieces.

    Raises:
        TranscriptFormatError: too many, or a row whose text isn't one.
        ValueError: a time that is none; so do the other errors of `UNREADABLE`.
    """
    if len(rows) > MAX_PIECES:
        raise TranscriptFormatError(f"more than {MAX_PIECES} pieces")
    for row in rows:
        if text := text_of(row):
            start_s = time_of(row, STARTS)
            end_s = time_of(row, ENDS) if given(row, ENDS) else start_s
            speaker = given(row, SPEAKERS)
            yield Segment(start_s, end_s, text, name_of(row[speaker] if speaker else None))


def text_of(row: Row) -> str:
    """A row's clean text; empty where it has none to say.

    Raises:
        TranscriptFormatError: what stands there is no text.
        KeyError: nothing is meant to stand there.
    """
    if not any(name in row for name in TEXTS):
        raise KeyError("/".join(TEXTS))
    name = given(row, TEXTS)
    value = row[name] if name else ""
    if isinstance(value, bool | list | dict):
        raise TranscriptFormatError(
            f"not a Podcasting 2.0 transcript: a {type(value).__name__} in place of a text"
        )
    return clean(str(value))


def time_of(row: Row, names: Iterable[str]) -> float:
    """A time of a row, in seconds unless its name says milliseconds."""
    name = given(row, names)
    if name is None:
        raise KeyError("/".join(names))
    return seconds(row[name]) / 1000 if name.endswith("_ms") else seconds(row[name])


def given(row: Row, names: Iterable[str]) -> str | None:
    """The first of the names under which the row has something; null and "" are nothing."""
    return next((name for name in names if row.get(name) not in (None, "")), None)


def in_seconds(pieces: list[Segment]) -> list[Segment]:
    """Pieces whose times may be milliseconds, in the unit in which people speak at all.

    Raises:
        TranscriptFormatError: in neither.
    """
    spoken = sum(piece.end_s - piece.start_s for piece in pieces)
    words = sum(words_in(piece.text) for piece in pieces)
    for divisor in (1, 1000):
        if spoken > 0 and WORDS_PER_S[0] <= words / (spoken / divisor) <= WORDS_PER_S[1]:
            return [
                replace(p, start_s=p.start_s / divisor, end_s=p.end_s / divisor) for p in pieces
            ]
    raise TranscriptFormatError("its times are neither seconds nor milliseconds of speech")


def are_single_words(pieces: Sequence[Segment]) -> bool:
    """Whether each piece is a word with a time of its own.

    A Chinese or Japanese sentence has no spaces either, but more letters than a word.
    """
    single = sum(
        " " not in piece.text and words_in(piece.text) <= MAX_SINGLE_WORDS for piece in pieces
    )
    return len(pieces) >= MIN_ROWS_TO_JOIN and single >= MIN_SINGLE_WORDS_SHARE * len(pieces)


def joined(pieces: Sequence[Segment]) -> list[Segment]:
    """Words as sentences; a pause, another speaker or too many words end one, too."""
    groups: list[list[Segment]] = [[pieces[0]]]
    for before, piece in pairwise(pieces):
        is_sentence_end = before.text.rstrip(CLOSING).endswith(SENTENCE_ENDS)
        if (
            is_sentence_end
            or piece.speaker != before.speaker
            or piece.start_s - before.end_s > MAX_PAUSE_S
            or len(groups[-1]) >= MAX_JOINED_WORDS
        ):
            groups.append([])
        groups[-1].append(piece)
    return [
        replace(
            group[0],
            end_s=max(piece.end_s for piece in group),
            text=" ".join(piece.text for piece in group),
            words=words_of(group),
        )
        for group in groups
    ]


def words_of(group: Sequence[Segment]) -> tuple[Word, ...]:
    """Words with their times; none where the file does not say when they end."""
    if any(piece.end_s <= piece.start_s for piece in group):
        return ()
    return tuple(Word(piece.start_s, piece.end_s, piece.text) for piece in group)
