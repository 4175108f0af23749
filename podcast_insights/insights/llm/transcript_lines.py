"""A transcript as the lines of a prompt: seconds, speaker, words; no advertising.

What is spoken is data from strangers. It is kept on one line, behind a mark of ours, without
control characters and without anything that looks like our marks.

What does not belong here: where long transcripts are cut (`windows.py`).
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from podcast_insights.insights.engine import EpisodeText, Passage
from podcast_insights.insights.llm.windows import Line
from podcast_insights.transcripts.records import Segment

MAX_PIECE_CHARS = 1_000
"""A longer segment (a publisher's text in one piece) becomes several lines, so that windows can
be cut and overlap within it."""
MARK_CHARS = 80
MARK = re.compile(r"\[\d+(?: [^\]\n]{1,60})?\]")
OPENING = re.compile(r"[\[\u27e6\u3010\u301a\uff3b][\s\u200c\u200d]*(?=\d)")
"""What is left of brackets before a number, look-alikes included: "[1[2]25]" became "[1 25]"."""
UNPRINTED = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Control characters, direction overrides, what nobody sees but the joiners that some scripts
can't be written without, halves of surrogate pairs, and the tag characters that models read as
letters."""
SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
PIECE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*(?=\s)")


def clean(text: str) -> str:
    """One line without control characters, direction overrides and our own marks."""
    # What is not seen goes first, because it may stand in a mark.
    spaced = " ".join(UNPRINTED.sub("", " ".join(text.split())).split())
    return " ".join(OPENING.sub("(", MARK.sub(" ", spaced)).split())


def spoken_lines(episode: EpisodeText, max_chars: int) -> list[Line]:
    """The transcript without advertising: a line for each segment or piece of a long one.

    Args:
        episode: its segments and passages.
        max_chars: of one prompt; no line takes more than half of it.
    """
    room = min(MAX_PIECE_CHARS, max(max_chars // 2 - MARK_CHARS, MARK_CHARS))
    sold = SoldTime(episode.passages)
    guessed = sentence_starts(episode)
    lines: list[Line] = []
    ended, speaker = True, None
    for segment in episode.segments:
        name = clean(segment.speaker or "").replace("]", "")[:60].strip()
        for start_s, end_s, text in pieces(segment, room):
            if sold.covers(start_s, end_s):
                ended = True
                continue
            # A change of speaker in the middle of a sentence is often a slip of who labels them.
            is_fresh = (ended or segment.speaker != speaker) and not text[0].islower()
            opens = not lines or is_fresh or round(start_s, 2) in guessed
            mark = f"[{max(start_s, 0):.0f} {name}".rstrip() + "]"
            lines.append(Line(f"{mark} {text}", start_s, end_s, opens))
            ended, speaker = SENTENCE_END.search(text) is not None, segment.speaker
    return lines


def pieces(segment: Segment, room: int) -> Iterator[tuple[float, float, str]]:
    """A segment's words in pieces of at most `room` characters, time shared out by characters.

    Cut at ends of sentences, else between words, else anywhere.
    """
    text = clean(segment.text)
    pace = max(segment.end_s - segment.start_s, 0.0) / max(len(text), 1)
    at = 0
    while at < len(text):
        end = len(text) if len(text) - at <= room else at + piece_end(text[at : at + room + 1])
        piece = text[at:end].strip()
        if piece:
            yield segment.start_s + at * pace, segment.start_s + end * pace, piece
        at = end


def piece_end(text: str) -> int:
    """Where to cut `text`, which is one character longer than what fits."""
    room = len(text) - 1
    sentences = [match.end() for match in PIECE_END.finditer(text) if match.end() > room // 3]
    return sentences[-1] if sentences else max(text.rfind(" ", 0, room + 1), 0) or room


def sentence_starts(episode: EpisodeText) -> frozenset[float]:
    """When sentences start, in hundredths of a second, where the text has no marks to say so.

    Passages begin at sentences, and in captions without punctuation these are guessed from
    pauses; see `embeddings/punctuation.py`.
    """
    texts = [segment.text.rstrip() for segment in episode.segments]
    if sum(SENTENCE_END.search(text[-8:]) is not None for text in texts) * 20 > len(texts):
        return frozenset()
    return frozenset(round(passage.start_s, 2) for passage in episode.passages)


class SoldTime:
    """Which stretches of an episode only advertising passages cover."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Keep the passages' times; passages may overlap and come in any order."""
        self._starts = np.asarray([p.start_s for p in passages], dtype=float)
        self._ends = np.asarray([p.end_s for p in passages], dtype=float)
        self._is_sold = np.asarray([p.is_advertising for p in passages], dtype=bool)

    def covers(self, start_s: float, end_s: float) -> bool:
        """Whether passages cover the stretch and all of them are advertising.

        A fifth of it counts as covering: where passages meet, times are shared out by
        characters and off by a moment.
        """
        if not self._is_sold.any():
            return False
        shared = np.minimum(self._ends, end_s) - np.maximum(self._starts, start_s)
        covering = self._is_sold[shared >= 0.2 * (end_s - start_s)]
        return bool(covering.size) and bool(covering.all())
