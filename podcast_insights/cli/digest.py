"""Reading digests from the warehouse for the command line, and mailing them on request."""

from datetime import UTC, date, datetime

from rich.console import Console
from rich.markup import escape

from podcast_insights.digests.model import Digest
from podcast_insights.digests.readers import Reader, load_readers
from podcast_insights.digests.rows import digests_of
from podcast_insights.errors import UserError
from podcast_insights.settings import Settings
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow


def open_warehouse(settings: Settings) -> Warehouse:
    """The pipeline's database through its one door.

    Raises:
        UserError: nothing has been run yet.
    """
    from podcast_insights.contracts import TABLES

    if not settings.warehouse_path.exists():
        raise UserError(
            f"There is no warehouse at {settings.warehouse_path} yet.",
            "Run `podcast-insights demo` or `podcast-insights run` first.",
        )
    return Warehouse(settings.warehouse_path, TABLES)


def digests_on(settings: Settings, day: date, reader_id: str) -> list[tuple[Reader, Digest]]:
    """The stored digests of a day.

    Raises:
        UserError: nothing has been run yet, or there is no such reader.
    """
    readers = load_readers(settings.under_home(settings.readers_file))
    if reader_id:
        readers = tuple(reader for reader in readers if reader.id == reader_id)
        if not readers:
            raise UserError(f"There is no reader {reader_id!r}.", "See data/readers.yaml.")
    warehouse, window = open_warehouse(settings), DateWindow.of_day(day)
    places = warehouse.read_window("daily_digests", window)
    return digests_of(readers, [day], places, warehouse.read_window("digest_selections", window))


def show_digests(settings: Settings, day: date, reader_id: str, out: Console) -> None:
    """Print the digests of a day."""
    from podcast_insights.cli.demo import print_digest
    from podcast_insights.digests.lead import lead

    for reader, digest in digests_on(settings, day, reader_id):
        if digest.entries:
            out.print(f"For {escape(reader.name)}:")
            print_digest(digest, out)
        elif digest.considered:
            out.print(f"For {escape(reader.name)} on {day}: {escape(lead(digest))}")
        else:
            out.print(
                f"No digest for {escape(reader.name)} on {day}. "
                f"`podcast-insights run --date {day}` makes it, if there is anything to tell."
            )


def send_digests(settings: Settings, day: date, reader_id: str, out: Console) -> bool:
    """Mail the digests of a day, each once; say what became of each."""
    from podcast_insights.digests.delivery import deliver
    from podcast_insights.digests.mail import mailer_from

    mailer = mailer_from(settings)
    if mailer is None:
        raise UserError("The SMTP host is missing.", "Set PODCAST_INSIGHTS_SMTP_HOST.")
    results = deliver(
        open_warehouse(settings),
        mailer,
        [(digest, reader) for reader, digest in digests_on(settings, day, reader_id)],
        lambda: datetime.now(UTC),
        is_requested=True,
    )
    for result in results:
        out.print(f"{result.reader_id}: {result.outcome} {escape(result.reason)}")
    return all(result.outcome in ("sent", "skipped") for result in results)
