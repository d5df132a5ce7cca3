"""Landing: what waits in the inbox becomes raw files, clean Parquet, quarantine and ledger rows.

Rows delivered = clean + quarantined + left out by a rule, for every file, checked against a count made apart from the parser.
A batch is one Parquet file of many delivered files of one feed; the ledger says which of them count.
"""

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from orchestration.dumps import batches
from orchestration.dumps.candidates import Batch, Candidate, Outcome
from orchestration.dumps.clean_layer import EMPTY, ensure_feeds
from orchestration.dumps.commit import Committer, Planned
from orchestration.dumps.completeness import Claim, waiting
from orchestration.dumps.engines import Engines
from orchestration.dumps.gates import Memory
from orchestration.dumps.held import UnfinishedError
from orchestration.dumps.inbox import Arrival, readable_name
from orchestration.dumps.ledger import Ledger
from orchestration.dumps.profiles import Profile, profile_or_fault
from orchestration.dumps.raw import again_folder, from_raw
from orchestration.dumps.recognise import Recogniser
from orchestration.dumps.summary import Landing as Landing
from orchestration.errors import RegularsError
from orchestration.io import disk_errors_told, remove_partials, sync
from orchestration.settings import Settings

Item = TypeVar("Item")
Work = tuple[Arrival, Claim | None]

BATCH_BYTES = 64 << 20
BATCH_FILES = 400
PORTION_BATCHES = 2
"""Batches of a portion for each thread: the more, the fewer and larger the Parquet files; the fewer, the sooner there is work for all."""
WRITTEN_AHEAD = 2
"""Portions that are written at a time: no thread waits for another's last batch, nor for the disk. One more is received meanwhile."""


def profiles_in_use(settings: Settings, others: Iterable[str] = ()) -> dict[str, Profile]:
    """Source → the profile that reads it, for every source of the settings, every folder of the inbox, and others.

    One that can't be used holds the files of its source, and no others. Raises ``RegularsError`` where none can be used.
    """
    folders = {readable_name(entry.name) for entry in settings.inbox.iterdir() if entry.is_dir()} if settings.inbox.is_dir() else set()
    names = sorted({*folders, *settings.sources, *others})
    found = {name: profile_or_fault(settings.source_of(name).profile, settings.home, f"sources.{name}") for name in names}
    faults = [profile.fault for profile in found.values() if profile.fault]
    if faults and len(faults) == len(found):
        raise RegularsError(" ".join(dict.fromkeys(faults)))
    return found


def land(settings: Settings, ledger: Ledger, run_id: str, on_progress: Callable[[float], None]) -> Landing:
    """Land everything that waits. Safe to kill at any moment: what the ledger doesn't speak of is done again.

    Raises ``RegularsError`` where the disk is full or fails; what was landed before stays as it was.
    """
    with disk_errors_told(settings.home):
        memory = Memory.load(ledger.open_landing(Memory.of(ledger).dump()))
        street = _street(settings, ledger, run_id, memory, on_progress)
        found = waiting(settings, ledger, {source: profile.fingerprint for source, profile in street.recogniser.profiles.items()})
        street.summary.unfinished += found.unfinished
        street.land(found.ready)
        street.land_under_first_names()
        ledger.close_landing()
        return street.summary


def land_again(settings: Settings, ledger: Ledger, run_id: str, file_ids: Iterable[str]) -> Landing:
    """Read those files anew from the bytes kept, under the profiles and decisions of now. Their copies in the inbox may be gone."""
    with disk_errors_told(settings.home):
        street = _street(settings, ledger, run_id, Memory.of(ledger), lambda share: None)
        street.land([(from_raw(settings, ledger, file_id), None) for file_id in file_ids])
        street.land_under_first_names()
        return street.summary


def _street(settings: Settings, ledger: Ledger, run_id: str, memory: Memory, on_progress: Callable[[float], None]) -> "_Street":
    profiles = profiles_in_use(settings, ledger.sources())
    _remove_leftovers(settings, ledger)
    ensure_feeds(settings.lake)
    recogniser = Recogniser(settings, profiles, memory, run_id)
    summary = Landing()
    return _Street(settings, ledger, recogniser, Committer(ledger, run_id, summary), summary, on_progress)


@dataclass(frozen=True)
class _Received:
    """Files received together, ``size`` of them. ``folder``: what was unpacked and converted, until they are written."""

    folder: Path
    size: int
    candidates: list[Candidate] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)

    @property
    def contents(self) -> set[str]:
        return {candidate.receipt.content_id for candidate in self.candidates}

    def shares_contents_with(self, others: Iterable["_Written"]) -> bool:
        """Whether what is to be done with this one depends on what the ledger will say of the others."""
        return any(self.contents & other.portion.contents for other in others)


@dataclass(frozen=True)
class _Written:
    """A portion that is being written. ``outcomes``: of its batches."""

    portion: _Received
    planned: Planned
    outcomes: list[Future[Outcome]]


