"""One text for two recordings: found once all texts of a run are there.

A host that serves one file for every episode gives each of them words that were never said in
it. Whose they are no file tells, so Whisper listens to all of them: who is heard to say the words
keeps the publisher's text. Where two still say the same, the later row is marked; or both, if it is
the text of an episode of another day.

What does not belong here: one recording announced twice (`duplicate_audio`), and how texts are
compared (`likeness.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from podcast_insights.transcripts.likeness import are_of_one_speech, groups_of
from podcast_insights.transcripts.owners import Owner

Row = dict[str, Any]


def apart(
    wanted: Sequence[Row],
    rows: Mapping[str, Row],
    known_texts: Owner,
    hear: Callable[[Sequence[Row], Owner], dict[str, Row]],
) -> dict[str, Row]:
    """New rows of episodes whose text another has too: heard anew, or marked.

    Args:
        wanted: all episodes of the run, the earliest first.
        rows: theirs, by episode.
        known_texts: whose a text is among the episodes outside these rows.
        hear: makes rows anew, without texts that belong to others.
    """
    made = {episode["episode_id"]: rows[episode["episode_id"]] for episode in wanted}
    doubtful: dict[str, dict[str, str]] = {}  # whose else each text is, by episode
    for group, owner in repeated(made.values(), known_texts):
        for row in group:
            others = (other["episode_id"] for other in group if other is not row)
            whose = owner or next(others)
            if row["source"] == "publisher":
                doubtful[row["episode_id"]] = {same["text_key"]: whose for same in group}

    def taken(text_key: str, episode: Mapping[str, Any]) -> str | None:
        return doubtful[episode["episode_id"]].get(text_key) or known_texts(text_key, episode)

    heard = hear([episode for episode in wanted if episode["episode_id"] in doubtful], taken)
    new = {name: row for name, row in heard.items() if not was_said(made[name], row)}
    made |= new
    for group, owner in repeated(made.values(), known_texts):
        first = owner or group[0]["episode_id"]
        new |= {r["episode_id"]: marked(r, first) for r in group if r["episode_id"] != first}
    return new


def repeated(rows: Iterable[Row], known_texts: Owner) -> Iterator[tuple[list[Row], str | None]]:
    """Rows with one text, in their order, and the episode outside these rows that it is of.

    Publishers' texts are one, too, where only an introduction tells them apart. Of what Whisper
    heard nothing but the very same words is, as another file of a recording harms nobody.

    Args:
        rows: of `transcripts`.
        known_texts: whose a text is among the episodes outside these rows.
    """
    sound = {r["episode_id"]: r for r in rows if r["status"] == "ok" and r["text_key"]}
    published = ((name, r["text"]) for name, r in sound.items() if r["source"] == "publisher")
    keys = {name: row["text_key"] for name, row in sound.items()}
    keys |= {name: keys[names[0]] for names in groups_of(published) for name in names}
    groups: dict[str, list[Row]] = {}
    for name, row in sound.items():
        groups.setdefault(keys[name], []).append(row)
    for group in groups.values():
        owners = (known_texts(row["text_key"], row) for row in group)
        owner = next(filter(None, owners), None)
        if owner or len(group) > 1:
            yield group, owner


def was_said(published: Row, heard: Row) -> bool:
    """Whether Whisper heard what a publisher's text says."""
    is_sound = heard["status"] == "ok" and heard["source"] == "whisper"
    return is_sound and are_of_one_speech(published["text"], heard["text"])


def marked(row: Row, owner: str) -> Row:
    """A row that stays out of insights because its text is another's."""
    return row | {
        "status": "same_text",
        "error": f"the same text as episode {owner}, from other audio; nothing to do if it is "
        "that recording in another file, else complain to the publisher",
    }


def seniority(episode: Row) -> tuple[Any, ...]:
    """Sort key: the order of publication."""
    return episode["published_on"], episode["episode_id"]
