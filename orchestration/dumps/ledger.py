"""The ledger: one row per delivered file, in SQLite, so that a kill at any moment leaves it whole.

A file's state is one of
``live`` (its rows count), ``superseded`` (the same logical file came again with new content), ``held`` (refused as a
whole, with a reason) and ``ignored`` (its profile knows it and doesn't read it).
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

from orchestration.errors import RegularsError

State = Literal["live", "superseded", "held", "ignored"]

_SCHEMA = """
create table if not exists files (
    file_id text primary key,
    source text not null,
    file_name text not null,
    sha256 text not null,
    size_bytes integer not null,
    delivered_at text not null,
    profile text not null,
    feed text,
    delivery_key text not null,
    state text not null,
    reason text,
    batch text,
    rows_delivered integer not null default 0,
    rows_clean integer not null default 0,
    rows_quarantined integer not null default 0,
    first_event_at text,
    last_event_at text,
    replaces text,
    run_id text not null
);
create index if not exists files_by_name on files (source, file_name);
create table if not exists seen (
    path text primary key,
    size_bytes integer not null,
    modified_ns integer not null,
    file_id text not null
);
"""


@dataclass(frozen=True)
class File:
    """Grain: one delivered content of one source. Row counts are of data rows, headers aside."""

    file_id: str
    source: str
    file_name: str
    sha256: str
    size_bytes: int
    delivered_at: str
    profile: str
    feed: str | None
    delivery_key: str
    state: State
    run_id: str
    reason: str | None = None
    batch: str | None = None
    rows_delivered: int = 0
    rows_clean: int = 0
    rows_quarantined: int = 0
    first_event_at: str | None = None
    last_event_at: str | None = None
    replaces: str | None = None


_COLUMNS = ", ".join(field.name for field in fields(File))


@dataclass(frozen=True)
class Sighting:
    """What the inbox showed at a path: enough to know, without reading it, that nothing changed."""

    path: str
    size_bytes: int
    modified_ns: int


class Ledger:
    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise RegularsError(
                f"The ledger {path} can't be opened: {error}. Expected a writable folder on a local disk; "
                "check its permissions and free space, or choose another home with --home."
            ) from None

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def sightings(self) -> dict[str, tuple[Sighting, str]]:
        """Path → what was seen there last, and the file it turned out to be."""
        rows = self._connection.execute("select path, size_bytes, modified_ns, file_id from seen")
        return {path: (Sighting(path, size, modified), file_id) for path, size, modified, file_id in rows}

    def files(self, state: State | None = None) -> list[File]:
        where, values = ("where state = ?", (state,)) if state else ("", ())
        return [
            File(*row) for row in self._connection.execute(f"select {_COLUMNS} from files {where} order by source, delivery_key", values)
        ]

    def file(self, file_id: str) -> File | None:
        row = self._connection.execute(f"select {_COLUMNS} from files where file_id = ?", (file_id,)).fetchone()
        return File(*row) if row else None

    def live_version(self, source: str, file_name: str) -> File | None:
        """The content that counts at present under this source and name."""
        row = self._connection.execute(
            f"select {_COLUMNS} from files where source = ? and file_name = ? and state = 'live'", (source, file_name)
        ).fetchone()
        return File(*row) if row else None

    def record(self, file: File) -> None:
        """Write the file's row, in place of an earlier one of the same content."""
        marks = ", ".join("?" * len(fields(File)))
        self._connection.execute(f"insert or replace into files ({_COLUMNS}) values ({marks})", astuple(file))

    def supersede(self, file_id: str) -> None:
        self._connection.execute("update files set state = 'superseded' where file_id = ?", (file_id,))

    def saw(self, sighting: Sighting, file_id: str) -> None:
        self._connection.execute("insert or replace into seen values (?, ?, ?, ?)", (*astuple(sighting), file_id))

    def batches(self) -> set[str]:
        """Names of the batches that any file's rows stand in."""
        return {name for (name,) in self._connection.execute("select distinct batch from files where batch is not null")}

    def last_event_at(self, feeds: Iterable[str]) -> str | None:
        """The latest event in the live files of those feeds, UTC, as ISO text."""
        names = tuple(feeds)
        marks = ", ".join("?" * len(names))
        query = f"select max(last_event_at) from files where state = 'live' and feed in ({marks})"
        return str(found) if (found := self._connection.execute(query, names).fetchone()[0]) else None

    def fingerprint(self) -> str:
        """Changes when the set of live files does; what is published remembers the one it was made from."""
        import hashlib

        ids = sorted(file_id for (file_id,) in self._connection.execute("select file_id from files where state = 'live'"))
        return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
