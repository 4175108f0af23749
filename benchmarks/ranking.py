"""Methods of choosing a digest, side by side, and how well topics tell texts apart.

A synthetic week is made of real transcripts: each day brings one episode of each show, cut to
its first minutes so that the first run takes no longer than two minutes (embeddings are cached
under data/cache/). Every method chooses from the same scored candidates above the same floors,
and each remembers what it gave. Then topics and insights of our own words (topics.yaml) show
what cosine a fitting topic has, and the passages below the value floor are counted.
"""

import argparse
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from podcast_insights.cache import Cache
from podcast_insights.digests.model import SURE_TOPIC
from podcast_insights.digests.ranking import Board, Floors
from podcast_insights.digests.scoring import (
    FULL_TOPIC,
    MIN_TOPIC,
    Scored,
    Weights,
    Wishes,
    score_all,
    title_key,
)
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.insights.engine import NothingToTellError
from podcast_insights.insights.evaluation.gold import GOLD_FILE, GoldEpisode, read_gold
from podcast_insights.insights.evaluation.run import to_text
from podcast_insights.insights.extractive.engine import ExtractiveEngine
from podcast_insights.insights.proof.prove import QuoteMatch, TokenStream, prove
from podcast_insights.settings import load_settings
from podcast_insights.transcripts.records import Segment

FIRST_DAY = date(2025, 9, 8)
LOOKBACK, WANTED, INSIGHTS, DAYS = 3, 5, 8, 7
NEAR_REPEAT = 0.5
Row = dict[str, Any]
Pick = Callable[[Sequence[Scored], np.ndarray], list[int]]


class Opening(GoldEpisode):
    """An episode of which only the first minutes are known."""

    minutes = 10.0

    def segments(self) -> tuple[Segment, ...]:
        """The transcript up to the limit."""
        return tuple(s for s in super().segments() if s.end_s <= self.minutes * 60)


# The synthetic week


def week(folder: Path, embedder: Embedder, minutes: float) -> list[Row]:
    """Insights of one episode of each show a day."""
    Opening.minutes = minutes
    by_show: dict[str, list[GoldEpisode]] = defaultdict(list)
    for episode in read_gold(folder / GOLD_FILE, folder):
        by_show[episode.show].append(episode)
    return [
        row
        for episodes in by_show.values()
        for day, episode in enumerate(episodes[:DAYS])
        for row in insights_of(Opening(**vars(episode)), FIRST_DAY + timedelta(days=day), embedder)
    ]


def insights_of(episode: GoldEpisode, day: date, embedder: Embedder) -> list[Row]:
    """Proved passages of an episode, as rows of candidates."""
    text = to_text(episode, embedder)
    stream = TokenStream(text.segments)
    try:
        found = ExtractiveEngine().propose(text, INSIGHTS)
    except NothingToTellError:
        return []
    proved = [c for c in found if isinstance(prove(c, text, stream), QuoteMatch)]
    vectors = embedder.embed([f"{c.headline}. {c.body}" for c in proved])
    return [
        {
            "insight_id": f"{text.episode_id} {position}",
            "episode_id": text.episode_id,
            "show_title": episode.show,
            "published_on": day,
            "headline": candidate.headline,
            "body": candidate.body,
            "value_score": candidate.value_score,
            "engine": "extractive",
            "corroborating_shows": [],
            "embedding": vector,
        }
        for position, (candidate, vector) in enumerate(zip(proved, vectors, strict=True))
    ]


# Methods: numbers of the chosen, from candidates above the value floor, told none before


def by_marginal_relevance(
    scored: Sequence[Scored], vectors: np.ndarray, *, weights: Weights
) -> list[int]:
    """The product's own rounds."""
    board = Board(list(scored), vectors, weights)
    while len(board.choices) < WANTED and board.take_best(Floors().score):
        pass
    places = {id(one): i for i, one in enumerate(scored)}
    return [places[id(choice.scored)] for choice in board.choices]


