"""Fixtures of the embeddings stage."""

import pytest

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """The packaged model, loaded once for all tests."""
    return Embedder(Cache(tmp_path_factory.mktemp("embeddings")))
