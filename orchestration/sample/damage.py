"""What happens to a file on its way: the bytes that arrive, made from those that were sent."""

import gzip

import polars as pl

from orchestration.sample.pages import breaks, written

_ROWS_IN_PART = 40


def head(page: bytes) -> bytes:
    """The header and the first rows, under ids that exist nowhere else: a file that must never count then takes no real row with it."""
    rows = page[: breaks(page).records[: _ROWS_IN_PART + 1][-1]]
    for letter in (b"O", b"S", b"R"):
        rows = rows.replace(b"\n" + letter, b"\nX")
    return rows


def gzipped(page: bytes) -> bytes:
    return gzip.compress(page, compresslevel=6, mtime=0)


def reshaped(page: bytes, *, reorder: bool = False, extra: bool = False, line_end: str = "\n") -> bytes:
    """The same rows, with columns in reversed order, or with a column that nobody knows, or with other line ends."""
    frame = pl.read_csv(page, infer_schema=False)
    if reorder:
        frame = frame.select(reversed(frame.columns))
    if extra:
        frame = frame.insert_column(3, pl.Series("warehouse_note", [f"WH-{number % 7}" for number in range(frame.height)]))
    return written(frame, line_end=line_end)


def without_dates(page: bytes) -> bytes:
    """A few rows that lack the required column that dates them."""
    frame = pl.read_csv(head(page), infer_schema=False)
    return written(frame.drop("ordered_at" if "ordered_at" in frame.columns else "created_at"))


def cut_in_last_row(page: bytes) -> bytes:
    """A few rows of an order file; the last one ends within its fourth field."""
    rows = head(page)
    start = _last_row(rows)
    return rows[: start + len(b",".join(rows[start:].split(b",")[:4])) - 3]


def with_gbk_row(page: bytes) -> bytes:
    """A few rows of an order file in UTF-8, to which another system added the last one in GBK."""
    rows = head(page)
    start = _last_row(rows)
    return rows[:start] + rows[start:].decode().encode("gbk")


def _last_row(rows: bytes) -> int:
    return rows.rstrip(b"\n").rfind(b"\n") + 1


def cut_gzip(page: bytes) -> bytes:
    """A few rows, compressed, of which two fifths of the bytes never came."""
    whole = gzipped(head(page))
    return whole[: len(whole) * 3 // 5]


def bad_gzip(page: bytes) -> bytes:
    """A few rows, compressed, whose checksum is wrong: some readers don't look at it."""
    whole = gzipped(head(page))
    return whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]


def note(page: bytes) -> bytes:
    """What somebody wrote about the day's file and put beside it."""
    return f"给总部的备注：今天共 {len(page)} 字节，部分订单晚到。\n".encode()
