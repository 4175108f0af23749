"""Which stored episode an audio or a text belongs to, so that nothing is told twice.

Days come in any order: the sensor brings the newest first, a backfill the oldest. So all other
days are looked at, and what was stored first keeps what it has: an earlier episode that arrives
late is the repeat. Only where both are stored as sound, because two runs did not see each other,
the earlier published one keeps it.

What does not belong here: repeats within one run (`transcribe.py`, `same_text.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from podcast_insights.warehouse.database import Warehouse
from podcast_insights.warehouse.windows import DateWindow

Row = Mapping[str, Any]
Owner = Callable[[str, Row], str | None]
"""The episode outside this run that a hash stands for, if that is not the row's own."""

STANDS_FOR = {
    # Who failed, or is a repeat, has nothing that another could repeat.
    "audio_sha256": "status NOT IN ('duplicate_audio', 'failed')",
    "text_key": "status = 'ok'",
}


Stored = Callable[[str], dict[str, Any] | None]
"""What is stored of an episode, by its id, if that has words."""


def nothing(episode_id: str) -> dict[str, Any] | None:
    """Where nothing is stored."""
    return None


def nobody(key: str, episode: Row) -> str | None:
    """Where there are no other episodes."""
    return None


@dataclass(frozen=True)
class StoredOwners:
    """Looks hashes up among the transcripts of all days but those of this run.

    One at a time: a run has a few hundred, the table grows for years.
    """

    warehouse: Warehouse
    window: DateWindow

    def of_audio(self, sha256: str, episode: Row) -> str | None:
        """The episode that stands for this audio."""
        return self._owner("audio_sha256", sha256, episode)

    def of_text(self, text_key: str, episode: Row) -> str | None:
        """The episode that stands for this text."""
        return self._owner("text_key", text_key, episode)

    def row_of(self, episode_id: str) -> dict[str, Any] | None:
        """An episode's stored row, if it has words."""
        sql = "FROM transcripts WHERE episode_id = ? AND words > 0"
        return next(iter(self.warehouse.read(sql, [episode_id]).to_dicts()), None)

    def _owner(
        self, column: Literal["audio_sha256", "text_key"], key: str, episode: Row
    ) -> str | None:
        # The names are ours, the values are parameters.
        sql = (
            f"SELECT episode_id FROM transcripts WHERE {column} = $key AND {STANDS_FOR[column]} "  # noqa: S608
            "AND (episode_id = $own OR published_on < $start OR published_on >= $end) "
            "ORDER BY published_on, episode_id LIMIT 1"
        )
        own = episode["episode_id"]
        bounds = {"start": self.window.start, "end": self.window.end}
        found = self.warehouse.read(sql, {"key": key, "own": own, **bounds})
        owner = None if found.is_empty() else str(found.item())
        return None if owner == own else owner
