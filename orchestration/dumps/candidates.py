"""A received file on its way to being read, and the batch of alike files that it is read in."""

import hashlib
from dataclasses import dataclass, replace

from orchestration.dumps.casts import Context, Reading, reading
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.layouts import UNPRICED, Arranged, Layout, arranged
from orchestration.dumps.ledger import File
from orchestration.dumps.profiles import FeedMap, Profile
from orchestration.dumps.receive import Receipt
from orchestration.dumps.values import Problem


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
