"""A delivered file on its way into the lake: its bytes kept as received, hashed and counted in one pass.

The count of records is made here, apart from any CSV parser, so that a parser that drops or joins rows is found out.
"""

import codecs
import csv
import hashlib
import os
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from orchestration.dumps.archives import Member, is_archive, is_workbook, unpack
from orchestration.dumps.careful import encoding_proposed, first_records, has_stray_quotes
from orchestration.dumps.compression import compression_of, unpacked
from orchestration.dumps.dialect import Dialect, Format
from orchestration.dumps.formats import Converted, convert, foreign
from orchestration.dumps.formats.trimming import names_its_delimiter
from orchestration.dumps.held import HeldError as HeldError
from orchestration.dumps.held import UnfinishedError, listed
from orchestration.dumps.held import UnreadableError as UnreadableError
from orchestration.dumps.inbox import Arrival

if TYPE_CHECKING:
    import numpy as np

CHUNK = 1 << 18
"""Bytes at a time: what is counted over them stays in the processor's cache."""
LARGE_BYTES = 16 << 20
HEADER_BYTES = 1 << 20
MOST_COLUMNS = 4_096
"""The engine holds a page of values of every column at a time: with some thousands more it needs gigabytes for a single row."""
CUT_BYTES = 64 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class SplitPoint:
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
        self.has_blank_lines = self.has_nul = self.has_stray_quotes = False
        self.cuts: list[SplitPoint] = []
        self._last, self._last_closes = b"\n", False
        self._beside_quotes = (b"", b"\n", b"\r", b'"', delimiter.encode())

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
            is_quote = content == ord('"')
            outside = ~(np.bitwise_xor.accumulate(is_quote) ^ is_within)
            self._judge_quotes(chunk, is_quote, outside, is_delimiter | is_break)
            is_delimiter &= outside
            ends = is_break & outside
            self.quotes += chunk.count(b'"')
        else:
            ends = is_break[:0] if is_within else is_break
            is_delimiter = is_delimiter[:0] if is_within else is_delimiter
        self.breaks_in_quotes += int(np.count_nonzero(is_break)) - int(np.count_nonzero(ends))
        self.delimiters += int(np.count_nonzero(is_delimiter))
        self.has_stray_quotes |= self._last_closes and chunk[:1] not in self._beside_quotes
        self._last_closes = chunk.endswith(b'"') and self.quotes % 2 == 0
        self.size += len(chunk)
        self._last = chunk[-1:]
        if self.size - (self.cuts[-1].offset if self.cuts else 0) >= CUT_BYTES:
            self._cut(chunk, np.flatnonzero(ends))

    def _judge_quotes(self, chunk: bytes, is_quote: "np.ndarray", outside: "np.ndarray", is_end: "np.ndarray") -> None:
        """Find a quote that neither encloses a whole field nor is doubled: of such DuckDB drops some, and blanks beside them."""
        import numpy as np

        if self.has_stray_quotes:
            return
        is_beside = is_end | is_quote
        if b"\r" in chunk:
            is_beside |= np.frombuffer(chunk, np.uint8) == ord("\r")
        is_opening, is_closing = is_quote & ~outside, is_quote & outside
        if self.size == 0 and chunk.startswith(BOM):
            is_beside[len(BOM) - 1] = True  # what stands behind the mark begins the text
        self.has_stray_quotes = bool(
            (is_opening[0] and self._last not in self._beside_quotes)
            or (is_opening[1:] & ~is_beside[:-1]).any()
            or (is_closing[:-1] & ~is_beside[1:]).any()
        )

    def _cut(self, chunk: bytes, ends: "np.ndarray") -> None:
        """Note a cut behind the last record that ends in the chunk. ``ends``: where in it records end."""
        if len(ends):
            place = int(ends[-1]) + 1
            breaks = self.breaks - chunk.count(b"\n", place)
            self.cuts.append(SplitPoint(self.size - len(chunk) + place, self.breaks - self.breaks_in_quotes, breaks))

    @property
    def ends_with_break(self) -> bool:
        return self._last == b"\n"

    @property
    def records(self) -> int:
        """Records of the text, the header included, provided that it is well formed."""
        return self.breaks - self.breaks_in_quotes + (0 if self.ends_with_break else 1)

    @property
    def line_end(self) -> bytes:
        """How most lines end."""
        return b"\r\n" if 2 * self.return_breaks > self.breaks else b"\n"

    def is_regular(self, columns: int) -> bool:
        """Whether nothing about the bytes calls for the careful reader. Necessary, not sufficient: the parser's rows are counted too."""
        has_one_kind_of_break = self.returns in (0, self.breaks) and self.returns == self.return_breaks
        has_even_quotes = self.quotes % 2 == 0
        # DuckDB drops empty values beyond the last column without a word; counting delimiters finds them.
        has_full_rows = self.delimiters == (columns - 1) * self.records
        # Within quotes they are text. Elsewhere they spoil the count, unless a column is all there is.
        has_blank_lines = self.has_blank_lines and (self.quotes == 0 or columns == 1)
        is_odd = has_blank_lines or self.has_nul or self.has_stray_quotes
        return has_one_kind_of_break and has_even_quotes and has_full_rows and not is_odd


