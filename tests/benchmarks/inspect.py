"""A table: seconds and memory of `regulars inspect` on large and wide dumps of each format, with and without a proposal.

python -m tests.benchmarks.inspect
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.bench import measure, table

TURNS = 3
ROWS = 3_000_000
ROWS_OF_A_WORKBOOK = 1_000_000
"""About as many as the 50 MB hold that a workbook may have to be looked at."""
WIDE = 3_900
"""Columns that no profile knows, beside those of an order."""
HEADER = ("Order No", "Customer No", "Order Date", "SKU", "Qty", "Price")
FORMATS = {".csv": "header", ".jsonl": "format json", ".parquet": "format parquet"}


def row(number: int) -> tuple[str, ...]:
    return f"O{number}", f"C{number % 5000}", f"2026-03-{1 + number % 28:02} 10:00:00", f"S{number % 70}", "1", "5.50"


def make(path: Path) -> None:
    """A dump of orders in the format that its name says."""
    if path.name == "wide.csv":
        header = (*HEADER, *(f"Col {number}" for number in range(WIDE)))
        rows = ((*row(number), *(str(number * place % 97) for place in range(WIDE))) for number in range(1000))
        path.write_text("\n".join(map(",".join, [header, *rows])) + "\n", encoding="utf-8")
    elif path.suffix == ".xlsx":
        import xlsxwriter

        with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            for number in range(ROWS_OF_A_WORKBOOK):
                sheet.write_row(number, 0, row(number) if number else HEADER)
    else:
        import duckdb

        columns = ("'O' || i", "'C' || i % 5000", "timestamp '2026-01-01' + interval (i % 2000) hour", "'S' || i % 70", "1", "5.50")
        named = ", ".join(f'{column} as "{name}"' for name, column in zip(HEADER, columns, strict=True))
        duckdb.sql(f"copy (select {named} from range({ROWS}) as numbers (i)) to '{path}' ({FORMATS[path.suffix]})")


def compare() -> dict[str, dict[str, float]]:
    """Columns of the table: a dump each."""
    regulars = Path(sys.executable).with_name("regulars")
    columns = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("large.csv", "large.jsonl", "large.parquet", "large.xlsx", "wide.csv"):
            path = Path(folder) / name
            make(path)
            looked, proposed = [], []
            for turn in range(TURNS):
                home = Path(folder) / f"{path.stem}_{path.suffix[1:]}_{turn}"
                home.mkdir()
                proposed.append(measure([regulars, "inspect", path, "--write-profile", "mine", "--home", home]))
                looked.append(measure([regulars, "inspect", path, "--profile", "mine", "--home", home]))
            columns[name] = {
                "MB": path.stat().st_size / 1e6,
                "with a profile, s": statistics.median(run.seconds for run in looked),
                "with a profile: peak memory, MB": max(run.peak_bytes for run in looked) / 1e6,
                "with a proposal, s": statistics.median(run.seconds for run in proposed),
                "with a proposal: peak memory, MB": max(run.peak_bytes for run in proposed) / 1e6,
            }
            path.unlink()
    return columns


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n", *table(compare()), sep="\n")


if __name__ == "__main__":
    main()
