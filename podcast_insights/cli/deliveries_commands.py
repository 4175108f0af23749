"""The commands `podcast-insights deliveries ...`.

What does not belong here: work. Each calls one function of `digests/delivery.py`.
"""

from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.markup import escape

from podcast_insights.settings import load_settings

deliveries_app = typer.Typer(
    help="Mails whose outcome is unknown: a person decides.", no_args_is_help=True
)

out = Console()


@deliveries_app.command("list")
def deliveries_list() -> None:
    """List mails whose outcome is unknown."""
    from podcast_insights.cli.digest import open_warehouse
    from podcast_insights.digests.delivery import unconfirmed

    waiting = unconfirmed(open_warehouse(load_settings()), datetime.now(UTC))
    for row in waiting:
        out.print(f"{row.digest_id}  {row.digest_on}  {row.reader_id}  {escape(row.error or '')}")
    if not waiting:
        out.print("No mail is waiting for a decision.")


@deliveries_app.command("release")
def deliveries_release(digest_id: str) -> None:
    """It did not arrive: let the next delivery send it again."""
    from podcast_insights.cli.digest import open_warehouse
    from podcast_insights.digests.delivery import release

    release(open_warehouse(load_settings()), digest_id)
    out.print("Released; the next delivery sends it.")


@deliveries_app.command("confirm")
def deliveries_confirm(digest_id: str) -> None:
    """It did arrive: never send it again."""
    from podcast_insights.cli.digest import open_warehouse
    from podcast_insights.digests.delivery import confirm

    confirm(open_warehouse(load_settings()), digest_id, datetime.now(UTC))
    out.print("Confirmed.")
