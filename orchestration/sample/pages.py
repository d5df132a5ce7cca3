"""CSV text as bytes, cut where records end: a whole month is put into text at once, and then cut into days."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True)
class Breaks:
    """Offsets behind line breaks: of every physical line, and of every record, the header's first where there is one."""

    lines: NDArray[np.int64]
    records: NDArray[np.int64]


def breaks(text: bytes) -> Breaks:
    """Where lines and records end. A line break behind an odd number of quotes is part of a field (RFC 4180)."""
    characters = np.frombuffer(text, np.uint8)
    lines = np.flatnonzero(characters == ord("\n")) + 1
    if b'"' not in text:
        return Breaks(lines, lines)
    quotes = np.cumsum(characters == ord('"'), dtype=np.int32)
    return Breaks(lines, lines[quotes[lines - 1] % 2 == 0])


def written(frame: pl.DataFrame, *, header: bool = True, line_end: str = "\n", is_plain: bool = False) -> bytes:
    """The frame as CSV. ``is_plain``: no text in it needs a quote, and none is looked for."""
    text = io.BytesIO()
    frame.write_csv(text, include_header=header, line_terminator=line_end, quote_style="never" if is_plain else "necessary")
    return text.getvalue()


def by_day(header: bytes, text: bytes, day: NDArray[np.int64]) -> Iterator[tuple[int, bytes, slice]]:
    """Cut a text without header into one page per day. ``day``: per record, sorted. Gives day, page and which records are in it."""
    ends = np.append(0, breaks(text).records)
    starts = np.append(np.flatnonzero(np.diff(day, prepend=-1)), len(day)).tolist()
    for low, high in pairwise(starts):
        yield int(day[low]), header + text[ends[low] : ends[high]], slice(low, high)
