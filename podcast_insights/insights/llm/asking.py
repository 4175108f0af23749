"""One question to the first model that answers it: cache, re-asking, provider fall-back.

A question that a model answered once is never put to it again. What a model to fall back on
answered counts only after those before it were asked in this run and gave nothing: whoever names
another model wants its answers, and not those of the one it replaces. An answer that can't be
read is asked for once more with the fault named; so is one that breaks the rules of the form, and
then the better of the two counts. A model that gives no usable answer is followed by the next
one, at that model's own price.

What does not belong here: what is asked (`engine.py`), attempts and pauses (`models.py`).
"""

import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic

from pydantic import ValidationError

from podcast_insights.cache import Cache
from podcast_insights.identity import long_hash, short_hash
from podcast_insights.insights.engine import BudgetExceededError, EngineError
from podcast_insights.insights.llm.answers import AnswerT, Review, read_answer
from podcast_insights.insights.llm.client import Messages, Reply
from podcast_insights.insights.llm.models import Bill, PaidModel
from podcast_insights.insights.llm.prompting import Prompt
from podcast_insights.insights.llm.transcript_lines import clean

BROKEN_CHARS = 4_000
"""How much of a broken answer the model is shown again; all of it would be paid twice."""
READABLE_CHARS = 16_000
"""The same of an answer that only breaks rules: the model has to see what it may keep."""


@dataclass(frozen=True)
class Question(Generic[AnswerT]):
    """What is asked, and how its answer is judged.

    Args:
        purpose: `propose` or `select`, as the ledger shows it.
        fields: the prompt's, all but the fence; they make the cache's key.
        schema: of the answer.
        review: what an answer that could be read is worth.
        refuse: what makes an answer unusable although it could be read, or nothing.
    """

    episode_id: str
    purpose: str
    prompt: Prompt
    fields: Mapping[str, str] = field(repr=False)
    schema: type[AnswerT]
    review: Callable[[AnswerT], Review] = field(repr=False)
    refuse: Callable[[AnswerT], str] = field(default=lambda _: "", repr=False)

    def read(self, reply: Reply) -> AnswerT | str:
        """The answer, or what makes it unusable, in words."""
        answer = read_answer(self.schema, reply)
        return answer if isinstance(answer, str) else self.refuse(answer) or answer


@dataclass(frozen=True)
class Asker:
    """Asks questions; safe to use from several threads.

    Args:
        models: in the order in which they are tried.
        fence: makes the random mark around strangers' words, for each conversation a new one.
        report: told of each fall-back, as a line for the run's log.
    """

    models: tuple[PaidModel, ...]
    cache: Cache
    fence: Callable[[], str] = field(default=lambda: secrets.token_hex(12), repr=False)
    report: Callable[[str], None] = field(default=lambda _: None, repr=False)

    def answer(self, question: Question[AnswerT]) -> tuple[AnswerT, str]:
        """The answer and the model that gave it.

        Raises:
            EngineError: no model gave a usable answer; others may be asked other things.
            BudgetExceededError: a spend cap could be passed; nothing more may be asked.
        """
        failures: list[str] = []
        for position, model in enumerate(self.models, start=1):
            known = self._known(question, model)
            if known is not None:
                return known, model.name
            try:
                answer = self._ask(question, model)
            except EngineError as error:
                failures.append(str(error))
                for following in self.models[position : position + 1]:
                    of = f"{question.purpose}, episode {question.episode_id}"
                    self.report(f"{of}: {error} Asking {following.name} instead.")
                continue
            except BudgetExceededError as error:
                raise BudgetExceededError("; ".join((*failures, str(error)))) from None
            self.cache.write_json("answers", self._key(question, model), answer.model_dump())
            return answer, model.name
        raise EngineError("; ".join(failures))

    def _known(self, question: Question[AnswerT], model: PaidModel) -> AnswerT | None:
        # What no longer fits was written by hand or damaged: asked again and replaced.
        with contextlib.suppress(ValidationError):
            kept = self.cache.read_json("answers", self._key(question, model))
            answer = question.schema.model_validate(kept)
            return None if question.refuse(answer) else answer
        return None

    def _key(self, question: Question[AnswerT], model: PaidModel) -> str:
        return long_hash(
            "insights",
            question.prompt.version,
            model.name,
            model.client.api_base,
            short_hash(repr(question.schema.model_json_schema())),
            question.prompt.filled(question.fields, fence=""),
        )

    def _ask(self, question: Question[AnswerT], model: PaidModel) -> AnswerT:
        """Ask one model, and ask it once more with what is wrong named."""
        bill = Bill(question.episode_id, question.purpose, question.prompt.version)
        schema = question.schema.model_json_schema()
        ask = partial(model.ask, schema=schema, bill=bill, read=question.read)
        messages = question.prompt.messages(question.fields, self.fence())
        reply, first = ask(messages)
        if isinstance(first, str):
            fault = f"This answer can't be used: {first}. Answer again: only the JSON object."
            _, second = ask(again(messages, reply.text[:BROKEN_CHARS], fault))
            if isinstance(second, str):
                raise EngineError(f"{model.name} gave no usable answer, asked twice: {second}")
            return second
        review = question.review(first)
        if not review.faults:
            return first
        fault = (
            f"This breaks the rules: {'; '.join(review.faults)}. Answer again with all that was "
            "good and these mended, or left out: only the JSON object."
        )
        try:
            _, second = ask(again(messages, reply.text[:READABLE_CHARS], fault))
        except (EngineError, BudgetExceededError):
            return first  # paid for and readable; what is wrong with it falls at the proof
        if isinstance(second, str) or question.review(second).good < review.good:
            return first
        return second


def again(messages: Messages, answer: str, fault: str) -> Messages:
    """The conversation with the answer and what is wrong with it."""
    return [
        *messages,
        {"role": "assistant", "content": clean(answer) or "(an empty answer)"},
        {"role": "user", "content": clean(fault)},
    ]
