"""A progress bar over the steps of a run, with the wall time of each stage."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from dagster import EventLogEntry

STAGES = (
    "feeds",
    "episodes",
    "transcripts",
    "embeddings",
    "insights",
    "related_insights",
    "daily_digests",
    "digest_files",
    "deliveries",
    "analyst_database",
)


@dataclass
class StageClock:
    """Wall seconds by stage, as told by the run's events."""

    seconds: dict[str, float] = field(default_factory=dict)
    _started: dict[str, float] = field(default_factory=dict)

    def started(self, step: str) -> None:
        """A step began."""
        self._started[step] = time.monotonic()

    def ended(self, step: str) -> None:
        """A step ended, well or not."""
        began = self._started.pop(step, None)
        if began is not None and step in STAGES:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.monotonic() - began


@contextmanager
def progress(
    console: Console, runs: int = 1, clock: StageClock | None = None
) -> Iterator[Callable[["EventLogEntry"], None]]:
    """Show a bar while the block runs; give a function to be told of log entries."""
    times = clock or StageClock()
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=runs * len(STAGES), detail="")

        def tell(entry: "EventLogEntry") -> None:
            event, step = entry.dagster_event, entry.step_key
            if event is None:
                if step and entry.user_message:
                    bar.update(task, detail=entry.user_message[:60])
            elif event.is_step_start and step:
                times.started(step)
                if step in STAGES:
                    bar.update(task, description=step, detail="")
            elif (event.is_step_success or event.is_step_failure) and step:
                times.ended(step)
                bar.update(task, advance=1 if step in STAGES else 0)

        yield tell
