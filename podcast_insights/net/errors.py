"""Why a request did not end in a usable answer.

What does not belong here: what follows from it. Whether to ask again, and when, is decided in
`polite.py` within one scan and by the scan itself over days.
"""

from typing import Literal

Kind = Literal[
    "bad_address",
    "refused_address",
    "unreachable",
    "http_status",
    "too_slow",
    "too_large",
    "redirects",
    "bad_encoding",
    "incomplete",
    "asked_to_wait",
    "unusable",
]
"""What went wrong:

- `bad_address`: not an http(s) address, or one that nothing can be asked at.
- `refused_address`: not a public address, and its host is not allowed by name.
- `unreachable`: no such name, nobody there, no trusted certificate, a broken connection.
- `http_status`: an answer, but neither 2xx nor a 304 that was asked for; see `status`.
- `too_slow`: silent for too long, or not finished within the time for all of it.
- `too_large`: a larger body than allowed, unpacked or not, or headers without end.
- `redirects`: in a circle, too many, or to nowhere.
- `bad_encoding`: a Content-Encoding we did not ask for, or a body that does not follow it.
- `incomplete`: the body broke off.
- `asked_to_wait`: the host said when to come back, which is later than we can wait; see
  `retry_after_s`.
- `unusable`: what came is not HTTP, or not what it should be (a page in place of audio).
"""

TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP statuses that may be another in a moment. 404 and 410 are not among them."""


class FetchError(Exception):
    """A request that did not end in a usable answer.

    The message says why and names the host, nothing else of the address: paths, queries and
    user names may be secrets.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind = "unusable",
        status: int | None = None,
        retry_after_s: float | None = None,
        is_transient: bool | None = None,
    ) -> None:
        """Keep what is known.

        Args:
            message: for people.
            kind: for programs.
            status: the server's HTTP status, where it answered.
            retry_after_s: how long the server asks to be left alone, at most a day.
            is_transient: where `kind` and `status` don't say it already.
        """
        super().__init__(message)
        self.kind: Kind = kind
        self.status = status
        self.retry_after_s = retry_after_s
        self._is_transient = is_transient

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed in a moment."""
        if self._is_transient is not None:
            return self._is_transient
        return self.kind == "incomplete" or self.status in TRANSIENT_STATUSES
