"""Decoding windows of up to 30 s, many at a time: the model's work, and nothing else.

A window is decoded as sequential decoding would: with timestamps, and the next window begins
where the last whole segment of this one ended (Radford et al. 2022, arXiv:2212.04356, section
3.8). What is new is that windows of different sections and episodes are generated together, which
changes no token (`test_decoding.py`), but takes a fifth less processor time.

What does not belong here: which windows come together (`packing.py`), and what is done with a
window that came out badly (`repair.py`).
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podcast_insights.transcripts.records import Word
from podcast_insights.transcripts.whisper.records import SAMPLE_RATE
from podcast_insights.transcripts.whisper.samples import Floats

if TYPE_CHECKING:
    from ctranslate2 import StorageView
    from ctranslate2.models import WhisperGenerationResult
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

WINDOW_S = 30.0
TIMESTAMP_S = 0.02
MAX_FIRST_TIMESTAMP = 50
FRAMES = 3000
ENCODED_TOGETHER = 4
"""On a GPU; large-v3's attention needs 0.2 GB for each. On a CPU one by one is faster."""
LOOPING = 2.4
"""Compression ratio of text that repeats itself; this and the next two are Whisper's own."""
UNSURE = -1.0
SILENT = 0.6
AGAIN: dict[str, Any] = {"repetition_penalty": 1.2, "no_repeat_ngram_size": 4}
"""For a window that came out looping or unsure. Whisper's own way is sampling at rising
temperatures, which gives another text in every run: CTranslate2 seeds its generators by thread."""


BEAM_SIZES = {"complete": 5, "balanced": 2, "fast": 1}
"""Hypotheses kept while generating, by how thorough it is to be."""


@dataclass(frozen=True)
class Piece:
    """Words with their time inside a window, and each word's if those are wanted."""

    start_s: float
    end_s: float
    text: str
    tokens: tuple[int, ...]
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Result:
    """What the model made of one window.

    Args:
        logprob: mean log probability of the tokens.
        no_speech: probability that nothing was said.
        next_s: where in the window the next one begins.
        encoded: the encoder's output, for decoding it again or timing its words.
    """

    pieces: tuple[Piece, ...]
    logprob: float
    no_speech: float
    compression: float
    next_s: float
    encoded: NDArray[Any]

    @property
    def is_looping(self) -> bool:
        """The same words over and over."""
        return self.compression > LOOPING

    @property
    def is_silent(self) -> bool:
        """The model hears nothing and believes no word of it."""
        return self.no_speech > SILENT and self.logprob < UNSURE

    @property
    def is_sound(self) -> bool:
        """Neither looping nor unsure."""
        return self.is_silent or not (self.is_looping or self.logprob < UNSURE)


def better(first: Result, second: Result) -> Result:
    """The one to keep of two results for one window."""
    return max((first, second), key=lambda r: (not r.is_looping, r.logprob))


@dataclass(frozen=True)
class Window:
    """Up to 30 s of audio, and the language it is in."""

    samples: Floats
    language: str

    @property
    def length_s(self) -> float:
        """Seconds of audio."""
        return len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True)
