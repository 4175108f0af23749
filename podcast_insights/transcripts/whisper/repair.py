"""Completeness: speech that got no words, and words where there is no speech.

Whisper now and then leaves out a clause, or ends a window early, without a sign of it. Voice
activity detection knows where somebody spoke: stretches without words are decoded once more, by
themselves. What was said where nobody spoke was made up, and is dropped.

What does not belong here: windows that come out looping or unsure, which are decoded again at
once (`packing.py`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from statistics import median

from podcast_insights.transcripts.guards.words import tokens as words_of_text
from podcast_insights.transcripts.guards.words import words_in
from podcast_insights.transcripts.records import Segment, Word
from podcast_insights.transcripts.whisper.decoding import UNSURE, WINDOW_S
from podcast_insights.transcripts.whisper.lanes import Said
from podcast_insights.transcripts.whisper.sections import Section
from podcast_insights.transcripts.whisper.speech import Span, overlap_s

LEAST_HOLE_S = 1.0
"""Speech without words that is decoded again; hesitations are shorter."""
PAD_S = 0.3
APART_S = 1.0
"""Speech with less between it is one hole."""
S_PER_WORD = 1.5
"""A segment covers so much time for each of its words, and not more: 'you' is not said for 20 s."""
THIN = 1.7
"""A segment with so many times its section's usual speech for each word has lost some of them."""
LEAST_RATE, MOST_RATE = 0.25, 0.7
"""Seconds of speech a word takes at least and at most; a section may be one segment, and thin."""
SLACK_S = 0.5
"""Of speech, that a segment may have beyond that: breaths and hesitations."""
SWALLOWED, LEAST_SWALLOWED_S = 3.0, 3.0
"""A segment with so many times the speech that its words take, and so much more, has swallowed
whole sentences; it does so again when all of it is looked at, and then its rest is."""
LEAST_MORE, LEAST_SHARE_MORE = 3, 0.5
"""Words that a second look at a segment has to bring, and as a share of those it had."""
KEPT_SHARE = 0.6
"""Of a segment's words, that a second look at it has to hear again."""
LESS_SURE = 0.5
"""In log probability, that it may be less sure than the first."""
MADE_UP_S = 0.2
"""A segment with less speech than that in it was made up."""
EARLY_S = 0.1
"""Left before the speech and after it where a segment reaches into silence."""
EDGE_S, PAUSE_S = 0.3, 0.5
"""So much speech at a segment's edge, behind such a pause, belongs to its neighbour."""
DIGITS = 3


def holes(section: Section, said: Sequence[Said], besides: Sequence[Said] = ()) -> list[Section]:
    """Stretches of a section where somebody spoke and there is no text, at most 30 s each.

    Args:
        section: that was decoded.
        said: what was said in it.
        besides: segments that are looked at again in whole.
    """
    looked_at = [Span(one.start_s, one.end_s) for one in besides]
    bare = [left for span in section.speech for left in without(span, looked_at)]
    return [
        section.part(spans[0].start_s - PAD_S, spans[-1].end_s + PAD_S)
        for spans in unheard(bare, said)
    ]


def thin(section: Section, said: Sequence[Said]) -> list[Said]:
    """Segments with too few words for the speech in them.

    Whisper can leave a clause out and draw the end of the segment before over it.
    """
    rate = THIN * usual_rate(section, said)
    return [
        one
        for one in said
        if overlap_s(section.speech, one.start_s, one.end_s) > SLACK_S + rate * words_in(one.text)
    ]


def usual_rate(section: Section, said: Sequence[Said]) -> float:
    """Seconds of speech that a word of a section takes."""
    rates = [
        overlap_s(section.speech, one.start_s, one.end_s) / max(words_in(one.text), 1)
        for one in said
    ]
    return min(max(median(rates or [0.0]), LEAST_RATE), MOST_RATE)


