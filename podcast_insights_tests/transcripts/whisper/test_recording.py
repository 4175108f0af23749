"""One file on its way from sound to segments, with a model that reads where it is in the file."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from podcast_insights.transcripts.whisper import packing
from podcast_insights.transcripts.whisper import recording as module
from podcast_insights.transcripts.whisper.decoding import Piece, Result, Window, probability
from podcast_insights.transcripts.whisper.packing import Packer
from podcast_insights.transcripts.whisper.recording import Recording, failure
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE, TranscriptionError
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import cut, tone, write_wav

WAIT_S = 30.0
PAUSE_S = 9.0


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """Eleven seconds of speech with hardly a pause."""
    target = tmp_path_factory.mktemp("talk") / "talk.wav"
    return decode(cut(SAMPLES / "audio" / "compute-ledger-1.mp3", target, 24.2, 35.2))


@pytest.fixture(scope="module")
def six_times(tmp_path_factory: pytest.TempPathFactory, talk: np.ndarray) -> Path:
    """The same words six times, with pauses of nine seconds: six sections."""
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE), np.float32)
    target = tmp_path_factory.mktemp("six") / "six.wav"
    return write_wav(target, np.tile(np.concatenate([talk, pause]), 6))


def says_all(window: Window) -> Result:
    """One segment of many words for all of the window."""
    text = f"{len(window.samples)} " + "word " * 40
    piece = Piece(0.0, window.length_s, text.strip(), (1,))
    return Result((piece,), -0.2, 0.0, 1.0, window.length_s, None)


def says_half(window: Window) -> Result:
    """Leaves out all after the first half."""
    piece = Piece(0.0, window.length_s / 2, f"half of {len(window.samples)}" + " word" * 16, (1,))
    return Result((piece,), -0.4, 0.0, 1.0, window.length_s, None)


@dataclass
class Model:
    """Says something of each window; the lengths of the windows it was asked about."""

    says: Callable[[Window], Result] = says_all
    asked: list[int] = field(default_factory=list)

    def decode(self, windows: Sequence[Window]) -> list[Result]:
        self.asked += [len(window.samples) for window in windows]
        return [self.says(window) for window in windows]

    def decode_again(self, windows: Sequence[Window], _: Sequence[Result]) -> list[Result]:
        return [says_all(window) for window in windows]


def recording_of(path: Path, model: Model) -> Recording:
    packer = Packer(model.decode, model.decode_again, workers=2, batch_size=4)
    return Recording(path, "en", packer, 0, threading.Event())


def run(recording: Recording) -> None:
    """Read it, and wait for all of it."""
    recording.cut()
    recording.finish()


def test_sections_come_back_in_order_whoever_is_first(six_times: Path) -> None:
    order: list[int] = []
    done = threading.Condition()

    def latest_first(window: Window) -> Result:
        # The first one to be asked is the last one to answer.
        with done:
            order.append(0)
            is_first = len(order) == 1
            done.notify_all()
            if is_first:
                assert done.wait_for(lambda: len(order) == 6, WAIT_S)
        return says_all(window)

    model = Model(latest_first)
    packer = Packer(model.decode, model.decode_again, workers=2, batch_size=1)
    recording = Recording(six_times, "en", packer, 0, threading.Event())
    run(recording)
    starts = [segment.start_s for segment in recording.segments]
    assert len(starts) == 6
    assert all(b - a == pytest.approx(11 + PAUSE_S, abs=0.2) for a, b in pairwise(starts))
    assert recording.windows == 6
    assert recording.duration_s == pytest.approx(6 * (11 + PAUSE_S), abs=0.01)
    assert 6 * 9 < recording.speech_s < 6 * 11.1


def test_what_was_left_out_is_looked_at_again_and_put_in_its_place(six_times: Path) -> None:
    def forgets(window: Window) -> Result:
        return says_half(window) if window.length_s > 9 else says_all(window)

    recording = recording_of(six_times, model := Model(forgets))
    run(recording)
    segments = recording.segments
    assert len(model.asked) == len(segments) == 12
    assert recording.decoded_again == 6
    assert [segment.text.startswith("half") for segment in segments] == [True, False] * 6
    assert all(a.end_s <= b.start_s for a, b in pairwise(segments))
    covered_s = sum(segment.end_s - segment.start_s for segment in segments)
    assert covered_s == pytest.approx(6 * 11, rel=0.05)
    # By length: about as much at one as at the other.
    between = (probability(-0.4), probability(-0.2))
    assert recording.confidence is not None
    assert between[0] + 0.02 < recording.confidence < between[1] - 0.02


def test_a_clause_that_a_segments_end_was_drawn_over_comes_back(six_times: Path) -> None:
    def swallows(window: Window) -> Result:
        parts = [(0.0, 5.0, "word " * 15), (5.0, window.length_s, "That is it.")]
        if window.length_s < 9:  # only the segment, looked at by itself
            parts = [(0.0, window.length_s, "That is it. And so it goes on to the end.")]
        pieces = tuple(Piece(begin_s, end_s, text, (1,)) for begin_s, end_s, text in parts)
        return Result(pieces, -0.2, 0.0, 1.0, window.length_s, None)

    recording = recording_of(six_times, Model(swallows))
    run(recording)
    assert recording.decoded_again == 6
    assert [len(segment.text.split()) for segment in recording.segments] == [15, 11] * 6
    assert all(a.end_s <= b.start_s for a, b in pairwise(recording.segments))


def test_what_is_swallowed_again_is_looked_at_by_itself(six_times: Path) -> None:
    def swallows(window: Window) -> Result:
        # Whatever begins with these words is nothing else, up to its end.
        is_behind = window.length_s < 10
        text = "And so it goes on to the end." if is_behind else "That is it."
        piece = Piece(0.0, window.length_s, text, (1,))
        return Result((piece,), -0.2, 0.0, 1.0, window.length_s, None)

    recording = recording_of(six_times, Model(swallows))
    run(recording)
    texts = [segment.text for segment in recording.segments]
    assert texts == ["That is it.", "And so it goes on to the end."] * 6
    assert recording.decoded_again == 12
    assert all(a.end_s <= b.start_s for a, b in pairwise(recording.segments))
    assert all(s.end_s - s.start_s < 5 for s in recording.segments[::2])  # of eleven


def test_what_was_made_up_does_not_count_for_the_confidence(six_times: Path) -> None:
    def makes_up(window: Window) -> Result:
        whole = says_all(window)
        late = Piece(window.length_s - 0.15, window.length_s, "Thank you.", (1,))
        return replace(whole, pieces=(*whole.pieces, late))

    recording = recording_of(six_times, Model(makes_up))
    run(recording)
    assert not any("Thank" in segment.text for segment in recording.segments)
    assert recording.confidence == round(probability(-0.2), 3) == 0.819


def test_a_second_look_that_fails_leaves_the_first_text(
    six_times: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(window: Window) -> Result:
        if window.length_s > 9:
            return says_half(window)
        raise RuntimeError("the driver went away")

    recording = recording_of(six_times, Model(fails))
    run(recording)
    assert [segment.text.startswith("half") for segment in recording.segments] == [True] * 6
    assert len(recording.unheard) >= 6
    assert "the driver went away" in caplog.text


def test_without_speech_the_model_is_not_asked(tmp_path: Path) -> None:
    recording = recording_of(write_wav(tmp_path / "tone.wav", tone(20)), model := Model())
    run(recording)
    assert (recording.segments, recording.speech_s, recording.confidence) == ((), 0, None)
    assert recording.duration_s == 20
    assert model.asked == []


def test_a_model_that_fails_is_that_files_error_and_the_rest_is_not_decoded(
    six_times: Path,
) -> None:
    model = Model()

    def fails(window: Window) -> Result:
        if len(model.asked) == 1:
            raise ValueError("no such token")
        return says_all(window)

    model.says = fails
    packer = Packer(model.decode, model.decode_again, workers=1, batch_size=1)
    recording = Recording(six_times, "en", packer, 0, threading.Event())
    with pytest.raises(TranscriptionError, match="ValueError: no such token"):
        run(recording)
    # The packer goes on with others.
    other = Recording(six_times, "en", packer, 1, threading.Event())
    model.says = says_all
    run(other)
    assert len(other.segments) == 6


def test_what_out_of_memory_means_is_told() -> None:
    told = str(failure(RuntimeError("CUDA failed with error out of memory")))
    assert "too little memory for even one window" in told
    assert "PODCAST_INSIGHTS_WHISPER_COMPUTE_TYPE" in told
    assert "memory" not in str(failure(ValueError("strange")))


def in_thread(recording: Recording) -> tuple[threading.Thread, list[Exception]]:
    errors: list[Exception] = []

    def work() -> None:
        try:
            run(recording)
        except TranscriptionError as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, errors


def test_a_stop_ends_the_wait_for_the_model(
    six_times: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "IDLE_S", 0.05)
    before, asked, go = set(threading.enumerate()), threading.Event(), threading.Event()

    def waits(window: Window) -> Result:
        asked.set()
        assert go.wait(WAIT_S)
        return says_all(window)

    recording = recording_of(six_times, model := Model(waits))
    thread, errors = in_thread(recording)
    assert asked.wait(WAIT_S)
    recording.stopping.set()
    thread.join(WAIT_S / 2)
    assert not thread.is_alive()
    assert [str(error) for error in errors] == ["the run was stopped"]
    known = len(model.asked)
    go.set()
    for worker in threading.enumerate():
        if worker.name == "whisper" and worker not in before:
            worker.join(WAIT_S)
    assert len(model.asked) == known, "sections that nobody waits for were decoded"


def test_a_stop_is_noticed_while_results_keep_coming(six_times: Path) -> None:
    recording = recording_of(six_times, Model())
    take, taken = recording._take, []

    def stopped_after_two() -> None:
        take()
        taken.append(1)
        if len(taken) == 2:
            recording.stopping.set()

    recording._take = stopped_after_two
    with pytest.raises(TranscriptionError, match="stopped"):
        run(recording)
    assert len(taken) == 2


def test_a_stop_ends_the_reading(six_times: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recording_of(six_times, Model())
    read: list[int] = []

    def endless(*_: object) -> Iterator[np.ndarray]:
        while True:
            read.append(1)
            assert len(read) < 10
            if len(read) == 3:
                recording.stopping.set()
            yield np.zeros(512 * 20, np.float32)

    monkeypatch.setattr(module, "blocks", endless)
    with pytest.raises(TranscriptionError, match="stopped"):
        run(recording)
    assert len(read) == 3


def test_damage_is_told_and_costs_only_itself(tmp_path: Path) -> None:
    whole = (SAMPLES / "audio" / "second-order-4.mp3").read_bytes()[:120_000]
    broken = tmp_path / "broken.mp3"
    noise = np.random.default_rng(5).bytes(4000)
    broken.write_bytes(whole[:60_000] + noise + whole[60_000:])
    recording = recording_of(broken, Model())
    run(recording)
    assert recording.segments[-1].end_s > 25
    intact = tmp_path / "intact.mp3"
    intact.write_bytes(whole)
    sound = recording_of(intact, Model())
    run(sound)
    assert sound.damage is None
