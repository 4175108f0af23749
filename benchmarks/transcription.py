"""The transcripts stage against bare faster-whisper on the same audio and options.

Both use the same number of single-threaded workers, the same model, decoding options and
files; the model is loaded before the clock starts. Ours also downloads from loopback, hashes,
guards, caches and makes rows. The aim is at most 10 percent over bare.
"""

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.net.client import Limits, SafeClient
from podcast_insights.samples.server import serving
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.engine import DECODING, Whisper

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
ROUNDS = 3


def bare(whisper: Whisper, files: list[Path]) -> float:
    """Wall seconds of faster-whisper alone."""
    model = whisper._loaded

    def one(path: Path) -> int:
        segments, _ = model.transcribe(str(path), language="en", **DECODING)
        return len(list(segments))

    started = time.perf_counter()
    with ThreadPoolExecutor(whisper.resolved_workers) as pool:
        list(pool.map(one, files))
    return time.perf_counter() - started


def ours(whisper: Whisper, files: list[Path], base_url: str) -> float:
    """Wall seconds of the stage on an empty cache."""
    host = base_url.removeprefix("http://")
    client = SafeClient(Limits(max_bytes=10**8), frozenset({host}))
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        stage = Transcriber(
            whisper=whisper,
            cache=cache,
            store=AudioStore(cache, lambda feed_id: client),
            client_for=lambda feed_id: client,
            language_of=lambda feed_id: None,
            report=lambda line: None,
        )
        started = time.perf_counter()
        rows = stage.run([episode(path, base_url) for path in files], {})
        taken = time.perf_counter() - started
    assert all(row["status"] == "ok" for row in rows)  # noqa: S101 - a failed run is no figure
    return taken


def episode(path: Path, base_url: str) -> dict[str, Any]:
    """A row of `episodes` for one sample file."""
    return {
        "episode_id": path.stem,
        "published_on": date(2025, 9, 8),
        "status": "ok",
        "title": path.stem,
        "feed_id": "samples",
        "enclosure_url": f"{base_url}/audio/{path.name}",
        "enclosure_bytes": path.stat().st_size,
        "claimed_duration_s": None,
        "transcript_url": None,
        "transcript_type": None,
    }


def main() -> None:
    """Interleave the two and print medians and ratios."""
    whisper = Whisper()
    whisper._loaded  # noqa: B018 - load before the clock starts
    files = [p for p in sorted((SAMPLES / "audio").glob("*.mp3")) if "interlude" not in p.name]
    print(
        f"{len(files)} files, {whisper.resolved_model.name}, {whisper.resolved_compute_type}, "
        f"{whisper.resolved_workers} workers on {whisper.resolved_device}"
    )
    ratios = []
    with serving(SAMPLES, port=0) as server:
        for round_ in range(ROUNDS):
            alone = bare(whisper, files)
            stage = ours(whisper, files, server.base_url)
            ratios.append(stage / alone)
            print(f"round {round_ + 1}: bare {alone:.1f} s, stage {stage:.1f} s", end="")
            print(f", ratio {ratios[-1]:.3f}")
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
