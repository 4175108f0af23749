"""Digests as files: one HTML, text and Markdown file per reader and day, and an index.

Files appear by rename, so whoever serves the folder never serves half a page, and a file
whose content would not change is not touched. Names are made of the date and the reader's
id, never of titles.

What does not belong here: how a digest looks (`render.py` and its templates).
"""

import html
import os
import re
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from podcast_insights.digests.model import Digest
from podcast_insights.digests.render import (
    environment,
    render_html,
    render_markdown,
    render_text,
)

READER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TITLE = re.compile(r"<title>(.*?)</title>")
HEAD_CHARACTERS = 8192
"""Our pages have their title within this much."""


@dataclass(frozen=True)
class DigestFiles:
    """Where one digest was written, and whether anything differs from before."""

    html: Path
    text: Path
    markdown: Path
    is_changed: bool


@dataclass(frozen=True)
class IndexedPage:
    """One digest as the index lists it; `path` is relative and without its ending."""

    path: str
    reader_id: str
    title: str
    has_text: bool
    has_markdown: bool


@dataclass(frozen=True)
class IndexedDay:
    """All digests of one day."""

    digest_on: date
    pages: tuple[IndexedPage, ...]


def write_digest(digest: Digest, folder: Path) -> DigestFiles:
    """Write `folder/<day>/<reader_id>.html`, `.txt` and `.md`; leave equal files alone.

    Raises:
        ValueError: the reader's id could not be a file name.
    """
    if not READER_ID.fullmatch(digest.reader_id):
        raise ValueError(f"not a reader's id: {digest.reader_id!r}")
    stem = folder / digest.digest_on.isoformat() / digest.reader_id
    page, text, markdown = (stem.with_suffix(ending) for ending in (".html", ".txt", ".md"))
    changes = [
        write_if_changed(page, render_html(digest, is_page=True)),
        write_if_changed(text, render_text(digest)),
        write_if_changed(markdown, render_markdown(digest)),
    ]
    return DigestFiles(page, text, markdown, is_changed=any(changes))


def write_index(folder: Path) -> Path:
    """Write `folder/index.html`: all digests whose files are there, the newest first."""
    page = environment().get_template("index.html.j2").render(days=indexed_days(folder))
    path = folder / "index.html"
    write_if_changed(path, page.strip() + "\n")
    return path


def indexed_days(folder: Path) -> list[IndexedDay]:
    """What is there, the newest first; files that are not ours are passed over."""
    days = []
    for day in sorted(folder.glob("*"), reverse=True):
        digest_on = as_date(day.name)
        if digest_on is None or not day.is_dir():
            continue
        pages = tuple(
            indexed_page(path)
            for path in sorted(day.glob("*.html"))
            if READER_ID.fullmatch(path.stem)
        )
        if pages:
            days.append(IndexedDay(digest_on, pages))
    return days


def indexed_page(path: Path) -> IndexedPage:
    """One page by its file; its title is read from it."""
    with path.open(encoding="utf-8", errors="replace") as file:
        title = TITLE.search(file.read(HEAD_CHARACTERS))
    return IndexedPage(
        path=f"{path.parent.name}/{path.stem}",
        reader_id=path.stem,
        title=html.unescape(title.group(1)) if title else path.stem,
        has_text=path.with_suffix(".txt").exists(),
        has_markdown=path.with_suffix(".md").exists(),
    )


def as_date(name: str) -> date | None:
    """The day a folder is named after, or None."""
    try:
        return date.fromisoformat(name) if DAY.fullmatch(name) else None
    except ValueError:
        return None


def write_if_changed(path: Path, content: str) -> bool:
    """Put `content` at `path`, whole or not at all; say whether it differed."""
    data = content.encode()
    try:
        if path.read_bytes() == data:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with scratch.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return True
