"""Transcripts as passages: a few whole sentences, big enough to hold one idea.

Every sentence starts one passage, which takes in the following sentences of the same speaker
until it has enough words. Passages overlap on purpose: the best cut of an idea is one of
them, and choosing is the insight engine's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from podcast_insights.embeddings.advertising import THRESHOLD, advertising_scores
from podcast_insights.embeddings.sentences import Sentence, to_sentences
from podcast_insights.transcripts.records import Segment

MIN_WORDS = 30
MAX_WORDS = 65


@dataclass(frozen=True)
class PassageText:
    """A passage before it is embedded; sentence numbers are half-open."""

    text: str
    start_s: float
    end_s: float
    sentence_from: int
    sentence_to: int
    speaker: str | None
    advertising_score: float

    @property
    def is_advertising(self) -> bool:
        """Whether any of its sentences is advertising."""
        return self.advertising_score >= THRESHOLD


def to_passages(segments: Sequence[Segment]) -> list[PassageText]:
    """Cut a transcript into overlapping passages of 30 to 65 words where that is possible.

    The last passages of a speaker's turn are shorter; a single endless sentence is longer.
    A short passage that would end where the one before it does is left out: it is only that
    one's tail. It stays if it is free of the advertising the other one has.
    """
    sentences = to_sentences(segments)
    scores = advertising_scores([sentence.text for sentence in sentences])
    passages: list[PassageText] = []
    for first in range(len(sentences)):
        end = end_of_passage(sentences, first)
        part = sentences[first:end]
        passage = PassageText(
            text=" ".join(sentence.text for sentence in part),
            start_s=part[0].start_s,
            end_s=part[-1].end_s,
            sentence_from=first,
            sentence_to=end,
            speaker=part[0].speaker,
            advertising_score=max(scores[first:end]),
        )
        if not (passages and is_tail(passage, passages[-1])):
            passages.append(passage)
    return passages


def is_tail(passage: PassageText, before: PassageText) -> bool:
    """Whether a passage adds nothing to the one before it."""
    return (
        passage.sentence_to == before.sentence_to
        and len(passage.text.split()) < MIN_WORDS
        and passage.is_advertising == before.is_advertising
    )


def end_of_passage(sentences: Sequence[Sentence], first: int) -> int:
    """The sentence after the passage that starts at `first`."""
    words, end = 0, first
    while end < len(sentences) and words < MIN_WORDS:
        size = len(sentences[end].text.split())
        is_other_speaker = sentences[end].speaker != sentences[first].speaker
        if end > first and (is_other_speaker or words + size > MAX_WORDS):
            break
        words += size
        end += 1
    return end
