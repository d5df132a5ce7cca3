"""The Parquet of the clean layer: every feed has a file, and every file all columns of its feed, whichever version wrote it."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.dumps.feeds import FEEDS, SQL_TYPES, empty_relation
from orchestration.dumps.guests import guest_id, may_be_of_guests
from orchestration.io import sync
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb

EMPTY = "empty"
"""Name of the Parquet file without rows that every feed has, so that reading a feed never fails."""

REFUSED = "refused_rows"
"""Folder of the clean layer that says which orders refused rows belong to."""

NO_REFUSED_ROWS = """select cast(null as varchar) as file_id, cast(null as bigint) as line, cast(null as varchar) as source,
    cast(null as varchar) as feed, cast(null as varchar) as order_id, cast(null as varchar) as reason where false"""

DICTIONARY_VALUES = 1_000
GUESTS_KNOWN = "guests 1"
"""In the stamp of a layer whose rows without a customer id have the id of their address, where they have one."""


def ensure_feeds(lake: Path) -> None:
    """Give every feed its Parquet file without rows, and bring files of an earlier version up to this one.

    They get the columns that came since, with their defaults, and their guests get ids.
    """
    clean, stamp = lake / "clean", lake / "clean" / ".columns"
    relations = {**{feed: empty_relation(feed) for feed in FEEDS}, REFUSED: NO_REFUSED_ROWS}
    columns = hashlib.sha256(repr([GUESTS_KNOWN, *sorted(relations.items())]).encode()).hexdigest()
    is_current = stamp.exists() and stamp.read_text() == columns
    missing = [name for name in relations if not (clean / name / f"{EMPTY}.parquet").exists()]
    if is_current and not missing:
        return
    import duckdb

    with duckdb.connect() as connection:
        for name in missing:
            copy(connection, relations[name], clean / name / f"{EMPTY}.parquet")
        if not is_current:
            for feed in FEEDS:
                _add_columns(connection, feed, clean / feed)
                if may_be_of_guests(feed):
                    _name_guests(connection, clean / feed)
    sync(clean)
    stamp.write_text(columns)


def _add_columns(connection: "duckdb.DuckDBPyConnection", feed: str, folder: Path) -> None:
    for path in sorted(folder.glob("*.parquet")):
        known = {name for (name,) in connection.execute(f"select name from parquet_schema({readable(path)})").fetchall()}
        added = [column for column in FEEDS[feed] if column.name not in known]
        if added:
            values = ", ".join(f"cast({column.default or 'null'} as {SQL_TYPES[column.kind]}) as {column.name}" for column in added)
            copy(connection, f"select *, {values} from read_parquet({readable(path)})", path)


def _name_guests(connection: "duckdb.DuckDBPyConnection", folder: Path) -> None:
    """Give the id of their address to rows that landed before there were such ids."""
    guest = guest_id("email", "phone")
    for path in sorted(folder.glob("*.parquet")):
        rows = f"read_parquet({readable(path)})"
        if connection.execute(f"select 1 from {rows} where customer_id is null and {guest} is not null limit 1").fetchall():
            copy(connection, f"select * replace (coalesce(customer_id, {guest}) as customer_id) from {rows}", path)


def copy(connection: "duckdb.DuckDBPyConnection", query: str, path: Path) -> None:
    """Write a query's rows as Parquet under a temporary name first, so that no reader meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    # Past so many distinct values a dictionary saves no room worth the time of making it.
    connection.execute(f"copy ({query}) to {quoted(str(temporary))} (format parquet, dictionary_size_limit {DICTIONARY_VALUES})")
    temporary.replace(path)
