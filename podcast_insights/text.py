"""Small helpers that turn rows into text for people."""

import re
from collections.abc import Sequence

import polars as pl

MAX_ROWS = 25
MAX_CELL_CHARS = 120


def markdown_escape(text: str) -> str:
    """`text` so that Markdown shows it as it is: no link, no markup, one line."""
    folded = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~&-])", r"\\\1", folded)


def markdown_table(frame: pl.DataFrame, columns: Sequence[str]) -> str:
    """The first rows of a frame as a Markdown table, for previews in the Dagster UI."""
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for row in frame.select(columns).head(MAX_ROWS).iter_rows():
        cells = (markdown_escape(shown(value)) for value in row)
        lines.append(f"| {' | '.join(cells)} |")
    if frame.height > MAX_ROWS:
        lines.append(f"\nand {frame.height - MAX_ROWS} more")
    return "\n".join(lines)


def shown(value: object) -> str:
    """A cell's value, bounded in length."""
    text = "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
    return text if len(text) <= MAX_CELL_CHARS else text[: MAX_CELL_CHARS - 1] + "…"
