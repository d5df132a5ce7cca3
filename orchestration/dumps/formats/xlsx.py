"""A workbook's sheet → CSV text: ids as they are written, dates ISO, and no number that the spreadsheet has rounded."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from orchestration.dumps.archives import DAMAGE, is_archive, is_open_document, refuse_bomb
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.converted import Converted, RowWriter, is_footer
from orchestration.dumps.formats.trimming import joined
from orchestration.dumps.held import HeldError, listed
from orchestration.dumps.patterns import is_found

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

MOST_DIGITS = 1e15
"""Spreadsheets keep 15 digits of a number; the rest of a longer id was lost before the file was written."""

_OPEN_DOCUMENT_ERROR = re.compile(rb'calcext:value-type="error"')
_ERROR_CELL = re.compile(rb'<c\b[^>]*\bt="e"')


def convert(content: Path, target: Path, dialect: Dialect) -> Converted:
    """Line numbers are the sheet's rows. A row with an error value or a number beyond 15 digits is refused: its value is not known.

    A cell of nothing but blanks is empty; a formula is its value as last computed.
    """
    _check_archive(content)
    with _opened(content) as workbook:
        sheet = _sheet(workbook, dialect)
        errors = _rows_with_errors(content, sheet.name)
        with RowWriter(target) as writer:
            _write(_texts(sheet), errors, writer, dialect)
            return writer.converted()


def fullest(content: Path, wanted: str | None = None) -> tuple[str, list[str], list[list[str]]]:
    """Of a workbook: the sheet wanted, or the one with the most rows; the names of all with any; and the rows of the former, blank ones
    too."""
    with _opened(content) as workbook:
        filled = [sheet for sheet in map(workbook.get_sheet_by_name, workbook.sheet_names) if sheet.start is not None]
        if not filled:
            raise HeldError("empty_file", "the workbook has no filled sheet, expected at least a header row")
        names = [sheet.name for sheet in filled]
        if wanted is not None and wanted not in names:
            raise HeldError("missing_sheet", f"there is no sheet {wanted!r} with rows; the workbook has {listed(map(repr, names))}")
        chosen = next((sheet for sheet in filled if sheet.name == wanted), max(filled, key=lambda sheet: sheet.total_height))
        return chosen.name, names, [texts for _, texts, _ in _texts(chosen)]


@contextmanager
def _opened(content: Path) -> Iterator["CalamineWorkbook"]:
    """The workbook; what its reader can't read is a ``HeldError``."""
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(str(content)) as workbook:
            yield workbook
    except python_calamine.PasswordError:
        raise HeldError("encrypted", "the workbook asks for a password; have it delivered without one") from None
    except python_calamine.CalamineError as error:
        raise HeldError("corrupt_xlsx", f"it can't be read as an XLSX workbook ({error}); have it delivered again") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how a failure within the reader's own code comes out; it is no Exception
            raise
        raise HeldError(
            "corrupt_xlsx", "its XLSX reader failed on it; open it in a spreadsheet program, save it and deliver it again"
        ) from None


def _check_archive(content: Path) -> None:
    try:
        with content.open("rb") as start:
            if not is_archive(start.read(8)):
                raise HeldError(
                    "other_format", "it is no workbook, and may be text; set `format: csv` for this feed, or have it delivered again"
                )
        with zipfile.ZipFile(content) as archive:
            refuse_bomb(archive.infolist(), content.stat().st_size)
            if "xl/workbook.bin" in archive.namelist():
                raise HeldError("other_format", "it is a binary workbook (.xlsb); open it in Excel or LibreOffice and save it as .xlsx")
            if is_open_document(archive):
                _refuse_errors(archive)
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"wrong checksum in {damaged}")
    except (*DAMAGE, OSError) as error:
        raise HeldError("corrupt_xlsx", f"it can't be read as an XLSX workbook ({error}); have it delivered again") from None


def _refuse_errors(archive: zipfile.ZipFile) -> None:
    """Raises ``HeldError`` for a workbook of LibreOffice with an error such as ``#N/A``, which the reader gives as an empty text."""
    with archive.open("content.xml") as cells:
        if _has(_OPEN_DOCUMENT_ERROR, cells.read):
            raise HeldError("error_cells", "some of its cells hold errors such as #N/A; mend them, or save the workbook as .xlsx")


