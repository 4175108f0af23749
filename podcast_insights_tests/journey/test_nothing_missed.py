"""A late item and the past of a new feed reach their days, end to end.

Feeds on loopback, real runs of `feeds` and `episodes`, and the sensor in between. Ticks and
their bounds are in `test_late_items.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from podcast_insights import late_items
from podcast_insights.cli import launch
from podcast_insights.cli.main import app
from podcast_insights.definitions import build_defs
from podcast_insights.late_items import MAX_IN_FLIGHT
from podcast_insights.partitions import SETTINGS
from podcast_insights_tests.conftest import Home
from podcast_insights_tests.feeds.world import dated
from podcast_insights_tests.support.runs import QUIET
from podcast_insights_tests.support.servers import Site, answer, conditional, site

pytestmark = pytest.mark.usefixtures("same_day")
ITEM = """<item><title>{title}</title><guid isPermaLink="false">guid of {title}</guid>
<pubDate>{date}</pubDate><enclosure url="http://cdn.example/{number}.mp3" type="audio/mpeg"
 length="{number}000"/></item>"""
FEED = """<?xml version="1.0"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>{title}</title>
{link}{items}</channel></rss>"""
NOTHING_SAID = """
INSERT INTO transcripts BY NAME
SELECT episode_id, published_on, 'not_speech' AS status, [] AS segments
FROM episodes ANTI JOIN transcripts USING (episode_id) WHERE status = 'ok'
"""
PAGE = 3


def today() -> date:
    return datetime.now(UTC).date()


def days_ago(days: int) -> date:
    return today() - timedelta(days=days)


def feed(title: str, ages: Sequence[int], older: str = "", names: str = "Episode") -> bytes:
    """A feed with an item of each day so long ago, and a link to its older page."""
    items = "".join(
        ITEM.format(
            title=f"{title} {names} of {days_ago(age)}",
            date=dated(datetime.combine(days_ago(age), time(6), UTC)),
            number=1 + age + len(title) * 1000,
        )
        for age in ages
    )
    link = f'<atom:link rel="next" href="{older}"/>' if older else ""
    return FEED.format(title=title, link=link, items=items).encode()


@dataclass
class Life:
    """A project folder, a server with its feeds, and a Dagster instance."""

    home: Home
    host: Site
    instance: dg.DagsterInstance

    @cached_property
    def defs(self) -> dg.Definitions:
        """The whole product in this folder."""
        return build_defs(self.home.settings)

    @cached_property
    def job(self) -> dg.JobDefinition:
        """The daily job, made once: it takes as long as a run of it."""
        return self.defs.resolve_job_def("daily_insights")

    def subscribe(self, *paths: str) -> None:
        """Write the list of feeds anew."""
        entries = (
            f"  - {{url: '{self.host.url(path)}', private_hosts: ['{self.host.host}']}}\n"
            for path in paths
        )
        (self.home.path / "data" / "feeds.yaml").write_text("feeds:\n" + "".join(entries))

    def run(self, day: date, tags: dict[str, str] | None = None) -> None:
        """Materialize `feeds` and `episodes` of a day, as part of the daily job.

        And leave what the rest of it leaves where nothing is said in any episode.
        """
        assets = [dg.AssetKey("feeds"), dg.AssetKey("episodes")]
        result = self.job.execute_in_process(
            run_config=QUIET,
            instance=self.instance,
            partition_key=day.isoformat(),
            tags=tags,
            asset_selection=assets,
        )
        assert result.success
        with self.home.warehouse.transaction() as connection:
            connection.execute(NOTHING_SAID)

    def tick(self) -> Sequence[dg.RunRequest]:
        """What the sensor asks for."""
        resources = self.defs.resources or {}
        needed = {name: resources[name] for name in ("warehouse", "subscriptions")}
        context = dg.build_sensor_context(instance=self.instance, resources=needed)
        found: Any = late_items.late_items_sensor(context)
        return [] if isinstance(found, dg.SkipReason) else found

    def episodes(self) -> dict[str, date]:
        """The day of each episode, by title."""
        sql = "SELECT title, published_on FROM episodes WHERE status = 'ok'"
        return dict(self.home.warehouse.read(sql).iter_rows())

    def asked(self, path: str) -> int:
        """How often the server was asked for a page."""
        return sum(request.path == path for request in self.host.requests)


@pytest.fixture
def life(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    far = SETTINGS.model_copy(update={"late_lookback_days": 10_000})
    monkeypatch.setattr(late_items, "SETTINGS", far)
    with site() as host, dg.DagsterInstance.ephemeral() as instance:
        yield Life(home, host, instance)


def test_late_items_and_a_new_feeds_past_reach_their_days_in_that_order(life: Life) -> None:
    reach = min((today() - SETTINGS.start_date).days, 730)
    ages = [reach - n * (reach // 10) for n in range(9)][::-1]  # two years, the newest first
    pages = {f"/old{n}.xml": ages[n * PAGE : (n + 1) * PAGE] for n in range(3)}

    # Yesterday has had its run.
    life.host.pages["/news.xml"] = conditional(feed("News", [1]), '"1"')
    life.subscribe("/news.xml")
    life.run(days_ago(1))
    assert life.tick() == []

    # A late item of yesterday is announced, and a feed with two years of archive is added.
    late = feed("News", [1]).replace(b"</channel>", item_of("News", "Late", 1) + b"</channel>")
    life.host.pages["/news.xml"] = conditional(late, '"2"')
    for number, (path, of_page) in enumerate(pages.items()):
        older = f"old{number + 1}.xml" if number < 2 else ""
        life.host.pages[path] = conditional(feed("Archive", of_page, older), f'"{path}"')
    life.subscribe("/news.xml", "/old0.xml")
    assert life.tick() == []  # nobody knows of it yet
    life.run(today())  # the next scan
    expected = [days_ago(1), *map(days_ago, ages)]

    # What the sensor asks for, a bounded number at a time, brings it all.
    wanted: list[date] = []
    ticks = 0
    while requests := life.tick():
        ticks += 1
        assert len(requests) <= MAX_IN_FLIGHT + 1
        for request in requests:
            day = date.fromisoformat(str(request.partition_key))
            wanted.append(day)
            life.run(day, dict(request.tags))
    assert wanted == expected
    assert ticks == 2
    assert life.episodes() == {
        f"News Episode of {days_ago(1)}": days_ago(1),
        f"News Late of {days_ago(1)}": days_ago(1),
        **{f"Archive Episode of {days_ago(age)}": days_ago(age) for age in ages},
    }

    # All that cost each page of the archive one request, and a second round costs none.
    assert [life.asked(path) for path in pages] == [1, 1, 1]
    assert life.asked("/news.xml") == 2
    life.run(today())
    life.run(expected[-1])
    assert [life.asked(path) for path in pages] == [2, 1, 1]
    assert life.asked("/news.xml") == 3
    assert life.tick() == []


def item_of(title: str, names: str, age: int) -> bytes:
    """One item of another feed's text."""
    body = feed(title, [age], names=names)
    return body[body.index(b"<item>") : body.index(b"</channel>")].replace(b".mp3", b"-late.mp3")


