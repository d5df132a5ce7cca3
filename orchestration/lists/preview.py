"""``regulars lists preview``: which customers a list would choose, from what is published, without a run and without writing anything.

Lists are built as a run builds them, by what ``regulars.yaml`` says now. The private warehouse is not opened: a run writes there, and would
fail on a file that another process has open. So addresses are known by their masked form only, and an opt-out by an address that belongs
to no known customer is not seen. Published files never change, so a run and a preview don't disturb each other.
"""

import difflib
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.errors import RegularsError
from orchestration.lists import building, permission
from orchestration.lists.masking import in_cents, without_personal_ids
from orchestration.lists.words import DROPPED, LABELS
from orchestration.publication import current
from orchestration.rules import offer_of_lists
from orchestration.settings import FILE_NAME, Settings
from transforms import lists
from transforms.contact import ADDRESS_OF, CHANNELS, ON_LIST, STATUSES
from transforms.list_definitions import ListDefinition

SAMPLE = 10
"""Customers shown."""


@dataclass(frozen=True)
class Preview:
    """``chosen``: customers for whom the condition is true, up to the list's size limit; ``sent``: those of them who may be written to.

    ``kept_off``: the others by reason, in the order of suppression. ``sample``: the first of those who may be written to, masked.
    """

    definition: ListDefinition
    as_of: date
    chosen: int
    sent: int
    kept_off: dict[str, int]
    sample: pl.DataFrame


def preview(settings: Settings, name: str) -> Preview:
    """What a run would make of the list. Raises ``RegularsError`` for one that is unknown, not valid or not available."""
    published = current(settings.home)
    if not published:
        raise RegularsError("Nothing is published yet.", where=settings.home, do=f"regulars run --home {settings.home}")
    as_of = date.fromisoformat(published["as_of"])
    customers = published_customers(settings)
    built, definitions = _built(settings, customers, as_of)
    definition = _known(settings, name, built, definitions)
    members = built.members.filter(list_name=name)
    counts = dict(members.group_by("status").len().iter_rows())
    return Preview(
        definition=definition,
        as_of=as_of,
        chosen=members.height,
        sent=sum(counts.get(status, 0) for status in ON_LIST),
        kept_off={status: counts[status] for status in STATUSES if status in counts and status not in ON_LIST},
        sample=_sample(settings, definition, members, customers),
    )


def published_customers(settings: Settings) -> pl.LazyFrame:
    """``customer_360`` as readers see it."""
    folder = (settings.home / "published").resolve() / "parquet" / "customer_360"
    return pl.scan_parquet(folder / "customer_360.parquet", glob=False)


def _built(settings: Settings, customers: pl.LazyFrame, as_of: date) -> tuple[lists.Built, tuple[ListDefinition, ...]]:
    offer, contacts = offer_of_lists(settings), _contacts(customers)
    try:
        known = permission.known(settings, contacts.head(0), as_of)
    except (duckdb.Error, OSError) as error:
        raise RegularsError(
            f"What is known of consents and past contacts can't be read: {str(error).splitlines()[0]}",
            where=settings.lake,
            do="if a run is going on, try again in a moment",
        ) from None
    return building.build(settings, offer, customers, contacts, known, as_of), offer.definitions


def _contacts(customers: pl.LazyFrame) -> pl.LazyFrame:
    """An address book of masked addresses, which say no more than that there is one."""
    phone = pl.col("phone_masked").str.replace_all("*", "0", literal=True)
    consents = [f"{channel}_consent" for channel in CHANNELS]
    return customers.select("customer_id", *consents, email="email_masked", phone=phone)


def _known(settings: Settings, name: str, built: lists.Built, definitions: tuple[ListDefinition, ...]) -> ListDefinition:
    where = settings.home / FILE_NAME
    if broken := built.broken.get(name):
        raise RegularsError(f"List '{name}' is not valid: {getattr(broken.problem, settings.language)}", where=where)
    by_name = {definition.name: definition for definition in definitions}
    if name not in by_name:
        names = [*by_name, *built.broken]
        near = difflib.get_close_matches(name, names, n=1)
        raise RegularsError(
            f"No list is called '{name}'." + (f" Did you mean '{near[0]}'?" if near else ""),
            where=where,
            expected=f"one of {', '.join(sorted(names))}",
        )
    if needs := built.lacking.get(name):
        raise RegularsError(f"List '{name}' is not available: needs {', '.join(needs)}.", do="see docs/lists.md, “Not available”")
    return by_name[name]


def _sample(settings: Settings, definition: ListDefinition, members: pl.DataFrame, customers: pl.LazyFrame) -> pl.DataFrame:
    """Customer, name and address masked, the list's own columns, and the reason; in the order of the list."""
    personal = () if definition.is_internal else ("name", ADDRESS_OF[definition.channel])
    masked = [pl.col(f"{column}_masked").alias(column) for column in personal]
    details = in_cents(customers.select("customer_id", *masked, *definition.columns))
    first = members.filter(pl.col("status").is_in(ON_LIST)).head(SAMPLE)
    reason = pl.col("reason" if settings.language == "en" else "reason_zh").alias("reason")
    rows = first.lazy().join(details, on="customer_id", how="left", maintain_order="left", validate="1:1")
    shown = rows.select("customer_id", *personal, *definition.columns, reason).collect()
    return shown.with_columns(without_personal_ids(shown["customer_id"], settings.contact.holdout_salt))


def show(console: Console, found: Preview, language: str) -> None:
    """The preview in the terminal."""
    words, definition = LABELS[language], found.definition
    title = getattr(definition.title, language)
    console.print(words["as of"].format(title=title, name=definition.name, as_of=found.as_of), soft_wrap=True, markup=False)
    table = Table(show_header=False, box=None, padding=(0, 2))
    limit = f"  ({words['limit'].format(limit=definition.size_limit)})" if definition.size_limit is not None else ""
    table.add_row(words["chosen"], f"{found.chosen:,}{limit}")
    table.add_row(words["listed" if definition.is_internal else "sent"], f"{found.sent:,}")
    kept_off = [f"{count:,}  {DROPPED[language].get(reason, reason)} ({reason})" for reason, count in found.kept_off.items()]
    for number, text in enumerate(kept_off or [words["nobody"]]):
        table.add_row("" if number else words["kept off"], escape(text))
    console.print(table)
    if found.sample.height:
        console.print(words["sample"].format(count=found.sample.height))
        console.print(_table(found.sample, words))
    console.print(words["note"], soft_wrap=True)


def _table(sample: pl.DataFrame, words: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in sample.columns:
        table.add_column(words["customer"] if column == "customer_id" else words.get(column, column))
    for row in sample.iter_rows():
        table.add_row(*("–" if value is None else escape(str(value)) for value in row))
    return table
