"""A run's worth of episodes to transcripts: download, choose the source, transcribe, guard.

Downloads overlap with transcription, and run ahead of it only so far. Each finished
transcription is in the cache before the next begins, so a killed run resumes with the one after
it. A failure becomes that episode's row and costs the others nothing.

What does not belong here: Dagster, and how the rows are stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.errors import UserError
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Client, host_of
from podcast_insights.transcripts.ahead import Ahead
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.downloads import writable
from podcast_insights.transcripts.duration import duration_of
from podcast_insights.transcripts.owners import Owner, nobody
from podcast_insights.transcripts.publishing.offers import Link, Offer, Publisher
from podcast_insights.transcripts.rows import (
    describe,
    duplicate,
    failed,
    heard_row,
    in_words,
    published_row,
)
from podcast_insights.transcripts.same_text import marked, owners_of, repeated, seniority
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import Transcription

Row = dict[str, Any]


@dataclass(frozen=True)
class Transcriber:
    """Turns rows of `episodes` into rows of `transcripts`.

    Args:
        client_for: makes the HTTP client for a feed id.
        language_of: the language hint of a feed id, or None.
        report: told of each finished episode, as a line for the run's log.
        transcript_address: the real address of a row's `transcript_url`.
        links: publishers' transcripts by episode id, where the feed announces several.
    """

    whisper: Whisper
    cache: Cache
    store: AudioStore
    client_for: Callable[[str], Client]
    language_of: Callable[[str], str | None]
    report: Callable[[str], None]
    max_fetch_workers: int = 8
    transcript_address: Callable[[Row], str] = lambda episode: str(episode["transcript_url"])
    links: Mapping[str, Sequence[Link]] = field(default_factory=dict)

    def run(
        self,
        episodes: Sequence[Row],
        known_audio: Owner = nobody,
        known_texts: Owner = nobody,
    ) -> list[Row]:
        """Transcribe what has audio.

        Args:
            episodes: rows of `episodes`; those that are no episodes of their own are left out.
            known_audio: whose an `audio_sha256` is among the episodes outside these rows.
            known_texts: whose a `text_key` is, likewise.

        Returns:
            One row per episode, in the order of publication.
        """
        wanted = sorted((e for e in episodes if e["status"] == "ok"), key=seniority)
        self.store.stopping.clear()
        self.whisper.stopping.clear()
        rows: dict[str, Row] = {}
        alike: dict[str, list[tuple[Row, Audio]]] = {}

        def accept(episode: Row, audio: Audio) -> bool:
            """Whether this episode's audio is to be transcribed; once for each audio."""
            if owner := known_audio(audio.sha256, episode):
                done(episode, duplicate(episode, audio, owner))
                self.store.settle_repeat(audio)
                return False
            same = alike.setdefault(audio.sha256, [])
            same.append((episode, audio))
            return len(same) == 1

        def give_up(episode: Row, error: Exception) -> None:
            rows[episode["episode_id"]] = failed(episode, in_words(error))
            self.report(f"{episode['title']}: {in_words(error)}")

        def done(episode: Row, row: Row) -> None:
            rows[episode["episode_id"]] = row
            self.report(describe(row, episode))

        workers = self.whisper.files_at_once
        Ahead(
            fetch=self.fetch,
            accept=accept,
            failed=give_up,
            work=lambda episode, audio: self.transcribe(episode, audio, known_texts),
            done=done,
            fetchers=self.max_fetch_workers,
            workers=workers,
            most=workers + self.max_fetch_workers,
            host_of=lambda episode: host_of(episode["enclosure_url"]),
            stop=self.stop,
        ).run(wanted)
        for same in alike.values():
            rows |= self.repeats(same, rows, known_texts)
        heard = {e["episode_id"]: audio for same in alike.values() for e, audio in same}
        rows |= self.same_texts(wanted, rows, heard, known_texts)
        self.tidy()
        return [rows[episode["episode_id"]] for episode in wanted]

    def stop(self) -> None:
        """End downloads and decoding that nobody waits for any more."""
        self.store.stopping.set()
        self.whisper.stopping.set()

    def repeats(
        self,
        same: Sequence[tuple[Row, Audio]],
        rows: Mapping[str, Row],
        known_texts: Owner,
    ) -> dict[str, Row]:
        """Rows of episodes with one audio: the earliest stands for it, whichever came first."""
        if len(same) == 1:
            return {}
        first, *others = sorted(same, key=lambda pair: seniority(pair[0]))
        owner = first[0]["episode_id"]
        # If another one was heard, the text is in the cache by now.
        found = {owner: rows.get(owner) or self.transcribe(*first, known_texts)}
        for episode, audio in others:
            found[episode["episode_id"]] = duplicate(episode, audio, owner)
            self.report(describe(found[episode["episode_id"]], episode))
            self.store.settle_repeat(audio)
        return found

    def same_texts(
        self,
        wanted: Sequence[Row],
        rows: Mapping[str, Row],
        audio_of: Mapping[str, Audio],
        known_texts: Owner,
    ) -> dict[str, Row]:
        """New rows of episodes whose text is another's: heard anew, or marked."""
        new: dict[str, Row] = {}
        owners = owners_of([rows[e["episode_id"]] for e in wanted], known_texts)

        def done(episode: Row, row: Row) -> None:
            new[episode["episode_id"]] = row
            self.report(describe(row, episode))

        def taken(text_key: str, episode: Mapping[str, Any]) -> str | None:
            return owners.get(text_key) or known_texts(text_key, episode)

        made = [(episode, rows[episode["episode_id"]]) for episode in wanted]
        handed = [e for e, row in made if row["source"] == "publisher" and repeated(row, owners)]
        workers = self.whisper.files_at_once
        Ahead(
            fetch=lambda episode: audio_of[episode["episode_id"]],
            accept=lambda episode, audio: True,
            failed=lambda episode, error: None,  # that fetch can't
            work=lambda episode, audio: self.transcribe(episode, audio, taken),
            done=done,
            fetchers=1,
            workers=workers,
            most=workers,
            stop=self.stop,
        ).run(handed)
        rows = {**rows, **new}
        owners = owners_of([rows[e["episode_id"]] for e in wanted], known_texts)
        for episode in wanted:
            row = rows[episode["episode_id"]]
            if owner := repeated(row, owners):
                done(episode, marked(row, owner))
        return new

    def tidy(self) -> None:
        """Delete audio whose days are over; trouble with that costs no transcript."""
        try:
            pruned = self.store.prune()
        except OSError as error:
            self.report(f"old audio could not be deleted: {error}")
            return
        if pruned.files:
            self.report(f"deleted {pruned.files} unused audio files, {pruned.bytes / 1e6:.0f} MB")

    def fetch(self, episode: Row) -> Audio:
        """The audio; only its identity where a text of it is already in the cache."""
        audio = self.store.fetch(episode, need_file=False)
        is_text_known = self.known_transcription(episode, audio) or self.publisher.is_known(
            episode, audio
        )
        return audio if audio.path.exists() or is_text_known else self.store.fetch(episode)

    @property
    def publisher(self) -> Publisher:
        """Gets the publishers' texts."""
        return Publisher(
            cache=self.cache,
            client_for=self.client_for,
            language_of=self.language_of,
            address_of=self.transcript_address,
            duration_of=self.duration_of,
            links=self.links,
        )

    def transcribe(self, episode: Row, audio: Audio, taken: Owner = nobody) -> Row:
        """The row of one episode whose audio is at hand.

        Args:
            episode: a row of `episodes`.
            audio: its audio.
            taken: whose a text is that a publisher must not hand out again.
        """
        try:
            with writable(self.cache):
                offer = self.publisher.offer(episode, audio, taken)
                for why in offer.refusals:
                    self.report(f"{episode['title']}: publisher's transcript not used: {why}")
                if offer.segments:
                    row, key = self.published(episode, audio, offer), offer.key
                else:
                    row = self.heard(episode, audio, offer.reason)
                    language = self.language_of(episode["feed_id"])
                    key = self.whisper.cache_key(audio.sha256, language)
                self.store.settle(audio, key)
        except UserError:
            raise
        except Exception as error:  # one episode must not cost the others their rows
            return failed(episode, in_words(error), audio)
        return row

    def heard(self, episode: Row, audio: Audio, reason: str) -> Row:
        """Whisper's text, from the cache or made now; `reason` says why not the publisher's."""
        language = self.language_of(episode["feed_id"])
        transcription = self.known_transcription(episode, audio)
        if transcription is None:
            if not audio.path.exists():
                audio = self.store.fetch(episode)
            self.store.used(audio)
            transcription = self.whisper.transcribe(audio.path, language)
            key = self.whisper.cache_key(audio.sha256, language)
            self.cache.write_json("transcripts", key, transcription.to_json())
        model = self.whisper.resolved_model
        return heard_row(episode, audio, transcription, language) | {
            "source_reason": reason,
            "model": model.name,
            "model_revision": model.revision,
            "options": self.whisper.options,
        }

    def known_transcription(self, episode: Row, audio: Audio) -> Transcription | None:
        """What the cache holds for this audio, model and options.

        An entry of another shape, from an older version or edited by hand, counts as absent.
        """
        key = self.whisper.cache_key(audio.sha256, self.language_of(episode["feed_id"]))
        stored = self.cache.read_json("transcripts", key)
        try:
            return Transcription.from_json(stored) if stored else None
        except (TypeError, KeyError, ValueError):
            return None

    def published(self, episode: Row, audio: Audio, offer: Offer) -> Row:
        """The row of a publisher's text."""
        language = self.language_of(episode["feed_id"]) or offer.language
        segments = offer.segments or ()
        row = published_row(episode, audio, segments, offer.duration_s, language)
        return row | {"source_reason": offer.reason}

    def duration_of(self, episode: Row, audio: Audio) -> float:
        """Seconds of audio; kept, because the file may be deleted later.

        Raises:
            FetchError: the file is gone, and can't be had again.
            TranscriptionError: it is no audio.
        """
        heard = self.known_transcription(episode, audio)
        if heard:
            return heard.duration_s
        key = long_hash("duration", audio.sha256)
        stored = self.cache.read_json("transcripts", key)
        if not isinstance(stored, float):
            if not audio.path.exists():
                audio = self.store.fetch(episode)
            self.store.used(audio)
            stored = duration_of(audio.path)
            self.cache.write_json("transcripts", key, stored)
        return stored
