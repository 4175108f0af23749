"""What there is to compute on, told from fakes: no test here needs a GPU."""

import ctypes
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import pytest

from podcast_insights.errors import UserError
from podcast_insights.transcripts.whisper import devices
from podcast_insights.transcripts.whisper.devices import (
    card_name,
    check_cuda_libraries,
    check_device_index,
    choose_compute_type,
    choose_device,
    compute_capability,
    count_gpus,
    default_batch_size,
    free_memory_bytes,
    is_out_of_memory,
)
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights_tests.conftest import ROOT
from podcast_insights_tests.transcripts.whisper.test_weights import LARGE_V3

CARDS = ("NVIDIA H100 80GB HBM3", "Tesla P40")
LOCK = ROOT / "uv.lock"
FREE = (79_000_000_000, 7_500_000_000)
ALIKE, DIFFERENT = ((9, 0), (9, 0)), ((9, 0), (6, 1))


class Driver:
    """Two GPUs, as libcuda tells of them: 0 is success, and results go through pointers."""

    def __init__(self, fails: str = "", capabilities: tuple[tuple[int, int], ...] = ALIKE) -> None:
        self.fails = fails
        self.capabilities = capabilities
        self.held = 0

    def result(self, name: str) -> int:
        return 2 if name == self.fails else 0

    def cuDeviceGet(self, gpu: Any, index: int) -> int:  # noqa: ANN401, N802
        gpu._obj.value = index
        return self.result("get") if 0 <= index < len(CARDS) else 101

    def cuDeviceGetName(self, name: Any, size: int, gpu: ctypes.c_int) -> int:  # noqa: ANN401, N802
        name.value = CARDS[gpu.value].encode()[: size - 1]
        return self.result("name")

    def cuDeviceGetAttribute(self, value: Any, attribute: int, gpu: ctypes.c_int) -> int:  # noqa: ANN401, N802
        value._obj.value = self.capabilities[gpu.value][attribute - 75]
        return self.result("attribute")

    def cuDevicePrimaryCtxRetain(self, context: Any, gpu: ctypes.c_int) -> int:  # noqa: ANN401, N802
        if self.result("retain"):
            return 2
        self.held += 1
        context._obj.value = gpu.value + 1
        return 0

    def cuCtxPushCurrent_v2(self, context: ctypes.c_void_p) -> int:  # noqa: N802
        self.current = context.value
        return self.result("push")

    def cuMemGetInfo_v2(self, free: Any, total: Any) -> int:  # noqa: ANN401, N802
        free._obj.value = FREE[(self.current or 1) - 1]
        return self.result("memory")

    def cuCtxPopCurrent_v2(self, context: Any) -> int:  # noqa: ANN401, N802
        self.current = None
        return 0

    def cuDevicePrimaryCtxRelease_v2(self, gpu: ctypes.c_int) -> int:  # noqa: N802
        self.held -= 1
        return 0


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an NVIDIA driver."""
    monkeypatch.setattr(devices, "driver", lambda: None)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with the two cards, as driver and CTranslate2 see them."""
    monkeypatch.setattr(devices, "driver", Driver)
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 2)


def supports(monkeypatch: pytest.MonkeyPatch, *types: str, second: Sequence[str] = ()) -> None:
    """Two GPUs that compute in these types; the second in others, if they are named."""
    monkeypatch.setattr(devices, "count_gpus", lambda: 2)
    by_gpu = {0: set(types), 1: set(second or types)}
    monkeypatch.setattr(
        ctranslate2, "get_supported_compute_types", lambda device, index=0: by_gpu[index]
    )


@pytest.mark.usefixtures("no_gpu")
def test_without_a_driver_there_is_no_gpu_and_auto_is_the_cpu() -> None:
    assert (count_gpus(), card_name(0), free_memory_bytes(0)) == (0, None, None)
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    with pytest.raises(UserError, match="CTranslate2 finds no GPU") as caught:
        choose_device("cuda")
    assert "525 or newer" in caught.value.remedy


@pytest.mark.usefixtures("two_gpus")
def test_gpus_are_counted_named_and_measured() -> None:
    assert count_gpus() == 2
    assert (card_name(0), card_name(1), card_name(2)) == (*CARDS, None)
    assert (free_memory_bytes(0), free_memory_bytes(1), free_memory_bytes(2)) == (*FREE, None)
    assert choose_device("auto") == choose_device("cuda") == "cuda"
    assert choose_device("cpu") == "cpu"


