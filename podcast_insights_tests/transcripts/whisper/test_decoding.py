"""What the real model makes of windows, and how its tokens are read."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ctranslate2 import StorageView
from hypothesis import given, settings
from hypothesis import strategies as st

from podcast_insights.transcripts.whisper.decoding import (
    AGAIN,
    BEAM_SIZES,
    Decoder,
    Piece,
    Result,
    Window,
    better,
    probability,
    split_by_timestamps,
)
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.sound import decode
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import cut

FIRST = 1000
"""The token of 0.00 s in made-up sequences."""


@pytest.fixture(scope="module")
def decoder(whisper: Whisper) -> Decoder:
    """The packaged model."""
    return whisper._loaded[0]


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> list[Window]:
    """Three of different lengths and content."""
    folder = tmp_path_factory.mktemp("windows")
    audio = SAMPLES / "audio"
    places = [
        ("compute-ledger-1.mp3", 24.2, 29.2),
        ("grid-and-gravity-1.mp3", 20.0, 27.5),
        ("second-order-1.mp3", 30.0, 33.0),
    ]
    return [Window(decode(cut(audio / n, folder / n, a, b)), "en") for n, a, b in places]


@pytest.fixture(scope="module")
def together(decoder: Decoder, windows: list[Window]) -> list[Result]:
    return decoder.decode(windows)


def compared(result: Result) -> tuple[Any, ...]:
    """All but the encoder's output."""
    return (result.pieces, result.logprob, result.no_speech, result.compression, result.next_s)


def text(result: Result) -> str:
    return " ".join(piece.text for piece in result.pieces)


def test_windows_decoded_together_are_what_they_are_alone(
    decoder: Decoder, windows: list[Window], together: list[Result]
) -> None:
    alone = [decoder.decode([window])[0] for window in windows]
    assert [compared(result) for result in together] == [compared(result) for result in alone]
    assert "stands idle costs almost as much" in text(together[0])
    assert all(result.pieces and result.is_sound for result in together)


def test_pieces_are_in_order_and_inside_their_window(
    windows: list[Window], together: list[Result]
) -> None:
    for window, result in zip(windows, together, strict=True):
        ends = [0.0]
        for piece in result.pieces:
            assert ends[-1] <= piece.start_s < piece.end_s <= window.length_s
            assert piece.text == piece.text.strip()
            ends.append(piece.end_s)
        assert 0 < result.next_s <= window.length_s


def test_a_loop_is_noticed_and_broken(decoder: Decoder, windows: list[Window]) -> None:
    # The same words over and over, more often than they are said.
    second = windows[0].samples[: round(1.5 * SAMPLE_RATE)]
    looping = Window(np.tile(second, 6)[: 8 * SAMPLE_RATE], "en")
    (first,) = decoder.decode([looping])
    assert first.is_looping
    assert not first.is_sound
    (again,) = decoder.decode_again([looping], [first])
    assert not again.is_looping
    assert better(first, again) is again


def test_windows_are_decoded_again_together_as_alone(
    decoder: Decoder, windows: list[Window], together: list[Result]
) -> None:
    again = decoder.decode_again(windows[:2], together[:2])
    for n in range(2):
        (alone,) = decoder.decode_again([windows[n]], [together[n]])
        assert compared(again[n]) == compared(alone)


class Vocabulary:
    """A tokenizer of a multilingual model: tokens by name."""

    def __init__(self) -> None:
        tasks = "<|startoftranscript|> <|translate|> <|transcribe|> <|startofprev|> <|startoflm|>"
        self.names = f"{tasks} <|nospeech|> <|de|> <|en|> <|endoftext|> <|notimestamps|>".split()

    def token_to_id(self, name: str) -> int | None:
        return self.names.index(name) if name in self.names else None

    def encode(self, text: str, **_: object) -> SimpleNamespace:
        return SimpleNamespace(ids=[ord(character) for character in text])


class Asked:
    """A model that notes how it is asked, and says nothing."""

    device = "cpu"
    is_multilingual = True

    def __init__(self) -> None:
        self.prompts: list[list[int]] = []
        self.options: dict[str, Any] = {}

    def encode(self, features: StorageView, to_cpu: bool) -> StorageView:
        return StorageView.from_array(np.zeros((features.shape[0], 1500, 4), np.float32))

    def generate(self, batch: object, prompts: list[list[int]], **options: Any) -> list[Any]:  # noqa: ANN401
        self.prompts += prompts
        self.options = options
        return [SimpleNamespace(sequences_ids=[[]], scores=[0.0], no_speech_prob=0.9)] * len(
            prompts
        )


