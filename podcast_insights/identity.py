"""Names for things: short hashes of stable content, never positions or counters.

What does not belong here: what makes two feeds or two episodes the same. That is knowledge
of the stage (see `episodes/identify.py`); here is only how a key becomes a name.
"""

import hashlib

ID_LENGTH = 16
"""Hexadecimal digits of an id: 64 bits, so 100 million rows collide with a chance of 3e-4."""


def short_hash(*parts: str) -> str:
    """Hash `parts` to an id of 16 hexadecimal digits.

    The parts are length-prefixed, so that ("ab", "c") and ("a", "bc") differ.
    """
    return long_hash(*parts)[:ID_LENGTH]


def long_hash(*parts: str) -> str:
    """Hash `parts` to 64 hexadecimal digits (SHA-256), for the keys of caches."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()
