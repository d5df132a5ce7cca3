"""What the lake says of whether a person may be written to: opt-outs, past contacts, erasures, complaints, and earlier lists.

Everything here is by person (``customer_id`` of the links of who is who), and each answer is small: it is about those who said something.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from orchestration import lake
from orchestration.identity.findings import folder as identity_folder
from orchestration.io import write_parquet
from orchestration.lists import history
from orchestration.lists.statements import statements
from orchestration.rules import identity_reading, list_definitions
from orchestration.settings import Settings
from orchestration.sql import quoted, readable
from transforms.contact import last_words, opted_out
from transforms.evidence import normalised
from transforms.schemas import PAST_LISTS

if TYPE_CHECKING:
    import duckdb

FEEDS = ("consents", "opt_outs", "contacts", "tickets")
"""What bears on whether somebody may be written to, and on nothing else. What orders and customer records say of it counts too."""
ERASED = "erased.jsonl"
"""In the home's state: one line per person erased, ``{"customer_id": "<source>:<id>"}`` of any of the ids the person was known by."""


@dataclass(frozen=True)
class Known:
    """What ``transforms.lists`` takes beside ``customer_360`` and the address book, as it names them there."""

    touches: pl.LazyFrame
    erased: pl.LazyFrame
    opt_outs: pl.LazyFrame
    history: pl.LazyFrame
    feeds: frozenset[str]


def known(settings: Settings, contacts: pl.LazyFrame, as_of: date) -> Known:
    """What is known now. ``contacts``: customer_id, email, phone. ``history`` ends before ``as_of``."""
    with _connected(settings) as connection:
        return Known(
            touches=_touches(connection),
            erased=_erased(settings, connection),
            opt_outs=_opt_outs(settings, connection, contacts),
            history=_history(settings, connection, as_of),
            feeds=frozenset(
                feed
                for (feed,) in connection.sql(
                    f"select distinct feed from read_parquet({readable(lake.clean_path(settings, 'files'))}) where rows_clean > 0"
                ).fetchall()
            ),
        )


def consents(settings: Settings) -> pl.LazyFrame:
    """The last word of each person on each channel as the lake has it now: customer_id, ``<channel>_consent``."""
    with _connected(settings) as connection:
        return last_words(connection.sql(_CONSENTS).pl().lazy())


def write_consents(settings: Settings) -> int:
    """``lake/identity/customer_consents.parquet``, from which dbt builds the marts. Returns the number of persons in it."""
    found = consents(settings).sort("customer_id").collect()
    write_parquet(found, identity_folder(settings) / "customer_consents.parquet")
    return found.height


def complaints(settings: Settings) -> pl.LazyFrame:
    """customer_id, has_open_complaint, last_complaint_at, of whatever day. What was delivered last of a ticket stands."""
    files = readable(lake.clean_path(settings, "files"))
    with _connected(settings) as connection:
        return (
            connection.sql(
                f"""with ranked as (
                    select links.customer_id, tickets.opened_at, tickets.closed_at, row_number() over (
                        partition by tickets.source, tickets.ticket_id order by files.delivery_key desc, files.file_id desc, line desc
                    ) as version_rank
                    from live_tickets as tickets
                    join read_parquet({files}) as files using (file_id)
                    join links on links.source = tickets.source and links.source_customer_id = tickets.customer_id
                )
                select customer_id, bool_or(closed_at is null) as has_open_complaint, max(opened_at) as last_complaint_at
                from ranked where version_rank = 1 group by customer_id order by customer_id"""
            )
            .pl()
            .lazy()
        )


_CONSENTS = """select links.customer_id, consents.channel, consents.is_granted, consents.changed_at from statements as consents
    join links on links.source = consents.source and links.source_customer_id = consents.customer_id"""


def _connected(settings: Settings) -> "duckdb.DuckDBPyConnection":
    connection = lake.connect(settings)
    path = readable(identity_folder(settings) / "customer_links.parquet")
    connection.execute(f"create view links as select source, source_customer_id, customer_id from read_parquet({path})")
    connection.execute(f"create view statements as {statements(settings)}")
    return connection


def _touches(connection: "duckdb.DuckDBPyConnection") -> pl.LazyFrame:
    """Past contacts by person: customer_id, channel, contacted_at (UTC). Grain: one row per contact that a live file reports."""
    return (
        connection.sql(
            """select links.customer_id, contacts.channel, contacts.contacted_at from live_contacts as contacts
            join links on links.source = contacts.source and links.source_customer_id = contacts.customer_id
            order by all"""
        )
        .pl()
        .lazy()
    )