def _sheet(workbook: "CalamineWorkbook", dialect: Dialect) -> "CalamineSheet":
    names = workbook.sheet_names
    if dialect.sheet is not None:
        if dialect.sheet not in names:
            raise HeldError("missing_sheet", f"there is no sheet '{dialect.sheet}'; the workbook has {listed(map(repr, names))}")
        return workbook.get_sheet_by_name(dialect.sheet)
    filled = [sheet for sheet in map(workbook.get_sheet_by_name, names) if sheet.start is not None]
    if not filled:
        raise HeldError("empty_file", "the workbook has no filled sheet, expected at least a header row")
    if len(filled) > 1:
        raise HeldError(
            "several_sheets",
            f"the workbook has rows on {listed(repr(sheet.name) for sheet in filled)}; say which to read with `sheet:` in its profile",
        )
    return filled[0]


def _texts(sheet: "CalamineSheet") -> Iterator["Row"]:
    """Row number, the row's texts, and the reason why one of them isn't what was meant."""
    for number, cells in enumerate(sheet.iter_rows(), 1):
        texts = [_text(cell) for cell in cells]
        is_rounded = any(isinstance(cell, float) and abs(cell) >= MOST_DIGITS for cell in cells)
        yield number, texts, "digits_lost" if is_rounded else None


def _text(cell: Any) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < MOST_DIGITS:
            return str(int(cell))
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            minutes, seconds = divmod(int(cell.total_seconds()), 60)
            return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    return str(cell)


Row = tuple[int, list[str], str | None]


def _write(rows: Iterator[Row], errors: set[int], writer: RowWriter, dialect: Dialect) -> None:
    header: list[str] | None = None
    above: list[list[str]] = []  # rows of the header so far
    waiting: list[Row] = []  # may turn out to be footer
    has_ended = False
    for number, texts, reason in rows:
        if number <= dialect.skip_lines:
            continue
        has_ended = has_ended or (
            header is not None and dialect.ends_before is not None and is_found(dialect.ends_before, _original(texts))
        )
        if not any(texts):
            continue
        if has_ended:
            writer.refuse(number, "after_end", _original(texts))
            continue
        if header is None:
            above.append(texts[: max(place for place, text in enumerate(texts, 1) if text)])
            if len(above) == dialect.header_rows:
                header = above[0] if len(above) == 1 else joined(above)
                writer.header(header)
            continue
        row = (number, texts, "error_value" if number in errors else reason)
        if is_footer(_original(texts), dialect.footer):
            waiting.append(row)
            continue
        for each in (*waiting, row):  # a row follows, so what waited was none of the footer
            _write_row(each, len(header), writer)
        waiting.clear()
    if header is None:
        raise HeldError("empty_file", "the sheet has no header row")
    for number, texts, _ in waiting:
        writer.refuse(number, "footer", _original(texts))


def _write_row(row: Row, columns: int, writer: RowWriter) -> None:
    number, texts, reason = row
    if reason := reason or ("too_many_columns" if any(texts[columns:]) else None):
        writer.refuse(number, reason, _original(texts))
    else:
        writer.row(number, texts[:columns])


def _original(texts: list[str]) -> str:
    return ",".join(texts).rstrip(",")


def _rows_with_errors(content: Path, sheet: str) -> set[int]:
    """Rows with a cell such as ``#N/A``, which the reader gives as an empty text."""
    with zipfile.ZipFile(content) as archive:
        part = _part_of(archive, sheet)
        if part is None:
            return set()
        with archive.open(part) as cells:
            if not _has(_ERROR_CELL, cells.read):
                return set()
        found: set[int] = set()
        with archive.open(part) as cells:
            number = 0
            for event, element in ElementTree.iterparse(cells, events=("start", "end")):
                kind = element.tag.rsplit("}", 1)[-1]
                if event == "start" and kind == "row":
                    number = int(element.get("r", number + 1))
                elif event == "start" and kind == "c" and element.get("t") == "e":
                    found.add(number)
                elif event == "end" and kind == "row":
                    element.clear()
        return found


def _has(pattern: re.Pattern[bytes], read: Any) -> bool:
    rest = b""
    while block := read(1 << 20):
        if pattern.search(rest + block):
            return True
        rest = block[-200:]
    return False


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The archive's member that holds the sheet's cells."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError):
        return None
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            identity = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            target = targets.get(identity, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return part if part in archive.namelist() else None
    return None
