"""Timed segments as timed sentences: the smallest unit that can be quoted.

Whisper cuts segments where it likes; readers want whole sentences.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, zip_longest

from podcast_insights.embeddings.punctuation import as_sentence, ends_here, lacks_punctuation
from podcast_insights.transcripts.records import Segment

MAX_SENTENCE_WORDS = 60
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st vs etc e.g i.e inc ltd co jr sr approx u.s u.k a.m p.m".split()
)
"""Without "no": in speech it is an answer far more often than a number."""
BEFORE_NAMES = frozenset(
    "Sen Rep Gov Gen Col Lt Sgt Capt Rev Hon Feb Aug Sept Oct Nov Dec Fig Corp Ph.D".split()
)
"""Abbreviations with their capital only: one can do a rep. Without Jan, who is somebody."""
MAX_ENDING_CHARS = 40
"""Of a word that are looked at: a hostile one of ten thousand full stops took seconds."""
ENDING = re.compile(r"[.!?…]+[\"'”’)\]]*$")
TimedText = tuple[str, float, float]
"""A written word, the second in which it begins, and that in which it ends."""


@dataclass(frozen=True)
class Sentence:
    """One sentence; where segments know no times of words, its own are exact to about a second."""

    text: str
    start_s: float
    end_s: float
    speaker: str | None


@dataclass(frozen=True)
class Word:
    """A written word, when it was said, and by whom."""

    text: str
    start_s: float
    end_s: float
    speaker: str | None
    is_segment_end: bool


def to_sentences(segments: Sequence[Segment]) -> list[Sentence]:
    """Join segments and cut at sentence ends and changes of speaker.

    In a transcript without punctuation the ends are guessed (`punctuation.py`) and written. What
    still has none is cut at segment ends once it reaches 60 words, so that no sentence grows
    without bound.
    """
    words = timed_words(segments)
    if lacks_punctuation(words, sum(ends_sentence(word.text) for word in words)):
        return [replace(s, text=as_sentence(s.text)) for s in cut(words, is_guessing=True)]
    return cut(words, is_guessing=False)


def cut(words: Sequence[Word], is_guessing: bool) -> list[Sentence]:
    """Words as sentences, every word in one."""
    sentences: list[Sentence] = []
    current: list[Word] = []
    for word, following in zip_longest(words, words[1:]):
        if current and current[-1].speaker != word.speaker:
            sentences.append(join(current))
            current = []
        current.append(word)
        is_guessed = is_guessing and following and ends_here(word, following, len(current))
        is_long = len(current) >= MAX_SENTENCE_WORDS
        is_endless = len(current) >= 2 * MAX_SENTENCE_WORDS
        is_cut = (is_long and word.is_segment_end) or is_endless
        if ends_sentence(word.text) or is_guessed or is_cut:
            sentences.append(join(current))
            current = []
    if current:
        sentences.append(join(current))
    return sentences


def timed_words(segments: Sequence[Segment]) -> list[Word]:
    """Written words with their times: as heard where the segment knows, else shared out."""
    return [
        Word(text, start_s, end_s, segment.speaker, is_segment_end=index == len(words) - 1)
        for segment in segments
        for words in (heard_times(segment) or shared_times(segment),)
        for index, (text, start_s, end_s) in enumerate(words)
    ]


def shared_times(segment: Segment) -> list[TimedText]:
    """Written words with times shared out by characters within their segment."""
    pace = max(segment.end_s - segment.start_s, 0.0) / max(len(segment.text), 1)
    return [
        (match[0], segment.start_s + match.start() * pace, segment.start_s + match.end() * pace)
        for match in re.finditer(r"\S+", segment.text)
    ]


def heard_times(segment: Segment) -> list[TimedText]:
    """Written words with the times at which they were heard.

    What is heard as one word may be written as two or the other way round ("e-mail"), so they
    are matched letter by letter. Nothing where the letters differ, or the times run backwards or
    out of the segment: these are of another text.
    """
    heard = [(word.start_s, word.end_s, "".join(word.text.split())) for word in segment.words]
    written = segment.text.split()
    if not are_within(segment) or "".join(text for _, _, text in heard) != "".join(written):
        return []
    letters = [
        (
            start_s + (end_s - start_s) * n / len(text),
            start_s + (end_s - start_s) * (n + 1) / len(text),
        )
        for start_s, end_s, text in heard
        for n in range(len(text))
    ]
    ends = list(accumulate(map(len, written)))
    return [
        (word, letters[end - len(word)][0], letters[end - 1][1])
        for word, end in zip(written, ends, strict=True)
    ]


def are_within(segment: Segment) -> bool:
    """Whether a segment's words follow one another and lie within it, but for a second."""
    least = segment.start_s - 1
    for word in segment.words:
        if not least <= word.start_s <= word.end_s <= segment.end_s + 1:
            return False
        least = word.start_s
    return True


def ends_sentence(word: str) -> bool:
    """Whether a sentence ends with this word; abbreviations and initials do not end one."""
    word = word[-MAX_ENDING_CHARS:]
    ending = ENDING.search(word)
    if not ending:
        return False
    if ending[0].rstrip("\"'”’)]") != ".":
        return True  # "No!" is a sentence; only a single full stop can belong to a word
    written = re.sub(r"[.!?…\"'”’)\]]+$", "", word).lstrip("(\"'“")
    stem = written.lower()
    is_initial = len(stem) == 1 and stem.isalpha() and stem != "i" and word.endswith(".")
    return not (stem in ABBREVIATIONS or written in BEFORE_NAMES or is_initial)


def join(words: Sequence[Word]) -> Sentence:
    """Words as a sentence."""
    return Sentence(
        text=" ".join(word.text for word in words),
        start_s=round(words[0].start_s, 3),
        end_s=round(words[-1].end_s, 3),
        speaker=words[0].speaker,
    )
