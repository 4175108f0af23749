"""What there is to compute on: processor cores, GPUs, their memory, and CUDA's libraries.

GPUs are asked through the driver's own library (`libcuda`), because only it numbers them as
CTranslate2 does: `nvidia-smi` and NVML know nothing of CUDA_VISIBLE_DEVICES.

What does not belong here: which weights are used (`models.py`), and how much memory they need
(`weights.py`).
"""

import ctypes
import importlib.util
import logging
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from podcast_insights.errors import UserError

CUDA_LIBRARIES = ("libcublasLt.so.12", "libcublas.so.12")
"""What CTranslate2 opens when it first computes on a GPU; cuBLAS needs cuBLASLt. The wheel of
CTranslate2 4.8.5 holds the CUDA runtime itself and names neither cuDNN nor cuRAND."""

COMPILER = "libnvrtc.so.12"
"""cuBLASLt opens it for some kernels; pip installs it with cuBLAS, in a folder of its own."""

DRIVER = "an NVIDIA driver 525 or newer (570 for Hopper, Blackwell and later cards)"
"""What that wheel needs: code for cards of compute capability 5.3 to 8.9, and for later ones
code that the driver compiles, of CUDA 12.8."""

COMPUTE_TYPES = {
    "cpu": ("int8", "int8_float32", "float32"),
    "cuda": ("float16", "int8_float16", "int8_float32", "float32"),
}
"""What `auto` takes: the first that the device supports."""

CPU_BATCH = 8
"""16 took as long, and a quarter gigabyte more."""
BATCH_WHERE_MEMORY_IS_UNKNOWN = 8
MAX_BATCH = 64
USABLE_SHARE = 0.8
WORKING_BYTES = 1_000_000_000
"""For cuBLAS, and for the attention scores while one window of a large model is encoded."""
LARGE_V3_SEQUENCE_BYTES = 618_000_000
OUT_OF_MEMORY = ("out of memory", "bad_alloc", "cublas_status_alloc_failed") + (
    "cublas_status_not_initialized",  # no memory for its handle; a missing cuBLAS has another text
)

log = logging.getLogger(__name__)


def cores() -> int:
    """Cores this process may use, which in a container can be fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@cache
def driver() -> Any | None:  # noqa: ANN401 - a ctypes library, whose functions have no types
    """The NVIDIA driver's library, ready for use; None where there is none or it has no GPU."""
    try:
        library = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
        return None if library.cuInit(0) else library
    except (OSError, AttributeError):
        return None


def count_gpus() -> int:
    """GPUs that CTranslate2 can use; asks it only where an NVIDIA driver is present."""
    if driver() is None:
        return 0
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def card_name(index: int) -> str | None:
    """What the GPU is called, such as `NVIDIA H100 80GB HBM3`; None if the driver won't say."""
    found = _gpu(index)
    name = ctypes.create_string_buffer(256)
    if found is None or found[0].cuDeviceGetName(name, len(name), found[1]):
        return None
    return name.value.decode(errors="replace")


def compute_capability(index: int) -> tuple[int, int] | None:
    """Which code runs on the GPU, such as (9, 0); None if the driver won't say."""
    found = _gpu(index)
    if found is None:
        return None
    cuda, gpu = found
    major, minor = ctypes.c_int(), ctypes.c_int()
    for attribute, value in ((75, major), (76, minor)):  # by their numbers in `cuda.h`
        if cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, gpu):
            return None
    return major.value, minor.value


def free_memory_bytes(index: int) -> int | None:
    """Free memory of the GPU, all processes counted; None if the driver won't say."""
    found = _gpu(index)
    if found is None:
        return None
    cuda, gpu = found
    context, free, total = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_size_t()
    if cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), gpu):
        return None
    try:
        if cuda.cuCtxPushCurrent_v2(context):
            return None
        failed = cuda.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total))
        cuda.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
        return None if failed else free.value
    finally:
        cuda.cuDevicePrimaryCtxRelease_v2(gpu)


def _gpu(index: int) -> tuple[Any, ctypes.c_int] | None:
    cuda, gpu = driver(), ctypes.c_int()
    if cuda is None or cuda.cuDeviceGet(ctypes.byref(gpu), index):
        return None
    return cuda, gpu


def choose_device(asked: str) -> str:
    """`cpu` or `cuda`; `auto` is `cuda` where CTranslate2 can use a GPU.

    Raises:
        UserError: `cuda` is asked for, and there is no usable GPU.
    """
    if asked == "cpu":
        return "cpu"
    if count_gpus():
        return "cuda"
    if asked == "cuda":
        raise UserError(
            "PODCAST_INSIGHTS_WHISPER_DEVICE is cuda, but CTranslate2 finds no GPU.",
            f"Install {DRIVER}, see that CUDA_VISIBLE_DEVICES hides no GPU, or set it to auto.",
        )
    return "cpu"


def check_device_index(device_index: Sequence[int]) -> None:
    """See that these GPUs exist, and that CTranslate2 can load one model on all of them.

    Raises:
        UserError: none is named, one isn't there, or their compute capability differs.
    """
    count = count_gpus()
    absent = sorted({index for index in device_index if not 0 <= index < count})
    if absent or not device_index:
        there = ", ".join(f"{index} ({card_name(index) or 'unnamed'})" for index in range(count))
        raise UserError(
            f"There is no GPU {', '.join(map(str, absent))}." if absent else "No GPU is named.",
            f"Set PODCAST_INSIGHTS_WHISPER_DEVICE_INDEX to some of: {there or 'none is there'}.",
        )
    found = {index: compute_capability(index) for index in device_index}
    known = {index: capability for index, capability in found.items() if capability}
    if len(set(known.values())) > 1:
        told = (f"{n} ({card_name(n) or 'unnamed'}, {a}.{b})" for n, (a, b) in known.items())
        raise UserError(
            f"The GPUs can't share a model, their compute capability differs: {', '.join(told)}.",
            "Set PODCAST_INSIGHTS_WHISPER_DEVICE_INDEX to GPUs of one kind.",
        )


