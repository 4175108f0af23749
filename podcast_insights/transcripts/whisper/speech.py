"""Where there is speech: voice activity detection over audio of any length, block by block.

What does not belong here: what is said (`decoding.py`), and how speech is shared out for that
(`sections.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.samples import Floats

FRAME = 512
"""Samples that Silero's detector judges at a time: 32 ms."""
LEVEL, MOST_GAIN = 0.05, 10.0
"""Quieter stretches are made this loud (root mean square) for the detector, by at most so much. It
misses soft voices: of one 0.90 of the words instead of 0.83 were heard in the shared audio, and no
more where nobody speaks."""
LEVEL_FRAMES, NEAR_FRAMES = 31, 47
"""Loudness is that of a second, and the greatest within a second and a half before and behind: the
echo of a loud voice is no soft voice, and made louder it drew segments out by up to 0.4 s."""
LEAD_IN = 64 * FRAME
"""Of each block's past that is judged again, because the detector has to hear itself in."""
BEGIN = 0.35
END = 0.20
"""A frame with this probability begins speech, one under the other ends it. Silero's own 0.5 loses
a sixth of a soft, nasal voice (`spontaneous` in the shared audio); 0.35 half of that."""
MIN_PAUSE_FRAMES = 5
LONG_FRAMES = 15 * SAMPLE_RATE // FRAME
"""Speech without a pause is cut where it is least speech, so that it can be shared out."""
SOFT_FRAMES = 5 * SAMPLE_RATE // FRAME


class Span(NamedTuple):
    """A stretch of time, in seconds from the beginning of the file."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


class Heard(NamedTuple):
    """A block of audio, and what is known of speech once it was heard.

    Args:
        samples: mono float32 at 16 kHz.
        spans: speech that ended in this block; it may have begun before.
        open_s: where speech began that goes on after this block; None in a pause.
    """

    samples: Floats
    spans: list[Span]
    open_s: float | None


def listen(blocks: Iterable[Floats]) -> Iterator[Heard]:
    """Find speech in audio, with the memory of one block.

    Args:
        blocks: mono float32 samples at 16 kHz; all but the last a multiple of `FRAME` long.
    """
    from faster_whisper.vad import get_vad_model

    detector = get_vad_model()
    past = np.zeros(0, np.float32)
    spans = Spans()
    for block in blocks:
        lead = len(past) // FRAME
        heard = np.concatenate((past, block, np.zeros(-len(block) % FRAME, np.float32)))
        if len(heard):  # of nothing the detector raises
            spans.add(detector(levelled(heard)).ravel()[lead:])
        past = block[-LEAD_IN:] if len(block) % FRAME == 0 else np.zeros(0, np.float32)
        yield Heard(block, spans.taken(), spans.open_s)
    spans.end()
    if rest := spans.taken():
        yield Heard(np.zeros(0, np.float32), rest, None)


def levelled(samples: Floats) -> Floats:
    """The same with soft stretches louder; a whole number of frames."""
    frames = samples.reshape(-1, FRAME)
    around = np.ones(LEVEL_FRAMES)
    begin = LEVEL_FRAMES // 2

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.convolve(values, around)[begin : begin + len(values)]

    power = np.square(frames, dtype=np.float64).mean(axis=1)
    loudness = np.sqrt(summed(power) / summed(np.ones(len(power))))
    near = sliding_window_view(np.pad(loudness, NEAR_FRAMES), 2 * NEAR_FRAMES + 1).max(axis=1)
    gain = np.clip(LEVEL / np.maximum(near, np.finfo(np.float32).tiny), 1.0, MOST_GAIN)
    louder: Floats = np.clip(frames * gain[:, None].astype(np.float32), -1.0, 1.0).ravel()
    return louder


@dataclass
class Spans:
    """Makes spans of the frames' probabilities of speech."""

    _count: int = 0
    _begin: int | None = None
    _last: int = 0
    _since: list[float] = field(default_factory=list)
    _found: list[Span] = field(default_factory=list)

    @property
    def open_s(self) -> float | None:
        """Where speech began that has not ended."""
        return None if self._begin is None else self._begin * FRAME / SAMPLE_RATE

    def add(self, probabilities: Sequence[float] | Floats) -> None:
        """Take the next frames."""
        for probability in map(float, probabilities):
            self._frame(probability)
            self._count += 1

    def end(self) -> None:
        """The file ends."""
        if self._begin is not None:
            self._close(self._last + 1)

    def taken(self) -> list[Span]:
        """What was found since the last call."""
        found, self._found = self._found, []
        return found

    def _frame(self, probability: float) -> None:
        now = self._count
        if self._begin is None:
            if probability >= BEGIN:
                self._begin, self._last, self._since = now, now, [probability]
            return
        self._since.append(probability)
        if probability >= END:
            self._last = now
            if now - self._begin >= LONG_FRAMES:
                self._split()
        elif now - self._last >= MIN_PAUSE_FRAMES:
            self._close(self._last + 1)

    def _split(self) -> None:
        soft = self._since[-SOFT_FRAMES:]
        cut = self._count - len(soft) + 1 + int(np.argmin(soft))
        kept = self._since[-(self._count - cut + 1) :]
        self._close(cut)
        self._begin, self._since = cut, kept

    def _close(self, end: int) -> None:
        begin = self._begin or 0
        if end > begin:
            self._found.append(Span(begin * FRAME / SAMPLE_RATE, end * FRAME / SAMPLE_RATE))
        self._begin = None


def overlap_s(spans: Iterable[Span], start_s: float, end_s: float) -> float:
    """Seconds of the spans between two times."""
    return sum(max(min(s.end_s, end_s) - max(s.start_s, start_s), 0.0) for s in spans)
