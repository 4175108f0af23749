"""Samples as floats, which are computed with, and as 16-bit integers, which are kept.

What does not belong here: how files become samples (`sound.py`, `mixing.py`).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int16]

FULL = np.float32(32768)


def floats(samples: Integers) -> Floats:
    """Between -1 and 1."""
    return samples.astype(np.float32) / FULL


def integers(samples: Floats) -> Integers:
    """Half the memory, and the same sound: what came from integers comes back exactly."""
    return (samples * FULL).clip(-32768, 32767).astype(np.int16)
