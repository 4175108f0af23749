"""Small helpers that turn rows into text for people."""

import re
import unicodedata
from collections.abc import Sequence

import polars as pl

MAX_ROWS = 25
MAX_CELL_CHARS = 120


MARKDOWN_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~&^$]")
MARKDOWN_LINE_START = re.compile(r"^(\d*)([-+=.)])")
WORD_JOINER = "\u2060"
AUTOLINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\S@)(?=\S)", re.IGNORECASE)
ESCAPE = re.compile(r"\\([\\`*_{}\[\]<>#|~&^$=.)+-])")


def escaped_markdown(text: str) -> str:
    """`text` as Markdown that shows exactly this text.

    Renderers turn bare addresses into links after they have undone escapes, so an address
    is broken by an invisible word joiner.
    """
    escaped = MARKDOWN_MARKS.sub(r"\\\g<0>", AUTOLINK.sub(WORD_JOINER, text))
    return MARKDOWN_LINE_START.sub(r"\1\\\2", escaped)


def unescaped_markdown(text: str) -> str:
    """What `escaped_markdown` was made from, for a terminal."""
    return ESCAPE.sub(r"\1", text.replace(WORD_JOINER, ""))


def markdown_table(
    frame: pl.DataFrame, columns: Sequence[str], max_chars: int = MAX_CELL_CHARS
) -> str:
    """The first rows of a frame as a Markdown table, for previews in the Dagster UI."""
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for row in frame.select(columns).head(MAX_ROWS).iter_rows():
        cells = (escaped_markdown(one_line(shown(value, max_chars))) for value in row)
        lines.append(f"| {' | '.join(cells)} |")
    if frame.height > MAX_ROWS:
        lines.append(f"\nand {frame.height - MAX_ROWS} more")
    return "\n".join(lines)


def shown(value: object, max_chars: int = MAX_CELL_CHARS) -> str:
    """A cell's value, bounded in length."""
    text = "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
    return text if len(text) <= max_chars else text[: max_chars - 1] + "…"


def one_line(text: str) -> str:
    """`text` with white space folded, as a table's cell needs it."""
    return re.sub(r"\s+", " ", text).strip()


def counted(number: int, noun: str) -> str:
    """`1 feed`, `2 feeds`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """Text without controls and invisible marks, some of which a terminal takes for commands."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cf") else char for char in text)
