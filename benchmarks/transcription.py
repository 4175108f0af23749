"""Our engine against faster-whisper as one uses it, on the same audio, model and cores.

    .venv/bin/python benchmarks/transcription.py [--audio FOLDER] [--systems complete,stock]

In each round each system transcribes all files once, in a process of its own; the order is
another in each round. A folder's audio needs an `X.ref.txt` beside each `X`; without a folder,
episodes are made (`speech_corpus.py` says of what).

Systems: ours `complete` (the default), `balanced` and `fast`; `stock` is faster-whisper file by
file with its defaults (beam 5) and the threads of all cores; `stock-vad` the same with its voice
activity filter and without the text before as a prompt; `batched` is BatchedInferencePipeline with
batches of 16, file by file; `processes` as many single-threaded processes as cores, each decoding
a file as stock does; `stage` is the whole transcripts stage with our default engine: downloads,
hashes, cache, guards, rows. `whisperx` and `openai-whisper` where they are installed and have
weights.

Columns: word error rate, deletions and insertions in percent of the reference's words, of the
last round; audio seconds per second, median; the same as a multiple of `stock` in the same round,
median and range; processor seconds (all threads and child processes) per hour of audio, median;
highest memory, child processes summed; seconds from the process' start until a file of ten
seconds was transcribed, which the other columns don't contain.

What does not belong here: the audio and the scoring (`speech_corpus.py`), what the systems do
(`transcription_systems.py`).
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import speech_corpus as corpus
from speech_corpus import SAMPLE_RATE, Spoken
from transcription_systems import SYSTEMS, Job, Result

from podcast_insights.transcripts.whisper.devices import choose_compute_type, choose_device, cores
from podcast_insights.transcripts.whisper.models import fetch, find_model

MODULES = {"whisperx": "whisperx", "openai-whisper": "whisper"}
"""Systems that are not always installed, and what they are imported by."""
WARM_S = 10
BASE = "stock"
HEADINGS = (
    "system",
    "WER %",
    "del %",
    "ins %",
    "x real time",
    f"x {BASE}",
    "range",
    "CPU s/h",
    "peak MB",
    "start s",
)


def main() -> None:
    """Run all systems and print the table."""
    asked = arguments()
    systems = [name for name in asked.systems.split(",") if is_there(name)]
    with tempfile.TemporaryDirectory() as folder:
        spoken = (
            corpus.from_folder(asked.audio)
            if asked.audio
            else corpus.made(Path(folder), asked.episodes, asked.seed)
        )
        job = job_of(asked, spoken, Path(folder))
        if job.device == "cuda" and "processes" in systems:
            print("processes: left out, a model for each core does not fit on a GPU")
            systems.remove("processes")
        print(machine(job, spoken), flush=True)
        rounds = [one_round(number, systems, job, Path(folder)) for number in range(asked.rounds)]
    for line in table(systems, spoken, rounds):
        print(line)


def arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(description="See the beginning of the file.")
    parser.add_argument("--audio", type=Path, help="folder of audio X with X.ref.txt beside it")
    parser.add_argument("--episodes", type=int, default=20, help="how many are made")
    parser.add_argument("--seed", type=int, default=1, help="of the episodes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="separated by commas")
    parser.add_argument("--model", default="auto", help="name or folder of a CTranslate2 model")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--compute-type", default="auto")
    parser.add_argument("--language", default="en", help="of the audio")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.systems.split(",")) - set(SYSTEMS)):
        parser.error(f"no such system: {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    return asked


def is_there(system: str) -> bool:
    """Whether a system can be imported; says so if not."""
    module = MODULES.get(system)
    if module is None or importlib.util.find_spec(module):
        return True
    print(f"{system}: left out, it is not installed")
    return False


def job_of(asked: argparse.Namespace, spoken: Sequence[Spoken], folder: Path) -> Job:
    """What all systems have in common."""
    device = choose_device(asked.device)
    model = fetch(find_model(asked.model, device))
    samples = corpus.samples_of(spoken[0].path)[: WARM_S * SAMPLE_RATE]
    return Job(
        system="",
        files=[str(one.path.resolve()) for one in spoken],
        warm=str(corpus.write_wav(folder / "warm.wav", samples)),
        model=model.location,
        name=model.name,
        device=device,
        compute_type=choose_compute_type(asked.compute_type, device),
        cores=cores(),
        language=asked.language,
        began_at=0.0,
    )


def machine(job: Job, spoken: Sequence[Spoken]) -> str:
    """One line about what is measured where."""
    minutes = sum(one.duration_s for one in spoken) / 60
    return (
        f"{len(spoken)} files, {minutes:.1f} minutes; {job.name} in {job.compute_type} on "
        f"{job.device}, {job.cores} cores"
    )


def one_round(number: int, systems: Sequence[str], job: Job, folder: Path) -> dict[str, Result]:
    """Each system once, beginning with another one than the round before."""
    first = number % len(systems)
    found = {}
    for system in [*systems[first:], *systems[:first]]:
        result = measured(replace(job, system=system), folder)
        if result:
            found[system] = result
            print(f"round {number + 1}: {system} {result.wall_s:.1f} s", file=sys.stderr)
    return found


def measured(job: Job, folder: Path) -> Result | None:
    """Run a system in a process of its own; None if it failed, with its last words."""
    path = folder / "job.json"
    path.write_text(json.dumps(asdict(replace(job, began_at=time.time()))))
    script = Path(__file__).with_name("transcription_systems.py")
    ended = subprocess.run([sys.executable, script, path], capture_output=True, text=True)
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["no word"])[-1]
        print(f"{job.system}: left out, it failed: {last}")
        return None
    print(ended.stderr, end="", file=sys.stderr)
    return Result(**json.loads(path.with_name("job.json.result").read_text()))


def table(
    systems: Sequence[str], spoken: Sequence[Spoken], rounds: Sequence[dict[str, Result]]
) -> list[str]:
    """A Markdown table with a line for each system that ran in each round."""
    audio_s = sum(one.duration_s for one in spoken)
    references = [one.reference for one in spoken]
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|" + "---:|" * (len(HEADINGS) - 1)]
    for system in systems:
        results = [found[system] for found in rounds if system in found]
        if len(results) < len(rounds):
            continue
        errors = corpus.score(references, results[-1].texts)
        speed = statistics.median(audio_s / one.wall_s for one in results)
        processor = statistics.median(one.processor_s for one in results) * 3600 / audio_s
        cells = (
            system,
            f"{100 * errors.error_rate:.2f}",
            f"{100 * errors.deletions:.2f}",
            f"{100 * errors.insertions:.2f}",
            f"{speed:.1f}",
            *against_base(system, rounds),
            f"{processor:.0f}",
            f"{max(one.peak_mb for one in results):.0f}",
            f"{statistics.median(one.start_s for one in results):.1f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def against_base(system: str, rounds: Sequence[dict[str, Result]]) -> tuple[str, str]:
    """How many times as fast as `BASE` in the same round: median, and from lowest to highest."""
    ratios = [r[BASE].wall_s / r[system].wall_s for r in rounds if BASE in r and system in r]
    if not ratios:
        return "-", "-"
    return f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}"


if __name__ == "__main__":
    main()
