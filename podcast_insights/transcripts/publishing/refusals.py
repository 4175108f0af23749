"""Publishers' transcripts that were of no use: which are not asked for again, and for how long.

What can't be read is not asked for again, as what can be is not. What a host would not give is
asked for again after a day, since transcripts come later than audio, and hosts recover; so is what
holds no transcript at all, such as a page about maintenance, which hosts serve as if it were one.
Without that a link to nothing would cost each run a request, and a silent host half a minute.

What does not belong here: texts that a guard refuses. They are kept like any other.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.identity import long_hash
from podcast_insights.net.client import FetchError
from podcast_insights.transcripts.publishing.pieces import NoTranscriptError, TranscriptFormatError

HOST_S = 86_400.0
"""How long a host is not asked again for what it would not give."""

UNASKED = frozenset({"bad_address", "refused_address"})
"""Failures before any host was asked: they cost nothing, and end once settings are mended."""


@dataclass(frozen=True)
class Refusals:
    """Remembers them beside the texts.

    Args:
        clock: seconds since 1970.
    """

    cache: Cache
    clock: Callable[[], float] = time.time

    def check(self, key: str) -> None:
        """Nothing, if the text of this key may be asked for.

        Raises:
            FetchError: the host would not give it, or gave none, less than a day ago.
            TranscriptFormatError: what it gave can't be read.
        """
        stored: Any = self.cache.read_json("transcripts", refusal_key(key))
        try:
            why, until = str(stored["refused"]), stored["until"]
        except (TypeError, KeyError):
            return
        if until is None:
            raise TranscriptFormatError(why)
        # A clock that was wrong once must not silence a link for years.
        if isinstance(until, int | float) and 0 < until - self.clock() <= HOST_S:
            raise FetchError(why)

    def note(self, key: str, error: FetchError | TranscriptFormatError) -> None:
        """The text of this key was of no use."""
        if isinstance(error, FetchError) and error.kind in UNASKED:
            return
        may_mend = isinstance(error, FetchError | NoTranscriptError)
        until = self.clock() + HOST_S if may_mend else None
        refusal = {"refused": str(error), "until": until}
        self.cache.write_json("transcripts", refusal_key(key), refusal)


def refusal_key(key: str) -> str:
    """Where it lies: not under the text's own key, whose file means that there is a text."""
    return long_hash("refused", key)
