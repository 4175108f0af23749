"""What a folder with a CTranslate2 model holds: whole or not, its shape, the memory it needs.

Of the weights only names and shapes are read, some kilobytes of a file of gigabytes.

What does not belong here: which model is used (`models.py`), and how much memory there is
(`devices.py`).
"""

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash

DEFAULT_MEL_BINS = 80
KNOWN_VERSIONS = range(4, 7)
MAX_VARIABLES = 100_000
BEAM_SIZE = 5
MAX_TOKENS = 448
FRAMES = 1500
"""What Whisper's encoder makes of 30 s."""


@dataclass(frozen=True)
class Weights:
    """The shape of a Whisper model.

    Args:
        decoder_layers: 4 in large-v3-turbo, 32 in large-v3.
        width: of the decoder's states; 1280 in the large models.
        vocabulary: number of tokens.
        mel_bins: 128 in large-v3 and its children, else 80.
    """

    parameters: int
    decoder_layers: int
    width: int
    vocabulary: int
    mel_bins: int

    def model_bytes(self, compute_type: str) -> int:
        """Memory of the weights in this compute type."""
        stored = {"int8": 1, "int16": 2}.get(compute_type.split("_")[0])
        return self.parameters * (stored or number_bytes(compute_type))

    def sequence_bytes(self, compute_type: str) -> int:
        """Memory that one more sequence of a batch needs, at the longest it can become.

        Keys and values of each decoder layer: once for the encoder's 1,500 frames, and for
        each of 5 beams for 448 tokens; the encoder's output; the scores of all tokens.
        """
        layer = 2 * self.width * (FRAMES + BEAM_SIZE * MAX_TOKENS)
        states = self.decoder_layers * layer + FRAMES * self.width
        return states * number_bytes(compute_type) + BEAM_SIZE * self.vocabulary * 4


def number_bytes(compute_type: str) -> int:
    """Bytes of a number between the layers; int8 and int16 alone compute these in float32."""
    return 2 if compute_type.endswith("float16") else 4


def check_folder(folder: Path) -> None:
    """See that all is there that faster-whisper needs; it would fetch what is not, or guess.

    Raises:
        UserError: a file is missing, cut off, or doesn't fit the others.
    """
    names = {path.name for path in folder.iterdir()}
    if "model.bin" not in names:
        raise UserError(
            f"{folder} holds no CTranslate2 model (model.bin is missing).",
            "Convert the model with ct2-transformers-converter, or name another one.",
        )
    lacking = [name for name in ("config.json", "tokenizer.json") if name not in names]
    if not names & {"vocabulary.json", "vocabulary.txt"}:
        lacking.append("vocabulary.json")
    if lacking:
        raise UserError(
            f"{folder} holds no whole model: {', '.join(lacking)} is missing.",
            "Convert it with --copy_files tokenizer.json preprocessor_config.json, or copy what "
            "is missing.",
        )
    weights, bins = read_weights(folder), mel_bins(folder)
    if weights and weights.mel_bins != bins:
        raise UserError(
            f"{folder}/model.bin wants {weights.mel_bins} mel bins, and preprocessor_config.json "
            f"{f'says {bins}' if 'preprocessor_config.json' in names else 'is missing'}.",
            "Copy that file from the model that model.bin was converted from.",
        )


def mel_bins(folder: Path) -> int:
    """Frequency bands that faster-whisper would make, by `preprocessor_config.json`.

    Raises:
        UserError: the file is damaged.
    """
    path = folder / "preprocessor_config.json"
    try:
        found = json.loads(path.read_text()) if path.exists() else {}
        return int(found.get("feature_size", DEFAULT_MEL_BINS))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is damaged ({error}).", "Copy or download it once more."
        ) from error


def folder_revision(folder: Path) -> str:
    """Tell two models in one folder apart without hashing gigabytes: size and both ends."""
    weights = folder / "model.bin"
    size = weights.stat().st_size
    with weights.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(size - (1 << 20), 0))
        tail = file.read()
    return short_hash(str(size), head.hex(), tail.hex())


def read_weights(folder: Path) -> Weights | None:
    """Read the shape of `folder`'s `model.bin`; None if its layout is not one we know.

    Raises:
        UserError: it can't be read, is cut off, or is no Whisper model.
    """
    path = folder / "model.bin"
    try:
        with path.open("rb") as file:
            if _number(file, "<I") not in KNOWN_VERSIONS:
                return None
            kind = _text(file)
            if kind != "WhisperSpec":
                raise UserError(
                    f"{path} holds {kind or 'another model'}, not Whisper.",
                    "Name a Whisper model converted by ct2-transformers-converter.",
                )
            shapes = dict(_variables(file))
    except (OSError, struct.error, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} is cut off or damaged ({error}).", "Copy or download the model once more."
        ) from error
    return _weights(shapes)


def _variables(file: BinaryIO) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Each variable's name and shape; its numbers are skipped.

    Raises:
        OSError, struct.error: the file ends before the last variable does.
    """
    size = os.fstat(file.fileno()).st_size
    _number(file, "<I")  # the specification's revision
    count = _number(file, "<I")
    for _ in range(min(count, MAX_VARIABLES)):
        name = _text(file)
        shape = tuple(_number(file, "<I") for _ in range(_number(file, "<B")))
        _number(file, "<B")  # the type its numbers are stored in
        end = _number(file, "<I") + file.tell()
        if end > size:
            raise OSError(f"{size} bytes, and {name} ends at {end}")
        file.seek(end)
        yield name, shape


def _weights(shapes: dict[str, tuple[int, ...]]) -> Weights | None:
    embeddings = shapes.get("decoder/embeddings/weight", ())
    first = shapes.get("encoder/conv1/weight", ())
    if len(embeddings) != 2 or len(first) != 3:
        return None
    layers = {name.split("/")[1] for name in shapes if name.startswith("decoder/layer_")}
    layers = {name for name in layers if name.removeprefix("layer_").isdecimal()}
    vocabulary, width = embeddings
    parameters = sum(map(prod, shapes.values()))
    return Weights(parameters, len(layers), width, vocabulary, mel_bins=first[1])


def _number(file: BinaryIO, layout: str) -> int:
    return int(struct.unpack(layout, file.read(struct.calcsize(layout)))[0])


def _text(file: BinaryIO) -> str:
    length = _number(file, "<H")
    (text,) = struct.unpack(f"{length}s", file.read(length))
    return str(text.rstrip(b"\0"), "utf-8")
