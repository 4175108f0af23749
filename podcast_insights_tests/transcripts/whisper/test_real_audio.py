"""The engine and the whole stage on real recordings: a long mix, broken files, silence.

The recordings are the shared corpus', which not every machine has.

What does not belong here: how fast and how right it is over many episodes (`benchmarks/`), and
processes that are killed (`test_killed.py`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest

from podcast_insights.cache import Cache
from podcast_insights.transcripts.audio import AudioStore
from podcast_insights.transcripts.records import TRANSCRIPTS, Segment
from podcast_insights.transcripts.transcribe import Transcriber
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import Transcription
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import Host, Row, episode, hosting
from podcast_insights_tests.transcripts.whisper import AUDIO

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not AUDIO.is_dir(), reason="no shared corpus in this checkout"),
]

LEAST_RECALL = 0.8
FILLERS = {"um", "uh"}
"""Whisper was taught not to write them."""

SPEECH_IN_PARTS = {
    "jfk/jfk.wav": (0.30, 0.75),
    "longform/lj001_concat.flac": (0.05, 0.55),
    "bush/columbia_address_2003.wma": (1.00, 6.20),
    "moonshine/two_cities_16k.wav": (1.20, 2.70),
    "sonnets/p001.mp3": (0.40, 1.15),
    "sonnets/p002.mp3": (0.40, 0.35),
    "sonnets/p003.mp3": (0.60, 0.90),
    "spontaneous/michaelandsickmichael.wav": (1.05, 1.10),
    "misc/OSR_us_000_0034_8k.wav": (1.25, 0.75),
    "jfk/moon_kennedy.mp3": (0.20, 0.15),
}
"""Seconds from a part's beginning until somebody speaks, and from there being silent to its end.

The corpus says where parts lie, not where in them speech is. Read by eye from their loudness in
steps of 50 ms; single clicks, and the bump with which the spontaneous speaker takes the microphone,
are no speech. Not measured with a voice activity detector, because the engine has one, too.
"""


@dataclass(frozen=True)
class Part:
    """A stretch of the mix, and what was heard in it.

    Args:
        reference: what is said; empty in music and silence.
        heard: segments whose middle is in the part.
    """

    source: str
    start_s: float
    end_s: float
    reference: str
    heard: Sequence[Segment]

    @property
    def recall(self) -> float:
        """Share of the reference's words that were heard, in order."""
        found = jiwer.process_words(plain(self.reference), plain(texts(self.heard)) or "-")
        return found.hits / (found.hits + found.substitutions + found.deletions)

    @property
    def errors_s(self) -> tuple[float, float]:
        """How late the first segment begins, and how late the last one ends."""
        before_s, after_s = SPEECH_IN_PARTS[self.source]
        return (
            self.heard[0].start_s - self.start_s - before_s,
            self.heard[-1].end_s - self.end_s + after_s,
        )


def texts(segments: Sequence[Segment]) -> str:
    return " ".join(segment.text for segment in segments)


def plain(text: str) -> str:
    """In lower case, without signs and fillers."""
    words = re.sub(r"[^\w\s']", " ", text.lower().replace("\u2019", "'")).split()
    return " ".join(word for word in words if word not in FILLERS)


@pytest.fixture(scope="module")
def mix() -> Transcription:
    """Thirteen minutes of ten voices, with music and silence between them."""
    return Whisper(device="cpu").transcribe(AUDIO / "longform" / "podcast_mix.opus", "en")


@pytest.fixture(scope="module")
def parts(mix: Transcription) -> list[Part]:
    said = json.loads((AUDIO / "longform" / "podcast_mix.segments.json").read_text())
    return [
        Part(
            one["source"],
            one["start"],
            one["end"],
            one["reference"],
            [s for s in mix.segments if one["start"] <= (s.start_s + s.end_s) / 2 < one["end"]],
        )
        for one in said
    ]


def test_every_voice_is_heard(parts: Sequence[Part]) -> None:
    recalls = {part.source: round(part.recall, 3) for part in parts if part.reference}
    print(recalls)
    assert len(recalls) == len(SPEECH_IN_PARTS)
    assert {s: r for s, r in recalls.items() if r < LEAST_RECALL} == {}


