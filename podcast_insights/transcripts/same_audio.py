"""One audio for several episodes of a run: which of them stands for it.

Whoever has stood for it so far does, else the earliest, whichever came first, as long as it has a
text that is as good: feeds have different language hints and different publishers' transcripts.
Nobody is the repeat of an episode without a text while another one has one.

What does not belong here: episodes of other runs (`owners.py`), one text for two recordings
(`same_text.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.rows import duplicate, is_kept
from podcast_insights.transcripts.same_text import seniority

Row = dict[str, Any]
Pair = tuple[Row, Audio]


def shared(
    same: Sequence[Pair],
    rows: Mapping[str, Row],
    make: Callable[[Row, Audio], Row],
    is_text_known: Callable[[Row, Audio], bool],
    has_stood: Callable[[Row, Audio], bool],
) -> dict[str, Row]:
    """Rows of all episodes with one audio.

    Args:
        same: the episodes and their audio.
        rows: those made so far, of one of them at least.
        make: makes another episode's row.
        is_text_known: whether that costs nothing.
        has_stood: whether an episode has had a text of this audio before the run.

    Returns:
        One row that stands for the audio, and its repeats; where no text could be had, failures.
    """
    pairs = sorted(same, key=lambda pair: (not has_stood(*pair), seniority(pair[0])))
    before = {e["episode_id"]: rows[e["episode_id"]] for e, _ in pairs if e["episode_id"] in rows}
    # There is audio now to make anew what was kept for want of it.
    made = {name: row for name, row in before.items() if not is_kept(row)}
    for episode, audio in pairs:
        name = episode["episode_id"]
        is_sound = any(is_new(row) for row in made.values())
        # As a rule the text that was just made is this one's too.
        if name not in made and (not is_sound or is_text_known(episode, audio)):
            made[name] = make(episode, audio)
        if name in made and is_new(made[name]):
            break  # the others are later
    made = before | made
    owner = max((e["episode_id"] for e, _ in pairs if e["episode_id"] in made), key=worth(made))
    if made[owner]["status"] == "failed":
        return made  # all were tried
    return {
        e["episode_id"]: made[owner] if e["episode_id"] == owner else duplicate(e, audio, owner)
        for e, audio in pairs
    }


def worth(made: Mapping[str, Row]) -> Callable[[str], int]:
    """Sort key of episodes: a sound text, an older one, one that a guard stopped, none."""
    places = {"ok": 2, "failed": 0}
    return lambda name: 3 if is_new(made[name]) else places.get(made[name]["status"], 1)


def is_new(row: Row) -> bool:
    """Whether a row has a sound text, as this run makes it."""
    return row["status"] == "ok" and not is_kept(row)
