"""Related insights: how fast and in how much memory, and how well ideas are found and folded.

    .venv/bin/python benchmarks/related.py --scale 10000 100000 [--sql 100000]
    .venv/bin/python benchmarks/related.py --ideas

`--scale` fills a warehouse with that many synthetic insights (clusters of unit vectors, 160 a day),
then relates the newest day, and a day in the middle as if it had come late. Beside it, as far as
`--sql` says, the same search as one SQL statement. Each measurement is a process of its own.

`--ideas` puts the tellings of `related_ideas.yaml` among the passages of the project's shared
transcripts, where they are on this machine, and says how many other tellings of an idea are among
the ten ideas of each, how many pairs are folded rightly, and how many contradictions are.
"""

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import related_ideas  # noqa: E402

from podcast_insights.cache import Cache  # noqa: E402
from podcast_insights.embeddings.embedder import Embedder  # noqa: E402
from podcast_insights.embeddings.passages import to_passages  # noqa: E402
from podcast_insights.episodes.records import EPISODES  # noqa: E402
from podcast_insights.insights.records import INSIGHTS, RELATED_INSIGHTS  # noqa: E402
from podcast_insights.insights.related.neighbours import MIN_SIMILARITY  # noqa: E402
from podcast_insights.insights.related.refresh import Refresher  # noqa: E402
from podcast_insights.insights.related.relate import TOP  # noqa: E402
from podcast_insights.transcripts.publishing import parse_transcript  # noqa: E402
from podcast_insights.warehouse.database import Warehouse  # noqa: E402
from podcast_insights.warehouse.windows import DateWindow  # noqa: E402

TABLES = {table.name: table for table in (EPISODES, INSIGHTS, RELATED_INSIGHTS)}
FIRST = date(2010, 1, 1)
PER_DAY = 160
PER_EPISODE = 8
SHOWS = 100
THEMES = 50
SUBJECTS = 2_000
SHARED = ROOT.parent / "shared" / "data" / "transcripts"

SEARCH_IN_SQL = """
WITH mine AS (
  SELECT i.insight_id, i.episode_id, e.feed_id, i.embedding
  FROM insights i JOIN episodes e USING (episode_id) WHERE i.published_on = $day
),
pairs AS (
  SELECT m.insight_id, n.insight_id AS related_insight_id, e.feed_id <> m.feed_id AS is_other,
    array_cosine_similarity(m.embedding, n.embedding) AS similarity
  FROM mine m, insights n JOIN episodes e ON e.episode_id = n.episode_id
  WHERE n.episode_id <> m.episode_id AND n.published_on <= $day
    AND array_cosine_similarity(m.embedding, n.embedding) >= $least
)
SELECT * FROM pairs
QUALIFY row_number() OVER (
  PARTITION BY insight_id ORDER BY is_other DESC, similarity DESC, related_insight_id
) <= $top
"""
"""The nearest ten; without folding, which SQL could not do in one statement."""


# Scale


