"""When the job runs by itself: each morning, and when something new stands in the inbox."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster

from orchestration import lake
from orchestration.dumps.completeness import waiting
from orchestration.dumps.landing import profiles_in_use
from orchestration.settings import Settings

MORNING = "30 5 * * *"


def daily_schedule(settings: Settings, job: Any) -> dagster.ScheduleDefinition:
    """Each morning, as of the day before: the last one that is over."""

    @dagster.schedule(cron_schedule=MORNING, job=job, execution_timezone=settings.time_zone, name="every_morning")
    def every_morning(context: dagster.ScheduleEvaluationContext) -> dagster.RunRequest:
        as_of = (context.scheduled_execution_time.astimezone(settings.zone) - timedelta(days=1)).date().isoformat()
        return dagster.RunRequest(run_key=as_of, run_config={"resources": {"run_day": {"config": {"as_of": as_of}}}})

    return every_morning


def inbox_sensor(settings: Settings, job: Any) -> dagster.SensorDefinition:
    """A run when files wait in the inbox; the same files ask only once."""

    @dagster.sensor(job=job, name="inbox", minimum_interval_seconds=60)
    def inbox() -> Iterator[dagster.RunRequest | dagster.SkipReason]:
        ledger = lake.ledger_of(settings)
        profiles = {source: profile.fingerprint for source, profile in profiles_in_use(settings).items()}
        arrived = waiting(settings, ledger, profiles).ready
        ledger.close()
        if not arrived:
            yield dagster.SkipReason("Nothing new in the inbox.")
            return
        listing = "\n".join(repr(arrival.sighting) for arrival, _ in arrived)
        yield dagster.RunRequest(run_key=hashlib.sha256(listing.encode()).hexdigest()[:16])

    return inbox
