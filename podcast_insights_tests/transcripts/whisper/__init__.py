"""Tests of speech to text."""

from typing import Any

import pytest

from podcast_insights_tests.conftest import SHARED

AUDIO = SHARED / "data" / "audio"


def shared_audio(*names: str) -> list[Any]:
    """Files of the shared corpus as test cases, skipped where it is absent."""
    missing = pytest.mark.skipif(not AUDIO.is_dir(), reason="no shared corpus in this checkout")
    return [pytest.param(AUDIO / name, id=name, marks=missing) for name in names]