def synthetic(folder: Path, count: int) -> Warehouse:
    """A warehouse with so many insights, 160 a day, alike by theme and more so by subject.

    Two of one theme, a fiftieth of all, lie at a cosine of about 0.33, two of one subject at 0.58.
    """
    warehouse = Warehouse(folder / "warehouse.duckdb", TABLES)
    draw = np.random.default_rng(count)
    themes, subjects = directions(draw, THEMES), directions(draw, SUBJECTS)
    step = 125 * PER_DAY
    for start in range(0, count, step):
        n = min(step, count - start)
        subject = draw.integers(SUBJECTS, size=n)
        vectors = 0.574 * themes[subject % THEMES] + 0.5 * subjects[subject]
        vectors += 0.648 * directions(draw, n)
        fill(warehouse, start, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return warehouse


def directions(draw: np.random.Generator, count: int) -> np.ndarray:
    """Random unit vectors."""
    found = draw.standard_normal((count, 384), dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def fill(warehouse: Warehouse, start: int, vectors: np.ndarray) -> None:
    """Insert some insights and their episodes; by SQL, since a million rows are many."""
    with warehouse.transaction() as connection:
        connection.execute("SET enable_progress_bar = false")
        numbered = pl.DataFrame({"n": np.arange(start, start + len(vectors))})
        numbered = numbered.with_columns(pl.Series("embedding", vectors))
        connection.register("fresh", numbered)
        connection.execute(
            f"""INSERT INTO episodes BY NAME
            SELECT DISTINCT md5('e' || n // {PER_EPISODE}) AS episode_id,
              DATE '{FIRST}' + CAST(n // {PER_DAY} AS INTEGER) AS published_on, 'ok' AS status,
              'show ' || n // {PER_EPISODE} % {SHOWS} AS feed_id, [] AS source_feed_ids,
              'Show' AS show_title, 'Title' AS title, '' AS description, 'feed' AS date_source,
              [] AS persons FROM fresh"""  # noqa: S608 - our own numbers
        )
        connection.execute(
            f"""INSERT INTO insights BY NAME
            SELECT left(md5('i' || n), 16) AS insight_id,
              md5('e' || n // {PER_EPISODE}) AS episode_id,
              DATE '{FIRST}' + CAST(n // {PER_DAY} AS INTEGER) AS published_on, 0 AS position,
              'Topic ' || n || ' makes some claim in ten words or so' AS headline,
              repeat('A body of some words about it. ', 10) AS body, 'A quote.' AS quote,
              0 AS quote_start_s, 1 AS quote_end_s, 'exact' AS quote_match, [] AS topics,
              0.5 AS value_score, 'sha' AS audio_sha256, 'extractive' AS engine, 'm' AS model,
              '1' AS prompt_version, embedding, 'm' AS embedding_model
            FROM fresh"""  # noqa: S608 - our own numbers
        )


Work = Callable[[Path, date], dict[str, Any]]
MADE = 100_000
"""Up to here the lists of two weeks are made; beyond, their last ideas are drawn from a day's."""
LATE = 10_000
"""Up to here all lists are made first, so that a late day finds them."""


def by_refresher(path: Path, day: date) -> dict[str, Any]:
    """What the asset does for a day."""
    found = Refresher(Warehouse(path, TABLES)).run(DateWindow.of_day(day))
    warehouse = Warehouse(path, TABLES)
    rows = RELATED_INSIGHTS.frame(found.rows)
    warehouse.replace_window("related_insights", DateWindow.of_day(day), rows)
    return {"links": rows.height, "refreshed": found.refreshed_links}


def by_sql(path: Path, day: date) -> dict[str, Any]:
    """The nearest ten of a day's insights in one statement."""
    bounds = {"day": day, "least": MIN_SIMILARITY, "top": TOP}
    with Warehouse(path, TABLES).transaction() as connection:
        connection.execute("SET enable_progress_bar = false")
        rows = connection.execute(SEARCH_IN_SQL, bounds).pl()
    return {"links": rows.height, "refreshed": 0}


def measured(work: Work, path: Path, day: date) -> dict[str, Any]:
    """Run in a process of its own: seconds, processor seconds, and memory added at the peak."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=measure, args=(work, path, day, there))
    process.start()
    there.close()
    found: dict[str, Any] = here.recv()
    process.join()
    return found


def measure(work: Work, path: Path, day: date, pipe: Connection) -> None:
    """Work, watched."""
    Warehouse(path, TABLES).revision()  # what is loaded once a process
    before, done, peak = resident_mb(), threading.Event(), [resident_mb()]

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], resident_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started, cpu = time.perf_counter(), time.process_time()
    found = work(path, day)
    found |= {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
    done.set()
    watcher.join()
    highest = max(peak[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    pipe.send(found | {"mb": (peak[0] if peak[0] > before else highest) - before})


def resident_mb() -> float:
    """Memory of this process, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def scale(sizes: list[int], up_to_sql: int, folder: Path | None) -> None:
    """Print the table of sizes."""
    print(f"{PER_DAY} insights of one day against all; MB is memory added at the peak")
    titles = ("insights", "what", "s", "cpu s", "MB", "links", "refreshed")
    print("{:>9} {:<28} {:>7} {:>7} {:>6} {:>6} {:>9}".format(*titles))
    for size in sizes:
        free = shutil.disk_usage(folder or tempfile.gettempdir()).free
        if free < size * 4_000:
            print(f"{size:>9} skipped: {free / 1e9:.0f} GB free are too few")
            continue
        with tempfile.TemporaryDirectory(dir=folder) as place:
            path = synthetic(Path(place), size).path
            for name, work, day in ways(path, size, with_sql=size <= up_to_sql):
                r = measured(work, path, day)
                print(
                    f"{size:>9} {name:<28} {r['seconds']:>7.2f} {r['cpu_s']:>7.2f} {r['mb']:>6.0f} "
                    f"{r['links']:>6} {r['refreshed']:>9}",
                    flush=True,
                )


def ways(path: Path, size: int, *, with_sql: bool) -> Iterator[tuple[str, Work, date]]:
    """What is measured, in order; all but the first find the lists of two weeks made."""
    last = FIRST + timedelta(days=(size - 1) // PER_DAY)
    if size <= MADE:
        yield "the first day ever related", by_refresher, last - timedelta(days=1)
    else:
        pretend(Warehouse(path, TABLES), last - timedelta(days=1))
    for _ in range(2):
        yield "the newest day", by_refresher, last
        if with_sql:
            yield "  nearest ten in SQL", by_sql, last
    yield "a day a week late", by_refresher, last - timedelta(days=7)
    if size <= LATE:
        Refresher(Warehouse(path, TABLES)).run(DateWindow(FIRST, FIRST + timedelta(days=1)))
        yield (
            "a day in the middle, late",
            by_refresher,
            FIRST + timedelta(days=size // PER_DAY // 2),
        )


def pretend(warehouse: Warehouse, day: date) -> None:
    """Give the insights of three weeks a last idea as near as those of one day have it."""
    refresher = Refresher(warehouse)
    days = warehouse.read(
        "SELECT published_on, count(*) FROM insights GROUP BY 1 ORDER BY 1"
    ).rows()
    made = RELATED_INSIGHTS.frame(refresher.relate(refresher.read(day, day), days))
    tenth = made.filter(pl.col("rank") == TOP)["similarity"].to_list()
    with warehouse.transaction() as connection:
        connection.execute(
            """INSERT INTO related_insights BY NAME
            SELECT i.insight_id, o.insight_id AS related_insight_id, i.published_on,
              $top AS rank, $top AS rank_on_day, list_extract($tenth, 1 + (hash(i.insight_id) %
              len($tenth))::BIGINT) AS similarity, true AS is_other_show, false AS is_same_idea,
              [] AS folded_insight_ids
            FROM insights i, (SELECT insight_id FROM insights WHERE published_on = $first LIMIT 1) o
            WHERE i.published_on > $day - INTERVAL 21 DAY AND i.published_on <= $day""",
            {"top": TOP, "tenth": tenth, "first": FIRST, "day": day},
        )


# Ideas


def passages(count: int) -> list[str]:
    """Passages of the shared transcripts, every other one skipped since neighbours overlap."""
    found: list[str] = []
    for path in sorted(SHARED.glob("*/*.transcript.json")):
        segments = parse_transcript(path.read_bytes(), None, ".json")
        found += [passage.text for passage in to_passages(segments)[::3]]
    step = max(len(found) // count, 1)
    return found[::step][:count]


def ideas(count: int) -> int:
    """Print how well ideas are found and folded."""
    others = passages(count) if SHARED.is_dir() else []
    if not others:
        print(f"No passages to hide the ideas among: {SHARED} is not on this machine.")
    with tempfile.TemporaryDirectory() as folder:
        embedder = Embedder(Cache(Path(folder)))
        related_ideas.report(embedder.embed, others, print)
    return 0


def main() -> int:
    """Measure what was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--scale", nargs="+", type=int, metavar="N", help="insights there are")
    arguments.add_argument("--sql", type=int, default=100_000, help="compare with SQL up to here")
    arguments.add_argument(
        "--folder", type=Path, help="where warehouses are made (4 kB an insight)"
    )
    arguments.add_argument("--ideas", action="store_true", help="recall and folding")
    arguments.add_argument("--passages", type=int, default=6_000, help="that ideas are hid among")
    chosen = arguments.parse_args()
    if chosen.scale:
        scale(chosen.scale, chosen.sql, chosen.folder)
    return ideas(chosen.passages) if chosen.ideas or not chosen.scale else 0


if __name__ == "__main__":
    sys.exit(main())
