"""Every setting, with its default and what it is for.

Settings come from environment variables named `PODCAST_INSIGHTS_<NAME>`, and from a `.env`
file in the project's folder (which Dagster reads too). `.env.example` is written from this
file; a test keeps the two equal.

What does not belong here: subscriptions (`data/feeds.yaml`) and readers (`data/readers.yaml`).
"""

import difflib
import math
import os
import re
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from podcast_insights.errors import UserError

PREFIX = "PODCAST_INSIGHTS_"
RENAMED = {
    "KEEP_AUDIO": ("AUDIO_RETENTION", "keep for true, drop for false, or days such as 30d"),
}
"""Settings of earlier versions: what they are called now, and which values that takes."""

CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


class Settings(BaseSettings):
    """All settings. Construct with `load_settings`, which turns mistakes into clear errors."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, validate_default=True
    )

    home: Path = Field(
        default=Path(),
        description="Folder with dagster.yaml and data/; relative paths start here. "
        "Default: the working directory or the nearest folder above it with a dagster.yaml.",
    )
    data_dir: Path = Field(default=Path("data"), description="Where everything is kept.")
    feeds_file: Path = Field(default=Path("data/feeds.yaml"), description="Subscriptions.")
    readers_file: Path = Field(default=Path("data/readers.yaml"), description="Readers.")

    start_date: date = Field(default=date(2025, 1, 1), description="First daily partition (UTC).")
    schedule_cron: str = Field(
        default="0 5 * * *", description="When the day before is materialized."
    )
    schedule_timezone: str = Field(default="UTC", description="IANA time zone of that cron.")
    is_schedule_running: bool = Field(
        default=False,
        description="Whether the schedules start switched on; otherwise switch them on in the UI.",
    )
    max_partitions_per_run: int = Field(
        default=31, ge=1, description="Days that a backfill packs into one run."
    )
    max_failed_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="A day's run fails when more than this share of its episodes failed; what "
        "succeeded is stored either way.",
    )

    late_lookback_days: int = Field(
        default=30,
        ge=1,
        description="How far back late_items_sensor brings days back by itself; older ones are "
        "for `podcast-insights backfill --missing`.",
    )
    feed_failing_days: int = Field(
        default=3, ge=1, description="Days a feed may fail before an asset check says so."
    )

    http_timeout_s: float = Field(default=30.0, gt=0, description="Longest silence of a host.")
    max_feed_bytes: int = Field(default=50_000_000, gt=0, description="Largest feed accepted.")
    max_audio_bytes: int = Field(
        default=2_000_000_000, gt=0, description="Largest enclosure accepted."
    )
    max_fetch_workers: int = Field(default=8, ge=1, description="Downloads at the same time.")
    audio_retention: str = Field(
        default="keep",
        description="Downloaded audio, once its transcript is stored: keep; drop; or days after "
        "its last use, such as 30d.",
    )

    whisper_model: str = Field(
        default="auto",
        description="Model name, folder, repository of the model hub, or auto: large-v3-turbo on "
        "a GPU, else the packaged tiny.en.",
    )
    whisper_revision: str = Field(
        default="",
        description="Commit, tag or branch of the model's repository; empty: the commit we pin "
        "for that name, else the one in the hub's local cache, else the newest.",
    )
    whisper_device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where Whisper runs."
    )
    whisper_compute_type: Literal[
        "auto",
        "int8",
        "int8_float32",
        "int8_float16",
        "int8_bfloat16",
        "int16",
        "float16",
        "bfloat16",
        "float32",
    ] = Field(
        default="auto",
        description="CTranslate2 compute type; auto: float16 on a GPU that has it, int8 on a CPU.",
    )
    whisper_decoding: Literal["complete", "balanced", "fast"] = Field(
        default="complete",
        description="complete is as complete as sequential decoding; balanced and fast are "
        "quicker and make more errors (docs/transcription-speed.md).",
    )
    whisper_word_times: bool = Field(
        default=False,
        description="Time each word, which makes a quote's seconds exact and costs time.",
    )
    whisper_batch_size: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Sequences generated together, which does not change the text; 0: by device "
        "and free memory.",
    )
    whisper_device_index: str = Field(
        default="0", description="GPU numbers, separated by commas, for several GPUs."
    )
    whisper_workers: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Batches computed at once, on the CPU or on each GPU; 0: one on each GPU, one "
        "for each CPU core, up to 4.",
    )
    embedding_model: str = Field(
        default="auto",
        description="sentence-transformers name or folder with 384 dimensions; auto: the "
        "packaged all-MiniLM-L6-v2, else the same model from the hub.",
    )

    insight_engine: Literal["extractive", "llm"] = Field(
        default="extractive",
        description="extractive needs no key and no network; llm needs llm_model.",
    )
    insights_per_episode: int = Field(default=8, ge=1, description="At most, before ranking.")
    min_grounding_rate: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="An asset check fails when less than this share of what an engine proposed "
        "rested on words that were said.",
    )
    llm_model: str = Field(
        default="", description="litellm model name, for example openai/gpt-5-mini."
    )
    llm_api_base: str = Field(
        default="", description="Address of an OpenAI-style server of your own."
    )
    llm_api_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key; the provider's own variable works too, unless llm_api_base is set.",
    )
    llm_timeout_s: float = Field(default=120.0, gt=0, description="Longest single answer.")
    llm_max_retries: int = Field(default=3, ge=0, description="Retries of one call.")
    llm_concurrency: int = Field(default=4, ge=1, description="Calls at the same time.")
    llm_max_cost_usd_per_run: float = Field(
        default=5.0, ge=0, description="No call starts that could take a run past this."
    )
    llm_max_cost_usd_per_day: float = Field(
        default=20.0, ge=0, description="The same for one UTC day of spending, all runs together."
    )
    llm_price_usd_per_million_tokens: str = Field(
        default="",
        description="INPUT,OUTPUT prices for a model litellm has no price for; 0,0 if it is free.",
    )

    llm_fallback_models: str = Field(
        default="",
        description="litellm names, separated by commas: asked in this order where llm_model "
        "gives no usable answer, with the keys of their providers' own variables.",
    )
    llm_prompt_dir: str = Field(
        default="",
        description="Folder with prompts of your own (insights_v2.md, select_v1.md); empty: the "
        "packaged ones.",
    )
    llm_max_prompt_chars: int = Field(
        default=60_000,
        ge=2_000,
        description="Transcript in one call; longer ones go in windows cut where topics change.",
    )
    llm_max_answer_tokens: int = Field(
        default=0,
        ge=0,
        description="Longest answer, and the worst case caps reckon with; 0: by the model.",
    )

    smtp_host: str = Field(default="", description="Mail server; empty: digests are not mailed.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none is refused together with a password."
    )
    smtp_username: str = Field(default="", description="Empty: no log-in.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    mail_from: str = Field(
        default="", description="Sender, for example Podcast Insights <digest@example.org>."
    )
    digest_lookback_days: int = Field(
        default=3,
        ge=1,
        description="A digest draws on insights of this many days, so that an episode found "
        "late still reaches its readers.",
    )
    delivery_max_age_days: int = Field(
        default=2, ge=1, description="Older digests are mailed only on request."
    )

    @field_validator("schedule_timezone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("not an IANA time zone such as Europe/Berlin") from error
        return value

    @field_validator("schedule_cron")
    @classmethod
    def _is_cron(cls, value: str) -> str:
        fields = value.split()
        if len(fields) != 5 or not all(map(is_cron_field, fields, CRON_RANGES)):
            raise ValueError("not five cron fields such as 0 5 * * *")
        return value

    @field_validator("audio_retention")
    @classmethod
    def _is_retention(cls, value: str) -> str:
        value = value.strip().lower()
        if not re.fullmatch(r"keep|drop|[1-9]\d{0,4}d", value, re.ASCII):
            raise ValueError("not keep, drop, or a number of days such as 30d")
        return value

    @field_validator("whisper_device_index")
    @classmethod
    def _is_index_list(cls, value: str) -> str:
        if not all(part.strip().isdecimal() and part.isascii() for part in value.split(",")):
            raise ValueError("not GPU numbers separated by commas, such as 0 or 0,1")
        numbers = [int(part) for part in value.split(",")]
        if len(numbers) != len(set(numbers)):
            raise ValueError("a GPU is named twice; whisper_workers sets how much it does at once")
        return value

    @field_validator("llm_price_usd_per_million_tokens")
    @classmethod
    def _is_price_pair(cls, value: str) -> str:
        if value:
            try:
                prices = [float(part) for part in value.split(",")]
            except ValueError:
                prices = []
            if len(prices) != 2 or not all(0 <= price < math.inf for price in prices):
                raise ValueError("not two prices such as 0.15,0.60")
        return value

    def under_home(self, path: Path) -> Path:
        """`path` as an absolute path; a relative one starts at `home`."""
        return path if path.is_absolute() else self.home.absolute() / path

    @cached_property
    def warehouse_path(self) -> Path:
        """The pipeline's own database; analysts use `analysts_path`."""
        return self.under_home(self.data_dir) / "warehouse.duckdb"

    @cached_property
    def analysts_path(self) -> Path:
        """The published copy for SQL users."""
        return self.under_home(self.data_dir) / "podcast_insights.duckdb"

    @cached_property
    def cache_dir(self) -> Path:
        """Root of the content-addressed cache."""
        return self.under_home(self.data_dir) / "cache"

    @property
    def whisper_gpus(self) -> tuple[int, ...]:
        """The numbers of the GPUs."""
        return tuple(int(part) for part in self.whisper_device_index.split(","))

    @property
    def keep_audio_days(self) -> int | None:
        """Days that audio is kept after its last use; 0: not at all; None: for good."""
        named: dict[str, int | None] = {"keep": None, "drop": 0}
        kept = self.audio_retention
        return named[kept] if kept in named else int(kept.removesuffix("d"))

    @cached_property
    def digests_dir(self) -> Path:
        """Where digests are written as HTML, text and Markdown."""
        return self.under_home(self.data_dir) / "digests"

    @property
    def llm_fallback_names(self) -> tuple[str, ...]:
        """The models to fall back on, each once and none of them the first one's double."""
        names = dict.fromkeys(name.strip() for name in self.llm_fallback_models.split(","))
        is_same_place = not self.llm_api_base
        return tuple(n for n in names if n and not (is_same_place and n == self.llm_model))

    @property
    def is_mail_configured(self) -> bool:
        """Whether digests can be mailed."""
        return bool(self.smtp_host)


