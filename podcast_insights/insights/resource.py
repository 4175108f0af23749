"""The insight engine as a Dagster resource."""

from typing import TYPE_CHECKING, Literal

import dagster as dg
from pydantic import Field

from podcast_insights.resources import CacheResource
from podcast_insights.warehouse.resource import WarehouseResource

if TYPE_CHECKING:
    from podcast_insights.insights.engine import InsightEngine


class InsightEngineResource(dg.ConfigurableResource):
    """Which engine writes insights, and within what limits.

    The model, its address and its key come from the settings, so that no secret stands in a
    run's configuration.
    """

    cache: dg.ResourceDependency[CacheResource]
    warehouse: dg.ResourceDependency[WarehouseResource]
    engine: Literal["extractive", "llm"] = Field(description="extractive needs no key.")
    insights_per_episode: int = Field(default=8, description="At most, before ranking.")

    def for_run(self, run_id: str) -> "InsightEngine":
        """The engine of one run; spending is counted per run and per day.

        Raises:
            UserError: the engine's settings can't work, told before any call.
        """
        if self.engine == "extractive":
            from podcast_insights.insights.extractive.engine import ExtractiveEngine

            return ExtractiveEngine()
        from podcast_insights.insights.llm.engine import WarehouseLedger, from_settings
        from podcast_insights.settings import load_settings

        ledger = WarehouseLedger(self.warehouse.warehouse)
        log = dg.get_dagster_logger("insights")
        return from_settings(load_settings(), self.cache.cache, ledger, run_id, log.warning)
