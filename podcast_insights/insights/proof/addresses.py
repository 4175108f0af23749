"""Addresses in an insight that nobody said: what a mail program would make a link of.

Links with a scheme of the web, and markup, are turned away wherever they stand (`shape.py`). What
is judged here may be right if it was said: a product called "fly.io", a mail address read aloud.
"""

import re
import unicodedata
from collections.abc import Iterable

from podcast_insights.insights.proof.glued import Glued
from podcast_insights.insights.proof.tokens import letters_of, normalized_tokens

MOST = 20
"""Addresses of one text that are looked at; more make it none that one may show."""
SCHEME = re.compile(
    r"\b(?:javascript|vbscript|mailto|data|file|ftp|ftps|tel|sms|facetime|magnet|intent|blob|"
    r"feed|podcast|itms|skype|whatsapp|tg|zoommtg)(?:-[a-z]+)?:(?=\S)|\w://",
    re.IGNORECASE,
)
DOMAIN = (
    "com|org|net|edu|gov|info|biz|io|co|dev|app|ai|fm|tv|me|ly|gg|gl|sh|xyz|site|online|shop|"
    "store|club|link|click|icu|news|blog|cloud|tech|vip|zip|mov|ru|cn|uk|de|fr|es|nl|eu|ca|au|"
    "jp|br|ch|example|onion"
)
"""Without those that are words, as in "so it was.So we went": in, it, to, at."""
ADDRESS = re.compile(
    r"[^\s@]{1,80}@[^\s@]{1,80}|"
    r"(?<![\w.-])(?:[^\W_][\w-]{0,62}\.){1,5}[^\W\d_]{2,24}[/?#:][^\s,;]{0,200}|"
    rf"(?<![\w.-])(?:[^\W_][\w-]{{0,62}}\.){{1,5}}(?:{DOMAIN})(?![\w-])(?!\.\w)"
)
"""Mail addresses; what has a path; and bare domains, in small letters: "It is.So we" is none."""


def unsaid_addresses(texts: Iterable[str], transcript: str, spoken: Glued) -> list[str]:
    """Addresses of texts that a transcript has neither as they are nor read aloud.

    Args:
        texts: headline, body and labels.
        transcript: what was said.
        spoken: the same as tokens: "fly dot io" is fly.io.
    """
    found: list[str] = []
    said = transcript.casefold()
    for text in texts:
        plain = unicodedata.normalize("NFKC", text).replace("。", ".")  # browsers do so too
        found += [match[0] for match in SCHEME.finditer(plain)][:MOST]
        for number, match in enumerate(ADDRESS.finditer(plain)):
            address = match[0].strip(".,:;!?()[]\"'“”")
            if number >= MOST or not (address.casefold() in said or is_said(address, spoken)):
                found.append(address)
    return found


def is_said(address: str, spoken: Glued) -> bool:
    """Whether the words of a bare domain were said, with or without "dot"; of no longer address."""
    if re.search(r"[/?#:@]", address):
        return False
    parts = [letters_of(token) for token in normalized_tokens(address.replace(".", " "))]
    return any(
        next(spoken.places(between.join(parts)), None) is not None for between in ("", "dot")
    )
