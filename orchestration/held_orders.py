"""What orders wait for that are in no fact, in sentences: exchange rates of days and pairs, and rows that can't be read."""

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.publication import current
from orchestration.settings import Settings
from orchestration.sql import readable

if TYPE_CHECKING:
    import duckdb

DAYS_NAMED = 5
ORDERS_NAMED = 5


def of_warehouse(settings: Settings) -> list[str]:
    """A sentence per currency whose rates are missing and per source with orders that can't be read whole, of the facts built last."""
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return [*_sentences(connection, "marts.held_orders"), *_flagged(connection)]


def of_publication(home: Path) -> list[str]:
    """What is held of what is published. No engine is loaded where no order waits."""
    published = current(home)
    if not published or not published["tables"].get("held_orders"):
        return []
    import duckdb

    with duckdb.connect() as connection:
        return _sentences(connection, f"read_parquet({readable(home / 'published' / 'parquet' / 'held_orders' / '*.parquet')})")


def _sentences(connection: "duckdb.DuckDBPyConnection", relation: str) -> list[str]:
    without_rate = connection.execute(
        f"""select currencies, reporting_currency, count(*), sum(lines_count), list_sort(list(distinct cast(rate_date as varchar)))
        from {relation} where reason = 'no_exchange_rate' group by currencies, reporting_currency order by 1, 2"""
    ).fetchall()
    incomplete = connection.execute(
        f"""select source, count(*), sum(refused_rows_count), list_sort(list(order_id))
        from {relation} where reason = 'refused_rows' group by source order by source"""
    ).fetchall()
    return [*(_without_rate(*row) for row in without_rate), *(_incomplete(*row) for row in incomplete)]


def _flagged(connection: "duckdb.DuckDBPyConnection") -> list[str]:
    """Orders that are published though some of their rows can't be read, as the settings say."""
    found = connection.execute(
        """select source, count(*), sum(refused_rows_count), list_sort(list(order_id)) from marts.fct_orders
        where is_incomplete group by source order by source"""
    )
    return [
        f"{source}: {orders:,} order(s) are published without {rows:,} row(s) that can't be read, marked is_incomplete in fct_orders: "
        f"{_named(names, ORDERS_NAMED, 'orders')}. Their rows are in quarantine."
        for source, orders, rows, names in found.fetchall()
    ]


def _without_rate(currencies: str, reporting: str, orders: int, lines: int, days: list[str]) -> str:
    return (
        f"{orders:,} order(s) with {lines:,} line(s) are held, in no figure: no exchange rate from {currencies} to {reporting} "
        f"on {_named(days, DAYS_NAMED, 'days')} (table held_orders). Deliver the rates as exchange_rates*.csv with rate_date, "
        f"from_currency, to_currency and rate, or set currency: in regulars.yaml if the reports are in {currencies}."
    )


def _incomplete(source: str, orders: int, rows: int, names: list[str]) -> str:
    return (
        f"{source}: {orders:,} order(s) are held, in no figure, for {rows:,} of their rows can't be read: "
        f"{_named(names, ORDERS_NAMED, 'orders')} (table held_orders). Their rows are in quarantine, with the reasons: mend the file "
        "or its profile, or set incomplete_orders: flagged in regulars.yaml to publish what is read of such orders."
    )


def _named(names: list[str], most: int, what: str) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more {what}" if len(names) > most else "")