def swallowed(section: Section, one: Said, rate: float) -> Section | None:
    """What a segment lies over and can't have in its words, from the pause where these may end.

    Args:
        section: that was decoded.
        one: a segment of it.
        rate: seconds of speech that a word takes.

    Returns:
        Up to 30 s; None where that is not much.
    """
    spans = section.part(one.start_s, one.end_s).speech
    words_s = rate * words_in(one.text)
    before_s = [0.0, *accumulate(span.length_s for span in spans)]
    if before_s[-1] < max(SWALLOWED * words_s, words_s + LEAST_SWALLOWED_S):
        return None
    begin_s = one.start_s + words_s
    if len(spans) > 1:
        place = min(range(1, len(spans)), key=lambda n: abs(before_s[n] - words_s))
        begin_s = spans[place].start_s - EARLY_S
    rest = section.part(begin_s, min(one.end_s + PAD_S, begin_s + WINDOW_S))
    return rest if sum(span.length_s for span in rest.speech) >= LEAST_HOLE_S else None


def around(section: Section, one: Said, said: Sequence[Said]) -> Section:
    """A segment's own audio, as far as no other segment has it, at most 30 s."""
    begin_s = max([one.start_s - PAD_S, *(o.end_s for o in said if o.end_s <= one.start_s)])
    end_s = min([one.end_s + PAD_S, *(o.start_s for o in said if o.start_s >= one.end_s)])
    return section.part(begin_s, min(end_s, begin_s + WINDOW_S))


def instead(old: Said, new: Sequence[Said]) -> tuple[list[Said], list[Said]]:
    """What comes of a second look at a segment.

    It takes the segment's place if it heard the same words and several more, and is about as sure.
    Else what it heard after those words is as good as what is found in a hole.

    Args:
        old: the segment.
        new: what was made of its audio alone.

    Returns:
        What stands in the segment's place, and what was found behind it.
    """
    sure = [one for one in new if one.logprob >= max(UNSURE, old.logprob - LESS_SURE)]
    had, has = (words_of_text(" ".join(one.text for one in some)) for some in ([old], sure))
    again = sum((Counter(had) & Counter(has)).values())
    is_more = len(has) - len(had) >= max(LEAST_MORE, LEAST_SHARE_MORE * len(had))
    if is_more and again >= KEPT_SHARE * len(had):
        return sure, []
    return [old], [one for one in new if one.start_s >= likely_end_s(old) - PAD_S]


def unheard(speech: Iterable[Span], said: Sequence[Said]) -> list[list[Span]]:
    """Speech without text, a second or more of it together."""
    found: list[list[Span]] = []
    taken = covered(said)
    for span in (left for whole in speech for left in without(whole, taken)):
        if (
            found
            and span.start_s - found[-1][-1].end_s < APART_S
            and span.end_s - found[-1][0].start_s < WINDOW_S - 2 * PAD_S
        ):
            found[-1].append(span)
        else:
            found.append([span])
    return [spans for spans in found if sum(s.length_s for s in spans) >= LEAST_HOLE_S]


def covered(said: Iterable[Said]) -> list[Span]:
    """The time that segments take up, in order."""
    return [
        Span(one.start_s, likely_end_s(one)) for one in sorted(said, key=lambda one: one.start_s)
    ]


