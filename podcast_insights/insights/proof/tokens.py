"""Words as a proof compares them: without case, marks and typography, digits never glued.

What does not belong here: where words stand (`quotes.py`), what they name (`names.py`).
"""

import re
import unicodedata
from collections.abc import Sequence

MAX_CODE_POINT = 0x1E000
"""Combining marks above it belong to scripts that nobody transcribes speech in."""


def class_of(codes: Sequence[int]) -> str:
    """Code points as the inside of a regular expression's character class."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def combining() -> str:
    """Marks that belong to the letter before them; no word character to `re`."""
    codes = range(0x300, MAX_CODE_POINT)
    return class_of([c for c in codes if unicodedata.category(chr(c)) in ("Mn", "Mc")])


UNSPACED = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts without spaces between words: each letter is a token of its own."""
MARKS = combining()
TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)+|(?![{UNSPACED}])[^\W_](?:(?![{UNSPACED}])[^\W_]|[{MARKS}])*"
    rf"(?:'(?:(?![{UNSPACED}])[^\W_]|[{MARKS}])+)*|[{UNSPACED}](?<=[^\W_])[{MARKS}]*"
)
ASCII_TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[a-zA-Z0-9]+(?:'[a-zA-Z0-9]+)*")
RAISED = re.compile(r"(?<=\d)(?=[²³¹⁰-₉¼-¾⅐-⅞↉①-⓿❶-➓])")
"""Before digits that only become digits by normalization: 10² is not 102, 3½ is not 31/2."""
GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
ACCENTS = re.compile("[\u0300-\u036f]")


def tokens_of(text: str) -> list[str]:
    """Words and numbers of `text` in their own case, without punctuation.

    3.5 is one token, so that it proves neither 3 nor 5; 10,000 is 10000. Where a script has no
    spaces between words, each letter is a token.
    """
    if text.isascii():
        return ASCII_TOKEN.findall(GROUPED.sub("", text))
    plain = unicodedata.normalize("NFKC", RAISED.sub(" ", text)).replace("’", "'")
    return TOKEN.findall(GROUPED.sub("", plain))


def normalized_tokens(text: str) -> list[str]:
    """Lower-case words and numbers of `text`, without punctuation."""
    if text.isascii():
        return tokens_of(text.lower())
    plain = unicodedata.normalize("NFKC", RAISED.sub(" ", text)).casefold().replace("’", "'")
    return TOKEN.findall(GROUPED.sub("", plain))


def letters_of(token: str) -> str:
    """A token without apostrophes and accents, in its own case."""
    if token.isascii():
        return token.replace("'", "")
    plain = ACCENTS.sub("", unicodedata.normalize("NFD", token))
    return unicodedata.normalize("NFC", plain).replace("'", "")


def glued(parts: Sequence[str]) -> str:
    """Parts without spaces, except between two digits: "1 5" is not 15."""
    pieces: list[str] = []
    for part in parts:
        if pieces and part[:1].isdigit() and pieces[-1][-1:].isdigit():
            pieces.append(" ")
        if part:
            pieces.append(part)
    return "".join(pieces)


def word_count(text: str) -> int:
    """Words of `text`; where words have no spaces, two letters count as one."""
    tokens = normalized_tokens(text)
    letters = sum(1 for token in tokens if re.match(f"[{UNSPACED}]", token))
    return len(tokens) - letters + (letters + 1) // 2
