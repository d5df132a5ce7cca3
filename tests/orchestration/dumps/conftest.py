"""A home with an inbox that tests put dumps into, and a look at what landing made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import settings as home_settings
from orchestration.dumps.landing import Landing, land
from orchestration.dumps.ledger import Ledger

ORDERS_HEADER = "order_id,order_line_id,customer_id,ordered_at,status,quantity,unit_price"


def order(number: int = 1, **changes: str) -> str:
    """One valid order line as CSV text under ``ORDERS_HEADER``, with some values changed."""
    values = {
        "order_id": f"O{number}",
        "order_line_id": "1",
        "customer_id": f"C{number}",
        "ordered_at": "2026-03-01 10:00:00",
        "status": "completed",
        "quantity": "2",
        "unit_price": "9.90",
    }
    return ",".join({**values, **changes}.values())


@dataclass
class Home:
    folder: Path

    def deliver(self, name: str, content: str | bytes, source: str = "shop") -> Path:
        path = self.folder / "inbox" / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self) -> Landing:
        loaded = home_settings.load(self.folder, {})
        ledger = Ledger(loaded.lake / "ledger.sqlite")
        try:
            return land(loaded, ledger, "test-run", lambda share: None)
        finally:
            ledger.close()

    def ledger(self) -> Ledger:
        return Ledger(self.folder / "lake" / "ledger.sqlite")

    def clean(self, select: str, feed: str = "orders") -> list[tuple[Any, ...]]:
        """Rows of live files only, as every reader of the clean layer sees them."""
        ledger = self.ledger()
        live = ", ".join(f"'{file.file_id}'" for file in ledger.files("live")) or "''"
        ledger.close()
        return duckdb.sql(
            f"select {select} from read_parquet('{self.folder}/lake/clean/{feed}/*.parquet') where file_id in ({live}) order by all"
        ).fetchall()

    def quarantine(self, select: str = "line, reason, column_name, value", feed: str = "orders") -> list[tuple[Any, ...]]:
        if not list((self.folder / "quarantine" / feed).glob("*.parquet")):
            return []
        return duckdb.sql(f"select {select} from read_parquet('{self.folder}/quarantine/{feed}/*.parquet') order by all").fetchall()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "regulars.yaml").write_text("time_zone: UTC\n")
    return Home(tmp_path)


@pytest.fixture
def lenient_home(tmp_path: Path) -> Home:
    """A home in which no share of refused rows holds a file, so that a file of one bad row shows what is wrong with it."""
    (tmp_path / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {max_quarantined_share: 1}}\n")
    return Home(tmp_path)


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[str], Home]:
    """A home with the given ``regulars.yaml``."""

    def make(content: str) -> Home:
        (tmp_path / "regulars.yaml").write_text(content)
        return Home(tmp_path)

    return make
