"""One request to a language model, bounded in time and size, its failures told apart.

Everything that knows litellm is here. It is imported at first use, because that takes
seconds and most code locations never ask a model.

What does not belong here: what is asked (`engine.py`), retries (`models.py`), money
(`spending.py`).
"""

import functools
import json
import os
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import SecretStr

from podcast_insights.insights.llm.bounded_answers import (
    MAX_ANSWER_BYTES,
    AnswerTooLargeError,
    bound,
)
from podcast_insights.settings import PREFIX

GRACE_S = 2.0
"""How much longer than the time-out we wait for litellm to report it in its own words."""
ANSWER_TOKENS = 8_000
REASONING_ANSWER_TOKENS = 16_000
"""Models that think before they answer are charged, and cut off, for the thinking too."""

WRAPPING_TOKENS = 250
"""What a provider puts around each message, and around a schema, at the very most."""

MOST_TOKENS = 10**9
"""A server that counts more counts nothing: such numbers fit no table and no float."""

Messages = list[dict[str, str]]

REMEDIES = {
    400: f"Check that {PREFIX}LLM_MODEL takes prompts this long and answers by JSON schema.",
    401: f"Check {PREFIX}LLM_API_KEY or the provider's own variable.",
    402: "The provider asks for payment; check the account.",
    403: f"The key may not use this model; check {PREFIX}LLM_API_KEY and {PREFIX}LLM_MODEL.",
    404: f"Check {PREFIX}LLM_MODEL and {PREFIX}LLM_API_BASE.",
    413: f"The prompt is too long for {PREFIX}LLM_MODEL.",
    429: f"The provider limits requests; lower {PREFIX}LLM_CONCURRENCY or try later.",
}


class AttemptError(Exception):
    """One attempt gave no answer."""

    def __init__(
        self, message: str, *, is_transient: bool, may_have_cost: bool, retry_after_s: float = 0.0
    ) -> None:
        """Keep what the retries and the ledger need to know."""
        super().__init__(message)
        self.is_transient = is_transient
        self.may_have_cost = may_have_cost
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Reply:
    """What a model answered. Zero prompt tokens: the server did not say."""

    text: str
    is_cut_off: bool
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class LlmClient:
    """Makes one attempt at a time; safe to use from several threads.

    Args:
        api_base: address of an OpenAI-style server, or empty for the provider's own.
        timeout_s: longest single attempt.
        max_answer_tokens: asked of the provider, and the worst case that caps reckon with.
    """

    model: str
    api_base: str = ""
    api_key: SecretStr = SecretStr("")
    timeout_s: float = 120.0
    max_answer_tokens: int = ANSWER_TOKENS
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)

    def most_tokens(self, messages: Messages, schema: Mapping[str, Any]) -> int:
        """More prompt tokens than the provider can count.

        Only the provider can count its own tokens. But no tokenizer in use makes more of them
        than a text has bytes, so a cap that reckons with these holds whatever the text is. The
        real number is about a quarter; the rest is free again when the answer is there.
        """
        sent = [message["content"] for message in messages]
        sizes = (most_bytes(text) for text in (*sent, json.dumps(schema)))
        return sum(sizes) + WRAPPING_TOKENS * (len(sent) + 1)

    def attempt(self, messages: Messages, schema: Mapping[str, Any]) -> Reply:
        """One request, given up after the time-out even if bytes still trickle in.

        A time-out of HTTP clients is one of silence, and a server can drip; hence the thread,
        which is left behind when it overruns.

        Args:
            messages: as in OpenAI's chat API.
            schema: JSON schema of the answer.

        Raises:
            AttemptError: no answer; says why, whether to try again, whether it may have cost.
        """
        completion = load_litellm().completion
        arguments = self._arguments(messages, schema)
        outcome: list[Any] = []

        def work() -> None:
            try:
                outcome.append(completion(**arguments))
            except BaseException as error:  # handed to the thread that waits
                outcome.append(error)

        thread = threading.Thread(target=work, name="llm-call", daemon=True)
        thread.start()
        thread.join(self.timeout_s + GRACE_S)
        if not outcome:
            raise AttemptError(self._overdue(), is_transient=True, may_have_cost=True)
        if isinstance(outcome[0], Exception):
            raise self._explained(outcome[0]) from None
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return reply_of(outcome[0])

    def _arguments(self, messages: Messages, schema: Mapping[str, Any]) -> dict[str, Any]:
        key = self.api_key.get_secret_value()
        if self.api_base and not key:
            # Else litellm would send the key of OPENAI_API_KEY, MISTRAL_API_KEY, ... to somebody
            # else's server.
            key = "none"
        return {
            "model": self.model,
            "messages": messages,
            "api_base": self.api_base or None,
            "api_key": key or None,
            "timeout": self.timeout_s,
            "max_tokens": self.max_answer_tokens,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)},
            },
        }

    def _overdue(self) -> str:
        return f"no answer within {self.timeout_s:g} s ({PREFIX}LLM_TIMEOUT_S)."

    def _explained(self, error: Exception) -> AttemptError:
        """What an exception of litellm means for retries, the ledger and the reader."""
        causes = tuple(chain(error))
        if any(isinstance(cause, AnswerTooLargeError) for cause in causes):
            text = f"the answer passed {MAX_ANSWER_BYTES:,} bytes and was given up."
            return AttemptError(text, is_transient=False, may_have_cost=True)
        if any(isinstance(c, (httpx.ConnectError, httpx.ConnectTimeout)) for c in causes):
            text = f"no connection. Check {PREFIX}LLM_API_BASE and the network."
            return AttemptError(text, is_transient=True, may_have_cost=False)
        litellm = load_litellm()
        if isinstance(error, litellm.Timeout):
            return AttemptError(self._overdue(), is_transient=True, may_have_cost=True)
        status = int(getattr(error, "status_code", 0) or 0)
        message = f"{status or type(error).__name__}: {self.printable(str(error))}"
        message = f"{message} {REMEDIES.get(status, '')}".rstrip()
        # litellm reports a broken connection as 500, and an answer that it can't read as 500 or
        # 422. Only where the server itself answered with an error, or litellm found no key to
        # send, is it sure that nothing was billed.
        is_refused = status == 401 or any(
            isinstance(cause, httpx.HTTPStatusError) for cause in causes
        )
        return AttemptError(
            message,
            is_transient=status in (408, 429) or status >= 500,
            may_have_cost=not is_refused,
            retry_after_s=retry_after(error, self.clock()),
        )

    def printable(self, text: str) -> str:
        """A provider's words on one line, short, without any key."""
        keys = [value for name, value in os.environ.items() if name.upper().endswith("API_KEY")]
        for key in (self.api_key.get_secret_value(), *keys):
            if len(key) >= 4:
                text = text.replace(key, "***")
        text = re.sub(r"\b(sk-|Bearer\s+)[\w.*-]+", r"\1***", text)
        text = re.sub(r"\blitellm\.\w+: |\.* Handle with .*", "", " ".join(text.split()))
        text = "".join(character for character in text if character.isprintable())
        return text if len(text) <= 300 else f"{text[:300]}..."