def test_it_is_asked_to_transcribe_and_never_to_translate() -> None:
    vocabulary, model = Vocabulary(), Asked()
    decoder = Decoder(
        SimpleNamespace(
            model=model,
            hf_tokenizer=vocabulary,
            max_length=448,
            feature_extractor=lambda samples: np.zeros((80, 3000), np.float32),
        ),
        beam_size=5,
    )
    decoder.tokenizer("en").__dict__["non_speech_tokens"] = (500,)
    decoder.tokenizer("en").decode = lambda tokens: ""
    decoder.tokenizer("de").decode = lambda tokens: ""
    samples = np.zeros(SAMPLE_RATE, np.float32)
    first = decoder.decode([Window(samples, "de")])
    decoder.decode_again([Window(samples, "en")], first)
    named = [[vocabulary.names[token] for token in prompt] for prompt in model.prompts]
    assert named == [
        ["<|startoftranscript|>", "<|de|>", "<|transcribe|>"],
        ["<|startoftranscript|>", "<|en|>", "<|transcribe|>"],
    ]
    assert vocabulary.token_to_id("<|translate|>") in model.options["suppress_tokens"]
    assert model.options.items() >= AGAIN.items()
    assert first[0].pieces == ()
    assert first[0].next_s == 1.0


def theirs(
    tokens: list[int], length_s: float
) -> tuple[list[tuple[float, float, list[int]]], float]:
    """The same by faster-whisper."""
    from faster_whisper import WhisperModel

    model = SimpleNamespace(time_precision=0.02, input_stride=2)
    frames = round(length_s * 100)
    segments, seek, _ = WhisperModel._split_segments_by_timestamps(
        model, SimpleNamespace(timestamp_begin=FIRST), tokens, 0.0, frames, length_s, 0
    )
    return [(s["start"], s["end"], s["tokens"]) for s in segments], seek / 100


def test_what_the_window_cut_off_is_left_to_the_next() -> None:
    tokens = [FIRST, 1, 2, FIRST + 100, FIRST + 150, 3, FIRST + 200, FIRST + 200, 4, 5]
    found, next_s = split_by_timestamps(tokens, FIRST, 30.0)
    assert found == [
        (0.0, 2.0, [FIRST, 1, 2, FIRST + 100]),
        (3.0, 4.0, [FIRST + 150, 3, FIRST + 200]),
    ]
    assert next_s == 4.0
    whole, next_s = split_by_timestamps([*tokens, FIRST + 300], FIRST, 30.0)
    assert whole[-1] == (4.0, 6.0, [FIRST + 200, 4, 5, FIRST + 300])
    assert next_s == 30.0


times = st.integers(FIRST, FIRST + 1500)
words = st.integers(0, FIRST - 1)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(times, words), min_size=1, max_size=40), times)
def test_tokens_are_split_as_by_faster_whisper(tokens: list[int], first: int) -> None:
    # The first token is a time, as CTranslate2 sees to it; in any other text theirs counts from
    # before the window.
    tokens = [first, *tokens]
    found, next_s = split_by_timestamps(tokens, FIRST, 30.0)
    expected, expected_next_s = theirs(tokens, 30.0)
    assert [list(part) for _, _, part in found] == [part for _, _, part in expected]
    assert [a for a, _, _ in found] == pytest.approx([a for a, _, _ in expected])
    assert [b for _, b, _ in found] == pytest.approx([b for _, b, _ in expected])
    assert next_s == pytest.approx(expected_next_s)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(times, words), max_size=40), st.floats(0.1, 30.0))
def test_no_time_is_outside_the_window(tokens: list[int], length_s: float) -> None:
    # Here ours differs: theirs hands on times after the end of a short window, before its
    # beginning, and a segment of no tokens.
    found, next_s = split_by_timestamps(tokens, FIRST, length_s)
    assert all(0 <= a <= length_s and 0 <= b <= length_s for a, b, _ in found)
    assert 0 <= next_s <= length_s
    assert all(len(part) for _, _, part in found)


def result_of(logprob: float, compression: float, no_speech: float = 0.0) -> Result:
    piece = Piece(0.0, 1.0, "two words", (1, 2))
    return Result((piece,), logprob, no_speech, compression, 30.0, None)


def test_of_two_results_one_that_loops_is_never_kept_then_the_surer_one() -> None:
    loop, unsure, sure = result_of(-0.1, 9.0), result_of(-3.0, 1.0), result_of(-0.5, 1.0)
    assert better(loop, unsure) is better(unsure, loop) is unsure
    assert better(sure, unsure) is better(unsure, sure) is sure


def test_sound_unsure_looping_and_silent() -> None:
    assert result_of(-0.5, 1.0).is_sound
    assert not result_of(-1.5, 1.0).is_sound
    assert not result_of(-0.5, 2.5).is_sound
    silent = result_of(-1.5, 1.0, no_speech=0.7)
    assert silent.is_silent
    assert silent.is_sound
    assert not result_of(-0.5, 1.0, no_speech=0.99).is_silent


def test_a_mean_logarithm_is_a_probability() -> None:
    assert probability(0.0) == 1.0
    assert probability(0.2) == 1.0
    assert probability(float("-inf")) == 0.0
    assert probability(-0.6931472) == pytest.approx(0.5)


def test_complete_decoding_is_the_most_thorough() -> None:
    assert BEAM_SIZES["complete"] > BEAM_SIZES["balanced"] > BEAM_SIZES["fast"] == 1
