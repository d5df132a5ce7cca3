"""What a day's build asks of the engine: said once by dbt, kept in the home, and asked each day with that day's dates.

A day's SQL is the day before's but for two dates. dbt takes seconds of preparing and templating to come to it, node by node, whatever a day
brings: for a small shop that was the day. So dbt says it once for a project and its settings (``dbt_project/macros/materializations.sql``).
"""

import json
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.io import write_json
from orchestration.sql import identifier

if TYPE_CHECKING:
    import duckdb

AS_OF, BUILT_AS_OF = "@as_of@", "@built_as_of@"
"""What stands in kept statements for the day of the facts, and for that of the build before."""

WORKERS = 3
"""Nodes at work at a time. The engine has a thread per core for each; a third keeps them busy while another node begins or is committed."""


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


@dataclass(frozen=True)
class Prepared:
    """What one node asks. A model: ``statements``, in one transaction, that fill the ``relation``, a ``table`` or a ``view``. A test has no
    relation; its one statement gives the rows that are faults, and ``is_blocking`` says whether any of them fails the build."""

    statements: tuple[str, ...]
    relation: str = ""
    type: str = ""
    is_blocking: bool = True


def of_model(said: str) -> Prepared:
    """A model from what dbt says of it."""
    content = json.loads(said)
    return Prepared(tuple(filter(None, content["statements"])), content["relation"], content["type"])


def of_test(query: str, severity: str) -> Prepared:
    """A test of data from its compiled query."""
    return Prepared((query,), is_blocking=severity.lower() == "error")


def read(path: Path, fingerprint: str) -> dict[str, Prepared]:
    """What is kept under this fingerprint, by unique id."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kept = content["nodes"].items() if content["fingerprint"] == fingerprint else ()
        return {unique_id: Prepared(**{**node, "statements": tuple(node["statements"])}) for unique_id, node in kept}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write(path: Path, fingerprint: str, nodes: Mapping[str, Prepared]) -> None:
    write_json({"fingerprint": fingerprint, "nodes": {unique_id: asdict(node) for unique_id, node in nodes.items()}}, path)


def run(
    connection: "duckdb.DuckDBPyConnection",
    nodes: Mapping[str, Prepared],
    parents: Mapping[str, Collection[str]],
    as_of: str,
    built_as_of: str,
) -> list[Node]:
    """Ask what the nodes ask, each after its ``parents`` (of these nodes), of a connection to both files. What stands on a model that
    failed is skipped; tests hold nobody up, for one that fails fails the build as a whole."""
    dates = {AS_OF: as_of, BUILT_AS_OF: built_as_of}
    views = _views(connection)
    sorter = TopologicalSorter(parents)
    sorter.prepare()
    reach = _reach(parents)
    found: dict[str, Node] = {}
    ready: list[str] = []
    running: dict[Future[Node], str] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        while sorter.is_active():
            ready = sorted([*ready, *sorter.get_ready()], key=lambda unique_id: reach[unique_id])
            while ready and len(running) < WORKERS:
                unique_id = ready.pop()
                if any(found[parent].status in ("error", "skipped") for parent in parents[unique_id]):
                    found[unique_id] = Node(unique_id, "skipped", "", 0, 0.0)
                    sorter.done(unique_id)
                else:
                    node = nodes[unique_id]
                    stands_in_the_way = node.type == "table" and node.relation in views
                    before = [f"drop view {node.relation}"] if stands_in_the_way else []
                    statements = [_dated(statement, dates) for statement in (*before, *node.statements)]
                    running[pool.submit(_ask, connection.cursor(), unique_id, node, statements)] = unique_id
            done = wait(running, return_when=FIRST_COMPLETED).done if running else ()
            for future in done:
                unique_id = running.pop(future)
                found[unique_id] = future.result()
                sorter.done(unique_id)
    return list(found.values())


def _views(connection: "duckdb.DuckDBPyConnection") -> set[str]:
    """All views there are, as dbt writes them: after a full build some stand where a day has tables."""
    query = "select database_name, schema_name, view_name from duckdb_views() where not internal"
    return {".".join(map(identifier, place)) for place in connection.execute(query).fetchall()}


def _dated(statement: str, dates: Mapping[str, str]) -> str:
    for mark, day in dates.items():
        statement = statement.replace(mark, day)
    return statement


def _ask(cursor: "duckdb.DuckDBPyConnection", unique_id: str, node: Prepared, statements: Iterable[str]) -> Node:
    import duckdb

    started = time.perf_counter()
    status, message, failures = "success", "", 0
    with closing(cursor):
        try:
            cursor.execute("set TimeZone = 'UTC'; begin")
            if node.relation:
                for statement in statements:
                    cursor.execute(statement)
            else:
                (query,) = statements
                ((failures,),) = cursor.execute(f"select count(*) from ({query}\n)").fetchall()
                status = "pass" if not failures else "fail" if node.is_blocking else "warn"
                message = f"Got {failures} result{'s' * (failures != 1)}, configured to {status} if != 0" if failures else ""
            cursor.execute("commit")
        except duckdb.Error as error:
            status, message = "error", str(error)
    return Node(unique_id, status, message, failures, time.perf_counter() - started)


def _reach(parents: Mapping[str, Collection[str]]) -> dict[str, int]:
    """How many nodes wait for each, however far down: those of many begin first."""
    below: dict[str, set[str]] = {unique_id: set() for unique_id in parents}
    for unique_id in reversed(list(TopologicalSorter(parents).static_order())):
        for parent in parents[unique_id]:
            below[parent] |= {unique_id} | below[unique_id]
    return {unique_id: len(nodes) for unique_id, nodes in below.items()}
