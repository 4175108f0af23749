"""Speech to text with the real packaged model, and what happens to files that are no speech."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import faster_whisper
import numpy as np
import pytest

from podcast_insights.errors import UserError
from podcast_insights.transcripts.guards import count_words
from podcast_insights.transcripts.whisper import engine, packing
from podcast_insights.transcripts.whisper.admission import Door
from podcast_insights.transcripts.whisper.decoding import Piece, Result, Window
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.lanes import Lane
from podcast_insights.transcripts.whisper.models import find_model
from podcast_insights.transcripts.whisper.packing import Packer
from podcast_insights.transcripts.whisper.records import (
    SAMPLE_RATE,
    Transcription,
    TranscriptionError,
)
from podcast_insights.transcripts.whisper.sections import Section
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights.transcripts.whisper.spoken import Spoken
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import cut, encode, write_wav
from podcast_insights_tests.transcripts.whisper import shared_audio
from podcast_insights_tests.transcripts.whisper.models_on_disk import whole_model

HTML = b"<!DOCTYPE html><html><body>This episode has moved.</body></html>" * 20
TAG = b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(2038)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "60606000000005000157a6d3090000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def heard(whisper: Whisper, speech: Path) -> Transcription:
    return whisper.transcribe(speech)


def test_speech_becomes_its_words_at_sane_times(heard: Transcription) -> None:
    words = " ".join(segment.text for segment in heard.segments).lower()
    for expected in ("stands idle costs almost as much as a busy one", "purchase price"):
        assert expected in words
    assert heard.language == "en"
    assert heard.duration_s == pytest.approx(11.0, abs=0.01)
    assert 8 < heard.speech_s <= 11.01
    assert heard.real_time_factor > 0
    starts = [segment.start_s for segment in heard.segments]
    assert starts == sorted(starts)
    assert all(0 <= s.start_s < s.end_s <= heard.duration_s + 0.5 for s in heard.segments)
    assert not any(s.text != s.text.strip() or not s.text for s in heard.segments)


@pytest.mark.parametrize("path", shared_audio("jfk/jfk_441khz.m4a"))
def test_a_real_voice_in_a_phones_container_is_heard(whisper: Whisper, path: Path) -> None:
    words = " ".join(s.text for s in whisper.transcribe(path).segments).lower()
    assert "what your country can do for you" in words
    assert "what you can do for your country" in words


def test_a_transcription_survives_the_cache(heard: Transcription) -> None:
    assert Transcription.from_json(json.loads(json.dumps(heard.to_json()))) == heard


def test_silence_has_no_segments(whisper: Whisper, tmp_path: Path) -> None:
    heard = whisper.transcribe(write_wav(tmp_path / "silence.wav", np.zeros(5 * SAMPLE_RATE)))
    assert heard.segments == ()
    assert heard.duration_s == 5.0
    assert heard.speech_s == 0.0


@pytest.mark.parametrize(
    "path", shared_audio("silence/leopard_empty.wav", "silence/popcorn_silence.mp3")
)
def test_recorded_silence_has_no_segments(whisper: Whisper, path: Path) -> None:
    assert whisper.transcribe(path).segments == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("zero.mp3", b""),
        ("page.mp3", HTML),
        ("random.mp3", np.random.default_rng(1).bytes(50_000)),
        ("only_tags.mp3", TAG),
        ("picture.mp3", PNG),
        ("text.wav", b"RIFF and then nothing that would be a recording" * 50),
    ],
)
def test_what_is_no_audio_is_a_transcription_error(
    whisper: Whisper, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TranscriptionError, match="the audio"):
        whisper.transcribe(path)


def test_a_file_that_is_not_there_is_a_transcription_error(
    whisper: Whisper, tmp_path: Path
) -> None:
    with pytest.raises(TranscriptionError, match="can't be decoded"):
        whisper.transcribe(tmp_path / "missing.mp3")


def test_half_an_mp4_is_a_transcription_error_and_the_whole_one_is_not(
    whisper: Whisper, tmp_path: Path
) -> None:
    whole = encode(tmp_path / "whole.m4a", 4)
    half = tmp_path / "half.m4a"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert whisper.transcribe(whole).duration_s == pytest.approx(4, abs=0.2)
    with pytest.raises(TranscriptionError, match="can't be decoded"):
        whisper.transcribe(half)


@pytest.mark.parametrize(
    "path",
    shared_audio(
        *(
            f"corrupt/{name}"
            for name in (
                "html_error_page.mp3",
                "id3_only.mp3",
                "pocketsphinx_awful.wav",
                "pocketsphinx_bad.wav",
                "pocketsphinx_evil.wav",
                "pocketsphinx_null.wav",
                "random_bytes.mp3",
                "truncated_half.m4a",
                "zero_bytes.mp3",
            )
        )
    ),
)
def test_corrupt_files_are_transcription_errors(whisper: Whisper, path: Path) -> None:
    with pytest.raises(TranscriptionError, match="the audio"):
        whisper.transcribe(path)


def test_the_cache_key_changes_with_what_shapes_the_text(tmp_path: Path) -> None:
    (whole_model(tmp_path) / "model.bin").write_bytes(b"a" * 3_000_000)
    base = Whisper(model=str(tmp_path), device="cpu")
    keys = [
        base.cache_key("audio", "en"),
        base.cache_key("other audio", "en"),
        base.cache_key("audio", "de"),
        base.cache_key("audio", None),
        replace(base, decoding="balanced").cache_key("audio", "en"),
        replace(base, decoding="fast").cache_key("audio", "en"),
        replace(base, word_times=True).cache_key("audio", "en"),
        replace(base, compute_type="float32").cache_key("audio", "en"),
        Whisper(model="small", device="cpu").cache_key("audio", "en"),
        Whisper(model="small", revision="c" * 40, device="cpu").cache_key("audio", "en"),
    ]
    (tmp_path / "model.bin").write_bytes(b"a" * 2_999_999 + b"b")
    keys.append(Whisper(model=str(tmp_path), device="cpu").cache_key("audio", "en"))
    assert len(set(keys)) == len(keys)


def test_the_cache_key_does_not_change_with_how_the_work_is_shared_out() -> None:
    one = Whisper(device="cpu", workers=1).cache_key("audio", "en")
    for other in (
        Whisper(device="cpu", workers=4),
        Whisper(device="cpu", device_index=(0, 1)),
        Whisper(device="cpu", batch_size=8),
    ):
        assert other.cache_key("audio", "en") == one


STOPPED = """
import sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from podcast_insights.transcripts.whisper import packing
from podcast_insights.transcripts.whisper.engine import Whisper