@pytest.mark.parametrize("fails", ["get", "retain", "push", "memory"])
def test_a_driver_that_fails_leaves_memory_unknown_and_nothing_held(
    monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    driver = Driver(fails)
    monkeypatch.setattr(devices, "driver", lambda: driver)
    assert free_memory_bytes(0) is None
    assert driver.held == 0


@pytest.mark.usefixtures("two_gpus")
def test_only_gpus_that_exist_can_be_named() -> None:
    check_device_index((0, 1))
    with pytest.raises(UserError) as caught:
        check_device_index((0, 5, 2))
    assert caught.value.problem == "There is no GPU 2, 5."
    assert "0 (NVIDIA H100 80GB HBM3), 1 (Tesla P40)" in caught.value.remedy
    with pytest.raises(UserError, match="No GPU is named"):
        check_device_index(())


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_that_is_not_there_is_told_before_ctranslate2_blames_the_driver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(device: str, index: int = 0) -> set[str]:
        raise RuntimeError("CUDA failed with error invalid device ordinal")

    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", fail)
    with pytest.raises(UserError, match="There is no GPU 2"):
        choose_compute_type("auto", "cuda", (0, 2))
    with pytest.raises(UserError, match="There is no GPU 7"):
        Whisper(device="cuda", device_index=(7,)).resolved_compute_type  # noqa: B018 - raises


def test_gpus_of_different_kinds_cannot_share_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "driver", lambda: Driver(capabilities=DIFFERENT))
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 2)
    assert (compute_capability(0), compute_capability(1), compute_capability(2)) == (
        *DIFFERENT,
        None,
    )
    for alone in (0, 1):
        check_device_index((alone,))
    with pytest.raises(UserError) as caught:
        check_device_index((0, 1))
    assert "0 (NVIDIA H100 80GB HBM3, 9.0), 1 (Tesla P40, 6.1)" in caught.value.problem
    assert "DEVICE_INDEX to GPUs of one kind" in caught.value.remedy
    monkeypatch.setattr(devices, "driver", lambda: Driver("attribute", DIFFERENT))
    assert compute_capability(0) is None
    check_device_index((0, 1))


@pytest.mark.parametrize(
    ("supported", "chosen"),
    [
        (("float32", "float16", "int8_float16", "int8_float32", "bfloat16"), "float16"),
        (("float32", "int8_float16", "int8_float32"), "int8_float16"),
        (("float32", "int8", "int8_float32"), "int8_float32"),
        (("float32",), "float32"),
    ],
)
def test_auto_takes_the_fastest_type_that_the_gpu_has(
    monkeypatch: pytest.MonkeyPatch, supported: tuple[str, ...], chosen: str
) -> None:
    supports(monkeypatch, *supported)
    assert choose_compute_type("auto", "cuda") == chosen


def test_a_type_has_to_be_there_on_every_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    supports(monkeypatch, "float16", "float32", second=("int8_float32", "float32"))
    assert choose_compute_type("auto", "cuda", (0,)) == "float16"
    assert choose_compute_type("auto", "cuda", (0, 1)) == "float32"
    with pytest.raises(UserError, match="can't compute in float16 on cuda"):
        choose_compute_type("float16", "cuda", (0, 1))


def test_a_cpu_computes_in_int8_and_says_what_else_it_can() -> None:
    assert choose_compute_type("auto", "cpu", (3,)) == "int8"
    assert choose_compute_type("float32", "cpu") == "float32"
    with pytest.raises(UserError, match="can't compute in float16 on cpu") as caught:
        choose_compute_type("float16", "cpu")
    for name in ("auto", "int8", "float32"):
        assert name in caught.value.remedy


@pytest.mark.usefixtures("two_gpus")
def test_a_driver_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(device: str, index: int = 0) -> set[str]:
        raise RuntimeError("CUDA driver version is insufficient for CUDA runtime version")

    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", fail)
    with pytest.raises(UserError, match="insufficient") as caught:
        choose_compute_type("auto", "cuda")
    assert "525 or newer" in caught.value.remedy


@pytest.mark.parametrize(
    ("free_gb", "batch"),
    [(0.5, 1), (3.5, 1), (7.5, 4), (25, 26), (79, 64)],
)
def test_a_batch_fits_the_memory_that_is_free(free_gb: float, batch: int) -> None:
    weights, cost = LARGE_V3.model_bytes("float16"), LARGE_V3.sequence_bytes("float16")
    found = default_batch_size("cuda", weights, int(free_gb * 1e9), cost)
    assert found == batch
    assert found == 1 or weights + found * cost < free_gb * 1e9


