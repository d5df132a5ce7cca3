"""The ledger: one row per reading of a delivered content, in SQLite, so that a kill at any moment leaves it whole.

A file's state is one of
``live`` (its rows count), ``superseded`` (read, and something else counts under its name), ``held`` (refused as a whole, with a reason),
``rejected`` (held, and a person said never to ask again), ``ignored`` (its profile knows it and doesn't read it) and ``unpacked``
(an archive: its files have rows of their own).

``deliveries`` says which contents came under which names. Under a name one content counts (``_choose``); a content is live while it counts
under some name. So what is live follows from what was delivered, not from the order in which it was read.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from statistics import median
from typing import Any

from orchestration.dumps.ledger_rows import Change as Change
from orchestration.dumps.ledger_rows import Delivery as Delivery
from orchestration.dumps.ledger_rows import File as File
from orchestration.dumps.ledger_rows import Sighting as Sighting
from orchestration.dumps.ledger_rows import State
from orchestration.dumps.ledger_schema import migrate
from orchestration.errors import RegularsError

STALE_NS = 3_600 * 10**9
"""A content last modified this much earlier than the one that counts under its name is an older version that came late."""


_COLUMNS = ", ".join(field.name for field in fields(File))
_RECORD = f"insert or replace into files ({_COLUMNS}) values ({', '.join('?' * len(fields(File)))})"


def _values(row: object) -> tuple[Any, ...]:
    """Of a dataclass, in the order of its fields. ``astuple`` copies each, which thousands of files can feel."""
    return tuple(vars(row).values())


_DELIVERED = ", ".join(field.name for field in fields(Delivery))


class Ledger:
    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            migrate(self._connection)
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
        return self._files("where state = ?" if state else "where true", *((state,) if state else ()))

    def file(self, file_id: str) -> File | None:
        return next(iter(self._files("where file_id = ?", file_id)), None)

    def by_content(self, source: str, sha256: str) -> File | None:
        """The latest reading of a content."""
        return max(self._files("where source = ? and sha256 = ?", source, sha256), key=lambda file: file.reading, default=None)

    def like(self, start: str) -> list[File]:
        """Files whose id begins so: what a person types."""
        return self._files("where substr(file_id, 1, ?) = ?", len(start), start)

    def sources(self) -> list[str]:
        """Every source that anything was ever delivered from."""
        return [source for (source,) in self._connection.execute("select distinct source from files order by source")]

    def live_version(self, source: str, file_name: str) -> File | None:
        """The content that counts at present under this source and name."""
        where = "where file_id = (select file_id from deliveries where source = ? and file_name = ? and counts)"
        return next(iter(self._files(where, source, file_name)), None)

    def _files(self, where: str, *values: object) -> list[File]:
        query = f"select {_COLUMNS} from files {where} order by source, delivery_key, reading"
        return [File(*row) for row in self._connection.execute(query, values)]

    def record(self, file: File) -> None:
        """Write the file's row, in place of an earlier one of the same reading."""
        self._connection.execute(_RECORD, _values(file))

    def saw(self, sighting: Sighting, file_id: str) -> None:
        self._connection.execute("insert or replace into seen values (?, ?, ?, ?)", (*_values(sighting), file_id))

    def deliver(self, delivery: Delivery) -> None:
        """A content came under a name: it is the latest there from now on, even if it came before."""
        former = (delivery.source, delivery.file_name, delivery.file_id, delivery.archive)
        found = self._connection.execute(
            "delete from deliveries where source = ? and file_name = ? and file_id = ? and archive is ? returning released, counts", former
        ).fetchone()
        self._connection.execute(
            f"insert into deliveries ({_DELIVERED}, released, counts) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_values(delivery), *(found or (0, 0))),
        )

    def deliveries_of(self, file_id: str) -> list[Delivery]:
        return [
            Delivery(*row)
            for row in self._connection.execute(f"select {_DELIVERED} from deliveries where file_id = ? order by file_name", (file_id,))
        ]

    def read_anew(self, former: str, file_id: str) -> None:
        """What was delivered as one reading is, from now on, delivered as the next; its place among the deliveries stays."""
        self._connection.execute("update deliveries set file_id = ? where file_id = ?", (file_id, former))
        self._connection.execute("update seen set file_id = ? where file_id = ?", (file_id, former))
        self._connection.execute("update files set state = 'superseded' where file_id = ? and state = 'live'", (former,))

    def take(self, source: str, file_name: str, file_id: str) -> None:
        """A feed takes files of that name by now."""
        self._connection.execute(
            "update deliveries set is_taken = 1 where source = ? and file_name = ? and file_id = ?", (source, file_name, file_id)
        )

    def leave(self, source: str, file_name: str, file_id: str) -> None:
        """The content's rows can't be read under that name, so it doesn't count there."""
        self._connection.execute(
            "update deliveries set is_taken = 0 where source = ? and file_name = ? and file_id = ?", (source, file_name, file_id)
        )

    def release(self, file_id: str) -> None:
        """A person lets the content count under its names, whatever came there before or after."""
        for delivery in self.deliveries_of(file_id):
            self.deliver(delivery)
        self._connection.execute("update deliveries set released = 1 where file_id = ?", (file_id,))
        self._connection.execute("update files set released = 1 where file_id = ?", (file_id,))

    def reject(self, file_id: str) -> None:
        self._connection.execute("update files set state = 'rejected' where file_id = ?", (file_id,))

    def settle(self, source: str, names: Iterable[str], run_id: str) -> list[Change]:
        """Choose anew what counts under each of the names and under those of the files in archives so named. Returns what changed."""
        archives_first = sorted(set(names))
        members = {
            member
            for name in archives_first
            for (member,) in self._connection.execute(
                "select file_name from deliveries where source = ? and archive_name = ?", (source, name)
            )
        }
        touched = [*archives_first, *sorted(members - set(archives_first))]
        changes = [change for name in touched if (change := self._choose(source, name))]
        for name in touched:
            self._connection.execute(
                """update files set state = case
                    when not exists (select 1 from deliveries where deliveries.file_id = files.file_id and counts) then 'superseded'
                    when kind = 'archive' then 'unpacked' else 'live' end
                where +state in ('live', 'superseded', 'unpacked')  -- + keeps SQLite from looking at every live file for each name
                    and file_id in (select file_id from deliveries where source = ? and file_name = ?)""",
                (source, name),
            )
        for change in changes:
            self.log(change, run_id)
            if change.action == "replaced":
                self._connection.execute("update files set replaces = ? where file_id = ?", (change.former_file_id, change.file_id))
        return changes

    def _choose(self, source: str, name: str) -> Change | None:
        """Under a name, the content delivered last counts; but never one without rows before one with rows, nor one that is an hour
        or more older than what counts, unless a person released it."""
        rows = self._connection.execute(
            """select number, file_id, modified_ns, deliveries.released, rows_delivered, rows_clean, counts
            from deliveries join files using (file_id)
            where deliveries.source = ? and deliveries.file_name = ? and is_taken and state in ('live', 'superseded', 'unpacked')
                and (archive is null or exists (
                    select 1 from deliveries as archives where archives.source = deliveries.source and archives.counts
                        and archives.file_name = deliveries.archive_name and archives.file_id = deliveries.archive))
            order by number""",
            (source, name),
        ).fetchall()
        winner: tuple[Any, ...] | None = None
        for row in rows:
            if winner is None or _counts_before(row, winner):
                winner = row
        former = self._connection.execute(
            """select file_id, rows_delivered, rows_clean from deliveries join files using (file_id)
            where deliveries.source = ? and deliveries.file_name = ? and counts""",
            (source, name),
        ).fetchone()
        number = winner[0] if winner else -1
        self._connection.execute(
            "update deliveries set counts = (number = ?) where source = ? and file_name = ? and counts <> (number = ?)",
            (number, source, name, number),
        )
        if not former or (winner and winner[1] == former[0]):
            return None
        after = (winner[4], winner[5]) if winner else (0, 0)
        chosen = winner[1] if winner else former[0]
        counts = (former[1], after[0], former[2], after[1])
        return Change("replaced" if winner else "withdrawn", source, name, chosen, former[0], *counts)

    def misnamed(self) -> list[tuple[File, Delivery]]:
        """Live contents that were read under a name other than the first of those they count under; each with that delivery."""
        width = len(fields(File))
        columns = [*(f"files.{field.name}" for field in fields(File)), *(f"first.{field.name}" for field in fields(Delivery))]
        rows = self._connection.execute(
            f"""select {", ".join(columns)} from files join deliveries as first on first.file_id = files.file_id and first.counts
            where files.state = 'live' and first.file_name <> files.file_name and first.file_name = (
                select min(file_name) from deliveries where deliveries.file_id = files.file_id and counts)"""
        )
        return [(File(*row[:width]), Delivery(*row[width:])) for row in rows]

    def refused_under_a_name(self) -> list[tuple[File, Delivery]]:
        """Contents held for their refused rows that came under further names; each with the first delivery not yet tried."""
        found = []
        for file in self.files("held"):
            if file.is_mostly_refused:
                untried = (delivery for delivery in self.deliveries_of(file.file_id) if delivery.is_taken)
                found += [(file, delivery) for delivery in (next(untried, None),) if delivery]
        return found

    def log(self, change: Change, run_id: str) -> None:
        names = ", ".join(field.name for field in fields(Change))
        marks = ", ".join("?" * (len(fields(Change)) + 1))
        self._connection.execute(f"insert into changes ({names}, run_id) values ({marks})", (*_values(change), run_id))

    def changes(self) -> list[Change]:
        """Everything that was replaced, withdrawn or decided, first to last."""
        names = ", ".join(field.name for field in fields(Change))
        return [Change(*row) for row in self._connection.execute(f"select {names} from changes order by number")]

    def usual_rows(self) -> dict[tuple[str, str], tuple[int, float]]:
        """Source and feed → how many live files with rows there are, and the median of their rows."""
        rows: dict[tuple[str, str], list[int]] = {}
        for source, feed, count in self._connection.execute(
            "select source, feed, rows_delivered from files where state = 'live' and feed is not null and rows_delivered > 0"
        ):
            rows.setdefault((source, feed), []).append(count)
        return {key: (len(counts), median(counts)) for key, counts in rows.items()}

    def columns(self) -> dict[tuple[str, str], dict[str, int]]:
        """Source and feed → column name → in how many files it came; under the empty name, in how many files there were."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for source, feed, name, files in self._connection.execute("select source, feed, name, files from columns"):
            found.setdefault((source, feed), {})[name] = files
        return found

    def saw_columns(self, files: Mapping[tuple[str, str, str], int]) -> None:
        """Count columns of live files: source, feed and column name → in how many more files; under the empty name, how many there were."""
        self._connection.executemany(
            "insert into columns values (?, ?, ?, ?) on conflict do update set files = files + excluded.files",
            [(*key, count) for key, count in files.items()],
        )

    def open_landing(self, memory: str) -> str:
        """A landing begins: what it knew then. Where an earlier one was killed, what that one knew, so that it ends as it would have."""
        with self.transaction():
            found = self._connection.execute("select memory from open_landing").fetchone()
            if not found:
                self._connection.execute("insert into open_landing values (?)", (memory,))
        return str(found[0]) if found else memory

    def close_landing(self) -> None:
        self._connection.execute("delete from open_landing")

    def set_apart(self, ids: Iterable[tuple[str, str]], run_id: str) -> None:
        """A person says that these source customers (source, id) are nobody else's than each other's."""
        (number,) = self._connection.execute("select coalesce(max(number), 0) + 1 from apart").fetchone()
        rows = [(number, *each, run_id) for each in ids]
        self._connection.executemany("insert into apart (number, source, source_customer_id, run_id) values (?, ?, ?, ?)", rows)

    def join_again(self, number: int, run_id: str) -> None:
        """Take back the decision of that number."""
        self._connection.execute("update apart set undone_by = ? where number = ? and undone_by is null", (run_id, number))

    def apart(self) -> dict[int, list[tuple[str, str]]]:
        """The decisions in force: number → the source customers who were set apart by it."""
        found: dict[int, list[tuple[str, str]]] = {}
        query = "select number, source, source_customer_id from apart where undone_by is null order by 1, 2, 3"
        for number, source, source_customer_id in self._connection.execute(query):
            found.setdefault(number, []).append((source, source_customer_id))
        return found

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
        """Changes when the set of live readings does, or their order, or who was set apart; what is published remembers the one it was
        made from."""
        import hashlib

        live = self._connection.execute("select file_id, delivery_key from files where state = 'live' order by file_id")
        decisions = [repr(decision) for decision in self.apart().items()]
        return hashlib.sha256("\n".join([*(" ".join(row) for row in live), *decisions]).encode()).hexdigest()[:16]


def _counts_before(row: tuple[Any, ...], winner: tuple[Any, ...]) -> bool:
    """Whether a delivery counts rather than the one chosen among the earlier ones."""
    _, _, modified, released, delivered, *_ = row
    if released or bool(delivered) != bool(winner[4]):
        return bool(released or delivered)
    return modified > winner[2] - STALE_NS
