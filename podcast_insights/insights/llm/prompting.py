"""Prompts as files with a version, and the fence around what strangers said.

A prompt's version is its file's name and a hash of its text, and part of every key and row it
made: change a word, and insights are asked for again, and nothing upstream is.

What does not belong here: the words (`prompts/`), what goes into the fields (`engine.py`).
"""

import functools
import importlib.resources
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash
from podcast_insights.settings import PREFIX

if TYPE_CHECKING:
    from podcast_insights.insights.llm.client import Messages

PROPOSE = "insights_v2"
SELECT = "select_v1"
FIELDS = {
    PROPOSE: frozenset(
        "fence limit show title persons language description part transcript".split()
    ),
    SELECT: frozenset("fence limit show title persons language candidates".split()),
}
"""The fields each prompt may use."""
FENCED = {PROPOSE: "transcript", SELECT: "candidates"}
"""The field with the strangers' words; it and the fence have to be there."""
MAX_PROMPT_BYTES = 100_000


@dataclass(frozen=True)
class Prompt:
    """A versioned prompt: what the system is told, and the user's message with its fields."""

    version: str
    system: str = field(repr=False)
    user: string.Template = field(repr=False)

    def filled(self, fields: Mapping[str, str], fence: str) -> str:
        """The user's message; `fence` is the mark on both sides of the strangers' words."""
        return self.user.substitute(fields, fence=fence)

    def messages(self, fields: Mapping[str, str], fence: str) -> "Messages":
        """The whole conversation so far, as in OpenAI's chat API."""
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.filled(fields, fence)},
        ]


@dataclass(frozen=True)
class Prompts:
    """The two prompts of the engine."""

    propose: Prompt
    select: Prompt

    @property
    def version(self) -> str:
        """Both versions, as rows show them: a change of either may change an insight."""
        return f"{self.propose.version}+{self.select.version}"


@functools.cache
def load_prompts(folder: Path | None = None) -> Prompts:
    """The packaged prompts, or those of the same file names in `folder`.

    Raises:
        UserError: the folder has neither file, or one that can't work.
    """
    if folder and not any((folder / f"{name}.md").is_file() for name in FIELDS):
        raise UserError(
            f"{PREFIX}LLM_PROMPT_DIR has no prompt: {folder}.",
            f"Put {PROPOSE}.md or {SELECT}.md there; start from the packaged files of that name "
            f"in podcast_insights/insights/llm/prompts.",
        )
    return Prompts(load_prompt(PROPOSE, folder), load_prompt(SELECT, folder))


def load_prompt(name: str, folder: Path | None = None) -> Prompt:
    """One prompt, with its two parts under `# System` and `# User`.

    Raises:
        UserError: what is wrong with a prompt of one's own, before any call.
    """
    own = folder / f"{name}.md" if folder else None
    if own and own.is_file():
        try:
            text = own.read_bytes()[: MAX_PROMPT_BYTES + 1].decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"The prompt {own} can't be read: {error}.", "Save it as UTF-8."
            ) from error
        text = text.replace("\r\n", "\n")
    else:
        packaged = importlib.resources.files("podcast_insights.insights.llm").joinpath("prompts")
        text = packaged.joinpath(f"{name}.md").read_text("utf-8")
    fault = fault_of(name, text)
    if fault:
        raise UserError(f"The prompt {own or name} can't be used: {fault}.", "Correct the file.")
    system, user = text.removeprefix("# System\n").split("\n# User\n")
    return Prompt(f"{name}-{short_hash(text)[:8]}", system.strip(), string.Template(user.strip()))


def fault_of(name: str, text: str) -> str:
    """What makes a prompt unusable, or nothing."""
    if len(text) > MAX_PROMPT_BYTES:
        return f"it is longer than {MAX_PROMPT_BYTES:,} characters"
    if not text.startswith("# System\n") or text.count("\n# User\n") != 1:
        return "it needs the lines '# System' (the first one) and '# User', once each"
    template = string.Template(text.split("\n# User\n")[1])
    if not template.is_valid():
        return "a $ in its user part starts no field; write $$ for a dollar sign"
    used = set(template.get_identifiers())
    if not used <= FIELDS[name]:
        unknown = ", ".join(f"${field}" for field in sorted(used - FIELDS[name]))
        return f"it has no value for {unknown}"
    # Else the strangers' words would stand outside any fence, or nowhere.
    before, _, after = template.template.partition(f"${FENCED[name]}")
    if "$fence" not in before or "$fence" not in after:
        return f"${FENCED[name]} has to stand between two lines with $fence"
    return ""
