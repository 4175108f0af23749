"""Whose an opinion or a prediction is: the one rule, for the proof and for whoever asks a model.

Somebody has to hold it: a person by name, a pronoun, a guest or a critic, as the subject of a verb
that tells an opinion, or one of those who speak, named anywhere. The first person counts where it
holds ("I think", "we expect"), not where it only has ("our whole trade").

What does not belong here: what becomes of an opinion that is nobody's (`shape.py`, `llm/`).
"""

import re
from collections.abc import Iterable

from podcast_insights.insights.proof.ordinary import is_ordinary
from podcast_insights.insights.proof.tokens import normalized_tokens

MAX_CHARS = 5_000
"""As far as a text is looked at; the proof refuses longer ones."""
MIN_NAME = 3
"""Letters of a name that tells who speaks: "Al" is in too many words' neighbourhood."""
VIEW = (
    "view|views|opinion|prediction|forecast|hunch|bet|guess|advice|argument|claim|hope|fear|point|"
    "eyes|telling|experience|mind|take|judgment|judgement|verdict|estimate|reading|belief"
)
PERSON = (
    "(?:co-?)?(?:guest|host|speaker|author|interviewee|panelist|founder|engineer|developer|"
    "programmer|maintainer|researcher|scientist|economist|analyst|expert|critic|investor|"
    "journalist|lawyer|doctor|physician|professor|teacher|historian|physicist|executive|manager|"
    "official|skeptic|sceptic|insider|observer|proponent|opponent|advocate|ceo|cto)s?"
)
VERB = (
    "says?|said|argues?|argued|thinks?|thought|believes?|believed|claims?|claimed|warns?|warned|"
    "predicts?|predicted|forecasts?|expects?|expected|suggests?|suggested|recommends?|recommended|"
    "reckons?|reckoned|insists?|insisted|hopes?|hoped|fears?|feared|doubts?|doubted|estimates?|"
    "estimated|sees|saw|considers?|considered|finds?|found|calls?|called|puts? it|prefers?|"
    "preferred|advises?|advised|bets?|worry|worries|worried|maintains?|maintained|explains?|"
    "explained|describes?|described|notes?|noted|admits?|admitted|tells|told|rejects?|rejected|"
    "dislikes?|disliked|favou?rs?|favou?red|wants?|wanted|agrees?|agreed|disagrees?|disagreed|"
    "loves?|loved|likes|liked|hates?|hated|regrets?|feels?|felt|guess|suspects?|suspected|imagines?|"
    "opposes?|opposed|dismisses|dismissed|praises?|praised|criticizes?|criticized|deems?|deemed|"
    "regards?|regarded|views|viewed|wish|wishes|writes?|wrote|contends?|contended|concludes?|"
    "concluded|(?:would|'d) (?:say|argue|rather)|"
    "(?:is|am|are|was|'m|'s|'re) (?:\\w+ )?(?:convinced|sure|certain|skeptical|sceptical|confident|"
    "worried|afraid|optimistic|pessimistic)"
)
ADVERB = r"(?:(?!is\b|are\b|was\b|were\b|be\b|been\b|being\b|has\b|have\b|had\b)\w+ )?"
HELD = re.compile(
    rf"\b(?:i|i'm|i've|i'd|i'll|my)\b(?!/)|\baccording to\b|\b(?:to|for) me\b|"
    rf"\bin (?:his|her|their|our) (?:{VIEW})\b|\b(?:his|her|their) (?:own )?(?:{VIEW})\b|"
    rf"\b(?:the|a|an|one|this|today's|another) "
    rf"(?:guest|host|speaker|author|interviewee|panelist)s?\b|"
    rf"\b{PERSON}'s? (?:own )?(?:{VIEW})\b|"
    rf"\b(?:he|she|they|who|we|{PERSON})(?: {ADVERB}| ?(?='))(?:{VERB})\b|"
    rf"\b(?:says|said|argues|argued|thinks|warns|claims|notes|adds|writes) "
    rf"(?:he|she|(?:the |a |an |one )?{PERSON})\b",
    re.IGNORECASE,
)
NAME = r"[A-Z][\w.'-]{0,40}"
NAMED = re.compile(
    rf"(?P<subject>\b{NAME}) {ADVERB}(?:{VERB})\b|(?P<owner>\b{NAME})'s? (?:own )?(?:{VIEW})\b|"
    rf"\b(?:says|said|argues|argued|thinks|warns|claims|notes|adds|writes) (?P<teller>{NAME})|"
    rf"\b(?:[Tt]o|[Pp]er|[Ff]or {NAME}) (?P<judge>[A-Z][a-z][\w'-]*)(?: {NAME})?(?=[,.;:)]|$)"
)
"""With the name that must be one: "Machines find" is told by nobody."""
OPENING = re.compile(r"(?:^|[.!?:;…])[\s\"'“‘(]*$")
OTHERS = {
    "de": re.compile(
        r"\b(ich|mein|meine[rmns]?|mir|mich|laut|zufolge|gast|moderator\w*|"
        r"nach (ansicht|meinung)|wir (glauben|denken|meinen|finden|erwarten|hoffen|fürchten)|"
        r"sagt\w*|meint\w*|glaubt\w*|denkt|dachte|hält|hielt|findet|fand|erwartet\w*|warnt\w*|"
        r"argumentiert\w*|behauptet\w*|schätzt\w*|vermutet\w*|rechnet\w*|prognostiziert\w*)\b"
    ),
    "fr": re.compile(
        r"\b(je|j'\w+|mon|ma|mes|selon|d'après|invitée?|pour (lui|elle|moi)|"
        r"nous (pensons|croyons|estimons|espérons|craignons)|"
        r"(dit|pense|croit|estime|affirme|prédit|juge|trouve|considère|prévoit|avertit|explique))\b"
    ),
    "es": re.compile(
        r"\b(yo|mi|mis|según|invitad[oa]|para (él|ella|mí)|creo|pienso|creemos|pensamos|opinamos|"
        r"esperamos|"
        r"(dice|piensa|cree|opina|afirma|predice|considera|espera|advierte|sostiene|explica))\b"
    ),
}


def has_attribution(text: str, language: str, names: Iterable[str] = ()) -> bool:
    """Whether a text says whose opinion it is; other languages than four are not judged.

    Args:
        text: headline and body.
        language: of the text, ISO 639-1.
        names: of those who speak; one of them, anywhere in the text, is enough.
    """
    plain = text[:MAX_CHARS].replace("’", "'")
    known = {t for name in names for t in normalized_tokens(name) if len(t) >= MIN_NAME}
    if known and any(known & {*normalized_tokens(word)} for word in re.findall(NAME, plain)):
        return True
    if language == "en":
        return bool(HELD.search(plain)) or any(
            is_holder(match, plain) for match in NAMED.finditer(plain)
        )
    pattern = OTHERS.get(language)
    return pattern is None or bool(pattern.search(plain.casefold()))


def is_holder(match: re.Match[str], text: str) -> bool:
    """Whether the capital of what should hold an opinion is a name's, and no opening word's."""
    group = str(match.lastgroup)
    word, before = match[group], text[max(0, match.start(group) - 4) : match.start(group)]
    is_opening = bool(OPENING.search(before)) or match.start(group) == 0
    return not is_opening or not is_ordinary(word.casefold().removesuffix("'s"))
