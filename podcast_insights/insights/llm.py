"""The LLM engine: a transcript to a language model, ideas with quotes back.

Nothing here is believed: the engine asks, reads and tidies; `proof.py` decides. The
transcript is data in a fence with a random mark, so that nobody who speaks in a podcast can
close it and go on as the user.

What does not belong here: the prompt's words (`prompts/`), requests (`llm_client.py`), money
(`spending.py`).
"""

import contextlib
import functools
import importlib.resources
import math
import re
import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from podcast_insights.cache import Cache
from podcast_insights.identity import long_hash, short_hash
from podcast_insights.insights.engine import Candidate, EngineError, EpisodeText, Passage
from podcast_insights.insights.llm_client import LlmClient, Messages, Reply, answer_tokens
from podcast_insights.insights.proof import normalized_tokens
from podcast_insights.insights.spending import Caps, Ledger, PaidModel, WarehouseLedger, price_of
from podcast_insights.settings import Settings
from podcast_insights.transcripts.records import Segment

__all__ = ["LlmEngine", "WarehouseLedger", "from_settings"]

PROMPT = "insights_v1"
MAX_DESCRIPTION_CHARS = 2_000
MAX_TOPICS = 3
MAX_TOPIC_CHARS = 40
MAX_ANSWER_CHARS = 200_000
QUOTED_BACK_CHARS = 4_000
"""How much of a broken answer the model is shown again; all of it would be paid twice."""
MARK = re.compile(r"\[\d+(?: [^\]\n]{1,60})?\]")
UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, direction overrides, halves of surrogate pairs."""


class ProposedInsight(BaseModel):
    """One idea. The quote comes first: evidence before claim."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    quote: str = Field(description="8 to 40 contiguous words of the transcript, verbatim.")
    headline: str = Field(description="The claim in one line, without a full stop.")
    body: str = Field(description="Claim, mechanism, consequence: 30 to 60 words.")
    topics: list[str] = Field(description="One to three topics.")
    value: float = Field(description="0 to 1: what it is worth to a reader.")


class Proposal(BaseModel):
    """The model's whole answer."""

    model_config = ConfigDict(extra="forbid")

    insights: list[ProposedInsight]


SCHEMA = Proposal.model_json_schema()


@dataclass(frozen=True)
class Prompt:
    """A versioned prompt: the file's name and a hash of its text make the version."""

    version: str
    system: str
    user: string.Template


@functools.cache
def load_prompt(name: str = PROMPT) -> Prompt:
    """Read a prompt of `prompts/`, with its two parts under `# System` and `# User`."""
    folder = importlib.resources.files("podcast_insights.insights").joinpath("prompts")
    text = folder.joinpath(f"{name}.md").read_text("utf-8")
    system, user = text.removeprefix("# System\n").split("\n# User\n")
    return Prompt(f"{name}-{short_hash(text)[:8]}", system.strip(), string.Template(user.strip()))


@dataclass(frozen=True)
class LlmEngine:
    """Proposes insights by asking a language model; safe to call from several threads.

    Args:
        max_workers: episodes asked about at the same time.
        max_prompt_chars: transcript in one call; longer ones are asked about in parts.
        fence: makes the random mark around the transcript, for each call a new one.
    """

    model_access: PaidModel
    cache: Cache
    max_workers: int = 4
    max_prompt_chars: int = 60_000
    prompt: Prompt = field(default_factory=load_prompt, repr=False)
    fence: Callable[[], str] = field(default=lambda: secrets.token_hex(12), repr=False)

    @property
    def name(self) -> str:
        """`llm`, as rows show it."""
        return "llm"

    @property
    def model(self) -> str:
        """The model as litellm names it."""
        return self.model_access.client.model

    @property
    def prompt_version(self) -> str:
        """The prompt file's name and a hash of its text."""
        return self.prompt.version

    def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
        """At most `limit` candidates, the best first.

        A long transcript is asked about in parts, and each part's answer is kept: after a
        failure in one part, the next try pays only for the parts that are missing.

        Raises:
            EngineError: no usable answer for one part of this episode; others may go on.
            BudgetExceededError: a spend cap could be passed; nothing more may be asked.
        """
        parts = in_parts(spoken_lines(episode, self.max_prompt_chars), self.max_prompt_chars)
        found: list[Candidate] = []
        for number, lines in enumerate(parts, start=1):
            part = f", part {number} of {len(parts)}" if len(parts) > 1 else ""
            found += map(to_candidate, self._proposal(episode, lines, part, limit).insights)
        return best(found, limit)

    def _proposal(self, episode: EpisodeText, lines: list[str], part: str, limit: int) -> Proposal:
        """The model's answer for one part, from the cache if it was given before."""
        fenced = functools.partial(
            self.prompt.user.substitute,
            limit=limit,
            show=clean(episode.show_title),
            title=clean(episode.title),
            persons=clean(", ".join(episode.persons)) or "not named",
            language=clean(episode.language),
            description=clean(episode.description)[:MAX_DESCRIPTION_CHARS],
            part=part,
            transcript="\n".join(lines),
        )
        base, schema = self.model_access.client.api_base, short_hash(repr(SCHEMA))
        asked = (self.prompt.version, self.model, base, schema, fenced(fence=""), str(limit))
        key = long_hash("insights", *asked)
        # What no longer fits was written by hand or damaged: asked again and replaced.
        with contextlib.suppress(ValidationError):
            return Proposal.model_validate(self.cache.read_json("answers", key))
        messages = [
            {"role": "system", "content": self.prompt.system},
            {"role": "user", "content": fenced(fence=self.fence())},
        ]
        proposal = self._ask(messages, episode.episode_id)
        self.cache.write_json("answers", key, proposal.model_dump())
        return proposal

    def _ask(self, messages: Messages, episode_id: str) -> Proposal:
        """Ask, and ask once more with the fault named if the answer is broken."""
        reply = self.model_access.ask(messages, SCHEMA, episode_id)
        answer = proposal_of(reply)
        if isinstance(answer, str):
            shown = clean(reply.text)[:QUOTED_BACK_CHARS] or "(an empty answer)"
            fault = f"This answer can't be used: {answer}. Answer again: only the JSON object."
            messages = [*messages, {"role": "assistant", "content": shown}]
            messages.append({"role": "user", "content": fault})
            answer = proposal_of(self.model_access.ask(messages, SCHEMA, episode_id))
        if isinstance(answer, str):
            raise EngineError(f"{self.model} gave no usable answer, asked twice: {answer}")
        return answer


