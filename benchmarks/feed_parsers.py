"""What our feed parser finds, against feedparser, podcastparser and fastfeedparser.

    .venv/bin/python benchmarks/feed_parsers.py [--quick] [FOLDER_OR_FILE ...]

Every file is read by every parser in a process of its own, with a time limit, so that a hang or
a crash of one costs the others nothing. The exit status is 1 if ours crashes, or finds fewer of
anything than one of the others on a well-formed file. Without arguments it reads the project's
shared feeds, where they are on this machine.

How the others are counted: feedparser's enclosures are its `enclosures` and `media_content`;
GUIDs that a parser made up of a link or an enclosure do not count, nor do the thumbnails that
fastfeedparser lists as media.
"""

import argparse
import gzip
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, field
from functools import partial
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from xml.parsers import expat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import fastfeedparser  # noqa: E402
import feedparser  # noqa: E402
import podcastparser  # noqa: E402
from lxml import etree  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from podcast_insights.feeds.parse import FeedFormatError, parse_feed  # noqa: E402

SHARED = ROOT.parent / "shared" / "data" / "feeds"
TIME_LIMIT_S = 60
ROUNDS = 5
NOT_FEEDS = {".json", ".txt", ".md", ".tsv", ".py"}


@dataclass(frozen=True)
class Counts:
    """What a parser found in one file."""

    entries: int = 0
    enclosures: int = 0
    guids: int = 0
    dates: int = 0
    transcripts: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def lacks(self, other: "Counts") -> bool:
        """Whether the other found more of anything."""
        return any(a < b for a, b in zip(astuple(self), astuple(other), strict=True))

    def __str__(self) -> str:
        return " ".join(str(number) for number in astuple(self))


@dataclass(frozen=True)
class Outcome:
    """What came of one parser on one file."""

    counts: Counts = field(default_factory=Counts)
    problem: str = ""
    peak_mb: float = 0.0

    @property
    def is_crash(self) -> bool:
        """Whether it failed in a way that no caller expects."""
        return self.problem not in ("", "refused", "no feed")


def ours(content: bytes) -> Counts:
    """podcast-insights."""
    items = parse_feed(content).items
    return Counts(
        len(items),
        sum(len(item.enclosures) for item in items),
        sum(item.guid is not None for item in items),
        sum(item.published_at is not None for item in items),
        sum(len(item.transcripts) for item in items),
    )


def by_feedparser(content: bytes) -> Counts:
    """The parser that most of Python uses."""
    entries = feedparser.parse(BytesIO(content)).entries
    return Counts(
        len(entries),
        sum(with_url(entry.get("enclosures"), entry.get("media_content")) for entry in entries),
        sum(bool(entry.get("id")) for entry in entries),
        sum(
            has_any(entry, "published_parsed", "updated_parsed", "created_parsed")
            for entry in entries
        ),
        sum(with_url([entry.get("podcast_transcript")]) for entry in entries),
    )


def by_podcastparser(content: bytes) -> Counts:
    """The parser of gPodder. It drops items without enclosure or link."""
    entries = podcastparser.parse("https://example.org/feed", BytesIO(content))["episodes"]
    announced = announced_guids(content)
    return Counts(
        len(entries),
        sum(with_url(entry.get("enclosures")) for entry in entries),
        sum(is_announced(entry.get("guid"), announced) for entry in entries),
        sum(bool(entry.get("published")) for entry in entries),
        sum(bool(entry.get("transcript_url")) for entry in entries),
    )


def by_fastfeedparser(content: bytes) -> Counts:
    """A fast parser over lxml. It knows no podcast namespace."""
    entries = fastfeedparser.parse(content).entries
    announced = announced_guids(content)
    media = media_urls(content)
    return Counts(
        len(entries),
        sum(
            with_url(entry.get("enclosures"))
            + sum(e.get("url") in media for e in entry.get("media_content") or ())
            for entry in entries
        ),
        sum(is_announced(entry.get("id"), announced) for entry in entries),
        sum(has_any(entry, "published", "updated") for entry in entries),
        sum(with_url(entry.get("transcripts")) for entry in entries),
    )


