"""A home, deliveries whose every value is known, and an account of them made apart from the product's own readers."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order


def orders(*rows: str, header: str = ORDERS_HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def day(number: int, rows: int = 3, **changes: str) -> tuple[str, str]:
    """Name and text of a day's order file."""
    date = f"2026-03-{number:02d}"
    return f"orders_{date}.csv", orders(*(order(number * 100 + row, ordered_at=f"{date} 10:00:00", **changes) for row in range(rows)))


def values(text: str) -> list[tuple[str, str, str, Decimal, Decimal]]:
    """Order, customer, local time, quantity and price of each line, split by hand: no value of these has a delimiter in it."""
    lines = [line.split(",") for line in text.splitlines()[1:] if line]
    return sorted((line[0], line[2], line[3], Decimal(line[5]), Decimal(line[6])) for line in lines)


def assert_accounted_for(home: Home, delivered: Iterable[str], refused: int = 0) -> None:
    """Rows delivered = clean + quarantined; the clean ones have the very values of ``delivered``, and no character was replaced."""
    ledger = home.ledger()
    live = ledger.files("live")
    ledger.close()
    expected = sorted(row for text in delivered for row in values(text))
    clean = home.clean("order_id, customer_id, strftime(ordered_at, '%Y-%m-%d %H:%M:%S'), quantity, unit_price")
    assert sorted(clean) == expected
    quarantined = [row for row in home.quarantine("file_id, original") if row[0] in {file.file_id for file in live}]
    assert len(quarantined) == refused == sum(file.rows_quarantined for file in live)
    assert sum(file.rows_delivered for file in live) == len(clean) + len(quarantined)
    assert all("\ufffd" not in str(value) for row in [*clean, *quarantined] for value in row)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "regulars.yaml").write_text("time_zone: UTC\n")
    return Home(tmp_path)


def settings(home: Home, text: str) -> None:
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\n" + text)
