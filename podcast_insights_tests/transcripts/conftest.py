"""Fixtures of the transcripts stage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights_tests.conftest import SAMPLES
from podcast_insights_tests.transcripts import Host, cut, hosting


@pytest.fixture(scope="session")
def whisper() -> Whisper:
    """The packaged model, loaded once for all tests."""
    return Whisper(device="cpu", workers=1)


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven seconds of a sample episode, from the middle."""
    target = tmp_path_factory.mktemp("speech") / "speech.wav"
    return cut(SAMPLES / "audio" / "compute-ledger-1.mp3", target, 24.2, 35.2)


@pytest.fixture
def host() -> Iterator[Host]:
    """A podcast host on loopback."""
    with hosting() as host:
        yield host
