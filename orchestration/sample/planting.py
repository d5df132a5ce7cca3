"""Where the faults go: a plan over all files before any is written, and rows spoiled in the text of one."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestration.sample import draws
from orchestration.sample.faults import CUSTOMER_ROWS, FILES, HEADER_ONLY, ORDER_ROWS, REVIEW_ROWS, FileFault, RowFault
from orchestration.sample.pages import breaks
from orchestration.sample.people import SOURCES

ROW_SHARE = 0.001
FILE_SHARE = 0.01
_ROWS_PER_FAULT = 5
"""So many good rows stand for each bad one in a file at least, lest the file be refused as a whole."""
_FEWEST_ROWS = {"orders": 5, "reviews": 3}

DayFile = tuple[int, str, int]
"""Source, feed and day."""


@dataclass(frozen=True)
class Numbered:
    """A row's fault to be planted, and its number among all of them."""

    fault: RowFault
    number: int


@dataclass(frozen=True)
class Planted:
    """A faulty row and its physical line in the file; the header is line 1."""

    numbered: Numbered
    line: int


@dataclass
class Plan:
    """Which day's file gets what. A file with a fault of its own has no faulty rows. ``corrected``: to be delivered again."""

    rows: dict[DayFile, list[Numbered]] = field(default_factory=dict)
    files: dict[DayFile, FileFault] = field(default_factory=dict)
    corrected: set[DayFile] = field(default_factory=set)


def plan(seed: int, rows: Mapping[DayFile, int]) -> Plan:
    """Spread the faults over the files.

    ``rows``: rows per day's file. At least one fault of every kind, as far as there are files large enough to take them.
    """
    made, rng, numbers = Plan(), draws.generator(seed, "faults", 0), iter(range(1, 1 << 40))
    for feed, kinds in (("orders", ORDER_ROWS), ("reviews", REVIEW_ROWS)):
        files = sorted(key for key in rows if key[1] == feed)
        _plan_files(made, rng, feed, [key for key in files if rows[key] >= _FEWEST_ROWS[feed]], len(files))
        left = [key for key in files if key not in made.files and key not in made.corrected]
        total = sum(rows[key] for key in files)
        places = np.cumsum([rows[key] // _ROWS_PER_FAULT for key in left])
        room = int(places[-1]) if len(places) else 0
        count = min(max(len(kinds), int(total * ROW_SHARE)), room)
        for number, place in enumerate(rng.choice(room, count, replace=False) if room else ()):
            key = left[int(np.searchsorted(places, place, side="right"))]
            made.rows.setdefault(key, []).append(Numbered(kinds[number % len(kinds)], next(numbers)))
    return made


def oddities(rows: int) -> list[Numbered]:
    """Oddities for the first ``rows`` rows of a profile file; none where there are hardly any rows."""
    count = max(len(CUSTOMER_ROWS), int(rows * ROW_SHARE)) if rows >= len(CUSTOMER_ROWS) else 0
    return [Numbered(CUSTOMER_ROWS[number % len(CUSTOMER_ROWS)], number + 1) for number in range(count)]


def _plan_files(made: Plan, rng: np.random.Generator, feed: str, eligible: list[DayFile], files: int) -> None:
    kinds = [fault for fault in FILES if fault.feed == feed]
    count = max(len(kinds), int(files * FILE_SHARE))
    order = [eligible[place] for place in rng.permutation(len(eligible))]
    if feed == "orders":
        for source in range(len(SOURCES)):
            if chosen := next((key for key in order if key[0] == source), None):
                made.corrected.add(chosen)
                order.remove(chosen)
        if order:
            made.files[order.pop()] = HEADER_ONLY
    for number, key in enumerate(order[:count]):
        made.files[key] = kinds[number % len(kinds)]


def spoil(page: bytes, faults: Sequence[Numbered], seed: int, stream: str) -> tuple[bytes, list[Planted]]:
    """Plant the faults at random rows of a file's text, no two at the same one. An additional row stands behind an order's last line."""
    ends = breaks(page)
    columns = page[: ends.records[0]].decode().rstrip("\n").split(",")
    count = len(ends.records) - 1
    chosen = draws.generator(seed, f"places {stream}", 0).choice(count, len(faults), replace=False)
    edits = []
    for numbered, place in zip(faults, chosen, strict=True):
        start, end = (int(offset) for offset in ends.records[place : place + 2])
        if numbered.fault.is_footer:
            edits.append((len(page), len(page), ",".join(["合计", *[""] * (len(columns) - 1)]).encode() + b"\n", numbered))
            continue
        row = page[: ends.records[0]] if numbered.fault.is_header else _row(page[start:end], columns, numbered)
        if numbered.fault.reason:
            start = end = _order_end(page, ends.records, int(place))
        edits.append((start, end, row, numbered))
    return _edited(page, sorted(edits, key=lambda edit: (edit[:2], edit[3].number)), ends.lines)


def _order_end(page: bytes, records: NDArray[np.int64], place: int) -> int:
    """Offset behind the last row that begins with the same id as the row at ``place``."""
    start = records[place]
    own = page[start : page.index(b",", start) + 1]
    while page.startswith(own, records[place]):
        place += 1
    return int(records[place])


def _row(original: bytes, columns: list[str], numbered: Numbered) -> bytes:
    fault = numbered.fault
    (fields,) = csv.reader(io.StringIO(original.decode(), newline=""))
    if fault.reason:
        fields = [text.replace("\n", " ") for text in fields]  # a row that can't be split into columns is found by its line
    values = dict(zip(columns, fields, strict=True))
    values |= {column: text.format(number=numbered.number, last=99_999_999 - numbered.number) for column, text in fault.changes.items()}
    fields = [*values.values(), *[""] * fault.width]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(fields[: fault.width] if fault.width < 0 else fields)
    return written.getvalue().encode()


def _edited(page: bytes, edits: list[tuple[int, int, bytes, Numbered]], lines: NDArray[np.int64]) -> tuple[bytes, list[Planted]]:
    pieces, planted, copied, added = [], [], 0, 0
    for start, end, row, numbered in edits:
        pieces += [page[copied:start], row]
        planted.append(Planted(numbered, int(np.searchsorted(lines, start, side="right")) + 1 + added))
        added += row.count(b"\n") - page.count(b"\n", start, end)
        copied = end
    return b"".join([*pieces, page[copied:]]), planted
