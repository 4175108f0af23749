"""A text as one run of letters: where words stand in whatever spacing they are written.

What does not belong here: whose words they are (`quotes.py`), what they name (`name_index.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from podcast_insights.insights.proof.tokens import glued

MAX_TRIES = 2_000
"""Places where the letters are the same but no word begins; more are in no real transcript."""


@dataclass(frozen=True)
class Glued:
    """Tokens as one run of letters that knows where each token begins and ends.

    Args:
        parts: the tokens' letters, none of them empty.
    """

    parts: Sequence[str]

    @cached_property
    def text(self) -> str:
        """The letters without spaces; two digits of different tokens keep one between them."""
        return glued(self.parts)

    @cached_property
    def _starts(self) -> dict[int, int]:
        """The number of the token that begins at a letter."""
        starts, position, before = {}, 0, ""
        for number, part in enumerate(self.parts):
            position += before[-1:].isdigit() and part[0].isdigit()
            starts[position] = number
            position += len(part)
            before = part
        return starts

    @cached_property
    def _ends(self) -> dict[int, int]:
        return {at + len(self.parts[number]): number for at, number in self._starts.items()}

    def places(self, letters: str) -> Iterator[tuple[int, int]]:
        """First and last token of the places where `letters` are whole tokens, in order."""
        at = -1
        for _ in range(MAX_TRIES):
            at = self.text.find(letters, at + 1) if letters else -1
            if at < 0:
                return
            first, last = self._starts.get(at), self._ends.get(at + len(letters))
            if first is not None and last is not None:
                yield first, last
