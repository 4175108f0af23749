"""What people picked from episodes, and where the transcripts lie.

A gold file is JSON lines. Each names a show, an episode and the points of a person:

    {"show": "My Show", "episode": "12", "points": [{"text": "Idle machines cost ...", "t": 84}]}

The transcript is Podcasting 2.0 JSON, as a publisher serves it, at
`<transcripts>/<show>/<episode>.transcript.json`, or where the row's `transcript` says.
`title`, `description`, `persons` and `language` may be given, as a feed would give them.

What does not belong here: how anything is scored (`scores.py`).
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podcast_insights.errors import UserError
from podcast_insights.transcripts.publishing import TranscriptFormatError, parse_transcript
from podcast_insights.transcripts.records import Segment

MIN_POINT_WORDS = 6
NO_POINTS = ("http", "extras", "joke")
TIMED = "with timestamps"
"""In a row's `kind`: its points without a time are links and asides, and do not count."""
GOLD_FILE = "gold_points.jsonl"


@dataclass(frozen=True)
class GoldEpisode:
    """One episode with the points people made of it.

    Args:
        transcript: path of the Podcasting 2.0 JSON file.
        points: those that count.
        about: what the feed says of it: title, description, persons, language.
    """

    show: str
    episode: str
    transcript: Path
    points: tuple[str, ...]
    about: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """Show and episode: what predictions are matched by."""
        return self.show, self.episode

    def segments(self) -> tuple[Segment, ...]:
        """The transcript.

        Raises:
            UserError: the file is missing, or no Podcasting 2.0 transcript.
        """
        try:
            return parse_transcript(self.transcript.read_bytes(), None, ".json")
        except (OSError, TranscriptFormatError) as error:
            raise UserError(
                f"The transcript of {self.show} {self.episode} can't be read: {error}.",
                f"Put Podcasting 2.0 JSON at {self.transcript}, or take the episode out of the "
                "gold file.",
            ) from error


def read_gold(gold: Path, transcripts: Path) -> list[GoldEpisode]:
    """The episodes of a gold file that have points, by show and episode.

    Raises:
        UserError: there is no such file, or a line of it makes no sense.
    """
    try:
        lines = gold.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserError(
            f"There is no gold file {gold}: {error.strerror}.",
            f"Name one with --gold, or put {GOLD_FILE} beside the transcripts.",
        ) from error
    episodes = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found = to_episode(json.loads(line), transcripts)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"Line {number} of {gold} is no gold episode: {error!r}.",
                "Each line is an object with show, episode and points, each with a text.",
            ) from error
        episodes[found.key] = found
    return [episodes[key] for key in sorted(episodes) if episodes[key].points]


def to_episode(row: dict[str, Any], transcripts: Path) -> GoldEpisode:
    """One line of a gold file."""
    show, episode = str(row["show"]), str(row["episode"])
    named = row.get("transcript") or f"{show}/{episode}.transcript.json"
    path = re.sub(r"\.(transcript\.md|vtt)$", ".transcript.json", named)
    about = {name: row[name] for name in ("title", "description", "language") if row.get(name)}
    return GoldEpisode(
        show=show,
        episode=episode,
        transcript=transcripts / path,
        points=points_of(row),
        about=about | {"persons": tuple(row.get("persons") or ())},
    )


def points_of(row: dict[str, Any]) -> tuple[str, ...]:
    """The points that count: six words or more, no link lists, no jokes."""
    is_timed = TIMED in str(row.get("kind", ""))
    texts = (
        re.sub(r"\s+", " ", point["text"]).strip()
        for point in row["points"]
        if not is_timed or point.get("t") is not None
    )
    return tuple(
        text
        for text in texts
        if len(text.split()) >= MIN_POINT_WORDS and not text.lower().startswith(NO_POINTS)
    )


def first_of_each_show(episodes: Iterable[GoldEpisode], count: int) -> list[GoldEpisode]:
    """The first `count` episodes of each show; 0 for all."""
    by_show: dict[str, list[GoldEpisode]] = defaultdict(list)
    for episode in episodes:
        by_show[episode.show].append(episode)
    return [e for found in by_show.values() for e in (found[:count] if count else found)]
