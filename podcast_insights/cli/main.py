"""The command `podcast-insights`.

What does not belong here: work. Commands check their input, launch Dagster jobs or call one
domain function, and print.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from podcast_insights.cli.deliveries_commands import deliveries_app
from podcast_insights.cli.feeds_commands import feeds_app
from podcast_insights.errors import UserError
from podcast_insights.settings import Settings, load_settings

if TYPE_CHECKING:
    from podcast_insights.cli.launch import RunResult

app = typer.Typer(
    help="Scans new podcast episodes every day and sends each reader the top 5 insights.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(feeds_app, name="feeds")
app.add_typer(deliveries_app, name="deliveries")

out = Console()
err = Console(stderr=True)

DateOption = Annotated[str, typer.Option(help="UTC day, YYYY-MM-DD; also today or yesterday.")]
SendOption = Annotated[
    bool, typer.Option("--send", help="Mail the digests too, old ones as well; never twice.")
]


def main() -> None:
    """Entry point: mistakes a person can put right end in one message, not a traceback."""
    try:
        load_environment()
        app()
    except UserError as error:
        err.print(f"[bold red]Error:[/] {escape(error.problem)}")
        err.print(f"[bold]What to do:[/] {escape(error.remedy)}")
        raise SystemExit(2) from error


def load_environment() -> None:
    """Read `.env` of the project's folder, as Dagster does; the real environment wins."""
    from dotenv import load_dotenv

    from podcast_insights.settings import find_home

    load_dotenv(find_home() / ".env", override=False)


def checked_settings() -> Settings:
    """Settings, feeds and readers, all read before any work begins.

    Raises:
        UserError: anything in them makes no sense.
    """
    from podcast_insights.digests.readers import load_readers
    from podcast_insights.feeds.subscriptions import load_subscriptions

    settings = load_settings()
    load_subscriptions(settings.under_home(settings.feeds_file))
    load_readers(settings.under_home(settings.readers_file))
    return settings


def to_day(text: str, settings: Settings) -> date:
    """A date as typed.

    Raises:
        UserError: not a date, in the future, or before the first partition.
    """
    today = datetime.now(UTC).date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        day = named.get(text.lower()) or date.fromisoformat(text)
    except ValueError as error:
        raise UserError(
            f"{text!r} is not a date.", f"Write it as YYYY-MM-DD, for example {today}."
        ) from error
    if day > today:
        raise UserError(f"{day} is in the future.", f"The newest day that can be run is {today}.")
    if day < settings.start_date:
        raise UserError(
            f"{day} is before the first day, {settings.start_date}.",
            "Set PODCAST_INSIGHTS_START_DATE to an earlier date.",
        )
    return day


@app.command()
def demo() -> None:
    """Run the daily job over the sample world and show its five insights."""
    from podcast_insights.cli.demo import run_demo

    raise typer.Exit(0 if run_demo(checked_settings(), out) else 1)


@app.command()
def samples() -> None:
    """Serve the sample world on this machine until Ctrl-C, for runs from the Dagster UI."""
    from podcast_insights.samples.server import serving

    settings = load_settings()
    with serving(settings.under_home(settings.data_dir) / "samples") as server:
        out.print(f"Serving the sample world at {server.base_url}; Ctrl-C ends it.")
        try:
            import threading

            threading.Event().wait()
        except KeyboardInterrupt:
            out.print("Ended.")


@app.command()
def run(date: DateOption = "yesterday", send: SendOption = False) -> None:
    """Materialize one day: feeds to digests, mail and the analysts' database."""
    from podcast_insights.cli.launch import instance_of, run_days
    from podcast_insights.cli.progress import progress

    settings = checked_settings()
    day = to_day(date, settings)
    require_mail(settings, send)
    with instance_of(settings) as instance, progress(out) as on_entry:
        result = run_days(instance, day, day, send="always" if send else "auto", on_entry=on_entry)
    show_outcome(day, day, result)
    raise typer.Exit(0 if result.is_success else 1)