whisper, begun = Whisper(device="cpu"), threading.Event()
decode = packing.Packer._decode
packing.Packer._decode = lambda self, lanes: (begun.set(), decode(self, lanes))[1]
with ThreadPoolExecutor(3) as pool:
    files = [pool.submit(whisper.transcribe, Path(sys.argv[1]), "en") for _ in range(3)]
    assert begun.wait(60)
    whisper.stopping.set()
print(*(type(file.exception()).__name__ for file in files))
sys.exit(3)
"""


def test_a_process_whose_run_was_stopped_ends_in_order() -> None:
    command = [sys.executable, "-c", STOPPED, str(SAMPLES / "audio" / "compute-ledger-1.mp3")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.stdout.split() == ["RunStopped"] * 3, ended.stderr
    assert ended.returncode == 3, ended.stderr


def test_a_hint_that_changes_nothing_does_not_change_the_cache_key() -> None:
    many = Whisper(model="small", revision="c" * 40, device="cpu")
    assert many.cache_key("audio", "en-US") == many.cache_key("audio", "en")
    assert many.cache_key("audio", "pt-BR") != many.cache_key("audio", "en")
    english = Whisper(model="small.en", revision="c" * 40, device="cpu")
    hints = ("en", "en-US", "de", None)
    assert len({english.cache_key("audio", hint) for hint in hints}) == 1


def test_the_same_weights_in_another_folder_keep_their_revision(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "model")
    first = find_model(str(folder), "cpu")
    moved = Path(shutil.move(folder, tmp_path / "elsewhere" / "model"))
    assert find_model(str(moved), "cpu").revision == first.revision


def test_the_model_is_loaded_once_for_several_files_and_threads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loads = []

    class Counted(faster_whisper.WhisperModel):
        def __init__(self, *args: object, **kwargs: object) -> None:
            loads.append(args)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(faster_whisper, "WhisperModel", Counted)
    audio = SAMPLES / "audio" / "compute-ledger-1.mp3"
    files = [cut(audio, tmp_path / f"{n}.wav", 24.2 + n / 10, 28.5 + n / 10) for n in range(2)]
    whisper = Whisper(device="cpu", workers=2)
    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(whisper.transcribe, files))
    assert len(loads) == 1
    assert all("costs almost as much" in " ".join(s.text for s in h.segments) for h in heard)


WAIT_S = 60.0
PARTS = (("compute-ledger-1.mp3", 24.2, 30.2), ("grid-and-gravity-1.mp3", 20.0, 26.0))
"""Of two sample episodes."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Some seconds of two shows, with a pause that makes two sections of each."""
    folder = tmp_path_factory.mktemp("files")
    parts = [decode(cut(SAMPLES / "audio" / n, folder / n, a, b)) for n, a, b in PARTS]
    pause = np.zeros(9 * SAMPLE_RATE, np.float32)
    turned = [
        (parts[0], pause, parts[1][: 4 * SAMPLE_RATE]),
        (parts[1], pause, parts[0][: 4 * SAMPLE_RATE]),
    ]
    return [write_wav(folder / f"{n}.wav", np.concatenate(some)) for n, some in enumerate(turned)]


