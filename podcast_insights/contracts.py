"""All tables of the warehouse, collected from the stages' `records.py`.

Imported at first use only (it needs dataframely); see `columns.py` for what the code
location knows without it.
"""

from podcast_insights.digests.records import DAILY_DIGESTS, DELIVERIES, DIGEST_SELECTIONS
from podcast_insights.embeddings.records import EMBEDDINGS
from podcast_insights.episodes.records import EPISODES
from podcast_insights.feeds.records import ANNOUNCED_ITEMS, FEED_FETCHES, FEEDS, ITEM_CHANGES
from podcast_insights.insights.records import (
    INSIGHTS,
    LLM_CALLS,
    REJECTED_INSIGHTS,
    RELATED_INSIGHTS,
)
from podcast_insights.transcripts.records import TRANSCRIPTS
from podcast_insights.warehouse.contracts import Table

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        FEEDS,
        EPISODES,
        TRANSCRIPTS,
        EMBEDDINGS,
        INSIGHTS,
        REJECTED_INSIGHTS,
        RELATED_INSIGHTS,
        DAILY_DIGESTS,
        DIGEST_SELECTIONS,
        DELIVERIES,
        FEED_FETCHES,
        ANNOUNCED_ITEMS,
        ITEM_CHANGES,
        LLM_CALLS,
    )
}
