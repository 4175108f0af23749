"""Files written from the contracts: `columns.json` and `docs/tables.md`."""

import json

from podcast_insights.contracts import TABLES


def written() -> str:
    """The text of `columns.json`, from the contracts."""
    tables = {
        name: {
            "description": table.description,
            "partition_by": table.partition_by,
            "columns": [vars(column) for column in table.columns],
        }
        for name, table in TABLES.items()
    }
    return json.dumps(tables, indent=1, ensure_ascii=False) + "\n"


def documented() -> str:
    """The text of `docs/tables.md`, from the contracts."""
    parts = [
        "# Tables\n",
        "Written from the contracts by `podcast-insights tables --write`; a test keeps it true.\n",
    ]
    for name, table in TABLES.items():
        grain = f"Partition: `{table.partition_by}`." if table.partition_by else "Ledger."
        key = ", ".join(f"`{column}`" for column in table.primary_key)
        parts += [f"\n## {name}\n", f"{table.description} {grain} Key: {key}.\n"]
        parts += ["| column | type | null | meaning |", "|---|---|---|---|"]
        parts += [
            f"| {c.name} | {c.type.replace('|', '/')} | {'yes' if c.is_nullable else ''} "
            f"| {c.description} |"
            for c in table.columns
        ]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"
