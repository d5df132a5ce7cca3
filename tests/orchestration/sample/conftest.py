"""One small sample for all tests, and a plain reading of it that shares no code with what wrote it."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration.sample import SampleSummary, write_sample

csv.field_size_limit(1 << 24)

SOURCES = ("online", "shops")
END = date(2026, 10, 31)


@dataclass(frozen=True)
class Sample:
    home: Path
    summary: SampleSummary

    @cached_property
    def totals(self) -> dict[str, Any]:
        return json.loads((self.home / "truth" / "totals.json").read_text(encoding="utf-8"))

    @cached_property
    def faults(self) -> pl.DataFrame:
        return pl.read_parquet(self.home / "truth" / "faults.parquet")

    @cached_property
    def customers(self) -> pl.DataFrame:
        return pl.read_parquet(self.home / "truth" / "customers.parquet")

    def folder(self, delivered_in: str, source: str) -> Path:
        return self.home / ("inbox" if delivered_in == "inbox" else "truth/later") / source

    def refused_files(self) -> set[Path]:
        refused = self.faults.filter(pl.col("outcome").is_in(["held", "no_op"]))
        return {self.folder(row["delivered_in"], row["source"]) / row["file"] for row in refused.iter_rows(named=True)}

    def files(self, feed: str, source: str) -> list[Path]:
        """Files of the inbox that count."""
        return sorted(set(self.folder("inbox", source).glob(f"{feed}*.csv*")) - self.refused_files())

    def quarantined_lines(self, source: str, file: str) -> set[int]:
        rows = self.faults.filter(outcome="quarantined", source=source, file=file)
        return set(rows["line"].to_list())

    def clean_rows(self, feed: str, source: str) -> list[tuple[str, dict[str, str]]]:
        """File name and row of everything that counts, but for the rows that the truth calls faulty."""
        found = []
        for path in self.files(feed, source):
            refused = self.quarantined_lines(source, path.name)
            found += [(path.name, row) for line, row in records(path) if line not in refused]
        return found


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")


def records(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Physical line (the header is 1) and row of every record behind the header."""
    lines = csv.reader(io.StringIO(text_of(path), newline=""))
    header, found = next(lines), []
    start = lines.line_num + 1
    for fields in lines:
        found.append((start, dict(zip(header, fields, strict=False))))
        start = lines.line_num + 1
    return found


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    home = tmp_path_factory.mktemp("sample")
    return Sample(home, write_sample(home, customers=300, end=END))
