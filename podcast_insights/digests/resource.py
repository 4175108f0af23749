"""Readers and the digests' folder as Dagster resources."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from podcast_insights.digests.readers import Reader


class ReadersResource(dg.ConfigurableResource):
    """The list of readers, `data/readers.yaml`, read anew in each run."""

    path: str = Field(description="The file.")

    def load(self) -> "tuple[Reader, ...]":
        """All enabled readers.

        Raises:
            UserError: the file can't be read or makes no sense.
        """
        from podcast_insights.digests.readers import load_readers

        return load_readers(Path(self.path))


class DigestFolderResource(dg.ConfigurableResource):
    """Where digests are written as HTML, text and Markdown."""

    path: str = Field(description="The folder.")
