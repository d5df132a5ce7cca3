"""What becomes of an error that nobody foresaw while one file is read: that file is held, and the others are read.

What went wrong is written to a log, without the error's own words, as they may quote the file.
"""

import sqlite3
import traceback
from pathlib import Path
from types import TracebackType

from orchestration.dumps.held import HeldError
from orchestration.errors import RegularsError


def is_of_the_machine(error: BaseException) -> bool:
    """Whether the error says nothing of the file that was read: a disk is full or fails, or a part of the home is gone."""
    import duckdb

    return isinstance(error, OSError | sqlite3.Error | RegularsError | duckdb.IOException)


def is_out_of_memory(error: BaseException) -> bool:
    import duckdb

    return isinstance(error, MemoryError | duckdb.OutOfMemoryException)


def held_for(error: BaseException, log: Path, memory_limit: str) -> HeldError:
    """Why a file is held whose reading failed so; the traceback is in ``log`` then."""
    if is_out_of_memory(error):
        return HeldError(
            "out_of_memory",
            f"reading it takes more memory than memory_limit allows ({memory_limit}); have it delivered in smaller files or with fewer "
            "columns, or raise memory_limit in regulars.yaml, then: regulars retry",
        )
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("\n".join(_told(error)) + "\n", encoding="utf-8")
    return HeldError(
        "not_read",
        f"reading it failed in a way that is a fault of Regulars ({type(error).__name__}); please report it with {log}, "
        "which holds nothing of the file",
    )


def _told(error: BaseException | None) -> list[str]:
    """Type and place of the error and of those behind it."""
    lines: list[str] = []
    told: list[BaseException] = []
    while error is not None and error not in told:
        lines += ["which came of"] if told else []
        lines += [f"{type(error).__module__}.{type(error).__name__}", *_places(error.__traceback__)]
        told.append(error)
        error = error.__cause__ or error.__context__
    return lines


def _places(places: TracebackType | None) -> list[str]:
    return [f"  {frame.filename}, line {frame.lineno}, in {frame.name}: {frame.line}" for frame in traceback.extract_tb(places)]
