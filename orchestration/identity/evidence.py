"""What the files that count show of who is who (``CUSTOMER_EVIDENCE``), kept as Parquet under ``lake/identity/evidence``.

The first run reads all clean rows, a portion of the ids at a time. Later ones read the files that came since, and add what is news in a
file of its own; where files no longer count, the ids they spoke of are read anew from all files. What is more than a portion is no day's
news: then everything is read anew. ``evidence.json`` says which Parquet files stand, and for which live files: it is replaced last, so a
kill leaves the state of before.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from orchestration import lake
from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.ledger import File, Ledger
from orchestration.identity import portions
from orchestration.identity.findings import folder
from orchestration.io import write_atomically, write_json, write_parquet, write_parquet_portions
from orchestration.settings import Settings
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from transforms.evidence import EvidenceRules

CONTACT_COLUMNS = {
    "orders": ("email", "phone"),
    "order_headers": ("email", "phone"),
    "reviews": ("email", "phone"),
    "customers": ("email", "phone", "membership_no"),
}
"""Feeds that show which customer ids belong to one person, each with the columns that do. Others only name ids."""
NAMES_NOBODY = ("opt_outs",)
"""Feeds whose ids make nobody a customer: who says no to messages need not be one, and an address there is no tie between ids."""
VERSION = 2
"""Of the way in which evidence is read, beside the settings. Raise it when that changes: the next run then reads all of it anew."""
MOST_PARTS = 30
"""Parts are put together again when there are more: each one costs a millisecond or two in every later run."""


@dataclass(frozen=True)
class State:
    """``version``: of the evidence, which the live files and the way they are read determine. ``parts``: Parquet files, by name."""

    version: str
    reading: str
    files: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Update:
    """What a run found. ``before``, ``after``: the evidence as it was (no parts, where nothing can be taken as given) and is.

    ``touched``: ids (source, source_customer_id) that anything is otherwise of, or may be; of no use where nothing can be taken as given.
    """

    before: State
    after: State
    touched: "pl.DataFrame"


class Files(NamedTuple):
    """``arrived``: those that count by now and did not. ``gone``: those that did. ``live``: all that count."""

    arrived: Sequence[File]
    gone: Sequence[File]
    live: Sequence[File]


def rows_of(settings: Settings, state: State) -> str:
    """The evidence as DuckDB reads it. A piece may stand in several parts: the earliest sighting counts."""
    paths = [readable(folder(settings) / "evidence" / part) for part in state.parts]
    return f"read_parquet([{', '.join(paths)}])"


def update(settings: Settings, ledger: Ledger, reading: "EvidenceRules", connection: "duckdb.DuckDBPyConnection") -> Update:
    """Bring the evidence up to the live files of the ledger; not committed yet: the former state is there until ``commit``."""
    way_of_reading = [VERSION, asdict(reading)]
    rules = hashlib.sha256(json.dumps(way_of_reading, sort_keys=True, default=dict).encode()).hexdigest()[:16]
    live = lake.files_that_count(settings, ledger)
    before = _read(settings, rules)
    ids = tuple(sorted(file.file_id for file in live))
    version = hashlib.sha256("\n".join([rules, *ids]).encode()).hexdigest()[:16]
    if before.version == version:
        return Update(before, before, _no_ids())
    known = set(before.files)
    gone = [file for file_id in known.difference(ids) if (file := ledger.file(file_id))]
    after = State(version, rules, ids, ())
    if before.parts and len(gone) == len(known.difference(ids)):
        arrived = [file for file in live if file.file_id not in known]
        if found := _added(connection, settings, reading, (before, after), Files(arrived, gone, live)):
            return found
    return _from_scratch(connection, settings, reading, (before, after), live)


def commit(settings: Settings, state: State) -> None:
    """From here on the evidence is as ``state`` says; parts that no longer stand are removed."""
    write_json(asdict(state), folder(settings) / "evidence.json")
    for path in (folder(settings) / "evidence").glob("*.parquet"):
        if path.name not in state.parts:
            path.unlink()


def _read(settings: Settings, reading: str) -> State:
    """The state as committed, or one without parts where there is none, or none that can be relied on."""
    try:
        content = json.loads((folder(settings) / "evidence.json").read_text(encoding="utf-8"))
        found = State(content["version"], content["reading"], tuple(content["files"]), tuple(content["parts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return State("", reading, (), ())
    stands = all((folder(settings) / "evidence" / part).exists() for part in found.parts)
    return found if stands and found.reading == reading else State("", reading, (), ())


def _from_scratch(
    connection: "duckdb.DuckDBPyConnection", settings: Settings, reading: "EvidenceRules", states: tuple[State, State], live: Sequence[File]
) -> Update:
    """All that the live files show, as one part. Every id stands in one portion, so each piece of evidence stands in it once."""
    from transforms.evidence import evidence_of

    before, after = states
    name = _name(before, after.version)
    found = (evidence_of(written, reading).lazy() for written in _written(connection, settings, live))
    write_parquet_portions(found, folder(settings) / "evidence" / name)
    return Update(State("", after.reading, (), ()), replace(after, parts=(name,)), _no_ids())


def _added(
    connection: "duckdb.DuckDBPyConnection", settings: Settings, reading: "EvidenceRules", states: tuple[State, State], files: Files
) -> Update | None:
    """The evidence with what a day's files changed in it; None where that is more than is held at a time."""
    import polars as pl

    from transforms.evidence import evidence_of

    before, after = states
    delivered, withdrawn = _held(connection, settings, files.arrived), _held(connection, settings, files.gone)
    if delivered is None or withdrawn is None:
        return None
    lost = withdrawn.select("source", "source_customer_id").unique()
    again = _held(connection, settings, files.live, lost) if lost.height else withdrawn
    if again is None:
        return None
    news = _news(connection, settings, before, evidence_of(delivered, reading))
    touched = pl.concat([lost, news.select("source", "source_customer_id")]).unique()
    if lost.height or len(before.parts) >= MOST_PARTS:
        parts: tuple[str, ...] = (_put_together(connection, settings, before, after.version, lost, (news, evidence_of(again, reading))),)
    else:
        parts = (*before.parts, _add(settings, news, before, after.version)) if news.height else before.parts
    return Update(before, replace(after, parts=parts), touched)