@functools.cache
def load_litellm() -> Any:  # noqa: ANN401 - the module
    """Import litellm, quiet and without network of its own.

    Prices come from the installed release, not from a file on the web; no `.env` of the
    working directory is read; no tokenizer is downloaded.
    """
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    import litellm

    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True
    if litellm.client_session is None:
        hooks = {"response": [bound]}
        litellm.client_session = httpx.Client(event_hooks=hooks, follow_redirects=True)
    return litellm


def most_bytes(text: str) -> int:
    """The bytes of a text, or of its compatible form, whichever is longer.

    Some tokenizers normalize first, and one Arabic ligature of three bytes becomes 33.
    """
    forms = (text, unicodedata.normalize("NFKC", text))
    return max(len(form.encode("utf-8", "surrogatepass")) for form in forms)


def answer_tokens(model: str) -> int:
    """How long an answer may be: enough for ten insights, within what the model can write."""
    try:
        info = load_litellm().get_model_info(model)
    except Exception:  # litellm raises plain exceptions for unknown models
        return ANSWER_TOKENS
    wanted = REASONING_ANSWER_TOKENS if info.get("supports_reasoning") else ANSWER_TOKENS
    return min(wanted, int(info.get("max_output_tokens") or wanted))


def reply_of(response: Any) -> Reply:  # noqa: ANN401 - litellm's response is untyped
    """The parts of litellm's response that count; odd ones read as absent."""
    choice = next(iter(getattr(response, "choices", None) or ()), None)
    text = getattr(getattr(choice, "message", None), "content", None)
    usage = getattr(response, "usage", None)
    tokens = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (t if isinstance(t, int) and 0 < t <= MOST_TOKENS else 0 for t in tokens)
    return Reply(
        text=text if isinstance(text, str) else "",
        is_cut_off=getattr(choice, "finish_reason", None) == "length",
        prompt_tokens=prompt,
        completion_tokens=completion,
    )


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what caused it, outermost first."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_after(error: Exception, now: datetime) -> float:
    """The seconds a server asks us to wait; 0 where it does not say or makes no sense."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    value = str(headers.get("retry-after") or "")
    try:
        if value.strip().isdecimal():
            return float(value)
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0
