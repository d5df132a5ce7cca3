"""What Dagster is told about a home: the whole street as assets, checks that block, a schedule and a sensor that ask for the right runs."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster
import pytest

from orchestration import lake
from orchestration import settings as home_settings
from orchestration.checks.suites import SUITES
from orchestration.definitions import build_defs
from orchestration.dumps.landing import land
from orchestration.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home_settings.load(tmp_path_factory.mktemp("home"), {})


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> dagster.Definitions:
    return build_defs(settings)


def test_every_stage_of_the_street_is_an_asset_of_the_one_job(definitions: dagster.Definitions) -> None:
    job = definitions.resolve_job_def("daily")
    prefixes = {key.path[0] for key in job.asset_layer.executable_asset_keys}
    assert prefixes == {"raw", "clean", "identity", "texts", "marts", "private", "scores", "history", "lists", "published"}


def test_a_backtest_neither_lands_nor_publishes(definitions: dagster.Definitions) -> None:
    job = definitions.resolve_job_def("backtest")
    prefixes = {key.path[0] for key in job.asset_layer.executable_asset_keys}
    assert prefixes == {"identity", "texts", "marts", "scores", "backtests"}


def test_a_backtest_of_a_home_without_a_publication_is_refused_before_anything_is_built(definitions: dagster.Definitions) -> None:
    job = definitions.resolve_job_def("backtest")
    with pytest.raises(dagster.DagsterConfigMappingFunctionError) as refused:
        job.execute_in_process(run_config={"cut": "2026-05-31"})
    assert "Nothing is published yet" in str(refused.value.__cause__)


def test_every_suite_is_a_blocking_check_of_its_asset(definitions: dagster.Definitions) -> None:
    specs = {spec.name: spec for check in definitions.asset_checks or () for spec in check.check_specs}
    assert {suite.name for suite in SUITES} == specs.keys()
    for suite in SUITES:
        assert specs[suite.name].blocking
        assert tuple(specs[suite.name].asset_key.path) == suite.asset


def test_the_schedule_looks_at_the_day_before_in_the_merchants_zone(definitions: dagster.Definitions, settings: Settings) -> None:
    (schedule,) = definitions.schedules or ()
    morning = datetime(2026, 11, 2, 5, 30, tzinfo=ZoneInfo(settings.time_zone))
    request = schedule(dagster.build_schedule_context(scheduled_execution_time=morning))
    assert request.run_config["resources"]["run_day"]["config"]["as_of"] == "2026-11-01"


def test_the_sensor_asks_for_a_run_once_for_what_waits(definitions: dagster.Definitions, settings: Settings) -> None:
    (sensor,) = definitions.sensors or ()
    dump = settings.inbox / "shop" / "orders_2026-03-01.csv"
    dump.parent.mkdir(parents=True)
    dump.write_text("order_id,customer_id,ordered_at,quantity,unit_price\nO1,C1,2026-03-01,1,2\n")
    (first,), (again,) = list(sensor(dagster.build_sensor_context())), list(sensor(dagster.build_sensor_context()))
    assert isinstance(first, dagster.RunRequest)
    assert first.run_key == again.run_key, "Dagster runs a key only once"
    ledger = lake.ledger_of(settings)
    land(settings, ledger, "test-run", lambda share: None)
    ledger.close()
    (idle,) = list(sensor(dagster.build_sensor_context()))
    assert isinstance(idle, dagster.SkipReason)


def test_dagster_is_told_to_report_to_nobody(settings: Settings) -> None:
    from orchestration.run import dagster_home

    written = (dagster_home(settings) / "dagster.yaml").read_text()
    assert "telemetry:\n  enabled: false" in written
    assert "nux:\n  enabled: false" in written


def test_the_workspace_file_names_these_definitions() -> None:
    workspace = (Path(__file__).resolve().parents[2] / "workspace.yaml").read_text()
    assert "module_name: orchestration.definitions" in workspace
    assert "attribute: defs" in workspace
