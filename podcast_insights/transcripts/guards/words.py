"""Words of a text in any script: counted, as tokens, as a name for the text.

What does not belong here: guards.
"""

import re
from collections.abc import Iterable, Sequence

from podcast_insights.identity import long_hash
from podcast_insights.transcripts.records import Segment

MIN_WORDS = 20
"""Fewer are no text: half a dozen sentences of nobody in particular."""
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese: written without spaces between words."""
LETTERS_A_WORD = 2
"""In these scripts, near enough to tell speech from hardly any."""
LETTER = rf"[{UNSPACED}](?<=\w)"
"""No vowel sign and no tone: they stand over and under letters, and a third of Thai is such."""
UNSPACED_LETTER = re.compile(LETTER)
TOKEN = re.compile(rf"{LETTER}|[^\W{UNSPACED}]+")


def count_words(segments: Iterable[Segment]) -> int:
    """Words in all segments."""
    return sum(words_in(segment.text) for segment in segments)


def words_in(text: str) -> int:
    """Words of a text; where none are told apart by spaces, about as many as are said."""
    letters = 0 if text.isascii() else len(UNSPACED_LETTER.findall(text))
    return max(len(text.split()), letters // LETTERS_A_WORD)


def tokens(text: str) -> list[str]:
    """Words without marks and case; letter by letter in scripts without spaces."""
    return TOKEN.findall(text.lower())


def text_key(segments: Sequence[Segment]) -> str | None:
    """A name for the words of a text, the same whatever the format; None for hardly any."""
    words = [word for segment in segments for word in tokens(segment.text)]
    letters = sum(bool(UNSPACED_LETTER.match(word)) for word in words)
    count = len(words) - letters + letters // LETTERS_A_WORD
    return long_hash("words", " ".join(words)) if count >= MIN_WORDS else None