@pytest.fixture(scope="module")
def one_by_one(whisper: Whisper, files: list[Path]) -> list[Transcription]:
    """What each file is without the other."""
    return [whisper.transcribe(path) for path in files]


def text(heard: Transcription) -> str:
    return " ".join(segment.text for segment in heard.segments)


def untimed(heard: Sequence[Transcription]) -> list[Transcription]:
    return [replace(one, real_time_factor=0.0) for one in heard]


def with_packer(whisper: Whisper, batch_size: int, **changes: object) -> Whisper:
    """The same with another batch size, and the same weights in memory."""
    made = replace(whisper, batch_size=batch_size, **changes)
    decoder, *_ = whisper._loaded
    made.__dict__["_loaded"] = (
        decoder,
        Packer(decoder.decode, decoder.decode_again, made.resolved_workers, batch_size),
        Door(4),
    )
    return made


def test_files_at_once_are_what_they_are_one_by_one(
    whisper: Whisper, files: list[Path], one_by_one: list[Transcription]
) -> None:
    with ThreadPoolExecutor(2) as pool:
        at_once = list(pool.map(whisper.transcribe, files))
    assert untimed(at_once) == untimed(one_by_one)
    assert all(len(heard.segments) >= 2 and heard.windows >= 2 for heard in one_by_one)


def test_the_size_of_batches_and_the_workers_change_nothing(
    whisper: Whisper, files: list[Path], one_by_one: list[Transcription]
) -> None:
    two = with_packer(whisper, 1, workers=2)
    assert untimed([two.transcribe(files[0])]) == untimed(one_by_one[:1])


def test_a_corrupt_file_among_good_ones_costs_only_itself(
    whisper: Whisper, files: list[Path], one_by_one: list[Transcription], tmp_path: Path
) -> None:
    page, half = tmp_path / "page.mp3", tmp_path / "half.m4a"
    page.write_bytes(HTML)
    half.write_bytes(encode(tmp_path / "whole.m4a", 4).read_bytes()[:20_000])
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(whisper.transcribe, p) for p in (page, files[0], half, files[1])]
    for bad in (found[0], found[2]):
        assert isinstance(bad.exception(), TranscriptionError)
    assert untimed([found[1].result(), found[3].result()]) == untimed(one_by_one)


def test_a_stop_ends_what_is_under_way_and_what_comes(whisper: Whisper, files: list[Path]) -> None:
    stopped = with_packer(whisper, 4, stopping=threading.Event())
    decoder, packer, _ = stopped._loaded
    asked = threading.Event()

    def hangs(windows: Sequence[Window]) -> list[Result]:
        asked.set()
        threading.Event().wait(WAIT_S)
        return decoder.decode(windows)

    packer.decode = hangs
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(stopped.transcribe, files[0])
        assert asked.wait(WAIT_S)
        stopped.stopping.set()
        with pytest.raises(TranscriptionError, match="stopped"):
            found.result(WAIT_S / 2)
    with pytest.raises(TranscriptionError, match="stopped"):
        stopped.transcribe(files[1])


