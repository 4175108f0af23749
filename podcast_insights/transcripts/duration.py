"""How long audio is, without holding or decoding it.

The seconds that a container's header claims can't be trusted: they are an estimate in an MP3
without an index, and whole in a file that was cut off. Each packet says how long it is, and
adding these up reads the file once, in the memory of one packet. Where packets don't say it,
the audio is decoded, frame by frame.

What does not belong here: the samples themselves (`whisper.py`).
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_insights.transcripts.whisper.records import TranscriptionError
from podcast_insights.transcripts.whisper.sound import MAX_AUDIO_S

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

PROBED_FRAMES = 3
"""That must be decodable before the packets' word is taken: noise has packets, too."""


def duration_of(path: Path) -> float:
    """Seconds of a file's first audio stream.

    Raises:
        TranscriptionError: not audio, nothing in it can be decoded, or longer than any episode.
    """
    import av

    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            stream = container.streams.audio[0]
            total_s = counted(container, stream)
        if total_s is None:
            with av.open(str(path), metadata_errors="ignore") as container:
                total_s = sum(decoded(container, container.streams.audio[0]))
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise TranscriptionError(f"the audio can't be decoded: {error}") from error
    if total_s < 0.001:
        raise TranscriptionError("the audio has no samples")
    if total_s > MAX_AUDIO_S:
        raise TranscriptionError(f"the audio is longer than {MAX_AUDIO_S // 3600} hours")
    return round(total_s, 3)


def counted(container: "InputContainer", stream: "AudioStream") -> float | None:
    """Seconds of all packets; None where some don't say, or none of the first is audio."""
    from av.error import InvalidDataError

    total, frames = 0, 0
    for packet in container.demux(stream):
        if not packet.size:
            continue
        if not packet.duration or packet.time_base is None:
            return None
        if frames < PROBED_FRAMES:
            with suppress(InvalidDataError):
                frames += len(packet.decode())
        total += packet.duration
    if not frames or stream.time_base is None:
        return None
    return float(total * stream.time_base)


def decoded(container: "InputContainer", stream: "AudioStream") -> Iterator[float]:
    """Seconds of each frame that can be decoded, up to more than any episode has."""
    from av.error import InvalidDataError

    total_s = 0.0
    for packet in container.demux(stream):
        with suppress(InvalidDataError):
            for frame in packet.decode():
                frame_s = frame.samples / frame.sample_rate
                total_s += frame_s
                yield frame_s
        if total_s > MAX_AUDIO_S:
            return
