"""Stretches of delivered texts: small files strung together and large ones cut, so that each batch is read in one go of bounded size.

DuckDB spends as much on opening a small file as on reading it, and reads one file with line numbers on one thread only.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.dumps.candidates import Batch, Candidate
from orchestration.dumps.careful import Record, Refusal
from orchestration.dumps.cutting import Regular, TooIrregularError, cut
from orchestration.dumps.receive import BOM, CUT_BYTES, HeldError, SplitPoint


@dataclass(frozen=True)
class Stretch:
    """Records of one delivered text that stand in the bytes from ``start`` to ``end``: how many, the header included, on how many lines.

    ``lines_before``: physical lines of the text before ``start``; 0 where it begins with the header.
    """

    candidate: Candidate
    start: int
    end: int
    records: int
    lines: int
    lines_before: int

    @property
    def text(self) -> Path:
        return self.candidate.receipt.text

    @property
    def has_header(self) -> bool:
        return self.lines_before == 0

    @property
    def is_whole(self) -> bool:
        return self.has_header and self.end == self.candidate.receipt.census.size


class IrregularError(Exception):
    """The fast reader can't have some files after all: it failed, or counted other rows than the census did, or too much is irregular.

    ``suspects``: ids of files at fault, where that can be told.
    """

    def __init__(self, suspects: set[str]) -> None:
        super().__init__(", ".join(sorted(suspects)))
        self.suspects = suspects


@dataclass
class Portion:
    """What is read at a time: stretches, and what the careful reader made of the places between them."""

    stretches: list[Stretch] = field(default_factory=list)
    outcomes: list[tuple[Candidate, Record | Refusal]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(stretch.end - stretch.start for stretch in self.stretches)

    @property
    def stretched(self) -> Counter[str]:
        """File id → rows of its stretches, by the census."""
        rows: Counter[str] = Counter()
        for stretch in self.stretches:
            rows[stretch.candidate.file.file_id] += stretch.records - stretch.has_header
        return rows


def portions(batch: Batch) -> list[Portion]:
    """All files of a batch together, or its only file part by part. Raises ``IrregularError``."""
    is_divided = len(batch.candidates) == 1 and not batch.needs_whole_files
    found, irregular = [Portion()], set[str]()
    for candidate in batch.candidates:
        try:
            for piece in _pieces(candidate):
                if not isinstance(piece, Stretch):
                    found[-1].outcomes.append((candidate, piece))
                    continue
                if is_divided and found[-1].stretches and found[-1].size + piece.end - piece.start > CUT_BYTES:
                    found.append(Portion())
                found[-1].stretches.append(piece)
        except (TooIrregularError, HeldError):
            irregular.add(candidate.file.file_id)
    if irregular:
        raise IrregularError(irregular)
    return found


def _pieces(candidate: Candidate) -> Iterator[Stretch | Record | Refusal]:
    """A file in its order, stretches about ``CUT_BYTES`` long at most."""
    census = candidate.receipt.census
    if candidate.is_regular:
        last = SplitPoint(census.size, census.records, census.breaks + (not census.ends_with_break))
        ends = [*(end for end in census.cuts if end.offset < last.offset), last]
        yield from (_stretch(candidate, start, end) for start, end in zip([SplitPoint(0, 0, 0), *ends], ends, strict=False))
        return
    for piece in cut(candidate.receipt.text, candidate.dialect, len(candidate.header), census.line_end):
        yield _stretch(candidate, piece.start, piece.end) if isinstance(piece, Regular) else piece


def _stretch(candidate: Candidate, start: SplitPoint, end: SplitPoint) -> Stretch:
    return Stretch(candidate, start.offset, end.offset, end.records - start.records, end.breaks - start.breaks, start.breaks)


def gather(stretches: Sequence[Stretch], target: Path) -> Path:
    """One text of all stretches, each with its last line ended; a stretch that is a whole text alone stays where it is."""
    if len(stretches) == 1 and stretches[0].is_whole:
        return stretches[0].text
    with target.open("wb", buffering=0) as gathered:
        for stretch in stretches:
            census = stretch.candidate.receipt.census
            with stretch.text.open("rb") as text:
                has_mark = stretch.start == 0 and text.read(len(BOM)) == BOM
                _append(gathered.fileno(), text.fileno(), stretch.start + (len(BOM) if has_mark else 0), stretch.end)
            if stretch.end == census.size and not census.ends_with_break:
                gathered.write(census.line_end)
    return target


def _append(target: int, source: int, start: int, end: int) -> None:
    """Copy bytes from file to file within the kernel, at half the cost of reading and writing them."""
    while start < end:
        copied = os.sendfile(target, source, start, end - start)
        if not copied:
            raise OSError(f"a text of the work folder ends at byte {start}, expected {end}")
        start += copied


def suspects(stretches: Sequence[Stretch], error: str) -> set[str]:
    """Ids of the files that an engine's error about the gathered text is about; none where it names no line."""
    found = re.search(r"\bLine: (\d+)", error)
    line = int(found.group(1)) if found else 0
    for stretch in stretches:
        line -= stretch.lines
        if found and line <= 0:
            return {stretch.candidate.file.file_id}
    return set()
