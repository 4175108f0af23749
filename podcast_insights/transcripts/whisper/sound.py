"""Audio files to mono samples at 16 kHz, whatever container and however damaged.

What does not belong here: how long a file is (`duration.py`).
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, TranscriptionError

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

MAX_AUDIO_S = 12 * 3600
"""Samples are held in memory: 12 hours are 2.8 GB."""


def decode(path: Path) -> Any:  # noqa: ANN401 - a float32 numpy array, mono, 16 kHz
    """The file's first audio stream as mono 16 kHz samples.

    Raises:
        TranscriptionError: not audio, or broken from the start.
    """
    import av
    import numpy as np

    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            pieces = list(bounded(resampled(sound_frames(container))))
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise TranscriptionError(f"the audio can't be decoded: {error}") from error
    if not pieces:
        raise TranscriptionError("the audio has no samples")
    return np.concatenate(pieces).astype(np.float32) / 32768


def bounded(frames: "Iterable[AudioFrame]") -> "Iterator[Any]":
    """The samples of each frame.

    Raises:
        TranscriptionError: more than any episode has: 40 kB of FLAC can be hours of silence.
    """
    count = 0
    for frame in frames:
        count += frame.samples
        if count > MAX_AUDIO_S * SAMPLE_RATE:
            raise TranscriptionError(f"the audio is longer than {MAX_AUDIO_S // 3600} hours")
        yield frame.to_ndarray()[0]


def sound_frames(container: "InputContainer") -> "Iterator[AudioFrame]":
    """The frames that can be decoded; a damaged packet costs only itself.

    faster-whisper's own reader stops at the first one. In files stitched together from
    episode and advertising, with tags in between, that lost the rest without an error.
    """
    from av.error import InvalidDataError

    for packet in container.demux(audio=0):
        with suppress(InvalidDataError):
            yield from packet.decode()


def resampled(frames: "Iterable[AudioFrame]") -> "Iterator[AudioFrame]":
    """Frames as mono 16 kHz; stitched files change rate and channels on the way."""
    from av import AudioResampler

    for _, alike in groupby(frames, lambda f: (f.format.name, f.layout.name, f.sample_rate)):
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in alike:
            frame.pts = None
            yield from resampler.resample(frame)
        yield from resampler.resample(None)