PARSERS: dict[str, Callable[[bytes], Counts]] = {
    "ours": ours,
    "feedparser": by_feedparser,
    "podcastparser": by_podcastparser,
    "fastfeedparser": by_fastfeedparser,
}
BARE: dict[str, Callable[[bytes], object]] = {
    "ours": parse_feed,
    "feedparser": lambda content: feedparser.parse(BytesIO(content)),
    "podcastparser": lambda content: podcastparser.parse("https://e.org/f", BytesIO(content)),
    "fastfeedparser": fastfeedparser.parse,
}
REFUSALS = (FeedFormatError, podcastparser.FeedParseError, ValueError)


def with_url(*lists: Any) -> int:  # noqa: ANN401 - the parsers are untyped
    """How many of these elements have an address."""
    found = [element for each in lists if isinstance(each, list) for element in each]
    return sum(bool(e.get("url") or e.get("href")) for e in found if isinstance(e, dict))


def has_any(entry: Any, *names: str) -> bool:  # noqa: ANN401 - the parsers are untyped
    """Whether one of these fields is filled."""
    return any(dict.get(entry, name) for name in names)


def tree_of(content: bytes) -> Any:  # noqa: ANN401 - lxml is untyped
    """The document as lxml recovers it, or None."""
    try:
        return etree.fromstring(content, etree.XMLParser(recover=True, resolve_entities=False))
    except etree.XMLSyntaxError:
        return None


def announced_guids(content: bytes) -> set[str]:
    """What the document itself gives as identifier of anything."""
    root = tree_of(content)
    if root is None:
        return set()
    texts = {"".join(e.itertext()).strip() for e in root.iter("{*}guid", "{*}id", "{*}identifier")}
    return (texts | {str(about) for about in root.xpath("//@*[local-name()='about']")}) - {""}


def media_urls(content: bytes) -> set[str]:
    """The addresses of `<media:content>`: fastfeedparser lists thumbnails among them."""
    root = tree_of(content)
    return set() if root is None else {str(e.get("url")) for e in root.iter("{*}content")}


def is_announced(guid: object, announced: set[str]) -> bool:
    """Whether a GUID is one of the document, perhaps made absolute."""
    return isinstance(guid, str) and (
        guid in announced or any(guid.endswith("/" + text.lstrip("/")) for text in announced)
    )


def run_one(name: str, content: bytes, pipe: Connection) -> None:
    """Parse in this process and send what came of it."""
    before = peak_mb()
    try:
        outcome = Outcome(PARSERS[name](content), peak_mb=peak_mb() - before)
    except REFUSALS as error:
        is_hostile = getattr(error, "reason", "") == "hostile"
        outcome = Outcome(
            problem="refused" if is_hostile else "no feed", peak_mb=peak_mb() - before
        )
    except Exception as error:  # noqa: BLE001 - that is what we want to know
        outcome = Outcome(problem=type(error).__name__, peak_mb=peak_mb() - before)
    pipe.send(outcome)


def peak_mb() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def outcome_of(name: str, content: bytes) -> Outcome:
    """Parse in a process of its own."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe(duplex=False)
    process = fork.Process(target=run_one, args=(name, content, there))
    process.start()
    there.close()
    try:
        return here.recv() if here.poll(TIME_LIMIT_S) else Outcome(problem="hangs")
    except EOFError:
        return Outcome(problem="dies")
    finally:
        process.kill()
        process.join()


def is_well_formed(content: bytes) -> bool:
    """Whether a strict XML parser takes it. Files that declare entities do not count."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    try:
        expat.ParserCreate().Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        return False
    return b"<!ENTITY" not in content


def files_in(places: Iterable[Path]) -> list[Path]:
    """All files that may be feeds."""
    found = [p for place in places for p in (place.rglob("*") if place.is_dir() else [place])]
    return sorted(p for p in found if p.is_file() and p.suffix not in NOT_FEEDS)


