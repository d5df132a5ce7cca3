"""The text of a batch's files as a relation of the engine: read fast where the bytes are regular, carefully where not."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from orchestration.dumps.candidates import Batch, Candidate
from orchestration.dumps.careful import Record, Refusal
from orchestration.dumps.receive import CHUNK, HeldError, UnreadableError
from orchestration.dumps.steps import stepwise
from orchestration.dumps.stretches import Stretch
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb

CAREFUL_BYTES = 16 << 20
"""Text that the careful reader hands over at a time; as Python's texts it takes ten times as much."""
ROW_BYTES = 32
"""What a row counts for beside its text, so that a part of many short rows is bounded too."""
CHECKED = 64
"""Names of a header that are compared again: they tell it from any row, and the engine need not read the other columns for it."""


def load_stretches(stretches: Sequence[Stretch], text: Path, records: "Records", connection: "duckdb.DuckDBPyConnection") -> None:
    """Make the relation ``text`` of stretches, gathered in the file ``text``, and of records between them; and ``refused``.

    Columns ``t0``, ``t1``, … as delivered, ``file_id``, ``line``, and ``latest_at``: the latest possible date of a row of that file.
    A view over DuckDB's own CSV reader, told everything and left to guess nothing. A row's place among all rows says which file and line
    it is from. Each file's header has to stand at its own place: were a row lost or made before it, the view would fail.
    """
    first = stretches[0].candidate
    columns = [f"t{number}" for number in range(len(first.header))]
    types = "{" + ", ".join(f"'{column}': 'VARCHAR'" for column in columns) + "}"
    dialect = f"header = false, delim = {quoted(first.dialect.delimiter)}, quote = '\"', escape = '\"', strict_mode = true"
    has_breaks_in_texts = any(stretch.lines > stretch.records for stretch in stretches)
    is_header = " and ".join(f"{column} = {quoted(name)}" for column, name in zip(columns[:CHECKED], first.header[:CHECKED], strict=True))
    _load_delivered(stretches, connection, in_lines=has_breaks_in_texts)
    if has_breaks_in_texts:
        lines = np.concatenate(list(record_lines(text)))
        connection.register("starts", {"place": np.arange(len(lines)), "line": lines})
        connection.execute("alter table delivered add column lines bigint[]")
        connection.execute("update delivered set lines = (select list(line order by place) from starts)")
    between = _register(records, len(columns), connection)
    connection.execute(
        f"""create temp view text as
        select {", ".join(columns)}, file_ids[number] as file_id, latest[number] as latest_at, line
        from (
            select *, {"lines[place]" if has_breaks_in_texts else "place"} + shifts[number] as line
            from (
                select *, {_number("place", stretches)} as number
                from (
                    select *, row_number() over () as place
                    from read_csv({readable(text)}, columns = {types}, auto_detect = false, {dialect})
                )
            ), delivered
        )
        where case when line > 1 then true when {is_header} then false else error('a row stands where the header has to') end
        {f"union all by name {between}" if records.read else ""}"""
    )


def _number(place: str, stretches: Sequence[Stretch]) -> str:
    """SQL: which stretch the row of that place is from, counted from 1."""
    firsts = accumulate((stretch.records for stretch in stretches), initial=1)
    return stepwise(place, [(str(first), str(number)) for number, first in zip(range(1, len(stretches) + 1), firsts, strict=False)])


def _load_delivered(stretches: Sequence[Stretch], connection: "duckdb.DuckDBPyConnection", in_lines: bool) -> None:
    """``delivered``: one row of lists with an element per stretch; to look one up costs a row less than any join.

    ``shifts``: what makes the line in the delivered text of a place in the gathered one, or of a line of it.
    """
    lengths = (stretch.lines if in_lines else stretch.records for stretch in stretches)
    shifts = [stretch.lines_before - before for stretch, before in zip(stretches, accumulate(lengths, initial=0), strict=False)]
    ids = ", ".join(quoted(stretch.candidate.file.file_id) for stretch in stretches)
    latest = ", ".join(latest_at(stretch.candidate) for stretch in stretches)
    connection.execute(f"create temp table delivered as select [{ids}] as file_ids, {shifts} as shifts, [{latest}] as latest")


