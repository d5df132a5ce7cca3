"""The two DuckDB files and what the dbt project makes of them: full builds by dbt in this process, days by what dbt said of a day.

``warehouse.duckdb`` holds the marts, and the parts that some are views of, so that a copy of it can be published; ``working.duckdb`` holds
what they are made of, clear-text details among it. A build touches only what changed since the last one, if the record of that says that
it was whole.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import built, prepared, publication, texts
from orchestration.errors import RegularsError
from orchestration.graph import Graph
from orchestration.io import PARTIAL_SUFFIX, disk_errors_told
from orchestration.prepared import Node
from orchestration.settings import Settings
from orchestration.sql import identifier, quoted

if TYPE_CHECKING:
    import duckdb
    import polars as pl
    from dbt.artifacts.schemas.results import NodeResult
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import ManifestNode

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
DBT_FILE_LOG = "file_log"
"""What dbt calls the logger of its log file."""

OF_THIS_BUILD = "of_this_build"
"""The tag by which dbt finds the models of a build."""

STORAGE_VERSION = "v1.4.0"
"""The oldest DuckDB that can open what is published. Tables are written a quarter faster than in the format before."""


def manifest_path(settings: Settings) -> Path:
    """Where the manifest of the project as it is now stands; parsed first if it doesn't."""
    path = _target(settings) / "manifest.json"
    stamp = path.with_name("manifest.stamp")
    fingerprint = _project_fingerprint()
    if not path.exists() or not stamp.exists() or stamp.read_text() != fingerprint:
        path.parent.mkdir(parents=True, exist_ok=True)
        _parse(settings, fingerprint).write(str(path))
        stamp.write_text(fingerprint)
    return path


def build(settings: Settings, names: Iterable[str], as_of: str, is_full: bool = False) -> list[Node]:
    """Build the named models with the tests that concern only them and what they stand on. Tests and models that fail are in the answer.

    What stands between the lake and the scores is built as a whole, whichever part of it is named: what changed since the last build is
    worked out once for all of it. ``is_full``: build that anew, whatever the record says.
    Raises ``RegularsError`` where dbt itself couldn't go on.
    """
    graph = _graph(settings)
    wanted = {graph.id_of(name) for name in names}
    shared: dict[str, str | int] = {
        "home": str(settings.home),
        "results": str(settings.results),
        "time_zone": settings.time_zone,
        "currency": settings.currency,
        "exchange_rate_max_age_days": settings.exchange_rate_max_age_days,
        "incomplete_orders": settings.incomplete_orders,
    }
    record = built.read(settings, {**shared, "project": _project_fingerprint(), "texts": texts.fingerprint(settings)})
    if not wanted & graph.facts:
        wanted |= graph.later_parts
        views = [view for view in graph.views_below(wanted) if view not in record.views or graph.depends_on_the_day(view)]
        built.write(settings, record.unpublished())  # what is added to the history is in nobody's eyes yet
        if _goes_on_from_published(settings, record, as_of):
            nodes = _build_day(settings, graph, {*wanted, *views}, shared, as_of, record.as_of)
        else:
            nodes = _build(settings, graph, {*wanted, *views}, {**shared, "as_of": as_of})
        built.write(settings, record.unpublished().with_views(views))
        return nodes
    if is_full or not record.as_of:
        record = record.emptied()
        _start_anew(settings)
    built.forget(settings)  # until this build is whole, the next one is full
    wanted |= graph.facts - graph.seeds if record.as_of else graph.facts
    views = [view for view in graph.views_below(wanted) if view not in record.views or graph.depends_on_the_day(view)]
    if record.as_of:
        nodes = _build_day(settings, graph, {*wanted, *views}, shared, as_of, record.as_of)
    else:
        nodes = _build(settings, graph, {*wanted, *views}, {**shared, "as_of": as_of})
    if not any(node.has_failed for node in nodes):
        built.write(settings, record.after(as_of, views if record.as_of else []))
    return nodes


def _goes_on_from_published(settings: Settings, record: built.BuildRecord, as_of: str) -> bool:
    """Whether the tables hold the history that readers see, and nothing of it lies behind this day: then the day is added to it."""
    published = publication.current(settings.results)
    return published is not None and published["run_id"] == record.published and published["as_of"] <= as_of


def _build(settings: Settings, graph: Graph, models: set[str], variables: Mapping[str, Any]) -> list[Node]:
    """Build these models anew, all rows of them, and run their tests."""
    # The engine uses every core for one model; two at once would share the memory, and spill.
    results = _run_dbt(settings, ["build", "--full-refresh", "--threads", "1"], [*models, *graph.tests_of(models)], variables)
    return [
        Node(found.node.unique_id, str(found.status), found.message or "", found.failures or 0, found.execution_time) for found in results
    ]


