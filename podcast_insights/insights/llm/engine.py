"""The LLM engine: a transcript to a language model, ideas with quotes back.

A transcript that fits one prompt is one call. A longer one is asked about in windows, and one
more call chooses among the candidates of all of them. Nothing here is believed: the engine
asks, reads and tidies; `proof/prove.py` decides. The transcript is data in a fence with a random
mark, so that nobody who speaks in a podcast can close it and go on as the user.

What does not belong here: the prompts' words (`prompts/`), where windows are cut
(`windows.py`), what an answer may be (`answers.py`), re-asking and fall-back (`asking.py`),
requests (`client.py`), money (`spending.py`).
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import SecretStr

from podcast_insights.cache import Cache
from podcast_insights.insights.engine import Candidate, EpisodeText
from podcast_insights.insights.llm.answers import (
    MAX_PROPOSED,
    Proposal,
    best,
    each_quote_once,
    review_proposal,
    to_candidate,
)
from podcast_insights.insights.llm.asking import Asker, Question
from podcast_insights.insights.llm.client import LlmClient, answer_tokens
from podcast_insights.insights.llm.models import PaidModel
from podcast_insights.insights.llm.prompting import Prompts, load_prompts
from podcast_insights.insights.llm.select import Selector
from podcast_insights.insights.llm.spending import (
    Caps,
    Ledger,
    OpenCalls,
    WarehouseLedger,
    check_limit,
    price_of,
)
from podcast_insights.insights.llm.transcript_lines import clean, spoken_lines
from podcast_insights.insights.llm.windows import OVERLAP_CHARS, Window, to_windows
from podcast_insights.insights.proof.prove import QuoteMatch, TokenStream, prove
from podcast_insights.settings import Settings

__all__ = ["LlmEngine", "WarehouseLedger", "from_settings"]

MAX_DESCRIPTION_CHARS = 2_000


def say_nothing(line: str) -> None:
    """Where nobody reads the log."""


@dataclass(frozen=True)
class LlmEngine:
    """Proposes insights by asking language models; safe to call from several threads.

    Args:
        models: the model, and those that are asked where it gives no usable answer.
        max_workers: episodes asked about at the same time.
        max_prompt_chars: transcript in one call; longer ones are asked about in windows.
        overlap_chars: what a window repeats of the one before.
        fence: makes the random mark around the transcript, for each call a new one.
        report: told of fall-backs and of selections that failed, as lines for the run's log.
    """

    models: tuple[PaidModel, ...]
    cache: Cache
    max_workers: int = 4
    max_prompt_chars: int = 60_000
    overlap_chars: int = OVERLAP_CHARS
    prompts: Prompts = field(default_factory=load_prompts, repr=False)
    fence: Callable[[], str] = field(default=lambda: secrets.token_hex(12), repr=False)
    report: Callable[[str], None] = field(default=say_nothing, repr=False)

    @property
    def name(self) -> str:
        """`llm`, as rows show it."""
        return "llm"

    @property
    def model(self) -> str:
        """The first model as litellm names it; a candidate names the one that wrote it."""
        return self.models[0].name

    @property
    def prompt_version(self) -> str:
        """The prompts' file names and hashes of their texts."""
        return self.prompts.version

    def propose(self, episode: EpisodeText, limit: int) -> list[Candidate]:
        """At most `limit` candidates that can be proved, the best first; then all others.

        The others are those that could be proved and were left out, marked as such, and what the
        model made up: both will be recorded with the reason. They are proved before they are
        chosen from, so that an invention takes no idea's place.

        Each window's answer is kept: after a failure in one of them, the next try pays only for
        those that are missing.

        Raises:
            EngineError: no usable answer for one window of this episode; others may go on.
            BudgetExceededError: a spend cap could be passed; nothing more may be asked.
        """
        lines = spoken_lines(episode, self.max_prompt_chars)
        windows = to_windows(lines, episode.passages, self.max_prompt_chars, self.overlap_chars)
        asker = Asker(self.models, self.cache, self.fence, self.report)
        found: list[Candidate] = []
        for number, window in enumerate(windows, start=1):
            part = part_of(window, number, len(windows))
            found += self._candidates(asker, episode, window, part, limit)
        sound, unsound = screened(found, episode)
        distinct = each_quote_once(sound)
        if len(windows) > 1 and len(distinct) > 1:
            selector = Selector(asker, self.prompts.select, self.max_prompt_chars, self.report)
            chosen = selector.select(episode, distinct, limit)
        else:
            chosen = best(distinct, limit)
        return [*chosen, *left_out(sound, chosen), *unsound]

    def _candidates(
        self, asker: Asker, episode: EpisodeText, window: Window, part: str, limit: int
    ) -> list[Candidate]:
        """One window's candidates; of very many the most valuable."""
        speakers = dict.fromkeys(s.speaker for s in episode.segments if s.speaker)
        question = Question(
            episode_id=episode.episode_id,
            purpose="propose",
            prompt=self.prompts.propose,
            fields={
                "limit": str(limit),
                "show": clean(episode.show_title),
                "title": clean(episode.title),
                "persons": clean(", ".join(episode.persons)) or "not named",
                "language": clean(episode.language),
                "description": clean(episode.description)[:MAX_DESCRIPTION_CHARS],
                "part": part,
                "transcript": "\n".join(line.text for line in window.lines),
            },
            schema=Proposal,
            review=lambda proposal: review_proposal(
                proposal, (*episode.persons, *speakers), episode.language
            ),
        )
        proposal, model = asker.answer(question)
        return best((to_candidate(insight, model) for insight in proposal.insights), MAX_PROPOSED)


