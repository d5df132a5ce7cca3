"""What an unknown dump looks like: compression, encoding, delimiter, header and first rows, told from its bytes.

Guessing lives here and nowhere else: a run reads what the profile says. What is found here is a proposal to a person.
"""

import io
import re
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from orchestration.dumps import encodings, samples, tables
from orchestration.dumps.dialect import Dialect, Format
from orchestration.dumps.encodings import Guess
from orchestration.dumps.encodings import encoding_of as encoding_of
from orchestration.dumps.formats.trimming import joined
from orchestration.dumps.layouts import Layout, arranged
from orchestration.dumps.receive import MOST_COLUMNS
from orchestration.dumps.samples import SAMPLE_BYTES
from orchestration.dumps.shapes import BLANKS as BLANKS
from orchestration.dumps.shapes import MOST_ABOVE, Shape, escape_of, fields, quote_of, records, shape_of
from orchestration.errors import RegularsError

LONGEST_HEADER = 1 << 20
MOST_BLANK = 20_000
"""Blank lines before the first record."""


@dataclass(frozen=True)
class Look:
    """A dump as far as it was looked at.

    ``encoding``: a name that Python knows (``utf-8-sig`` is UTF-8 with a byte-order mark). ``delimiter``: or ``BLANKS``. ``records``:
    those looked at, the header first, in one row; ``text``: them as delivered, blank lines and all. ``lines_above``: how many lines
    more stand before its second line in the dump. ``is_whole``: whether that is all of the file. ``found``: further keys of a profile
    that read it. ``member``: of an archive of one, its name.
    """

    path: Path
    compression: str
    format: Format
    encoding: str
    delimiter: str
    quote: str
    records: tuple[str, ...]
    text: str
    is_whole: bool
    escape: str = '"'
    lines_above: int = 0
    found: dict[str, Any] = field(default_factory=dict)
    guess: Guess = field(default_factory=lambda: Guess("utf-8"))
    member: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def keys(self) -> dict[str, Any]:
        """Keys of a feed that read the dump, where they aren't the defaults."""
        keys: dict[str, Any] = {"format": self.format} if self.format != "csv" else {}
        if self.format == "csv":
            keys |= {"encoding": "utf-16" if self.encoding.startswith("utf-16") else self.encoding}
            keys |= {"delimiter": self.delimiter, "quote": self.quote, "escape": self.escape}
        usual = {"encoding": ("utf-8", "utf-8-sig"), "delimiter": (",", BLANKS), "quote": ('"',), "escape": ('"',)}
        return {key: value for key, value in keys.items() if value not in usual.get(key, ())} | self.found

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Names as delivered: of columns apart by blanks the whole line, as a profile with such a layout reads it."""
        return tuple(fields(self.records[0], "|" if self.delimiter == BLANKS else self.delimiter, self.quote, self.escape))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, each by itself."""
        if self.delimiter == BLANKS:
            return tuple(arranged(Layout(split_at_blanks=True), self.header).header[1:])
        return tuple(name.strip() for name in self.header)

    @property
    def has_header(self) -> bool:
        """Whether the first record can be names: none of them is a number, a date or an e-mail."""
        return not any(re.fullmatch(r"[-+]?[\d.,:/ -]+|\S+@\S+", name) for name in self.columns)

    @property
    def rows(self) -> int:
        return len(self.records) - 1

    def values(self, most: int = 200) -> dict[str, list[str]]:
        """Column → its values in the first rows, trimmed, empty ones left out; rows of another width are passed over."""
        found: dict[str, list[str]] = {name: [] for name in self.columns}
        for record in self.records[1 : most + 1]:
            row = fields(record, self.delimiter, self.quote, self.escape)
            if len(row) == len(self.columns):
                for name, value in zip(self.columns, row, strict=True):
                    if value.strip():
                        found[name].append(value.strip())
        return found


def look(path: Path, most_rows: int, told: Dialect | None = None) -> Look:
    """What the dump looks like; ``told``: how a profile says that it is to be read, which is then taken as given.

    Raises ``RegularsError`` for a file that isn't there, is empty, or can't be looked into.
    """
    with tempfile.TemporaryDirectory(prefix="regulars-look-") as folder:
        sample = samples.taken(path, Path(folder), most_rows, told)
    told = told if told and sample.format == told.format_of(path.name) else None
    guess = _encoding(sample, told)
    text = encodings.spelt(sample.content, guess.best, sample.is_whole).removeprefix("\ufeff")
    _refuse_empty(path, text, sample.is_whole)
    named = re.match(r"sep=(.)(?:\r\n|\n|\r)", text, re.IGNORECASE)  # a run honours it as well
    text = text[named.end() :] if named else text
    skipped = _first_lines(text, told.skip_lines) if told else ""
    text = text[len(skipped) :]
    is_told = told is not None and sample.format == "csv"
    quote = told.quote if told and is_told else quote_of(text)
    escape = '"' if sample.format != "csv" else told.escape if told else escape_of(text, quote)
    delivered = list(islice(records(text, quote, escape), most_rows + 1 + MOST_ABOVE + MOST_BLANK))
    is_cut = sum(map(len, delivered)) < len(text)
    ends_anywhere = not sample.is_whole and (sample.format == "csv" or len(sample.content) >= SAMPLE_BYTES)
    if ends_anywhere and not is_cut and len(delivered) > 1:
        delivered.pop()  # cut off by the sample's end
    shape = _shape(delivered, sample.format, quote, escape, named[1] if named else None, told)
    above, header, rows = _parted(delivered, shape, quote, escape, most_rows)
    _refuse_wide(path, header, shape, quote)
    seen = _Seen(header, rows, sample.format, shape, quote, escape)
    kept, end = (rows, {}) if told else (seen.rows, seen.end)
    return Look(
        path=path,
        compression=sample.compression,
        format=sample.format,
        encoding=guess.best,
        delimiter=shape.delimiter,
        quote=quote,
        records=(header, *(record for record in kept if record.strip())),
        text="".join([header, *kept]),
        is_whole=sample.is_whole and not is_cut and len(kept) == len(delivered) - shape.above - shape.rows,
        escape=escape,
        lines_above=_lines(skipped) + _lines("".join(delivered[: shape.above + shape.rows])) - 1 + bool(named),
        found=sample.keys | _around(above, shape, sample.format) | end,
        guess=guess,
        member=sample.member,
        notes=sample.notes,
    )


