"""How the bytes of a dump are to be read: format, encoding, delimiter, quotes, and what stands around the rows.

Declared by the profile, never guessed: a run reads the same file the same way every time. Only compression is told by the
bytes themselves, because it cannot be mistaken.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from orchestration.dumps.keys import Part
from orchestration.dumps.patterns import checked

Format = Literal["csv", "xlsx", "jsonl", "parquet"]
Encoding = Literal["utf-8", "gb18030", "gbk", "utf-16", "latin-1", "cp1252"]

ENDINGS: dict[str, Format] = {".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
"""What a file's name says of its format, where the profile says nothing."""

COMPRESSED_ENDINGS = (".gz", ".gzip", ".zst", ".zstd")


class Dialect(Part):
    """The text conventions of one kind of file. Lines are the physical ones of the file; the first is 1."""

    format: Format | None = None
    """Default: by the ending of the file's name (``.xlsx``, ``.jsonl``, ``.ndjson``, ``.parquet``), ``csv`` for any other."""
    encoding: Encoding = "utf-8"
    """Of ``csv`` and ``jsonl``. UTF-8 may begin with a byte-order mark. Text that isn't in this encoding is held, never patched."""
    delimiter: Literal[",", ";", "\t", "|"] = ","
    quote: Literal['"', "'", ""] = '"'
    """What encloses a field that holds delimiters or line breaks; empty: quotes are characters like any other."""
    escape: Literal['"', "'", "\\"] = '"'
    """What makes a quote within quotes a character: the quote itself, doubled, or a backslash before it."""
    sheet: str | None = None
    """Of a workbook: the sheet to read. Default: the only one with rows; a workbook with several is held."""
    skip_lines: int = Field(0, ge=0, le=1000)
    """Lines (rows of a sheet) before the header: titles, notes."""
    footer: Annotated[str, AfterValidator(checked)] | None = None
    """Regular expression of the lines behind the last row, such as totals. They go to quarantine with the reason ``footer``."""

    def format_of(self, file_name: str) -> Format:
        """The format of a file of that name, by the profile or else by its ending."""
        if self.format:
            return self.format
        name = without_compression(file_name.lower())
        return next((found for ending, found in ENDINGS.items() if name.endswith(ending)), "csv")

    def may_read(self, column: str) -> bool:
        """Whether a column of that name matters; only a profile can say that one doesn't."""
        return True

    @property
    def doubles_quotes(self) -> bool:
        """Quotes as RFC 4180 has them: what the fast reader and the census can judge."""
        return self.quote == '"' and self.escape == '"'

    @property
    def is_plain(self) -> bool:
        """Whether the text can be parsed as it was delivered."""
        return self.encoding == "utf-8" and not self.skip_lines and self.footer is None


def without_compression(file_name: str) -> str:
    """The name less a ``.gz`` or ``.zst`` at its end."""
    return next((file_name[: -len(ending)] for ending in COMPRESSED_ENDINGS if file_name.lower().endswith(ending)), file_name)
