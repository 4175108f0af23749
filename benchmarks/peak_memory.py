"""The most memory a process ever took, for benchmarks that run each measurement in its own.

What does not belong here: memory over time, or of GPUs.
"""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Of this process, in MB.

    On Linux not `ru_maxrss`: that one is inherited from the process which started this one.
    """
    if STATUS.exists():
        line = next(x for x in STATUS.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
