"""What makes an excerpt worth a reader's time, each signal between 0 and 1.

What was measured against human points, and what was tried and left out, is in
docs/decisions/0009-extractive-engine.md.

What does not belong here: what can be shown at all (`excerpts.py`), and how excerpts are
chosen (`engine.py`).
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podcast_insights.insights.engine import Passage
from podcast_insights.insights.extractive.excerpts import Excerpt
from podcast_insights.insights.extractive.language import (
    ANAPHORA,
    CLAIM_CUES,
    CONNECTING_STARTS,
    CONTENT_STOP_WORDS,
    FILLERS,
    GOES_ON,
    NUMBERS,
    PERSONAL,
    POINTING_STARTS,
    PRIVATE,
    RESTARTS,
    STUTTER,
)
from podcast_insights.insights.extractive.wording import (
    content_words,
    has_verb,
    headline_of,
    is_bare,
    is_unresolved,
    split,
)

THEME_WINDOW_S = 300.0
"""How far one topic of conversation reaches to either side."""
KEYWORD_WINDOW_S = 150.0
NEAREST = 20
SUBJECT_WITHIN = 5
"""Words in which a sentence should have named what it is about."""
NEUTRAL = 0.5
"""Of a passage without others to compare it with: neither central nor beside the point."""


@dataclass(frozen=True)
class Weights:
    """How much each signal counts, found on human points of three shows, each left out in turn.

    Args:
        theme: nearness to what is said in the minutes around: it tells what this part is about.
        centrality: nearness to the passages of the episode that are most like it.
        keywords: words this part of the episode keeps using and other parts don't.
        specificity: numbers, names, long words.
        self_contained: nothing before it is needed, and it is not about "I" and "you".
        claim: causes, consequences, comparisons; human points ignore it, readers do not.
        fluency: without stumbling and filler words.
        headline: how well its best sentence stands alone, and whether it names what it is about.
        length: between 30 and 60 words.
        coverage: what of the episode a choice adds to the choices before it.
        diversity: what likeness to a choice before it costs.
    """

    theme: float = 1.0
    centrality: float = 1.0
    keywords: float = 1.0
    specificity: float = 1.0
    self_contained: float = 0.5
    claim: float = 0.2
    fluency: float = 0.5
    headline: float = 0.8
    length: float = 0.2
    coverage: float = 0.75
    diversity: float = 0.25


def signals(excerpts: Sequence[Excerpt], passages: Sequence[Passage]) -> dict[str, np.ndarray]:
    """All signals of all excerpts, by the names that `Weights` has for them."""
    likeness = likeness_to_others(excerpts, passages)
    names = names_in(passages)
    return {
        "theme": theme(excerpts, passages, likeness),
        "centrality": centrality(likeness),
        "keywords": keywords(excerpts, passages),
        "specificity": np.array([specificity(e.text) for e in excerpts]),
        "self_contained": np.array([self_containedness(e.shown) for e in excerpts]),
        "claim": np.array([claim_strength(e.shown) for e in excerpts]),
        "fluency": np.array([fluency(e.text) for e in excerpts]),
        "headline": np.array([max(headline_fit(c, names) for c in e.claims) for e in excerpts]),
        "length": np.array([length_fit(e.text) for e in excerpts]),
    }


def likeness_to_others(excerpts: Sequence[Excerpt], passages: Sequence[Passage]) -> np.ndarray:
    """Cosines of excerpts (rows) and passages; NaN where the two share a sentence."""
    mine = np.stack([e.embedding for e in excerpts])
    others = np.array([p.embedding for p in passages], dtype=np.float32)
    begins = np.array([p.sentence_from for p in passages])
    ends = np.array([p.sentence_to for p in passages])
    first = np.array([[e.sentence_from] for e in excerpts])
    last = np.array([[e.sentence_to] for e in excerpts])
    return np.where((begins < last) & (ends > first), np.nan, mine @ others.T)


def theme(
    excerpts: Sequence[Excerpt], passages: Sequence[Passage], likeness: np.ndarray
) -> np.ndarray:
    """Mean likeness to what is said within five minutes; the best single signal we found."""
    starts = np.array([p.start_s for p in passages])
    mine = np.array([[e.start_s] for e in excerpts])
    near = (np.abs(starts - mine) <= THEME_WINDOW_S) & ~np.isnan(likeness)
    total = np.where(near, np.nan_to_num(likeness), 0.0).sum(axis=1)
    count = near.sum(axis=1)
    scaled = np.clip((total / np.maximum(count, 1) - 0.05) / 0.35, 0.0, 1.0)
    return np.where(count > 0, scaled, NEUTRAL)


def centrality(likeness: np.ndarray) -> np.ndarray:
    """Mean likeness to the twenty passages of the episode that are most like it."""
    known = np.sort(np.nan_to_num(likeness, nan=-1.0), axis=1)[:, -NEAREST:]
    count = (known > -1.0).sum(axis=1)
    total = np.where(known > -1.0, known, 0.0).sum(axis=1)
    scaled = np.clip((total / np.maximum(count, 1) - 0.2) / 0.45, 0.0, 1.0)
    return np.where(count > 0, scaled, NEUTRAL)


def keywords(excerpts: Sequence[Excerpt], passages: Sequence[Passage]) -> np.ndarray:
    """How many words it has that this part keeps using, and the rest of the episode does not."""
    said: dict[str, list[float]] = defaultdict(list)
    for passage in passages:  # nearly every sentence is the first of one passage
        for word in set(content_words(split(passage.text)[0])):
            said[word].append(passage.start_s)
    times = {word: np.array(starts) for word, starts in said.items()}
    found = []
    for excerpt in excerpts:
        total = 0.0
        for word in sorted(set(content_words(excerpt.text)) & set(times)):
            near = np.count_nonzero(np.abs(times[word] - excerpt.start_s) <= KEYWORD_WINDOW_S)
            if near >= 2:
                total += float(np.log(near)) * near / len(times[word])
        found.append(min(total / 8, 1.0))
    return np.array(found)


def claim_strength(sentences: Sequence[str]) -> float:
    """How much the text argues: causes, consequences, comparisons, conditions."""
    found = sum(len(set(CLAIM_CUES.findall(sentence.lower()))) for sentence in sentences)
    return min(found / 3, 1.0)


def specificity(text: str) -> float:
    """Numbers, names and long words; small talk has none of them."""
    words = re.findall(r"[\w'%$€£-]+", text)
    numbers = sum(any(c.isdigit() for c in w) or w.lower() in NUMBERS for w in words)
    names = sum(w[:1].isupper() and w.lower() not in CONTENT_STOP_WORDS for w in words[1:])
    long_words = sum(len(w) >= 8 for w in words) / max(len(words), 1)
    return float(min(0.2 * numbers + 0.1 * names + 2 * long_words, 1.0))


def self_containedness(sentences: Sequence[str]) -> float:
    """1 for a text that needs nothing before it; less for what points or goes on backwards."""
    first = sentences[0]
    is_pointing = bool(POINTING_STARTS.match(first)) or is_unresolved(first)
    cost = 0.6 * is_pointing + 0.3 * bool(CONNECTING_STARTS.match(first))
    cost += 0.4 * is_bare(first) + 0.15 * bool(GOES_ON.search(first))
    words = [word.lower().strip(".,'") for sentence in sentences for word in sentence.split()]
    personal = sum(word.replace("’", "'") in PERSONAL for word in words)
    return max(1.0 - cost - 4 * personal / max(len(words), 1), 0.0)


def names_in(passages: Sequence[Passage]) -> frozenset[str]:
    """Words that the episode writes with a capital within sentences, and hardly ever without."""
    seen: dict[str, int] = defaultdict(int)
    for passage in passages:
        for word in re.findall(r"(?<=[^.!?…:\"“] )[A-Za-z][\w-]+", passage.text):
            seen[word.lower()] += 1 if word[0].isupper() else -2
    return frozenset(word for word, count in seen.items() if count > 0) - CONTENT_STOP_WORDS


def fluency(text: str) -> float:
    """1 for a text as if written; speakers start over and fill, and readers stumble there."""
    slips = sum(len(pattern.findall(text)) for pattern in (STUTTER, FILLERS, RESTARTS))
    slips += text.count("...")
    return max(1.0 - 10 * slips / max(len(text.split()), 1), 0.0)


def headline_fit(sentence: str, names: frozenset[str]) -> float:
    """How well a sentence stands alone as a claim: to the point, and about something named."""
    headline = headline_of(sentence)
    words = headline.split()
    size = 1.0 if 7 <= len(words) <= 20 else 0.5
    content = min(2.5 * len(content_words(headline)) / max(len(words), 1), 1.0)
    parts = (
        size,
        content,
        0.5 * specificity(headline) + 0.5 * claim_strength([headline]),
        self_containedness([headline]),
        subject(headline, names),
    )
    cost = 0.15 * len(ANAPHORA.findall(headline)) + 0.3 * (not has_verb(headline))
    cost += 0.4 * bool(PRIVATE.match(headline)) + 0.2 * bool(RESTARTS.search(headline))
    return max(sum(parts) / len(parts) - cost, 0.0)


def subject(headline: str, names: frozenset[str]) -> float:
    """1 if it begins with a name, less if with another word that means something, 0 if not."""
    start = re.findall(r"[\w'’-]+", headline)[:SUBJECT_WITHIN]
    if any(word.lower() in names or word[:1].isdigit() for word in start):
        return 1.0
    return 0.5 if content_words(" ".join(start)) and not is_bare(headline) else 0.0


def length_fit(text: str) -> float:
    """1 between 30 and 60 words, falling off on both sides."""
    words = len(text.split())
    return 1.0 if 30 <= words <= 60 else max(0.0, 1.0 - min(abs(words - 30), abs(words - 60)) / 15)
