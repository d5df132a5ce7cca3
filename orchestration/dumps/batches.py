"""One batch of delivered files → one clean Parquet file, and one quarantine Parquet file where rows were refused."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.dumps import quarantine
from orchestration.dumps.candidates import Batch, Candidate, Outcome
from orchestration.dumps.engines import Engines
from orchestration.dumps.failures import held_for, is_of_the_machine, is_out_of_memory
from orchestration.dumps.feeds import FEEDS, empty_relation, event_column
from orchestration.dumps.layouts import Layout, settled
from orchestration.dumps.ledger import File
from orchestration.dumps.receive import HeldError, UnreadableError
from orchestration.dumps.stretches import IrregularError, Portion, gather, portions, suspects
from orchestration.settings import Settings
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb

EMPTY = "empty"
"""Name of the Parquet file without rows that every feed has, so that reading a feed never fails."""

DICTIONARY_VALUES = 1_000

MINIMUM_REFUSALS = 20
"""A file is not held for its share of refused rows before it has this many: one bad row in a small file is just a bad row."""


def ensure_feeds(lake: Path) -> None:
    """Give every feed its Parquet file without rows."""
    import duckdb

    paths = {feed: lake / "clean" / feed / f"{EMPTY}.parquet" for feed in FEEDS}
    if missing := [feed for feed, path in paths.items() if not path.exists()]:
        with duckdb.connect() as connection:
            for feed in missing:
                _copy(connection, empty_relation(feed), paths[feed])


def write(batch: Batch, settings: Settings, engines: Engines) -> Outcome:
    """Read the batch's files into Parquet. Files that must not count come back held, and none of their rows are in the batch.

    After an error the files are read in smaller batches, in the end each by itself, so that only a file at fault is held. Raises what
    ``is_of_the_machine``.
    """
    held: list[tuple[Candidate, File]] = []
    while batch.candidates:
        try:
            counted = _write_once(batch, settings, engines)
        except UnreadableError as error:
            counted = [(candidate, _held(candidate.file, error.files.get(candidate.file.file_id))) for candidate in batch.candidates]
        except Exception as error:
            if is_of_the_machine(error):
                raise
            _discard(batch, settings)
            if len(batch.candidates) == 1 and not batch.is_fast:
                why = held_for(error, settings.reading_errors / f"{batch.candidates[0].file.file_id}.log", settings.memory_limit)
                return Outcome((*held, (batch.candidates[0], _held(batch.candidates[0].file, why))))
            suspected = error.suspects if isinstance(error, IrregularError) else set()
            apart = [entry for part in _parts(batch, suspected) for entry in write(part, settings, engines).files]
            return Outcome((*held, *apart))
        suspects = [entry for entry in counted if entry[1].state == "held"]
        if not suspects:
            return Outcome(tuple(held + counted))
        _discard(batch, settings)
        held += suspects
        batch = replace(batch, candidates=tuple(candidate for candidate, file in counted if file.state == "live"))
    return Outcome(tuple(held))


def _held(file: File, why: HeldError | None) -> File:
    return replace(file, state="held", reason=f"{why.reason}: {why}") if why else file


def _discard(batch: Batch, settings: Settings) -> None:
    for folder in (settings.lake / "clean", settings.quarantine):
        for path in (folder / batch.feed).glob(f"{batch.name}*"):
            path.unlink()


def _parts(batch: Batch, suspects: set[str]) -> tuple[Batch, ...]:
    """The files at fault for the careful reader and the others as before; halves, where it can't be told which are at fault."""
    files = batch.candidates
    sound = tuple(candidate for candidate in files if candidate.file.file_id not in suspects)
    if len(sound) < len(files):
        at_fault = tuple(candidate for candidate in files if candidate not in sound)
        return (*((replace(batch, candidates=sound),) if sound else ()), Batch(at_fault, is_fast=False))
    if len(files) == 1:
        return (replace(batch, is_fast=False),)
    middle = len(files) // 2
    return replace(batch, candidates=files[:middle]), replace(batch, candidates=files[middle:])


@dataclass(frozen=True)
class Counts:
    """What became of one file's rows in one part of a batch."""

    delivered: int = 0
    clean: int = 0
    quarantined: int = 0
    first_event_at: str | None = None
    last_event_at: str | None = None

    def plus(self, other: "Counts") -> "Counts":
        return Counts(
            self.delivered + other.delivered,
            self.clean + other.clean,
            self.quarantined + other.quarantined,
            min(filter(None, (self.first_event_at, other.first_event_at)), default=None),
            max(filter(None, (self.last_event_at, other.last_event_at)), default=None),
        )


def _write_once(batch: Batch, settings: Settings, engines: Engines) -> list[tuple[Candidate, File]]:
    counted: dict[str, Counts] = {}
    for part in (_write_fast if batch.is_fast else _write_carefully)(batch, settings, engines):
        for file_id, counts in part.items():
            counted[file_id] = counted.get(file_id, Counts()).plus(counts)
    files = [(candidate, _counted(candidate.file, batch, counted.get(candidate.file.file_id, Counts()))) for candidate in batch.candidates]
    return [(candidate, _held_if_mostly_refused(file, settings)) for candidate, file in files]


def _counted(file: File, batch: Batch, counts: Counts) -> File:
    return replace(
        file,
        batch=batch.name,
        rows_delivered=counts.delivered,
        rows_clean=counts.clean,
        rows_quarantined=counts.quarantined,
        first_event_at=counts.first_event_at,
        last_event_at=counts.last_event_at,
    )


