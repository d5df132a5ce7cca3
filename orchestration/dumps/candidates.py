"""A received file on its way to being read, and the batch of alike files that it is read in."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from orchestration.dumps import careful
from orchestration.dumps.careful import Record, Refusal
from orchestration.dumps.casts import Context, Reading, reading
from orchestration.dumps.cutting import can_cut
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.converted import MOST_REFUSALS, unreadable_rows
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.layouts import UNPRICED, Arranged, Layout, arranged
from orchestration.dumps.ledger import File
from orchestration.dumps.profiles import FeedMap, Profile
from orchestration.dumps.receive import Receipt
from orchestration.dumps.values import Problem

_CONVERTED = Dialect()


@dataclass(frozen=True)
class Candidate:
    """A received file and how it is to be read."""

    arrival: Arrival
    file: File
    receipt: Receipt
    profile: Profile
    header: tuple[str, ...]
    context: Context | None

    @property
    def mapping(self) -> FeedMap:
        return self.profile.feeds[self.file.feed or ""]

    @property
    def dialect(self) -> Dialect:
        """How the text to parse is written: the file's own way, or, where it was made of another format, RFC 4180."""
        return self.mapping if self.mapping.format_of(self.arrival.base_name) == "csv" else _CONVERTED

    @property
    def is_regular(self) -> bool:
        """Whether the fast reader may have it: nothing about its bytes is odd, and its n-th record stands on the line that it seems to."""
        census, converted = self.receipt.census, self.receipt.converted
        has_lines_of_its_own = converted.skipped or not converted.counts_from_two or (converted.is_renumbered and census.breaks_in_quotes)
        return self.dialect.doubles_quotes and census.is_regular(len(self.header)) and not has_lines_of_its_own and not converted.refusals

    @property
    def is_fast(self) -> bool:
        """Whether the fast reader may have it, or all of it but irregular places."""
        return self.is_regular or (self.receipt.converted.is_in_place and can_cut(self.dialect, len(self.header)))

    def records(self) -> Iterator[Record | Refusal]:
        """What the careful reader makes of it, with the lines of the delivered file; what could not become a record of text comes last.

        Raises ``HeldError``.
        """
        converted = self.receipt.converted
        refused = 0
        for place, record in enumerate(careful.read(self.receipt.text, self.dialect, len(self.header))):
            if isinstance(record, Refusal):
                refused += 1
                if refused > MOST_REFUSALS and 2 * refused > place:
                    raise unreadable_rows(record)
            line = int(converted.lines[place]) if converted.lines is not None else record.line + converted.skipped
            yield replace(record, line=line) if line != record.line else record
        yield from converted.refusals

    @property
    def rows(self) -> int:
        """Rows of the text, header aside, by the census."""
        return self.receipt.census.records - 1

    @property
    def business_date(self) -> str:
        """The ISO date in the file's name, else in its archive's, or an empty text."""
        return business_date(self.mapping, self.arrival)


def business_date(mapping: FeedMap, arrival: Arrival) -> str:
    names = (arrival.base_name, arrival.stands_for, (arrival.archive_name or "").rsplit("/", 1)[-1])
    return next((date for name in names if name and (date := mapping.business_date(name))), "")


@dataclass(frozen=True)
class Batch:
    """Files that share source, feed, header and context. ``is_fast``: the fast reader has them, but for irregular places of some."""

    candidates: tuple[Candidate, ...]
    is_fast: bool

    @cached_property
    def name(self) -> str:
        """The same files read in the same way make the same name, whenever they are read."""
        first = self.candidates[0]
        readings = sorted(f"{candidate.file.file_id} {candidate.file.file_name}" for candidate in self.candidates)
        parts = [first.profile.fingerprint, str(first.context), *readings]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @property
    def feed(self) -> str:
        return self.candidates[0].file.feed or ""

    @property
    def layout(self) -> Layout:
        return self.candidates[0].mapping.layout

    @property
    def arranged(self) -> Arranged:
        return arranged(self.layout, self.candidates[0].header)

    @property
    def reading(self) -> Reading:
        first, text = self.candidates[0], self.arranged
        assert first.context is not None
        read = reading(self.feed, first.mapping, tuple(text.header), first.context)
        of_text = [Problem(*problem) for problem in text.problems]
        of_values = [Problem(*UNPRICED)] if self.layout.prices == "per_line" else []
        added = tuple(problem.condition for problem in (*of_text, *of_values))
        return replace(read, problems=(*of_text, *read.problems, *of_values), suspects=(*read.suspects, *added))


@dataclass(frozen=True)
class Outcome:
    files: tuple[tuple[Candidate, File], ...]
