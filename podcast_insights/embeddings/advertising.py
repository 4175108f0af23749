"""Which sentences are advertising: sponsor reads, self-promotion, calls to subscribe.

A sentence is scored by what sponsor reads have in common: formulas ("brought to you by"),
offers ("percent off", "promo code"), addresses read aloud ("dot com slash"). A read is a
block: what lies between two such sentences belongs to it.

What does not belong here: what is done with the label.
"""

import re
from collections.abc import Sequence

THRESHOLD = 0.5
MAX_GAP_SENTENCES = 4

CUES: tuple[tuple[float, str], ...] = (
    (1.0, r"\b(brought to you|made possible|sponsored|presented|supported) by\b"),
    (1.0, r"\b(to|from|of) our sponsors?\b|\btoday's sponsor\b|\bthis episode'?s? sponsor\b"),
    (1.0, r"\b(support for|supporting|sponsoring) (this|the|our) (show|podcast|episode|program)\b"),
    (1.0, r"\b(promo|offer|coupon|discount) code\b|\b(use|with|enter) (the )?code\b"),
    (0.8, r"\bpercent off\b|\d+ ?% off\b|\bfree trial\b|\bmoney[- ]back\b|\bat checkout\b"),
    (0.8, r"\bdot (com|org|net|fm|io|example) slash\b|\b\w+\.(com|org|net|fm|io)/\w+"),
    (
        0.6,
        r"\b(sign up|head over|go to|visit|check (it|them) out at)\b.*"
        r"\b(dot |[\w-]+\.)(com|org|net|fm|io)\b",
    ),
    (0.6, r"\b(leave|give) us a (review|rating)\b|\brate and review\b|\bfive stars?\b.*\breview"),
    (0.6, r"\b(subscribe|follow us)\b.*\b(podcast|show|newsletter|channel|app|listen)"),
    (0.6, r"\b(become a|our) (member|patron|patreon|paid subscriber)s?\b|\bpatreon\b"),
    (0.6, r"\bfirst (month|box|order|purchase)\b.*\b(free|off|half)\b|\bcancel any ?time\b"),
    (0.4, r"\bsponsors?\b|\bdiscount\b|\bpromo\b|\blisteners? of (this|the) show\b"),
    (0.3, r"\bfree shipping\b|\blimited time\b|\bno commitment\b|\bterms apply\b|\bget started\b"),
)
COMPILED = tuple((weight, re.compile(pattern, re.IGNORECASE)) for weight, pattern in CUES)


def advertising_scores(sentences: Sequence[str]) -> list[float]:
    """0 to 1 for each sentence; at `THRESHOLD` and above it is advertising.

    A gap of up to four sentences between two advertising sentences takes the lower of their
    scores: a product's praise in the middle of a read has no cue of its own.
    """
    scores = [min(sum(w for w, cue in COMPILED if cue.search(text)), 1.0) for text in sentences]
    seeds = [index for index, score in enumerate(scores) if score >= THRESHOLD]
    for left, right in zip(seeds, seeds[1:], strict=False):
        if right - left - 1 <= MAX_GAP_SENTENCES:
            for index in range(left + 1, right):
                scores[index] = max(scores[index], min(scores[left], scores[right]))
    return scores
