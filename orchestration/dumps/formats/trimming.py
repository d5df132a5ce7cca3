"""What stands around the rows of a delimited text, dealt with as the text goes by: a line that names the delimiter, titles above the
header, headers of several rows, and what follows behind the rows."""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from orchestration.dumps import careful
from orchestration.dumps.careful import Refusal
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.converted import MOST_REFUSALS, unreadable_rows
from orchestration.dumps.held import HeldError

HEADER_CHARACTERS = 1 << 20
"""How far a header of several rows may go."""

_BREAK = re.compile("\r\n|\n|\r")
_NAMED = re.compile("sep=(.)(\r\n|\n|\r)", re.IGNORECASE)


def names_its_delimiter(start: bytes) -> bool:
    """Whether a text that begins so says its delimiter in its first line, as Excel has it: ``sep=;``."""
    return start.removeprefix(b"\xef\xbb\xbf")[:4].lower() == b"sep="


def as_it_names(blocks: Iterator[str], dialect: Dialect) -> tuple[Iterator[str], Dialect]:
    """The text and its dialect, where its first line names the delimiter: with that, and with the line as one to be skipped."""
    start = next(blocks, "")
    named = _NAMED.match(start) if not dialect.skip_lines else None
    if named:
        dialect = dialect.model_copy(update={"delimiter": named[1], "skip_lines": 1})
    return chain([start], blocks), dialect


def without_preamble(blocks: Iterator[str], lines: int) -> Iterator[str]:
    """The text behind so many line breaks of any kind."""
    held = ""
    for block in blocks:
        if not lines:
            yield block
            continue
        held += block
        ends = [found.end() for found, _ in zip(_BREAK.finditer(held), range(lines), strict=False)]
        if len(ends) == lines and ends[-1] < len(held):  # not at the very end, where a line feed may still follow a return
            yield held[ends[-1] :]
            lines = 0


class OneHeader:
    """The text with one header in place of several rows; ``lines``: how many lines fewer it has then."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.lines = 0

    def __call__(self, blocks: Iterator[str]) -> Iterator[str]:
        """Raises ``HeldError`` where the rows can't be read as names."""
        if self._dialect.header_rows == 1:
            yield from blocks
            return
        start = ""
        for block in blocks:
            start += block
            if len(start) >= HEADER_CHARACTERS:
                break
        try:
            rows, original = careful.first_records(start, self._dialect, self._dialect.header_rows)
        except csv.Error as error:
            raise HeldError("unreadable_header", f"its first {self._dialect.header_rows} rows can't be read as names ({error})") from None
        breaks = _BREAK.findall(original)
        self.lines = len(breaks) - 1
        yield _written(joined(rows), self._dialect) + (breaks[-1] if breaks else "\n")
        yield start[len(original) :]
        yield from blocks


def joined(rows: list[list[str]]) -> list[str]:
    """Names of columns of which each is made of what stands above one another, from the top, with blanks between."""
    width = max(map(len, rows), default=0)
    padded = [row + [""] * (width - len(row)) for row in rows]
    for row in padded[:-1]:
        for place in range(1, width):
            row[place] = row[place] if row[place].strip() else row[place - 1]
    return [" ".join(part for row in padded if (part := row[place].strip())) for place in range(width)]


def _written(names: list[str], dialect: Dialect) -> str:
    """A header line without its end. What a name would have to be escaped for is left out of it."""
    unwritable = f"{dialect.quote}\\\r\n" if dialect.quote else f"{dialect.delimiter}\\\r\n"
    bare = ("".join(character for character in name if character not in unwritable) for name in names)
    return dialect.delimiter.join(f"{dialect.quote}{name}{dialect.quote}" for name in bare)


class UntilEnd:
    """The text up to the line that ends its rows; ``refusals``: that line and those behind it, blank ones left out."""

    def __init__(self, dialect: Dialect, first_line: int) -> None:
        self._dialect, self._number = dialect, first_line - 1
        self._is_within = self._has_ended = False
        self.refusals: list[Refusal] = []

    def __call__(self, blocks: Iterator[str]) -> Iterator[str]:
        pattern = self._dialect.ends_before
        if pattern is None:
            yield from blocks
            return
        is_header = True
        for lines in _lines(blocks):
            for place, (line, is_end) in enumerate(zip(lines, _matched(pattern, lines), strict=True)):
                self._number += 1
                if not (self._has_ended or is_header or self._is_within) and is_end:
                    self._has_ended = True
                    yield "".join(lines[:place])
                self._look_at(line)
                is_header = is_header and self._is_within
            if not self._has_ended:
                yield "".join(lines)

    def _look_at(self, line: str) -> None:
        """Keep in mind whether the line ends within quotes, where nothing ends the rows; of those behind the end, keep them."""
        if self._has_ended and line.strip():
            self.refusals.append(Refusal(self._number, "after_end", line.rstrip("\r\n")))
            if len(self.refusals) > MOST_REFUSALS:
                raise unreadable_rows(self.refusals[-1])
        if careful.quotes_in(line, self._dialect) % 2:
            self._is_within = not self._is_within


def _lines(blocks: Iterator[str]) -> Iterator[list[str]]:
    """Whole lines with their ends, many at a time: line feeds, or returns in a text that begins without any."""
    rest = next(blocks, "")
    end = "\n" if "\n" in rest else "\r"
    for block in chain([""], blocks):
        *whole, rest = (rest + block).split(end)
        yield [line + end for line in whole]
    if rest:
        yield [rest]


def _matched(pattern: str, lines: Iterable[str]) -> list[bool]:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pa.array([line.rstrip("\r\n") for line in lines], pa.string())
    return [bool(is_match) for is_match in pc.match_substring_regex(texts, pattern=pattern).to_pylist()]
