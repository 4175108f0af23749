"""Captions that roll: each shows again what the one before it showed, and adds to it.

Taken as they are, every sentence would be said two or three times. A speaker who repeats
himself is left alone, and so is a text that says one thing over and over: only a file in which
many captions repeat *and add* is merged.
"""

from collections.abc import Sequence
from dataclasses import replace

from podcast_insights.transcripts.records import Segment

MIN_SHARE = 0.3
"""Of captions that begin with the one before; YouTube's other half are pauses of 10 ms."""
MIN_WORDS = 2
MAX_WORDS = 60
"""Looked at of each caption: no screen shows more, and the comparison is quadratic in it."""
MAX_GAP_S = 0.5
MAX_PAUSE_S = 0.1
Words = tuple[str, ...]


def merged(pieces: Sequence[Segment]) -> list[Segment]:
    """The pieces without what the one before had shown already."""
    shown = [tuple(piece.text.split()) for piece in pieces]
    known = [
        repeated(before, words) if after.start_s - piece.end_s <= MAX_GAP_S else 0
        for piece, after, before, words in zip(pieces, pieces[1:], shown, shown[1:], strict=False)
    ]
    adding = sum(0 < count < len(words) for count, words in zip(known, shown[1:], strict=True))
    if adding < MIN_SHARE * len(pieces) or not pieces:
        return list(pieces)
    found = [pieces[0]]
    for piece, words, count in zip(pieces[1:], shown[1:], known, strict=True):
        last = found[-1]
        if count < len(words):
            if count:
                last = replace(last, end_s=max(min(last.end_s, piece.start_s), last.start_s))
            found[-1:] = [last, replace(piece, text=" ".join(words[count:]))]
        elif piece.end_s - piece.start_s <= MAX_PAUSE_S or piece.start_s < last.end_s:
            found[-1] = replace(last, end_s=max(last.end_s, piece.end_s))
        else:
            found.append(piece)
    return found


def repeated(before: Words, words: Words) -> int:
    """How many words at the start were the last ones of the caption before; few are chance."""
    tail, head = before[-MAX_WORDS:], words[:MAX_WORDS]
    for count in range(min(len(tail), len(head)), 0, -1):
        if tail[-count:] == head[:count]:
            is_all = count in (len(before), len(words))
            return count if count >= MIN_WORDS or is_all else 0
    return 0
