"""Fixtures for all tests: an isolated home, the sample world, one whole journey.

What does not belong here: fixtures of a single stage.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import dagster as dg
import hypothesis
import pytest

from podcast_insights.cache import Cache
from podcast_insights.contracts import TABLES
from podcast_insights.samples.server import SampleServer, serving
from podcast_insights.settings import PREFIX, Settings, load_settings
from podcast_insights.warehouse.contracts import Table
from podcast_insights.warehouse.database import Warehouse, connected

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "samples"
SHARED = ROOT.parent / "shared"
DAYS = (date(2025, 9, 8), date(2025, 9, 9), date(2025, 9, 10))


os.environ.setdefault("OMP_NUM_THREADS", "1")
"""The suite's two processes have two cores; more threads in each would only wait for each other."""

# The same examples each time: what guards main must not fail by chance. `dev.py test-slow` looks
# for new ones.
hypothesis.settings.register_profile("steady", derandomize=True)
hypothesis.settings.load_profile("steady")

JOURNEY_FILES = {"test_definitions.py", "test_docs.py"}
"""Beside those in `journey/`: what looks at the journey, half a minute of work."""

LONG_FILES = {"test_late_items.py", "test_compose.py", "test_refresh.py"}
"""The longest of all others; begun early, or one process would wait for them at the end."""


def is_of_journey(nodeid: str) -> bool:
    """Whether a test's file looks at the journey."""
    path = Path(nodeid.partition("::")[0])
    return path.parent.name == "journey" or path.name in JOURNEY_FILES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: the journey in one process, the others beside it."""
    items.sort(key=lambda item: (not is_of_journey(item.nodeid), item.path.name not in LONG_FILES))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # noqa: ANN401
    """With several processes a file stays together, and so do all that look at the journey.

    Ours, because xdist's `--dist loadgroup` (3.8) does nothing under pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "journey" if is_of_journey(nodeid) else nodeid.partition("::")[0]

    return Together(config, log)


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's settings, Dagster home, keys, or working directory."""
    for name in list(os.environ):
        if name.startswith((PREFIX, "DAGSTER_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"{PREFIX}HOME", str(tmp_path))


@pytest.fixture
def same_day() -> None:
    """No midnight (UTC) comes within the next minute: waited for, if it is so near."""
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    if midnight - now < timedelta(minutes=1):
        sleep((midnight - now).total_seconds() + 1)


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy; making all tables is most of what a small test costs."""
    made = Warehouse(tmp_path_factory.mktemp("empty") / "warehouse.duckdb", TABLES)
    made.revision()
    return made.path


@contextmanager
def kept_open(path: Path, tables: Mapping[str, Table] = TABLES) -> Iterator[Warehouse]:
    """A warehouse whose file one more connection holds, for tests within one process.

    DuckDB then starts once, not for each transaction, which is half of what small tests cost.
    What opening, closing, other processes and read-only connections do to a file is asked in
    `warehouse/`, with files that nobody holds.
    """
    with connected(path):
        yield Warehouse(path, tables)


@pytest.fixture
def warehouse(tmp_path: Path, empty_warehouse: Path) -> Iterator[Warehouse]:
    """An empty warehouse with all tables."""
    with kept_open(Path(shutil.copy(empty_warehouse, tmp_path))) as warehouse:
        yield warehouse


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(tmp_path / "cache")


@pytest.fixture(scope="session")
def sample_server() -> Iterator[SampleServer]:
    """The sample world on a free port."""
    with serving(SAMPLES, port=0) as server:
        yield server


@dataclass(frozen=True)
class Home:
    """A project folder of its own, as a clone would be, with the sample shows subscribed."""

    path: Path
    base_url: str

    @property
    def settings(self) -> Settings:
        """Settings of this home."""
        return Settings(home=self.path)

    @property
    def warehouse(self) -> Warehouse:
        """The pipeline's database."""
        return Warehouse(self.settings.warehouse_path, TABLES)

    def environment(self) -> dict[str, str]:
        """For a process that works in this home."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith((PREFIX, "DAGSTER_"))}
        return kept | {f"{PREFIX}HOME": str(self.path)}

    def take_cache_of(self, other: "Home") -> None:
        """Start with everything another home has already paid for."""
        shutil.copytree(other.settings.cache_dir, self.settings.cache_dir)

    def take_all_of(self, other: "Home") -> None:
        """Start where another home is: with its cache, its warehouse and the analysts' copy."""
        self.take_cache_of(other)
        shutil.copy(other.settings.warehouse_path, self.settings.warehouse_path)
        shutil.copy(other.settings.analysts_path, self.settings.analysts_path)


def make_home(path: Path, base_url: str) -> Home:
    """Lay out a home whose feeds are served at `base_url`."""
    host = base_url.removeprefix("http://")
    (path / "data").mkdir(parents=True)
    shutil.copy(ROOT / "dagster.yaml", path)
    shutil.copy(ROOT / "workspace.yaml", path)
    shutil.copy(ROOT / "data" / "readers.yaml", path / "data")
    feeds = (ROOT / "data" / "feeds.yaml").read_text().replace("127.0.0.1:8765", host)
    (path / "data" / "feeds.yaml").write_text(feeds)
    (path / "data" / "samples").symlink_to(SAMPLES)
    return Home(path, base_url)


@pytest.fixture
def home(tmp_path: Path, sample_server: SampleServer, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A fresh home."""
    made = make_home(tmp_path / "home", sample_server.base_url)
    monkeypatch.setenv(f"{PREFIX}HOME", str(made.path))
    monkeypatch.chdir(made.path)
    return made


@dataclass(frozen=True)
class Journey:
    """A home in which the three sample days were run as one run, with real models."""

    home: Home
    result: dg.ExecuteInProcessResult


@pytest.fixture(scope="session")
def journey_run(tmp_path_factory: pytest.TempPathFactory, sample_server: SampleServer) -> Journey:
    """The one run that many tests look at; the most expensive half minute of the suite."""
    made = make_home(tmp_path_factory.mktemp("journey") / "home", sample_server.base_url)
    from podcast_insights_tests.support.runs import run_window

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"{PREFIX}HOME", str(made.path))
        patch.chdir(made.path)
        assert load_settings().home == made.path
        return Journey(made, run_window(made, DAYS[0], DAYS[-1]))


@pytest.fixture(scope="session")
def journey(journey_run: Journey) -> Home:
    """The home of that run: read it, copy from it, never change it."""
    return journey_run.home
