"""The ledger's tables, and how a ledger of an earlier version becomes one of this."""

import sqlite3

VERSION = 4

_TABLES = """
create table if not exists files (
    file_id text primary key,
    source text not null,
    file_name text not null,
    sha256 text not null,
    size_bytes integer not null,
    delivered_at text not null,
    profile text not null,
    feed text,
    delivery_key text not null,
    state text not null,
    reason text,
    batch text,
    rows_delivered integer not null default 0,
    rows_clean integer not null default 0,
    rows_quarantined integer not null default 0,
    first_event_at text,
    last_event_at text,
    replaces text,
    run_id text not null
);
create index if not exists files_by_name on files (source, file_name);
create table if not exists seen (
    path text primary key,
    size_bytes integer not null,
    modified_ns integer not null,
    file_id text not null
);
"""

_TO_2 = """
alter table files add column profile_name text not null default '';
alter table files add column profile_version integer not null default 0;
alter table files add column kind text not null default 'file';
alter table files add column reading integer not null default 0;
alter table files add column released integer not null default 0;
alter table files add column new_columns text;
create index files_by_content on files (source, sha256);
create index files_by_state on files (state);
create table deliveries (
    number integer primary key autoincrement,
    source text not null,
    file_name text not null,
    file_id text not null,
    modified_ns integer not null,
    is_taken integer not null,
    archive text,
    archive_name text,
    released integer not null default 0,
    counts integer not null default 0
);
create unique index deliveries_by_name on deliveries (source, file_name, file_id, coalesce(archive, ''));
create index deliveries_by_file on deliveries (file_id);
create index deliveries_by_archive on deliveries (source, archive_name);
create table changes (
    number integer primary key autoincrement,
    run_id text not null,
    action text not null,
    source text not null,
    file_name text not null,
    file_id text not null,
    former_file_id text,
    rows_before integer not null,
    rows_after integer not null,
    clean_before integer not null,
    clean_after integer not null,
    note text
);
create table open_landing (memory text not null);
create table columns (
    source text not null,
    feed text not null,
    name text not null,
    files integer not null,
    primary key (source, feed, name)
) without rowid;
insert into deliveries (source, file_name, file_id, modified_ns, is_taken, counts)
select source, file_name, file_id, cast(strftime('%s', delivered_at) as integer) * 1000000000, feed is not null, state = 'live'
from files order by state = 'live', delivered_at;
"""

_TO_3 = """
create table apart (
    number integer not null,
    source text not null,
    source_customer_id text not null,
    run_id text not null,
    undone_by text,
    primary key (number, source, source_customer_id)
) without rowid;
"""

_TO_4 = """
alter table files add column rows_left_out integer not null default 0;
alter table files add column left_out_by text;
"""
_STEPS = ((2, _TABLES + _TO_2), (3, _TO_3), (4, _TO_4))
"""To which version each leads."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the ledger to this version, in one transaction; a ledger of a later version raises ``sqlite3.DatabaseError``."""
    if _version(connection) == VERSION:
        return
    connection.execute("begin immediate")
    version = _version(connection)  # another process may have been quicker
    if version > VERSION:
        raise sqlite3.DatabaseError(f"it was written by a later version of Regulars (ledger version {version}, this one knows {VERSION})")
    for leads_to, statements in _STEPS:
        for statement in statements.split(";") if version < leads_to else ():
            connection.execute(statement)
    connection.execute(f"pragma user_version = {VERSION}")
    connection.execute("commit")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])
