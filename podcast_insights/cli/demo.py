"""`podcast-insights demo`: the daily job over the sample world, and what came out of it."""

import time
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from podcast_insights.cli.launch import STOPPED, RunResult, instance_of, run_days
from podcast_insights.cli.progress import STAGES, StageClock, progress
from podcast_insights.digests.model import Digest, clock
from podcast_insights.errors import UserError
from podcast_insights.feeds.subscriptions import load_subscriptions
from podcast_insights.samples.server import PORT, serving
from podcast_insights.settings import Settings

FIRST_DAY = date(2025, 9, 8)
LAST_DAY = date(2025, 9, 10)
SAMPLE_READER = "sample-reader"


def run_demo(settings: Settings, out: Console) -> bool:
    """Serve the sample world, run its three days as one run, show the last day's digest.

    Raises:
        UserError: the sample shows are not subscribed to, or their port is taken.
    """
    require_samples(settings)
    folder = settings.under_home(settings.data_dir) / "samples"
    out.print(
        f"Running [bold]daily_insights[/] for {FIRST_DAY} to {LAST_DAY}: real feeds over HTTP, "
        "real speech, real Whisper, on this machine only."
    )
    started, times = time.monotonic(), StageClock()
    with (
        instance_of(settings) as instance,
        serving(folder) as server,
        progress(out, clock=times) as on_entry,
    ):
        result = run_days(instance, FIRST_DAY, LAST_DAY, send="never", on_entry=on_entry)
    out.print()
    if not result.is_success:
        show_failure(result, out)
        return False
    show_digest(settings, out)
    show_episodes(settings, out)
    show_times(times, time.monotonic() - started, len(server.requests), out)
    show_next(settings, out)
    return True


def require_samples(settings: Settings) -> None:
    """The demo runs on the subscriptions as they are, so the sample shows must be there.

    Raises:
        UserError: none of the subscriptions is a sample show.
    """
    path = settings.under_home(settings.feeds_file)
    if not any(f"127.0.0.1:{PORT}/" in feed.url for feed in load_subscriptions(path)):
        raise UserError(
            f"The sample shows are not among the subscriptions in {path}.",
            "Add http://127.0.0.1:8765/feeds/compute-ledger.xml and its neighbours again "
            "(`git show HEAD:data/feeds.yaml` has them), or run your own feeds with "
            "`podcast-insights run`.",
        )


def show_digest(settings: Settings, out: Console) -> None:
    """The digest of the last day, as the sample reader gets it."""
    from podcast_insights.cli.digest import digests_on

    found = [d for _, d in digests_on(settings, LAST_DAY, "")]
    digest = next((d for d in found if d.reader_id == SAMPLE_READER), found[0] if found else None)
    if digest is None:
        out.print("There are no readers, so no digest was made. Add one to data/readers.yaml.")
        return
    print_digest(digest, out)


def print_digest(digest: Digest, out: Console) -> None:
    """A digest for the terminal: each insight with its show, proof and second."""
    from podcast_insights.digests.render import shown

    shows = len({entry.show_title for entry in digest.entries})
    out.rule(f"[bold]{digest.digest_on}: {len(digest.entries)} insights from {shows} shows")
    for entry in digest.entries:
        out.print(f"\n[bold cyan]{entry.rank}.[/] [bold]{escape(entry.headline)}[/]")
        item = shown(entry)
        marked = f"[underline]{escape(item.marked)}[/]" if item.marked else ""
        body = f"{escape(item.before)}{marked}{escape(item.after)}"
        quote = f"[italic]{escape(f'“{item.quote}”')}[/]" if item.quote else ""
        for text in filter(None, (body, quote)):
            out.print(Padding(text, (0, 0, 0, 3)))
        who = f"{entry.speaker}, " if entry.speaker else ""
        place = f"{who}{entry.show_title}: {entry.episode_title}, at {clock(entry.quote_start_s)}"
        out.print(Padding(f"[dim]{escape(place)}[/]", (0, 0, 0, 3)))
        for other in entry.related:
            line = f"related: {other.headline} ({other.show_title})"
            out.print(Padding(f"[dim]→ {escape(line)}[/]", (0, 0, 0, 3)))
    out.print()


def show_episodes(settings: Settings, out: Console) -> None:
    """What became of every announced item, so that nothing is lost without a word."""
    from podcast_insights.cli.digest import open_warehouse

    rows = open_warehouse(settings).read(
        "SELECT coalesce(t.status, e.status) AS status, count(*) AS episodes, "
        "min(coalesce(t.error, e.error)) AS error FROM episodes e "
        "LEFT JOIN transcripts t USING (episode_id) "
        "WHERE e.published_on BETWEEN ? AND ? GROUP BY ALL ORDER BY episodes DESC, status",
        [FIRST_DAY, LAST_DAY],
    )
    out.print("[bold]Announced items[/]")
    for row in rows.to_dicts():
        reason = f": {row['error']}" if row["error"] else ""
        out.print(f"  {row['episodes']} {row['status']}[dim]{escape(reason)}[/]")


def show_times(times: StageClock, total_s: float, requests: int, out: Console) -> None:
    """Wall time by stage, and how much the network was used."""
    parts = [f"{name} {times.seconds[name]:.1f} s" for name in STAGES if name in times.seconds]
    out.print(f"\n[bold]Wall time[/] {total_s:.1f} s: {', '.join(parts)}; {requests} requests")


def show_next(settings: Settings, out: Console) -> None:
    """What to open now."""
    from podcast_insights.cli.main import path_in

    home = settings.home.absolute()

    def name(path: Path) -> str:
        return escape(path_in(home, path))

    page = settings.digests_dir / "index.html"
    out.print("\n[bold]Open next[/]")
    out.print(f"  the digests as pages:    {name(page)}")
    out.print("  the journey in Dagster:  python3 dev.py ui   (then http://localhost:3000)")
    out.print(f"  SQL on the results:      {name(settings.analysts_path)}   (view: insights)")
    out.print("  your own feeds:          python3 dev.py cli feeds add URL")


def show_failure(result: RunResult, out: Console) -> None:
    """Why the run failed, and where the whole story is; or that it was stopped."""
    if result.is_stopped:
        out.print(f"The run {result.run_id} was stopped. {STOPPED}")
        return
    out.print(f"[bold red]The run {result.run_id} failed.[/]")
    for failure in result.failures:
        out.print(f"  {escape(failure)}")
    out.print("`python3 dev.py ui` shows it with its logs.")
