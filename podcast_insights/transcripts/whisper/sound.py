"""Audio files to mono samples at 16 kHz, whatever container and however damaged.

What does not belong here: how long a file is (`duration.py`), which of its streams is the show
and what of it can be decoded (`packets.py`), how channels are mixed (`mixing.py`).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from podcast_insights.transcripts.whisper.mixing import Mixer, is_sound, planes, readable
from podcast_insights.transcripts.whisper.packets import Damage, heard, opened
from podcast_insights.transcripts.whisper.records import (
    SAMPLE_RATE,
    TranscriptionError,
    UndecodableError,
)
from podcast_insights.transcripts.whisper.samples import Floats, Integers, floats

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer

MAX_AUDIO_S = 24 * 3600
"""No episode is longer; 40 kB of FLAC can be hours of silence."""
TOO_LONG = f"the audio is longer than {MAX_AUDIO_S // 3600} hours; nothing to do if it is a stream"

PIECE_S, PIECE_VALUES = 1.0, 1 << 20
"""How much of the source is worked on at a time: fewer steps than frame by frame, in memory of
a few megabytes however many channels there are."""


def blocks(
    path: Path, block_s: float = 60.0, on_damage: Callable[[Damage], None] | None = None
) -> Iterator[Floats]:
    """Mono float32 samples between -1 and 1 at 16 kHz, in order.

    In blocks of some seconds, the last one shorter; memory is that of one block, whatever
    the file's length. The file is closed when the iterator ends or is closed. Several audio
    streams: see `packets.chosen`. Several channels: see `mixing`.

    Args:
        path: any container that FFmpeg reads, video included.
        block_s: seconds of a block.
        on_damage: told once, at the end, what could not be decoded, if anything.

    Raises:
        UndecodableError: not audio, or nothing in it can be decoded.
        TranscriptionError: longer than 24 hours; what came before was audio.
    """
    damage = Damage()
    size = max(round(block_s * SAMPLE_RATE), 1)
    some = False
    with opened(path) as (container, stream):
        for block in cut(bounded(samples(heard(container, stream, damage))), size):
            some = True
            yield floats(block)
    if not some:
        raise UndecodableError("the audio has no samples" + (f": {damage}" if damage else ""))
    if damage and on_damage is not None:
        on_damage(damage)


def decode(path: Path) -> Floats:
    """All of a file at once: for short audio; 64 kB a second.

    Raises:
        TranscriptionError: as `blocks`.
    """
    return np.concatenate(list(blocks(path)))


def excerpt(path: Path, start_s: float, length_s: float) -> Floats:
    """About `length_s` seconds from about `start_s`; empty past the end.

    What comes before is not decoded where the container can seek. To find out the language:
    the place may be off by seconds.

    Raises:
        TranscriptionError: as `blocks`, but for a file without samples.
    """
    wanted = round(length_s * SAMPLE_RATE)
    with opened(path) as (container, stream):
        seek(container, start_s)
        begin_s = start_s + float((stream.start_time or 0) * (stream.time_base or 0))
        frames = (
            item
            for item in heard(container, stream, Damage())
            if not isinstance(item, float)
            and (item.time is None or item.time + item.samples / item.sample_rate > begin_s)
        )
        found = next(cut(bounded(samples(frames)), max(wanted, 1)), np.zeros(0, np.int16))
    return floats(found[:wanted])


def seek(container: "InputContainer", start_s: float) -> None:
    """Go to a time, as far as the container can; else frames before it are decoded and dropped."""
    from av.error import FFmpegError

    if start_s > 0:
        with suppress(FFmpegError):
            container.seek(int(start_s * 1_000_000) + (container.start_time or 0))


def bounded(pieces: Iterable[Integers]) -> Iterator[Integers]:
    """The same, up to more than any episode has.

    Raises:
        TranscriptionError: there is more.
    """
    count = 0
    for piece in pieces:
        count += len(piece)
        if count > MAX_AUDIO_S * SAMPLE_RATE:
            raise TranscriptionError(TOO_LONG)
        yield piece


def cut(pieces: Iterable[Integers], size: int) -> Iterator[Integers]:
    """Pieces of any length as arrays of `size`, the last one shorter."""
    block, filled = np.empty(size, np.int16), 0
    for piece in pieces:
        while len(piece):
            taken = min(size - filled, len(piece))
            block[filled : filled + taken] = piece[:taken]
            filled, piece = filled + taken, piece[taken:]
            if filled == size:
                yield block
                filled = 0
    if filled:
        yield block[:filled]


def samples(items: "Iterable[AudioFrame | float]") -> Iterator[Integers]:
    """Frames as mono 16 kHz, with silence where seconds stand in place of frames.

    Silence comes out only with frames: a file of nothing but damage has no samples.
    """
    silent_s, some = 0.0, False
    for kind, alike in groupby(items, kind_of):
        if kind is None:
            silent_s += sum(item for item in alike if isinstance(item, float))
        else:
            frames = (item for item in alike if not isinstance(item, float))
            for piece in resampled(frames, kind.channels):
                yield from silence(silent_s)
                silent_s, some = 0.0, True
                yield piece
    if some:
        yield from silence(silent_s)


def silence(seconds: float) -> Iterator[Integers]:
    """Zeros, a minute at a time."""
    missing = round(min(seconds, MAX_AUDIO_S + 1) * SAMPLE_RATE)
    while missing > 0:
        piece = np.zeros(min(missing, 60 * SAMPLE_RATE), np.int16)
        missing -= len(piece)
        yield piece


class Kind(NamedTuple):
    """What must be the same for one resampler; stitched files change it on the way."""

    format: str
    layout: str
    rate: int
    channels: int


def kind_of(item: "AudioFrame | float") -> Kind | None:
    """A frame's kind; None for silence."""
    if isinstance(item, float):
        return None
    layout = item.layout
    return Kind(item.format.name, layout.name, item.sample_rate, layout.nb_channels)