def shown(outcome: Outcome, *, with_memory: bool) -> str:
    """A table's cell."""
    if outcome.problem:
        return f"[red]{outcome.problem}[/]" if outcome.is_crash else f"[dim]{outcome.problem}[/]"
    return f"{outcome.counts}  {outcome.peak_mb:.0f} MB" if with_memory else str(outcome.counts)


def compare(files: list[Path], console: Console, *, with_memory: bool) -> bool:
    """Print the table; whether ours is nowhere worse on a well-formed file."""
    table = Table(
        "file", *PARSERS, title="entries enclosures GUIDs dates transcripts, peak MB added"
    )
    totals = {name: Counts() for name in PARSERS}
    crashes, peaks = dict.fromkeys(PARSERS, 0), dict.fromkeys(PARSERS, 0.0)
    fine = True
    for path in files:
        content = path.read_bytes()
        outcomes = {name: outcome_of(name, content) for name in PARSERS}
        for name, outcome in outcomes.items():
            totals[name] += outcome.counts
            crashes[name] += outcome.is_crash
            peaks[name] = max(peaks[name], outcome.peak_mb)
        well_formed, mine = is_well_formed(content), outcomes["ours"]
        others = [outcome.counts for name, outcome in outcomes.items() if name != "ours"]
        worse = well_formed and mine.problem != "refused" and any(map(mine.counts.lacks, others))
        fine = fine and not worse and not mine.is_crash
        mark = "[red]FEWER [/]" if worse else "" if well_formed else "[dim]broken [/]"
        table.add_row(
            mark + "/".join(path.parts[-2:]),
            *(shown(outcome, with_memory=with_memory) for outcome in outcomes.values()),
        )
    table.add_section()
    table.add_row("total", *(str(totals[name]) for name in PARSERS))
    table.add_row("crashes, hangs", *(str(crashes[name]) for name in PARSERS))
    if with_memory:
        table.add_row("most MB added by one file", *(f"{peaks[name]:.0f}" for name in PARSERS))
    console.print(table)
    return fine


def compare_speed(files: list[Path], console: Console, rounds: int) -> None:
    """Print the medians of interleaved rounds over the same bytes."""
    contents = [content for path in files if is_well_formed(content := path.read_bytes())]
    taken: dict[str, list[float]] = {name: [] for name in BARE}
    for _ in range(rounds):
        for name, parse in BARE.items():
            started = time.perf_counter()
            for content in contents:
                attempt(partial(parse, content))
            taken[name].append(time.perf_counter() - started)
    size = sum(map(len, contents)) / 1e6
    base = statistics.median(taken["feedparser"])
    table = Table("parser", "median s", "MB/s", "times as fast as feedparser")
    for name, values in taken.items():
        median = statistics.median(values)
        table.add_row(name, f"{median:.2f}", f"{size / median:.1f}", f"{base / median:.1f}")
    table.title = f"{len(contents)} well-formed files, {size:.1f} MB, {rounds} interleaved rounds"
    console.print(table)


def attempt(parse: Callable[[], object]) -> None:
    """Parse; a failure takes its time too."""
    try:
        parse()
    except Exception:  # noqa: BLE001, S110 - counted in the other table
        pass


def main() -> int:
    """Compare, and say by the exit status whether ours is nowhere worse."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("places", nargs="*", type=Path, help="folders or files of feeds")
    arguments.add_argument("--quick", action="store_true", help="no memory, one round of speed")
    chosen = arguments.parse_args()
    files = files_in(chosen.places or ([SHARED] if SHARED.is_dir() else []))
    if not files:
        print(f"No feeds: {SHARED} is not on this machine. Name files or folders of feeds.")
        return 2
    console = Console(width=150)
    fine = compare(files, console, with_memory=not chosen.quick)
    real = [path for path in files if path.parent.name == "real"] or files
    compare_speed(real, console, rounds=1 if chosen.quick else ROUNDS)
    print("ours finds no fewer anywhere" if fine else "ours finds fewer somewhere, or crashed")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
