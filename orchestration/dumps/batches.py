"""One batch of delivered files → one clean Parquet file, and one quarantine Parquet file where rows were refused."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.dumps.candidates import Batch, Candidate, Outcome
from orchestration.dumps.casts import Reading
from orchestration.dumps.feeds import FEEDS, empty_relation, event_column
from orchestration.dumps.ledger import File
from orchestration.dumps.receive import HeldError, UnreadableError
from orchestration.dumps.sql import quoted
from orchestration.settings import Settings

if TYPE_CHECKING:
    import duckdb

EMPTY = "empty"
"""Name of the Parquet file without rows that every feed has, so that reading a feed never fails."""

Counts = tuple[int, int, int, str | None, str | None]
"""Rows, first and last line, first and last event."""

MINIMUM_REFUSALS = 20
"""A file is not held for its share of refused rows before it has this many: one bad row in a small file is just a bad row."""


class ParserDisagreesError(Exception):
    """The fast parser failed, or counted other rows than the census did. ``suspects``: ids of files at fault, where that can be told."""

    def __init__(self, suspects: set[str]) -> None:
        super().__init__(", ".join(sorted(suspects)))
        self.suspects = suspects


def ensure_feeds(lake: Path) -> None:
    """Give every feed its Parquet file without rows."""
    import duckdb

    for feed in FEEDS:
        path = lake / "clean" / feed / f"{EMPTY}.parquet"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with duckdb.connect() as connection:
                _copy(connection, empty_relation(feed), path)


def write(batch: Batch, settings: Settings) -> Outcome:
    """Read the batch's files into Parquet. Files that must not count come back held, and none of their rows are in the batch."""
    held: list[tuple[Candidate, File]] = []
    while batch.candidates:
        try:
            counted = _write_once(batch, settings)
        except ParserDisagreesError as error:
            _discard(batch, settings)
            return Outcome(tuple(held) + tuple(entry for part in _parts(batch, error.suspects) for entry in write(part, settings).files))
        except UnreadableError as error:
            counted = [(candidate, _held(candidate.file, error.files.get(candidate.file.file_id))) for candidate in batch.candidates]
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
        (folder / batch.feed / f"{batch.name}.parquet").unlink(missing_ok=True)


def _parts(batch: Batch, suspects: set[str]) -> tuple[Batch, ...]:
    """The files at fault for the careful reader and the others as before; halves, where it can't be told which are at fault."""
    files = batch.candidates
    sound = tuple(candidate for candidate in files if candidate.file.file_id not in suspects)
    if len(sound) < len(files):
        at_fault = tuple(candidate for candidate in files if candidate not in sound)
        return (*((replace(batch, candidates=sound),) if sound else ()), Batch(at_fault, is_regular=False))
    if len(files) == 1:
        return (replace(batch, is_regular=False),)
    middle = len(files) // 2
    return replace(batch, candidates=files[:middle]), replace(batch, candidates=files[middle:])


