"""Links of everybody, in memory that does not grow with them: whoever shares something is linked in the same portion.

DuckDB finds the pieces of evidence that several ids have; which portion an id is in follows from the connected components of those, as
numbers. Each portion then holds all that its ids share, so ``transforms.identity.link`` finds for it what it would find for all at once.
What no portion could hold is left out of it before: evidence that links nobody, however many have it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.identity import portions
from orchestration.sql import quoted

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from orchestration.identity.links import Question


def link_all(connection: "duckdb.DuckDBPyConnection", evidence: str, is_merged: bool, question: "Question") -> "pl.DataFrame":
    """Links of all ids of the evidence into the table ``linked`` (``CUSTOMER_LINKS``). Returns ``REFUSED_EVIDENCE``.

    ``evidence``: a relation that DuckDB reads; ``is_merged``: whether each piece of evidence of an id stands there once.
    """
    from transforms.identity import link, reported
    from transforms.schemas import CUSTOMER_EVIDENCE, CUSTOMER_LINKS

    if is_merged:
        connection.execute(
            f"create or replace temp view evidence as select source, source_customer_id, kind, value, first_at from {evidence}"
        )
    else:
        connection.execute(
            f"""create or replace temp table evidence as
            select source, source_customer_id, kind, value, min(first_at) as first_at from {evidence} group by all"""
        )
    refused = _refused(connection, question)
    _cut_into_portions(connection)
    connection.register("links_of_portion", CUSTOMER_LINKS.to_frame().to_arrow())
    connection.execute("create or replace temp table linked as from links_of_portion")
    for portion in portions.handed_out(connection, "to_link"):
        found = link(portion.cast(CUSTOMER_EVIDENCE), question.rules, question.reading, question.apart, question.view)
        connection.register("links_of_portion", found.links.to_arrow())
        connection.execute("insert into linked from links_of_portion")
    return reported(refused)


def _refused(connection: "duckdb.DuckDBPyConnection", question: "Question") -> "pl.DataFrame":
    """``kind, value, ids_count, reason`` of evidence that links nobody; what does link, or tells who a guest is, goes into ``ties``."""
    import polars as pl

    from transforms.evidence import GUEST_ID
    from transforms.identity import refused_of

    seen = f"value is not null and (first_at is null or first_at < {quoted(question.until.isoformat())}::timestamp)"
    connection.execute(
        f"""create or replace temp table shared as
        select kind, value, count(*) as ids_count, {portions.slot("kind", "value")} as slot
        from evidence where {seen} group by kind, value
        having count(*) > 1 or bool_or(regexp_matches(source_customer_id, {quoted(GUEST_ID)})) order by slot"""
    )
    connection.execute("create or replace temp table pieces as select kind, value, ids_count > 1 as is_shared from shared")

    def judged() -> Iterator[pl.DataFrame]:
        for portion in portions.handed_out(connection, "shared"):
            yield refused_of(portion, question.rules, question.reading)

    refused = pl.concat(judged())
    connection.register("refused_pieces", refused.select("kind", "value").to_arrow())
    connection.execute(
        f"""create or replace temp table ties as
        select source, source_customer_id, kind, value, first_at from evidence
        where {seen} and (kind, value) in (select kind, value from pieces) and (kind, value) not in (from refused_pieces)"""
    )
    return refused


def _cut_into_portions(connection: "duckdb.DuckDBPyConnection") -> None:
    """The table ``to_link``: the evidence that links and all ids, with the slot of the component, or, of ids that share nothing, their own.

    Hashes stand for ids and evidence: if two have the same, they only come into the same portion.
    """
    from transforms.identity import components

    an_id = "hash(source, source_customer_id)"
    numbers = connection.sql(
        f"""select {an_id} as id, hash(kind, value) as piece from ties
        where (kind, value) in (select kind, value from pieces where is_shared)"""
    ).pl()
    connection.register("component_of", components(numbers).to_arrow())
    connection.execute(
        f"""create or replace temp table to_link as
        select rows.*, coalesce(component % {portions.SLOTS}, {portions.slot("source", "source_customer_id")})::int32 as slot
        from (from ties union all from evidence where kind = 'own id') as rows left join component_of on component_of.id = {an_id}
        order by slot"""
    )
    connection.unregister("component_of")
    connection.execute("drop table pieces")
    connection.execute("drop table ties")