def _build_day(
    settings: Settings, graph: Graph, models: set[str], shared: Mapping[str, str | int], as_of: str, built_as_of: str
) -> list[Node]:
    """Do in these models what the day brought, and run their tests."""
    import duckdb

    ids = {*models, *graph.tests_of(models)}
    nodes = _prepared(settings, ids, shared)
    try:
        # what is not in the wheel is an error, never a download: as profiles.yml says for full builds
        connection = duckdb.connect(str(settings.warehouse), config={**settings.engine, "autoinstall_known_extensions": False})
        connection.execute(f"attach {quoted(settings.working)} as working")
    except duckdb.Error as error:
        raise RegularsError(
            f"The warehouse can't be opened: {error}",
            where=settings.warehouse,
            do="close what else has it or working.duckdb open (BI tools read published/warehouse.duckdb), then run again",
        ) from error
    with connection:
        return prepared.run(connection, nodes, graph.parents_among(ids), as_of, built_as_of)


def _prepared(settings: Settings, ids: set[str], shared: Mapping[str, str | int]) -> dict[str, prepared.Prepared]:
    """What these nodes ask of a day, as it is kept in the home; dbt says what is not."""
    path = _target(settings) / "prepared.json"
    fingerprint = hashlib.sha256(json.dumps([_project_fingerprint(), shared], sort_keys=True).encode()).hexdigest()
    kept = prepared.read(path, fingerprint)
    if missing := ids - kept.keys():
        day = {**shared, "as_of": prepared.AS_OF, "built_as_of": prepared.BUILT_AS_OF, "full": False}
        tests = [unique_id for unique_id in missing if unique_id.startswith("test.")]
        models = missing.difference(tests)
        said = _run_dbt(settings, ["run"], models, day) if models else []
        compiled = _run_dbt(settings, ["compile"], tests, day) if tests else []
        if failed := [found for found in (*said, *compiled) if found.status == "error"]:
            sentences = "; ".join(f"{found.node.name}: {found.message}" for found in failed)
            raise RegularsError(f"dbt couldn't say what a day asks of {sentences}", do=f"read {_logs(settings)}/dbt.log")
        kept |= {found.node.unique_id: prepared.of_model(found.message) for found in said}
        kept |= {found.node.unique_id: prepared.of_test(found.node.compiled_code, found.node.config.severity) for found in compiled}
        prepared.write(path, fingerprint, kept)
    return {unique_id: kept[unique_id] for unique_id in ids}


def _run_dbt(settings: Settings, command: list[str], ids: Iterable[str], variables: Mapping[str, Any]) -> "list[NodeResult]":
    manifest = _parse(settings, _project_fingerprint())
    chosen = ["--select", f"tag:{OF_THIS_BUILD}", "--indirect-selection", "empty"]
    with _tagged([manifest.nodes[unique_id] for unique_id in ids]):
        done = _invoke(settings, [*command, *chosen, "--vars", json.dumps(dict(variables)), "--no-write-json"], manifest)
    if done.exception or done.result is None:
        raise RegularsError(f"dbt couldn't build: {done.exception}", do=f"read {_logs(settings)}/dbt.log")
    return list(done.result.results)


@contextmanager
def _tagged(nodes: "list[ManifestNode]") -> Iterator[None]:
    """Nodes bear the tag within the block: asked for by name, each would be looked for among all there are, and that three times."""
    own_tags = [node.tags for node in nodes]
    for node in nodes:
        node.tags = [*node.tags, OF_THIS_BUILD]
    try:
        yield
    finally:
        for node, tags in zip(nodes, own_tags, strict=True):
            node.tags = tags


def read(settings: Settings, table: str, columns: Iterable[str] = ("*",)) -> "pl.LazyFrame":
    """Columns of a table (``marts.<name>``, ``working.<schema>.<name>``), in the order of its first column.

    Nothing but what is used is fetched, each time the frame is collected: of the 150 columns of a table few are in a list.
    """
    import polars as pl
    from polars.io.plugins import register_io_source

    source = f"select {', '.join(columns)} from {table}"
    with connect(settings) as connection:
        schema = connection.sql(f"{source} limit 0").pl().schema

    def fetch(wanted: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None) -> "Iterator[pl.DataFrame]":
        names = ", ".join(map(identifier, wanted or schema))
        limit = "" if rows is None or predicate is not None else f" limit {rows}"
        with connect(settings) as connection:
            found = connection.sql(f"select {names} from ({source}) order by {identifier(schema.names()[0])}{limit}").pl()
        yield found if predicate is None else found.filter(predicate)

    return register_io_source(fetch, schema=schema, validate_schema=True, is_pure=True)


