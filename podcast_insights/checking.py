"""How an asset check is made: a question about some rows, and a verdict.

Each check asks the warehouse one question about the days of the run. The question is a
function of a frame, so that a test can make it pass and fail; Dagster's part is `definition`.

What does not belong here: the questions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from podcast_insights.partitions import window_or_none
from podcast_insights.text import escaped_markdown
from podcast_insights.warehouse.resource import WarehouseResource
from podcast_insights.warehouse.windows import DateWindow

if TYPE_CHECKING:
    from podcast_insights.warehouse.database import Warehouse


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

    @property
    def asked(self) -> tuple[object, ...]:
        """What is read for it; checks that read the same can share a step."""
        return self.table, self.columns, self.source, self.date_column, self.is_blocking

    def rows(self, warehouse: "Warehouse", window: DateWindow | None) -> pl.DataFrame:
        """The rows it asks about: of some days, or of all."""
        where = f"WHERE {self.date_column} >= ? AND {self.date_column} < ?"
        return warehouse.read(
            f"SELECT {self.columns} FROM {self.source or self.table} {where if window else ''}",
            [window.start, window.end] if window else [],
        )

    def result(self, rows: pl.DataFrame, window: DateWindow | None) -> dg.AssetCheckResult:
        """Its verdict on these rows, as Dagster stores it."""
        verdict = self.question(rows)
        severity = dg.AssetCheckSeverity.ERROR if self.is_blocking else dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(
            asset_key=self.table,
            check_name=self.name,
            passed=verdict.is_passed,
            severity=severity,
            # The UI reads it as Markdown, and titles and errors come from anyone.
            description=escaped_markdown(verdict.message),
            metadata=verdict.metadata | {"window": str(window or "all days")},
        )

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
            return self.result(self.rows(warehouse.warehouse, window), window)

        return check


def definitions_of(checks: Sequence[Check]) -> list[dg.AssetChecksDefinition]:
    """All checks as Dagster knows them; those that read the same rows share one step and query."""
    groups: dict[tuple[object, ...], list[Check]] = {}
    for check in checks:
        groups.setdefault(check.asked, []).append(check)
    return [
        group[0].definition() if len(group) == 1 else group_definition(group)
        for group in groups.values()
    ]


def group_definition(checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    """Checks that read the same rows as one step, of which any can be run alone in the UI."""
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=check.table,
            description=check.description,
            blocking=check.is_blocking,
        )
        for check in checks
    ]

    @dg.multi_asset_check(name=f"{checks[0].table}_checks", specs=specs, can_subset=True)
    def group(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.AssetCheckResult]:
        window = window_or_none(context)
        rows = checks[0].rows(warehouse.warehouse, window)
        selected = {key.name for key in context.selected_asset_check_keys}
        for check in checks:
            if check.name in selected:
                yield check.result(rows, window)

    return group
