"""Two homes are the same where every row and file is, and what differs is named."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from tests.compare_homes import Compared, compare, show

Publish = Callable[..., Path]

ORDERS = "select 'O' || i as order_id, 10.50::decimal(18, 2) as net_amount, i / 3.0 as ratio from range(3) as numbers (i)"
MANIFEST = '{"run_id": "one", "lists": [{"name": "champions", "rows": 2, "sha256": "aa"}]}'


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """A home that publishes a table ``fct_orders`` of that query and files of those texts."""

    def make(name: str, orders: str = ORDERS, **files: str) -> Path:
        home = tmp_path / name
        (home / "published").mkdir(parents=True)
        (home / "exports" / "latest").mkdir(parents=True)
        with duckdb.connect(str(home / "published" / "warehouse.duckdb")) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.fct_orders as {orders}")
            connection.execute(f"copy ({orders}) to '{home}/exports/latest/customers.parquet'")
        for file, text in {"manifest__json": MANIFEST, **files}.items():
            (home / "exports" / "latest" / file.replace("__", ".")).write_text(text, encoding="utf-8")
        return home

    return make


def differing(one: Path, other: Path) -> dict[str, Compared]:
    return {each.name: each for each in compare(one, other) if not each.is_same}


def test_rows_in_another_order_of_another_run_are_the_same(publish: Publish) -> None:
    again = publish("b", f"{ORDERS} order by order_id desc", manifest__json=MANIFEST.replace("one", "two").replace("aa", "bb"))
    assert differing(publish("a"), again) == {}


OTHERS = {
    "a value": ("10.51::decimal(18, 2) as net_amount", (3, 3), ("net_amount",)),
    "a type": ("10.50::decimal(18, 4) as net_amount", (0, 0), ("net_amount",)),
    "a name": ("10.50::decimal(18, 2) as net", (0, 0), ("net", "net_amount")),
}


@pytest.mark.parametrize(("column", "only", "columns"), OTHERS.values(), ids=OTHERS)
def test_another_column_is_named(publish: Publish, column: str, only: tuple[int, int], columns: tuple[str, ...]) -> None:
    other = publish("b", ORDERS.replace("10.50::decimal(18, 2) as net_amount", column))
    found = differing(publish("a"), other)
    assert found.keys() == {"fct_orders", "exports/customers.parquet"}
    assert {(each.only, each.columns) for each in found.values()} == {(only, columns)}


def test_a_row_that_comes_twice_is_another_row(publish: Publish) -> None:
    found = differing(publish("a"), publish("b", f"{ORDERS} union all ({ORDERS} limit 1)"))
    assert {(each.rows, each.only) for each in found.values()} == {((3, 4), (0, 1))}


def test_files_that_are_absent_or_other_are_named(publish: Publish) -> None:
    one = publish("a", win_back__csv="id\n1\n", champions__csv="id\n1\n")
    other = publish("b", win_back__csv="id\n2\n", manifest__json=MANIFEST.replace("2", "3"))
    found = differing(one, other)
    assert {name: each.note for name, each in found.items()} == {
        "exports/champions.csv": "not in B",
        "exports/manifest.json": "another content",
        "exports/win_back.csv": "another content",
    }
    with Console(width=120, record=True) as console:
        show(console, list(compare(one, other)))
    assert "2 of 5 tables and files are the same; 3 differ." in console.export_text()


def test_a_home_without_a_publication_is_told(publish: Publish, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run the pipeline on that home first"):
        list(compare(publish("a"), tmp_path / "nowhere"))
