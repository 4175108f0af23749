"""`podcast-insights doctor`: what is configured, what will be used, what is missing.

No model is loaded and nothing is sent: it answers in seconds.
"""

import importlib.metadata
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from podcast_insights.errors import UserError
from podcast_insights.settings import Settings, load_settings

MARKS = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "missing": "[red]missing[/]"}
MIN_FREE_GB = 5


@dataclass(frozen=True)
class Finding:
    """One line of the report; `missing` is what keeps a run from working."""

    subject: str
    level: str
    message: str


def examine(out: Console) -> bool:
    """Print the report; False if something is missing."""
    table = Table("", "what", "how it is")
    findings = list(findings_of())
    for finding in findings:
        table.add_row(MARKS[finding.level], finding.subject, escape(finding.message))
    out.print(table)
    missing = [finding for finding in findings if finding.level == "missing"]
    out.print(f"{len(missing)} things are missing." if missing else "Everything needed is there.")
    return not missing


def findings_of() -> Iterator[Finding]:
    """All findings; a mistake in the settings ends the list, as nothing else can be told."""
    yield versions()
    try:
        settings = load_settings()
    except UserError as error:
        yield Finding("settings", "missing", str(error))
        return
    yield Finding("settings", "ok", f"home {settings.home.absolute()}")
    for subject, look in LOOKS:
        try:
            yield look(settings)
        except UserError as error:
            yield Finding(subject, "missing", str(error))


def versions() -> Finding:
    """Python and the packages that matter."""
    names = ("dagster", "duckdb", "polars", "faster-whisper", "sentence-transformers", "litellm")
    found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return Finding("versions", "ok", f"Python {sys.version.split()[0]}, {found}")


def dagster_instance(settings: Settings) -> Finding:
    """dagster.yaml, and what plain `dagster dev` will use."""
    import os

    home = os.environ.get("DAGSTER_HOME")
    if home:
        return Finding("dagster", "note", f"DAGSTER_HOME={home} is used in place of dagster.yaml")
    if not (settings.home / "dagster.yaml").exists():
        raise UserError(
            f"There is no dagster.yaml in {settings.home.absolute()}.",
            "Run this in the project's folder, or set PODCAST_INSIGHTS_HOME.",
        )
    return Finding("dagster", "ok", "instance of dagster.yaml, state under data/dagster/")


def subscriptions(settings: Settings) -> Finding:
    """The feeds file."""
    from podcast_insights.feeds.subscriptions import load_subscriptions

    feeds = load_subscriptions(settings.under_home(settings.feeds_file))
    enabled = sum(feed.is_enabled for feed in feeds)
    if not enabled:
        raise UserError("No feed is subscribed to.", "`podcast-insights feeds add URL`")
    return Finding("feeds", "ok", f"{enabled} of {len(feeds)} subscriptions are scanned")


def readers(settings: Settings) -> Finding:
    """The readers file."""
    from podcast_insights.digests.readers import load_readers

    people = load_readers(settings.under_home(settings.readers_file))
    mailed = sum(reader.address is not None for reader in people)
    if not people:
        return Finding("readers", "note", "nobody gets a digest; see data/readers.yaml")
    return Finding("readers", "ok", f"{len(people)} readers, {mailed} with an address")


def graphics(settings: Settings) -> Finding:
    """The GPUs, and whether Whisper can compute on them."""
    from podcast_insights.transcripts.whisper import devices

    if settings.whisper_device == "cpu":
        return Finding("gpu", "ok", "not asked for: PODCAST_INSIGHTS_WHISPER_DEVICE is cpu")
    if devices.choose_device(settings.whisper_device) == "cpu":
        if devices.driver() is None:
            return Finding("gpu", "ok", "none found: Whisper runs on the processor")
        return Finding(
            "gpu",
            "note",
            f"a driver is there, but CTranslate2 can use no GPU: it needs {devices.DRIVER}; "
            "Whisper runs on the processor",
        )
    devices.check_device_index(settings.whisper_gpus)
    devices.check_cuda_libraries()
    cards = []
    for index in settings.whisper_gpus:
        free = devices.free_memory_bytes(index)
        memory = "free memory unknown" if free is None else f"{free / 1e9:.1f} GB free"
        cards.append(f"{index}: {devices.card_name(index) or 'unnamed'}, {memory}")
    unused = devices.count_gpus() - len(cards)
    more = f"; {unused} more, see PODCAST_INSIGHTS_WHISPER_DEVICE_INDEX" if unused else ""
    return Finding("gpu", "ok", "; ".join(cards) + more)


