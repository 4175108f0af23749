"""Which language is spoken, heard in several places of a file.

One place is not enough: an episode may begin with a song, a greeting in another language, or an
advertisement.

What does not belong here: the language of a text (`languages.py`), and what is made of a feed's
hint that turns out wrong (`guards`).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from podcast_insights.transcripts.duration import duration_of
from podcast_insights.transcripts.languages import primary
from podcast_insights.transcripts.whisper.decoding import WINDOW_S
from podcast_insights.transcripts.whisper.records import RunStopped
from podcast_insights.transcripts.whisper.samples import Floats
from podcast_insights.transcripts.whisper.sound import excerpt
from podcast_insights.transcripts.whisper.speech import FRAME, listen

PLACES = (0.5, 0.25, 0.75, 0.1, 0.9)
"""Shares of the duration; the beginning and the end are often music."""
LEAST_SPEECH_S = 3.0
ENOUGH = 3
"""Places with speech that are listened to."""
OTHER_CODES = {"fil": "tl", "in": "id", "iw": "he", "ji": "yi", "jv": "jw", "nb": "no"}
"""Where Whisper's code is another than the one in use."""


class Spoken(NamedTuple):
    """A language and how sure it is, 0 to 1."""

    language: str
    probability: float


def spoken_in(
    path: Path,
    languages: Callable[[Floats], dict[str, float]],
    is_stopping: Callable[[], bool] = lambda: False,
) -> Spoken | None:
    """The language of a file: the one with the highest mean probability over some places.

    Args:
        path: the audio.
        languages: each language's probability, for up to 30 s of samples.
        is_stopping: whether nobody wants to know any more.

    Returns:
        None where no place that was tried has speech.

    Raises:
        TranscriptionError: it is no audio.
        RunStopped: it was, meanwhile.
    """
    heard = list(islice(places(path, is_stopping), ENOUGH))
    # A few words are better than a guess, if there is no more than that anywhere.
    enough = [one for one in heard if one.speech_s >= LEAST_SPEECH_S]
    some = enough or sorted(heard, key=lambda one: -one.speech_s)[:1]
    if not some:
        return None
    total: Counter[str] = Counter()
    for one in some:
        total.update(languages(one.samples))
    language, probability = max(total.items(), key=lambda item: (item[1], item[0]))
    return Spoken(language, round(probability / len(some), 3))


class Place(NamedTuple):
    """Up to 30 s of a file, and how much of that is speech."""

    samples: Floats
    speech_s: float


def places(path: Path, is_stopping: Callable[[], bool]) -> Iterator[Place]:
    """Places with speech, those with little of it last."""
    duration_s = duration_of(path)
    starts = [max(min(place * duration_s, duration_s - WINDOW_S), 0.0) for place in PLACES]
    poor = []
    for start_s in dict.fromkeys(round(start_s, 1) for start_s in starts):
        if is_stopping():
            raise RunStopped
        samples = excerpt(path, start_s, WINDOW_S)
        place = Place(samples, speech_s(samples))
        if place.speech_s >= LEAST_SPEECH_S:
            yield place
        elif place.speech_s:
            poor.append(place)
    yield from poor


def known_as(hint: str | None) -> str | None:
    """Whisper's code for the language of a feed's hint."""
    named = primary(hint)
    return OTHER_CODES.get(named, named) if named else None


def speech_s(samples: Floats) -> float:
    """Seconds of speech in some audio."""
    whole = samples[: len(samples) // FRAME * FRAME]
    return sum(span.length_s for heard in listen([whole]) for span in heard.spans)
