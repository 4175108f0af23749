"""How long a file says it is, where that was counted when the file was whole.

A file that was cut off still says it. Believed are containers that hold a count; an MP3 without
one is given a length by FFmpeg from its size, so that half of it looks whole. Not believed is a
count that the file is longer than: it is that of the advertisement before the show.

What does not belong here: how long a file is (`duration.py`).
"""

import struct
from pathlib import Path

from podcast_insights.transcripts.whisper.packets import opened, seconds_claimed

COUNTED = frozenset({"mov", "flac", "matroska", "aiff", "ogg"})
"""By FFmpeg's first name for each."""
ID3_BYTES = 10
FRAME_BYTES = 4096
"""In which the first frame of an MP3 begins and ends, after its tags."""
MAX_TAGS = 8
HAS_FRAMES = 1
LOW_RATE_HZ = 32_000
"""MPEG 2 and 2.5 lie below, and have half as many samples in a frame."""


def promised_s(path: Path) -> float | None:
    """Seconds of the show by the file's own count; None where it has none.

    Raises:
        UndecodableError: not audio.
        TranscriptionError: the file can't be read.
    """
    with opened(path) as (container, stream):
        name = container.format.name.split(",")[0]
        if name == "mp3":
            frames, rate = frames_counted(path), stream.rate
            return frames * (1152 if rate >= LOW_RATE_HZ else 576) / rate if frames else None
        if name not in COUNTED:
            return None
        own = seconds_claimed(stream)
        if own is None and len(container.streams) == 1 and container.duration:
            own = container.duration / 1_000_000
        return own


def frames_counted(path: Path) -> int:
    """Frames of an MP3 by its Xing or Info header; 0 without one."""
    with path.open("rb") as file:
        for _ in range(MAX_TAGS):
            head = file.read(ID3_BYTES)
            if head[:3] != b"ID3" or len(head) < ID3_BYTES:
                break
            a, b, c, d = head[6:]
            file.seek((a << 21) + (b << 14) + (c << 7) + d, 1)
        first = head + file.read(FRAME_BYTES)
    for name in (b"Xing", b"Info"):
        at = first.find(name)
        if 0 <= at <= len(first) - 12:
            flags, frames = struct.unpack_from(">II", first, at + 4)
            return int(frames) if flags & HAS_FRAMES else 0
    return 0
