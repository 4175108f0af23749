"""A run's worth of episodes to transcripts: download, choose the source, transcribe, guard.

Downloads overlap with transcription. Each finished transcription is in the cache before the
next begins, so a killed run resumes with the one after it. A failure becomes that episode's
row and costs the others nothing.

What does not belong here: Dagster, and how the rows are stored.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from podcast_insights.cache import Cache
from podcast_insights.errors import UserError
from podcast_insights.identity import long_hash
from podcast_insights.net.client import Client, FetchError
from podcast_insights.transcripts.audio import Audio, AudioStore
from podcast_insights.transcripts.guards import count_words, inspect
from podcast_insights.transcripts.publisher import TranscriptFormatError, parse_transcript
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper import (
    SAMPLE_RATE,
    Transcription,
    TranscriptionError,
    Whisper,
    decode,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Transcriber:
    """Turns rows of `episodes` into rows of `transcripts`.

    Args:
        client_for: makes the HTTP client for a feed id.
        language_of: the language hint of a feed id, or None.
        report: told of each finished episode, as a line for the run's log.
        keep_audio: False deletes audio once its transcript is in the cache.
        transcript_address: the real address of a row's `transcript_url`.
    """

    whisper: Whisper
    cache: Cache
    store: AudioStore
    client_for: Callable[[str], Client]
    language_of: Callable[[str], str | None]
    report: Callable[[str], None]
    max_fetch_workers: int = 8
    keep_audio: bool = True
    transcript_address: Callable[[Row], str] = lambda episode: str(episode["transcript_url"])

    def run(self, episodes: Sequence[Row], known_audio: Mapping[str, str]) -> list[Row]:
        """Transcribe what has audio.

        Args:
            episodes: rows of `episodes`; those that are no episodes of their own are left out.
            known_audio: `audio_sha256` to `episode_id` of episodes outside these rows.

        Returns:
            One row per episode, in the order of publication.
        """
        wanted = sorted(
            (e for e in episodes if e["status"] == "ok"),
            key=lambda e: (e["published_on"], e["episode_id"]),
        )
        rows: dict[str, Row] = {}
        with (
            ThreadPoolExecutor(self.max_fetch_workers, "download") as downloads,
            ThreadPoolExecutor(self.whisper.resolved_workers, "whisper") as workers,
        ):
            fetching = {downloads.submit(self.fetch, e): e for e in wanted}
            working: dict[Future[Row], Row] = {}
            owners = dict(known_audio)
            # In the order of the episodes: of two with one audio, the same one wins each time.
            for future in fetching:
                episode = fetching[future]
                try:
                    audio = future.result()
                except UserError:
                    downloads.shutdown(wait=False, cancel_futures=True)
                    raise
                except Exception as error:  # FetchError, or what nobody thought of: one row
                    rows[episode["episode_id"]] = failed(episode, in_words(error))
                    self.report(f"{episode['title']}: {in_words(error)}")
                    continue
                owner = owners.setdefault(audio.sha256, episode["episode_id"])
                if owner != episode["episode_id"]:
                    rows[episode["episode_id"]] = duplicate(episode, audio, owner)
                    if audio.sha256 in known_audio and not self.keep_audio:
                        self.store.discard(audio)
                    continue
                working[workers.submit(self.transcribe, episode, audio)] = episode
            for done in as_completed(working):
                row = done.result()
                rows[row["episode_id"]] = row
                self.report(describe(row, working[done]))
        return [rows[episode["episode_id"]] for episode in wanted]

    def fetch(self, episode: Row) -> Audio:
        """The audio; only its identity where a text of it is already in the cache."""
        audio = self.store.fetch(episode, need_file=False)
        is_text_known = self.known_transcription(episode, audio) or (
            episode["transcript_url"]
            and self.cache.read_json("transcripts", self.published_key(episode, audio))
        )
        return audio if audio.path.exists() or is_text_known else self.store.fetch(episode)

    def transcribe(self, episode: Row, audio: Audio) -> Row:
        """The row of one episode whose audio is at hand."""
        try:
            published = self.published(episode, audio)
            row = self.heard(episode, audio, published) if isinstance(published, str) else published
        except UserError:
            raise
        except Exception as error:  # one episode must not cost the others their rows
            return failed(episode, in_words(error), audio)
        if not self.keep_audio:
            self.store.discard(audio)
        return row

    def heard(self, episode: Row, audio: Audio, reason: str) -> Row:
        """Whisper's text, from the cache or made now; `reason` says why not the publisher's."""
        language = self.language_of(episode["feed_id"])
        transcription = self.known_transcription(episode, audio)
        if transcription is None:
            if not audio.path.exists():
                audio = self.store.fetch(episode)
            transcription = self.whisper.transcribe(audio.path, language)
            key = self.whisper.cache_key(audio.sha256, language)
            self.cache.write_json("transcripts", key, transcription.to_json())
        model = self.whisper.resolved_model
        row = text_row(
            episode, audio, transcription.segments, transcription.duration_s, transcription.speech_s
        )
        return row | {
            "source": "whisper",
            "source_reason": reason,
            "language": transcription.language,
            "model": model.name,
            "model_revision": model.revision,
            "options": self.whisper.options,
            "device": transcription.device,
            "compute_type": transcription.compute_type,
            "real_time_factor": transcription.real_time_factor,
        }

    def known_transcription(self, episode: Row, audio: Audio) -> Transcription | None:
        """What the cache holds for this audio, model and options.

        An entry of another shape, from an older version or edited by hand, counts as absent.
        """
        key = self.whisper.cache_key(audio.sha256, self.language_of(episode["feed_id"]))
        stored = self.cache.read_json("transcripts", key)
        try:
            return Transcription.from_json(stored) if stored else None
        except (TypeError, KeyError):
            return None

    def published(self, episode: Row, audio: Audio) -> Row | str:
        """The publisher's text if it passes the guards; else why Whisper has to listen."""
        if not episode["transcript_url"]:
            return "the publisher has no transcript"
        try:
            segments, duration_s = self.published_text(episode, audio)
        except (FetchError, TranscriptFormatError) as error:
            return self.refused(episode, str(error))
        row = text_row(episode, audio, segments, duration_s, None)
        if row["status"] != "ok":
            return self.refused(episode, f"{row['status']}: {row['error']}")
        language = self.language_of(episode["feed_id"])
        return row | {
            "source": "publisher",
            "source_reason": "the publisher's transcript passed the guards",
            "language": language,
        }

    def refused(self, episode: Row, why: str) -> str:
        """Tell the log that the publisher's text is not used; returns the reason for the row."""
        reason = f"the publisher's transcript was not used: {why}"
        self.report(f"{episode['title']}: {reason}")
        return reason

    def published_text(self, episode: Row, audio: Audio) -> tuple[tuple[Segment, ...], float]:
        """The publisher's segments and the audio's duration, from the cache or made now."""
        key = self.published_key(episode, audio)
        stored = self.cache.read_json("transcripts", key)
        if stored is None:
            client = self.client_for(episode["feed_id"])
            answer = client.get(self.transcript_address(episode))
            segments = parse_transcript(
                answer.body, episode["transcript_type"], episode["transcript_url"]
            )
            duration_s = self.duration_of(episode, audio)
            stored = {"segments": [vars(s) for s in segments], "duration_s": duration_s}
            self.cache.write_json("transcripts", key, stored)
        return tuple(Segment(**s) for s in stored["segments"]), stored["duration_s"]

    def duration_of(self, episode: Row, audio: Audio) -> float:
        """Seconds of audio, from Whisper's work if it is done: the file may be deleted since."""
        heard = self.known_transcription(episode, audio)
        return heard.duration_s if heard else round(len(decode(audio.path)) / SAMPLE_RATE, 3)

    def published_key(self, episode: Row, audio: Audio) -> str:
        """Name of the publisher's text of exactly this audio; tokens rotate in queries."""
        return long_hash("published", audio.sha256, episode["transcript_url"].split("?")[0])


