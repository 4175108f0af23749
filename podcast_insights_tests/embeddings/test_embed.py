"""Transcripts to rows of `embeddings`: sound ones only, in order, the same each time."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from podcast_insights.embeddings.embed import embed_transcripts
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.records import EMBEDDINGS
from podcast_insights.transcripts.records import TRANSCRIPTS

TEXT = (
    "A grid has to be built for its few highest hours. Costly equipment stands idle most of the "
    "time. Whoever can pause in those hours is connected sooner. This episode is brought to you "
    "by Larkspur. Large transformers are built by hand, and nobody has trained the winders. It "
    "takes four years before a winder works alone, so factories can't simply hire."
)


def transcript(name: str, *texts: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    segments = [
        {"start_s": n * 30.0, "end_s": n * 30.0 + 30, "text": text, "speaker": None}
        for n, text in enumerate(texts)
    ]
    row = dict.fromkeys(TRANSCRIPTS.schema.columns())
    return row | {
        "episode_id": name,
        "published_on": date(2025, 9, 8),
        "status": "ok",
        "segments": segments,
        **changes,
    }


def embedded(loaded: Embedder, *rows: dict[str, Any]) -> pl.DataFrame:
    """Rows as the warehouse would take them: checked against their contract."""
    found = embed_transcripts(TRANSCRIPTS.frame(rows), loaded)
    return EMBEDDINGS.conform(EMBEDDINGS.frame(found))


def test_a_sound_transcript_becomes_passages_with_their_vectors(loaded: Embedder) -> None:
    rows = embedded(loaded, transcript("a", TEXT)).sort("position")
    assert rows.height >= 3
    assert rows["position"].to_list() == list(range(rows.height))
    assert rows["is_advertising"].any()
    assert not rows["is_advertising"].all()
    assert rows["passage_id"].n_unique() == rows.height
    lengths = np.linalg.norm(rows["embedding"].to_numpy(), axis=1)
    assert lengths == pytest.approx(np.ones(rows.height), abs=1e-5)
    nearest = loaded.embed(["Why is expensive power equipment idle?"])[0]
    best = int(np.argmax(rows["embedding"].to_numpy() @ nearest))
    assert "idle" in rows["text"][best]


@pytest.mark.parametrize("status", ["failed", "not_speech", "incomplete", "duplicate_audio"])
def test_what_is_not_sound_is_left_out(loaded: Embedder, status: str) -> None:
    rows = embedded(loaded, transcript("a", TEXT), transcript("b", TEXT, status=status))
    assert set(rows["episode_id"]) == {"a"}
    assert embedded(loaded, transcript("b", TEXT, status=status)).is_empty()


def test_a_block_of_episodes_equals_the_episodes_one_by_one(loaded: Embedder) -> None:
    first, second = transcript("a", TEXT), transcript("b", TEXT[40:], TEXT)
    together = embedded(loaded, first, second)
    alone = pl.concat([embedded(loaded, first), embedded(loaded, second)])
    assert together.sort("passage_id").equals(alone.sort("passage_id"))


def test_a_chorus_without_times_costs_nobody_their_run(loaded: Embedder) -> None:
    # A publisher's JSON without end times gives all sentences of a segment the same second.
    chorus = transcript("a", "La la la. " * 14)
    chorus["segments"][0]["end_s"] = 0.0
    rows = embedded(loaded, chorus, transcript("b", TEXT))
    assert set(rows["episode_id"]) == {"a", "b"}
    assert rows["passage_id"].n_unique() == rows.height
