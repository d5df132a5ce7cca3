"""The command line starts light: an answer that needs no engine loads none. Heavy imports cost seconds, the answer milliseconds."""

import json
import subprocess
import sys

import pytest

from .conftest import ROOT

HEAVY = ["dagster", "dagster_dbt", "dbt", "duckdb", "great_expectations", "polars", "sqlglot"]

TELL = f"import json, sys; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
HELP = """
import sys
sys.argv = ["regulars", "--help"]
from orchestration.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, f"exit code {end.code}"
"""


@pytest.mark.parametrize(
    "command", [pytest.param("import orchestration.cli", id="import orchestration.cli"), pytest.param(HELP, id="regulars --help")]
)
def test_the_command_line_loads_no_engine_before_it_needs_one(command: str) -> None:
    ended = subprocess.run([sys.executable, "-c", f"{command}\n{TELL}"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == []
