"""Tables too large to hold: DuckDB keeps them within its limit, spilling to disk, and hands them out in portions that Python can hold."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import polars as pl

ROWS_AT_A_TIME = 250_000
"""As frames and what is made of them these are some 200 MB."""
SLOTS = 65_536


def slot(*columns: str) -> str:
    """The SQL of a number below ``SLOTS``, the same for rows that have the same there."""
    return f"(hash({', '.join(columns)}) % {SLOTS})::int32"


def handed_out(connection: "duckdb.DuckDBPyConnection", table: str) -> Iterator["pl.DataFrame"]:
    """The rows of a table with a column ``slot``, all rows of a slot in one portion; at least one portion. The table is gone then.

    It should stand in the order of that column, so that each portion is read from a part of the table.
    """
    ((rows,),) = connection.execute(f"select count(*) from {table}").fetchall()
    portions = rows // ROWS_AT_A_TIME + 1
    for number in range(portions):
        first, end = number * SLOTS // portions, (number + 1) * SLOTS // portions
        yield connection.sql(f"select * exclude (slot) from {table} where slot >= {first} and slot < {end}").pl()
    connection.execute(f"drop table {table}")
