"""Where the LLM engine cuts the longest transcript with points, by the size of a window.

    python benchmarks/windows.py ../shared/data/transcripts

One table row for each limit: windows, characters, and each cut with the depth of its valley.
"""

import sys
import time
from pathlib import Path

from podcast_insights.cache import Cache
from podcast_insights.embeddings.embedder import Embedder
from podcast_insights.insights.evaluation.gold import GOLD_FILE, read_gold
from podcast_insights.insights.evaluation.run import to_text
from podcast_insights.insights.llm.transcript_lines import spoken_lines
from podcast_insights.insights.llm.windows import depths, to_windows
from podcast_insights.settings import load_settings

LIMITS = (60_000, 30_000, 15_000)


def main(transcripts: Path) -> None:
    """Print the table."""
    settings = load_settings()
    gold = read_gold(transcripts / GOLD_FILE, transcripts)
    longest = max(gold, key=lambda episode: max(s.end_s for s in episode.segments()))
    text = to_text(longest, Embedder(Cache(settings.cache_dir), settings.embedding_model))
    print(f"{longest.show} {longest.episode}: {len(text.segments)} segments\n")
    print("| limit | windows | characters each | cuts at second (depth) |\n|---|---|---|---|")
    for limit in LIMITS:
        began = time.perf_counter()
        lines = spoken_lines(text, limit)
        windows = to_windows(lines, text.passages, limit)
        took = time.perf_counter() - began
        starts = [window.lines[window.overlap].start_s for window in windows[1:]]
        valleys = depths([line.start_s for line in lines], text.passages)
        depth = {line.start_s: valley for line, valley in zip(lines, valleys, strict=True)}
        cuts = ", ".join(f"{start_s:.0f} ({depth[start_s]:.2f})" for start_s in starts)
        sizes = ", ".join(f"{window.chars:,}" for window in windows)
        print(f"| {limit:,} | {len(windows)} | {sizes} | {cuts} |")
        print(f"cut in {took:.2f} s", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
