"""Proof is not optional: no insight without words that were really said.

A quote counts if it stands in the transcript (`quotes.py`) and outside of advertising; names and
numbers of headline and body must stand in the transcript or the episode's metadata (`names.py`,
`numbers.py`); an opinion must be told as somebody's (`shape.py`). What fails is rejected with a
reason. Nothing that is claimed is ever repaired; what is kept of a quote is the transcript's own
text, and labels that nothing founds are left out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from podcast_insights.embeddings.advertising import MAX_CHARACTERS, hear
from podcast_insights.embeddings.sentences import Sentence, cut, timed_words
from podcast_insights.insights.engine import Candidate, EpisodeText, Passage
from podcast_insights.insights.extractive.language import ENGLISH
from podcast_insights.insights.proof.addresses import unsaid_addresses
from podcast_insights.insights.proof.name_index import Names, index_of
from podcast_insights.insights.proof.names import names_in, unfounded_names
from podcast_insights.insights.proof.numbers import known_numbers, unfounded_numbers
from podcast_insights.insights.proof.quotes import QuoteMatch, TokenStream
from podcast_insights.insights.proof.shape import (
    MAX_BODY_CHARS,
    MAX_BODY_WORDS,
    MAX_HEADLINE_CHARS,
    MAX_QUOTE_TOKENS,
    MIN_BODY_WORDS,
    MIN_HEADLINE_WORDS,
    MIN_QUOTE_TOKENS,
    Rejection,
    ill_sized,
    is_question,
    not_plain,
    told_as_fact,
    unfit,
)
from podcast_insights.insights.proof.tokens import normalized_tokens
from podcast_insights.transcripts.records import Segment

__all__ = [
    "MAX_BODY_CHARS",
    "MAX_BODY_WORDS",
    "MAX_HEADLINE_CHARS",
    "MAX_QUOTE_TOKENS",
    "MIN_BODY_WORDS",
    "MIN_HEADLINE_WORDS",
    "MIN_QUOTE_TOKENS",
    "Labels",
    "QuoteMatch",
    "Rejection",
    "TokenStream",
    "labels_of",
    "normalized_tokens",
    "prove",
]

MAX_METADATA_CHARS = 20_000
MAX_ENTITIES = 8
MAX_TOPICS = 8
SLACK_S = 0.05
"""Between two roundings of one time."""
WEB_ADDRESS = re.compile(r"(?:https?:|www\.)\S+")
SOLD_IN_NOTES = 0.4
"""Show notes list sponsors in few words; in speech a cue so weak would not do."""
ENGLISH_SHARE = 0.12
"""Of English prose these words are a quarter; an engine may write English of a German episode."""


@dataclass(frozen=True)
class Labels:
    """Topics and entities of an insight that something founds."""

    topics: tuple[str, ...]
    entities: tuple[str, ...]


def prove(
    candidate: Candidate, episode: EpisodeText, stream: TokenStream
) -> QuoteMatch | Rejection:
    """Find the quote and check every name and number, or say what fails.

    Args:
        candidate: what an engine proposes.
        episode: metadata and passages.
        stream: the episode's transcript; built once for all its candidates.
    """
    shape = unfit(candidate) or bad_addresses(candidate, stream)
    if shape:
        return shape
    match = stream.locate(candidate.quote)
    if match is None:
        return Rejection("quote_not_found", "the quote is not in the transcript word for word")
    language = written_in(candidate, episode)
    return (
        bad_evidence(match, episode)
        or unfounded(candidate, episode, stream, language)
        or told_as_fact(candidate, language, (*episode.persons, *stream.speakers))
        or ill_sized(candidate)
        or match
    )


def bad_addresses(candidate: Candidate, stream: TokenStream) -> Rejection | None:
    """Addresses without "https" that nobody said."""
    texts = (
        candidate.headline,
        candidate.body,
        candidate.quote,
        *candidate.topics,
        *candidate.entities,
    )
    unsaid = unsaid_addresses(texts, stream.text, stream.glued)
    if not unsaid:
        return None
    return Rejection("link_or_markup", f"an address that nobody said: {unsaid[0][:80]}")


def bad_evidence(match: QuoteMatch, episode: EpisodeText) -> Rejection | None:
    """Whole sentences too long to be shown, with a link in them, or out of advertising."""
    tokens = len(normalized_tokens(match.quote))
    if tokens > MAX_QUOTE_TOKENS:
        return Rejection(
            "quote_cut_off",
            f"the sentences around the quote have {tokens} words, {MAX_QUOTE_TOKENS} at most can "
            "be shown",
        )
    if any(is_advertised(sentence, episode.passages) for sentence in match.sentences):
        return Rejection("advertising", "the quote lies in a stretch labelled as advertising")
    if match.sentences and is_question(match.sentences[-1].text):
        return Rejection(
            "quote_is_question", "the quote ends with a question, which claims nothing"
        )
    return not_plain(match.quote)


def is_advertised(sentence: Sentence, passages: Sequence[Passage]) -> bool:
    """Whether the passages that hold a sentence are labelled as advertising.

    All of them, or at least half if the first of them is one: a read begins with a thank-you that
    is found, and drifts off into praise that is not. What stands before a read is free.

    Times tell where to look, and the text decides: in a transcript without times every passage
    stands at the same second.
    """
    middle = (sentence.start_s + sentence.end_s) / 2
    around = [p for p in passages if p.start_s - SLACK_S <= middle <= p.end_s + SLACK_S]
    # A guessed sentence got a capital and a full stop in its passage.
    core = sentence.text[1:].rstrip(".,;:!?… -")
    holding = [p for p in around if core in p.text] or around
    whole = [
        p
        for p in holding
        if p.start_s - SLACK_S <= sentence.start_s and sentence.end_s <= p.end_s + SLACK_S
    ] or holding
    labelled = sum(p.is_advertising for p in whole)
    return 0 < len(whole) <= (2 * labelled if whole[0].is_advertising else labelled)


def written_in(candidate: Candidate, episode: EpisodeText) -> str:
    """The language of headline and body: the episode's, unless they are clearly English."""
    words = normalized_tokens(f"{candidate.headline} {candidate.body}")
    is_english = sum(word in ENGLISH for word in words) >= ENGLISH_SHARE * max(len(words), 1)
    return "en" if is_english else language_of(episode)


