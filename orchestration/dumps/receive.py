"""A delivered file on its way into the lake: its bytes kept as received, hashed and counted in one pass.

The count of records is made here, apart from any CSV parser, so that a parser that drops or joins rows is found out.
"""

import csv
import hashlib
import io
import os
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from orchestration.dumps.inbox import Arrival

if TYPE_CHECKING:
    import numpy as np

CHUNK = 1 << 18
"""Bytes at a time: what is counted over them stays in the processor's cache."""
LARGE_BYTES = 16 << 20
HEADER_BYTES = 1 << 20
CUT_BYTES = 64 << 20
BOM = b"\xef\xbb\xbf"
GZIP_MAGIC = b"\x1f\x8b"


class HeldError(Exception):
    """The file as a whole can't be trusted. ``reason`` is a code, the message says what was seen."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnreadableError(Exception):
    """Some files of a batch turned out to be unreadable as a whole: file id → why."""

    def __init__(self, files: dict[str, HeldError]) -> None:
        super().__init__(", ".join(files))
        self.files = files


@dataclass(frozen=True)
class Cut:
    """A place behind a line break outside of quotes: bytes, records (the header included) and line breaks before it."""

    offset: int
    records: int
    breaks: int


class Census:
    """Counts over the bytes of a delimited text, taken chunk by chunk.

    Quotes are counted as RFC 4180 has them: a line break between an odd and an even quote is part of a field.
    ``cuts``: where the text can be cut so that each part is about ``CUT_BYTES`` long.
    """

    def __init__(self, delimiter: str) -> None:
        self._delimiter = ord(delimiter)
        self.size = self.breaks = self.breaks_in_quotes = self.quotes = self.delimiters = self.returns = self.return_breaks = 0
        self.has_blank_lines = self.has_nul = False
        self.cuts: list[Cut] = []
        self._last = b"\n"

    def add(self, chunk: bytes) -> None:
        for start in range(0, len(chunk), CHUNK):
            self._add(chunk[start : start + CHUNK] if len(chunk) > CHUNK else chunk)

    def _add(self, chunk: bytes) -> None:
        import numpy as np

        seam = self._last + chunk[:2]
        self.has_nul |= b"\0" in chunk
        if b"\r" in chunk or b"\r" in seam:
            self.returns += chunk.count(b"\r")
            self.return_breaks += chunk.count(b"\r\n") + seam.startswith(b"\r\n")
            self.has_blank_lines |= b"\n\r\n" in chunk or seam.startswith(b"\n\r\n")
        content = np.frombuffer(chunk, np.uint8)
        is_break, is_delimiter = content == ord("\n"), content == self._delimiter
        self.has_blank_lines |= bool((is_break[1:] & is_break[:-1]).any()) or seam.startswith(b"\n\n")
        self.breaks += int(np.count_nonzero(is_break))
        is_within = self.quotes % 2 == 1
        if b'"' in chunk:
            outside = ~(np.bitwise_xor.accumulate(content == ord('"')) ^ is_within)
            is_delimiter &= outside
            ends = is_break & outside
            self.quotes += chunk.count(b'"')
        else:
            ends = is_break[:0] if is_within else is_break
            is_delimiter = is_delimiter[:0] if is_within else is_delimiter
        self.breaks_in_quotes += int(np.count_nonzero(is_break)) - int(np.count_nonzero(ends))
        self.delimiters += int(np.count_nonzero(is_delimiter))
        self.size += len(chunk)
        self._last = chunk[-1:]
        if self.size - (self.cuts[-1].offset if self.cuts else 0) >= CUT_BYTES:
            self._cut(chunk, np.flatnonzero(ends))

    def _cut(self, chunk: bytes, ends: "np.ndarray") -> None:
        """Note a cut behind the last record that ends in the chunk. ``ends``: where in it records end."""
        if len(ends):
            place = int(ends[-1]) + 1
            breaks = self.breaks - chunk.count(b"\n", place)
            self.cuts.append(Cut(self.size - len(chunk) + place, self.breaks - self.breaks_in_quotes, breaks))

    @property
    def ends_with_break(self) -> bool:
        return self._last == b"\n"

    @property
    def records(self) -> int:
        """Records of the text, the header included, provided that it is well formed."""
        return self.breaks - self.breaks_in_quotes + (0 if self.ends_with_break else 1)

    def is_regular(self, columns: int) -> bool:
        """Whether nothing about the bytes calls for the careful reader. Necessary, not sufficient: the parser's rows are counted too."""
        has_one_kind_of_break = self.returns in (0, self.breaks) and self.returns == self.return_breaks
        has_even_quotes = self.quotes % 2 == 0
        # DuckDB drops empty values beyond the last column without a word; counting delimiters finds them.
        has_full_rows = self.delimiters == (columns - 1) * self.records
        has_blank_lines = self.has_blank_lines and self.quotes == 0  # within quotes they are text; elsewhere they spoil the count
        return has_one_kind_of_break and has_even_quotes and has_full_rows and not has_blank_lines and not self.has_nul