def resampled(frames: "Iterable[AudioFrame]", channels: int) -> Iterator[Integers]:
    """Frames of one kind as mono 16 kHz."""
    from av import AudioResampler

    pieces = pieces_of(frames)
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    for frame in mixed(readable(pieces)) if channels > 1 else one_channel(pieces):
        for out in resampler.resample(frame):
            yield out.to_ndarray()[0]
    for out in resampler.resample(None):
        yield out.to_ndarray()[0]


def pieces_of(frames: "Iterable[AudioFrame]") -> "Iterator[AudioFrame]":
    """Short frames put together, long ones cut, to `PIECE_S` or `PIECE_VALUES`."""
    from av import AudioFifo

    fifo, size = AudioFifo(), 0
    for frame in frames:
        if not size:
            channels = frame.layout.nb_channels
            size = max(min(int(frame.sample_rate * PIECE_S), PIECE_VALUES // channels), 1)
        frame.pts = None
        fifo.write(frame)
        if fifo.samples >= size:
            yield from fifo.read_many(size)
    if size:
        yield from fifo.read_many(size, partial=True)


def mixed(frames: "Iterable[AudioFrame]") -> "Iterator[AudioFrame]":
    """Each as one channel. What has one already is handed on as it is, bit by bit."""
    mixer, rate = None, 0
    for frame in frames:
        rate = frame.sample_rate
        if mixer is None:
            mixer = Mixer([channel.name for channel in frame.layout.channels], rate)
        yield from some_mono(mixer.mix(planes(frame)), rate)
    if mixer is not None:
        yield from some_mono(mixer.rest(), rate)


def one_channel(frames: "Iterable[AudioFrame]") -> "Iterator[AudioFrame]":
    """Frames of one channel, handed on as they are, bit by bit, where they are sound."""
    for frame in frames:
        yield frame if is_plain(frame) else mono(planes(frame)[0], frame.sample_rate)


def is_plain(frame: "AudioFrame") -> bool:
    """Whether a frame of one channel needs no work: whole numbers, or a codec's sound floats."""
    if not frame.format.name.startswith(("flt", "dbl")):
        return True
    alike = frame.format.name == "fltp" and frame.layout.name == "mono"
    return alike and is_sound(frame.to_ndarray())


def some_mono(values: Floats, rate: int) -> "Iterator[AudioFrame]":
    """A frame, unless it would be empty."""
    if len(values):
        yield mono(values, rate)


def mono(values: Floats, rate: int) -> "AudioFrame":
    """Samples between -1 and 1 as a frame of one channel."""
    from av import AudioFrame

    frame = AudioFrame.from_ndarray(values[None], format="fltp", layout="mono")
    frame.sample_rate = rate
    return frame