def unfounded(
    candidate: Candidate, episode: EpisodeText, stream: TokenStream, language: str
) -> Rejection | None:
    """Names and numbers of headline and body that nobody said and no metadata has."""
    names, spoken = known_names(episode, stream), language_of(episode)
    known = [known_numbers(text, spoken) for text in sources_of(episode, stream)]
    unknown = [
        word
        for text in (candidate.headline, candidate.body)
        for word in (
            *unfounded_names(text, names, language),
            *unfounded_numbers(text, language, known),
        )
    ]
    if not unknown:
        return None
    told = ", ".join(dict.fromkeys(unknown[:8]))
    return Rejection("unfounded_name_or_number", f"neither transcript nor metadata has: {told}")


def language_of(episode: EpisodeText) -> str:
    """ISO 639-1 code of what is spoken; English where it is not known."""
    return (episode.language or "en").lower().replace("_", "-").split("-")[0]


def sources_of(episode: EpisodeText, stream: TokenStream) -> tuple[str, str]:
    """Texts that found a name or a number: transcript, and metadata with its speakers' names.

    Both without advertising: what was only sold is no subject of the episode.
    """
    metadata = "\n.\n".join(
        (
            episode.show_title,
            episode.title,
            *episode.persons,
            *stream.speakers,
            unsold(episode.description[:MAX_METADATA_CHARS]),
        )
    )
    return stream.by_sentence, metadata


@lru_cache(maxsize=32)
def unsold(notes: str) -> str:
    """Show notes without the sentences that sell; addresses alone sell nothing."""
    kept = []
    for line in notes.splitlines():
        for sentence in cut(timed_words([Segment(0.0, 0.0, line)]), is_guessing=False):
            if hear(WEB_ADDRESS.sub("", sentence.text)[:MAX_CHARACTERS]).score < SOLD_IN_NOTES:
                kept.append(sentence.text)
    return "\n".join(kept)


def known_names(episode: EpisodeText, stream: TokenStream) -> Names:
    """Where the names of an episode are looked up."""
    spoken = language_of(episode)
    return Names(tuple(index_of(text, spoken) for text in sources_of(episode, stream)))


def labels_of(candidate: Candidate, episode: EpisodeText, stream: TokenStream) -> Labels:
    """Topics and entities of a proved candidate that may be shown.

    An entity stands in headline or body as it is spelled there; where an engine names none, the
    names found there are taken. A topic may be anything that is no made-up name or number.
    """
    language, spoken = written_in(candidate, episode), language_of(episode)
    names = known_names(episode, stream)
    known = [known_numbers(text, spoken) for text in sources_of(episode, stream)]

    def is_founded(label: str, *, is_title: bool) -> bool:
        return not (
            unfounded_names(label, names, language, is_title=is_title)
            or unfounded_numbers(label, language, known)
        )

    texts = (candidate.headline, candidate.body)
    given = [
        label
        for label in map(str.strip, candidate.entities)
        if any(stands_in(label, text) for text in texts)
        # After a word, its first one can't hide as the opening of a sentence.
        and is_founded(f"as {label}", is_title=False)
    ]
    found = given or [name for text in texts for name in names_in(text, names, language)]
    topics = [t for t in map(str.strip, candidate.topics) if t and is_founded(t, is_title=True)]
    return Labels(
        topics=tuple(dict.fromkeys(topics))[:MAX_TOPICS],
        entities=tuple(dict.fromkeys(found))[:MAX_ENTITIES],
    )


def stands_in(label: str, text: str) -> bool:
    """Whether a text has a label as whole words, spelled as it is."""
    return bool(label and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text))
