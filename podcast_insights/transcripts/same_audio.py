"""One audio for several episodes of a run: which of them stands for it.

The earliest does, whichever came first, as long as it has a text that is as good: feeds have
different language hints and different publishers' transcripts. Nobody is the repeat of an
episode without a text while another one has one.

What does not belong here: episodes of other runs (`owners.py`), one text for two recordings
(`same_text.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podcast_insights.transcripts.audio import Audio
from podcast_insights.transcripts.rows import duplicate
from podcast_insights.transcripts.same_text import seniority

Row = dict[str, Any]
Pair = tuple[Row, Audio]


def shared(
    same: Sequence[Pair],
    rows: Mapping[str, Row],
    make: Callable[[Row, Audio], Row],
    is_text_known: Callable[[Row, Audio], bool],
) -> dict[str, Row]:
    """Rows of all episodes with one audio.

    Args:
        same: the episodes and their audio.
        rows: those made so far, of one of them at least.
        make: makes another episode's row.
        is_text_known: whether that costs nothing.

    Returns:
        One row that stands for the audio, and its repeats; where no text could be had, failures.
    """
    pairs = sorted(same, key=lambda pair: seniority(pair[0]))
    made = {e["episode_id"]: rows[e["episode_id"]] for e, _ in pairs if e["episode_id"] in rows}
    for episode, audio in pairs:
        name = episode["episode_id"]
        is_sound = any(row["status"] == "ok" for row in made.values())
        # As a rule the text that was just made is this one's too.
        if name not in made and (not is_sound or is_text_known(episode, audio)):
            made[name] = make(episode, audio)
        if name in made and made[name]["status"] == "ok":
            break  # the others are later
    owner = max((e["episode_id"] for e, _ in pairs if e["episode_id"] in made), key=worth(made))
    if made[owner]["status"] == "failed":
        return made  # all were tried
    return {
        e["episode_id"]: made[owner] if e["episode_id"] == owner else duplicate(e, audio, owner)
        for e, audio in pairs
    }


def worth(made: Mapping[str, Row]) -> Callable[[str], int]:
    """Sort key of episodes: a sound text, one that a guard stopped, none."""
    return lambda name: {"ok": 2, "failed": 0}.get(made[name]["status"], 1)
