"""Speech with references for benchmarks, and how transcripts of it are scored.

Audio is either a folder's, or made: episodes of about two to five minutes from the clips with
references of the project's shared corpus. Those are read speech (LJ Speech, Jane Austen, sonnets,
Dickens, Harvard sentences over a telephone), speeches (Kennedy, Bush) and one spontaneous
speaker; some only as parts of the corpus' `longform/podcast_mix.opus`. Clips that are there twice
are taken once. An episode is a random row of clips with pauses of 0.3 to 1.5 s of faint noise
between them; every fifth begins with a clip of more than 70 s. The same seed makes the same
episodes. Clips come back in several episodes: what is measured is decoding, not the speakers.

Before scoring, both texts are put in lower case, hyphens become spaces, other signs but apostrophes
go, and number words become digits (text2num), so that "twenty-five" and "25" are the same word.
Nothing else is smoothed over: "Mr." for "mister" is an error, as a Roman numeral is.

What does not belong here: what transcribes (`transcription_systems.py`).
"""

import json
import random
import re
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
from faster_whisper import decode_audio
from numpy.typing import NDArray
from text_to_num import alpha2digit

SHARED_AUDIO = Path(__file__).resolve().parents[2] / "shared" / "data" / "audio"
SAMPLE_RATE = 16_000
TWICE = {"jfk.flac", "jfk.mp3", "jfk_441khz.m4a", "moon_kennedy.mp3"}
OF_THE_MIX = ("bush", "sonnets", "spontaneous", "misc")
"""Parts of the mix that are not in the corpus as files of their own."""
MIX_PAD_S = 0.2
SHORTEST_S, LONGEST_S = 110.0, 220.0
LONG_CLIP_S = 70.0
EVERY_FIFTH = 5

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Spoken:
    """A file of speech, and what is said in it."""

    path: Path
    reference: str
    duration_s: float


@dataclass(frozen=True)
class Score:
    """Errors of a transcript, as shares of the reference's words."""

    error_rate: float
    deletions: float
    insertions: float


def from_folder(folder: Path) -> list[Spoken]:
    """Each `X` with an `X.ref.txt` beside it, in order of their names.

    Raises:
        SystemExit: there is none.
    """
    found = [
        Spoken(path, reference.read_text(), len(samples_of(path)) / SAMPLE_RATE)
        for reference in sorted(folder.rglob("*.ref.txt"))
        if (path := reference.with_name(reference.name.removesuffix(".ref.txt"))).is_file()
    ]
    if not found:
        raise SystemExit(f"{folder} holds no audio X with an X.ref.txt beside it.")
    return found


def made(folder: Path, count: int, seed: int = 1) -> list[Spoken]:
    """Episodes of joined clips, written into `folder`.

    Raises:
        SystemExit: the shared corpus is not on this machine.
    """
    if not SHARED_AUDIO.is_dir():
        raise SystemExit(f"There is no {SHARED_AUDIO}; name a folder by --audio.")
    choose, found = random.Random(seed), []  # noqa: S311 - a seed, no secret
    clips = list(clips_of(SHARED_AUDIO))
    short = [clip for clip in clips if len(clip[0]) < LONG_CLIP_S * SAMPLE_RATE]
    long = [clip for clip in clips if len(clip[0]) >= LONG_CLIP_S * SAMPLE_RATE]
    for number in range(count):
        row, wanted_s = [], choose.uniform(SHORTEST_S, LONGEST_S)
        if number % EVERY_FIFTH == 0 and long:
            row.append(long[number // EVERY_FIFTH % len(long)])
        while sum(len(samples) for samples, _ in row) < wanted_s * SAMPLE_RATE:
            row.append(choose.choice(short))
        samples = joined((samples for samples, _ in row), choose)
        path = write_wav(folder / f"episode-{number + 1:02}.wav", samples)
        said = " ".join(reference.strip() for _, reference in row)
        found.append(Spoken(path, said, len(samples) / SAMPLE_RATE))
    return found


def clips_of(folder: Path) -> Iterator[tuple[Samples, str]]:
    """Each clip of the shared corpus with its reference, once."""
    for reference in sorted(folder.rglob("*.ref.txt")):
        path = reference.with_name(reference.name.removesuffix(".ref.txt"))
        is_other = path.name in TWICE or path.suffix == ".raw" or path.parent.name == "longform"
        if path.is_file() and not is_other:
            yield samples_of(path), reference.read_text()
    mix = samples_of(folder / "longform" / "podcast_mix.opus")
    for part in json.loads((folder / "longform" / "podcast_mix.segments.json").read_text()):
        if part["reference"] and part["source"].startswith(OF_THE_MIX):
            begin = round((part["start"] - MIX_PAD_S) * SAMPLE_RATE)
            yield mix[begin : round((part["end"] + MIX_PAD_S) * SAMPLE_RATE)], part["reference"]


def joined(clips: Iterable[Samples], choose: random.Random) -> Samples:
    """Clips one after the other, with pauses."""
    noise = np.random.default_rng(choose.randrange(1 << 32))
    pieces: list[Samples] = []
    for clip in clips:
        length = int(choose.uniform(0.3, 1.5) * SAMPLE_RATE)
        pieces += [clip, (noise.standard_normal(length) * 1e-4).astype(np.float32)]
    return np.concatenate(pieces)


def samples_of(path: Path) -> Samples:
    """All of a file, mono, at 16 kHz."""
    samples: Samples = decode_audio(str(path), sampling_rate=SAMPLE_RATE)
    return samples


def write_wav(path: Path, samples: Samples) -> Path:
    """Mono samples between -1 and 1 as a 16-bit file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def normalized(text: str) -> str:
    """A text as it is scored; see above. Never empty, because jiwer wants a word."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower().replace("\u2019", "'").replace("-", " "))
    text = " ".join(re.sub(r"[^\w\s']", " ", text).split())
    return alpha2digit(text, "en", threshold=0) or "-"


def score(references: Sequence[str], texts: Sequence[str]) -> Score:
    """Errors over all of them together, so that long ones weigh more."""
    found = jiwer.process_words([*map(normalized, references)], [*map(normalized, texts)])
    words = found.hits + found.substitutions + found.deletions
    return Score(found.wer, found.deletions / words, found.insertions / words)
