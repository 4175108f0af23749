"""Speech to text by faster-whisper, with the model loaded at most once for all files.

What does not belong here: which episodes to transcribe, and whether the result can be
trusted (`guards`).
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path

from podcast_insights.errors import UserError
from podcast_insights.identity import long_hash
from podcast_insights.transcripts.whisper.admission import Door
from podcast_insights.transcripts.whisper.decoding import (
    AGAIN,
    BEAM_SIZES,
    Decoder,
)
from podcast_insights.transcripts.whisper.devices import (
    MAX_BATCH,
    choose_compute_type,
    choose_device,
    cores,
)
from podcast_insights.transcripts.whisper.models import (
    Model,
    batch_size_for,
    fetch,
    find_model,
    load,
)
from podcast_insights.transcripts.whisper.packing import Packer, patiently
from podcast_insights.transcripts.whisper.promised import promised_s
from podcast_insights.transcripts.whisper.recording import Recording, failure
from podcast_insights.transcripts.whisper.records import RunStopped, Transcription
from podcast_insights.transcripts.whisper.samples import Floats
from podcast_insights.transcripts.whisper.sections import SECTION_S
from podcast_insights.transcripts.whisper.spoken import Spoken, known_as, spoken_in

RULES = 3
"""Of sharing out, decoding and repairing; another number makes every transcription anew."""
MAX_CPU_WORKERS = 4
FILES_PER_WORKER = 8
"""So that even short episodes, of one section each, fill a batch. On a GPU it is as many as a batch
has windows, up to `MOST_FILES`: each is a thread, and audio that is downloaded ahead."""
MOST_FILES = 256
FILES_CUT = 2
"""For each worker, files that are being cut into sections."""
LEAST_QUEUE_S, MOST_QUEUE_S = 2 * 3600.0, {"cpu": 4 * 3600.0, "cuda": 48 * 3600.0}
"""Audio that waits for the model or is with it: 115 MB an hour. Of a GPU it is two batches, one
that is computed and the next: eleven hours where they are of 64 sections."""
CLOSEST = {"yue": "zh"}
"""Models of 99 languages take Cantonese for Chinese."""


@dataclass(frozen=True)
class Whisper:
    """A Whisper model and how it is run.

    Args:
        model: `auto`, a name, a repository of the hub, or a folder.
        revision: commit, tag or branch of the hub's repository; None for the pinned one.
        device: `auto`, `cpu` or `cuda`.
        compute_type: CTranslate2's, or `auto`.
        decoding: `complete`, `balanced` or `fast`: the later, the quicker and the more errors.
        word_times: whether each word is timed.
        batch_size: windows generated together, which does not change the text; 0 chooses.
        device_index: numbers of the GPUs.
        workers: batches computed at the same time, on the CPU or on each GPU; 0 chooses.
    """

    model: str = "auto"
    revision: str | None = None
    device: str = "auto"
    compute_type: str = "auto"
    decoding: str = "complete"
    word_times: bool = False
    batch_size: int = 0
    device_index: tuple[int, ...] = (0,)
    workers: int = 0
    stopping: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _numbers: "Iterator[int]" = field(default_factory=count, repr=False, compare=False)

    @cached_property
    def resolved_device(self) -> str:
        """`cuda` where a GPU is asked for, or found and usable.

        Raises:
            UserError: one is asked for, and there is none.
        """
        return choose_device(self.device)

    @cached_property
    def resolved_model(self) -> Model:
        """The weights `auto` or a name stands for.

        Raises:
            UserError: no weights can be named on this machine.
        """
        return find_model(self.model, self.resolved_device, self.revision)

    @cached_property
    def resolved_compute_type(self) -> str:
        """float16 on a GPU, int8 on a CPU, unless set.

        Raises:
            UserError: the device can't compute in it.
        """
        return choose_compute_type(self.compute_type, self.resolved_device, self.device_index)

    @property
    def beam_size(self) -> int:
        """Hypotheses kept while generating.

        Raises:
            UserError: there is no such way of decoding.
        """
        if self.decoding not in BEAM_SIZES:
            raise UserError(
                f"There is no way of decoding called {self.decoding}.",
                f"Set PODCAST_INSIGHTS_WHISPER_DECODING to {', '.join(BEAM_SIZES)}.",
            )
        return BEAM_SIZES[self.decoding]

    @property
    def resolved_workers(self) -> int:
        """Batches at once: one per GPU; on a CPU one per core, up to 4.

        Single-threaded workers give twice the throughput of one worker with all threads.
        """
        if self.resolved_device == "cuda":
            return len(self.device_index) * self._workers_on_each
        return self._workers_on_each

    @property
    def _workers_on_each(self) -> int:
        """Batches at once on the CPU, or on each GPU."""
        is_gpu = self.resolved_device == "cuda"
        return self.workers or (1 if is_gpu else min(cores(), MAX_CPU_WORKERS))

    @property
    def files_at_once(self) -> int:
        """How many files fill the batches, each in a thread that calls `transcribe`."""
        if self.resolved_device == "cpu":
            return FILES_PER_WORKER * self.resolved_workers
        # Asked before the model is loaded, when nobody knows how much goes into a batch.
        batch = self.batch_size or MAX_BATCH // self._workers_on_each
        return min(max(batch, FILES_PER_WORKER) * self.resolved_workers, MOST_FILES)

    def batch_size_with(self, model: Model) -> int:
        """Windows that each worker generates together: as set, or as the memory allows."""
        return self.batch_size or batch_size_for(
            model,
            self.resolved_device,
            self.resolved_compute_type,
            self.device_index,
            self._workers_on_each,
        )

    @property
    def options(self) -> str:
        """Everything but the model that shapes the text, as JSON; part of the cache key."""
        return self._options(word_times=self.word_times)

    def _options(self, *, word_times: bool) -> str:
        shaping = {
            "again": AGAIN,
            "beam_size": self.beam_size,
            "rules": RULES,
            "word_times": word_times,
        }
        if self.compute_type != "auto":  # chosen for its words, not by what the machine can do
            shaping["compute_type"] = self.compute_type
        return json.dumps(shaping, sort_keys=True)

    def cache_key(
        self, audio_sha256: str, language: str | None, *, word_times: bool | None = None
    ) -> str:
        """Name of this audio's transcription by this model with these options.

        Args:
            audio_sha256: of the file.
            language: the feed's hint, as in `transcribe`.
            word_times: of another transcription, the same but for them; None for this one's.
        """
        model = self.resolved_model
        options = self._options(word_times=self.word_times if word_times is None else word_times)
        spoken = "" if model.is_english_only else known_as(language) or ""
        return long_hash("transcript", audio_sha256, model.name, model.revision, options, spoken)

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        """Transcribe one file; call it from `files_at_once` threads to fill the batches.

        Args:
            path: the audio, of any length.
            language: the feed's hint; without one the language is heard.

        Raises:
            TranscriptionError: the file can't be decoded, or holds no audio.
            RunStopped: it was, meanwhile.
            UserError: the model can't be had or loaded.
        """
        with self._lock:
            if self.stopping.is_set():
                raise RunStopped
            decoder, packer, door = self._loaded
            number = next(self._numbers)
        with door.entered(number):
            heard = self._spoken(decoder, path)
            spoken = self._language(decoder, language, heard)
            recording = Recording(path, spoken, packer, number, self.stopping)
            recording.cut()
        recording.finish()
        return Transcription(
            segments=recording.segments,
            language=spoken,
            duration_s=recording.duration_s,
            speech_s=recording.speech_s,
            real_time_factor=round(recording.duration_s / max(recording.work_s, 1e-6), 2),
            device=self.resolved_device,
            compute_type=self.resolved_compute_type,
            confidence=recording.confidence,
            windows=recording.windows,
            decoded_again=recording.decoded_again,
            detected_language=heard.language if heard else None,
            detected_probability=heard.probability if heard else None,
            damage=recording.damage,
            lost_s=recording.lost_s,
            unheard=recording.unheard,
            is_multilingual=decoder.model.model.is_multilingual,
            promised_s=promised_s(path),
        )

    def _spoken(self, decoder: Decoder, path: Path) -> Spoken | None:
        if not decoder.model.model.is_multilingual:
            return None

        def languages(samples: Floats) -> dict[str, float]:
            return patiently(lambda: decoder.languages(samples), self.stopping.is_set)

        try:
            return spoken_in(path, languages, self.stopping.is_set)
        except (RuntimeError, MemoryError) as error:  # CTranslate2's, of memory too
            raise RunStopped if self.stopping.is_set() else failure(error) from error

    def _language(self, decoder: Decoder, hint: str | None, heard: Spoken | None) -> str:
        if not decoder.model.model.is_multilingual:
            return "en"
        named = known_as(hint)
        for code in (named, CLOSEST.get(named or "")):
            if code and self._is_known(code, decoder):
                return code
        return heard.language if heard else "en"

    def _is_known(self, language: str, decoder: Decoder) -> bool:
        """Whether this model has a token for it; faster-whisper names those of the newest."""
        token = decoder.model.hf_tokenizer.token_to_id(f"<|{language}|>")
        return language in decoder.model.supported_languages and token is not None

    @cached_property
    def _loaded(self) -> tuple[Decoder, Packer, Door]:
        """The model, what packs windows for it, and who may bring some; take the lock."""
        from faster_whisper.vad import get_vad_model

        device, compute_type = self.resolved_device, self.resolved_compute_type
        model = fetch(self.resolved_model)
        workers, is_cpu = self.resolved_workers, device == "cpu"
        batch = self.batch_size_with(model)
        queue_s = min(max(2 * workers * batch * SECTION_S, LEAST_QUEUE_S), MOST_QUEUE_S[device])
        loaded = load(
            model,
            device=device,
            device_index=self.device_index,
            compute_type=compute_type,
            cpu_threads=max(cores() // workers, 1) if is_cpu else 0,
            workers=self._workers_on_each,
        )
        get_vad_model()  # by one thread, before many ask for it
        decoder = Decoder(loaded, self.beam_size, self.word_times)
        packer = Packer(
            decoder.decode,
            decoder.decode_again,
            workers=workers,
            batch_size=batch,
            longest_queue_s=queue_s,
            # On a GPU a second thread prepares the next batch while the first is computed.
            ahead=0 if is_cpu else workers,
        )
        return decoder, packer, Door(FILES_CUT * workers)
