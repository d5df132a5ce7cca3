"""Evidence → links: ``lake/identity/customer_links.parquet``, what was refused, and who has another id than readers know.

Only persons are linked anew whom a difference can reach: somebody's evidence is otherwise, has come into sight by the day of the run, or is
shared with such an id. ``links.json`` says what the links were made from; under other rules, without it, or where a difference reaches more
than are held at a time, everybody is linked anew.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestration.identity import evidence, portions
from orchestration.identity.everybody import link_all
from orchestration.identity.evidence import Update, rows_of
from orchestration.identity.findings import REFUSED, folder
from orchestration.io import write_atomically, write_json, write_parquet
from orchestration.settings import Settings
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from transforms.evidence import EvidenceRules
    from transforms.identity import Rules, View

LINKS, CHANGES = "customer_links.parquet", "customer_id_changes.parquet"


@dataclass(frozen=True)
class LinkState:
    """What the links were made from: ``evidence`` by its version, ``rules`` and decisions by their hash, seen ``until`` then (UTC)."""

    evidence: str
    rules: str
    until: str


@dataclass(frozen=True)
class Question:
    """What a run asks: who is who by these rules and decisions, as seen on its day."""

    rules: "Rules"
    reading: "EvidenceRules"
    apart: "pl.DataFrame"
    as_of: date
    run_id: str
    zone: str

    @property
    def until(self) -> datetime:
        """The first moment after the day, UTC."""
        midnight = datetime.combine(self.as_of + timedelta(days=1), time(), ZoneInfo(self.zone))
        return midnight.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    @property
    def view(self) -> "View":
        from transforms.identity import View

        return View(self.until, self.zone, self.run_id)

    def record(self, version: str) -> LinkState:
        import hashlib

        rules = json.dumps([asdict(self.rules), self.apart.rows(), self.zone], default=str)
        return LinkState(version, hashlib.sha256(rules.encode()).hexdigest()[:16], self.until.isoformat())


def write(settings: Settings, found: Update, question: Question, connection: "duckdb.DuckDBPyConnection") -> None:
    """Bring links and refused evidence up to the evidence found, and commit both."""
    import polars as pl

    from transforms.identity import REFUSED_EVIDENCE

    former = _read(settings)
    wanted = question.record(found.after.version)
    is_known = former is not None and former.evidence == found.before.version and former.rules == wanted.rules
    touched = _touched(found, former, wanted, connection, settings) if former and is_known else None
    if touched is not None and touched.is_empty():
        evidence.commit(settings, found.after)
        write_json(asdict(wanted), folder(settings) / "links.json")
        return
    (folder(settings) / "links.json").unlink(missing_ok=True)  # until all is written, the next run links everybody
    if touched is None:
        refused = _link_all(settings, found, question, connection)
    else:
        refused = _link_again(settings, found, question, touched, connection)
    write_parquet(refused.cast(REFUSED_EVIDENCE).sort(pl.all()), folder(settings) / REFUSED)
    evidence.commit(settings, found.after)
    write_json(asdict(wanted), folder(settings) / "links.json")


def _read(settings: Settings) -> LinkState | None:
    """The record of the links that stand, or None where none can be relied on."""
    try:
        content = json.loads((folder(settings) / "links.json").read_text(encoding="utf-8"))
        found = LinkState(content["evidence"], content["rules"], content["until"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if all((folder(settings) / name).exists() for name in (LINKS, REFUSED)) else None


def _touched(
    found: Update, former: LinkState, wanted: LinkState, connection: "duckdb.DuckDBPyConnection", settings: Settings
) -> "pl.DataFrame | None":
    """Ids whose evidence is otherwise, or is seen from one of the two days and not from the other; None for more than a portion."""
    import polars as pl

    if former.until == wanted.until or not found.after.parts:
        return found.touched
    first, last = sorted([former.until, wanted.until])
    seen = connection.sql(
        f"""select distinct source, source_customer_id from {rows_of(settings, found.after)}
        where value is not null and first_at >= {quoted(first)}::timestamp and first_at < {quoted(last)}::timestamp
        limit {portions.ROWS_AT_A_TIME:d}"""
    ).pl()
    touched = pl.concat([found.touched, seen.cast(found.touched.schema)]).unique()
    return touched if touched.height < portions.ROWS_AT_A_TIME else None


def _link_all(settings: Settings, found: Update, question: Question, connection: "duckdb.DuckDBPyConnection") -> "pl.DataFrame":
    """Link everybody, a portion at a time. Returns all refused evidence."""
    is_merged = not found.before.parts  # all that was found stands in one part, each piece once
    refused = link_all(connection, rows_of(settings, found.after), is_merged, question)
    with write_atomically(folder(settings) / LINKS) as path:
        links = _with_first_runs(settings, "linked")
        connection.execute(f"copy ({links} order by source, source_customer_id) to {quoted(path)} (format parquet)")
    return refused


def _evidence(connection: "duckdb.DuckDBPyConnection", query: str) -> "pl.DataFrame":
    from transforms.evidence import merged
    from transforms.schemas import CUSTOMER_EVIDENCE

    return merged([connection.sql(query).pl().cast(CUSTOMER_EVIDENCE)])


def _link_again(
    settings: Settings, found: Update, question: Question, touched: "pl.DataFrame", connection: "duckdb.DuckDBPyConnection"
) -> "pl.DataFrame":
    """Link the persons that the touched ids can reach, and put them in the place of what they were. Returns all refused evidence."""
    import polars as pl

    from transforms.identity import link

    links, refused = (f"read_parquet({readable(folder(settings) / name)})" for name in (LINKS, REFUSED))
    connection.register("touched", touched.to_arrow())
    shown = _reached(settings, found, question, links, refused, connection)
    anew, refused_anew = link(shown, question.rules, question.reading, question.apart, question.view)
    connection.register("anew", anew.to_arrow())
    with write_atomically(folder(settings) / LINKS) as path:
        kept, put_in = f"select * from {links} where not {_is_of('members')}", _with_first_runs(settings, "anew")
        connection.execute(f"copy ({kept} union all {put_in}) to {quoted(path)} (format parquet)")
    others = connection.sql(f"select * from {refused} where (kind, value_hash) not in (select kind, sha256(value) from judged)").pl()
    return pl.concat([others.cast(refused_anew.schema), refused_anew])


def _reached(
    settings: Settings, found: Update, question: Question, links: str, refused: str, connection: "duckdb.DuckDBPyConnection"
) -> "pl.DataFrame":
    """The evidence of all ids of the persons that the touched ids can reach, and of others that have the same.

    Whoever shares a piece of evidence with a touched id, or did, is reached with all ids of that person. A piece that was refused and
    still is reaches nobody, however many have it. Leaves the tables ``members`` (ids) and ``judged`` (kind, value).
    """
    after = rows_of(settings, found.after)
    is_taken_out = not set(found.before.parts) <= set(found.after.parts)
    states = [after, rows_of(settings, found.before)] if is_taken_out else [after]
    own = " union ".join(f"select kind, value from {rows} where value is not null and {_is_of('touched')}" for rows in states)
    connection.execute(
        f"""create or replace temp table held as
        with own as ({own}),
        holders as (
            select kind, value, min(first_at) as first_at from {after} where (kind, value) in (from own)
            group by kind, value, source, source_customer_id),
        counted as (
            select kind, value, count(*) as ids_count from holders
            where first_at is null or first_at < {quoted(question.until.isoformat())}::timestamp
            group by kind, value)
        select own.kind, own.value, refused.reason is not null as is_refused
        from own left join counted using (kind, value)
        left join {refused} as refused on refused.kind = own.kind and refused.value_hash = sha256(own.value)
            and (refused.reason = 'placeholder' or counted.ids_count > {question.rules.max_ids_per_link:d})"""
    )
    connection.execute(
        f"""create or replace temp table members as
        with holders as (
            select source, source_customer_id from {after} where (kind, value) in (select kind, value from held where not is_refused)
            union select source, source_customer_id from touched)
        select source, source_customer_id from {links}
        where customer_id in (select customer_id from {links} where {_is_of("holders")})
        union from holders"""
    )
    connection.execute(f"create or replace temp table theirs as select * from {after} where {_is_of('members')}")
    connection.execute(
        """create or replace temp table judged as
        select kind, value from held union select kind, value from theirs where value is not null"""
    )
    return _evidence(connection, f"select * from {after} where (kind, value) in (from judged) union all from theirs")


def _is_of(relation: str) -> str:
    return f"(source, source_customer_id) in (select source, source_customer_id from {relation})"


def _with_first_runs(settings: Settings, links: str) -> str:
    """A query: the links, each with the run that was the first to find it, where the id was this person's already."""
    import polars as pl

    path = folder(settings) / LINKS
    if not path.exists() or "first_seen_run" not in pl.read_parquet_schema(path):
        return f"select * from {links}"
    return f"""select links.* replace (coalesce(former.first_seen_run, links.first_seen_run) as first_seen_run)
        from {links} as links left join read_parquet({readable(path)}) as former using (source, source_customer_id, customer_id)"""


