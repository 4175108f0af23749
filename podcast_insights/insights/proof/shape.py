"""What an insight must look like before it is worth proving: plain text of a bounded length.

Everything that can be seen without the transcript is judged here; see `prove.py` for the rest.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from podcast_insights.insights.engine import Candidate
from podcast_insights.insights.proof.attribution import has_attribution
from podcast_insights.insights.proof.tokens import normalized_tokens, word_count
from podcast_insights.insights.records import KINDS

MIN_QUOTE_TOKENS = 5
MAX_QUOTE_TOKENS = 120
MAX_QUOTE_CHARS = 4_000
MIN_HEADLINE_WORDS = 3
MAX_HEADLINE_CHARS = 200
MIN_BODY_WORDS = 15
MAX_BODY_WORDS = 110
MAX_BODY_CHARS = 900
MAX_LABELS = 20
MAX_LABEL_CHARS = 80
"""Of each topic and entity."""
LINK = re.compile(r"https?:|www\.|<\s*[a-z/!]|\]\(", re.IGNORECASE)
QUESTION = re.compile(r"[?？؟][\"'”’»)\]」』]*$")
ASKING = re.compile(
    r"\W*(?:(?:and|but|so|or|well|now|then|okay|yeah|because|i mean|like),? )*"
    r"(?:do|does|did|is|are|was|were|am|have|has|had|can|could|will|would|shall|should|may|might|"
    r"must|what|why|how|who|whom|whose|which|where|when)(?:n't)?\b"
)
TAG = re.compile(
    r"(?:\b(?:right|okay|ok|yeah|yes|huh|eh|correct|true|you know|you see|you know what i mean)|"
    r", (?:no|(?:do|does|did|is|are|was|were|have|has|had|can|could|will|would|should|must|ai)"
    r"(?:n't)? (?:not )?(?:i|you|he|she|it|we|they|that|there)))\W*\?\W*$"
)
"""A claim that asks for a nod: "it costs more, right?" """
MAX_TAG_CHARS = 60
ALLOWED_CONTROLS = frozenset("\t\n\r\u00ad\u200c\u200d")
"""Line ends, soft hyphens, and the joiners that some scripts can't be written without."""
TOLD_AS_SOMEBODYS = ("opinion", "prediction")


@dataclass(frozen=True)
class Rejection:
    """Why a candidate is no insight."""

    reason: str
    detail: str


def unfit(candidate: Candidate) -> Rejection | None:
    """Empty, endless, carrying links, markup or controls, or of impossible value or kind."""
    return bad_quote(candidate) or bad_texts(candidate) or bad_labels(candidate)


def bad_quote(candidate: Candidate) -> Rejection | None:
    """A quote of a few words or of very many."""
    if len(candidate.quote) > MAX_QUOTE_CHARS:
        return Rejection("quote_too_long", f"{len(candidate.quote)} characters are not a quote")
    tokens = len(normalized_tokens(candidate.quote))
    if tokens < MIN_QUOTE_TOKENS:
        return Rejection("quote_too_short", f"{tokens} words prove nothing")
    if tokens > MAX_QUOTE_TOKENS:
        return Rejection("quote_too_long", f"{tokens} words are not a quote")
    return None


def bad_texts(candidate: Candidate) -> Rejection | None:
    """No words, too many characters, or what is no plain text."""
    for name, text, limit in (
        ("headline", candidate.headline, MAX_HEADLINE_CHARS),
        ("body", candidate.body, MAX_BODY_CHARS),
    ):
        if len(text) > limit:
            return Rejection("text_too_long", f"the {name} has {len(text)} characters")
        if not normalized_tokens(text):
            return Rejection("empty_text", f"the {name} has no words")
    return not_plain(candidate.headline, candidate.body, candidate.quote)


def bad_labels(candidate: Candidate) -> Rejection | None:
    """A value, kind, topic or entity that no row may have."""
    if not 0 <= candidate.value_score <= 1:
        return Rejection("value_out_of_range", f"{candidate.value_score} is not between 0 and 1")
    if candidate.kind not in KINDS:
        return Rejection("unknown_kind", f"{candidate.kind[:80]!r} is none of {', '.join(KINDS)}")
    for name, labels in (("topics", candidate.topics), ("entities", candidate.entities)):
        if len(labels) > MAX_LABELS:
            return Rejection("labels_out_of_bounds", f"{len(labels)} {name}")
        if any(len(label) > MAX_LABEL_CHARS for label in labels):
            return Rejection(
                "labels_out_of_bounds", f"one of the {name} is over {MAX_LABEL_CHARS} characters"
            )
    return not_plain(*candidate.topics, *candidate.entities)


def not_plain(*texts: str) -> Rejection | None:
    """Links and markup, and characters that are not seen but change what is."""
    for text in texts:
        if LINK.search(text):
            return Rejection("link_or_markup", f"a link or markup in: {text[:80]}")
        if any(is_control(character) for character in text):
            return Rejection("control_characters", "characters that change how text is shown")
    return None


def is_question(sentence: str) -> bool:
    """Whether a sentence asks; "it costs more, right?" claims."""
    low = sentence.casefold().replace("’", "'")
    end = low[-MAX_TAG_CHARS:]
    return bool(QUESTION.search(end)) and not (TAG.search(end) and not ASKING.match(low[:200]))


def is_control(character: str) -> bool:
    """Controls, direction overrides, invisible marks, half characters and private ones."""
    if character.isprintable() or character in ALLOWED_CONTROLS:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def ill_sized(candidate: Candidate) -> Rejection | None:
    """A headline that can claim nothing, or a body of a few words or of very many."""
    headline, body = word_count(candidate.headline), word_count(candidate.body)
    if headline < MIN_HEADLINE_WORDS:
        return Rejection("headline_too_short", f"{headline} words claim nothing")
    if body < MIN_BODY_WORDS:
        return Rejection("body_too_short", f"{body} words explain nothing")
    if body > MAX_BODY_WORDS:
        return Rejection("body_too_long", f"{body} words are for no morning")
    return None


def told_as_fact(
    candidate: Candidate, language: str, names: Iterable[str] = ()
) -> Rejection | None:
    """An opinion or a prediction without a word on whose it is.

    Args:
        candidate: what an engine proposes.
        language: of headline and body.
        names: of those who speak.
    """
    text = f"{candidate.headline}. {candidate.body}"
    if candidate.kind not in TOLD_AS_SOMEBODYS or has_attribution(text, language, names):
        return None
    return Rejection(
        "opinion_told_as_fact", f"the {candidate.kind} is nobody's: no name, no 'he argues'"
    )
