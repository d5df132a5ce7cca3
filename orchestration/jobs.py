"""The jobs: the whole street, from the inbox to the publication; and a backtest of what is published."""

from collections.abc import Mapping
from typing import Any

import dagster
from dagster import AssetSelection

from orchestration.assets.backtest import BACKTEST
from orchestration.assets.dumps import CLEAN, FILES, RAW, REFUSED_ROWS
from orchestration.backtest.window import window
from orchestration.settings import Settings

DAILY = "daily"
TRIAL = "backtest"


def daily_job() -> Any:
    """The job over every asset and check but the backtest; not yet resolved, because assets are bound to it in ``build_defs``."""
    return dagster.define_asset_job(
        DAILY,
        selection=AssetSelection.all() - AssetSelection.assets(BACKTEST),
        description="Everything new in the inbox through to published lists.",
    )


def backtest_job(settings: Settings) -> Any:
    """What the scores would have said on the day ``cut``, from the dumps read so far, beside what happened in the days after it.

    Nothing is landed and nothing published: only what the scores stand on is built, apart from everything else, and removed again.
    """
    schema = {
        "cut": dagster.Field(str, description="The last day that the scores may know, ISO"),
        "horizon_days": dagster.Field(int, default_value=90, description="How many days after it are looked at"),
        "quiet": dagster.Field(bool, default_value=False, description="Nothing but what is critical in the terminal"),
    }

    @dagster.config_mapping(config_schema=schema)
    def asked(config: Mapping[str, Any]) -> dict[str, Any]:
        window(settings, config["cut"], config["horizon_days"])  # before anything is built, not behind it
        return {
            "resources": {"run_day": {"config": {"as_of": config["cut"]}}},
            "ops": {BACKTEST.to_python_identifier(): {"config": {"horizon_days": config["horizon_days"]}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL" if config["quiet"] else "INFO"}}},
        }

    stands_on = AssetSelection.assets(BACKTEST).upstream().required_multi_asset_neighbors()
    return dagster.define_asset_job(
        TRIAL,
        selection=(stands_on - AssetSelection.assets(RAW, FILES, REFUSED_ROWS, *CLEAN)).without_checks(),
        config=asked,
        description="Scores as of a past day beside what happened after it.",
    )
