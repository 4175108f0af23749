"""Words a minute: hardly any, or more than anyone can say."""

from collections.abc import Sequence

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.words import MIN_WORDS, count_words
from podcast_insights.transcripts.records import Segment

MIN_WORDS_PER_MINUTE = 20.0
MAX_WORDS_PER_MINUTE = 400.0


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