def load_settings(**overrides: Any) -> Settings:  # noqa: ANN401 - any setting's value
    """Read the environment; refuse unknown names and values that make no sense.

    Raises:
        UserError: naming the variable, what is wrong with it, and what to do.
    """
    refuse_unknown(os.environ)
    overrides.setdefault("home", find_home())
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise UserError(
            f"{name} has a value that can't be used: {reason}.",
            f"Correct it in the environment or in .env ({describe(str(first['loc'][0]))})",
        ) from error
    refuse_contradictions(settings)
    return settings


def is_cron_field(field: str, limits: tuple[int, int]) -> bool:
    """Whether a cron field is *, numbers, ranges, lists and steps within its limits, or names."""
    for part in field.lower().split(","):
        match = re.fullmatch(r"(\*|(\d+)(?:-(\d+))?|[a-z]{3}(?:-[a-z]{3})?)(?:/[1-9]\d*)?", part)
        numbers = [int(n) for n in match.groups()[1:] if n] if match else [-1]
        if not all(limits[0] <= number <= limits[1] for number in numbers):
            return False
    return True


def find_home() -> Path:
    """The named home, or the nearest folder upwards with a dagster.yaml, or here."""
    named = os.environ.get(f"{PREFIX}HOME")
    if named:
        return Path(named)
    here = Path.cwd()
    return next((d for d in (here, *here.parents) if (d / "dagster.yaml").exists()), here)


