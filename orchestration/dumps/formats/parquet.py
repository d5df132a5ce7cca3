"""Parquet → CSV text, every value as the engine writes it: decimals exact, dates ISO, nested values as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.converted import Converted
from orchestration.dumps.held import HeldError, shortened
from orchestration.sql import identifier, quoted, readable

if TYPE_CHECKING:
    import duckdb


def convert(content: Path, target: Path, dialect: Dialect, most_rows: int | None = None) -> Converted:
    """The row with number n (the first is 1) is line n + 1, as if there were a header line.

    ``most_rows``: only so many are read. Bytes that are no text, in a column that nothing reads, come out as ``(bytes)``.
    """
    import duckdb
    import numpy as np

    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            source = (
                f"read_parquet({readable(content)})" if most_rows is None else f"(from read_parquet({readable(content)}) limit {most_rows})"
            )
            columns = connection.execute(f"describe select * from {source}").fetchall()
            for name, kind, *_ in columns:
                if kind == "BLOB" and dialect.may_read(name):
                    _refuse_bytes(connection, source, name)
            selected = ", ".join(f"{_as_text(name, kind)} as {identifier(name)}" for name, kind, *_ in columns)
            connection.execute(f"copy (select {selected} from {source}) to {quoted(target)} (format csv, header, force_quote *)")
            (rows,) = connection.execute(f"select count(*) from {source}").fetchone() or (0,)
        except duckdb.Error as error:  # damage has many names, some of them no more than Error
            is_damage = "Could not read" in str(error) or not isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException)
            if not is_damage:
                raise  # the machine's fault, not the file's
            raise HeldError(
                "corrupt_parquet", f"it can't be read as Parquet ({str(error).splitlines()[0]}); have it delivered again"
            ) from None
    return Converted(lines=np.arange(2, rows + 2, dtype=np.int64))


def _refuse_bytes(connection: "duckdb.DuckDBPyConnection", source: str, column: str) -> None:
    """Raises ``HeldError`` where the column, which the profile reads, holds anything but text whose writer didn't say that it is."""
    name = identifier(column)
    found = connection.execute(f"select count(*) from {source} where {name} is not null and try(decode({name})) is null").fetchone()
    if rows := found[0] if found else 0:
        raise HeldError(
            "binary_column",
            f"its column {shortened(column)!r} holds bytes that are no UTF-8 text in {rows:,} rows; have it written as text, or take the "
            "column out of the profile",
        )


def _as_text(name: str, kind: str) -> str:
    if kind == "BLOB":
        return f"coalesce(try(decode({identifier(name)})), if({identifier(name)} is null, null, '(bytes)'))"
    is_nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
    return f"cast(to_json({identifier(name)}) as varchar)" if is_nested else f"cast({identifier(name)} as varchar)"
