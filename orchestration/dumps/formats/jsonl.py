"""JSON lines → CSV text: one object per line, its keys as columns, every number as it was written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.converted import Converted, RowWriter
from orchestration.dumps.formats.records import DECODER, REPEATED_KEY, RepeatedKeyError, columns_of, refused, rows
from orchestration.dumps.formats.text import decoded
from orchestration.dumps.held import HeldError


def convert(content: Path, target: Path, dialect: Dialect) -> Converted:
    """Columns are the keys of all objects, in the order they first appear. A line that is no object is refused.

    Where a record becomes several rows (``lines``), the row with number n (the first is 1) is line n + 1, as of a table.
    """
    found = (row for _, _, record in _records(content, dialect) if isinstance(record, dict) for row in rows(record, dialect.lines))
    columns = columns_of(found, dialect.columns_named)
    if not columns:
        raise HeldError("empty_file", "no line of it is a JSON object, expected one per row")
    with RowWriter(target) as writer:
        writer.header(columns)
        number = 1
        for line, original, record in _records(content, dialect):
            number += 1
            if isinstance(record, str):
                writer.refuse(number if dialect.lines else line, record, original)
                continue
            for place, row in enumerate(rows(record, dialect.lines)):
                number += place > 0
                writer.row(number if dialect.lines else line, [row.get(name, "") for name in columns])
        return writer.converted()


def _records(content: Path, dialect: Dialect) -> Iterator[tuple[int, str, dict[str, Any] | str]]:
    """Line number, its text, and the object on it or the reason why there is none. Blank lines are no records."""
    for line, original in _lines(content, dialect):
        if line <= dialect.skip_lines or not original.strip():
            continue
        found = record(original)
        yield line, original.rstrip("\r\n"), found
        if not original.endswith("\n") and isinstance(found, str):
            raise HeldError("cut_off", f"line {line}, the last, ends in the middle of a row; have the file delivered again")


def _lines(content: Path, dialect: Dialect) -> Iterator[tuple[int, str]]:
    number, rest = 0, ""
    for block in decoded(content, dialect.encoding):
        *whole, rest = (rest + block).split("\n")
        for line in whole:
            number += 1
            yield number, line + "\n"
    if rest:
        yield number + 1, rest


def record(original: str) -> dict[str, Any] | str:
    """The object on a line, or the reason why there is none."""
    try:
        found = DECODER.decode(original)
    except RepeatedKeyError:
        return REPEATED_KEY
    except (json.JSONDecodeError, RecursionError):
        return "not_json"
    return refused(found, original) or found
