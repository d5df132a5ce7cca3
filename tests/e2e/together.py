"""Many dumps in one home, each as a source of its own, so that they need one run: with rates of one to one between their currencies."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from orchestration.dumps.ledger import Ledger
from tests.e2e.conftest import Home

CURRENCIES = ("AUD", "BRL", "CAD", "CNY", "EUR", "GBP", "USD")
MONTHS = (date(2010, 12, 1), date(2018, 6, 1), date(2026, 6, 1), date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1))
"""Those in which the dumps have orders in other currencies than the home's."""


@dataclass(frozen=True)
class Source:
    name: str
    profile: str
    time_zone: str

    @property
    def setting(self) -> str:
        """The source's lines in the settings; a file whose rows are mostly refused is read all the same."""
        return f"  {self.name}: {{profile: {self.profile}, time_zone: {self.time_zone}, max_quarantined_share: 1}}\n"


def settings(sources: Iterable[Source], currency: str, time_zone: str) -> str:
    together = "".join(source.setting for source in sources)
    return f"currency: {currency}\ntime_zone: {time_zone}\nsources:\n  rates: {{profile: canonical}}\n{together}"


def deliver_rates(home: Home, currency: str) -> None:
    """Rates of one to one on every day, so that amounts stay what the dumps say."""
    days = [month + timedelta(days=number) for month in MONTHS for number in range(-1, 31)]
    rates = [f"{day},{other},{currency},1" for day in sorted(set(days)) for other in CURRENCIES if other != currency]
    path = home.folder / "exchange_rates.csv"
    path.write_text("\n".join(["rate_date,from_currency,to_currency,rate", *rates, ""]), encoding="utf-8")
    home.deliver([path], "rates")


def rows_of(source: str, home: Home) -> tuple[int, ...]:
    """Rows delivered, clean, quarantined, left out of the files of a source."""
    ledger = Ledger(Path(home.folder) / "lake" / "ledger.sqlite")
    live = [file for file in ledger.files("live") if file.source == source]
    ledger.close()
    each = [(file.rows_delivered, file.rows_clean, file.rows_quarantined, file.rows_left_out) for file in live]
    return tuple(map(sum, zip(*each, strict=True)))
