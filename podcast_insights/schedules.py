"""Jobs, schedules and the publication sensor: when things run by themselves.

Everything starts switched off unless `PODCAST_INSIGHTS_IS_SCHEDULE_RUNNING=true`: whether a
machine scans feeds every day is its owner's choice, made there or in the UI.

What does not belong here: days that lack something (`late_items.py`).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from podcast_insights.analysts.asset import AnalystDatabaseResource
from podcast_insights.lost_runs import end_lost_runs
from podcast_insights.partitions import SETTINGS
from podcast_insights.warehouse.resource import WarehouseResource

daily_insights = dg.define_asset_job(
    "daily_insights",
    selection=dg.AssetSelection.all(),
    description="The whole journey of a day: feeds to digests, mail and the analysts' database.",
)

deliver_digests = dg.define_asset_job(
    "deliver_digests",
    selection=dg.AssetSelection.assets("deliveries"),
    description="Mails the digests that have become due; nothing is computed or mailed twice.",
)

publish_analyst_database = dg.define_asset_job(
    "publish_analyst_database",
    selection=dg.AssetSelection.assets("analyst_database"),
    description="Publishes the analysts' database if the warehouse has changed.",
)

STATUS = (
    dg.DefaultScheduleStatus.RUNNING
    if SETTINGS.is_schedule_running
    else dg.DefaultScheduleStatus.STOPPED
)

SENSOR_STATUS = (
    dg.DefaultSensorStatus.RUNNING
    if SETTINGS.is_schedule_running
    else dg.DefaultSensorStatus.STOPPED
)


@dg.schedule(
    job=daily_insights,
    cron_schedule=SETTINGS.schedule_cron,
    execution_timezone=SETTINGS.schedule_timezone,
    default_status=STATUS,
    description="Materializes the day that has just ended, UTC.",
)
def daily_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run for the last complete UTC day; a tick that fires twice asks for one run."""
    day = days_before(context.scheduled_execution_time, 1)
    return dg.RunRequest(run_key=day, partition_key=day)


@dg.schedule(
    job=deliver_digests,
    cron_schedule="5 * * * *",
    execution_timezone="UTC",
    default_status=STATUS,
    description="Every hour: mails digests whose reader's hour has come.",
)
def delivery_schedule(
    context: dg.ScheduleEvaluationContext,
) -> list[dg.RunRequest] | dg.SkipReason:
    """A run for each day that is young enough to be mailed.

    Not only for yesterday: 20:00 in New York is tomorrow in UTC, and what a server refused
    yesterday is tried again.
    """
    if not SETTINGS.is_mail_configured:
        return dg.SkipReason("No mail server is configured (PODCAST_INSIGHTS_SMTP_HOST).")
    at = context.scheduled_execution_time
    days = [days_before(at, ago) for ago in range(1, SETTINGS.delivery_max_age_days + 1)]
    return [dg.RunRequest(run_key=f"{at:%Y-%m-%dT%H} {day}", partition_key=day) for day in days]


def days_before(at: datetime, days: int) -> str:
    """The UTC day so many days before the one of `at`."""
    return (at.astimezone(UTC).date() - timedelta(days=days)).isoformat()


@dg.sensor(
    job=publish_analyst_database,
    minimum_interval_seconds=60,
    default_status=SENSOR_STATUS,
    description="Publishes the analysts' database when runs of a backfill left it behind.",
)
def publication_sensor(
    context: dg.SensorEvaluationContext,
    warehouse: WarehouseResource,
    analysts: AnalystDatabaseResource,
) -> dg.RunRequest | dg.SkipReason:
    """One run when the published revision is older than the warehouse's."""
    from podcast_insights.warehouse.publish import published_state

    end_lost_runs(context.instance)
    if not Path(warehouse.database).exists():
        return dg.SkipReason("There is no warehouse yet.")
    revision = warehouse.warehouse.revision()
    published = published_state(Path(analysts.path))
    if published and published[0] == revision:
        return dg.SkipReason(f"Revision {revision} is published.")
    day = datetime.now(UTC).date() - timedelta(days=1)
    return dg.RunRequest(run_key=f"revision-{revision}", partition_key=day.isoformat())