@dataclass(frozen=True)
class _Street:
    settings: Settings
    ledger: Ledger
    recogniser: Recogniser
    committer: Committer
    summary: Landing
    on_progress: Callable[[float], None]

    def land(self, work: Sequence[Work]) -> None:
        """Portion by portion, each committed as one: all of it counts, or nothing."""
        landed = 0
        for portion in self._landed(work):
            landed += portion.size
            self.on_progress(landed / len(work))

    def _landed(self, work: Sequence[Work]) -> Iterator["_Received"]:
        """Every portion, when it is committed. Meanwhile the next one is written, and one more received."""
        many = PORTION_BATCHES * self.settings.threads
        portions = _portions(work, many * BATCH_BYTES, many * BATCH_FILES, lambda item: item[0].sighting.size_bytes)
        # Receiving is mostly Python's work, for which there is one thread at a time; writing is the engine's.
        with ThreadPoolExecutor(1) as receiver, ThreadPoolExecutor(self.settings.threads) as writers, Engines(self.settings) as engines:
            received = (receiver.submit(self._received, number, portion) for number, portion in enumerate(portions))
            following = next(received, None)
            written: deque[_Written] = deque()
            while following:
                portion = following.result()
                following = next(received, None)
                while written and (len(written) == WRITTEN_AHEAD or portion.shares_contents_with(written)):
                    yield self._committed(written.popleft())
                planned = self.committer.plan(portion.candidates)
                outcomes = [writers.submit(batches.write, batch, self.settings, engines) for batch in _batched(planned.to_read)]
                written.append(_Written(portion, planned, outcomes))
            while written:
                yield self._committed(written.popleft())

    def _committed(self, written: "_Written") -> "_Received":
        outcomes = [outcome.result() for outcome in written.outcomes]
        sync(self.settings.lake, self.settings.quarantine)  # from here on they count
        self.committer.commit(written.planned, [entry for outcome in outcomes for entry in outcome.files])
        self.summary.unfinished += written.portion.unfinished
        shutil.rmtree(written.portion.folder)
        return written.portion

    def land_under_first_names(self) -> None:
        """A content that came under several names is read under the first of those it counts under, whichever was processed first.

        One whose rows can't be read under a name, for that bounds their dates, is read under its next.
        """
        while refused := self.ledger.refused_under_a_name():
            self.land([(from_raw(self.settings, self.ledger, file.file_id, delivery), None) for file, delivery in refused])
        again = [
            (from_raw(self.settings, self.ledger, file.file_id, delivery), None)
            for file, delivery in self.ledger.misnamed()
            if not self.committer.renamed(file, delivery, self.recogniser)
        ]
        self.land(again)
        shutil.rmtree(again_folder(self.settings), ignore_errors=True)

    def _received(self, number: int, portion: list[Work]) -> "_Received":
        """The portion's files, each kept as received and recognised."""
        received = _Received(self.settings.state / "work" / str(number), len(portion))
        received.folder.mkdir(parents=True)
        for arrival, claim in portion:
            try:
                received.candidates.extend(self.recogniser.candidates(arrival, claim, received.folder))
            except UnfinishedError as error:
                received.unfinished.append(str(error))
        return received


def _portions(items: Iterable[Item], most_bytes: int, most_items: int, size_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The items in their order, as lists that end with the first item to reach either bound."""
    portion: list[Item] = []
    size = 0
    for item in items:
        portion.append(item)
        size += size_of(item)
        if size >= most_bytes or len(portion) >= most_items:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _batched(candidates: list[Candidate]) -> Iterator[Batch]:
    """Candidates that are read alike, together, as far as a batch goes."""
    alike: dict[tuple[object, ...], list[Candidate]] = {}
    for candidate in candidates:
        line_end = candidate.receipt.census.line_end  # the engine takes one kind of them in a text
        key = (candidate.file.source, candidate.file.feed, candidate.header, candidate.context, candidate.is_fast, line_end)
        alike.setdefault(key, []).append(candidate)
    for group in alike.values():
        for portion in _portions(group, BATCH_BYTES, BATCH_FILES, lambda candidate: candidate.receipt.census.size):
            yield Batch(tuple(portion), is_fast=portion[0].is_fast)


def _remove_leftovers(settings: Settings, ledger: Ledger) -> None:
    """What killed runs left: Parquet of batches that the ledger never came to speak of, and files half written."""
    known = ledger.batches() | {EMPTY}
    for folder in (settings.lake / "clean", settings.quarantine):
        for path in (*folder.glob("*/*.parquet"), *folder.glob("*/*.csv")):
            if path.stem.split("-")[0] not in known:  # further parts of a batch are called <batch>-<number>
                path.unlink()
    for path in (settings.lake / "raw").glob("*/.*.tmp"):
        path.unlink()
    for folder in settings.lake.iterdir():
        if folder.name != "raw":  # as many files as were ever delivered, none of them written this way
            remove_partials(folder)
    _clear(settings)
    shutil.rmtree(again_folder(settings), ignore_errors=True)


def _clear(settings: Settings) -> None:
    shutil.rmtree(settings.state / "work", ignore_errors=True)
