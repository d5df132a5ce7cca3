"""The published Parquet files of a table: one, or one per month where the table grows with orders and only its last months change.

A month that is as it was is linked from the publication before. Whether it is, a fingerprint says that stands in the file itself.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.io import PARTIAL_SUFFIX, link_or_copy
from orchestration.sql import identifier, quoted, readable

if TYPE_CHECKING:
    import duckdb

MONTHLY = {"fct_orders": "ordered_date", "fct_order_lines": "ordered_date"}
"""Tables that are cut into months, each with the column that dates a row."""

CUSTOMER = "customer_id"
BYTES_OF_A_ROW = 2_000
"""Of memory, about, for a row of ``customer_360`` while it is joined. Four million at once took six minutes in 2 GB, in portions one."""
PORTIONS_AT_ONCE = 4
"""Portions that memory has room for: so far a view is read at once, for what is put together from portions is written twice."""


def write(connection: "duckdb.DuckDBPyConnection", table: str, folder: Path, earlier: Path) -> int:
    """Write a table of the current schema as ``folder/<table>.parquet`` or ``folder/<YYYY-MM>.parquet``; returns its rows.

    ``earlier``: the folder of the same table in the last publication, if there is one.
    """
    folder.mkdir(parents=True)
    months = _months(connection, table)
    if not months:
        return _copy_whole(connection, table, folder / f"{table}.parquet")
    known = _known(connection, earlier)
    for month, (_, fingerprint) in months.items():
        file = f"{month}.parquet"
        if known.get(file) == fingerprint:
            link_or_copy(str(earlier / file), str(folder / file))
        else:
            # as a span of days, so that the engine passes over what lies outside
            day, first = MONTHLY[table], f"date '{month}-01'"
            of_month = f"{day} >= {first} and {day} < {first} + interval 1 month"
            _copy(connection, f"from {identifier(table)} where {of_month}", folder / file, fingerprint)
    return sum(rows for rows, _ in months.values())


def _copy_whole(connection: "duckdb.DuckDBPyConnection", table: str, file: Path) -> int:
    """In one file. A view joins tables as it is read, and many columns of everybody are more than memory may hold: it is read some
    customers at a time, and what came of these is put together."""
    firsts = _first_customers(connection, table)
    if len(firsts) <= PORTIONS_AT_ONCE:
        return _copy(connection, f"from {identifier(table)}", file, "")
    *spans, last = [f"{CUSTOMER} >= {quoted(first)}" for first in firsts]
    spans = [f"{span} and {CUSTOMER} < {quoted(following)}" for span, following in zip(spans, firsts[1:], strict=True)]
    parts = []
    for number, span in enumerate([*spans, last, f"{CUSTOMER} is null"]):
        parts.append(file.with_name(f"{number}{PARTIAL_SUFFIX}"))
        _copy(connection, f"from {identifier(table)} where {span}", parts[-1], "")
    rows = _copy(connection, f"from read_parquet([{', '.join(map(readable, parts))}])", file, "")
    for part in parts:
        part.unlink()
    return rows


def _first_customers(connection: "duckdb.DuckDBPyConnection", table: str) -> list[str]:
    """The first customer of each portion of a view by customer, in their order; nothing for anything else."""
    by_customer = """select 1 from duckdb_columns() as columns join duckdb_views() as views
        on columns.database_name = views.database_name and columns.schema_name = views.schema_name and table_name = view_name
        where views.schema_name = current_schema() and view_name = ? and column_name = ?"""
    if not connection.execute(by_customer, [table, CUSTOMER]).fetchall():
        return []
    room = "select parse_formatted_bytes(current_setting('memory_limit'))"
    ((memory,),) = connection.execute(room).fetchall()
    rows = max(memory // BYTES_OF_A_ROW // PORTIONS_AT_ONCE, 1)
    found = connection.execute(
        f"""select distinct {CUSTOMER} from (
            select {CUSTOMER}, row_number() over (order by {CUSTOMER}) - 1 as place from {identifier(table)} where {CUSTOMER} is not null
        ) where place % {rows} = 0 order by 1"""
    )
    return [customer for (customer,) in found.fetchall()]


def _months(connection: "duckdb.DuckDBPyConnection", table: str) -> dict[str, tuple[int, str]]:
    """Month → its rows and their fingerprint, which is the same in whatever order they stand. Nothing for other tables and empty ones."""
    if table not in MONTHLY:
        return {}
    columns = connection.execute(f"select md5(string_agg(column_name || column_type, ',')) from (describe {identifier(table)})").fetchone()
    assert columns is not None
    found = connection.execute(
        f"""select strftime({MONTHLY[table]}, '%Y-%m') as month, count(*), concat_ws(' ', count(*), sum(hash(rows)), bit_xor(hash(rows)))
        from {identifier(table)} as rows group by month order by month"""
    )
    return {month: (rows, f"{columns[0]} {fingerprint}") for month, rows, fingerprint in found.fetchall()}


def _known(connection: "duckdb.DuckDBPyConnection", folder: Path) -> dict[str, str]:
    """File name → the fingerprint that stands in it."""
    if not any(folder.glob("*.parquet")):
        return {}
    found = connection.execute(
        f"""select parse_filename(file_name), decode(value) from parquet_kv_metadata({readable(folder.resolve() / "*.parquet")})
        where decode(key) = 'fingerprint'"""
    )
    return dict(found.fetchall())


def _copy(connection: "duckdb.DuckDBPyConnection", query: str, file: Path, fingerprint: str) -> int:
    metadata = f", kv_metadata {{fingerprint: {quoted(fingerprint)}}}" if fingerprint else ""
    written = connection.execute(f"copy ({query}) to {quoted(file)} (format parquet, compression zstd{metadata})").fetchone()
    return int(written[0]) if written else 0
