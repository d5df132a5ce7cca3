"""Everything Dagster is told, for one home. Nothing happens at import but for the definitions that ``workspace.yaml`` asks for."""

import dagster

from orchestration import rules, warehouse
from orchestration import settings as home_settings
from orchestration.assets import backtest, dumps, lists, publish, scores, texts
from orchestration.assets import warehouse as dbt_assets
from orchestration.automation import daily_schedule, inbox_sensor
from orchestration.checks import gx
from orchestration.jobs import backtest_job, daily_job
from orchestration.progress import Progress
from orchestration.resources import resources
from orchestration.settings import Settings


def build_defs(settings: Settings, progress: Progress | None = None) -> dagster.Definitions:
    """Assets, checks, jobs, schedule and sensor of that home. ``progress`` hears how a run goes on.

    Raises ``RegularsError`` for a rule of the settings that is not valid.
    """
    rules.check(settings)
    models = dbt_assets.models(warehouse.manifest_path(settings))
    marts = sorted((key for key in models.keys if key.path[0] == "marts"), key=lambda key: tuple(key.path))
    job = daily_job()
    return dagster.Definitions(
        assets=[
            dumps.landed_dumps,
            dumps.customer_links,
            texts.review_texts,
            models,
            scores.published_history,
            scores.customer_scores,
            lists.list_members,
            publish.publication_of(marts),
            backtest.backtest,
        ],
        asset_checks=gx.checks(),
        jobs=[job, backtest_job(settings)],
        schedules=[daily_schedule(settings, job)],
        sensors=[inbox_sensor(settings, job)],
        resources=resources(settings, progress or Progress()),
        executor=dagster.in_process_executor,
    )


@dagster.definitions
def defs() -> dagster.Definitions:
    """What the Dagster UI loads: the home of ``REGULARS_HOME``, or ``./data``."""
    return build_defs(home_settings.load())
