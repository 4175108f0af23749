"""Which language is spoken, heard in several places of a file.

One place is not enough: an episode may begin with a song, a greeting in another language, or an
advertisement.

What does not belong here: the language of a text (`languages.py`), and what is made of a feed's
hint that turns out wrong (`guards`).
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from podcast_insights.transcripts.duration import duration_of
from podcast_insights.transcripts.whisper.decoding import WINDOW_S
from podcast_insights.transcripts.whisper.sound import excerpt
from podcast_insights.transcripts.whisper.speech import FRAME, Floats, listen

PLACES = (0.5, 0.25, 0.75, 0.1, 0.9)
"""Shares of the duration; the beginning and the end are often music."""
LEAST_SPEECH_S = 3.0
ENOUGH = 3
"""Places with speech that are listened to."""


class Spoken(NamedTuple):
    """A language and how sure it is, 0 to 1."""

    language: str
    probability: float


def spoken_in(path: Path, languages: Callable[[Floats], dict[str, float]]) -> Spoken | None:
    """The language of a file: the one with the highest mean probability over some places.

    Args:
        path: the audio.
        languages: each language's probability, for up to 30 s of samples.

    Returns:
        None where no place that was tried has speech.

    Raises:
        TranscriptionError: it is no audio.
    """
    duration_s = duration_of(path)
    total: Counter[str] = Counter()
    tried: set[float] = set()
    heard = 0
    for place in PLACES:
        start_s = round(max(min(place * duration_s, duration_s - WINDOW_S), 0.0), 1)
        if heard == ENOUGH or start_s in tried:
            continue
        tried.add(start_s)
        samples = excerpt(path, start_s, WINDOW_S)
        if speech_s(samples) >= LEAST_SPEECH_S:
            total.update(languages(samples))
            heard += 1
    if not heard:
        return None
    language, probability = max(total.items(), key=lambda item: (item[1], item[0]))
    return Spoken(language, round(probability / heard, 3))


def speech_s(samples: Floats) -> float:
    """Seconds of speech in some audio."""
    whole = samples[: len(samples) // FRAME * FRAME]
    return sum(span.length_s for heard in listen([whole]) for span in heard.spans)
