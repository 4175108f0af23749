"""Audio files opened, the stream that is the show chosen, and its frames as far as they decode.

Time is what a player shows. A packet that can't be decoded leaves silence of its own length,
and so does a gap between the packets of a film (`TIMED`), where a part was lost or nothing was
recorded: players go by the time stamps there. Elsewhere time stamps are made up from what was
read, start anew in files that were stitched together, and are not looked at.

What does not belong here: channels, rates and samples (`mixing.py`, `sound.py`).
"""

import math
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_insights.transcripts.whisper.records import TranscriptionError, UndecodableError

if TYPE_CHECKING:
    from av import AudioFrame, Packet
    from av.audio.stream import AudioStream
    from av.container import InputContainer

MAX_FRAME_VALUES = 1 << 23
"""Samples times channels of one frame, 32 MB. The greatest that codecs make are a third of it."""

MAX_READ_FAILURES = 100
"""One after the other, before the rest of a file is given up."""

MAX_PACKET_S = 10.0
"""A broken packet that claims to be longer is not believed."""

TIMED = {"matroska,webm": 600.0, "mov,mp4,m4a,3gp,3g2,mj2": 600.0, "mpegts": 10.0}
"""Formats in which time stamps are written down for each packet, or for all in one table, and
how long a gap may be. A longer one is more likely a broken time stamp; in MPEG-TS, whose streams
are stitched together, FFmpeg takes it for a seam."""

MIN_GAP_S = 1.0
"""Shorter gaps are lip synchrony."""

RATES_HZ = range(1_000, 768_001)
"""Below is no speech; above, resampling filters grow without bound."""

OPENS_OTHERS = {"concat", "concatf", "dash", "hls", "imf", "lavfi", "rtp", "rtsp", "sdp"}
"""Formats that name other files or addresses, which a host must not choose for us."""


@dataclass
class Damage:
    """What of a file could not be heard.

    Args:
        packets: read so far.
        undecodable: of these.
        unreadable: times that reading itself failed.
        gaps_s: seconds between packets for which there is nothing.
        silent_s: seconds of packets in whose place there is silence.
        reason: of the first failure.
    """

    packets: int = 0
    undecodable: int = 0
    unreadable: int = 0
    gaps_s: float = 0.0
    silent_s: float = 0.0
    reason: str = ""

    @property
    def lost_s(self) -> float:
        """Seconds of silence in place of sound."""
        return self.gaps_s + self.silent_s

    def note(self, error: object) -> None:
        """Keep the first reason."""
        self.reason = self.reason or in_words(error)

    def __bool__(self) -> bool:
        return bool(self.undecodable or self.unreadable or self.gaps_s)

    def __str__(self) -> str:
        total = max(self.packets, self.undecodable)
        parts = (
            self.undecodable and f"{self.undecodable:,} of {total:,} packets could not be decoded",
            self.unreadable and f"{self.unreadable:,} reads failed",
            self.gaps_s and f"{self.gaps_s:,.1f} s are missing between packets",
        )
        words = ", ".join(part for part in parts if part)
        return f"{words} ({self.reason})" if self.reason else words


def in_words(error: object) -> str:
    """What an error says, without the path of the file."""
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def opened(path: Path) -> "Iterator[tuple[InputContainer, AudioStream]]":
    """A file and the stream in it that is the show.

    Raises:
        UndecodableError: not audio, or FFmpeg fails inside the block.
        TranscriptionError: the file can't be read, or memory is short.
    """
    import av

    allowed = ",".join(sorted(av.formats_available - OPENS_OTHERS))
    options = {"format_whitelist": allowed}
    try:
        with av.open(str(path), metadata_errors="ignore", container_options=options) as container:
            stream = chosen(container)
            stream.codec_context.options = {"max_samples": str(MAX_FRAME_VALUES)}
            yield container, stream
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        message = f"the audio can't be decoded: {in_words(error)}"
        if isinstance(error, MemoryError | OSError):  # this machine's trouble
            raise TranscriptionError(message) from error
        raise UndecodableError(message) from error


