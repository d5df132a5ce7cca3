"""What Python reads and writes between the stages: Parquet under ``lake/``, each file replaced in one rename."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.dumps.feeds import FEEDS, empty_relation
from orchestration.dumps.ledger import File, Ledger
from orchestration.errors import RegularsError
from orchestration.io import link_or_copy, write_atomically, write_parquet
from orchestration.settings import Settings
from orchestration.sql import readable

if TYPE_CHECKING:
    import duckdb
    import polars as pl

SPILL = "spill-"
"""Begins the names of folders in ``state`` that engines spill to; what is in them holds clear-text details."""
_numbers = itertools.count()


def ledger_of(settings: Settings) -> Ledger:
    return Ledger(settings.lake / "ledger.sqlite")


@contextmanager
def open_ledger(settings: Settings) -> Iterator[Ledger]:
    """The home's ledger, closed behind the block."""
    ledger = ledger_of(settings)
    try:
        yield ledger
    finally:
        ledger.close()


def last_day(settings: Settings) -> str | None:
    """The merchant's day of the last order delivered, ISO; the as-of day of a run that names none."""
    ledger = ledger_of(settings)
    try:
        found = ledger.last_event_at(("orders", "order_headers"))
    finally:
        ledger.close()
    return datetime.fromisoformat(found).replace(tzinfo=UTC).astimezone(settings.zone).date().isoformat() if found else None


def as_of_day(settings: Settings, wanted: str | None) -> str:
    """The day a run scores as of: the one asked for, else the last day with an order."""
    if wanted:
        try:
            return date.fromisoformat(wanted).isoformat()
        except ValueError:
            raise RegularsError(f"'{wanted}' is not a day.", expected="an ISO date such as 2026-10-31", do="correct --as-of") from None
    found = last_day(settings)
    if not found:
        raise RegularsError(
            "No order has been delivered yet, so there is nothing to score.",
            where=settings.inbox,
            expected="at least one order file that can be read",
            do="put dumps into inbox/<source>/, or see `regulars status` for files that are held",
        )
    return found


def files_that_count(settings: Settings, ledger: Ledger) -> list[File]:
    """The live files; for a run that looks back, those of them that were there on its day.

    A file was there if its name gives no day, or none later than ``dated_after_days`` behind the one looked back to. Of a source and feed
    without such a file all are taken, or a merchant whose only export is dated later could not look back at all.
    """
    live = ledger.files("live")
    if not settings.looks_back:
        return live
    day = date.fromisoformat(settings.looks_back_to)
    last = {source: (day + timedelta(settings.source_of(source).dated_after_days)).isoformat() for source in {file.source for file in live}}
    there = [file for file in live if file.delivery_key[:10] <= last[file.source]]
    known = {(file.source, file.feed) for file in there}
    return [*there, *(file for file in live if (file.source, file.feed) not in known)]


def write_live_files(settings: Settings) -> None:
    """``clean/files.parquet``: the delivered files whose rows count. Grain: one row per file."""
    import polars as pl

    with open_ledger(settings) as ledger:
        live = files_that_count(settings, ledger)
    rows = ("rows_delivered", "rows_clean", "rows_quarantined", "rows_left_out")
    names = ("file_id", "source", "feed", "file_name", "delivery_key", *rows)
    schema = {name: pl.Int64 if name in rows else pl.String for name in names}
    write_parquet(
        pl.DataFrame([[getattr(file, name) for name in names] for file in live], schema=schema, orient="row"), clean_path(settings, "files")
    )


def clean_path(settings: Settings, feed: str) -> Path:
    """The Parquet file, or pattern of files, of a table of the clean layer."""
    return settings.derived / "clean" / "files.parquet" if feed == "files" else settings.lake / "clean" / feed / "*.parquet"


