"""A received file on its way to being read, and the batch of alike files that it is read in."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from orchestration.dumps.casts import Context, Reading, reading
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.ledger import File
from orchestration.dumps.profiles import FeedMap, Profile
from orchestration.dumps.receive import Receipt

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
        return self.dialect.doubles_quotes and self.receipt.census.is_regular(len(self.header))

    @property
    def rows(self) -> int:
        """Rows of the text, header aside, by the census."""
        return self.receipt.census.records - 1

    @property
    def business_date(self) -> str:
        """The ISO date in the file's name, else in its archive's, or an empty text."""
        return business_date(self.mapping, self.arrival)

    @cached_property
    def lines(self) -> "NDArray[np.int64] | None":
        """Per row of the text, its line in the delivered file; None where the n-th row stands on line n + 1."""
        import numpy as np

        from orchestration.dumps.relations import record_lines

        converted = self.receipt.converted
        if converted.lines is not None:
            return converted.lines
        if self.receipt.census.breaks_in_quotes:
            return record_lines(self.receipt.text) + converted.skipped
        return np.arange(2, self.rows + 2) + converted.skipped if converted.skipped else None

    def holds_lines(self, first: int, last: int) -> bool:
        """Whether rows can stand on these lines of the delivered file."""
        converted = self.receipt.converted
        if converted.lines is not None:
            return bool(converted.lines.size and converted.lines[0] <= first and last <= converted.lines[-1])
        return first - converted.skipped >= 2 and last - converted.skipped <= self.receipt.census.breaks + 1


def business_date(mapping: FeedMap, arrival: Arrival) -> str:
    names = (arrival.base_name, arrival.stands_for, (arrival.archive_name or "").rsplit("/", 1)[-1])
    return next((date for name in names if name and (date := mapping.business_date(name))), "")


@dataclass(frozen=True)
class Batch:
    """Files that share source, feed, header and context."""

    candidates: tuple[Candidate, ...]
    is_regular: bool

    @property
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
    def reading(self) -> Reading:
        first = self.candidates[0]
        assert first.context is not None
        return reading(self.feed, first.mapping, first.header, first.context)


@dataclass(frozen=True)
class Outcome:
    files: tuple[tuple[Candidate, File], ...]