def likely_end_s(one: Said) -> float:
    """Where a segment ends, or its words must have, if that is earlier."""
    return min(one.end_s, one.start_s + 2 + S_PER_WORD * words_in(one.text))


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a span."""
    left, begin_s = [], span.start_s
    for one in taken:
        if one.end_s <= begin_s or one.start_s >= span.end_s:
            continue
        if one.start_s > begin_s:
            left.append(Span(begin_s, one.start_s))
        begin_s = max(begin_s, one.end_s)
    if begin_s < span.end_s:
        left.append(Span(begin_s, span.end_s))
    return left


def with_found(said: Sequence[Said], found: Iterable[Said]) -> list[Said]:
    """The segments with what a second look found between them, in order.

    Not what the model is unsure of, and not a neighbour's words once more: both are what it says
    of a breath or of the end of a word. What is found gets the time that is left between the two.
    """
    everything = sorted(said, key=lambda one: one.start_s)
    for new in sorted(found, key=lambda one: (one.start_s, one.text)):
        place = sum(one.start_s <= new.start_s for one in everything)
        beside = everything[max(place - 1, 0) : place + 1]
        if new.logprob < UNSURE or any(is_echo(new.text, one.text) for one in beside):
            continue
        before = everything[place - 1] if place else None
        start_s = max(new.start_s, likely_end_s(before)) if before else new.start_s
        end_s = min([new.end_s, *(one.start_s for one in everything[place : place + 1])])
        if end_s <= start_s:
            continue
        if before:
            everything[place - 1] = replace(before, end_s=min(before.end_s, start_s))
        everything.insert(place, between(new, start_s, end_s))
    return everything


def between(one: Said, start_s: float, end_s: float) -> Said:
    """The same words in less time; those that are timed by themselves stay where they are."""
    piece = replace(one.piece, start_s=one.piece.start_s + start_s - one.start_s)
    return replace(one, start_s=start_s, end_s=end_s, piece=piece)


def is_echo(text: str, other: str) -> bool:
    """Whether a text is the beginning or the end of another one, but for signs and case."""
    short, long = words_of_text(text), words_of_text(other)
    return not short or short in (long[-len(short) :], long[: len(short)])


def segments_of(said: Sequence[Said], speech: Sequence[Span]) -> list[Segment]:
    """Segments in order, each where somebody spoke, none over another.

    Args:
        said: in order, each with some speech in it (`spoken`).
        speech: of the same stretch of the file.
    """
    found: list[Segment] = []
    for one in said:
        inside = [s for s in speech if s.start_s < one.end_s and s.end_s > one.start_s]
        inside = without_neighbours(inside, one)
        start_s = max(one.start_s, inside[0].start_s - EARLY_S)
        end_s = min(one.end_s, inside[-1].end_s + EARLY_S)
        if found:
            start_s = min(max(start_s, found[-1].end_s), end_s)
        found.append(
            Segment(
                round(start_s, DIGITS),
                round(end_s, DIGITS),
                one.text,
                words=words_of(one, start_s, end_s),
            )
        )
    return found


def spoken(said: Iterable[Said], speech: Sequence[Span]) -> list[Said]:
    """What was said where somebody spoke; the rest was made up."""
    return [one for one in said if overlap_s(speech, one.start_s, one.end_s) >= MADE_UP_S]


def without_neighbours(inside: list[Span], one: Said) -> list[Span]:
    """A segment's speech without that behind a pause at its edges, which is a neighbour's.

    Where segments follow each other Whisper names one time as the end and the next beginning, and
    means it about; the pause between them may be seconds long.

    Args:
        inside: the speech the segment touches, in order.
        one: the segment.
    """
    first, last = 0, len(inside) - 1
    while last > first and is_neighbours(
        one.end_s - inside[last].start_s, inside[last].start_s - inside[last - 1].end_s
    ):
        last -= 1
    while last > first and is_neighbours(
        inside[first].end_s - one.start_s, inside[first + 1].start_s - inside[first].end_s
    ):
        first += 1
    return inside[first : last + 1]


def is_neighbours(length_s: float, pause_s: float) -> bool:
    """Whether speech at a segment's edge, this long and behind such a pause, is another's."""
    return length_s < EDGE_S and pause_s >= PAUSE_S


def words_of(one: Said, start_s: float, end_s: float) -> tuple[Word, ...]:
    """A segment's words in seconds of the file, inside the segment."""
    offset_s = one.start_s - one.piece.start_s

    def placed(second: float) -> float:
        return round(min(max(second + offset_s, start_s), end_s), DIGITS)

    return tuple(
        replace(word, start_s=placed(word.start_s), end_s=placed(word.end_s))
        for word in one.piece.words
    )
