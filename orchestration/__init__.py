"""WHEN and WHERE things are computed. The only code that knows Dagster.

Nothing leaves the machine: the engines below ask the environment whether they may report home, and are told no here,
before any of them is imported.
"""

import os

for _variable, _value in {
    "DO_NOT_TRACK": "1",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_ENGINE_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}.items():
    os.environ.setdefault(_variable, _value)
