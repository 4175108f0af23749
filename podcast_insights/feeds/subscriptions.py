"""The list of subscriptions, `data/feeds.yaml`: read it, check it, add to it."""

from datetime import date
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash


class Subscription(BaseModel):
    """One feed that is scanned.

    `feed_id` comes from the address without scheme, so that a move to https keeps it; set
    `id` to keep it over any other move.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Address of the feed.")
    id: str | None = Field(default=None, description="Keeps the identity when the address moves.")
    is_enabled: bool = Field(default=True, description="false: not scanned, but kept.")
    language: str | None = Field(default=None, description="Language hint, such as en.")
    topics: tuple[str, ...] = Field(default=(), description="For your own overview.")
    since: date | None = Field(default=None, description="Older episodes are ignored.")
    private_hosts: tuple[str, ...] = Field(
        default=(),
        description="host or host:port names that may resolve to private addresses.",
    )

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an http(s) address")
        return value

    @property
    def feed_id(self) -> str:
        """The stable name of this feed in all tables."""
        return short_hash("feed", self.id or normalized(self.url))


class SubscriptionFile(BaseModel):
    """The file as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feeds: tuple[Subscription, ...] = ()

    @field_validator("feeds", mode="before")
    @classmethod
    def _may_be_left_blank(cls, value: object) -> object:
        return () if value is None else value


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
        raise UserError(f"{path}: {in_words(error)}", "Correct the file.") from error
    seen: dict[str, str] = {}
    for feed in feeds:
        if feed.feed_id in seen:
            raise UserError(f"{path}: {feed.url} is there twice.", "Remove one of the two.")
        seen[feed.feed_id] = feed.url
    return feeds


def add_subscription(path: Path, url: str) -> Subscription:
    """Append a feed to the file, keeping its comments.

    Raises:
        UserError: not an http(s) address, already subscribed, or an unreadable file.
    """
    try:
        new = Subscription(url=url)
    except ValidationError as error:
        raise UserError(
            f"{url!r} is not an http(s) address.", "Give the feed's own URL."
        ) from error
    existing = load_subscriptions(path) if path.exists() else ()
    if any(feed.feed_id == new.feed_id for feed in existing):
        raise UserError(f"{url} is already subscribed.", "Nothing to do.")
    text = path.read_text() if path.exists() else ""
    if not existing:
        kept = "".join(
            f"{line}\n" for line in text.splitlines() if not line.strip().startswith("feeds:")
        )
        text = f"{kept}feeds:\n"
    entry = yaml.safe_dump([{"url": url}], default_flow_style=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    indent = indentation(text)
    fresh = text.rstrip("\n") + "\n" + "".join(f"{indent}{line}\n" for line in entry.splitlines())
    if not holds(fresh, (*existing, new)):
        raise UserError(
            f"{path} is laid out in a way that can't be appended to.",
            f"Add `- url: {url}` to its list of feeds by hand.",
        )
    path.write_text(fresh)
    return new


def indentation(text: str) -> str:
    """The white space before the first entry of the list, or two spaces where there is none."""
    entries = (line for line in text.splitlines() if line.lstrip().startswith("- "))
    return next((line[: -len(line.lstrip())] for line in entries), "  ")


def holds(text: str, feeds: tuple[Subscription, ...]) -> bool:
    """Whether `text` is a file of exactly these subscriptions."""
    try:
        return SubscriptionFile.model_validate(yaml.safe_load(text)).feeds == feeds
    except (yaml.YAMLError, ValidationError):
        return False


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
