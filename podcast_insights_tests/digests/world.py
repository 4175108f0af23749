"""A warehouse filled idea by idea, for the tests of digests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from podcast_insights.cache import Cache
from podcast_insights.digests.compose import Composed, Composer, Row
from podcast_insights.digests.model import Digest, digest_id
from podcast_insights.digests.readers import Reader
from podcast_insights.digests.records import DAILY_DIGESTS, DELIVERIES, DIGEST_SELECTIONS
from podcast_insights.digests.rows import digests_of
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.episodes.records import EPISODES
from podcast_insights.feeds.records import FEEDS
from podcast_insights.insights.records import INSIGHTS, RELATED_INSIGHTS
from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow
from podcast_insights_tests.digests import DAY, reader

TABLES = (
    *(FEEDS, EPISODES, INSIGHTS, RELATED_INSIGHTS),
    *(DAILY_DIGESTS, DIGEST_SELECTIONS, DELIVERIES),
)
AXES = np.eye(384, dtype=np.float32)


class Axes(Embedder):
    """Embeds the texts `0`, `1`, `2`... as the axes, so that a topic fits exactly one idea."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return AXES[[int(text) for text in texts]]


def days_of(first: int, last: int | None = None) -> DateWindow:
    """From so many days after the first day up to the last of so many."""
    return DateWindow(
        DAY + timedelta(days=first),
        DAY + timedelta(days=(first if last is None else last) + 1),
    )


class World:
    """A warehouse that is filled idea by idea."""

    def __init__(self, warehouse: Warehouse, cache: Cache) -> None:
        self.warehouse = warehouse
        self.embedder: Embedder = Axes(cache)
        self.told: dict[str, list[Row]] = {"episodes": [], "insights": [], "related_insights": []}

    def tell(self, name: str, axis: int, *, days: int = 0, show: str = "", **changes: Any) -> None:  # noqa: ANN401
        """An insight of an episode of its own, `days` after the first day."""
        on = DAY + timedelta(days=days)
        show = show or f"Show of {name}"
        episode = dict.fromkeys(EPISODES.schema.columns()) | {
            "episode_id": f"e{name}",
            "published_on": on,
            "status": "ok",
            "feed_id": show,
            "source_feed_ids": [show],
            "show_title": show,
            "title": f"Episode of {name}",
            "description": "",
            "date_source": "feed",
            "link": f"https://show.example/{name}",
            "enclosure_url": f"https://cdn.example/{name}.mp3",
            "persons": [],
        }
        insight = {
            "insight_id": name,
            "episode_id": f"e{name}",
            "published_on": on,
            "position": 0,
            "headline": f"Headline of {name}",
            "body": f"Body of {name}.",
            "quote": f"Quote of {name}.",
            "quote_start_s": 61.9,
            "quote_end_s": 70.0,
            "quote_match": "exact",
            "speaker": None,
            "topics": [],
            "value_score": 0.5,
            "audio_sha256": "sha",
            "engine": "extractive",
            "model": "m",
            "prompt_version": "1",
            "embedding": AXES[axis].tolist(),
            **changes,
        }
        self.told["episodes"].append(episode)
        self.told["insights"].append(insight)

    def link(self, source: str, target: str, **changes: Any) -> None:  # noqa: ANN401
        row = {
            "insight_id": source,
            "related_insight_id": target,
            "published_on": DAY,
            "rank": 1,
            "similarity": 0.7,
            "is_other_show": True,
            "is_same_idea": False,
            "rank_on_day": changes.get("rank", 1),
            "folded_insight_ids": [],
            **changes,
        }
        self.told["related_insights"].append(row)

    def store(self) -> None:
        """Put what was told into the warehouse."""
        for table, rows in self.told.items():
            self.warehouse.merge(table, self.warehouse.tables[table].frame(rows))
            rows.clear()

    def composed(
        self,
        first: int = 0,
        last: int | None = None,
        *,
        lookback: int = 3,
        **wishes: Any,  # noqa: ANN401 - any field of a reader
    ) -> Composed:
        """Digests of Ada for a range of days, without storing them."""
        self.store()
        composer = Composer(self.warehouse, self.embedder, lookback)
        composed = composer.compose([reader(**wishes)], days_of(first, last))
        DAILY_DIGESTS.conform(DAILY_DIGESTS.frame(composed.places))
        DIGEST_SELECTIONS.conform(DIGEST_SELECTIONS.frame(composed.selections))
        return composed

    def compose(self, first: int = 0, last: int | None = None, **wishes: Any) -> list[Row]:  # noqa: ANN401
        """The places alone."""
        return self.composed(first, last, **wishes).places

    def run(self, first: int = 0, last: int | None = None, **wishes: Any) -> list[Row]:  # noqa: ANN401
        """The same, and stored as the asset would."""
        composed, days = self.composed(first, last, **wishes), days_of(first, last)
        for table, rows in (
            (DIGEST_SELECTIONS, composed.selections),
            (DAILY_DIGESTS, composed.places),
        ):
            self.warehouse.replace_window(table.name, days, table.frame(rows))
        return composed.places

    def digests(
        self,
        first: int = 0,
        last: int | None = None,
        **wishes: Any,  # noqa: ANN401
    ) -> list[tuple[Reader, Digest]]:
        """What is stored of them, as values."""
        days = days_of(first, last)
        places, selections = (
            self.warehouse.read_window(name, days)
            for name in ("daily_digests", "digest_selections")
        )
        return digests_of([reader(**wishes)], list(days.days()), places, selections)

    def subscribe(self, *titles: str, days: int = 0) -> None:
        """The feeds as they were scanned for a day."""
        empty = dict.fromkeys(FEEDS.schema.columns())
        rows = [
            empty
            | {
                "feed_id": title,
                "snapshot_on": DAY + timedelta(days=days),
                "show_title": title,
                "feed_url": "https://show.example/feed",
                "status": "ok",
                "fetched_at": datetime(2025, 9, 9, tzinfo=UTC),
            }
            for title in titles
        ]
        self.warehouse.merge("feeds", FEEDS.frame(rows))

    def deliver(self, status: str, *insight_ids: str, days: int = 0) -> None:
        """A line in the ledger of mails for Ada's digest, with what was in it."""
        on = DAY + timedelta(days=days)
        row = {
            "digest_id": digest_id("ada", on),
            "digest_on": on,
            "reader_id": "ada",
            "status": status,
            "message_id": "<1@example.org>",
            "attempts": 1,
            "started_at": datetime(2025, 9, 9, tzinfo=UTC),
            "sent_at": None,
            "error": None,
            "insight_ids": list(insight_ids),
        }
        self.warehouse.merge("deliveries", DELIVERIES.frame([row]))


def ids(rows: Sequence[Row]) -> list[str]:
    return [row["insight_id"] for row in rows]
