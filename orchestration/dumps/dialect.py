"""How the bytes of a dump are to be read: format, encoding, delimiter, quotes, and what stands around the rows.

Declared by the profile, never guessed: a run reads the same file the same way every time. Only compression is told by the
bytes themselves, because it cannot be mistaken.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from orchestration.dumps.keys import Part
from orchestration.dumps.patterns import checked

Format = Literal["csv", "xlsx", "json", "jsonl", "parquet"]
Encoding = Literal["utf-8", "utf-16", "gb18030", "gbk", "big5", "shift_jis", "euc_kr", "latin-1", "cp1250", "cp1251", "cp1252"]

CODECS = {"big5": "cp950", "shift_jis": "cp932", "euc_kr": "cp949"}
"""Encoding → Python's name of the larger one that Windows writes under that name."""

ENDINGS: dict[str, Format] = {
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".ods": "xlsx",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
"""What a file's name says of its format, where the profile says nothing."""

COMPRESSED_ENDINGS = (".gz", ".gzip", ".zst", ".zstd")


def _valid_delimiter(delimiter: str) -> str:
    if not 1 <= len(delimiter) <= 3 or any(character.isalnum() or character in "\"'\\\r\n" for character in delimiter):
        raise ValueError("expected one to three characters that are no letters, figures, quotes, backslashes or line breaks, such as ';'")
    return delimiter


class Dialect(Part):
    """The text conventions of one kind of file. Lines are the physical ones of the file; the first is 1."""

    format: Format | None = None
    """``xlsx`` is any workbook. Default: by the ending of the file's name (``.xlsx``, ``.xlsm``, ``.ods``, ``.json``, ``.jsonl``,
    ``.ndjson``, ``.parquet``), ``csv`` for any other."""
    encoding: Encoding = "utf-8"
    """Of ``csv`` and ``jsonl``. UTF-8 may begin with a byte-order mark. Text that isn't in this encoding is held, never patched."""
    delimiter: Annotated[str, AfterValidator(_valid_delimiter)] = ","
    """What stands between two fields: one to three characters, exactly as they stand, such as ``;`` ``||`` or a comma and a blank."""
    quote: Literal['"', "'", ""] = '"'
    """What encloses a field that holds delimiters or line breaks; empty: quotes are characters like any other."""
    escape: Literal['"', "'", "\\"] = '"'
    """What makes a quote within quotes a character: the quote itself, doubled, or a backslash before it."""
    sheet: str | None = None
    """Of a workbook: the sheet to read. Default: the only one with rows; a workbook with several is held."""
    records: str | None = None
    """Of ``json``: the keys that lead to the array of records, ``orders`` or ``data.orders``. Default: the document is the array."""
    lines: str | None = None
    """Of ``json`` and ``jsonl``: the key under which a record has its lines. Each becomes a row, ``line_items.sku`` a column of it."""
    skip_lines: int = Field(0, ge=0, le=1000)
    """Lines (rows of a sheet) before the header: titles, notes."""
    header_rows: int = Field(1, ge=1, le=10)
    """Rows that name the columns. Several are joined with blanks: ``Order`` above ``Id`` is ``Order Id``. In all but the last, a name
    holds for the empty cells on its right, as a merged cell does."""
    ends_before: Annotated[str, AfterValidator(checked)] | None = None
    """Regular expression of a line behind the header, the first of which ends the rows: a blank one, or the header of another table. It
    and what follows go to quarantine with the reason ``after_end``."""
    footer: Annotated[str, AfterValidator(checked)] | None = None
    """Regular expression of the lines behind the last row, such as totals. They go to quarantine with the reason ``footer``."""

    def format_of(self, file_name: str) -> Format:
        """The format of a file of that name, by the profile or else by its ending."""
        if self.format:
            return self.format
        name = without_compression(file_name.lower())
        return next((found for ending, found in ENDINGS.items() if name.endswith(ending)), "csv")

    @property
    def columns_named(self) -> tuple[str, ...]:
        """Names of the dump's columns that are read, as far as that is known; a profile knows."""
        return ()

    def may_read(self, column: str) -> bool:
        """Whether a column of that name matters; only a profile can say that one doesn't."""
        return True

    @property
    def splits_at_blanks(self) -> bool:
        """Whether one or more blanks stand between two columns; a profile's layout says so."""
        return False

    @property
    def doubles_quotes(self) -> bool:
        """Quotes as RFC 4180 has them: what the fast reader and the census can judge."""
        return self.quote == '"' and self.escape == '"'

    @property
    def has_plain_delimiter(self) -> bool:
        """Whether the delimiter is one byte, as the fast reader and the census have it."""
        return len(self.delimiter) == 1 and self.delimiter.isascii()

    @property
    def is_plain(self) -> bool:
        """Whether the text can be parsed as it was delivered."""
        has_only_rows = not self.skip_lines and self.header_rows == 1 and self.footer is None and self.ends_before is None
        return self.encoding == "utf-8" and has_only_rows and self.has_plain_delimiter


def without_compression(file_name: str) -> str:
    """The name less a ``.gz`` or ``.zst`` at its end."""
    return next((file_name[: -len(ending)] for ending in COMPRESSED_ENDINGS if file_name.lower().endswith(ending)), file_name)
