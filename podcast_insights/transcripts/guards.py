"""Guards against silent failure: transcripts that look fine and are not.

Each was seen in the wild. A guard that fires marks the row; its text is kept, and no insight
is drawn from it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from podcast_insights.transcripts.records import Segment

MAX_MISSING_S = 120.0
MAX_MISSING_SHARE = 0.05
MIN_WORDS = 20
MIN_WORDS_PER_MINUTE = 20.0
MAX_WORDS_PER_MINUTE = 400.0
MAX_REPEATED_SHARE = 0.3
MAX_BAD_TIMES_SHARE = 0.02


@dataclass(frozen=True)
class Finding:
    """A guard that fired."""

    status: str
    message: str


def inspect(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """The first guard that fires on a transcript, or None.

    Args:
        segments: the transcript.
        duration_s: of the decoded audio.
        speech_s: speech that voice activity detection found; None where it did not run.
    """
    for guard in (not_speech, impossible_times, incomplete, repetitive, implausible_pace):
        finding = guard(segments, duration_s, speech_s)
        if finding:
            return finding
    return None


def not_speech(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Hardly a word, or hardly any speech: music, silence, a test tone."""
    words = count_words(segments)
    heard_s = duration_s if speech_s is None else speech_s
    if words < MIN_WORDS or words / max(duration_s / 60, 1e-9) < MIN_WORDS_PER_MINUTE:
        return Finding(
            "not_speech",
            f"{words} words in {duration_s:.0f} s of audio ({heard_s:.0f} s of it speech); "
            "nothing to do if this is music",
        )
    return None


def impossible_times(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Segments that end before they start, run backwards, or lie past the audio's end."""
    bad, previous = 0, 0.0
    for segment in segments:
        is_backwards = segment.end_s < segment.start_s or segment.start_s < previous - 1
        bad += is_backwards or segment.start_s > duration_s + 1
        previous = segment.start_s
    if bad > MAX_BAD_TIMES_SHARE * len(segments):
        return Finding(
            "impossible_times",
            f"{bad} of {len(segments)} segments have impossible times for {duration_s:.0f} s of "
            "audio; the text belongs to other audio, or the file is damaged",
        )
    return None


def incomplete(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """The text stops well before the audio does.

    Where voice activity detection ran, only speech counts: five minutes of closing music are
    not missing words.
    """
    allowed = max(MAX_MISSING_S, MAX_MISSING_SHARE * duration_s)
    covered_s = sum(segment.end_s - segment.start_s for segment in segments)
    missing = duration_s - max(segment.end_s for segment in segments)
    if speech_s is not None:
        missing = min(missing, speech_s - covered_s)
    if missing > allowed:
        return Finding(
            "incomplete",
            f"the text ends {missing:.0f} s before the audio; transcribe it anew with another "
            "model, or complain to the publisher",
        )
    return None


def repetitive(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """One and the same segment over and over: Whisper in a loop."""
    texts = [" ".join(re.findall(r"\w+", segment.text.lower())) for segment in segments]
    counts = Counter(text for text in texts if len(text) > 15)
    repeated = sum(count for count in counts.values() if count > 3)
    if repeated > MAX_REPEATED_SHARE * len(texts):
        return Finding(
            "repetitive",
            f"{repeated} of {len(texts)} segments repeat themselves; transcribe it anew with "
            "another model",
        )
    return None


def implausible_pace(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """More words than anyone can say: text of another, longer episode."""
    pace = count_words(segments) / max(duration_s / 60, 1e-9)
    if pace > MAX_WORDS_PER_MINUTE:
        return Finding(
            "implausible_pace",
            f"{pace:.0f} words a minute; the text belongs to other, longer audio",
        )
    return None


def count_words(segments: Sequence[Segment]) -> int:
    """Words in all segments."""
    return sum(len(segment.text.split()) for segment in segments)
