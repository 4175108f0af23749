"""The wrong language, and words that Whisper was not sure of."""

from collections.abc import Sequence

from podcast_insights.transcripts.guards.finding import Finding
from podcast_insights.transcripts.languages import contradicts, is_other
from podcast_insights.transcripts.records import Segment

MIN_PROBABILITY = 0.8
MIN_CONFIDENCE = 0.35
MIN_CONFIDENCE_OF_ENGLISH = 0.6
"""Where the model knows only English, other languages come out as English that it half believes:
tiny.en is sure of Spanish to 0.54, of noisy but right English to 0.67 (docs/decisions/0016)."""


def wrong_language(
    segments: Sequence[Segment],
    language: str | None,
    detected: tuple[str, float] | None = None,
) -> Finding | None:
    """The text is clearly in another language than it should be, or the speech was.

    Args:
        segments: the text.
        language: that it should be in; None where nobody said so.
        detected: that Whisper heard, and how sure it is of that, 0 to 1; None where it did not
            listen for it.
    """
    heard, probability = detected or (None, 0.0)
    if probability >= MIN_PROBABILITY and is_other(heard, language):
        return Finding(
            "wrong_language",
            f"Whisper heard {heard} (sure to {probability:.0%}) and was told to hear "
            f"{language}; correct the feed's `language` in feeds.yaml",
        )
    found = contradicts((segment.text for segment in segments), language)
    if found:
        return Finding(
            "wrong_language",
            f"the text is in {found}, not in {language}; correct the feed's `language` in "
            "feeds.yaml, or choose a multilingual model if that is right",
        )
    return None


def unsure(confidence: float | None, *, is_english_only: bool = False) -> Finding | None:
    """Whisper guessed: noise, mumbling, or a language that its model doesn't know.

    Args:
        confidence: mean probability of the tokens, 0 to 1; None for other texts.
        is_english_only: whether the model knows no other language.
    """
    least = MIN_CONFIDENCE_OF_ENGLISH if is_english_only else MIN_CONFIDENCE
    if confidence is not None and confidence < least:
        return Finding(
            "unsure",
            f"Whisper was sure of its words to {confidence:.0%} only, so they are a guess; set "
            "PODCAST_INSIGHTS_WHISPER_MODEL to a larger model, or to a multilingual one if this is "
            "not English",
        )
    return None
