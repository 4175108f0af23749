"""One spoken sentence: what of it can be shown, and whether it stands alone.

Only words that carry nothing are left out (a word said twice in stumbling, "um", "you know"
between commas, "and" at the start); nothing is added, moved or reworded.

What does not belong here: runs of sentences (`excerpts.py`).
"""

import re

from podcast_insights.embeddings.sentences import ends_sentence
from podcast_insights.insights.extractive.language import (
    ADDRESSED,
    ANAPHORA,
    BARE_DEFINITE,
    CARRYING_ON,
    CONDITION,
    CONNECTING_STARTS,
    CONTENT_STOP_WORDS,
    CUT_SHORT,
    DEMONSTRATIVE,
    FILLERS,
    HEADING,
    HEADLINE_CUTS,
    HOUSEKEEPING,
    INTRODUCTION,
    LEADS_OVER,
    NEGATION,
    NO_HEADLINE,
    ONE_PERSON,
    OPEN_END,
    OPENERS,
    OUTSIDE,
    PAUSES,
    PERSONS,
    POINTING_STARTS,
    PRAISE,
    PRIVATE,
    PROFANE,
    QUESTION_STARTS,
    RESTARTS,
    SPEAKER,
    STUMBLES,
    STUTTER,
    SUBORDINATE_START,
    TRANSITION,
    UNFINISHED,
    VERB,
)
from podcast_insights.insights.proof.shape import MAX_HEADLINE_CHARS

MIN_HEADLINE_WORDS = 5
SHORT_HEADLINE_WORDS = 16
LONG_HEADLINE_WORDS = 28
NOUN_WITHIN = 4


def split(text: str) -> list[str]:
    """Sentences of a passage, cut by the rule that made them."""
    sentences: list[list[str]] = [[]]
    for word in text.split():
        sentences[-1].append(word)
        if ends_sentence(word):
            sentences.append([])
    return [" ".join(words) for words in sentences if words]


def tidy(sentence: str) -> str:
    """The sentence less what speakers say while they look for words."""
    text = HEADING.sub("", PAUSES.sub("", SPEAKER.sub("", sentence.removeprefix("- "))))
    text = STUMBLES.sub(r"\1", STUMBLES.sub(r"\1", text))
    return capitalized(re.sub(r"\s+([,.!?…])", r"\1", " ".join(text.split())).lstrip(" ,"))


def opened(sentence: str) -> str:
    """A tidy sentence less the words that only lead on to it."""
    return capitalized(OPENERS.sub("", sentence))


def capitalized(text: str) -> str:
    """With a capital at the start."""
    return text[:1].upper() + text[1:]


def is_loose(sentence: str) -> bool:
    """A question, a greeting, housekeeping, or a fragment: nothing to show to a reader."""
    is_fragment = len(re.findall(r"[^\W\d_]+", sentence)) < 4 or sentence[:1].islower()
    is_claim = bool(re.search(r"[.!…][\"'”’)\]]*$", sentence))
    return (
        is_fragment
        or not is_claim
        or bool(HOUSEKEEPING.search(sentence) or INTRODUCTION.search(sentence))
        or bool(ADDRESSED.search(opened(sentence)) or QUESTION_STARTS.match(opened(sentence)))
        or bool(OUTSIDE.search(sentence))
        or bool(UNFINISHED.search(sentence) or PROFANE.search(sentence))
    )


def is_hollow(sentence: str) -> bool:
    """Praise, assent and other sentences that tell nothing: "I think it's really cool"."""
    words = content_words(PRAISE.sub("", sentence))
    return len(words) < 2 and not re.search(r"\d", sentence)


def is_start(sentence: str) -> bool:
    """Whether a reader can begin with this sentence, less its opening words."""
    text = opened(sentence)
    return not (
        POINTING_STARTS.match(text)
        or CONNECTING_STARTS.match(text)
        or CARRYING_ON.match(text)
        or NO_HEADLINE.match(text)
        or PRIVATE.match(text)
        or is_half(text)
        or TRANSITION.search(text)
        or LEADS_OVER.search(text)
        or STUTTER.search(text)
        or RESTARTS.search(text)
        or is_hollow(text)
        or is_unresolved(text)
    )


def is_half(text: str) -> bool:
    """Whether it is only the condition of something: "if you load five thousand pictures"."""
    return bool(SUBORDINATE_START.match(text)) and "," not in text


