"""The beginning of an unknown dump as text, whatever its format and packing: enough to say what it is, in seconds and bounded memory.

A run reads all of a file, and reads it as its profile says. Here a file of any size is opened as far as a look at it takes.
"""

import os
import re
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from orchestration.dumps import workbook_samples
from orchestration.dumps.archives import is_archive, is_workbook, judged_names
from orchestration.dumps.compression import compression_of, unpacked
from orchestration.dumps.dialect import Dialect, Format
from orchestration.dumps.formats import foreign, json_array, jsonl
from orchestration.dumps.formats.converted import RowWriter
from orchestration.dumps.formats.records import rows as rows_of_record
from orchestration.dumps.held import HeldError, listed, shortened
from orchestration.errors import RegularsError

SAMPLE_BYTES = 8 << 20
"""How far a file is read to say what it looks like."""
MOST_PACKED_BYTES = 50 << 20
"""A larger workbook or archive takes too long to look into."""
ROWS_ABOVE = 100
"""Rows of a workbook read beside those that are asked for: titles and notes may stand above the header."""

PARQUET_MAGIC = b"PAR1"
START_BYTES = 512
_LINES_OF_AN_ORDER = re.compile("qty|quantity|price|amount|数量|单价", re.IGNORECASE)


@dataclass(frozen=True)
class Sample:
    """``content``: text as delivered, or made of another format (then UTF-8 CSV). ``is_whole``: whether that is all of the dump.

    ``member``: of an archive of one, its name. ``keys``: keys of a profile that were needed to read it so far.
    """

    compression: str
    format: Format
    content: bytes
    is_whole: bool
    member: str | None = None
    keys: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Wanted:
    """``rows``: how many; ``told``: how a profile says that the dump is read, for the sheet of a workbook and the records of JSON."""

    rows: int
    told: Dialect | None


def taken(path: Path, folder: Path, most_rows: int, told: Dialect | None = None) -> Sample:
    """The dump's beginning; ``folder`` takes what is unpacked. Raises ``RegularsError`` for what can't be looked into."""
    try:
        _refuse_unreadable(path)
        return _unpacked(path, folder, _Wanted(most_rows, told))
    except OSError as error:
        raise RegularsError(f"{path} can't be read: {error.strerror}", expected="a dump file", do="check the path") from None
    except HeldError as error:
        raise RegularsError(f"{path} would be held: {error}") from None


def _refuse_unreadable(path: Path) -> None:
    kind = os.stat(path).st_mode
    if stat.S_ISDIR(kind):
        raise RegularsError(f"{path} is a folder", expected="a dump file", do="inspect a file of it")
    if not stat.S_ISREG(kind):
        raise RegularsError(
            f"{path} is no file but a pipe or a device", expected="a dump file", do="save what comes out of it, and inspect that"
        )


def _unpacked(path: Path, folder: Path, wanted: _Wanted) -> Sample:
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES + 1)
    if found := foreign.what_it_is(path, start[:START_BYTES]):
        raise RegularsError(f"{path} is {found[0]}", expected="CSV, JSON, a workbook (.xlsx, .ods) or Parquet", do=found[1])
    if is_archive(start):
        _refuse_large(path)
        if is_workbook(path):
            return _of_workbook(path, folder, wanted)
        return _of_archive(path, folder, wanted)
    if compression := compression_of(start):
        is_whole, plain = _begun(path, compression)
        within = folder / "plain"
        within.write_bytes(plain)
        if start_of_packed := compression_of(plain) or (is_archive(plain) and "zip"):
            raise HeldError("nested_archive", f"it was packed once more within ({start_of_packed}); have it delivered packed once")
        sample = _of_text(plain, is_whole, wanted, folder)
        return replace(sample, compression=compression)
    if start.startswith(PARQUET_MAGIC):
        return _of_parquet(path, folder, wanted)
    return _of_text(start[:SAMPLE_BYTES], len(start) <= SAMPLE_BYTES, wanted, folder)


def _refuse_large(path: Path) -> None:
    size = path.stat().st_size
    if size > MOST_PACKED_BYTES:
        raise RegularsError(
            f"{path} is a workbook or an archive of {size / (1 << 20):.1f} MB",
            expected=f"at most {MOST_PACKED_BYTES >> 20} MB, to look into; a run reads larger ones too",
            do="save its first rows as a file of their own, and inspect that",
        )


def _of_archive(path: Path, folder: Path, wanted: _Wanted) -> Sample:
    members = judged_names(path)
    if len(members) > 1:
        raise RegularsError(f"{path} is an archive of {len(members)} files: {listed(members, 10)}", do="unpack it and inspect each of them")
    with zipfile.ZipFile(path) as archive, archive.open(members[0]) as packed:
        start = packed.read(SAMPLE_BYTES + 1)
        is_binary = is_archive(start) or start.startswith(PARQUET_MAGIC)
        within = folder / "member"
        with within.open("wb") as plain:
            plain.write(start)
            while is_binary and (block := packed.read(1 << 20)):
                plain.write(block)
    if is_binary:
        sample = _unpacked(within, folder, wanted)
    else:
        if found := foreign.what_it_is(within, start[:START_BYTES]):
            raise RegularsError(f"{members[0]} in {path} is {found[0]}", do=found[1])
        sample = _of_text(start[:SAMPLE_BYTES], len(start) <= SAMPLE_BYTES, wanted, folder)
    return replace(sample, compression="zip", member=members[0])