@contextmanager
def scan(settings: Settings, table: str, columns: Iterable[str]) -> "Iterator[pl.LazyFrame]":
    """As ``read``, within the block, for tables of any size: what is collected of the frame comes off a Parquet file.

    Columns that the table lacks are left out. Raises ``RegularsError`` where the disk is full.
    """
    import polars as pl

    copied = settings.derived / f".{table}.parquet{PARTIAL_SUFFIX}"
    copied.parent.mkdir(parents=True, exist_ok=True)
    try:
        with disk_errors_told(settings.home), connect(settings) as connection:
            there = connection.table(table).columns
            names = ", ".join(identifier(column) for column in dict.fromkeys(columns) if column in there)
            connection.execute(f"copy (select {names} from {table} order by 1) to {quoted(str(copied))} (format parquet)")
        yield pl.scan_parquet(copied, glob=False)
    finally:
        copied.unlink(missing_ok=True)


def connect(settings: Settings) -> "duckdb.DuckDBPyConnection":
    """Both files, to be read only, under the names that dbt knows them by, within what the settings allow of the machine."""
    import duckdb

    connection = duckdb.connect(str(settings.warehouse), read_only=True)
    connection.execute(f"set threads = {settings.threads}; set memory_limit = {quoted(settings.memory_limit)}")
    connection.execute(f"attach if not exists {quoted(settings.working)} as working (read_only)")  # others may read at the same time
    return connection


_graphs: dict[str, Graph] = {}
"""The project by its fingerprint, as it was written down: a day asks dbt nothing, so nothing of dbt has to be there."""


def _graph(settings: Settings) -> Graph:
    fingerprint = _project_fingerprint()
    if fingerprint not in _graphs:
        _graphs[fingerprint] = Graph(json.loads(manifest_path(settings).read_text(encoding="utf-8")))
    return _graphs[fingerprint]


_parsed: dict[str, "Manifest"] = {}
"""The same as dbt holds it, whatever the home: parsing costs seconds, and a home's place is only asked for when a model compiles."""


def _parse(settings: Settings, fingerprint: str) -> "Manifest":
    if fingerprint not in _parsed:
        result = _invoke(settings, ["parse"], None)
        if result.exception:
            raise RegularsError(f"The dbt project {PROJECT} can't be parsed: {result.exception}")
        _parsed[fingerprint] = result.result
    return _parsed[fingerprint]


def _invoke(settings: Settings, arguments: list[str], manifest: "Manifest | None") -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    _listen_to_what_is_logged()
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
        with _environment_of_the_profile(settings):
            return dbtRunner(manifest=manifest).invoke(
                ["--log-level", "none", "--log-level-file", "info", "--no-use-colors", *arguments, *places]
            )
    finally:
        DuckDBConnectionManager.close_all_connections()  # else the file stays open and the next run of this process can't write it
        _close_logs()


@contextmanager
def _environment_of_the_profile(settings: Settings) -> Iterator[None]:
    """What ``profiles.yml`` asks the environment for, and only while dbt is at work: the settings of the next home of this process are
    asked of the same environment."""
    asked = {
        "REGULARS_WAREHOUSE": str(settings.warehouse),
        "REGULARS_WORKING": str(settings.working),
        "REGULARS_MEMORY_LIMIT": settings.memory_limit,
    }
    before = {name: os.environ.get(name) for name in asked}
    os.environ.update(asked)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _listen_to_what_is_logged() -> None:
    """dbt words a message for its debug log, which is off, at every step of every node: a twelfth of its own work."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class Listener(EventManager):
        def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *arguments: Any, **named: Any) -> None:
            if (level or e.level_tag()) != EventLevel.DEBUG:
                super().fire_event(e, level, *arguments, **named)

    ctx_set_event_manager(Listener())


def _close_logs() -> None:
    """dbt opens its log file anew at each invocation and leaves the last one open."""
    for handler in logging.getLogger(DBT_FILE_LOG).handlers:
        handler.close()


def _start_anew(settings: Settings) -> None:
    """Two new files: nothing that was ever deleted lies about in them, and the published one has a format that older readers know."""
    import duckdb

    for file in (settings.warehouse, settings.working):
        file.unlink(missing_ok=True)
        file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(settings.warehouse)} as warehouse (storage_version '{STORAGE_VERSION}')")


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
