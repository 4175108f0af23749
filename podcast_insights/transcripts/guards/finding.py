"""What a guard says when it fires."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A guard that fired.

    Args:
        status: the guard's own, one of the table's.
        message: what is wrong, and after a semicolon what to do.
    """

    status: str
    message: str
