"""Times and durations that can't be of this audio, or of whole audio."""

from collections.abc import Sequence

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.missing import MAX_MISSING_S, MAX_MISSING_SHARE
from podcast_insights.transcripts.guards.words import words_in
from podcast_insights.transcripts.records import Segment

MAX_BAD_TIMES_SHARE = 0.02
MAX_WORDS_PER_S = 10.0
"""Of one segment; nobody speaks that fast, so its times are of something else."""
MIN_WORDS_TO_CLOCK = 8
MAX_OVERLAP_SHARE = 0.3
"""Two who interrupt each other overlap for a tenth; two texts at a time for half."""
MIN_HEARD_SHARE = 0.6
"""Of the claimed duration. Many claims are wrong by a third: a slot of an hour, advertising."""
MAX_MISSING_SHARE_OF_SHORT = 0.25
"""Of a claim so short that two minutes are much of it."""
MIN_AGREED_SHARE = 0.75
UNIT_ERRORS = ((55.0, 65.0), (900.0, 1100.0))
"""Claims that take minutes for hours, or milliseconds for seconds, are not of cut audio."""
MAX_CLAIM_S = 24 * 3600.0
"""No episode is that long."""


def truncated_audio(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    claimed_s: float | None,
) -> Finding | None:
    """The audio is a part of what was announced.

    A claim alone is believed only where two fifths of the audio are missing, as claims are often
    wrong. A publisher's text is a second witness: if it goes on to the claimed end, less will
    do; if it ends with the audio, the claim is wrong.
    """
    if not claimed_s or claimed_s > MAX_CLAIM_S:
        return None
    ratio = claimed_s / max(duration_s, 1e-9)
    if any(least <= ratio <= most for least, most in UNIT_ERRORS):
        return None
    least = MIN_HEARD_SHARE
    if speech_s is None:
        text_s = max((segment.end_s for segment in segments), default=0.0)
        if abs(text_s - claimed_s) > max(MAX_MISSING_S, MAX_MISSING_SHARE * claimed_s):
            return None
        least = MIN_AGREED_SHARE
    tolerated_s = min(MAX_MISSING_S, MAX_MISSING_SHARE_OF_SHORT * claimed_s)
    if claimed_s - duration_s > tolerated_s and duration_s < least * claimed_s:
        return Finding(
            "truncated_audio",
            f"the audio has {duration_s:.0f} s of the {claimed_s:.0f} s that "
            + ("the feed claims" if speech_s is not None else "the feed and the text claim")
            + "; materialize the day again, which has it sent anew, or complain to the publisher",
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
        words = words_in(segment.text)
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
