"""What readers see: tables and exports of one run, made visible together by one rename.

A publication is a folder that is complete and on disk before anything points to it, and is never changed afterwards. ``published`` in the
home is a link to one of them; putting another link in its place is the switch. A reader that has resolved the link, or holds a file open,
keeps what it had.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from orchestration import parquet
from orchestration.errors import RegularsError
from orchestration.io import fsync, fsync_tree, link_or_copy, write_json
from orchestration.sql import identifier, readable

if TYPE_CHECKING:
    import duckdb

WAREHOUSE = "warehouse.duckdb"
RECORD = "publication.json"
PUBLISHED_SCHEMA, PARTS_SCHEMA = "marts", "parts"
"""The schema that readers get, and the one with the tables that its views are put together from; all else stands in another file."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_BUILDING, _REMOVING = ".building", ".removing"


@dataclass(frozen=True)
class Publication:
    """A publication readers can see. ``tables``: rows of each; ``manifest``: what ``fill_exports`` returned."""

    run_id: str
    as_of: date
    folder: Path
    tables: Mapping[str, int]
    manifest: Mapping[str, Any]


def current(home: Path) -> dict[str, Any] | None:
    """The record of what is published (run_id, as_of, tables and the run's info), or None when nothing is.

    Reads one small file. Raises ``RegularsError`` when it can't be read.
    """
    record = home / "published" / RECORD
    try:
        content: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise RegularsError("The record of the last publication can't be read", where=record, do="Run again to publish anew") from error
    return content


def publish(
    home: Path,
    run_id: str,
    as_of: date,
    warehouse: Path,
    fill_exports: Callable[[Path], Mapping[str, Any]],
    extra_tables: Mapping[str, Path],
    info: Mapping[str, Any],
    keep: int = 3,
    engine: Mapping[str, Any] | None = None,
) -> Publication:
    """Builds the publication of a run beside the others, then switches readers to it. One publisher at a time.

    ``warehouse``: the private DuckDB file, closed, with tables and views of the schemas ``marts`` and ``parts`` only; they are published,
    with each Parquet file of ``extra_tables`` (name to file) as one more. ``fill_exports`` writes the package of ``as_of`` into the folder
    it is given; packages of other days are carried over. ``info`` is plain JSON content for the record. The newest ``keep`` publications
    stay, leftovers of killed runs go. ``engine``: DuckDB settings such as ``memory_limit`` and ``threads``.
    Raises ``RegularsError``, and whatever ``fill_exports`` does; what was published before is then untouched.
    """
    publications = home / "publications"
    target, building = publications / run_id, publications / f".{run_id}{_BUILDING}"
    _check_paths(home, run_id, publications, warehouse)
    with _no_trace_on_failure(building, run_id):
        _remove_leftovers(publications)
        (building / "exports" / as_of.isoformat()).mkdir(parents=True)
        _settle(warehouse)
        has_exports = Event()
        with ThreadPoolExecutor(1) as aside:
            writing = aside.submit(_write_tables, warehouse, extra_tables, building, home / "published", engine or {}, has_exports)
            try:
                manifest = fill_exports(building / "exports" / as_of.isoformat())
            finally:
                has_exports.set()
            tables = writing.result()
        fsync_tree(building)
        _carry_over(home / "published" / "exports", building / "exports")
        newest = max(folder.name for folder in (building / "exports").iterdir() if folder.is_dir())
        (building / "exports" / "latest").symlink_to(newest)
        fsync(building / "exports")
        sequence = max((_sequence(folder) for folder in publications.iterdir()), default=0) + 1
        record = {"run_id": run_id, "as_of": as_of.isoformat(), "sequence": sequence, "tables": tables}
        write_json({**info, **record}, building / RECORD)
        _remove(target)  # complete but never switched to: its run was killed in between
        os.rename(building, target)
        fsync(publications)
        _link(home / "exports", Path("published", "exports"))
        _link(home / "published", Path("publications", run_id))
    _remove_old(publications, target, keep)
    return Publication(run_id, as_of, target, tables, manifest)


def _check_paths(home: Path, run_id: str, publications: Path, warehouse: Path) -> None:
    if not _RUN_ID.fullmatch(run_id):
        raise RegularsError(f"{run_id!r} can't name a publication", expected="letters, digits, '.', '_', '-'", do="Give the run another id")
    if not warehouse.is_file():
        raise RegularsError("There is no warehouse to publish", where=warehouse, expected="the DuckDB file the dbt models are built into")
    for link in (home / "published", home / "exports"):
        if link.exists() and not link.is_symlink():
            raise RegularsError("Something else stands where a link belongs", where=link, expected="a link", do="Move it and run again")
    if (home / "published").resolve() == (publications / run_id).resolve():
        raise RegularsError(f"Run {run_id} is published already", where=publications / run_id, do="Publish under the id of a new run")


