"""dbt in this process: the manifest prepared once, then builds of chosen models. dbt alone writes ``warehouse.duckdb``."""

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import RegularsError
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl
    from dbt.contracts.graph.manifest import Manifest

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
DBT_FILE_LOG = "file_log"
"""What dbt calls the logger of its log file."""

STORAGE_VERSION = "v1.2.0"
"""The oldest DuckDB that can open what is published."""


@dataclass(frozen=True)
class Node:
    """What became of one dbt node in a build."""

    unique_id: str
    status: str
    message: str
    failures: int
    seconds: float

    @property
    def is_test(self) -> bool:
        return self.unique_id.startswith("test.")

    @property
    def has_failed(self) -> bool:
        return self.status in ("error", "fail", "runtime error")


def manifest_path(settings: Settings) -> Path:
    """Where the manifest of the project as it is now stands; parsed first if it doesn't."""
    path = _target(settings) / "manifest.json"
    stamp = path.with_name("manifest.stamp")
    fingerprint = _project_fingerprint()
    if not path.exists() or not stamp.exists() or stamp.read_text() != fingerprint:
        _parse(settings, fingerprint)
        stamp.write_text(fingerprint)
    return path


def build(settings: Settings, names: Iterable[str], variables: Mapping[str, Any]) -> list[Node]:
    """Build the named models with the tests that concern only them and what they stand on. Tests and models that fail are in the answer.

    Raises ``RegularsError`` where dbt itself couldn't go on.
    """
    manifest = _parse(settings, _project_fingerprint())
    _ensure_warehouse(settings)
    choice = ["--select", *sorted(names), "--indirect-selection", "buildable", "--exclude-resource-type", "unit_test"]
    result = _invoke(settings, ["build", *choice, "--vars", json.dumps(dict(variables)), "--no-write-json"], manifest)
    if result.exception or result.result is None:
        raise RegularsError(f"dbt couldn't build: {result.exception}", do=f"read {_logs(settings)}/dbt.log")
    return [
        Node(found.node.unique_id, str(found.status), found.message or "", found.failures or 0, found.execution_time)
        for found in result.result.results
    ]


def variables(settings: Settings, as_of: str) -> dict[str, Any]:
    """The variables that every build of a run shares."""
    return {"home": str(settings.home), "as_of": as_of, "time_zone": settings.time_zone, "currency": settings.currency}


def read(settings: Settings, table: str, columns: Iterable[str] = ("*",)) -> "pl.LazyFrame":
    """Columns of a warehouse table (``schema.table``), in the order of its first column."""
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.sql(f"select {', '.join(columns)} from {table} order by 1").pl().lazy()


_parsed: dict[tuple[Path, str], "Manifest"] = {}
"""Parsing costs seconds and the project doesn't change within a process's life, or is noticed to have."""


def _parse(settings: Settings, fingerprint: str) -> "Manifest":
    key = (settings.home, fingerprint)
    if key not in _parsed:
        result = _invoke(settings, ["parse"], None)
        if result.exception:
            raise RegularsError(f"The dbt project {PROJECT} can't be parsed: {result.exception}")
        _parsed[key] = result.result
    return _parsed[key]


def _invoke(settings: Settings, arguments: list[str], manifest: "Manifest | None") -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["REGULARS_WAREHOUSE"] = str(settings.warehouse)
    os.environ["REGULARS_MEMORY_LIMIT"] = settings.memory_limit
    places = [
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT),
        "--target-path",
        str(_target(settings)),
        "--log-path",
        str(_logs(settings)),
    ]
    try:
        return dbtRunner(manifest=manifest).invoke(
            ["--log-level", "none", "--log-level-file", "info", "--no-use-colors", *arguments, *places]
        )
    finally:
        DuckDBConnectionManager.close_all_connections()  # else the file stays open and the next run of this process can't write it
        _close_logs()


def _close_logs() -> None:
    """dbt opens its log file anew at each invocation and leaves the last one open."""
    for handler in logging.getLogger(DBT_FILE_LOG).handlers:
        handler.close()


def _ensure_warehouse(settings: Settings) -> None:
    """A new warehouse is made in a format that older readers know."""
    import duckdb

    if not settings.warehouse.exists():
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            path = str(settings.warehouse).replace("'", "''")
            connection.execute(f"attach '{path}' as warehouse (storage_version '{STORAGE_VERSION}')")


def _project_fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted(PROJECT.rglob("*")):
        if path.suffix in (".sql", ".yml", ".yaml", ".csv") and not {"target", "logs"} & set(path.relative_to(PROJECT).parts):
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _target(settings: Settings) -> Path:
    return settings.state / "dbt" / "target"


def _logs(settings: Settings) -> Path:
    return settings.state / "dbt" / "logs"
