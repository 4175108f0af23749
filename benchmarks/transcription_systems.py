"""What `transcription.py` compares; this module is run as a process for each system.

Its argument is a JSON file of a `Job`; beside it, `.result` is written, a `Result`. A system is
loaded, transcribes a short file, which is counted as its start-up, and then all files against the
clock.

What does not belong here: the audio (`speech_corpus.py`), rounds and the table.
"""

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from peak_memory import peak_mb  # noqa: E402

BATCH_SIZE = 16
LOADING_S = 600


@dataclass(frozen=True)
class Job:
    """What one process does.

    Args:
        system: a name in `SYSTEMS`.
        files: audio.
        warm: short audio for the start-up.
        model: a folder with a CTranslate2 model.
        name: of the model, for systems with weights of their own.
        device: `cpu` or `cuda`.
        compute_type: CTranslate2's.
        cores: that may be used.
        language: spoken in the audio.
        began_at: Unix time at which the process was started.
    """

    system: str
    files: list[str]
    warm: str
    model: str
    name: str
    device: str
    compute_type: str
    cores: int
    language: str
    began_at: float


@dataclass(frozen=True)
class Result:
    """What came of it; without start-up but for `start_s` and `peak_mb`.

    Args:
        processor_s: user and system time of all threads and child processes.
        peak_mb: of the process, and of each child process beside it.
    """

    texts: list[str]
    wall_s: float
    processor_s: float
    start_s: float
    peak_mb: float


@dataclass
class Run:
    """A loaded system.

    Args:
        transcribe: the texts of files, in their order.
        children_s: processor time of child processes so far.
        children_mb: their peaks.
        end: ends them.
    """

    transcribe: Callable[[Sequence[str]], list[str]]
    children_s: Callable[[], float] = lambda: 0.0
    children_mb: Callable[[], float] = lambda: 0.0
    end: Callable[[], None] = lambda: None


def ours(job: Job, decoding: str) -> Run:
    """The engine, by threads that fill its batches."""
    whisper = engine(job, decoding)

    def one(path: str) -> str:
        return joined(whisper.transcribe(Path(path), job.language).segments)

    def transcribe(files: Sequence[str]) -> list[str]:
        with ThreadPoolExecutor(whisper.files_at_once) as pool:
            return list(pool.map(one, files))

    return Run(transcribe)


def engine(job: Job, decoding: str) -> Any:  # noqa: ANN401 - imported with the system
    """Our engine on the job's model."""
    from podcast_insights.transcripts.whisper.engine import Whisper

    return Whisper(job.model, device=job.device, compute_type=job.compute_type, decoding=decoding)


def stage(job: Job) -> Run:
    """The whole stage with our default engine."""
    from transcription_stage import transcribed

    return Run(partial(transcribed, engine(job, "complete"), job.language))


def stock(job: Job, **options: Any) -> Run:  # noqa: ANN401 - of faster-whisper
    """Faster-whisper file by file, with its defaults (beam 5) and all cores' threads."""
    model = faster_whisper(job, job.cores)
    return Run(
        lambda files: [
            joined(model.transcribe(f, language=job.language, **options)[0]) for f in files
        ]
    )


def batched(job: Job) -> Run:
    """Faster-whisper's batches of one file after the other."""
    from faster_whisper import BatchedInferencePipeline

    model = BatchedInferencePipeline(faster_whisper(job, job.cores))

    def one(path: str) -> str:
        return joined(model.transcribe(path, language=job.language, batch_size=BATCH_SIZE)[0])

    return Run(lambda files: list(map(one, files)))


