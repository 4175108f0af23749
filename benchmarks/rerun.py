"""The demo on an empty folder against the same demo again: what a re-run saves.

Whole processes are timed, start-up included. The aim is at least ten times faster.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = Path(sys.executable).parent / "podcast-insights"
AGAIN = 5


def demo(home: Path) -> tuple[float, str]:
    """Wall seconds of one demo, and its own line about stages."""
    started = time.perf_counter()
    done = subprocess.run(
        [str(COMMAND), "demo"], cwd=home, check=True, capture_output=True, text=True
    )
    taken = time.perf_counter() - started
    text = re.sub(r"\s+", " ", done.stdout)
    found = re.search(r"Wall time.*?requests", text)
    return taken, found[0] if found else ""


def main() -> None:
    """Run the demo once on nothing and some times on what that left."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "data").mkdir()
        for name in ("dagster.yaml", "workspace.yaml", "data/feeds.yaml", "data/readers.yaml"):
            shutil.copy(ROOT / name, home / name)
        (home / "data" / "samples").symlink_to(ROOT / "data" / "samples")
        first, stages = demo(home)
        print(f"first  {first:6.1f} s   {stages}")
        times = []
        for _ in range(AGAIN):
            taken, stages = demo(home)
            times.append(taken)
            print(f"again  {taken:6.1f} s   {stages}")
        median = sorted(times)[len(times) // 2]
        print(f"ratio first / again: {first / median:.1f} (median of {AGAIN})")


if __name__ == "__main__":
    main()
