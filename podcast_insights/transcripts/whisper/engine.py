"""Speech to text by faster-whisper, with the model loaded at most once.

What does not belong here: which episodes to transcribe, and whether the result can be
trusted (`guards.py`).
"""

import json
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_insights.errors import UserError
from podcast_insights.identity import long_hash
from podcast_insights.transcripts.records import Segment
from podcast_insights.transcripts.whisper.devices import cores, count_gpus
from podcast_insights.transcripts.whisper.models import Model, find_model
from podcast_insights.transcripts.whisper.records import (
    SAMPLE_RATE,
    Transcription,
    TranscriptionError,
)
from podcast_insights.transcripts.whisper.sound import decode

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

DECODING = {"beam_size": 5, "vad_filter": True, "condition_on_previous_text": False}
"""Voice activity detection keeps Whisper from inventing words over music; not conditioning on
the previous text keeps one bad window from spoiling the next."""


@dataclass(frozen=True)
class Whisper:
    """A Whisper model and how it is run.

    Args:
        model: `auto`, a name, or a folder.
        device: `auto`, `cpu` or `cuda`.
        compute_type: CTranslate2's, or `auto`.
        batch_size: 1 decodes sequentially; more uses the batched pipeline, which is faster
            and was seen to drop a fifth of the words without an error.
        device_index: numbers of the GPUs.
        workers: files transcribed at the same time; 0 chooses.
    """

    model: str = "auto"
    device: str = "auto"
    compute_type: str = "auto"
    batch_size: int = 1
    device_index: tuple[int, ...] = (0,)
    workers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @cached_property
    def resolved_device(self) -> str:
        """`cuda` where a GPU is asked for, or found and usable."""
        if self.device != "auto":
            return self.device
        return "cuda" if count_gpus() else "cpu"

    @cached_property
    def resolved_model(self) -> Model:
        """The weights `auto` or a name stands for; needs no network.

        Raises:
            UserError: no weights can be named on this machine.
        """
        return find_model(self.model, self.resolved_device)

    @property
    def resolved_compute_type(self) -> str:
        """float16 on a GPU, int8 on a CPU, unless set."""
        if self.compute_type != "auto":
            return self.compute_type
        return "float16" if self.resolved_device == "cuda" else "int8"

    @property
    def resolved_workers(self) -> int:
        """Files at once: one per GPU; on a CPU one per core, up to 4.

        Single-threaded workers on several files give twice the throughput of one worker with
        all threads (17 s against 33 s on two cores).
        """
        if self.workers:
            return self.workers
        return len(self.device_index) if self.resolved_device == "cuda" else min(cores(), 4)

    @property
    def options(self) -> str:
        """Everything but the model that shapes the text, as JSON; part of the cache key."""
        return json.dumps({**DECODING, "batch_size": self.batch_size}, sort_keys=True)

    def cache_key(self, audio_sha256: str, language: str | None) -> str:
        """Name of this audio's transcription by this model with these options."""
        model = self.resolved_model
        return long_hash(
            "transcript", audio_sha256, model.name, model.revision, self.options, language or ""
        )

    def transcribe(self, path: Path, language: str | None = None) -> Transcription:
        """Transcribe one file; safe to call from `resolved_workers` threads.

        Raises:
            TranscriptionError: the file can't be decoded, or holds no audio.
        """
        model = self._loaded
        try:
            return self._transcribe(model, path, language)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise TranscriptionError(f"Whisper failed on it: {error}") from error

    def _transcribe(self, model: "WhisperModel", path: Path, language: str | None) -> Transcription:
        started = time.monotonic()
        samples = decode(path)
        duration_s = len(samples) / SAMPLE_RATE
        hint = language if model.model.is_multilingual else "en"
        options: dict[str, Any] = {**DECODING, "language": hint, "task": "transcribe"}
        if self.batch_size > 1:
            from faster_whisper import BatchedInferencePipeline

            found, info = BatchedInferencePipeline(model).transcribe(
                samples, batch_size=self.batch_size, **options
            )
        else:
            found, info = model.transcribe(samples, **options)
        segments = tuple(
            Segment(round(s.start, 3), round(s.end, 3), s.text.strip())
            for s in found
            if s.text.strip()
        )
        return Transcription(
            segments=segments,
            language=info.language,
            duration_s=round(duration_s, 3),
            speech_s=round(info.duration_after_vad, 3),
            real_time_factor=round(duration_s / max(time.monotonic() - started, 1e-6), 2),
            device=self.resolved_device,
            compute_type=self.resolved_compute_type,
        )

    @property
    def _loaded(self) -> "WhisperModel":
        with self._lock:
            return self._model

    @cached_property
    def _model(self) -> "WhisperModel":
        from faster_whisper import WhisperModel

        on_cpu = self.resolved_device == "cpu"
        try:
            return WhisperModel(
                self.resolved_model.location,
                device=self.resolved_device,
                device_index=0 if on_cpu else list(self.device_index),
                compute_type=self.resolved_compute_type,
                cpu_threads=max(cores() // self.resolved_workers, 1) if on_cpu else 0,
                num_workers=self.resolved_workers,
            )
        except (ValueError, RuntimeError, OSError) as error:
            raise UserError(
                f"Whisper {self.resolved_model.name} can't be loaded on {self.resolved_device}: "
                f"{error}.",
                "Run `podcast-insights doctor`; PODCAST_INSIGHTS_WHISPER_MODEL=auto and "
                "PODCAST_INSIGHTS_WHISPER_DEVICE=cpu work without a hub and without a GPU.",
            ) from error
