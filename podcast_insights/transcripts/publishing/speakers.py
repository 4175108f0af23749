"""Names at the start of what is said, where a format has no place of its own for them.

"Ann: Hello" names a speaker only if the text does it all along: "One thing: it is late" must
not become something that One Thing said.

What does not belong here: `<v Ann>`, `<cite>` and JSON's `speaker`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from podcast_insights.transcripts.publishing.pieces import (
    MAX_NAME_CHARS,
    MAX_PIECE_CHARS,
    name_of,
    shared_out,
)
from podcast_insights.transcripts.records import Segment

MIN_USES = 4
MIN_USES_OF_A_NAME = 2
FEW_NAMES = 12
MAX_NAMES = 60
"""More than a few must be used `MIN_USES` times each on average: people who talk come back, and
what a text sets before its colons by chance does not."""
MIN_SHARE_OF_LABELS = 0.7
MIN_SHARE_OF_PIECES = 0.25
"""That begin with a name which isn't written as names are: neither sounds nor asides do."""
MAX_NAME_WORDS = 5
MAX_ROLE_CHARS = 20
ROLE = re.compile(r"\s*\((?:co-?)?(?:host|guest|caller|narrator)\)$", re.IGNORECASE)
PARTICLES = frozenset("and da de del den der di du la le of the ten van von y zu".split())
DECORATION = "*_[]>-–— \t"
SENTENCE_END = ".,;?! "
"""Of the piece before, where captions are cut a moment too early."""
WORD = re.compile(r"\w")
NAME_WORD = re.compile(r"[\w.'’&()#-]+")
PARTS = re.compile(r"\n|\s(?=>>)")
"""Where another speaker may begin within a piece: at a line, and at a caption's ">>"."""
BRACKETED = re.compile(r"[>–—-]{0,4}\s?[\[(]([^\[\]()]{1,80})[\])]:?(?:\s|$)")
COLON = re.compile(r"[>–—-]{0,4}\s?([^:：]{1,80})(?::(?:\s|(?=[^\W\d_])|$)|：)")
SOUNDS = frozenset(
    "applause cheering cheers crosstalk inaudible laughing laughs laughter music noise silence "
    "sighs unintelligible".split()
)

Label = tuple[str, str]
"""A name, and what is said after it."""


def label_of(text: str) -> Label | None:
    """A name before a colon at the start, and the rest; None where there is nothing like it."""
    head, colon, _ = text[: MAX_NAME_CHARS + 10].partition(":")
    name = head.strip(DECORATION).lstrip(SENTENCE_END)
    rest = text[len(head) + 1 :]
    if not colon or not is_name(name) or (rest and not rest[0].isspace() and rest[0] not in "*_"):
        return None
    return ROLE.sub("", name), rest.lstrip("*_ \t")


def loose_label_of(text: str) -> Label | None:
    """What names a speaker if very much begins so: "[Ann] hi", "(Ann) hi", "Ann:hi", "ann: hi"."""
    if not (found := BRACKETED.match(text) or COLON.match(text)):
        return None
    name = found[1].strip()
    is_usual = is_name(name) and name.lower() not in SOUNDS
    is_small = name.isalpha() and name.islower() and found.re is COLON
    return (ROLE.sub("", name), text[found.end() :].lstrip()) if is_usual or is_small else None


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


def recurring(labels: Iterable[str]) -> frozenset[str]:
    """Those of what looks like names that come back, if most of what does are such."""
    uses = Counter(labels)
    names = frozenset(name for name, count in uses.items() if count >= MIN_USES_OF_A_NAME)
    named = sum(uses[name] for name in names)
    is_consistent = (
        named >= MIN_USES * (1 if len(names) <= FEW_NAMES else len(names))
        and len(names) <= MAX_NAMES
        and named >= MIN_SHARE_OF_LABELS * sum(uses.values())
    )
    return names if is_consistent else frozenset()


def with_speakers(pieces: Sequence[Segment]) -> list[Segment]:
    """Pieces with the names taken out of their texts, where these are used all along.

    A name holds until the next one. After a label that is none of the names nobody is named:
    no name is better than a wrong one. Nothing is done where a speaker is known already.
    """
    if any(piece.speaker for piece in pieces):
        return list(pieces)
    parts = [parts_of(piece.text) for piece in pieces]
    for read, min_share in ((label_of, 0.0), (loose_label_of, MIN_SHARE_OF_PIECES)):
        labels = [[read(part) for part in some] for some in parts]
        names = recurring(label[0] for some in labels for label in some if label)
        begun = sum(any(label and label[0] in names for label in some) for some in labels)
        if names and begun >= min_share * len(pieces):
            return list(named(pieces, parts, labels, names))
    return list(pieces)


def parts_of(text: str) -> list[str]:
    """A text, cut where another speaker may begin.

    One that is too long for its time to place a quote is left whole, and refused for that.
    """
    return PARTS.split(text) if len(text) <= MAX_PIECE_CHARS else [text]


def named(
    pieces: Sequence[Segment],
    parts: Sequence[Sequence[str]],
    labels: Sequence[Sequence[Label | None]],
    names: frozenset[str],
) -> Iterator[Segment]:
    """Pieces, or what several speakers say in each; these share its time by their words."""
    speaker: str | None = None
    for piece, some, of_parts in zip(pieces, parts, labels, strict=True):
        turns: list[tuple[str | None, list[str]]] = []
        for part, label in zip(some, of_parts, strict=True):
            known = label if label and label[0] in names else None
            if known or (label and not turns):
                speaker = known[0] if known else None
            if known or not turns:
                turns.append((speaker, []))
            turns[-1][1].append(known[1] if known else part)
        said = [(name, " ".join(filter(None, texts))) for name, texts in turns]
        if len(said) > 1:  # the full stop of the piece before is no turn
            said = [turn for turn in said if WORD.search(turn[1])]
        found = [replace(piece, text=text, speaker=name) for name, text in said if text]
        yield from shared_out(found, piece.end_s) if len(found) > 1 else found
