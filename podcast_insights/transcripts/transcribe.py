"""A run's worth of episodes to transcripts: download, choose the source, transcribe, guard.

Downloads overlap with transcription, and run ahead of it only so far. Each finished
transcription is in the cache before the next begins, so a killed run resumes with the one after
it. A failure becomes that episode's row and costs the others nothing.

What does not belong here: Dagster, and how the rows are stored.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.errors import UserError
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Client, host_of
from podcast_insights.transcripts.ahead import Ahead
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.downloads import writable
from podcast_insights.transcripts.duration import Length, length_of
from podcast_insights.transcripts.gathering import Gathering
from podcast_insights.transcripts.owners import Owner, Stored, nobody, nothing
from podcast_insights.transcripts.publishing.offers import Link, Offer, Publisher
from podcast_insights.transcripts.rows import failed, heard_row, in_words, published_row
from podcast_insights.transcripts.same_text import seniority
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import Transcription, UndecodableError

Row = dict[str, Any]


@dataclass(frozen=True)
class Transcriber:
    """Turns rows of `episodes` into rows of `transcripts`.

    Args:
        client_for: makes the HTTP client for a feed id.
        language_of: the language hint of a feed id, or None.
        claimed_language_of: the language that the feed itself claims, or None.
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
    claimed_language_of: Callable[[str], str | None] = lambda feed_id: None

    def run(
        self,
        episodes: Sequence[Row],
        known_audio: Owner = nobody,
        known_texts: Owner = nobody,
        stored: Stored = nothing,
    ) -> list[Row]:
        """Transcribe what has audio.

        Args:
            episodes: rows of `episodes`; those that are no episodes of their own are left out.
            known_audio: whose an `audio_sha256` is among the episodes outside these rows.
            known_texts: whose a `text_key` is, likewise.
            stored: the row that an episode has had; its text is kept where none can be made.

        Returns:
            One row per episode, in the order of publication.
        """
        wanted = sorted((e for e in episodes if e["status"] == "ok"), key=seniority)
        self.store.stopping.clear()
        self.whisper.stopping.clear()
        run = Gathering(
            store=self.store,
            transcribe=self.transcribe,
            is_text_known=self.is_text_known,
            report=self.report,
            known_audio=known_audio,
            known_texts=known_texts,
            stored=stored,
        )
        workers = self.whisper.files_at_once
        Ahead(
            fetch=lambda episode: self.fetch(episode, known_audio, known_texts),
            accept=run.accept,
            failed=run.give_up,
            work=run.make,
            done=run.made,
            fetchers=self.max_fetch_workers,
            workers=workers,
            most=workers + self.max_fetch_workers,
            host_of=lambda episode: host_of(episode["enclosure_url"]),
            stop=self.stop,
        ).run(wanted)
        run.share()
        run.tell_apart(wanted, lambda some, make: self.each(some, run.audio_of, make))
        self.tidy()
        return [run.rows[episode["episode_id"]] for episode in wanted]

    def stop(self) -> None:
        """End downloads and decoding that nobody waits for any more."""
        self.store.stopping.set()
        self.whisper.stopping.set()

    def each(
        self,
        episodes: Sequence[Row],
        audio_of: Mapping[str, Audio],
        make: Callable[[Row, Audio], Row],
    ) -> dict[str, Row]:
        """Rows of episodes whose audio was had, by episode."""
        rows: dict[str, Row] = {}
        workers = self.whisper.files_at_once
        Ahead(
            fetch=lambda episode: audio_of[episode["episode_id"]],
            accept=lambda episode, audio: True,
            failed=lambda episode, error: None,  # that fetch can't
            work=make,
            done=lambda episode, row: rows.update({episode["episode_id"]: row}),
            fetchers=1,
            workers=workers,
            most=workers,
            stop=self.stop,
        ).run(episodes)
        return rows

    def tidy(self) -> None:
        """Delete audio whose days are over; trouble with that costs no transcript."""
        try:
            pruned = self.store.prune()
        except OSError as error:
            self.report(f"old audio could not be deleted: {error}")
            return
        if pruned.files:
            self.report(f"deleted {pruned.files} unused audio files, {pruned.bytes / 1e6:.0f} MB")

    def fetch(
        self, episode: Row, known_audio: Owner = nobody, known_texts: Owner = nobody
    ) -> Audio:
        """The audio; only its identity where a text of it is already in the cache.

        What the publisher says was said is asked for here, too: `transcribe` finds it in the
        cache, so that no worker of the model waits for a host.
        """
        audio = self.store.fetch(episode, need_file=False)
        if not (audio.path.exists() or self.is_text_known(episode, audio)):
            audio = self.store.fetch(episode)
        if known_audio(audio.sha256, episode):
            return audio
        with writable(self.cache):
            offer = self.publisher.offer(episode, audio, known_texts)
        if offer.segments or audio.path.exists() or self.known_transcription(episode, audio):
            return audio
        return self.store.fetch(episode)

    def is_text_known(self, episode: Row, audio: Audio) -> bool:
        """Whether the text that will be used is in the cache, as far as can be foreseen."""
        is_heard = self.known_transcription(episode, audio) is not None
        return is_heard or self.publisher.is_known(episode, audio)

    @property
    def publisher(self) -> Publisher:
        """Gets the publishers' texts."""
        return Publisher(
            cache=self.cache,
            client_for=self.client_for,
            language_of=self.language_of,
            claimed_language_of=self.claimed_language_of,
            address_of=self.transcript_address,
            duration_of=lambda episode, audio: self.length_of(episode, audio).duration_s,
            links=self.links,
            is_stopped=self.store.stopping.is_set,
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
                    row = self.published(episode, audio, offer)
                else:
                    row = self.heard(episode, audio, offer.reason)
        except UserError:
            raise
        except Exception as error:  # one episode must not cost the others their rows
            if isinstance(error, UndecodableError):
                self.store.forget(episode)
                self.store.discard(audio)
            return failed(episode, in_words(error), audio)
        if row["status"] == "truncated_audio":
            self.store.forget(episode)
        return row

    def heard(self, episode: Row, audio: Audio, reason: str) -> Row:
        """Whisper's text, from the cache or made now; `reason` says why not the publisher's."""
        language = self.language_of(episode["feed_id"])
        key = self.whisper.cache_key(audio.sha256, language)
        stored = self.cached(key)
        transcription = stored or self.known_transcription(episode, audio)
        if transcription is None:
            if not audio.path.exists():
                audio = self.store.fetch(episode)
            self.store.used(audio)
            transcription = self.whisper.transcribe(audio.path, language)
        if stored is None:
            self.cache.write_json("transcripts", key, transcription.to_json())
        self.store.note(audio, key)
        model = self.whisper.resolved_model
        return heard_row(episode, audio, transcription, language) | {
            "source_reason": reason,
            "model": model.name,
            "model_revision": model.revision,
            "options": self.whisper.options,
        }

    def known_transcription(self, episode: Row, audio: Audio) -> Transcription | None:
        """What the cache holds for this audio, model and options.

        Where no times of words are asked for, one that has them is as good without them.
        """
        language = self.language_of(episode["feed_id"])
        found = self.cached(self.whisper.cache_key(audio.sha256, language))
        if found is None and not self.whisper.word_times:
            key = self.whisper.cache_key(audio.sha256, language, word_times=True)
            timed = self.cached(key)
            found = timed and timed.without_words()
        return found

    def cached(self, key: str) -> Transcription | None:
        """The transcription of this name.

        An entry of another shape, from an older version or edited by hand, counts as absent.
        """
        stored = self.cache.read_json("transcripts", key)
        try:
            return Transcription.from_json(stored) if stored else None
        except (TypeError, KeyError, ValueError):
            return None

    def published(self, episode: Row, audio: Audio, offer: Offer) -> Row:
        """The row of a publisher's text."""
        language = self.language_of(episode["feed_id"]) or offer.language
        segments = offer.segments or ()
        row = published_row(episode, audio, segments, self.length_of(episode, audio), language)
        self.store.note(audio, offer.key)
        return row | {"source_reason": offer.reason}

    def length_of(self, episode: Row, audio: Audio) -> Length:
        """How long audio is; kept, because the file may be deleted later.

        Raises:
            FetchError: the file is gone, and can't be had again.
            TranscriptionError: it is no audio.
        """
        heard = self.known_transcription(episode, audio)
        if heard:
            return Length(heard.duration_s, heard.promised_s)
        key = long_hash("length", audio.sha256)
        with suppress(TypeError):  # damaged
            if stored := self.cache.read_json("transcripts", key):
                return Length(**stored)
        if not audio.path.exists():
            audio = self.store.fetch(episode)
        self.store.used(audio)
        length = length_of(audio.path)
        self.cache.write_json("transcripts", key, vars(length))
        return length
