"""How an asset check is made: a question about some rows, and a verdict.

Each check asks the warehouse one question about the days of the run. The question is a
function of a frame, so that a test can make it pass and fail; Dagster's part is `definition`.

What does not belong here: the questions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from podcast_insights.partitions import window_or_none
from podcast_insights.text import escaped_markdown
from podcast_insights.warehouse.resource import WarehouseResource


@dataclass(frozen=True)
class Verdict:
    """The answer to a check's question."""

    is_passed: bool
    message: str
    metadata: dict[str, Any]


Question = Callable[[pl.DataFrame], Verdict]


@dataclass(frozen=True)
class Check:
    """A question about some columns of one table.

    Args:
        is_blocking: a failure fails the run, after everything that succeeded was stored.
        source: what is asked in place of the table: a subquery.
    """

    table: str
    name: str
    description: str
    columns: str
    question: Question
    is_blocking: bool = False
    date_column: str = "published_on"
    source: str = ""

    def definition(self) -> dg.AssetChecksDefinition:
        """The check as Dagster knows it."""

        @dg.asset_check(
            asset=self.table,
            name=self.name,
            description=self.description,
            blocking=self.is_blocking,
        )
        def check(
            context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
        ) -> dg.AssetCheckResult:
            window = window_or_none(context)
            where = f"WHERE {self.date_column} >= ? AND {self.date_column} < ?"
            rows = warehouse.warehouse.read(
                f"SELECT {self.columns} FROM {self.source or self.table} {where if window else ''}",
                [window.start, window.end] if window else [],
            )
            verdict = self.question(rows)
            severity = (
                dg.AssetCheckSeverity.ERROR if self.is_blocking else dg.AssetCheckSeverity.WARN
            )
            return dg.AssetCheckResult(
                passed=verdict.is_passed,
                severity=severity,
                # The UI reads it as Markdown, and titles and errors come from anyone.
                description=escaped_markdown(verdict.message),
                metadata=verdict.metadata | {"window": str(window or "all days")},
            )

        return check