@app.command()
def backfill(
    from_: Annotated[str, typer.Option("--from", help="First UTC day, YYYY-MM-DD.")],
    to: Annotated[str, typer.Option(help="Last UTC day, YYYY-MM-DD.")] = "yesterday",
    send: SendOption = False,
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Only days that lack items, audio, or insights."),
    ] = False,
    outdated: Annotated[
        bool,
        typer.Option(
            "--outdated",
            help="Only days whose insights another engine, model or prompt has made; they are "
            "written anew, and nothing before them is run.",
        ),
    ] = False,
) -> None:
    """Materialize a range of days in blocks, oldest first; what is done is not done again."""
    from podcast_insights.cli import launch
    from podcast_insights.cli.progress import progress

    settings = checked_settings()
    first, last = to_day(from_, settings), to_day(to, settings)
    if first > last:
        raise UserError(f"{first} is after {last}.", "Swap --from and --to.")
    require_mail(settings, send)
    if missing and outdated:
        raise UserError("--missing and --outdated ask for different runs.", "Choose one of them.")
    which = launch.unfinished if missing else launch.outdated if outdated else None
    days = which(settings, first, last) if which else launch.days_of(first, last)
    blocks = launch.blocks_of(days, settings.max_partitions_per_run)
    if not blocks:
        state = "outdated" if outdated else "missing"
        out.print(f"Nothing from {first} to {last} is {state}.")
        raise typer.Exit(0)
    with launch.instance_of(settings) as instance, progress(out, len(blocks)) as on_entry:
        is_good = launch.backfill(
            instance,
            blocks,
            send="always" if send else "auto",
            only_from=launch.INSIGHTS if outdated else (),
            on_block=show_outcome,
            on_entry=on_entry,
        )
    raise typer.Exit(0 if is_good else 1)


@app.command()
def digest(
    date: DateOption = "yesterday",
    reader: Annotated[str, typer.Option(help="Only this reader's.")] = "",
    send: SendOption = False,
) -> None:
    """Print the digests of a day; with --send also mail them, each once."""
    from podcast_insights.cli.digest import send_digests, show_digests

    settings = checked_settings()
    day = to_day(date, settings)
    require_mail(settings, send)
    show_digests(settings, day, reader, out)
    if send:
        raise typer.Exit(0 if send_digests(settings, day, reader, out) else 1)


