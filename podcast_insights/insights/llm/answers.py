"""What a model may answer: the schemas, how answers are read, and what is wrong with them.

Answers are read strictly and tidied, never repaired: `proof/prove.py` judges what is left.

What does not belong here: asking again (`asking.py`), proof (`proof/`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from podcast_insights.insights.engine import Candidate
from podcast_insights.insights.llm.client import Reply
from podcast_insights.insights.llm.transcript_lines import clean
from podcast_insights.insights.proof.attribution import has_attribution
from podcast_insights.insights.proof.prove import normalized_tokens
from podcast_insights.insights.records import KINDS

MAX_TOPICS = 3
MAX_TOPIC_CHARS = 40
MAX_ENTITIES = 12
MAX_ENTITY_CHARS = 80
MAX_ANSWER_CHARS = 200_000
MAX_PROPOSED = 40
"""Candidates of one window that are put to their proof: several times what is asked for."""
MAX_FAULTS = 12
"""As many as a model is told of; the rest is of the same sort."""
MAX_BODY_CHARS = 5_000
"""Of a body, as far as it is looked at for its form; the proof refuses longer ones."""
BODY_WORDS = (15, 90)
"""Asked for are 30 to 60; only what is far outside is worth asking again."""
NARRATING = re.compile(
    r"^(in this episode|this episode|(the |our )?(guest|host|speaker|episode|podcast|show|"
    r"conversation|discussion|panel|interview)s? (\w+ )?(discuss|talk|explore|explain|describe|"
    r"cover|share|delve|dive|reflect|look|break|introduce|outline|present|examine|mention)|"
    r"(\w+ ){1,4}?(discuss(es)?|talks? about|explores?|delves? into|dives? into|reflects? on|"
    r"explains? (how|why|what)) |(why|how) .{1,80} matters?$)|\?$",
    re.IGNORECASE,
)
"""Headlines that say what is talked about, and not what is so."""
TELLING = re.compile(
    r"\bin this episode\b|"
    r"\b(this|the|our) (episode|podcast|show|conversation|discussion|interview) "
    r"(\w+ )?(discuss|talk|explore|delve|dive|reflect|examine|touch|revolve)|"
    r"\b(guest|host|speaker|panel|panelist|interviewee)s? (\w+ )?(discuss(es)?|talks? about|"
    r"explores?|delves? into|dives? into|reflects? on|touch(es)? on|walks? through)\b",
    re.IGNORECASE,
)
"""The same in a body, where "the guest explains that" only says whose an opinion is."""
MIN_DISTINCT = 3
"""A body in which a word comes more than this often on average says nothing."""


class ProposedInsight(BaseModel):
    """One idea. The quote comes first: evidence before claim."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    quote: str = Field(description="8 to 40 contiguous words of the transcript, verbatim.")
    headline: str = Field(description="The claim in one line, without a full stop.")
    body: str = Field(description="Claim, mechanism, consequence: 30 to 60 words.")
    kind: str = Field(description="What sort of claim it is.", json_schema_extra={"enum": [*KINDS]})
    topics: list[str] = Field(description="One to three topics.")
    entities: list[str] = Field(description="People, organizations and products named.")
    value: float = Field(description="0 to 1: what it is worth to a reader.")


class Proposal(BaseModel):
    """A model's whole answer about one window."""

    model_config = ConfigDict(extra="forbid")

    insights: list[ProposedInsight]


class Choice(BaseModel):
    """One candidate that is worth telling."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    id: str = Field(description="The candidate's id, such as c3.")
    value: float = Field(description="0 to 1: what it is worth, judged by its quote.")


class Selection(BaseModel):
    """A model's whole answer about an episode's candidates."""

    model_config = ConfigDict(extra="forbid")

    chosen: list[Choice]


FIELD_NAMES = frozenset(
    name for model in (Proposal, ProposedInsight, Selection, Choice) for name in model.model_fields
)

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True)
class Review:
    """What an answer that could be read is worth.

    Args:
        good: ideas or choices without a fault.
        faults: what is wrong with others, in words for the model.
    """

    good: int
    faults: tuple[str, ...] = ()


def read_answer(schema: type[AnswerT], reply: Reply) -> AnswerT | str:
    """The answer's content, or what is wrong with it, in words for the model and the reader."""
    if len(reply.text) > MAX_ANSWER_CHARS:
        return f"it is longer than {MAX_ANSWER_CHARS:,} characters"
    try:
        return schema.model_validate_json(json_of(reply.text))
    except ValidationError as error:
        if not reply.text.strip():
            return "it is empty"
        if reply.is_cut_off:
            return "it was cut off at the length limit; answer with fewer"
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(as_told, first["loc"]))
        return f"{where}: {first['msg']}" if where else str(first["msg"])


