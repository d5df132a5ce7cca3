"""What orders wait for that are in no fact: exchange rates of days and pairs, told in sentences."""

from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.publication import current
from orchestration.settings import Settings
from orchestration.sql import readable

if TYPE_CHECKING:
    import duckdb

DAYS_NAMED = 5


def of_warehouse(settings: Settings) -> list[str]:
    """A sentence per currency whose rates are missing, of the facts as they were built last."""
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return _sentences(connection, "marts.held_orders")


def of_publication(home: Path) -> list[str]:
    """The same, of what is published. No engine is loaded where no order waits."""
    published = current(home)
    if not published or not published["tables"].get("held_orders"):
        return []
    import duckdb

    with duckdb.connect() as connection:
        return _sentences(connection, f"read_parquet({readable(home / 'published' / 'parquet' / 'held_orders' / '*.parquet')})")


def _sentences(connection: "duckdb.DuckDBPyConnection", relation: str) -> list[str]:
    found = connection.execute(
        f"""select currencies, reporting_currency, count(*), sum(lines_count), list_sort(list(distinct cast(rate_date as varchar)))
        from {relation} group by currencies, reporting_currency order by 1, 2"""
    )
    return [_sentence(*row) for row in found.fetchall()]


def _sentence(currencies: str, reporting: str, orders: int, lines: int, days: list[str]) -> str:
    named = ", ".join(days[:DAYS_NAMED])
    more = f" and {len(days) - DAYS_NAMED} more days" if len(days) > DAYS_NAMED else ""
    return (
        f"{orders:,} order(s) with {lines:,} line(s) are held, in no figure: no exchange rate from {currencies} to {reporting} "
        f"on {named}{more} (table held_orders). Deliver the rates as exchange_rates*.csv with rate_date, from_currency, to_currency "
        f"and rate, or set currency: in regulars.yaml if the reports are in {currencies}."
    )
