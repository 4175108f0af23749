"""What there is to compute on: GPUs and processor cores."""

import os
from pathlib import Path


def count_gpus() -> int:
    """GPUs that CTranslate2 can use; asks it only where an NVIDIA driver is present."""
    if not (Path("/proc/driver/nvidia").exists() or Path("/dev/nvidia0").exists()):
        return 0
    import ctranslate2

    return int(ctranslate2.get_cuda_device_count())


def cores() -> int:
    """Cores this process may use, which in a container can be fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
