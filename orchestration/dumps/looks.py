"""What an unknown dump looks like: compression, encoding, delimiter, header and first rows, told from its bytes.

Guessing lives here and nowhere else: a run reads what the profile says. What is found here is a proposal to a person.
"""

import codecs
import csv
import io
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.dumps.archives import is_archive, is_workbook, unpack
from orchestration.dumps.compression import compression_of, unpacked
from orchestration.dumps.dialect import Dialect, Format
from orchestration.dumps.formats import convert
from orchestration.dumps.held import HeldError
from orchestration.dumps.layouts import Layout, arranged
from orchestration.errors import RegularsError

SAMPLE_BYTES = 8 << 20
"""How far a file is read to say what it looks like."""

DELIMITERS = (",", ";", "\t", "|")
BLANKS = "blanks"
"""In place of a delimiter: columns stand apart by one or more blanks."""

MOST_LINES_OF_A_RECORD = 10_000
"""A quote that is still open by then was never meant to enclose anything."""

PARQUET_MAGIC = b"PAR1"
_BINARY = {b"%PDF": "a PDF document", b"\xd0\xcf\x11\xe0": "a workbook of the old .xls kind"}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Look:
    """A dump as far as it was looked at.

    ``encoding``: a name that Python knows (``utf-8-sig`` is UTF-8 with a byte-order mark). ``delimiter``: one of
    ``DELIMITERS`` or ``BLANKS``. ``records``: those looked at, the header first; ``text``: them as delivered, blank lines and all.
    ``is_whole``: whether that is all of the file.
    """

    path: Path
    compression: str
    format: Format
    encoding: str
    delimiter: str
    quote: str
    records: tuple[str, ...]
    text: str
    is_whole: bool

    @property
    def header(self) -> tuple[str, ...]:
        """Names as delivered: of columns apart by blanks the whole line, as a profile with such a layout reads it."""
        return tuple(self._fields(self.records[0]))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, each by itself."""
        if self.delimiter == BLANKS:
            return tuple(arranged(Layout(split_at_blanks=True), self.header).header[1:])
        return tuple(name.strip() for name in self.header)

    @property
    def has_header(self) -> bool:
        """Whether the first record can be names: none of them is a number, a date or an e-mail."""
        return not any(re.fullmatch(r"[-+]?[\d.,:/ -]+|\S+@\S+", name) for name in self.columns)

    @property
    def rows(self) -> int:
        return len(self.records) - 1

    def values(self, most: int = 200) -> dict[str, list[str]]:
        """Column → its values in the first rows, trimmed, empty ones left out; rows of another width are passed over."""
        found: dict[str, list[str]] = {name: [] for name in self.columns}
        for record in self.records[1 : most + 1]:
            fields = record.split() if self.delimiter == BLANKS else self._fields(record)
            if len(fields) == len(found):
                for name, value in zip(found, fields, strict=True):
                    if value.strip():
                        found[name].append(value.strip())
        return found

    def _fields(self, record: str) -> list[str]:
        delimiter = "|" if self.delimiter == BLANKS else self.delimiter
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, quotechar=self.quote or '"'), [])


def look(path: Path, most_rows: int) -> Look:
    """Raises ``RegularsError`` for a file that isn't there, is empty, or isn't text."""
    with tempfile.TemporaryDirectory(prefix="regulars-look-") as folder:
        opened = _opened(path, Path(folder))
    content, is_whole = opened.content, opened.is_whole
    if not content.strip():
        raise RegularsError(f"{path} is empty", expected="at least a line with column names", do="have it exported again")
    kind = next((kind for magic, kind in _BINARY.items() if content.startswith(magic)), None)
    if kind:
        raise RegularsError(f"{path} is {kind}", expected="CSV, JSON lines, a workbook (.xlsx) or Parquet", do="export it as one of these")
    encoding = encoding_of(content)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(content, is_whole)
    quote = _quote_of(text)
    delivered = _records(text.removeprefix("\ufeff"), quote)
    if not is_whole and len(delivered) > 1:
        delivered.pop()  # cut off by the sample's end
    shown = delivered[: most_rows + 1]
    records = tuple(record for record in shown if record.strip())
    is_whole = is_whole and len(shown) == len(delivered)
    return Look(
        path, opened.compression, opened.format, encoding, _delimiter_of(records[:100], quote), quote, records, "".join(shown), is_whole
    )


@dataclass(frozen=True)
class _Opened:
    """A dump without its packing: the beginning of its text, and whether that is all of it."""

    compression: str
    format: Format
    content: bytes
    is_whole: bool


def _opened(path: Path, folder: Path) -> _Opened:
    """Unpack and convert as a run does, into ``folder``. Raises ``RegularsError`` for what a run would hold for damage."""
    try:
        return _unpacked(path, folder)
    except OSError as error:
        raise RegularsError(f"{path} can't be read: {error.strerror}", expected="a dump file", do="check the path") from None
    except HeldError as error:
        raise RegularsError(f"{path} would be held: {error}") from None


def _unpacked(path: Path, folder: Path) -> _Opened:
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES + 1)
    if is_archive(start) and not is_workbook(path):
        members = unpack(path, folder)
        if len(members) > 1:
            names = ", ".join(member.name for member in members[:10])
            raise RegularsError(f"{path} is an archive of {len(members)} files: {names}", do="unpack it and inspect each of them")
        return replace(_unpacked(members[0].path, folder), compression="zip")
    compression = compression_of(start)
    if compression:
        is_whole, plain = _begun(path, compression)
        return _Opened(compression, "csv", plain, is_whole)
    kind: Format = "xlsx" if is_archive(start) else "parquet" if start.startswith(PARQUET_MAGIC) else "csv"
    if start.lstrip().startswith(b"{"):
        kind = "jsonl"
    if kind == "csv":
        return _Opened("none", kind, start[:SAMPLE_BYTES], len(start) <= SAMPLE_BYTES)
    text = folder / "text"
    convert(path, text, kind, Dialect())
    with text.open("rb") as converted:
        content = converted.read(SAMPLE_BYTES + 1)
    return _Opened("none", kind, content[:SAMPLE_BYTES], len(content) <= SAMPLE_BYTES)


def _begun(path: Path, compression: str) -> tuple[bool, bytes]:
    """Whether it is all, and the first ``SAMPLE_BYTES`` of what a compressed file holds."""
    plain = bytearray()
    with path.open("rb") as packed:
        for block in unpacked(iter(lambda: packed.read(1 << 16), b""), compression):
            plain += block
            if len(plain) > SAMPLE_BYTES:
                return False, bytes(plain[:SAMPLE_BYTES])
    return True, bytes(plain)


def encoding_of(content: bytes) -> str:
    """The likeliest encoding of a text, by its mark or by what its bytes would spell."""
    if mark := next((name for mark, name in _MARKS.items() if content.startswith(mark)), None):
        return mark
    if content[:4000].count(0) > len(content[:4000]) / 5:
        return "utf-16-be" if content[0] == 0 else "utf-16-le"
    if _is_text_in("utf-8", content):
        return "utf-8"
    # Text in a Latin alphabet spells Chinese too, as GB18030. But there letters with accents stand alone among ASCII, and Chinese doesn't.
    two_bytes = re.sub(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]", b"", content)  # rare characters take four
    pairs = len(re.findall(rb"[\x81-\xfe][\xa1-\xfe]", two_bytes))
    alone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", two_bytes))
    if pairs > 3 * alone and _is_text_in("gb18030", content):
        return "gb18030"
    return "cp1252" if _is_text_in("cp1252", content) else "latin-1"


def _is_text_in(encoding: str, content: bytes) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(content, False)
    except UnicodeDecodeError:
        return False
    return True


def _quote_of(text: str) -> str:
    """What encloses fields: the mark that more of them begin with."""
    begun = {mark: len(re.findall(rf"(?:^|[,;\t|]){mark}(?=[^\n]*{mark}\s*(?:$|[,;\t|]))", text[:200_000], re.MULTILINE)) for mark in "\"'"}
    return "'" if begun["'"] > begun['"'] else '"'


def _records(text: str, quote: str) -> list[str]:
    """Records with their line ends, blank lines among them; line breaks within quotes are text."""
    records: list[str] = []
    begun: list[str] = []
    quotes = 0
    for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text):
        begun.append(line)
        quotes += line.count(quote)
        if quotes % 2 == 0 or len(begun) > MOST_LINES_OF_A_RECORD:
            records.append("".join(begun))
            begun, quotes = [], 0
    return records + begun


def _delimiter_of(records: tuple[str, ...], quote: str) -> str:
    """What splits most records into as many columns as the first; of several, what gives the most columns."""

    def judged(delimiter: str) -> tuple[float, int]:
        widths = [len(next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, quotechar=quote), [])) for record in records]
        return (0, 0) if widths[0] < 2 else (round(widths.count(widths[0]) / len(widths), 1), widths[0])

    best = max(DELIMITERS, key=judged)
    if judged(best)[1] > 1:
        return best
    widths = [len(record.split()) for record in records]
    return BLANKS if widths[0] > 1 and widths.count(widths[0]) > len(widths) / 2 else ","
