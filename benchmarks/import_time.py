"""How long the code location takes to import, against Dagster alone.

Every Dagster process imports it: the web server, the daemon, each run. The aim is at most
1.5 times `import dagster`.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 9
STATEMENTS = {
    "import dagster": "import dagster",
    "import podcast_insights.definitions": "import podcast_insights.definitions",
}


def seconds(statement: str) -> float:
    """Wall seconds of a fresh interpreter that runs one statement."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT)
    return time.perf_counter() - started


def main() -> None:
    """Interleave the two and print medians and the ratio of each pair."""
    taken: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for statement in STATEMENTS.values():
        seconds(statement)  # compiles what is not compiled yet
    for _ in range(ROUNDS):
        for name, statement in STATEMENTS.items():
            taken[name].append(seconds(statement))
    for name, values in taken.items():
        print(f"{name:40s} median {statistics.median(values):.2f} s, best {min(values):.2f} s")
    base, ours = taken.values()
    ratios = [b / a for a, b in zip(base, ours, strict=True)]
    print(f"ratio, pair by pair: median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")


if __name__ == "__main__":
    main()
