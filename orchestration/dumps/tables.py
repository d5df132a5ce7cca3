"""Whether a file holds another table behind the rows of the first: other names, and rows under them.

Looked for where rows could not be read. It is named to a person; nothing is read by it.
"""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.dumps import careful
from orchestration.dumps.candidates import Candidate
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.headings import told
from orchestration.dumps.held import HeldError, listed

BLOCK = 1 << 22
MOST_NAME = 60
"""Characters of a name. What is longer is a text."""
AHEAD = 4
"""Lines behind a header in which its first rows are looked for."""
LONGEST_PATTERN = 40

_VALUE = re.compile(r"[-+]?[\d.,:/ -]+|\S+@\S+|[^\d]?\d[\d.,]*[^\d]?")
"""What is no name: a number, a date, an e-mail, an amount with a currency."""


@dataclass(frozen=True)
class Table:
    """``line``: of its header. ``opening``: the text of that line. ``is_apart``: whether a blank line stands before it."""

    line: int
    opening: str
    names: tuple[str, ...]
    is_apart: bool


def refuse_another(candidate: Candidate, originals: list[str]) -> None:
    """Raises ``HeldError`` that names the key for a file with a second table. ``originals``: its refused rows, as quarantine has them.

    Names are no values of a row, so that the header of a second table is among these.
    """
    may_have_one = any(_are_names(_values(original, candidate.dialect)) for original in originals)
    found = another(candidate.receipt.text, candidate.dialect, candidate.header) if may_have_one else None
    if found:
        lines, skipped = candidate.receipt.converted.lines, candidate.receipt.converted.skipped
        line = found.line + skipped if lines is None else _line_of_record(candidate, found)
        raise HeldError(
            "several_tables",
            f"another table begins on line {line:,}: {listed(found.names)}. To read the rows above it, set {told(ends_before(found))} for "
            f"this feed; to read it instead, set {told({'skip_lines': line - 1})}. Released, its rows go to quarantine",
        )


def _line_of_record(candidate: Candidate, table: Table) -> int:
    """The delivered line of a record in a text that was written anew; a break within a value is rare enough there to pass over."""
    lines = candidate.receipt.converted.lines
    return int(lines[min(max(table.line - 2, 0), len(lines) - 1)]) if lines is not None and len(lines) else table.line


def ends_before(table: Table) -> dict[str, object]:
    """The key that ends the rows before the table."""
    opening = table.opening.strip()[:LONGEST_PATTERN]
    return {"ends_before": "^" + re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", opening)}


def another(text: Path, dialect: Dialect, header: tuple[str, ...]) -> Table | None:
    """The first table behind the one that the text begins with."""
    first = tuple(name.strip() for name in header)
    for line, is_apart, following in _places(text, dialect):
        names = _fields(following[0], dialect)
        if names == first or not _are_names(names):
            continue
        rows = [fields for fields in (_fields(each, dialect) for each in following[1:]) if fields]
        alike = [row for row in rows if len(row) <= len(names) and len(row) > 1 and any(map(_VALUE.fullmatch, row))]
        if alike and (is_apart or (len(names) != len(first) and len(alike) > 1)) and len(rows[0]) == len(names):
            return Table(line, following[0], names, is_apart)
    return None


def _values(original: str, dialect: Dialect) -> tuple[str, ...]:
    """Of a refused row, what stands in its columns; it is kept by their names where they can be told apart."""
    try:
        by_name = json.loads(original) if original.startswith("{") else None
    except json.JSONDecodeError:
        by_name = None
    if not isinstance(by_name, dict):
        return _fields(original, dialect)
    return _filled([str(value or "").strip() for value in by_name.values()])


def _fields(line: str, dialect: Dialect) -> tuple[str, ...]:
    """The line's fields, without the empty ones at its end: a spreadsheet fills rows up to the widest. None where it can't be split."""
    try:
        return _filled([field.strip() for field in next(iter(careful.rows_of(line, dialect)), [])])
    except csv.Error:
        return ()


def _filled(fields: list[str]) -> tuple[str, ...]:
    while fields and not fields[-1]:
        fields.pop()
    return tuple(fields)


def _are_names(fields: tuple[str, ...]) -> bool:
    is_short = all(0 < len(field) <= MOST_NAME for field in fields)
    return len(fields) > 1 and is_short and len(set(fields)) == len(fields) and not any(map(_VALUE.fullmatch, fields))


def _places(text: Path, dialect: Dialect) -> Iterator[tuple[int, bool, list[str]]]:
    """Where a header may stand: number of the line, whether what stands before it is blank, and the line with some behind it.

    Those are lines behind blank ones, or behind ones of nothing but delimiters, and lines without a figure; none within quotes.
    """
    blank = re.compile(rf"[\s\"{re.escape(dialect.delimiter)}]*")
    number, is_within, was_blank = 0, False, False
    with text.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines:
        while block := lines.readlines(BLOCK):
            # The last lines of a block are seen together with what follows them.
            block += [line for line, _ in zip(lines, range(AHEAD), strict=False)]
            for place, line in enumerate(block):
                number += 1
                is_blank = blank.fullmatch(line) is not None
                if number > 1 and not (is_blank or is_within) and (was_blank or not any(map(str.isdigit, line))):
                    yield number, was_blank, block[place : place + AHEAD]
                if careful.quotes_in(line, dialect) % 2:
                    is_within = not is_within
                was_blank = is_blank and not is_within