def part_of(window: Window, number: int, count: int) -> str:
    """Which part of the transcript a window is, as its prompt says it."""
    if count == 1:
        return ""
    repeated = f"; its first {window.overlap} lines end part {number - 1}" if window.overlap else ""
    return f", part {number} of {count}{repeated}"


def screened(
    candidates: Sequence[Candidate], episode: EpisodeText
) -> tuple[list[Candidate], list[Candidate]]:
    """Candidates whose proof holds, in the order of the transcript, and the others."""
    stream = TokenStream(episode.segments)
    sound: list[tuple[float, Candidate]] = []
    unsound: list[Candidate] = []
    for candidate in best(dict.fromkeys(candidates), len(candidates)):
        verdict = prove(candidate, episode, stream)
        if isinstance(verdict, QuoteMatch):
            sound.append((verdict.start_s, candidate))
        else:
            unsound.append(candidate)
    return [candidate for _, candidate in sorted(sound, key=lambda pair: pair[0])], unsound


def left_out(sound: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[Candidate]:
    """What could be proved and was not chosen, marked as such."""
    taken = {(c.headline, c.body, c.quote) for c in chosen}
    return [
        replace(c, is_left_out=True) for c in sound if (c.headline, c.body, c.quote) not in taken
    ]


def from_settings(
    settings: Settings,
    cache: Cache,
    ledger: Ledger,
    run_id: str,
    report: Callable[[str], None] = say_nothing,
) -> LlmEngine:
    """The engine as the settings describe it, for one run.

    The key and the address that are set here belong to the first model only. Models to fall
    back on are found as their providers' own environment variables say, so that no provider is
    ever sent another one's key.

    Raises:
        UserError: a model has no known price or no limit of its answers, or a prompt can't work;
            told before any call.
    """
    prices = [float(part) for part in settings.llm_price_usd_per_million_tokens.split(",") if part]
    price = (prices[0], prices[1]) if prices else None
    open_calls = OpenCalls()

    def paid(name: str, *, is_first: bool) -> PaidModel:
        setting = "LLM_MODEL" if is_first else "LLM_FALLBACK_MODELS"
        check_limit(name, setting)
        client = LlmClient(
            model=name,
            api_base=settings.llm_api_base if is_first else "",
            api_key=settings.llm_api_key if is_first else SecretStr(""),
            timeout_s=settings.llm_timeout_s,
            max_answer_tokens=settings.llm_max_answer_tokens or answer_tokens(name),
        )
        return PaidModel(
            client=client,
            price=price_of(name, price if is_first else None, setting),
            caps=Caps(settings.llm_max_cost_usd_per_run, settings.llm_max_cost_usd_per_day),
            ledger=ledger,
            run_id=run_id,
            max_retries=settings.llm_max_retries,
            open_calls=open_calls,
        )

    models = (
        paid(settings.llm_model, is_first=True),
        *(paid(name, is_first=False) for name in settings.llm_fallback_names),
    )
    folder = settings.llm_prompt_dir
    return LlmEngine(
        models,
        cache,
        max_workers=settings.llm_concurrency,
        max_prompt_chars=settings.llm_max_prompt_chars,
        prompts=load_prompts(settings.under_home(Path(folder)) if folder else None),
        report=report,
    )
