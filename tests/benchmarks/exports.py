"""A table: seconds and memory of a package's files, next to the same frame written by other writers.

The master as CSV and Parquet beside Polars' own ``write_csv`` and ``write_parquet``; its workbook beside XlsxWriter in constant memory.
Every writer gets the same frame, in a process of its own, in turns; medians are compared. The workbook's memory is told at two sizes, less
the frame's own: what grows with the rows is not constant.

    python -m tests.benchmarks.exports --customers 1000000
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.bench import measure, table

if TYPE_CHECKING:
    import polars as pl

TURNS = 3
COLUMNS = 40
NOTHING = "nothing"


def write_frame(path: Path, size: int, seed: int = 1) -> None:
    """A frame like a master: ``COLUMNS`` columns of texts in two languages, days, money, scores and flags; some of it unknown."""
    import polars as pl

    randomly = np.random.default_rng(seed)
    groups = np.array(["champions", "loyal_customers", "at_risk", "hibernating", "重要挽留", "一般发展"])
    reasons = np.array(["last order 40 days ago, usually every 30", "有 1 条差评，之后未再购买", "3 purchase days, no steady rhythm yet"])
    columns: dict[str, Any] = {"customer_id": np.char.add("online:C", np.arange(size).astype(str))}
    makers: list[Callable[[], Any]] = [
        lambda: groups[randomly.integers(0, len(groups), size)],
        lambda: reasons[randomly.integers(0, len(reasons), size)],
        lambda: np.datetime64("2026-10-31") - randomly.integers(0, 730, size),
        lambda: pl.Series(randomly.integers(-1_000, 1_000_000, size)).cast(pl.Decimal(18, 2)) / 100,
        lambda: randomly.random(size),
        lambda: randomly.integers(1, 6, size),
        lambda: randomly.random(size) < 0.5,
        lambda: np.datetime64("2026-10-31T10:00:00", "us") - randomly.integers(0, 60_000_000, size).astype("timedelta64[s]"),
    ]
    for number in range(1, COLUMNS):
        columns[f"column_{number}"] = makers[number % len(makers)]()
    frame = pl.DataFrame(columns).with_columns(pl.col(pl.Decimal).cast(pl.Decimal(18, 2)))
    unknown = pl.int_range(pl.len()) % 10 == 0
    frame.with_columns(
        pl.when(unknown).then(None).otherwise(pl.col(f"column_{number}")).alias(f"column_{number}") for number in (2, 3, 5)
    ).write_parquet(path)


def package_files(frame: "pl.DataFrame", folder: Path) -> None:
    """CSV for people and Parquet, as a package has them."""
    from orchestration.exports.csv_file import write_csv
    from orchestration.io import write_parquet

    write_csv(frame, folder / "a.csv")
    write_parquet(frame, folder / "a.parquet")


def polars_files(frame: "pl.DataFrame", folder: Path) -> None:
    frame.write_csv(folder / "a.csv")
    frame.write_parquet(folder / "a.parquet")


def workbook(frame: "pl.DataFrame", folder: Path) -> None:
    """The workbook of a package."""
    from orchestration.exports.workbook import write_xlsx

    write_xlsx(frame, folder / "a.xlsx", "Customers")


def xlsxwriter(frame: "pl.DataFrame", folder: Path) -> None:
    """The same workbook by XlsxWriter, row by row, in constant memory."""
    import polars as pl
    import xlsxwriter as writer

    book = writer.Workbook(folder / "a.xlsx", {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    formats = {pl.String: book.add_format({"num_format": "@"}), pl.Date: book.add_format({"num_format": "yyyy-mm-dd"})}
    formats[pl.Datetime] = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    money = book.add_format({"num_format": "0.00"})
    sheet = book.add_worksheet("Customers")
    sheet.freeze_panes(1, 0)
    by_column = [money if dtype.is_decimal() else formats.get(dtype.base_type()) for dtype in frame.dtypes]
    sheet.write_row(0, 0, frame.columns)
    for number, row in enumerate(frame.iter_rows(), start=1):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, value, by_column[column])
    book.close()


WRITERS: dict[str, Callable[["pl.DataFrame", Path], None]] = {
    NOTHING: lambda frame, folder: None,
    "package": package_files,
    "polars": polars_files,
    "workbook": workbook,
    "xlsxwriter": xlsxwriter,
}


def run(whose: str, content: Path) -> dict[str, float]:
    """What one process does: the seconds of the writing alone, with the frame in memory."""
    import polars as pl

    import orchestration.exports.package  # noqa: F401  (what is imported is imported before the clock runs)

    frame = pl.read_parquet(content)
    with tempfile.TemporaryDirectory(dir=content.parent) as folder:
        started = time.perf_counter()
        WRITERS[whose](frame, Path(folder))
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "bytes": sum(path.stat().st_size for path in Path(folder).iterdir())}


def measured(whose: str, content: Path) -> dict[str, float]:
    """One process. ``peak_bytes``: all it held, the frame and its imports among it."""
    run = measure([sys.executable, "-m", "tests.benchmarks.exports", "--run", whose, "--frame", content])
    return {**json.loads(run.output.splitlines()[-1]), "peak_bytes": run.peak_bytes}


def compare(customers: int) -> dict[str, dict[str, float]]:
    """Rows of the table by size. XlsxWriter takes minutes: it goes once, at the smaller size."""
    columns: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        for size, turns in ((customers // 4, 1), (customers, TURNS)):
            content = Path(folder, f"{size}.parquet")
            measure([sys.executable, "-c", f"from tests.benchmarks.exports import *; write_frame(Path({str(content)!r}), {size})"])
            kinds = [whose for whose in WRITERS if whose != "xlsxwriter" or turns == 1]
            runs: dict[str, list[dict[str, float]]] = {whose: [] for whose in kinds}
            for _ in range(turns):
                for whose in kinds:
                    runs[whose].append(measured(whose, content))
            seconds = {whose: statistics.median(each["seconds"] for each in found) for whose, found in runs.items()}
            beyond = {whose: max(each["peak_bytes"] for each in found) / 1e6 for whose, found in runs.items()}
            frame = beyond.pop(NOTHING)
            column = {
                "CSV and Parquet of the package, s": seconds["package"],
                "Polars' own, s": seconds["polars"],
                "package / Polars' own": seconds["package"] / seconds["polars"],
                "workbook, s": seconds["workbook"],
                "workbook, MB": runs["workbook"][0]["bytes"] / 1e6,
                "the frame in memory, with imports, MB": frame,
                **{f"{whose}: memory beyond that, MB": peak - frame for whose, peak in beyond.items()},
            }
            if turns == 1:
                column |= {"XlsxWriter in constant memory, s": seconds["xlsxwriter"]}
                column |= {"XlsxWriter / workbook": seconds["xlsxwriter"] / seconds["workbook"]}
            columns[f"{size:,} customers"] = column
            content.unlink()
    return columns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", default=1_000_000, type=int)
    parser.add_argument("--run", choices=tuple(WRITERS), help=argparse.SUPPRESS)
    parser.add_argument("--frame", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(run(asked.run, asked.frame)))
        return
    columns = compare(asked.customers)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {COLUMNS} columns\n", *table(columns), sep="\n")


if __name__ == "__main__":
    main()