def by_determinant(scored: Sequence[Scored], vectors: np.ndarray, *, steepness: float) -> list[int]:
    """Greedy MAP of a determinantal point process (Chen et al. 2018, arXiv:1709.05135).

    Quality is exp(steepness * relevance): a steeper one weighs relevance against variety more.
    """
    quality = np.exp(steepness * np.array([one.relevance for one in scored]))
    kernel = quality[:, None] * (vectors @ vectors.T).astype(np.float64) * quality[None, :]
    rows = np.zeros((WANTED, len(scored)))
    gains = np.diag(kernel).copy()
    chosen: list[int] = []
    while len(chosen) < min(WANTED, len(scored)):
        best = int(np.argmax(np.where(np.isin(np.arange(len(scored)), chosen), -1.0, gains)))
        if gains[best] <= 1e-12:
            break
        k = len(chosen)
        rows[k] = (kernel[best] - rows[:k, best] @ rows[:k]) / math.sqrt(gains[best])
        gains = gains - rows[k] ** 2
        chosen.append(best)
    return chosen


ONLY_LIKENESS = replace(Weights(), same_episode=0.0, same_show=0.0)
METHODS: dict[str, Pick] = {
    "relevance alone": partial(by_marginal_relevance, weights=replace(ONLY_LIKENESS, likeness=0.0)),
    "DPP, steepness 3": partial(by_determinant, steepness=3.0),
    "DPP, steepness 1": partial(by_determinant, steepness=1.0),
    "DPP, steepness 0.5": partial(by_determinant, steepness=0.5),
    "MMR, likeness only": partial(by_marginal_relevance, weights=ONLY_LIKENESS),
    "MMR, episode and show (ours)": partial(by_marginal_relevance, weights=Weights()),
}


# Digests of the week, measured


@dataclass
class Tally:
    """Sums over all digests of one method."""

    relevance: list[float]
    likeness: list[float]
    shows: list[int]
    episodes: list[int]
    places: list[int]
    repeats: int = 0


def run_week(rows: list[Row], topics: Sequence[str], embedder: Embedder, name: str) -> Tally:
    """All days of the week for one reader and one method."""
    pick = METHODS[name]
    tally = Tally([], [], [], [], [])
    given: list[Row] = []
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        open_ = [r for r in rows if 0 <= (day - r["published_on"]).days < LOOKBACK]
        vectors = np.array([r["embedding"] for r in open_], dtype=np.float32)
        wishes = Wishes(
            wanted=WANTED,
            topics=tuple(topics),
            topic_vectors=embedder.embed(topics),
            followed_shows=frozenset(),
            seen=tuple(given),
            seen_vectors=np.array([r["embedding"] for r in given], dtype=np.float32).reshape(
                -1, 384
            ),
        )
        scored = score_all(open_, vectors, wishes, day, LOOKBACK, Weights())
        allowed = [
            i
            for i, one in enumerate(scored)
            if one.told_by_id is None and one.row["value_score"] >= Floors().extractive
        ]
        chosen = pick([scored[i] for i in allowed], vectors[allowed])
        measure(tally, [scored[allowed[i]] for i in chosen], given)
        given += [scored[allowed[i]].row for i in chosen]
    return tally


def measure(tally: Tally, digest: list[Scored], before: list[Row]) -> None:
    """Add one digest."""
    vectors = np.array([one.row["embedding"] for one in digest]).reshape(-1, 384)
    cosines = vectors @ vectors.T
    tally.places.append(len(digest))
    tally.relevance += [one.relevance for one in digest]
    tally.likeness += cosines[np.triu_indices(len(digest), 1)].tolist()
    tally.shows.append(len({title_key(one.row["show_title"]) for one in digest}))
    tally.episodes.append(len({one.row["episode_id"] for one in digest}))
    old = np.array([row["embedding"] for row in before]).reshape(-1, 384)
    for i in range(len(digest)):
        nearest = max((vectors[i] @ old.T).max(initial=0.0), cosines[i, :i].max(initial=0.0))
        tally.repeats += bool(nearest >= NEAR_REPEAT)