def engine(settings: Settings) -> "duckdb.DuckDBPyConnection":
    """A DuckDB of its own, in memory, and in a folder of the home where its limit is reached (by default it would be the current one)."""
    import duckdb

    settings.state.mkdir(parents=True, exist_ok=True)
    spill = settings.state / f"{SPILL}{os.getpid()}-{next(_numbers)}"
    connection = duckdb.connect(config={**settings.engine, "temp_directory": str(spill)})
    connection.execute("set TimeZone = 'UTC'")
    return connection


def connect(settings: Settings) -> "duckdb.DuckDBPyConnection":
    """An engine of its own over the lake, with a view ``live_<feed>`` of each clean feed's rows that count.

    Columns that came with a later version than the rows are there, without values: a home may be looked at before its next run.
    """
    connection = engine(settings)
    files = readable(clean_path(settings, "files"))
    for feed in FEEDS:
        rows = readable(clean_path(settings, feed))
        connection.execute(
            f"""create view live_{feed} as select * from read_parquet({rows}) where file_id in (select file_id from read_parquet({files}))
            union all by name {empty_relation(feed)}"""
        )
    return connection


def file_measures(settings: Settings) -> "pl.DataFrame":
    """The ledger's counts beside what really stands in the lake. Grain: one row per live file."""
    found = " union all ".join(f"select file_id, count(*) as rows from live_{feed} group by file_id" for feed in FEEDS)
    # A delivered row may hold several order lines: then it is one row that was found, provided that each of its lines stands there once.
    as_lines = " union all ".join(
        f"""select file_id, count(distinct line) as rows from live_{feed} where file_id in (select file_id from many)
            group by file_id having count(*) = count(distinct (line, order_line_id))"""
        for feed, columns in FEEDS.items()
        if any(column.name == "order_line_id" for column in columns)
    )
    refused = " union all ".join(
        f"select file_id, count(*) as rows from read_parquet({readable(path)}) group by file_id"
        for path in sorted(settings.quarantine.glob("*/*.parquet"))
    )
    with connect(settings) as connection:
        return connection.sql(
            f"""with files as (select * from read_parquet({readable(clean_path(settings, "files"))})),
            counted as ({found}),
            many as (select file_id from counted join files using (file_id) where counted.rows > rows_clean),
            lines as ({as_lines}),
            found as (select file_id, coalesce(lines.rows, counted.rows) as rows from counted left join lines using (file_id))
            select files.source, files.file_name, files.file_id, rows_delivered, rows_clean, coalesce(found.rows, 0) as rows_found,
                rows_quarantined, coalesce(refused.rows, 0) as rows_in_quarantine,
                coalesce(found.rows, 0) + coalesce(refused.rows, 0) + rows_left_out as rows_accounted,
                rows_quarantined / greatest(rows_delivered, 1) as quarantined_share
            from files
            left join found on found.file_id = files.file_id
            left join ({refused or "select null::varchar as file_id, 0 as rows where false"}) as refused on refused.file_id = files.file_id
            order by files.source, files.file_name"""
        ).pl()


def remove_workings(settings: Settings) -> None:
    """Of the runs that looked back only what they published stays: what it was made of holds clear-text details and is made anew anyway.

    What killed runs spilled goes too.
    """
    for folder in settings.state.glob(f"{SPILL}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in settings.look_backs.glob("????-??-??"):
        for path in folder.iterdir():
            if path.name not in ("publications", "published", "exports"):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if not (folder / "published").is_symlink():  # it never came to its end
            shutil.rmtree(folder)


def write_history(settings: Settings) -> None:
    """``lake/history/segment_history.parquet``: the history that readers see at present, or none yet; what a run's changes are added to.

    A run that looks back takes the same one: what of it lies after its day is left out when the changes are worked out.
    """
    from transforms.schemas import SEGMENT_HISTORY

    published = settings.home / "published" / "parquet" / "segment_history" / "segment_history.parquet"
    with write_atomically(settings.derived / "history" / "segment_history.parquet") as path:
        if published.exists():
            link_or_copy(str(published.resolve()), str(path))
        else:
            SEGMENT_HISTORY.to_frame().write_parquet(path)
