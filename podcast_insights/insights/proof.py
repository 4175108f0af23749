"""Proof is not optional: no insight without words that were really said.

The transcript is read as a stream of normalized tokens (case, accents of typography and
punctuation aside). A quote counts if its tokens stand in that stream in one piece; names and
numbers of headline and body must stand somewhere in the transcript or the episode's
metadata. What fails is rejected with a reason, never repaired.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from podcast_insights.insights.engine import Candidate, EpisodeText
from podcast_insights.transcripts.records import Segment

MIN_QUOTE_TOKENS = 5
MAX_QUOTE_TOKENS = 120
MAX_HEADLINE_CHARS = 200
MAX_BODY_CHARS = 900
TOKEN = re.compile(r"[^\W_]+(?:['’.,][^\W_]+)*")
LINK = re.compile(r"https?:|www\.|<\s*[a-z/!]|\]\(", re.IGNORECASE)


@dataclass(frozen=True)
class QuoteMatch:
    """Where a quote stands in the audio."""

    start_s: float
    end_s: float
    speaker: str | None
    method: str


@dataclass(frozen=True)
class Rejection:
    """Why a candidate is no insight."""

    reason: str
    detail: str


@dataclass(frozen=True)
class TokenStream:
    """A transcript as normalized tokens that know their seconds.

    Segments carry times, words do not: within a segment, time is shared out by characters,
    which on read speech is within about a second of the truth.
    """

    segments: tuple[Segment, ...]

    @cached_property
    def tokens(self) -> list[str]:
        """All tokens in order."""
        return [token for token, _, _, _ in self._timed]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The distinct tokens."""
        return frozenset(self.tokens)

    @cached_property
    def _timed(self) -> list[tuple[str, float, float, str | None]]:
        timed = []
        for segment in self.segments:
            length = max(len(segment.text), 1)
            pace = max(segment.end_s - segment.start_s, 0.0) / length
            for match in TOKEN.finditer(segment.text):
                start = segment.start_s + match.start() * pace
                end = segment.start_s + match.end() * pace
                timed += [
                    (part, start, end, segment.speaker) for part in normalized_tokens(match[0])
                ]
        return timed

    @cached_property
    def _joined(self) -> tuple[str, dict[int, int]]:
        offsets, position, parts = {}, 1, []
        for index, token in enumerate(self.tokens):
            offsets[position] = index
            parts.append(token)
            position += len(token) + 1
        return " " + " ".join(parts) + " ", offsets

    def locate(self, quote: str) -> QuoteMatch | None:
        """The first place where the quote's tokens stand in one piece, or None."""
        wanted = normalized_tokens(quote)
        if not wanted:
            return None
        text, offsets = self._joined
        found = text.find(f" {' '.join(wanted)} ")
        if found < 0:
            return None
        first = offsets[found + 1]
        last = first + len(wanted) - 1
        speakers = {self._timed[i][3] for i in range(first, last + 1)}
        return QuoteMatch(
            start_s=round(self._timed[first][1], 3),
            end_s=round(self._timed[last][2], 3),
            speaker=speakers.pop() if len(speakers) == 1 else None,
            method="exact",
        )


