"""What the files that count show of who is who (``CUSTOMER_EVIDENCE``), kept as Parquet under ``lake/identity/evidence``.

The first run reads all clean rows. Later ones read the files that came since, and add what is news in a file of its own; where files no
longer count, the ids they spoke of are read anew from all files. ``evidence.json`` says which Parquet files stand, and for which live
files: it is replaced last, so a kill leaves the state of before.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from orchestration import lake
from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.ledger import File, Ledger
from orchestration.identity.report import folder
from orchestration.io import write_atomically, write_json, write_parquet
from orchestration.settings import Settings
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from transforms.evidence import Reading

CONTACT_COLUMNS = {"orders": ("email", "phone"), "order_headers": ("email", "phone"), "customers": ("email", "phone", "membership_no")}
"""Feeds that show which customer ids belong to one person, each with the columns that do. Others only name ids."""
NAMES_NOBODY = ("opt_outs",)
"""Feeds whose ids make nobody a customer: who says no to messages need not be one, and an address there is no tie between ids."""
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

    ``touched``: ids (source, source_customer_id) that anything is otherwise of, or may be.
    """

    before: State
    after: State
    touched: "pl.DataFrame"


def rows_of(settings: Settings, state: State) -> str:
    """The evidence as DuckDB reads it. A piece may stand in several parts: the earliest sighting counts."""
    paths = [readable(folder(settings) / "evidence" / part) for part in state.parts]
    return f"read_parquet([{', '.join(paths)}])"


def update(settings: Settings, ledger: Ledger, reading: "Reading", connection: "duckdb.DuckDBPyConnection") -> Update:
    """Bring the evidence up to the live files of the ledger; not committed yet: the former state is there until ``commit``."""
    import polars as pl

    rules = hashlib.sha256(json.dumps(asdict(reading), sort_keys=True, default=dict).encode()).hexdigest()[:16]
    live = lake.files_that_count(settings, ledger)
    before = _read(settings, rules)
    ids = tuple(sorted(file.file_id for file in live))
    version = hashlib.sha256("\n".join([rules, *ids]).encode()).hexdigest()[:16]
    if before.version == version:
        return Update(before, before, _no_ids())
    known = set(before.files)
    gone = [file for file_id in known.difference(ids) if (file := ledger.file(file_id))]
    if not before.parts or len(gone) < len(known.difference(ids)):
        everything = _evidence(connection, settings, live, reading)
        after = State(version, rules, ids, (_add(settings, everything, before, version),))
        return Update(State("", rules, (), ()), after, everything.select("source", "source_customer_id").unique())
    withdrawn = pl.concat([_no_ids(), _written(connection, settings, gone).select("source", "source_customer_id").unique()])
    news = _news(
        connection, settings, before, _evidence(connection, settings, [file for file in live if file.file_id not in known], reading)
    )
    touched = pl.concat([withdrawn, news.select("source", "source_customer_id")]).unique()
    if withdrawn.is_empty() and len(before.parts) < MOST_PARTS:
        parts = (*before.parts, _add(settings, news, before, version)) if news.height else before.parts
    else:
        again = _evidence(connection, settings, live, reading, withdrawn) if withdrawn.height else news.clear()
        parts = (_put_together(connection, settings, before, version, withdrawn, (news, again)),)
    return Update(before, State(version, rules, ids, parts), touched)


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


def _add(settings: Settings, rows: "pl.DataFrame", before: State, version: str) -> str:
    name = _name(before, version)
    write_parquet(rows, folder(settings) / "evidence" / name)
    return name


def _name(before: State, version: str) -> str:
    """Of a new part; none of those before can have it."""
    return f"{before.version or 'none'}-{version}.parquet"


def _evidence(
    connection: "duckdb.DuckDBPyConnection",
    settings: Settings,
    files: Sequence[File],
    reading: "Reading",
    only: "pl.DataFrame | None" = None,
) -> "pl.DataFrame":
    from transforms.evidence import evidence_of

    return evidence_of(_written(connection, settings, files, only), reading)


def _written(
    connection: "duckdb.DuckDBPyConnection", settings: Settings, files: Iterable[File], only: "pl.DataFrame | None" = None
) -> "pl.DataFrame":
    """``CUSTOMER_IDS`` of those files, of certain ids ``only`` or of all."""
    import polars as pl

    from transforms.schemas import CUSTOMER_IDS

    by_feed: dict[str, list[File]] = {}
    for file in files:
        if file.feed and file.feed not in NAMES_NOBODY and file.batch and any(column.name == "customer_id" for column in FEEDS[file.feed]):
            by_feed.setdefault(file.feed, []).append(file)
    found = [CUSTOMER_IDS.to_frame()]
    for feed, wanted in by_feed.items():
        connection.register("wanted_files", pl.DataFrame({"file_id": [file.file_id for file in wanted]}).to_arrow())
        restriction = ""
        if only is not None:
            connection.register("wanted_ids", only.to_arrow())
            restriction = "and (source, customer_id) in (select source, source_customer_id from wanted_ids)"
        contacts = [name if name in CONTACT_COLUMNS.get(feed, ()) else f"null::varchar as {name}" for name in CUSTOMER_IDS.names()[2:5]]
        moment = next((column.name for column in FEEDS[feed] if column.kind == "timestamp"), "null::timestamp")
        query = f"""select source, customer_id as source_customer_id, {", ".join(contacts)}, min({moment}) as seen_at
            from read_parquet([{", ".join(_parts_of(settings, feed, wanted))}])
            where file_id in (select file_id from wanted_files) and customer_id is not null {restriction} group by all"""
        found.append(connection.sql(query).pl().cast(CUSTOMER_IDS))
    return pl.concat(found)


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