def chosen(container: "InputContainer") -> "AudioStream":
    """The stream that is the show, among all that hold audio.

    Best are those that FFmpeg can decode; of these, those not marked as something beside the
    show (a dub, a commentary, a description for the blind, karaoke, effects); of these, those
    at least half as long as the longest, as far as the file says; of these, the one marked as
    default; then the one with most channels; then the first. Pictures in an MP3 are video
    streams and no candidates.

    Raises:
        ValueError: there is none.
    """
    from av.stream import Discard, Disposition

    beside = (
        *(Disposition.dub, Disposition.comment, Disposition.karaoke, Disposition.dependent),
        *(Disposition.visual_impaired, Disposition.descriptions),
        *(Disposition.clean_effects, Disposition.non_diegetic),
    )
    lengths = {stream.index: seconds_claimed(stream) for stream in container.streams.audio}
    longest_s = max((length or 0.0 for length in lengths.values()), default=0.0)

    def rank(stream: "AudioStream") -> tuple[bool | int, ...]:
        return (
            stream.codec_context is not None,
            not any(stream.disposition & kind for kind in beside),
            2 * (lengths[stream.index] or longest_s) >= longest_s,
            bool(stream.disposition & Disposition.default),
            stream.codec_context.channels if stream.codec_context else 0,
            -stream.index,
        )

    candidates = sorted(container.streams.audio, key=rank)
    if not candidates or candidates[-1].codec_context is None:
        raise ValueError("there is no audio in it" if not candidates else "its codec is unknown")
    for stream in container.streams:
        stream.discard = Discard.default if stream is candidates[-1] else Discard.all
    return candidates[-1]


def seconds_claimed(stream: "AudioStream") -> float | None:
    """Length by the container's word; None where it doesn't say. Matroska says it in a tag."""
    if stream.duration and stream.duration > 0 and stream.time_base:
        return float(stream.duration * stream.time_base)
    tag = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    return int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3]) if tag else None


def packets(
    container: "InputContainer", stream: "AudioStream", damage: Damage
) -> "Iterator[Packet]":
    """A stream's packets; where reading fails, it is tried again behind that place."""
    from av.error import FFmpegError

    failures = 0
    while failures < MAX_READ_FAILURES:
        try:
            for packet in container.demux(stream):
                failures = 0
                damage.packets += bool(packet.size)
                yield packet
            return
        except IndexError:  # PyAV 18 at the end, where streams turned up on the way
            return
        except FFmpegError as error:
            failures += 1
            damage.unreadable += 1
            damage.note(error)


def heard(
    container: "InputContainer", stream: "AudioStream", damage: Damage
) -> "Iterator[AudioFrame | float]":
    """Frames, and seconds of silence in place of what can't be decoded.

    faster-whisper's own reader stops at the first damaged packet. In files stitched together
    from episode and advertising, with tags in between, that lost the rest without an error.
    """
    from av.error import FFmpegError

    clock = Clock(container, stream)
    for packet in packets(container, stream, damage):
        gap_s = clock.gap_s(packet)
        if gap_s:
            damage.gaps_s += gap_s
            yield gap_s
        try:
            frames = [frame for frame in stream.decode(packet) if frame.samples]
        except FFmpegError as error:
            damage.undecodable += 1
            damage.note(error)
            lost_s = min(max(clock.seconds_of(packet), 0.0), MAX_PACKET_S)
            damage.silent_s += lost_s
            yield lost_s
            continue
        for frame in frames:
            if frame.sample_rate in RATES_HZ:
                yield frame
            else:
                damage.undecodable += 1
                damage.note(f"{frame.sample_rate:,} samples per second are no speech")


class Clock:
    """Where packets stand in time; to be asked for each packet of a stream, in order."""

    def __init__(self, container: "InputContainer", stream: "AudioStream") -> None:
        self._tick_s = float(stream.time_base or 0)
        self._codec = stream.codec_context
        self._max_gap_s = TIMED.get(container.format.name, 0.0) if self._tick_s > 0 else 0.0
        self._next_s = (container.start_time or 0) / 1_000_000
        self._leapt_to_s = math.inf

    def gap_s(self, packet: "Packet") -> float:
        """Seconds for which there is nothing before this packet; mostly 0.

        A leap in the time stamps is believed when the next packet goes on from there: one broken
        stamp moved all that came behind it by twenty seconds. So a gap comes a packet late.
        """
        if not self._max_gap_s or packet.pts is None or not packet.size:
            return 0.0
        start_s, length_s = packet.pts * self._tick_s, (packet.duration or 0) * self._tick_s
        gap_s = start_s - self._next_s
        goes_on = abs(start_s - self._leapt_to_s) < MIN_GAP_S
        if abs(gap_s) >= MIN_GAP_S and not goes_on:
            self._leapt_to_s = start_s + length_s
            self._next_s += length_s
            return 0.0
        self._leapt_to_s = math.inf
        self._next_s = start_s + length_s
        return gap_s if MIN_GAP_S <= gap_s <= self._max_gap_s else 0.0

    def seconds_of(self, packet: "Packet") -> float:
        """How long a packet says it is, less what the decoder is told to leave out.

        0 where it doesn't say; less than 0 where more is left out than the packet has.
        """
        length_s: float = (packet.duration or 0) * self._tick_s
        if packet.has_sidedata("skip_samples") and self._codec.sample_rate:
            begin, end = struct.unpack_from("<II", bytes(packet.get_sidedata("skip_samples")))
            length_s -= (begin + end) / self._codec.sample_rate
        return length_s