def test_nothing_is_said_in_music_and_silence(parts: Sequence[Part]) -> None:
    quiet = [part for part in parts if not part.reference]
    assert len(quiet) == 4
    assert [texts(part.heard) for part in quiet] == [""] * 4


def test_each_segment_is_somewhere_in_order(mix: Transcription, parts: Sequence[Part]) -> None:
    assert sum(len(part.heard) for part in parts) == len(mix.segments)
    assert all(before.end_s <= after.start_s for before, after in pairwise(mix.segments))


def test_speech_begins_and_ends_when_the_transcript_says(parts: Sequence[Part]) -> None:
    spoken = [part for part in parts if part.reference]
    errors_s = np.abs([part.errors_s for part in spoken])
    late_s = float(np.percentile(errors_s, 95))
    print({part.source: np.round(part.errors_s, 2).tolist() for part in spoken}, round(late_s, 3))
    assert late_s <= 0.5


NOT_HAD = {
    "html_error_page.mp3": "a page or message (HTML)",
    "id3_only.mp3": "only 10 bytes",
    "pocketsphinx_awful.wav": "only 926 bytes",
    "pocketsphinx_bad.wav": "only 44 bytes",
    "pocketsphinx_evil.wav": "can't be decoded",
    "pocketsphinx_null.wav": "only 44 bytes",
    "random_bytes.mp3": "can't be decoded",
    "truncated_half.m4a": "can't be decoded",
    "zero_bytes.mp3": "only 0 bytes",
}
HEARD = {
    "holes_every_50kB.mp3": ("printing", {"ok"}),
    "m4a_named.mp3": ("printing", {"ok"}),
    "truncated_half.mp3": ("printing", {"truncated_audio"}),
    "wrong_extension_m4a_named.aac": ("students", {"ok", "incomplete", "not_speech", "unsure"}),
}
"""What is damaged, and still says something: a word of it, and its status. The last
one is ten seconds long, too short for guards to be sure; no feed claims how long the others are."""
GOOD = SAMPLES / "audio" / "compute-ledger-1.mp3"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """Rows of one run over all broken and silent files and a good one, by file name."""
    cache = Cache(tmp_path_factory.mktemp("cache"))
    files = [*sorted((AUDIO / "corrupt").iterdir()), *sorted((AUDIO / "silence").iterdir()), GOOD]
    with hosting() as host:
        work = Transcriber(
            whisper=Whisper(device="cpu"),
            cache=cache,
            store=AudioStore(cache, host.client),
            client_for=host.client,
            language_of=lambda feed_id: "en",
            report=print,
        )
        rows = work.run([announced(host, path) for path in files])
    assert len(rows) == len(files)
    TRANSCRIPTS.conform(TRANSCRIPTS.frame(rows))
    return {row["episode_id"]: row for row in rows}


def announced(host: Host, path: Path) -> Row:
    """A file as a feed announces it that says nothing of its length."""
    url = host.put(f"/{path.name}", path.read_bytes())
    return episode(path.name, url, enclosure_bytes=None, claimed_duration_s=None)


def test_what_is_no_audio_is_a_failed_row_that_says_why(run: dict[str, Row]) -> None:
    for name, why in NOT_HAD.items():
        assert (run[name]["status"], run[name]["text"]) == ("failed", None), name
        assert why in run[name]["error"], name
        assert "unexpected" not in run[name]["error"], name


def test_what_can_be_heard_of_a_broken_file_is(run: dict[str, Row]) -> None:
    for name, (word, statuses) in HEARD.items():
        assert run[name]["status"] in statuses, (name, run[name]["error"])
        assert word in run[name]["text"].lower(), name
    assert run["holes_every_50kB.mp3"]["words"] > 500


def test_silence_and_noise_say_nothing(run: dict[str, Row]) -> None:
    silent = {path.name for path in (AUDIO / "silence").iterdir()}
    assert len(silent) == 6
    for name in silent:
        row = run[name]
        assert (row["status"], row["text"], row["segments"]) == ("not_speech", "", []), name
    assert silent | set(NOT_HAD) | set(HEARD) | {GOOD.name} == set(run)


def test_the_good_episode_among_them_is_unharmed(run: dict[str, Row], whisper: Whisper) -> None:
    row, alone = run[GOOD.name], whisper.transcribe(GOOD, "en")
    assert row["status"] == "ok"
    assert row["text"] == texts(alone.segments)
