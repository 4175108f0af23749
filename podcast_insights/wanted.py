"""Days in which something is wanted of what enabled subscriptions announce, by a query.

What does not belong here: the queries (`episodes/lacking.py`, `transcripts/unheard.py`), and when
such days are run again (`late_items.py`).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from podcast_insights.feeds.subscriptions import Subscription
from podcast_insights.identity import short_hash
from podcast_insights.warehouse.database import Warehouse


def wanted_days(
    warehouse: Warehouse,
    query: str,
    name: str,
    feeds: Sequence[Subscription],
    start: date,
    end: date,
    **parameters: object,
) -> list[dict[str, Any]]:
    """What a query finds from `start` to before `end`, in its order.

    Only what enabled subscriptions announce counts, from their `since` on.

    Args:
        warehouse: is asked.
        query: of `$ids` and `$since` (of feeds, side by side), `$start`, `$end` and `parameters`;
            its column `state` says what is wanted.
        name: of the query, so that no two give one key.
        feeds: all subscriptions.
        start: the first day.
        end: the day after the last.
        parameters: more of them.

    Returns:
        Its rows, with `key` in place of `state`: it names exactly this state.
    """
    enabled = [feed for feed in feeds if feed.is_enabled]
    if not enabled:
        return []
    parameters |= {
        "ids": [feed.feed_id for feed in enabled],
        "since": [feed.since for feed in enabled],
        "start": start,
        "end": end,
    }
    return [
        row | {"key": short_hash(name, state)}
        for row in warehouse.read(query, parameters).to_dicts()
        for state in [row.pop("state")]
    ]
