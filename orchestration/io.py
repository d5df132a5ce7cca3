"""Files that are there whole or not at all: temporary file, fsync, rename, fsync of the folder.

Everything Python leaves on disk for another stage or a reader goes through here. Nothing here knows what is in a file.
"""

import ctypes
import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import RegularsError

if TYPE_CHECKING:
    import polars as pl

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

PARTIAL_SUFFIX = ".partial"
"""Ends the name of a file still being written, so that no ``*.parquet`` pattern can pick it up."""

ROWS_PER_GROUP = 122_880
"""Rows per Parquet row group: those of one in DuckDB, which writes a table twice where others come in. Fixed, because a size chosen by the
engine depends on the machine's cores."""


@contextmanager
def disk_errors_told(home: Path) -> Iterator[None]:
    """A full or failing disk within the block ends in a sentence: ``RegularsError``."""
    try:
        yield
    except Exception as error:  # the engine's and SQLite's own errors say so only in their text
        text = str(error)
        is_full = getattr(error, "errno", None) in _FULL or any(words in text for words in ("No space left", "disk is full", "too large"))
        is_broken = getattr(error, "errno", None) == errno.EIO or any(words in text for words in ("Input/output error", "disk I/O error"))
        if not (is_full or is_broken):
            raise
        raise RegularsError(
            "The disk is full." if is_full else "The disk fails to write or read.",
            where=home,
            expected="what was there before is as it was",
            do="make room and run again" if is_full else "see to the disk, then run again",
        ) from error


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yields a path in the same folder to write to; when the block ends well, that file is ``path``, durably.

    Missing folders are made. When the block or a write fails, the file is removed, ``path`` is as it was, and the error goes on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL_SUFFIX}")
    try:
        yield partial
        fsync(partial)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    fsync(path.parent)


def sync(*folders: Path) -> None:
    """Waits until everything written to the folders' file systems has reached the disk; one call each for any number of files.

    Raises ``OSError`` where some of it did not: ``os.sync`` would say nothing. Folders that aren't there are none to wait for.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # not Linux
        os.sync()
        return
    for folder in {folder.stat().st_dev: folder for folder in folders if folder.exists()}.values():
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if syncfs(descriptor) != 0:
                raise OSError(code := ctypes.get_errno(), os.strerror(code), str(folder))
        finally:
            os.close(descriptor)


def fsync(path: Path) -> None:
    """Waits until the content of a file, or the names in a folder, have reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_tree(folder: Path) -> None:
    """``fsync`` of every file and folder below ``folder`` and of itself; links are not followed."""
    for here, _, names in os.walk(folder, topdown=False):
        for name in names:
            file = Path(here, name)
            if not file.is_symlink():
                fsync(file)
        fsync(Path(here))


def link_or_copy(source: str, target: str) -> str:
    """``target`` as another name of the file, or, where the file system has no hard links, a durable copy. Returns ``target``."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
        fsync(Path(target))
    return target


def remove_partials(folder: Path) -> int:
    """Removes what killed writers left below ``folder``; returns how many. Only while no other process writes there."""
    partials = sorted(folder.rglob(f"*{PARTIAL_SUFFIX}"))
    for partial in partials:
        partial.unlink(missing_ok=True)
    return len(partials)


def write_parquet(frame: "pl.DataFrame | pl.LazyFrame", path: Path) -> None:
    """Streams a frame into one Parquet file (zstd). The same rows in the same order give the same bytes."""
    with write_atomically(path) as partial:
        frame.lazy().sink_parquet(partial, compression="zstd", row_group_size=ROWS_PER_GROUP, maintain_order=True)


def portions(frame: "pl.LazyFrame") -> "Iterator[pl.LazyFrame]":
    """A frame some rows at a time, in their order; at least one portion.

    A sink of the streaming engine holds what it hasn't written, and it reads faster than anything is written: of a table with a row per
    customer that is half a kilobyte for each customer there is.
    """
    import polars as pl

    rows = int(frame.select(pl.len()).collect(engine="streaming").item())
    for start in range(0, max(rows, 1), ROWS_PER_GROUP):
        yield frame.slice(start, ROWS_PER_GROUP)


def write_parquet_portions(frames: "Iterable[pl.LazyFrame]", path: Path) -> None:
    """Frames of one schema, at least one, as one Parquet file (zstd); in memory there is one of them at a time.

    Every row group but the last is whole, wherever a frame ends.
    """
    import pyarrow
    from pyarrow import parquet

    with write_atomically(path) as partial, ExitStack() as closing:
        writer: Any = None
        waiting: Any = None
        for frame in frames:
            rows = frame.collect(engine="streaming").to_arrow()
            writer = writer or closing.enter_context(parquet.ParquetWriter(partial, rows.schema, compression="zstd"))
            rows = rows if waiting is None else pyarrow.concat_tables([waiting, rows])
            last = max(len(rows) - 1, 0) // ROWS_PER_GROUP * ROWS_PER_GROUP
            if last:
                writer.write_table(rows.slice(0, last), row_group_size=ROWS_PER_GROUP)
            waiting = rows.slice(last)
        writer.write_table(waiting)


def write_text(text: str, path: Path) -> None:
    """Writes UTF-8 text, line ends as given."""
    with write_atomically(path) as partial:
        partial.write_bytes(text.encode())


def write_json(content: Any, path: Path) -> None:
    """Writes readable JSON: two spaces, any script as itself, keys in the order given, dates and money as text."""
    write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", path)
