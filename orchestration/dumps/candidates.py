"""A received file on its way to being read, and the batch of alike files that it is read in."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from orchestration.dumps import careful
from orchestration.dumps.careful import Record, Refusal
from orchestration.dumps.casts import Context, LayoutSql, reading
from orchestration.dumps.cutting import can_cut
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.file_dates import Dates
from orchestration.dumps.formats.converted import MOST_REFUSALS, unreadable_rows
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.layouts import Layout, arranged
from orchestration.dumps.ledger import File
from orchestration.dumps.profiles import FeedMap, Profile
from orchestration.dumps.receive import Receipt

DAYS_OF_GRACE = 2
"""A row may be dated this many days after the date in its file's name: night shifts, zones, clocks that run ahead."""

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
        """How the text to parse is written: the file's own way, or RFC 4180 where it was converted."""
        return _CONVERTED if self.receipt.converted.is_renumbered else self.mapping

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

    @cached_property
    def _order_place(self) -> int | None:
        """Where among the delivered columns the order's id stands."""
        name = self.mapping.locate(self.header).get("order_id")
        places = [place for place, delivered in enumerate(self.header) if name and delivered.strip() == name.strip()]
        return places[-1] if places else None

    def order_named_in(self, original: str) -> str | None:
        """What stands at the place of the order's id in a row that can't be split into the header's columns."""
        if self._order_place is None:
            return None
        try:
            fields = next(iter(careful.rows_of(original, self.dialect)), [])
        except csv.Error:
            fields = original.split(self.dialect.delimiter)
        return fields[self._order_place].strip("\t\r\n =\"'") or None if len(fields) > self._order_place else None

    @property
    def dated(self) -> "Dated":
        return dated(self.mapping, self.arrival)


class Dated(NamedTuple):
    """The dates that a file is about, and the name that says so: the file's own, else its archive's. All empty where none does."""

    dates: Dates = Dates()
    name: str = ""

    @property
    def bound(self) -> str:
        """The last day that a row of the file may be dated."""
        return (date.fromisoformat(self.dates.until) + timedelta(DAYS_OF_GRACE)).isoformat() if self.name else ""


def dated(mapping: FeedMap, arrival: Arrival) -> Dated:
    names = (arrival.base_name, arrival.stands_for, (arrival.archive_name or "").rsplit("/", 1)[-1])
    return next((Dated(found, name) for name in names if name and (found := mapping.dates(name)).day), Dated())


@dataclass(frozen=True)
class Batch:
    """Files that share source, feed, header and context. ``is_fast``: the fast reader has them, but for irregular places of some.
    ``in_blocks``: a header is repeated within a file, and orders come again behind it."""

    candidates: tuple[Candidate, ...]
    is_fast: bool
    in_blocks: bool = False

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

    @cached_property
    def reading(self) -> LayoutSql:
        first = self.candidates[0]
        assert first.context is not None
        text = arranged(self.layout, first.header)
        return reading(self.feed, first.mapping, text, first.header, first.context, self.in_blocks)

    @property
    def needs_whole_files(self) -> bool:
        """Whether rows of a file mean something together, so that it can't be read in parts."""
        return self.layout.fill_down is not None or self.reading.together is not None


@dataclass(frozen=True)
class Outcome:
    files: tuple[tuple[Candidate, File], ...]
