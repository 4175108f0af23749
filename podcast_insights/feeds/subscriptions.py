"""The list of subscriptions, `data/feeds.yaml`: what an entry may say, and reading it.

What does not belong here: changing the file (`subscription_file.py`), and fetching.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash
from podcast_insights.net.client import redact

PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""Stands in an address for an environment variable, so that no token is in the file."""

MIN_SECRET_PATH = 12

FEED_ID = re.compile(r"[0-9a-f]{16}")

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

SECRET_PARAMETER = re.compile(
    r"(.*[_-])?(auth|authorization|token|secret|password|passwd|pwd|sig|signature|jwt|session|"
    r"key|api[_-]?key|access|pass|sid)",
    re.IGNORECASE,
)
"""Names of query parameters whose values open what others may not read."""

KEPT_IN_ADDRESS = "%/=+:,;~@!$'()*"
"""Of a substituted value; what could end the path or the query value is encoded."""


class MissingSecretError(ValueError):
    """An environment variable that an address needs is not set, or holds something else."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep both parts; `str()` joins them. Neither contains a value."""
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class Subscription(BaseModel):
    """One feed that is scanned.

    `feed_id` comes from the address as written, without scheme, so that a move to https or a
    new token keeps it. To keep it over any other move, give the feed_id it had as `id`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Address of the feed; ${NAME} stands for an environment variable.")
    title: str | None = Field(default=None, description="Display name, for you and for exports.")
    id: str | None = Field(default=None, description="Keeps the identity when the address moves.")
    is_enabled: bool = Field(default=True, description="false: not scanned, but kept.")
    language: str | None = Field(default=None, description="Language hint, such as en.")
    topics: tuple[str, ...] = Field(default=(), description="For your own overview.")
    since: date | None = Field(default=None, description="Older episodes are ignored.")
    auth_env: str | None = Field(
        default=None, description="Environment variable that holds user:password."
    )
    is_marked_private: bool = Field(
        default=False, alias="is_private", description="true: the address itself is a secret."
    )
    private_hosts: tuple[str, ...] = Field(
        default=(),
        description="host or host:port names that may resolve to private addresses.",
    )

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        parts = urlsplit(value)
        # A placeholder there would hide whom the secrets of the address are sent to.
        if PLACEHOLDER.match(value) or "${" in host_part(parts):
            raise ValueError("scheme and host must be written out, not a ${NAME}")
        if "${" in PLACEHOLDER.sub("", value):
            raise ValueError("a ${...} must hold the name of an environment variable")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an http(s) address")
        if parts.port == 0:  # one beyond 65535 has raised ValueError
            raise ValueError("not a port")
        return value

    @field_validator("auth_env")
    @classmethod
    def _is_variable(cls, value: str | None) -> str | None:
        if value is not None and not VARIABLE.fullmatch(value):
            # Not repeated: it may be the password itself.
            raise ValueError("not the name of an environment variable, such as MY_FEED_LOGIN")
        return value

    @model_validator(mode="after")
    def _has_one_login(self) -> "Subscription":
        if self.auth_env and "@" in urlsplit(self.url).netloc:
            raise ValueError("auth_env and a user name in the address contradict each other")
        return self

    @property
    def feed_id(self) -> str:
        """The stable name of this feed in all tables."""
        if self.id and FEED_ID.fullmatch(self.id):
            return self.id
        return short_hash("feed", self.id or normalized(self.url))

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the environment variables it needs."""
        names = (*PLACEHOLDER.findall(self.url), *filter(None, [self.auth_env]))
        return tuple(dict.fromkeys(names))

    @property
    def is_private(self) -> bool:
        """Whether knowing the whole address, or a password, opens what others may not read."""
        return bool(
            self.is_marked_private
            or self.variables
            or "@" in urlsplit(self.url).netloc
            or secrets_in(self.url)
        )

    @property
    def shown_url(self) -> str:
        """What may be shown and stored: no user, no query value, placeholders as written."""
        parts = urlsplit(self.url)
        if self.is_marked_private:  # the secret may be any part of the path
            return f"{parts.scheme}://{host_part(parts)}/…"
        if "${" not in parts.query:
            return redact(self.url)
        query = re.sub(r"=([^&]*)", shown_value, parts.query)
        return f"{parts.scheme}://{host_part(parts)}{parts.path}?{query}"

    def address(self, environ: Mapping[str, str]) -> str:
        """Where to fetch it, without user and password (see `credentials`).

        Raises:
            MissingSecretError: a variable of the address is not set.
        """
        parts = urlsplit(self.url)

        def encoded(match: re.Match[str]) -> str:
            return quote(self._value(match[1], environ), safe=KEPT_IN_ADDRESS)

        path, query = (PLACEHOLDER.sub(encoded, part) for part in (parts.path, parts.query))
        return urlunsplit((parts.scheme, host_part(parts), path, query, ""))

    def credentials(self, environ: Mapping[str, str]) -> tuple[str, str] | None:
        """User and password for HTTP basic authentication.

        Raises:
            MissingSecretError: a variable is not set, or `auth_env` holds no `user:password`.
        """
        if self.auth_env:
            user, colon, password = self._value(self.auth_env, environ).partition(":")
            if not colon:
                raise MissingSecretError(
                    f"{self.auth_env}, the log-in of {self.shown_url}, is not user:password.",
                    f"Write {self.auth_env}=user:password into .env.",
                )
            return user, password
        written, at, _ = urlsplit(self.url).netloc.rpartition("@")
        if not at:
            return None
        # Substituted after decoding: what is in the environment is not percent-encoded.
        filled = PLACEHOLDER.sub(lambda match: self._value(match[1], environ), unquote(written))
        user, _, password = filled.partition(":")
        return user, password

    def secret_values(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """Everything that no message, row or page may contain, longest first.

        Raises:
            MissingSecretError: a variable is not set.
        """
        parts = urlsplit(self.url)
        values = {self._value(name, environ) for name in self.variables}
        values |= set(secrets_in(self.url))
        values |= {quote(value, safe=KEPT_IN_ADDRESS) for value in values}
        login = self.credentials(environ)
        if login:
            values |= {login[1], ":".join(login), parts.netloc.rpartition("@")[0]}
        if self.is_marked_private:
            values |= {parts.query, parts.netloc.rpartition("@")[0]}
            # A short one, such as `feed`, is a word and would be hidden in every text.
            values |= {path for path in [parts.path.strip("/")] if len(path) >= MIN_SECRET_PATH}
        return tuple(sorted(filter(None, values), key=len, reverse=True))

    def _value(self, name: str, environ: Mapping[str, str]) -> str:
        value = environ.get(name, "").strip()
        if not value:
            raise MissingSecretError(
                f"The environment variable {name}, which {self.shown_url} needs, is not set.",
                f"Add a line {name}=... to .env, or set it in the environment.",
            )
        return value


class SubscriptionFile(BaseModel):
    """The file as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feeds: tuple[Subscription, ...] = ()

    @field_validator("feeds", mode="before")
    @classmethod
    def _may_be_left_blank(cls, value: object) -> object:
        return () if value is None else value


def secrets_in(url: str) -> list[str]:
    """Tokens written out in an address, told by the names of their parameters."""
    pairs = parse_qsl(urlsplit(url).query)
    return [value for name, value in pairs if SECRET_PARAMETER.fullmatch(name)]


def host_part(parts: SplitResult) -> str:
    """Host and port as written."""
    return parts.netloc.rpartition("@")[2]


def shown_value(match: re.Match[str]) -> str:
    """A query value, if it is nothing but a placeholder."""
    return match[0] if PLACEHOLDER.fullmatch(match[1]) else "=…"


def normalized(url: str) -> str:
    """The address with what does not tell feeds apart taken out: scheme, case of host, slash."""
    parts = urlsplit(url)
    return urlunsplit(("", parts.netloc.lower(), parts.path.rstrip("/"), parts.query, ""))


def load_subscriptions(path: Path) -> tuple[Subscription, ...]:
    """Read the subscriptions, the disabled ones too.

    Raises:
        UserError: no such file, not YAML, an unknown key, or a feed named twice.
    """
    data = read_yaml(path, "subscriptions", "Add a feed with `podcast-insights feeds add URL`.")
    try:
        feeds = SubscriptionFile.model_validate(data or {}).feeds
    except ValidationError as error:
        problem = f"{path}: {in_words(error).rstrip('.')}{named(error, data)}."
        # Not chained: pydantic's own message repeats the input, a password perhaps.
        raise UserError(problem, remedy_of(error)) from None
    seen: dict[str, Subscription] = {}
    for feed in feeds:
        if feed.feed_id in seen:
            raise UserError(f"{path}: {feed.shown_url} is there twice.", "Remove one of the two.")
        seen[feed.feed_id] = feed
    return feeds


def read_yaml(path: Path, what: str, remedy: str) -> object:
    """The content of a YAML file.

    Raises:
        UserError: there is no such file, or it can't be read as YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"There is no file of {what} at {path}.", remedy) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise UserError(
            f"{path} can't be read as YAML{line}: {getattr(error, 'problem', error)}.",
            "Correct the file.",
        ) from error


def in_words(error: ValidationError) -> str:
    """The first mistake of a validation error as a sentence."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    reason = {"extra_forbidden": "is not a known key"}.get(first["type"])
    return f"{place} {reason or '(' + first['msg'].removeprefix('Value error, ') + ')'}."


def named(error: ValidationError, data: object) -> str:
    """Which feed a validation error is about, if its entry tells."""
    place = error.errors()[0]["loc"]
    feeds = data.get("feeds") if isinstance(data, dict) else None
    if len(place) < 2 or not isinstance(place[1], int) or not isinstance(feeds, list):
        return ""
    entry = feeds[place[1]]
    url = entry.get("url") if isinstance(entry, dict) else None
    return f", feed {redact(url)}" if isinstance(url, str) and "://" in url else ""


def remedy_of(error: ValidationError) -> str:
    """What to do about the first mistake of a validation error."""
    first = error.errors()[0]
    known = [f.alias or name for name, f in Subscription.model_fields.items()]
    if first["type"] != "extra_forbidden" or first["loc"][0] != "feeds":
        return "Correct the file."
    close = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known keys: {', '.join(known)}."
