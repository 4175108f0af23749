"""`podcast-insights feeds list`."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from podcast_insights.cli.digest import open_warehouse
from podcast_insights.feeds.subscriptions import load_subscriptions
from podcast_insights.net.client import redact
from podcast_insights.settings import Settings

LAST_FETCH = """
SELECT DISTINCT ON (feed_id) feed_id, fetched_at, show_title, item_count, error
FROM feed_fetches ORDER BY feed_id, fetched_at DESC
"""


def show_feeds(settings: Settings, out: Console) -> None:
    """One line per subscription."""
    fetched = {}
    if settings.warehouse_path.exists():
        rows = open_warehouse(settings).read(LAST_FETCH)
        fetched = {row["feed_id"]: row for row in rows.to_dicts()}
    table = Table("feed_id", "show", "address", "last fetch", "items", "state")
    for feed in load_subscriptions(settings.under_home(settings.feeds_file)):
        last = fetched.get(feed.feed_id)
        state = "off" if not feed.is_enabled else "never fetched" if last is None else "ok"
        if last and last["error"]:
            state = last["error"]
        table.add_row(
            feed.feed_id,
            escape((last and last["show_title"]) or ""),
            escape(redact(feed.url)),
            f"{last['fetched_at']:%Y-%m-%d %H:%M}" if last else "",
            str(last["item_count"] or "") if last else "",
            escape(state),
        )
    out.print(table)