def as_told(part: int | str) -> str:
    """A place in an answer as the model is told of it: never in the answer's own words.

    These go into a message of the user's, where a speaker's orders must not arrive through a
    field that the model was made to invent.
    """
    return str(part) if isinstance(part, int) or part in FIELD_NAMES else "an unknown field"


def json_of(text: str) -> str:
    """The JSON object in an answer; models without schema support wrap it in prose."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def review_proposal(proposal: Proposal, names: Iterable[str], language: str) -> Review:
    """Which ideas break the rules of the form that code can judge.

    Args:
        proposal: the ideas.
        names: who speaks, where known; an opinion may be told as theirs.
        language: of the transcript; English has more rules than others.
    """
    known = {t for name in names for t in normalized_tokens(name) if len(t) > 2}
    is_english = language.casefold().startswith("en")
    faults = []
    for number, insight in enumerate(proposal.insights, start=1):
        fault = fault_of(insight, known, is_english=is_english)
        if fault:
            faults.append(f"idea {number}: {fault}")
    return Review(len(proposal.insights) - len(faults), tuple(faults[:MAX_FAULTS]))


def fault_of(insight: ProposedInsight, known: set[str], *, is_english: bool) -> str:
    """What is wrong with one idea's form, or nothing."""
    words = len(clean(insight.body).split())
    headline = clean(insight.headline)
    if not BODY_WORDS[0] <= words <= BODY_WORDS[1]:
        return f"its body has {words} words instead of 30 to 60"
    tokens = normalized_tokens(insight.body[:MAX_BODY_CHARS])
    if len(tokens) > MIN_DISTINCT * len(set(tokens)):
        return "its body repeats itself"
    if insight.kind not in KINDS:
        return f"its kind is none of {', '.join(KINDS)}"
    if is_english and NARRATING.search(headline[:200]):
        return "its headline says what is talked about; say what is so"
    if is_english and TELLING.search(insight.body[:MAX_BODY_CHARS]):
        return "its body says what is talked about; say what is so"
    if is_english and insight.kind in ("opinion", "prediction"):
        text = f"{headline} {clean(insight.body)}"
        if not has_attribution(text, "en", known):
            return f"it is somebody's {insight.kind}, and does not say whose"
    return ""


def to_candidate(insight: ProposedInsight, model: str) -> Candidate:
    """A proposed insight as a candidate, tidied but not repaired."""
    return Candidate(
        headline=clean(insight.headline).removesuffix("."),
        body=clean(insight.body),
        quote=clean(insight.quote).strip('"“”„«» '),
        value_score=bounded(insight.value),
        topics=labels(insight.topics, MAX_TOPIC_CHARS, MAX_TOPICS),
        kind=clean(insight.kind),
        entities=labels(insight.entities, MAX_ENTITY_CHARS, MAX_ENTITIES),
        model=model,
    )


def labels(texts: Iterable[str], max_chars: int, most: int) -> tuple[str, ...]:
    """Short texts, each once, in their order."""
    tidy = dict.fromkeys(clean(text) for text in texts)
    return tuple(text for text in tidy if 0 < len(text) <= max_chars)[:most]


def bounded(value: float) -> float:
    """A value between 0 and 1."""
    return min(max(value, 0.0), 1.0)


def best(candidates: Iterable[Candidate], limit: int) -> list[Candidate]:
    """The most valuable candidates, the first of them first."""
    return sorted(candidates, key=lambda c: -c.value_score)[:limit]


def each_quote_once(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The most valuable candidate of each quote, in their order.

    Only for candidates whose proof holds: an invention must not take the place of an idea by
    being worth more.
    """
    kept: dict[tuple[str, ...], Candidate] = {}
    candidates = list(candidates)
    for candidate in best(candidates, len(candidates)):
        kept.setdefault(tuple(normalized_tokens(candidate.quote)), candidate)
    places = {id(candidate) for candidate in kept.values()}
    return [candidate for candidate in candidates if id(candidate) in places]