def proposal_of(reply: Reply) -> Proposal | str:
    """The answer's content, or what is wrong with it, in words for the model and the reader."""
    if len(reply.text) > MAX_ANSWER_CHARS:
        return f"it is longer than {MAX_ANSWER_CHARS:,} characters"
    try:
        return Proposal.model_validate_json(json_of(reply.text))
    except ValidationError as error:
        if not reply.text.strip():
            return "it is empty"
        if reply.is_cut_off:
            return "it was cut off at the length limit; propose fewer ideas"
        first = error.errors(include_input=False, include_url=False)[0]
        where = clean(".".join(str(part) for part in first["loc"]))[:100]
        return f"{where}: {first['msg']}" if where else str(first["msg"])


def json_of(text: str) -> str:
    """The JSON object in an answer; models without schema support wrap it in prose."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def to_candidate(insight: ProposedInsight) -> Candidate:
    """A proposed insight as a candidate, tidied but not repaired."""
    topics = dict.fromkeys(clean(topic) for topic in insight.topics)
    return Candidate(
        headline=clean(insight.headline).removesuffix("."),
        body=clean(insight.body),
        quote=clean(insight.quote).strip('"“”„«» '),
        value_score=min(max(insight.value, 0.0), 1.0),
        topics=tuple(t for t in topics if 0 < len(t) <= MAX_TOPIC_CHARS)[:MAX_TOPICS],
    )


def best(candidates: Iterable[Candidate], limit: int) -> list[Candidate]:
    """The most valuable candidates, each quote once."""
    kept: dict[tuple[str, ...], Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: -c.value_score):
        kept.setdefault(tuple(normalized_tokens(candidate.quote)), candidate)
    return list(kept.values())[:limit]


def clean(text: str) -> str:
    """One line without control characters, direction overrides and our own marks."""
    return " ".join(UNPRINTED.sub("", " ".join(MARK.sub(" ", text).split())).split())


def spoken_lines(episode: EpisodeText, max_chars: int) -> list[str]:
    """The transcript without advertising: a line for each segment, with seconds and speaker.

    A segment longer than a whole prompt (a publisher's text in one piece) is cut at words.
    """
    lines = []
    room = max(max_chars - 80, 80)
    for segment in episode.segments:
        if is_advertising(segment, episode.passages):
            continue
        speaker = clean(segment.speaker or "").replace("]", "")[:60].strip()
        mark = f"[{segment.start_s:.0f} {speaker}".rstrip() + "]"
        text = clean(segment.text)
        while text:
            cut = len(text) if len(text) <= room else text.rfind(" ", 0, room) + 1 or room
            lines.append(f"{mark} {text[:cut].strip()}")
            text = text[cut:]
    return lines


def is_advertising(segment: Segment, passages: Iterable[Passage]) -> bool:
    """Whether only advertising passages cover the segment.

    A fifth of it counts as covering: where passages meet, times are shared out by characters
    and off by a moment.
    """
    start_s, end_s = segment.start_s, segment.end_s
    share = 0.2 * (end_s - start_s)
    covering = [
        p.is_advertising for p in passages if min(p.end_s, end_s) - max(p.start_s, start_s) >= share
    ]
    return bool(covering) and all(covering)


def in_parts(lines: list[str], max_chars: int) -> list[list[str]]:
    """Lines in as few parts as `max_chars` allows, of about equal length.

    Equal, because a short rest would be asked for as many ideas as the others.
    """
    total = sum(len(line) + 1 for line in lines)
    goal = math.ceil(total / max(math.ceil(total / max_chars), 1))
    parts: list[list[str]] = []
    size = 0
    for line in lines:
        if not parts or size >= goal or size + len(line) > max_chars:
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += len(line) + 1
    return parts


def from_settings(settings: Settings, cache: Cache, ledger: Ledger, run_id: str) -> LlmEngine:
    """The engine as the settings describe it, for one run.

    Raises:
        UserError: the model has no known price, told before any call.
    """
    prices = [float(part) for part in settings.llm_price_usd_per_million_tokens.split(",") if part]
    client = LlmClient(
        model=settings.llm_model,
        api_base=settings.llm_api_base,
        api_key=settings.llm_api_key,
        timeout_s=settings.llm_timeout_s,
        max_answer_tokens=settings.llm_max_answer_tokens or answer_tokens(settings.llm_model),
    )
    model_access = PaidModel(
        client=client,
        price=price_of(settings.llm_model, (prices[0], prices[1]) if prices else None),
        caps=Caps(settings.llm_max_cost_usd_per_run, settings.llm_max_cost_usd_per_day),
        ledger=ledger,
        run_id=run_id,
        max_retries=settings.llm_max_retries,
    )
    return LlmEngine(
        model_access,
        cache,
        max_workers=settings.llm_concurrency,
        max_prompt_chars=settings.llm_max_prompt_chars,
    )