def latest_at(candidate: Candidate) -> str:
    """SQL of the moment that every row of the file has to be dated before."""
    last_day = candidate.dated.bound
    return f"(timestamp '{last_day}' + interval 1 day)" if last_day else "timestamp '2100-01-01'"


def record_lines(text: Path) -> Iterator["np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """Physical line (the first is 1) on which each record of a text begins, quotes counted as RFC 4180 has them; chunk by chunk."""
    line, is_within = 1, False
    size = text.stat().st_size
    yield np.array([line])  # the others begin behind a break outside of quotes
    with text.open("rb") as content:
        while chunk := content.read(CHUNK):
            symbols = np.frombuffer(chunk, np.uint8)
            within = np.bitwise_xor.accumulate(symbols == ord('"')) ^ is_within
            breaks = np.flatnonzero(symbols == ord("\n"))
            starts = np.flatnonzero(~within[breaks]) + line + 1  # the break with index n ends line n
            yield starts[:-1] if content.tell() == size and chunk.endswith(b"\n") else starts  # nothing begins behind the last break
            line, is_within = line + len(breaks), bool(within[-1])


@dataclass
class Records:
    """What the careful reader made of a part of a batch: records under the header's columns, and what it could not split."""

    read: list[tuple[object, ...]] = field(default_factory=list)
    refused: list[tuple[object, ...]] = field(default_factory=list)
    latest_at: dict[str, str] = field(default_factory=dict)
    delivered: Counter[str] = field(default_factory=Counter)
    """File id → rows, by the reader's own count."""
    size: int = 0

    @classmethod
    def of(cls, outcomes: Iterable[tuple[Candidate, Record | Refusal]]) -> "Records":
        records = cls()
        for candidate, outcome in outcomes:
            records.add(candidate, outcome)
        return records

    def add(self, candidate: Candidate, outcome: Record | Refusal) -> None:
        file_id = candidate.file.file_id
        self.delivered[file_id] += 1
        self.latest_at[file_id] = latest_at(candidate)
        if isinstance(outcome, Refusal):
            order_id = candidate.order_named_in(outcome.original) if outcome.reason != "footer" else None  # totals belong to no order
            self.refused.append((file_id, outcome.line, outcome.reason, order_id, outcome.original))
            self.size += len(outcome.original) + ROW_BYTES
        else:
            self.read.append((file_id, outcome.line, *(value or None for value in outcome.fields)))  # as the engine reads nothing
            self.size += sum(map(len, outcome.fields)) + ROW_BYTES


def read_carefully(batch: Batch) -> Iterator[Records]:
    """Parts of about ``CAREFUL_BYTES`` of an irregular batch's text, at least one. Raises ``UnreadableError`` at the end."""
    unreadable: dict[str, HeldError] = {}
    records = Records()
    for candidate in batch.candidates:
        file_id = candidate.file.file_id
        try:
            for outcome in candidate.records():
                records.add(candidate, outcome)
                if records.size >= CAREFUL_BYTES and not batch.needs_whole_files:
                    yield records
                    records = Records()
        except HeldError as error:
            unreadable[file_id] = error
    if unreadable:
        raise UnreadableError(unreadable)
    yield records


def load_records(records: Records, columns: int, connection: "duckdb.DuckDBPyConnection") -> None:
    """Make the relation ``text`` of records, like ``load_stretches``, and ``refused``: what could not be split."""
    connection.execute(f"create temp view text as {_register(records, columns, connection)}")


def _register(records: Records, columns: int, connection: "duckdb.DuckDBPyConnection") -> str:
    """Make the relations ``records`` and ``refused``. Returns SQL of the rows of the former, as ``text`` has them."""
    texts = [("file_id", pa.string()), ("line", pa.int64()), *((f"t{number}", pa.string()) for number in range(columns))]
    refused = [("file_id", pa.string()), ("line", pa.int64()), *((name, pa.string()) for name in ("reason", "order_id", "original"))]
    connection.register("records", _table(records.read, pa.schema(texts)))
    connection.register("refused", _table(records.refused, pa.schema(refused)))
    latest = " ".join(f"when {quoted(file_id)} then {moment}" for file_id, moment in records.latest_at.items())
    return f"select *, case file_id {latest or 'when null then null'} end as latest_at from records"


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    return pa.table(list(zip(*rows, strict=True)), schema=schema) if rows else schema.empty_table()
