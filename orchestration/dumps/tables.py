"""Whether a file holds another table behind the rows of the first: other names, and rows under them.

Looked for where rows could not be read. It is named to a person; nothing is read by it.
"""

import csv
import heapq
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestration.dumps import careful
from orchestration.dumps.candidates import Candidate
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.headings import told
from orchestration.dumps.held import HeldError, listed

MOST_NAME = 60
"""Characters of a name. What is longer is a text."""
AHEAD = 4
"""Lines from a header on in which its first rows are looked for."""
LONGEST_PATTERN = 40

_VALUE = re.compile(r"[-+]?[\d.,:/ -]+|\S+@\S+|[^\d]?\d[\d.,]*[^\d]?")
"""What is no name: a number, a date, an e-mail, an amount with a currency."""

Line = tuple[int, str, Dialect]
"""A line's number in the delivered file, its text, and how that is written."""


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
    dialects = (candidate.dialect, candidate.mapping)
    may_have_one = any(_are_names(_values(original, dialect)) for original in originals for dialect in dialects)
    found = another(_delivered(candidate), candidate.header) if may_have_one else None
    if found:
        written = candidate.receipt.converted.is_renumbered
        delimiter = "," if candidate.mapping.format_of(candidate.arrival.base_name) == "xlsx" else candidate.mapping.delimiter
        key = ends_before(found, delimiter if written else None)
        raise HeldError(
            "several_tables",
            f"another table begins on line {found.line:,}: {listed(found.names)}. To read the rows above it, set {told(key)} "
            f"for this feed; to read it instead, set {told({'skip_lines': found.line - 1})}. Released, its rows go to quarantine",
        )


def _delivered(candidate: Candidate) -> Iterator[Line]:
    """The file's lines. Of a converted text: its rows, what could not become a row, and blank lines in place of missing ones."""
    converted = candidate.receipt.converted
    with candidate.receipt.text.open(encoding="utf-8-sig", errors="replace", newline="\n") as text:
        if converted.lines is None:
            yield from ((number, line, candidate.dialect) for number, line in enumerate(text, 1 + converted.skipped))
            return
        rows = csv.reader(text)
        next(rows, None)
        read = ((int(line), _quoted(row), candidate.dialect) for line, row in zip(converted.lines, rows, strict=False))
        kind = candidate.mapping.format_of(candidate.arrival.base_name)
        written = candidate.mapping if kind == "csv" else candidate.dialect
        refused = sorted((refusal.line, refusal.original) for refusal in converted.refusals)
        before = 0
        for number, line, dialect in heapq.merge(read, ((number, line, written) for number, line in refused), key=lambda line: line[0]):
            if before and number > before + 1:
                yield number - 1, "", dialect
            yield number, line, dialect
            before = number


def _quoted(row: list[str]) -> str:
    return ",".join('"' + value.replace('"', '""').replace("\n", " ") + '"' for value in row)


def ends_before(table: Table, delimiter: str | None = None) -> dict[str, object]:
    """The key that ends the rows before the table: by the line as it stands, or by its first names, with that delimiter between."""
    if delimiter is None:
        return {"ends_before": f"^{_literal(table.opening.strip()[:LONGEST_PATTERN])}"}
    between = f'"?{_literal(delimiter)}"?'
    return {"ends_before": f'^"?{between.join(map(_literal, table.names[:3]))}'}


def _literal(text: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def another(lines: Iterable[Line], header: Iterable[str]) -> Table | None:
    """The first table behind the one that a text begins with."""
    first = tuple(name.strip() for name in header)
    for is_apart, following in _places(lines):
        number, opening, dialect = following[0]
        names = _fields(opening, dialect)
        if names == first or not _are_names(names):
            continue
        rows = [row for row in (_fields(text, written) for _, text, written in following[1:]) if row]
        alike = [row for row in rows if 1 < len(row) <= len(names) and any(map(_VALUE.fullmatch, row))]
        if alike and (is_apart or (len(names) != len(first) and len(alike) > 1)) and len(rows[0]) == len(names):
            return Table(number, opening, names, is_apart)
    return None


def _values(original: str, dialect: Dialect) -> tuple[str, ...]:
    """The values of a refused row. Where it could be split into columns, it is kept as JSON by their names."""
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


def _places(lines: Iterable[Line]) -> Iterator[tuple[bool, list[Line]]]:
    """Where a header may stand: whether what stands before it is blank, and the line with some behind it.

    Those are lines behind blank ones, or behind ones of nothing but delimiters, and lines without a figure; none within quotes.
    """
    is_within = was_blank = False
    for number, ahead in enumerate(_windows(lines)):
        _, line, dialect = ahead[0]
        is_blank = not line.strip(f' \t\r\n"{dialect.delimiter}')
        if number and not (is_blank or is_within) and (was_blank or not any(map(str.isdigit, line))):
            yield was_blank, ahead
        if careful.quotes_in(line, dialect) % 2:
            is_within = not is_within
        was_blank = is_blank and not is_within


def _windows(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Every line with those behind it, so many that a header and its first rows are among them."""
    ahead: deque[Line] = deque()
    for line in lines:
        ahead.append(line)
        if len(ahead) == AHEAD:
            yield list(ahead)
            ahead.popleft()
    while ahead:
        yield list(ahead)
        ahead.popleft()