def transcription(settings: Settings) -> Finding:
    """Device, model and decoding that Whisper will use; the model hub is not asked."""
    from podcast_insights.transcripts.whisper import models
    from podcast_insights.transcripts.whisper.engine import Whisper

    whisper = Whisper(
        device=settings.whisper_device,
        compute_type=settings.whisper_compute_type,
        batch_size=settings.whisper_batch_size,
        device_index=settings.whisper_gpus,
        workers=settings.whisper_workers,
    )
    device, compute_type = whisper.resolved_device, whisper.resolved_compute_type
    model = models.find_model(
        settings.whisper_model, device, settings.whisper_revision or None, ask_hub=False
    )
    batch, workers = whisper.batch_size_with(model), whisper.resolved_workers
    words = ", words timed" if settings.whisper_word_times else ""
    return Finding(
        "whisper",
        "note" if model.name == models.PACKAGED_MODEL else "ok",
        f"{model.name} ({model.revision}) on {device}, {compute_type}, "
        f"{settings.whisper_decoding} decoding{words}, batches of {batch}, {workers} at once: "
        f"{model.note}",
    )


def embedding(settings: Settings) -> Finding:
    """Embedding model."""
    from podcast_insights.cache import Cache
    from podcast_insights.embeddings.embedder import HUB_NAME, Embedder

    embedder = Embedder(Cache(settings.cache_dir), settings.embedding_model)
    if embedder.location == HUB_NAME:
        return Finding("embeddings", "note", f"{HUB_NAME} will be fetched from the model hub")
    return Finding("embeddings", "ok", embedder.model_name)


def engine(settings: Settings) -> Finding:
    """Insight engine, its model and its caps; whether its prompts and prices can work."""
    if settings.insight_engine == "extractive":
        return Finding(
            "insights",
            "note",
            "extractive: passages in the speakers' own words, no key needed; "
            "PODCAST_INSIGHTS_INSIGHT_ENGINE=llm lets a model write them",
        )
    from podcast_insights.cache import Cache
    from podcast_insights.contracts import TABLES
    from podcast_insights.insights.llm.engine import WarehouseLedger, from_settings
    from podcast_insights.warehouse.database import Warehouse

    # As a run makes it; a prompt, price or model to fall back on that can't work is told here.
    ledger = WarehouseLedger(Warehouse(settings.warehouse_path, TABLES))
    made = from_settings(settings, Cache(settings.cache_dir), ledger, "doctor")
    has_key = bool(settings.llm_api_key.get_secret_value())
    key = (
        "with a key of our own"
        if has_key
        else "without a key"
        if settings.llm_api_base
        else "with the provider's own key variable, if any"
    )
    spares = ", ".join(model.name for model in made.models[1:])
    return Finding(
        "insights",
        "ok",
        f"llm: {made.model} {key}, at most {settings.llm_max_cost_usd_per_run} USD a run "
        f"and {settings.llm_max_cost_usd_per_day} USD a day"
        f"{f', else {spares}' if spares else ''}; prompts {made.prompt_version}",
    )


def mail(settings: Settings) -> Finding:
    """Mail server."""
    if not settings.is_mail_configured:
        return Finding("mail", "note", "not configured: digests are written to data/digests/ only")
    return Finding(
        "mail", "ok", f"{settings.smtp_host}:{settings.smtp_port} ({settings.smtp_security})"
    )


def storage(settings: Settings) -> Finding:
    """Warehouse and free space."""
    folder = settings.under_home(settings.data_dir)
    free_gb = shutil.disk_usage(folder if folder.exists() else settings.home).free / 1e9
    size_mb = (
        settings.warehouse_path.stat().st_size / 1e6 if settings.warehouse_path.exists() else 0
    )
    level = "ok" if free_gb >= MIN_FREE_GB else "note"
    return Finding(
        "storage", level, f"warehouse {size_mb:.1f} MB, {free_gb:.0f} GB free under {folder}"
    )


LOOKS: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
    ("dagster", dagster_instance),
    ("feeds", subscriptions),
    ("readers", readers),
    ("gpu", graphics),
    ("whisper", transcription),
    ("embeddings", embedding),
    ("insights", engine),
    ("mail", mail),
    ("storage", storage),
)