def is_unresolved(text: str) -> bool:
    """Whether it has a pronoun before any word that the pronoun could stand for."""
    found = ANAPHORA.search(text)
    person, persons = ONE_PERSON.search(text), PERSONS.search(text)
    if person and not proper_names(text[: person.start()]):
        return True
    if persons and not re.search(r"\w{3}s\b|people|\w [A-Z]", text[: persons.start()]):
        return True
    return bool(DEMONSTRATIVE.search(text)) or (
        found is not None and not content_words(text[: found.start()])
    )


def proper_names(text: str) -> list[str]:
    """Capitalized words that are not only the first of a sentence, as "When" is."""
    words = re.findall(r"\b[A-Z][a-z]\w*", text)
    return [word for word in words if word.lower() not in CONTENT_STOP_WORDS]


def is_headline(sentence: str) -> bool:
    """Whether a sentence can stand over an excerpt."""
    headline = headline_of(sentence)
    is_alone = not any(
        pattern.match(headline) for pattern in (POINTING_STARTS, CONNECTING_STARTS, NO_HEADLINE)
    )
    is_clean = not any(pattern.search(headline) for pattern in (STUTTER, FILLERS, TRANSITION))
    is_sized = (
        len(headline) <= MAX_HEADLINE_CHARS
        and MIN_HEADLINE_WORDS <= len(headline.split()) <= LONG_HEADLINE_WORDS
    )
    return is_alone and is_clean and is_sized and not (points_back(headline) or is_half(headline))


def stands_alone(headline: str) -> bool:
    """Whether a headline says all of what it is about: stricter than `is_headline`."""
    return has_verb(headline) and not (
        is_unresolved(headline) or LEADS_OVER.search(headline) or CARRYING_ON.match(headline)
    )


def points_back(headline: str) -> bool:
    """Whether it stands on something said before: a pronoun before any noun, or many of them."""
    found = [match.start() for match in ANAPHORA.finditer(headline)]
    return len(found) > 2 or any(len(headline[:at].split()) < NOUN_WITHIN for at in found)


def has_verb(text: str) -> bool:
    """Whether what comes before any ", which ..." has a verb: a sentence, not a fragment.

    A first word in -ed only opens a fragment: "Titled: label management software".
    """
    head = re.split(r", (?:which|who|where|that|because|so)\b", text, maxsplit=1)[0]
    return any(found.start() or found[0][-2:] != "ed" for found in VERB.finditer(head))


def is_bare(text: str) -> bool:
    """Whether it is about "the change" as if a reader knew which one."""
    return bool(BARE_DEFINITE.match(text))


def headline_of(sentence: str) -> str:
    """The sentence, cut at a clause boundary where what is left still says the same.

    Only reasons and consequences are cut off, never a condition, and no reason after a
    negation: "it does not rain because" is not "it does not rain".
    """
    text = sentence.strip().rstrip(".!…").strip()
    if len(text.split()) > SHORT_HEADLINE_WORDS:
        for cut in HEADLINE_CUTS.finditer(text):
            head, tail = text[: cut.start()].rstrip(" ,;:-"), text[cut.start() :]
            if 6 <= len(head.split()) <= LONG_HEADLINE_WORDS and says_the_same(head, tail):
                text = head
                break
            if is_aside(tail):
                break  # what follows goes on within the aside
    stub = CUT_SHORT.search(text)
    if stub and stub.start() and says_the_same(text[: stub.start()], stub[0]):
        text = text[: stub.start()]
    return capitalized(text)


def says_the_same(head: str, tail: str) -> bool:
    """Whether a sentence cut to `head` claims what it claimed with its `tail`."""
    is_cut_off = is_aside(tail) or bool(
        OPEN_END.search(head) or (SUBORDINATE_START.match(head) and "," not in head)
    )
    return not (is_cut_off or NEGATION.search(head) or CONDITION.search(tail))


def is_aside(tail: str) -> bool:
    """Whether a sentence may go on after it: ", which is what I work on, pays well"."""
    return tail.startswith((", which ", ", while ")) and "," in tail[2:]


def content_words(text: str) -> list[str]:
    """Words of four letters or more that carry meaning."""
    words = re.findall(r"[^\W\d_]{4,}", text.lower())
    return [word for word in words if word not in CONTENT_STOP_WORDS]
