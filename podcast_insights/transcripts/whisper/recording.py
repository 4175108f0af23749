"""One file on its way from sound to segments.

Its sections go to the packer as they are found and come back in any order. What each of them left
out goes there once more. Audio is let go as soon as it is not needed, so that the memory does
not grow with the file.

What does not belong here: decoding and packing themselves, models and devices (`engine.py`).
"""

import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.decoding import probability
from podcast_insights.transcripts.whisper.devices import is_out_of_memory
from podcast_insights.transcripts.whisper.lanes import Lane, Said
from podcast_insights.transcripts.whisper.packets import Damage
from podcast_insights.transcripts.whisper.packing import Packer
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, RunStopped, TranscriptionError
from podcast_insights.transcripts.whisper.repair import (
    around,
    holes,
    instead,
    segments_of,
    spoken,
    swallowed,
    thin,
    unheard,
    usual_rate,
    with_found,
)
from podcast_insights.transcripts.whisper.samples import Floats
from podcast_insights.transcripts.whisper.sections import SECTION_S, Section, sections
from podcast_insights.transcripts.whisper.sound import blocks
from podcast_insights.transcripts.whisper.speech import Span, listen

BLOCK_S = 61.44
"""1,920 frames of the voice activity detector."""
POLL_S = 0.5

log = logging.getLogger(__name__)


@dataclass
class Part:
    """A section's text, and its second looks that are still under way."""

    speech: tuple[Span, ...]
    said: list[Said]
    found: list[Said] = field(default_factory=list)
    pending: int = 0

    def take(self, look: "Look", said: Sequence[Said]) -> Section | None:
        """What a second look came to; the rest that is to be looked at next."""
        self.pending -= 1
        if look.old is None:
            self.found += said
            return None
        kept, found = instead(look.old, said)
        rest = look.rest if kept == [look.old] and not found else None
        if rest:
            kept = [replace(look.old, end_s=rest.start_s)]
            self.pending += 1
        self.said = [one for one in self.said if one is not look.old] + kept
        self.found += found
        return rest


@dataclass(frozen=True)
class Look:
    """A second look.

    Args:
        section: at what.
        old: the segment of which it is; None where there is none.
        rest: what the segment has swallowed, if much; looked at where the look changes nothing.
    """

    section: Section
    old: Said | None = None
    rest: Section | None = None


