"""Ideas told by several shows: found among the ten, folded, and not folded with their contrary.

The query set and the judging are those of benchmarks/related.py --ideas, which hides the ideas
among thousands of passages; here they stand alone.
"""

import importlib.util
import sys
from collections import Counter
from types import ModuleType

import numpy as np
import pytest

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.insights.records import SAME_IDEA
from podcast_insights_tests.conftest import ROOT


def benchmark() -> ModuleType:
    """`benchmarks/` is no package: its scripts are run by path."""
    path = ROOT / "benchmarks" / "related_ideas.py"
    spec = importlib.util.spec_from_file_location("related_ideas", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ideas = benchmark()
TOLD = ideas.read_ideas()
HELD_OUT = [place for place, told in enumerate(TOLD) if told.is_held_out]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Of all texts, by the packaged model."""
    return Embedder(Cache(tmp_path_factory.mktemp("cache"))).embed([told.text for told in TOLD])


def test_the_query_set_is_what_it_says() -> None:
    tellings = Counter(told.idea for told in TOLD if told.kind == "telling")
    kinds = Counter(told.kind for told in TOLD if told.kind != "telling")
    assert len(tellings) >= 50
    assert set(tellings.values()) <= {3, 4, 5}
    assert sum(kinds.values()) >= 40
    assert min(kinds[kind] for kind in ("direction", "denial", "number", "name")) >= 5
    assert all(25 <= len(told.text.split()) <= 60 for told in TOLD)
    assert len({told.telling.headline for told in TOLD}) == len(TOLD)


def test_other_tellings_of_an_idea_are_among_the_ten(vectors: np.ndarray) -> None:
    found = ideas.recall_at_ten(TOLD, ideas.as_insights(TOLD, vectors))
    assert found.recall >= 0.97
    assert found.recall > found.recall_of_rows


def test_tellings_are_folded_and_most_contraries_are_not(vectors: np.ndarray) -> None:
    guarded = ideas.folding(TOLD, vectors, SAME_IDEA)
    bare = ideas.folding(TOLD, vectors, SAME_IDEA, guarded=False)
    assert guarded.recall >= 0.60
    assert guarded.precision >= 0.68
    assert guarded.other <= 6
    assert guarded.contraries <= 0.5 * bare.contraries
    assert bare.recall - guarded.recall <= 0.06


def test_the_guard_helps_with_words_it_was_not_made_for(vectors: np.ndarray) -> None:
    told = [TOLD[place] for place in HELD_OUT]
    guarded = ideas.folding(told, vectors[HELD_OUT], SAME_IDEA)
    bare = ideas.folding(told, vectors[HELD_OUT], SAME_IDEA, guarded=False)
    assert guarded.contraries <= 0.65 * bare.contraries
    assert guarded.recall >= 0.75


@pytest.mark.parametrize("least", [0.5, 0.7])
def test_another_threshold_would_be_worse(vectors: np.ndarray, least: float) -> None:
    """Lower folds more that is not one idea, higher loses most of what is."""
    chosen = ideas.folding(TOLD, vectors, SAME_IDEA)
    other = ideas.folding(TOLD, vectors, least)
    assert other.precision < chosen.precision - 0.05 or other.recall < chosen.recall / 2
