"""Stretches of delivered texts: small files strung together and large ones cut, so that each batch is read in one go of bounded size.

DuckDB spends as much on opening a small file as on reading it, and reads one file with line numbers on one thread only.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.dumps.candidates import Batch, Candidate
from orchestration.dumps.receive import BOM, Cut


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


def portions(batch: Batch) -> list[tuple[Stretch, ...]]:
    """What is read at a time: all files of a regular batch together, or its only file part by part."""
    if len(batch.candidates) == 1 and batch.layout.fill_down is None:  # further rows need their first row beside them
        return [(stretch,) for stretch in _parts(batch.candidates[0], batch.candidates[0].receipt.census.cuts)]
    return [tuple(stretch for candidate in batch.candidates for stretch in _parts(candidate, []))]


def _parts(candidate: Candidate, cuts: Iterable[Cut]) -> Iterator[Stretch]:
    census = candidate.receipt.census
    last = Cut(census.size, census.records, census.breaks + (not census.ends_with_break))
    before = Cut(0, 0, 0)
    for cut in (*cuts, last):
        if cut.offset > before.offset:
            records, lines = cut.records - before.records, cut.breaks - before.breaks
            yield Stretch(candidate, before.offset, cut.offset, records, lines, before.breaks)
        before = cut


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
                gathered.write(b"\r\n" if census.returns else b"\n")
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
