"""Which keys of a profile would find the columns that a feed needs, in a file that begins in another way than the profile says.

Nothing is read by what is found here: it is named to a person, in the message of a held file or by `inspect`.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product

import yaml

from orchestration.dumps import careful
from orchestration.dumps.candidates import Candidate
from orchestration.dumps.careful import has_stray_quotes
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.trimming import joined
from orchestration.dumps.held import HeldError

DELIMITERS = (",", ";", "\t", "|", ", ", "; ", "||", "::", ":", "~", "^", "§", " ")
QUOTES = ('"', "'", "")
MOST_HEADER_ROWS = 3
MOST_LINES = 40
"""How far down a header is looked for."""
ROWS_TO_FIT, ROWS_TO_MEND = 10, 100
LINES_OF_HEADER, LONGEST_HEADER = 8, 1 << 16
BEGINNING_BYTES = 1 << 18
BEGUN_WITH_A_BLANK = 20
"""Rows that have to have a blank behind every delimiter before it is part of the delimiter."""

Line = tuple[int, str]
"""A line's number in the delivered file, and its text."""


def keys_that_read(
    lines: Sequence[Line], dialect: Dialect, is_header: Callable[[list[str]], bool], is_text: bool = True
) -> dict[str, object]:
    """The fewest keys, with their values, under which the file's header is one; none where no keys help.

    ``is_header``: whether names are those that are needed. ``is_text``: False where delimiter and quotes are beyond question.
    """
    delimiters = (dialect.delimiter, *DELIMITERS) if is_text else (dialect.delimiter,)
    quotes = (dialect.quote, *QUOTES) if is_text else (dialect.quote,)
    dialects = [
        dialect.model_copy(update={"delimiter": delimiter, "quote": quote})
        for delimiter, quote in dict.fromkeys(product(delimiters, quotes))
    ]
    ways = [
        (_keys(way, dialect, rows) | ({"skip_lines": number - 1} if place or not is_text else {}), way, place, rows)
        for way in dialects
        for place, (number, _) in enumerate(lines[:MOST_LINES])
        for rows in range(1, MOST_HEADER_ROWS + 1)
    ]
    for keys, way, place, rows in sorted(ways, key=lambda way: (len(way[0]), *way[2:])):
        names = _names([text for _, text in lines[place : place + LINES_OF_HEADER]], way, rows)
        if len(set(names)) == len(names) > 1 and is_header(names) and _fit(lines[place + rows :], way, len(names)):
            return keys
    return {}


def _keys(way: Dialect, dialect: Dialect, rows: int) -> dict[str, object]:
    found: dict[str, object] = {"header_rows": rows} if rows > 1 else {}
    return found | {key: getattr(way, key) for key in ("delimiter", "quote") if getattr(way, key) != getattr(dialect, key)}


def _names(lines: list[str], dialect: Dialect, rows: int) -> list[str]:
    text = "".join(lines)
    try:
        records, _ = careful.first_records(text, dialect, rows) if len(text) < LONGEST_HEADER else ([], "")
    except csv.Error:
        return []
    if len(records) < rows:
        return []
    return [name.strip() for name in (records[0] if rows == 1 else joined(records))]


def _fit(lines: Sequence[Line], dialect: Dialect, columns: int) -> bool:
    """Whether most of the lines behind a header have as many columns, those that a break within a value cuts left out of account."""
    widths = [_width(text, dialect) for _, text in lines[:ROWS_TO_FIT] if text.strip()]
    known = [width for width in widths if width]
    return not widths or (columns in known and 2 * known.count(columns) >= len(known))


def keys_for_rows(originals: Sequence[str], dialect: Dialect, columns: int) -> dict[str, object]:
    """Another escape or quote under which most of the rows that could not be read are rows; none where there is no such."""
    for key, value in (("escape", "\\"), ("quote", "'"), ("quote", "")):
        if getattr(dialect, key) == value:
            continue
        way = dialect.model_copy(update={key: value})
        widths = [_width(original, way) for original in originals[:ROWS_TO_MEND]]
        is_clean = not any(has_stray_quotes(original, way) for original in originals[:ROWS_TO_MEND])
        if 5 * widths.count(columns) >= 4 * len(widths) and is_clean:
            return {key: value}
    return {}


