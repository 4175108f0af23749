"""What a run has made so far, and how its episodes bear on each other.

Of episodes with one audio one is worked on, and once all have come it is decided which of them
stands for it. A text that an episode has had stays where none can be made any more.

What does not belong here: threads and hosts (`transcribe.py`), who stands for an audio
(`same_audio.py`) or a text (`same_text.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.owners import Owner, Stored
from podcast_insights.transcripts.rows import describe, duplicate, failed, in_words, kept
from podcast_insights.transcripts.same_audio import shared
from podcast_insights.transcripts.same_text import apart

Row = dict[str, Any]


@dataclass
class Gathering:
    """Rows of a run, by episode.

    Args:
        store: holds the audio.
        transcribe: makes an episode's row, without texts that belong to others.
        is_text_known: whether that costs nothing.
        report: told of each row, as a line for the run's log.
        known_audio: whose an `audio_sha256` is among the episodes outside the run.
        known_texts: whose a `text_key` is, likewise.
        stored: the row that an episode has had.
    """

    store: AudioStore
    transcribe: Callable[[Row, Audio, Owner], Row]
    is_text_known: Callable[[Row, Audio], bool]
    report: Callable[[str], None]
    known_audio: Owner
    known_texts: Owner
    stored: Stored
    rows: dict[str, Row] = field(default_factory=dict)
    audio_of: dict[str, Audio] = field(default_factory=dict)
    _alike: dict[str, list[Row]] = field(default_factory=dict)

    def accept(self, episode: Row, audio: Audio) -> bool:
        """Whether an episode's audio is to be transcribed; once for each audio."""
        if owner := self.known_audio(audio.sha256, episode):
            self._done(episode, duplicate(episode, audio, owner))
            if audio.sha256 not in self._alike:
                self.store.release(audio)
            return False
        return len(self._joined(episode, audio)) == 1

    def give_up(self, episode: Row, error: Exception) -> None:
        """An episode's audio is not to be had."""
        row = self._or_stored(episode, failed(episode, in_words(error)))
        self._done(episode, row)
        if row["audio_sha256"]:  # it stands for what it was heard in, as before
            self._joined(episode, self.store.named(row["audio_sha256"], row["audio_bytes"]))

    def make(self, episode: Row, audio: Audio, taken: Owner | None = None) -> Row:
        """An episode's row; that which it has had if there would be no text."""
        row = self.transcribe(episode, audio, taken or self.known_texts)
        return self._or_stored(episode, row)

    def made(self, episode: Row, row: Row) -> None:
        """An episode's row is there."""
        self._done(episode, row)
        audio = self.audio_of[episode["episode_id"]]
        if len(self._alike[audio.sha256]) == 1:
            self._release(audio, row)

    def share(self) -> None:
        """All audio has come: decide who stands for it."""
        for episodes in self._alike.values():
            if len(episodes) == 1:
                continue
            pairs = [(e, self.audio_of[e["episode_id"]]) for e in episodes]
            rows = shared(pairs, self.rows, self.make, self.is_text_known, self._has_stood)
            self._take(episodes, rows)
            for episode, audio in pairs:
                self._release(audio, self.rows[episode["episode_id"]])

    def tell_apart(
        self,
        wanted: Sequence[Row],
        work: Callable[[Sequence[Row], Callable[[Row, Audio], Row]], dict[str, Row]],
    ) -> None:
        """All rows are there: let no two recordings have one text.

        Args:
            wanted: all episodes of the run, the earliest first.
            work: makes rows of episodes by a function.
        """

        def hear(episodes: Sequence[Row], taken: Owner) -> dict[str, Row]:
            return work(episodes, lambda episode, audio: self.make(episode, audio, taken))

        self._take(wanted, apart(wanted, self.rows, self.known_texts, hear))

    def _joined(self, episode: Row, audio: Audio) -> list[Row]:
        self.audio_of[episode["episode_id"]] = audio
        same = self._alike.setdefault(audio.sha256, [])
        same.append(episode)
        return same

    def _has_stood(self, episode: Row, audio: Audio) -> bool:
        old = self.stored(episode["episode_id"])
        return old is not None and old["audio_sha256"] == audio.sha256

    def _or_stored(self, episode: Row, row: Row) -> Row:
        old = self.stored(episode["episode_id"]) if row["status"] == "failed" else None
        return kept(episode, old, row["error"]) if old else row

    def _take(self, episodes: Sequence[Row], rows: dict[str, Row]) -> None:
        for episode in episodes:
            row = rows.get(episode["episode_id"])
            if row and row is not self.rows.get(episode["episode_id"]):
                self._done(episode, row)

    def _done(self, episode: Row, row: Row) -> None:
        self.rows[episode["episode_id"]] = row
        self.report(describe(row, episode))

    def _release(self, audio: Audio, row: Row) -> None:
        if row["status"] != "failed":
            self.store.release(audio)
