"""Which language a text is in, by its commonest words; enough to notice another one.

What does not belong here: the language of audio, which Whisper tells.
"""

import re
from collections.abc import Iterable

COMMON = {
    "da": "og at det er jeg som en på ikke til med den vi har så",
    "de": "der die und das ist nicht ich es ein eine zu den mit auf wir auch so dass sie war",
    "en": "the and of to that is it you for are this with have was not be they",
    "es": "que de la el y en no los es un una por lo con para se las pero muy",
    "fr": "le la les et est que pas je de un une des pour dans ce qui vous nous sur",
    "it": "che di la il e non un una è per sono si con ma anche come più gli questo",
    "nl": "de het een en van ik dat is niet je in op zijn maar met ook voor",
    "pl": "nie to i w na że się jest z do jak ale co tak",
    "pt": "que de o e não a um uma para é os com se mas por eu isso mais",
    "sv": "och att det är jag som en på inte för med den vi har så",
}
COMMON_WORDS = {language: frozenset(words.split()) for language, words in COMMON.items()}
OTHER_SCRIPTS = frozenset("ar be bg el fa he hi ja ka ko mk mr ru sr ta te th uk ur zh".split())
"""Written in letters of their own; a text in Latin letters is in another language."""
ALIKE = tuple(
    frozenset(group.split())
    for group in ("no nb nn", "bs hr sr sh", "he iw", "id in ms", "jv jw", "tl fil", "zh yue cmn")
)
"""One language, or two that Whisper takes for one another, under several codes."""
MIN_SHARE = 0.15
"""Of running text these words are a fifth to a third."""
MAX_RIVAL = 0.6
MIN_WORDS = 100
MAX_WORDS = 20_000


def primary(tag: str | None) -> str | None:
    """The language of a tag, without its region: `en` of `en-GB`."""
    found = re.match(r"[a-z]{2,3}(?=$|[-_])", (tag or "").strip().lower())
    return found[0] if found else None


def is_other(tag: str | None, expected: str | None) -> bool:
    """Whether two tags are of two languages; no where one is missing or none."""
    found, wanted = primary(tag), primary(expected)
    if found is None or wanted is None or found == wanted:
        return False
    return not any(found in group and wanted in group for group in ALIKE)


def shares(texts: Iterable[str]) -> dict[str, float]:
    """The share of each language's common words; nothing for a text too short to tell."""
    words: list[str] = []
    for text in texts:
        words += re.findall(r"[^\W\d_]+", text.lower())
        if len(words) > MAX_WORDS:
            break
    if len(words) < MIN_WORDS:
        return {}
    return {
        language: sum(word in common for word in words) / len(words)
        for language, common in COMMON_WORDS.items()
    }


def language_of(texts: Iterable[str]) -> str | None:
    """The language of a text, or None where it isn't clear."""
    found = sorted(((share, name) for name, share in shares(texts).items()), reverse=True)
    if not found or found[0][0] < MIN_SHARE or found[1][0] > MAX_RIVAL * found[0][0]:
        return None
    return found[0][1]


def contradicts(texts: Iterable[str], expected: str | None) -> str | None:
    """The language of a text if it is clearly not the expected one, else None.

    Nothing is said of expected languages whose common words are not known: Catalan would be
    taken for Spanish.
    """
    wanted = primary(expected)
    if wanted in ("nb", "nn", "no"):
        wanted = "da"  # the commonest words are the same
    if wanted not in COMMON_WORDS and wanted not in OTHER_SCRIPTS:
        return None
    found = shares(texts)
    if not found:
        return None
    share, language = max((share, name) for name, share in found.items())
    is_clear = share >= MIN_SHARE and found.get(wanted or "", 0.0) <= MAX_RIVAL * share
    return language if is_clear and language != wanted else None
