"""The careful reader: for files whose bytes are not regular enough to leave to a fast parser.

Slower, record by record, and exact about where a record begins: what can't be split into the header's columns comes
out as a ``Refusal`` with its physical line and its original text.
"""

import codecs
import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.held import HeldError

csv.field_size_limit(sys.maxsize)

FIRST_BLOCK = 1 << 14
BLOCK = 1 << 20
"""Bytes read at a time, the more the longer it reads: often it is asked for a few records only."""

STAND_IN = "\ufdd0"
"""Stands for a delimiter of several characters while a text is parsed: a code that is no character, and never will be."""

_BLANK = ("\n", "\r\n", "\r")
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


LONGEST_RECORD, MOST_LINES = 64 << 20, 1_000_000
"""Characters and lines. A quote that is still open behind so many was never meant to enclose them."""


def read(text: Path, dialect: Dialect, columns: int) -> Iterator[Record | Refusal]:
    """Every record after the header, in order. Blank lines are not records. Memory is that of the longest record, whatever the file's size.

    Raises ``HeldError`` for text that isn't UTF-8 and for a file that was cut off within its last record.
    """
    ahead = _Ahead(_physical_lines(text))
    header = ahead.drop(_record_end(ahead, dialect) or 1)
    yield from (outcome for outcome, _ in _outcomes(ahead, 1 + header, dialect, columns) if outcome)


def read_on(text: Path, start: int, line: int, dialect: Dialect, columns: int) -> Iterator[tuple[Record | Refusal | None, str]]:
    """The same from a byte on at which a record begins, which stands on that line: each outcome (None of a blank line) and its original.

    The text has line feeds.
    """
    return _outcomes(_Ahead(_physical_lines(text, start, line)), line, dialect, columns)


def _outcomes(ahead: "_Ahead", number: int, dialect: Dialect, columns: int) -> Iterator[tuple[Record | Refusal | None, str]]:
    while (line := ahead.line(0)) is not None:
        if _is_blank(line, dialect, columns):
            yield None, line
            number += ahead.drop(1)
            continue
        end = _record_end(ahead, dialect)
        outcome = _split(ahead.text(end), number, dialect, columns) if end else None
        if outcome is None or (end > 1 and not _is_one_row(outcome, ahead.lines(end), dialect, columns)):
            # Its quotes pair up with another record's, or with none: take this line by itself, so that the next keeps its own.
            end = 1
            outcome = _split(line, number, dialect, columns)
        original = ahead.text(end)
        is_cut = ahead.line(end) is None and not original.endswith(("\n", "\r"))
        if is_cut and isinstance(outcome, Refusal) and outcome.reason != "too_many_columns":
            raise HeldError("cut_off", f"line {number}, the last, ends in the middle of a row; have the file delivered again")
        yield outcome, original
        number += ahead.drop(end)


def _is_blank(line: str, dialect: Dialect, columns: int) -> bool:
    """Whether the line is no record: nothing stands on it, or nothing but blanks that are neither delimiters nor the only value."""
    return line in _BLANK or (not line.strip() and columns > 1 and dialect.delimiter not in line)


class _Ahead:
    """The lines not yet dealt with, read as far ahead as they are asked for."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._ahead: list[str] = []
        self._present = 0

    def line(self, place: int) -> str | None:
        """The line so many behind the present one, None behind the last."""
        while len(self._ahead) <= self._present + place:
            following = next(self._lines, None)
            if following is None:
                return None
            self._ahead.append(following)
        return self._ahead[self._present + place]

    def lines(self, count: int) -> list[str]:
        return self._ahead[self._present : self._present + count]

    def text(self, lines: int) -> str:
        return self._ahead[self._present] if lines == 1 else "".join(self.lines(lines))

    def drop(self, lines: int) -> int:
        self._present = min(self._present + lines, len(self._ahead))
        if self._present == len(self._ahead) or self._present > MOST_LINES:
            del self._ahead[: self._present]
            self._present = 0
        return lines


def first_record(start: str, dialect: Dialect) -> list[str]:
    """Fields of the first record of a text, of which ``start`` is enough to hold it. Raises ``csv.Error``."""
    return next(iter(first_records(start, dialect, 1)[0]), [])


def first_records(start: str, dialect: Dialect, records: int) -> tuple[list[list[str]], str]:
    """Fields of the first records of a text, and what they are of it; ``start`` is enough of it to hold them. Raises ``csv.Error``."""
    ahead, found, original = _Ahead(iter(_split_lines(start))), list[list[str]](), ""
    while len(found) < records and ahead.line(0) is not None:
        end = _record_end(ahead, dialect) or 1
        original += ahead.text(end)
        found += rows_of(ahead.text(end), dialect)
        ahead.drop(end)
    return found, original


def _physical_lines(text: Path, start: int = 0, number: int = 1) -> Iterator[str]:
    """Lines by line feed alone, or by return where there is no line feed: others would also break at form feeds inside texts.

    ``start``: the byte to begin at, with the line of that number.
    """
    end = "\n" if _has_line_feed(text) else "\r"
    decoder = codecs.getincrementaldecoder("utf-8" if start else "utf-8-sig")()
    begun: list[str] = []  # of a line whose end is still to come
    length, breaks, size = 0, number - 1, FIRST_BLOCK
    with text.open("rb") as content:
        content.seek(start)
        while True:
            block = content.read(size)
            size = min(2 * size, BLOCK)
            try:
                decoded = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise _not_utf8(error, breaks, text) from None
            breaks += decoded.count("\n")
            first, *others = decoded.split(end)
            begun.append(first)
            length += len(first)
            if others:
                yield "".join(begun) + end
                for line in others[:-1]:
                    yield line + end
                begun, length = [others[-1]], len(others[-1])
            if length > 4 * LONGEST_RECORD:
                raise HeldError("no_line_breaks", f"line {breaks + 1} has more than {length:,} characters; is its format another one?")
            if not block:
                break
    if length:
        yield "".join(begun)


def _has_line_feed(text: Path) -> bool:
    with text.open("rb") as content:
        while block := content.read(FIRST_BLOCK):
            if b"\n" in block:
                return True
    return False


def _not_utf8(error: UnicodeDecodeError, breaks: int, text: Path) -> HeldError:
    line = breaks + error.object.count(b"\n", 0, error.start) + 1
    with text.open("rb") as content:
        proposal = encoding_proposed(content.read(BLOCK))
    return HeldError(
        "not_utf8",
        f"line {line} is not UTF-8 text (byte 0x{error.object[error.start]:02x}){proposal}; "
        "have it exported as UTF-8, or set `encoding` of this feed to what it is",
    )


def encoding_proposed(content: bytes) -> str:
    """What the bytes may be instead: a proposal for a person, nothing that a run goes by."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ", it begins as UTF-16 does (`encoding: utf-16`)"
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(content)
    except UnicodeDecodeError:
        return ""
    return ", it may be Chinese (`encoding: gb18030`)" if re.search("[\u4e00-\u9fff]", text) else ""