def _erased(settings: Settings, connection: "duckdb.DuckDBPyConnection") -> pl.LazyFrame:
    """Persons one of whose ids was erased, and the ids themselves, in case that they come back under other links."""
    path = settings.state / ERASED
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    ids = pl.DataFrame(
        {"customer_id": [json.loads(line)["customer_id"] for line in lines if line.strip()]}, schema={"customer_id": pl.String}
    )
    if ids.is_empty():
        return ids.lazy()
    connection.register("erased_ids", ids.to_arrow())
    return (
        connection.sql(
            """select customer_id from links where source || ':' || source_customer_id in (select customer_id from erased_ids)
               union select customer_id from erased_ids order by 1"""
        )
        .pl()
        .lazy()
    )


def _opt_outs(settings: Settings, connection: "duckdb.DuckDBPyConnection", contacts: pl.LazyFrame) -> pl.LazyFrame:
    """customer_id, channel: opt-outs that hold, by whatever the person is known under."""
    written = connection.sql("select source, customer_id, email, phone, channel, opted_out_at from live_opt_outs order by all").pl()
    keys = _keys(settings, written)
    connection.register("opt_out_keys", keys.to_arrow())
    connection.register("addresses", _addresses(contacts if keys.height else contacts.head(0)).to_arrow())
    evidence = readable(identity_folder(settings) / "evidence" / "*.parquet")
    by_evidence = f"""union select links.customer_id, channel, opted_out_at from opt_out_keys
        join read_parquet({evidence}) as known on known.kind = opt_out_keys.kind and known.value = opt_out_keys.value
        join links on links.source = known.source and links.source_customer_id = known.source_customer_id"""
    found = connection.sql(
        f"""select links.customer_id, channel, opted_out_at from opt_out_keys
            join links on links.source = opt_out_keys.source and links.source_customer_id = opt_out_keys.value where kind = 'id'
        {by_evidence if keys.height else ""}
        union select addresses.customer_id, channel, opted_out_at from opt_out_keys join addresses using (kind, value) order by all"""
    ).pl()
    connection.register("opted", found.to_arrow())
    said = connection.sql(
        f"""select * from ({_CONSENTS}) where channel = 'personalisation' or customer_id in (select customer_id from opted) order by all"""
    ).pl()
    return opted_out(found.lazy(), said.lazy())


def _keys(settings: Settings, written: pl.DataFrame) -> pl.DataFrame:
    """What each opt-out names: source, kind, value, channel, opted_out_at. Addresses stand in the form of the evidence of who is who, and
    once more as plain letters or digits, for those that are no evidence."""
    reading = identity_reading(settings)
    rest = ("source", "channel", "opted_out_at")
    rows = [written.select("source", "channel", "opted_out_at", kind=pl.lit("id"), value="customer_id")]
    for (source,), part in written.partition_by("source", as_dict=True).items():
        for kind in ("email", "phone"):
            texts = part.drop_nulls(kind)
            values = normalised(texts[kind], kind, reading.of(str(source))).rename("value")
            rows.append(texts.select(*rest, kind=pl.lit(kind)).with_columns(values))
    rows += [written.select(*rest, kind=pl.lit(kind), value=plain) for kind, plain in _PLAIN.items()]
    return pl.concat(rows, how="diagonal").select("source", "kind", "value", "channel", "opted_out_at").drop_nulls("value")


_PLAIN = {
    "plain email": pl.col("email").str.strip_chars().str.to_lowercase(),
    "plain phone": pl.col("phone").str.replace_all(r"\D", "").str.strip_chars_start("0").replace("", None),
}


def _addresses(contacts: pl.LazyFrame) -> pl.DataFrame:
    """customer_id, kind, value of what each customer would be written to at."""
    return pl.concat([contacts.select("customer_id", kind=pl.lit(kind), value=plain) for kind, plain in _PLAIN.items()]).collect()


def _history(settings: Settings, connection: "duckdb.DuckDBPyConnection", as_of: date) -> pl.LazyFrame:
    """Who was on which list before, as published and as the feed of contacts tells; only of lists with a cool-down.

    Who was held out cools down like the others: else they would be all that is left of a list, day after day.
    """
    cooling = [definition.name for definition in list_definitions(settings) if definition.cool_down_days]
    if not cooling:
        return PAST_LISTS.to_frame().lazy()
    names = ", ".join(quoted(name) for name in cooling)
    days = history.days_before(settings, as_of)
    packages = "".join(
        f" union select list_name, customer_id, as_of_date from read_parquet({readable(day)}) where list_name in ({names})" for day in days
    )
    zone = quoted(settings.time_zone)
    return (
        connection.sql(
            f"""select list_name, links.customer_id, (contacted_at at time zone 'UTC' at time zone {zone})::date as as_of_date
            from live_contacts as contacts
            join links on links.source = contacts.source and links.source_customer_id = contacts.customer_id
            where list_name in ({names}) {packages} order by all"""
        )
        .pl()
        .lazy()
    )