def test_a_file_of_six_minutes_has_its_parts_in_order(
    whisper: Whisper, files: list[Path], tmp_path: Path
) -> None:
    first, second = (decode(files[n])[: 6 * SAMPLE_RATE] for n in range(2))
    pause = np.zeros(84 * SAMPLE_RATE, np.float32)
    path = write_wav(tmp_path / "six.wav", np.concatenate([first, pause, second, pause] * 2))
    heard = whisper.transcribe(path)
    assert heard.duration_s == 360.0
    found: dict[int, str] = {}
    for segment in heard.segments:
        part = int((segment.start_s + 0.5) // 90)
        assert -0.5 < segment.start_s - 90 * part < segment.end_s - 90 * part < 7.0
        found[part] = f"{found.get(part, '')} {segment.text}".strip()
    assert list(found) == [0, 1, 2, 3]
    for part, said in found.items():
        assert ("stands idle" in said) == (part % 2 == 0)
    starts = [segment.start_s for segment in heard.segments]
    assert starts == sorted(starts)


@pytest.mark.slow
def test_six_minutes_without_a_pause_are_whole_and_in_order(
    whisper: Whisper, speech: Path, tmp_path: Path
) -> None:
    samples = decode(speech)[: 10 * SAMPLE_RATE]
    heard = whisper.transcribe(write_wav(tmp_path / "six.wav", np.tile(samples, 36)))
    assert heard.duration_s == 360.0
    # In one 30 s there are three of them, which the model may take for a loop: what it hears of
    # each is another thing, by the processor too, but of each it hears nearly all.
    assert heard.unheard == ()
    for begin_s in range(0, 360, 10):
        some = [s for s in heard.segments if begin_s <= (s.start_s + s.end_s) / 2 < begin_s + 10]
        assert count_words(some) >= 20, (begin_s, some)
    assert all(
        before.end_s <= after.start_s
        for before, after in zip(heard.segments, heard.segments[1:], strict=False)
    )
    assert heard.segments[-1].end_s > 355


def test_an_unknown_way_of_decoding_is_named_with_the_known_ones() -> None:
    with pytest.raises(UserError, match="There is no way of decoding called quick"):
        Whisper(decoding="quick").beam_size  # noqa: B018 - asked for what it raises


def test_files_and_workers_fill_the_cores_and_the_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "cores", lambda: 16)
    monkeypatch.setattr(engine, "choose_device", lambda asked: asked)
    assert Whisper(device="cpu").resolved_workers == 4
    few, many = Whisper(device="cpu", workers=1), Whisper(device="cpu", workers=12)
    assert many.resolved_workers == 12
    assert many.files_at_once == 12 * few.files_at_once > 12
    assert Whisper(device="cuda", device_index=(0, 1, 2), workers=7).resolved_workers == 21
    cards = Whisper(device="cuda", device_index=(0, 1, 2))
    assert cards.resolved_workers == 3
    assert cards.files_at_once == 3 * replace(cards, device_index=(0,)).files_at_once
    one = Whisper(device="cuda")
    assert one.files_at_once == replace(one, workers=4).files_at_once == 64
    assert replace(one, batch_size=48).files_at_once == 48
    assert replace(one, batch_size=1).files_at_once == 8
    assert replace(one, device_index=tuple(range(8))).files_at_once == 256


class LongLane(Lane):
    """Five minutes of audio that take no memory."""

    window = Window(np.zeros(160, np.float32), "en")