def _write_once(batch: Batch, settings: Settings) -> list[tuple[Candidate, File]]:
    import duckdb

    from orchestration.dumps.relations import load_text

    clean = settings.lake / "clean" / batch.feed / f"{batch.name}.parquet"
    with duckdb.connect(config={"threads": 1, "memory_limit": settings.memory_limit}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        delivered = load_text(batch, connection)
        read = batch.reading
        selected = ", ".join(["file_id", "line", "source", *read.clean])
        judged = f"select *, {read.problem_number()} as problem from (select *, {', '.join(read.typed)} from text)"
        try:
            _copy(connection, f"select {selected} from ({judged}) where problem is null", clean)
        except duckdb.Error as error:
            if batch.is_regular:
                named = {candidate.file.file_id for candidate in batch.candidates if str(candidate.receipt.text) in str(error)}
                raise ParserDisagreesError(named) from error
            raise
        counts = _clean_counts(connection, clean, event_column(batch.feed))
        files = [(candidate, _counted(candidate, batch, delivered, counts)) for candidate in batch.candidates]
        short = [file.file_id for _, file in files if file.rows_clean < file.rows_delivered]
        if short:
            found = _write_quarantine(connection, batch, read, judged, short, settings.quarantine / batch.feed / f"{batch.name}.parquet")
            files = [(candidate, replace(file, rows_quarantined=found.get(file.file_id, 0))) for candidate, file in files]
        _balance(files, batch)
        return [(candidate, _held_if_mostly_refused(file, settings)) for candidate, file in files]


def _clean_counts(connection: "duckdb.DuckDBPyConnection", clean: Path, event: str | None) -> dict[str, Counts]:
    """File id → rows, first and last line, first and last event of what was written."""
    events = f"cast(min({event}) as varchar), cast(max({event}) as varchar)" if event else "null, null"
    rows = connection.execute(
        f"select file_id, count(*), min(line), max(line), {events} from read_parquet({quoted(str(clean))}) group by file_id"
    )
    return {file_id: tuple(rest) for file_id, *rest in rows.fetchall()}


def _counted(candidate: Candidate, batch: Batch, delivered: dict[str, int], counts: dict[str, Counts]) -> File:
    file = candidate.file
    rows, first_line, last_line, first_event, last_event = counts.get(file.file_id, (0, 2, 2, None, None))
    expected = delivered[file.file_id]
    if batch.is_regular and not (first_line >= 2 and last_line <= candidate.receipt.census.breaks + 1 and rows <= expected):
        raise ParserDisagreesError({file.file_id})
    return replace(file, batch=batch.name, rows_delivered=expected, rows_clean=rows, first_event_at=first_event, last_event_at=last_event)


def _write_quarantine(
    connection: "duckdb.DuckDBPyConnection", batch: Batch, read: Reading, judged: str, short: list[str], path: Path
) -> dict[str, int]:
    """Write the refused rows of the files that have any. Returns file id → how many."""
    header = batch.candidates[0].header
    located = batch.candidates[0].mapping.locate(header)
    places = {name: f"t{number}" for number, name in enumerate(header)}
    reasons = " ".join(f"when {number} then {quoted(problem.reason)}" for number, problem in enumerate(read.problems))
    columns = " ".join(f"when {number} then {quoted(problem.column)}" for number, problem in enumerate(read.problems))
    values = " ".join(
        f"when {number} then {places[located[problem.column]]}" for number, problem in enumerate(read.problems) if problem.column in located
    )
    original = (
        "to_json(struct_pack("
        + ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}" := t{number}' for number, name in enumerate(header))
        + "))"
    )
    wanted = ", ".join(map(quoted, short))
    unreadable = f"""select file_id, line, source, file_name, case problem {reasons} end as reason,
        case problem {columns} end as column_name, case problem {values} else null end as value, cast({original} as varchar) as original
        from ({judged}) where problem is not null and file_id in ({wanted})"""
    if not batch.is_regular:
        unreadable += """ union all
        select file_id, refused.line, source, file_name, reason, null, null, original from refused join delivered using (path)"""
    _copy(connection, f"{unreadable} order by file_name, line", path)
    return dict(connection.execute(f"select file_id, count(*) from read_parquet({quoted(str(path))}) group by file_id").fetchall())


def _balance(files: list[tuple[Candidate, File]], batch: Batch) -> None:
    """Nothing lost, nothing twice: for each file, delivered = clean + quarantined."""
    unbalanced = {file.file_id for _, file in files if file.rows_clean + file.rows_quarantined != file.rows_delivered}
    if unbalanced and batch.is_regular:
        raise ParserDisagreesError(unbalanced)
    if unbalanced:
        raise UnreadableError(
            {file_id: HeldError("unbalanced", "its rows could not be accounted for one by one") for file_id in unbalanced}
        )


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
    connection.execute(f"copy ({query}) to {quoted(str(temporary))} (format parquet, compression zstd)")
    temporary.replace(path)
