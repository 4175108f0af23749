"""Memory and speed of our engine on a very long file against a short one.

    .venv/bin/python benchmarks/long_audio.py [--hours 6]

Both are MP3 files of a sample episode over and over: its packets are repeated, nothing is encoded
anew. Each is transcribed in a process of its own, after ten seconds of the same, for which the
model is loaded. Printed are the highest memory with the model and those ten seconds, how much more
the file took, audio seconds per second, segments, and whether the last minute has words; if it
has none in one of them, the exit code is 1.

What does not belong here: how right the text is, and other systems (`transcription.py`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import cycle
from pathlib import Path

import av

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from peak_memory import peak_mb  # noqa: E402

from podcast_insights.transcripts.whisper.engine import Whisper  # noqa: E402

SAMPLE = ROOT / "data" / "samples" / "audio" / "compute-ledger-1.mp3"
WARM_S, SHORT_S = 10.0, 360.0
LAST_S = 60.0


@dataclass(frozen=True)
class Long:
    """What came of one file.

    Args:
        model_mb: highest memory with the model loaded and ten seconds transcribed.
        more_mb: how much more the file took.
        wall_s: for the file.
        last_words: in segments that end in the last minute.
    """

    duration_s: float
    model_mb: float
    more_mb: float
    wall_s: float
    segments: int
    last_words: int


def repeated(path: Path, length_s: float) -> Path:
    """Write the sample over and over, until it is that long."""
    with av.open(str(SAMPLE)) as source, av.open(str(path), "w", options={"write_xing": "0"}) as to:
        track = source.streams.audio[0]
        base = track.time_base or Fraction(1, av.time_base)
        packets = [(bytes(p), p.duration) for p in source.demux(track) if p.duration]
        out = to.add_stream_from_template(track)
        at = 0
        for data, duration in cycle(packets):
            if at * base >= length_s:
                break
            packet = av.Packet(data)
            packet.pts = packet.dts = at
            packet.duration, packet.time_base, packet.stream = duration, base, out
            to.mux(packet)
            at += duration
    return path


def transcribed(warm: Path, path: Path, decoding: str) -> Long:
    """Transcribe a file in this process, which must have done nothing else."""
    whisper = Whisper(device="cpu", decoding=decoding)
    whisper.transcribe(warm, "en")
    model_mb = peak_mb()
    began = time.perf_counter()
    heard = whisper.transcribe(path, "en")
    wall_s = time.perf_counter() - began
    more_mb = peak_mb() - model_mb
    last = [s.text for s in heard.segments if s.end_s > heard.duration_s - LAST_S]
    words = len(" ".join(last).split())
    return Long(heard.duration_s, model_mb, more_mb, wall_s, len(heard.segments), words)


def in_a_process(warm: Path, path: Path, decoding: str) -> Long:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--of", str(warm), str(path), "--decoding", decoding]
    print(f"transcribing {path.name}, {path.stat().st_size / 1e6:.0f} MB", file=sys.stderr)
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Long(**json.loads(ended.stdout))


def table(found: Sequence[Long]) -> list[str]:
    """A line for each file."""
    lines = [
        "| audio | model MB | MB over it | x real time | segments | words in the last minute |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        length = f"{one.duration_s / 60:.0f} min"
        speed = one.duration_s / one.wall_s
        lines.append(
            f"| {length} | {one.model_mb:.0f} | {one.more_mb:.0f} | {speed:.1f} | "
            f"{one.segments} | {one.last_words} |"
        )
    return lines


def main() -> int:
    """Make the files, have them transcribed, and print the table."""
    parser = argparse.ArgumentParser(description="See the beginning of the file.")
    parser.add_argument("--hours", type=float, default=6.0, help="of the long file")
    parser.add_argument("--decoding", default="complete", help="complete, balanced or fast")
    parser.add_argument("--of", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.of:
        print(json.dumps(asdict(transcribed(asked.of[0], asked.of[1], asked.decoding))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        warm = repeated(place / "warm.mp3", WARM_S)
        files = [
            repeated(place / "short.mp3", SHORT_S),
            repeated(place / "long.mp3", asked.hours * 3600),
        ]
        found = [in_a_process(warm, path, asked.decoding) for path in files]
    for line in table(found):
        print(line)
    return 0 if all(one.last_words for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
