"""Who gets a digest: `data/readers.yaml`."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from podcast_insights.errors import UserError
from podcast_insights.feeds.subscriptions import in_words, read_yaml


class Reader(BaseModel):
    """One reader and what they want."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="Stable name in tables and file names; lower case, digits, dashes.",
    )
    name: str = Field(min_length=1, description="As greeted.")
    address: str | None = Field(default=None, description="E-mail; none: files only.")
    time_zone: str = Field(default="UTC", description="IANA time zone.")
    hour: int = Field(default=6, ge=0, le=23, description="Local hour from which mail is due.")
    insights: int = Field(default=5, ge=1, le=50, description="How many, at most.")
    topics: tuple[str, ...] = Field(default=(), description="What they care about, in words.")
    followed_shows: tuple[str, ...] = Field(default=(), description="Titles of shows.")
    is_enabled: bool = Field(default=True, description="false: no digest is made.")

    @field_validator("topics", "followed_shows")
    @classmethod
    def _are_words(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        said = tuple(" ".join(value.split()) for value in values)
        if not all(said):
            raise ValueError("an empty entry in the list")
        return tuple(dict.fromkeys(said))

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("not an IANA time zone such as Europe/Berlin") from error
        return value

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        local, at, host = value.rpartition("@")
        if not (local and at and "." in host.strip(".")) or any(c.isspace() for c in value):
            raise ValueError("not an e-mail address")
        return value


class ReaderFile(BaseModel):
    """The file as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    readers: tuple[Reader, ...] = ()

    @field_validator("readers", mode="before")
    @classmethod
    def _is_nobody(cls, value: object) -> object:
        return () if value is None else value  # `readers:` with every reader commented out


def load_readers(path: Path) -> tuple[Reader, ...]:
    """Read all enabled readers.

    Raises:
        UserError: no such file, not YAML, an unknown key, or an id used twice.
    """
    data = read_yaml(path, "readers", "Copy data/readers.yaml from the repository.")
    try:
        readers = ReaderFile.model_validate(data or {}).readers
    except ValidationError as error:
        raise UserError(f"{path}: {in_words(error)}", "Correct the file.") from error
    ids = [reader.id for reader in readers]
    repeated = sorted({name for name in ids if ids.count(name) > 1})
    if repeated:
        raise UserError(f"{path}: the id {repeated[0]} is there twice.", "Give each its own.")
    return tuple(reader for reader in readers if reader.is_enabled)
