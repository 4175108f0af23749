"""What all formats share: clocks, clean text, and the limits of what is taken.

What does not belong here: any one format.
"""

import html
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, zip_longest
from typing import Any

from podcast_insights.transcripts.guards.words import words_in
from podcast_insights.transcripts.records import Segment

MAX_BYTES = 20_000_000
"""Twelve hours of words with a time each, as JSON, are 10 MB."""
MAX_PIECES = 200_000
MAX_PIECE_CHARS = 20_000
"""Twenty minutes under one time; no quote of it could be placed."""
MAX_WORD_CHARS = 200
"""Longer ones are split: no word is, and what looks for the ends of sentences takes its time with
each. Texts in scripts without spaces have such runs, and stay readable."""
MAX_NAME_CHARS = 80
MAX_TIME_S = 1e6
"""Eleven days; no audio is that long, and later casts stay within their types."""
USUAL_WORDS_PER_S = 2.5
MAX_LETTERS_A_WORD = 12
"""Of running text in any language with spaces; English has 5, Finnish 8."""
MIN_WORDS_TO_JUDGE = 30

WHOLE = r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{2})"
FRACTION = r"([0-9]{1,3})[0-9]{0,6}"
CLOCK = rf"{WHOLE}(?:[.,]{FRACTION})?"
"""Hours, minutes, seconds and fraction; hours and fraction may be missing."""
TAGS = frozenset(
    "a abbr article aside b bdi bdo big blockquote body br c center cite code dd del dfn div dl "
    "dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 head header hr html i iframe img ins "
    "kbd lang li main mark nav ol p pre q rp rt ruby s samp script section small span strike "
    "strong style sub sup table tbody td th thead time tr tt u ul v var wbr".split()
)
"""Of HTML and of captions."""
BREAKS = frozenset("blockquote br dd div dt h1 h2 h3 h4 h5 h6 hr li p td th tr".split())
"""Tags between which words are not one."""
ATTRIBUTES = r"(?:\s{1,9}[\w:-]{1,40}\s?=[^<>]{0,500})?\s{0,9}/?"
TAG = re.compile(
    rf"</?(?:(?:v|lang)(?:[.\s][^<>]{{0,500}})?|([a-z][a-z0-9]{{0,9}})(?:\.[^\s<>]{{0,100}})?"
    rf"{ATTRIBUTES}|[0-9][0-9:.]{{0,20}})>",
    re.IGNORECASE,
)
"""Markup if it is one of `TAGS`, or a time inside a cue. "List<String>" and "a<b and c>d" are
none. Never looks beyond the next `<`."""
OVERRIDE = re.compile(r"\{\\[^{}]{0,200}\}")
"""SubStation's "{\\an8}": where on the screen a caption stands."""
LETTERS = re.compile(r"[A-Za-z\u00c0-\u024f]+")
UNFIT = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")


class TranscriptFormatError(ValueError):
    """The publisher's file can't be read as a timed transcript; the message says why."""


class NoTranscriptError(TranscriptFormatError):
    """Nothing like a transcript was served: as hosts do which have none yet, or are mended."""


def clock_s(parts: Sequence[str | None]) -> float:
    """Seconds of the four groups of `CLOCK`."""
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)


def seconds(value: Any) -> float:  # noqa: ANN401 - whatever a publisher's JSON holds
    """A time as a number, from a number, a numeral or a clock.

    JSON readers let NaN and infinity in, which no guard would notice.

    Raises:
        ValueError: not a finite number, negative, or beyond any audio.
        TypeError: nothing that could be a time.
    """
    clock = re.fullmatch(CLOCK, value.strip()[:40]) if isinstance(value, str) else None
    number = clock_s(clock.groups()) if clock else float(value)
    if not (math.isfinite(number) and 0 <= number <= MAX_TIME_S):
        raise ValueError(f"{str(value)[:40]!r} is no time")
    return number


def clean(text: str) -> str:
    """Text without tags, entities resolved, white space folded, fit to be stored."""
    return folded(unmarked(text))


def clean_lines(text: str) -> str:
    """Clean text in which lines, but for empty ones, are still told apart."""
    return "\n".join(filter(None, map(folded, unmarked(text).split("\n"))))


def unmarked(text: str) -> str:
    """Text without tags, entities resolved."""
    if "<" in text:
        text = TAG.sub(unknown_tag, text)
    if "{\\" in text:
        text = OVERRIDE.sub("", text)
    return html.unescape(text) if "&" in text else text


