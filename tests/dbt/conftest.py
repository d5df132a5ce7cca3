"""dbt in this process, as a run uses it: the project parsed once, then one manifest for every build, and days without dbt."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from orchestration import prepared
from orchestration.graph import Graph

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


@dataclass
class Warehouse:
    """A warehouse file of its own, and dbt to fill it."""

    folder: Path
    manifest: Manifest
    variables: dict[str, Any] = field(default_factory=dict)
    days: dict[tuple[str, ...], dict[str, prepared.Prepared]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def working(self) -> Path:
        return self.folder / "working.duckdb"

    @cached_property
    def graph(self) -> Graph:
        return graph_of(self.manifest, self.folder)

    def dbt(self, *arguments: str, **variables: Any) -> dict[str, str]:
        """Status of each node by its name. Raises what dbt raises where it can't go on."""
        unhappy = ("error", "fail", "warn")
        found = self._invoke(arguments, variables)
        return {each.node.name: f"{each.status}: {each.message}" if each.status in unhappy else str(each.status) for each in found}

    def day(self, *chosen: str, as_of: str, built_as_of: str) -> dict[str, str]:
        """Status of each model and test of a day's build by its name: what dbt said of it the first time, asked with these dates."""
        if chosen not in self.days:
            marks = {"as_of": prepared.AS_OF, "built_as_of": prepared.BUILT_AS_OF, "full": False}
            said = self._invoke(["run", *chosen], marks)
            tests = [each for each in self._invoke(["compile", *chosen], marks) if each.node.resource_type == "test"]
            self.days[chosen] = {
                **{each.node.unique_id: prepared.of_model(each.message) for each in said},
                **{each.node.unique_id: prepared.of_test(each.node.compiled_code, each.node.config.severity) for each in tests},
            }
        nodes = self.days[chosen]
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(f"attach '{self.working}' as working")
            found = prepared.run(connection, nodes, self.graph.parents_among(nodes), as_of, built_as_of)
        unhappy = ("error", "fail", "warn")
        names = {each.unique_id: self.manifest.nodes[each.unique_id].name for each in found}
        return {names[each.unique_id]: f"{each.status}: {each.message}" if each.status in unhappy else each.status for each in found}

    def tests(self, **variables: Any) -> dict[str, str]:
        """The query behind each test of data by its name: rows it gives are faults."""
        return {each.node.name: each.node.compiled_code for each in self._invoke(["compile", "--select", "test_type:data"], variables)}

    def _invoke(self, arguments: Sequence[str], variables: Mapping[str, Any]) -> Any:
        given = ["--vars", json.dumps({**self.variables, **variables})]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REGULARS_WAREHOUSE", str(self.path))
            patch.setenv("REGULARS_WORKING", str(self.working))
            return invoke(self.folder, [*arguments, *given], self.manifest).results

    def change(self, statement: str, values: Sequence[Any] = ()) -> None:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(statement, values)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"attach '{self.working}' as working (read_only)")
            return connection.execute(query).fetchall()


def graph_of(manifest: Manifest, folder: Path) -> Graph:
    manifest.write(str(folder / "manifest.json"))
    return Graph(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


def invoke(folder: Path, arguments: list[str], manifest: Manifest | None) -> Any:
    places = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", folder / "target", "--log-path", folder / "logs"]
    try:
        # without a log file, for dbt would leave it open
        result = dbtRunner(manifest=manifest).invoke(["--quiet", "--log-level-file", "none", *arguments, *map(str, places)])
    finally:
        DuckDBConnectionManager.close_all_connections()
    if result.exception:
        raise result.exception
    return result.result


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The parsed project. Parsing needs no variable, no lake and no warehouse."""
    folder = tmp_path_factory.mktemp("parsed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGULARS_WAREHOUSE", str(folder / "warehouse.duckdb"))
        patch.setenv("REGULARS_WORKING", str(folder / "working.duckdb"))
        return invoke(folder, ["parse"], None)


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest) -> Callable[..., Warehouse]:
    """Makes a warehouse in the format that old readers know; keywords are dbt variables."""

    def make(**variables: Any) -> Warehouse:
        warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"), manifest, variables)
        with duckdb.connect() as connection:
            connection.execute(f"attach '{warehouse.path}' as warehouse (storage_version 'v1.4.0')")
        warehouse.dbt("seed")
        return warehouse

    return make