def test_backfill_missing_runs_only_days_that_lack_something(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[date, date]] = []

    def run_days(instance: object, first: date, last: date, **options: Any) -> launch.RunResult:  # noqa: ANN401
        asked.append((first, last))
        return launch.RunResult("run", True, ())

    monkeypatch.setattr(launch, "run_days", run_days)
    life.host.pages["/news.xml"] = answer(feed("News", [1, 3, 4, 5, 9, 40]))
    life.subscribe("/news.xml")
    life.run(days_ago(4))
    command = ["backfill", "--missing", "--from", days_ago(20).isoformat()]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert asked == [(days_ago(age), days_ago(age)) for age in (9, 5, 3, 1)]
    asked.clear()
    until = ["--to", days_ago(4).isoformat()]
    assert CliRunner().invoke(app, [*command, *until]).exit_code == 0
    assert asked == [(days_ago(9), days_ago(9)), (days_ago(5), days_ago(5))]
    asked.clear()
    nothing = [*command[:3], days_ago(4).isoformat(), *until]
    done = CliRunner().invoke(app, nothing)
    assert done.exit_code == 0
    assert "is missing" in " ".join(done.output.split())
    assert asked == []


def test_without_a_warehouse_nothing_is_missing(home: Home, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["backfill", "--missing", "--from", "2025-09-01"])
    assert done.exit_code == 0, done.output
    assert not home.settings.warehouse_path.exists()
    assert not (home.path / "data" / "dagster").exists()
