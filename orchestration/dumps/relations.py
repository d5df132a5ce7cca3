"""The text of a batch's files as a relation of the engine: read fast where the bytes are regular, carefully where not."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from orchestration.dumps import careful
from orchestration.dumps.candidates import Batch
from orchestration.dumps.casts import DAYS_OF_GRACE
from orchestration.dumps.receive import HeldError, UnreadableError
from orchestration.dumps.sql import quoted

if TYPE_CHECKING:
    import duckdb

CAREFUL_ROWS = 200_000
"""Records that the careful reader hands over at a time."""


def load_text(batch: Batch, connection: "duckdb.DuckDBPyConnection") -> dict[str, int]:
    """Make the relation ``text``: ``t0``, ``t1``, … as delivered, ``line``, and the file each row is from with its latest possible date.

    Of an irregular batch, the records that can't be split stand in ``refused``. Returns file id → rows delivered, by the
    census for regular files, by the careful reader for the others. Raises ``UnreadableError``.
    """
    _load_files(batch, connection)
    columns = [f"t{number}" for number in range(len(batch.candidates[0].header))]
    if batch.is_regular:
        _scan(batch, columns, connection)
        return {candidate.file.file_id: candidate.rows for candidate in batch.candidates}
    return _read_carefully(batch, columns, connection)


def _load_files(batch: Batch, connection: "duckdb.DuckDBPyConnection") -> None:
    connection.execute(
        "create table delivered (path varchar, file_id varchar, source varchar, file_name varchar, latest_at timestamp, rows_before bigint)"
    )
    rows, offset = [], 0
    for candidate in batch.candidates:
        file, date = candidate.file, candidate.business_date
        latest = f"timestamp '{date}' + interval {DAYS_OF_GRACE + 1} day" if date else "timestamp '2100-01-01'"
        texts = ", ".join(map(quoted, (str(candidate.receipt.text), file.file_id, file.source, file.file_name)))
        rows.append(f"({texts}, {latest}, {offset})")
        offset += candidate.rows
    connection.execute("insert into delivered values " + ", ".join(rows))


def _scan(batch: Batch, columns: list[str], connection: "duckdb.DuckDBPyConnection") -> None:
    """A view over DuckDB's own CSV reader, told everything and left to guess nothing.

    The files are read in the order given, so a row's place among all rows, less the rows of the files before it, is its line.
    """
    _load_starts(batch, connection)
    types = "{" + ", ".join(f"'{column}': 'VARCHAR'" for column in columns) + "}"
    paths = "[" + ", ".join(quoted(str(candidate.receipt.text)) for candidate in batch.candidates) + "]"
    dialect = f"header = true, delim = {quoted(batch.candidates[0].dialect.delimiter)}, quote = '\"', escape = '\"', strict_mode = true"
    connection.execute(
        f"""create view text as
        select placed.*, file_id, source, file_name, latest_at, coalesce(starts.line, place - rows_before + 1) as line
        from (
            select *, row_number() over () as place
            from read_csv({paths}, columns = {types}, auto_detect = false, {dialect}, filename = 'text_path')
        ) as placed
        join delivered on delivered.path = placed.text_path
        left join starts using (place)"""
    )


def _load_starts(batch: Batch, connection: "duckdb.DuckDBPyConnection") -> None:
    """``starts``: a row's place in the batch → its line, for the files whose texts hold line breaks; elsewhere the place tells the line."""
    connection.execute("create table starts (place bigint, line bigint)")
    rows_before = 0
    for candidate in batch.candidates:
        if candidate.receipt.census.breaks_in_quotes:
            lines = record_lines(candidate.receipt.text)
            places = {"place": np.arange(rows_before + 1, rows_before + 1 + len(lines)), "line": lines}
            connection.register("found", pa.table(places))
            connection.execute("insert into starts select place, line from found")
            connection.unregister("found")
        rows_before += candidate.rows


def record_lines(text: Path) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Physical line (the first is 1) on which each record after the header begins, quotes counted as RFC 4180 has them."""
    content = np.frombuffer(text.read_bytes(), np.uint8)
    breaks, quotes = np.flatnonzero(content == ord("\n")), np.flatnonzero(content == ord('"'))
    ends = np.flatnonzero(np.searchsorted(quotes, breaks) % 2 == 0)
    starts = ends + 2  # the break with index n ends line n + 1
    return starts[:-1] if content[-1] == ord("\n") else starts


def _read_carefully(batch: Batch, columns: list[str], connection: "duckdb.DuckDBPyConnection") -> dict[str, int]:
    connection.execute(f"create table records (path varchar, line bigint, {', '.join(f'{column} varchar' for column in columns)})")
    connection.execute("create table refused (path varchar, line bigint, reason varchar, original varchar)")
    delivered: dict[str, int] = {}
    unreadable: dict[str, HeldError] = {}
    waiting: list[tuple[object, ...]] = []
    for candidate in batch.candidates:
        path, rows = str(candidate.receipt.text), 0
        try:
            for outcome in candidate.records():
                rows += 1
                if isinstance(outcome, careful.Refusal):
                    connection.execute("insert into refused values (?, ?, ?, ?)", (path, outcome.line, outcome.reason, outcome.original))
                    continue
                waiting.append((path, outcome.line, *outcome.fields))
                if len(waiting) >= CAREFUL_ROWS:
                    _insert(waiting, columns, connection)
        except HeldError as error:
            unreadable[candidate.file.file_id] = error
        delivered[candidate.file.file_id] = rows
    if unreadable:
        raise UnreadableError(unreadable)
    _insert(waiting, columns, connection)
    connection.execute(
        "create view text as select records.*, file_id, source, file_name, latest_at from records join delivered using (path)"
    )
    return delivered


def _insert(waiting: list[tuple[object, ...]], columns: list[str], connection: "duckdb.DuckDBPyConnection") -> None:
    """Move what waits into ``records``."""
    schema = pa.schema([("path", pa.string()), ("line", pa.int64()), *((column, pa.string()) for column in columns)])
    if waiting:
        connection.register("portion", pa.table(list(zip(*waiting, strict=True)), schema=schema))
        connection.execute("insert into records select * from portion")
        connection.unregister("portion")
        waiting.clear()
