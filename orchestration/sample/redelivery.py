"""A day that is delivered again with corrections: under the same name, and to count instead of what came first."""

import csv
import io
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Redelivery:
    """The new file, and by how much it changes what counts."""

    page: bytes
    orders_change: int
    rows_change: int
    cents_change: int


def correct(page: bytes, is_settled: NDArray[np.bool_], number: int) -> Redelivery:
    """Correct a day's order file: one more piece in up to two rows, an order taken out, and one that was missing put in.

    ``is_settled``: per row, whether its order never comes again; only such rows are touched, lest a later version undo it.
    """
    header, *rows = csv.reader(io.StringIO(page.decode(), newline=""))
    quantity, price = header.index("quantity"), header.index("unit_price")

    def cents(row: list[str]) -> int:
        return int(Decimal(row[quantity]) * Decimal(row[price]) * 100)

    before = sum(map(cents, rows))
    settled = [row for row, is_sure in zip(rows, is_settled, strict=True) if is_sure]
    new = [f"N{number:08d}", "1", *rows[0][2:]]
    for row in settled[:2]:
        row[quantity] = str(int(row[quantity]) + (1 if int(row[quantity]) > 0 else -1))
    untouched = [row[0] for row in settled if row[0] not in {changed[0] for changed in settled[:2]}]
    dropped = untouched[0] if untouched else None
    kept = [row for row in rows if row[0] != dropped] + [new]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *kept])
    return Redelivery(written.getvalue().encode(), 1 - (dropped is not None), len(kept) - len(rows), sum(map(cents, kept)) - before)
