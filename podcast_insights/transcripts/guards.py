"""Guards against silent failure: transcripts that look fine and are not.

Each was seen in the wild. A guard that fires marks the row; its text is kept, and no insight
is drawn from it. A publisher's text that a guard stops is not used; Whisper listens instead.

What does not belong here: one text for two episodes, which takes both to see
(`same_text.py`); downloads that broke off (`audio.py`).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from podcast_insights.identity import long_hash
from podcast_insights.transcripts.languages import contradicts
from podcast_insights.transcripts.records import Segment

MAX_MISSING_S = 120.0
MAX_MISSING_SHARE = 0.05
MIN_HOLE_S = 60.0
"""Where nobody measured speech: a stretch without text that is no pause and no jingle."""
PAUSE_S = 2.0
"""Silence that voice activity detection takes for speech: shorter pauses, and 0.4 s on either side
of longer ones."""
MIN_WORDS = 20
MIN_WORDS_PER_MINUTE = 20.0
MAX_WORDS_PER_MINUTE = 400.0
MAX_REPEATED_SHARE = 0.3
MAX_BAD_TIMES_SHARE = 0.02
MAX_WORDS_PER_S = 10.0
"""Of one segment; nobody speaks that fast, so its times are of something else."""
MIN_WORDS_TO_CLOCK = 8
MAX_OVERLAP_SHARE = 0.3
"""Two who interrupt each other overlap for a tenth; two texts at a time for half."""
MIN_HEARD_SHARE = 0.5
"""Of the claimed duration. Many claims are wrong by a third: a slot of an hour, advertising."""
MIN_AGREED_SHARE = 0.75
UNIT_ERRORS = (55.0, 65.0)
"""Claims that take minutes for hours are not of cut audio."""


@dataclass(frozen=True)
class Finding:
    """A guard that fired."""

    status: str
    message: str


def inspect(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    *,
    language: str | None = None,
    claimed_s: float | None = None,
) -> Finding | None:
    """The first guard that fires on a transcript, or None.

    Args:
        segments: the transcript.
        duration_s: of the decoded audio.
        speech_s: speech that voice activity detection found; None where it did not run, which
            is so for a publisher's text.
        language: that it should be in; None where nobody said so.
        claimed_s: duration as the feed claims it.
    """
    return (
        truncated_audio(segments, duration_s, speech_s, claimed_s)
        or not_speech(segments, duration_s, speech_s)
        or implausible_pace(segments, duration_s, speech_s)
        or impossible_times(segments, duration_s, speech_s)
        or overlapping(segments, duration_s, speech_s)
        or incomplete(segments, duration_s, speech_s)
        or repetitive(segments, duration_s, speech_s)
        or wrong_language(segments, language)
    )


def truncated_audio(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    claimed_s: float | None,
) -> Finding | None:
    """The audio is a part of what was announced.

    A claim alone is believed only where half of the audio is missing, as claims are often
    wrong. A publisher's text is a second witness: if it goes on to the claimed end, less will
    do; if it ends with the audio, the claim is wrong.
    """
    if not claimed_s or UNIT_ERRORS[0] <= claimed_s / max(duration_s, 1e-9) <= UNIT_ERRORS[1]:
        return None
    least = MIN_HEARD_SHARE
    if speech_s is None:
        text_s = max((segment.end_s for segment in segments), default=0.0)
        if abs(text_s - claimed_s) > max(MAX_MISSING_S, MAX_MISSING_SHARE * claimed_s):
            return None
        least = MIN_AGREED_SHARE
    if claimed_s - duration_s > MAX_MISSING_S and duration_s < least * claimed_s:
        return Finding(
            "truncated_audio",
            f"the audio has {duration_s:.0f} s of the {claimed_s:.0f} s that "
            + ("the feed claims" if speech_s is not None else "the feed and the text claim")
            + "; have it sent again (`podcast-insights cache --prune enclosures`, which deletes no "
            "audio and no text, then the day anew), or complain to the publisher",
        )
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
    """Segments that end before they start, run backwards, or lie past the audio's end.

    Or hold more words than anyone can say in their time.
    """
    bad, previous = 0, 0.0
    for segment in segments:
        is_backwards = segment.end_s < segment.start_s or segment.start_s < previous - 1
        words = len(segment.text.split())
        is_hurried = words >= MIN_WORDS_TO_CLOCK and words > MAX_WORDS_PER_S * (
            segment.end_s - segment.start_s
        )
        bad += is_backwards or is_hurried or segment.start_s > duration_s + 1
        previous = segment.start_s
    if bad > MAX_BAD_TIMES_SHARE * len(segments):
        return Finding(
            "impossible_times",
            f"{bad} of {len(segments)} segments have impossible times for {duration_s:.0f} s of "
            "audio; the text belongs to other audio, or the file is damaged",
        )
    return None


def overlapping(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Much of the text is said while something else is: two texts in one file."""
    spoken = overlap = until = 0.0
    for segment in segments:
        spoken += max(segment.end_s - segment.start_s, 0.0)
        overlap += max(min(segment.end_s, until) - segment.start_s, 0.0)
        until = max(until, segment.end_s)
    if overlap > MAX_OVERLAP_SHARE * max(spoken, 1e-9):
        return Finding(
            "overlapping",
            f"{overlap:.0f} of {spoken:.0f} s of the text lie over other text; the file holds "
            "two texts, or each line several times",
        )
    return None


def incomplete(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Much of the audio has no text: at its end, at its beginning or in between.

    Where voice activity detection ran, only speech counts: five minutes of music are not
    missing words. Where it did not, each stretch of more than a minute counts.
    """
    holes = holes_in(segments, duration_s)
    if speech_s is None:
        missing = sum(end - start for start, end in holes if end - start > MIN_HOLE_S)
        what = "the audio"
    else:
        silent_s = sum(max(end - start - PAUSE_S, 0.0) for start, end in holes)
        missing = speech_s - (duration_s - silent_s)
        what = "speech"
    if missing > max(MAX_MISSING_S, MAX_MISSING_SHARE * duration_s):
        start, end = max(holes, key=lambda hole: hole[1] - hole[0], default=(0.0, 0.0))
        return Finding(
            "incomplete",
            f"{missing:.0f} s of {what} have no text, most of all between {start:.0f} s and "
            f"{end:.0f} s; transcribe it anew with another model, or complain to the publisher",
        )
    return None


def holes_in(segments: Sequence[Segment], duration_s: float) -> list[tuple[float, float]]:
    """Stretches of the audio without text, as seconds from and to."""
    holes, until = [], 0.0
    for segment in sorted(segments, key=lambda segment: segment.start_s):
        if segment.start_s > until:
            holes.append((until, min(segment.start_s, duration_s)))
        until = max(until, segment.end_s)
    if duration_s > until:
        holes.append((until, duration_s))
    return holes


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


def wrong_language(segments: Sequence[Segment], language: str | None) -> Finding | None:
    """The text is clearly in another language than it should be."""
    found = contradicts((segment.text for segment in segments), language)
    if found:
        return Finding(
            "wrong_language",
            f"the text is in {found}, not in {language}; correct the feed's `language` in "
            "feeds.yaml, or choose a multilingual model if that is right",
        )
    return None


def text_key(segments: Sequence[Segment]) -> str | None:
    """A name for the words of a text, the same whatever the format; None for hardly any."""
    words = [word for s in segments for word in re.findall(r"\w+", s.text.lower())]
    return long_hash("words", " ".join(words)) if len(words) >= MIN_WORDS else None


def count_words(segments: Sequence[Segment]) -> int:
    """Words in all segments."""
    return sum(len(segment.text.split()) for segment in segments)
