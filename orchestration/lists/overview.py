"""``regulars lists check`` and ``lists columns``: the state of every list, and the columns that a filter may use."""

from collections.abc import Mapping

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration import contract, lake
from orchestration.dumps.feeds import FEEDS
from orchestration.lists.preview import published_customers
from orchestration.lists.words import KINDS, LABELS
from orchestration.publication import current
from orchestration.rules import codes, offer_of_lists
from orchestration.settings import FILE_NAME, Settings
from transforms import lists

_KINDS = {"varchar": "text", "boolean": "boolean", "date": "date", "timestamp": "timestamp"}
_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "double", "decimal", "numeric")


def show_check(console: Console, settings: Settings) -> bool:
    """Each list: ok, not available, or not valid with what is wrong. Returns whether all are valid."""
    words, offer = LABELS[settings.language], offer_of_lists(settings)
    needs = _lacking(settings, offer)
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in words["check"]:
        table.add_column(column, overflow="fold")
    for definition in offer.definitions:
        lacks = [*needs.get(definition.name, ()), *offer.lacking.get(definition.name, ())]
        state = words["lacking"].format(needs=", ".join(lacks)) if lacks else f"[green]{words['ok']}[/green]"
        table.add_row(definition.name, escape(getattr(definition.title, settings.language)), escape(state) if lacks else state)
    for name, broken in offer.broken.items():
        state = words["broken"].format(problem=getattr(broken.problem, settings.language))
        table.add_row(escape(name), escape(getattr(broken.title, settings.language)), f"[red]{escape(state)}[/red]")
    console.print(table)
    count = len(offer.definitions) + len(offer.broken)
    verdict = words["some broken"] if offer.broken else words["all valid"]
    console.print(verdict.format(count=count, broken=len(offer.broken), path=settings.home / FILE_NAME), soft_wrap=True, markup=False)
    return not offer.broken


def _lacking(settings: Settings, offer: lists.Offer) -> Mapping[str, tuple[str, ...]]:
    """What lists need and is not there: by what is published, or, before the first run, by what can be there at all."""
    if current(settings.home):
        customers = published_customers(settings)
        files = pl.scan_parquet(lake.clean_path(settings, "files"), glob=False)
        feeds = files.filter(pl.col("rows_clean") > 0).select("feed").unique().collect()["feed"]
        return lists.unavailable(offer.definitions, customers, feeds)
    there = {*contract.schema(), *FEEDS}
    lacking = {each.name: tuple(need for need in each.needs if need not in there) for each in offer.definitions}
    return {name: needs for name, needs in lacking.items() if needs}


def show_columns(console: Console, settings: Settings) -> None:
    """Each column of ``customer_360`` with what it holds, the texts it can be, and what it says."""
    words, known = LABELS[settings.language], codes(settings)
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for column in words["columns"]:
        table.add_column(column, overflow="fold")
    for column in contract.customer_360():
        kind = _KINDS.get(column.data_type, "number" if column.data_type.startswith(_NUMBERS) else "")
        said = column.description
        if column.name in known:
            said += f" ({words['values'].format(values=', '.join(sorted(known[column.name].known)))})"
        table.add_row(column.name, KINDS[settings.language].get(kind, "–"), escape(said))
    console.print(table)
    console.print(words["columns note"], soft_wrap=True)
