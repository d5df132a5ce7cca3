"""The first rows of a workbook, without reading all of it: the same workbook cut short, which the usual reader reads."""

import re
import zipfile
from pathlib import Path
from typing import IO

from orchestration.dumps.archives import DAMAGE, is_open_document, refuse_bomb
from orchestration.dumps.formats import xlsx
from orchestration.dumps.held import HeldError

BLOCK = 1 << 20
SMALL = 1 << 20
"""Bytes of a part that is taken as it is: styles, names of sheets, how they are linked. Pictures are larger, and not needed."""
MOST_XML = 64 << 20
"""Bytes of a sheet's first rows."""

_ROW_END = re.compile(rb"</(?:\w+:)?row>|<(?:\w+:)?row\b[^>]*/>")
_OPEN_DOCUMENT_ROW_END = re.compile(rb"</table:table-row>")
_SHARED = re.compile(rb'<(?:\w+:)?c\b[^>]*\bt="s"[^>]*>\s*<(?:\w+:)?v>(\d+)<')
_STRING_END = re.compile(rb"</((?:\w+:)?)si>|<((?:\w+:)?)si/>")


def cut(path: Path, target: Path, most_rows: int) -> bool:
    """Write the workbook with so many rows of each sheet. Returns whether that is all of it. Raises ``HeldError`` for damage."""
    try:
        with zipfile.ZipFile(path) as whole, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as beginning:
            refuse_bomb(whole.infolist(), path.stat().st_size)
            if is_open_document(whole):
                return _cut_open_document(whole, beginning, most_rows)
            return _cut_xlsx(whole, beginning, most_rows)
    except (*DAMAGE, KeyError) as error:
        raise HeldError("corrupt_xlsx", f"it can't be read as a workbook ({error}); have it delivered again") from None


def rows(beginning: Path, wanted: str | None) -> tuple[str, list[str], list[list[str]]]:
    """The sheet wanted, or the one with the most rows; all sheets with any; and the rows of the former."""
    return xlsx.fullest(beginning, wanted)


def _cut_xlsx(whole: zipfile.ZipFile, beginning: zipfile.ZipFile, most_rows: int) -> bool:
    is_whole, used = True, set[int]()
    for info in whole.infolist():
        if re.fullmatch(r"xl/worksheets/[^/]+\.xml", info.filename):
            with whole.open(info) as part:
                text, is_all = _first_rows(part, _ROW_END, most_rows)
            used |= set(map(int, _SHARED.findall(text)))
            is_whole = is_whole and is_all
            beginning.writestr(info.filename, text)
        elif info.file_size <= SMALL and info.filename != "xl/sharedStrings.xml":
            beginning.writestr(info.filename, whole.read(info))
    if "xl/sharedStrings.xml" in whole.namelist():
        with whole.open("xl/sharedStrings.xml") as part:
            beginning.writestr("xl/sharedStrings.xml", _strings(part, used))
    return is_whole


def _first_rows(part: IO[bytes], row_end: re.Pattern[bytes], most_rows: int, closing: bytes = b"") -> tuple[bytes, bool]:
    """The part up to so many rows, its elements closed; and whether that is all of it."""
    text, searched, count = b"", 0, 0
    while block := part.read(BLOCK):
        text += block
        for found in row_end.finditer(text, searched):
            searched, count = found.end(), count + 1
            if count == most_rows:
                prefix = re.search(rb"<((?:\w+:)?)worksheet\b", text)
                name = prefix[1] if prefix else b""
                return text[:searched] + (closing or b"</%ssheetData></%sworksheet>" % (name, name)), False
        if len(text) > MOST_XML:
            raise HeldError("too_wide", f"its first {most_rows:,} rows have more than {MOST_XML >> 20} MB; have it exported as CSV")
    return text, True


def _strings(part: IO[bytes], used: set[int]) -> bytes:
    """The table of texts with those that are used, and with nothing in the place of the others before them."""
    last = max(used, default=-1)
    kept: list[bytes] = []
    rest, number, opening = b"", 0, b""
    while number <= last and (block := part.read(BLOCK)):
        rest += block
        place = 0
        for found in _STRING_END.finditer(rest):
            entry = rest[place : found.end()]
            if number == 0:
                begun = re.search(rb"<(?:\w+:)?si[\s/>]", entry)
                opening = entry[: begun.start()] if begun else b""
                entry = entry[len(opening) :]
            kept.append(entry if number in used else b"<%ssi/>" % (found[1] or found[2] or b""))
            place = found.end()
            number += 1
            if number > last:
                break
        rest = rest[place:]
    name = re.search(rb"<((?:\w+:)?)sst\b", opening)
    if not kept or not name:
        return b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    return opening + b"".join(kept) + b"</%ssst>" % name[1]


def _cut_open_document(whole: zipfile.ZipFile, beginning: zipfile.ZipFile, most_rows: int) -> bool:
    closing = b"</table:table></office:spreadsheet></office:body></office:document-content>"
    is_whole = True
    for info in whole.infolist():
        if info.filename == "content.xml":
            with whole.open(info) as part:
                text, is_whole = _first_rows(part, _OPEN_DOCUMENT_ROW_END, most_rows, closing)
            beginning.writestr(info.filename, text)
        elif info.file_size <= SMALL:
            beginning.writestr(info.filename, whole.read(info))
    return is_whole
