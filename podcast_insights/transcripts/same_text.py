"""One text for two recordings: found once all texts of a run are there.

A host that serves one file for every episode gives each of them words that were never said in
it. Of recordings with one text that which was stored first keeps it, in one run the earliest, if
its guards let it; for the others Whisper listens. Where even that gives the same words, the later
row is marked.

What does not belong here: one recording announced twice (`duplicate_audio`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podcast_insights.transcripts.owners import Owner

Row = dict[str, Any]


def owners_of(rows: Sequence[Row], known_texts: Owner) -> dict[str, str]:
    """Which episode each text belongs to: `text_key` to `episode_id`.

    Args:
        rows: of `transcripts`, the earliest first.
        known_texts: whose a text is among the episodes outside these rows.
    """
    owners: dict[str, str] = {}
    for row in rows:
        key = row["text_key"]
        if row["status"] == "ok" and key and key not in owners:
            owners[key] = known_texts(key, row) or row["episode_id"]
    return owners


def repeated(row: Row, owners: Mapping[str, str]) -> str | None:
    """The episode whose text this row has, if that is another one."""
    owner = owners.get(row["text_key"] or "", row["episode_id"])
    return owner if row["status"] == "ok" and owner != row["episode_id"] else None


def marked(row: Row, owner: str) -> Row:
    """A row that stays out of insights because its text is another's."""
    return row | {
        "status": "same_text",
        "error": f"the same text as episode {owner}, from other audio; nothing to do if it is "
        "that recording in another file, else complain to the publisher",
    }


def apart(
    wanted: Sequence[Row],
    rows: Mapping[str, Row],
    known_texts: Owner,
    hear: Callable[[Sequence[Row], Owner], dict[str, Row]],
) -> dict[str, Row]:
    """New rows of episodes whose text is another's: heard anew, or marked.

    Args:
        wanted: all episodes of the run, the earliest first.
        rows: theirs, by episode.
        known_texts: whose a text is among the episodes outside these rows.
        hear: makes rows anew, without texts that belong to others.
    """
    owners = owners_of([rows[e["episode_id"]] for e in wanted], known_texts)

    def taken(text_key: str, episode: Mapping[str, Any]) -> str | None:
        return owners.get(text_key) or known_texts(text_key, episode)

    made = [(episode, rows[episode["episode_id"]]) for episode in wanted]
    handed = [e for e, row in made if row["source"] == "publisher" and repeated(row, owners)]
    new = hear(handed, taken)
    made = [(episode, new.get(episode["episode_id"], row)) for episode, row in made]
    owners = owners_of([row for _, row in made], known_texts)
    for episode, row in made:
        if owner := repeated(row, owners):
            new[episode["episode_id"]] = marked(row, owner)
    return new


def seniority(episode: Row) -> tuple[Any, ...]:
    """Sort key: the order of publication."""
    return episode["published_on"], episode["episode_id"]
