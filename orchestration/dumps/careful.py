"""The careful reader: for files whose bytes are not regular enough to leave to a fast parser.

Slower, record by record, and exact about where a record begins: what can't be split into the header's columns comes
out as a ``Refusal`` with its physical line and its original text.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.dumps.receive import HeldError

csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Record:
    line: int
    fields: list[str]


@dataclass(frozen=True)
class Refusal:
    line: int
    reason: str
    original: str


def read(text: Path, delimiter: str, columns: int) -> Iterator[Record | Refusal]:
    """Every record after the header, in order. Blank lines are not records.

    Raises ``HeldError`` for text that isn't UTF-8 and for a file that was cut off within its last record.
    """
    lines = _physical_lines(text)
    if not lines:
        return
    is_complete = lines[-1].endswith(("\n", "\r"))
    position = _record_end(lines, 0) or 1  # behind the header
    while position < len(lines):
        end = _record_end(lines, position)
        outcome = _split("".join(lines[position:end]), position + 1, delimiter, columns) if end else None
        if outcome is None or (end - position > 1 and not _is_one_row(outcome, lines[position:end], delimiter, columns)):
            # Its quotes pair up with another record's, or with none: take this line by itself, so that the next keeps its own.
            end = position + 1
            outcome = _split(lines[position], position + 1, delimiter, columns)
        if lines[position].strip():
            if end == len(lines) and not is_complete and isinstance(outcome, Refusal) and outcome.reason != "too_many_columns":
                raise HeldError("cut_off", f"line {position + 1}, the last, ends in the middle of a row; have the file delivered again")
            yield outcome
        position = end


def _physical_lines(text: Path) -> list[str]:
    content = text.read_bytes()
    try:
        return content.decode("utf-8-sig").splitlines(keepends=True) if b"\n" not in content else _split_lines(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise HeldError(
            "not_utf8", f"line {line} is not UTF-8 text (byte 0x{content[error.start]:02x}); have it exported as UTF-8"
        ) from None


def _split_lines(content: str) -> list[str]:
    """Lines by line feed alone: str.splitlines would also break at form feeds and Unicode separators inside texts."""
    parts = content.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return lines + ([parts[-1]] if parts[-1] else [])


def _record_end(lines: list[str], start: int) -> int:
    """Index behind the record that starts there: the first line at which its quotes are balanced; 0 if they never are."""
    quotes = 0
    for position in range(start, len(lines)):
        quotes += lines[position].count('"')
        if quotes % 2 == 0:
            return position + 1
    return 0


def _is_one_row(outcome: Record | Refusal, lines: list[str], delimiter: str, columns: int) -> bool:
    """Whether several lines are one row, rather than rows of which two have a stray quote: then some line is whole by itself."""
    if isinstance(outcome, Record):
        return True
    has_clear_quotes = outcome.reason in ("too_few_columns", "too_many_columns")
    return has_clear_quotes and not any(isinstance(_split(line, 0, delimiter, columns), Record) for line in lines)


def _split(original: str, line: int, delimiter: str, columns: int) -> Record | Refusal:
    if "\0" in original:
        return Refusal(line, "nul_byte", original)
    try:
        rows = list(csv.reader([original], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Refusal(line, "unterminated_quote" if "unexpected end" in str(error) else "broken_quotes", original)
    if len(rows) != 1:
        return Refusal(line, "broken_quotes", original)
    fields = rows[0]
    if len(fields) != columns:
        return Refusal(line, "too_few_columns" if len(fields) < columns else "too_many_columns", original)
    return Record(line, fields)
