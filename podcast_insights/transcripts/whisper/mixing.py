"""Many channels to one, losing none of them.

Two channels are averaged. Where they are found to cancel each other (a cable with swapped
wires makes the right channel the negative of the left one, and the average silent), the right
one is turned by a quarter of a wave from there on before they are added: that can neither
double nor cancel anything, whatever their phase, and Whisper does not hear the difference.
It stays so to the end of the part of the file that has these channels, so a voice under music
is not lost either; there is one change at most, and it is faded.

More than two channels are first mixed to a left and a right one.

What does not belong here: rates other than the source's (`sound.py`).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podcast_insights.transcripts.whisper.samples import Floats

if TYPE_CHECKING:
    from av import AudioFrame


CANCELLING = -0.5
"""Correlation of left and right: below, the average has under a quarter of the power."""

WINDOW_S, FADE_S = 0.25, 0.05
QUIET = 1e-7
"""Mean square of both channels below which nothing is concluded, -70 dB."""

REACH = 64
"""Samples on each side that the quarter turn looks at."""

LOUDEST = 4.0
"""Codecs overshoot a little; float files hold anything."""

SIDE, SURROUND = 0.7, 0.5
"""Beside a centre of 1, where films have the voice."""


def quarter_turn() -> Floats:
    """A Hilbert filter, windowed."""
    place = np.arange(-REACH, REACH + 1)
    odd = place % 2 == 1
    taps = np.zeros(len(place))
    taps[odd] = 2 / (np.pi * place[odd])
    return (taps * np.blackman(len(place))).astype(np.float32)


TURN = quarter_turn()


def planes(frame: "AudioFrame") -> Floats:
    """A frame's samples as (channels, samples) between -1 and 1; what is no number is silent."""
    values: NDArray[Any] = frame.to_ndarray()
    if frame.format.is_packed:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if values.dtype.kind == "f":
        return (values if is_sound(values) else tamed(values)).astype(np.float32, copy=False)
    scaled: Floats = values.astype(np.float32) / np.float32(2 ** (8 * values.itemsize - 1))
    if values.dtype.kind == "u":
        scaled -= np.float32(1)
    return scaled


def readable(frames: "Iterable[AudioFrame]") -> "Iterator[AudioFrame]":
    """Frames of one kind that `planes` can read.

    PyAV 18 reads past the end of the planes of eight channels and more, and dies of it; it
    knows no 64-bit samples. FFmpeg itself packs these.
    """
    from av import AudioResampler

    packer = None
    for frame in frames:
        few = frame.format.is_packed or frame.layout.nb_channels < 8
        if few and not frame.format.name.startswith("s64"):
            yield frame
            continue
        if packer is None:
            packer = AudioResampler("flt", frame.layout.name, frame.sample_rate)
        yield from packer.resample(frame)
    if packer is not None:
        yield from packer.resample(None)


def is_sound(values: NDArray[Any]) -> bool:
    """Whether all are numbers and none is far beyond full scale."""
    return bool(values.min() >= -LOUDEST and values.max() <= LOUDEST)


def tamed(values: NDArray[Any]) -> NDArray[Any]:
    """What is not a number becomes silence, the rest is clipped."""
    clipped: NDArray[Any] = np.clip(np.nan_to_num(values, posinf=0.0, neginf=0.0), -1, 1)
    return clipped


def weights(names: list[str]) -> Floats:
    """(2, channels): how much of each channel goes left and right; each row adds up to 1.

    Args:
        names: FFmpeg's, such as `FL`, `FC`, `LFE`; unknown ones go left and right by turns.
    """
    table: Floats = np.array([weight(name) for name in names], np.float32).T
    if not table.any(axis=1).all():
        turns = np.arange(len(names)) % 2
        table = np.stack([turns == 0, turns == 1]).astype(np.float32)
    table /= table.sum(axis=1, keepdims=True)
    return table


def weight(name: str) -> tuple[float, float]:
    """How much of a channel goes left and right, before they are made to add up."""
    if name.startswith("LFE") or name in ("NONE", "UNSD", "UNK"):
        return 0.0, 0.0
    share = SIDE if name in ("FL", "FR", "DL", "DR") else SURROUND
    if name.endswith(("L", "LC")):
        return share, 0.0
    if name.endswith(("R", "RC")):
        return 0.0, share
    return (1.0, 1.0) if name == "FC" else (SURROUND, SURROUND)


class Mixer:
    """Mixes one run of frames that have the same channels and rate.

    Args:
        names: of the channels.
        rate: samples per second.
    """

    def __init__(self, names: list[str], rate: int) -> None:
        self._channels = len(names)
        self._weights = weights(names) if len(names) > 2 else None
        self._window = max(int(rate * WINDOW_S), 1)
        self._fade = max(int(rate * FADE_S), 1)
        self._kept = np.zeros((2, REACH), np.float32)
        self._turned = False

    def mix(self, values: Floats) -> Floats:
        """Samples as they come in; those of the last `REACH` come out with the next ones."""
        both = values if self._weights is None else self._weights @ values
        both = np.concatenate([self._kept, both], axis=1)
        self._kept = both[:, -2 * REACH :]
        if both.shape[1] <= 2 * REACH:
            return np.zeros(0, np.float32)
        left, right = both[:, REACH:-REACH]
        mean: Floats = (left + right) * np.float32(0.5)
        begin = 0 if self._turned else self._cancelling(left, right)
        if begin is None:
            return mean
        turned = (left + np.convolve(both[1], TURN, "valid")) * np.float32(0.5**0.5)
        share = np.ones(len(mean), np.float32)
        if not self._turned:
            share = np.clip((np.arange(len(mean)) - begin) / self._fade, 0, 1).astype(np.float32)
        self._turned = True
        mean += share * (turned - mean)
        return mean

    def rest(self) -> Floats:
        """The last samples."""
        return self.mix(np.zeros((self._channels, REACH), np.float32))

    def _cancelling(self, left: Floats, right: Floats) -> int | None:
        """Where the first window begins in which the channels cancel each other."""
        starts = np.arange(0, len(left), self._window)
        count = np.diff(np.append(starts, len(left)))
        lengths = np.maximum(count, self._window / 2)
        pairs = ((left, left), (right, right), (left, right))
        l2, r2, lr = (np.add.reduceat(a * b, starts) / lengths for a, b in pairs)
        found = (np.minimum(l2, r2) > QUIET) & (lr < CANCELLING * np.sqrt(l2 * r2))
        return int(starts[found.argmax()]) if found.any() else None
