"""The text of a batch's files as a relation of the engine: read fast where the bytes are regular, carefully where not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.dumps import careful
from orchestration.dumps.casts import DAYS_OF_GRACE
from orchestration.dumps.sql import quoted

if TYPE_CHECKING:
    import duckdb

    from orchestration.dumps.batches import Batch, Candidate

CAREFUL_ROWS = 200_000
"""Records that the careful reader hands over at a time."""


def load_text(batch: "Batch", connection: "duckdb.DuckDBPyConnection") -> int:
    """Make the relation ``text``: ``t0``, ``t1``, … as delivered, ``line``, and the file each row is from with its latest possible date.

    An irregular batch has one file; the records of it that can't be split stand in ``refused``. Returns the rows it
    delivered by the careful reader's count, 0 for a regular batch.
    """
    _load_files(batch, connection)
    columns = [f"t{number}" for number in range(len(batch.candidates[0].header))]
    if batch.is_regular:
        _scan(batch, columns, connection)
        return 0
    return _read_carefully(batch.candidates[0], columns, connection)


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


def _read_carefully(candidate: "Candidate", columns: list[str], connection: "duckdb.DuckDBPyConnection") -> int:
    import pyarrow as pa

    rows = 0
    refused: list[careful.Refusal] = []
    schema = pa.schema([("line", pa.int64()), *((column, pa.string()) for column in columns)])
    connection.execute(f"create table records (line bigint, {', '.join(f'{column} varchar' for column in columns)})")
    for portion in _portions(candidate, refused):
        table = pa.table([[record.line for record in portion], *zip(*(record.fields for record in portion), strict=True)], schema=schema)
        connection.register("portion", table)
        connection.execute("insert into records select * from portion")
        connection.unregister("portion")
        rows += len(portion)
    connection.execute("create view text as select records.*, file_id, source, file_name, latest_at from records cross join delivered")
    connection.execute("create table refused (line bigint, reason varchar, original varchar)")
    if refused:
        connection.executemany("insert into refused values (?, ?, ?)", [(found.line, found.reason, found.original) for found in refused])
    return rows + len(refused)


def _portions(candidate: "Candidate", refused: list[careful.Refusal]) -> Iterator[list[careful.Record]]:
    """The file's records, some at a time; refusals are put aside on the way."""
    portion: list[careful.Record] = []
    for outcome in careful.read(candidate.receipt.text, candidate.mapping.delimiter, len(candidate.header)):
        if isinstance(outcome, careful.Refusal):
            refused.append(outcome)
            continue
        portion.append(outcome)
        if len(portion) >= CAREFUL_ROWS:
            yield portion
            portion = []
    if portion:
        yield portion