def unknown_tag(tag: re.Match[str]) -> str:
    """What looks like a tag and is none, as it is; nothing of one, or the space it makes."""
    name = (tag[1] or "v").lower()
    if name not in TAGS:
        return tag[0]
    return " " if name in BREAKS else ""


def folded(text: str) -> str:
    """Text with single spaces, fit to be stored."""
    if not text.isprintable():
        text = UNFIT.sub(half_or_space, text)
    return " ".join(text.split())


def half_or_space(match: re.Match[str]) -> str:
    """Control characters are space; half a character is shown to be missing."""
    return "?" if match[0] >= "\ud800" else " "


def name_of(value: object) -> str | None:
    """A speaker's name, or None where there is none or it can't be one."""
    if value is None or isinstance(value, bool | list | dict):
        return None
    name = clean(str(value)[: 4 * MAX_NAME_CHARS]).removesuffix(":").strip()
    return name if 0 < len(name) <= MAX_NAME_CHARS else None


def finished(pieces: Iterable[Segment]) -> tuple[Segment, ...]:
    """Pieces with text, each with an end, within all limits; words that are none are split.

    A piece without an end lasts until the next one begins, the last one as long as people need
    to say it; pieces that begin together are said one after the other.

    Raises:
        TranscriptFormatError: no text, too much of it, or words without spaces.
    """
    found = [with_short_words(piece) for piece in pieces if piece.text]
    if not found:
        raise NoTranscriptError("the file has no timed text")
    if len(found) > MAX_PIECES:
        raise TranscriptFormatError(f"more than {MAX_PIECES} pieces")
    longest = max(len(piece.text) for piece in found)
    if longest > MAX_PIECE_CHARS:
        raise TranscriptFormatError(
            f"one piece has {longest} characters and a single time; no quote could be placed"
        )
    if max(piece.end_s for piece in found) > MAX_TIME_S:
        raise TranscriptFormatError("times beyond any audio")
    check_spaces(found)
    return tuple(with_ends(found))


def with_ends(pieces: Iterable[Segment]) -> Iterator[Segment]:
    """Pieces, each with an end; those with one start and no end share the time they have."""
    groups = [list(some) for _, some in groupby(pieces, lambda p: (p.start_s, p.end_s))]
    for group, after in zip_longest(groups, groups[1:]):
        start_s, text = group[0].start_s, " ".join(piece.text for piece in group)
        if group[0].end_s != start_s:
            yield from group
        elif after is None:
            yield from shared_out(group, start_s + words_in(text) / USUAL_WORDS_PER_S)
        else:
            end_s = min(after[0].start_s, start_s + longest_s(text))
            yield from shared_out(group, max(end_s, start_s))


def shared_out(pieces: Sequence[Segment], end_s: float) -> Iterator[Segment]:
    """Pieces that begin together, said one after the other until `end_s`."""
    words = list(accumulate((words_in(piece.text) for piece in pieces), initial=0))
    start_s, count = pieces[0].start_s, max(words[-1], 1)
    at_s = [start_s + (end_s - start_s) * before / count for before in words]
    for piece, begin_s, until_s in zip(pieces, at_s, at_s[1:], strict=False):
        yield replace(piece, start_s=begin_s, end_s=until_s)


def with_short_words(piece: Segment) -> Segment:
    """A piece whose words end after `MAX_WORD_CHARS` at the latest."""
    words = piece.text.split() if len(piece.text) > MAX_WORD_CHARS else ()
    if all(len(word) <= MAX_WORD_CHARS for word in words):
        return piece
    short = (
        word[start : start + MAX_WORD_CHARS]
        for word in words
        for start in range(0, len(word), MAX_WORD_CHARS)
    )
    return replace(piece, text=" ".join(short))


def longest_s(text: str) -> float:
    """How long saying it may take at most: a word a second, and a breath."""
    return words_in(text) + 2.0


def check_spaces(pieces: Sequence[Segment]) -> None:
    """Refuse a text whose words run together; in letters that are written with spaces.

    Raises:
        TranscriptFormatError: they do.
    """
    lengths = [len(word) for piece in pieces[:2000] for word in LETTERS.findall(piece.text)]
    if len(lengths) >= MIN_WORDS_TO_JUDGE and sum(lengths) / len(lengths) > MAX_LETTERS_A_WORD:
        raise TranscriptFormatError("its words run together without spaces")