def told(keys: dict[str, object]) -> str:
    """The keys as they are written in a profile."""
    return ", ".join(f"`{key}: {in_yaml(value)}`" for key, value in keys.items())


def in_yaml(value: object) -> str:
    """A key's value, on one line."""
    if not isinstance(value, str):
        return str(value)
    is_word = re.fullmatch(r"[A-Za-z_][\w.-]*", value) and yaml.safe_load(value) == value  # `yes` is none
    return value if is_word else json.dumps(value, ensure_ascii=False)


def advice(candidate: Candidate, is_header: Callable[[list[str]], bool]) -> str:
    """A sentence that names the keys, or an empty text."""
    kind = candidate.mapping.format_of(candidate.arrival.base_name)
    if kind not in ("csv", "xlsx") or candidate.mapping.header_rows > 1:
        return ""
    lines = list(beginning(candidate))
    is_text = kind == "csv" and not candidate.receipt.converted.is_renumbered
    keys = keys_that_read(lines, candidate.dialect, is_header, is_text)
    if keys:
        where = f"Line {int(str(keys['skip_lines'])) + 1} names" if "skip_lines" in keys else "It names"
        return f"{where} the columns that are needed: set {told(keys)} for this feed"
    return _at_blanks(lines, is_header)


def _at_blanks(lines: Sequence[Line], is_header: Callable[[list[str]], bool]) -> str:
    names = lines[0][1].split() if lines else []
    if len(names) > 1 and is_header(names):
        return (
            "Its columns are separated by blanks: set `layout: {split_at_blanks: true}` for this feed if no value has a blank in it; "
            "otherwise have it exported with delimiters, as CSV"
        )
    return ""


def beginning(candidate: Candidate) -> Iterator[Line]:
    """The first lines of a delivered text, or the first rows of a sheet, those that could not become rows among them."""
    converted = candidate.receipt.converted
    with candidate.receipt.text.open("rb") as content:
        start = content.read(BEGINNING_BYTES).decode("utf-8-sig", errors="replace")
    lines = start.splitlines(keepends=True) if "\n" not in start else [line + "\n" for line in start.split("\n")]
    if converted.lines is None:
        yield from enumerate(lines[:MOST_LINES], 1 + converted.skipped)
        return
    rows = zip(map(int, converted.lines[:MOST_LINES]), lines[1:], strict=False)
    refused = ((refusal.line, refusal.original + "\n") for refusal in converted.refusals[:MOST_LINES])
    yield from islice(sorted([*rows, *refused]), MOST_LINES)


def refuse_blank_in_delimiter(candidate: Candidate) -> None:
    """Raises ``HeldError`` where a blank stands behind every delimiter, which would be read as part of every value."""
    may_have_one = all(name.startswith(" ") for name in candidate.header[1:])
    if candidate.receipt.converted.is_renumbered or len(candidate.header) < 3 or not may_have_one:
        return
    lines = [text for _, text in islice(beginning(candidate), 1 + BEGUN_WITH_A_BLANK) if text.strip()]
    delimiter = candidate.dialect.delimiter
    with_blank = candidate.dialect.model_copy(update={"delimiter": f"{delimiter} "})
    if len(lines) > 1 and not delimiter.isspace() and all(_width(line, with_blank) == len(candidate.header) for line in lines):
        raise HeldError(
            "blank_in_delimiter",
            f"a blank stands behind every delimiter, and would be part of every value; set {told({'delimiter': f'{delimiter} '})} for this "
            "feed, or release the file if the blanks belong to the values",
        )


def _width(line: str, dialect: Dialect) -> int:
    """Columns of a line; 0 where it can't be read by itself."""
    try:
        return len(next(iter(careful.rows_of(line, dialect)), [])) if len(line) < LONGEST_HEADER else 0
    except csv.Error:
        return 0