@app.command()
def evaluate(
    transcripts: Annotated[
        Path, typer.Option(help="Folder of <show>/<episode>.transcript.json (Podcasting 2.0).")
    ] = Path("transcripts"),
    gold: Annotated[
        Path | None, typer.Option(help="Human points, JSON lines; default: in the folder.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="extractive, llm, random, lexrank or first.")
    ] = "extractive",
    top: Annotated[int, typer.Option(min=1, help="Insights an episode.")] = 10,
    episodes: Annotated[int, typer.Option(min=0, help="Per show, 0 for all.")] = 0,
    predictions: Annotated[
        Path | None, typer.Option(help="Write the insights here, as JSON lines.")
    ] = None,
    judge: Annotated[
        Path | None, typer.Option(help="Run no engine, judge these predictions.")
    ] = None,
) -> None:
    """Judge an engine by transcripts with human points: quality, proof, cost and seconds."""
    from podcast_insights.cli.evaluate import Request
    from podcast_insights.cli.evaluate import evaluate as run_evaluation

    request = Request(transcripts, gold, engine, top, episodes, predictions, judge)
    raise typer.Exit(0 if run_evaluation(request, load_settings(), out) else 1)


@app.command()
def doctor() -> None:
    """Tell what is configured, what will be used, what is missing and how to fix it."""
    from podcast_insights.cli.doctor import examine

    raise typer.Exit(0 if examine(out) else 1)


@app.command()
def cache(
    prune: Annotated[str, typer.Option(help="Remove all files of this kind, e.g. audio.")] = "",
    unused_days: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="With --prune audio: only what was not used for so many days and is transcribed.",
        ),
    ] = None,
) -> None:
    """Show what the cache holds; or remove one kind of it."""
    from rich.table import Table

    from podcast_insights.cache import KINDS, Cache
    from podcast_insights.transcripts.audio_policy import prune_audio
    from podcast_insights.transcripts.downloads import PARTIAL, parts_usage, prune_parts

    store = Cache(load_settings().cache_dir)
    if unused_days is not None:
        if prune != "audio":
            raise UserError("--unused-days is about audio.", "Add --prune audio, or leave it out.")
        prune_parts(store)
        removed = prune_audio(store, unused_days)
        out.print(f"Removed {removed.files} files, {removed.bytes / 1e6:.1f} MB.")
        return
    if prune:
        kinds = (*KINDS, PARTIAL)
        if prune not in kinds:
            raise UserError(f"{prune!r} is not kept in the cache.", f"One of: {', '.join(kinds)}.")
        if prune == PARTIAL:
            removed = prune_parts(store, older_than_s=0)
        else:
            removed = store.prune(prune)
        if prune == "audio":
            prune_parts(store, older_than_s=0)
        out.print(f"Removed {removed.files} files, {removed.bytes / 1e6:.1f} MB.")
        return
    table = Table("kind", "files", "MB")
    for row in (*store.usage(), parts_usage(store)):
        table.add_row(row.kind, str(row.files), f"{row.bytes / 1e6:.1f}")
    out.print(table)


@app.command()
def settings(
    example: Annotated[bool, typer.Option("--example", help="Print .env.example.")] = False,
) -> None:
    """Show all settings; secrets are not shown."""
    from rich.table import Table

    from podcast_insights.settings import PREFIX, example_environment

    if example:
        typer.echo(example_environment(), nl=False)
        return
    table = Table("variable", "value", "meaning")
    for name, value in load_settings():
        meaning = Settings.model_fields[name].description or ""
        table.add_row(f"{PREFIX}{name.upper()}", escape(str(value)), escape(meaning))
    out.print(table)


@app.command()
def tables(
    write: Annotated[bool, typer.Option("--write", help="Rewrite the generated files.")] = False,
) -> None:
    """Describe the warehouse's tables; --write renews columns.json and docs/tables.md."""
    from podcast_insights import columns
    from podcast_insights.cli.tables import documented, written

    if write:
        columns.FILE.write_text(written(), encoding="utf-8")
        docs = load_settings().home / "docs" / "tables.md"
        docs.write_text(documented(), encoding="utf-8")
        out.print(f"Wrote {columns.FILE} and {docs}.")
        return
    from rich.markdown import Markdown

    out.print(Markdown(documented()))


def require_mail(config: Settings, send: bool) -> None:
    """Mail was asked for, so it must be configured.

    Raises:
        UserError: there is no SMTP host.
    """
    if send and not config.is_mail_configured:
        raise UserError(
            "--send needs a mail server, but the SMTP host is missing.",
            "Set PODCAST_INSIGHTS_SMTP_HOST and PODCAST_INSIGHTS_MAIL_FROM in .env.",
        )


def show_outcome(first: date, last: date, result: "RunResult") -> None:
    """One line for a run that has ended, and one for each failure."""
    from podcast_insights.cli.launch import STOPPED

    days = f"{first}" if first == last else f"{first} to {last}"
    state = "[yellow]stopped[/]" if result.is_stopped else "[red]failed[/]"
    out.print(f"{days}: {'[green]done[/]' if result.is_success else state}")
    for failure in result.failures:
        out.print(f"  {escape(failure)}")
    if result.is_stopped:
        out.print(f"  {STOPPED}")


def path_in(home: Path, path: Path) -> str:
    """A path as short as it can be shown."""
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)
