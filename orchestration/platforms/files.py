"""Platform files on disk: lines, CSV, zip, workbook and Ocean Engine's messages, each split before it passes a limit of its platform.

The same rows give the same files: entries of a zip carry a fixed date. Limits in bytes are kept by what goes into a zip, which is never
smaller than what comes out but for some bytes per block (counted below), so no file is packed twice to see how large it gets.
"""

import base64
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from orchestration.exports.workbook import write_xlsx

MEGABYTE = 1_000_000
"""The smaller of its two meanings: what fits fits under either."""
IDS_PER_MESSAGE = 10_000
"""巨量引擎: “每行数据包含的idList大小不能超过10000”."""

_ZIP_OVERHEAD = 1_000
_ZIP_GROWTH = 1.001
"""What deflate may add to bytes that can't be packed: 5 for each 16 KiB."""
_SHA256_ITEM = b"\x10\x06\x1a\x40"


@dataclass(frozen=True)
class Layout:
    """How the rows of a platform stand in files. ``write``: path, headers, cells (text columns) of one part."""

    ending: str
    write: Callable[[Path, tuple[str, ...], pl.DataFrame], None]
    max_rows: int | None = None
    max_bytes: int | None = None
    bytes_per_row: int = 0
    """Of a row beyond its cells and one sign after each."""
    is_packed: bool = False
    stem: Callable[[str], str] = str
    """File name without ending from ``<list>_<platform>``."""

    def parts(self, cells: pl.DataFrame, headers: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        """The rows in their order, in as few parts as the limits allow; none for no rows."""
        sizes = cells.select(pl.sum_horizontal(pl.all().str.len_bytes().fill_null(0) + 1) + 1 + self.bytes_per_row).to_series()
        limit = self.max_bytes
        if limit and self.is_packed:
            limit = int((limit - _ZIP_OVERHEAD) / _ZIP_GROWTH)
        for start, rows in cuts(sizes.to_numpy(), self.max_rows, limit and limit - sum(len(header) + 2 for header in headers)):
            yield cells.slice(start, rows)


def cuts(sizes: np.ndarray, max_rows: int | None, max_bytes: int | None) -> Iterator[tuple[int, int]]:
    """Start and length of the longest runs of rows, one after the other, that keep both limits; at least one row each."""
    until = np.cumsum(sizes, dtype=np.int64)
    start = 0
    while start < len(sizes):
        end = len(sizes)
        if max_rows:
            end = min(end, start + max_rows)
        if max_bytes:
            before = int(until[start - 1]) if start else 0
            end = min(end, max(int(np.searchsorted(until, before + max_bytes, side="right")), start + 1))
        yield start, end - start
        start = end


def write_csv(path: Path, headers: tuple[str, ...], cells: pl.DataFrame) -> None:
    """UTF-8 without a mark, CRLF (RFC 4180), headers as given (one may stand twice). Nothing needs a quote."""
    path.write_bytes("".join(f"{line}\r\n" for line in (",".join(headers), *_joined(cells))).encode())


def write_lines(path: Path, headers: tuple[str, ...], cells: pl.DataFrame) -> None:
    """One row per line, no header, LF."""
    path.write_bytes(_lines(cells))


def write_zipped_lines(path: Path, headers: tuple[str, ...], cells: pl.DataFrame) -> None:
    """A zip of one text file with one row per line and no header."""
    _zip(path, _lines(cells))


def write_zipped_messages(path: Path, headers: tuple[str, ...], cells: pl.DataFrame) -> None:
    """A zip of one text file: per line the base64 of one message of at most ``IDS_PER_MESSAGE`` ids."""
    ids = cells.to_series().to_list()
    messages = (ids[start : start + IDS_PER_MESSAGE] for start in range(0, len(ids), IDS_PER_MESSAGE))
    _zip(path, b"".join(base64.b64encode(sha256_message(some)) + b"\n" for some in messages))


def sha256_message(phone_hashes: list[str]) -> bytes:
    """``DmpData`` of 巨量引擎 (protobuf 2) with an item for each SHA-256 of a phone, lower-case hex of 64 signs.

    ``message DmpData { repeated IdItem idList = 1; }``; ``message IdItem { optional uint32 timestamp = 1; required DataType dataType = 2;
    required string id = 3; repeated string tags = 4; }``, ``MOBILE_HASH_SHA256 = 6``. Each item is ``0a 44`` (field 1, 68 bytes), ``10 06``
    (field 2, a number), ``1a 40`` (field 3, 64 bytes), the text. Without a timestamp it is dated by the upload. All items are of one
    length, so these six bytes are the whole encoding; a test reads it with the protobuf library.
    """
    return b"".join(b"\x0a\x44" + _SHA256_ITEM + phone_hash.encode() for phone_hash in phone_hashes)


def write_workbook(path: Path, headers: tuple[str, ...], cells: pl.DataFrame) -> None:
    """XLSX of one sheet whose cells are text, so that no number loses a digit."""
    write_xlsx(cells.rename(dict(zip(cells.columns, headers, strict=True))), path, "Sheet1")


def _joined(cells: pl.DataFrame) -> list[str]:
    return cells.select(pl.concat_str(pl.all().fill_null(""), separator=",")).to_series().to_list()


def _lines(cells: pl.DataFrame) -> bytes:
    return "".join(f"{line}\n" for line in _joined(cells)).encode()


def _zip(path: Path, content: bytes) -> None:
    entry = zipfile.ZipInfo(f"{path.name.split('.')[0]}.txt", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = 3, 0o600 << 16  # as on Unix, wherever it is written
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, content)