@contextmanager
def _no_trace_on_failure(building: Path, run_id: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        shutil.rmtree(building, ignore_errors=True)
        # DuckDB reports a full disk as an exception of its own; naming it here would import it where nothing is published.
        if isinstance(error, OSError) or type(error).__module__.startswith(("duckdb", "_duckdb")):
            message = f"Run {run_id} could not be published, and what was published before is unchanged: {error}"
            raise RegularsError(message, where=building.parent, do="Mend the cause and run again") from error
        raise


def _settle(warehouse: Path) -> None:
    """Brings into the file itself what stands in the log beside it."""
    import duckdb

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("checkpoint")


def _write_tables(
    warehouse: Path, extra_tables: Mapping[str, Path], building: Path, published: Path, engine: Mapping[str, Any], has_exports: Event
) -> dict[str, int]:
    """The publication's DuckDB file and its Parquet files; returns the rows of each table.

    The warehouse is copied byte by byte: it holds nothing that readers may not have, and copying tables would cost seconds per million rows
    each day. A core is left to the exports until they are written: the master's workbook, on one thread, takes about as long as all tables.
    """
    import duckdb

    shutil.copyfile(warehouse, building / WAREHOUSE)
    spill = building / ".spill"
    threads = int(engine.get("threads") or os.cpu_count() or 1)
    with duckdb.connect(str(building / WAREHOUSE), config={**engine, "temp_directory": str(spill)}) as connection:
        _refuse_others(connection, warehouse)
        connection.execute(f"use {PUBLISHED_SCHEMA}")
        for name, file in extra_tables.items():
            connection.execute(f"create or replace table {identifier(name)} as from read_parquet({readable(file)})")
        earlier, rows = published.resolve() / "parquet", {}
        for name in _names(connection):
            connection.execute(f"set threads = {threads if has_exports.is_set() else max(1, threads - 1)}")
            rows[name] = parquet.write(connection, name, building / "parquet" / name, earlier / name)
        connection.execute("checkpoint")
    shutil.rmtree(spill, ignore_errors=True)
    return rows


def _refuse_others(connection: "duckdb.DuckDBPyConnection", warehouse: Path) -> None:
    """Whatever stands in the file is published with it."""
    relations = "select table_schema || '.' || table_name from information_schema.tables"
    others = connection.execute(f"{relations} where table_schema not in (?, ?) order by 1", [PUBLISHED_SCHEMA, PARTS_SCHEMA])
    if found := [name for (name,) in others.fetchall()]:
        raise RegularsError(
            f"The warehouse holds {', '.join(found)}, which would be published",
            where=warehouse,
            expected=f"tables and views of the schemas {PUBLISHED_SCHEMA} and {PARTS_SCHEMA} and nothing else",
            do="build it anew with `regulars run --full`",
        )


def _names(connection: "duckdb.DuckDBPyConnection") -> list[str]:
    tables = "select table_name from information_schema.tables where table_schema = ? order by all"
    return [name for (name,) in connection.execute(tables, [PUBLISHED_SCHEMA]).fetchall()]


def _carry_over(published: Path, exports: Path) -> None:
    """Packages of days not packaged by this run, by hard link where the file system can, else by copy; durable.

    Linked files are on disk since they were first published: only the new names are waited for, or a year of packages would cost seconds.
    """
    if not published.is_dir():
        return
    for package in sorted(published.iterdir()):
        if package.is_dir() and not package.is_symlink() and not (exports / package.name).exists():
            shutil.copytree(package, exports / package.name, copy_function=link_or_copy)
            for folder, _, _ in os.walk(exports / package.name):
                fsync(Path(folder))


def _link(link: Path, destination: Path) -> None:
    """Makes ``link`` point to ``destination`` in one step, durably; nothing is done where it does already."""
    if link.is_symlink() and Path(os.readlink(link)) == destination:
        return
    waiting = link.with_name(f".{link.name}.new")
    waiting.unlink(missing_ok=True)
    waiting.symlink_to(destination)
    os.replace(waiting, link)
    fsync(link.parent)


def _remove_leftovers(publications: Path) -> None:
    publications.mkdir(parents=True, exist_ok=True)
    for folder in publications.iterdir():
        if folder.name.startswith(".") and folder.name.endswith((_BUILDING, _REMOVING)):
            shutil.rmtree(folder)


def _remove_old(publications: Path, newest: Path, keep: int) -> None:
    """Removes all but the newest ``keep``. What can't be removed now is tried again by the next run: it does not undo a publication."""
    others = sorted((folder for folder in publications.iterdir() if _sequence(folder) and folder != newest), key=_sequence, reverse=True)
    for folder in others[max(keep, 1) - 1 :]:
        try:
            _remove(folder)
        except OSError:
            continue


def _remove(publication: Path) -> None:
    """Takes a publication out of sight in one step before its files go, so that no half of it can be found."""
    if publication.exists():
        doomed = publication.with_name(f".{publication.name}{_REMOVING}")
        os.rename(publication, doomed)
        shutil.rmtree(doomed)


def _sequence(folder: Path) -> int:
    """A publication's number, counting up; 0 for what is not one."""
    if folder.name.startswith("."):
        return 0
    try:
        return int(json.loads((folder / RECORD).read_text(encoding="utf-8"))["sequence"])
    except (OSError, ValueError, KeyError):
        return 0
