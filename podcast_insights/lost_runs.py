"""Runs whose process is gone: a killed process can't report its own end.

Such a run would look busy for ever: it would hold the `gpu` pool, and the sensor would wait
for its days. The daemon does not see it, so everything that begins looks for it: the command line,
the sensors, and the first step of a run.
"""

import logging
import os
import socket
from pathlib import Path

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

PROCESS_TAG = "podcast_insights/process"
"""Which process of the command line executes a run; runs of the daemon have none."""

UNFINISHED = (DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.CANCELING)


def end_lost_runs(instance: DagsterInstance) -> list[str]:
    """Mark runs whose command-line process is gone as failed, and free their pool slots."""
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=list(UNFINISHED))):
        name = process_of(run)
        if name and not is_alive(name):
            instance.report_run_failed(run, "The process that ran this was killed or crashed.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            ended.append(run.run_id)
    free_orphaned_slots(instance)
    return ended


def try_to_end_lost_runs(instance: DagsterInstance, log: logging.Logger) -> None:
    """The same for those whose own work must not fail for it."""
    try:
        end_lost_runs(instance)
    except Exception as error:  # whatever it is, the next one that begins tries again
        log.warning(f"Could not look for runs that were killed: {error}")


def process_of(run: DagsterRun) -> str | None:
    """The process of the command line that executes a run; None for one of the daemon.

    The UI copies all tags to a run that it executes again, and that is one of the daemon.
    """
    return None if run.parent_run_id else run.tags.get(PROCESS_TAG)


def free_orphaned_slots(instance: DagsterInstance) -> None:
    """Free pool slots of runs that have ended or are unknown; without a daemon nobody else does."""
    events = instance.event_log_storage
    for pool in events.get_concurrency_keys():
        held = events.get_concurrency_info(pool)
        for run_id in held.active_run_ids | held.pending_run_ids:
            run = instance.get_run_by_id(run_id)
            if run is None or run.is_finished:
                events.free_concurrency_slots_for_run(run_id)


def process_name() -> str:
    """This process, told apart from a later one with the same number."""
    return f"{socket.gethostname()}/{os.getpid()}/{start_time(os.getpid())}"


def is_alive(name: str) -> bool:
    """Whether the named process still runs; one on another host counts as running."""
    host, pid, started = name.rsplit("/", 2)
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return start_time(int(pid)) == started


def start_time(pid: int) -> str:
    """When the process began, in the kernel's ticks; empty where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
