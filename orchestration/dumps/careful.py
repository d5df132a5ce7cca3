"""The careful reader: for files whose bytes are not regular enough to leave to a fast parser.

Slower, record by record, and exact about where a record begins: what can't be split into the header's columns comes
out as a ``Refusal`` with its physical line and its original text.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.held import HeldError

csv.field_size_limit(sys.maxsize)

_ESCAPED = re.compile(r"\\.", re.DOTALL)


@dataclass(frozen=True)
class Record:
    line: int
    fields: list[str]


@dataclass(frozen=True)
class Refusal:
    line: int
    reason: str
    original: str


def read(text: Path, dialect: Dialect, columns: int) -> Iterator[Record | Refusal]:
    """Every record after the header, in order. Blank lines are not records.

    Raises ``HeldError`` for text that isn't UTF-8 and for a file that was cut off within its last record.
    """
    lines = _physical_lines(text)
    if not lines:
        return
    is_complete = lines[-1].endswith(("\n", "\r"))
    position = _record_end(lines, 0, dialect) or 1  # behind the header
    while position < len(lines):
        end = _record_end(lines, position, dialect)
        outcome = _split("".join(lines[position:end]), position + 1, dialect, columns) if end else None
        if (isinstance(outcome, Refusal) and end - position > 1) or outcome is None:
            # Its quotes pair up with another record's, or with none: take this line by itself, so that the next keeps its own.
            end = position + 1
            outcome = _split(lines[position], position + 1, dialect, columns)
        if lines[position].strip():
            if end == len(lines) and not is_complete and isinstance(outcome, Refusal) and outcome.reason != "too_many_columns":
                raise HeldError("cut_off", f"line {position + 1}, the last, ends in the middle of a row; have the file delivered again")
            yield outcome
        position = end


def first_record(start: str, dialect: Dialect) -> list[str]:
    """Fields of the first record of a text, of which ``start`` is enough to hold it. Raises ``csv.Error``."""
    lines = _split_lines(start)
    return next(iter(rows_of("".join(lines[: _record_end(lines, 0, dialect) or 1]), dialect)), [])


def _physical_lines(text: Path) -> list[str]:
    content = text.read_bytes()
    try:
        return _split_lines(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise HeldError(
            "not_utf8",
            f"line {line} is not UTF-8 text (byte 0x{content[error.start]:02x}){_proposal(content)}; "
            "have it exported as UTF-8, or set `encoding` of this feed to what it is",
        ) from None


def _proposal(content: bytes) -> str:
    """What the bytes may be instead: a proposal for a person, nothing that a run goes by."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ", it begins as UTF-16 does (`encoding: utf-16`)"
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return ", it may be Chinese (`encoding: gb18030`)" if re.search("[\u4e00-\u9fff]", text) else ""


def _split_lines(content: str) -> list[str]:
    """Lines by line feed alone, or by return where there is no line feed: str.splitlines would also break at form feeds inside texts."""
    end = "\n" if "\n" in content else "\r"
    parts = content.split(end)
    lines = [part + end for part in parts[:-1]]
    return lines + ([parts[-1]] if parts[-1] else [])


def _record_end(lines: list[str], start: int, dialect: Dialect) -> int:
    """Index behind the record that starts there: the first line at which its quotes are balanced; 0 if they never are."""
    quotes = 0
    for position in range(start, len(lines)):
        quotes += _quotes(lines[position], dialect)
        if quotes % 2 == 0:
            return position + 1
    return 0


def _quotes(line: str, dialect: Dialect) -> int:
    if not dialect.quote:
        return 0
    return (_ESCAPED.sub("", line) if dialect.escape == "\\" else line).count(dialect.quote)


def _split(original: str, line: int, dialect: Dialect, columns: int) -> Record | Refusal:
    if "\0" in original:
        return Refusal(line, "nul_byte", original)
    try:
        rows = rows_of(original, dialect)
    except csv.Error as error:
        return Refusal(line, "unterminated_quote" if "unexpected end" in str(error) else "broken_quotes", original)
    if len(rows) != 1:
        return Refusal(line, "broken_quotes", original)
    fields = rows[0]
    if len(fields) != columns:
        return Refusal(line, "too_few_columns" if len(fields) < columns else "too_many_columns", original)
    return Record(line, fields)


def rows_of(text: str, dialect: Dialect) -> list[list[str]]:
    """The records of a piece of text, in fields. Raises ``csv.Error``.

    A backslash escapes what would otherwise have a meaning (quote, delimiter, line break, backslash); before anything else it stands
    for itself, so that ``\\N`` and ``C:\\new`` come through as they are.
    """
    if dialect.escape == "\\":
        meant = f"{dialect.quote}{dialect.delimiter}\\\r\n"
        text = _ESCAPED.sub(lambda found: found[0] if found[0][1:] in meant else "\\" + found[0], text)
    return list(
        csv.reader(
            io.StringIO(text, newline=""),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            escapechar="\\" if dialect.escape == "\\" else None,
            strict=True,
        )
    )