def _encoding(sample: samples.Sample, told: Dialect | None) -> Guess:
    if sample.format != "csv":
        return Guess("utf-8")
    return Guess(told.encoding) if told else encodings.guess(sample.content)


def _first_lines(text: str, count: int) -> str:
    found = re.match(rf"(?:[^\r\n]*(?:\r\n|\n|\r)){{{count}}}", text)
    return found[0] if found else ""


def _shape(delivered: list[str], kind: Format, quote: str, escape: str, named: str | None, told: Dialect | None) -> Shape:
    if told is None:
        return Shape(named) if named else shape_of(delivered, quote, escape) if kind in ("csv", "xlsx") else Shape(",")
    if told.splits_at_blanks:
        return Shape(BLANKS)
    return Shape(named or (told.delimiter if kind == "csv" else ","), rows=told.header_rows)


def _refuse_empty(path: Path, text: str, is_whole: bool) -> None:
    bare = text.strip()
    if not bare or not bare.strip("\0"):
        what = "holds nothing but zero bytes" if bare else "is empty" if is_whole else f"begins with {SAMPLE_BYTES >> 20} MB of blank lines"
        raise RegularsError(f"{path} {what}", expected="at least a line with column names", do="have it exported again")
    if len(re.split(r"[\r\n]", bare[: LONGEST_HEADER + 1], maxsplit=1)[0]) > LONGEST_HEADER:
        raise RegularsError(
            f"{path} has a first line of more than {LONGEST_HEADER:,} characters",
            expected="the names of its columns",
            do="check its format",
        )


def _refuse_wide(path: Path, header: str, shape: Shape, quote: str) -> None:
    columns = len(fields(header, shape.delimiter, quote))
    if columns > MOST_COLUMNS:
        raise RegularsError(f"{path} has {columns:,} columns", expected=f"at most {MOST_COLUMNS:,}", do="have it exported with fewer")


def _parted(delivered: list[str], shape: Shape, quote: str, escape: str, most_rows: int) -> tuple[list[str], str, list[str]]:
    """What stands above the header, the header in one record, and what follows it."""
    place = shape.above
    if not shape.above:  # blank lines may stand before it
        place = next((number for number, record in enumerate(delivered) if record.strip()), 0)
    above, names, rows = delivered[:place], delivered[place : place + shape.rows], delivered[place + shape.rows :]
    header = names[0]
    if shape.rows > 1:
        split = joined([fields(record, shape.delimiter, quote, escape) for record in names])
        header = shape.delimiter.join(f"{quote}{name.replace(quote, '')}{quote}" for name in split) + "\n"
    return above, header, rows[:most_rows]


@dataclass(frozen=True)
class _Seen:
    """Rows up to another table, if there is one below them."""

    header: str
    delivered: list[str]
    format: Format
    shape: Shape
    quote: str
    escape: str

    @cached_property
    def _other(self) -> tables.Table | None:
        if self.shape.delimiter == BLANKS or self.format not in ("csv", "xlsx"):
            return None
        dialect = Dialect.model_validate({"delimiter": self.shape.delimiter, "quote": self.quote, "escape": self.escape})
        names = fields(self.header, self.shape.delimiter, self.quote, self.escape)
        lines = io.StringIO("".join([self.header, *self.delivered]), newline="")
        return tables.another(((number, line, dialect) for number, line in enumerate(lines, 1)), names)

    @cached_property
    def rows(self) -> list[str]:
        if not self._other:
            return self.delivered
        kept, lines = [], _lines(self.header)
        for record in self.delivered:
            if lines >= self._other.line - 1:
                break
            kept.append(record)
            lines += _lines(record)
        return kept

    @property
    def end(self) -> dict[str, Any]:
        return tables.ends_before(self._other, "," if self.format == "xlsx" else None) if self._other else {}


def _lines(text: str) -> int:
    return len(re.findall("\r\n|\n|\r", text))


def _around(above: list[str], shape: Shape, kind: Format) -> dict[str, Any]:
    """Keys for what stands above the rows."""
    skipped = len(above) if kind == "xlsx" else _lines("".join(above))
    return ({"skip_lines": skipped} if skipped else {}) | ({"header_rows": shape.rows} if shape.rows > 1 else {})
