"""Workbooks for people: XLSX whose text cells stay text. The same rows give the same bytes."""

import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from orchestration.io import portions, write_atomically

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_PER_SHEET = 1_048_575
"""Excel's 1,048,576 rows without the header."""
CELL_CHARACTERS = 16_383
"""What an Excel cell holds for certain (32,767 halves of UTF-16); the rest of a longer text is in the CSV and Parquet only."""

_CREATED = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_BAD_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


def write_xlsx(frame: pl.DataFrame | pl.LazyFrame, path: Path, title: str, rows_per_sheet: int = ROWS_PER_SHEET) -> None:
    """XLSX with text as text cells, dates as dates and the header frozen; one sheet for each ``rows_per_sheet`` rows."""
    import rustpy_xlsxwriter as xlsx

    rows, schema = frame.lazy(), frame.collect_schema()
    starts = range(0, max(rows.select(pl.len()).collect().item(), 1), rows_per_sheet)
    names = [_sheet_name(title, number if len(starts) > 1 else None) for number, _ in enumerate(starts, start=1)]
    sheets: list[tuple[str, Any]] = [(name, _cells(rows.slice(start, rows_per_sheet))) for name, start in zip(names, starts, strict=True)]
    formats = {column: xlsx.Format().set_num_format(code) for column, dtype in schema.items() if (code := _number_format(dtype))}
    money = {column: xlsx.Format().set_num_format("0.00") for column, dtype in schema.items() if dtype.is_decimal()}
    widths = {column: float(min(max(len(column) + 2, 12), 40)) for column in schema}
    with write_atomically(path) as partial:
        xlsx.write_worksheets(
            sheets,
            str(partial),
            freeze_panes={"general": {"row": 1, "col": 0}},
            bold_headers=True,
            column_formats={name: {**formats, **money} for name in names},
            column_widths=dict.fromkeys(names, widths),
        )
        _fix_creation_time(partial)


def _cells(rows: pl.LazyFrame) -> "pa.RecordBatchReader":
    """The rows as the writer can take them, a portion at a time: whatever their number, it holds no more than one."""
    import pyarrow as pa

    # The writer leaves Decimal cells empty, and refuses text longer than a cell.
    fitted = [pl.col(pl.Decimal).cast(pl.Float64), pl.col(pl.String).str.head(CELL_CHARACTERS)]
    cells = rows.with_columns(fitted)
    tables = (portion.collect().to_arrow() for portion in portions(cells))
    schema = cells.collect_schema().to_frame().to_arrow().schema
    return pa.RecordBatchReader.from_batches(schema, (batch for table in tables for batch in table.to_batches()))


def _number_format(dtype: pl.DataType) -> str | None:
    if dtype == pl.String:
        return "@"
    if dtype == pl.Date:
        return "yyyy-mm-dd"
    return "yyyy-mm-dd hh:mm:ss" if dtype == pl.Datetime else None


def _sheet_name(title: str, number: int | None) -> str:
    suffix = "" if number is None else f" {number}"
    return _BAD_IN_SHEET_NAME.sub(" ", title)[: 31 - len(suffix)].strip() + suffix


def _fix_creation_time(path: Path) -> None:
    """Puts a fixed date for the clock's in the document's properties, so that the same cells give the same file.

    The properties are among the archive's last entries: it is cut before them and they are written anew, whatever the size of the sheets.
    """
    with zipfile.ZipFile(path, "a", compression=zipfile.ZIP_DEFLATED) as archive:
        properties = archive.getinfo("docProps/core.xml")
        tail = [entry for entry in archive.infolist() if entry.header_offset >= properties.header_offset]
        contents = [archive.read(entry) for entry in tail]
        for entry in tail:
            archive.filelist.remove(entry)
            del archive.NameToInfo[entry.filename]
        archive.start_dir = properties.header_offset
        for entry, content in zip(tail, contents, strict=True):
            renewed = zipfile.ZipInfo(entry.filename, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(renewed, _CREATED.sub(b"1980-01-01T00:00:00Z", content), compress_type=zipfile.ZIP_DEFLATED)
