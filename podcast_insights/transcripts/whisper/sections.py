"""Sections: stretches of a file that are decoded one after the other inside, and side by side.

Long pauses, music and silence lie between sections and are never decoded, as Whisper makes up
words for them. A long section is cut where the pause is longest, since each cut costs context:
in real speech, cuts every two minutes raised the word error rate from 0.072 to 0.080.

What does not belong here: finding speech (`speech.py`), decoding (`decoding.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.samples import Floats, Integers, integers
from podcast_insights.transcripts.whisper.speech import Heard, Span

SECTION_S = 300.0
"""An hour has twelve sections, enough to fill a batch by itself."""
MAX_PAUSE_S = 8.0
"""A longer pause ends a section. Shorter ones are decoded with the rest: who begins softly after a
pause is not heard by the detector at once."""
PAD_S = 0.4
"""Kept before and after speech: the detector is late by some frames."""
LEAST_SHARE = 0.5
"""A section that is cut is at least this much of the longest one."""


@dataclass(frozen=True)
class Section:
    """A stretch of audio with speech.

    Args:
        start_s: where it begins in the file.
        samples: mono, 16 bit, 16 kHz; half the memory of floats, and the same sound.
        speech: where there is speech in it, in seconds of the file.
    """

    start_s: float
    samples: Integers
    speech: tuple[Span, ...]

    @property
    def end_s(self) -> float:
        """Where it ends in the file."""
        return self.start_s + len(self.samples) / SAMPLE_RATE

    def part(self, start_s: float, end_s: float) -> "Section":
        """What lies between two times of the file."""
        start_s, end_s = max(start_s, self.start_s), min(end_s, self.end_s)
        begin = round((start_s - self.start_s) * SAMPLE_RATE)
        end = round((end_s - self.start_s) * SAMPLE_RATE)
        speech = tuple(
            Span(max(span.start_s, start_s), min(span.end_s, end_s))
            for span in self.speech
            if span.start_s < end_s and span.end_s > start_s
        )
        return Section(self.start_s + begin / SAMPLE_RATE, self.samples[begin:end], speech)


def sections(heard: Iterable[Heard], longest_s: float) -> Iterator[Section]:
    """Share out a file's speech; memory is that of the longest section and two blocks.

    Args:
        heard: the file, block by block.
        longest_s: no section is longer.
    """
    tape = Tape()
    waiting: list[Span] = []
    for block in heard:
        tape.add(block.samples)
        for span in block.spans:
            yield from ready(tape, waiting, span, longest_s)
        going_on_s = tape.end_s if block.open_s is None else block.open_s
        if waiting and going_on_s - waiting[-1].end_s > MAX_PAUSE_S:
            yield tape.section(waiting, None)
            waiting.clear()
        tape.forget(min(going_on_s, waiting[0].start_s if waiting else going_on_s) - 2 * PAD_S)
    if waiting:
        yield tape.section(waiting, None)


def ready(tape: "Tape", waiting: list[Span], span: Span, longest_s: float) -> Iterator[Section]:
    """The section that this span ends, if it does; the span waits from then on."""
    if waiting and span.start_s - waiting[-1].end_s > MAX_PAUSE_S:
        yield tape.section(waiting, span)
        waiting.clear()
    waiting.append(span)
    while len(waiting) > 1 and waiting[-1].end_s - waiting[0].start_s + 2 * PAD_S > longest_s:
        last = best_end(waiting, longest_s)
        yield tape.section(waiting[: last + 1], waiting[last + 1])
        del waiting[: last + 1]


def best_end(spans: list[Span], longest_s: float) -> int:
    """Which span is the last one before the cut: that with the longest pause after it."""
    start_s = spans[0].start_s
    places = [
        index
        for index in range(len(spans) - 1)
        if spans[index].end_s - start_s >= LEAST_SHARE * longest_s
    ] or [len(spans) - 2]
    return max(places, key=lambda k: (round(spans[k + 1].start_s - spans[k].end_s, 3), k))


class Tape:
    """The end of the audio so far, from which sections are taken."""

    def __init__(self) -> None:
        self._pieces: list[Integers] = []
        self._first = 0
        self._end = 0
        self._taken_s = 0.0

    @property
    def end_s(self) -> float:
        """Seconds of audio so far."""
        return self._end / SAMPLE_RATE

    def add(self, samples: Floats) -> None:
        """The next block."""
        if len(samples):
            self._pieces.append(integers(samples))
            self._end += len(samples)

    def section(self, spans: list[Span], following: Span | None) -> Section:
        """The audio around these spans, as far as no other section has it."""
        start_s = max(spans[0].start_s - PAD_S, self._taken_s, 0.0)
        end_s = min(spans[-1].end_s + PAD_S, self.end_s)
        if following is not None:
            end_s = min(end_s, (spans[-1].end_s + following.start_s) / 2)
        self._taken_s = end_s
        begin, end = round(start_s * SAMPLE_RATE), round(end_s * SAMPLE_RATE)
        everything = np.concatenate(self._pieces)
        samples = everything[begin - self._first : end - self._first].copy()
        return Section(begin / SAMPLE_RATE, samples, tuple(spans))

    def forget(self, until_s: float) -> None:
        """Nothing before this time will be asked for."""
        until = round(until_s * SAMPLE_RATE)
        while self._pieces and self._first + len(self._pieces[0]) <= until:
            self._first += len(self._pieces.pop(0))