class Decoder:
    """A loaded model, and how it is asked. Safe to call from several threads."""

    model: "WhisperModel"
    beam_size: int
    word_times: bool = False

    def decode(self, windows: Sequence[Window]) -> list[Result]:
        """Decode windows; each one's result is the same whatever comes with it."""
        return self._generate(windows, self._encode(windows))

    def decode_again(self, windows: Sequence[Window], first: Sequence[Result]) -> list[Result]:
        """Decode windows once more, with repetition made expensive."""
        return self._generate(windows, [result.encoded for result in first], **AGAIN)

    def _encode(self, windows: Sequence[Window]) -> list[NDArray[Any]]:
        """The encoder's output for each window, in the processor's memory: (1, 1500, width)."""
        from ctranslate2 import StorageView
        from faster_whisper.audio import pad_or_trim

        extract, model = self.model.feature_extractor, self.model.model
        features = [pad_or_trim(extract(window.samples)[:, :FRAMES]) for window in windows]
        size = ENCODED_TOGETHER if model.device == "cuda" else 1
        each: list[NDArray[Any]] = []
        for begin in range(0, len(features), size):
            some = np.ascontiguousarray(np.stack(features[begin : begin + size]))
            output = model.encode(StorageView.from_array(some), to_cpu=True)
            each += np.split(numbers(output), len(some))
        return each

    def _generate(
        self,
        windows: Sequence[Window],
        encoded: Sequence[NDArray[Any]],
        **options: Any,  # noqa: ANN401 - of CTranslate2's `generate`
    ) -> list[Result]:
        prompts = [list(self.tokenizer(window.language).sot_sequence) for window in windows]
        found = self.model.model.generate(
            together(encoded),
            prompts,
            beam_size=self.beam_size,
            patience=1,
            length_penalty=1,
            max_length=self.model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            max_initial_timestamp_index=MAX_FIRST_TIMESTAMP,
            **options,
        )
        results = [
            self._result(one, window, output)
            for one, window, output in zip(found, windows, encoded, strict=True)
        ]
        return self._timed(windows, results) if self.word_times else results

    def _timed(self, windows: Sequence[Window], results: list[Result]) -> list[Result]:
        from podcast_insights.transcripts.whisper.words import with_words

        return [
            with_words(self.model, self.tokenizer(window.language), window, result)
            for window, result in zip(windows, results, strict=True)
        ]

    def _result(
        self,
        found: "WhisperGenerationResult",
        window: Window,
        encoded: NDArray[Any],
    ) -> Result:
        tokens = found.sequences_ids[0]
        tokenizer = self.tokenizer(window.language)
        parts, next_s = split_by_timestamps(tokens, tokenizer.timestamp_begin, window.length_s)
        pieces = tuple(
            Piece(start_s, end_s, text, tuple(t for t in part if t < tokenizer.eot))
            for start_s, end_s, part in parts
            if (text := tokenizer.decode(part).strip()) and end_s > start_s
        )
        text = tokenizer.decode(tokens).strip().encode()
        return Result(
            pieces=pieces,
            logprob=found.scores[0] * len(tokens) / (len(tokens) + 1),
            no_speech=found.no_speech_prob,
            compression=len(text) / len(zlib.compress(text)),
            next_s=next_s,
            encoded=encoded,
        )

    def languages(self, samples: Floats) -> dict[str, float]:
        """Each language's probability, for up to 30 s."""
        encoded = together(self._encode([Window(samples, "en")]))
        found = self.model.model.detect_language(encoded)[0]
        return {token[2:-2]: probability for token, probability in found}

    def tokenizer(self, language: str) -> "Tokenizer":
        """Whisper's tokenizer for a language; always to transcribe, never to translate."""
        known = self._tokenizers.get(language)
        if known is None:
            from faster_whisper.tokenizer import Tokenizer

            model = self.model
            known = self._tokenizers[language] = Tokenizer(
                model.hf_tokenizer,
                model.model.is_multilingual,
                task="transcribe",
                language=language,
            )
        return known

    @cached_property
    def _tokenizers(self) -> "dict[str, Tokenizer]":
        return {}

    @cached_property
    def _suppressed(self) -> list[int]:
        """Signs that are not spoken, and tokens that are no text."""
        known = self.tokenizer("en")
        tasks = (known.transcribe, known.translate, known.sot, known.sot_prev, known.sot_lm)
        return sorted({*known.non_speech_tokens, *tasks, known.no_speech})


def together(encoded: Sequence[NDArray[Any]]) -> "StorageView":
    """Encoder outputs as one batch."""
    from ctranslate2 import StorageView

    return StorageView.from_array(np.concatenate(encoded))


def numbers(output: "StorageView") -> NDArray[Any]:
    """An encoder's output as an array; numpy knows no bfloat16."""
    from ctranslate2 import DataType

    is_known = output.dtype in (DataType.float32, DataType.float16)
    return np.asarray(output if is_known else output.to(DataType.float32))


def split_by_timestamps(
    tokens: Sequence[int], first_timestamp: int, length_s: float
) -> tuple[list[tuple[float, float, Sequence[int]]], float]:
    """A window's tokens as timed segments, and where the next window begins.

    A segment that the window cut off is left to the next window, as in Whisper's own decoding.

    Args:
        tokens: text and timestamps.
        first_timestamp: the token of 0.00 s; 0.02 s are between one and the next.
        length_s: of the window.

    Returns:
        Start, end and tokens of each segment, in seconds of the window, and the seconds after
        which the next window begins.
    """
    is_time = [token >= first_timestamp for token in tokens]

    def seconds(index: int) -> float:
        return min(max(tokens[index] - first_timestamp, 0) * TIMESTAMP_S, length_s)

    ends = [i for i in range(1, len(tokens)) if is_time[i] and is_time[i - 1]]
    is_whole = len(tokens) >= 2 and is_time[-1] and not is_time[-2]
    if not ends:
        last = next((i for i in reversed(range(len(tokens))) if is_time[i]), None)
        end_s = seconds(last) if last is not None and seconds(last) > 0 else length_s
        return ([(0.0, end_s, tokens)] if tokens else []), length_s
    found, begin = [], 0
    for end in [*ends, len(tokens)] if is_whole else ends:
        found.append((seconds(begin), seconds(end - 1), tokens[begin:end]))
        begin = end
    return found, length_s if is_whole else seconds(begin - 1)


def probability(logprob: float) -> float:
    """Mean probability of a token, from the mean of logarithms."""
    return math.exp(min(logprob, 0.0))
