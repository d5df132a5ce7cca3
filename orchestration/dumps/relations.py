"""The text of a batch's files as a relation of the engine: read fast where the bytes are regular, carefully where not."""

from typing import TYPE_CHECKING

from orchestration.dumps import careful
from orchestration.dumps.casts import DAYS_OF_GRACE
from orchestration.dumps.receive import HeldError
from orchestration.dumps.sql import quoted

if TYPE_CHECKING:
    import duckdb

    from orchestration.dumps.batches import Batch

CAREFUL_ROWS = 200_000
"""Records that the careful reader hands over at a time."""


class UnreadableError(Exception):
    """Some files of a batch turned out to be unreadable as a whole: file id → why."""

    def __init__(self, files: dict[str, HeldError]) -> None:
        super().__init__(", ".join(files))
        self.files = files


def load_text(batch: "Batch", connection: "duckdb.DuckDBPyConnection") -> dict[str, int]:
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


def _load_files(batch: "Batch", connection: "duckdb.DuckDBPyConnection") -> None:
    connection.execute(
        "create table delivered (path varchar, file_id varchar, source varchar, file_name varchar, latest_at timestamp, rows_before bigint)"
    )
    rows, offset = [], 0
    for candidate in batch.candidates:
        file, date = candidate.file, candidate.mapping.business_date(candidate.arrival.path.name)
        latest = f"timestamp '{date}' + interval {DAYS_OF_GRACE + 1} day" if date else "timestamp '2100-01-01'"
        texts = ", ".join(map(quoted, (str(candidate.receipt.text), file.file_id, file.source, file.file_name)))
        rows.append(f"({texts}, {latest}, {offset})")
        offset += candidate.rows
    connection.execute("insert into delivered values " + ", ".join(rows))


def _scan(batch: "Batch", columns: list[str], connection: "duckdb.DuckDBPyConnection") -> None:
    """A view over DuckDB's own CSV reader, told everything and left to guess nothing.

    The files are read in the order given, so a row's place among all rows, less the rows of the files before it, is its line.
    """
    types = "{" + ", ".join(f"'{column}': 'VARCHAR'" for column in columns) + "}"
    paths = "[" + ", ".join(quoted(str(candidate.receipt.text)) for candidate in batch.candidates) + "]"
    dialect = f"header = true, delim = {quoted(batch.candidates[0].mapping.delimiter)}, quote = '\"', escape = '\"', strict_mode = true"
    connection.execute(
        f"""create view text as
        select placed.*, file_id, source, file_name, latest_at, place - rows_before + 1 as line
        from (
            select *, row_number() over () as place
            from read_csv({paths}, columns = {types}, auto_detect = false, {dialect}, filename = 'text_path')
        ) as placed
        join delivered on delivered.path = placed.text_path"""
    )


def _read_carefully(batch: "Batch", columns: list[str], connection: "duckdb.DuckDBPyConnection") -> dict[str, int]:
    connection.execute(f"create table records (path varchar, line bigint, {', '.join(f'{column} varchar' for column in columns)})")
    connection.execute("create table refused (path varchar, line bigint, reason varchar, original varchar)")
    delivered: dict[str, int] = {}
    unreadable: dict[str, HeldError] = {}
    waiting: list[tuple[object, ...]] = []
    for candidate in batch.candidates:
        path, rows = str(candidate.receipt.text), 0
        try:
            for outcome in careful.read(candidate.receipt.text, candidate.mapping.delimiter, len(columns)):
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
    import pyarrow as pa

    schema = pa.schema([("path", pa.string()), ("line", pa.int64()), *((column, pa.string()) for column in columns)])
    if waiting:
        connection.register("portion", pa.table(list(zip(*waiting, strict=True)), schema=schema))
        connection.execute("insert into records select * from portion")
        connection.unregister("portion")
        waiting.clear()
