"""The published Parquet files of a table: one, or one per month where the table grows with orders and only its last months change.

A month that is as it was is linked from the publication before. Whether it is, a fingerprint says that stands in the file itself.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.io import link_or_copy
from orchestration.sql import identifier, quoted, readable

if TYPE_CHECKING:
    import duckdb

MONTHLY = {"fct_orders": "ordered_date", "fct_order_lines": "ordered_date"}
"""Tables that are cut into months, each with the column that dates a row."""


def write(connection: "duckdb.DuckDBPyConnection", table: str, folder: Path, earlier: Path) -> int:
    """Write a table of the current schema as ``folder/<table>.parquet`` or ``folder/<YYYY-MM>.parquet``; returns its rows.

    ``earlier``: the folder of the same table in the last publication, if there is one.
    """
    folder.mkdir(parents=True)
    months = _months(connection, table)
    if not months:
        return _copy(connection, f"from {identifier(table)}", folder / f"{table}.parquet", "")
    known = _known(connection, earlier)
    for month, (_, fingerprint) in months.items():
        file = f"{month}.parquet"
        if known.get(file) == fingerprint:
            link_or_copy(str(earlier / file), str(folder / file))
        else:
            _copy(connection, f"from {identifier(table)} where strftime({MONTHLY[table]}, '%Y-%m') = '{month}'", folder / file, fingerprint)
    return sum(rows for rows, _ in months.values())


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
