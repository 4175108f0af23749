"""A section on its way through the decoder: which window is next, and what came of the last.

Inside a section windows follow each other, as where one begins depends on the one before.
Different sections have nothing to do with each other, so that their windows can be decoded
together.

What does not belong here: the model (`decoding.py`), and which lanes are decoded together
(`packing.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from podcast_insights.transcripts.whisper.decoding import WINDOW_S, Piece, Result, Window, better
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.samples import floats
from podcast_insights.transcripts.whisper.sections import Section

LEAST_WINDOW_S = 0.1
"""What is left of a section and shorter holds no word."""
HALF_S = WINDOW_S / 2
"""A window that comes out badly twice is tried with half the audio, which often ends a loop."""
FREE_WINDOWS = 10
LEAST_STEP_S = 3.0
"""Windows of a section go on by so much on average, the first few apart. In speech it is over 20 s;
a model that ends each window after some hundredths of a second would never get through."""


@dataclass(frozen=True)
class Said:
    """Words with their time in the file, and what the model thought of them.

    Args:
        logprob: mean log probability of the tokens of the window.
    """

    start_s: float
    end_s: float
    text: str
    logprob: float
    piece: Piece


@dataclass(eq=False)
class Lane:
    """One section that is being decoded.

    Args:
        rank: lanes with a lower one go first.
        section: the audio.
        language: of it.
        finished: called once, when there is nothing more to decode or it failed.
        is_wanted: whether anybody still waits for it.
    """

    rank: tuple[int, int]
    section: Section
    language: str
    finished: Callable[["Lane"], None]
    is_wanted: Callable[[], bool] = lambda: True
    said: list[Said] = field(default_factory=list)
    windows: int = 0
    decoded_again: int = 0
    work_s: float = 0.0
    error: Exception | None = None
    _at: int = 0
    _longest_s: float = WINDOW_S

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to decode, or nobody wants it any more."""
        left = len(self.section.samples) - self._at
        is_over = self.error is not None or not self.is_wanted()
        return is_over or left < LEAST_WINDOW_S * SAMPLE_RATE

    @property
    def at_s(self) -> float:
        """Where in the file the next window begins."""
        return self.section.start_s + self._at / SAMPLE_RATE

    @property
    def window(self) -> Window:
        """What is to be decoded next."""
        end = self._at + round(self._longest_s * SAMPLE_RATE)
        return Window(floats(self.section.samples[self._at : end]), self.language)

    @property
    def _is_creeping(self) -> bool:
        return self.windows > FREE_WINDOWS + self._at / SAMPLE_RATE / LEAST_STEP_S

    def take(self, window: Window, first: Result, second: Result | None) -> list[Said]:
        """Go on after a window was decoded.

        Args:
            window: the one that was asked for.
            first: what came of it.
            second: what came of it once more, if the first was looping or unsure.

        Returns:
            What was said in it; nothing if half of it is to be decoded next.
        """
        result = first if second is None else better(first, second)
        if second is not None:
            self.decoded_again += 1
            if not result.is_sound and window.length_s > HALF_S:
                self._longest_s = HALF_S
                return []
        self.windows += 1
        begin_s, self._longest_s = self.at_s, WINDOW_S
        is_told = result.next_s > 0 and not self._is_creeping
        # What an unsure window says of where it ends isn't to be believed.
        is_believed = result.is_sound and not result.is_silent
        next_s = result.next_s if is_told and is_believed else window.length_s
        self._at += max(round(next_s * SAMPLE_RATE), 1)
        if result.is_silent:
            return []
        new = [
            Said(begin_s + p.start_s, begin_s + p.end_s, p.text, result.logprob, p)
            for p in result.pieces
        ]
        self.said += new
        return new
