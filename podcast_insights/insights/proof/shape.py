"""What an insight must look like before it is worth proving: plain text of a bounded length.

Everything that can be seen without the transcript is judged here; see `proof.py` for the rest.
"""

import re
import unicodedata
from dataclasses import dataclass

from podcast_insights.insights.engine import Candidate
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
ALLOWED_CONTROLS = frozenset("\t\n\r\u00ad\u200c\u200d")
"""Line ends, soft hyphens, and the joiners that some scripts can't be written without."""
TOLD_AS_SOMEBODYS = ("opinion", "prediction")
ATTRIBUTION = {
    "en": re.compile(
        r"\b(i|i'm|i've|i'd|i'll|my|mine|me|we|we're|we've|we'd|we'll|our|ours|us|"
        r"according to|in (his|her|their|[\w'-]+'s) (view|opinion|eyes|telling|experience)|"
        r"(his|her|their|[\w-]+'s?) (view|opinion|prediction|forecast|hunch|bet|guess|advice|"
        r"argument|claim|hope|fear|point)|"
        r"(the|our|one|a|this|today's) (guest|host|speaker|author|interviewee|panelist)s?|"
        r"(he|she|they|who|[^\W\d_]+) (\w+ )?(says?|said|argues?|argued|thinks?|thought|believes?|"
        r"believed|claims?|claimed|warns?|warned|predicts?|predicted|expects?|expected|suggests?|"
        r"suggested|recommends?|recommended|reckons?|reckoned|insists?|insisted|hopes?|hoped|"
        r"fears?|feared|doubts?|doubted|estimates?|estimated|sees|saw|considers?|considered|"
        r"finds|found|calls|called|puts it|prefers?|preferred|advises?|advised|bets?|worr(y|ies)|"
        r"maintains?|explains?|explained|describes?|described|notes?|noted|admits?|admitted|"
        r"tells|told|is (convinced|sure|certain|skeptical|sceptical|confident|worried)))\b"
    ),
    "de": re.compile(
        r"\b(ich|mein\w*|mir|mich|wir|uns\w*|laut|zufolge|gast|moderator\w*|nach (ansicht|meinung)|"
        r"sagt\w*|meint\w*|glaubt\w*|denkt|dachte|hält|hielt|findet|fand|erwartet\w*|warnt\w*|"
        r"argumentiert\w*|behauptet\w*|schätzt\w*|vermutet\w*|rechnet\w*|prognostiziert\w*)\b"
    ),
    "fr": re.compile(
        r"\b(je|j'\w+|mon|ma|mes|nous|notre|nos|selon|d'après|invitée?|pour (lui|elle)|"
        r"(dit|pense|croit|estime|affirme|prédit|juge|trouve|considère|prévoit|avertit|explique))\b"
    ),
    "es": re.compile(
        r"\b(yo|mi|mis|me|nosotros|nuestr\w+|según|invitad[oa]|para (él|ella)|"
        r"(dice|piensa|cree|opina|afirma|predice|considera|espera|advierte|sostiene|explica))\b"
    ),
}
"""Words that tell whose opinion it is, by language; what has none here is not judged."""


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


def told_as_fact(candidate: Candidate, language: str) -> Rejection | None:
    """An opinion or a prediction without a word on whose it is."""
    attribution = ATTRIBUTION.get(language)
    if candidate.kind not in TOLD_AS_SOMEBODYS or attribution is None:
        return None
    text = f"{candidate.headline}. {candidate.body}".casefold().replace("’", "'")
    if attribution.search(text):
        return None
    return Rejection(
        "opinion_told_as_fact", f"the {candidate.kind} is nobody's: no name, no 'he argues'"
    )
