"""Tables of the embeddings stage."""

import dataframely as dy

from podcast_insights.warehouse.contracts import Table

DIMENSIONS = 384
"""Of all-MiniLM-L6-v2, and of every model that can stand in for it here."""


class EmbeddingSchema(dy.Schema):
    """One passage of an episode: a few whole sentences, overlapping its neighbours."""

    passage_id = dy.String(primary_key=True, description="Hash of episode, times and text.")
    episode_id = dy.String(description="The episode.")
    published_on = dy.Date(description="Its day of publication; the partition.")
    position = dy.Int64(description="Order of the passages in the episode, from 0.")
    sentence_from = dy.Int64(description="First sentence of the passage, from 0.")
    sentence_to = dy.Int64(description="Sentence after its last.")
    start_s = dy.Float64(description="Where it starts in the audio, seconds.")
    end_s = dy.Float64(description="Where it ends in the audio, seconds.")
    speaker = dy.String(nullable=True, description="Who speaks, where the transcript tells.")
    text = dy.String(description="The words, as in the transcript.")
    advertising_score = dy.Float64(description="0 to 1: how much it sounds like a sponsor read.")
    is_advertising = dy.Bool(description="Never becomes an insight or its evidence.")
    model = dy.String(description="Embedding model.")
    embedding = dy.Array(dy.Float32(), DIMENSIONS, description="Unit vector of the text.")


EMBEDDINGS = Table(
    name="embeddings",
    schema=EmbeddingSchema,
    partition_by="published_on",
    description="One row per passage: a few sentences with their embedding.",
)
