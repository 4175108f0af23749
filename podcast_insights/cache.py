"""The content-addressed store for everything that was paid for once.

Feed bytes, audio, transcripts, embeddings and model answers live under `data/cache/<kind>/`,
named by the hash of what made them (content, model, revision, options). A file appears by
rename, so a killed process leaves whole files or none, and "the file exists" really means
"this was done".

What does not belong here: what goes into a key. Each stage knows that.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("feeds", "enclosures", "audio", "transcripts", "transcribed", "embeddings", "answers")
"""What is kept, in the order of the journey; `transcribed` notes which text is of which audio."""


@dataclass(frozen=True)
class KindUsage:
    """How much of one kind the cache holds."""

    kind: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Cache:
    """A folder of immutable files, addressed by kind and key."""

    root: Path

    def path(self, kind: str, key: str, suffix: str) -> Path:
        """Where the file of `key` lies or would lie; nothing is created.

        Args:
            kind: one of `KINDS`.
            key: hexadecimal digits; anything else is refused, because keys become file names.
            suffix: the file name's ending, with its dot.
        """
        if kind not in KINDS or not key or not set(key) <= set("0123456789abcdef"):
            raise ValueError(f"not a cache address: {kind!r}, {key!r}")
        return self.root / kind / key[:2] / f"{key}{suffix}"

    def read_bytes(self, kind: str, key: str, suffix: str) -> bytes | None:
        """The stored bytes, or None where nothing is stored under `key`."""
        try:
            return self.path(kind, key, suffix).read_bytes()
        except FileNotFoundError:
            return None

    def read_json(self, kind: str, key: str) -> Any | None:  # noqa: ANN401 - JSON is any value
        """The stored JSON value, or None where nothing is stored under `key`.

        A file that is no longer JSON (a disk fault, a hand edit) counts as absent: the work
        is done again and the file replaced.
        """
        data = self.read_bytes(kind, key, ".json")
        if data is None:
            return None
        try:
            return json.loads(data)
        except ValueError:
            return None

    def write_bytes(self, kind: str, key: str, suffix: str, data: bytes) -> Path:
        """Store `data` under `key`, whole or not at all."""
        with self.writing(kind, key, suffix) as path:
            path.write_bytes(data)
        return self.path(kind, key, suffix)

    def write_json(self, kind: str, key: str, value: Any) -> Path:  # noqa: ANN401
        """Store a JSON value under `key`, whole or not at all."""
        data = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
        return self.write_bytes(kind, key, ".json", data)

    @contextmanager
    def writing(self, kind: str, key: str, suffix: str) -> Iterator[Path]:
        """A scratch path beside the final one; renamed onto it when the block ends well."""
        final = self.path(kind, key, suffix)
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".part-", dir=final.parent)
        os.close(handle)
        scratch = Path(name)
        try:
            yield scratch
            with scratch.open("rb") as written:
                os.fsync(written.fileno())
            scratch.replace(final)
        finally:
            scratch.unlink(missing_ok=True)

    def scratch(self) -> Path:
        """A new empty file inside the cache, for content whose key is known only at its end."""
        folder = self.root / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
        os.close(handle)
        return Path(name)

    def adopt(self, scratch: Path, kind: str, key: str, suffix: str) -> Path:
        """Move a finished scratch file to its address."""
        final = self.path(kind, key, suffix)
        final.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("rb") as written:
            os.fsync(written.fileno())
        scratch.replace(final)
        return final

    def usage(self) -> list[KindUsage]:
        """Files and bytes by kind."""
        rows = []
        for kind in KINDS:
            sizes = [path.stat().st_size for path in self._files(kind)]
            rows.append(KindUsage(kind=kind, files=len(sizes), bytes=sum(sizes)))
        return rows

    def prune(self, kind: str) -> KindUsage:
        """Remove all files of one kind and say how much that was."""
        if kind not in KINDS:
            raise ValueError(f"not a kind of cached files: {kind!r}")
        removed = next(row for row in self.usage() if row.kind == kind)
        shutil.rmtree(self.root / kind, ignore_errors=True)
        return removed

    def _files(self, kind: str) -> Iterator[Path]:
        return (path for path in (self.root / kind).rglob("*") if path.is_file())
