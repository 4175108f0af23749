"""Which language a text is in, by its letters and commonest words; enough to notice another.

What does not belong here: the language of audio, which Whisper tells.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

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
NORWEGIAN = frozenset(("no", "nb", "nn"))
ALIKE = (
    NORWEGIAN,
    *(
        frozenset(group.split())
        for group in ("bs hr sr sh", "he iw", "id in ms", "jv jw", "tl fil", "zh yue cmn")
    ),
)
"""One language, or two that Whisper takes for one another, under several codes."""
MIN_SHARE = 0.15
"""Of running text these words are a fifth to a third."""
MAX_RIVAL = 0.6
MIN_WORDS = 100
MAX_WORDS = 20_000
MIN_WORDS_TO_DENY = 300
MAX_SHARE_TO_DENY = 0.05
"""Of a language's own common words; running text in it has four times as many."""
MIN_LETTERS = 200
MAX_LETTERS = 20_000
LATIN = re.compile("[A-Za-z\u00aa-\u024f\u1e00-\u1eff]+")
LANGUAGE_OF_LETTERS = {
    "CJK": "zh",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
"""As Unicode names the letters; of other scripts a text's language is not clear."""
MIN_KANA = 0.1
"""Of a Japanese text's letters; many of the others are Chinese."""


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


def are_several(tags: Iterable[str | None]) -> bool:
    """Whether tags are of more than one language; those that are missing are of none."""
    named = [tag for tag in tags if primary(tag)]
    return any(is_other(tag, named[0]) for tag in named)


def words_of(texts: Iterable[str]) -> list[str]:
    """The first words of a text, enough to tell its language."""
    words: list[str] = []
    for text in texts:
        words += re.findall(r"[^\W\d_]+", text.lower())
        if len(words) > MAX_WORDS:
            break
    return words


def shares(words: Sequence[str]) -> dict[str, float]:
    """The share of each language's common words; nothing for a text too short to tell."""
    if len(words) < MIN_WORDS:
        return {}
    return {
        language: sum(word in common for word in words) / len(words)
        for language, common in COMMON_WORDS.items()
    }


def language_of(texts: Iterable[str]) -> str | None:
    """The language of a text, or None where it isn't clear."""
    found = shares(words_of(texts))
    ranked = sorted(((share, name) for name, share in found.items()), reverse=True)
    if not ranked or ranked[0][0] < MIN_SHARE or ranked[1][0] > MAX_RIVAL * ranked[0][0]:
        return None
    return ranked[0][1]


def contradicts(texts: Iterable[str], expected: str | None) -> str | None:
    """What a text is in if it is clearly not the expected language, else None.

    A language's code where it is known, else words: "Cyrillic letters", "another language".
    Nothing is said of expected languages whose common words are not known: Catalan would be
    taken for Spanish.
    """
    wanted = primary(expected) or ""
    if wanted in NORWEGIAN:
        wanted = "da"  # the commonest words are the same
    if wanted not in COMMON_WORDS and wanted not in OTHER_SCRIPTS:
        return None
    words = words_of(texts)
    found = shares(words)
    own = found.get(wanted, 0.0)
    share, language = max(((share, name) for name, share in found.items()), default=(0.0, wanted))
    if share >= MIN_SHARE and own <= MAX_RIVAL * share:
        return language
    if wanted not in COMMON_WORDS or own >= MIN_SHARE:
        return None
    is_denied = len(words) >= MIN_WORDS_TO_DENY and own < MAX_SHARE_TO_DENY
    return letters_of(words) or ("another language" if is_denied else None)


def letters_of(words: Iterable[str]) -> str | None:
    """The language, else the letters in words, of a text that is mostly not in Latin ones."""
    letters = "".join(words)[:MAX_LETTERS]
    foreign = LATIN.sub("", letters)
    if len(letters) < MIN_LETTERS or 2 * len(foreign) <= len(letters):
        return None
    scripts = Counter(unicodedata.name(letter, "OTHER").split()[0] for letter in foreign)
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > MIN_KANA * len(foreign):
        return "ja"
    script = scripts.most_common(1)[0][0]
    return LANGUAGE_OF_LETTERS.get(script) or f"{script.title()} letters"