@pytest.mark.parametrize("cards", [1, 4])
def test_batches_on_gpus_are_as_large_as_their_memory_allows(
    cards: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "choose_device", lambda asked: asked)
    monkeypatch.setattr(engine, "choose_compute_type", lambda *_: "float16")
    monkeypatch.setattr(engine, "batch_size_for", lambda *_: 64)
    monkeypatch.setattr(engine, "load", lambda *_, **__: SimpleNamespace())
    whisper = Whisper(model="tiny.en", device="cuda", device_index=tuple(range(cards)))
    _, packer, _ = whisper._loaded
    gpus, finished, sizes = threading.Semaphore(cards), threading.Semaphore(0), []

    def decode(windows: Sequence[Window]) -> list[Result]:
        with gpus:
            sizes.append(len(windows))
            time.sleep(0.03)
        return [Result((), -0.2, 0.0, 1.0, 30.0, None) for _ in windows]

    packer.decode = decode
    silence = np.broadcast_to(np.int16(0), (300 * SAMPLE_RATE,))
    count = 3 * 64 * cards
    for number in range(count):
        section = Section(0.0, silence, ())
        packer.put(LongLane((number, 0), section, "en", lambda lane: finished.release()))
    assert all(finished.acquire(timeout=WAIT_S) for _ in range(count))
    assert sum(sizes) == 10 * count
    assert max(sizes) == sorted(sizes)[len(sizes) // 2] == 64


def multilingual(
    languages: Callable[[np.ndarray], dict[str, float]],
    decode: Callable[[Sequence[Window]], list[Result]],
) -> Whisper:
    """With a model that hears languages and says what these two do."""
    whisper = Whisper(device="cpu")
    known = {"de", "en", "fr", "he", "id", "no", "tl", "zh"}
    model = SimpleNamespace(
        model=SimpleNamespace(is_multilingual=True),
        supported_languages=[*known, "yue"],  # faster-whisper's list is that of the newest model
        hf_tokenizer=SimpleNamespace(token_to_id=lambda token: 1 if token[2:-2] in known else None),
    )
    decoder = SimpleNamespace(model=model, languages=languages)
    whisper.__dict__["_loaded"] = (decoder, Packer(decode, lambda *_: [], 1, 4), Door(4))
    return whisper


def test_no_memory_for_hearing_the_language_is_that_files_error_if_it_lasts(
    speech: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PATIENCE_S", (0.01,) * 3)
    asked: list[int] = []

    def passing(samples: np.ndarray) -> dict[str, float]:
        asked.append(len(samples))
        if len(asked) < 4:
            raise RuntimeError("CUDA failed with error out of memory")
        return {"fr": 0.9}

    def silence(windows: Sequence[Window]) -> list[Result]:
        return [Result((), -0.2, 0.0, 1.0, w.length_s, None) for w in windows]

    assert multilingual(passing, silence).transcribe(speech).language == "fr"
    assert len(asked) == 4

    def full(samples: np.ndarray) -> dict[str, float]:
        raise RuntimeError("CUDA failed with error out of memory")

    with pytest.raises(TranscriptionError, match="too little memory for even one window"):
        multilingual(full, lambda windows: []).transcribe(speech)


@pytest.mark.parametrize(
    ("hint", "heard", "language"),
    [
        (None, Spoken("fr", 0.9), "fr"),
        ("de-DE", Spoken("fr", 0.9), "de"),
        ("DE", None, "de"),
        ("xx", Spoken("fr", 0.9), "fr"),
        ("not a language", None, "en"),
        ("iw-IL", Spoken("fr", 0.9), "he"),
        ("nb-NO", Spoken("fr", 0.9), "no"),
        ("in", Spoken("fr", 0.9), "id"),
        ("fil-PH", Spoken("fr", 0.9), "tl"),
        ("yue-HK", Spoken("fr", 0.9), "zh"),
        (None, None, "en"),
    ],
)
def test_the_feeds_hint_wins_and_what_was_heard_is_told(
    hint: str | None,
    heard: Spoken | None,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    speech: Path,
) -> None:
    asked: set[str] = set()

    def decode_all(windows: Sequence[Window]) -> list[Result]:
        asked.update(window.language for window in windows)
        return [
            Result((Piece(0, w.length_s, "ja " * 20, (1,)),), -0.2, 0.0, 1.0, w.length_s, None)
            for w in windows
        ]

    monkeypatch.setattr(engine, "spoken_in", lambda *_: heard)
    whisper = multilingual(lambda samples: {}, decode_all)
    found = whisper.transcribe(speech, hint)
    assert asked == {found.language} == {language}
    assert (found.detected_language, found.detected_probability) == (heard or (None, None))


def test_a_model_that_knows_only_english_is_not_asked_for_a_language(heard: Transcription) -> None:
    assert (heard.detected_language, heard.detected_probability) == (None, None)
