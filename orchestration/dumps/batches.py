"""One batch of delivered files → one clean Parquet file, and one quarantine Parquet file where rows were refused."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.dumps import headings, quarantine, tables
from orchestration.dumps.candidates import Batch, Candidate, Outcome
from orchestration.dumps.casts import LayoutSql
from orchestration.dumps.clean_layer import REFUSED, copy
from orchestration.dumps.engines import Engines
from orchestration.dumps.failures import held_for, is_of_the_machine, is_out_of_memory
from orchestration.dumps.feeds import event_column
from orchestration.dumps.held import TOO_MANY_REFUSED
from orchestration.dumps.layouts import Layout
from orchestration.dumps.ledger import File
from orchestration.dumps.receive import HeldError, UnreadableError
from orchestration.dumps.stretches import IrregularError, Portion, gather, portions, suspects
from orchestration.settings import Settings
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb

MINIMUM_REFUSALS = 20
"""A file is not held for its share of refused rows before it has this many: one bad row in a small file is just a bad row. A file of which
no row can be read is held in any case."""

MOST_REASONS = 3


def write(batch: Batch, settings: Settings, engines: Engines) -> Outcome:
    """Read the batch's files into Parquet. Files that must not count come back held, and none of their rows are in the batch.

    After an error the files are read in smaller batches, in the end each by itself, so that only a file at fault is held. Raises what
    ``is_of_the_machine``.
    """
    held: list[tuple[Candidate, File]] = []
    while batch.candidates:
        try:
            counted = _write_once(batch, settings, engines)
            if not batch.in_blocks and _repeats_orders(batch, settings, engines, counted):
                _discard(batch, settings)
                batch = replace(batch, in_blocks=True)
                continue
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
    clean = settings.lake / "clean"
    for folder in (clean / batch.feed, clean / REFUSED, settings.quarantine / batch.feed):
        for path in folder.glob(f"{batch.name}*"):
            path.unlink()


def _parts(batch: Batch, suspects: set[str]) -> tuple[Batch, ...]:
    """The files at fault for the careful reader and the others as before; halves, where it can't be told which are at fault."""
    files = batch.candidates
    sound = tuple(candidate for candidate in files if candidate.file.file_id not in suspects)
    if len(sound) < len(files):
        at_fault = tuple(candidate for candidate in files if candidate not in sound)
        return (*((replace(batch, candidates=sound),) if sound else ()), replace(batch, candidates=at_fault, is_fast=False))
    if len(files) == 1:
        return (replace(batch, is_fast=False),)
    middle = len(files) // 2
    return replace(batch, candidates=files[:middle]), replace(batch, candidates=files[middle:])


@dataclass(frozen=True)
class Counts:
    """What became of one file's rows in one part of a batch. ``refused``: by reason; ``left_out``: by rule."""

    delivered: int = 0
    clean: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    first_event_at: str | None = None
    last_event_at: str | None = None

    def plus(self, other: "Counts") -> "Counts":
        return Counts(
            self.delivered + other.delivered,
            self.clean + other.clean,
            self.refused + other.refused,
            self.left_out + other.left_out,
            min(filter(None, (self.first_event_at, other.first_event_at)), default=None),
            max(filter(None, (self.last_event_at, other.last_event_at)), default=None),
        )

    @property
    def is_balanced(self) -> bool:
        """Nothing lost, nothing twice."""
        return self.delivered == self.clean + self.refused.total() + self.left_out.total()


def _write_once(batch: Batch, settings: Settings, engines: Engines) -> list[tuple[Candidate, File]]:
    counted: dict[str, Counts] = {}
    for part in (_write_fast if batch.is_fast else _write_carefully)(batch, settings, engines):
        for file_id, counts in part.items():
            counted[file_id] = counted.get(file_id, Counts()).plus(counts)
    return [
        (candidate, _counted(candidate, batch, counted.get(candidate.file.file_id, Counts()), settings)) for candidate in batch.candidates
    ]