@dataclass(frozen=True)
class Receipt:
    """Where a delivered file's bytes went.

    ``text``: the plain text to parse, which is the raw file itself where that is plain text already. ``damage``: why the
    bytes can't be trusted, if so; the raw file is kept all the same. ``members``: what the file holds, where it is an archive.
    """

    content_id: str
    sha256: str
    size_bytes: int
    text: Path
    census: Census
    converted: Converted = field(default_factory=Converted)
    damage: HeldError | None = None
    members: tuple[Member, ...] = ()


def content_id(source: str, sha256: str) -> str:
    """Names a content of a source, whatever its file is called."""
    return hashlib.sha256(f"{source}\0{sha256}".encode()).hexdigest()[:16]


def receive(arrival: Arrival, raw_folder: Path | None, work_folder: Path, dialect: Dialect | None, names_in: str | None = None) -> Receipt:
    """Copy the file's bytes to ``raw_folder``, hash them, and make of them text whose records are counted; unpacked in the same pass.

    ``raw_folder``: None for bytes that are kept already. ``dialect``: None for a file that no feed takes. ``names_in``: encoding of
    file names in archives that aren't marked as UTF-8. The caller makes the bytes
    durable before the ledger speaks of them. Raises ``UnfinishedError`` for a file that changes meanwhile.
    """
    kind = dialect.format_of(arrival.base_name) if dialect else None
    receipt = keep(arrival, raw_folder, work_folder, dialect)
    content = receipt.text
    if receipt.damage:
        return receipt
    start = _start(content)
    if content.parent == work_folder and is_packed(start, kind):
        return replace(receipt, damage=HeldError("nested_archive", "it was packed once more within; have it delivered packed once"))
    if kind and kind != "parquet":
        try:
            foreign.refuse(content, start)
        except HeldError as error:
            return replace(receipt, damage=error)
    if _is_plain(arrival, dialect, start):
        return receipt
    work = work_folder / _key(arrival)
    if is_archive(start) and kind != "xlsx":
        return _unpacked(receipt, content, work.with_suffix(".members"), kind, names_in)
    return _converted(receipt, content, work.with_suffix(".text"), kind, dialect) if kind and dialect else receipt


def keep(arrival: Arrival, raw_folder: Path | None, work_folder: Path, dialect: Dialect | None, is_unpacked: bool = True) -> Receipt:
    """The file's bytes copied and hashed; unpacked too, and counted where they are text that can be parsed as it is.

    ``is_unpacked``: False leaves compressed bytes as they are.
    """
    key = _key(arrival)
    kept_as = (raw_folder or work_folder) / f".{key}.tmp"
    content = work_folder / f"{key}.content"
    digest, damage = hashlib.sha256(), None
    with _opened(arrival) as delivered, kept_as.open("wb") if raw_folder else open(os.devnull, "wb") as kept:
        before = _look(delivered)
        start = delivered.read(8)
        delivered.seek(0)
        compression = compression_of(start) if is_unpacked else None
        is_plain = _is_plain(arrival, dialect, start)
        census = Census(dialect.delimiter if dialect and is_plain else ",")
        blocks = _kept(delivered, kept, digest)
        try:
            with content.open("wb") if compression else nullcontext() as plain:
                texts = unpacked(blocks, compression) if compression else blocks
                is_large = arrival.sighting.size_bytes > LARGE_BYTES
                for block in _counted(texts, census, aside=is_large) if is_plain else texts:
                    if plain:
                        plain.write(block)
        except HeldError as error:
            damage = error
            for _ in blocks:
                pass  # the rest is kept too: raw is what was received
        if _look(delivered) != before or before[0] != delivered.tell():
            kept_as.unlink(missing_ok=True)
            raise UnfinishedError(f"{arrival.source}/{arrival.name} changed while it was read")
    identity = content_id(arrival.source, sha256 := digest.hexdigest())
    if raw_folder:
        os.replace(kept_as, raw_folder / f"{identity}{_ending(arrival.base_name)}")
    unpacked_to = content if compression else raw_folder / f"{identity}{_ending(arrival.base_name)}" if raw_folder else arrival.path
    return Receipt(identity, sha256, before[0], unpacked_to, census, damage=damage)


def _is_plain(arrival: Arrival, dialect: Dialect | None, start: bytes) -> bool:
    """Whether the file is text that can be parsed as it was delivered, once it is unpacked."""
    is_text = not is_archive(start) and not names_its_delimiter(start)
    return dialect is not None and dialect.format_of(arrival.base_name) == "csv" and dialect.is_plain and is_text