def normalized_tokens(text: str) -> list[str]:
    """Lower-case words and numbers of `text`, without punctuation.

    3.5 is one token, so that it proves neither 3 nor 5; 10,000 is 10000.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    ungrouped = re.sub(r"(?<=\d),(?=\d{3}\b)", "", folded)
    return re.findall(r"\d+(?:[.,]\d+)+|[^\W_]+(?:'[^\W_]+)*", ungrouped)


def prove(
    candidate: Candidate, episode: EpisodeText, stream: TokenStream
) -> QuoteMatch | Rejection:
    """Find the quote and check every name and number, or say what fails.

    Args:
        candidate: what an engine proposes.
        episode: metadata and passages.
        stream: the episode's transcript; built once for all its candidates.
    """
    shape = misshapen(candidate)
    if shape:
        return shape
    match = stream.locate(candidate.quote)
    if match is None:
        return Rejection("quote_not_found", "the quote is not in the transcript word for word")
    if is_advertised(episode, match):
        return Rejection("advertising", "the quote lies in a stretch labelled as advertising")
    unknown = unfounded(candidate, episode, stream)
    if unknown:
        return Rejection(
            "unfounded_name_or_number",
            f"neither transcript nor metadata has: {', '.join(unknown[:8])}",
        )
    return match


def misshapen(candidate: Candidate) -> Rejection | None:
    """Empty, endless, carrying links and markup, or of impossible value."""
    tokens = normalized_tokens(candidate.quote)
    if len(tokens) < MIN_QUOTE_TOKENS:
        return Rejection("quote_too_short", f"{len(tokens)} words prove nothing")
    if len(tokens) > MAX_QUOTE_TOKENS:
        return Rejection("quote_too_long", f"{len(tokens)} words are not a quote")
    for name, text, limit in (
        ("headline", candidate.headline, MAX_HEADLINE_CHARS),
        ("body", candidate.body, MAX_BODY_CHARS),
    ):
        if not normalized_tokens(text):
            return Rejection("empty_text", f"the {name} has no words")
        if len(text) > limit:
            return Rejection("text_too_long", f"the {name} has {len(text)} characters")
    for text in (candidate.headline, candidate.body, candidate.quote, *candidate.topics):
        if LINK.search(text):
            return Rejection("link_or_markup", f"a link or markup in: {text[:80]}")
    if not 0 <= candidate.value_score <= 1:
        return Rejection("value_out_of_range", f"{candidate.value_score} is not between 0 and 1")
    return None


def is_advertised(episode: EpisodeText, match: QuoteMatch) -> bool:
    """Whether every passage that holds the whole quote is labelled as advertising."""
    middle = (match.start_s + match.end_s) / 2
    around = [p for p in episode.passages if p.start_s - 0.5 <= middle <= p.end_s + 0.5]
    whole = [
        p for p in around if p.start_s - 1 <= match.start_s and match.end_s <= p.end_s + 1
    ] or around
    return bool(whole) and all(p.is_advertising for p in whole)


def unfounded(candidate: Candidate, episode: EpisodeText, stream: TokenStream) -> list[str]:
    """Names and numbers of headline and body that nobody said and no metadata has."""
    metadata = " ".join((episode.show_title, episode.title, episode.description, *episode.persons))
    known = stream.vocabulary | set(normalized_tokens(metadata))
    claims = [*claimed(candidate.headline), *claimed(candidate.body)]
    return [
        word
        for word in dict.fromkeys(claims)
        if not all(is_known(token, known) for token in normalized_tokens(word))
    ]


def claimed(text: str) -> list[str]:
    """Numbers, and capitalized words that do not just open a sentence."""
    found = []
    for sentence in re.split(r"(?<=[.!?:])\s+", text):
        words = TOKEN.findall(sentence)
        for position, word in enumerate(words):
            has_digit = any(character.isdigit() for character in word)
            is_name = word[:1].isupper() and word not in ("I", "I'm", "I've", "I'd", "I'll")
            if has_digit or (is_name and position > 0):
                found.append(word)
    return found


def is_known(token: str, known: frozenset[str]) -> bool:
    """Whether a token was said: as it is, without its 's, or with a number spelled out."""
    stem = token.removesuffix("'s")
    forms = {token, stem, *spelled(stem)}
    return bool(forms & known)


def spelled(token: str) -> Sequence[str]:
    """`20` for `twenty` and back; Whisper and writers spell small numbers differently."""
    if token.isdigit() and int(token) in NUMBER_WORDS:
        return (NUMBER_WORDS[int(token)],)
    return [str(number) for number, word in NUMBER_WORDS.items() if word == token]


NUMBER_WORDS = dict(
    enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
) | {
    30: "thirty",
    40: "forty",
    50: "fifty",
    60: "sixty",
    70: "seventy",
    80: "eighty",
    90: "ninety",
    100: "hundred",
    1000: "thousand",
}
