"""The sensor that lets nothing be missed: days that are not finished are asked for again.

They lack what feeds announce, or owe insights because the engine failed or a spend cap stopped it,
or have episodes that were not heard: their run broke off, or the audio could not be had.

Newest first, bounded, and never the same request while it is under way. What a run did not
mend is tried again, later each time, and then left for a person to look at. That costs little:
what a day has is in the cache.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from podcast_insights.feeds.resource import SubscriptionsResource
from podcast_insights.lost_runs import end_lost_runs
from podcast_insights.partitions import SETTINGS
from podcast_insights.schedules import SENSOR_STATUS, daily_insights
from podcast_insights.warehouse.resource import WarehouseResource

if TYPE_CHECKING:
    from podcast_insights.unfinished import UnfinishedDay

MAX_IN_FLIGHT = 7
"""Requests for the backlog under way at a time; those for the last days come on top."""

NEWS_DAYS = 2
"""Days back that count as news: they wait for no backlog, here and in the queue of runs."""

MAX_ATTEMPTS = 3
FIRST_PAUSE = timedelta(hours=1)
"""Before a request that mended nothing is made again; twice as long before the next."""

HOSTS_GROWTH = 24
"""As often as long, where hosts gave no audio. The second try is for the mail of that morning, the
third for hosts that are down for hours: a day later digests still look back so far."""

RANGE_TAGS = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
DAY_TAG = "dagster/partition"
PRIORITY_TAG = "dagster/priority"
LATE_TAG = "podcast_insights/late_items"
KEY_TAG = "podcast_insights/late_key"

UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@dg.sensor(
    job=daily_insights,
    minimum_interval_seconds=300,
    default_status=SENSOR_STATUS,
    description="Materializes days for which feeds announced or corrected something after their "
    "run: late items, and the past of a feed added today; days that owe insights after a failure "
    "or a spend cap; and days whose run broke off before its transcripts, or with audio that could "
    "not be had. As far back as "
    "PODCAST_INSIGHTS_LATE_LOOKBACK_DAYS; older days are for a backfill.",
)
def late_items_sensor(
    context: dg.SensorEvaluationContext,
    warehouse: WarehouseResource,
    subscriptions: SubscriptionsResource,
) -> list[dg.RunRequest] | dg.SkipReason:
    """A run for each day that is not finished, newest first; never one twice at a time.

    Yesterday waits for its own run: otherwise what a feed announced during the day would start
    that run at midnight, whatever hour the schedule says.
    """
    from podcast_insights.unfinished import unfinished_days

    end_lost_runs(context.instance)
    if not Path(warehouse.database).exists():
        return dg.SkipReason("There is no warehouse yet.")
    now = datetime.now(UTC)
    today = now.date()
    since = max(today - timedelta(days=SETTINGS.late_lookback_days), SETTINGS.start_date)
    feeds = subscriptions.load()
    days = unfinished_days(warehouse.warehouse, feeds, SETTINGS.start_date, today, now)
    # Audio that is gone from its host would be told for ever; an asset check has told it.
    old = [day for day in days if day.day < since and not day.is_for_hosts]
    if old:
        context.log.info(
            f"{len(old)} days before {since} are not finished too; for them: "
            f"podcast-insights backfill --from {old[-1].day} --missing"
        )
    last = today - timedelta(days=2 if own_run_is_to_come(now) else 1)
    recent = [d for d in days if d.day >= since and (d.had_its_run or d.day <= last)]
    if not recent:
        is_due = any(day.day >= since for day in days)
        but = ", but for what yesterday's own run will bring" if is_due else ""
        return dg.SkipReason(f"Nothing announced since {since} is missing{but}.")
    requests = requests_for(context, recent, today)
    return requests or dg.SkipReason(
        f"{len(recent)} days are not finished; for all of them a run is under way, or has to wait."
    )


def own_run_is_to_come(now: datetime) -> bool:
    """Whether the hour of `daily_schedule`, when yesterday is run, is still ahead today.

    False where the cron says it in another way than by a minute and an hour.
    """
    minute, hour = SETTINGS.schedule_cron.split()[:2]
    if not (minute.isdecimal() and hour.isdecimal()):
        return False
    zone = ZoneInfo(SETTINGS.schedule_timezone)
    local = now.astimezone(zone).replace(hour=int(hour), minute=int(minute), second=0)
    days = (local + timedelta(days=shift) for shift in (-1, 0, 1))
    return any(now < at.astimezone(UTC) and at.astimezone(UTC).date() == now.date() for at in days)


def requests_for(
    context: dg.SensorEvaluationContext, days: Sequence["UnfinishedDay"], today: date
) -> list[dg.RunRequest]:
    """Requests for those days that may be asked for now."""
    running = context.instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED)))
    busy = {day for run in running for day in days_of(run)}
    news_from = today - timedelta(days=NEWS_DAYS)
    ours = (days_of(run) for run in running if LATE_TAG in run.tags)
    free = MAX_IN_FLIGHT - sum(any(day < news_from for day in asked) for asked in ours)
    requests = []
    for day in days:
        is_news = day.day >= news_from
        if day.day in busy or (free <= 0 and not is_news):
            continue
        attempt = next_attempt(context, day)
        if attempt is None:
            continue
        requests.append(request(day, attempt, is_news=is_news))
        free -= not is_news
    return requests


def days_of(run: dg.DagsterRun) -> set[date]:
    """The days a run is for; none where its partitions are not days, as another project's."""
    first, last = (run.tags.get(tag) or run.tags.get(DAY_TAG) for tag in RANGE_TAGS)
    if first is None or last is None:
        return set()
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return set()
    return {start + timedelta(days=n) for n in range((end - start).days + 1)}


def next_attempt(context: dg.SensorEvaluationContext, day: "UnfinishedDay") -> int | None:
    """Number of the next run for exactly this state of a day; None if it must wait."""
    records = context.instance.get_run_records(
        dg.RunsFilter(tags={KEY_TAG: day.key}), limit=MAX_ATTEMPTS
    )
    if not records:
        return 1
    if len(records) >= MAX_ATTEMPTS:
        if not day.is_for_hosts:
            context.log.warning(
                f"{day.day} is still not finished after {MAX_ATTEMPTS} runs ({day.in_words}); "
                f"look at the last of them: {records[0].dagster_run.run_id}"
            )
        return None
    ended = max(record.update_timestamp for record in records)
    pause = FIRST_PAUSE * (HOSTS_GROWTH if day.is_for_hosts else 2) ** (len(records) - 1)
    is_ripe = datetime.now(UTC) - ended.replace(tzinfo=ended.tzinfo or UTC) >= pause
    return len(records) + 1 if is_ripe else None


def request(day: "UnfinishedDay", attempt: int, *, is_news: bool) -> dg.RunRequest:
    """A run for a day; the queue starts news first."""
    return dg.RunRequest(
        run_key=f"{day.day} {day.key} {attempt}",
        partition_key=day.day.isoformat(),
        tags={
            LATE_TAG: day.in_words,
            KEY_TAG: day.key,
            PRIORITY_TAG: "1" if is_news else "-1",
        },
    )
