"""A received file on its way to being read, and the batch of alike files that it is read in."""

import hashlib
from dataclasses import dataclass

from orchestration.dumps.casts import Context, Reading, reading
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.ledger import File
from orchestration.dumps.profiles import FeedMap, Profile
from orchestration.dumps.receive import Receipt


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
    def is_regular(self) -> bool:
        return self.receipt.census.is_regular(len(self.header))

    @property
    def rows(self) -> int:
        return self.receipt.census.records - 1


@dataclass(frozen=True)
class Batch:
    """Files that share source, feed, header and context."""

    candidates: tuple[Candidate, ...]
    is_regular: bool

    @property
    def name(self) -> str:
        """The same files under the same profile make the same name, whenever they are read."""
        first = self.candidates[0]
        parts = [first.profile.fingerprint, *sorted(candidate.file.file_id for candidate in self.candidates)]
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
