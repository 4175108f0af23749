"""How much of the advertising in real transcripts is found, and how much else is taken for it.

The labels are `advertising_labels.yaml`, the transcripts those of the shared corpus, and the
detector is the one that is shipped. Precision and recall are of words; a span counts as hit if at
least half of its words are found, and a false span is a run of sentences without a label.

    .venv/bin/python benchmarks/advertising.py [--transcripts ../shared/data/transcripts]
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from podcast_insights.embeddings.advertising import THRESHOLD, advertising_scores
from podcast_insights.embeddings.sentences import Sentence, to_sentences
from podcast_insights.transcripts.publishing import parse_transcript

LABELS = Path(__file__).with_name("advertising_labels.yaml")
TRANSCRIPTS = Path(__file__).parents[2] / "shared" / "data" / "transcripts"
KINDS = ("sponsor_read", "self_promotion", "call_to_subscribe")
SPLITS = ("dev", "held_out", "after")
COLUMNS = (
    "split",
    "show",
    "episodes",
    "hours",
    "labelled words",
    "precision",
    "recall",
    *(f"{kind} recall" for kind in KINDS),
    "spans",
    "spans hit",
    "false spans/h",
)


@dataclass
class Tally:
    """Words, spans and hours of some episodes; adds up."""

    words: Counter[tuple[str | None, bool]] = field(default_factory=Counter)
    episodes: int = 0
    hours: float = 0.0
    spans: int = 0
    spans_hit: int = 0
    false_spans: int = 0

    def add(self, other: "Tally") -> None:
        """Take in what another one counted."""
        self.words.update(other.words)
        self.episodes += other.episodes
        self.hours += other.hours
        self.spans += other.spans
        self.spans_hit += other.spans_hit
        self.false_spans += other.false_spans

    def labelled(self, *kinds: str) -> int:
        """Words that a person labelled."""
        return sum(self.words[kind, found] for kind in kinds for found in (True, False))

    def precision(self) -> float | None:
        """Of the words found, those that are labelled."""
        right = sum(self.words[kind, True] for kind in KINDS)
        return ratio(right, right + self.words[None, True])

    def recall(self, *kinds: str) -> float | None:
        """Of the labelled words, those that are found."""
        return ratio(sum(self.words[kind, True] for kind in kinds), self.labelled(*kinds))


def ratio(part: int, whole: int) -> float | None:
    """A share, or nothing where there is nothing to share."""
    return part / whole if whole else None


def measure(label: dict[str, Any], transcripts: Path) -> Tally:
    """One episode."""
    path = transcripts / label["transcript"]
    sentences = to_sentences(parse_transcript(path.read_bytes(), None, path.suffix))
    scores = advertising_scores([sentence.text for sentence in sentences])
    is_found = [score >= THRESHOLD for score in scores]
    spans = [span_of(sentence, label["spans"]) for sentence in sentences]
    sizes = [len(sentence.text.split()) for sentence in sentences]
    tally = Tally(episodes=1, hours=sentences[-1].end_s / 3600, spans=len(label["spans"]))
    inside: Counter[tuple[int, bool]] = Counter()
    for span, found, size in zip(spans, is_found, sizes, strict=True):
        kind = None if span is None else label["spans"][span]["kind"]
        tally.words[kind, found] += size
        if span is not None:
            inside[span, found] += size
    tally.spans_hit = sum(
        inside[span, True] > 0 and inside[span, True] >= inside[span, False]
        for span in range(len(label["spans"]))
    )
    for found, run in groupby(zip(is_found, spans, strict=True), key=lambda pair: pair[0]):
        tally.false_spans += found and all(span is None for _, span in run)
    return tally


def span_of(sentence: Sentence, spans: list[dict[str, Any]]) -> int | None:
    """Which span the middle of a sentence lies in."""
    middle = (sentence.start_s + sentence.end_s) / 2
    within = (i for i, span in enumerate(spans) if span["start_s"] <= middle < span["end_s"])
    return next(within, None)


def tallies(transcripts: Path, splits: tuple[str, ...] = SPLITS) -> dict[tuple[str, str], Tally]:
    """By split and show, and by split over "all shows"."""
    found: dict[tuple[str, str], Tally] = {}
    for label in yaml.safe_load(LABELS.read_text(encoding="utf-8")):
        if label["split"] not in splits:
            continue
        one = measure(label, transcripts)
        for show in (label["transcript"].split("/")[0], "all shows"):
            found.setdefault((label["split"], show), Tally()).add(one)
    return found


def row(split: str, show: str, tally: Tally) -> tuple[str, ...]:
    """A line of the table."""
    shares = (tally.precision(), tally.recall(*KINDS), *(tally.recall(kind) for kind in KINDS))
    return (
        split,
        show,
        str(tally.episodes),
        f"{tally.hours:.1f}",
        str(tally.labelled(*KINDS)),
        *("" if share is None else f"{share:.3f}" for share in shares),
        str(tally.spans),
        str(tally.spans_hit),
        f"{tally.false_spans / tally.hours:.2f}",
    )


def markdown(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as a table, as the decision shows it."""
    lines = [f"| {' | '.join(cells)} |" for cells in (COLUMNS, ("---",) * len(COLUMNS), *rows)]
    return "\n".join(lines)


def main() -> None:
    """Measure every labelled episode, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transcripts", type=Path, default=TRANSCRIPTS)
    options = parser.parse_args()
    if not options.transcripts.is_dir():
        sys.exit(
            f"There are no transcripts at {options.transcripts}. They are not part of this "
            "repository: put the shared corpus beside it, or name its folder with --transcripts."
        )
    found = tallies(options.transcripts)
    order = sorted(found, key=lambda key: (SPLITS.index(key[0]), key[1] == "all shows", key[1]))
    print(markdown(row(*key, found[key]) for key in order))


if __name__ == "__main__":
    main()
