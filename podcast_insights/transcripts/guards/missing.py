"""Audio without text: at its end, at its beginning or in between."""

from collections.abc import Iterator, Sequence

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.words import words_in
from podcast_insights.transcripts.records import Segment

MAX_MISSING_S = 120.0
MAX_MISSING_SHARE = 0.05
MAX_MISSING_SHARE_OF_SHORT = 0.25
"""Of audio so short that two minutes are much of it."""
MIN_HOLE_S = 10.0
"""Where nobody measured speech: a stretch without text that is no pause. Of 84 publishers'
transcripts one has such a one; a program that drops half a minute now and then leaves many."""
PAUSE_S = 2.0
"""Silence that voice activity detection takes for speech: shorter pauses, and 0.4 s on either side
of longer ones."""
MAX_MISSING_SPEECH_S = 45.0
MAX_MISSING_SPEECH_SHARE = 0.2
"""Of audio so short that 45 s are much of it."""
MOST_MISSING_SPEECH_S = 240.0
"""However long the audio is. Some is sung, which voice activity detection takes for speech."""
SLOWEST_S_A_WORD = 1.5
"""And a pause for each segment: one of half a minute with a word in it covers no half minute. Of
100 publishers' transcripts at most 10 s in an hour are said more slowly."""


def incomplete(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    unheard: Sequence[tuple[float, float]] | None = None,
) -> Finding | None:
    """Much of the audio has no text.

    Where voice activity detection ran, only speech counts: five minutes of music are not
    missing words. Where it did not, each stretch of more than ten seconds counts, and the
    music of ordinary shows is within what is tolerated.

    Args:
        segments: the text.
        duration_s: of the audio.
        speech_s: speech that voice activity detection found; None where it did not run.
        unheard: where that speech has no text; None where only its total is known.
    """
    share_s = MAX_MISSING_SHARE * duration_s
    holes = holes_in(list(without_silence(segments)), duration_s)
    if speech_s is None:
        missing = sum(end - start for start, end in holes if end - start > MIN_HOLE_S)
        least_s = min(MAX_MISSING_S, MAX_MISSING_SHARE_OF_SHORT * duration_s)
        what = "the audio"
    else:
        silent_s = sum(max(end - start - PAUSE_S, 0.0) for start, end in holes)
        missing = speech_s - (duration_s - silent_s)
        if unheard is not None:
            holes, missing = list(unheard), sum(end - start for start, end in unheard)
        least_s = min(MAX_MISSING_SPEECH_S, MAX_MISSING_SPEECH_SHARE * speech_s)
        share_s = min(share_s, MOST_MISSING_SPEECH_S)
        what = "speech"
    if missing > max(least_s, share_s):
        start, end = max(holes, key=lambda hole: hole[1] - hole[0], default=(0.0, 0.0))
        return Finding(
            "incomplete",
            f"{missing:.0f} s of {what} have no text, most of all between {start:.0f} s and "
            f"{end:.0f} s; transcribe it anew with another model, or complain to the publisher",
        )
    return None


def without_silence(segments: Sequence[Segment]) -> Iterator[Segment]:
    """Segments that end when their last word can have been said at the latest."""
    for segment in segments:
        end_s = segment.start_s + PAUSE_S + SLOWEST_S_A_WORD * words_in(segment.text)
        yield Segment(segment.start_s, min(segment.end_s, end_s), segment.text)


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