def _add(settings: Settings, rows: "pl.DataFrame", before: State, version: str) -> str:
    name = _name(before, version)
    write_parquet(rows, folder(settings) / "evidence" / name)
    return name


def _name(before: State, version: str) -> str:
    """Of a new part; none of those before can have it."""
    return f"{before.version or 'none'}-{version}.parquet"


def _held(
    connection: "duckdb.DuckDBPyConnection", settings: Settings, files: Iterable[File], only: "pl.DataFrame | None" = None
) -> "pl.DataFrame | None":
    """``CUSTOMER_IDS`` of those files, of certain ids ``only`` or of all; None where they are more than a portion."""
    first, *others = islice(_written(connection, settings, files, only), 2)
    return None if others else first


def _written(
    connection: "duckdb.DuckDBPyConnection", settings: Settings, files: Iterable[File], only: "pl.DataFrame | None" = None
) -> Iterator["pl.DataFrame"]:
    """``CUSTOMER_IDS`` of those files, of certain ids ``only`` or of all: portions, one at least, each with all rows of its ids."""
    import polars as pl

    from transforms.schemas import CUSTOMER_IDS

    by_feed: dict[str, list[File]] = {}
    for file in files:
        if file.feed and file.feed not in NAMES_NOBODY and file.batch and any(column.name == "customer_id" for column in FEEDS[file.feed]):
            by_feed.setdefault(file.feed, []).append(file)
    if not by_feed:
        yield CUSTOMER_IDS.to_frame()
        return
    wanted_files = [file.file_id for wanted in by_feed.values() for file in wanted]
    connection.register("wanted_files", pl.DataFrame({"file_id": wanted_files}).to_arrow())
    restriction = ""
    if only is not None:
        connection.register("wanted_ids", only.to_arrow())
        restriction = "and (source, customer_id) in (select source, source_customer_id from wanted_ids)"
    selects = []
    for feed, wanted in by_feed.items():
        contacts = [name if name in CONTACT_COLUMNS.get(feed, ()) else f"null::varchar as {name}" for name in CUSTOMER_IDS.names()[2:5]]
        moment = next((column.name for column in FEEDS[feed] if column.kind == "timestamp"), "null::timestamp")
        selects.append(
            f"""select source, customer_id as source_customer_id, {", ".join(contacts)}, min({moment}) as seen_at
            from read_parquet([{", ".join(_parts_of(settings, feed, wanted))}])
            where file_id in (select file_id from wanted_files) and customer_id is not null {restriction} group by all"""
        )
    connection.execute(
        f"""create or replace temp table written as
        select *, {portions.slot("source", "source_customer_id")} as slot from ({" union all ".join(selects)}) order by slot"""
    )
    for portion in portions.handed_out(connection, "written"):
        yield portion.cast(CUSTOMER_IDS)


def _parts_of(settings: Settings, feed: str, files: Iterable[File]) -> list[str]:
    """The Parquet of the batches that the files stand in: a day's run opens no other."""
    clean = settings.lake / "clean" / feed
    batches = sorted({file.batch for file in files if file.batch})
    return [readable(path) for batch in batches for path in sorted([clean / f"{batch}.parquet", *clean.glob(f"{batch}-*.parquet")])]


def _news(connection: "duckdb.DuckDBPyConnection", settings: Settings, state: State, found: "pl.DataFrame") -> "pl.DataFrame":
    """Of what was found, the rows that the evidence doesn't hold, or only of a later day."""
    connection.register("found", found.to_arrow())
    query = f"""select found.* from found where not exists (select 1 from {rows_of(settings, state)} as known
        where known.source = found.source and known.source_customer_id = found.source_customer_id and known.kind = found.kind
            and known.value is not distinct from found.value
            and (known.first_at <= found.first_at or found.first_at is null))"""
    return connection.sql(query).pl().cast(found.schema)


def _put_together(
    connection: "duckdb.DuckDBPyConnection",
    settings: Settings,
    before: State,
    version: str,
    without: "pl.DataFrame",
    parts: Sequence["pl.DataFrame"],
) -> str:
    """A part that holds all parts, the rows of some ids taken out, with others put in."""
    news, again = parts
    others = news.join(without, on=["source", "source_customer_id"], how="anti")
    for name, rows in (("without", without), ("others", others), ("again", again)):
        connection.register(name, rows.to_arrow())
    name = _name(before, version)
    with write_atomically(folder(settings) / "evidence" / name) as path:
        connection.execute(
            f"""copy (
                select * from {rows_of(settings, before)}
                where (source, source_customer_id) not in (select source, source_customer_id from without)
                union all from others union all from again
            ) to {quoted(path)} (format parquet)"""
        )
    return name


def _no_ids() -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame(schema={"source": pl.String, "source_customer_id": pl.String})
