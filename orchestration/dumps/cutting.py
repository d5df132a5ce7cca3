"""A text with some irregular places, cut: most of it is left to the fast reader, and the careful one reads what stands around those places.

Every cut is where the careful reader, had it read the whole text, begins a record: behind one that it did read, or behind some that it can
only read as the fast reader does. For from where it begins a record, it takes lines up to the first at which quotes are even; and if these
are properly quoted and have the header's columns, they are that record. How many lines an irregular one takes, is left to it.
"""

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.dumps import careful
from orchestration.dumps.careful import Record, Refusal
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.receive import BOM, CHUNK, CUT_BYTES, SplitPoint

LEAST = 4 << 10
"""Bytes that the careful reader is given at least: to look closer for what is irregular costs more than to read a few records more."""
CAREFUL_SHARE = 16
MOST_CAREFUL = 16 << 20
"""Bytes: what the careful reader makes of them waits in memory, ten times as large."""


class TooIrregularError(Exception):
    """So much of the text is irregular that the careful reader had better have all of it."""


@dataclass(frozen=True)
class Regular:
    """Whole records for the fast reader; the first of a text begin with its header."""

    start: SplitPoint
    end: SplitPoint


@dataclass(frozen=True)
class Sizes:
    """Bytes judged at a time: ``most``, down to ``least`` beside what is irregular; the careful reader has 1 / ``share`` of a text."""

    most: int = CHUNK
    least: int = LEAST
    share: int = CAREFUL_SHARE

    def careful(self, size: int) -> int:
        """Bytes of a text of that size for the careful reader."""
        return max(4 * self.least, min(size // self.share, MOST_CAREFUL))


SIZES = Sizes()


def can_cut(dialect: Dialect, columns: int) -> bool:
    """Whether the census can judge such a text piece by piece."""
    return dialect.doubles_quotes and columns > 1


def cut(text: Path, dialect: Dialect, columns: int, line_end: bytes, sizes: Sizes = SIZES) -> Iterator[Regular | Record | Refusal]:
    """The text in its order: stretches, the first with the header, and what the careful reader makes of what stands between them.

    ``line_end``: of the rows that are regular. Raises ``TooIrregularError``, and ``HeldError`` where the careful reader does, though maybe
    for another place than if it read all.
    """
    judge = _Judge(dialect.delimiter, columns, line_end)
    with text.open("rb") as content:
        whole = os.fstat(content.fileno()).st_size
        left = sizes.careful(whole)
        begun, here, size = SplitPoint(0, 0, 0), judge.header(content.read(sizes.most)), sizes.most
        while here.offset < whole:
            content.seek(here.offset)
            block = content.read(size)
            if regular := judge.records(block):
                here, size = _further(here, regular), min(2 * size, sizes.most)
                if here.offset - begun.offset >= CUT_BYTES:
                    yield Regular(begun, here)
                    begun = here
            elif len(block) > sizes.least:
                size = max(len(block) // 2, sizes.least)
            else:
                if begun.offset < here.offset:
                    yield Regular(begun, here)
                begun = yield from _place(text, here, dialect, columns, sizes.least)
                left -= begun.offset - here.offset
                if left < 0:
                    raise TooIrregularError
                here, size = begun, 4 * sizes.least
        if begun.offset < here.offset:
            yield Regular(begun, here)


def _place(text: Path, start: SplitPoint, dialect: Dialect, columns: int, least: int) -> Generator[Record | Refusal, None, SplitPoint]:
    """What the careful reader makes of the records that begin within so many bytes, and where the next one begins."""
    here = start
    for outcome, original in careful.read_on(text, start.offset, start.breaks + 1, dialect, columns):
        if outcome:
            yield outcome
        here = _further(here, SplitPoint(len(original.encode()), 0, original.count("\n")))
        if here.offset - start.offset >= least:
            break
    return here


def _further(start: SplitPoint, by: SplitPoint) -> SplitPoint:
    return SplitPoint(start.offset + by.offset, start.records + by.records, start.breaks + by.breaks)


@dataclass(frozen=True)
class _Judge:
    """Tells whole records that every reader reads alike: what it says of a block holds if a record begins with it."""

    delimiter: str
    columns: int
    line_end: bytes

    def header(self, start: bytes) -> SplitPoint:
        """Where the header of the text ends. Raises ``TooIrregularError`` where it isn't regular itself."""
        mark = len(BOM) if start.startswith(BOM) else 0
        end = start.find(b"\n") + 1
        while end and start.count(b'"', 0, end) % 2:
            end = start.find(b"\n", end) + 1
        if not (header := self.records(start[mark:end])):
            raise TooIrregularError
        return replace(header, offset=end)

    def records(self, block: bytes) -> SplitPoint | None:
        """The block's end, less a record that is cut off by it; None if any record is irregular, or none is whole."""
        import numpy as np

        content = np.frombuffer(block, np.uint8)
        is_end, is_delimiter = content == ord("\n"), content == ord(self.delimiter)
        if b'"' in block:
            is_outside = ~np.bitwise_xor.accumulate(content == ord('"'))
            is_end &= is_outside
            is_delimiter &= is_outside
        ends, delimiters = np.flatnonzero(is_end), np.flatnonzero(is_delimiter)
        if not len(ends):
            return None
        whole, delimiters = block[: ends[-1] + 1], delimiters[: np.searchsorted(delimiters, ends[-1])]
        if len(delimiters) != len(ends) * (self.columns - 1) or not self._is_plain(whole):
            return None
        of_record = delimiters.reshape(len(ends), self.columns - 1)
        is_full = bool((of_record[:, -1] < ends).all() and (of_record[1:, 0] > ends[:-1]).all())
        return SplitPoint(len(whole), len(ends), whole.count(b"\n")) if is_full else None

    def _is_plain(self, records: bytes) -> bool:
        """Whether no byte is at a place where it could be read in two ways, or be no text."""
        returns = records.count(b"\n") if self.line_end == b"\r\n" else 0
        has_one_kind_of_break = records.count(b"\r") == records.count(b"\r\n") == returns
        has_mark = records.startswith(BOM)  # a character here, and a mark where it comes to begin a text
        return has_one_kind_of_break and not has_mark and b"\0" not in records and self._has_proper_quotes(records)

    def _has_proper_quotes(self, records: bytes) -> bool:
        """Whether quotes enclose whole fields, or are doubled within: of others, DuckDB drops some, and blanks beside them."""
        import numpy as np

        if b'"' not in records:
            return True
        content = np.frombuffer(records, np.uint8)
        quotes = np.flatnonzero(content == ord('"'))
        before, behind = content[quotes[::2] - 1], content[quotes[1::2] + 1]  # before the first byte: the line feed that is the last
        beside = [ord(self.delimiter), ord("\n"), ord('"')]
        return bool(np.isin(before, beside).all() and np.isin(behind, [*beside, ord("\r")]).all())
