"""Times and durations that can't be of this audio, or of whole audio."""

from collections.abc import Sequence
from typing import TypeGuard

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.missing import MAX_MISSING_S, MAX_MISSING_SHARE
from podcast_insights.transcripts.guards.words import words_in
from podcast_insights.transcripts.records import Segment

MAX_BAD_TIMES_SHARE = 0.02
MAX_WORDS_PER_S = 10.0
"""Of one segment; nobody speaks that fast, so its times are of something else."""
BREATH_S = 0.3
"""A segment may be too short by that: of a word or two the times are often one and the same."""
MAX_OVERLAP_SHARE = 0.3
"""Two who interrupt each other overlap for a tenth; two texts at a time for half."""
MIN_HEARD_SHARE = 0.6
"""Of the claimed duration. Many claims are wrong by a third: a slot of an hour, advertising."""
MAX_MISSING_SHARE_OF_SHORT = 0.25
"""Of a claim so short that two minutes are much of it."""
MIN_AGREED_SHARE = 0.75
UNIT_ERRORS = ((55.0, 65.0), (900.0, 1100.0))
"""Claims that take minutes for hours, or milliseconds for seconds, are right."""
MIN_CLAIM_S, MAX_CLAIM_S = 10.0, 24 * 3600.0
"""Other claims are fillers."""
MIN_KEPT_SHARE, MIN_LOST_S = 0.95, 5.0
"""Of what the file itself promises; it counted."""
MAX_TIMES_CLAIMED, MIN_EXCESS_S = 3.0, 120.0
"""Advertising makes a claim too short, and a bulletin of two minutes may carry as much of it."""


def truncated_audio(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    claimed_s: float | None,
    promised_s: float | None = None,
    lost_s: float = 0.0,
) -> Finding | None:
    """The audio is a part of what the file itself promises, or of what was announced.

    What the file counts is believed unless the feed claims what is there: programs that trim audio
    leave the count of the whole. A claim alone is believed only where two fifths of the audio are
    missing, as claims are often wrong. A publisher's text is a second witness: if it goes on to the
    claimed end, less will do; if it ends with the audio, the claim is wrong.
    """
    is_as_claimed = abs((claimed_s or 0.0) - duration_s) <= (1 - MIN_KEPT_SHARE) * duration_s
    whole_s = duration_s if is_as_claimed else max(promised_s or 0.0, duration_s)
    if duration_s - lost_s < min(MIN_KEPT_SHARE * whole_s, whole_s - MIN_LOST_S):
        return cut(duration_s - lost_s, whole_s, "the file itself promises")
    if not is_believed(claimed_s) or is_in_other_unit(claimed_s, duration_s):
        return None
    least = MIN_HEARD_SHARE
    if speech_s is None:
        text_s = max((segment.end_s for segment in segments), default=0.0)
        if abs(text_s - claimed_s) > max(MAX_MISSING_S, MAX_MISSING_SHARE * claimed_s):
            return None
        least = MIN_AGREED_SHARE
    tolerated_s = min(MAX_MISSING_S, MAX_MISSING_SHARE_OF_SHORT * claimed_s)
    if claimed_s - duration_s > tolerated_s and duration_s < least * claimed_s:
        witness = "the feed claims" if speech_s is not None else "the feed and the text claim"
        return cut(duration_s, claimed_s, witness)
    return None


def cut(duration_s: float, whole_s: float, witness: str) -> Finding:
    """The finding, and who tells of it."""
    return Finding(
        "truncated_audio",
        f"the audio has {duration_s:.0f} s of the {whole_s:.0f} s that {witness}; materialize the "
        "day again, which has it sent anew, or complain to the publisher",
    )


def longer_than_claimed(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    claimed_s: float | None,
) -> Finding | None:
    """The audio goes on for so much longer than the feed claims that it may be another episode's.

    A publisher's text is a second witness: if it passed all other guards, the claim is wrong.
    """
    is_published = speech_s is None
    if is_published or not is_believed(claimed_s) or is_in_other_unit(duration_s, claimed_s):
        return None
    if duration_s > max(MAX_TIMES_CLAIMED * claimed_s, claimed_s + MIN_EXCESS_S):
        return Finding(
            "longer_than_claimed",
            f"the audio has {duration_s:.0f} s where the feed claims {claimed_s:.0f}; listen "
            "whether it is this episode, and complain to the publisher: of the audio if it is "
            "another, of the claim if it is not",
        )
    return None


def is_believed(claimed_s: float | None) -> TypeGuard[float]:
    """Whether a claim can be the length of an episode."""
    return claimed_s is not None and MIN_CLAIM_S <= claimed_s <= MAX_CLAIM_S


def is_in_other_unit(longer_s: float, shorter_s: float) -> bool:
    """Whether one length is the other with minutes for hours, or milliseconds for seconds."""
    ratio = longer_s / max(shorter_s, 1e-9)
    return any(least <= ratio <= most for least, most in UNIT_ERRORS)


def impossible_times(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Segments that end before they start, run backwards, or lie past the audio's end.

    Or hold more words than anyone can say in their time.
    """
    bad, previous = 0, 0.0
    for segment in segments:
        is_backwards = segment.end_s < segment.start_s or segment.start_s < previous - 1
        longest_s = max(segment.end_s - segment.start_s, 0.0) + BREATH_S
        is_hurried = words_in(segment.text) > MAX_WORDS_PER_S * longest_s
        bad += is_backwards or is_hurried or segment.start_s > duration_s + 1
        previous = segment.start_s
    if bad > MAX_BAD_TIMES_SHARE * len(segments):
        return Finding(
            "impossible_times",
            f"{bad} of {len(segments)} segments have impossible times for {duration_s:.0f} s of "
            "audio, as if the text belonged to other audio; transcribe it anew with another model",
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
            f"{overlap:.0f} of {spoken:.0f} s of the text lie over other text, as if there were "
            "two texts, or each line several times; transcribe it anew with another model",
        )
    return None