def refuse_unknown(environment: Mapping[str, str]) -> None:
    """A misspelt variable would otherwise be ignored without a word."""
    known = {name.upper() for name in Settings.model_fields}
    for name in environment:
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) in RENAMED:
            new, values = RENAMED[name.removeprefix(PREFIX)]
            raise UserError(f"{name} is now called {PREFIX}{new}.", f"Set that instead: {values}.")
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in known:
            # Without the prefix, which would make any two names look alike.
            close = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
            hint = f"Did you mean {PREFIX}{close[0]}?" if close else "See .env.example for all."
            raise UserError(f"{name} is not a setting.", hint)


def refuse_contradictions(settings: Settings) -> None:
    """Combinations that would fail in the middle of the work."""
    if settings.insight_engine == "llm" and not settings.llm_model:
        raise UserError(
            f"{PREFIX}INSIGHT_ENGINE is llm, but no model is named.",
            f"Set {PREFIX}LLM_MODEL, for example to openai/gpt-5-mini, or use extractive.",
        )
    wants_mail = settings.mail_from or settings.smtp_username
    if wants_mail and not settings.smtp_host:
        raise UserError(
            "Mail settings are there, but the SMTP host is missing.",
            f"Set {PREFIX}SMTP_HOST, or remove the other mail settings.",
        )
    if settings.smtp_host and not settings.mail_from:
        raise UserError(
            f"{PREFIX}SMTP_HOST is set, but the mail has no sender.",
            f"Set {PREFIX}MAIL_FROM, for example to Podcast Insights <digest@example.org>.",
        )
    if settings.smtp_security == "none" and settings.smtp_password.get_secret_value():
        raise UserError(
            "The SMTP password would travel unencrypted.",
            f"Set {PREFIX}SMTP_SECURITY to starttls or tls, or remove the password.",
        )


def describe(name: str) -> str:
    """A setting's own description."""
    field = Settings.model_fields.get(name)
    return (field.description or "") if field else ""


def example_environment() -> str:
    """The text of `.env.example`: every variable with its meaning and default."""
    lines = [
        "# Every setting of podcast-insights. Copy to .env and uncomment what you change.",
        "# Written by `podcast-insights settings --example`; a test keeps it complete.",
    ]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        shown = "." if name == "home" else str(default).lower() if default is False else default
        shown = "true" if default is True else shown
        lines += ["", f"# {field.description}", f"# {PREFIX}{name.upper()}={shown}"]
    return "\n".join(lines) + "\n"