def _key(arrival: Arrival) -> str:
    """Begins the names of the file's own files in a work folder."""
    reading = arrival.again.file_id if arrival.again else ""  # two contents of one name may be read again at a time
    return hashlib.sha256(f"{arrival.source}\0{arrival.name}\0{reading}".encode()).hexdigest()[:24]


def raw_file(raw_folder: Path, content: str) -> Path | None:
    """Where a content's bytes are kept as received."""
    return next(iter(sorted(raw_folder.glob(f"{content}*"))), None)


def _unpacked(receipt: Receipt, content: Path, folder: Path, kind: Format | None, names_in: str | None) -> Receipt:
    """The receipt of an archive, with what it holds."""
    try:
        if kind and is_workbook(content):
            raise HeldError("wrong_format", "it is a workbook; set `format: xlsx` for this feed, or rename it to .xlsx or .ods, as it is")
        return replace(receipt, members=tuple(unpack(content, folder, names_in)))
    except HeldError as error:
        return replace(receipt, damage=error)


def _converted(receipt: Receipt, content: Path, text: Path, kind: Format, dialect: Dialect) -> Receipt:
    """The receipt of a file whose bytes aren't text to parse as they are, with text made of them."""
    try:
        converted = convert(content, text, kind, dialect)
    except HeldError as error:
        return replace(receipt, damage=error)
    census = Census("," if converted.is_renumbered else dialect.delimiter)
    with text.open("rb") as plain:
        while block := plain.read(CHUNK):
            census.add(block)
    return replace(receipt, text=text, census=census, converted=converted)


def is_packed(start: bytes, kind: Format | None) -> bool:
    """Whether plain bytes begin like packed ones; a workbook always does."""
    return compression_of(start) is not None or (is_archive(start) and kind != "xlsx")


def _opened(arrival: Arrival) -> BinaryIO:
    try:
        return arrival.path.open("rb", buffering=0)
    except OSError as error:
        raise UnfinishedError(f"{arrival.source}/{arrival.name} can't be opened ({error.strerror})") from None


def _look(delivered: BinaryIO) -> tuple[int, int]:
    status = os.fstat(delivered.fileno())
    return status.st_size, status.st_mtime_ns


def _start(content: Path) -> bytes:
    with content.open("rb") as file:
        return file.read(512)


def _ending(name: str) -> str:
    """What the raw file's name keeps of the delivered one's: up to two plain endings."""
    return "".join(re.findall(r"\.[A-Za-z0-9]{1,8}", name)[-2:]) if re.search(r"(\.[A-Za-z0-9]{1,8}){1,2}$", name) else ""


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


def header_of(text: Path, dialect: Dialect) -> tuple[str, ...]:
    """Names of the first record, exactly as written (but for a byte-order mark). Raises ``HeldError`` where there is none to go by."""
    with text.open("rb") as content:
        start = content.readline(HEADER_BYTES).removeprefix(BOM)
        if len(start) > HEADER_BYTES - len(BOM) and b"\r" not in start and not start.endswith(b"\n") and content.read(1):
            raise HeldError("unreadable_header", f"its first line is longer than {HEADER_BYTES:,} bytes; expected the names of its columns")
        if start.count(b'"') % 2 or b"\r" in start or not start.strip():
            start += content.read(HEADER_BYTES)  # the first line break may stand within a name, or not be a line feed
    if not start.strip():
        raise HeldError("empty_file", "the file is empty, expected at least a header line")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise HeldError("not_utf8", "it begins as UTF-16 text does, the profile says utf-8; set `encoding: utf-16` for this feed")
    try:
        records, original = first_records(start.decode("utf-8", errors="surrogateescape"), dialect, 1)
        if has_stray_quotes(original, dialect):
            raise csv.Error("a quote stands within a name")
    except csv.Error as error:
        raise HeldError("unreadable_header", f"the first line can't be read as column names ({error})") from None
    first = records[0] if records else []
    names = [name.strip() for name in first]
    if not _is_text(names):
        raise HeldError(
            "not_utf8",
            f"the column names are not UTF-8 text{encoding_proposed(start)}; "
            "have it exported as UTF-8, or set `encoding` of this feed to what it is",
        )
    if len(names) > MOST_COLUMNS:
        raise HeldError("too_wide", f"it has {len(names):,} columns, at most {MOST_COLUMNS:,} are read; have it exported with fewer")
    if repeated := sorted(name for name, count in Counter(names).items() if count > 1):
        raise HeldError(
            "duplicate_header",
            f"the header names {listed(map(repr, repeated))} more than once; each column needs a name of its own",
        )
    return tuple(first)


def _is_text(names: Iterable[str]) -> bool:
    """Whether the names hold no bytes that could not be decoded (``surrogateescape``)."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        return False
    return True
