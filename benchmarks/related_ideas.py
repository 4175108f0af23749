"""How well related insights are found and folded, on ideas whose tellings are known.

Used by `related.py --ideas` and, for its floors, by the tests. The ideas are in
`related_ideas.yaml`; those named `held-out-` were written after the guard was finished.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from podcast_insights.insights.related.neighbours import Insights, day_number
from podcast_insights.insights.related.relate import REFRESH_DAYS, relate
from podcast_insights.insights.related.same_idea import Telling, is_contrary

IDEAS = Path(__file__).with_name("related_ideas.yaml")
DAY = date(2025, 9, 8)
Embed = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True)
class Told:
    """One text of the query set.

    Args:
        kind: `telling`, or how it is contrary: direction, denial, number, name.
    """

    idea: str
    kind: str
    telling: Telling

    @property
    def text(self) -> str:
        """As insights are embedded."""
        return f"{self.telling.headline}. {self.telling.body}"

    @property
    def is_held_out(self) -> bool:
        """Whether the guard was finished before it was written."""
        return self.idea.startswith("held-out-")


def read_ideas(path: Path = IDEAS) -> list[Told]:
    """All texts of the query set."""
    found = []
    for idea in yaml.safe_load(path.read_text(encoding="utf-8")):
        found += [Told(idea["idea"], "telling", Telling.of(row)) for row in idea["tellings"]]
        if "contrary" in idea:
            row = idea["contrary"]
            found.append(Told(idea["idea"], row["kind"], Telling.of(row)))
    return found


def as_insights(told: Sequence[Told], vectors: np.ndarray, others: Sequence[str] = ()) -> Insights:
    """Each telling in a show of its own, and passages of other episodes, all of one day.

    `vectors` has those of `others` behind those of `told`.
    """
    count = len(told) + len(others)
    names = np.array([f"{n:06}" for n in range(count)], dtype=object)
    # Passages come by the dozen from one episode, and tens of episodes from one show.
    other = [n - len(told) for n in range(len(told), count)]
    return Insights(
        ids=names,
        episodes=np.array([*names[: len(told)], *(f"e{n // 12}" for n in other)], dtype=object),
        shows=np.array([*names[: len(told)], *(f"s{n // 500}" for n in other)], dtype=object),
        days=np.full(count, day_number(DAY)),
        models=np.full(count, "m", dtype=object),
        vectors=np.ascontiguousarray(vectors, dtype=np.float32),
    )


@dataclass(frozen=True)
class Found:
    """How many of the other tellings are among the ten ideas of a telling.

    Args:
        recall: folded tellers included.
        recall_of_rows: only those that tell an idea nearest.
        strangers: passages of other episodes that were folded with a telling.
    """

    recall: float
    recall_of_rows: float
    strangers: int


def recall_at_ten(told: Sequence[Told], everyone: Insights, others: Sequence[str] = ()) -> Found:
    """Relate all tellings as the asset does, and look for their siblings."""
    tells = [t.telling for t in told] + [Telling(text, "") for text in others]
    words = dict(zip(everyone.ids, tells, strict=True))
    tellings = [n for n, t in enumerate(told) if t.kind == "telling"]
    rows = relate(
        everyone.take(np.array(tellings)),
        lambda: [everyone],
        lambda names: {name: words[name] for name in names},
        total=len(everyone),
        reach_days=REFRESH_DAYS,
    )
    related: dict[int, set[int]] = {n: set() for n in tellings}
    folded: dict[int, set[int]] = {n: set() for n in tellings}
    strangers: set[tuple[int, int]] = set()
    for row in rows:
        n, teller = int(row["insight_id"]), int(row["related_insight_id"])
        others = {int(name) for name in row["folded_insight_ids"]}
        related[n].add(teller)
        folded[n] |= others
        strangers |= {
            (a, b)
            for a, b in [(teller, other) for other in others]
            if (a < len(told)) != (b < len(told))
        }
    hits = row_hits = wanted = 0
    for n in tellings:
        siblings = {m for m in tellings if m != n and told[m].idea == told[n].idea}
        wanted += len(siblings)
        row_hits += len(siblings & related[n])
        hits += len(siblings & (related[n] | folded[n]))
    return Found(hits / wanted, row_hits / wanted, len(strangers))


@dataclass(frozen=True)
class Folding:
    """What a threshold does to the pairs of the query set.

    Args:
        recall: share of the pairs of tellings of one idea that are folded.
        precision: share of the folded pairs that are tellings of one idea.
        contraries: pairs of a telling with its contrary that are folded, wrongly.
        contrary_pairs: how many of them there are.
        other: pairs of different ideas that are folded, wrongly.
    """

    recall: float
    precision: float
    contraries: int
    contrary_pairs: int
    other: int


def folding(
    told: Sequence[Told], vectors: np.ndarray, least: float, *, guarded: bool = True
) -> Folding:
    """Fold all pairs of the query set at a threshold, with the guard or without."""
    cosines = np.round(vectors.astype(np.float64) @ vectors.astype(np.float64).T, 4)
    counts: dict[str, list[int]] = {"same": [0, 0], "contrary": [0, 0], "other": [0, 0]}
    for a in range(len(told)):
        for b in range(a + 1, len(told)):
            kind = kind_of_pair(told[a], told[b])
            counts[kind][1] += 1
            is_near = cosines[a, b] >= least
            if is_near and not (guarded and is_contrary(told[a].telling, told[b].telling)):
                counts[kind][0] += 1
    all_folded = sum(folded for folded, _ in counts.values())
    return Folding(
        recall=counts["same"][0] / counts["same"][1],
        precision=counts["same"][0] / max(all_folded, 1),
        contraries=counts["contrary"][0],
        contrary_pairs=counts["contrary"][1],
        other=counts["other"][0],
    )


def kind_of_pair(one: Told, other: Told) -> str:
    """Whether two texts tell one idea, one is the contrary of the other, or neither."""
    if one.idea != other.idea:
        return "other"
    return "same" if one.kind == other.kind == "telling" else "contrary"


def report(embed: Embed, passages: Sequence[str], write: Callable[[str], Any]) -> None:
    """Print all of it."""
    told = read_ideas()
    vectors = embed([t.text for t in told])
    ideas = {t.idea for t in told}
    tellings = sum(t.kind == "telling" for t in told)
    write(f"{len(ideas)} ideas, {tellings} tellings, {len(told) - tellings} contraries")
    for others in [passages[: len(passages) // 4], passages]:
        found = recall_at_ten(
            told, as_insights(told, np.concatenate([vectors, embed(others)]), others), others
        )
        write(
            f"among {len(others):>6} passages: recall at 10 {found.recall:.3f} "
            f"(nearest tellers alone {found.recall_of_rows:.3f}); "
            f"{found.strangers} passages folded with a telling"
        )
    write("folding: recall and precision of pairs, contraries folded, other ideas folded")
    for name, part in (
        ("all", told),
        ("written before the guard", [t for t in told if not t.is_held_out]),
        ("held out", [t for t in told if t.is_held_out]),
    ):
        places = [told.index(t) for t in part]
        for least in (0.50, 0.55, 0.58, 0.60, 0.62, 0.65, 0.70):
            cells = []
            for guarded in (False, True):
                f = folding(part, vectors[places], least, guarded=guarded)
                wrong = f"{f.contraries:>3}/{f.contrary_pairs} {f.other:>2}"
                cells.append(f"{f.recall:.2f} {f.precision:.2f} {wrong}")
            write(f"{name:<25} from {least:.2f}   no guard {cells[0]}   guard {cells[1]}")
