"""Tables of the insights stage."""

import dataframely as dy

from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.feeds.records import UTC_TIMESTAMP
from podcast_insights.warehouse.contracts import Table

ENGINES = ("extractive", "llm")
KINDS = ("fact", "explanation", "opinion", "prediction", "advice")
SAME_IDEA = 0.60
"""Cosine from which two insights are one idea in other words, if nothing in the words is against
it (`same_idea.py`). On 51 ideas told by several shows each, 0.58 finds 67 % of the pairs, 0.60 63 %
and 0.62 53 %, at the same precision (benchmarks/related.py --ideas); two ideas on one topic lie
below 0.56 but for a few."""


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
        check=lambda c: c.is_in(["exact", "repaired"]),
        description="How the quote was found: exact is word for word, case and marks aside; "
        "repaired is letter for letter, where only the spaces between letters differ.",
    )
    speaker = dy.String(nullable=True, description="Who said it, where known.")
    topics = dy.List(dy.String(), description="What it is about.")
    value_score = dy.Float64(description="0 to 1: how much the engine thinks of it.")
    audio_sha256 = dy.String(description="The audio the seconds refer to.")
    engine = dy.String(check=lambda c: c.is_in(ENGINES), description="Who wrote it.")
    model = dy.String(description="The engine's model.")
    prompt_version = dy.String(description="Version of the prompt or of the extractive rules.")
    embedding = dy.Array(dy.Float32(), DIMENSIONS, description="Unit vector of headline and body.")
    kind = dy.String(
        nullable=True,
        check=lambda c: c.is_in(KINDS),
        description="fact: reported or measured; explanation: how or why; opinion and prediction: "
        "somebody's, and told as theirs; advice: what to do. Null in rows of schema 1.",
    )
    entities = dy.List(
        dy.String(),
        nullable=True,
        description="People, organizations and products in headline and body, as they are spelled "
        "there. Null in rows of schema 1.",
    )
    embedding_model = dy.String(
        nullable=True, description="Model of the embedding. Null in rows of schema 1."
    )


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
    prompt_version = dy.String(
        nullable=True,
        description="Version of the prompt or of the extractive rules. Null in rows of schema 1.",
    )


class RelatedInsightSchema(dy.Schema):
    """One link from an insight to another."""

    insight_id = dy.String(primary_key=True, description="The insight.")
    related_insight_id = dy.String(primary_key=True, description="The one it is related to.")
    published_on = dy.Date(description="Day of the first; the partition.")
    rank = dy.Int64(
        nullable=True,
        description="Rank among what is known with the 14 days after, from 1, other shows first; "
        "null: pushed out by better ones of later days.",
    )
    similarity = dy.Float64(description="Cosine of the two embeddings, -1 to 1.")
    is_other_show = dy.Bool(description="Whether the two come from different shows.")
    is_same_idea = dy.Bool(
        description="The related one tells the insight's own idea: one idea, two sources."
    )
    rank_on_day = dy.Int64(
        nullable=True,
        description="Rank among what was known on the insight's own day, from 1; null for what "
        "later days brought. Digests show these.",
    )
    folded_insight_ids = dy.List(
        dy.String(),
        nullable=True,
        description="More insights that tell the related idea, nearest first: one idea, several "
        "sources. Null in rows of schema 1.",
    )


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
    purpose = dy.String(
        nullable=True,
        description="propose: candidates of a window; select: the choice among an episode's "
        "candidates. Null in rows of schema 1.",
    )
    prompt_version = dy.String(
        nullable=True, description="Version of the prompt. Null in rows of schema 1."
    )


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
    description="Ten ideas next to each insight, of other episodes up to its day (rank_on_day) and "
    "up to 14 days later (rank); a day's rows may change for as long.",
)
LLM_CALLS = Table(
    name="llm_calls",
    schema=LlmCallSchema,
    description="Ledger of calls to language models, with tokens and cost.",
)
