"""How long audio is, without holding or decoding it.

The seconds that a container's header claims can't be trusted: they are an estimate in an MP3
without an index, and whole in a file that was cut off. Each packet says how long it is, and
adding these up reads the file once, in the memory of one packet. Where packets don't say it,
the audio is decoded, frame by frame. Both give the length of what `sound.blocks` gives: a
packet that can't be decoded counts, because silence stands in its place. They differ by what
encoders add at the ends, less than a tenth of a second.

What does not belong here: the samples themselves (`whisper/sound.py`).
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_insights.transcripts.whisper.packets import (
    RATES_HZ,
    Clock,
    Damage,
    heard,
    opened,
    packets,
)
from podcast_insights.transcripts.whisper.promised import promised_s
from podcast_insights.transcripts.whisper.records import TranscriptionError, UndecodableError
from podcast_insights.transcripts.whisper.sound import MAX_AUDIO_S, TOO_LONG

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer

PROBED_FRAMES, PROBED_EACH = 3, 50
"""Frames that must be decodable before the packets' word is taken: noise has packets, too. Then
each so many packets are decoded: where an advertisement has another rate than the show, the
packets of one of them are wrong."""


@dataclass(frozen=True)
class Length:
    """How long audio is, and how long its file says it is, where it counts that."""

    duration_s: float
    promised_s: float | None = None


def length_of(path: Path) -> Length:
    """The length of the audio stream that is the show; raises as `duration_of` does."""
    return Length(duration_of(path), promised_s(path))


def duration_of(path: Path) -> float:
    """Seconds of the audio stream that is the show.

    Raises:
        UndecodableError: not audio, or nothing in it can be decoded.
        TranscriptionError: longer than any episode.
    """
    with opened(path) as (container, stream):
        total_s = counted(container, stream)
    if total_s is None:
        with opened(path) as (container, stream):
            total_s = decoded(container, stream)
    if total_s < 0.001:
        raise UndecodableError("the audio has no samples")
    if total_s > MAX_AUDIO_S:
        raise TranscriptionError(TOO_LONG)
    return round(total_s, 3)


def counted(container: "InputContainer", stream: "AudioStream") -> float | None:
    """Seconds of all packets; None where their word can't be taken."""
    from av.error import FFmpegError

    total_s, frames, clock = 0.0, 0, Clock(container, stream)
    rates: set[int] = set()
    for number, packet in enumerate(packets(container, stream, Damage())):
        if not packet.size:
            continue
        if not packet.duration or len(rates) > 1:
            return None
        total_s += clock.gap_s(packet) + clock.seconds_of(packet)
        if frames < PROBED_FRAMES or number % PROBED_EACH == 0:
            with suppress(FFmpegError):
                found = {frame.sample_rate for frame in stream.decode(packet)}
                frames += any(rate in RATES_HZ for rate in found)
                rates |= found
    return total_s if frames and len(rates) == 1 else None


def decoded(container: "InputContainer", stream: "AudioStream") -> float:
    """Seconds of all frames and of the silence between them, up to more than any episode has."""
    total_s, some = 0.0, False
    for item in heard(container, stream, Damage()):
        if isinstance(item, float):
            total_s += item
        else:
            total_s, some = total_s + item.samples / item.sample_rate, True
        if total_s > MAX_AUDIO_S:
            break
    return total_s if some else 0.0
