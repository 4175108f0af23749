"""The GPU resource."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

if TYPE_CHECKING:
    from podcast_insights.transcripts.whisper.engine import Whisper


class WhisperTranscriber(dg.ConfigurableResource):
    """The GPU resource: Whisper by faster-whisper, loaded at most once per run.

    Without a GPU and without a model hub it runs the packaged tiny.en, and says so in the
    run's log and in `podcast-insights doctor`.
    """

    model: str = Field(
        default="auto", description="Model name, folder, repository of the model hub, or auto."
    )
    revision: str | None = Field(
        default=None, description="Commit, tag or branch of the model; None: the pinned one."
    )
    device: str = Field(default="auto", description="auto, cpu or cuda.")
    compute_type: str = Field(default="auto", description="CTranslate2 compute type, or auto.")
    decoding: str = Field(
        default="complete", description="complete; balanced or fast: quicker, more errors."
    )
    word_times: bool = Field(default=False, description="Whether each word is timed.")
    batch_size: int = Field(
        default=0,
        description="Sequences generated together, which does not change the text; 0 chooses.",
    )
    device_index: list[int] = Field(default=[0], description="GPU numbers.")
    workers: int = Field(
        default=0, description="Batches computed at once, on the CPU or each GPU; 0 chooses."
    )
    keep_audio_days: int | None = Field(
        default=None,
        description="Days that audio stays in the cache after its last use, once its transcript "
        "is stored there; 0 drops it, None keeps it.",
    )
    _whisper: "Whisper | None" = PrivateAttr(default=None)

    @property
    def whisper(self) -> "Whisper":
        """The engine; the same one, with its loaded model, for the whole run."""
        if self._whisper is None:
            from podcast_insights.transcripts.whisper.engine import Whisper

            self._whisper = Whisper(
                model=self.model,
                revision=self.revision,
                device=self.device,
                compute_type=self.compute_type,
                decoding=self.decoding,
                word_times=self.word_times,
                batch_size=self.batch_size,
                device_index=tuple(self.device_index),
                workers=self.workers,
            )
        return self._whisper
