"""How the rows of an unknown text are written: quotes, what separates columns, and where the header stands. Proposals to a person."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from orchestration.dumps.careful import STAND_IN
from orchestration.dumps.formats.trimming import joined

BLANKS = "blanks"
"""In place of a delimiter: columns are separated by one or more blanks."""
DELIMITERS = (",", ";", "\t", "|")
LONGER = {", ": ",", "; ": ";", "| ": "|", "||": "|"}
"""Delimiters of which another is a part."""
RARE = ("::", ":", "~", "^", "§", "¦", "\x01", "\x1f")
"""Only where none of the usual separates anything."""

JUDGED_RECORDS = 200
MOST_ABOVE = 60
"""Records above a header."""
MOST_LINES_OF_A_RECORD = 10_000
"""A quote that is still open by then was never meant to enclose anything."""
MOST_JUDGED = 1 << 20
"""Characters that are looked at for quotes and escapes."""

_VALUE = re.compile(r"[-+]?[\d.,:/ -]+|\S+@\S+")
"""What is no name: a number, a date, an e-mail."""


@dataclass(frozen=True)
class Shape:
    """``delimiter``: or ``BLANKS``. ``above``: records above the header. ``rows``: of the header."""

    delimiter: str
    above: int = 0
    rows: int = 1


def quote_of(text: str) -> str:
    """What encloses fields: the mark that more of them begin with. Nothing, where tabs stand between fields and quotes only within them."""
    text = text[:200_000]
    begun = {mark: len(re.findall(rf"(?:^|[,;\t|]\s?){mark}(?=[^\n]*{mark}\s*(?:$|[,;\t|]))", text, re.MULTILINE)) for mark in "\"'"}
    if '"' in text and not any(begun.values()) and text.lstrip().split("\n", 1)[0].count("\t") > 1:
        return ""
    return "'" if begun["'"] > begun['"'] else '"'


def escape_of(text: str, quote: str) -> str:
    """What makes a quote within quotes a character: a backslash where that stands before more of them than another quote does."""
    if not quote:
        return '"'
    text = text[:MOST_JUDGED]
    doubled = len(re.findall(rf"[^\s,;|{quote}]{quote}{quote}[^{quote}]", text))
    return "\\" if text.count(f"\\{quote}") > doubled else '"'


def records(text: str, quote: str, escape: str = '"') -> Iterator[str]:
    """Records with their line ends, blank lines among them; line breaks within quotes are text."""
    begun: list[str] = []
    quotes = 0
    for found in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text):
        line = found[0]
        begun.append(line)
        quotes += (line.count(quote) - (line.count(f"\\{quote}") if escape == "\\" else 0)) if quote else 0
        if quotes % 2 == 0 or len(begun) > MOST_LINES_OF_A_RECORD:
            yield "".join(begun)
            begun, quotes = [], 0
    yield from begun


def fields(record: str, delimiter: str, quote: str, escape: str = '"') -> list[str]:
    """The record's fields, however its quotes are meant."""
    if delimiter == BLANKS:
        return record.split()
    if len(delimiter) > 1:
        split = fields(record.replace(delimiter, STAND_IN), STAND_IN, quote, escape)
        return [field.replace(STAND_IN, delimiter) for field in split]
    if not quote:
        return record.rstrip("\r\n").split(delimiter)
    escapes = {"escapechar": "\\", "doublequote": False} if escape == "\\" else {}
    try:
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, quotechar=quote, **escapes), [])  # type: ignore[arg-type]
    except csv.Error:
        return []


def shape_of(delivered: Sequence[str], quote: str, escape: str = '"') -> Shape:
    """The shape of records: what splits most of them into as many columns, under names. Of several, what gives the most columns."""
    judged = list(islice(((place, record) for place, record in enumerate(delivered) if record.strip()), JUDGED_RECORDS))
    best = max((_judged(judged, delimiter, quote, escape) for delimiter in DELIMITERS), key=lambda found: found[0])
    for longer, part in LONGER.items():
        found = _judged(judged, longer, quote, escape)
        if best[1].delimiter == part and found[0][1:2] >= best[0][1:2] and found[0][1] > 0:
            best = found
    if best[0][1] < 0.5:
        is_quoted = quote and judged and judged[0][1].startswith(quote)
        rare = (*RARE, " ") if is_quoted else RARE  # without quotes blanks stand within values too
        best = max([best, *(_judged(judged, delimiter, quote, escape) for delimiter in rare)], key=lambda found: found[0])
    if best[0][2] > 1:
        return best[1]
    widths = [len(record.split()) for _, record in judged]
    is_apart = bool(widths) and widths[0] > 1 and widths.count(widths[0]) > len(widths) / 2
    return Shape(BLANKS if is_apart else ",")


def _judged(judged: Sequence[tuple[int, str]], delimiter: str, quote: str, escape: str) -> tuple[tuple[bool, float, int], Shape]:
    """How well it splits records: whether names stand above them, the share of the most frequent width, and that width."""
    split = [(place, fields(record, delimiter, quote, escape)) for place, record in judged]
    widths = Counter(len(row) for _, row in split if len(row) > 1)
    if not widths:
        return (False, 0.0, 0), Shape(delimiter)
    width = max(widths, key=lambda each: (widths[each], each))
    rows = [(place, row) for place, row in split if len(row) == width]
    number = next((number for number, (_, row) in enumerate(rows[:MOST_ABOVE]) if _may_be_names(row)), None)
    share = round(widths[width] / len(split), 1)
    if number is None:
        return (False, share, width), Shape(delimiter, rows[0][0])
    return (True, share, width), _header(rows, number, delimiter)


def _header(rows: list[tuple[int, list[str]]], number: int, delimiter: str) -> Shape:
    """The header at the row of that number, or from the row above it, or below it where the same names come again."""
    while number + 1 < len(rows) and rows[number + 1][1] == rows[number][1]:
        number += 1
    place, names = rows[number]
    if _are_unique(names):
        return Shape(delimiter, place)
    below = rows[number + 1] if number + 1 < len(rows) else (0, [])
    if below[0] == place + 1 and _may_be_names(below[1]) and _are_unique(below[1]):
        return Shape(delimiter, below[0])
    for first in (number - 1, number):
        two = rows[max(first, 0) : first + 2]
        is_together = len(two) == 2 and two[1][0] == two[0][0] + 1 and not any(map(_VALUE.fullmatch, filter(None, two[1][1])))
        if is_together and _are_unique(joined([list(row) for _, row in two])):
            return Shape(delimiter, two[0][0], 2)
    return Shape(delimiter, place)


def _may_be_names(row: list[str]) -> bool:
    filled = [name.strip() for name in row if name.strip()]
    return 2 * len(filled) > len(row) and not any(map(_VALUE.fullmatch, filled))


def _are_unique(names: Sequence[str]) -> bool:
    return len(set(map(str.strip, names))) == len(names)
