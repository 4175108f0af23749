"""Words a minute: hardly any, or more than anyone can say."""

from collections.abc import Sequence

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.words import MIN_WORDS, count_words
from podcast_insights.transcripts.records import Segment

MIN_WORDS_PER_MINUTE = 20.0
MIN_WORDS_PER_MINUTE_OF_SPEECH = 40.0
"""Half of what the slowest talk has; what is made up for music is sparser."""
MIN_WORDS_OF_SHORT = 5
"""In audio that is speech for the most part, or full of words: a trailer of ten seconds."""
MIN_SPEECH_SHARE = 0.5
"""Of audio that is more speech than music."""
MAX_WORDS_PER_MINUTE = 400.0


def not_speech(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """Hardly a word, or hardly any speech: music, silence, a test tone."""
    words = count_words(segments)
    heard_s = duration_s if speech_s is None else speech_s
    if is_speech(words, duration_s, speech_s):
        return None
    return Finding(
        "not_speech",
        f"{words} words in {duration_s:.0f} s of audio ({heard_s:.0f} s of it speech); "
        "nothing to do if this is music",
    )


def is_speech(words: int, duration_s: float, speech_s: float | None) -> bool:
    """Whether so many words are somebody's talk.

    Where speech was measured, it is talk if they fill it, however much music there is besides.
    Few of them are if there is little besides, or no more than a slow reader's pauses.
    """
    if speech_s and words >= MIN_WORDS_PER_MINUTE_OF_SPEECH * speech_s / 60:
        is_most = speech_s >= MIN_SPEECH_SHARE * duration_s
        is_full = words >= MIN_WORDS_PER_MINUTE_OF_SPEECH * duration_s / 60
        if words >= MIN_WORDS or (words >= MIN_WORDS_OF_SHORT and (is_most or is_full)):
            return True
    return words >= MIN_WORDS and words / max(duration_s / 60, 1e-9) >= MIN_WORDS_PER_MINUTE


def implausible_pace(
    segments: Sequence[Segment], duration_s: float, speech_s: float | None
) -> Finding | None:
    """More words than anyone can say: text of another, longer episode."""
    pace = count_words(segments) / max(duration_s / 60, 1e-9)
    if pace > MAX_WORDS_PER_MINUTE:
        return Finding(
            "implausible_pace",
            f"{pace:.0f} words a minute, as if the text belonged to longer audio; transcribe it "
            "anew with another model",
        )
    return None
