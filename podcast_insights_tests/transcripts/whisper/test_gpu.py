"""The engine on a real GPU: what only one can tell. `pytest -m gpu`; skipped where there is none.

tiny.en in float16, as the packaged weights need no network. Words are compared with the CPU's and
with those of other batches by their error rate: kernels are chosen by shape, and a rare word may
differ.

What does not belong here: what stand-ins for drivers, cards and models can tell.
"""

import ctypes
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import jiwer
import pytest

from podcast_insights.transcripts.whisper import devices
from podcast_insights.transcripts.whisper.decoding import Result, Window
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.models import PACKAGED_MODEL
from podcast_insights.transcripts.whisper.records import Transcription
from podcast_insights_tests.conftest import SAMPLES

EPISODES = sorted((SAMPLES / "audio").glob("*.mp3"))
"""Nine, of a section each."""
MOST_ERRORS = 0.03
"""Share of words, between two ways of computing the same."""
LEFT_BYTES = 500_000_000
"""Enough for a few windows of tiny.en, not for those of `HUGE` together, 9 MB each at the least."""
HUGE = 128


pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module", autouse=True)
def _gpu() -> None:
    """A GPU that can be computed on, or the reason why there is none."""
    if not devices.count_gpus():
        pytest.skip(f"no GPU that CTranslate2 can use; it needs {devices.DRIVER}")
    if missing := devices.missing_cuda_libraries():
        pytest.skip(
            f"{' and '.join(missing)} can't be loaded: pip install 'podcast-insights[cuda]'"
        )


def on_gpu(**options: object) -> Whisper:
    return Whisper(model=PACKAGED_MODEL, device="cuda", compute_type="float16", **options)


def transcribed(whisper: Whisper, paths: Sequence[Path] = EPISODES) -> list[Transcription]:
    with ThreadPoolExecutor(whisper.files_at_once) as pool:
        return list(pool.map(whisper.transcribe, paths))


def text(heard: Transcription) -> str:
    """What was heard, in lower case and without signs."""
    words = " ".join(segment.text for segment in heard.segments).lower()
    return " ".join(re.sub(r"[^\w\s']", " ", words).split())


def errors(one: Sequence[Transcription], other: Sequence[Transcription]) -> float:
    """The word error rate between two ways of computing the same files."""
    return jiwer.wer([text(heard) for heard in one], [text(heard) for heard in other])


@pytest.fixture(scope="module")
def on_cpu(whisper: Whisper) -> list[Transcription]:
    return transcribed(whisper, EPISODES[:2])


@pytest.fixture(scope="module")
def heard() -> list[Transcription]:
    return transcribed(on_gpu())


def test_the_driver_tells_of_the_first_card() -> None:
    assert devices.card_name(0)
    assert (devices.compute_capability(0) or (0, 0)) >= (5, 3)
    assert (devices.free_memory_bytes(0) or 0) > 0
    assert "float16" in devices.supported_compute_types("cuda")


def test_a_gpu_hears_the_words_that_a_cpu_hears(
    heard: list[Transcription], on_cpu: list[Transcription]
) -> None:
    assert {(one.device, one.compute_type) for one in heard} == {("cuda", "float16")}
    assert errors(on_cpu, heard[:2]) <= MOST_ERRORS
    for one, other in zip(heard, on_cpu, strict=False):
        assert one.duration_s == other.duration_s
        assert one.speech_s == pytest.approx(other.speech_s, abs=0.5)
        assert one.unheard == ()


def test_words_are_timed_as_on_a_cpu(heard: list[Transcription], speech: Path) -> None:
    timing = on_gpu(word_times=True)
    timed = transcribed(timing)
    assert errors(heard, timed) <= MOST_ERRORS
    for segment in (segment for one in timed for segment in one.segments):
        times = [time_s for word in segment.words for time_s in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert segment.start_s <= times[0] < times[-1] <= segment.end_s
    other = Whisper(model=PACKAGED_MODEL, device="cpu", word_times=True).transcribe(speech)
    ours, theirs = words(timing.transcribe(speech)), words(other)
    common = ours.keys() & theirs.keys()
    assert len(common) >= 0.9 * len(theirs)
    apart_s = sorted(abs(ours[word] - theirs[word]) for word in common)
    assert apart_s[len(apart_s) // 2] < 0.1


def words(heard: Transcription) -> dict[str, float]:
    """When each word was said that was said once."""
    said = [word for segment in heard.segments for word in segment.words]
    often = Counter(word.text for word in said)
    return {word.text: word.start_s for word in said if often[word.text] == 1}


def test_the_size_of_batches_changes_few_words() -> None:
    one, many = (transcribed(on_gpu(batch_size=size)) for size in (1, 16))
    assert errors(one, many) <= MOST_ERRORS


def test_several_workers_on_every_card(heard: list[Transcription]) -> None:
    kinds = [devices.compute_capability(index) for index in range(devices.count_gpus())]
    cards = [index for index, kind in enumerate(kinds) if kind == kinds[0]]
    whisper = on_gpu(workers=2, device_index=tuple(cards), batch_size=2)
    assert errors(heard * len(cards), transcribed(whisper, EPISODES * len(cards))) <= MOST_ERRORS


def test_without_memory_for_a_batch_smaller_ones_go_on(heard: list[Transcription]) -> None:
    whisper = on_gpu(batch_size=16)
    decoder, packer, _ = whisper._loaded

    def decode(windows: Sequence[Window]) -> list[Result]:
        if len(windows) > 2:
            raise RuntimeError("CUDA failed with error out of memory")
        return decoder.decode(windows)

    packer.decode = decode
    assert errors(heard, transcribed(whisper)) <= MOST_ERRORS
    assert packer.batch_size <= 2


def test_a_card_that_is_full_costs_no_file(speech: Path) -> None:
    whisper = on_gpu(batch_size=HUGE)
    alone = text(whisper.transcribe(speech))
    _, packer, _ = whisper._loaded
    with filled(0, LEFT_BYTES):
        some = transcribed(whisper, [speech] * HUGE)
    if packer.batch_size == HUGE:
        pytest.skip("the card's memory did not run out")
    assert jiwer.wer([alone] * HUGE, [text(one) for one in some]) <= MOST_ERRORS


@contextmanager
def filled(index: int, left_bytes: int) -> Iterator[None]:
    """A card that has only so much memory left."""
    cuda, gpu = devices._gpu(index) or (None, None)
    free = devices.free_memory_bytes(index)
    assert cuda is not None
    assert free is not None
    context, taken = ctypes.c_void_p(), ctypes.c_uint64()
    assert cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), gpu) == 0
    try:
        # Current in this thread only; CTranslate2's use the same one, the card's primary context.
        assert cuda.cuCtxPushCurrent_v2(context) == 0
        size = ctypes.c_size_t(max(free - left_bytes, 1))
        assert cuda.cuMemAlloc_v2(ctypes.byref(taken), size) == 0
        try:
            yield
        finally:
            cuda.cuMemFree_v2(taken)
            cuda.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
    finally:
        cuda.cuDevicePrimaryCtxRelease_v2(gpu)


PLAIN = """
import sys
from pathlib import Path
from podcast_insights.transcripts.whisper.engine import Whisper
heard = Whisper(model="tiny.en", device="cuda").transcribe(Path(sys.argv[1]))
print(heard.device, *(segment.text for segment in heard.segments))
"""


def test_pips_libraries_are_found_without_a_path_to_them(speech: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    command = [sys.executable, "-c", PLAIN, str(speech)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cuda ")
    assert "costs almost as much" in done.stdout
