"""The whole transcripts stage as a system of `transcription.py`: what it adds to decoding.

Each call is a run over an empty cache: downloads over loopback, hashes, sniffing, guards, rows.

What does not belong here: the other systems (`transcription_systems.py`).
"""

import sys
import tempfile
import threading
from collections.abc import Sequence
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.net.client import Limits, SafeClient
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.engine import Whisper


def transcribed(whisper: Whisper, language: str, files: Sequence[str]) -> list[str]:
    """The texts of files; a row that is not `ok` is told on stderr."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder) / "cache")
        server = serving(Path(folder), files)
        host = f"127.0.0.1:{server.server_address[1]}"
        client = SafeClient(Limits(max_bytes=10**9), frozenset({host}))
        stage = Transcriber(
            whisper=whisper,
            cache=cache,
            store=AudioStore(cache, lambda feed_id: client),
            client_for=lambda feed_id: client,
            language_of=lambda feed_id: language,
            report=lambda line: None,
        )
        rows = stage.run([episode(n, host, path) for n, path in enumerate(files)])
        server.shutdown()
    for row, path in zip(rows, files, strict=True):
        if row["status"] != "ok":
            print(f"{Path(path).name}: {row['status']}: {row['error']}", file=sys.stderr)
    return [row["text"] or "" for row in rows]


def serving(folder: Path, files: Sequence[str]) -> ThreadingHTTPServer:
    """Serve files by their number on loopback, until it is shut down."""
    for number, path in enumerate(files):
        (folder / f"{number}.audio").symlink_to(path)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def episode(number: int, host: str, path: str) -> dict[str, Any]:
    """A row of `episodes`, as far as the stage reads it."""
    return {
        "episode_id": f"{number:06}",
        "published_on": date(2025, 9, 8),
        "status": "ok",
        "title": Path(path).name,
        "feed_id": "benchmark",
        "enclosure_url": f"http://{host}/{number}.audio",
        "enclosure_bytes": Path(path).stat().st_size,
        "claimed_duration_s": None,
        "transcript_url": None,
        "transcript_type": None,
    }
