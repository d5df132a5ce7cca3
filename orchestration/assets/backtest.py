"""The asset of a backtest: what was scored as of the cut, beside what the published orders say of the days after it."""

import base64
from pathlib import Path

import dagster
import polars as pl
from dagster import AssetKey, MaterializeResult, MetadataValue, ResourceParam

from orchestration import lake, warehouse
from orchestration.assets.scores import PARAMETERS, SCORES
from orchestration.backtest import result_files
from orchestration.backtest.happened import happened
from orchestration.backtest.hidden import hidden_rows
from orchestration.backtest.page import with_interval
from orchestration.backtest.window import window
from orchestration.errors import RegularsError
from orchestration.progress import Progress
from orchestration.resources import RunDay, RunLock
from orchestration.settings import Settings
from transforms import backtest as trial
from transforms import scores
from transforms.schemas import CUSTOMER_FACTS

BACKTEST = AssetKey(["backtests", "backtest"])


class Horizon(dagster.Config):
    """How many days after the cut are looked at."""

    horizon_days: int = 90


@dagster.asset(key=BACKTEST, group_name="backtests", deps=[SCORES, PARAMETERS])
def backtest(
    config: Horizon, settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay, run_lock: RunLock
) -> MaterializeResult:
    """How well the scores of a past day predicted. Built by its own job alone. Grain: one folder per cut and horizon."""
    asked = window(settings, run_day.as_of, config.horizon_days)
    with progress.stage("backtest"):
        facts = warehouse.read(settings, "marts.customer_facts", CUSTOMER_FACTS)
        scored = pl.scan_parquet(settings.derived / "scores" / "customer_scores.parquet", glob=False)
        parameters = scores.Parameters.from_json((settings.derived / "scores" / "parameters.json").read_text(encoding="utf-8"))
        customers = trial.table(facts, scored, happened(settings, asked).lazy(), parameters.clv, config.horizon_days)
        if customers.is_empty():
            raise RegularsError(f"No customer had a purchase by {asked.cut}, so nothing was predicted.", do="choose a later cut")
        result = trial.measure(customers, trial.Rules(), parameters.lifecycle.rules.lost_max_return_share)
        hidden = hidden_rows(settings)
        progress.figures["backtest"] = result_files.write(settings, asked, result, parameters.rfm.groups_zh, hidden)
    lake.remove_workings(settings)
    return MaterializeResult(metadata=_metadata(result, progress.figures["backtest"]["folder"]))


def _metadata(result: trial.Result, folder: str) -> dict[str, MetadataValue]:
    picture = base64.b64encode(Path(folder, result_files.PICTURE).read_bytes()).decode()
    figures = {
        f"{row['measure']}: {row['signal']} / {row['baseline']}": MetadataValue.text(
            f"{with_interval(row, 'value')} against {with_interval(row, 'baseline_value')}: {row['verdict']}"
        )
        for row in result.comparisons.to_dicts()
    }
    return {
        "folder": MetadataValue.path(folder),
        "totals": MetadataValue.json(result.totals),
        "lost": MetadataValue.json(result.lost),
        "trust": MetadataValue.json(result.trust.to_dicts()),
        **figures,
        "picture": MetadataValue.md(f"![backtest](data:image/png;base64,{picture})"),
    }