def processes(job: Job) -> Run:
    """As many single-threaded processes as cores; each takes a file, decoded as stock does."""
    context = multiprocessing.get_context("spawn")
    are_loaded = context.Barrier(job.cores + 1)
    pool = context.Pool(job.cores, begin, (job, are_loaded))
    are_loaded.wait(LOADING_S)
    spent: list[float] = []
    peaks: dict[int, float] = {}

    def transcribe(files: Sequence[str]) -> list[str]:
        texts = []
        for text, process, seconds, peak in pool.imap(one_of_many, files):
            texts.append(text)
            spent.append(seconds)
            peaks[process] = max(peaks.get(process, 0.0), peak)
        return texts

    def end() -> None:
        pool.close()
        pool.join()

    return Run(transcribe, lambda: sum(spent), lambda: sum(peaks.values()), end)


def begin(job: Job, are_loaded: Any) -> None:  # noqa: ANN401 - a barrier
    """In a child process: load the model, and have it do the warm-up."""
    global loaded
    loaded = stock(replace(job, cores=1))
    loaded.transcribe([job.warm])
    are_loaded.wait(LOADING_S)


def one_of_many(path: str) -> tuple[str, int, float, float]:
    """In a child process: a file's text, the process, its seconds for it, and its peak in MB."""
    began = time.process_time()
    (text,) = loaded.transcribe([path])
    return text, os.getpid(), time.process_time() - began, peak_mb()


loaded = Run(lambda files: [])


def whisperx(job: Job) -> Run:
    """WhisperX without alignment and speakers."""
    import whisperx as library

    model = library.load_model(
        job.model,
        job.device,
        compute_type=job.compute_type,
        language=job.language,
        threads=job.cores,
    )

    def one(path: str) -> str:
        found = model.transcribe(library.load_audio(path), batch_size=BATCH_SIZE)
        return " ".join(segment["text"].strip() for segment in found["segments"])

    return Run(lambda files: list(map(one, files)))


def openai(job: Job) -> Run:
    """openai-whisper with its own weights of that name, float32 on a CPU."""
    import torch
    import whisper as library

    torch.set_num_threads(job.cores)
    model = library.load_model(job.name, job.device)
    is_half = job.device == "cuda"
    return Run(
        lambda files: [
            model.transcribe(f, language=job.language, fp16=is_half, beam_size=5)["text"]
            for f in files
        ]
    )


SYSTEMS: dict[str, Callable[[Job], Run]] = {
    "stock": stock,
    "stock-vad": partial(stock, vad_filter=True, condition_on_previous_text=False),
    "batched": batched,
    "processes": processes,
    "complete": partial(ours, decoding="complete"),
    "balanced": partial(ours, decoding="balanced"),
    "fast": partial(ours, decoding="fast"),
    "stage": stage,
    "whisperx": whisperx,
    "openai-whisper": openai,
}


def faster_whisper(job: Job, threads: int) -> Any:  # noqa: ANN401 - no types
    """The bare model."""
    from faster_whisper import WhisperModel

    if job.device == "cuda":
        from podcast_insights.transcripts.whisper.devices import preload_cuda

        preload_cuda()
    return WhisperModel(
        job.model, device=job.device, compute_type=job.compute_type, cpu_threads=threads
    )


def joined(segments: Any) -> str:  # noqa: ANN401 - faster-whisper's or ours
    """One text of timed segments."""
    return " ".join(segment.text.strip() for segment in segments)


def run(job: Job) -> Result:
    """Load a system and have it transcribe."""
    system = SYSTEMS[job.system](job)
    system.transcribe([job.warm])
    start_s = time.time() - job.began_at
    before_s = time.process_time() + system.children_s()
    began = time.perf_counter()
    texts = system.transcribe(job.files)
    wall_s = time.perf_counter() - began
    processor_s = time.process_time() + system.children_s() - before_s
    system.end()
    return Result(texts, wall_s, processor_s, start_s, peak_mb() + system.children_mb())


if __name__ == "__main__":
    path = Path(sys.argv[1])
    made = run(Job(**json.loads(path.read_text())))
    path.with_name(f"{path.name}.result").write_text(json.dumps(asdict(made)))