def _split_lines(content: str) -> list[str]:
    end = "\n" if "\n" in content else "\r"
    parts = content.split(end)
    lines = [part + end for part in parts[:-1]]
    return lines + ([parts[-1]] if parts[-1] else [])


def _record_end(ahead: _Ahead, dialect: Dialect) -> int:
    """How many lines the next record has: up to the first at which its quotes are balanced; 0 if they never are."""
    quotes = size = lines = 0
    while size <= LONGEST_RECORD and lines < MOST_LINES and (line := ahead.line(lines)) is not None:
        quotes += quotes_in(line, dialect)
        size += len(line)
        lines += 1
        if quotes % 2 == 0:
            return lines
    return 0


def quotes_in(line: str, dialect: Dialect) -> int:
    """Quotes of a line, escaped ones left out."""
    if not dialect.quote:
        return 0
    return (_ESCAPED.sub("", line) if dialect.escape == "\\" else line).count(dialect.quote)


def _is_one_row(outcome: Record | Refusal, lines: list[str], dialect: Dialect, columns: int) -> bool:
    """Whether several lines are one row, rather than rows of which two have a stray quote: then some line is whole by itself."""
    if isinstance(outcome, Record):
        return True
    has_clear_quotes = outcome.reason in ("too_few_columns", "too_many_columns")
    return has_clear_quotes and not any(isinstance(_split(line, 0, dialect, columns), Record) for line in lines)


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
    if has_stray_quotes(original, dialect):
        return Refusal(line, "broken_quotes", original)
    return Record(line, fields)


def has_stray_quotes(original: str, dialect: Dialect) -> bool:
    """Whether a quote within a field that isn't enclosed in quotes may be one that was meant to enclose something.

    Two such fields may have been one: ``Bonn"Bread, fresh"`` was ``Bonn,"Bread, fresh"`` once, with as many columns, each at a wrong
    place. Beside fields that are enclosed, ``Tea"`` has lost a quote. One such field in a row without others, ``12" pipe``, is what it is.
    """
    if not dialect.quote or dialect.quote not in original:
        return False
    bare = _bare_fields(STAND_IN, dialect.quote, dialect.escape)
    fields = bare.finditer(original.replace(dialect.delimiter, STAND_IN))
    found = Counter("enclosed" if field[1] is None else "stray" for field in fields if dialect.quote in field[0])
    return found["stray"] > 1 or (found["stray"] == 1 and found["enclosed"] > 0)


@cache
def _bare_fields(delimiter: str, quote: str, escape: str) -> re.Pattern[str]:
    """Matches field by field; the group holds one that isn't enclosed in quotes."""
    delimiter, quote = re.escape(delimiter), re.escape(quote)
    within = rf"\\.|[^{quote}\\]" if escape == "\\" else rf"[^{quote}]|{quote}{quote}"
    plain = rf"\\.|[^{delimiter}\\\r\n]" if escape == "\\" else rf"[^{delimiter}\r\n]"
    return re.compile(rf"(?:{quote}(?:{within})*{quote}|((?:{plain})*))(?:{delimiter}|\r?\n?\Z)", re.DOTALL)


def rows_of(text: str, dialect: Dialect) -> list[list[str]]:
    """The records of a piece of text, in fields. Raises ``csv.Error``."""
    if len(dialect.delimiter) == 1:
        return _parsed(text, dialect.delimiter, dialect)
    if STAND_IN in text:
        raise csv.Error(f"it has the character {STAND_IN!a}")
    rows = _parsed(text.replace(dialect.delimiter, STAND_IN), STAND_IN, dialect)
    return [[field.replace(STAND_IN, dialect.delimiter) for field in row] for row in rows]


def _parsed(text: str, delimiter: str, dialect: Dialect) -> list[list[str]]:
    """The same for a delimiter of one character.

    A backslash escapes what would otherwise have a meaning (quote, delimiter, line break, backslash); before anything else it stands
    for itself, so that ``\\N`` and ``C:\\new`` come through as they are.
    """
    if dialect.escape == "\\":
        meant = f"{dialect.quote}{delimiter}\\\r\n"
        text = _ESCAPED.sub(lambda found: found[0] if found[0][1:] in meant else "\\" + found[0], text)
    return list(
        csv.reader(
            io.StringIO(text, newline=""),
            delimiter=delimiter,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            escapechar="\\" if dialect.escape == "\\" else None,
            strict=True,
        )
    )