def print_methods(rows: list[Row], topics: Sequence[str], embedder: Embedder) -> None:
    """One line for each method."""
    print(f"\nreader with topics {', '.join(topics) or '(none)'}")
    print(
        f"{'':30}{'relevance':>10}{'likeness':>10}{'shows':>7}{'episodes':>10}{'places':>8}{'repeats':>9}"
    )
    for name in METHODS:
        tally = run_week(rows, topics, embedder, name)
        print(
            f"{name:30}{np.mean(tally.relevance):10.3f}{np.mean(tally.likeness):10.3f}"
            f"{np.mean(tally.shows):7.2f}{np.mean(tally.episodes):10.2f}{np.mean(tally.places):8.2f}"
            f"{tally.repeats:5} of {sum(tally.places)}"
        )


# Topics and floors


def print_topics(embedder: Embedder) -> None:
    """How far fitting and other topics lie from an insight, by what text is compared."""
    entries = yaml.safe_load(Path(__file__).with_name("topics.yaml").read_text("utf-8"))
    topics = [entry["topic"] for entry in entries]
    fits = np.array([[t == e["topic"] or t in e.get("also", ()) for e in entries] for t in topics])
    wished = embedder.embed(topics)
    texts = {
        "headline and body (ours)": [f"{e['headline']}. {e['body']}" for e in entries],
        "headline": [e["headline"] for e in entries],
        "headline and topics": [f"{e['headline']} ({', '.join(e['words'])})" for e in entries],
        "topics": [", ".join(e["words"]) for e in entries],
        "topics, headline and body": [
            f"{', '.join(e['words'])}: {e['headline']}. {e['body']}" for e in entries
        ],
    }
    print(f"\n{len(topics)} topics, {fits.sum()} pairs that fit, {(~fits).sum()} that do not")
    print(
        f"{'compared with a topic':28}{'AUC':>7}{'fit: 10, 50, 90 %':>20}{'not: 50, 95, 99 %':>20}"
    )
    for name, written in texts.items():
        cosines = wished @ embedder.embed(written).T
        yes, no = cosines[fits], cosines[~fits]
        auc = (yes[:, None] > no[None]).mean()
        of = [
            " ".join(f"{q:.2f}" for q in np.quantile(x, p))
            for x, p in ((yes, (0.1, 0.5, 0.9)), (no, (0.5, 0.95, 0.99)))
        ]
        print(f"{name:28}{auc:7.3f}{of[0]:>20}{of[1]:>20}")
        if "ours" in name:
            shares = {
                t: ((yes >= t).mean(), (no >= t).mean())
                for t in (0.10, MIN_TOPIC, 0.20, 0.25, SURE_TOPIC, FULL_TOPIC)
            }
    print("at a cosine of at least: share of pairs that fit, that do not (headline and body)")
    for threshold, (right, wrong) in shares.items():
        print(f"  {threshold:.2f}  {right:6.2f} {wrong:8.3f}")


def print_floor(rows: list[Row]) -> None:
    """How many passages lie below the value floor."""
    print(f"\nvalue below {Floors().extractive} (the floor), and the quartiles")
    for show in sorted({row["show_title"] for row in rows}):
        values = np.array([r["value_score"] for r in rows if r["show_title"] == show])
        quartiles = " ".join(f"{q:.2f}" for q in np.quantile(values, (0.25, 0.5, 0.75)))
        print(f"  {show:24}{(values < Floors().extractive).sum():4} of {len(values)}   {quartiles}")


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transcripts", type=Path, help="folder with transcripts and gold points")
    parser.add_argument("--minutes", type=float, default=10.0, help="of each episode")
    given = parser.parse_args()
    settings = load_settings()
    embedder = Embedder(Cache(settings.cache_dir), settings.embedding_model)
    rows = week(given.transcripts, embedder, given.minutes)
    print(f"{len(rows)} insights of {len({r['episode_id'] for r in rows})} episodes in {DAYS} days")
    for topics in ((), ("Python programming", "computer security")):
        print_methods(rows, topics, embedder)
    print_floor(rows)
    print_topics(embedder)


if __name__ == "__main__":
    main()
