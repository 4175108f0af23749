"""A run's worth of transcripts to embedded passages."""

from typing import Any

import polars as pl

from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.embeddings.passages import to_passages
from podcast_insights.identity import short_hash
from podcast_insights.transcripts.records import Segment


def embed_transcripts(transcripts: pl.DataFrame, embedder: Embedder) -> list[dict[str, Any]]:
    """Rows of `embeddings` for each transcript whose status is ok, in order."""
    sound = transcripts.filter(pl.col("status") == "ok").sort("published_on", "episode_id")
    rows: dict[str, dict[str, Any]] = {}
    for transcript in sound.to_dicts():
        passages = to_passages([Segment.from_row(row) for row in transcript["segments"]])
        vectors = embedder.embed([passage.text for passage in passages])
        for position, (passage, vector) in enumerate(zip(passages, vectors, strict=True)):
            key = short_hash(
                "passage", transcript["episode_id"], f"{passage.start_s:.3f}", passage.text
            )
            # The same words in the same second, as a publisher's untimed chorus has them, are
            # one passage; a repeated key would fail the episodes of the whole run.
            rows.setdefault(
                key,
                {
                    "passage_id": key,
                    "episode_id": transcript["episode_id"],
                    "published_on": transcript["published_on"],
                    "position": position,
                    "is_advertising": passage.is_advertising,
                    "model": embedder.model_name,
                    "embedding": vector.tolist(),
                    **vars(passage),
                },
            )
    return list(rows.values())
