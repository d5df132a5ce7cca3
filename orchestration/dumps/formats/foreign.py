"""Files that are something else than their names say: what they are, and how to get a dump out of them."""

from pathlib import Path

from orchestration.dumps.held import HeldError

BEGINNING = 1 << 16
"""Bytes that are looked at."""

_SAVE = "open it in Excel or LibreOffice and save it as .xlsx, or as CSV in UTF-8"
_UNPACK = "have its files delivered as they are, or packed as .zip or .gz"
_MAGIC: dict[bytes, tuple[str, str]] = {
    b"%PDF": ("a PDF document", "have it exported as CSV or .xlsx; a page made for printing has no rows to read"),
    b"Rar!": ("a RAR archive", _UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", _UNPACK),
    b"BZh": ("packed with bzip2", _UNPACK),
    b"\xfd7zXZ": ("packed with xz", _UNPACK),
    b"SQLite format 3\0": ("a SQLite database", "have the table exported as CSV"),
    b"ARROW1": ("an Arrow file", "have it written as Parquet"),
    b"\x89PNG": ("a picture", "have the table itself exported, as CSV or .xlsx"),
    b"\xff\xd8\xff": ("a picture", "have the table itself exported, as CSV or .xlsx"),
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGE = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<style", b"<div")


def what_it_is(content: Path, start: bytes) -> tuple[str, str] | None:
    """What a file is that no format reads, and what to do with it; None for any other. ``start``: its first bytes, a dozen or more."""
    if known := next((known for magic, known in _MAGIC.items() if start.startswith(magic)), None):
        return known
    if start.startswith(_OLE):
        return _ole(content)
    if not start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return None
    with content.open("rb") as file:
        text = file.read(BEGINNING).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGE):
        return "an HTML page, whatever its name says", _SAVE
    if text.startswith(b"<?xml") and b"schemas-microsoft-com:office:spreadsheet" in text:
        return "an XML spreadsheet of Excel 2003", _SAVE
    if text.startswith(b"<?xml"):
        return "an XML document", "have it exported as CSV, JSON or .xlsx"
    return None


def _ole(content: Path) -> tuple[str, str]:
    """The old container of Office: a workbook of that time, or one of today with a password."""
    with content.open("rb") as file:
        names = file.read(1 << 22)
    if "EncryptedPackage".encode("utf-16-le") in names:
        return "a workbook that asks for a password", "have it delivered without one"
    return (
        "a workbook of Excel 97 to 2003 (.xls), in which a cell with an error can't be told from an empty one",
        _SAVE,
    )


def refuse(content: Path, start: bytes) -> None:
    """Raises ``HeldError`` for a file that no format reads."""
    if found := what_it_is(content, start):
        raise HeldError("other_format", f"it is {found[0]}; {found[1]}")
