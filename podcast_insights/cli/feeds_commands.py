"""The commands `podcast-insights feeds ...`.

What does not belong here: work. Each calls one function of the modules beside it.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from podcast_insights.settings import load_settings

feeds_app = typer.Typer(help="Subscriptions (data/feeds.yaml).", no_args_is_help=True)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

NAMED = "feed_id or its start, address, or title."
NamedArgument = Annotated[str, typer.Argument(metavar="URL_OR_ID", help=NAMED)]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
PrivateHostOption = Annotated[
    list[str] | None,
    typer.Option("--private-host", help="host or host:port that may be in your own network."),
]


@feeds_app.command("list")
def feeds_list(as_json: JsonOption = False) -> None:
    """List the subscriptions, with how their last fetch went."""
    from podcast_insights.cli.feeds import show_feeds

    show_feeds(load_settings(), out, as_json=as_json)


@feeds_app.command("add")
def feeds_add(
    url: Annotated[str, typer.Argument(help="Address of the feed, or of the show's web page.")],
    language: Annotated[str | None, typer.Option(help="Language hint, such as en.")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="For your overview; repeatable.")] = None,
    since: Annotated[str | None, typer.Option(help="Ignore older episodes: YYYY-MM-DD.")] = None,
    auth_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds user:password.")
    ] = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="Keeps the feed's identity over any move.")
    ] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Keep it, don't scan it.")] = False,
    private_host: PrivateHostOption = None,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Subscribe without asking the host.")
    ] = False,
) -> None:
    """Subscribe to a feed, or to the one a web page names; the next run scans it."""
    from podcast_insights.cli.feeds_edit import subscribe

    wanted = {
        "language": language,
        "topics": tuple(topic or ()),
        "since": since,
        "auth_env": auth_env,
        "id": id_,
        "is_enabled": not disabled,
        "private_hosts": tuple(private_host or ()),
    }
    subscribe(load_settings(), url, wanted, out, is_checked=not no_check)


@feeds_app.command("remove")
def feeds_remove(feed: NamedArgument) -> None:
    """Unsubscribe from a feed; what is known of it is kept."""
    from podcast_insights.cli.feeds_edit import unsubscribe

    unsubscribe(load_settings(), feed, out)


@feeds_app.command("enable")
def feeds_enable(feed: NamedArgument) -> None:
    """Scan a feed again."""
    from podcast_insights.cli.feeds_edit import switch

    switch(load_settings(), feed, True, out)


@feeds_app.command("disable")
def feeds_disable(feed: NamedArgument) -> None:
    """Keep a subscription, but don't scan it."""
    from podcast_insights.cli.feeds_edit import switch

    switch(load_settings(), feed, False, out)


@feeds_app.command("check")
def feeds_check(
    feeds: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL_OR_ID]...", help=f"{NAMED} Default: all that are scanned."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="The disabled ones too.")] = False,
    private_host: PrivateHostOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch feeds and tell what is wrong with them; exit status 1 if there is a problem."""
    from podcast_insights.cli.feeds_check import check_feeds

    hosts = tuple(private_host or ())
    is_good = check_feeds(
        load_settings(), feeds or [], out, with_disabled=all_, private_hosts=hosts, as_json=as_json
    )
    raise typer.Exit(0 if is_good else 1)


@feeds_app.command("import")
def feeds_import(
    file: Annotated[Path, typer.Argument(help="OPML file, as every podcast app exports it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be.")] = False,
    private_host: PrivateHostOption = None,
    own: Annotated[
        bool,
        typer.Option(
            "--own",
            help="The file is your own export: ${NAME}, log-ins and private hosts count too.",
        ),
    ] = False,
) -> None:
    """Subscribe to the feeds in an OPML file."""
    from podcast_insights.cli.feeds_opml import import_file

    hosts = tuple(private_host or ())
    is_good = import_file(
        load_settings(), file, out, is_dry_run=dry_run, private_hosts=hosts, is_own=own
    )
    raise typer.Exit(0 if is_good else 1)


@feeds_app.command("export")
def feeds_export(
    file: Annotated[Path | None, typer.Argument(help="Default: standard output.")] = None,
) -> None:
    """Write the subscriptions as OPML, without secrets."""
    from podcast_insights.cli.feeds_opml import export_file

    export_file(load_settings(), file, err)
