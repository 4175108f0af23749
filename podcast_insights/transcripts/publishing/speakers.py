"""Names at the start of what is said, where a format has no place of its own for them.

"Ann: Hello" names a speaker only if the text does it all along: "One thing: it is late" must
not become something that One Thing said.

What does not belong here: `<v Ann>`, `<cite>` and JSON's `speaker`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from podcast_insights.transcripts.publishing.pieces import MAX_NAME_CHARS, name_of
from podcast_insights.transcripts.records import Segment

MIN_USES = 4
MIN_USES_OF_A_NAME = 2
MAX_NAMES = 12
MIN_SHARE_OF_LABELS = 0.7
MAX_NAME_WORDS = 5
MAX_ROLE_CHARS = 20
ROLE = re.compile(r"\s*\((?:co-?)?(?:host|guest|caller|narrator)\)$", re.IGNORECASE)
PARTICLES = frozenset("and da de del den der di du la le of the ten van von y zu".split())
DECORATION = "*_[]>-–— \t"
NAME_WORD = re.compile(r"[\w.'’&()#-]+")


def label_of(text: str) -> tuple[str, str] | None:
    """A name before a colon at the start, and the rest; None where there is nothing like it."""
    head, colon, _ = text[: MAX_NAME_CHARS + 10].partition(":")
    name = head.strip(DECORATION)
    rest = text[len(head) + 1 :]
    if not colon or not is_name(name) or (rest and not rest[0].isspace() and rest[0] not in "*_"):
        return None
    return ROLE.sub("", name), rest.lstrip("*_ \t")


def is_name(text: str) -> bool:
    """A few words as names are written: Ann Lee, Ludwig van Beethoven, Speaker 2, ANN (host)."""
    if len(text) > MAX_NAME_CHARS + MAX_ROLE_CHARS:  # before `ROLE` looks at each of its spaces
        return False
    words = ROLE.sub("", text).split()
    return (
        0 < len(words) <= MAX_NAME_WORDS
        and words[0][0].isalpha()
        and all(NAME_WORD.fullmatch(word) for word in words)
        and all(
            not word[0].islower() or (word in PARTICLES and place > 0)
            for place, word in enumerate(words)
        )
        and name_of(text) is not None
    )


def with_speakers(pieces: Sequence[Segment]) -> list[Segment]:
    """Pieces with the names taken out of their texts, where these are used all along.

    A name holds until the next one. After a label that is none of the names nobody is named:
    no name is better than a wrong one.
    """
    labels = [label_of(piece.text) for piece in pieces]
    uses = Counter(label[0] for label in labels if label)
    names = {name for name, count in uses.items() if count >= MIN_USES_OF_A_NAME}
    named = sum(uses[name] for name in names)
    is_consistent = (
        named >= MIN_USES
        and len(names) <= MAX_NAMES
        and named >= MIN_SHARE_OF_LABELS * sum(uses.values())
    )
    if not is_consistent:
        return list(pieces)
    found, speaker = [], None
    for piece, label in zip(pieces, labels, strict=True):
        text = piece.text
        if label:
            speaker = label[0] if label[0] in names else None
            text = label[1] if speaker else text
        if text:
            found.append(replace(piece, text=text, speaker=speaker))
    return found