@dataclass
class Recording:
    """Has one file decoded.

    Args:
        path: the audio.
        language: spoken in it.
        packer: decodes lanes of all files.
        number: files with a lower one go first.
        stopping: set when nobody wants the result any more.
    """

    path: Path
    language: str
    packer: Packer
    number: int
    stopping: threading.Event
    samples: int = 0
    damage: str | None = None
    lost_s: float = 0.0
    windows: int = 0
    decoded_again: int = 0
    work_s: float = 0.0
    _back: "queue.SimpleQueue[tuple[int, Look | None, Lane]]" = field(
        default_factory=queue.SimpleQueue
    )
    _parts: dict[int, Part] = field(default_factory=dict)
    _done: dict[int, Part] = field(default_factory=dict)
    _out: int = 0
    _is_wanted: bool = True

    def cut(self) -> None:
        """Read the file and have its sections decoded; waits where too much is waiting.

        Raises:
            TranscriptionError: it is no audio, or the model failed on it.
        """
        began = time.thread_time()
        with self._unwanted_after_errors():
            for number, section in enumerate(self._sections()):
                self._send(number, section)
                while not self._back.empty():
                    self._take()
        self.work_s += time.thread_time() - began

    def finish(self) -> None:
        """Wait for what is still being decoded.

        Raises:
            TranscriptionError: the model failed on it.
            RunStopped: it was, meanwhile.
        """
        with self._unwanted_after_errors():
            while self._out:
                self._take()

    @contextmanager
    def _unwanted_after_errors(self) -> Iterator[None]:
        """Have nothing more decoded of a file that failed."""
        try:
            yield
        except BaseException:
            self._is_wanted = False
            self._parts.clear()
            raise

    @property
    def _sorted(self) -> list[Part]:
        return [self._done[number] for number in sorted(self._done)]

    @property
    def duration_s(self) -> float:
        """Of the audio."""
        return round(self.samples / SAMPLE_RATE, 3)

    @property
    def speech_s(self) -> float:
        """How much of it is speech."""
        return round(sum(s.length_s for part in self._sorted for s in part.speech), 3)

    @property
    def unheard(self) -> tuple[tuple[float, float], ...]:
        """Speech that has no text even after the second look, as seconds from and to."""
        left = [unheard(part.speech, part.said) for part in self._sorted]
        return tuple(
            (round(span.start_s, 3), round(span.end_s, 3))
            for groups in left
            for spans in groups
            for span in spans
        )

    @property
    def confidence(self) -> float | None:
        """Mean probability of the tokens, by the length of segments."""
        said = [one for part in self._sorted for one in part.said]
        total_s = sum(one.end_s - one.start_s for one in said)
        if not total_s:
            return None
        weighted = sum((o.end_s - o.start_s) * probability(o.logprob) for o in said)
        return round(weighted / total_s, 3)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The text, in order."""
        return tuple(s for part in self._sorted for s in segments_of(part.said, part.speech))

    def _sections(self) -> Iterator[Section]:
        return sections(listen(self._blocks()), SECTION_S)

    def _blocks(self) -> Iterator[Floats]:
        for block in blocks(self.path, BLOCK_S, self._note_damage):
            if self.stopping.is_set():
                raise RunStopped
            self.samples += len(block)
            yield block

    def _note_damage(self, damage: Damage) -> None:
        self.damage, self.lost_s = str(damage), round(damage.lost_s, 3)

    def _send(self, number: int, section: Section, look: Look | None = None) -> None:
        self._out += 1
        lane = Lane(
            rank=(self.number, number),
            section=section,
            language=self.language,
            finished=lambda lane: self._back.put((number, look, lane)),
            is_wanted=lambda: self._is_wanted,
        )
        self.packer.put(lane, self.stopping.is_set, is_urgent=look is not None)

    def _take(self) -> None:
        """Deal with one lane that came back, waiting for it."""
        number, look, lane = self._next()
        self._out -= 1
        if lane.error is not None:
            if look is None:
                raise failure(lane.error) from lane.error
            log.warning("A second look at %s failed (%s)", self.path.name, lane.error)
        self.windows += lane.windows
        self.work_s += lane.work_s
        if look is None:
            self.decoded_again += lane.decoded_again
            self._look_again(number, lane)
        else:
            self.decoded_again += 1
            if rest := self._parts[number].take(look, [] if lane.error else lane.said):
                self._send(number, rest, Look(rest))
        if not self._parts[number].pending:
            part = self._parts.pop(number)
            part.said = spoken(with_found(part.said, part.found), part.speech)
            self._done[number] = part

    def _look_again(self, number: int, lane: Lane) -> None:
        """Have all of a section decoded once more that has no or too few words."""
        section, said = lane.section, lane.said
        few = thin(section, said)
        rate = usual_rate(section, said)
        looks = [
            Look(around(section, one, said), one, swallowed(section, one, rate)) for one in few
        ]
        looks += [Look(hole) for hole in holes(section, said, few)]
        self._parts[number] = Part(section.speech, said, pending=len(looks))
        for look in looks:
            self._send(number, look.section, look)

    def _next(self) -> tuple[int, Look | None, Lane]:
        while not self.stopping.is_set():
            with suppress(queue.Empty):
                return self._back.get(timeout=POLL_S)
        raise RunStopped


def failure(error: Exception) -> TranscriptionError:
    """What the model's error means for this file."""
    if is_out_of_memory(error):
        return TranscriptionError(
            f"there is too little memory for even one window of 30 s ({error}); set "
            "PODCAST_INSIGHTS_WHISPER_MODEL to a smaller model, or "
            "PODCAST_INSIGHTS_WHISPER_COMPUTE_TYPE to int8_float16 or int8"
        )
    return TranscriptionError(f"Whisper failed on it: {type(error).__name__}: {error}")
