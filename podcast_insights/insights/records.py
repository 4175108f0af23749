"""Tables of the insights stage."""

import dataframely as dy

from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.feeds.records import UTC_TIMESTAMP
from podcast_insights.warehouse.contracts import Table

ENGINES = ("extractive", "llm")
SAME_IDEA = 0.62
"""Cosine from which two insights are one idea in other words. In the sample world one idea told
by two shows lies at 0.58 to 0.65, two ideas on one topic at 0.51 and below."""


class InsightSchema(dy.Schema):
    """One idea of one episode, with the words that prove it."""

    insight_id = dy.String(primary_key=True, description="Hash of episode, headline and quote.")
    episode_id = dy.String(description="The episode.")
    published_on = dy.Date(description="Its day of publication; the partition.")
    position = dy.Int64(description="Rank within the episode, from 0: the engine's own choice.")
    headline = dy.String(description="The claim in one line.")
    body = dy.String(description="Claim, mechanism, consequence in two or three sentences.")
    quote = dy.String(description="Verbatim words of the transcript.")
    quote_start_s = dy.Float64(description="Where the quote starts in the audio, seconds.")
    quote_end_s = dy.Float64(description="Where it ends.")
    quote_match = dy.String(
        check=lambda c: c.is_in(["exact"]),
        description="How the quote was found: exact is word for word, case and marks aside.",
    )
    speaker = dy.String(nullable=True, description="Who said it, where known.")
    topics = dy.List(dy.String(), description="What it is about.")
    value_score = dy.Float64(description="0 to 1: how much the engine thinks of it.")
    audio_sha256 = dy.String(description="The audio the seconds refer to.")
    engine = dy.String(check=lambda c: c.is_in(ENGINES), description="Who wrote it.")
    model = dy.String(description="The engine's model.")
    prompt_version = dy.String(description="Version of the prompt or of the extractive rules.")
    embedding = dy.Array(dy.Float32(), DIMENSIONS, description="Unit vector of headline and body.")


class RejectedInsightSchema(dy.Schema):
    """A candidate that did not become an insight, or an episode that gave none."""

    rejection_id = dy.String(primary_key=True, description="Hash of what was rejected and why.")
    episode_id = dy.String(description="The episode.")
    published_on = dy.Date(description="Its day of publication; the partition.")
    reason = dy.String(description="Machine-readable: quote_not_found, engine_failed, ...")
    detail = dy.String(description="What exactly, in words.")
    headline = dy.String(nullable=True, description="The candidate's headline.")
    body = dy.String(nullable=True, description="The candidate's body.")
    quote = dy.String(nullable=True, description="The candidate's quote.")
    engine = dy.String(description="Who proposed it.")
    model = dy.String(description="The engine's model.")


class RelatedInsightSchema(dy.Schema):
    """One link from an insight to another."""

    insight_id = dy.String(primary_key=True, description="The insight.")
    related_insight_id = dy.String(primary_key=True, description="The one it is related to.")
    published_on = dy.Date(description="Day of the first; the partition.")
    rank = dy.Int64(description="From 1; other shows come first.")
    similarity = dy.Float64(description="Cosine of the two embeddings, -1 to 1.")
    is_other_show = dy.Bool(description="Whether the two come from different shows.")
    is_same_idea = dy.Bool(description="Near-duplicate: one idea told by two sources.")


class LlmCallSchema(dy.Schema):
    """One paid call to a language model."""

    call_id = dy.String(primary_key=True, description="Unique.")
    called_at = dy.Datetime(**UTC_TIMESTAMP, description="When it was made.")
    run_id = dy.String(description="Dagster run that made it.")
    episode_id = dy.String(description="For which episode.")
    model = dy.String(description="Model that was asked.")
    prompt_tokens = dy.Int64(description="Tokens sent.")
    completion_tokens = dy.Int64(description="Tokens received.")
    cost_usd = dy.Float64(
        description="What it cost, US dollars; on a failed call what it may have."
    )
    status = dy.String(description="ok, or failed with the reason in `error`.")
    error = dy.String(nullable=True, description="Why it failed.")


INSIGHTS = Table(
    name="insights",
    schema=InsightSchema,
    partition_by="published_on",
    description="One row per idea, each with a quote that was found in the transcript.",
)
REJECTED_INSIGHTS = Table(
    name="rejected_insights",
    schema=RejectedInsightSchema,
    partition_by="published_on",
    description="Candidates that failed their proof, and episodes that gave none, with reasons.",
)
RELATED_INSIGHTS = Table(
    name="related_insights",
    schema=RelatedInsightSchema,
    partition_by="published_on",
    description="Up to ten neighbours of each insight in other episodes up to its day.",
)
LLM_CALLS = Table(
    name="llm_calls",
    schema=LlmCallSchema,
    description="Ledger of calls to language models, with tokens and cost.",
)
