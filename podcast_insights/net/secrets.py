"""What nobody may read: credentials, and texts and addresses without secrets.

What does not belong here: where secrets come from (settings and environment variables).
"""

import base64
import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

import httpx

from podcast_insights.net.addresses import Origin, origin_of, parse
from podcast_insights.net.errors import FetchError

SHORTEST = 4
"""Characters of a secret that can be hidden. Hiding `a` or `rss` would shred every text, so
a shorter value is not hidden at all."""


@dataclass(frozen=True)
class Credentials:
    """User and password for one origin, such as `https://feeds.example.org`.

    They are sent to exactly that scheme, host and port, and nowhere else.
    """

    origin: str
    username: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what could never be sent.

        Raises:
            ValueError: no http(s) origin, or a colon in the user name.
        """
        try:
            parse(self.origin)
        except FetchError as error:
            raise ValueError(f"credentials need an origin: {error}") from error
        if ":" in self.username:
            raise ValueError("a user name for HTTP can't contain a colon")

    @property
    def secrets(self) -> tuple[str, str]:
        """What `Secrets` should hide: the password, and what goes over the wire."""
        return self.password, f"{self.username}:{self.password}"

    def are_for(self, origin: Origin) -> bool:
        """Whether they may be sent to `origin`."""
        return origin_of(parse(self.origin)) == origin


def authorization(url: httpx.URL, credentials: Credentials | None) -> dict[str, str]:
    """The header for `url`: from its own user and password, else from `credentials`."""
    if url.userinfo:
        user, password = url.username, url.password
    elif credentials and credentials.are_for(origin_of(url)):
        user, password = credentials.username, credentials.password
    else:
        return {}
    token = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return {"authorization": f"Basic {token}"}


@dataclass(frozen=True)
class Secrets:
    """Values that must not be shown, in any form in which they get into texts."""

    values: tuple[str, ...] = field(repr=False)

    def hide(self, text: str) -> str:
        """`text` with "…" for each secret.

        Found are plain, percent- and plus-encoded, HTML- and JSON-escaped forms, mixtures of
        them, and base64 of a whole value (name `user:password` as a value to have the
        header of basic authentication hidden). Values shorter than `SHORTEST` are left.
        """
        return self._pattern.sub("…", text) if self._pattern else text

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        values = sorted({v for v in self.values if len(v) >= SHORTEST}, key=len, reverse=True)
        return re.compile("|".join(pattern_of(value) for value in values)) if values else None


def pattern_of(value: str) -> str:
    """A regular expression for `value` in all its forms."""
    in_bytes = value.encode(errors="surrogatepass")
    packed = base64.b64encode(in_bytes).rstrip(b"=").decode("ascii")
    url_safe = base64.urlsafe_b64encode(in_bytes).rstrip(b"=").decode("ascii")
    whole = "".join(either(forms_of(char)) for char in value)
    return either([whole, f"{re.escape(packed)}=*", f"{re.escape(url_safe)}=*"])


def forms_of(char: str) -> list[str]:
    """Regular expressions for one character: itself, and as URLs, HTML and JSON write it."""
    percent = "".join(f"%{byte:02x}" for byte in char.encode(errors="surrogatepass"))
    numbers = f"&#0*{ord(char)};", f"&#x0*{ord(char):x};"
    forms = {re.escape(form) for form in (char, html.escape(char), json.dumps(char)[1:-1])}
    forms |= {f"(?i:{form})" for form in (percent, *numbers)}
    return sorted(forms | ({r"\+"} if char == " " else set()), key=len, reverse=True)


def either(patterns: Iterable[str]) -> str:
    """One of `patterns`."""
    return f"(?:{'|'.join(patterns)})"


def redact(url: str) -> str:
    """`url` without user, password and query values, for rows, logs and metadata.

    The path stays, since it is what people know their feed by; `Secrets` hides tokens in it.
    What is no http(s) address is not shown at all: `user:password@host/feed` has no host.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(not a URL)"
    if parts.scheme not in ("http", "https") or not host:
        return "(not a URL)"
    shown = f"[{host}]" if ":" in host else host
    query = "?…" if parts.query else ""
    return f"{parts.scheme}://{shown}{port}{parts.path}{query}"