@dataclass(frozen=True)
class Receipt:
    """Where a delivered file's bytes went.

    ``text``: the plain text to parse, which is the raw file itself unless it was compressed. ``damage``: why the
    bytes can't be trusted, if so; the raw file is kept all the same.
    """

    file_id: str
    sha256: str
    raw: Path
    text: Path
    census: Census
    damage: HeldError | None


def receive(arrival: Arrival, raw_folder: Path, work_folder: Path, delimiter: str) -> Receipt:
    """Copy the file's bytes to ``raw_folder``, hash them, and count its records; decompress in the same pass.

    The caller makes the bytes durable (``os.sync``) before the ledger speaks of them.
    """
    census, digest = Census(delimiter), hashlib.sha256()
    landing = raw_folder / f".{arrival.name.replace('/', '.')}.tmp"
    text = work_folder / f"{arrival.source}.{arrival.name.replace('/', '.')}.text"
    damage: HeldError | None = None
    with arrival.path.open("rb", buffering=0) as delivered, landing.open("wb") as kept:
        is_compressed = delivered.read(2) == GZIP_MAGIC
        delivered.seek(0)
        blocks = _kept(delivered, kept, digest)
        try:
            with text.open("wb") if is_compressed else nullcontext() as plain:
                texts = _decompressed(blocks) if is_compressed else blocks
                for block in _counted(texts, census, aside=arrival.sighting.size_bytes > LARGE_BYTES):
                    if plain:
                        plain.write(block)
        except (zlib.error, EOFError) as error:
            damage = HeldError("corrupt_gzip", f"the gzip data is damaged or cut off ({error}); have it delivered again")
            for _ in blocks:
                pass  # the rest is kept too: raw is what was received
    sha256 = digest.hexdigest()
    file_id = hashlib.sha256(f"{arrival.source}\0{sha256}".encode()).hexdigest()[:16]
    raw = raw_folder / f"{file_id}{''.join(arrival.path.suffixes[-2:])}"
    os.replace(landing, raw)
    return Receipt(file_id, sha256, raw, text if is_compressed else raw, census, damage)


def _kept(delivered: BinaryIO, kept: BinaryIO, digest: "hashlib._Hash") -> Iterator[bytes]:
    while block := delivered.read(CHUNK):
        digest.update(block)
        kept.write(block)
        yield block


def _counted(texts: Iterator[bytes], census: Census, aside: bool) -> Iterator[bytes]:
    """The same blocks, counted on their way; ``aside``: by another thread, so that a large file is hashed and counted at the same time."""
    if not aside:
        for block in texts:
            census.add(block)
            yield block
        return
    with ThreadPoolExecutor(1) as counter:
        waiting: deque[Future[None]] = deque()
        for block in texts:
            waiting.append(counter.submit(census.add, block))
            if len(waiting) > 16:
                waiting.popleft().result()
            yield block
        for count in waiting:
            count.result()


def _decompressed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The text of one or more gzip members; zlib checks each against its own length and CRC."""
    member, is_open = zlib.decompressobj(wbits=31), False
    for block in blocks:
        while block:
            yield member.decompress(block)
            is_open = not member.eof
            block = member.unused_data
            if member.eof:
                member = zlib.decompressobj(wbits=31)
    if is_open:
        raise EOFError("it ends before its checksum")


def header_of(text: Path, delimiter: str) -> tuple[str, ...]:
    """Names of the first record, exactly as written (but for a byte-order mark). Raises ``HeldError`` where there is none to go by."""
    with text.open("rb") as content:
        start = content.readline(CHUNK).removeprefix(BOM)
        if start.count(b'"') % 2 or b"\r" in start or not start.strip():
            start += content.read(HEADER_BYTES)  # the first line break may stand within a name, or not be a line feed
    if not start.strip():
        raise HeldError("empty_file", "the file is empty, expected at least a header line")
    try:
        first = next(csv.reader(io.StringIO(start.decode("utf-8", errors="surrogateescape"), newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise HeldError("unreadable_header", f"the first line can't be read as column names ({error})") from None
    names = [name.strip() for name in first]
    if any("\udc80" <= symbol <= "\udcff" for name in names for symbol in name):
        raise HeldError("not_utf8", "line 1, the column names, is not UTF-8 text; have it exported as UTF-8")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise HeldError(
            "duplicate_header", f"the header names {', '.join(map(repr, repeated))} more than once; each column needs a name of its own"
        )
    return tuple(first)