def text_row(
    episode: Row,
    audio: Audio,
    segments: Sequence[Segment],
    duration_s: float,
    speech_s: float | None,
) -> Row:
    """A row with text, and with the guards' verdict on it."""
    finding = inspect(segments, duration_s, speech_s)
    return base_row(episode, audio) | {
        "status": finding.status if finding else "ok",
        "error": finding.message if finding else None,
        "duration_s": duration_s,
        "words": count_words(segments),
        "text": " ".join(segment.text for segment in segments),
        "segments": [vars(segment) for segment in segments],
    }


def failed(episode: Row, message: str, audio: Audio | None = None) -> Row:
    """A row that says why there is no transcript."""
    return base_row(episode, audio) | {"status": "failed", "error": message}


def in_words(error: Exception) -> str:
    """An error as a row shows it; an unexpected one with its type, as it wants mending."""
    is_known = isinstance(error, FetchError | TranscriptionError)
    return str(error) if is_known else f"unexpected: {type(error).__name__}: {error}"


def duplicate(episode: Row, audio: Audio, owner: str) -> Row:
    """A row for audio that another episode already stands for."""
    return base_row(episode, audio) | {
        "status": "duplicate_audio",
        "error": f"the same audio as episode {owner}",
    }


def base_row(episode: Row, audio: Audio | None) -> Row:
    """A row of `transcripts` with nothing but its identity."""
    return {
        "episode_id": episode["episode_id"],
        "published_on": episode["published_on"],
        "audio_sha256": audio.sha256 if audio else None,
        "audio_bytes": audio.size_bytes if audio else None,
        "segments": [],
        **dict.fromkeys(EMPTY),
    }


EMPTY = (
    "source",
    "source_reason",
    "duration_s",
    "language",
    "model",
    "model_revision",
    "options",
    "device",
    "compute_type",
    "real_time_factor",
    "words",
    "text",
)


def describe(row: Row, episode: Row) -> str:
    """One line for the log."""
    if row["status"] != "ok":
        return f"{episode['title']}: {row['status']}: {row['error']}"
    speed = f", {row['real_time_factor']:.0f} times real time" if row["real_time_factor"] else ""
    return (
        f"{episode['title']}: {row['words']} words in {row['duration_s']:.0f} s by "
        f"{row['source']}{speed}"
    )