def _begun(path: Path, compression: str) -> tuple[bool, bytes]:
    """Whether it is all, and the first ``SAMPLE_BYTES`` of what a compressed file holds."""
    plain = bytearray()
    with path.open("rb") as packed:
        for block in unpacked(iter(lambda: packed.read(1 << 16), b""), compression):
            plain += block
            if len(plain) > SAMPLE_BYTES:
                return False, bytes(plain[:SAMPLE_BYTES])
    return True, bytes(plain)


def _of_text(content: bytes, is_whole: bool, wanted: _Wanted, folder: Path) -> Sample:
    start = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{") or re.match(rb"\[\s*[\{\]]", start):
        return _of_json(content, is_whole, wanted, folder)
    return Sample("none", "csv", content, is_whole)


def _of_json(content: bytes, is_whole: bool, wanted: _Wanted, folder: Path) -> Sample:
    """Lines of JSON, or one document; of the latter, where its records are. The last record of a sample may be cut off."""
    text = content.decode("utf-8-sig", errors="replace")
    told = wanted.told if wanted.told and wanted.told.format in ("json", "jsonl") else None
    is_lines, under = (told.format == "jsonl", told.records) if told else _where_records_are(text, is_whole)
    if is_lines:
        lines = text.split("\n")
        records: Iterator[Any] = map(jsonl.record, lines if is_whole else lines[:-1])
    else:
        records = json_array.elements(iter([text]), under)
    found = [record for record in _until_cut(records, wanted.rows + 1, is_whole) if isinstance(record, dict)]
    if not found and not is_whole:
        raise RegularsError(
            f"The first record is longer than {SAMPLE_BYTES >> 20} MB", expected="records of an order or so", do="check the file"
        )
    if not found:
        raise HeldError("empty_file", "there is no object in it, expected one per record")
    has_more = len(found) > wanted.rows
    entries = told.lines if told else _lines_of(found[0])
    made = [row for record in found[: wanted.rows] for row in rows_of_record(record, entries)]
    keys = ({"records": under} if under else {}) | ({"lines": entries} if entries else {})
    return _as_csv("jsonl" if is_lines else "json", made, is_whole and not has_more, folder, keys)


def _until_cut(records: Iterator[Any], most: int, is_whole: bool) -> Iterator[Any]:
    try:
        yield from islice(records, most)
    except HeldError:
        if is_whole:
            raise


def _where_records_are(text: str, is_whole: bool) -> tuple[bool, str | None]:
    """Whether there is an object on each line, and, of one document, the keys that lead to its array of records."""
    if text.lstrip().startswith("["):
        return False, None
    first, _, others = text.lstrip().partition("\n")
    paths = json_array.arrays(text)
    if isinstance(jsonl.record(first), dict) and (others.lstrip().startswith("{") or not (others.strip() or paths)):
        return True, None
    if not paths and is_whole:
        raise HeldError("no_records", "it is an object, and there is no array of objects in it")
    return not paths, paths[0] if paths else None


def _lines_of(record: dict[str, Any]) -> str | None:
    """The key under which an order has its lines: a list of objects with a quantity or a price."""
    for name, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict) and any(map(_LINES_OF_AN_ORDER.search, value[0])):
            return name
    return None


def _as_csv(kind: Format, rows: Iterable[dict[str, str]], is_whole: bool, folder: Path, keys: dict[str, str]) -> Sample:
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    target = folder / "text"
    with RowWriter(target) as writer:
        writer.header(columns)
        for number, row in enumerate(rows, 2):
            writer.row(number, [row.get(name, "") for name in columns])
    return Sample("none", kind, target.read_bytes(), is_whole, keys=keys)


def _of_parquet(path: Path, folder: Path, wanted: _Wanted) -> Sample:
    from orchestration.dumps.formats import parquet

    target = folder / "text"
    converted = parquet.convert(path, target, _OfAnyColumns(), wanted.rows + 1)
    with target.open("rb") as text:
        content = text.read(SAMPLE_BYTES + 1)
    is_whole = converted.lines is not None and len(converted.lines) <= wanted.rows and len(content) <= SAMPLE_BYTES
    return Sample("none", "parquet", content[:SAMPLE_BYTES], is_whole)


class _OfAnyColumns(Dialect):
    """Which columns matter, is not known yet: one that holds bytes is no reason not to look."""

    def may_read(self, column: str) -> bool:
        return False


def _of_workbook(path: Path, folder: Path, wanted: _Wanted) -> Sample:
    """Every row as it stands in the sheet, blank ones and titles too, so that lines are rows."""
    beginning = folder / "beginning.zip"
    is_whole = workbook_samples.cut(path, beginning, wanted.rows + ROWS_ABOVE)
    wanted_sheet = wanted.told.sheet if wanted.told else None
    sheet, sheets, rows = workbook_samples.rows(beginning, wanted_sheet)
    target = folder / "text"
    with RowWriter(target) as writer:
        for number, row in enumerate(rows, 1):
            writer.row(number, [value.replace("\r\n", " ").replace("\n", " ") for value in row])
    others = [] if wanted_sheet else [name for name in sheets if name != sheet]
    notes = (f"It looked at the sheet {shortened(sheet)!r}; there are rows on {listed(map(repr, others))} too.",) if others else ()
    return Sample("none", "xlsx", target.read_bytes(), is_whole, keys={"sheet": sheet} if others else {}, notes=notes)
