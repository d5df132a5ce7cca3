"""What the truth says equals what a plain reading of the written files gives."""

from collections import defaultdict
from decimal import Decimal

import polars as pl
import pytest

from tests.orchestration.sample.conftest import SOURCES, Sample, records, text_of

COUNTED = {"paid", "shipped", "completed", "refunded"}


def amount(row: dict[str, str]) -> Decimal:
    return Decimal(row["quantity"]) * Decimal(row["unit_price"])


def latest(rows: list[tuple[str, dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """Order id → its lines as the latest file has them."""
    versions: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for name, row in rows:
        versions[row["order_id"]][name].append(row)
    return {order_id: files[max(files)] for order_id, files in versions.items()}


def money(lines: list[dict[str, str]]) -> dict[str, Decimal]:
    gross = sum((max(amount(row), Decimal(0)) for row in lines), Decimal(0))
    discount = sum((Decimal(row["discount_amount"]) for row in lines), Decimal(0))
    refund = sum((Decimal(row["refund_amount"] or 0) + max(-amount(row), Decimal(0)) for row in lines), Decimal(0))
    shipping = sum((Decimal(row["shipping_amount"]) for row in lines), Decimal(0))
    return {"gross": gross, "discount": discount, "refund": refund, "shipping": shipping, "net": gross - discount - refund}


def is_counted(lines: list[dict[str, str]]) -> bool:
    return lines[0]["status"] in COUNTED and lines[0]["is_test"] == "false"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("feed", ["orders", "reviews", "customers", "consents", "opt_outs", "tickets"])
def test_rows_are_counted_as_delivered(sample: Sample, feed: str, source: str) -> None:
    told = sample.totals["inbox"][feed]["by_source"][source]

    assert told["rows_clean"] == len(sample.clean_rows(feed, source))
    assert told["rows_delivered"] == sum(len(records(path)) for path in sample.files(feed, source))
    assert told["files_live"] == len(sample.files(feed, source))
    assert told["files"] == told["files_live"] + told["files_held"] + told["files_no_op"]


def test_all_files_of_the_inbox_are_counted(sample: Sample) -> None:
    files = [path for path in (sample.home / "inbox").rglob("*") if path.is_file()]

    assert sum(feed["files"] for feed in sample.totals["inbox"].values()) == len(files) == sample.summary.files
    assert sum(path.stat().st_size for path in files) == sample.summary.bytes
    assert sample.summary.lines == sample.totals["inbox"]["orders"]["rows_clean"]
    assert sample.summary.reviews == sample.totals["inbox"]["reviews"]["rows_clean"]


def test_the_amount_of_clean_lines_is_right_to_the_cent(sample: Sample) -> None:
    told = sample.totals["orders"]
    amounts = {source: sum(amount(row) for _, row in sample.clean_rows("orders", source)) for source in SOURCES}

    assert {source: Decimal(text) for source, text in told["clean_amount_by_source"].items()} == amounts
    assert Decimal(told["clean_amount"]) == sum(amounts.values())


def test_orders_count_once_in_their_latest_version(sample: Sample) -> None:
    orders = [lines for source in SOURCES for lines in latest(sample.clean_rows("orders", source)).values()]
    told = sample.totals["orders"]

    assert told["latest_orders"] == len(orders)
    assert told["latest_rows"] == sum(map(len, orders))
    assert Decimal(told["latest_amount"]) == sum(amount(row) for lines in orders for row in lines)


@pytest.mark.parametrize("whose", ["identified", "unidentified"])
def test_money_that_counts_is_right_to_the_cent(sample: Sample, whose: str) -> None:
    orders = [lines for source in SOURCES for lines in latest(sample.clean_rows("orders", source)).values() if is_counted(lines)]
    own = [money(lines) for lines in orders if bool(lines[0]["customer_id"]) == (whose == "identified")]

    told = sample.totals["orders"][whose]
    assert told["purchases"] == sum(order["gross"] > 0 for order in own)
    for kind in ("gross", "discount", "refund", "shipping", "net"):
        assert Decimal(told[f"{kind}_amount"]) == sum(order[kind] for order in own), kind


def test_every_persons_purchases_and_money_are_right(sample: Sample) -> None:
    person = {
        (source, customer_id): row["person_id"]
        for row in sample.customers.iter_rows(named=True)
        for source, column in (("online", "online_ids"), ("shops", "shops_ids"))
        for customer_id in row[column]
    }
    found: dict[int, list[dict[str, Decimal]]] = defaultdict(list)
    bought: dict[int, list[str]] = defaultdict(list)
    for source in SOURCES:
        for lines in latest(sample.clean_rows("orders", source)).values():
            if is_counted(lines) and lines[0]["customer_id"]:
                number = person[source, lines[0]["customer_id"]]
                found[number].append(money(lines))
                if found[number][-1]["gross"] > 0:
                    bought[number].append(lines[0]["ordered_at"])

    for row in sample.customers.iter_rows(named=True):
        number = row["person_id"]
        assert row["purchases_count"] == len(bought[number])
        assert str(row["first_purchase_at"]) == min(bought[number], default="None")
        assert str(row["last_purchase_at"]) == max(bought[number], default="None")
        for kind in ("gross", "discount", "refund", "net"):
            assert row[f"{kind}_amount"] == sum((order[kind] for order in found[number]), Decimal(0)), (number, kind)


def test_what_comes_later_makes_the_totals_after_it(sample: Sample) -> None:
    rows, reviews = [], 0
    for source in SOURCES:
        later = {path.name for path in sample.folder("later", source).glob("orders*")}
        clean = [entry for entry in sample.clean_rows("orders", source) if entry[0] not in later]
        for path in sorted(sample.folder("later", source).iterdir()):
            if path.name.startswith("orders"):
                clean += [(path.name, row) for _, row in records(path)]
            else:
                reviews += len(records(path))
        rows.append(clean)
    told = sample.totals["after_later"]
    orders = [lines for clean in rows for lines in latest(clean).values()]

    assert told["orders"] == {
        "rows_clean": sum(map(len, rows)),
        "clean_amount": str(sum(amount(row) for clean in rows for _, row in clean)),
        "latest_orders": len(orders),
        "latest_rows": sum(map(len, orders)),
        "latest_amount": str(sum(amount(row) for lines in orders for row in lines)),
    }
    assert told["reviews"]["rows_clean"] == sample.totals["inbox"]["reviews"]["rows_clean"] + reviews


def test_a_day_delivered_again_is_not_what_it_was(sample: Sample) -> None:
    again = sample.faults.filter(kind="redelivered_day")

    assert set(again["source"]) == set(SOURCES)
    for row in again.iter_rows(named=True):
        assert text_of(sample.folder("inbox", row["source"]) / row["file"]) != text_of(sample.folder("later", row["source"]) / row["file"])


def test_the_further_day_has_order_files_of_both_sources(sample: Sample) -> None:
    assert all((sample.folder("later", source) / "orders_2026-11-01.csv").exists() for source in SOURCES)


def test_nobody_buys_after_dropping_out(sample: Sample) -> None:
    gone = sample.customers.filter(pl.col("dropped_out_at").is_not_null())

    assert gone.height > 50
    assert not gone["is_alive"].any()
    assert (gone["last_purchase_at"] <= gone["dropped_out_at"]).all()