def _write_fast(batch: Batch, settings: Settings, engines: Engines) -> Iterator[dict[str, Counts]]:
    from orchestration.dumps.relations import Records, load_stretches

    work = settings.state / "work"
    work.mkdir(parents=True, exist_ok=True)

    def write_part(number: int, portion: Portion) -> dict[str, Counts]:
        text = gather(portion.stretches, work / f"{batch.name}-{number}.gathered")
        records = Records.of(portion.outcomes)
        try:
            with engines.one() as connection:
                load_stretches(portion.stretches, text, records, connection)
                counts = _write_part(batch, number, portion.stretched + records.delivered, settings, connection)
        except duckdb.Error as error:
            if is_of_the_machine(error) or is_out_of_memory(error):
                raise
            raise IrregularError(suspects(portion.stretches, str(error))) from error
        finally:
            (work / f"{batch.name}-{number}.gathered").unlink(missing_ok=True)
        if unbalanced := _unbalanced(counts):
            raise IrregularError(unbalanced)
        return counts

    import duckdb

    parts = portions(batch)
    if len(parts) == 1:
        yield write_part(0, parts[0])
        return
    with ThreadPoolExecutor(settings.threads) as pool:
        yield from pool.map(write_part, range(len(parts)), parts)


def _write_carefully(batch: Batch, settings: Settings, engines: Engines) -> Iterator[dict[str, Counts]]:
    from orchestration.dumps.relations import load_records, read_carefully

    for number, records in enumerate(read_carefully(batch)):
        with engines.one() as connection:
            load_records(records, len(batch.candidates[0].header), connection)
            counts = _write_part(batch, number, records.delivered, settings, connection)
        if unbalanced := _unbalanced(counts):
            why = HeldError("unbalanced", "its rows could not be accounted for one by one")
            raise UnreadableError(dict.fromkeys(unbalanced, why))
        yield counts


def _unbalanced(counts: dict[str, Counts]) -> set[str]:
    """Nothing lost, nothing twice: for each file, delivered = clean + quarantined."""
    return {file_id for file_id, found in counts.items() if found.clean + found.quarantined != found.delivered}


def _write_part(
    batch: Batch, number: int, delivered: Mapping[str, int], settings: Settings, connection: "duckdb.DuckDBPyConnection"
) -> dict[str, Counts]:
    """Write what can be read of the relation ``text`` as Parquet, and what can't into quarantine."""
    name = f"{batch.name}-{number}.parquet" if number else f"{batch.name}.parquet"
    clean, refused = settings.lake / "clean" / batch.feed / name, settings.quarantine / batch.feed / name
    read = batch.reading
    selected = ", ".join(["file_id", "line", f"{quoted(batch.candidates[0].file.source)} as source", *read.clean])
    judged = settled(batch.layout, read.judged(f"({batch.arranged.select})"))
    _copy(connection, f"select {selected} from ({judged}) where problem is null", clean)
    counts = {file_id: Counts(delivered=rows) for file_id, rows in delivered.items()}
    for file_id, found in _clean_counts(connection, clean, event_column(batch.feed), batch.layout).items():
        counts[file_id] = replace(found, delivered=delivered.get(file_id, 0))
    if short := [file_id for file_id, found in counts.items() if found.clean < found.delivered]:
        _copy(connection, quarantine.refused_rows(batch, read, judged, short), refused)
        quarantine.write_csv(connection, refused)
        for file_id, rows in _rows(connection, refused).items():
            counts[file_id] = replace(counts[file_id], quarantined=rows)
    return counts


def _clean_counts(connection: "duckdb.DuckDBPyConnection", clean: Path, event: str | None, layout: Layout) -> dict[str, Counts]:
    """File id → how many delivered rows were written, and when the first and last of them happened."""
    events = f"cast(min({event}) as varchar), cast(max({event}) as varchar)" if event else "null, null"
    count = "count(distinct line)" if layout.multiplies else "count(*)"
    found = connection.execute(f"select file_id, {count}, {events} from read_parquet({readable(clean)}) group by file_id")
    return {file_id: Counts(0, rows, 0, first, last) for file_id, rows, first, last in found.fetchall()}


def _rows(connection: "duckdb.DuckDBPyConnection", path: Path) -> dict[str, int]:
    """File id → how many rows were written."""
    return dict(connection.execute(f"select file_id, count(*) from read_parquet({readable(path)}) group by file_id").fetchall())


def _held_if_mostly_refused(file: File, settings: Settings) -> File:
    limit = settings.source_of(file.source).max_quarantined_share
    is_much = file.rows_quarantined > limit * file.rows_delivered and file.rows_quarantined >= MINIMUM_REFUSALS
    if is_much and not file.released:
        why = HeldError("too_many_refused", f"{file.rows_quarantined} of {file.rows_delivered} rows can't be read, more than {limit:.0%}")
        return replace(_held(file, why), batch=None, rows_clean=0, rows_quarantined=0)
    return file


def _copy(connection: "duckdb.DuckDBPyConnection", query: str, path: Path) -> None:
    """Write a query's rows as Parquet under a temporary name first, so that no reader meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    # Past so many distinct values a dictionary saves no room worth the time of making it.
    connection.execute(f"copy ({query}) to {quoted(str(temporary))} (format parquet, dictionary_size_limit {DICTIONARY_VALUES})")
    temporary.replace(path)
