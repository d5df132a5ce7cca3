"""The one job: the whole street, from the inbox to the publication."""

from typing import Any

import dagster

DAILY = "daily"


def daily_job() -> Any:
    """The job over every asset and check; not yet resolved, because assets are bound to it in ``build_defs``."""
    return dagster.define_asset_job(
        DAILY, selection=dagster.AssetSelection.all(), description="Everything new in the inbox through to published lists."
    )
