"""The embedding model as a Dagster resource."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

from podcast_insights.resources import CacheResource

if TYPE_CHECKING:
    from podcast_insights.embeddings.embedder import Embedder


class EmbedderResource(dg.ConfigurableResource):
    """Sentence embeddings of 384 dimensions, loaded at most once per run."""

    cache: dg.ResourceDependency[CacheResource]
    model: str = Field(default="auto", description="Model name, folder, or auto.")
    _embedder: "Embedder | None" = PrivateAttr(default=None)

    @property
    def embedder(self) -> "Embedder":
        """The embedder; the same one for the whole run."""
        if self._embedder is None:
            from podcast_insights.embeddings.embedder import Embedder

            self._embedder = Embedder(cache=self.cache.cache, model=self.model)
        return self._embedder