def choose_compute_type(asked: str, device: str, device_index: Sequence[int] = (0,)) -> str:
    """The compute type asked for; for `auto` the first of `COMPUTE_TYPES` that the device has.

    Args:
        asked: `auto`, or one of CTranslate2's.
        device: `cpu` or `cuda`.
        device_index: numbers of the GPUs, all of which must have it; unused on a CPU.

    Raises:
        UserError: the device doesn't support it; names those it does. Or there is no such GPU.
    """
    if device == "cuda":
        check_device_index(device_index)  # CTranslate2's word for a wrong number helps nobody
    supported = supported_compute_types(device, device_index)
    if asked in supported:
        return asked
    if asked == "auto":
        for name in COMPUTE_TYPES[device]:
            if name in supported:
                return name
    raise UserError(
        f"Whisper can't compute in {asked} on {device}.",
        f"Set PODCAST_INSIGHTS_WHISPER_COMPUTE_TYPE to auto, {', '.join(sorted(supported))}.",
    )


def supported_compute_types(device: str, device_index: Sequence[int] = (0,)) -> set[str]:
    """What CTranslate2 computes in on all of these devices.

    Raises:
        UserError: it can't be asked, as with a driver that is too old.
    """
    import ctranslate2

    indices = device_index if device == "cuda" else (0,)
    try:
        sets = [ctranslate2.get_supported_compute_types(device, index) for index in indices]
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"CTranslate2 can't use {device}: {error}.",
            f"Install {DRIVER}, or set PODCAST_INSIGHTS_WHISPER_DEVICE to cpu.",
        ) from error
    return set.intersection(*map(set, sets))


def preload_cuda() -> None:
    """Make the CUDA libraries that pip installed loadable by their bare names.

    CTranslate2 asks the system's loader for them, which doesn't look into site-packages; a
    library that is loaded already is found by name from anywhere in the process. Does nothing
    where there is no GPU, or where the loader finds them itself.
    """
    if driver() is None or is_loadable(CUDA_LIBRARIES[-1]):
        return
    for name in (COMPILER, *CUDA_LIBRARIES):
        for path in packaged_libraries(name)[:1]:
            try:
                ctypes.CDLL(str(path))
            except OSError as error:
                log.warning("%s can't be loaded: %s", path, error)


def packaged_libraries(name: str) -> list[Path]:
    """Where pip-installed NVIDIA packages hold this library."""
    spec = importlib.util.find_spec("nvidia")
    roots = spec.submodule_search_locations if spec else None
    return [path for root in roots or () for path in sorted(Path(root).glob(f"*/lib/{name}"))]


def missing_cuda_libraries() -> list[str]:
    """Which of `CUDA_LIBRARIES` can't be loaded, after those of pip's were tried."""
    preload_cuda()
    return [name for name in CUDA_LIBRARIES if not is_loadable(name)]


def check_cuda_libraries() -> None:
    """See that CTranslate2 will find what it opens later, in the middle of the first file.

    Raises:
        UserError: a library is missing.
    """
    missing = missing_cuda_libraries() if os.name == "posix" else []
    if missing:
        raise UserError(
            f"There is a GPU, but CUDA's {' and '.join(missing)} can't be loaded.",
            "Run `pip install 'podcast-insights[cuda]'`, or install cuBLAS of CUDA 12, or set "
            "PODCAST_INSIGHTS_WHISPER_DEVICE to cpu.",
        )


def is_loadable(name: str) -> bool:
    """Whether the system's loader finds this library, or has it already."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def default_batch_size(
    device: str,
    model_bytes: int,
    free_bytes: int | None,
    sequence_bytes: int = LARGE_V3_SEQUENCE_BYTES,
) -> int:
    """Sequences to generate together, between 1 and `MAX_BATCH`.

    On a GPU: of the memory left beside the weights 80 % can be used, less 1 GB of working
    space, divided by what one sequence needs. large-v3-turbo in float16 (1.6 GB, 81 MB a
    sequence): 45 with 7.5 GB free, 64 with 11.5. large-v3 (3.1 GB, 618 MB): 4 with 7.5 GB free,
    26 with 25. Past that, running out of memory halves the batch.

    Args:
        device: `cpu` or `cuda`.
        model_bytes: the weights as computed with (`Weights.model_bytes`).
        free_bytes: of one GPU, before the model is loaded; None where unknown.
        sequence_bytes: `Weights.sequence_bytes`; the default is the largest Whisper's.
    """
    if device == "cpu":
        return CPU_BATCH
    if free_bytes is None:
        return BATCH_WHERE_MEMORY_IS_UNKNOWN
    usable = (free_bytes - model_bytes) * USABLE_SHARE - WORKING_BYTES
    return int(min(max(usable // sequence_bytes, 1), MAX_BATCH))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a smaller batch may go through: CTranslate2 has only the message to tell by."""
    if isinstance(error, MemoryError):
        return True
    message = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in message for sign in OUT_OF_MEMORY)