def _counted(candidate: Candidate, batch: Batch, counts: Counts, settings: Settings) -> File:
    """The ledger's row of a file that was read, or of one that is held for what became of its rows."""
    if not candidate.file.released and (why := _why_held(candidate, batch, counts, settings)):
        return _held(candidate.file, why)
    return replace(
        candidate.file,
        batch=batch.name,
        rows_delivered=counts.delivered,
        rows_clean=counts.clean,
        rows_quarantined=counts.refused.total(),
        rows_left_out=counts.left_out.total(),
        left_out_by=json.dumps(counts.left_out, sort_keys=True) if counts.left_out else None,
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
    """Files whose rows don't add up: delivered = clean + quarantined + left out."""
    return {file_id for file_id, found in counts.items() if not found.is_balanced}


def _write_part(
    batch: Batch, number: int, delivered: Mapping[str, int], settings: Settings, connection: "duckdb.DuckDBPyConnection"
) -> dict[str, Counts]:
    """Write what can be read of the relation ``text`` as Parquet, and what can't into quarantine; count what is left out."""
    name = f"{batch.name}-{number}.parquet" if number else f"{batch.name}.parquet"
    clean, refused = settings.lake / "clean" / batch.feed / name, settings.quarantine / batch.feed / name
    read = batch.reading
    selected = ", ".join(["file_id", "line", f"{quoted(batch.candidates[0].file.source)} as source", *read.clean])
    copy(connection, f"select {selected} from ({read.judged}) where problem is null and left_out is null", clean)
    counts = {file_id: Counts(delivered=rows) for file_id, rows in delivered.items()}
    for file_id, found in _clean_counts(connection, clean, event_column(batch.feed), batch.layout).items():
        counts[file_id] = replace(found, delivered=delivered.get(file_id, 0))
    if read.leaves_out and not all(found.is_balanced for found in counts.values()):
        for file_id, rules in _left_out_counts(connection, read).items():
            counts[file_id] = replace(counts[file_id], left_out=rules)
    if short := [file_id for file_id, found in counts.items() if found.clean + found.left_out.total() < found.delivered]:
        copy(connection, quarantine.refused_rows(batch, short), refused)
        quarantine.write_csv(connection, refused)
        if quarantine.names_orders(batch.feed):
            copy(connection, quarantine.orders_of_refused_rows(batch.feed, refused), settings.lake / "clean" / REFUSED / name)
        for file_id, reasons in _refused_counts(connection, refused).items():
            counts[file_id] = replace(counts[file_id], refused=reasons)
    return counts


def _clean_counts(connection: "duckdb.DuckDBPyConnection", clean: Path, event: str | None, layout: Layout) -> dict[str, Counts]:
    """File id → how many delivered rows were written, and when the first and last of them happened."""
    events = f"cast(min({event}) as varchar), cast(max({event}) as varchar)" if event else "null, null"
    count = "count(distinct line)" if layout.multiplies else "count(*)"
    found = connection.execute(f"select file_id, {count}, {events} from read_parquet({readable(clean)}) group by file_id")
    return {file_id: Counts(clean=rows, first_event_at=first, last_event_at=last) for file_id, rows, first, last in found.fetchall()}


def _left_out_counts(connection: "duckdb.DuckDBPyConnection", read: LayoutSql) -> dict[str, Counter[str]]:
    """File id → how many delivered rows each rule left out: those of which nothing else is left."""
    return _by_file(
        connection,
        f"""select file_id, rule, count(*) from (
            select file_id, line, min(left_out) as rule from ({read.judged}) group by file_id, line having count(*) = count(left_out))
        group by file_id, rule""",
    )


def _refused_counts(connection: "duckdb.DuckDBPyConnection", refused: Path) -> dict[str, Counter[str]]:
    """File id → how many rows were refused for which reason."""
    return _by_file(connection, f"select file_id, reason, count(*) from read_parquet({readable(refused)}) group by file_id, reason")


def _by_file(connection: "duckdb.DuckDBPyConnection", query: str) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for file_id, name, rows in connection.execute(query).fetchall():
        found.setdefault(file_id, Counter())[name] = rows
    return found


def _repeats_orders(batch: Batch, settings: Settings, engines: Engines, counted: list[tuple[Candidate, File]]) -> bool:
    """Whether an order stands both before and behind a header that is repeated within a file."""
    if not batch.reading.has_order_lines or not any(file.rows_quarantined for _, file in counted):
        return False
    paths = [folder / batch.feed / f"{batch.name}*.parquet" for folder in (settings.lake / "clean", settings.quarantine)]
    with engines.one() as connection:
        headers = f"select file_id, line as header from read_parquet({readable(paths[1])}) where reason = 'repeated_header'"
        if not connection.execute(f"select 1 from ({headers}) limit 1").fetchall():
            return False
        rows = " union all ".join(f"select file_id, line, order_id from read_parquet({readable(path)})" for path in paths)
        found = connection.execute(
            f"""select 1 from ({rows}) as rows join ({headers}) as headers using (file_id) where order_id is not null
            group by file_id, header, order_id having min(line) < header and max(line) > header limit 1"""
        )
        return bool(found.fetchall())


def _why_held(candidate: Candidate, batch: Batch, counts: Counts, settings: Settings) -> HeldError | None:
    """Why a file that was read is held for its refused rows: they are another table's, or too many."""
    if not counts.refused:
        return None
    originals = quarantine.originals(settings.quarantine / batch.feed, batch.name, candidate.file.file_id)
    if candidate.mapping.ends_before is None:
        try:
            tables.refuse_another(candidate, originals)
        except HeldError as why:
            return why
    why_held = _mostly_refused(candidate, counts, settings)
    keys = _keys_for(candidate, originals) if why_held else {}
    return HeldError(TOO_MANY_REFUSED, f"{why_held}. Most of them can with {headings.told(keys)}") if keys else why_held


def _keys_for(candidate: Candidate, originals: list[str]) -> dict[str, object]:
    """Keys under which most of the rows that could not be split into columns can be; none where there are no such."""
    unsplit = [original for original in originals if not original.startswith("{")]  # those that could be are kept as JSON
    if not unsplit or candidate.receipt.converted.is_renumbered:
        return {}
    return headings.keys_for_rows(unsplit, candidate.dialect, len(candidate.header))


def _mostly_refused(candidate: Candidate, counts: Counts, settings: Settings) -> HeldError | None:
    """Why a file is held for its refused rows: too large a share of them, or nothing else."""
    limit, refused = settings.source_of(candidate.file.source).max_quarantined_share, counts.refused.total()
    is_much = refused > limit * counts.delivered and refused >= MINIMUM_REFUSALS
    is_all = bool(refused) and not counts.clean and limit < 1
    if not (is_much or is_all):
        return None
    reasons = ", ".join(f"{rows} {reason}" for reason, rows in counts.refused.most_common(MOST_REASONS))
    why = f"; {quarantine.dated_out_of_range(candidate.dated)}" if quarantine.OUT_OF_RANGE in counts.refused else ""
    share = f"more than {limit:.0%}" if is_much else "and no other can"
    return HeldError(TOO_MANY_REFUSED, f"{refused} of {counts.delivered} rows can't be read, {share}: {reasons}{why}")
