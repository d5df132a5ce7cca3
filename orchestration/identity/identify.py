"""One run's answer to who is one person: evidence, links and changes of ids brought up to date, and a report of what was refused."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from orchestration import lake
from orchestration.dumps.ledger import Ledger
from orchestration.identity import evidence, links
from orchestration.identity.findings import REFUSED, REPORT, Report, folder
from orchestration.identity.links import LINKS, Question
from orchestration.io import write_json
from orchestration.publication import current
from orchestration.rules import identity_reading, identity_rules
from orchestration.settings import Settings
from orchestration.sql import readable

if TYPE_CHECKING:
    import duckdb
    import polars as pl

UNUSABLE_SHARE, UNUSABLE_IDS = 0.5, 20
"""From this share of a source's ids with a phone, and this many ids, on: it is said that their phones are none."""


def identify(settings: Settings, as_of: date, run_id: str) -> Report:
    """Bring evidence, links, refused evidence and changes of ids up to the live files, the rules and the decisions."""
    reading = identity_reading(settings)
    with lake.open_ledger(settings) as ledger, lake.engine(settings) as connection:
        found = evidence.update(settings, ledger, reading, connection)
        question = Question(identity_rules(settings), reading, _apart(ledger), as_of, run_id, settings.time_zone)
        links.write(settings, found, question, connection)
        published = current(settings.home)
        changes = links.write_changes(settings, as_of, published["as_of"] if published else None, connection)
        report = _report(settings, found.after, changes, connection)
    write_json(asdict(report), folder(settings) / REPORT)
    return report


def _apart(ledger: Ledger) -> "pl.DataFrame":
    """Ids that were set apart by the same decisions, all of them, may be one person: a number for each such set."""
    import polars as pl

    from transforms.identity import APART

    decisions: dict[tuple[str, str], tuple[int, ...]] = {}
    for number, ids in ledger.apart().items():
        for each in ids:
            decisions[each] = (*decisions.get(each, ()), number)
    numbers = {sets: number for number, sets in enumerate(sorted(set(decisions.values())))}
    return pl.DataFrame([(*each, numbers[sets]) for each, sets in sorted(decisions.items())], schema=APART, orient="row")


def _report(settings: Settings, state: evidence.State, changes: "pl.DataFrame", connection: "duckdb.DuckDBPyConnection") -> Report:
    place = folder(settings)
    counted = connection.execute(f"select count(*), count(distinct customer_id) from read_parquet({readable(place / LINKS)})").fetchone()
    assert counted is not None
    refused = connection.execute(
        f"""select case reason when 'placeholder' then 'placeholder ' else '' end
            || case kind when 'email' then 'e-mail(s)' when 'phone' then 'phone(s)' else 'membership number(s)' end,
            count(*), max(ids_count)
        from read_parquet({readable(place / REFUSED)}) group by 1 order by 1"""
    ).fetchall()
    unusable = connection.execute(
        f"""with ids as (
            select source, source_customer_id, bool_and(value is null) as is_unusable
            from {evidence.rows_of(settings, state)} where kind = 'phone' group by all)
        select source, count(*) from ids group by source
        having avg(is_unusable::integer) > {UNUSABLE_SHARE} and count(*) >= {UNUSABLE_IDS} order by source"""
    ).fetchall()
    kinds = dict(changes.group_by("kind").len().sort("kind").iter_rows())
    ids, persons = counted
    return Report(ids, persons, {what: (values, most) for what, values, most in refused}, dict(unusable), kinds)
