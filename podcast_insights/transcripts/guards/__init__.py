"""Guards against silent failure: transcripts that look fine and are not.

Each was seen in the wild. A guard that fires marks the row; its text is kept, and no insight
is drawn from it. A publisher's text that a guard stops is not used; Whisper listens instead.

What does not belong here: one text for two episodes, which takes both to see
(`same_text.py`); downloads that broke off (`audio.py`).
"""

from collections.abc import Sequence

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.guards.language import unsure, wrong_language
from podcast_insights.transcripts.guards.missing import incomplete
from podcast_insights.transcripts.guards.pace import (
    MIN_SPEECH_SHARE,
    implausible_pace,
    not_speech,
)
from podcast_insights.transcripts.guards.repetition import repetitive
from podcast_insights.transcripts.guards.times import (
    impossible_times,
    longer_than_claimed,
    overlapping,
    truncated_audio,
)
from podcast_insights.transcripts.guards.words import count_words, text_key
from podcast_insights.transcripts.records import Segment

__all__ = [
    "Finding",
    "count_words",
    "implausible_pace",
    "impossible_times",
    "incomplete",
    "inspect",
    "longer_than_claimed",
    "not_speech",
    "overlapping",
    "repetitive",
    "text_key",
    "truncated_audio",
    "unsure",
    "wrong_language",
]


def inspect(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    *,
    language: str | None = None,
    claimed_s: float | None = None,
    promised_s: float | None = None,
    lost_s: float = 0.0,
    detected: tuple[str, float] | None = None,
    confidence: float | None = None,
    is_english_only: bool = False,
    unheard: Sequence[tuple[float, float]] | None = None,
) -> Finding | None:
    """The first guard that fires on a transcript, or None.

    Args:
        segments: the transcript.
        duration_s: of the decoded audio.
        speech_s: speech that voice activity detection found; None where it did not run, which
            is so for a publisher's text.
        language: that it should be in; None where nobody said so.
        claimed_s: duration as the feed claims it.
        promised_s: the same as the file itself counts it; None where it does not.
        lost_s: silence in place of what could not be decoded.
        detected: the language that Whisper heard, and how sure it is of that, 0 to 1; None where
            it did not listen for it.
        confidence: mean probability of Whisper's tokens, 0 to 1; None for other texts.
        is_english_only: whether Whisper's model knows no other language.
        unheard: speech without text, as seconds from and to; None where only its total is known.
    """
    return (
        truncated_audio(segments, duration_s, speech_s, claimed_s, promised_s, lost_s)
        or hardly_a_word(segments, duration_s, speech_s, unheard)
        or implausible_pace(segments, duration_s, speech_s)
        or impossible_times(segments, duration_s, speech_s)
        or overlapping(segments, duration_s, speech_s)
        or incomplete(segments, duration_s, speech_s, unheard)
        or repetitive(segments, duration_s, speech_s)
        or wrong_language(segments, language, detected)
        or unsure(confidence, is_english_only=is_english_only)
        or longer_than_claimed(segments, duration_s, speech_s, claimed_s)
    )


def hardly_a_word(
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
    unheard: Sequence[tuple[float, float]] | None = None,
) -> Finding | None:
    """Music, or speech that Whisper lost: voice activity detection tells them apart.

    Where only the total of speech is known, it must be much to be no song.
    """
    finding = not_speech(segments, duration_s, speech_s)
    if finding is None or speech_s is None:
        return finding
    if unheard is not None or speech_s > MIN_SPEECH_SHARE * duration_s:
        return incomplete(segments, duration_s, speech_s, unheard) or finding
    return finding