def test_without_figures_a_batch_is_careful() -> None:
    assert default_batch_size("cuda", 3_100_000_000, None) == 8
    assert default_batch_size("cpu", 75_000_000, 10**12) == 8
    large = default_batch_size("cuda", 1_600_000_000, 12 * 10**9)
    assert large == default_batch_size(
        "cuda", 1_600_000_000, 12 * 10**9, LARGE_V3.sequence_bytes("float16")
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("CUDA failed with error out of memory"), True),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_NOT_INITIALIZED"), True),
        (MemoryError(), True),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_EXECUTION_FAILED"), False),
        (RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_running_out_of_memory_is_told_from_other_failures(
    error: BaseException, expected: bool
) -> None:
    assert is_out_of_memory(error) is expected


def test_missing_libraries_are_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "preload_cuda", lambda: None)
    monkeypatch.setattr(devices, "is_loadable", lambda name: True)
    check_cuda_libraries()
    monkeypatch.setattr(devices, "is_loadable", lambda name: "Lt" not in name)
    with pytest.raises(UserError, match="CUDA's libcublasLt.so.12 can't be loaded") as caught:
        check_cuda_libraries()
    assert "pip install 'podcast-insights[cuda]'" in caught.value.remedy


def test_only_the_extra_brings_the_library_that_is_opened() -> None:
    """A plain install stays without CUDA 12; the lock knows what the extra adds."""
    locked = {package["name"]: package for package in tomllib.loads(LOCK.read_text())["package"]}
    ours = locked["podcast-insights"]
    plain = {found["name"] for found in ours["dependencies"]}
    extra = {found["name"] for found in ours["optional-dependencies"]["cuda"]}
    assert extra == {"nvidia-cublas-cu12"}
    assert not plain & extra
    users = {n for n, p in locked.items() if extra & {d["name"] for d in p.get("dependencies", ())}}
    assert users == set()
    major = locked["nvidia-cublas-cu12"]["version"].partition(".")[0]
    assert all(name.endswith(f".so.{major}") for name in devices.CUDA_LIBRARIES)


SOURCES = {
    "cublas/lib/libcublasLt.so.12": "int lt(void) { return 40; }",
    "cublas/lib/libcublas.so.12": "int lt(void); int cublas(void) { return lt() + 2; }",
    "cuda/lib/libcuda.so.1": """
        #include <stddef.h>
        #include <string.h>
        typedef struct { int gpu; } *context;
        static struct { int gpu; } made = {1};
        int cuInit(unsigned flags) { return flags; }
        int cuDeviceGet(int *gpu, int index) { *gpu = index; return index > 1 ? 101 : 0; }
        int cuDeviceGetName(char *name, int size, int gpu) {
            strncpy(name, gpu ? "Card B" : "Card A", size); return 0; }
        int cuDeviceGetAttribute(int *value, int attribute, int gpu) {
            *value = attribute == 75 ? 8 : attribute == 76 ? 6 + gpu : -1; return 0; }
        int cuDevicePrimaryCtxRetain(context *found, int gpu) {
            made.gpu = gpu; *found = (context)&made; return 0; }
        int cuCtxPushCurrent_v2(context given) { return given != (context)&made; }
        int cuMemGetInfo_v2(size_t *free, size_t *total) {
            *free = 79000000000UL + made.gpu; *total = 80000000000UL; return 0; }
        int cuCtxPopCurrent_v2(context *given) { *given = (context)&made; return 0; }
        int cuDevicePrimaryCtxRelease_v2(int gpu) { return gpu != made.gpu; }
    """,
}
LOOK = """
import ctypes
from podcast_insights.transcripts.whisper import devices
print(devices.card_name(1), devices.free_memory_bytes(1), devices.card_name(2))
print(devices.compute_capability(1))
print(devices.is_loadable("libcublas.so.12"), devices.missing_cuda_libraries())
if devices.is_loadable("libcublas.so.12"):
    print(ctypes.CDLL("libcublas.so.12").cublas())
"""


def compiled(folder: Path) -> None:
    """Small libraries by the names of CUDA's, laid out as pip lays them out."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler on Linux")
    for name, source in SOURCES.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_suffix(".c").write_text(source)
        links = (
            [str(target.with_name("libcublasLt.so.12"))] if name.endswith("cublas.so.12") else []
        )
        subprocess.run(
            [compiler, "-shared", "-fPIC", f"-Wl,-soname,{target.name}", "-o", str(target)]
            + [str(target.with_suffix(".c")), *links],
            check=True,
        )


def test_pips_cuda_libraries_are_found_and_the_driver_is_understood(tmp_path: Path) -> None:
    compiled(tmp_path / "nvidia")
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(tmp_path / "nvidia" / "cuda" / "lib"),
        "PYTHONPATH": os.pathsep.join((str(tmp_path), *filter(None, sys.path))),
    }

    def look() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", LOOK],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    assert look() == ["Card B 79000000001 None", "(8, 7)", "False []", "42"]
    (tmp_path / "nvidia" / "cublas" / "lib" / "libcublasLt.so.12").write_bytes(b"not a library")
    told = "False ['libcublasLt.so.12', 'libcublas.so.12']"
    assert look() == ["Card B 79000000001 None", "(8, 7)", told]