def write_changes(settings: Settings, as_of: date, published_as_of: str | None, connection: "duckdb.DuckDBPyConnection") -> "pl.DataFrame":
    """Who has another id than in what is published, added to the changes that are published. Returns those of this run.

    A run that looks back finds no changes: it has those up to its day. Nor does the first run, which readers know no ids from.
    """
    import polars as pl

    from transforms.identity import changes
    from transforms.schemas import CUSTOMER_ID_CHANGES

    tables = settings.home / "published" / "parquet"
    links, former = tables / "customer_links" / "customer_links.parquet", tables / "customer_id_changes" / "customer_id_changes.parquet"
    known = CUSTOMER_ID_CHANGES.to_frame()
    if former.exists():
        known = pl.read_parquet(former, glob=False).cast(CUSTOMER_ID_CHANGES).filter(pl.col("changed_at") <= as_of)
    found = known.clear()
    if links.exists() and published_as_of is not None and as_of.isoformat() >= published_as_of:
        before, after = _concerned(connection, readable(links), readable(folder(settings) / LINKS))
        found = changes(before, after, as_of).join(known, on=["old_customer_id", "new_customer_id", "changed_at"], how="anti")
    everything = pl.concat([known, found]).sort("changed_at", "old_customer_id", "new_customer_id")
    write_parquet(everything, folder(settings) / CHANGES)
    return found


def _concerned(connection: "duckdb.DuckDBPyConnection", before: str, after: str) -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """The links before and after of all persons of whom an id has moved: those it left, and those it came to."""
    connection.execute(
        f"""create or replace temp table moved as
        select former.customer_id as old_customer_id, links.customer_id as new_customer_id
        from read_parquet({before}) as former join read_parquet({after}) as links using (source, source_customer_id)
        where former.customer_id <> links.customer_id"""
    )
    columns = "source, source_customer_id, customer_id, evidence"
    concerned = f"""select source, source_customer_id from read_parquet({before}) where customer_id in (select old_customer_id from moved)
        union select source, source_customer_id from read_parquet({after}) where customer_id in (select new_customer_id from moved)"""
    of_them = f"(source, source_customer_id) in ({concerned})"
    left, right = (connection.sql(f"select {columns} from read_parquet({path}) where {of_them}").pl() for path in (before, after))
    return left, right
